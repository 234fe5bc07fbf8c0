"""The Excel workbook that a department fills in for one year: which rows it has, and how it is written.

`reader` reads it back. The layout is told by the constants here alone.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from xhcp_eval.errors import DataError
from xhcp_eval.files.safe_text import put_text
from xhcp_eval.files.whole import whole_file
from xhcp_eval.observations.forms.marks import (
    HEAD_ROWS,
    fit_height,
    write_explanations,
    write_foot,
    write_head,
)
from xhcp_eval.observations.table import KEY, TOTAL
from xhcp_eval.plan.kinds import KINDS
from xhcp_eval.plan.model import Plan
from xhcp_eval.plan.units import UNITS, format_value

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

VERSION = 2
A3 = 8  # paper, as spreadsheets number it
STAMP_SHEET, GUIDE_SHEET, MILESTONE_SHEET = "_xhcp", "填报说明", "落实事项"
HEADER_ROW, FIRST_ROW = HEAD_ROWS + 1, HEAD_ROWS + 2
# Header and width of every column; the inputs are filled in, the others are protected.
HEADERS: dict[str, tuple[str, int]] = {
    "key": ("行标识(勿改)", 6), "name": ("指标", 30), "unit": ("单位", 9), "region": ("地区", 18), "group": ("分组", 12),
    "numerator_means": ("分子是指", 30), "denominator_means": ("分母是指", 30), "before": ("上年填报", 20),
    "numerator": ("分子(本年)", 12), "denominator": ("分母(本年)", 12), "value": ("数值(本年)", 12),
    "series_break": ("口径有变化", 11), "exceptional": ("特殊年份", 10), "source": ("数据来源", 24), "note": ("备注", 24),
}  # fmt: skip
COLUMNS = {name: number for number, name in enumerate(HEADERS, 1)}
INPUTS = ("numerator", "denominator", "value", "series_break", "exceptional", "source", "note")
# What a row shows beside its inputs; the stamp keeps it, so that an edited form is known.
SHOWN = tuple(name for name in HEADERS if name != "key" and name not in INPUTS)
GROUP_NAMES = {"male": "男", "female": "女", "urban": "城镇", "rural": "农村"}
_CUTS = {
    "sex": (("sex", "male"), ("sex", "female")),
    "urban_rural": (("residence", "urban"), ("residence", "rural")),
}
_GUIDE = (
    "1. 只填白色单元格；灰色单元格受保护，是指标、分组、定义和上年数。",
    "2. 有分子、分母的指标请填分子和分母，“数值”可以空着，由程序计算；若也填“数值”，须与分子、分母相符。",
    "3. 单位已列出：% 指每百人，‰ 指每千人。可以只填数字，也可以带 % 或 ‰，但须与单位一致。",
    "4. 没有数据的行整行留空，不要填 0、“无”或“—”；0 表示确实为零。",
    "5. 统计口径与上年不同，“口径有变化”选“是”，并在备注说明；疫情等造成的特殊年份，“特殊年份”选“是”。",
    "6. 不要改工作表名、增删行列或合并单元格；需要增加的分组或街道乡镇，请在备注说明。",
    "7. 填完保存为 .xlsx 交回。发现已报数据有误，在新下载的表里重报即可：旧数保留，以新报的为准。",
)


def departments(plan: Plan) -> list[str]:
    """Departments that lead the collection of at least one indicator, with the office that keeps milestones."""
    leads = [i.departments[0] for i in plan.indicators if i.departments and not i.derived_from]
    return sorted(dict.fromkeys(leads), key=leads.index)


def form_rows(plan: Plan, department: str, year: int, previous: pd.DataFrame) -> pd.DataFrame:
    """One row a figure that a department is asked for.

    Every indicator that it leads is asked as a total, by sex and residence where the registry says so, for every
    township known, and in every other cut that was reported before. previous: earlier observations (may be
    empty). Columns: those of `KEY` with level, kind, unit, topic, name, numerator_means, denominator_means,
    before (last figure as text). Raises DataError naming the departments when there is no such one.
    """
    known = departments(plan)
    office = known[0] if not plan.milestones else next((d for d in known if "妇儿工委" in d), known[-1])
    if department not in known:
        near = difflib.get_close_matches(department, known) or known
        raise DataError(f"没有牵头部门“{department}”；可选：{'、'.join(near)}")
    mine = [
        i for i in plan.indicators if i.departments and i.departments[0] == department and not i.derived_from
    ]
    past = previous[previous["year"] < year]
    units = past.loc[past["level"] == "township", ["region", "level"]].drop_duplicates()
    rows = [row for i in mine for row in _cuts(i, plan, past, units)]
    rows += [
        {"indicator": m.id, "region": plan.region, "level": plan.level}
        for m in plan.milestones
        if department == office
    ]
    frame = pd.DataFrame(rows).reindex(columns=[*KEY, "level"]).astype(object).fillna(TOTAL).assign(year=year)
    return _described(frame.drop_duplicates(ignore_index=True), plan, past)


def _cuts(indicator, plan: Plan, past: pd.DataFrame, units: pd.DataFrame) -> list[dict]:
    own = {"indicator": indicator.id, "region": plan.region, "level": plan.level}
    rows = [own]
    for name in indicator.disaggregation:
        rows += [{**own, column: value} for column, value in _CUTS.get(name, ())]
    if "township" in indicator.disaggregation:
        rows += [{**own, **unit} for unit in units.to_dict("records")]
    reported = past[past["indicator"] == indicator.id]
    reported = reported[reported["region"].str.split("/").str[0] == plan.region.split("/")[0]]
    names = ["region", "level", "sex", "age", "residence", "category"]
    return rows + [own | cut for cut in reported[names].drop_duplicates().to_dict("records")]


def _described(rows: pd.DataFrame, plan: Plan, past: pd.DataFrame) -> pd.DataFrame:
    facts = {item.id: item for item in plan.reportable}
    domains = {d.id: d.name for d in plan.domains}
    done = {m.id for m in plan.milestones}
    items = [facts[id] for id in rows["indicator"]]
    rows = rows.assign(
        kind=[i.kind for i in items], unit=[i.unit for i in items], name=[i.name for i in items],
        numerator_means=[i.numerator_zh or "" for i in items], denominator_means=[i.denominator_zh or "" for i in items],
        topic=[MILESTONE_SHEET if i.id in done else domains.get(plan.domain_of(i), "其他") for i in items],
    )  # fmt: skip
    last = past.sort_values("year").groupby([k for k in KEY if k != "year"], sort=False).last()
    keys = pd.MultiIndex.from_frame(rows[[k for k in KEY if k != "year"]])
    before = last.reindex(keys)[["year", "value", "numerator", "denominator"]]
    rows["before"] = [
        _before(one.year, one.value, one.numerator, one.denominator, unit)
        for one, unit in zip(before.itertuples(), rows["unit"], strict=True)
    ]
    return rows


def _before(year: float, value: float, numerator: float, denominator: float, unit: str) -> str:
    if pd.isna(value):
        return ""
    counts = f"（{numerator:g}/{denominator:g}）" if pd.notna(numerator) and pd.notna(denominator) else ""
    return f"{year:.0f}年 {format_value(value, unit)}{counts}"


def group_name(row: dict) -> str:
    """A row's cut in words."""
    parts = [row[name] for name in ("sex", "residence", "age", "category") if row[name] != TOTAL]
    return "、".join(GROUP_NAMES.get(part, part) for part in parts) or "合计"


