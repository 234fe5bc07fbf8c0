"""Forecasts of a block's series, and values simulated from them where nothing can be integrated."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np

from xhcp_eval.forecast.panel import Panel
from xhcp_eval.forecast.projection import LEVELS, project_panel, trend_model
from xhcp_eval.forecast.reference.model import FEWEST_PEERS
from xhcp_eval.forecast.reference.peers import Company
from xhcp_eval.verdict.cells import count_at
from xhcp_eval.verdict.joint import noise_share
from xhcp_eval.verdict.judged import value_at
from xhcp_eval.verdict.series import Block, last_position

# Simulated values held at a time: what fits the cache is quickest.
CELLS = 1_000_000


@dataclass(frozen=True)
class Forecasts:
    """Forecasts of the level. block: the series. quantiles: (n_forecast, horizon, n_levels), first year after the
    last usual one. place: (n,) position in `quantiles`, -1 without forecast. skipped: (n,) years between the last
    usual and the last year seen. end: last year projected to. beside: (n,) series of its indicator that each was looked at
    beside, its own among them; 0 for one that stood alone. None: all did.
    """

    block: Block
    quantiles: np.ndarray
    place: np.ndarray
    skipped: np.ndarray
    end: int
    beside: np.ndarray | None = None

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

    def company(self, rows: np.ndarray) -> np.ndarray:
        """How many series of its indicator a forecast looked at, its own among them, (m,); 0 for one that stood alone."""
        return np.zeros(len(rows), int) if self.beside is None else self.beside[rows]

    def coming(self, rows: np.ndarray, ahead: np.ndarray | int, since: np.ndarray | int = 0) -> np.ndarray:
        """Coming years that the pooled window of a year so many years ahead takes in, (m,); see `past_counts`."""
        year = self.block.years[self.block.last[rows]] + ahead
        return np.clip(np.minimum(self.block.window[rows], year - since + 1), 1, ahead)

    def level(self, rows: np.ndarray, ahead: np.ndarray | int) -> np.ndarray:
        """Quantiles of the level so many years ahead, (m, n_levels)."""
        return self.quantiles[self.place[rows], self.skipped[rows] + ahead - 1]

    def noise(self, rows: np.ndarray) -> np.ndarray:
        """Share of noise in the scores of each series' years, (m,); see `joint.noise_share`."""
        return (
            np.where(self.place[rows] >= 0, self._noise[self.place[rows]], 0.0)
            if len(self._noise)
            else np.zeros(len(rows))
        )

    @cached_property
    def _noise(self) -> np.ndarray:
        rows = np.flatnonzero(self.place >= 0)
        years = np.zeros(len(self.quantiles), int)
        years[self.place[rows]] = self.end - self.block.years[self.block.last[rows]] + self.skipped[rows]
        return noise_share(self.quantiles, years)

    def of(self, row: int) -> np.ndarray | None:
        """Quantiles of one series until the plan's end, (n_years, n_levels); None where there are none."""
        if self.place[row] < 0:
            return None
        horizon = max(1, self.end - int(self.block.years[self.block.last[row]]))
        start = int(self.skipped[row])
        return self.quantiles[self.place[row], start : start + horizon]


def look_ahead(block: Block, end: int, company: Company | None = None, everything: bool = False) -> Forecasts:
    """Project the series that verdicts need, until a year.

    company: other regions that the regions' own series learn from, where two or more have their indicator (`company_of`);
    the others learn from the units of their own region. everything: project all series, keep those needed.
    """
    facts, which = block.facts, block.indicator
    own = ~block.unit & block.whole & (block.residence == 0)
    aside = ~block.unit & facts.ahead_residence[which]
    wanted = own | aside | (block.unit & facts.ahead_units[which])
    chosen = np.flatnonzero(facts.projected[which] & (wanted | everything))
    place, skipped = np.full(len(block), -1), np.zeros(len(block), int)
    if not len(chosen):
        return Forecasts(block, np.empty((0, 1, len(LEVELS))), place, skipped, end)
    usual_last = last_position(block.usual[chosen])
    skipped[chosen] = block.last[chosen] - usual_last
    horizon = max(1, end - int(block.years[usual_last].min()))
    values = np.empty((len(chosen), horizon, len(LEVELS)))
    learned = own[chosen] & (False if company is None else company.peers(which[chosen]) >= FEWEST_PEERS)
    # units learn from one another and from their region's total, so that stays among them
    kin = ~learned | facts.ahead_units[which[chosen]]
    # those that no verdict needs are no company to the others, whose forecasts would change
    beside = np.zeros(len(block), int)
    for among in (kin & wanted[chosen], kin & ~wanted[chosen]):
        if among.any():
            panel = block.panel(chosen[among])
            values[among], beside[chosen[among]] = _project(panel, horizon), _kin(panel)
    if learned.any():
        values[learned] = _project(_beside_others(block, chosen[learned]), horizon, company)
        beside[chosen[learned]] = company.peers(which[chosen[learned]]) if company else 0
    kept = np.flatnonzero(wanted[chosen] & np.isfinite(values[:, 0, 0]))
    place[chosen[kept]] = np.arange(len(kept))
    values = values[kept] if len(kept) < len(chosen) else values
    return Forecasts(block, values, place, skipped, end, beside)


