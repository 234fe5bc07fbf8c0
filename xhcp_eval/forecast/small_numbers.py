"""How sure is a small count: exact and score intervals, pooled windows, comparison of two rates or shares.

A district with 3,500 births has about 14 infant deaths a year, which chance alone moves between 7 and 22;
so rates carry intervals, and those from few events are pooled over years before anything is said of them.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from xhcp_eval.errors import DataError

EXACT_BELOW = 30


def rate_interval(
    numerator: ArrayLike,
    denominator: ArrayLike,
    kind: str = "rate",
    level: float = 0.95,
    per: float = 1.0,
    exact_below: int = EXACT_BELOW,
) -> tuple[np.ndarray, np.ndarray]:
    """Confidence interval of a rate or a proportion, for many counts at once.

    numerator, denominator: counts, shapes that broadcast; missing or a denominator of 0 gives missing limits.
    kind: "proportion" (numerator is part of the denominator): Wilson score interval, or Clopper-Pearson's
    exact one where fewer than `exact_below` events or non-events were counted; "rate" (events in a population): Garwood's
    exact Poisson interval. level: coverage, e.g. 0.95. per: multiplier of the unit (1000 for per mille).
    Returns (low, high), on the unit's scale.
    Raises DataError for an unknown kind, a negative count or a proportion above 1.
    Sources: Garwood 1936, Biometrika 28:437; Wilson 1927, JASA 22:209, method 3 in Newcombe 1998, Stat Med
    17:857; Clopper & Pearson 1934, Biometrika 26:404.
    """
    from scipy.special import chdtri

    x, n = np.broadcast_arrays(np.asarray(numerator, float), np.asarray(denominator, float))
    n = np.where(n > 0, n, np.nan)
    _refuse_impossible(x, n, kind)
    alpha = 1.0 - level
    if kind == "rate":
        # chdtri looks up the upper tail
        low = np.where(x > 0, chdtri(2 * x, 1 - alpha / 2) / 2, 0.0) / n
        high = chdtri(2 * (x + 1), alpha / 2) / 2 / n
    else:
        low, high = _proportion_limits(x, n, alpha, exact_below)
    missing = np.isnan(x) | np.isnan(n)
    return np.where(missing, np.nan, low * per), np.where(missing, np.nan, high * per)


def _refuse_impossible(x: np.ndarray, n: np.ndarray, kind: str) -> None:
    if kind not in ("rate", "proportion"):
        raise DataError(f"未知的指标类型 {kind!r};允许 rate、proportion")
    if np.any(x < 0):
        raise DataError("分子不能为负")
    if kind == "proportion" and np.any(x > n):
        raise DataError("比例的分子不能大于分母")


def _proportion_limits(
    x: np.ndarray, n: np.ndarray, alpha: float, exact_below: int
) -> tuple[np.ndarray, np.ndarray]:
    from scipy.special import betaincinv, ndtri

    z = ndtri(1 - alpha / 2)
    p, half = x / n, z * z / (2 * n)
    root = z * np.sqrt(x / n * (1 - x / n) / n + z * z / (4 * n * n))
    low, high = (p + half - root) / (1 + 2 * half), (p + half + root) / (1 + 2 * half)
    # rounding
    low, high = np.maximum(low, 0), np.minimum(high, 1)
    exact = np.minimum(x, n - x) < exact_below
    if not exact.any():
        return low, high
    with np.errstate(invalid="ignore"):
        exact_low = np.where(x > 0, betaincinv(x, n - x + 1, alpha / 2), 0.0)
        exact_high = np.where(x < n, betaincinv(x + 1, n - x, 1 - alpha / 2), 1.0)
    return np.where(exact, exact_low, low), np.where(exact, exact_high, high)


def pool_years(frame: pd.DataFrame, years: int = 3) -> pd.DataFrame:
    """Moving windows of pooled counts: numerator and denominator summed over consecutive reported years.

    frame: columns series, year, numerator, denominator (one row a series and year; gaps allowed).
    years: width of the window, ending in `year`; a missing year within it is left out of both sums.
    Returns series, year (the last of the window), first_year, numerator, denominator, n_years, of the same rows.
    """
    data = frame.sort_values(["series", "year"])
    sums = np.zeros((len(data), 2))
    n_years, first = np.zeros(len(data), int), data["year"].to_numpy().copy()
    same, year = data["series"].to_numpy(), data["year"].to_numpy()
    counts = data[["numerator", "denominator"]].to_numpy(float)
    for lag in range(min(years, len(data))):
        here = np.arange(lag, len(data))
        inside = (same[here] == same[here - lag]) & (year[here] - year[here - lag] < years)
        inside &= ~np.isnan(counts[here - lag]).any(axis=1)
        rows = here[inside]
        sums[rows] += counts[rows - lag]
        n_years[rows] += 1
        first[rows] = np.minimum(first[rows], year[rows - lag])
    return pd.DataFrame(
        {
            "series": same,
            "year": year,
            "first_year": first,
            "numerator": sums[:, 0],
            "denominator": sums[:, 1],
            "n_years": n_years,
        }
    )


def rate_ratio_interval(
    numerator: ArrayLike,
    denominator: ArrayLike,
    base_numerator: ArrayLike,
    base_denominator: ArrayLike,
    level: float = 0.95,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ratio of two Poisson rates with its exact conditional interval, for many pairs at once.

    numerator/denominator: later period; base_*: earlier period; counts. level: coverage.
    Returns (ratio, low, high); no event in the base period makes ratio and high infinite, none in either, or a
    missing count, all three missing.
    Given the total of both counts the later one is binomial, so Clopper-Pearson's limits carry over
    (Przyborowski & Wilenski 1940, Biometrika 31:313).
    """
    x, n, x0, n0 = np.broadcast_arrays(
        *(np.asarray(v, float) for v in (numerator, denominator, base_numerator, base_denominator))
    )
    from scipy import stats

    total, alpha = x + x0, 1 - level
    with np.errstate(invalid="ignore", divide="ignore"):
        low = np.where(x > 0, stats.beta.ppf(alpha / 2, x, total - x + 1), 0.0)
        high = np.where(x0 > 0, stats.beta.ppf(1 - alpha / 2, x + 1, total - x), 1.0)
        scale = n0 / n
        ratio = x / x0 * scale
        limits = [share / (1 - share) * scale for share in (low, high)]
    ratio, low, high = (np.where(total > 0, values, np.nan) for values in (ratio, *limits))
    return ratio, low, high


