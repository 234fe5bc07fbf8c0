"""The bound of every pair of region and target: every kind of target reduced to one number and its side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from xhcp_eval.verdict.changes import change_from, tolerated_value
from xhcp_eval.verdict.demands import Demands
from xhcp_eval.verdict.forecasts import CELLS, Forecasts, simulate
from xhcp_eval.verdict.judged import Values, base_of
from xhcp_eval.verdict.series import Block

NEAR_END = 0.02  # of the scale
TOLERANCE = 1e-9  # figures are stored with four decimals, so differences below that are not differences


@dataclass(frozen=True)
class Bounds:
    """All arrays (m,). point: the bound that is printed and that gaps are measured by (median where it is simulated), NaN
    where there is nothing to compare with. limit: the value from which on a coming year meets the target; now: the one
    from which on the latest value does. Both are `point` but for targets against a base, where a rise is more than
    rounding and holding leaves room for chance. inclusive: the limit itself meets it. held: only a fall behind the base
    fails, be it that no more is asked for or that no more can be had. base: judged value of the base year.
    simulated: the base year itself lies ahead. easiest: the nearest simulated bound, `limit` otherwise. share: of
    simulated bounds that the latest value meets. probability: of the simulated ones.
    """

    point: np.ndarray
    limit: np.ndarray
    now: np.ndarray
    inclusive: np.ndarray
    held: np.ndarray
    base: Values
    simulated: np.ndarray
    easiest: np.ndarray
    share: np.ndarray
    probability: np.ndarray

    def met(self, sign: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Whether latest values meet the bound (of simulated ones at least half), (m,)."""
        return np.where(self.simulated, self.share >= 0.5, reaches(sign, values, self.now, self.inclusive))

    def within(self, sign: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Whether values satisfy the bound as it is printed, without any tolerance, (m,)."""
        return reaches(sign, values, self.point, self.inclusive)


def reaches(sign: np.ndarray, values: np.ndarray, limit: np.ndarray, inclusive: np.ndarray) -> np.ndarray:
    """Whether values lie on the wanted side of a limit; shapes broadcast. sign: +1 at least, -1 at most."""
    distance = sign * (values - limit)
    return np.where(inclusive, distance >= -TOLERANCE, distance > TOLERANCE)


def bounds_of(future: Forecasts, main: np.ndarray, demand: Demands, latest: Values) -> Bounds:
    """Bounds of pairs. main: (m,) series, all >= 0. demand: (m,) each. latest: judged values of now."""
    block = future.block
    base = base_of(block, main, demand)
    held = _held(block, base, demand)
    point, limit, now, inclusive = _against_base(block, main, demand, base, latest, held)
    lost = ~demand.plain & ~base.known
    simulated = lost & (demand.trend | demand.no_worse)
    for part in (point, limit, now):
        part[lost] = np.nan
    easiest, share, probability = limit.copy(), *np.full((2, len(main)), np.nan)
    at = np.flatnonzero(simulated)
    if len(at):
        found = _base_ahead(future, main[at], demand.take(at), latest.year[at], latest.value[at])
        point[at], easiest[at], share[at], probability[at] = found
        limit[at], now[at], inclusive[at] = point[at], point[at], True
    return Bounds(point, limit, now, inclusive, held, base, simulated, easiest, share, probability)


def _held(block: Block, base: Values, demand: Demands) -> np.ndarray:
    """Targets that only a fall behind the base fails, (m,).

    A trend is held where no more can be had (A10): the base stands at the end of the scale, or so near (`NEAR_END`) that
    even the end itself couldn't be told from it. Where counts are few nothing can be told, which is no end.
    """
    facts, which, sign, rows = block.facts, demand.indicator, demand.sign, base.rows
    end = np.where(sign > 0, facts.upper[which], facts.lower[which])
    at_end = np.isfinite(end) & (sign * (end - base.value) <= facts.rounding[which])
    cases = block.cases[rows]
    near = np.abs(end - base.value) <= NEAR_END * (facts.upper[which] - facts.lower[which])
    drawn = near & block.share[rows] & block.counted[rows] & ~block.uncertain[rows]
    best = Values(
        rows=rows, year=base.year + 1, first_year=base.year + 1, years=np.ones(len(rows)), value=end,
        numerator=np.where(drawn, np.where(sign > 0, cases, 0.0), np.nan), denominator=cases,
    )  # fmt: skip
    change = change_from(block, best, base)
    at_end |= change.told & ~np.where(sign > 0, change.rises(), change.falls())
    return (demand.no_worse & ~demand.stated) | (demand.trend & at_end)


def _against_base(
    block: Block, main: np.ndarray, demand: Demands, base: Values, latest: Values, held: np.ndarray
) -> tuple[np.ndarray, ...]:
    """Point, limit of a coming year, limit of now, and whether the limit itself counts, (m,) each."""
    sign, margin = demand.sign, block.facts.rounding[demand.indicator]
    point = np.where(demand.plain | demand.stated, demand.value, base.value)
    point = np.where(demand.relative, base.value * (1 + np.nan_to_num(demand.value) / 100), point)
    limit = np.where(demand.trend, base.value + sign * margin, point)
    now, inclusive = limit.copy(), demand.inclusive | held
    at = np.flatnonzero(held & base.known)
    if len(at):
        mine = Values(**{name: part[at] for name, part in vars(base).items()})
        rows = main[at]
        coming = block.cases[rows] * block.window[rows]
        limit[at] = tolerated_value(block, rows, mine, coming, sign[at])
        now[at] = tolerated_value(block, rows, mine, latest.denominator[at], sign[at])
    floored = demand.trend & np.isfinite(demand.floor)
    # "on this basis" adds a floor: the stricter of the two holds, and on the floor itself it is met
    behind = floored & (sign * (demand.floor - limit) >= 0)
    for part in (point, limit, now):
        part[behind] = demand.floor[behind]
    return point, limit, now, inclusive | behind


def _base_ahead(
    future: Forecasts, main: np.ndarray, demand: Demands, now: np.ndarray, value: np.ndarray
) -> np.ndarray:
    """Bounds whose base year still lies ahead, simulated: point, easiest, share met now, probability, (4, m)."""
    block = future.block
    found = np.full((4, len(main)), np.nan)
    first = np.where(demand.keep, np.maximum(now + 1, demand.start), demand.end)
    kinds = np.stack([demand.base_year, first, demand.end]).astype(int)
    for kind in np.unique(kinds, axis=1).T:
        mine = np.flatnonzero((kinds == kind[:, None]).all(axis=0))
        years = np.append(kind[0], np.arange(kind[1], kind[2] + 1))
        step = max(1, CELLS // (block.settings.draws * len(years)))
        for k in range(0, len(mine), step):
            m = mine[k : k + step]
            drawn = simulate(future, main[m], years)
            sign = demand.sign[m][:, None]
            shift = np.where(demand.no_worse[m], -1, 1) * block.facts.rounding[demand.indicator[m]]
            bound = drawn[:, :, 0] + sign * shift[:, None]
            floor = demand.floor[m][:, None]
            stricter = np.where(sign > 0, np.fmax(bound, floor), np.fmin(bound, floor))
            bound = np.where(np.isnan(bound), np.nan, stricter)
            met = (sign[..., None] * (drawn[:, :, 1:] - bound[..., None]) >= -TOLERANCE).all(axis=2)
            easy = np.where(sign[:, 0] > 0, bound.min(axis=1), bound.max(axis=1))
            share = (sign * (value[m][:, None] - bound) >= -TOLERANCE).mean(axis=1)
            unknown = np.isnan(drawn).any(axis=(1, 2)) | (len(years) == 1)
            found[:, m] = np.median(bound, axis=1), easy, share, np.where(unknown, np.nan, met.mean(axis=1))
    return found
