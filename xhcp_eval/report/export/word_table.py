"""A report's table as a real Word table: head repeated on every page, rows kept whole, columns as wide as needed."""

from __future__ import annotations

import re
from collections.abc import Callable
from unicodedata import east_asian_width

from xhcp_eval.report.export.content import Cell, Line, Table, plain
from xhcp_eval.report.export.wordml import BLACK, SONG, TEXT_WIDTH, W, fonts_xml, twips

# At most so many columns -> size of the letters, in points (五号, 小五, 六号).
_SIZES = ((5, 10.5), (8, 9.0), (99, 7.5))
# In Chinese characters: texts as short are never broken, the narrowest column, the room at its sides.
_UNBROKEN, _NARROWEST, _ROOM = 6.6, 2.0, 1.0
_WORD = re.compile(r"[!-~‰–−]+")  # what is broken only in need
_SIDES = ("top", "left", "bottom", "right", "insideH", "insideV")


def table_xml(table: Table, runs: Callable[[Line, str], str]) -> str:
    """A table as WordprocessingML.

    table: cells on a grid. runs: makes XML of a line and the looks of its letters.
    """
    size = letter_size(table)
    widths = column_widths(table)
    places = {(cell.row + r, cell.column + c): cell for cell in table.cells for r in range(cell.rows) for c in range(cell.columns)}  # fmt: skip
    rows = "".join(_row_xml(table, row, places, widths, size, runs) for row in range(table.rows))
    borders = "".join(f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="404040"/>' for side in _SIDES)
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    return (
        f'<w:tbl {W}><w:tblPr><w:tblW w:w="{sum(widths)}" w:type="dxa"/><w:jc w:val="center"/>'
        f'<w:tblBorders>{borders}</w:tblBorders><w:tblLayout w:type="fixed"/><w:tblCellMar><w:left w:w="57" w:type="dxa"/>'
        f'<w:right w:w="57" w:type="dxa"/></w:tblCellMar></w:tblPr><w:tblGrid>{grid}</w:tblGrid>{rows}</w:tbl>'
    )


def column_widths(table: Table) -> list[int]:
    """Widths of columns in twips, together as wide as the text.

    Every column gets what its longest word or number needs; then each further character of width goes to the
    column whose text makes the most rows tall.
    """
    import numpy as np

    length, breaks, widths = _texts(table)
    whole = twips(TEXT_WIDTH)
    for _ in range(int(whole / (letter_size(table) * 20) - widths.sum())):
        lines = np.ceil(length / (widths - _ROOM)) + breaks
        tallest = lines.argmax(axis=1)
        votes = np.bincount(
            tallest, weights=lines.max(axis=1) - breaks.max(axis=1) - 1, minlength=len(widths)
        )
        if votes.max() <= 0:
            break
        widths[votes.argmax()] += 1
    shares = [int(whole * share) for share in widths / widths.sum()]
    shares[-1] += whole - sum(shares)
    return shares


def _texts(table: Table):
    """Length of each cell's text and its own line breaks, (rows, columns); the least width of each column."""
    import numpy as np

    length = np.zeros((table.rows, table.columns))
    breaks = np.zeros_like(length)
    least = np.full(table.columns, _NARROWEST)
    for cell in table.cells:
        wide = [_width(line) for line in cell.text.split("\n")]
        if cell.columns > 1:
            continue
        # a head may take two lines
        half = 2 if cell.row < table.heads else 1
        length[cell.row, cell.column] = sum(wide) / half
        breaks[cell.row, cell.column] = len(wide) - 1
        words = [min(_width(word), 2 * _UNBROKEN) for word in _WORD.findall(cell.text)]
        whole = [line / half for line in wide if line <= _UNBROKEN]
        least[cell.column] = max([least[cell.column], *words, *whole])
    return length, breaks, least + _ROOM


def letter_size(table: Table) -> float:
    """Size of a table's letters in points: the more columns, the smaller."""
    return next(size for columns, size in _SIZES if table.columns <= columns)


def _width(text: str) -> float:
    return sum(1.0 if east_asian_width(letter) in "WFA" else 0.55 for letter in text)


def _row_xml(table: Table, row: int, places, widths: list[int], size: float, runs) -> str:
    head = row < table.heads
    cells, column = "", 0
    while column < table.columns:
        cell = places.get((row, column), Cell(row, column, ()))
        across = min(cell.columns, table.columns - column)
        cells += _cell_xml(cell, row, sum(widths[column : column + across]), size, head, runs)
        column += across
    return f"<w:tr><w:trPr><w:cantSplit/>{'<w:tblHeader/>' if head else ''}</w:trPr>{cells}</w:tr>"


def _cell_xml(cell: Cell, row: int, width: int, size: float, head: bool, runs) -> str:
    first = cell.row == row
    font = BLACK if cell.head else SONG
    looks = f'{fonts_xml(font)}<w:sz w:val="{size * 2:.0f}"/><w:szCs w:val="{size * 2:.0f}"/>'
    align = "center" if head else "right" if cell.right else "left"
    merged = "" if cell.rows == 1 else '<w:vMerge w:val="restart"/>' if first else "<w:vMerge/>"
    return (
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>'
        + (f'<w:gridSpan w:val="{cell.columns}"/>' if cell.columns > 1 else "")
        + merged
        + ('<w:shd w:val="clear" w:color="auto" w:fill="EDEFF2"/>' if head else "")
        + '<w:vAlign w:val="center"/></w:tcPr>'
        + f'<w:p><w:pPr><w:pStyle w:val="TableText"/>{"<w:keepNext/>" if head else ""}<w:jc w:val="{align}"/></w:pPr>'
        + (runs(cell.line, looks) if first and plain(cell.line) else "")
        + "</w:p></w:tc>"
    )