def row_key(row: dict) -> str:
    """Text that names a row whatever happens to its place."""
    return json.dumps([row[name] for name in ("indicator", "region", "level", "sex", "age", "residence", "category")],
                      ensure_ascii=False, separators=(",", ":"))  # fmt: skip


def registry_hash(plan: Plan) -> str:
    """Hash of what the rows mean: a workbook written before a change of the registry is not read after it."""
    facts = [(i.id, i.unit, i.kind, i.numerator, i.denominator) for i in plan.reportable]
    return hashlib.sha256(json.dumps([plan.id, facts]).encode()).hexdigest()[:16]


def write_workbook(
    plan: Plan, department: str, year: int, previous: pd.DataFrame, path: Path, due: date | None = None
) -> Path:
    """Write the workbook of one department and year, whole or not at all.

    plan, department, year, previous: as for `form_rows`; the plan's `forms` give the marks that the law asks for. path: .xlsx to
    write. due: day by which it is to be back. Returns the path. Raises DataError.
    """
    import openpyxl

    rows = form_rows(plan, department, year, previous)
    book = openpyxl.Workbook()
    _write_guide(book.active, plan, department, year, rows, due)
    for topic, part in rows.groupby("topic", sort=False):
        sheet = book.create_sheet(topic)
        write_head(sheet, plan, department, year, topic, len(HEADERS))
        _write_topic(sheet, part)
        write_foot(sheet, FIRST_ROW + len(part) + 1)
    stamp = {
        "version": VERSION, "plan": plan.id, "department": department, "year": year, "registry": registry_hash(plan),
        "sheets": {topic: [row_key(row) for row in part.to_dict("records")] for topic, part in rows.groupby("topic", sort=False)},
        "shown": _shown(book, [str(year), department]),
    }  # fmt: skip
    write_stamp(book.create_sheet(STAMP_SHEET), stamp)
    with whole_file(path) as unfinished:
        book.save(unfinished)
    return path


def write_stamp(sheet: Worksheet, stamp: dict) -> None:
    """The stamp in pieces, since a cell holds at most 32,767 characters."""
    text = json.dumps(stamp, ensure_ascii=False)
    for row, start in enumerate(range(0, len(text), 30_000), 1):
        put_text(sheet, row, 1, text[start : start + 30_000])
    sheet.sheet_state = "veryHidden"
    sheet.protection.sheet = True


