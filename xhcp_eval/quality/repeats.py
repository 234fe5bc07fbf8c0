"""Figures that stand twice: carried over from last year, or the same in two series where chance hardly does it."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd

from xhcp_eval.observations.table import DIMENSIONS, is_total
from xhcp_eval.plan.model import Plan
from xhcp_eval.plan.units import UNITS, format_value
from xhcp_eval.quality.findings import Finding, years_text

# Fewer cases than this repeat by themselves: villages, schools, deaths.
LEAST_CASES = 100
LEAST_EVENTS = 20
LEAST_RUN = 3
CHANCE = 1e-3
_SERIES = ["indicator", "region", *DIMENSIONS]


def carried_over(table: pd.DataFrame, region: str) -> list[Finding]:
    """Values equal to last year's in value and counts, or without counts for three years and more.

    Told once for a figure of the region, or where two and more of its groups repeat; for the many series of its
    units, of which some repeat by chance every year, only where one repeats twice.
    """
    rows = table.sort_values([*_SERIES, "year"])
    same = (rows["year"].diff() == 1) & (rows[_SERIES] == rows[_SERIES].shift()).all(axis=1)
    same &= rows["value"].diff() == 0
    some = (
        (rows["denominator"] > LEAST_CASES)
        & (rows["numerator"] > 0)
        & (rows["numerator"] < rows["denominator"])
    )
    counted = rows[same & some & (rows["numerator"].diff() == 0) & (rows["denominator"].diff() == 0)]
    total, here = is_total(counted), counted["region"] == region
    found = [_carried(group) for _, group in counted[total & here].groupby(["indicator", "year"], sort=False)]
    told = {(f.indicator, f.year) for f in found}
    for key, group in counted[~total & here].groupby(["indicator", "year"], sort=False):
        if key not in told and len(group) > 1:
            found.append(_carried(group, f"（{len(group)}个分组）"))
    for _, group in counted[total & ~here].groupby(["indicator", "region"], sort=False):
        if len(group) > 1:
            found.append(_carried(group, f"（{years_text(group['year'])}都是如此）"))
    return found + _runs(rows[is_total(rows) & (rows["region"] == region)])


def _carried(rows: pd.DataFrame, also: str = "") -> Finding:
    r = rows.iloc[-1]
    text = f"分子、分母与上年完全相同（{r['numerator']:g}/{r['denominator']:g}），疑似沿用旧数{also}"
    return Finding("中", "沿用旧数", r["indicator"], r["region"], int(r["year"]), text)


def _runs(rows: pd.DataFrame) -> list[Finding]:
    """Shares without counts that stay the same to the last digit, other than none and all."""
    scale = rows["unit"].map({name: unit.per for name, unit in UNITS.items()}).astype(float)
    rows = rows[rows["numerator"].isna() & (rows["value"] > 0) & (rows["value"] < scale)]
    start = (
        (rows["year"].diff() != 1)
        | (rows["value"].diff() != 0)
        | (rows[_SERIES] != rows[_SERIES].shift()).any(axis=1)
    )
    found = []
    for _, run in rows.groupby(start.cumsum(), sort=False):
        if len(run) >= LEAST_RUN:
            r = run.iloc[-1]
            text = f"{run['year'].iloc[0]}—{r['year']}年数值完全相同（{format_value(r['value'], r['unit'])}），疑似沿用旧数"
            found.append(Finding("低", "沿用旧数", r["indicator"], r["region"], int(r["year"]), text))
    return found


def same_elsewhere(table: pd.DataFrame, plan: Plan) -> list[Finding]:
    """Equal numerators and denominators in two indicators of one place, or in two townships of one indicator.

    A pair is told where it agrees in more years than chance explains: two counts about a share of n cases agree
    with chance 1 / (2 sqrt(pi) sd), and so do two denominators by their spread among places.
    """
    names = {i.id: i.name for i in plan.indicators}
    enough = (table["numerator"] >= LEAST_EVENTS) & (
        table["denominator"] - table["numerator"] >= LEAST_EVENTS
    )
    rows = table[enough & is_total(table) & (table["denominator"] > LEAST_CASES)]
    found = []
    for a, b, region, years, counts in _pairs(rows, "indicator", "region"):
        text = f"{years_text(years)}与“{names[b]}”的分子、分母完全相同（如{counts}）"
        found.append(Finding("中", "数据雷同", a, region, max(years), text))
    for a, b, indicator, years, counts in _pairs(
        rows[rows["region"].str.contains("/")], "region", "indicator"
    ):
        text = f"{years_text(years)}与{b.rpartition('/')[2]}的分子、分母完全相同（如{counts}）"
        found.append(Finding("中", "数据雷同", indicator, a, max(years), text))
    return found


def _pairs(rows: pd.DataFrame, across: str, within: str):
    """(first, second, place, years, counts) of pairs of `across` that agree too often within one `within`."""
    key = [within, "year", "numerator", "denominator"]
    twins = rows[rows.duplicated(key, keep=False)]
    candidates: dict[tuple, list] = {}
    for (place, year, x, n), group in twins.groupby(key, sort=False):
        for a, b in itertools.combinations(sorted(group[across]), 2):
            candidates.setdefault((place, a, b), []).append((int(year), f"{x:g}/{n:g}"))
    for (place, a, b), agreed in candidates.items():
        mine = rows[rows[within] == place]
        left, right = (mine[mine[across] == which].set_index("year") for which in (a, b))
        pairs = mine[across].nunique() * (mine[across].nunique() - 1) / 2
        if _chance(left, right, len(agreed)) * pairs < CHANCE:
            yield a, b, place, [year for year, _ in agreed], agreed[-1][1]


def _chance(left: pd.DataFrame, right: pd.DataFrame, agreed: int) -> float:
    """Probability that two series agree in this many years, if each counted its own."""
    from scipy import stats

    years = left.index.intersection(right.index)
    x, n = left.loc[years, "numerator"].to_numpy(float), left.loc[years, "denominator"].to_numpy(float)
    other = right.loc[years, "denominator"].to_numpy(float)
    numerators = 1 / (2 * np.sqrt(np.pi * x * (1 - x / n)))
    # one population for both: equal denominators are no coincidence. Else they agree about as counts of n do.
    shared = np.mean(n == other) > 0.5 and np.sum(n == other) > agreed
    denominators = np.where(n == other, 1.0, 0.0) if shared else 1 / (2 * np.sqrt(np.pi * n))
    return float(stats.poisson.sf(agreed - 1, np.sum(numerators * denominators)))
