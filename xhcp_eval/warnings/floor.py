"""Townships on the wrong side of a bound: exact tests of small counts, many at once."""

from __future__ import annotations

from typing import cast

import numpy as np

from xhcp_eval.observations.table import TOTAL
from xhcp_eval.plan.model import Indicator, Target
from xhcp_eval.plan.units import format_number, format_value
from xhcp_eval.verdict.judged import Values, intervals, value_at
from xhcp_eval.verdict.operators import PLAIN
from xhcp_eval.verdict.series import Block, Series
from xhcp_eval.verdict.verdicts import Verdicts
from xhcp_eval.verdict.words import basis
from xhcp_eval.warnings.rules import FLOOR, HINT, ORDINARY, URGENT, WarningRules, warning_row

NAMED = 6


def beyond_bound(
    numerator: np.ndarray, denominator: np.ndarray, share: float, sign: int, kind: str
) -> np.ndarray:
    """Chance of counts as bad as these in a unit that lies exactly on the bound, same shape as the counts.

    numerator, denominator: counts. share: bound, as events a case. sign: 1 for "at least", -1 for "at most". kind:
    "proportion" (exact binomial), else exact Poisson.
    """
    from scipy import stats

    n = np.round(denominator)
    law = stats.binom(n, min(share, 1.0)) if kind == "proportion" else stats.poisson(denominator * share)
    # pooled counts are whole; a rounded value's numerator may not be quite
    x = np.round(numerator)
    return law.cdf(x) if sign > 0 else law.sf(x - 1)


def false_discoveries(p: np.ndarray) -> np.ndarray:
    """Benjamini-Hochberg adjusted p-values along the last axis: the rate of false ones among all up to each.

    Source: Benjamini & Hochberg 1995, JRSS B 57:289.
    """
    from scipy import stats

    return stats.false_discovery_control(p, axis=-1, method="bh")


def under_floor(verdicts: Verdicts, rules: WarningRules) -> list[dict]:
    """Townships on the wrong side of a bound: each clear one by itself, the others of a target in one hint."""
    block = verdicts.block
    found = []
    for indicator in verdicts.plan.indicators:
        target, rows = _bound_due(verdicts, indicator), _units(verdicts, indicator, rules)
        if target is None or not len(rows):
            continue
        # where all is asked for, an earlier year's failure that was made good must not linger in a pooled value
        width = 1 if target.value in (indicator.lower, indicator.upper) else None
        judged = value_at(block, rows, block.years[block.last_trusted[rows]], width)
        limits = intervals(block, judged)
        off = PLAIN[target.op] * (judged.value - target.value) < 0
        clear, q = _clear(block, rows, judged, limits, target, rules)
        units = [Judged(block.series(row), judged, limits, k) for k, row in enumerate(rows)]
        found += [_clear_row(verdicts, target, units[i], q[i]) for i in np.flatnonzero(off & clear)]
        hints = [units[i] for i in np.flatnonzero(off & ~clear)]
        if hints:
            found.append(_hint_row(verdicts, indicator, target, hints, len(units)))
    return found


class Judged:
    """One unit with its judged value. series: the unit. year, value, numerator, denominator, low, high: of that value."""

    def __init__(
        self, series: Series, judged: Values, limits: tuple[np.ndarray, np.ndarray], at: int
    ) -> None:
        self.series, self.year, self.value = series, int(judged.year[at]), float(judged.value[at])
        self.numerator, self.denominator = float(judged.numerator[at]), float(judged.denominator[at])
        self.low, self.high = (float(limit[at]) for limit in limits)
        self.basis = basis(judged.first_year[at], judged.year[at])


def _units(verdicts: Verdicts, indicator: Indicator, rules: WarningRules) -> np.ndarray:
    """Townships or schools with a fresh figure, positions in the block; by category where it is reported so."""
    block = verdicts.block
    owner = int(np.flatnonzero(block.regions == verdicts.only)[0])
    mine = block.unit & (block.owner == owner) & (block.last_trusted >= 0)
    mine &= (block.facts.id == indicator.id)[block.indicator]
    mine &= block.years[block.last_trusted] >= verdicts.until - rules.stale
    split = mine & (block.categories[block.category] != TOTAL)
    return np.flatnonzero(split if split.any() else mine)


