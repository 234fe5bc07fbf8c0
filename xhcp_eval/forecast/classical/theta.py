"""The Theta method for many short series at once: half the trend, added to exponential smoothing."""

from __future__ import annotations

import numpy as np

from xhcp_eval.forecast.panel import Panel

LEAST_ALPHA, MOST_ALPHA = 1e-4, 1 - 1e-4
GRID_POINTS = 41
NARROWINGS = 40
GOLDEN = (np.sqrt(5) - 1) / 2


def theta(panel: Panel, horizon: int, quantiles: np.ndarray) -> np.ndarray:
    """Theta forecasts (theta = 2), quantiles (n_series, horizon, n_quantiles); one point is missing.

    Smoothing sets out from the first value and its weight has the least sum of squared one-step errors, as in
    statsmodels' `ThetaModel` (checked in tests); half the slope of the least-squares line is added every year, and a
    year without a value changes nothing else. Errors of the forecast: s² (1 + (h - 1) alpha²), s² from the one-step
    errors of smoothing with drift, Student t with n - 2 degrees of freedom. `ThetaModel.prediction_intervals` does
    otherwise: its 1 + (alpha - 1)² a year is not what ARIMA(0, 1, 1) gives, and its s² is that of a model with three
    parameters fitted by maximum likelihood, close to nothing for the shortest series. Sources: Assimakopoulos &
    Nikolopoulos 2000, International Journal of Forecasting 16:521; Hyndman & Billah 2003, ibid. 19:287.
    """
    from scipy import stats

    values = panel.values
    has = np.isfinite(values)
    n = has.sum(axis=1)
    drift = _slope(values, has, n) / 2
    alpha = _best_alpha(values)
    level, squares = _smooth(values, alpha, drift)
    steps = np.arange(1, horizon + 1)
    # the level has drifted on to the panel's last year, past the last value of series that end earlier
    idle = values.shape[1] - 1 - panel.last
    centre = level[:, None] + drift[:, None] * (steps - idle[:, None])
    freedom = np.maximum(n - 2, 1)
    spread = np.sqrt((squares / freedom)[:, None] * (1 + (steps - 1) * alpha[:, None] ** 2))
    score = stats.t.ppf(quantiles[None, :], freedom[:, None])
    result = centre[:, :, None] + spread[:, :, None] * score[:, None, :]
    result[n < 2] = np.nan
    return result


def _slope(values: np.ndarray, has: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Least-squares slope a year, (n_series,)."""
    x = np.where(has, np.arange(values.shape[1], dtype=float), 0.0)
    y = np.where(has, values, 0.0)
    dx = np.where(has, x - (x.sum(axis=1) / n)[:, None], 0.0)
    return (dx * y).sum(axis=1) / np.maximum((dx**2).sum(axis=1), 1e-300)


def _smooth(values: np.ndarray, alpha: np.ndarray, drift: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Level after the last value and sum of squared one-step errors, (n_series,) each; drift is added every year."""
    level, squares = np.zeros(len(values)), np.zeros(len(values))
    started = np.zeros(len(values), bool)
    for t in range(values.shape[1]):
        seen = np.isfinite(values[:, t])
        y = np.where(seen, values[:, t], 0.0)
        level = np.where(started, level + drift, level)
        error = np.where(seen & started, y - level, 0.0)
        squares += error**2
        level = np.where(seen & ~started, y, level + alpha * error)
        started |= seen
    return level, squares


def _best_alpha(values: np.ndarray) -> np.ndarray:
    """Smoothing weight of least squared one-step errors, (n_series,): best of a grid, then golden section around it."""
    zero = np.zeros(len(values))
    grid = np.linspace(LEAST_ALPHA, MOST_ALPHA, GRID_POINTS)
    losses = np.stack([_smooth(values, np.full(len(values), a), zero)[1] for a in grid], axis=1)
    best = losses.argmin(axis=1)
    low, high = grid[np.maximum(best - 1, 0)], grid[np.minimum(best + 1, GRID_POINTS - 1)]
    for _ in range(NARROWINGS):
        left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
        fall = _smooth(values, left, zero)[1] < _smooth(values, right, zero)[1]
        low, high = np.where(fall, low, left), np.where(fall, right, high)
    found = (low + high) / 2
    # the ends of the range may be the best of all
    ends = np.stack([found, np.full(len(values), LEAST_ALPHA), np.full(len(values), MOST_ALPHA)], axis=1)
    loss = np.stack([_smooth(values, ends[:, k], zero)[1] for k in range(3)], axis=1)
    return ends[np.arange(len(values)), loss.argmin(axis=1)]
