"""How chance in counting widens a forecast: from the distribution of a rate to that of the rate to be reported."""

from __future__ import annotations

import numpy as np

# Equally likely values of the underlying rate over which the count's distribution is mixed.
MIX_LEVELS: np.ndarray = (np.arange(41) + 0.5) / 41
EXACT_BELOW = 60.0


def counting_variance(
    values: np.ndarray, numerator: np.ndarray, denominator: np.ndarray, upper: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Variance of a value from its count, (n, n_years), and whether the series has counts at all, (n,).

    values, numerator, denominator: (n, n_years), missing as NaN. upper: (n,) bound of the scale. The rate is pooled
    over the series' years, so that a year without events isn't taken for certain. A share (bounded above) has
    binomial, a rate Poisson variance; the multiplier of the unit is read off the values.
    """
    x, n, y = numerator, denominator, values
    known = np.isfinite(x) & np.isfinite(n) & np.isfinite(y) & (n > 0)
    counted = known.sum(axis=1) >= np.maximum(1, np.isfinite(y).sum(axis=1) / 2)
    if not counted.any():
        return np.zeros(y.shape), counted
    total_x = np.where(known, x, 0).sum(axis=1) + 0.5
    total_n = np.where(known, n, 0).sum(axis=1) + 1.0
    share = (total_x / total_n)[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        per = unit_multiplier(y, np.where(known, x / n, np.nan), upper)
        binomial = np.isfinite(upper)[:, None] & (share < 1)
        variance = (
            np.where(np.isfinite(per), per, 0)[:, None] ** 2 * share * np.where(binomial, 1 - share, 1) / n
        )
    return np.where(known & counted[:, None], variance, 0.0), counted


def unit_multiplier(values: np.ndarray, shares: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """What a share is multiplied by to give the value (1000 for per mille), (n,), read off the figures.

    values, shares: (n, n_years), missing as NaN. upper: (n,) bounds, which are the multiplier of a series without
    a single event; missing where there is none.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        per = np.nansum(np.where(np.isfinite(shares), values, 0), axis=1) / np.nansum(shares, axis=1)
    return np.where(np.isfinite(per) & (per > 0), per, np.where(np.isfinite(upper), upper, np.nan))


def observed_quantiles(
    mix: np.ndarray,
    level: np.ndarray,
    quantiles: np.ndarray,
    cases: np.ndarray,
    per: np.ndarray,
    binomial: np.ndarray,
) -> np.ndarray:
    """Quantiles of the value that will be reported, from those of the underlying rate.

    mix: (n, horizon, len(MIX_LEVELS)) underlying rate at `MIX_LEVELS`. level: (n, horizon, n_quantiles) underlying
    rate at `quantiles`. cases: (n,) denominator of a coming year. per: (n,) multiplier of the unit. binomial: (n,)
    whether the numerator is part of the denominator (else Poisson).
    Returns (n, horizon, n_quantiles). Where fewer than 60 events are expected the count's distribution, mixed over
    the rate, is inverted exactly (values are whole counts); above that counting noise is added to each quantile's
    distance from the median in quadrature.
    """
    from scipy.special import ndtri

    scale = (per / cases)[:, None, None]
    share = np.clip(np.nanmedian(mix, axis=2, keepdims=True) / per[:, None, None], 0, None)
    noise = per[:, None, None] ** 2 * share * np.where(binomial[:, None, None], np.maximum(1 - share, 0), 1)
    noise = np.sqrt(noise / cases[:, None, None])
    centre = np.median(mix, axis=2, keepdims=True)
    score = ndtri(quantiles)
    wide = centre + np.sign(score) * np.sqrt((level - centre) ** 2 + (score * noise) ** 2)
    few = mix.max(axis=(1, 2)) / scale[:, 0, 0] < EXACT_BELOW
    if few.any():
        counts = _mixed_count_quantiles(mix[few] / scale[few], quantiles, cases[few], binomial[few])
        wide[few] = counts * scale[few]
    return wide


def _mixed_count_quantiles(
    expected: np.ndarray, quantiles: np.ndarray, cases: np.ndarray, binomial: np.ndarray
) -> np.ndarray:
    """Smallest count whose mixed distribution function reaches each quantile, by bisection over whole numbers."""
    from scipy.special import bdtr, pdtr

    expected = np.maximum(expected, 0.0)[:, :, None, :]
    population = cases[:, None, None, None]
    low = np.full((*expected.shape[:2], len(quantiles)), -1.0)
    high = np.full_like(low, 3 * EXACT_BELOW)
    while np.any(high - low > 1):
        middle = np.floor((low + high) / 2)
        count = middle[..., None]
        poisson = pdtr(np.maximum(count, 0), expected)
        members = bdtr(
            np.minimum(np.maximum(count, 0), population),
            np.round(population).astype(int),
            np.minimum(expected / population, 1),
        )
        chance = np.where(binomial[:, None, None, None], members, poisson).mean(axis=3)
        reached = (chance >= quantiles) & (middle >= 0)
        high, low = np.where(reached, middle, high), np.where(reached, low, middle)
    return high
