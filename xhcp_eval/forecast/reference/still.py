"""Histories that never moved: how real ones went on, since typical changes of nothing tell nothing."""

from __future__ import annotations

import numpy as np

from xhcp_eval.forecast.reference.network import GRID

# on the upper bound, on the lower bound, within a tenth of the scale of the upper bound, elsewhere
PLACES = 4
NEAR = 0.1
WIDEST = 100.0
FEWEST_POINTS, LONGEST = 4, 10
ROUNDING = 1e-9  # of the value: what arithmetic leaves, no movement


def is_still(values: np.ndarray) -> np.ndarray:
    """Whether all known values of a series, two at least, are equal but for rounding, (n,). values: (n, n_years)."""
    known = np.isfinite(values)
    high = np.where(known, values, -np.inf).max(axis=1)
    low = np.where(known, values, np.inf).min(axis=1)
    same = high - low <= ROUNDING * np.maximum(np.abs(high), 1e-300)
    return same & (known.sum(axis=1) >= 2)


def place(last: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where a value stands, (n,) codes 0 to 3, and the length of its scale, (n,).

    Shares in percent have the scale's own length; for rates, whose bound of 1,000 or 100,000 nobody comes near, and for
    values without bounds it is the value's size.
    """
    share = np.isfinite(lower) & (upper - lower <= WIDEST)
    span = np.where(share, upper - np.where(np.isfinite(lower), lower, 0), np.abs(last))
    span = np.maximum(np.where(np.isfinite(span), span, 0.0), 1e-9)
    with np.errstate(invalid="ignore", over="ignore"):
        from_top, from_bottom = (upper - last) / span, (last - lower) / span
    codes = np.where(from_top <= NEAR, 2, 3)
    codes = np.where(from_bottom <= 1e-9, 1, codes)
    return np.where(from_top <= 1e-9, 0, codes), span


def learn(values: np.ndarray, lower: np.ndarray, upper: np.ndarray, years: int) -> np.ndarray:
    """Quantiles, (PLACES, years, len(GRID)), of how real still histories went on, in shares of their scale.

    values: (n, n_years) real series. Every origin with four equal values or more among the last ten years counts; the
    spread may not shrink with the years.
    """
    found = np.zeros((PLACES, years, len(GRID)))
    width = values.shape[1]
    moves: list[list[np.ndarray]] = [[] for _ in range(PLACES)]
    for origin in range(FEWEST_POINTS - 1, width - 1):
        past = values[:, max(0, origin - LONGEST + 1) : origin + 1]
        rows = np.isfinite(past[:, -1]) & (np.isfinite(past).sum(axis=1) >= FEWEST_POINTS)
        rows &= is_still(past)
        last = past[rows, -1]
        codes, span = place(last, lower[rows], upper[rows])
        future = np.full((rows.sum(), years), np.nan)
        ahead = values[rows, origin + 1 : origin + 1 + years]
        future[:, : ahead.shape[1]] = (ahead - last[:, None]) / span[:, None]
        for code in range(PLACES):
            moves[code].append(future[codes == code])
    for code in range(PLACES):
        pooled = np.concatenate(moves[code])
        for h in range(years):
            known = pooled[np.isfinite(pooled[:, h]), h]
            if len(known):
                found[code, h] = np.quantile(known, GRID)
    outer = np.where(GRID < 0.5, np.minimum.accumulate(found, axis=1), np.maximum.accumulate(found, axis=1))
    return np.where(GRID == 0.5, found, outer)
