"""Chance that a judged value of a coming year meets a bound, by integration in place of simulation.

What `assessment._probability` simulates is a level that moves along the forecast's quantile function of a normal score,
and counts that chance makes of it. One coming year: the law of the count is integrated over the score, cell by cell.
Every year of several: the score is a random walk, so a forward pass over cells multiplies chances (a Markov chain's
forward algorithm, Rabiner 1989, Proc IEEE 77:257). Years pooled: the events of several years along a path are Poisson
with the sum of their means, whose exact tail is averaged over quasi-random paths.
"""

from __future__ import annotations

import numpy as np

from xhcp_eval.province.ahead import CELLS, Ahead, past_counts, simulate, weights
from xhcp_eval.province.cells import (
    NODES,
    ONE_YEAR,
    PATHS,
    SHARES,
    WALK,
    cells,
    pooled_scores,
    tail,
    transition,
)
from xhcp_eval.province.windows import two_year_windows

CHUNK = 40_000
TOLERANCE = 1e-9


def threshold(sign: np.ndarray, bound: np.ndarray, inclusive: np.ndarray) -> np.ndarray:
    """The value from which on a bound is met (sign +1), or no longer met (sign -1); see `Criterion.met`."""
    return bound - np.where(inclusive, sign, -sign) * TOLERANCE


def chance_each_cell(
    future: Ahead, rows: np.ndarray, ahead: np.ndarray, sign: np.ndarray, limit: np.ndarray, width: float
) -> np.ndarray:
    """Chance of meeting a bound in one coming year by cell of the score, (m, n_cells).

    rows: (m,) series judged by a single coming year. ahead: (m,) years from the last figure, at least 1. sign, limit:
    (m,) from `threshold`. width: of a cell.
    """
    block = future.block
    edges = future.level(rows, ahead) @ weights(cells(width)[0])
    counted = block.counted[rows]
    found = np.empty((len(rows), edges.shape[1] - 1))
    plain = ~counted
    found[plain] = _level_reaches(future, rows[plain], edges[plain], limit[plain])
    if counted.any():
        years = block.years[block.last[rows[counted]]] + ahead[counted]
        found[counted] = _count_reaches(future, rows[counted], years, edges[counted], limit[counted])
    found = np.where(sign[:, None] > 0, found, 1 - found)
    return np.where(np.isfinite(limit)[:, None], found, 0.0)


def _level_reaches(future: Ahead, rows: np.ndarray, edges: np.ndarray, limit: np.ndarray) -> np.ndarray:
    """Share of each cell in which the level is at least the limit."""
    facts, which = future.block.facts, future.block.indicator[rows]
    left, right, limit = edges[:, :-1], edges[:, 1:], limit[:, None]
    rise = right - left
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(rise > 0, np.clip((right - limit) / rise, 0, 1), right >= limit)
    share = np.where(limit <= facts.lower[which][:, None], 1.0, share)
    return np.where(limit > facts.upper[which][:, None], 0.0, share)


def needed_events(
    future: Ahead, rows: np.ndarray, years: np.ndarray, coming: np.ndarray | int, limit: np.ndarray
) -> np.ndarray:
    """Fewest coming events that bring the judged value of a year to the limit, (m,). coming: years still to come."""
    block = future.block
    past_x, past_n = past_counts(block, rows, years)
    cases = coming * block.cases[rows] + past_n
    return np.ceil(limit * cases / block.per[rows]) - past_x


def _count_reaches(
    future: Ahead, rows: np.ndarray, years: np.ndarray, edges: np.ndarray, limit: np.ndarray
) -> np.ndarray:
    """Chance in each cell that enough events are counted; exact law of the count, integrated where it is open."""
    block, facts = future.block, future.block.facts
    which = block.indicator[rows]
    cases, part = block.cases[rows], facts.kind[which] == "proportion"
    need = needed_events(future, rows, years, 1, limit)
    people = np.where(part, np.round(cases), np.inf)
    scale = np.where(part, people, cases) / block.per[rows]
    lowest, highest = facts.lower[which] * scale, np.minimum(facts.upper[which] * scale, people)
    # on the scale of expected events; a share's events can't pass the people
    expected = edges * scale[:, None]
    low, high = _open_stretch(need, people)
    left, right = expected[:, :-1], expected[:, 1:]
    found = (left >= high[:, None]).astype(float)
    at, cell = np.nonzero((right > low[:, None]) & (left < high[:, None]))
    a, rise = left[at, cell], right[at, cell] - left[at, cell]
    with np.errstate(invalid="ignore", divide="ignore"):
        start = np.where(rise > 0, np.clip((low[at] - a) / rise, 0, 1), 0.0)
        stop = np.where(rise > 0, np.clip((high[at] - a) / rise, 0, 1), 1.0)
    mean = a[:, None] + rise[:, None] * (start[:, None] + (stop - start)[:, None] * NODES)
    mean = np.clip(mean, np.maximum(lowest[at], 0)[:, None], highest[at][:, None])
    chance = tail(need[at][:, None], mean, people[at][:, None])
    found[at, cell] = (chance @ SHARES) * (stop - start) + (1 - stop)
    settled = (need <= 0) | (need > people)
    return np.where(settled[:, None], (need <= 0)[:, None], found)


