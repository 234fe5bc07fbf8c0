"""Figures against each other: the relations of `identities`, each told once an indicator and place."""

from __future__ import annotations

import numpy as np
import pandas as pd

from xhcp_eval.observations.table import KEY, TOTAL
from xhcp_eval.plan.identities import RELATIONS, Denominators, Identities, Order, Partition, Whole
from xhcp_eval.plan.kinds import kinds_that
from xhcp_eval.plan.model import Plan
from xhcp_eval.plan.units import format_value
from xhcp_eval.quality.findings import Finding, rounding, years_text

_PLACE = [name for name in KEY if name != "indicator"]
# numbers that don't lie between those of the parts: differences, indices, coefficients of inequality
_NOT_BETWEEN = ("coefficient", "index")


def inconsistencies(table: pd.DataFrame, plan: Plan, identities: Identities) -> list[Finding]:
    """All relations that don't hold. table: rows of the review. plan: for names and kinds of indicators."""
    table = table.assign(events=events(table))
    found = [f for order in identities.orders for f in _order(table, plan, order)]
    found += [f for whole in identities.wholes for f in _whole(table, plan, whole)]
    found += [f for same in identities.denominators for f in _same(table, plan, same)]
    return found + [f for partition in identities.partitions for f in _partition(table, plan, partition)]


def events(table: pd.DataFrame) -> pd.Series:
    """What adds up in each row: the numerator, or the value itself where a number is reported as such."""
    return table["numerator"].where(table["unit"] != "count", table["value"])


def _wide(table: pd.DataFrame, indicators, field: str) -> pd.DataFrame:
    """Places x indicators, of those reported."""
    rows = table[table["indicator"].isin(indicators)].drop_duplicates(list(KEY))
    wide = rows.pivot(index=_PLACE, columns="indicator", values=field)
    return wide[[name for name in indicators if name in wide.columns]]


def _order(table: pd.DataFrame, plan: Plan, order: Order) -> list[Finding]:
    found = []
    for low, high in zip(order.indicators, order.indicators[1:], strict=False):
        wide = _wide(table, (low, high), "value").dropna()
        if wide.shape[1] < 2:
            continue
        slack = 2 * np.minimum(rounding(wide[low].to_numpy()), rounding(wide[high].to_numpy()))
        wrong = wide[wide[low] - wide[high] > slack].reset_index()
        for region, rows in wrong.groupby("region", sort=False):
            r = rows.iloc[-1]
            a, b = ((plan.indicator(n).name, format_value(r[n], plan.indicator(n).unit)) for n in (low, high))
            text = f"{r['year']}年{a[0]} {a[1]} 高于{b[0]} {b[1]}，应为{order.name}{_others(rows)}"
            found.append(Finding("高", "大小关系", low, region, int(r["year"]), text))
    return found


def _whole(table: pd.DataFrame, plan: Plan, whole: Whole) -> list[Finding]:
    wide = _wide(table, (whole.whole, *whole.parts), "events")
    if whole.whole not in wide.columns or wide.shape[1] < 2:
        return []
    parts = wide.drop(columns=whole.whole)
    complete = parts.notna().all(axis=1) & (parts.shape[1] == len(whole.parts))
    excess = parts.sum(axis=1) - wide[whole.whole]
    wrong = excess > 0.5 if whole.relation == "at_most" else (excess.abs() > 0.5) & complete
    rows = wide.assign(sum=parts.sum(axis=1))[wrong].reset_index()
    found = []
    for region, some in rows.groupby("region", sort=False):
        r, name = some.iloc[-1], plan.indicator(whole.whole).name
        text = f"{r['year']}年各部分之和 {r['sum']:g}，{name}的分子 {r[whole.whole]:g}，应{RELATIONS[whole.relation]}：{whole.name}{_others(some)}"
        found.append(Finding("高", "大小关系", whole.whole, region, int(r["year"]), text))
    return found


def _same(table: pd.DataFrame, plan: Plan, same: Denominators) -> list[Finding]:
    wide = _wide(table, same.indicators, "denominator").dropna(how="all")
    if wide.shape[1] < 2 or wide.empty:
        return []
    usual = wide.mode(axis=1)[0]
    odd = wide.ne(usual, axis=0) & wide.notna()
    found = []
    for name in wide.columns[odd.any()]:
        rows = wide[odd[name]].assign(usual=usual).reset_index()
        for region, some in rows.groupby("region", sort=False):
            r = some.iloc[-1]
            text = f"{r['year']}年分母 {r[name]:g} 与同以{same.name}为分母的其他指标（{r['usual']:g}）不一致{_others(some)}"
            found.append(Finding("中", "分母一致", name, region, int(r["year"]), text))
    return found


