"""Forecasts of a block's series, and values simulated from them: `judged_draws` for many series at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from xhcp_eval.panel import Panel
from xhcp_eval.projection import LEVELS, project_panel, trend_model
from xhcp_eval.province.judged import judge
from xhcp_eval.province.series import Block, last_position

# Simulated values held at a time: what fits the cache is quickest.
CELLS = 1_000_000


@dataclass(frozen=True)
class Ahead:
    """Forecasts of the level. block: the series. quantiles: (n_forecast, horizon, n_levels), first year after the
    last usual one. place: (n,) position in `quantiles`, -1 without forecast. skipped: (n,) years between the last
    usual and the last year seen. end: last year projected to. simulates: chances that can't be integrated are
    simulated for the whole block; else they are left missing.
    """

    block: Block
    quantiles: np.ndarray
    place: np.ndarray
    skipped: np.ndarray
    end: int
    simulates: bool = True

    def years_ahead(self, rows: np.ndarray, years: np.ndarray) -> np.ndarray:
        """Years from the last figure, (m,); 0 where the series can't be looked ahead with to that year."""
        if not len(self.block):
            return np.zeros(len(rows), int)
        last = self.block.years[self.block.last[rows]]
        ahead = years - last
        able = (
            (rows >= 0) & (self.place[rows] >= 0) & (ahead >= 1) & (ahead <= np.maximum(1, self.end - last))
        )
        return np.where(able, ahead, 0)

    def level(self, rows: np.ndarray, ahead: np.ndarray | int) -> np.ndarray:
        """Quantiles of the level so many years ahead, (m, n_levels)."""
        return self.quantiles[self.place[rows], self.skipped[rows] + ahead - 1]


def look_ahead(block: Block, end: int, everything: bool = False, simulates: bool = True) -> Ahead:
    """Project the series that verdicts need, until a year. everything: project all series, keep those needed.

    simulates: see `Ahead`.
    """
    facts = block.facts
    own = ~block.unit & block.whole & (block.residence == 0)
    aside = ~block.unit & facts.ahead_residence[block.indicator]
    wanted = own | aside | (block.unit & facts.ahead_units[block.indicator])
    chosen = np.flatnonzero(facts.projected[block.indicator] & (wanted | everything))
    place, skipped = np.full(len(block), -1), np.zeros(len(block), int)
    if not len(chosen):
        return Ahead(block, np.empty((0, 1, len(LEVELS))), place, skipped, end, simulates)
    panel = _panel(block, chosen)
    horizon = max(1, end - int(panel.years[panel.last].min()))
    values = project_panel(panel, trend_model("auto"), horizon, np.asarray(LEVELS), "level")
    skipped[chosen] = block.last[chosen] - panel.last
    kept = np.flatnonzero(wanted[chosen] & np.isfinite(values[:, 0, 0]))
    place[chosen[kept]] = np.arange(len(kept))
    kept_values = values[kept] if len(kept) < len(chosen) else values
    return Ahead(block, kept_values, place, skipped, end, simulates)


def _panel(block: Block, rows: np.ndarray) -> Panel:
    """The series as the forecaster takes them; only series of one indicator and region learn from one another."""
    facts, which = block.facts, block.indicator[rows]
    usual = block.seen[rows] & ~block.exceptional[rows]
    usual = np.where((usual.sum(axis=1) >= 2)[:, None], usual, block.seen[rows])
    counted = usual & block.counted[rows][:, None]
    kin = (block.owner[rows] * len(facts) + which) * (int(block.category.max()) + 1) + block.category[rows]
    return Panel(
        keys=rows, years=block.years, values=np.where(usual, block.values[rows], np.nan),
        numerator=np.where(counted, block.numerator[rows], np.nan),
        denominator=np.where(counted, block.denominator[rows], np.nan),
        lower=facts.lower[which], upper=facts.upper[which], last=last_position(usual),
        ceiling=facts.ceiling[which], indicator=np.unique(kin, return_inverse=True)[1],
    )  # fmt: skip


def weights(scores: np.ndarray) -> np.ndarray:
    """(n_levels, m) such that quantiles @ weights is the quantile function at normal scores, as `sample_paths` reads
    it: linear between levels, going on along the last slope beyond the outer ones.
    """
    from scipy.special import ndtri

    knots = ndtri(np.asarray(LEVELS))
    right = np.clip(np.searchsorted(knots, scores), 1, len(knots) - 1)
    share = (scores - knots[right - 1]) / (knots[right] - knots[right - 1])
    found, columns = np.zeros((len(knots), len(scores))), np.arange(len(scores))
    found[right, columns] = share
    found[right - 1, columns] = 1 - share
    return found