def _open_stretch(need: np.ndarray, people: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Expected events between which reaching `need` is neither sure nor out of the question (chance 1e-8 beyond)."""
    low, high = _gamma_reach(need)
    spare_low, spare_high = _gamma_reach(people - need + 1)
    with np.errstate(invalid="ignore"):
        # without a bound to the people nothing is spared; inf - inf is no limit
        return np.fmax(low, people - spare_high), np.fmin(high, people - spare_low)


def _gamma_reach(shape: np.ndarray, scores: float = 5.6) -> tuple[np.ndarray, np.ndarray]:
    """Outer quantiles of a Gamma by the cube root approximation (Wilson & Hilferty 1931, PNAS 17:684), widened by one."""
    with np.errstate(invalid="ignore", divide="ignore"):
        a = np.maximum(shape, 1.0)
        middle, spread = 1 - 1 / (9 * a), scores / (3 * np.sqrt(a))
        low, high = a * np.maximum(middle - spread, 0) ** 3, a * (middle + spread) ** 3
    return np.maximum(low - 1, -1.0), high + 1


def chance(
    future: Ahead, rows: np.ndarray, first: np.ndarray, end: np.ndarray, sign: np.ndarray, limit: np.ndarray
) -> np.ndarray:
    """Chance that each series meets its bound in every year from `first` to `end`, (m,); NaN where it can't be known.

    rows: (m,) series, -1 for none. first, end: (m,) calendar years, equal where only one decides. sign, limit: from
    `threshold`.
    """
    block = future.block
    start, stop = future.years_ahead(rows, first), future.years_ahead(rows, end)
    found = np.full(len(rows), np.nan)
    able = np.flatnonzero((start > 0) & (stop > 0))
    one = (start == stop)[able]
    pooled = (np.minimum(block.window[rows[able]], stop[able]) > 1) & block.counted[rows[able]]
    share = block.facts.kind[block.indicator[rows[able]]] == "proportion"
    summed = pooled & one & ~share
    paired = pooled & share & (block.window[rows[able]] == 2) & (one | (start[able] == 1))
    routes = (
        (~pooled & one, _one_year), (~pooled & ~one, _chain), (summed, _pooled), (paired, two_year_windows),
        (pooled & ~summed & ~paired, _simulated),
    )  # fmt: skip
    for chosen, route in routes:
        mine = able[chosen]
        for k in range(0, len(mine), CHUNK):
            m = mine[k : k + CHUNK]
            found[m] = route(future, rows[m], start[m], stop[m], sign[m], limit[m])
    return found


def _one_year(future, rows, start, stop, sign, limit) -> np.ndarray:
    """A single coming year: chances by cell, weighted with the cells' masses."""
    return chance_each_cell(future, rows, stop, sign, limit, ONE_YEAR) @ cells(ONE_YEAR)[1]


def _chain(future, rows, start, stop, sign, limit) -> np.ndarray:
    """Every year in turn: mass that has met the bound so far, passed on from cell to cell."""
    _, masses = cells(WALK)
    mass = np.empty((len(rows), len(masses)))
    for ahead in range(int(start.min()), int(stop.max()) + 1):
        here = np.flatnonzero((start <= ahead) & (ahead <= stop))
        before = start[here] < ahead
        mass[here[~before]] = masses
        if before.any():
            mass[here[before]] = mass[here[before]] @ transition(ahead - 1, WALK)
        steps = np.full(len(here), ahead)
        mass[here] *= chance_each_cell(future, rows[here], steps, sign[here], limit[here], WALK)
    return mass.sum(axis=1)


def _pooled(future, rows, start, stop, sign, limit) -> np.ndarray:
    """Events of the last years pooled: the exact Poisson tail, averaged over quasi-random paths."""
    block, facts = future.block, future.block.facts
    width = np.minimum(block.window[rows], stop)
    found = np.empty(len(rows))
    for ahead, wide in np.unique(np.stack([stop, width]), axis=1).T:
        mine = np.flatnonzero((stop == ahead) & (width == wide))
        series = rows[mine]
        which = block.indicator[series]
        total = np.zeros((len(mine), PATHS))
        for h, score in zip(
            range(ahead - wide + 1, ahead + 1), pooled_scores(int(ahead), int(wide)), strict=True
        ):
            level = future.level(series, h) @ weights(score)
            total += np.clip(level, np.maximum(facts.lower[which], 0)[:, None], facts.upper[which][:, None])
        total *= (block.cases[series] / block.per[series])[:, None]
        years = block.years[block.last[series]] + ahead
        need = needed_events(future, series, years, wide, limit[mine])
        reached = tail(need[:, None], total, np.inf).mean(axis=1)
        found[mine] = np.where(np.isfinite(need), np.where(sign[mine] > 0, reached, 1 - reached), 0.0)
    return found


def _simulated(future, rows, start, stop, sign, limit) -> np.ndarray:
    """Windows of three years that overlap: counts drawn along paths, as `judged_draws` does."""
    settings, last = future.block.settings, future.block.years[future.block.last[rows]]
    found = np.full(len(rows), np.nan)
    if not future.simulates:
        return found
    for first, end in np.unique(np.stack([last + start, last + stop]), axis=1).T:
        years = np.arange(first, end + 1)
        mine = np.flatnonzero((last + start == first) & (last + stop == end))
        step = max(1, CELLS // (settings.draws * len(years)))
        for k in range(0, len(mine), step):
            m = mine[k : k + step]
            drawn = simulate(future, rows[m], years, settings.draws, settings.seed)
            reached = drawn >= limit[m][:, None, None]
            met = np.where(sign[m][:, None, None] > 0, reached, drawn < limit[m][:, None, None])
            found[m] = met.all(axis=2).mean(axis=1)
    return found
