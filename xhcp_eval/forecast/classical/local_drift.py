"""Local level with damped drift: separates real movement from counting noise and averages over what is unknown.

    value_t = level_t + e_t,          e_t ~ (0, r_t)   counting noise, known from numerator and denominator,
                                                       or a share of the movement where there are no counts
    level_t = level_(t-1) + drift + u_t, u_t ~ (0, q)  real movement

How large the yearly movement is can't be read off six points, so q runs over a grid around the typical change,
each value is weighted by how well a Kalman filter with it explains the series (and by a prior), and the forecast
is the mixture, with Student t tails and a drift that fades. Grid, tails and fading were chosen once on real
short series (countries and municipalities) so that 80% and 95% intervals hold what they say.
Sources: Harvey 1989, Forecasting, Structural Time Series Models and the Kalman Filter, ch. 4; West & Harrison
1997, ch. 12 (mixtures over discrete variance grids); Gardner & McKenzie 1985 (damping).
"""

from __future__ import annotations

import numpy as np

from xhcp_eval.forecast.counting import counting_variance
from xhcp_eval.forecast.panel import Panel

MOVEMENT_GRID = np.array([0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8])
MOVEMENT_PRIOR = np.array([1.0, 2.0, 3.0, 3.0, 2.0, 1.0, 0.5]) / 12.5
NOISE_RATIO = np.array([0.0, 1.0, 4.0])
DRIFT_PRIOR = 0.5
DAMPING = np.array([0.8, 0.9, 1.0])
BISECTIONS = 36
PRIOR_POINTS = 0.5
TYPICAL_CHANGE = 0.04
LEAST_ROOM = 0.05
CHUNK = 4096


def local_drift(panel: Panel, horizon: int, quantiles: np.ndarray) -> np.ndarray:
    """Predictive quantiles of the level (counts known) or of the value (no counts), bounds not applied.

    panel: series on a grid of years; numerator and denominator may be missing. horizon: years ahead.
    quantiles: (n_quantiles,) levels. Returns (n_series, horizon, n_quantiles); a series of one point is missing.
    """
    result = np.empty((len(panel), horizon, len(quantiles)))
    for start in range(0, len(panel), CHUNK):
        rows = slice(start, start + CHUNK)
        noise, counted = counting_variance(
            panel.values[rows], panel.numerator[rows], panel.denominator[rows], panel.upper[rows]
        )
        change = typical_change(panel, rows, noise)
        steepness = typical_trend(panel.values[rows], noise, change)
        values, noise = _end_together(panel.last[rows], panel.values[rows], noise)
        state = _filter(values, noise, counted, change, steepness)
        result[rows] = _mixture_quantiles(state, horizon, quantiles)
    result[np.isfinite(panel.values).sum(axis=1) < 2] = np.nan
    return result


def typical_change(panel: Panel, rows: slice, noise: np.ndarray) -> np.ndarray:
    """Typical real change a year, (n,): root mean square of yearly changes less their counting noise.

    Drawn towards 4% of the room that the value has (its distance to the nearer bound) as if half a change more
    had been seen, which matters for two or three points only.
    """
    y = panel.values[rows]
    has = np.isfinite(y)
    change, noise_of_change, count = np.zeros(len(y)), np.zeros(len(y)), np.zeros(len(y))
    before, since, before_noise = np.full(len(y), np.nan), np.ones(len(y)), np.zeros(len(y))
    for t in range(y.shape[1]):
        both = has[:, t] & np.isfinite(before)
        change += np.where(both, np.nan_to_num((y[:, t] - before) / since) ** 2, 0)
        noise_of_change += np.where(both, (noise[:, t] + before_noise) / since**2, 0)
        count += both
        since = np.where(has[:, t], 1, since + 1)
        before = np.where(has[:, t], y[:, t], before)
        before_noise = np.where(has[:, t], noise[:, t], before_noise)
    # a series without a single event still has the room that half an event would give it
    least = np.sqrt(np.nanmin(np.where(noise > 0, noise, np.nan), axis=1, initial=np.inf, where=noise > 0))
    room = TYPICAL_CHANGE * np.maximum(_room(panel, rows), np.where(np.isfinite(least), least, 0))
    # changes that are mostly counting noise say little about real movement, so they weigh little
    real = np.clip(1 - noise_of_change / np.maximum(change, 1e-300), 0, 1)
    squared = (real**2 * real * change + PRIOR_POINTS * room**2) / (real**2 * count + PRIOR_POINTS)
    return np.sqrt(squared) + 1e-9


def typical_trend(y: np.ndarray, noise: np.ndarray, change: np.ndarray) -> np.ndarray:
    """Scale of the drift, (n,): the typical change, or the slope from first to last value where that is larger.

    y, noise: (n, n_years) values and counting variances. Over ten years a steady rise shows through counting noise
    that hides every single step of it, so the slope is taken less its own (small) noise.
    """
    has = np.isfinite(y)
    first, last = has.argmax(axis=1), has.shape[1] - 1 - has[:, ::-1].argmax(axis=1)
    span = np.maximum(last - first, 1)
    rows = np.arange(len(y))
    slope = (y[rows, last] - y[rows, first]) / span
    own_noise = (noise[rows, last] + noise[rows, first]) / span**2
    return np.sqrt(np.maximum(change**2, slope**2 - own_noise))


