"""统计资料: the figures of a region as a workbook to be published, small cells suppressed."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from xhcp_eval.errors import DataError, PlanError
from xhcp_eval.files.home import plan_folder
from xhcp_eval.files.whole import whole_file
from xhcp_eval.files.yaml_door import load_yaml
from xhcp_eval.observations.forms.workbook import group_name, put_text
from xhcp_eval.observations.publish.suppression import suppress
from xhcp_eval.observations.table import DIMENSIONS, STATUS_LABELS, is_inside, is_unsure
from xhcp_eval.plan.model import Plan
from xhcp_eval.plan.units import UNITS

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

YEARS = 6
THRESHOLD = 5
HEADERS = {"name": ("指标", 34), "unit": ("单位", 10), "region": ("地区", 22), "group": ("分组", 14)}
_CUT = ["indicator", "region", *DIMENSIONS]


class Publication(BaseModel):
    """What may be printed. threshold: smallest count of people. not_people: indicators that count things."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    threshold: int = Field(THRESHOLD, ge=1, le=100)
    not_people: tuple[str, ...] = ()


def publication(plan: Plan) -> Publication:
    """The plan's own rule, from publication.yaml in its folder; every indicator counts people where there is none.

    Raises PlanError for a file that can't be used or an indicator that the plan doesn't have.
    """
    path = plan_folder(plan.id) / "publication.yaml"
    if not path.is_file():
        return Publication()
    rule = load_yaml(path, Publication, "发布规则", PlanError)
    unknown = sorted(set(rule.not_people) - {i.id for i in plan.indicators})
    if unknown:
        raise PlanError(f"发布规则 {path.name}：规划没有指标 {'、'.join(unknown)}")
    return rule


def published_table(
    observations: pd.DataFrame,
    plan: Plan,
    region: str,
    year: int,
    threshold: int | None = None,
    exempt: Collection[str] | None = None,
) -> pd.DataFrame:
    """Figures of a region and its units of the last `YEARS` years, as they may be printed.

    observations: checked table. threshold, exempt: as for `suppression.suppress`
    (default: the plan's own rule). Returns the rows with columns topic,
    name, unit (label), group, published and suppressed beside those of the table. Raises DataError without figures.
    """
    table = observations[is_inside(observations, region)]
    table = table[(table["year"] <= year) & (table["year"] > year - YEARS) & ~is_unsure(table["status"])]
    names = {
        i.id: (d.name, i.name, n)
        for d in plan.domains
        for n, i in enumerate(plan.indicators)
        if plan.domain_of(i) == d.id
    }
    table = table[table["indicator"].isin(names)].reset_index(drop=True)
    if table.empty:
        raise DataError(f"{region} 在 {year - YEARS + 1}—{year} 年没有可发布的数据")
    facts = pd.DataFrame([names[id] for id in table["indicator"]], columns=["topic", "name", "_order"])
    rule = publication(plan)
    threshold = rule.threshold if threshold is None else threshold
    rows = suppress(table, threshold, exempt=rule.not_people if exempt is None else exempt).join(facts)
    rows["group"] = [group_name(row) for row in rows[_CUT].to_dict("records")]
    rows["unit_label"] = [UNITS[unit].label or "个数" for unit in rows["unit"]]
    rows["_part"] = rows["group"] != "合计"
    return rows.sort_values(["_order", "region", "_part", "group", "year"], kind="stable", ignore_index=True)


def write_yearbook(
    observations: pd.DataFrame,
    plan: Plan,
    region: str,
    year: int,
    path: Path,
    *,
    threshold: int | None = None,
    exempt: Collection[str] | None = None,
) -> Path:
    """Write the yearbook of a data year: a sheet a domain, a row a figure, a column a year; whole or not at all.

    path: .xlsx to write. Other arguments as for `published_table`. Returns the path.
    """
    import openpyxl

    threshold = publication(plan).threshold if threshold is None else threshold
    rows = published_table(observations, plan, region, year, threshold, exempt)
    book = openpyxl.Workbook()
    _write_notes(book.active, rows, plan, region, year, threshold)
    for topic, part in rows.groupby("topic", sort=False):
        _write_topic(book.create_sheet(topic), part, f"{region} {topic} {part['year'].min()}—{year}年")
    with whole_file(path) as unfinished:
        book.save(unfinished)
    return path


def _write_notes(
    sheet: Worksheet, rows: pd.DataFrame, plan: Plan, region: str, year: int, threshold: int
) -> None:
    from openpyxl.styles import Alignment, Font

    sheet.title = "说明"
    put_text(sheet, 1, 1, f"{region}儿童发展统计资料（{year}年）").font = Font(bold=True, size=14)
    hidden = (rows["suppressed"] != "").sum()
    kinds = "、".join(STATUS_LABELS[status] for status in rows["status"].unique())
    lines = [
        f"依据：{plan.name}", f"数据性质：{kinds}", f"填报日期：最新为 {rows['reported_on'].max() or '未注明'}",
        f"为保护儿童个人信息，小于{threshold}的人数写作“<{threshold}”；为防止由合计倒推，另有一些数写作“…”。共隐去 {hidden} 个。",
        "空白表示没有填报。“—”不用。0 表示确实为零。",
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
