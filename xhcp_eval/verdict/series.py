"""The reported figures of many regions as arrays, series x years, and a single series to be looked at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from xhcp_eval.forecast.panel import Panel
from xhcp_eval.observations.table import TOTAL
from xhcp_eval.plan.model import Indicator
from xhcp_eval.verdict.demands import Facts
from xhcp_eval.verdict.settings import Settings

RESIDENCES = (TOTAL, "urban", "rural")
# Series of one indicator and region that learn from one another: fewer are a place and its own parts.
FEWEST_KIN = 5


def series_key(indicator: str, region: str, residence: str = TOTAL, category: str = TOTAL) -> str:
    """Name of a series, e.g. "infant_mortality_rate|新华区|total|total"."""
    return "|".join((indicator, region, residence, category))


def pooled_years(
    kind: np.ndarray | str, events: np.ndarray, cases: np.ndarray, unit: np.ndarray | bool, settings: Settings
) -> np.ndarray:
    """Years pooled into one judged value: 1 unless the counts are too few to judge a year alone.

    kind: of the indicators. events, cases: mean numerator and denominator of the last `pool_years` reported. unit:
    whether it is a township or school, not the region itself. Shapes broadcast.
    """
    few = np.isin(kind, ("rate", "count")) & (events < settings.few_events)
    small = np.asarray(unit) & (np.asarray(kind) == "proportion") & (cases < settings.few_cases)
    return np.where(few, settings.pool_years, np.where(small, 2, 1))


@dataclass(frozen=True)
class Series:
    """One series over its reported years, to be shown: all arrays (n_points,).

    row: its position in the block. unit: a township or school, not the region itself. trusted: false where a figure is a
    recollection. exceptional: the figure stands but is kept out of the trend. statuses: of its figures, each once.
    """

    row: int
    key: str
    indicator: Indicator
    region: str
    residence: str
    category: str
    unit: bool
    years: np.ndarray
    values: np.ndarray
    numerator: np.ndarray
    denominator: np.ndarray
    trusted: np.ndarray
    exceptional: np.ndarray
    statuses: tuple[str, ...]

    @property
    def place(self) -> str:
        """What the region (and category) is called within the region above it."""
        name = self.region.split("/")[-1]
        return name if self.category == TOTAL else f"{name}·{self.category}"

    @property
    def last_trusted(self) -> int | None:
        """Latest year with a figure that may carry a verdict; None if there is none."""
        return int(self.years[self.trusted][-1]) if self.trusted.any() else None


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

    def __repr__(self) -> str:
        years = f"{self.years[0]}-{self.years[-1]}" if len(self.years) else "no year"
        return f"<Block of {len(self)} series, {len(self.regions)} regions, {years}>"

    @cached_property
    def last(self) -> np.ndarray:
        """Position of the last year seen, (n,)."""
        return last_position(self.seen)

    @cached_property
    def last_trusted(self) -> np.ndarray:
        """Position of the last year that may carry a verdict, (n,); -1 where there is none."""
        return last_position(self.trusted)

    @cached_property
    def usual(self) -> np.ndarray:
        """Years that tell of the trend, (n, n_years): without exceptional ones unless fewer than two others are left."""
        usual = self.seen & ~self.exceptional
        return np.where((usual.sum(axis=1) >= 2)[:, None], usual, self.seen)

    @cached_property
    def telling(self) -> np.ndarray:
        """Years that may be a base and tell of a pace, (n, n_years): trusted ones, without exceptional ones if others are left."""
        telling = self.trusted & self.usual
        return np.where(telling.any(axis=1)[:, None], telling, self.trusted)

    @cached_property
    def n_points(self) -> np.ndarray:
        """Years seen, (n,)."""
        return self.seen.sum(axis=1)

    @cached_property
    def with_counts(self) -> np.ndarray:
        """Whether numerator and denominator of the last year are known, (n,)."""
        rows = np.arange(len(self))
        return np.isfinite(self.numerator[rows, self.last]) & np.isfinite(self.denominator[rows, self.last])

    @cached_property
    def counted(self) -> np.ndarray:
        """Whether counts tell chance from movement, (n,).

        A gross enrolment rate (kind "ratio") sets two counts side by side that no chance model ties, and a census of
        villages or schools draws no sample.
        """
        drawn = (self.facts.kind != "ratio") & ~self.facts.census
        return self.with_counts & drawn[self.indicator]

    @cached_property
    def share(self) -> np.ndarray:
        """Whether the numerator is part of the denominator, (n,)."""
        return (self.facts.kind == "proportion")[self.indicator]

    @cached_property
    def cases(self) -> np.ndarray:
        """Last denominator, (n,): as many are expected in every coming year."""
        return self.denominator[np.arange(len(self)), self.last]

    @cached_property
    def window(self) -> np.ndarray:
        """Years pooled into one judged value, (n,); see `pooled_years`."""
        rank = self.seen[:, ::-1].cumsum(axis=1)[:, ::-1]
        recent = self.seen & (rank <= self.settings.pool_years)
        events, cases = _mean(self.numerator, recent), _mean(self.denominator, recent)
        found = pooled_years(self.facts.kind[self.indicator], events, cases, self.unit, self.settings)
        return np.where(self.counted, found, 1)

    @cached_property
    def uncertain(self) -> np.ndarray:
        """Whether the interval decides, not the bare value, (n,): few events, or a sample survey."""
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

    def look(
        self, grid: np.ndarray, rows: np.ndarray, years: np.ndarray, missing: float | bool
    ) -> np.ndarray:
        """Cells of a grid by series and calendar year, (m,); `missing` outside of it or for row -1."""
        at = np.asarray(years) - self.years[0]
        inside = (at >= 0) & (at < len(self.years)) & (rows >= 0)
        if not len(grid):
            return np.full(np.shape(inside), missing)
        return np.where(inside, grid[rows, np.clip(at, 0, len(self.years) - 1)], missing)

    def panel(self, rows: np.ndarray) -> Panel:
        """Series as forecasters and rules take them, keys are the rows; those of one indicator and region are kin if they
        are `FEWEST_KIN` or more: a place is no company to its own town and country, whose chance it shares.
        """
        facts, which = self.facts, self.indicator[rows]
        usual = self.usual[rows]
        counted = usual & self.counted[rows][:, None]
        kin = (self.owner[rows] * len(facts) + which) * (
            int(self.category.max(initial=0)) + 1
        ) + self.category[rows]
        code = np.unique(kin, return_inverse=True)[1]
        enough = np.bincount(code, usual.sum(axis=1) >= 2)[code] >= FEWEST_KIN
        return Panel(
            keys=rows, years=self.years, values=np.where(usual, self.values[rows], np.nan),
            numerator=np.where(counted, self.numerator[rows], np.nan),
            denominator=np.where(counted, self.denominator[rows], np.nan),
            lower=facts.lower[which], upper=facts.upper[which], last=last_position(usual),
            ceiling=facts.ceiling[which], indicator=np.where(enough, code, len(rows) + np.arange(len(rows))),
        )  # fmt: skip

    def series(self, row: int) -> Series:
        """One series by itself, over its reported years."""
        place, category = str(self.places[self.place[row]]), str(self.categories[self.category[row]])
        indicator, residence = self.facts.indicators[self.indicator[row]], RESIDENCES[self.residence[row]]
        at = np.flatnonzero(self.seen[row])
        return Series(
            row=int(row), key=series_key(indicator.id, place, residence, category), indicator=indicator, region=place,
            residence=residence, category=category, unit=bool(self.unit[row]), years=self.years[at],
            values=self.values[row, at], numerator=self.numerator[row, at], denominator=self.denominator[row, at],
            trusted=self.trusted[row, at], exceptional=self.exceptional[row, at],
            statuses=tuple(dict.fromkeys(str(self.statuses[k]) for k in self.status[row, at])),
        )  # fmt: skip

    def find(self, indicator: str, region: str) -> int:
        """Row of a region's own series of an indicator, -1 where nothing that may carry a verdict was reported."""
        at, which = np.flatnonzero(self.regions == region), np.flatnonzero(self.facts.id == indicator)
        if not len(at) or not len(which):
            return -1
        row = int(self.main[at[0], which[0]])
        return row if row >= 0 and self.last_trusted[row] >= 0 else -1


def last_position(flags: np.ndarray) -> np.ndarray:
    """Position of the last true flag of each row, (n,); -1 where there is none."""
    found = flags.shape[1] - 1 - np.argmax(flags[:, ::-1], axis=1)
    return np.where(flags.any(axis=1), found, -1)


def _mean(grid: np.ndarray, where: np.ndarray) -> np.ndarray:
    known = where & np.isfinite(grid)
    with np.errstate(invalid="ignore"):
        return np.where(known, grid, 0.0).sum(axis=1) / known.sum(axis=1)
