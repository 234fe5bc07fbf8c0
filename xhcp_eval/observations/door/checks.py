"""What a department can't have meant: checks of a table against the calendar, the plan and what is known.

Faults keep a file out; what may be a slip is asked about (`doubts`).
"""

from __future__ import annotations

import difflib
from datetime import date

import pandas as pd

from xhcp_eval.observations.cells import Fault, text_of
from xhcp_eval.observations.table import roots
from xhcp_eval.observations.typed import last_digit
from xhcp_eval.plan.model import Plan
from xhcp_eval.plan.units import UNITS, format_value


def find_faults(
    table: pd.DataFrame, plan: Plan, known: pd.DataFrame, today: date, new_regions: bool
) -> list[Fault]:
    """What keeps a table out, beyond the schema.

    table: typed rows (columns of `table.COLUMNS`), index = row numbers. known: what the database holds of
    these regions (the same columns). today: no figure may be from after it. new_regions: allow units of a region
    that were never reported before.
    """
    found = [*_not_whole(table), *_from_the_future(table, today)]
    found += [*_unknown_departments(table, plan), *_misplaced(table, plan, known, new_regions)]
    return sorted(found + _mixed_with_demo(table, known), key=lambda fault: fault.row)


def contradicted(table: pd.DataFrame, typed: pd.DataFrame) -> list[Fault]:
    """Values further from their counts than half a unit of their last digit as it was typed.

    table: typed rows, index = row numbers. typed: the file's own cells, same index. A wrong figure of the demonstration
    is one on purpose: `inspect_file` only asks about it.
    """
    per = table["unit"].map({name: unit.per for name, unit in UNITS.items()}).astype(float)
    computed = per * table["numerator"] / table["denominator"]
    apart = (table["value"] - computed).abs() - 1e-9 * computed.abs().clip(lower=1)
    rows = table.assign(computed=computed, apart=apart)[apart > 0]
    if rows.empty:
        return []
    column = typed.loc[rows.index, "value"]
    step = last_digit(column if pd.api.types.is_numeric_dtype(column) else text_of(column))
    return [
        Fault(row.Index, "value", f"{format_value(row.value, row.unit)} 与分子 {row.numerator:g}、分母 {row.denominator:g} "
                                  f"不符，由它们计算得 {format_value(row.computed, row.unit)}")
        for row in rows[rows["apart"] > 0.5 * step * (1 + 1e-9)].itertuples()
    ]  # fmt: skip


def _not_whole(table: pd.DataFrame) -> list[Fault]:
    """Counts are whole numbers; only a sample survey has effective sizes between."""
    found = []
    for column in ("numerator", "denominator"):
        wrong = table.index[(table[column] % 1 > 0) & (table["status"] != "survey")]
        found += [Fault(row, column, f"{table.loc[row, column]:g} 不是整数；此列应为个数") for row in wrong]
    wrong = table.index[(table["unit"] == "count") & (table["value"] % 1 > 0)]
    wrong = wrong.union(table.index[(table["unit"] == "binary") & ~table["value"].isin([0, 1])])
    return found + [Fault(row, "value", f"{table.loc[row, 'value']:g} 应为整数(是=1，否=0)") for row in wrong]


def _from_the_future(table: pd.DataFrame, today: date) -> list[Fault]:
    reported = pd.to_datetime(
        table["reported_on"].where(table["reported_on"] != "", str(today)), errors="coerce"
    )
    real = table["status"] != "demo"
    late = table.index[real & (reported > pd.Timestamp(today))]
    early = table.index[real & (table["year"] > reported.dt.year)]
    return [
        Fault(row, "reported_on", f"{table.loc[row, 'reported_on']} 晚于今天 {today}") for row in late
    ] + [
        Fault(row, "year", f"{table.loc[row, 'year']:g} 年的数据不可能在 {reported[row]:%Y-%m-%d} 填报")
        for row in early
    ]


def _unknown_departments(table: pd.DataFrame, plan: Plan) -> list[Fault]:
    names = sorted({d for i in plan.indicators for d in i.departments})
    if not names:
        return []
    wrong = table.index[(table["department"] != "") & ~table["department"].isin(names)]
    hints = {d: difflib.get_close_matches(d, names, n=1) for d in set(table.loc[wrong, "department"])}
    return [
        Fault(row, "department", f"{d} 不是规划里的部门" + (f"；是否为“{hints[d][0]}”" if hints[d] else ""))
        for row, d in table.loc[wrong, "department"].items()
    ]


def _misplaced(table: pd.DataFrame, plan: Plan, known: pd.DataFrame, new_regions: bool) -> list[Fault]:
    """A misspelt unit would found a new one in silence; the level of a region does not change."""
    levels = dict(zip(known["region"], known["level"], strict=True)) | {plan.region: plan.level}
    held = set(roots(known["region"]))
    found = []
    for (region, level), rows in table.groupby(["region", "level"], sort=False).groups.items():
        if region in levels:
            if level != levels[region]:
                found += [
                    Fault(row, "level", f"{region} 的层级是 {levels[region]}，而不是 {level}") for row in rows
                ]
        elif "//" in region or region.strip("/") != region:
            found += [
                Fault(row, "region", f"{region} 的写法不对；应如“{plan.region}/某街道”") for row in rows
            ]
        elif not new_regions and (region.split("/")[0] in held or region.split("/")[0] != plan.region):
            near = difflib.get_close_matches(region, levels, n=1, cutoff=0.5)
            hint = f"；是否为“{near[0]}”" if near else ""
            found += [
                Fault(row, "region", f"{region} 从未填报过{hint}；确为新增请加 --new-regions") for row in rows
            ]
        elif ("/" in region) == (level in ("national", "province", "district")):
            found += [Fault(row, "level", f"{region} 的层级不会是 {level}") for row in rows]
    return found


def _mixed_with_demo(table: pd.DataFrame, known: pd.DataFrame) -> list[Fault]:
    """Generated figures never stand among real ones of a region."""
    demo = roots(known["region"]).groupby(known["status"] == "demo").unique()
    of = roots(table["region"])
    found = []
    for is_demo, text in (
        (True, "演示数据不能并入已有真实数据的地区"),
        (False, "真实数据不能并入存放演示数据的地区；请另建数据库"),
    ):
        others = set(demo.get(not is_demo, ()))
        rows = table.index[((table["status"] == "demo") == is_demo) & of.isin(others)]
        found += [Fault(row, "status", text) for row in rows]
    return found