def _kin(panel: Panel) -> np.ndarray:
    """Series of two points or more that share an indicator, where they are enough to learn from one another, (n,); else 0."""
    assert panel.indicator is not None
    able = np.isfinite(panel.values).sum(axis=1) >= 2
    size = np.bincount(panel.indicator[able], minlength=panel.indicator.max() + 1)[panel.indicator]
    return np.where(able & (size >= FEWEST_PEERS), size, 0)


def company_of(block: Block) -> Company | None:
    """What the regions of a block have to teach: their own series of whole regions, by indicator; None without any."""
    own = ~block.unit & block.whole & (block.residence == 0) & block.facts.projected[block.indicator]
    rows = np.flatnonzero(own)
    return Company.of(_beside_others(block, rows)) if len(rows) else None


def _beside_others(block: Block, rows: np.ndarray) -> Panel:
    """Series of whole regions, told apart by their region and known by their indicator, as a company knows its own."""
    return replace(block.panel(rows), keys=block.places[block.place[rows]], indicator=block.indicator[rows])


def _project(panel: Panel, horizon: int, company: Company | None = None) -> np.ndarray:
    return project_panel(panel, trend_model("auto"), horizon, np.asarray(LEVELS), "level", company)


def weights(scores: np.ndarray) -> np.ndarray:
    """(n_levels, m) such that quantiles @ weights is the quantile function at normal scores: linear between levels, going
    on along the last slope beyond the outer ones.
    """
    from scipy.special import ndtri

    knots = ndtri(np.asarray(LEVELS))
    right = np.clip(np.searchsorted(knots, scores), 1, len(knots) - 1)
    share = (scores - knots[right - 1]) / (knots[right] - knots[right - 1])
    found, columns = np.zeros((len(knots), len(scores))), np.arange(len(scores))
    found[right, columns] = share
    found[right - 1, columns] = 1 - share
    return found


def n_futures(draws: int) -> int:
    """Futures that are drawn where so many are asked for: the next power of two, as quasi-random points come."""
    return 1 << max(8, int(draws - 1).bit_length())


