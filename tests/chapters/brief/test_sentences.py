"""The brief of every pack, held to what its readers were promised: short, counted once, nothing claimed, no machine in it."""

import re
from dataclasses import asdict

import pytest

from xhcp_eval.chapters.brief.basis import end_targets, is_over, joined, risks, shortfalls
from xhcp_eval.chapters.brief.closing import closing
from xhcp_eval.chapters.brief.decisions import decision_table
from xhcp_eval.chapters.brief.poster import poster
from xhcp_eval.chapters.brief.risks import risk_part, risk_table
from xhcp_eval.chapters.brief.sentences import opening
from xhcp_eval.chapters.wording.causes import claims_cause
from xhcp_eval.chapters.wording.counting import counts
from xhcp_eval.chapters.wording.names import machine_signs
from xhcp_eval.chapters.wording.readers import READERS, Reader
from xhcp_eval.pack.pack import open_pack
from xhcp_eval.pack.params import load_params
from xhcp_eval.provenance import ROOT

PACKS = sorted(path.stem for path in (ROOT / "params").glob("*.yaml"))
NAMES = [load_params(ROOT / "params" / f"{name}.yaml").region or "全国" for name in PACKS]


@pytest.fixture(scope="module", params=PACKS)
def pack(request):
    return open_pack(request.param)


@pytest.fixture(scope="module")
def blocks(pack):
    return [*opening(pack), poster(pack), decision_table(pack), risk_table(pack), *closing(pack)]


@pytest.fixture(scope="module")
def texts(blocks):
    """All that a reader reads, link addresses and drawings left out."""

    def of(value):
        if isinstance(value, str):
            return [value]
        return [text for part in value for text in of(part)] if isinstance(value, tuple) else []

    hidden = {"link", "links", "svg", "narrow", "style"}
    return [
        text
        for b in blocks
        for name, value in asdict(b).items()
        if name not in hidden
        for text in of(value)
        if text
    ]


def test_the_first_sentence_has_sixty_characters_and_the_others_seventy(pack):
    first, *others = opening(pack)
    assert len(first.text) <= 60 and all(len(one.lead + one.text) <= 70 for one in others)
    assert 1 <= len(others) <= 5 and others[-1].spare


def test_no_sign_of_a_machine_and_no_cause(texts):
    for text in texts:
        assert not machine_signs(text), text
        assert not claims_cause(text), text
        assert "区间" not in text and "人（个）" not in text


def test_every_sentence_has_a_number_and_none_stands_twice(pack):
    said = [one.text for one in opening(pack)]
    assert all(re.search(r"\d", text) for text in said) and len(set(said)) == len(said)


def test_no_pack_speaks_of_another_region(pack, texts):
    others = {name for name in NAMES if name != pack.region and name not in pack.region}
    assert not [text for text in texts for name in others if name in text and name != "全国"]


def test_counts_are_those_of_the_lists(pack):
    found, table = counts(pack, pack.plan.end_year), risk_table(pack)
    assert found[Reader.RISK] == len(risks(pack)) == len(table.rows)
    assert (f"（{len(table.rows)}项）" if table.rows else "没有") in table.caption
    assert sum(found.by_word.values()) == found.total == len(end_targets(pack))
    assert f"{found.total}项目标" in poster(pack).title and f"{found.total}项目标" in opening(pack)[0].text


def test_gaps_are_those_between_value_and_printed_target(pack):
    for row, cells in zip(risks(pack).itertuples(), risk_table(pack).rows, strict=True):
        bound = re.fullmatch(r"[≥≤](\d+)%", cells[2])
        gap = re.match(r"([\d.]+)个百分点", cells[3])
        if bound and gap:
            assert abs(abs(row.latest_value - float(bound[1])) - float(gap[1])) <= 0.051, cells
        if cells[3] == "现值在目标以内":
            assert row.side == "目标以内"
            if bound:
                held = (
                    row.latest_value >= float(bound[1])
                    if row.direction == "up"
                    else row.latest_value <= float(bound[1])
                )
                assert held


