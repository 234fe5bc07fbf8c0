"""A file that was sent back, with every problem marked in its cell: the copy that the department corrects."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from xhcp_eval.files.safe_text import put_text
from xhcp_eval.files.whole import whole_file
from xhcp_eval.observations.cells import Cells, Fault
from xhcp_eval.observations.forms.reader import WorkbookCells

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

LIST_SHEET = "问题清单"
MAX_ROWS = 20_000
_COLOURS = {"问题": "FFC7CE", "疑问": "FFEB9C"}
_AUTHOR = "xhcp_eval"


def write_annotated(path: Path, cells: Cells, faults: list[Fault], doubts: list[Fault], folder: Path) -> Path:
    """Write `<name>_问题标注.xlsx` into a folder, whole or not at all.

    path: the file that was sent. cells: as it was opened. faults, doubts: what to mark (red, yellow) and comment.
    A workbook keeps its form, so that it can be corrected and sent again; another file's cells are laid out in a
    sheet (only the rows with problems when there are more than `MAX_ROWS`). Returns the path written.
    """
    import openpyxl

    told = [(fault, "问题") for fault in faults] + [(fault, "疑问") for fault in doubts]
    if isinstance(cells, WorkbookCells):
        book = openpyxl.load_workbook(path)
        places = {fault: cells.places.get(fault.row, (cells.sheet, 1)) for fault, _ in told}
    else:
        book = openpyxl.Workbook()
        places = _lay_out(book.active, cells, [fault for fault, _ in told])
    _mark(book, cells, told[::-1], places)  # a cell with a problem and a doubt shows the problem
    _list(book, cells, told)
    target = folder / f"{path.stem}_问题标注.xlsx"
    with whole_file(target) as unfinished:
        book.save(unfinished)
    return target


def _lay_out(sheet: Worksheet, cells: Cells, faults: list[Fault]) -> dict[Fault, tuple[str, int]]:
    """Cells as text; returns the sheet and row where each fault now stands."""
    sheet.title = "数据"
    frame = cells.frame
    if len(frame) > MAX_ROWS:
        frame = frame[frame.index.isin({fault.row for fault in faults})].head(MAX_ROWS)
    for column, name in enumerate(frame.columns, 1):
        put_text(sheet, 1, column, str(name))
    rows = {}
    for number, (row, values) in enumerate(zip(frame.index, frame.itertuples(index=False), strict=True), 2):
        rows[row] = number
        for column, value in enumerate(values, 1):
            put_text(sheet, number, column, "" if value is None or value != value else str(value))
    return {fault: ("数据", rows.get(fault.row, 1)) for fault in faults}


def _mark(book, cells: Cells, told: list[tuple[Fault, str]], places: dict[Fault, tuple[str, int]]) -> None:
    from openpyxl.comments import Comment
    from openpyxl.styles import PatternFill

    for fault, kind in told:
        name, row = places[fault]
        if name not in book.sheetnames:
            continue
        cell = book[name][f"{cells.letters.get(fault.column) or _letter(cells, fault)}{row}"]
        if type(cell).__name__ == "MergedCell":
            continue
        before = f"{cell.comment.text}\n" if cell.comment and cell.comment.author == _AUTHOR else ""
        cell.comment = Comment(f"{before}{kind}：{fault.text}", _AUTHOR, width=320, height=120)
        cell.fill = PatternFill("solid", fgColor=_COLOURS[kind])


def _letter(cells: Cells, fault: Fault) -> str:
    """Column of a fault in a laid-out table; the first visible one for a fault of the whole row."""
    from openpyxl.utils import get_column_letter

    if isinstance(cells, WorkbookCells):
        return "B"
    names = list(cells.frame.columns)
    return get_column_letter(names.index(fault.column) + 1 if fault.column in names else 1)


def _list(book, cells: Cells, told: list[tuple[Fault, str]]) -> None:
    if LIST_SHEET in book.sheetnames:
        del book[LIST_SHEET]
    sheet = book.create_sheet(LIST_SHEET, 0)
    for column, (header, width) in enumerate({"序号": 6, "类别": 8, "位置": 34, "问题": 90}.items(), 1):
        put_text(sheet, 1, column, header)
        sheet.column_dimensions["ABCD"[column - 1]].width = width
    for row, (fault, kind) in enumerate(told, 2):
        for column, text in enumerate((str(row - 1), kind, cells.address(fault), fault.text), 1):
            put_text(sheet, row, column, text)
    book.active = 0