def _write_guide(
    sheet: Worksheet, plan: Plan, department: str, year: int, rows: pd.DataFrame, due: date | None
) -> None:
    from openpyxl.styles import Alignment, Font

    sheet.title = GUIDE_SHEET
    put_text(sheet, 1, 1, f"{plan.name}监测数据填报表").font = Font(bold=True, size=14)
    counted = rows.groupby("topic", sort=False).agg(
        indicators=("indicator", "nunique"), rows=("indicator", "size")
    )
    until = f"{due.year}年{due.month}月{due.day}日前" if due else "按填报通知"
    lines = [f"填报单位：{department}", f"数据年份：{year}年", f"报送时间：{until}", *_GUIDE, "本表包括："]
    lines += [f"    {topic}：指标 {n} 个，{m} 行" for topic, n, m in counted.itertuples()]
    for number, line in enumerate(lines, 3):
        put_text(sheet, number, 1, line).alignment = Alignment(vertical="top")
    write_explanations(sheet, len(lines) + 4, plan, rows["indicator"].unique().tolist())
    sheet.protection.sheet = True


def _write_topic(sheet: Worksheet, rows: pd.DataFrame) -> None:
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
    from openpyxl.utils import get_column_letter

    grey, soft = PatternFill("solid", fgColor="E7E6E6"), Font(color="595959")
    line = Side(style="thin", color="A6A6A6")
    grid = Border(left=line, right=line, top=line, bottom=line)
    for name, (header, width) in HEADERS.items():
        column = COLUMNS[name]
        cell = put_text(sheet, HEADER_ROW, column, header)
        cell.font, cell.fill, cell.border = Font(bold=True), PatternFill("solid", fgColor="DDEBF7"), grid
        cell.alignment = Alignment(wrap_text=True, vertical="center")
        sheet.column_dimensions[get_column_letter(column)].width = width
    sheet.column_dimensions["A"].hidden = True
    open_cell, wrap = Protection(locked=False), Alignment(wrap_text=True, vertical="top")
    for number, row in enumerate(rows.to_dict("records"), FIRST_ROW):
        texts = row | {
            "key": row_key(row),
            "group": group_name(row),
            "unit": UNITS[row["unit"]].label or "个数",
        }
        if row["unit"] == "binary":
            texts["unit"] = "是/否"
        for name, column in COLUMNS.items():
            sheet.cell(number, column).border = grid
            if name in INPUTS and (KINDS[row["kind"]].with_parts or name not in ("numerator", "denominator")):
                sheet.cell(number, column).protection = open_cell
            else:
                cell = put_text(sheet, number, column, "" if name in INPUTS else texts[name])
                cell.fill, cell.font, cell.alignment = grey, soft, wrap
        shown = [name for name in COLUMNS if name != "key" and name not in INPUTS]
        fit_height(sheet, number, [texts[name] for name in shown], [HEADERS[name][1] for name in shown])
    _guard(sheet, rows)
    sheet.freeze_panes = sheet.cell(FIRST_ROW, COLUMNS["unit"])
    sheet.protection.sheet, sheet.protection.formatColumns, sheet.protection.autoFilter = True, False, False
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
    sheet.page_setup.paperSize = A3
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = f"{HEADER_ROW}:{HEADER_ROW}"


def _guard(sheet: Worksheet, rows: pd.DataFrame) -> None:
    """Drop-downs, and numbers only where numbers belong; the reader checks again, since paste passes by these."""
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    last = FIRST_ROW + len(rows) - 1

    def on(column: str, rule: DataValidation, numbers=None) -> None:
        letter = get_column_letter(COLUMNS[column])
        for number in numbers if numbers is not None else [f"{FIRST_ROW}:{letter}{last}"]:
            rule.add(f"{letter}{number}")
        sheet.add_data_validation(rule)

    for column in ("series_break", "exceptional"):
        on(column, DataValidation(type="list", formula1='"是,否"', allow_blank=True, showErrorMessage=True))
    for column in ("numerator", "denominator"):
        on(column, DataValidation(type="decimal", operator="greaterThanOrEqual", formula1="0", allow_blank=True,
                                  errorTitle="须为个数", error="请填不小于 0 的数", showErrorMessage=True))  # fmt: skip
    done = [FIRST_ROW + i for i, kind in enumerate(rows["kind"]) if kind == "yes_no"]
    if done:
        on(
            "value",
            DataValidation(type="list", formula1='"是,否"', allow_blank=True, showErrorMessage=True),
            done,
        )


def _shown(book, words: list[str]) -> dict[str, dict]:
    """What each sheet shows: cells that name the year or department, texts of every row by its key, the last row."""
    found = {}
    for sheet in book.worksheets:
        rows, heads = {}, {}
        for cells in sheet.iter_rows():
            key = cells[0].value
            if isinstance(key, str) and key.startswith('["'):
                rows[key] = [str(cells[COLUMNS[name] - 1].value or "") for name in SHOWN]
                continue
            for cell in cells:
                if named := [word for word in words if word in str(cell.value or "")]:
                    heads[cell.coordinate] = named
        found[sheet.title] = {"heads": heads, "rows": rows, "end": sheet.max_row}
    return found
