"""Townships on the wrong side of a bound: exact tests of small counts, many at once."""

from __future__ import annotations

import numpy as np

from xhcp_eval.assessment import Case
from xhcp_eval.early_warning.rules import FLOOR, HINT, ORDINARY, URGENT, WarningRules, warning_row
from xhcp_eval.evidence import History, Judged, judge_at
from xhcp_eval.observations import TOTAL
from xhcp_eval.plan import Indicator, Target
from xhcp_eval.units import format_number, format_value

BOUNDS: dict[str, int] = {">=": 1, ">": 1, "<=": -1, "<": -1}
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


def under_floor(case: Case, rules: WarningRules) -> list[dict]:
    """Townships on the wrong side of a bound: each clear one by itself, the others of a target in one hint."""
    found = []
    for indicator in case.plan.indicators:
        target, units = _bound_due(case, indicator), _units(case, indicator, rules)
        if target is None or not units:
            continue
        # where all is asked for, an earlier year's failure that was made good must not linger in a pooled value
        width = 1 if target.value in (indicator.lower, indicator.upper) else None
        judged = [judge_at(h, h.last_trusted, case.settings, width) for h in units]
        sign = BOUNDS[target.op]
        off = np.array([sign * (j.value - target.value) < 0 for j in judged])
        clear, q = _clear(units, judged, target, rules)
        found += [_clear_row(case, target, units[i], judged[i], q[i]) for i in np.flatnonzero(off & clear)]
        hints = [(units[i], judged[i]) for i in np.flatnonzero(off & ~clear)]
        if hints:
            found.append(_hint_row(case, indicator, target, hints, len(units)))
    return found


def _units(case: Case, indicator: Indicator, rules: WarningRules) -> list[History]:
    """Townships or schools with a fresh figure; by category where it is reported so."""
    fresh = case.as_of - rules.stale
    units = [h for h in case.units.get(indicator.id, []) if h.trusted.any() and h.last_trusted >= fresh]
    return [h for h in units if h.category != TOTAL] or units


def _bound_due(case: Case, indicator: Indicator) -> Target | None:
    """The indicator's bound that comes due next, else the last one; none where it doesn't hold for townships.

    A count's target is the region's total and no township's, unless the plan asks it of each.
    """
    usable = [
        t for t in indicator.targets
        if t.op in BOUNDS and t.level == case.plan.level and t.role == "verdict" and not t.pending
        and t.status != "recollection" and (indicator.kind != "count" or t.aggregation is not None)
    ]  # fmt: skip
    due = {t.id: case.as_of if t.year == "every_year" else t.year for t in usable}
    ahead = [t for t in usable if due[t.id] >= case.as_of]
    if ahead:
        return min(ahead, key=lambda t: due[t.id])
    return max(usable, key=lambda t: due[t.id], default=None)


def _clear(
    units: list[History], judged: list[Judged], target: Target, rules: WarningRules
) -> tuple[np.ndarray, np.ndarray]:
    """Which units are beyond doubt on the wrong side, (n,), and the false discovery rate up to each (nan uncounted)."""
    x, n, low, high = np.array([(j.numerator, j.denominator, j.low, j.high) for j in judged], float).T
    counted = np.isfinite(low) & np.isfinite(high)
    sign, q = BOUNDS[target.op], np.full(len(units), np.nan)
    if counted.any():
        of = units[int(np.flatnonzero(counted)[0])]
        p = beyond_bound(x[counted], n[counted], target.value / of.per, sign, of.indicator.kind)
        q[counted] = false_discoveries(p)
    whole = high < target.value if sign > 0 else low > target.value
    # places or hours in each unit, asked of each, are facts without chance
    exact = ~counted & (target.aggregation is not None)
    return (whole & (q <= rules.fdr)) | exact, q


def _unit_value(history: History, judged: Judged) -> str:
    name = history.region.rsplit("/", 1)[-1] + ("" if history.category == TOTAL else f"·{history.category}")
    return f"{name} {format_value(judged.value, history.indicator.unit)}"


def _bound_text(indicator: Indicator, target: Target) -> str:
    side = "下限" if BOUNDS[target.op] > 0 else "上限"
    when = "每年" if target.year == "every_year" else f"{target.year}年"
    scope = "" if target.aggregation else "，规划按全区计"
    return f"目标{side}{format_value(target.value, indicator.unit)}（{when}{scope}）"


def _clear_row(case: Case, target: Target, history: History, judged: Judged, q: float) -> dict:
    """Urgent where the plan asks it of each unit or the year has come, else there is time left."""
    unit, indicator = history.indicator.unit, history.indicator
    evidence = f"{judged.basis}{_unit_value(history, judged)}"
    if np.isfinite(q):
        counts = "/".join(format_number(v, "count") for v in (judged.numerator, judged.denominator))
        shown = "<0.001" if q < 0.001 else f"={q:.3f}"
        interval = f"{format_number(judged.low, unit)}–{format_value(judged.high, unit)}"
        evidence += (
            f"（{counts}，区间{interval}）整个在{_bound_text(indicator, target)}不达标一侧，错误发现率{shown}"
        )
    else:
        evidence += f"，不达{_bound_text(indicator, target)}"
    pressing = target.aggregation is not None or target.year == "every_year" or target.year <= case.as_of
    more = {"series": history.key, "target_id": target.id}
    severity = URGENT if pressing else ORDINARY
    return warning_row(FLOOR, severity, indicator, history.region, judged.year, evidence, **more)


def _hint_row(
    case: Case, indicator: Indicator, target: Target, off: list[tuple[History, Judged]], n: int
) -> dict:
    named = "、".join(_unit_value(*pair) for pair in off[:NAMED]) + ("等" if len(off) > NAMED else "")
    evidence = f"{n}个单位中{len(off)}个只是点值不达{_bound_text(indicator, target)}，尚不足以断定（区间含界限，或无从计算）：{named}"
    year = max(judged.year for _, judged in off)
    return warning_row(FLOOR, HINT, indicator, case.region, year, evidence, target_id=target.id)