def test_what_is_printed_of_a_value_is_in_the_results(pack):
    for row, cells in zip(risks(pack).itertuples(), risk_table(pack).rows, strict=True):
        printed = re.findall(r"(?<![\d—/.])(\d+(?:\.\d+)?)(?=[%‰/])", cells[1])
        known = [row.base_value, row.latest_value]
        assert printed and all(any(abs(float(p) - k) <= 0.051 for k in known if k == k) for p in printed), (
            cells
        )


def test_no_table_stands_empty(pack):
    part = risk_part(pack)
    assert part.rows if risk_table(pack).rows else part.text == f"{risk_table(pack).caption}。"


def test_every_colour_of_a_tile_is_told_below(pack):
    reached = end_targets(pack)["status"].map(READERS).value_counts()
    if is_over(pack):
        assert counts(pack, pack.plan.end_year).steady == reached.get(Reader.SECURE, 0)
    legend = re.findall(r">([^<>]*)</text>", poster(pack).svg)
    assert not reached.get(Reader.LIKELY, 0) or Reader.LIKELY in "".join(legend)


def test_the_largest_shortfall_comes_first(pack):
    rows = risks(pack)
    rows = rows[~rows["every_year"]]
    for _, part in rows.groupby(rows["status"].isin(["未达标", "难以达标"])):
        assert part["children"].fillna(0).is_monotonic_decreasing
    assert not risks(pack)["every_year"].head(len(rows)).any()


def test_decisions_say_who_what_and_when(pack):
    table = decision_table(pack)
    assert len(table.rows) <= 6 and all(all(cells) for cells in table.rows)
    assert "逐条检查落实" not in str(table.rows)
    for cells in table.rows:
        assert re.search(r"\d", "".join(cells[1:])) or cells[0] == "规划文本读法"


def test_the_final_brief_has_no_risks_and_asks_for_the_next_plan(pack):
    table, told = risk_table(pack), str(opening(pack))
    if is_over(pack):
        assert (
            "未实现" in table.caption
            and "有风险" not in table.caption + opening(pack)[0].text + poster(pack).title
        )
        assert "下一周期" in decision_table(pack).caption
        if pack.params.pack == "final_2030":
            assert "列为有风险的10项中，5项未实现、4项最终达到、1项仍难断定" in told
    else:
        assert "有风险" in table.caption


def test_missing_material_is_said_to_be_missing(pack):
    groups, others, _ = closing(pack)
    assert ("没有" in others.text) == (not pack.params.evaluation)
    if pack.plan.level == "national":
        assert "无从比较" in groups.text


def test_clauses_stop_at_the_first_that_is_too_long():
    assert (
        joined(["一二三", "四五六七八九", "十"], 10) == "一二三。"
        and joined([], 10) == joined([""], 10) == ""
    )
    assert joined(["甲", "乙"], 10, "先：", "，") == "先：甲，乙。"


def test_townships_are_ordered_by_children_not_by_share():
    pack = open_pack("midterm_2025")
    row = next(one for one in risks(pack).itertuples() if one.indicator == "eye_exam_coverage_0_6")
    places = shortfalls(pack, row)
    assert [(name, round(short)) for name, short, *_ in places[:3]] == [
        ("示范一街道", 154),
        ("示范甲镇", 84),
        ("示范乙镇", 56),
    ]


def test_the_midterm_says_what_a_person_counted():
    first, bright, hard, *_ = (one.text for one in opening(open_pack("midterm_2025")))
    assert (
        first
        == "2025年12项中期目标，5项达到，3项未达到，4项因数少难下结论；2030年53项目标中19项稳、11项有风险。"
    )
    assert "2024年曾比上年减少40个" in bright and "842名学生" in hard and "777名学生" in hard
    supervised = decision_table(open_pack("midterm_2025")).rows[0]
    assert "2,404间中182间尚未达标" in supervised[1] and "评1分（满分4，自评2）" in supervised[1]


def test_statuses_of_the_poster_are_those_of_the_results(pack):
    told = poster(pack).alt
    for row in end_targets(pack).itertuples():
        assert row.indicator_name in told
    assert {READERS[status] for status in end_targets(pack)["status"]} <= set(Reader)