def difference_interval(
    numerator: ArrayLike,
    denominator: ArrayLike,
    base_numerator: ArrayLike,
    base_denominator: ArrayLike,
    level: float = 0.95,
    times: ArrayLike = 1.0,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Difference of two independent shares, p1 - times * p0, with its interval, for many pairs at once.

    numerator/denominator: later period (p1); base_*: earlier period (p0); counts, shapes that broadcast. A missing
    count or a denominator of 0 gives missing values. level: coverage. times: what the earlier share is multiplied
    by, 0 or more, e.g. 1.05 for "a twentieth more than before".
    Returns (difference, low, high) as shares, e.g. 0.19 for 19 percentage points.
    Raises DataError for a negative count, a share above 1 or a negative `times`.
    Each limit adds the distances of both shares to their Wilson limits in quadrature: Newcombe 1998, Stat Med
    17:873, method 10; for `times` other than 1 by the same reasoning, Zou & Donner 2008, Stat Med 27:1693.
    """
    x, n, x0, n0, times = np.broadcast_arrays(
        *(np.asarray(v, float) for v in (numerator, denominator, base_numerator, base_denominator, times))
    )
    if np.any(times < 0):
        raise DataError("倍数不能为负")
    n, n0 = (np.where(cases > 0, cases, np.nan) for cases in (n, n0))
    p, p0 = x / n, x0 / n0
    low, high = rate_interval(x, n, "proportion", level, exact_below=0)
    low0, high0 = rate_interval(x0, n0, "proportion", level, exact_below=0)
    difference = p - times * p0
    below, above = np.hypot(p - low, times * (high0 - p0)), np.hypot(high - p, times * (p0 - low0))
    return difference, difference - below, difference + above


def equality_p(
    numerator: ArrayLike,
    denominator: ArrayLike,
    base_numerator: ArrayLike,
    base_denominator: ArrayLike,
    kind: str,
) -> np.ndarray:
    """How likely two counts would differ as much if nothing had changed, two-sided, for many pairs at once.

    numerator/denominator: later period; base_*: earlier period; counts, shapes that broadcast. kind: "proportion" (pooled
    score test of two shares) or "rate" (the later of both counts is binomial given their total, twice the smaller tail).
    A missing count or a denominator of 0 gives a missing value; two shares of all or of none give 1.
    Sources: Fleiss, Levin & Paik 2003, Statistical Methods for Rates and Proportions, ch. 3; Przyborowski & Wilenski 1940,
    Biometrika 31:313.
    """
    x, n, x0, n0 = np.broadcast_arrays(
        *(np.asarray(v, float) for v in (numerator, denominator, base_numerator, base_denominator))
    )
    from scipy import stats

    n, n0 = (np.where(cases > 0, cases, np.nan) for cases in (n, n0))
    total, cases = x + x0, n + n0
    with np.errstate(invalid="ignore", divide="ignore"):
        if kind == "rate":
            share = n / cases
            tails = stats.binom.cdf(x, total, share), stats.binom.sf(x - 1, total, share)
            return np.minimum(2 * np.minimum(*tails), 1.0)
        pooled = total / cases
        spread = np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / n0))
        z = np.where(spread > 0, np.abs(x / n - x0 / n0) / spread, np.where(spread == 0, 0.0, np.nan))
        return 2 * stats.norm.sf(z)


def tolerated(
    base_numerator: ArrayLike,
    base_denominator: ArrayLike,
    denominator: ArrayLike,
    level: float = 0.95,
    sign: ArrayLike = 1,
    kind: str = "proportion",
) -> np.ndarray:
    """Worst later value that isn't yet significantly worse than the base, for many bases at once.

    base_numerator, base_denominator: counts of the earlier period; denominator: cases of the later one; shapes that
    broadcast. Missing, or a denominator of 0, gives missing. level: coverage of the interval that tells, so that with
    nothing changed (1 - level) / 2 of large counts turn out worse than this. sign: 1 where more is better, -1 where
    less is. kind: "proportion" (`difference_interval` still reaches 0) or "rate" (`rate_ratio_interval` still
    reaches 1).
    Returns events a case of the later period, as if counts needn't be whole; 0 (or 1, for a share of which less is
    better) where no later value would be significantly worse.
    Raises DataError for an unknown kind, a sign other than 1 and -1, a negative count or a proportion above 1.
    """
    x0, n0, n, sign = np.broadcast_arrays(
        *(np.asarray(v, float) for v in (base_numerator, base_denominator, denominator, sign))
    )
    if not np.isin(sign, (1, -1)).all():
        raise DataError("方向只能是 1(越大越好)或 -1(越小越好)")
    n0, n = (np.where(cases > 0, cases, np.nan) for cases in (n0, n))
    _refuse_impossible(x0, n0, kind)
    if kind == "rate":
        return _tolerated_events(x0, n / (n0 + n), 1 - level, sign) / n
    # less of a share is more of its complement
    share = _lowest_tolerated_share(np.where(sign == 1, x0, n0 - x0), n0, n, level)
    return np.where(sign == 1, share, 1 - share)


def _lowest_tolerated_share(x0: np.ndarray, n0: np.ndarray, n: np.ndarray, level: float) -> np.ndarray:
    """Lowest share whose difference from the base may still be 0, by bisection between 0 and the base."""
    low, high = np.zeros(x0.shape), x0 / n0
    without_any = difference_interval(low, n, x0, n0, level)[2]
    for _ in range(40):
        middle = (low + high) / 2
        worse = difference_interval(middle * n, n, x0, n0, level)[2] < 0
        low, high = np.where(worse, middle, low), np.where(worse, high, middle)
    # not even 0 is worse, or there is nothing to tell it by
    return np.where(without_any < 0, high, 0.0 * without_any)


def _tolerated_events(x0: np.ndarray, share: np.ndarray, alpha: float, sign: np.ndarray) -> np.ndarray:
    """Later count at which a limit of the ratio of rates is 1, given its share of the cases of both periods.

    There the beta distribution of the later count's share of all events has just alpha / 2 beyond the share of cases.
    """
    from scipy.special import btdtria

    fewest = btdtria(1 - alpha / 2, x0, share) - 1
    fewest = np.where(x0 == 0, 0.0 * share, np.maximum(fewest, 0.0))
    return np.where(sign == 1, fewest, btdtria(alpha / 2, x0 + 1, share))
