"""The bound of every pair of region and target: `criterion.make_criterion` over arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from xhcp_eval.criterion import CEILING_ROOM
from xhcp_eval.province.ahead import CELLS, Ahead, simulate
from xhcp_eval.province.chances import TOLERANCE
from xhcp_eval.province.facts import Demands
from xhcp_eval.province.judged import Values, base_of, intervals
from xhcp_eval.province.series import Block


@dataclass(frozen=True)
class Bounds:
    """All arrays (m,). point: the bound (median where it is simulated), NaN where there is nothing to compare with.
    hardest: the farthest simulated bound, `point` otherwise. simulated: the base year itself lies ahead. base: judged
    value of the base year. share: of simulated bounds that the latest value meets (NaN: not simulated). probability:
    of the simulated ones.
    """

    point: np.ndarray
    hardest: np.ndarray
    inclusive: np.ndarray
    base: Values
    simulated: np.ndarray
    share: np.ndarray
    probability: np.ndarray

    def met(self, sign: np.ndarray, values: np.ndarray, every: bool = False) -> np.ndarray:
        """Whether values meet the bound (by at least half of the simulated bounds, or by `every` one), (m,)."""
        distance = sign * (values - (self.hardest if every else self.point))
        plain = np.where(self.inclusive, distance >= -TOLERANCE, distance > TOLERANCE)
        return plain if every else np.where(self.simulated, self.share >= 0.5, plain)


def bounds_of(future: Ahead, main: np.ndarray, demand: Demands, latest: Values) -> Bounds:
    """Bounds of pairs. main: (m,) series, all >= 0. demand: (m,) each. latest: judged values of now."""
    block = future.block
    base = base_of(block, main, demand)
    point, inclusive = _known(block, demand, base)
    lost = ~demand.plain & ~base.known
    simulated = lost & (demand.trend | (demand.op == "no_worse_than"))
    point[lost] = np.nan
    hardest, share, probability = point.copy(), *np.full((2, len(main)), np.nan)
    at = np.flatnonzero(simulated)
    if len(at):
        found = _ahead(future, main[at], demand.take(at), latest.year[at], latest.value[at])
        point[at], hardest[at], share[at], probability[at] = found
        inclusive[at] = True
    return Bounds(point, hardest, inclusive, base, simulated, share, probability)


def _known(block: Block, demand: Demands, base: Values) -> tuple[np.ndarray, np.ndarray]:
    """Bounds against a base that is known, see `criterion._against_base`."""
    facts, which, sign = block.facts, demand.indicator, demand.sign
    margin, inclusive = facts.rounding[which], demand.inclusive.copy()
    at_bottom = base.value <= facts.lower[which] + margin
    at_bottom &= np.isfinite(facts.lower[which]) & demand.trend & (sign < 0)
    held = (demand.op == "no_worse_than") & ~demand.stated
    low, high = intervals(block, base, held | at_bottom)
    limit = np.where(sign > 0, low, high)
    point = np.where(demand.plain, demand.value, base.value + sign * margin)
    relative = demand.op == "relative_change_vs_base"
    point = np.where(relative, base.value * (1 + np.where(relative, demand.value, 0.0) / 100), point)
    point = np.where(held, np.where(np.isfinite(limit), limit, base.value - sign * margin), point)
    point = np.where(demand.stated, demand.value, point)
    at_top = np.isfinite(facts.upper[which]) & (base.value >= facts.upper[which] - CEILING_ROOM)
    at_top &= demand.trend & (sign > 0)
    point = np.where(at_top, base.value - margin, point)
    point = np.where(at_bottom, np.where(np.isfinite(high), high, base.value), point)
    inclusive |= at_top | at_bottom
    floored = demand.trend & np.isfinite(demand.floor)
    stricter = np.where(sign > 0, np.fmax(point, demand.floor), np.fmin(point, demand.floor))
    point = np.where(floored, stricter, point)
    return point, inclusive | (floored & (point == demand.floor))


def _ahead(
    future: Ahead, main: np.ndarray, demand: Demands, now: np.ndarray, value: np.ndarray
) -> np.ndarray:
    """Bounds that are simulated, see `criterion._base_ahead`: point, hardest, share met now, probability, (4, m)."""
    settings, margin = future.block.settings, future.block.facts.rounding[demand.indicator]
    found = np.full((4, len(main)), np.nan)
    kinds = np.stack([demand.base_year, demand.end, demand.keep, now]).astype(int)
    for base_year, end, keep, latest in np.unique(kinds, axis=1).T:
        mine = np.flatnonzero((kinds == np.array([[base_year], [end], [keep], [latest]])).all(axis=0))
        years = np.append(base_year, np.arange(latest + 1, end + 1) if keep else [end])
        step = max(1, CELLS // (settings.draws * len(years)))
        for k in range(0, len(mine), step):
            m = mine[k : k + step]
            drawn = simulate(future, main[m], years, settings.draws, settings.seed)
            sign = demand.sign[m][:, None]
            shift = np.where(demand.op[m] == "no_worse_than", -1, 1) * margin[m]
            bound = drawn[:, :, 0] + sign * shift[:, None]
            floor = demand.floor[m][:, None]
            bound = np.where(
                np.isnan(bound), np.nan, np.where(sign > 0, np.fmax(bound, floor), np.fmin(bound, floor))
            )
            met = (sign[..., None] * (drawn[:, :, 1:] - bound[..., None]) >= -TOLERANCE).all(axis=2)
            hard = np.where(sign[:, 0] > 0, bound.max(axis=1), bound.min(axis=1))
            share = (sign * (value[m][:, None] - bound) >= -TOLERANCE).mean(axis=1)
            unknown = np.isnan(drawn).any(axis=(1, 2)) | (len(years) == 1)
            found[:, m] = np.median(bound, axis=1), hard, share, np.where(unknown, np.nan, met.mean(axis=1))
    return found