def walks(draws: int, horizon: int, seed: int, stream: int = 0) -> np.ndarray:
    """Normal scores (draws, horizon) tied as the years of a random walk are; the same for all series, whose own
    quantiles make them differ. stream: another number, another set.
    """
    steps = np.random.default_rng([seed, stream]).standard_normal((draws, horizon))
    return np.cumsum(steps, axis=1) / np.sqrt(np.arange(1, horizon + 1))


def past_counts(block: Block, rows: np.ndarray, years: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Counts already reported that the pooled window of a coming year takes in: numerator and denominator, (m,)."""
    calendar, width = block.years, block.window[rows]
    inside = (
        (calendar > (years - width)[:, None])
        & (calendar <= years[:, None])
        & np.isfinite(block.numerator[rows])
    )
    return tuple(
        np.where(inside, grid[rows], 0.0).sum(axis=1) for grid in (block.numerator, block.denominator)
    )


def simulate(
    future: Ahead, rows: np.ndarray, years: np.ndarray, draws: int, seed: int, stream: int = 0
) -> np.ndarray:
    """Simulated judged values, (m, draws, n_years): reported ones as they are, NaN where a year can't be looked ahead to.

    rows: (m,) series. years: (n_years,) calendar years. Memory grows with m * draws: callers go by chunks of `CELLS`.
    """
    block = future.block
    found = np.full((len(rows), draws, len(years)), np.nan)
    lasts = block.years[block.last[rows]]
    rng = np.random.default_rng([seed, stream, 1])
    for last in np.unique(lasts):
        mine = np.flatnonzero(lasts == last)
        series, coming = rows[mine], years[years > last] - last
        for k in np.flatnonzero(years <= last):
            found[mine, :, k] = judge(block, series, np.full(len(mine), years[k])).value[:, None]
        if len(coming):
            # nothing before the first pooled window is asked for
            start = max(0, int(coming.min() - block.window[series].max()))
            score = walks(draws, int(coming.max()), seed, stream)[:, start:]
            levels, counts = _observed(future, series, score, start, len(coming) == 1, rng)
            for k in np.flatnonzero(years > last):
                found[mine, :, k] = _pooled(future, series, levels, counts, int(years[k] - last), start)
    return found


def _observed(
    future: Ahead, rows: np.ndarray, score: np.ndarray, start: int, one_year: bool, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Levels along the paths, (m, draws, n), and counts observed along them (NaN without counts).

    score: (draws, n) of the years from `start` + 1 ahead on. one_year: only the last one is judged.
    """
    block, facts, which = future.block, future.block.facts, future.block.indicator[rows]
    levels = np.full((len(rows), *score.shape), np.nan)
    able = np.flatnonzero(future.place[rows] >= 0)
    for h in range(score.shape[1]):
        reach = able[future.skipped[rows[able]] + start + h < future.quantiles.shape[1]]
        levels[reach, :, h] = future.level(rows[reach], start + h + 1) @ weights(score[:, h])
    levels = np.clip(levels, facts.lower[which][:, None, None], facts.upper[which][:, None, None])
    counts = np.full(levels.shape, np.nan)
    counted, part = block.counted[rows] & (future.place[rows] >= 0), facts.kind[which] == "proportion"
    share = np.fmax(levels / block.per[rows][:, None, None], 0.0)
    one, many = counted & part, np.flatnonzero(counted & ~part)
    cases = block.cases[rows][:, None, None]
    counts[one] = rng.binomial(np.round(cases[one]).astype(int), np.minimum(share[one], 1.0))
    mean = share[many] * cases[many]
    if one_year:
        # only their sum is asked for, and a sum of Poisson counts is one with the sum of the means
        inside = np.arange(score.shape[1]) >= score.shape[1] - block.window[rows[many]][:, None]
        counts[many] = 0.0
        counts[many, :, -1] = rng.poisson((mean * inside[:, None, :]).sum(axis=2))
    else:
        counts[many] = rng.poisson(mean)
    return levels, counts


def _pooled(
    future: Ahead, rows: np.ndarray, levels: np.ndarray, counts: np.ndarray, ahead: int, start: int
) -> np.ndarray:
    """Judged values of one coming year along the paths that begin `start` years ahead, (m, draws)."""
    block = future.block
    years = block.years[block.last[rows]] + ahead
    past_x, past_n = past_counts(block, rows, years)
    width, value = block.window[rows], levels[:, :, ahead - start - 1].copy()
    for w in np.unique(width[block.counted[rows]]):
        mine = np.flatnonzero(block.counted[rows] & (width == w))
        coming = counts[mine, :, max(0, ahead - w) - start : ahead - start]
        x = coming.sum(axis=2) + past_x[mine][:, None]
        n = coming.shape[2] * block.cases[rows[mine]] + past_n[mine]
        value[mine] = block.per[rows[mine]][:, None] * x / n[:, None]
    value[future.years_ahead(rows, years) == 0] = np.nan
    return value
