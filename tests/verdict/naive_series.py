"""One series in plain Python, as `naive_verdict` judges it: its years, judged values, and simulated futures."""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy import stats

from xhcp_eval.forecast.projection import LEVELS
from xhcp_eval.forecast.small_numbers import rate_interval
from xhcp_eval.observations.table import TOTAL
from xhcp_eval.plan.units import UNITS
from xhcp_eval.verdict import joint

NAN, EPS, DRAWS = float("nan"), 1e-9, 4000


@dataclass
class Point:
    """A reported year: value, events, cases; whether it may carry a verdict; whether it is exceptional."""

    value: float
    x: float
    n: float
    trusted: bool
    exceptional: bool


@dataclass
class Judged:
    """The value that a year is judged by, with its first year and its counts (None without)."""

    year: int
    first: int
    value: float
    x: float | None = None
    n: float | None = None


@dataclass(eq=False)
class Figures:
    """One series. points: by calendar year, in order. forecast: quantiles by years ahead, None without."""

    key: str
    indicator: object
    unit: bool
    survey: bool
    points: dict[int, Point]
    forecast: list | None
    settings: object

    def __post_init__(self) -> None:
        of = self.indicator
        self.last = max(self.points)
        self.trusted = {y for y, p in self.points.items() if p.trusted}
        usual = {y for y, p in self.points.items() if not p.exceptional}
        self.usual = usual if len(usual) >= 2 else set(self.points)
        self.per = UNITS[of.unit].per or 1.0
        self.lower = -math.inf if of.lower is None else of.lower
        self.upper = math.inf if of.upper is None else of.upper
        self.rounding = 0.5 * 10.0 ** -UNITS[of.unit].decimals
        self.share = of.kind == "proportion"
        self.cases = self.points[self.last].n
        self.with_counts = known(self.points[self.last].x) and known(self.cases)
        self.counted = self.with_counts and of.kind != "ratio" and not of.census
        self.window = self._window()
        self.uncertain = self.counted and (self.survey or (self.window > 1 and not self.unit))

    def _window(self) -> int:
        """Three years of few events, two of a small township or school; one where counts suffice or aren't known."""
        recent = [self.points[y] for y in sorted(self.points)[-self.settings.pool_years :]]
        events, cases = mean(p.x for p in recent), mean(p.n for p in recent)
        if self.counted and self.indicator.kind in ("rate", "count") and events < self.settings.few_events:
            return self.settings.pool_years
        return 2 if self.counted and self.unit and self.share and cases < self.settings.few_cases else 1

    def judged(self, year, width=None, since=0, usable=None) -> Judged | None:
        """Its judged value in a year: pooled where counts are few, over usable years no earlier than `since`."""
        usable = self.trusted if usable is None else usable
        if year not in usable:
            return None
        width = self.window if width is None else width
        width = min(width, year - since + 1) if year >= since else width
        pooled = [(y, self.points[y]) for y in range(year - width + 1, year + 1) if y in usable]
        own = self.points[year].value
        if not self.with_counts or not (known(self.points[year].x) and known(self.points[year].n)):
            return Judged(year, year, own)
        pooled = [(y, p) for y, p in pooled if known(p.x) and known(p.n)]
        x, n = sum(p.x for _, p in pooled), sum(p.n for _, p in pooled)
        return Judged(year, pooled[0][0], own if len(pooled) == 1 else self.per * x / n, x, n)

    def interval(self, at: Judged) -> tuple[float, float]:
        """Limits of a judged value, missing where chance has no part."""
        if at.x is None or not self.counted:
            return NAN, NAN
        kind = "proportion" if self.share else "rate"
        return tuple(float(v) for v in rate_interval(at.x, at.n, kind, self.settings.level, self.per))

    def _noise_share(self) -> float:
        """Half of the noise that the growth of the 10-90% spread over five years shows beside a walk, in tenths."""
        wide = [(q[LEVELS.index(0.9)] - q[LEVELS.index(0.1)]) ** 2 for q in self.forecast][: joint.SPAN]
        n = len(wide)
        if n < 2 or wide[0] == wide[-1] == 0:
            return 0.0
        noise, walk = max(n * wide[0] - wide[-1], 0) / (n - 1), max(wide[-1] - wide[0], 0) / (n - 1)
        return round(10 * joint.NOISE * noise / (noise + walk * (n + 1) / 2)) / 10

    @cached_property
    def paths(self) -> tuple[np.ndarray, np.ndarray | None]:
        """Futures of the level and of the counts along them, (horizon, draws) each: a walk with noise of each year."""
        draws, horizon = DRAWS, len(self.forecast)
        rng = np.random.default_rng(zlib.crc32(self.key.encode()))
        walk = rng.standard_normal((horizon, draws)).cumsum(axis=0)
        walk /= np.sqrt(np.arange(1, horizon + 1))[:, None]
        noise = rng.standard_normal((horizon, draws))
        share = self._noise_share()
        score = math.sqrt(1 - share) * walk + math.sqrt(share) * noise
        level, knots = np.empty((horizon, draws)), stats.norm.ppf(LEVELS)
        for h, q in enumerate(self.forecast):
            low, high = ((q[b] - q[a]) / (knots[b] - knots[a]) for a, b in ((0, 1), (-2, -1)))
            below, above = np.minimum(score[h] - knots[0], 0), np.maximum(score[h] - knots[-1], 0)
            level[h] = np.interp(score[h], knots, q) + low * below + high * above
        level = np.clip(level, self.lower, self.upper)
        if not self.counted:
            return level, None
        part = np.maximum(level / self.per, 0.0)
        if self.share:
            return level, rng.binomial(round(self.cases), np.minimum(part, 1.0))
        return level, rng.poisson(part * self.cases)

    def future(self, year, since=0, whole=False) -> np.ndarray | None:
        """Simulated judged values of a year; what is reported stands. whole: a census goes by whole units."""
        ahead = year - self.last
        if ahead <= 0:
            at = self.judged(year, since=since)
            return None if at is None else np.full(DRAWS, at.value)
        if self.forecast is None or ahead > len(self.forecast):
            return None
        level, count = self.paths
        if not self.counted:
            return self._whole(level[ahead - 1]) if whole and self.indicator.census else level[ahead - 1]
        first = max(year - self.window + 1, since)
        coming = [count[a - 1] for a in range(1, ahead + 1) if self.last + a >= first]
        past = [p for y, p in self.points.items() if y >= first and known(p.x)]
        x = sum(coming) + sum(p.x for p in past)
        return self.per * x / (len(coming) * self.cases + sum(p.n for p in past))

    def _whole(self, level: np.ndarray) -> np.ndarray:
        """Of 46 schools none is reported by halves."""
        if self.indicator.kind == "count":
            return np.floor(level + 0.5)
        unit = self.per / self.cases if self.with_counts else NAN
        return np.floor(level / unit + 0.5) * unit if self.with_counts else level

    def middle(self, year) -> float:
        """The judged value of a coming year along the median course."""
        ahead = year - self.last
        if self.forecast is None or not 1 <= ahead <= len(self.forecast):
            return NAN
        wide = min(self.window, ahead)
        course = [self.forecast[a - 1][LEVELS.index(0.5)] for a in range(ahead - wide + 1, ahead + 1)]
        course = [min(max(value, self.lower), self.upper) for value in course]
        past = [p for y, p in self.points.items() if y > year - self.window and known(p.x)]
        if not self.counted or not past:
            return mean(course)
        x = sum(course) / self.per * self.cases + sum(p.x for p in past)
        return self.per * x / (wide * self.cases + sum(p.n for p in past))

    @property
    def steps(self) -> dict[int, float]:
        """Change a year up to each usual year from the usual one before."""
        years = sorted(self.usual)
        value = {y: self.points[y].value for y in years}
        return {b: (value[b] - value[a]) / (b - a) for a, b in pairwise(years)}


