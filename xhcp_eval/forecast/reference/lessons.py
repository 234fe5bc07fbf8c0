"""What the model learns from: real histories cut at an origin, with what happened in the ten years after it."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
import pandas as pd

from xhcp_eval.forecast.counting import counting_variance
from xhcp_eval.forecast.reference.features import histories
from xhcp_eval.forecast.reference.peers import peer_features

YEARS_AHEAD = 10
MULTIPLIERS = {"percent": 100.0, "permille": 1000.0, "per_10k": 1e4, "per_100k": 1e5}
WINDOWS = (3, 31)
PER_INDICATOR = 400  # lessons: an indicator of many regions and years doesn't drown the others
GROUPS = (60, 60, 30, 12, 6, 4, 3, 2)  # regions of an indicator that a view holds at most
MOST_VIEWS = 160
FARTHEST_OUTCOME = 60.0
CENSUS_SHARE = 1 / 3
ROUND = 5  # views: counts are drawn in two of five, growth in one


@dataclass(frozen=True)
class Series:
    """Real histories on one grid of years: values (n, n_years); indicator codes (rising), bounds, unit multiplier (n,)."""

    values: np.ndarray
    indicator: np.ndarray
    names: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    per: np.ndarray

    def take(self, rows: np.ndarray) -> Series:
        """Some of the series, by position."""
        of = (self.values, self.indicator, self.lower, self.upper, self.per)
        values, indicator, lower, upper, per = (part[rows] for part in of)
        return Series(values, indicator, self.names, lower, upper, per)


@dataclass(frozen=True)
class Lessons:
    """Cases to learn from.

    own, peers: (n, ...) float32 features. outcome: (n, 10) change from the anchor in typical changes, missing as
    NaN. indicator: (n,) codes. company: (n,) series of the indicator in the same view, itself among them. grown: (n,) whether
    growth was drawn around it. The outcome of a case with drawn counts is the real rate, not a count.
    """

    own: np.ndarray
    peers: np.ndarray
    outcome: np.ndarray
    indicator: np.ndarray
    company: np.ndarray
    grown: np.ndarray


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


def lessons(series: Series, seed: int, per_indicator: int = PER_INDICATOR) -> Lessons:
    """Some `per_indicator` lessons of each indicator (or a few views of what there is), at origins all over its years.

    A view is the world at one time: all regions end in the same year (as counties in a yearbook do), or, in three of ten,
    each in a year of its own. Part of the regions is left out, so that groups of few and many are seen; in two of five views
    counts are drawn around the values, so that the model learns what a trend looks like through small numbers; in one of
    five growth is drawn around those that have no upper end, since counts in a country that moves fast are few in the data.
    """
    rng = np.random.default_rng(seed)
    taken, parts = np.zeros(len(series.names), int), []
    for view in range(MOST_VIEWS):
        wanted = np.flatnonzero(taken < per_indicator)
        if not len(wanted):
            break
        rows, last = _view(series, wanted, rng)
        some = series.take(rows)
        some, grown = _growing(some, rng) if view % ROUND == 4 else (some, np.zeros(len(rows), bool))
        part = _cases(some, last, grown, view % ROUND in (1, 3), rng)
        if part is not None:
            parts.append(part)
            taken += np.bincount(part.indicator, minlength=len(taken))
    return Lessons(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Lessons)))


def _view(series: Series, wanted: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Series of the wanted indicators that take part, and the position of the last value that is known of each."""
    rows, lasts = [], []
    for code in wanted:
        mine = np.arange(*np.searchsorted(series.indicator, [code, code + 1]))
        known = np.isfinite(series.values[mine])
        if rng.random() < 0.3:
            order = np.where(known[:, 2:-1], rng.random((len(mine), known.shape[1] - 3)), -1)
            last = np.where(order.max(axis=1) >= 0, order.argmax(axis=1) + 2, -1)
        else:
            years = np.flatnonzero(known[:, 2:-1].any(axis=0)) + 2
            year = rng.choice(years) if len(years) else 0
            last = np.where(known[:, year] & (year >= 2), year, -1)
        at = np.flatnonzero(last >= 0)
        at = np.sort(rng.permutation(at)[: rng.choice(GROUPS)])
        rows.append(mine[at])
        lasts.append(last[at])
    return np.concatenate([*rows, []]).astype(int), np.concatenate([*lasts, []]).astype(int)


def _growing(series: Series, rng: np.random.Generator) -> tuple[Series, np.ndarray]:
    """Series as if they had grown or shrunk by some per cent a year, and which of them could, (n,): those that are never
    negative and have no upper end. Growth is shared within an indicator and differs a little between regions; it wanders,
    and in one year of twenty it turns.
    """
    n, years = series.values.shape
    able = np.isinf(series.upper) & (np.nanmin(series.values, axis=1, initial=np.inf) >= 0)
    kinds = len(series.names)

    def walk(rows: int) -> np.ndarray:
        return np.cumsum(rng.standard_normal((rows, years)), axis=1)

    turns = np.where(rng.random((kinds, years)) < 0.05, rng.normal(0, 0.03, (kinds, years)), 0)
    shared = rng.normal(0, 0.05, (kinds, 1)) + np.cumsum(turns, axis=1)
    rate = shared[series.indicator] + rng.normal(0, 0.03, (n, 1))
    restless = np.exp(rng.uniform(np.log(0.003), np.log(0.06), kinds))[series.indicator, None]
    course = np.cumsum(rate, axis=1) + restless * (0.6 * walk(kinds)[series.indicator] + 0.8 * walk(n))
    factor = np.where(able[:, None], np.exp(np.clip(course, -8, 8)), 1.0)
    return replace(series, values=series.values * factor), able


def _cases(
    series: Series, last: np.ndarray, grown: np.ndarray, counted: bool, rng: np.random.Generator
) -> Lessons | None:
    """Features and outcomes of one view; series of fewer than two points or without any outcome are left out.

    None where no series is left, as in late views of an indicator of few surveys.
    """
    width = series.values.shape[1]
    window = rng.integers(*WINDOWS, len(last))
    together = rng.integers(*WINDOWS, len(series.names))[series.indicator]
    window = np.where(rng.random(len(series.names))[series.indicator] < 0.5, together, window)
    window = np.where(rng.random(len(last)) < 0.3, WINDOWS[1], window)
    year = np.arange(width)
    known = (year <= last[:, None]) & (year > (last - window)[:, None]) & np.isfinite(series.values)
    use = np.flatnonzero((known.sum(axis=1) >= 2) & (last >= 0))
    if not len(use):
        return None
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
    company = np.bincount(indicator)[indicator]
    parts = (own.x, peers, outcome, indicator, company, grown[use])
    return Lessons(*(part[some] for part in parts))


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