@lru_cache(maxsize=16)
def futures(
    draws: int, horizon: int, seed: int, stream: int, noise: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Normal scores of the level, (draws, horizon), and uniforms for its counts, of equal shape; the same for all series,
    whose own quantiles and counts make them differ, so that no series' futures hang on its neighbours.

    Quasi-random (Sobol, scrambled by the seed), as many as the next power of two. The scores are those of a random walk
    mixed with noise of each year, whose share is `noise`. stream: another number, another set, independent of the first:
    scrambling leaves the order of Sobol points alike, so that futures are shuffled too (Latin supercube sampling, Owen
    1998, ACM Trans Model Comput Simul 8:71).
    """
    from scipy.special import ndtri
    from scipy.stats import qmc

    rng = np.random.default_rng([seed, stream])
    table = rng.permutation(qmc.Sobol(3 * horizon, scramble=True, rng=rng).random(n_futures(draws)))
    step, of_year, chance = np.split(np.clip(table, 1e-12, 1 - 1e-12), 3, axis=1)
    walk = np.cumsum(ndtri(step), axis=1) / np.sqrt(np.arange(1, horizon + 1))
    return np.sqrt(1 - noise) * walk + np.sqrt(noise) * ndtri(of_year), chance


def past_counts(
    block: Block, rows: np.ndarray, years: np.ndarray, since: np.ndarray | int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Counts already reported that the pooled window of a coming year takes in: numerator and denominator, (m,).

    since: first year that may be pooled, as in `judged.value_at`.
    """
    calendar, width = block.years, block.window[rows]
    first = np.maximum(years - width + 1, since)
    inside = (calendar >= first[:, None]) & (calendar <= years[:, None]) & np.isfinite(block.numerator[rows])
    return tuple(
        np.where(inside, grid[rows], 0.0).sum(axis=1) for grid in (block.numerator, block.denominator)
    )


def simulate(
    future: Forecasts, rows: np.ndarray, years: np.ndarray, since: int = 0, stream: int = 0
) -> np.ndarray:
    """Simulated judged values, (m, draws, n_years): reported ones as they are, NaN where a year can't be looked ahead to.

    rows: (m,) series. years: (n_years,) calendar years. since: as in `past_counts`. stream: of `futures`. Memory grows
    with m * draws: callers go by chunks of `CELLS`.
    """
    block, settings = future.block, future.block.settings
    found = np.full((len(rows), n_futures(settings.draws), len(years)), np.nan)
    lasts, noises = block.years[block.last[rows]], future.noise(rows)
    for last, noise in np.unique(np.stack([lasts, noises]), axis=1).T:
        mine = np.flatnonzero((lasts == last) & (noises == noise))
        series, coming = rows[mine], years[years > last] - int(last)
        horizon = max(1, future.end - int(last))
        score, chance = futures(settings.draws, horizon, settings.seed, stream, float(noise))
        for k in np.flatnonzero(years <= last):
            found[mine, :, k] = value_at(block, series, np.full(len(mine), years[k]), since=since).value[
                :, None
            ]
        if len(coming):
            # nothing before the first pooled window is asked for
            start = max(0, int(coming.min() - block.window[series].max()))
            stop = min(int(coming.max()), horizon)
            only = future.coming(series, stop, since) if len(coming) == 1 else None
            levels, counts = _observed(
                future, series, score[:, start:stop], chance[:, start:stop], start, only
            )
            for k in np.flatnonzero((years > last) & (years - last <= stop)):
                found[mine, :, k] = _pooled(
                    future, series, levels, counts, int(years[k] - last), start, since
                )
    return found


def _observed(
    future: Forecasts,
    rows: np.ndarray,
    score: np.ndarray,
    chance: np.ndarray,
    start: int,
    only: np.ndarray | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Levels along the paths, (m, draws, n), and counts observed along them (NaN without counts).

    score, chance: (draws, n) of the years from `start` + 1 ahead on. only: years that the last one takes in, (m,), where
    no other is judged.
    """
    block, facts, which = future.block, future.block.facts, future.block.indicator[rows]
    levels = np.full((len(rows), *score.shape), np.nan)
    able = np.flatnonzero(future.place[rows] >= 0)
    for h in range(score.shape[1]):
        reach = able[future.skipped[rows[able]] + start + h < future.quantiles.shape[1]]
        levels[reach, :, h] = future.level(rows[reach], start + h + 1) @ weights(score[:, h])
    levels = np.clip(levels, facts.lower[which][:, None, None], facts.upper[which][:, None, None])
    counts = np.full(levels.shape, np.nan)
    counted, cases = block.counted[rows] & (future.place[rows] >= 0), block.cases[rows][:, None, None]
    mean = np.fmax(levels / block.per[rows][:, None, None], 0.0) * cases
    one, many = counted & block.share[rows], np.flatnonzero(counted & ~block.share[rows])
    n = score.shape[1]
    for h in range(n):
        asked = np.flatnonzero(one if only is None else one & (only >= n - h))
        counts[asked, :, h] = count_at(chance[:, h], mean[asked, :, h], np.round(cases[asked, :, 0]))
    if only is not None:
        # only their sum is asked for, and a sum of Poisson counts is one with the sum of the means
        inside = np.arange(n) >= n - only[many][:, None]
        counts[many] = 0.0
        counts[many, :, -1] = count_at(chance[:, -1], (mean[many] * inside[:, None, :]).sum(axis=2), np.inf)
    else:
        counts[many] = count_at(chance, mean[many], np.inf)
    return levels, counts


def _pooled(
    future: Forecasts,
    rows: np.ndarray,
    levels: np.ndarray,
    counts: np.ndarray,
    ahead: int,
    start: int,
    since: int,
) -> np.ndarray:
    """Judged values of one coming year along the paths that begin `start` years ahead, (m, draws)."""
    block = future.block
    years = block.years[block.last[rows]] + ahead
    past_x, past_n = past_counts(block, rows, years, since)
    wide, value = future.coming(rows, ahead, since), levels[:, :, ahead - start - 1].copy()
    for w in np.unique(wide[block.counted[rows]]):
        mine = np.flatnonzero(block.counted[rows] & (wide == w))
        coming = counts[mine, :, ahead - w - start : ahead - start]
        x = coming.sum(axis=2) + past_x[mine][:, None]
        n = coming.shape[2] * block.cases[rows[mine]] + past_n[mine]
        value[mine] = block.per[rows[mine]][:, None] * x / n[:, None]
    value[future.years_ahead(rows, years) == 0] = np.nan
    return value
