"""What the coming years hold: the one thing that every chance, quantile, pace and scenario is asked of."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np
import pandas as pd

from xhcp_eval.errors import DataError, ParamsError, PlanError
from xhcp_eval.forecast.projection import LEVELS
from xhcp_eval.verdict.chances import chance
from xhcp_eval.verdict.forecasts import Forecasts, past_counts, simulate
from xhcp_eval.verdict.questions import threshold
from xhcp_eval.verdict.series import Block

DIGITS = 12  # of a chance; beyond them it hangs on which series were worked out together
HALVINGS = 60
MIDDLE = LEVELS.index(0.5)


@dataclass(frozen=True, eq=False)
class Outlook:
    """forecasts: of a block of series. Rows are positions in that block; values are on the unit's scale."""

    forecasts: Forecasts

    def __repr__(self) -> str:
        return f"<Outlook on {len(self.block)} series until {self.forecasts.end}>"

    @property
    def block(self) -> Block:
        """The series that are looked ahead with."""
        return self.forecasts.block

    def chance(
        self,
        rows: np.ndarray,
        first: np.ndarray,
        end: np.ndarray,
        sign: np.ndarray,
        bound: np.ndarray,
        inclusive: np.ndarray | bool = True,
        since: np.ndarray | int = 0,
    ) -> np.ndarray:
        """Chance that judged values lie on the wanted side of a bound in every year from `first` to `end`, (m,).

        rows: (m,) series. first, end: (m,) calendar years. sign: +1 at least the bound, -1 at most. inclusive: the
        bound itself counts. since: first year that pooled values may reach back to. Missing where a series can't be
        looked ahead with.
        """
        rows, first, end, sign, bound = np.broadcast_arrays(rows, first, end, sign, bound)
        limit = threshold(sign, bound, np.broadcast_to(inclusive, rows.shape))
        return chance(self.forecasts, rows, first, end, sign, limit, since).round(DIGITS)

    def quantiles(self, rows: np.ndarray, years: np.ndarray, levels: np.ndarray) -> np.ndarray:
        """Quantiles of the judged values of coming years, (m, n_levels): the inverse of `chance`, by bisection.

        rows, years: (m,). levels: (n_levels,) in (0, 1). Missing where a series can't be looked ahead with.
        """
        rows, years = np.broadcast_arrays(rows, years)
        able = self.forecasts.years_ahead(rows, years) > 0
        found = np.full((len(rows), len(levels)), np.nan)
        for k, level in enumerate(levels):
            wanted = np.full(int(able.sum()), 1.0 - level)
            found[able, k] = self.hardest(rows[able], years[able], np.ones(len(wanted), int), wanted)
        return found

    def hardest(
        self,
        rows: np.ndarray,
        years: np.ndarray,
        sign: np.ndarray,
        wanted: np.ndarray,
        inclusive: np.ndarray | bool = True,
    ) -> np.ndarray:
        """The hardest bound that is met with a wanted chance, (m,): the largest for sign +1, the smallest for -1.

        rows, years: (m,) series that can be looked ahead with to these years. wanted: (m,) chances. inclusive: the bound
        itself counts.
        """
        facts, which = self.block.facts, self.block.indicator[rows]
        ahead = self.forecasts.years_ahead(rows, years)
        levels = self.forecasts.level(rows, ahead)
        reach = 3 * (levels[:, -1] - levels[:, 0]) + 12 * np.sqrt(np.abs(self._noise(rows, levels))) + 1e-9
        low = np.maximum(levels[:, 0] - reach, facts.lower[which])
        high = np.minimum(levels[:, -1] + reach, facts.upper[which])
        easy, hard = np.where(sign > 0, low, high), np.where(sign > 0, high, low)
        for _ in range(HALVINGS):
            middle = (easy + hard) / 2
            enough = self.chance(rows, years, years, sign, middle, inclusive) >= wanted
            easy, hard = np.where(enough, middle, easy), np.where(enough, hard, middle)
        return easy

    def _noise(self, rows: np.ndarray, levels: np.ndarray) -> np.ndarray:
        """Variance that counting adds at most, roughly, (m,): wide enough for a search to begin with."""
        block = self.block
        cases = np.where(block.counted[rows], block.cases[rows], np.inf)
        return block.per[rows] * (np.abs(levels[:, -1]) + block.per[rows] / cases) / cases

    def middle(self, rows: np.ndarray, years: np.ndarray) -> np.ndarray:
        """Judged values of coming years along the median course, (m,): pooled with what is counted already.

        rows, years: (m,). Missing where a series can't be looked ahead with.
        """
        future, block = self.forecasts, self.block
        ahead = future.years_ahead(rows, years)
        able = np.flatnonzero(ahead > 0)
        found = np.full(len(rows), np.nan)
        if not len(able):
            return found
        rows, ahead, years = rows[able], ahead[able], np.asarray(years)[able]
        which = block.indicator[rows]
        low, high = block.facts.lower[which], block.facts.upper[which]
        wide = np.where(block.counted[rows], np.minimum(block.window[rows], ahead), 1)
        total = np.zeros(len(rows))
        for lag in range(int(wide.max())):
            level = np.clip(future.level(rows, np.maximum(ahead - lag, 1))[:, MIDDLE], low, high)
            total += np.where(lag < wide, level, 0.0)
        value = total / wide
        past_x, past_n = past_counts(block, rows, years)
        cases = np.where(block.counted[rows], block.cases[rows], 1.0)
        mixed = (value * wide * cases + past_x * block.per[rows]) / (wide * cases + past_n)
        found[able] = np.where(block.counted[rows] & (past_n > 0), mixed, value)
        return found

    def draws(self, rows: np.ndarray, years: np.ndarray, stream: int = 0) -> np.ndarray:
        """Simulated judged values, (m, draws, n_years), where a question can't be integrated.

        rows: (m,). years: (n_years,) calendar years. stream: another number, another set of futures.
        """
        return simulate(self.forecasts, rows, years, stream=stream)

    def chance_of(
        self,
        indicator: str,
        year: int,
        *,
        at_least: float | None = None,
        at_most: float | None = None,
        region: str | None = None,
    ) -> float:
        """Chance that a region's own series lies on one side of a value in a coming year; missing if it can't be known.

        indicator: id. region: path, default the block's only one. Raises ParamsError unless one of at_least and at_most is
        given, PlanError or DataError for an unknown indicator or region.
        """
        if (at_least is None) == (at_most is None):
            raise ParamsError("chance_of 须给出 at_least（至少）或 at_most（至多）之一")
        row = self._row(indicator, region)
        sign, bound = (1, at_least) if at_most is None else (-1, at_most)
        assert bound is not None
        if row < 0:
            return float("nan")
        one = np.array([row])
        return float(
            self.chance(one, np.array([year]), np.array([year]), np.array([sign]), np.array([float(bound)]))[
                0
            ]
        )

    def _row(self, indicator: str, region: str | None) -> int:
        block = self.block
        regions = [str(path) for path in block.regions]
        if region is None and len(regions) != 1:
            raise ParamsError(f"共有{len(regions)}个地区，须指明 region")
        region = region or regions[0]
        if region not in regions:
            near = "、".join(get_close_matches(region, regions, 3, 0.1)) or "、".join(regions[:3])
            raise DataError(f"没有地区“{region}”；相近的有：{near}")
        if indicator not in set(block.facts.id):
            near = "、".join(get_close_matches(indicator, list(block.facts.id), 3, 0.1))
            raise PlanError(f"规划里没有指标 {indicator!r}；相近的有：{near}")
        return block.find(indicator, region)

    def frame(self, region: str) -> pd.DataFrame:
        """Forecasts of a region's series as one frame: series, year and one column a quantile level, on the level's scale."""
        block, future = self.block, self.forecasts
        mine = (future.place >= 0) & (block.owner == int(np.flatnonzero(block.regions == region)[0]))
        parts = []
        for row in map(int, np.flatnonzero(mine)):
            values = future.of(row)
            part = pd.DataFrame(values, columns=list(LEVELS))
            part.insert(0, "year", int(block.years[block.last[row]]) + np.arange(1, len(part) + 1))
            part.insert(0, "series", block.series(row).key)
            parts.append(part)
        if not parts:
            return pd.DataFrame(columns=["series", "year", *LEVELS])
        return pd.concat(sorted(parts, key=lambda p: p["series"].iloc[0].split("|")), ignore_index=True)
