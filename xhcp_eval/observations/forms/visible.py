"""What a form shows a person, held against what it showed when it was written: its stamp keeps that.

Whoever fills in a form goes by its titles, names and groups; the figures go by hidden keys. Where the two part ways, the
form is sent back with the cells. Rows are found by their keys and heads by their cells, wherever the writer put them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from xhcp_eval.observations.cells import cell_text
from xhcp_eval.observations.forms.workbook import COLUMNS, HEADERS, INPUTS, SHOWN

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

HEAD_ROWS = 60  # how far down the header may stand
THINNEST = 1.0  # characters or points; what is thinner is not seen
_AGAIN = "请恢复，或在重新下载的填报表里填"


class Seen(NamedTuple):
    """One thing that is wrong with a form's looks: row, name or letter of the column (may be empty), Chinese text."""

    row: int
    column: str
    text: str


def header_row(sheet: Worksheet) -> int:
    """Row of the headers: the one whose first cell heads the keys; 0 if there is none."""
    for number in range(1, HEAD_ROWS + 1):
        if cell_text(sheet.cell(number, COLUMNS["key"]).value) == HEADERS["key"][0]:
            return number
    return 0


def key_rows(sheet: Worksheet) -> dict[str, int]:
    """Row of each key, from the top; of one that stands twice the first."""
    found: dict[str, int] = {}
    for number in range(1, sheet.max_row + 1):
        text = cell_text(sheet.cell(number, COLUMNS["key"]).value)
        if text.startswith('["'):
            found.setdefault(text, number)
    return found


def head_faults(sheet: Worksheet, heads: dict[str, list[str]], year: int, department: str) -> Iterator[Seen]:
    """Titles that no longer name the year or department of the stamp.

    heads: by cell, what it named when it was written. year, department: of the stamp.
    """
    for place, words in heads.items():
        cell = sheet[place]
        text = cell_text(cell.value)
        gone = [word for word in words if word not in text or word not in (str(year), department)]
        if gone:
            yield Seen(cell.row, cell.column_letter, f"{place} 现为“{text[:40]}”，而此表是 {department} {year} 年的；"
                       f"不能改标题另作他用，{_AGAIN}")  # fmt: skip


def row_faults(sheet: Worksheet, rows: dict[str, list[str]], keys: list[str]) -> Iterator[Seen]:
    """Rows that show another name, unit, region, group or definition than their key's, and rows out of order.

    rows: texts of the columns `SHOWN` by key, as they were written. keys: in the order in which they were written.
    """
    places = key_rows(sheet)
    for key, number in places.items():
        for name, written in zip(SHOWN, rows.get(key, ()), strict=False):
            cell = sheet.cell(number, COLUMNS[name])
            text = cell_text(cell.value)
            if _bare(text) != _bare(written):
                yield Seen(number, name, f"{cell.coordinate}（{HEADERS[name][0]}）现为“{text[:40]}”，应为“{written[:40]}”；"
                           f"此行可能被改动或只有部分列参加了排序，{_AGAIN}")  # fmt: skip
                break
    order = [key for key in keys if key in places]
    now = sorted(order, key=places.__getitem__)
    moved = [key for key, other in zip(now, order, strict=True) if key != other]
    if moved:
        first, last = places[moved[0]], places[moved[-1]]
        yield Seen(first, "name", f"A{first}:A{last} 的行换过位置（排序或剪切）；{_AGAIN}")


def hidden_faults(sheet: Worksheet, end: int) -> Iterator[Seen]:
    """What was typed where nobody sees it: in a hidden sheet or column, struck out, or outside the form.

    end: last row of the form as it was written.
    """
    places = key_rows(sheet)
    letters = {name: sheet.cell(1, COLUMNS[name]).column_letter for name in INPUTS}
    for name, letter in letters.items():
        typed = [n for n in places.values() if sheet.cell(n, COLUMNS[name]).value is not None]
        if typed and (sheet.sheet_state != "visible" or letter in _hidden_columns(sheet)):
            what = f"{letter} 列" if sheet.sheet_state == "visible" else "工作表"
            yield Seen(typed[0], name, f"{what}被隐藏，其中有 {len(typed)} 格填了内容；请取消隐藏后核对")
    for number in places.values():
        for name in INPUTS:
            cell = sheet.cell(number, COLUMNS[name])
            if cell.value is not None and cell.font.strike:
                yield Seen(
                    number,
                    name,
                    f"{cell.coordinate} 的“{cell_text(cell.value)[:20]}”加了删除线；请改为要报的数，或清空",
                )
    first = header_row(sheet)
    for cells in sheet.iter_rows(min_row=first, max_row=min(end, sheet.max_row), min_col=len(HEADERS) + 1):
        for cell in cells:
            if cell.value is not None:
                yield Seen(
                    cell.row, cell.column_letter, f"{cell.coordinate} 在表外，不会读入；请移入备注或删去"
                )


def _hidden_columns(sheet: Worksheet) -> set[str]:
    """Letters of columns that are hidden or have no width; a workbook tells them in spans."""
    from openpyxl.utils import get_column_letter

    return {
        get_column_letter(number)
        for dimension in sheet.column_dimensions.values()
        if dimension.hidden or dimension.width < THINNEST
        for number in range(dimension.min or 1, min(dimension.max or 1, len(HEADERS)) + 1)
    }


def is_hidden_row(sheet: Worksheet, number: int) -> bool:
    """Whether a row is hidden or has no height."""
    dimension = sheet.row_dimensions[number]
    return bool(dimension.hidden) or (dimension.height is not None and dimension.height < THINNEST)


def is_footnoted(cell: object) -> bool:
    """Whether part of a cell's text is raised or lowered: 97.1 with a small 1 is no 97.11.

    cell: of a workbook opened with its rich text.
    """
    runs = cell.value if isinstance(cell.value, list) else []  # type: ignore[attr-defined]
    return any(
        getattr(getattr(run, "font", None), "vertAlign", None) in ("superscript", "subscript") for run in runs
    )


def _bare(text: str) -> str:
    """A text without its spaces and lines, which programs keep as they please."""
    return "".join(text.split())
