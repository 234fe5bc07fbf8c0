"""What a target asks of one series, in plain Python: its base, changes from it, and the bound that it comes to."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from naive_series import EPS, NAN, Figures, Judged, known

from xhcp_eval.forecast.small_numbers import difference_interval, rate_ratio_interval
from xhcp_eval.forecast.small_numbers import tolerated as tolerated_share

SUREST = 1e-4
SIGNS = {"<=": -1, "<": -1, ">=": 1, ">": 1, "trend_up": 1, "trend_down": -1}
TRENDS, PLAIN = ("trend_up", "trend_down"), ("<=", "<", ">=", ">")


@dataclass
class Bound:
    """point: printed. limit: of a coming year. now: of the latest. futures: a bound for each, where it lies ahead."""

    sign: int
    point: float
    limit: float
    now: float
    inclusive: bool
    held: bool = False
    base: Judged | None = None
    futures: np.ndarray | None = None
    probability: float = NAN

    def meets(self, value, limit):
        """Whether values lie on the wanted side of a limit."""
        distance = self.sign * (value - limit)
        return distance >= -EPS if self.inclusive else distance > EPS


def base_of(f: Figures, target, plan) -> Judged | None:
    """Stated, reported, printed, of the first year after, of the last before; None where it lies ahead."""
    year = plan.base_year if target.op in PLAIN else target.base_year or plan.base_year
    if target.op == "no_worse_than" and target.value is not None:
        return Judged(year, year, target.value)
    usable = f.trusted & f.usual or f.trusted
    if year in usable:
        return f.judged(year, usable=usable)
    for printed in f.indicator.baselines:
        if printed.year == year:
            return Judged(year, year, printed.value)
    before, after = [y for y in usable if y < year], [y for y in usable if y > year]
    if after and not before:
        return f.judged(min(after), usable=usable)
    come = f.last > year or year in f.trusted
    return f.judged(max(before), usable=usable) if before and come else None


def change_from(f: Figures, now: Judged, base: Judged | None, times=1.0):
    """Change, and its limits (None without counts), as shares of the size that changes are measured by."""
    if base is None:
        return NAN, None
    bounded = (
        f.indicator.kind in ("proportion", "index") and math.isfinite(f.lower) and math.isfinite(f.upper)
    )
    size = max(min(base.value - f.lower, f.upper - base.value), 0.0) if bounded else abs(base.value)
    size *= abs(times)

    def per_size(change):
        return change / size if size > 0 else math.copysign(math.inf, change) if change else 0.0

    value = per_size(now.value - times * base.value)
    if not f.counted or now.x is None or base.x is None or now.year == base.year:
        return value, None
    counts = (now.x, now.n, base.x, base.n, f.settings.level)
    if f.share:
        return value, tuple(per_size(f.per * float(v)) for v in difference_interval(*counts, times)[1:])
    if now.x + base.x == 0:
        return value, (-1.0, math.inf)
    return value, tuple(float(v) / times - 1 for v in rate_ratio_interval(*counts)[1:])


def moves(change, least=0.0):
    """Whether a change is surely up, surely down, and surely neither, by more than `least`."""
    value, limits = change
    low, high = limits or (value, value)
    flat = -least < low and high < least if limits else abs(value) <= least
    return low > 0 and value > least, high < 0 and value < -least, flat


def tolerated(f: Figures, base: Judged, cases, sign) -> float:
    """The worst later value that isn't yet significantly worse than the base; half a digit beyond it without counts."""
    if not f.counted or base.x is None or not known(cases) or cases <= 0:
        return base.value - sign * f.rounding
    kind = "proportion" if f.share else "rate"
    return f.per * float(tolerated_share(base.x, base.n, cases, f.settings.level, sign, kind))


def at_the_end(f: Figures, base: Judged, sign) -> bool:
    """Whether nothing better can be had than the base, or nothing that could be told from it."""
    end = f.upper if sign > 0 else f.lower
    if math.isfinite(end) and sign * (end - base.value) <= f.rounding:
        return True
    if not abs(end - base.value) <= 0.02 * (f.upper - f.lower) or not f.share or not f.counted or f.uncertain:
        return False
    best = Judged(base.year + 1, base.year + 1, end, f.cases if sign > 0 else 0.0, f.cases)
    change = change_from(f, best, base)
    return change[1] is not None and not moves(change)[0 if sign > 0 else 1]


def sign_of(f: Figures, target) -> int:
    """+1 at least, -1 at most."""
    if target.op == "relative_change_vs_base":
        return 1 if target.value > 0 else -1
    return SIGNS.get(target.op) or (-1 if f.indicator.direction == "down" else 1)


def bound_of(f: Figures, target, plan, latest: Judged, years) -> Bound | None:
    """Every kind of target reduced to one number and its side; None where there is nothing to compare with.

    years: coming ones that have to meet it.
    """
    op, value, sign = target.op, target.value, sign_of(f, target)
    base = base_of(f, target, plan)
    if op in PLAIN:
        return Bound(sign, value, value, value, "=" in op, base=base)
    if base is None:
        return None if op == "relative_change_vs_base" else base_ahead(f, target, plan, years, sign)
    if op == "relative_change_vs_base":
        point = base.value * (1 + value / 100)
        return Bound(sign, point, point, point, True, base=base)
    held = value is None if op == "no_worse_than" else at_the_end(f, base, sign)
    point = base.value
    limit = now = point + sign * f.rounding if op in TRENDS else point
    if held:
        limit, now = tolerated(f, base, f.cases * f.window, sign), tolerated(f, base, latest.n, sign)
    inclusive = held or op == "no_worse_than"
    if op in TRENDS and target.floor is not None and sign * (target.floor - limit) >= 0:
        point = limit = now = target.floor
        inclusive = True
    return Bound(sign, point, limit, now, inclusive, held, base)


def base_ahead(f: Figures, target, plan, years, sign) -> Bound | None:
    """Future by future, against the simulated value of a base year that hasn't come."""
    drawn = f.future(target.base_year or plan.base_year)
    if drawn is None:
        return None
    bound = drawn + sign * (-1 if target.op == "no_worse_than" else 1) * f.rounding
    if target.floor is not None:
        bound = np.maximum(bound, target.floor) if sign > 0 else np.minimum(bound, target.floor)
    coming = [f.future(year) for year in years]
    met = NAN
    if coming and all(values is not None for values in coming):
        met = np.mean(np.all([sign * (values - bound) >= -EPS for values in coming], axis=0))
        met = min(max(float(met), SUREST), 1 - SUREST)
    point = float(np.median(bound))
    return Bound(sign, point, point, point, True, futures=bound, probability=met)