def _bound_due(verdicts: Verdicts, indicator: Indicator) -> Target | None:
    """The indicator's bound that comes due next, else the last one; none where it doesn't hold for townships.

    A count's target is the region's total and no township's, unless the plan asks it of each.
    """
    usable = [
        t for t in indicator.targets
        if t.op in PLAIN and t.level == verdicts.plan.level and t.role == "verdict" and not t.pending
        and t.status != "recollection" and (indicator.kind != "count" or t.aggregation is not None)
    ]  # fmt: skip
    due = {t.id: verdicts.until if t.year == "every_year" else t.year for t in usable}
    ahead = [t for t in usable if due[t.id] >= verdicts.until]
    if ahead:
        return min(ahead, key=lambda t: due[t.id])
    return max(usable, key=lambda t: due[t.id], default=None)


def _clear(
    block: Block,
    rows: np.ndarray,
    judged: Values,
    limits: tuple[np.ndarray, np.ndarray],
    target: Target,
    rules: WarningRules,
) -> tuple[np.ndarray, np.ndarray]:
    """Which units are beyond doubt on the wrong side, (n,), and the false discovery rate up to each (nan uncounted)."""
    low, high = limits
    counted = np.isfinite(low) & np.isfinite(high)
    sign, q = PLAIN[target.op], np.full(len(rows), np.nan)
    if counted.any():
        first = rows[counted][0]
        kind = str(block.facts.kind[block.indicator[first]])
        share = cast(float, target.value) / float(block.per[first])
        q[counted] = false_discoveries(
            beyond_bound(judged.numerator[counted], judged.denominator[counted], share, sign, kind)
        )
    whole = high < target.value if sign > 0 else low > target.value
    # places or hours in each unit, asked of each, are facts without chance
    exact = ~counted & (target.aggregation is not None)
    return (whole & (q <= rules.fdr)) | exact, q


def _unit_value(unit: Judged) -> str:
    return f"{unit.series.place} {format_value(unit.value, unit.series.indicator.unit)}"


def _bound_text(indicator: Indicator, target: Target) -> str:
    side = "下限" if PLAIN[target.op] > 0 else "上限"
    when = "每年" if target.year == "every_year" else f"{target.year}年"
    scope = "" if target.aggregation else "，规划按全区计"
    return f"目标{side}{format_value(cast(float, target.value), indicator.unit)}（{when}{scope}）"


def _clear_row(verdicts: Verdicts, target: Target, judged: Judged, q: float) -> dict:
    """Urgent where the plan asks it of each unit or the year has come, else there is time left."""
    indicator = judged.series.indicator
    unit = indicator.unit
    evidence = f"{judged.basis}{_unit_value(judged)}"
    if np.isfinite(q):
        counts = "/".join(format_number(v, "count") for v in (judged.numerator, judged.denominator))
        shown = "<0.001" if q < 0.001 else f"={q:.3f}"
        interval = f"{format_number(judged.low, unit)}–{format_value(judged.high, unit)}"
        evidence += (
            f"（{counts}，区间{interval}）整个在{_bound_text(indicator, target)}不达标一侧，错误发现率{shown}"
        )
    else:
        evidence += f"，不达{_bound_text(indicator, target)}"
    pressing = target.aggregation is not None or target.year == "every_year" or target.year <= verdicts.until
    more = {"series": judged.series.key, "target_id": target.id}
    severity = URGENT if pressing else ORDINARY
    return warning_row(FLOOR, severity, indicator, judged.series.region, judged.year, evidence, **more)


def _hint_row(verdicts: Verdicts, indicator: Indicator, target: Target, off: list[Judged], n: int) -> dict:
    named = "、".join(_unit_value(unit) for unit in off[:NAMED]) + ("等" if len(off) > NAMED else "")
    evidence = f"{n}个单位中{len(off)}个只是点值不达{_bound_text(indicator, target)}，尚不足以断定（区间含界限，或无从计算）：{named}"
    year = max(unit.year for unit in off)
    return warning_row(FLOOR, HINT, indicator, verdicts.only, year, evidence, target_id=target.id)
