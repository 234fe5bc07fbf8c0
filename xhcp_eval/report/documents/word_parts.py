"""Parts of a Word document as WordprocessingML: paragraphs, captions, tables, the contents' lines, the turns of a page."""

from __future__ import annotations

from collections.abc import Sequence

from xhcp_eval.chapters.kit.blocks import Table
from xhcp_eval.report.documents.columns import column_widths
from xhcp_eval.report.documents.numbering import Caption, Numbering
from xhcp_eval.report.documents.sheets import Sheet
from xhcp_eval.report.export.content import Run
from xhcp_eval.report.export.word_runs import run_xml
from xhcp_eval.report.export.wordml import W, field_xml

_SIDES = ("top", "left", "bottom", "right", "insideH", "insideV")
NEW_PAGE = "<w:pageBreakBefore/>"


def paragraph_xml(style: str, runs: str, extra: str = "") -> str:
    """A paragraph. style: id. runs: its content. extra: further properties, which come after the style."""
    return f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{extra}</w:pPr>{runs}</w:p>'


def text_xml(text: str, bold: bool = False) -> str:
    """A run of text; nothing for none."""
    return run_xml(Run(text, bold=bold)) if text else ""


def sentence_xml(text: str, numbering: Numbering) -> str:
    """A sentence; what it refers to is a field that leads there and says its number."""
    return "".join(
        field_xml(rf"REF {piece.anchor} \h", piece.text) if piece.anchor else text_xml(piece.text)
        for piece in numbering.pieces(text)
    )


def marked_xml(runs: str, name: str, number: int) -> str:
    """Runs under a bookmark. number: its own in the document."""
    return f'<w:bookmarkStart w:id="{number}" w:name="{name}"/>{runs}<w:bookmarkEnd w:id="{number}"/>'


def caption_xml(caption: Caption, number: int) -> str:
    """Runs of a caption, its number under a bookmark. number: of the bookmark. A number of ours is a field, so that what an
    editor adds is counted with it.
    """
    kind, count = caption.label[0], caption.label[1:]
    ours = kind in "表图" and count.isdigit()
    label = text_xml(kind) + field_xml(rf"SEQ {kind} \* ARABIC", count) if ours else text_xml(caption.label)
    text = text_xml(f"　{caption.text}") if caption.text else ""
    return marked_xml(label, caption.anchor, number) + text


def entry_xml(level: int, text: str, mark: str, page: int) -> str:
    """A line of the contents: text, dots, page. The page is reckoned; Word computes it anew as it prints, unasked."""
    inside = text_xml(text) + "<w:r><w:tab/></w:r>" + field_xml(rf"PAGEREF {mark} \h", str(page))
    link = f'<w:hyperlink w:anchor="{mark}" w:history="1">{inside}</w:hyperlink>'
    return paragraph_xml(f"TOC{level}", link)


def table_xml(table: Table, sheet: Sheet, turned: bool) -> str:
    """A table: head repeated on every page, rows kept whole, columns as wide as its author shares out.

    turned: on a page turned. Raises RunError if it doesn't fit.
    """
    style = sheet.letters(len(table.head))
    shares = column_widths(table, sheet.looks[style].size, sheet.width(turned))
    widths = [round(width * 20) for width in shares]
    borders = "".join(f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="595959"/>' for side in _SIDES)
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    head = _row_xml(table.head, widths, style.replace("Text", "Head").replace("Small", "HeadSmall"), True)
    last = len(table.rows) - 1
    rows = "".join(
        _row_xml(row, widths, style, held=bool(table.note) and k == last) for k, row in enumerate(table.rows)
    )
    return (
        f'<w:tbl {W}><w:tblPr><w:tblW w:w="{sum(widths)}" w:type="dxa"/><w:jc w:val="center"/>'
        f'<w:tblBorders>{borders}</w:tblBorders><w:tblLayout w:type="fixed"/><w:tblCellMar><w:left w:w="57" w:type="dxa"/>'
        f'<w:right w:w="57" w:type="dxa"/></w:tblCellMar></w:tblPr><w:tblGrid>{grid}</w:tblGrid>{head}{rows}</w:tbl>'
    )


def _row_xml(
    cells: Sequence[str], widths: Sequence[int], style: str, head: bool = False, held: bool = False
) -> str:
    shade = '<w:shd w:val="clear" w:color="auto" w:fill="EDEFF2"/>' if head else ""
    keep = "<w:keepNext/>" if head or held else ""
    made = "".join(
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{shade}<w:vAlign w:val="center"/></w:tcPr>'
        + paragraph_xml(style, text_xml(text), keep)
        + "</w:tc>"
        for text, width in zip(cells, widths, strict=True)
    )
    return f"<w:tr><w:trPr><w:cantSplit/>{'<w:tblHeader/>' if head else ''}</w:trPr>{made}</w:tr>"
