"""The printed yearbook's front and back: official layout, read back from Word."""

from docx import Document

from xhcp_eval.chapters.kit.yearbook_blocks import back_blocks, front_blocks
from xhcp_eval.observations.publish.edition import make_edition
from xhcp_eval.observations.table import read_table
from xhcp_eval.plan.reading import load_plan
from xhcp_eval.provenance import ROOT
from xhcp_eval.report.documents.cover import Cover
from xhcp_eval.report.documents.word import write_word

PLAN = load_plan("xinhua_2021_2030")


def test_a_word_document_holds_scope_and_explanations(tmp_path):
    table = read_table(ROOT / "data" / "demo" / "xinhua_2015_2025.csv", PLAN)
    table = table[table["indicator"].isin(["infant_mortality_rate", "child_safety_seat_use_rate"])]
    rows = make_edition(table, PLAN, "新华区", 2025).rows
    blocks = [*front_blocks(rows, PLAN, "新华区", 2025, ["不公布的另有说明。"]), *back_blocks(rows, PLAN)]
    document = Document(str(write_word(blocks, Cover("统计资料"), tmp_path / "y.docx")))
    text = [p.text for p in document.paragraphs]
    assert "简要说明" in text and "主要统计指标解释" in text and "表1　健康：指标解释" in text
    assert "不公布的数。不公布的另有说明。" in text
    cells = [[c.text for c in row.cells] for t in document.tables for row in t.rows]
    assert [row[:2] for row in cells if row[0] != "指标"] == [
        ["婴儿死亡率", "‰"],
        ["儿童安全座椅使用率", "%"],
    ]
