"""What a verdict rests on: the history of each series, the value it is judged by, and its simulated future.

A series is one indicator in one region and cut ("infant_mortality_rate|新华区|total|total"). Where counts are
small the judged value is a pooled one, in the past as in the simulated future, so both are held to one rule.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
import pandas as pd

from xhcp_eval.observations import TOTAL
from xhcp_eval.plan import Indicator, Plan
from xhcp_eval.projection import LEVELS, add_counting_noise, project, sample_paths
from xhcp_eval.settings import Settings
from xhcp_eval.small_numbers import rate_interval
from xhcp_eval.units import UNITS

PROJECTED_KINDS = ("proportion", "rate", "ratio", "count", "mean", "index")


@dataclass(frozen=True)
class Judged:
    """The value by which a series is judged in a year: single-year or pooled, with its interval if counted."""

    year: int
    first_year: int
    value: float
    low: float = np.nan
    high: float = np.nan
    numerator: float = np.nan
    denominator: float = np.nan

    @property
    def basis(self) -> str:
        """Chinese words for the years that the value covers."""
        return f"{self.year}年" if self.first_year == self.year else f"{self.first_year}—{self.year}年合并"


@dataclass(frozen=True, eq=False)
class History:
    """One series as arrays over its reported years.

    trusted: false where a figure is a recollection. exceptional: true where a figure stands but is kept out of the trend
    (marked so in its row, or its year in the plan's registry).
    """

    key: str
    indicator: Indicator
    region: str
    category: str
    years: np.ndarray
    values: np.ndarray
    numerator: np.ndarray
    denominator: np.ndarray
    trusted: np.ndarray
    exceptional: np.ndarray
    survey: bool
    is_unit: bool
    statuses: tuple[str, ...]
    forecast: np.ndarray | None = field(default=None, repr=False)

    @property
    def per(self) -> float:
        """Multiplier of the unit; 1 for plain counts."""
        return UNITS[self.indicator.unit].per or 1.0

    @property
    def counted(self) -> bool:
        """Whether numerator and denominator are known, so that chance can be told from movement.

        A gross enrolment rate (kind "ratio") sets two counts side by side that no chance model ties.
        """
        return self.indicator.kind != "ratio" and bool(
            np.isfinite(self.numerator[-1]) and np.isfinite(self.denominator[-1])
        )

    def window(self, settings: Settings) -> int:
        """Years pooled into one judged value: 1 unless the counts are too few to judge a year alone."""
        return _window(self, settings)

    def uncertain(self, settings: Settings) -> bool:
        """Whether the interval, not the bare value, decides: few events, or a sample survey."""
        return self.counted and (self.survey or (self.window(settings) > 1 and not self.is_unit))

    def has_year(self, year: int) -> bool:
        """Whether a figure that may carry a verdict was reported for the year."""
        return bool(np.any((self.years == year) & self.trusted))

    @property
    def last_trusted(self) -> int | None:
        """Latest year with a figure that may carry a verdict; None if there is none."""
        return int(self.years[self.trusted][-1]) if self.trusted.any() else None


@lru_cache(maxsize=4096)
def _window(history: History, settings: Settings) -> int:
    if not history.counted:
        return 1
    recent = history.numerator[-settings.pool_years :]
    if history.indicator.kind in ("rate", "count") and np.nanmean(recent) < settings.few_events:
        return settings.pool_years
    few_cases = np.nanmean(history.denominator[-settings.pool_years :]) < settings.few_cases
    return 2 if history.is_unit and history.indicator.kind == "proportion" and few_cases else 1


def histories(
    observations: pd.DataFrame,
    plan: Plan,
    region: str,
    settings: Settings,
    use_recollection: bool,
    horizon_end: int,
) -> dict[str, History]:
    """All series of a region and its units that targets may need, each with its forecast.

    observations: checked table (`read_table`), already cut to the data year. region: its path.
    use_recollection: whether unverified figures may shape a trend (they never carry a verdict).
    horizon_end: last year to project to. Returns key -> `History`.
    """
    table = observations[(observations["age"] == TOTAL) & (observations["sex"] == TOTAL)]
    table = table[(table["region"] == region) | table["region"].str.startswith(region + "/")]
    if not use_recollection:
        table = table[table["status"] != "recollection"]
    known = {i.id: i for i in plan.reportable}
    table = table[table["indicator"].isin(known)].sort_values("year")
    found: dict[str, History] = {}
    for (name, place, residence, category), rows in table.groupby(
        ["indicator", "region", "residence", "category"], sort=True
    ):
        key = series_key(name, place, residence, category)
        found[key] = _history(key, known[name], place, category, rows, region)
    return _with_forecasts(found, plan, horizon_end)


def series_key(indicator: str, region: str, residence: str = TOTAL, category: str = TOTAL) -> str:
    """Name of a series."""
    return "|".join((indicator, region, residence, category))


def _history(
    key: str, indicator: Indicator, region: str, category: str, rows: pd.DataFrame, main: str
) -> History:
    breaks = rows.loc[rows["series_break"], "year"]
    rows = rows[rows["year"] >= breaks.max()] if len(breaks) else rows
    values = rows["value"].to_numpy(float)
    numerator, denominator = rows["numerator"].to_numpy(float), rows["denominator"].to_numpy(float)
    if indicator.kind == "count" and indicator.direction == "down":
        # events without a population: Poisson counts per year
        numerator, denominator = values, np.ones(len(values))
    return History(
        key=key,
        indicator=indicator,
        region=region,
        category=category,
        years=rows["year"].to_numpy(int),
        values=values,
        numerator=numerator,
        denominator=denominator,
        trusted=(rows["status"] != "recollection").to_numpy(),
        exceptional=rows["exceptional"].to_numpy()
        | rows["year"].isin(indicator.exceptional_years).to_numpy(),
        survey="survey" in indicator.measurement_level or (rows["status"] == "survey").any(),
        is_unit=region != main,
        statuses=tuple(dict.fromkeys(rows["status"])),
    )


def _with_forecasts(found: dict[str, History], plan: Plan, horizon_end: int) -> dict[str, History]:
    """Add forecasts to the series that verdicts or figures look ahead with."""
    by_unit = {i.id for i in plan.indicators if any(t.aggregation for t in i.targets)}
    by_residence = {i.derived_from.indicator for i in plan.indicators if i.derived_from}

    def wanted(key: str, history: History) -> bool:
        if history.indicator.kind not in PROJECTED_KINDS:
            return False
        if history.is_unit:
            return history.indicator.id in by_unit
        return key.count(f"|{TOTAL}") == 2 or history.indicator.id in by_residence

    chosen = {key: history for key, history in found.items() if wanted(key, history)}
    if not chosen:
        return found
    frame = pd.concat([series_frame(h) for h in chosen.values()], ignore_index=True)
    ends = frame.groupby("series")["year"].max()
    horizon = max(1, horizon_end - int(ends.min()))
    forecast = project(frame, horizon, LEVELS, of="level")
    values = forecast[list(LEVELS)].to_numpy().reshape(-1, horizon, len(LEVELS))
    by_key = dict(zip(forecast["series"].to_numpy()[::horizon], values, strict=True))

    def until_end(key: str, history: History) -> np.ndarray | None:
        if key not in by_key:
            return None
        # where the last figures are exceptional the forecast sets out before them
        skipped = int(history.years[-1]) - int(ends[key])
        return by_key[key][skipped : max(skipped + 1, horizon_end - int(ends[key]))]

    return {key: replace(history, forecast=until_end(key, history)) for key, history in found.items()}


def series_frame(history: History) -> pd.DataFrame:
    """A history as `project` takes it, without exceptional years unless fewer than two others are left.

    The same indicator in several places may learn from one another.
    """
    frame = pd.DataFrame(
        {
            "series": history.key,
            "indicator": f"{history.indicator.id}|{history.category}",
            "year": history.years,
            "value": history.values,
            "lower": history.indicator.lower,
            "upper": history.indicator.upper,
            "ceiling": 100.0 if history.indicator.unit == "percent" else history.indicator.upper,
            "numerator": history.numerator if history.counted else np.nan,
            "denominator": history.denominator if history.counted else np.nan,
        }
    ).astype({"lower": float, "upper": float, "ceiling": float})
    usual = ~history.exceptional
    return frame[usual] if usual.sum() >= 2 else frame


def forecast_frame(series: dict[str, History]) -> pd.DataFrame:
    """Forecasts of all series as one frame: series, year and one column a quantile level."""
    parts = []
    for key, history in series.items():
        if history.forecast is not None and np.isfinite(history.forecast[0, 0]):
            part = pd.DataFrame(history.forecast, columns=list(LEVELS))
            part.insert(0, "year", int(history.years[-1]) + np.arange(1, len(part) + 1))
            part.insert(0, "series", key)
            parts.append(part)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["series", "year", *LEVELS])


def judge_at(
    history: History, year: int, settings: Settings, width: int | None = None, interval: bool = True
) -> Judged | None:
    """The judged value of a series in a year it was reported for, None where it wasn't.

    width: years pooled; by default what the series' counts ask for. interval: whether its interval is asked for as
    well, which takes longest.
    """
    at = np.flatnonzero((history.years == year) & history.trusted)
    if not len(at):
        return None
    width = history.window(settings) if width is None else width
    inside = (history.years > year - width) & (history.years <= year) & history.trusted
    if not history.counted or not np.isfinite(history.numerator[inside]).any():
        return Judged(year, year, float(history.values[at[0]]))
    inside &= np.isfinite(history.numerator) & np.isfinite(history.denominator)
    x, n = history.numerator[inside].sum(), history.denominator[inside].sum()
    kind = "proportion" if history.indicator.kind == "proportion" else "rate"
    low, high = rate_interval(x, n, kind, settings.level, history.per) if interval else (np.nan, np.nan)
    value = float(history.values[at[0]]) if inside.sum() == 1 else history.per * x / n
    return Judged(year, int(history.years[inside].min()), value, float(low), float(high), x, n)


def judged_draws(history: History, year: int, settings: Settings) -> np.ndarray | None:
    """Simulated judged values of a year after the last figure, (draws,); the known value where it is reported.

    None where the series can't be projected (a single point, or a kind without projection).
    """
    ahead = year - int(history.years[-1])
    known = judge_at(history, year, settings, interval=False) if ahead <= 0 else None
    if known is not None:
        return np.full(settings.draws, known.value)
    if (
        history.forecast is None
        or not 1 <= ahead <= len(history.forecast)
        or np.isnan(history.forecast[0, 0])
    ):
        return None
    paths, counts = _simulate(history, settings)
    if counts is None:
        return paths[:, ahead - 1]
    cases = float(history.denominator[-1])
    width = history.window(settings)
    future = counts[:, max(0, ahead - width) : ahead]
    past = (history.years > year - width) & np.isfinite(history.numerator)
    x = future.sum(axis=1) + history.numerator[past].sum()
    n = future.shape[1] * cases + history.denominator[past].sum()
    return history.per * x / n


@lru_cache(maxsize=2048)
def _simulate(history: History, settings: Settings) -> tuple[np.ndarray, np.ndarray | None]:
    """Simulated levels (draws, horizon) and, where counts are known, the counts observed along them."""
    paths = sample_paths(history.forecast, np.asarray(LEVELS), history.key, settings.draws, settings.seed)
    low = -np.inf if history.indicator.lower is None else history.indicator.lower
    high = np.inf if history.indicator.upper is None else history.indicator.upper
    paths = np.clip(paths, low, high)
    if not history.counted:
        return paths, None
    cases, kind = float(history.denominator[-1]), history.indicator.kind
    return paths, add_counting_noise(paths, cases, history.per, kind, history.key, settings.seed)
