"""Chance that a judged value of a coming year meets a bound, by integration in place of simulation.

A level moves along the forecast's quantile function of a normal score, and chance makes counts of it. One coming year:
the law of the count is integrated over the score, cell by cell. Every year of several: the score is a random walk with
noise of each year, so a forward pass over cells of the walk multiplies chances (a Markov chain's forward algorithm,
Rabiner 1989, Proc IEEE 77:257). Years pooled: the events of several years along a path are Poisson with the sum of their
means, whose exact tail is averaged over quasi-random paths.
"""

from __future__ import annotations

import numpy as np

from xhcp_eval.verdict.cells import (
    NODES,
    ONE_YEAR,
    PATHS,
    SHARES,
    WALK,
    blurred,
    cells,
    pooled_scores,
    tail,
    transition,
)
from xhcp_eval.verdict.forecasts import CELLS, Forecasts, simulate, weights
from xhcp_eval.verdict.questions import Question, needed_events
from xhcp_eval.verdict.series import Block
from xhcp_eval.verdict.windows import two_year_windows

CHUNK = 40_000
# No forecast is surer than this; nor is it of anything that it holds impossible.
SUREST = 1e-4


def chance_each_cell(future: Forecasts, asked: Question, ahead: np.ndarray, width: float) -> np.ndarray:
    """Chance of meeting a bound in one coming year by cell of the score, (m, n_cells).

    asked: of series judged by a single coming year. ahead: (m,) years from the last figure. width: of a cell.
    """
    block, rows, limit = future.block, asked.rows, asked.limit
    edges = future.level(rows, ahead) @ weights(cells(width)[0])
    counted = block.counted[rows]
    found = np.empty_like(edges[:, 1:])
    plain = ~counted
    whole = _whole(block, rows[plain], limit[plain])
    found[plain] = _level_reaches(future, rows[plain], edges[plain], whole)
    if counted.any():
        found[counted] = _count_reaches(future, asked.take(counted), ahead[counted], edges[counted])
    found = np.where(asked.sign[:, None] > 0, found, 1 - found)
    return np.where(np.isfinite(limit)[:, None], found, 0.0)


def _whole(block: Block, rows: np.ndarray, limit: np.ndarray) -> np.ndarray:
    """The level from which on a census of units reports the limit, (m,): of 46 schools none is reported by halves."""
    which = block.indicator[rows]
    places = block.facts.kind[which] == "count"
    one = block.facts.census[which] & (places | block.with_counts[rows])
    unit = np.where(one & ~places, block.per[rows] / block.cases[rows], 1.0)
    return np.where(one, (np.ceil(limit / unit) - 0.5) * unit, limit)


def _level_reaches(future: Forecasts, rows: np.ndarray, edges: np.ndarray, limit: np.ndarray) -> np.ndarray:
    """Share of each cell in which the level is at least the limit."""
    facts, which = future.block.facts, future.block.indicator[rows]
    left, right, limit = edges[:, :-1], edges[:, 1:], limit[:, None]
    rise = right - left
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(rise > 0, np.clip((right - limit) / rise, 0, 1), right >= limit)
    share = np.where(limit <= facts.lower[which][:, None], 1.0, share)
    return np.where(limit > facts.upper[which][:, None], 0.0, share)


