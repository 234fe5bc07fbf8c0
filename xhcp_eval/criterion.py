"""When a target is met: every kind of target reduced to a bound on the judged value of one or more years.

A criterion is a sign (+1: at least, -1: at most), a bound (a number, or one number a simulated future where the
base year itself lies ahead), whether the bound itself counts, and the years and series it must hold for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from xhcp_eval.evidence import History, Judged, judge_at, judged_draws
from xhcp_eval.plan import Indicator, Target
from xhcp_eval.settings import Settings
from xhcp_eval.units import UNITS, format_value

CEILING_ROOM = 0.5
TREND_OPS = ("trend_up", "trend_down")


@dataclass(frozen=True)
class Criterion:
    """sign: +1 at least, -1 at most. bound: number, or (draws,). inclusive: the bound itself meets the target.

    base: judged value of the base year (None without one). tolerance: half a unit of the last printed digit, or
    the base's own sampling interval, already inside `bound`; kept to be shown. text: the target in Chinese.
    """

    sign: int
    bound: float | np.ndarray
    inclusive: bool
    base: Judged | None
    text: str

    @property
    def point(self) -> float:
        """The bound as one number (median where it is simulated)."""
        return float(self.bound) if np.ndim(self.bound) == 0 else float(np.median(self.bound))

    def met(self, values: np.ndarray | float) -> np.ndarray:
        """Whether judged values meet the target; compared unrounded, see A03 on the boundary itself."""
        distance = self.sign * (np.asarray(values, float) - self.bound)
        # figures are stored with four decimals, so differences below that are not differences
        return distance >= -1e-9 if self.inclusive else distance > 1e-9


def rounding(indicator: Indicator) -> float:
    """Half a step of the last digit shown: a smaller difference isn't one."""
    return 0.5 * 10.0 ** -UNITS[indicator.unit].decimals


def make_criterion(
    target: Target, indicator: Indicator, history: History, plan_base_year: int, settings: Settings
) -> Criterion | None:
    """The criterion of a target, or None where its base is unknown and can't be projected.

    target, indicator: of the plan. history: main series. plan_base_year: used where the target names none.
    """
    if target.op in ("<=", "<", ">=", ">"):
        sign = -1 if target.op.startswith("<") else 1
        base = find_base(indicator, history, plan_base_year, settings)
        symbol = {"<=": "≤", ">=": "≥"}.get(target.op, target.op)
        text = symbol + format_value(target.value, indicator.unit)
        return Criterion(sign, float(target.value), "=" in target.op, base, text)
    base_year = target.base_year or plan_base_year
    base = find_base(
        indicator, history, base_year, settings, target.value if target.op == "no_worse_than" else None
    )
    if base is None:
        return _base_ahead(target, indicator, history, base_year, settings)
    return _against_base(target, indicator, base, settings)


def _against_base(target: Target, indicator: Indicator, base: Judged, settings: Settings) -> Criterion:
    shown = f"{base.basis.removesuffix('合并')}的{format_value(base.value, indicator.unit)}"
    if target.op == "relative_change_vs_base":
        bound = base.value * (1 + target.value / 100)
        sign = 1 if target.value > 0 else -1
        word = "上升" if sign > 0 else "下降"
        text = f"较{shown}{word}{abs(target.value):g}%（{'≥' if sign > 0 else '≤'}{format_value(bound, indicator.unit)}）"
        return Criterion(sign, bound, True, base, text)
    if target.op == "no_worse_than":
        sign = -1 if indicator.direction == "down" else 1
        limit = base.low if sign > 0 else base.high
        bound = limit if np.isfinite(limit) else base.value - sign * rounding(indicator)
        if target.value is not None:
            bound = float(target.value)
        return Criterion(sign, bound, True, base, f"不差于{shown}")
    sign = 1 if target.op == "trend_up" else -1
    bound, inclusive, extra = base.value + sign * rounding(indicator), False, ""
    if sign > 0 and indicator.upper is not None and base.value >= indicator.upper - CEILING_ROOM:
        # at the ceiling nothing can rise: holding the base counts as improved (A10)
        bound, inclusive = base.value - rounding(indicator), True
    elif sign < 0 and indicator.lower is not None and base.value <= indicator.lower + rounding(indicator):
        # nor can anything fall below nothing: staying within the base's own interval counts as held
        bound, inclusive = base.high if np.isfinite(base.high) else base.value, True
        extra = "（基期已为0，不升高即可）"
    if target.floor is not None:
        bound = max(bound, target.floor) if sign > 0 else min(bound, target.floor)
        inclusive = inclusive or bound == target.floor
        extra += f"且{'≥' if sign > 0 else '≤'}{format_value(target.floor, indicator.unit)}"
    return Criterion(sign, bound, inclusive, base, f"较{shown}{'上升' if sign > 0 else '下降'}{extra}")


def _base_ahead(
    target: Target, indicator: Indicator, history: History, base_year: int, settings: Settings
) -> Criterion | None:
    """The base year still lies ahead: compare with its simulated value, future by future."""
    draws = judged_draws(history, base_year, settings)
    if draws is None or target.op not in (*TREND_OPS, "no_worse_than"):
        return None
    sign = {"trend_up": 1, "trend_down": -1}.get(target.op, -1 if indicator.direction == "down" else 1)
    margin = rounding(indicator) * (-1 if target.op == "no_worse_than" else 1)
    bound = draws + sign * margin
    if target.floor is not None:
        bound = np.maximum(bound, target.floor) if sign > 0 else np.minimum(bound, target.floor)
    words = {"trend_up": "上升", "trend_down": "下降"}.get(target.op, "不变差")
    return Criterion(sign, bound, True, None, f"较{base_year}年实际值{words}")


def find_base(
    indicator: Indicator, history: History, base_year: int, settings: Settings, stated: float | None = None
) -> Judged | None:
    """Base value: the one the target states, else the reported one of the base year, else the one that the plan
    prints, else that of the first reported year after it (base established later, A19); None if it lies ahead.
    """
    if stated is not None:
        return Judged(base_year, base_year, float(stated))
    reported = judge_at(history, base_year, settings)
    if reported is not None:
        return reported
    printed = [b for b in indicator.baselines if b.year == base_year]
    if printed:
        return Judged(base_year, base_year, printed[0].value)
    later = history.years[history.trusted & (history.years > base_year)]
    if len(later) and base_year < history.years[history.trusted][0]:
        return judge_at(history, int(later[0]), settings)
    earlier = history.years[history.trusted & (history.years < base_year)]
    if len(earlier) and history.years[-1] > base_year:
        return judge_at(history, int(earlier[-1]), settings)
    return None
