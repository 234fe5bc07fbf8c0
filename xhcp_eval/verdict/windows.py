"""Chance that shares pooled over two years meet a bound, in every year or in one: windows that overlap, worked out exactly.

Along a path of the level the counts of the years are binomial, and the windows of two years one after another tie each
count to the last one only: a forward pass over counts multiplies chances (a Markov chain's forward algorithm, Rabiner
1989, Proc IEEE 77:257). What the level's paths leave open is averaged over quasi-random ones.
"""

from __future__ import annotations

import numpy as np

from xhcp_eval.verdict.cells import pooled_scores
from xhcp_eval.verdict.forecasts import CELLS, Forecasts, weights
from xhcp_eval.verdict.questions import Question, needed_events

PATHS = 256  # of those of `pooled_scores`
WIDTH = 2


def two_year_windows(future: Forecasts, asked: Question) -> np.ndarray:
    """Chance that the pooled share meets its bound in every year from `start` to `stop` ahead, (m,).

    asked: of series of shares that are judged by two years together; start is 1, or `stop` where only one year decides.
    """
    found = np.empty(len(asked))
    noises = future.noise(asked.rows)
    for first, last, noise in np.unique(np.stack([asked.start, asked.stop, noises]), axis=1).T:
        mine = np.flatnonzero((asked.start == first) & (asked.stop == last) & (noises == noise))
        step = CELLS // (PATHS * 64)
        for k in range(0, len(mine), step):
            m = mine[k : k + step]
            found[m] = _chance(future, asked.take(m), int(first), int(last), float(noise))
    return found


def _chance(future: Forecasts, asked: Question, first: int, last: int, noise: float) -> np.ndarray:
    """Forward pass over the counts that have to stay few: events where the share may not rise, else those missing."""
    rows = asked.rows
    people = np.round(future.block.cases[rows]).astype(int)
    years = range(max(1, last - 1) if first == last else 1, last + 1)
    most = {ahead: _most(future, asked, ahead, people) for ahead in years}
    judged = [most[ahead] for ahead in years if ahead >= first]
    size = int(np.clip(np.minimum(np.max(judged, axis=0), people).max(), 0, None)) + 1
    counts = np.arange(size)
    ways = _log_ways(people, counts)
    scores = pooled_scores(last, last, noise)[:, :PATHS]
    below = None
    for ahead in years:
        mass = _masses(future, rows, ahead, scores[ahead - 1], asked.sign, people, counts, ways)
        if below is not None:
            # what the year before leaves to this one
            spare = most[ahead][:, None] - counts if ahead >= first else np.full((len(rows), size), size)
            at = np.clip(spare, -1, size - 1)
            mass *= np.where((at >= 0)[:, None, :], _at(below, np.maximum(at, 0)), 0.0)
        elif ahead >= first:
            mass *= (counts <= most[ahead][:, None])[:, None, :]
        below = np.cumsum(mass, axis=2)
    assert below is not None, "there is a year at least"
    return below[:, :, -1].mean(axis=1)


def _at(below: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Sums up to a count, (m, paths, size). at: (m, size)."""
    return np.take_along_axis(below, np.broadcast_to(at[:, None, :], below.shape), axis=2)


def _most(future: Forecasts, asked: Question, ahead: int, people: np.ndarray) -> np.ndarray:
    """Most counts of the last two years that are not too many, (m,), whole numbers; -1 where none is few enough."""
    coming = min(ahead, WIDTH)
    with np.errstate(invalid="ignore"):
        need = needed_events(future, asked, np.full(len(asked), ahead), coming)
    few = np.where(asked.sign > 0, coming * people - need, need - 1)
    few = np.where(np.isfinite(few), few, -1)
    return np.clip(few, -1, coming * people).astype(int)


def _log_ways(people: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Logarithm of binomial coefficients, (m, size); minus infinity beyond the people."""
    from scipy.special import gammaln

    rest = people[:, None] - counts
    with np.errstate(invalid="ignore"):
        found = gammaln(people + 1.0)[:, None] - gammaln(counts + 1.0) - gammaln(np.maximum(rest, 0) + 1.0)
    return np.where(rest >= 0, found, -np.inf)


def _masses(future, rows, ahead: int, score, sign, people, counts, ways) -> np.ndarray:
    """Binomial masses of a year's counts along each path, (m, paths, size). score: (paths,) of that year."""
    block, facts = future.block, future.block.facts
    which = block.indicator[rows]
    level = future.level(rows, ahead) @ weights(score)
    level = np.clip(level, np.maximum(facts.lower[which], 0)[:, None], facts.upper[which][:, None])
    share = np.clip(level / block.per[rows][:, None], 1e-12, 1 - 1e-12)
    share = np.where(sign[:, None] > 0, 1 - share, share)
    odds = np.log(share) - np.log1p(-share)
    start = ways[:, None, :] + (people[:, None] * np.log1p(-share))[:, :, None]
    return np.exp(start + odds[:, :, None] * counts)
