"""A Word document read back: styles, widths, sections, and no field that asks anything."""

from __future__ import annotations

import zipfile
from dataclasses import replace

import pytest
from blocks_sample import BRIEF_COVER, COVER, SMALL, long_document
from docx import Document
from docx.enum.section import WD_ORIENT
from docx.oxml.ns import qn
from PIL import Image

from xhcp_eval.chapters.kit.blocks import PageBreak, Paragraph, Picture, Table
from xhcp_eval.errors import RunError
from xhcp_eval.report.documents.layout import block_pages
from xhcp_eval.report.documents.numbering import Numbering
from xhcp_eval.report.documents.sheets import FORMAL
from xhcp_eval.report.documents.word import word_document, write_word


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return write_word(SMALL, COVER, tmp_path_factory.mktemp("documents") / "a.docx")


@pytest.fixture(scope="module")
def document(path):
    return Document(str(path))


def said(element) -> str:
    return "".join(t.text or "" for t in element.iter(qn("w:t")))


def styled(document, style: str) -> list[str]:
    return [said(p._p) for p in document.paragraphs if p.style.style_id == style]


def test_every_block_stands_in_its_style(document):
    assert styled(document, "Heading1") == ["一、总体情况", "附表"]
    assert styled(document, "Heading2") == ["（一）<健康> & 安全"]
    assert styled(document, "BodyText") == ["达到：12项目标中5项达到，见表1、附表1和图1。"]
    assert styled(document, "ListBullet") == ["第一点", "第二点"]
    assert styled(document, "TableCaption") == ["表1　各项目标", "附表1　全部指标"]
    assert styled(document, "FigureTitle") == ["图1　近视仍高"]
    assert styled(document, "Note") == ["注：演示数据。"]
    assert [[c.text for c in row.cells] for row in document.tables[0].rows][1:] == [
        ["近视率", "67.9%"],
        ["<b>", "1 & 2"],
    ]


def test_nothing_asks_as_the_file_is_opened(path):
    with zipfile.ZipFile(path) as archive:
        text = "".join(
            archive.read(name).decode("utf-8") for name in archive.namelist() if name.endswith(".xml")
        )
    assert "updateFields" not in text and "w:dirty" not in text and " TOC " not in text


def test_contents_carry_the_reckoned_pages():
    blocks = long_document()
    document = word_document(blocks, COVER)
    pages = block_pages(blocks, FORMAL, Numbering(blocks))
    wanted = [
        f"{block.text}{page}" for block, page in zip(blocks, pages, strict=True) if block.kind == "heading"
    ]
    lines = [said(p._p) for p in document.paragraphs if p.style.style_id in ("TOC1", "TOC2")]
    assert lines == wanted
    marks = {mark.get(qn("w:name")) for mark in document.element.body.iter(qn("w:bookmarkStart"))}
    fields = [i.text.split()[1] for i in document.element.body.iter(qn("w:instrText")) if "REF" in i.text]
    assert fields and set(fields) <= marks


def test_bookmarks_are_numbered_once(document):
    numbers = [mark.get(qn("w:id")) for mark in document.element.body.iter(qn("w:bookmarkStart"))]
    assert len(numbers) == len(set(numbers))


def test_tables_repeat_their_heads_keep_rows_whole_and_hold_four_characters(document):
    for table in document.tables:
        rows = table._tbl.tr_lst
        assert rows[0].trPr.find(qn("w:tblHeader")) is not None
        assert all(row.trPr.find(qn("w:cantSplit")) is not None for row in rows)
        widths = [int(c.get(qn("w:w"))) / 20 for c in table._tbl.tblGrid]
        assert min(widths) >= 4 * 9 + 5.7


def test_wide_tables_stand_on_pages_turned(document):
    ways = [section.orientation for section in document.sections]
    assert ways == [WD_ORIENT.PORTRAIT, WD_ORIENT.PORTRAIT, WD_ORIENT.LANDSCAPE]
    starts = [s._sectPr.find(qn("w:pgNumType")) for s in document.sections]
    assert starts[0].get(qn("w:fmt")) == "upperRoman"
    assert starts[1].get(qn("w:start")) == "1" and starts[2] is None
    body = document.sections[1]
    assert [round(length.mm) for length in (body.page_width, body.left_margin)] == [210, 28]


def test_the_cover_says_who_when_and_that_data_are_made_up(document):
    assert styled(document, "Class") == ["内部资料", "新妇儿工委〔2026〕1号"]
    assert styled(document, "CoverUnit") == ["新华区妇女儿童工作委员会", "2026年3月"]
    assert styled(document, "CoverMark") == ["演示数据，不得引用"]
    assert "演示数据，不得引用" in document.sections[0].header.paragraphs[0].text
    assert document.sections[0].different_first_page_header_footer


def test_real_data_carry_no_mark():
    document = word_document(SMALL, replace(COVER, demonstration=False))
    assert styled(document, "CoverMark") == []
    assert "演示" not in document.sections[0].header.paragraphs[0].text


def test_a_brief_has_a_head_and_small_type(tmp_path):
    logo = tmp_path / "logo.png"
    Image.new("RGB", (400, 100)).save(logo)
    document = word_document(SMALL[2:6], replace(BRIEF_COVER, logo=logo, number="1号"))
    assert styled(document, "Title") == ["中期评估简报"]
    assert styled(document, "Subtitle") == ["区妇儿工委　　2026年3月"]
    assert len(document.sections) == 1
    assert document.styles["Body Text"].font.size.pt == 10.5
    assert round(document.inline_shapes[0].height.mm) == 14


def test_pictures_say_what_they_show_and_fit(document):
    shape = document.inline_shapes[0]
    assert shape._inline.docPr.get("descr") == "近视率高于目标"
    assert shape.width.pt == pytest.approx(420, abs=1)


def test_a_break_begins_a_page():
    table = Table(("列",), (("值",),), (1.0,))
    document = word_document(
        [Paragraph("甲"), PageBreak(), Paragraph("乙"), PageBreak(), table], replace(COVER, contents=False)
    )
    fresh = [
        p.style.style_id for p in document.paragraphs if p._p.pPr.find(qn("w:pageBreakBefore")) is not None
    ]
    assert fresh == ["BodyText", "Hinge"]


def test_broken_drawings_and_empty_documents_are_refused(tmp_path):
    target = tmp_path / "a.docx"
    with pytest.raises(RunError, match="SVG"):
        write_word([Picture("<svg", 1, 1, "")], COVER, target)
    with pytest.raises(RunError, match="没有内容"):
        write_word([], COVER, target)
    assert not target.exists()
