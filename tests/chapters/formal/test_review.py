"""The final report's look back: what was open at mid-term is counted, the forecast is the published one, misses are named."""

import re

import pandas as pd
import pytest

from xhcp_eval.chapters.brief.decisions import every_decision
from xhcp_eval.chapters.formal.chapters import chapter
from xhcp_eval.chapters.kit.blocks import Heading, Paragraph, Table
from xhcp_eval.chapters.outcomes import ends_text, then_and_now
from xhcp_eval.chapters.wording.readers import Reader
from xhcp_eval.pack.pack import open_pack
from xhcp_eval.plan.units import format_probability
from xhcp_eval.provenance import ROOT


@pytest.fixture(scope="module")
def pack():
    return open_pack("final_2030")


@pytest.fixture(scope="module")
def blocks(pack):
    return chapter(pack, "review")


def tables(blocks) -> list[Table]:
    return [block for block in blocks if isinstance(block, Table)]


def test_only_what_was_open_is_crossed(pack, blocks):
    rows, (crossed, listed) = then_and_now(pack), tables(blocks)
    assert list(rows.loc[rows["settled"], "indicator"]) == ["nip_vaccination_coverage"]
    assert sum(int(row[-1]) for row in crossed.rows) == len(rows) - 1
    for row in crossed.rows:
        assert sum(map(int, row[1:-1])) == int(row[-1])
    at_risk = next(row for row in crossed.rows if row[0] == Reader.RISK)
    assert int(at_risk[-1]) == len(listed.rows) and "免疫规划疫苗接种率" not in {
        row[0] for row in listed.rows
    }
    assert any(block.lead == "不计入的：" for block in blocks if isinstance(block, Paragraph))


def test_the_forecast_is_the_published_one(pack, blocks):
    published = pd.read_csv(ROOT / pack.params.forecast_published, encoding="utf-8-sig").set_index(
        "target_id"
    )
    rows = then_and_now(pack)
    goods = rows[rows["target_id"] == "child_product_sampling_pass_rate@2030"].iloc[0]
    assert round(goods["value_then"], 2) == 97.78 and round(goods["chance"], 2) == 0.86
    names = rows.set_index("indicator_name")["target_id"]
    for row in tables(blocks)[1].rows:
        assert format_probability(published.loc[names[row[0]], "probability"]) in row[2]


def test_the_largest_miss_is_named_though_unscored(blocks):
    told = next(
        block.text for block in blocks if isinstance(block, Paragraph) and block.lead == "相差最大的："
    )
    first = told.split("；")[0]
    assert first.startswith("跌落烧烫伤中毒发生率") and "84%" in first and "在目标以外" in first
    assert "不计分" in told


def test_sentence_and_table_count_alike(pack, blocks):
    rows = then_and_now(pack)
    warned = rows[(rows["then"] == Reader.RISK) & ~rows["settled"]]
    assert f"{len(warned)}项中，{ends_text(warned)}" in " ".join(
        getattr(block, "text", "") for block in blocks
    )


@pytest.mark.parametrize("name", ["midterm_2025", "annual_2024", "national_hindcast_2015"])
def test_a_plan_that_runs_has_no_look_back(name):
    assert chapter(open_pack(name), "review") == []


def test_a_plan_that_is_over_has_no_outlook_and_no_list_of_risks(pack):
    assert chapter(pack, "outlook") == []
    words = [getattr(block, "text", "") + getattr(block, "caption", "") for name in ("overall", "work", "commitments", "problems")
             for block in chapter(pack, name)]  # fmt: skip
    assert not any("有风险" in text or "风险清单" in text or "达标概率" in text for text in words)
    head = next(
        block.head for block in chapter(pack, "overall") if isinstance(block, Table) and "领域" in block.head
    )
    assert "有风险" not in head and "未达到" in head


def test_every_undecided_target_has_its_reason(pack):
    told = " ".join(
        block.text
        for block in chapter(pack, "domains")
        if isinstance(block, Paragraph) and block.lead == "数少难断："
    )
    rows = then_and_now(pack)
    for row in rows[rows["now"] == Reader.OPEN].itertuples():
        name = pack.plan.indicator(row.indicator).short_name
        part = next(part for part in re.split("[；。] ?", told) if name in part)
        assert re.match("读法不同|事件数过少|抽样误差大|数据点不足|历年起伏大", part), part


def test_suggestions_are_for_the_next_plan(pack):
    found = list(every_decision(pack))
    assert {one.when for one in found} == {"下一周期规划"}
    kinds = " ".join(one.matter for one in found)
    for word in ("开始统计", "改定义", "停用", "基数"):
        assert word in kinds
    assert any(one.ask.startswith("保留") for one in found)
    assert all(re.search(r"\d", one.basis) for one in found)


def test_chapters_are_numbered_without_those_left_out(pack):
    named = [str(section.parameters["chapter"]) for section in pack.params.documents.formal]
    titles = [chapter(pack, name)[0] for name in named]
    assert all(isinstance(title, Heading) for title in titles)
    assert titles[named.index("review")].text == "七、中期判断与结果"
