"""The page of all data in one file: verdicts in numbers, what has changed, downloads, then the chapters."""

from __future__ import annotations

from base64 import b64decode
from types import SimpleNamespace

import pandas as pd
import pytest
from lxml import html as markup

from xhcp_eval.chapters.kit.views import table
from xhcp_eval.report.page import index, render
from xhcp_eval.report.page.addresses import external_urls
from xhcp_eval.report.page.render import Page, Shell, render_chapter


class StandIn(SimpleNamespace):
    """For a pack, which is known by identity."""

    __hash__ = object.__hash__


SHELL = Shell("中期评估", "", (Page("index", "摘要"), Page("20_overview", "总体结论")), True, ())


@pytest.fixture
def pack(monkeypatch):
    """A pack of three questions, one of them read in two ways."""
    monkeypatch.setattr(render, "page_font_css", lambda text: "")
    assessment = pd.DataFrame(
        {
            "question": ["a@2030", "a@2030", "b@2030", "c@2030", "d@2025", "e@2030"],
            "status": ["待裁定", "待裁定", "存在风险", "存在风险", "已达标", "已达标"],
            "reading": ["literal", "strict", "", "", "", ""],
            "role": ["verdict"] * 5 + ["watch"],
            "decides_goal": True,
            "target_year": [2030, 2030, 2030, 2030, 2025, 2030],
        }
    )
    monkeypatch.setattr(index, "write_summary", lambda pack, folder, earlier: [])
    return StandIn(
        assessment=assessment,
        observations=pd.DataFrame({"status": ["reported"] * 1200 + ["recollection"] * 2}),
        outcomes=assessment.iloc[:0],
        region="新华区",
        plan=SimpleNamespace(name="某规划", end_year=2030),
        params=SimpleNamespace(
            pack="small",
            data_page="index.html",
            data_until=2025,
            outcome_year=None,
            use_recollection=False,
            cover=SimpleNamespace(classification=""),
        ),
        stamp={"computed_at": "2026-03-31T16:30:00+00:00", "version": "0.1.0"},
        is_demo=False,
    )


def written(pack, folder) -> markup.HtmlElement:
    chapter = render_chapter("<p>一章的话。</p>", SHELL.pages[1])
    (folder / "20_overview.html").write_text(chapter, encoding="utf-8", newline="\n")
    path = index.write_index(pack, SHELL, folder)
    text = path.read_text(encoding="utf-8")
    assert path.name == "index.html"
    assert external_urls(text) == []
    return markup.document_fromstring(text)


def test_tiles_count_each_question_of_the_last_year_once(pack):
    assert [(t.word, t.count, t.look.css) for t in index.status_tiles(pack)] == [
        ("存在风险", 2, "at-risk"),
        ("待裁定", 1, "disputed"),
    ]


def test_the_page_tells_verdicts_in_numbers_and_leaves_the_lists_to_its_chapters(pack, tmp_path):
    node = written(pack, tmp_path)
    assert [h.text for h in node.xpath("//h2")] == ["摘要", "总体结论"]
    tiles = [" ".join(li.text_content().split()) for li in node.xpath("//ul[@class='tiles']/li")]
    assert tiles == ["2◑ 存在风险", "1⚖ 待裁定"]
    assert node.xpath("//section[@id='index']//table") == []
    assert node.xpath("//section[@id='20_overview']/p")[0].text == "一章的话。"
    assert not (tmp_path / "20_overview.html").exists()


def test_result_tables_travel_within_the_report(pack, tmp_path):
    (tmp_path / "results.csv").write_bytes(b"a\n1\n")
    links = written(pack, tmp_path).xpath("//p[@class='downloads']//a")
    assert [a.get("download") for a in links] == ["results.xlsx", "results.csv", "run.json"]
    assert links[0].get("href") == "results.xlsx"  # not written yet: the one beside the page
    kind, data = links[1].get("href").split(",")
    assert kind == "data:text/csv;charset=utf-8;base64"
    assert b64decode(data) == b"a\n1\n"


def test_what_has_changed_since_the_last_report_is_told(pack, tmp_path, monkeypatch):
    assert "与上次报告相比" not in written(pack, tmp_path).text_content()
    old = {"computed_at": "2026-01-31T16:30:00+00:00"}
    monkeypatch.setattr(index, "write_summary", lambda pack, folder, earlier: [old])
    monkeypatch.setattr(index, "read_summary", lambda path: {})
    monkeypatch.setattr(index, "run_changes", lambda old, new: {"数据": ["甲 → 乙"], "方法": []})
    monkeypatch.setattr(index, "compare_reports", lambda old, new: None)
    monkeypatch.setattr(index, "changes_table", lambda changes: table(pd.DataFrame({"x": ["变了"]})))
    text = written(pack, tmp_path).xpath("//main")[0].text_content()
    assert "上次报告的计算时间：2026-02-01 00:30" in text
    assert "甲 → 乙" in text
    assert "变了" in text


def test_the_page_declares_its_data(pack):
    facts = index.declaration(pack)
    assert facts["评估对象"] == "新华区"
    assert facts["数据截至"] == "2025年，共 1,202 个数据点"
    assert facts["数据性质"] == "公开统计数据；其中 2 个数字只见一处或待核实，不用于判定和趋势"
    assert "北京时间" in facts["计算时间"] and "密级" not in facts
    pack.params.cover.classification = "内部资料"
    assert index.declaration(pack)["密级"] == "内部资料"
    pack.is_demo = True
    assert "不是真实统计" in index.declaration(pack)["数据性质"]


def test_a_hindcast_says_on_what_it_rests(pack):
    pack.params.outcome_year = 2030
    assert "预测只用2025年及以前的数据" in index.declaration(pack)["事后对照"]
