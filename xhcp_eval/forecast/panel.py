"""Many short series as arrays on one grid of years: what every trend model eats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from xhcp_eval.errors import DataError


@dataclass(frozen=True)
class Panel:
    """Series x years.

    keys: (n_series,) names. years: (n_years,) consecutive. values, numerator, denominator: (n_series, n_years),
    missing as NaN. lower, upper: (n_series,) natural bounds, infinite where there are none. last: (n_series,)
    position of the last value of each series. ceiling: (n_series,) usual end of the scale, which a value may pass
    (100 for a gross enrolment rate): it tells how much room a value has; `upper` where none is given. indicator:
    (n_series,) codes of what is measured, so that regions may learn from one another; None where nothing says.
    """

    keys: np.ndarray
    years: np.ndarray
    values: np.ndarray
    numerator: np.ndarray
    denominator: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    last: np.ndarray
    ceiling: np.ndarray
    indicator: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.keys)

    def take(self, rows: np.ndarray) -> Panel:
        """Some of the series. rows: (n_series,) boolean, or positions."""
        parts = {f.name: getattr(self, f.name) for f in fields(self)}
        return Panel(**{k: v if k == "years" or v is None else v[rows] for k, v in parts.items()})


def previous(values: np.ndarray) -> np.ndarray:
    """Where each known value's predecessor stands, (n, n_years) positions; -1 at first values and missing ones."""
    known = np.isfinite(values)
    position = np.maximum.accumulate(np.where(known, np.arange(values.shape[1]), -1), axis=1)
    before = np.full(values.shape, -1)
    before[:, 1:] = np.where(known[:, 1:], position[:, :-1], -1)
    return before


def make_panel(frame: pd.DataFrame, indicators: Sequence[str] | None = None) -> Panel:
    """Arrange a long frame as a `Panel`.

    frame: columns series, year, value and optionally lower, upper (natural bounds), numerator, denominator
    (counts), ceiling (usual end of the scale), indicator (what is measured: series with the same word are regions or
    groups that may learn from one another), series_break (true: the definition changed in this year, so earlier values of the series are left
    out of the trend), exceptional (true: the value stands but is left out of the trend). One row a series and year; years may have gaps; missing values are dropped.
    indicators: words whose positions are the codes of `Panel.indicator`, so that several panels share them; by default
    in the order in which they appear.
    Raises DataError for missing columns, no value at all, or a doubled series and year.
    """
    absent = [name for name in ("series", "year", "value") if name not in frame.columns]
    if absent:
        raise DataError(f"趋势数据缺少列 {'、'.join(absent)}；需要 series、year、value")
    data = frame[np.isfinite(frame["value"].to_numpy(float))]
    if data.duplicated(["series", "year"]).any():
        double = data.loc[data.duplicated(["series", "year"]), ["series", "year"]].iloc[0]
        raise DataError(f"趋势数据重复：序列 {double['series']} 的 {double['year']} 年出现多次")
    if data.empty:
        raise DataError("趋势数据里没有任何数值")
    data = _usual(_after_last_break(data))
    codes, keys = pd.factorize(data["series"], sort=False)
    year = data["year"].to_numpy(int)
    years = np.arange(year.min(), year.max() + 1)
    values, numerator, denominator = (
        _grid(data, name, codes, year - years[0]) for name in ("value", "numerator", "denominator")
    )
    ceiling = "ceiling" if "ceiling" in data.columns else "upper"
    return Panel(
        keys=np.asarray(keys),
        years=years,
        values=values,
        numerator=numerator,
        denominator=denominator,
        lower=_bound(data, "lower", codes, -np.inf),
        upper=_bound(data, "upper", codes, np.inf),
        last=len(years) - 1 - np.argmax(np.isfinite(values)[:, ::-1], axis=1),
        ceiling=_bound(data, ceiling, codes, np.inf),
        indicator=_indicators(data, codes, len(keys), indicators),
    )


def _grid(data: pd.DataFrame, name: str, codes: np.ndarray, column: np.ndarray) -> np.ndarray:
    """A column of the frame as series x years, missing as NaN. codes, column: place of each row."""
    array = np.full((codes.max() + 1, column.max() + 1), np.nan)
    if name in data.columns:
        array[codes, column] = data[name].to_numpy(float)
    return array


def _bound(data: pd.DataFrame, name: str, codes: np.ndarray, default: float) -> np.ndarray:
    """A number a series, the default where it is missing."""
    array = np.full(codes.max() + 1, default)
    if name in data.columns:
        values = data[name].to_numpy(float)
        array[codes] = np.where(np.isnan(values), default, values)
    return array


def _indicators(
    data: pd.DataFrame, codes: np.ndarray, n_series: int, words: Sequence[str] | None
) -> np.ndarray | None:
    if "indicator" not in data.columns:
        return None
    found = np.zeros(n_series, int)
    words = data["indicator"].dropna().unique() if words is None else words
    found[codes] = pd.Index(words).get_indexer(data["indicator"])
    # a series without a word for its indicator, or with one nobody knows, has no peers
    alone = np.flatnonzero(found < 0)
    found[alone] = len(words) + np.arange(len(alone))
    return found


def _usual(data: pd.DataFrame) -> pd.DataFrame:
    """Without exceptional years, except in series of which fewer than two other values would be left."""
    if "exceptional" not in data.columns or not data["exceptional"].any():
        return data
    usual = ~data["exceptional"].astype(bool)
    left = usual.groupby(data["series"]).transform("sum")
    return data[usual | (left < 2)]


def _after_last_break(data: pd.DataFrame) -> pd.DataFrame:
    if "series_break" not in data.columns or not data["series_break"].any():
        return data
    start = data[data["series_break"].astype(bool)].groupby("series")["year"].max()
    first = data["series"].map(start)
    return data[first.isna() | (data["year"] >= first)]
