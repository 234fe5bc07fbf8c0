"""How good were the forecasts: scores of quantiles and of probabilities, case by case, and how sure of their means.

Scores of single cases keep the shape of the outcomes, missing where an outcome or a forecast is, so that means over
any grouping, and bootstrap intervals, can be taken from them. Smaller is better but for `coverage`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from xhcp_eval.errors import ParamsError
from xhcp_eval.forecast.small_numbers import rate_interval

# 0.05, 0.10, ... 0.95: over these the quantile loss is averaged.
SCORED_LEVELS: tuple[float, ...] = tuple(round(0.05 * k, 2) for k in range(1, 20))
# A probability of 0 that fails would cost infinitely much in the log score.
LEAST_PROBABILITY = 1e-3
BINS = 10
# Forecast and outcome on the same bound must not differ by a rounding error.
ROUNDING = 1e-9


def quantile_loss(outcome: ArrayLike, quantile_values: ArrayLike, levels: ArrayLike) -> np.ndarray:
    """Pinball loss of every quantile, on the value's own scale.

    outcome: (...). quantile_values: (..., n_levels). levels: (n_levels,) in (0, 1). Returns (..., n_levels):
    level * error where the outcome lies above the quantile, (level - 1) * error below.
    Source: Koenker & Bassett 1978, Econometrica 46:33.
    """
    error = np.asarray(outcome, float)[..., None] - np.asarray(quantile_values, float)
    levels = np.asarray(levels, float)
    return np.maximum(levels * error, (levels - 1) * error)


def weighted_quantile_loss(
    outcome: ArrayLike, quantile_values: ArrayLike, levels: ArrayLike, scale: ArrayLike
) -> np.ndarray:
    """WQL: twice the pinball loss, averaged over the levels and divided by a scale.

    outcome: (...). quantile_values: (..., n_levels). levels: (n_levels,), evenly spaced, all of equal weight.
    scale: broadcasts to outcome; the mean absolute yearly change of the history, so that indicators of all units
    count alike; 0 (a history that never moved) gives a missing score. Returns (...).
    Source: Hyndman & Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., 5.9 (quantile score with the
    factor 2), with the scaling of Hyndman & Koehler 2006 in place of a sum over series.
    """
    loss = quantile_loss(outcome, quantile_values, levels)
    return 2 * loss.mean(axis=-1) / _positive(scale)


def crps_from_quantiles(outcome: ArrayLike, quantile_values: ArrayLike, levels: ArrayLike) -> np.ndarray:
    """Continuous ranked probability score on the value's own scale, from quantiles at any levels.

    outcome: (...). quantile_values: (..., n_levels). levels: (n_levels,), increasing. Returns (...).
    The CRPS is twice the integral of the pinball loss over the levels (Gneiting & Ranjan 2011, Journal of Business &
    Economic Statistics 29:411); each level stands for the levels nearest to it, so uneven levels weigh unevenly.
    """
    levels = np.asarray(levels, float)
    borders = np.concatenate([[0.0], (levels[1:] + levels[:-1]) / 2, [1.0]])
    return 2 * (quantile_loss(outcome, quantile_values, levels) * np.diff(borders)).sum(axis=-1)


def mase(outcome: ArrayLike, point: ArrayLike, scale: ArrayLike) -> np.ndarray:
    """Absolute scaled error, whose mean is the MASE.

    outcome, point (the median, say), scale (mean absolute yearly change of the history): broadcast together.
    Returns |outcome - point| / scale, missing where the scale is 0. Source: Hyndman & Koehler 2006, International
    Journal of Forecasting 22:679.
    """
    return np.abs(np.asarray(outcome, float) - np.asarray(point, float)) / _positive(scale)


def coverage(outcome: ArrayLike, low: ArrayLike, high: ArrayLike) -> np.ndarray:
    """1 where the outcome lies within [low, high], its ends included (up to rounding), 0 outside; arrays broadcast.

    The mean should be the interval's nominal level. Source: Gneiting, Balabdaoui & Raftery 2007, JRSS B 69:243.
    """
    y, low, high = np.broadcast_arrays(*(np.asarray(a, float) for a in (outcome, low, high)))
    slack = ROUNDING * np.abs(y)
    inside = (y >= low - slack) & (y <= high + slack)
    return np.where(np.isnan(y + low + high), np.nan, inside)


def brier(probability: ArrayLike, met: ArrayLike) -> np.ndarray:
    """Squared error of a probability, (probability - met)², whose mean is the Brier score; always 1/2 gives 0.25.

    probability: in [0, 1]. met: 1 or 0. Source: Brier 1950, Monthly Weather Review 78:1, in its halved form for
    two classes.
    """
    return (np.asarray(probability, float) - np.asarray(met, float)) ** 2


def log_score(probability: ArrayLike, met: ArrayLike) -> np.ndarray:
    """Minus the natural logarithm of the probability given to what happened; always 1/2 gives 0.693.

    probability: in [0, 1], clipped to [0.001, 0.999], so that one certain error costs 6.9 and not infinitely much.
    met: 1 or 0. Source: Good 1952, JRSS B 14:107.
    """
    p = np.clip(np.asarray(probability, float), LEAST_PROBABILITY, 1 - LEAST_PROBABILITY)
    met = np.asarray(met, float)
    return -np.log(np.where(met == 1, p, np.where(met == 0, 1 - p, np.nan)))


def hit(probability: ArrayLike, met: ArrayLike) -> np.ndarray:
    """1 where the more probable answer was right, 0 where it was wrong, 1/2 where the probability was 1/2."""
    p, met = np.asarray(probability, float), np.asarray(met, float)
    right = np.where(p == 0.5, 0.5, (p > 0.5) == (met == 1))
    return np.where(np.isnan(p + met), np.nan, right)


def reliability(
    probability: ArrayLike, met: ArrayLike, bins: int = BINS, level: float = 0.95
) -> pd.DataFrame:
    """How often it happened when it was said to be so probable: one row a bin that holds cases.

    probability, met: (n,); pairs with a missing value are left out. bins: number of equal widths over [0, 1].
    level: of the interval. Returns low, high (ends of the bin), mean_forecast, frequency, n, interval_low,
    interval_high (Wilson, or exact below 30 cases on either side; cases taken as independent).
    Source: Murphy & Winkler 1977, Applied Statistics 26:41.
    """
    p, met, at = _binned(probability, met, bins)
    table = pd.DataFrame({"bin": at, "mean_forecast": p, "frequency": met, "n": 1.0})
    table = table.groupby("bin").agg({"mean_forecast": "mean", "frequency": "mean", "n": "sum"})
    number = table.index.to_numpy()
    happened = np.rint(table["frequency"] * table["n"])
    low, high = rate_interval(happened, table["n"], "proportion", level)
    table = table.assign(interval_low=low, interval_high=high, n=table["n"].astype(int))
    table.insert(0, "low", number / bins)
    table.insert(1, "high", (number + 1) / bins)
    return table.reset_index(drop=True)


def calibration_error(probability: ArrayLike, met: ArrayLike, bins: int = BINS) -> float:
    """Expected calibration error: mean gap between forecast and frequency over equal-width bins, weighted by count.

    probability, met: (n,); pairs with a missing value are left out; NaN if none is left. In [0, 1]. Source: Naeini,
    Cooper & Hauskrecht 2015, AAAI 29:2901. A few cases a bin make it larger than it is: see `reliability`.
    """
    p, met, at = _binned(probability, met, bins)
    if not len(p):
        return float("nan")
    gaps = np.bincount(at, p - met, minlength=bins)
    return float(np.abs(gaps).sum() / len(p))


def _binned(probability: ArrayLike, met: ArrayLike, bins: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    p, met = np.asarray(probability, float), np.asarray(met, float)
    known = np.isfinite(p) & np.isfinite(met)
    p, met = p[known], met[known]
    if np.any((p < 0) | (p > 1)):
        raise ParamsError("概率须在 0 与 1 之间")
    # 0.3 * 10 is a hair below 3 in binary, yet 0.3 opens the bin from 0.3 on
    return p, np.asarray(met), np.minimum((p * bins + ROUNDING).astype(int), bins - 1)


def probability_beyond(
    quantile_values: ArrayLike, levels: ArrayLike, target: ArrayLike, sign: ArrayLike
) -> np.ndarray:
    """Probability that the value reaches its target, read off predictive quantiles.

    quantile_values: (..., n_levels); quantiles that cross are put in order. levels: (n_levels,), at least two,
    increasing. target: (...), same unit. sign: (...), 1 where the value must be at least the target, -1 where at
    most. Returns (...), missing where a quantile or the target is. Raises ParamsError for fewer than two levels.
    Between quantiles the distribution is interpolated in normal scores and beyond the outer ones it goes on along
    the last slope, as simulated paths do (`projection.sample_paths`). Quantiles that coincide (on a bound, say) are
    a point mass, and a value exactly on the target has reached it.
    """
    from scipy.special import ndtr, ndtri

    levels, values = np.asarray(levels, float), np.asarray(quantile_values, float)
    if len(levels) < 2:
        raise ParamsError("由分位数计算达标概率，至少需要两个分位水平")
    target, sign = (np.broadcast_to(np.asarray(a, float), values.shape[:-1]) for a in (target, sign))
    # at most the target is at least its mirror image, so one direction is enough
    upward = (sign > 0)[..., None]
    knots = np.where(upward, ndtri(levels), -ndtri(levels)[::-1])
    ordered = np.sort(values, axis=-1)
    ordered = np.where(upward, ordered, -ordered[..., ::-1])
    score = _score_below(ordered, knots, np.where(sign > 0, target, -target))
    missing = np.isnan(values).any(axis=-1) | np.isnan(target + sign)
    return np.where(missing, np.nan, ndtr(-score))


def _score_below(values: np.ndarray, knots: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Normal score of the probability of staying short of the target. values, knots: (..., n); target: (...)."""
    count = (values < target[..., None]).sum(axis=-1)
    right = np.clip(count, 1, values.shape[-1] - 1)[..., None]

    def at(array: np.ndarray, index: np.ndarray) -> np.ndarray:
        return np.take_along_axis(array, index, axis=-1)[..., 0]

    start, end = at(values, right - 1), at(values, right)
    low, high = at(knots, right - 1), at(knots, right)
    width = np.where(end > start, end - start, 1.0)
    score = low + (target - start) * (high - low) / width
    # a flat end is a point mass that nothing lies beyond: short of it is impossible, past it certain
    flat = np.where(count == 0, -np.inf, np.inf)
    return np.where(end > start, score, flat)


