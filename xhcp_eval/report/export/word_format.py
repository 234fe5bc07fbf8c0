"""An empty Word document in the layout of official documents (GB/T 9704-2012).

A4 with margins 37/35/28/26 mm, page numbers — 1 — outside at the foot. Where a font is missing, Word takes the
one named beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from xhcp_eval.report.export.word_styles import LOOKS, Look, set_numbering, set_styles
from xhcp_eval.report.export.wordml import MARGINS, PAGE, STAND_INS, W, element, elements, field_xml

if TYPE_CHECKING:
    from docx.document import Document


def new_document(
    title: str,
    mark: str = "",
    looks: Mapping[str, Look] = LOOKS,
    margins: Mapping[str, float] = MARGINS,
    compute: bool = True,
) -> Document:
    """An empty document in this layout.

    title: in the header. mark: beside it on every page, such as 演示数据. looks: paragraph styles by id. margins: top, bottom,
    left and right in millimetres. compute: whether Word asks to compute all fields as it opens the document.
    """
    from docx import Document

    document = Document()
    set_styles(document, looks)
    set_numbering(document)
    _set_fonts(document)
    _set_settings(document, compute)
    _set_page(document, title, mark, margins)
    return document


def _set_fonts(document: Document) -> None:
    """The table of fonts, with a stand-in for each that a reader may lack."""
    from docx.opc.constants import RELATIONSHIP_TYPE

    fonts = "".join(
        f'<w:font w:name="{name}"><w:altName w:val="{other}"/><w:charset w:val="86"/><w:family w:val="auto"/><w:pitch w:val="variable"/></w:font>'
        for name, other in STAND_INS.items()
    )
    part = document.part.part_related_by(RELATIONSHIP_TYPE.FONT_TABLE)
    # python-docx knows this part as bytes only
    part._blob = (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:fonts {W}>{fonts}</w:fonts>'.encode()
    )


def _set_settings(document: Document, compute: bool) -> None:
    """Whether fields are computed on opening; pages differ left and right; the way of today's Word."""
    from docx.oxml.ns import qn

    settings = document.settings.element
    compat = settings.find(qn("w:compat"))
    if compute:
        compat.addprevious(element(f'<w:updateFields {W} w:val="true"/>'))
    for one in compat.findall(qn("w:compatSetting")):
        if one.get(qn("w:name")) == "compatibilityMode":
            one.set(qn("w:val"), "15")
    settings.find(qn("w:themeFontLang")).set(qn("w:eastAsia"), "zh-CN")
    document.settings.odd_and_even_pages_header_footer = True


def _set_page(document: Document, title: str, mark: str, margins: Mapping[str, float]) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Mm, Pt

    section = document.sections[0]
    section.page_width, section.page_height = (Mm(length) for length in PAGE)
    for edge, width in margins.items():
        setattr(section, f"{edge}_margin", Mm(width))
    # as far from the edge as the standard has it, within the margins there are
    section.header_distance = Mm(min(22, margins["top"] - 8))
    section.footer_distance = Mm(min(22, margins["bottom"] - 8))
    for header in (section.header, section.even_page_header):
        paragraph = header.paragraphs[0]
        paragraph.style = document.styles["header"]
        paragraph.add_run(title)
        if mark:
            paragraph.add_run("\t")
            paragraph.add_run(f"⚠ {mark}").bold = True
    right, left = WD_ALIGN_PARAGRAPH.RIGHT, WD_ALIGN_PARAGRAPH.LEFT
    for footer, side in ((section.footer, right), (section.even_page_footer, left)):
        paragraph = footer.paragraphs[0]
        paragraph.style = document.styles["footer"]
        paragraph.alignment = side
        inside = paragraph.paragraph_format
        inside.right_indent, inside.left_indent = (Pt(14), None) if side == right else (None, Pt(14))
        dash = '<w:r><w:t xml:space="preserve">{}</w:t></w:r>'
        for run in elements(dash.format("— ") + field_xml("PAGE", "1") + dash.format(" —")):
            paragraph._p.append(run)
