"""A document made from blocks as an editable Word file: the report in official form, or the brief on two pages.

No field asks anything as the file is opened: numbers and pages stand in it, and Word computes them anew as it prints.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from xhcp_eval.chapters.kit.blocks import Block, Heading, PageBreak, Paragraph, Picture, Table
from xhcp_eval.errors import RunError
from xhcp_eval.files.whole import whole_file
from xhcp_eval.report.documents.cover import Cover
from xhcp_eval.report.documents.drawings import picture_png
from xhcp_eval.report.documents.layout import block_pages, picture_size, turned
from xhcp_eval.report.documents.numbering import Numbering
from xhcp_eval.report.documents.sheets import STYLES, sheet_of
from xhcp_eval.report.documents.word_front import add_cover_page, add_head
from xhcp_eval.report.documents.word_parts import (
    NEW_PAGE,
    caption_xml,
    entry_xml,
    marked_xml,
    paragraph_xml,
    sentence_xml,
    table_xml,
    text_xml,
)
from xhcp_eval.report.documents.word_sections import begin_section, set_pages
from xhcp_eval.report.export.word_format import new_document
from xhcp_eval.report.export.wordml import elements

if TYPE_CHECKING:
    from docx.document import Document

DEEPEST = 2  # level of the last headings in the contents


def write_word(blocks: Sequence[Block], cover: Cover, path: Path) -> Path:
    """Write a document as .docx; returns its path.

    blocks: in order. cover: what stands outside; it also chooses the type (`sheets.sheet_of`). path: file to write; replaced if
    it is there. Raises RunError if a block doesn't fit or is broken, a reference leads nowhere, or the file is open elsewhere.
    """
    document = word_document(blocks, cover)
    with whole_file(Path(path)) as made:
        document.save(str(made))
    return Path(path)


def word_document(blocks: Sequence[Block], cover: Cover) -> Document:
    """A document of python-docx. Raises RunError as `write_word` does."""
    if not blocks:
        raise RunError(f"文件“{cover.title}”没有内容")
    sheet = sheet_of(cover)
    document = new_document(cover.title, cover.mark, sheet.looks, sheet.margins, compute=False)
    facts = document.core_properties
    facts.title, facts.subject, facts.author = cover.title, cover.subtitle, cover.unit
    facts.comments, facts.keywords, facts.language = cover.mark, "", "zh-CN"
    writer = _Writer(document, blocks, cover)
    writer.front()
    writer.body()
    return document


def add_body(document: Document, blocks: Sequence[Block], cover: Cover) -> None:
    """Append blocks to a document that has a front of another kind. Raises RunError as `write_word` does."""
    _Writer(document, blocks, cover).body()


class _Writer:
    """Appends blocks to a document, in order."""

    def __init__(self, document: Document, blocks: Sequence[Block], cover: Cover) -> None:
        self.document, self.blocks, self.cover = document, blocks, cover
        self.sheet, self.numbering = sheet_of(cover), Numbering(blocks)
        self.ways = turned(blocks)
        self.fresh = False  # whether the next paragraph begins a page
        self.marks = {k: f"_Toc{k:08d}" for k, block in enumerate(blocks) if isinstance(block, Heading)}

    def front(self) -> None:
        """Cover or head, and the contents."""
        if self.cover.with_cover_page:
            add_cover_page(self.document, self.cover)
        else:
            add_head(self.document, self.cover)
        if self.cover.contents:
            self._add(paragraph_xml("ContentsTitle", text_xml("目　录")))
            for level, text, mark, page in self._entries():
                self._add(entry_xml(level, text, mark, page))
        set_pages(self.document, self.cover)
        if self.cover.with_cover_page or self.cover.contents:
            begin_section(self.document, self.sheet, self.ways[0], first=True)

    def body(self) -> None:
        """The blocks."""
        for k, block in enumerate(self.blocks):
            if k and self.ways[k] != self.ways[k - 1]:
                begin_section(self.document, self.sheet, self.ways[k])
                self.fresh = False
            self._block(k, block)

    def _block(self, k: int, block: Block) -> None:
        if isinstance(block, Heading):
            self._paragraph(f"Heading{block.level}", marked_xml(text_xml(block.text), self.marks[k], k))
        elif isinstance(block, Paragraph):
            runs = text_xml(block.lead, bold=True) + sentence_xml(block.text, self.numbering)
            self._paragraph(STYLES[block.style], runs)
        elif isinstance(block, Table):
            self._caption(k, "TableCaption")
            self._table(k, block)
        elif isinstance(block, Picture):
            self._caption(k, "FigureTitle")
            self._picture(k, block)
        elif isinstance(block, PageBreak):
            self.fresh = k > 0 and self.ways[k] == self.ways[k - 1]

    def _table(self, k: int, table: Table) -> None:
        if self.fresh:  # a table can't begin a page, a paragraph can
            self._paragraph("Hinge", "")
        self._add(table_xml(table, self.sheet, self.ways[k]))
        # a line between a table and what follows, or two tables would grow together; at the end next to none, lest it begin a page of its own
        goes_on = k < len(self.blocks) - 1 and self.ways[k + 1] == self.ways[k]
        between = "Gap" if goes_on else "Hinge"
        self._paragraph("Note" if table.note else between, text_xml(table.note))

    def _picture(self, k: int, picture: Picture) -> None:
        from docx.shared import Pt

        extra = "<w:keepNext/>" if picture.source else '<w:keepNext w:val="0"/>'
        self._paragraph("Picture", "", extra)
        width, _ = picture_size(picture, self.sheet, self.ways[k])
        data = BytesIO(picture_png(picture))
        shape = self.document.paragraphs[-1].add_run().add_picture(data, width=Pt(width))
        facts = shape._inline.docPr
        facts.set("descr", picture.alt)
        caption = self.numbering.of(k)
        facts.set("name", caption.label if caption else f"图形{k}")
        if picture.source:
            self._paragraph("Source", text_xml(picture.source))

    def _caption(self, k: int, style: str) -> None:
        if caption := self.numbering.of(k):
            self._paragraph(style, caption_xml(caption, k))

    def _paragraph(self, style: str, runs: str, extra: str = "") -> None:
        self._add(paragraph_xml(style, runs, extra + (NEW_PAGE if self.fresh else "")))
        self.fresh = False

    def _add(self, text: str) -> None:
        # the body's last element is the section's properties
        for element in elements(text):
            self.document.element.body[-1].addprevious(element)

    def _entries(self):
        """Level, text, bookmark and page of each heading in the contents."""
        pages = block_pages(self.blocks, self.sheet, self.numbering)
        for k, block in enumerate(self.blocks):
            if isinstance(block, Heading) and block.level <= DEEPEST:
                yield block.level, block.text, self.marks[k], pages[k]