def _count_reaches(future: Forecasts, asked: Question, ahead: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Chance in each cell that enough events are counted; exact law of the count, integrated where it is open."""
    block, facts, rows = future.block, future.block.facts, asked.rows
    which = block.indicator[rows]
    cases, part = block.cases[rows], block.share[rows]
    need = needed_events(future, asked, ahead, 1)
    people = np.where(part, np.round(cases), np.inf)
    scale = np.where(part, people, cases) / block.per[rows]
    lowest, highest = facts.lower[which] * scale, np.minimum(facts.upper[which] * scale, people)
    # on the scale of expected events; a share's events can't pass the people
    expected = edges * scale[:, None]
    low, high = _open_stretch(need, people)
    # a level held at an end of its scale within the stretch leaves no cell settled beyond that end
    low, high = np.where(lowest > low, -np.inf, low), np.where(highest < high, np.inf, high)
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
    future: Forecasts,
    rows: np.ndarray,
    first: np.ndarray,
    end: np.ndarray,
    sign: np.ndarray,
    limit: np.ndarray,
    since: np.ndarray | int = 0,
) -> np.ndarray:
    """Chance that each series meets its bound in every year from `first` to `end`, (m,); NaN where it can't be known.

    rows: (m,) series, -1 for none. first, end: (m,) calendar years, equal where only one decides. sign, limit: from
    `threshold`. since: first year that pooled values may reach back to, (m,) or one for all. Never surer than `SUREST`.
    """
    block = future.block
    start, stop = future.years_ahead(rows, first), future.years_ahead(rows, end)
    found = np.full(len(rows), np.nan)
    able = np.flatnonzero((start > 0) & (stop > 0))
    since = np.broadcast_to(since, rows.shape)
    asked = Question(rows, start, stop, sign, limit, since).take(able)
    one = asked.start == asked.stop
    pooled = (future.coming(asked.rows, asked.stop, asked.since) > 1) & block.counted[asked.rows]
    share = block.share[asked.rows]
    summed = pooled & one & ~share
    paired = pooled & share & (block.window[asked.rows] == 2) & (one | (asked.start == 1))
    routes = (
        (~pooled & one, _one_year), (~pooled & ~one, _chain), (summed, _pooled), (paired, two_year_windows),
        (pooled & ~summed & ~paired, _simulated),
    )  # fmt: skip
    for chosen, route in routes:
        mine = np.flatnonzero(chosen)
        for k in range(0, len(mine), CHUNK):
            m = mine[k : k + CHUNK]
            found[able[m]] = route(future, asked.take(m))
    return np.clip(found, SUREST, 1 - SUREST)


def _one_year(future: Forecasts, asked: Question) -> np.ndarray:
    """A single coming year: chances by cell, weighted with the cells' masses."""
    return chance_each_cell(future, asked, asked.stop, ONE_YEAR) @ cells(ONE_YEAR)[1]


def _chain(future: Forecasts, asked: Question) -> np.ndarray:
    """Every year in turn: mass that has met the bound so far, passed on from cell to cell of the walk."""
    _, masses = cells(WALK)
    mass, noise = np.empty((len(asked), len(masses))), future.noise(asked.rows)
    for ahead in range(int(asked.start.min()), int(asked.stop.max()) + 1):
        here = np.flatnonzero((asked.start <= ahead) & (ahead <= asked.stop))
        before = asked.start[here] < ahead
        mass[here[~before]] = masses
        if before.any():
            mass[here[before]] = mass[here[before]] @ transition(ahead - 1, WALK)
        reached = chance_each_cell(future, asked.take(here), np.full(len(here), ahead), WALK)
        for share in np.unique(noise[here]):
            mine = noise[here] == share
            mass[here[mine]] *= reached[mine] @ blurred(WALK, float(share)).T if share else reached[mine]
    return mass.sum(axis=1)


def _pooled(future: Forecasts, asked: Question) -> np.ndarray:
    """Events of the last years pooled: the exact Poisson tail, averaged over quasi-random paths."""
    block, facts = future.block, future.block.facts
    width = future.coming(asked.rows, asked.stop, asked.since)
    found = np.empty(len(asked))
    noises = future.noise(asked.rows)
    for ahead, wide, noise in np.unique(np.stack([asked.stop, width, noises]), axis=1).T:
        mine = np.flatnonzero((asked.stop == ahead) & (width == wide) & (noises == noise))
        some, ahead, wide = asked.take(mine), int(ahead), int(wide)
        which = block.indicator[some.rows]
        total = np.zeros((len(mine), PATHS))
        for h, score in zip(
            range(ahead - wide + 1, ahead + 1), pooled_scores(ahead, wide, float(noise)), strict=True
        ):
            level = future.level(some.rows, h) @ weights(score)
            total += np.clip(level, np.maximum(facts.lower[which], 0)[:, None], facts.upper[which][:, None])
        total *= (block.cases[some.rows] / block.per[some.rows])[:, None]
        need = needed_events(future, some, some.stop, wide)
        reached = tail(need[:, None], total, np.inf).mean(axis=1)
        found[mine] = np.where(np.isfinite(need), np.where(some.sign > 0, reached, 1 - reached), 0.0)
    return found


def _simulated(future: Forecasts, asked: Question) -> np.ndarray:
    """Windows of three years that overlap: counts drawn along paths."""
    last = future.block.years[future.block.last[asked.rows]]
    found = np.full(len(asked), np.nan)
    kinds = np.stack([last + asked.start, last + asked.stop, asked.since])
    for first, end, since in np.unique(kinds, axis=1).T:
        years = np.arange(first, end + 1)
        mine = np.flatnonzero((kinds == np.array([[first], [end], [since]])).all(axis=0))
        step = max(1, CELLS // (future.block.settings.draws * len(years)))
        for k in range(0, len(mine), step):
            m = mine[k : k + step]
            drawn = simulate(future, asked.rows[m], years, int(since))
            limit, up = asked.limit[m][:, None, None], asked.sign[m][:, None, None] > 0
            met = np.where(up, drawn >= limit, drawn < limit)
            found[m] = met.all(axis=2).mean(axis=1)
    return found
