"""Rows of the annexes named beside sentences and rows of the body, where paper has no links."""

from xhcp_eval.chapters.kit.blocks import Heading, Paragraph, Table
from xhcp_eval.report.documents.places import HOW, Places, printed

ANNEX = [
    Table(("编号", "指标", "目标"), (("健康-8", "1．初中生近视率", "≤60%"), ("健康-7", "2．儿童超重率", "≤17%"),
                                 ("健康-9", "3．体质优良率", "≥60%")), (0.2, 0.5, 0.3), "附表1　2030年目标"),
    Table(("编号", "指标", "目标"), (("健康-9", "1．体质优良率", "≥55%"),), (0.2, 0.5, 0.3), "附表2　2025年目标"),
]  # fmt: skip
PLACES = Places(ANNEX, {"初中近视": "初中生近视率", "近视": "初中生近视率", "无此项": "没有"})


def test_a_sentence_names_the_rows_of_what_it_speaks_of():
    assert PLACES.of_text("初中近视67.9%，儿童超重率17.7%。") == "〔附表1第1—2行〕"
    assert PLACES.of_text("体质优良率57.8%；初中生近视率67.9%。") == "〔附表1第1、3行〕"
    assert PLACES.of_text("没有指标的话。无此项。") == ""


def test_a_row_goes_with_the_annex_that_asks_the_same():
    assert PLACES.of_row(("体质优良率", "≥55%")) == "〔2-1〕"
    assert PLACES.of_row(("体质优良率", "≥60%")) == "〔1-3〕"
    assert PLACES.of_row(("别的", "≥60%")) == ""


def test_how_to_read_them_is_said_once():
    body = Table(("指标", "目标"), (("初中近视", "≤60%"),), (0.5, 0.5), "表", "注：甲。")
    first, second, *rest = printed(
        [body, body, Heading("题"), Paragraph("话。", style="note"), *ANNEX], PLACES
    )
    assert first.rows == (("初中近视〔1-1〕", "≤60%"),) and first.note == f"注：甲。{HOW}"
    assert second.rows == first.rows and second.note == "注：甲。"
    assert rest == [Heading("题"), Paragraph("话。", style="note"), *ANNEX]


def test_without_annexes_nothing_is_added():
    blocks = [Paragraph("初中近视67.9%。")]
    assert printed(blocks, Places(blocks, {"初中近视": "初中生近视率"})) == blocks