def _room(panel: Panel, rows: slice) -> np.ndarray:
    """Distance of the mean to the nearer bound; the mean itself where there is no bound; never quite nothing.

    At most the largest value's own size: bounds of -1,000 and 1,000 say nothing of how far a rate of 1 moves.
    """
    mean = np.nanmean(panel.values[rows], axis=1)
    largest = np.maximum(np.nanmax(np.abs(panel.values[rows]), axis=1), np.abs(mean))
    low, high = panel.lower[rows], panel.ceiling[rows]
    below = np.where(np.isfinite(low), mean - low, np.abs(mean))
    above = np.where(np.isfinite(high), np.abs(high - mean), np.inf)
    near = np.minimum(below, above)
    # values that are all 0 have no size to go by
    near = np.where(largest > 0, np.minimum(near, largest), near)
    return np.maximum(near, LEAST_ROOM * np.abs(mean))


def _end_together(last: np.ndarray, *grids: np.ndarray) -> list[np.ndarray]:
    """Shift every row so that its last value stands in the last column; what moves in from the left is missing."""
    width = grids[0].shape[1]
    source = last[:, None] - (width - 1) + np.arange(width)
    shifted = [np.take_along_axis(grid, np.maximum(source, 0), axis=1) for grid in grids]
    return [np.where(source >= 0, grid, np.nan) for grid in shifted]


def _filter(
    values: np.ndarray, noise: np.ndarray, counted: np.ndarray, change: np.ndarray, steepness: np.ndarray
) -> dict:
    """Kalman filter of every series under every grid value; arrays (n, n_movement, n_ratio)."""
    q = (change[:, None, None] * MOVEMENT_GRID[None, :, None]) ** 2
    ratio = np.where(counted[:, None], 0.0, NOISE_RATIO[None, :])[:, None, :]
    own_noise = q * ratio
    q = np.broadcast_to(q, own_noise.shape)
    zero = np.zeros(own_noise.shape)
    # a trend may be steep though movement around it is small
    drift_variance = np.broadcast_to((DRIFT_PRIOR * steepness[:, None, None]) ** 2, own_noise.shape)
    level, slope, p11, p12, p22, loglik = (zero.copy() for _ in range(6))
    started = np.zeros(len(values), bool)
    for t in range(values.shape[1]):
        on = started[:, None, None]
        level = np.where(on, level + slope, level)
        p11 = np.where(on, p11 + 2 * p12 + p22 + q, p11)
        p12 = np.where(on, p12 + p22, p12)
        seen = np.isfinite(values[:, t])
        y = np.where(seen, values[:, t], 0.0)[:, None, None]
        r = np.nan_to_num(noise[:, t])[:, None, None] + own_noise
        first, update = (seen & ~started)[:, None, None], (seen & started)[:, None, None]
        surprise, total = y - level, np.where(update, p11 + r, 1.0)
        gain1, gain2 = p11 / total, p12 / total
        loglik += np.where(update, -0.5 * (np.log(total) + surprise**2 / total), 0.0)
        level = np.where(first, y, np.where(update, level + gain1 * surprise, level))
        slope = np.where(update, slope + gain2 * surprise, slope)
        p22 = np.where(first, drift_variance, np.where(update, p22 - gain2 * p12, p22))
        p12 = np.where(first, 0.0, np.where(update, p12 * (1 - gain1), p12))
        p11 = np.where(first, r, np.where(update, p11 * (1 - gain1), p11))
        started |= seen
    return {
        "level": level,
        "slope": slope,
        "p11": p11,
        "p12": p12,
        "p22": p22,
        "q": q,
        "r": own_noise,
        "loglik": loglik,
    }


def _mixture_quantiles(state: dict, horizon: int, quantiles: np.ndarray) -> np.ndarray:
    """Invert the mixture's distribution function by bisection, all series, horizons and levels at once."""
    n = len(state["level"])
    weight = (
        np.exp(state["loglik"] - state["loglik"].max(axis=(1, 2), keepdims=True)) * MOVEMENT_PRIOR[:, None]
    )
    # nobody knows how fast a trend fades either: equal weight on each damping
    weight = np.repeat(weight[..., None], len(DAMPING), axis=3).reshape(n, 1, -1)
    weight /= weight.sum(axis=2, keepdims=True)
    level, slope, p11, p12, p22, q, r = (
        state[name][..., None] for name in ("level", "slope", "p11", "p12", "p22", "q", "r")
    )
    result = np.empty((n, horizon, len(quantiles)))
    for h in range(1, horizon + 1):
        fade = (DAMPING ** np.arange(1, h + 1)[:, None]).sum(axis=0)
        centre = (level + fade * slope).reshape(n, 1, -1)
        scale = np.sqrt(p11 + 2 * fade * p12 + fade**2 * p22 + h * q + r).reshape(n, 1, -1)
        low = np.repeat((centre - 40 * scale).min(axis=2), len(quantiles), axis=1)
        high = np.repeat((centre + 40 * scale).max(axis=2), len(quantiles), axis=1)
        for _ in range(BISECTIONS):
            middle = (low + high) / 2
            below = (_student4((middle[:, :, None] - centre) / scale) * weight).sum(axis=2) < quantiles
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        result[:, h - 1] = (low + high) / 2
    return result


def _student4(score: np.ndarray) -> np.ndarray:
    """Distribution function of Student t with four degrees of freedom, which has a closed form."""
    square = score * score
    x = score / np.sqrt(1 + square / 4)
    return 0.5 + 0.375 * x * (1 - x * x / 12)
