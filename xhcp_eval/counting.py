"""How chance in counting widens a forecast: from the distribution of a rate to that of the rate to be reported."""

from __future__ import annotations

import numpy as np

# Equally likely values of the underlying rate over which the count's distribution is mixed.
MIX_LEVELS: np.ndarray = (np.arange(41) + 0.5) / 41
EXACT_BELOW = 60.0


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
    few = (mix.max(axis=2) / scale[:, :, 0] < EXACT_BELOW).all(axis=1)
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
    for _ in range(9):
        middle = np.floor((low + high) / 2)
        count = middle[..., None]
        poisson = pdtr(np.maximum(count, 0), expected)
        members = bdtr(
            np.minimum(np.maximum(count, 0), population),
            np.round(population),
            np.minimum(expected / population, 1),
        )
        chance = np.where(binomial[:, None, None, None], members, poisson).mean(axis=3)
        reached = (chance >= quantiles) & (middle >= 0)
        high, low = np.where(reached, middle, high), np.where(reached, low, middle)
    return high
