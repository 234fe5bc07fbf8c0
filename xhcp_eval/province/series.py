"""The reported figures of many regions as arrays, series x years: what `evidence.histories` is for one region."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from xhcp_eval.observations import TOTAL
from xhcp_eval.province.facts import Facts
from xhcp_eval.settings import Settings

RESIDENCES = (TOTAL, "urban", "rural")


@dataclass(frozen=True)
class Block:
    """Series of some regions and of their units, sorted by indicator, place, residence and category.

    regions: (n_regions,) paths. years: (n_years,) consecutive. indicator, owner: (n,) positions in `facts` and
    `regions`. place: (n,) positions in `places`, paths of regions and units. unit: (n,) a township or school, not the
    region itself. residence: (n,) position in `RESIDENCES`. category: (n,) positions in `categories`; whole: (n,) it
    is the total. seen, trusted, exceptional: (n, n_years). values, numerator, denominator: (n, n_years), missing as
    NaN. survey: (n,). status: (n, n_years) positions in `statuses`, -1 where nothing was reported.
    """

    facts: Facts
    settings: Settings
    regions: np.ndarray
    years: np.ndarray
    indicator: np.ndarray
    owner: np.ndarray
    place: np.ndarray
    places: np.ndarray
    unit: np.ndarray
    residence: np.ndarray
    category: np.ndarray
    categories: np.ndarray
    whole: np.ndarray
    seen: np.ndarray
    trusted: np.ndarray
    exceptional: np.ndarray
    values: np.ndarray
    numerator: np.ndarray
    denominator: np.ndarray
    survey: np.ndarray
    status: np.ndarray
    statuses: np.ndarray

    def __len__(self) -> int:
        return len(self.indicator)

    @cached_property
    def last(self) -> np.ndarray:
        """Position of the last year seen, (n,)."""
        return last_position(self.seen)

    @cached_property
    def last_trusted(self) -> np.ndarray:
        """Position of the last year that may carry a verdict, (n,); -1 where there is none."""
        return last_position(self.trusted)

    @cached_property
    def n_points(self) -> np.ndarray:
        """Years seen, (n,)."""
        return self.seen.sum(axis=1)

    @cached_property
    def counted(self) -> np.ndarray:
        """Whether counts tell chance from movement, (n,); see `History.counted`."""
        rows = np.arange(len(self))
        known = np.isfinite(self.numerator[rows, self.last]) & np.isfinite(self.denominator[rows, self.last])
        return known & (self.facts.kind[self.indicator] != "ratio")

    @cached_property
    def cases(self) -> np.ndarray:
        """Last denominator, (n,): as many are expected in every coming year."""
        return self.denominator[np.arange(len(self)), self.last]

    @cached_property
    def window(self) -> np.ndarray:
        """Years pooled into one judged value, (n,); see `History.window`."""
        rank = self.seen[:, ::-1].cumsum(axis=1)[:, ::-1]
        recent = self.seen & (rank <= self.settings.pool_years)
        kind = self.facts.kind[self.indicator]
        few = np.isin(kind, ("rate", "count")) & (_mean(self.numerator, recent) < self.settings.few_events)
        small = (
            self.unit & (kind == "proportion") & (_mean(self.denominator, recent) < self.settings.few_cases)
        )
        return np.where(self.counted & few, self.settings.pool_years, np.where(self.counted & small, 2, 1))

    @cached_property
    def uncertain(self) -> np.ndarray:
        """Whether the interval decides, not the bare value, (n,)."""
        return self.counted & (self.survey | ((self.window > 1) & ~self.unit))

    @cached_property
    def per(self) -> np.ndarray:
        """Multiplier of the unit, (n,)."""
        return self.facts.per[self.indicator]

    @cached_property
    def main(self) -> np.ndarray:
        """Series of the whole region by region and indicator, (n_regions, n_indicators); -1 where there is none."""
        return self.table(TOTAL)

    def table(self, residence: str) -> np.ndarray:
        """Series of the region's own by region and indicator, for one residence; -1 where there is none."""
        found = np.full((len(self.regions), len(self.facts)), -1)
        rows = np.flatnonzero(~self.unit & self.whole & (self.residence == RESIDENCES.index(residence)))
        found[self.owner[rows], self.indicator[rows]] = rows
        return found

    def has_year(self, rows: np.ndarray, years: np.ndarray) -> np.ndarray:
        """Whether a figure that may carry a verdict was reported. rows: (m,), -1 for none. years: (m,)."""
        return self.look(self.trusted, rows, years, False)

    def look(self, grid: np.ndarray, rows: np.ndarray, years: np.ndarray, missing: object) -> np.ndarray:
        """Cells of a grid by series and calendar year, (m,); `missing` outside of it or for row -1."""
        at = np.asarray(years) - self.years[0]
        inside = (at >= 0) & (at < len(self.years)) & (rows >= 0)
        if not len(grid):
            return np.full(np.shape(inside), missing)
        return np.where(inside, grid[rows, np.clip(at, 0, len(self.years) - 1)], missing)


def last_position(flags: np.ndarray) -> np.ndarray:
    """Position of the last true flag of each row, (n,); -1 where there is none."""
    found = flags.shape[1] - 1 - np.argmax(flags[:, ::-1], axis=1)
    return np.where(flags.any(axis=1), found, -1)


def _mean(grid: np.ndarray, where: np.ndarray) -> np.ndarray:
    known = where & np.isfinite(grid)
    with np.errstate(invalid="ignore"):
        return np.where(known, grid, 0.0).sum(axis=1) / known.sum(axis=1)
