"""Pages are counted from heights: 22 lines of 28 points on an official page."""

import pytest

from xhcp_eval.chapters.kit.blocks import Heading, PageBreak, Paragraph, Picture, Table
from xhcp_eval.report.documents.layout import block_pages, picture_size, turned
from xhcp_eval.report.documents.numbering import Numbering
from xhcp_eval.report.documents.sheets import BRIEF, FORMAL

LINE = Paragraph("一行。")


def pages(*blocks, sheet=FORMAL):
    return block_pages(blocks, sheet, Numbering(blocks))


def test_a_page_holds_22_lines():
    assert pages(*[LINE] * 45) == [1] * 22 + [2] * 22 + [3]


def test_a_heading_goes_with_the_next_line():
    assert pages(*[LINE] * 21, Heading("一、题"), LINE) == [1] * 21 + [2, 2]


def test_a_break_begins_a_page_once():
    assert pages(LINE, PageBreak(), LINE, PageBreak(), PageBreak(), LINE)[2::3] == [2, 3]


def test_a_long_table_goes_on_with_its_head():
    rows = (("值",),) * 100  # 15.5 points each, the head as well: 40 on the first page beside the caption
    table = Table(("列",), rows, (1.0,), "题")
    assert pages(table, LINE) == [1, 3]


def test_wide_tables_turn_with_their_headings_and_notes():
    wide = Table(("列",), (("值",),), (1.0,), landscape=True)
    blocks = [LINE, Heading("附"), wide, Paragraph("注", style="note"), wide, LINE]
    assert turned(blocks) == [False, True, True, True, True, False]
    assert pages(*blocks) == [1, 2, 2, 2, 2, 3]


@pytest.mark.parametrize("sheet", [FORMAL, BRIEF])
def test_a_picture_keeps_its_shape_and_fits(sheet):
    width, height = picture_size(Picture("", 2000, 1000, ""), sheet, False)
    assert width == pytest.approx(sheet.width()) and width / height == pytest.approx(2)
    _, tall = picture_size(Picture("", 100, 9000, ""), sheet, False)
    assert tall < sheet.height()
    assert picture_size(Picture("", 96, 48, ""), sheet, False) == (72, 36)
