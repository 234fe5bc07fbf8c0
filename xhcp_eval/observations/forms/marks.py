"""Head, foot and explanations of a statistical form: what the law has it say, who signs it, what each indicator means."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import TYPE_CHECKING
from unicodedata import east_asian_width

from xhcp_eval.files.safe_text import put_text
from xhcp_eval.plan.model import Plan
from xhcp_eval.plan.monitoring import TO_FILL
from xhcp_eval.plan.units import UNITS

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

HEAD_ROWS = 6  # a title and five marks
LINE = 17  # points of a line of a cell
FIRST = 2  # column: the one before it is hidden
MIDDLE = 6  # column of the year
# Who signs: row below the first one of the foot, column of the label, first and last column of what is written in. All stand left of
# the columns that figures are read from.
SIGNED: dict[str, tuple[int, int, int, int]] = {
    "单位负责人": (0, 2, 3, 4), "填表人": (0, 5, 6, 6), "联系电话": (0, 7, 8, 8), "报出日期": (1, 2, 3, 4),
}  # fmt: skip
EXPLAINED: dict[str, int] = {"指标": 34, "单位": 10, "分子或数值": 44, "分母": 44, "资料来源": 26, "说明": 44}


def write_head(sheet: Worksheet, plan: Plan, department: str, year: int, topic: str, width: int) -> None:
    """Rows 1 to `HEAD_ROWS`: title, the marks of the law at the top right, who collects, who fills in, the year.

    width: columns of the form.
    """
    from openpyxl.styles import Alignment, Font

    title = put_text(sheet, 1, FIRST, f"{plan.region}儿童发展规划监测统计表（{topic}）")
    title.font = Font(bold=True, size=14)
    # centred over the form without merging cells, which readers of forms refuse
    for column in range(FIRST, width + 1):
        sheet.cell(1, column).alignment = Alignment(horizontal="centerContinuous", vertical="center")
    for row, (label, text) in enumerate(plan.forms.lines(department), 2):
        put_text(sheet, row, width - 1, f"{label}：{text}")
    compiler = plan.forms.compiler or plan.office.unit or TO_FILL
    put_text(sheet, HEAD_ROWS - 1, FIRST, f"综合机关名称：{compiler}")
    put_text(sheet, HEAD_ROWS, FIRST, f"填报单位：{department}")
    put_text(sheet, HEAD_ROWS, MIDDLE, f"{year}年")


def write_foot(sheet: Worksheet, row: int) -> None:
    """Who answers for the form, to be filled in. row: first row of the foot."""
    from openpyxl.styles import Alignment, Border, Protection, Side

    line = Border(bottom=Side(style="thin"))
    for label, (below, column, first, last) in SIGNED.items():
        put_text(sheet, row + below, column, f"{label}：").alignment = Alignment(horizontal="right")
        for place in range(first, last + 1):
            cell = sheet.cell(row + below, place)
            cell.border, cell.protection = line, Protection(locked=False)
    put_text(sheet, row + 3, FIRST, "说明：指标解释、资料来源和报送时间见工作表“填报说明”。")


def write_explanations(sheet: Worksheet, row: int, plan: Plan, indicators: Sequence[str]) -> None:
    """A table of what each indicator means, from the plan's registry. row: of its title. indicators: ids, of the plan or its milestones."""
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    put_text(sheet, row, 1, "指标解释").font = Font(bold=True)
    for column, (header, width) in enumerate(EXPLAINED.items(), 1):
        cell = put_text(sheet, row + 1, column, header)
        cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="DDEBF7")
        sheet.column_dimensions[get_column_letter(column)].width = width
    facts = {item.id: item for item in plan.reportable}
    for number, id in enumerate(indicators, row + 2):
        item = facts[id]
        unit = "是/否" if item.unit == "binary" else UNITS[item.unit].label or "个数"
        texts = (
            item.name,
            unit,
            item.numerator_zh,
            item.denominator_zh,
            "、".join(item.departments),
            item.note_zh or "",
        )
        for column, text in enumerate(texts, 1):
            put_text(sheet, number, column, text).alignment = Alignment(wrap_text=True, vertical="top")
        fit_height(sheet, number, texts, list(EXPLAINED.values()))
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True


def fit_height(sheet: Worksheet, row: int, texts: Sequence[str], widths: Sequence[int]) -> None:
    """Make a row as high as its wrapped texts, which not every program does by itself. widths: of their columns, in digits."""
    lines = (
        ceil(sum(1 + (east_asian_width(sign) in "WFA") for sign in text) / (width - 2))
        for text, width in zip(texts, widths, strict=True)
    )
    sheet.row_dimensions[row].height = LINE * max(1, *lines)