def bootstrap_interval(
    scores: ArrayLike,
    groups: ArrayLike,
    baseline: ArrayLike | None = None,
    level: float = 0.95,
    draws: int = 2000,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Interval of a mean score when whole groups of cases are drawn again, with replacement.

    scores: (n,) or (n, k), missing ones left out. groups: (n,) labels; cases of one indicator share its fate, so
    cases are no independent witnesses, indicators are. baseline: scores of another method on the same cases; then
    the interval is that of the skill, 1 - mean(scores) / mean(baseline), over cases that both answered.
    level: coverage. draws, seed: of the bootstrap.
    Returns (low, high), each () or (k,): percentiles; missing for fewer than two groups. Source: Davison & Hinkley
    1997, Bootstrap Methods and their Application, 5.3; Field & Welsh 2007, JRSS B 69:369, for clusters.
    """
    scores = np.asarray(scores, float)
    shape = scores.shape[1:]
    codes, names = pd.factorize(np.asarray(groups))
    if len(names) < 2:
        return np.full(shape, np.nan), np.full(shape, np.nan)
    base = np.ones_like(scores) if baseline is None else np.asarray(baseline, float)
    known = np.isfinite(scores) & np.isfinite(base)
    sums = [_group_sums(np.where(known, a, 0.0), codes) for a in (scores, base)]
    times = np.random.default_rng(seed).multinomial(len(names), np.full(len(names), 1 / len(names)), draws)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = (times @ sums[0]) / (times @ sums[1])
    limits = np.full((2, ratio.shape[1]), np.nan)
    answered = known.reshape(len(scores), -1).any(axis=0)
    tail = (1 - level) / 2
    found = (ratio if baseline is None else 1 - ratio)[:, answered]
    limits[:, answered] = np.nanquantile(found, [tail, 1 - tail], axis=0)
    return limits[0].reshape(shape), limits[1].reshape(shape)


def _group_sums(values: np.ndarray, codes: np.ndarray) -> np.ndarray:
    return pd.DataFrame(values.reshape(len(values), -1)).groupby(codes).sum().to_numpy()


def _positive(scale: ArrayLike) -> np.ndarray:
    scale = np.asarray(scale, float)
    return np.where(scale > 0, scale, np.nan)
