"""统计资料: the figures of a region as a workbook to be published, small cells suppressed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from xhcp_eval.files.whole import whole_file
from xhcp_eval.observations.forms.workbook import put_text
from xhcp_eval.observations.publish.edition import Publication, protection_words
from xhcp_eval.observations.table import DIMENSIONS, STATUS_LABELS
from xhcp_eval.plan.model import Plan

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

HEADERS = {"name": ("指标", 34), "unit": ("单位", 10), "region": ("地区", 22), "group": ("分组", 14)}
_CUT = ["indicator", "region", *DIMENSIONS]


def write_yearbook(
    rows: pd.DataFrame, plan: Plan, region: str, year: int, path: Path, rule: Publication
) -> Path:
    """Write the yearbook of a data year: a sheet a domain, a row a figure, a column a year; whole or not at all.

    rows: of an edition (`Edition.rows`). path: .xlsx to write. rule: by which figures were hidden, for the notes. Returns the
    path.
    """
    import openpyxl

    book = openpyxl.Workbook()
    _write_notes(book.active, rows, plan, region, year, rule)
    for topic, part in rows.groupby("topic", sort=False):
        _write_topic(book.create_sheet(topic), part, f"{region} {topic} {part['year'].min()}—{year}年")
    with whole_file(path) as unfinished:
        book.save(unfinished)
    return path


def _write_notes(
    sheet: Worksheet, rows: pd.DataFrame, plan: Plan, region: str, year: int, rule: Publication
) -> None:
    from openpyxl.styles import Alignment, Font

    sheet.title = "说明"
    put_text(sheet, 1, 1, f"{region}儿童发展统计资料（{year}年）").font = Font(bold=True, size=14)
    kinds = "、".join(STATUS_LABELS[status] for status in rows["status"].unique())
    lines = [
        f"依据：{plan.name}", f"数据性质：{kinds}", f"填报日期：最新为 {rows['reported_on'].max() or '未注明'}",
        *protection_words(rows, rule),
    ]  # fmt: skip
    if (rows["status"] == "demo").any():
        lines.insert(0, "演示数据：由程序生成，不是真实统计，不得引用。")
    for number, line in enumerate(lines, 3):
        put_text(sheet, number, 1, line).alignment = Alignment(wrap_text=True)
    sheet.column_dimensions["A"].width = 100


def _write_topic(sheet: Worksheet, rows: pd.DataFrame, title: str) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    years = sorted(rows["year"].unique())
    put_text(sheet, 1, 1, title + ("（演示数据）" if (rows["status"] == "demo").any() else "")).font = Font(
        bold=True
    )
    headers = [*HEADERS.values(), *((f"{year}年", 11) for year in years)]
    for column, (header, width) in enumerate(headers, 1):
        cell = put_text(sheet, 2, column, header)
        cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="DDEBF7")
        sheet.column_dimensions[get_column_letter(column)].width = width
    for number, (_, part) in enumerate(rows.groupby(_CUT, sort=False), 3):
        first = part.iloc[0]
        for column, name in enumerate(("name", "unit_label", "region", "group"), 1):
            put_text(sheet, number, column, first[name])
        for year, value, text, hidden in zip(
            part["year"], part["value"], part["published"], part["suppressed"], strict=True
        ):
            cell = put_text(
                sheet,
                number,
                len(HEADERS) + 1 + years.index(year),
                text if hidden else round(float(value), 4),
            )
            cell.alignment = Alignment(horizontal="right")
    sheet.freeze_panes = sheet.cell(3, len(HEADERS) + 1)
    sheet.auto_filter.ref = f"A2:{get_column_letter(len(headers))}{sheet.max_row}"
    sheet.print_title_rows, sheet.page_setup.orientation = "2:2", "landscape"
    sheet.page_setup.fitToHeight, sheet.sheet_properties.pageSetUpPr.fitToPage = 0, True
