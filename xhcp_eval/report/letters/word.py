"""A letter as Word document in the form of letters between offices (GB/T 9704-2012, 信函格式).

The office's name stands in red above a double line, the number at the right below it, another double line at the foot of the first page,
which bears no number.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from xhcp_eval.files.safe_text import xml_text
from xhcp_eval.files.whole import whole_file
from xhcp_eval.report.documents.sheets import FORMAL, POINTS
from xhcp_eval.report.documents.word import add_body
from xhcp_eval.report.documents.word_parts import paragraph_xml, text_xml
from xhcp_eval.report.export.content import Run
from xhcp_eval.report.export.word_format import new_document
from xhcp_eval.report.export.word_runs import run_xml
from xhcp_eval.report.export.wordml import TEXT_WIDTH, TITLE, elements, fonts_xml, twips
from xhcp_eval.report.letters.letter import Letter, letter_blocks

if TYPE_CHECKING:
    from docx.document import Document
    from docx.section import _Footer, _Header

RED = "C8161D"
LARGEST, SMALLEST = 36.0, 16.0  # points of the office's name
FROM_TOP, FROM_FOOT = 30, 20  # millimetres from the edges of the paper to the name and the line at the foot
LINE = 170  # millimetres
ANNEX_EDGE = 12  # millimetres from the edges of an annex to its header and page number
_OVER = twips((LINE - TEXT_WIDTH) / 2)


def write_letter(letter: Letter, path: Path) -> Path:
    """Write a letter as .docx, whole or not at all; returns its path. Raises RunError if the file is open elsewhere."""
    document = letter_document(letter)
    with whole_file(path) as made:
        document.save(str(made))
    return path


def letter_document(letter: Letter) -> Document:
    """A letter as document of python-docx."""
    from docx.shared import Mm

    cover = letter.cover
    document = new_document(xml_text(cover.title), cover.mark, FORMAL.looks, FORMAL.margins, compute=False)
    facts = document.core_properties
    facts.title, facts.subject, facts.author, facts.comments = (
        cover.title,
        letter.number,
        cover.unit,
        cover.mark,
    )
    facts.language = "zh-CN"
    _head(document, letter)
    add_body(document, letter_blocks(letter), cover)
    for section in list(document.sections)[1:]:
        section.header_distance = section.footer_distance = Mm(ANNEX_EDGE)
    return document


def _head(document: Document, letter: Letter) -> None:
    from docx.shared import Mm

    section, cover = document.sections[0], letter.cover
    section.different_first_page_header_footer = True
    section.header_distance, section.footer_distance = Mm(FROM_TOP), Mm(FROM_FOOT)
    _fill(
        section.first_page_header,
        paragraph_xml("Header", _name_xml(cover.unit), _rule("bottom", "thickThinSmallGap")),
    )
    mark = f"⚠ {cover.mark}" if cover.mark else ""
    _fill(
        section.first_page_footer,
        paragraph_xml("Header", text_xml(mark, bold=True), _rule("top", "thinThickSmallGap")),
    )
    right = f'<w:tabs><w:tab w:val="right" w:pos="{twips(TEXT_WIDTH)}"/></w:tabs>'
    marks = text_xml(cover.classification) + "<w:r><w:tab/></w:r>" + text_xml(letter.number)
    for text in (paragraph_xml("Addressee", marks, right), paragraph_xml("Title", text_xml(cover.title))):
        for one in elements(text):
            document.element.body[-1].addprevious(one)


def _fill(part: _Header | _Footer, text: str) -> None:
    """Put one paragraph in the place of a header's or footer's own."""
    part.is_linked_to_previous = False
    part._element.replace(part.paragraphs[0]._p, elements(text)[0])


def _name_xml(name: str) -> str:
    """The office's name, as large as it fits on a line."""
    size = round(2 * max(SMALLEST, min(LARGEST, TEXT_WIDTH * POINTS / max(len(name), 1)))) / 2
    looks = f'<w:color w:val="{RED}"/><w:sz w:val="{2 * size:.0f}"/><w:szCs w:val="{2 * size:.0f}"/>'
    return run_xml(Run(name), fonts_xml(TITLE) + looks)


def _rule(side: str, kind: str) -> str:
    """Properties of a centred paragraph with a red double line at its side, wider than the text."""
    return (
        f'<w:pBdr><w:{side} w:val="{kind}" w:sz="24" w:space="6" w:color="{RED}"/></w:pBdr>'
        f'<w:spacing w:before="0" w:after="120"/><w:ind w:left="-{_OVER}" w:right="-{_OVER}" w:firstLine="0"/><w:jc w:val="center"/>'
    )
