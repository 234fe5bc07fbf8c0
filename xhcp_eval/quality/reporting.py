"""Who reported, how much of it, and when: completeness and timeliness by department."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pandas as pd

from xhcp_eval.errors import ParamsError
from xhcp_eval.observations.table import is_unsure
from xhcp_eval.plan.kinds import KINDS
from xhcp_eval.plan.model import Plan
from xhcp_eval.quality.findings import Finding, lead_department

NOT_REPORTED = "未填报"
UNASSIGNED = "（未分工）"
Due = date | str | Mapping[str, date | str]


def completeness(observations: pd.DataFrame, plan: Plan, region: str, until: int) -> pd.DataFrame:
    """Share of the indicators that each lead department reported for the data year, and of those ever reported.

    Columns: department, indicators, reported_ever, reported_last (both counts), share (percent of indicators
    with a figure for `until`; surveys that are not yearly count as missing in years without one).
    """
    main = observations[(observations["region"] == region) & (observations["year"] <= until)]
    main = main[~is_unsure(main["status"])]
    ever, last = set(main["indicator"]), set(main.loc[main["year"] == until, "indicator"])
    rows = [
        (lead_department(i) or UNASSIGNED, i.id in ever, i.id in last)
        for i in plan.indicators
        if KINDS[i.kind].reported
    ]
    frame = pd.DataFrame(rows, columns=["department", "reported_ever", "reported_last"])
    result = frame.groupby("department", sort=False).agg(
        indicators=("reported_ever", "size"),
        reported_ever=("reported_ever", "sum"),
        reported_last=("reported_last", "sum"),
    )
    result["share"] = 100 * result["reported_last"] / result["indicators"]
    return result.reset_index().sort_values("indicators", ascending=False, ignore_index=True)


def timeliness(observations: pd.DataFrame, plan: Plan, region: str, until: int, due: Due) -> pd.DataFrame:
    """How many of the data year's indicators each lead department reported by its due date.

    due: one date (`date` or "2026-03-31") for all, or one a department; a department without one isn't judged.
    An indicator's date is the last `reported_on` among its rows of the region itself.
    Returns department, due, reported, on_time, late, undated (counts of indicators), last_reported (ISO date),
    share (percent of those reported that were on time), late_indicators (ids).
    WHO Data Quality Review 2017, module 1, domain 1. Raises ParamsError for a date that can't be read.
    """
    rows = observations[(observations["region"] == region) & (observations["year"] == until)]
    lead = {i.id: lead_department(i) or UNASSIGNED for i in plan.indicators if KINDS[i.kind].reported}
    dates = rows[rows["indicator"].isin(list(lead))].groupby("indicator")["reported_on"].max()
    dates.index.name = "indicator"
    frame = dates.rename("reported_on").reset_index()
    frame["department"] = frame["indicator"].map(lead)
    frame["due"] = frame["department"].map(_due_dates(due, set(lead.values())))
    frame = frame[frame["due"].notna()]
    frame["undated"] = frame["reported_on"] == ""
    # ISO dates compare as text does
    frame["late"] = ~frame["undated"] & (frame["reported_on"] > frame["due"])
    result = frame.groupby("department", sort=True).agg(
        due=("due", "first"), reported=("indicator", "size"), late=("late", "sum"), undated=("undated", "sum"),
        last_reported=("reported_on", "max"),
    )  # fmt: skip
    result["on_time"] = result["reported"] - result["late"] - result["undated"]
    result["share"] = 100 * result["on_time"] / result["reported"]
    late = frame[frame["late"]].groupby("department")["indicator"].agg(tuple)
    result["late_indicators"] = [late.get(name, ()) for name in result.index]
    columns = ["due", "reported", "on_time", "late", "undated", "last_reported", "share", "late_indicators"]
    return result[columns].reset_index()


def missing_last_year(table: pd.DataFrame, plan: Plan, region: str, until: int) -> list[Finding]:
    """Indicators reported before, but not for the data year."""
    last = table[table["region"] == region].groupby("indicator")["year"].max()
    survey = {i.id for i in plan.indicators if "survey" in i.measurement_level}
    found = []
    for name, year in last[last < until].items():
        severity, word = ("低", "非年度调查，") if name in survey else ("中", "")
        text = f"{word}{until}年未填报，最近一次为{year}年"
        found.append(Finding(severity, NOT_REPORTED, name, region, until, text))
    return found


def late(table: pd.DataFrame, plan: Plan, region: str, until: int, due: Due) -> list[Finding]:
    """One finding a department that reported late or without a date, or never reported some of its indicators."""
    names = {i.id: i.name for i in plan.indicators}
    found = []
    for r in timeliness(table, plan, region, until, due).itertuples():
        if r.late:
            text = f"{until}年{r.reported}项中{r.late}项晚于截止日期{r.due}（最晚{r.last_reported}）：{_list(r.late_indicators, names)}"
            found.append(Finding("中", "逾期填报", "", region, until, text, r.department))
        if r.undated:
            text = f"{until}年{r.reported}项中{r.undated}项没有填报日期，无法判断是否按时"
            found.append(Finding("低", "填报日期缺失", "", region, until, text, r.department))
    ever = set(table.loc[table["region"] == region, "indicator"])
    wanted = pd.DataFrame(
        [(lead_department(i), i.id) for i in plan.indicators if KINDS[i.kind].reported and i.id not in ever],
        columns=["department", "indicator"],
    )
    for department, ids in wanted.groupby("department")["indicator"]:
        text = f"{len(ids)}项指标从未填报：{_list(ids, names)}"
        found.append(Finding("低", "从未填报", "", region, until, text, department or UNASSIGNED))
    return found


def _list(ids, names: dict[str, str], shown: int = 6) -> str:
    words = [names[name] for name in ids]
    return "、".join(words[:shown]) + (f"等{len(words)}项" if len(words) > shown else "")


def _due_dates(due: Due, departments: set[str]) -> dict[str, str]:
    given = due if isinstance(due, Mapping) else dict.fromkeys(departments, due)
    return {department: _iso(value) for department, value in given.items()}


def _iso(value: date | str) -> str:
    if isinstance(value, date):
        return value.strftime("%Y-%m-%d")
    try:
        return date.fromisoformat(str(value)).isoformat()
    except ValueError:
        raise ParamsError(f"截止日期 {value!r} 读不出；应写成 2026-03-31") from None
