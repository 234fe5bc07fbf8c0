"""What the model learns from: real histories cut at an origin, with what happened in the ten years after it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from xhcp_eval.forecast.counting import counting_variance
from xhcp_eval.forecast.reference.features import histories
from xhcp_eval.forecast.reference.peers import peer_features

YEARS_AHEAD = 10
MULTIPLIERS = {"percent": 100.0, "permille": 1000.0, "per_100k": 1e5}
WINDOWS = (3, 31)
CLEAN_COPIES, COUNTED_COPIES, MIXED_VIEWS = 2, 2, 40
FARTHEST_OUTCOME = 60.0
CENSUS_SHARE = 1 / 3


@dataclass(frozen=True)
class Series:
    """Real histories on one grid of years: values (n, n_years); indicator codes, bounds, unit multiplier (n,)."""

    values: np.ndarray
    indicator: np.ndarray
    names: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    per: np.ndarray


@dataclass(frozen=True)
class Lessons:
    """Cases to learn from.

    own, peers: (n, ...) float32 features. outcome: (n, 10) change from the anchor in typical changes, missing as
    NaN. indicator: (n,) codes. The outcome of a case with drawn counts is the real rate, not a count.
    """

    own: np.ndarray
    peers: np.ndarray
    outcome: np.ndarray
    indicator: np.ndarray


def arrange(frame: pd.DataFrame) -> Series:
    """Put a long frame (indicator, region, year, value, unit, lower, upper) on a grid."""
    frame = frame.sort_values(["indicator", "region", "year"])
    codes, _ = pd.factorize(frame["indicator"].astype(str) + "|" + frame["region"].astype(str))
    year = frame["year"].to_numpy(int)
    values = np.full((codes.max() + 1, year.max() - year.min() + 1), np.nan)
    values[codes, year - year.min()] = frame["value"].to_numpy(float)
    first = frame.groupby(codes).first()
    indicator, names = pd.factorize(first["indicator"].astype(str))
    return Series(
        values,
        indicator,
        np.asarray(names, dtype=str),
        first["lower"].fillna(-np.inf).to_numpy(float),
        first["upper"].fillna(np.inf).to_numpy(float),
        first["unit"].map(MULTIPLIERS).to_numpy(float),
    )


def lessons(series: Series, seed: int) -> Lessons:
    """Every origin of every history several times, each time cut, thinned and blurred in another way.

    A view is the world at one time: all regions end in the same year (as counties in a yearbook do), or each in a
    year of its own. Part of the regions is left out, so that groups of few and many are seen; in half of the views
    counts are drawn around the values, so that the model learns what a trend looks like through small numbers.
    """
    rng = np.random.default_rng(seed)
    parts = [_cases(series, last, counted, rng) for last, counted in _views(series, rng)]
    return Lessons(*(np.concatenate([part[i] for part in parts]) for i in range(4)))


def _views(series: Series, rng: np.random.Generator) -> Iterator[tuple[np.ndarray, bool]]:
    """Position of the last known value of each series, -1 where it is left out, and whether to draw counts."""
    n, width = series.values.shape
    known = np.isfinite(series.values)
    for copy in range(CLEAN_COPIES + COUNTED_COPIES):
        for year in range(2, width - 1):
            kept = rng.random(n) < rng.choice([0.08, 0.3, 1.0, 1.0], len(series.names))[series.indicator]
            yield np.where(kept & known[:, year], year, -1), copy >= CLEAN_COPIES
    for view in range(MIXED_VIEWS):
        # a year of its own for each series, among those with a value
        order = np.where(known[:, 2:-1], rng.random((n, width - 3)), -1)
        kept = rng.random(n) < rng.choice([0.15, 0.5, 1.0], len(series.names))[series.indicator]
        yield np.where(kept & known[:, 2:-1].any(axis=1), order.argmax(axis=1) + 2, -1), view % 2 == 1


def _cases(
    series: Series, last: np.ndarray, counted: bool, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Features and outcomes of one view; series of fewer than two points or without any outcome are left out."""
    width = series.values.shape[1]
    window = rng.integers(*WINDOWS, len(last))
    together = rng.integers(*WINDOWS, len(series.names))[series.indicator]
    window = np.where(rng.random(len(series.names))[series.indicator] < 0.5, together, window)
    window = np.where(rng.random(len(last)) < 0.3, WINDOWS[1], window)
    year = np.arange(width)
    known = (year <= last[:, None]) & (year > (last - window)[:, None]) & np.isfinite(series.values)
    use = np.flatnonzero((known.sum(axis=1) >= 2) & (last >= 0))
    last, indicator = last[use], series.indicator[use]
    values = np.where(known[use], series.values[use], np.nan)
    noise = np.zeros(values.shape)
    if counted:
        values, noise = _blur(values, indicator, series.per[use], series.upper[use], rng)
    own = histories(values, series.lower[use], series.upper[use], noise)
    peers = peer_features(values, own.anchor, own.scale, last, indicator)
    future = np.pad(series.values[use], ((0, 0), (0, YEARS_AHEAD)), constant_values=np.nan)
    future = np.take_along_axis(future, last[:, None] + 1 + np.arange(YEARS_AHEAD), axis=1)
    outcome = (future - own.anchor[:, None]) / own.scale[:, None]
    some = np.isfinite(outcome[:, :5]).any(axis=1)
    outcome = np.clip(outcome, -FARTHEST_OUTCOME, FARTHEST_OUTCOME).astype(np.float32)
    return own.x[some], peers[some], outcome[some], indicator[some]


def _blur(
    values: np.ndarray, indicator: np.ndarray, per: np.ndarray, upper: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Values that would be read off counts around the real ones, and their counting variance.

    Events a year are about the same within an indicator, between a third and 5,000 from one to the next: a rate of
    few events in 65,000 children is as blurred as a share of 30 cases. In a third of the indicators the count is the
    rounded rate without chance, as a census of a few dozen villages gives it: whether the noise that counts allow is
    really there has to be seen from the series itself. Ratios (no multiplier) are left as they are.
    """
    share = np.clip(np.nan_to_num(values / per[:, None]), 0, 1)
    known = np.isfinite(values) & np.isfinite(per)[:, None]
    rare = np.minimum(share, 1 - share).sum(axis=1, where=known)
    codes = indicator.max() + 1
    typical = np.bincount(indicator, rare, codes) / np.maximum(
        np.bincount(indicator, known.sum(axis=1), codes), 1
    )
    events = np.exp(rng.uniform(np.log(0.3), np.log(5000), codes))
    centre = np.clip(events / np.maximum(typical, 1e-6), 10, 1e7)[indicator]
    denominator = np.round(centre * np.exp(rng.normal(0, 0.7, len(values))))[:, None] + 1
    binomial = np.isfinite(upper) & (per <= upper * (1 + 1e-9))
    census = rng.random(codes)[indicator] < CENSUS_SHARE
    drawn = np.where(
        binomial[:, None],
        rng.binomial(denominator.astype(np.int64), share),
        rng.poisson(np.nan_to_num(denominator * share)),
    )
    drawn = np.where(census[:, None], np.round(denominator * share), drawn)
    numerator = np.where(known, drawn, np.nan)
    blurred = np.where(known, numerator / denominator * per[:, None], values)
    variance, _ = counting_variance(blurred, numerator, np.where(known, denominator, np.nan), upper)
    return blurred, variance
