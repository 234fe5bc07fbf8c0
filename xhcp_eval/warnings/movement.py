"""Rules on how series moved, as tests on arrays: losses two years running, volatility beyond counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from xhcp_eval.forecast.counting import counting_variance
from xhcp_eval.forecast.panel import Panel
from xhcp_eval.forecast.small_numbers import rate_ratio_interval
from xhcp_eval.warnings.rules import WarningRules

# Median absolute deviation of a normal variable, inverted.
MAD_TO_SD = 1.4826


@dataclass(frozen=True, eq=False)
class Worse:
    """Losses over the last two years. All (n,): judged, flagged (bool); change (last value less that two years before);
    habit (standard deviation of a two-year change, nan if unknown); ratio, low, high of the counts (nan without).
    """

    judged: np.ndarray
    flagged: np.ndarray
    change: np.ndarray
    habit: np.ndarray
    ratio: np.ndarray
    low: np.ndarray
    high: np.ndarray


def worse_two_years(panel: Panel, sign: np.ndarray, rules: WarningRules) -> Worse:
    """Series that went the wrong way in both of their last two years, beyond noise.

    panel: n series. sign: (n,) 1 where more is better, -1 where less is, 0 where neither (never flagged).
    Noise of counts: the exact conditional interval of the ratio of both years' events (non-events where those are
    rarer, which is conservative for shares). Own habit: median absolute yearly change before those two years,
    brought to two years of a random walk, at least 1% of the level. Values of both years and the two before
    have to be there, one each year.
    """
    y, last = panel.values, panel.last
    rows = np.arange(len(panel))
    at = [np.where(last >= back, y[rows, np.maximum(last - back, 0)], np.nan) for back in (0, 1, 2)]
    change = at[0] - at[2]
    step = np.diff(y, axis=1, prepend=np.nan)
    known = np.isfinite(step) & (np.arange(y.shape[1]) <= last[:, None] - 2)
    enough = known.sum(axis=1) >= rules.habit_changes
    earlier = np.where(known, np.abs(step), np.nan)
    usual = np.nanmedian(np.where(enough[:, None], earlier, 0.0), axis=1)
    habit = np.sqrt(2) * np.maximum(MAD_TO_SD * usual, 0.01 * room(panel))
    habit = np.where(enough, habit, np.nan)
    ratio, low, high = _count_ratio(panel, rules.level)
    counted = np.isfinite(low) & np.isfinite(ratio)
    judged = np.isfinite(change) & np.isfinite(at[1]) & (sign != 0) & (enough | counted)
    wrong = (sign * (at[0] - at[1]) < 0) & (sign * (at[1] - at[2]) < 0)
    unusual = ~enough | (np.abs(change) > rules.habit * np.nan_to_num(habit))
    told = ~counted | (low > 1) | (high < 1)
    return Worse(judged, judged & wrong & unusual & told, change, habit, ratio, low, high)


def _count_ratio(panel: Panel, level: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Last year's rate of events over that two years before, with its interval; (n,) each, nan without counts."""
    rows, then = np.arange(len(panel)), np.maximum(panel.last - 2, 0)
    x1, n1, x0, n0 = (a[rows, t] for t in (panel.last, then) for a in (panel.numerator, panel.denominator))
    with np.errstate(invalid="ignore", divide="ignore"):
        # events of a share close to 1 are its failures; a rate per population has none
        rare = np.isfinite(panel.upper) & ((x1 + x0) / (n1 + n0) > 0.5)
    x1, x0 = np.where(rare, n1 - x1, x1), np.where(rare, n0 - x0, x0)
    whole = np.isfinite(x1 + n1 + x0 + n0) & (x1 >= 0) & (x0 >= 0)
    x1, n1, x0, n0 = (np.where(whole, a, np.nan) for a in (x1, n1, x0, n0))
    return rate_ratio_interval(x1, n1, x0, n0, level)


def room(panel: Panel) -> np.ndarray:
    """What a change is measured against, (n,): the mean value, or the room to the upper bound where that is less."""
    mean = np.nanmean(np.abs(panel.values), axis=1)
    return np.minimum(mean, np.abs(panel.upper - mean))


@dataclass(frozen=True, eq=False)
class Volatile:
    """Irregularity of series. All (n,): judged, flagged (bool); size (standard deviation of a year around its
    neighbours beyond counting noise, on the unit's scale); share (of `room`); dispersion (squares over those that counting
    explains, nan without counts); p (chance of it, nan without counts).
    """

    judged: np.ndarray
    flagged: np.ndarray
    size: np.ndarray
    share: np.ndarray
    dispersion: np.ndarray
    p: np.ndarray


def volatile(panel: Panel, rules: WarningRules) -> Volatile:
    """Series whose years deviate from their neighbours more than counts explain and than real series usually do.

    The sum of squared second differences, in which any steady trend cancels, is held against its distribution under
    counting noise alone: a quadratic form in independent errors, as a scaled chi-square with the same mean and variance.
    Sources: Cochran 1954, Biometrics 10:417 (dispersion test); Satterthwaite 1946, Biometrics Bulletin 2:110.
    """
    from scipy import stats

    second = np.diff(panel.values, n=2, axis=1)
    known = np.isfinite(second)
    triples = known.sum(axis=1)
    squares = np.where(known, second, 0.0) ** 2
    total, expected = squares.sum(axis=1), np.zeros(len(panel))
    dispersion, p = np.full(len(panel), np.nan), np.full(len(panel), np.nan)
    variance, counted = counting_variance(panel.values, panel.numerator, panel.denominator, panel.upper)
    counted &= (variance.sum(axis=1) > 0) & (triples > 0)
    if counted.any():
        mean, spread = _moments(variance[counted], known[counted])
        expected[counted] = mean
        dispersion[counted] = total[counted] / mean
        p[counted] = stats.chi2.sf(total[counted] * mean / spread, mean**2 / spread)
    judged = triples >= rules.least_triples
    # a second difference has six times the variance of a single year's deviation
    size = np.sqrt(np.maximum(total - expected, 0) / (6 * np.maximum(triples, 1)))
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(judged & (size > 0), size / room(panel), 0.0)
    limit = np.where(counted, rules.material, rules.irregular)
    flagged = judged & (share > limit) & (~counted | (p < rules.irregular_p))
    return Volatile(judged, flagged, size, share, dispersion, p)


def _moments(variance: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and half the variance of the sum of squared second differences of independent errors, (n,) each."""
    difference = np.diff(np.eye(variance.shape[1]), n=2, axis=0)
    covariance = np.einsum("it,nt,jt->nij", difference, variance, difference, optimize=True)
    covariance *= known[:, :, None] & known[:, None, :]
    return np.trace(covariance, axis1=1, axis2=2), (covariance**2).sum(axis=(1, 2))
