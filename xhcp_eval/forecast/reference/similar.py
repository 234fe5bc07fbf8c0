"""The real histories that moved most like a series, and how many of them went as far as a target asks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from xhcp_eval.files.home import SHIPPED
from xhcp_eval.forecast.panel import Panel
from xhcp_eval.forecast.reference.features import Histories, histories
from xhcp_eval.forecast.reference.lessons import YEARS_AHEAD
from xhcp_eval.forecast.reference.model import panel_histories

FOLDER = SHIPPED / "data" / "reference"
MATCHED_ON: tuple[str, ...] = (
    *("change_1", "change_2", "change_3", "slope_5", "slope", "smooth_3", "mean"),
    *("residual", "alternation", "still", "points", "place", "room_below", "room_above", "relative_change"),
)
LONGEST_MATCH = 12
EVERY = 2


@dataclass(frozen=True)
class Catalogue:
    """Real histories cut at an origin.

    seen: their features and scale. outcome: (n, 10) change over the next years in typical changes, missing as NaN.
    series: (n,) row of `values`; origin: (n,) column of it. values: (n_series, n_years) from `first_year` on; names:
    frame with one row a series: indicator, region, unit.
    """

    seen: Histories
    outcome: np.ndarray
    series: np.ndarray
    origin: np.ndarray
    values: np.ndarray
    first_year: int
    names: pd.DataFrame


@dataclass(frozen=True)
class Similar:
    """The catalogue's nearest cases to each of n series (`own`): rows (n, k), nearest first, no real series twice."""

    catalogue: Catalogue
    rows: np.ndarray
    own: Histories

    def take(self, series: np.ndarray) -> Similar:
        """Only some of the series, by position."""
        return Similar(self.catalogue, self.rows[series], self.own.take(series))

    def outcomes(self, ahead: int) -> np.ndarray:
        """Where each series would stand `ahead` years on if it went on as its k real likes did, (n, k)."""
        change = self.catalogue.outcome[self.rows, ahead - 1]
        return self.own.anchor[:, None] + self.own.scale[:, None] * change

    def reached(self, target: np.ndarray, sign: np.ndarray, ahead: int) -> np.ndarray:
        """How many of the k went at least as far as the target, (n,). sign: +1 where more is better, -1 less."""
        return ((self.outcomes(ahead) - target[:, None]) * sign[:, None] >= 0).sum(axis=1)


def find_similar(panel: Panel, k: int = 200, ahead: int = 5, catalogue: Catalogue | None = None) -> Similar:
    """The k real histories that moved most like each series and whose value `ahead` years on is known.

    panel: n series. k: how many. ahead: 1 to 10 years. catalogue: by default `real_histories()`. Nearness is
    Euclidean in standardised features of movement (`MATCHED_ON`), never of what came after; of each real series only
    its nearest origin counts. Reference class forecasting: Kahneman & Tversky 1979; Flyvbjerg 2008, European Planning
    Studies 16:3.
    """
    catalogue = catalogue or real_histories()
    own = usual_histories(panel)
    columns = own.columns(MATCHED_ON)
    pool = np.flatnonzero(np.isfinite(catalogue.outcome[:, ahead - 1]))
    theirs = catalogue.seen.columns(MATCHED_ON)[pool]
    mean, spread = theirs.mean(axis=0), theirs.std(axis=0) + 1e-9
    theirs, columns = (theirs - mean) / spread, (columns - mean) / spread
    rows = np.stack([_nearest(row, theirs, catalogue.series[pool], k) for row in columns])
    return Similar(catalogue, pool[rows], own)


def usual_histories(panel: Panel) -> Histories:
    """What is seen of all series of a panel, each with the usual end of its scale.

    A gross enrolment rate may pass 100%, but it moves like what ends there.
    """
    return panel_histories(
        replace(panel, upper=np.minimum(panel.upper, panel.ceiling)), np.arange(len(panel))
    )


def _nearest(row: np.ndarray, theirs: np.ndarray, series: np.ndarray, k: int) -> np.ndarray:
    """Nearest k rows, one a series."""
    distance = ((theirs - np.nan_to_num(row)) ** 2).sum(axis=1)
    order = np.argsort(distance, kind="stable")
    _, first = np.unique(series[order], return_index=True)
    return order[np.sort(first)[:k]]


@lru_cache(maxsize=1)
def real_histories(folder: Path = FOLDER) -> Catalogue:
    """All real histories in data/reference, cut at every second year, the last twelve values of each looked at."""
    values, names, first_year = on_a_grid(pd.read_parquet(folder / "panel.parquet"))
    series, origin = np.nonzero(np.isfinite(values))
    enough = (np.cumsum(np.isfinite(values), axis=1)[series, origin] >= 3) & (origin % EVERY == 0)
    series, origin = series[enough], origin[enough]
    bounds = names[["lower", "upper"]].to_numpy(float)[series]
    seen, outcome = cut_at(values, bounds, series, origin)
    return Catalogue(seen, outcome, series, origin, values, first_year, names)


def on_a_grid(frame: pd.DataFrame) -> tuple[np.ndarray, pd.DataFrame, int]:
    """Values (n_series, n_years), missing as NaN; what each series is of (indicator, region, unit, lower, upper); first year.

    frame: long, with these columns and year, value.
    """
    keys = frame["indicator"].astype(str) + "|" + frame["region"].astype(str)
    codes, _ = pd.factorize(keys)
    first_year = int(frame["year"].min())
    column = frame["year"].to_numpy(int) - first_year
    values = np.full((codes.max() + 1, column.max() + 1), np.nan)
    values[codes, column] = frame["value"].to_numpy(float)
    return values, frame.groupby(codes)[["indicator", "region", "unit", "lower", "upper"]].first(), first_year


def cut_at(
    values: np.ndarray, bounds: np.ndarray, series: np.ndarray, origin: np.ndarray
) -> tuple[Histories, np.ndarray]:
    """What was seen of histories at their origins, and their change over the next ten years in typical changes, (n, 10).

    values: (n_series, n_years), missing as NaN. series, origin: (n,) row and column of each cut; its last twelve years
    are looked at. bounds: (n, 2) ends of the scale, missing where there are none.
    """
    year = np.arange(values.shape[1])
    past = (year <= origin[:, None]) & (year > (origin - LONGEST_MATCH)[:, None])
    lower, upper = (
        np.where(np.isnan(end), none, end) for end, none in zip(bounds.T, (-np.inf, np.inf), strict=True)
    )
    seen = histories(np.where(past, values[series], np.nan), lower, upper, np.zeros(past.shape))
    padded = np.pad(values, ((0, 0), (0, YEARS_AHEAD)), constant_values=np.nan)
    future = padded[series[:, None], origin[:, None] + 1 + np.arange(YEARS_AHEAD)]
    return seen, (future - seen.anchor[:, None]) / seen.scale[:, None]


@lru_cache(maxsize=1)
def _words(folder: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Chinese names of the indicators, and of the regions as far as there are any."""
    indicators = pd.read_csv(folder / "indicators.csv", dtype=str).set_index("indicator")["name_zh"]
    book = folder / "regions.csv"
    if not book.exists():
        return indicators.to_dict(), {}
    regions = pd.read_csv(book, dtype=str, keep_default_na=False)
    return indicators.to_dict(), dict(zip(regions["region"], regions["name"], strict=True))


def region_names(folder: Path = FOLDER) -> Callable[[str, str], tuple[str, str]]:
    """A function (indicator, region) -> their names for a reader; the codes themselves where nobody named them."""
    indicators, regions = _words(folder)
    return lambda indicator, region: (indicators.get(indicator, indicator), regions.get(region, region))
