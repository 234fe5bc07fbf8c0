"""Sections of a Word document: front without the body's page numbers, upright pages and pages turned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xhcp_eval.report.documents.cover import Cover
from xhcp_eval.report.documents.sheets import Sheet
from xhcp_eval.report.export.wordml import PAGE, W, element

if TYPE_CHECKING:
    from docx.document import Document


def set_pages(document: Document, cover: Cover) -> None:
    """How the pages of the front are numbered: not at all on a cover, in Roman numerals on the contents."""
    section = document.sections[0]
    if cover.with_cover_page:
        section.different_first_page_header_footer = True
        _number(section, 'w:fmt="upperRoman" w:start="1"')


def begin_section(document: Document, sheet: Sheet, turned: bool, first: bool = False) -> None:
    """Begin a page, upright or turned. first: the body begins with it, and so do its page numbers."""
    from docx.enum.section import WD_ORIENT, WD_SECTION
    from docx.shared import Mm

    section = document.add_section(WD_SECTION.NEW_PAGE)
    # the paragraph that python-docx puts at the end of the section before takes next to no room
    _hinge(document)
    width, height = (PAGE[1], PAGE[0]) if turned else PAGE
    section.orientation = WD_ORIENT.LANDSCAPE if turned else WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = Mm(width), Mm(height)
    for edge, room in (sheet.turned if turned else sheet.margins).items():
        setattr(section, f"{edge}_margin", Mm(room))
    section.different_first_page_header_footer = False
    _number(section, 'w:start="1"' if first else "")


def _hinge(document: Document) -> None:
    from docx.oxml.ns import qn

    last = document.element.body.findall(qn("w:p"))[-1]
    style = last.get_or_add_pPr().get_or_add_pStyle()
    style.set(qn("w:val"), "Hinge")


def _number(section, attributes: str) -> None:
    """Set where and how page numbers begin; nothing goes on from the section before."""
    from docx.oxml.ns import qn

    properties = section._sectPr
    for old in properties.findall(qn("w:pgNumType")):
        properties.remove(old)
    if attributes:
        made = element(f"<w:pgNumType {W} {attributes}/>")
        margins = properties.find(qn("w:pgMar"))
        margins.addnext(made)