def known(value) -> bool:
    return value is not None and math.isfinite(value)


def mean(values) -> float:
    values = [v for v in values if known(v)]
    return sum(values) / len(values) if values else NAN


def read(table: pd.DataFrame, plan, region, outlook, until, use_recollection) -> dict[str, Figures]:
    """Series of a region and its units by key, read off the checked table row by row; forecasts from an outlook."""
    table = table[(table["age"] == TOTAL) & (table["sex"] == TOTAL) & (table["year"] <= until)]
    table = table[(table["region"] == region) | table["region"].str.startswith(region + "/")]
    if not use_recollection:
        table = table[~table["status"].isin(["single_copy", "recollection"])]
    block, indicators = outlook.block, {i.id: i for i in plan.reportable}
    forecasts = {block.series(row).key: outlook.forecasts.of(row) for row in range(len(block))}
    found: dict[str, list] = {}
    for row in table.sort_values("year").itertuples():
        if row.indicator in indicators:
            key = "|".join((row.indicator, row.region, row.residence, row.category))
            found.setdefault(key, []).append(row)
    series = {}
    for key, rows in sorted(found.items(), key=lambda item: item[0].split("|")):
        broken = max((r.year for r in rows if r.series_break), default=0)
        of, rows = indicators[rows[0].indicator], [r for r in rows if r.year >= broken]
        events = of.kind == "count" and of.direction == "down" and not of.census
        points = {
            r.year: Point(
                r.value, r.value if events else r.numerator, 1.0 if events else r.denominator,
                r.status not in ("single_copy", "recollection"), r.exceptional or r.year in of.exceptional_years,
            )
            for r in rows
        }  # fmt: skip
        survey = "survey" in of.measurement_level or any(r.status == "survey" for r in rows)
        series[key] = Figures(
            key, of, rows[0].region != region, survey, points, forecasts[key], outlook.block.settings
        )
    return series
