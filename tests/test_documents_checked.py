"""What leaders and the government read of every pack, held against the pack's own figures: numbers, sides, gaps, counts, words."""

import re
from collections import defaultdict

import pytest
from allowed_figures import Allowed, pieces

from xhcp_eval.chapters.brief.closing import closing
from xhcp_eval.chapters.brief.decisions import decision_table
from xhcp_eval.chapters.brief.poster import poster
from xhcp_eval.chapters.brief.risks import risk_part
from xhcp_eval.chapters.brief.sentences import opening
from xhcp_eval.chapters.equity import equity_rows
from xhcp_eval.chapters.formal.chapters import chapter
from xhcp_eval.chapters.kit.blocks import Heading, Paragraph, Table
from xhcp_eval.chapters.wording.names import machine_signs
from xhcp_eval.pack.pack import open_pack
from xhcp_eval.provenance import ROOT

PACKS = sorted(path.stem for path in (ROOT / "params").glob("*.yaml"))
VALUE = r"[−-]?[\d,]+(?:\.\d+)?"
MET = ("已达到", "已达到且稳")
FINDINGS = ("进展：", "风险：", "未实现：", "数少难断：", "分组：", "数据能说明的：")


@pytest.fixture(scope="module", params=PACKS)
def pack(request):
    return open_pack(request.param)


@pytest.fixture(scope="module")
def blocks(pack):
    brief = [*opening(pack), poster(pack), decision_table(pack), risk_part(pack), *closing(pack)]
    named = [str(section.parameters["chapter"]) for section in pack.params.documents.formal]
    return [*brief, *(block for name in named for block in chapter(pack, name))]


def number(text: str) -> float:
    return float(text.replace(",", "").replace("−", "-"))


def target_rows(blocks) -> list[dict[str, str]]:
    """Rows of all tables of targets by column."""
    tables = [
        block for block in blocks if isinstance(block, Table) and {"目标", "判断", "还差"} <= set(block.head)
    ]
    return [
        dict(zip(table.head, row, strict=True)) | {"表": table.caption}
        for table in tables
        for row in table.rows
    ]


def sides(row: dict[str, str]):
    """Value, bound and which is to be larger, of a row with a plain bound; None for others."""
    value, bound = (
        re.search(rf"({VALUE})(?:%|‰|/|课|小|元|$)[^→]*$", row["基期→现值"]),
        re.match(rf"([≥≤])({VALUE})", row["目标"]),
    )
    if row["目标"] == "100%":
        bound = re.match(r"(≥)(100)", "≥100")
    if not (value and bound) or "每年" in row["目标"] or "最低" in row["基期→现值"]:
        return None
    return number(value[1]), number(bound[2]), 1 if bound[1] == "≥" else -1


@pytest.fixture(scope="module")
def allowed(pack):
    return Allowed(pack)


def test_every_number_stands_in_the_frames(allowed, blocks):
    assert allowed.strangers(blocks) == []


def test_a_number_of_nowhere_is_found(pack, allowed):
    row = next(
        row
        for row in pack.assessment.itertuples()
        if row.kind == "proportion" and row.latest_value == row.latest_value
    )
    strange = f"{row.indicator_name}{row.latest_value + 7.77:.2f}%"
    assert [one.clause for one in allowed.strangers([Paragraph(strange)])] == [strange]


def test_no_sign_of_a_machine(blocks):
    assert [text for _, text in pieces(blocks) if machine_signs(text)] == []


def test_reached_is_said_only_where_the_value_satisfies_the_printed_target(blocks):
    seen = 0
    for row in target_rows(blocks):
        if found := sides(row):
            value, bound, sign = found
            within = sign * (value - bound) >= 0
            seen += 1
            assert within or row["判断"] not in MET, row
            assert within == (row["还差"] in ("现值在目标以内", "—")) or row["还差"] == "没有数据", row
    assert seen >= 5
    for _, text in pieces(blocks):
        for value, sign, bound in re.findall(
            rf"年的({VALUE})(?:%|‰)，目标([≥≤])({VALUE})(?:%|‰)，(?:高于目标值|在目标值以内)", text
        ):
            assert (number(value) - number(bound)) * (1 if sign == "≥" else -1) >= 0, text


def test_a_gap_is_the_distance_to_the_printed_target(blocks):
    for row in target_rows(blocks):
        gap = re.match(rf"({VALUE})个[百千]分点", row["还差"])
        if gap and (found := sides(row)):
            value, bound, _ = found
            assert abs(number(gap[1]) - abs(value - bound)) <= 0.1 + 1e-9, row


def test_an_interval_holds_its_estimate(pack):
    rows = pack.assessment.dropna(subset=["latest_low"])
    assert (rows["latest_low"] <= rows["latest_value"] + 1e-9).all() and (
        rows["latest_value"] <= rows["latest_high"] + 1e-9
    ).all()
    for dimension in ("residence", "sex", "township"):
        for row in equity_rows(pack, dimension).itertuples():
            assert "（" not in row.gap_text or row.low - 1e-9 <= row.estimate <= row.high + 1e-9


def test_a_count_in_a_caption_is_that_of_its_rows(blocks):
    for block in blocks:
        if isinstance(block, Table) and (told := re.search(r"[（的](\d+)项", block.caption)):
            left = re.search(r"其余(\d+)项", block.note)
            assert int(told[1]) == len(block.rows) + int(left[1] if left else 0), block.caption


def test_a_target_has_one_status_wherever_it_stands(blocks):
    words = defaultdict(set)
    for row in target_rows(blocks):
        name, year = re.sub(r"^\d+．", "", row["指标"]), re.search(r"\d{4}", row["表"])
        words[name, row["目标"], row["基期→现值"], year and year[0]].add(row["判断"])
    assert {key: found for key, found in words.items() if len(found) > 1} == {}


def test_gaps_of_town_and_country_are_country_less_town(pack, blocks):
    notes = [block.note for block in blocks if isinstance(block, Table)]
    assert not any("城镇减农村" in note for note in notes)
    for row in equity_rows(pack, "residence").itertuples():
        assert row.gap_text.startswith(("−", "-")) == (row.estimate < 0) or not row.estimate


def test_findings_have_a_number_and_no_paragraph_stands_twice(blocks):
    paragraphs = [block for block in blocks if isinstance(block, Paragraph)]
    for block in paragraphs:
        if block.lead in FINDINGS:
            assert re.search(r"\d", block.text), block
    texts = [block.text for block in paragraphs]
    assert [text for text in set(texts) if texts.count(text) > 1] == []
    titles = [block.text for block in blocks if isinstance(block, Heading)]
    assert len(titles) == len(set(titles))
