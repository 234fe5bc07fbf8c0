"""The tables of a finished report's chapters as one workbook: a sheet a table, with caption and where it is from."""

from __future__ import annotations

import re
from pathlib import Path

from xhcp_eval.files.safe_text import FORMULA
from xhcp_eval.files.whole import whole_file
from xhcp_eval.report.export.content import Report, Table
from xhcp_eval.report.export.reading import read_report

CONTENTS = "目录"
FIRST = 4  # row of a table's first line: above it caption, source, a link back
_LONGEST = 31  # characters of a sheet's name in Excel
_NUMBER = re.compile(r"[−-]?(?:0|[1-9]\d{0,2}(?:,\d{3})+|[1-9]\d*)(?:\.(\d+))?")


def write_tables(report: Path, target: Path) -> Path:
    """Write the tables of a finished report as .xlsx: a list of them, then a sheet each, numbered as in Word.

    report: folder of a pack's report. target: file to write; replaced if it is there. Cells say what the
    report says; what is a bare number is a number. Texts that a spreadsheet program would run as a formula stay
    texts. Returns the path. Raises RunError if there is no finished report or the file is open elsewhere.
    """
    from openpyxl import Workbook

    content = read_report(Path(report))
    book = Workbook()
    contents = book.active
    contents.title = CONTENTS
    rows = []
    for number, (chapter, table) in enumerate(_tables(content), 1):
        name = sheet_name(number, table.caption)
        _write_sheet(
            book.create_sheet(name), f"表{number}　{table.caption}", _source(content, chapter), table
        )
        rows.append((f"表{number}", chapter, table.caption, name))
    _write_contents(contents, content, rows)
    with whole_file(target) as made:
        book.save(made)
    return Path(target)


def sheet_name(number: int, caption: str) -> str:
    """A name that Excel takes and that no other table has."""
    words = re.sub(r"[^\w（）—-]+", " ", caption).strip()
    return f"表{number} {words}"[:_LONGEST].strip()


def _tables(content: Report):
    """Title of the chapter and table, in order."""
    for chapter in content.chapters:
        for block in chapter.blocks:
            if isinstance(block, Table) and block.cells:
                yield chapter.title, block


def _source(content: Report, chapter: str) -> str:
    mark = f"；{content.demo_short}" if content.demo_short else ""
    return f"来源：《{content.title}》“{chapter}”{mark}"


def _write_sheet(sheet, caption: str, source: str, table: Table) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    for row, text in enumerate((caption, source, "返回目录"), 1):
        _put(sheet.cell(row, 1), text)
    sheet.cell(1, 1).font = Font(bold=True, size=13)
    _link(sheet.cell(3, 1), CONTENTS)
    for cell in table.cells:
        place = sheet.cell(FIRST + cell.row, cell.column + 1)
        _put(place, cell.text, number=not cell.head)
        place.alignment = Alignment(
            wrap_text=True, vertical="top", horizontal="right" if cell.right and not cell.head else None
        )
        if cell.head:
            place.font = Font(bold=True)
            place.fill = PatternFill("solid", fgColor="EDEFF2")
        if cell.rows > 1 or cell.columns > 1:
            sheet.merge_cells(
                start_row=place.row,
                start_column=place.column,
                end_row=place.row + cell.rows - 1,
                end_column=place.column + cell.columns - 1,
            )
    for column in range(table.columns):
        longest = max((len(line) for row in table.grid() for line in row[column].split("\n")), default=0)
        sheet.column_dimensions[get_column_letter(column + 1)].width = min(max(10, 2 * longest + 2), 48)
    sheet.freeze_panes = sheet.cell(FIRST + max(table.heads, 1), 1)
    sheet.print_title_rows = f"{FIRST}:{FIRST + max(table.heads, 1) - 1}"


def _write_contents(sheet, content: Report, rows: list[tuple[str, str, str, str]]) -> None:
    from openpyxl.styles import Font

    facts = (content.title, content.subtitle, content.banner)
    for number, text in enumerate(filter(None, facts), 1):
        _put(sheet.cell(number, 1), text)
    first = sheet.max_row + 2
    for number, row in enumerate((("表号", "章", "表题", "工作表"), *rows), first):
        for column, text in enumerate(row, 1):
            _put(sheet.cell(number, column), text)
        if number == first:
            for cell in sheet[number]:
                cell.font = Font(bold=True)
        else:
            _link(sheet.cell(number, 4), row[3])
    for letter, width in zip("ABCD", (10, 24, 60, 40), strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.freeze_panes = sheet.cell(first + 1, 1)


def _link(cell, sheet: str) -> None:
    from openpyxl.styles import Font
    from openpyxl.worksheet.hyperlink import Hyperlink

    cell.hyperlink = Hyperlink(ref=cell.coordinate, location=f"'{sheet}'!A1")
    cell.font = Font(color="0563C1", underline="single")


def _put(cell, text: str, number: bool = False) -> None:
    """A text, whatever it begins with; a bare number as one, with its decimals."""
    found = _NUMBER.fullmatch(text) if number else None
    if found:
        cell.value = float(text.replace(",", "").replace("−", "-"))
        decimals = len(found[1] or "")
        if not decimals:
            cell.value = int(cell.value)
        cell.number_format = ("#,##0" if "," in text else "0") + ("." + "0" * decimals if decimals else "")
    elif text:
        cell.value = text
        cell.data_type = "s"
        cell.quotePrefix = text.startswith(FORMULA)
