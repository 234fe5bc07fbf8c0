"""The sheets of a yearbook: 简要说明, a table a domain with title, unit and two lines of heads, 主要统计指标解释."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from xhcp_eval.files.safe_text import put_text
from xhcp_eval.files.whole import whole_file
from xhcp_eval.observations.forms.marks import fit_height
from xhcp_eval.observations.publish import explained
from xhcp_eval.observations.table import DIMENSIONS
from xhcp_eval.plan.model import Plan
from xhcp_eval.plan.units import UNITS

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

HEADERS = {"name": ("指标", 34), "unit": ("单位", 10), "region": ("地区", 22), "group": ("分组", 14)}
TITLE_ROW, UNIT_ROW, HEAD_ROW, YEAR_ROW, FIRST_ROW = 1, 2, 3, 4, 5
YEAR_WIDTH = 11
A4 = 9  # paper, as spreadsheets number it
_WIDTHS = {
    "topic": 10, "name": 26, "unit": 9, "numerator": 40, "denominator": 34, "method": 18, "source": 22, "note": 40,
}  # fmt: skip
_CUT = ["indicator", "region", *DIMENSIONS]


def write_book(
    rows: pd.DataFrame, plan: Plan, region: str, year: int, hidden: Sequence[str], path: Path
) -> Path:
    """Write a yearbook, whole or not at all; returns its path.

    rows: figures as they may be printed (`published` where `suppressed`). hidden: sentences about what isn't published. path:
    .xlsx to write.
    """
    import openpyxl

    book = openpyxl.Workbook()
    _write_scope(book.active, rows, plan, region, year, hidden)
    for number, (topic, part) in enumerate(rows.groupby("topic", sort=False), 1):
        _write_topic(book.create_sheet(str(topic)), part, plan, f"表{number}　{region}儿童{topic}")
    _write_explanations(book.create_sheet(explained.EXPLANATIONS), explained.explanations(rows, plan))
    with whole_file(path) as unfinished:
        book.save(unfinished)
    return path


def _write_scope(
    sheet: Worksheet, rows: pd.DataFrame, plan: Plan, region: str, year: int, hidden: Sequence[str]
) -> None:
    from openpyxl.styles import Alignment, Font

    sheet.title = explained.SCOPE
    put_text(sheet, 1, 1, f"{region}儿童发展统计资料（{year}年）").font = Font(bold=True, size=16)
    put_text(sheet, 2, 1, explained.SCOPE).font = Font(bold=True, size=13)
    for row, (heading, text) in enumerate(explained.scope_lines(rows, plan, region, year, hidden), 4):
        put_text(sheet, row, 1, heading).font = Font(bold=True)
        put_text(sheet, row, 2, text)
        for column in (1, 2):
            sheet.cell(row, column).alignment = Alignment(wrap_text=True, vertical="top")
        fit_height(sheet, row, [heading, text], [14, 90])
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 14, 90
    _for_paper(sheet, "portrait")


def _write_topic(sheet: Worksheet, rows: pd.DataFrame, plan: Plan, title: str) -> None:
    from openpyxl.styles import Alignment

    years = sorted(rows["year"].unique())
    units = rows["unit_label"].unique()
    one = len(units) == 1
    shown = [name for name in HEADERS if not (one and name == "unit")]
    _write_heads(sheet, title + f"（{years[0]}—{years[-1]}年）", [HEADERS[name] for name in shown], years,
                 f"单位：{units[0]}" if one else "单位：见“单位”栏")  # fmt: skip
    number = FIRST_ROW
    for number, (_, part) in enumerate(rows.groupby(_CUT, sort=False), FIRST_ROW):
        first = part.iloc[0]
        texts = {"name": first["name"], "unit": first["unit_label"], "region": first["region"],
                 "group": explained.group_label(first)}  # fmt: skip
        for column, name in enumerate(shown, 1):
            put_text(sheet, number, column, texts[name])
        places = UNITS[first["unit"]].decimals
        decimals = "#,##0." + "0" * places if places else "#,##0"
        for year, value, text, hidden in zip(
            part["year"], part["value"], part["published"], part["suppressed"], strict=True
        ):
            printed = text if hidden else round(float(value), 4)
            cell = put_text(sheet, number, len(shown) + 1 + years.index(year), printed)
            cell.alignment = Alignment(horizontal="right")
            if not hidden:
                cell.number_format = decimals
    _write_foot(sheet, number + 1, rows, plan)
    sheet.freeze_panes = sheet.cell(FIRST_ROW, len(shown) + 1)
    sheet.print_title_rows = f"{HEAD_ROW}:{YEAR_ROW}"
    _for_paper(sheet, "landscape")


def _write_heads(
    sheet: Worksheet, title: str, columns: Sequence[tuple[str, int]], years: Sequence[int], unit: str
) -> None:
    """Title, unit and two lines of heads: what a row is, and the years below one head."""
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
    from openpyxl.utils import get_column_letter

    last, line = len(columns) + len(years), Side(style="thin")
    middle = Alignment(horizontal="center", vertical="center", wrap_text=True)
    cell = put_text(sheet, TITLE_ROW, 1, title)
    cell.font, cell.alignment = Font(bold=True, size=14), middle
    put_text(sheet, UNIT_ROW, last, unit).alignment = Alignment(horizontal="right")
    for column, (header, width) in enumerate(columns, 1):
        put_text(sheet, HEAD_ROW, column, header)
        sheet.column_dimensions[get_column_letter(column)].width = width
    put_text(sheet, HEAD_ROW, len(columns) + 1, "年份")
    for column, year in enumerate(years, len(columns) + 1):
        put_text(sheet, YEAR_ROW, column, f"{year}年")
        sheet.column_dimensions[get_column_letter(column)].width = YEAR_WIDTH
    for row in (HEAD_ROW, YEAR_ROW):
        for column in range(1, last + 1):
            cell = sheet.cell(row, column)
            cell.font, cell.alignment, cell.fill = (
                Font(bold=True),
                middle,
                PatternFill("solid", fgColor="DDEBF7"),
            )
            cell.border = Border(top=line, bottom=line, left=line, right=line)
    for column in range(1, len(columns) + 1):
        sheet.merge_cells(start_row=HEAD_ROW, end_row=YEAR_ROW, start_column=column, end_column=column)
    for row, start in ((TITLE_ROW, 1), (HEAD_ROW, len(columns) + 1)):
        sheet.merge_cells(start_row=row, end_row=row, start_column=start, end_column=last)


def _write_foot(sheet: Worksheet, row: int, rows: pd.DataFrame, plan: Plan) -> None:
    notes = [f"资料来源：{explained.sources(rows, plan)}年度填报。"]
    if (rows["suppressed"] != "").any():
        notes.append(f"注：“<”和“…”处的数不公布，见《{explained.SCOPE}》。")
    if (rows["status"] == "demo").any():
        notes.append(explained.DEMO)
    for number, text in enumerate(notes, row):
        put_text(sheet, number, 1, text)


def _write_explanations(sheet: Worksheet, table: pd.DataFrame) -> None:
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
    from openpyxl.utils import get_column_letter

    side = Side(style="thin", color="A6A6A6")
    grid = Border(top=side, bottom=side, left=side, right=side)
    put_text(sheet, 1, 1, explained.EXPLANATIONS).font = Font(bold=True, size=14)
    for column, name in enumerate(table.columns, 1):
        cell = put_text(sheet, 3, column, explained.HEADERS[name])
        cell.font, cell.fill, cell.border = Font(bold=True), PatternFill("solid", fgColor="DDEBF7"), grid
        sheet.column_dimensions[get_column_letter(column)].width = _WIDTHS[name]
    for row, texts in enumerate(table.itertuples(index=False, name=None), 4):
        for column, text in enumerate(texts, 1):
            cell = put_text(sheet, row, column, text)
            cell.alignment, cell.border = Alignment(wrap_text=True, vertical="top"), grid
        fit_height(sheet, row, texts, list(_WIDTHS.values()))
    sheet.freeze_panes, sheet.print_title_rows = "C4", "3:3"
    _for_paper(sheet, "landscape")


def _for_paper(sheet: Worksheet, way: str) -> None:
    """A4, as wide as the page, page numbers below."""
    sheet.page_setup.orientation, sheet.page_setup.paperSize, sheet.page_setup.fitToHeight = way, A4, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.oddFooter.center.text = "— &P —"