def _partition(table: pd.DataFrame, plan: Plan, partition: Partition) -> list[Finding]:
    kinds = {i.id: i.kind for i in plan.indicators}
    chosen = ~table["indicator"].isin(partition.exempt)
    if partition.indicators:
        chosen &= table["indicator"].isin(partition.indicators)
    rows = _margins(table[chosen], partition)
    if rows.empty:
        return []
    found = []
    for field, word in (("events", "分子"), ("denominator", "分母")):
        off = (rows[f"{field}_sum"] - rows[field]).abs() > 0.5
        for key, some in rows[off].groupby(["indicator", "region"], sort=False):
            found.append(
                _sum_finding(key, some, field, "数值" if kinds[key[0]] == "count" else word, partition)
            )
    uncounted = rows["events_sum"].isna() & rows["indicator"].map(kinds).isin(kinds_that("between"))
    uncounted &= ~rows["unit"].isin(_NOT_BETWEEN)
    # the longest figure tells how far the others were rounded
    slack = 2 * np.min([rounding(rows[name].to_numpy()) for name in ("value", "lowest", "highest")], axis=0)
    outside = (rows["value"] < rows["lowest"] - slack) | (rows["value"] > rows["highest"] + slack)
    for key, some in rows[uncounted & outside].groupby(["indicator", "region"], sort=False):
        found.append(_between_finding(key, some, partition))
    return found


def _margins(table: pd.DataFrame, partition: Partition) -> pd.DataFrame:
    """Rows of totals beside the sums, the lowest and the highest of their parts, where all parts were reported."""
    dimension = partition.dimension
    if dimension == "region":
        parts = table[table["level"] == partition.level]
        parts = parts.assign(region=parts["region"].str.replace(r"/[^/]*$", "", regex=True))
        wholes, key = table, list(KEY)
    else:
        parts, wholes = table[table[dimension].isin(partition.parts)], table[table[dimension] == TOTAL]
        key = [name for name in KEY if name != dimension]
    if parts.empty:
        return wholes.iloc[:0]
    groups = parts.groupby(key, sort=False)
    fields = ["events", "denominator"]
    sums, size = groups[fields].sum(), groups.size()
    # a sum over parts of which one has no count is unknown, not smaller
    sums = sums.where(groups[fields].count().eq(size, axis=0)).add_suffix("_sum")
    sums = sums.assign(parts=size, lowest=groups["value"].min(), highest=groups["value"].max())
    rows = wholes.merge(sums, left_on=key, right_index=True)
    if dimension == "region":
        # a year in which a unit is missing isn't a year in which the sum is wrong
        expected = rows.groupby(["indicator", "region"])["parts"].transform("max")
    else:
        expected = len(partition.parts)
    return rows[rows["parts"] == expected]


def _sum_finding(key: tuple, rows: pd.DataFrame, field: str, word: str, partition: Partition) -> Finding:
    r = rows.iloc[-1]
    gap = (r[f"{field}_sum"] - r[field]) / r[field] if r[field] else np.inf
    text = f"{r['year']}年{partition.name}{word}之和 {r[f'{field}_sum']:g} 与合计 {r[field]:g} 不符{_others(rows)}"
    return Finding("高" if abs(gap) > 0.005 else "中", "分项合计", key[0], key[1], int(r["year"]), text)


def _between_finding(key: tuple, rows: pd.DataFrame, partition: Partition) -> Finding:
    r = rows.iloc[-1]
    low, high = format_value(r["lowest"], r["unit"]), format_value(r["highest"], r["unit"])
    text = f"{r['year']}年合计 {format_value(r['value'], r['unit'])} 不在{partition.name}各项的 {low}—{high} 之间{_others(rows)}"
    return Finding("高", "分项合计", key[0], key[1], int(r["year"]), text)


def _others(rows: pd.DataFrame) -> str:
    years = sorted(set(rows["year"].astype(int)))[:-1] if len(rows) else []
    return f"（另有{years_text(years)}）" if years else ""
