"""The front of a Word document: a cover page, or the head of a brief."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xhcp_eval.report.documents.cover import Cover
from xhcp_eval.report.documents.word_parts import paragraph_xml, text_xml
from xhcp_eval.report.export.word_runs import balanced
from xhcp_eval.report.export.wordml import elements

if TYPE_CHECKING:
    from docx.document import Document

LOGO_HEIGHT = {True: 28, False: 14}  # millimetres, with a cover page and without
LOGO_WIDTH = {True: 120, False: 150}
# Empty lines of the cover, of 28 points each: above the title, and between it and the unit.
_ABOVE, _BETWEEN = 5, 6
_RULE = '<w:pBdr><w:bottom w:val="single" w:sz="12" w:space="2" w:color="A3161F"/></w:pBdr>'


def add_cover_page(document: Document, cover: Cover) -> None:
    """Classification and number on top, logo, title, what it is, unit and date, and the word on demonstration data."""
    lines = [("Class", cover.classification), ("Class", cover.number)]
    for style, text in lines:
        _add(document, style, text)
    blank = sum(not text for _, text in lines)
    if cover.logo:
        _logo(document, cover)
    for _ in range(_ABOVE - (2 if cover.logo else 0) + blank - 2):
        _add(document, "Normal", "", empty=True)
    _add(document, "Title", balanced(cover.title))
    _add(document, "Subtitle", cover.subtitle)
    _add(document, "CoverMark", cover.mark)
    for _ in range(_BETWEEN):
        _add(document, "Normal", "", empty=True)
    _add(document, "CoverUnit", cover.unit)
    _add(document, "CoverUnit", cover.date)


def add_head(document: Document, cover: Cover) -> None:
    """The head of a brief: classification and number, logo, title, unit and date above a rule, demonstration data named."""
    top = "\t".join((cover.classification, cover.number)) if cover.number else cover.classification
    _add(document, "Class", top)
    if cover.logo:
        _logo(document, cover)
    _add(document, "Title", cover.title)
    below = "　　".join(part for part in (cover.subtitle, cover.unit, cover.date) if part)
    _add(document, "Subtitle", below, _RULE)
    _add(document, "Warning", cover.mark)


def _add(document: Document, style: str, text: str, extra: str = "", empty: bool = False) -> None:
    if not text and not empty:
        return
    runs = "<w:r><w:tab/></w:r>".join(text_xml(part) for part in text.split("\t"))
    for element in elements(paragraph_xml(style, runs, extra)):
        document.element.body[-1].addprevious(element)


def _logo(document: Document, cover: Cover) -> None:
    from docx.shared import Emu, Mm

    paragraph = document.add_paragraph(style=document.styles["徽标"])
    shape = paragraph.add_run().add_picture(str(cover.logo), height=Mm(LOGO_HEIGHT[cover.with_cover_page]))
    widest = Mm(LOGO_WIDTH[cover.with_cover_page])
    if shape.width > widest:
        shape.height = Emu(shape.height * widest // shape.width)
        shape.width = widest
    shape._inline.docPr.set("descr", f"{cover.unit or cover.title}的标志")
