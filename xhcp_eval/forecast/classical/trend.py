"""How it moved: classical trend models, each turning a `Panel` into predictive quantiles.

A model is a function (panel, horizon, quantiles) -> array (n_series, horizon, n_quantiles) of quantiles of the
value 1..horizon years after the last value of each series, on the value's own scale. Series that a model can't
answer (one point only) come back missing. Bounds are applied by `projection.project`, not here.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np

from xhcp_eval.forecast.classical.local_drift import local_drift
from xhcp_eval.forecast.classical.theta import theta
from xhcp_eval.forecast.panel import Panel, previous

TrendModel = Callable[[Panel, int, np.ndarray], np.ndarray]
NEAR_END = 0.05
LOGIT_MARGIN = 0.002


def last_value(panel: Panel, horizon: int, quantiles: np.ndarray) -> np.ndarray:
    """Random walk without drift: the last value, with an error that grows with the root of the years.

    Innovation variance: mean squared yearly change. Source: Hyndman & Athanasopoulos, Forecasting: Principles
    and Practice, 3rd ed., 5.2 and 5.5 (naive method).
    """
    change, gap, _, n = _changes(panel)
    with np.errstate(invalid="ignore", divide="ignore"):
        scale = np.sqrt(np.nansum(change**2 / gap, axis=1) / (n - 1))
    steps = np.arange(1, horizon + 1)
    spread = scale[:, None] * np.sqrt(steps)
    return _student(np.repeat(_last(panel)[:, None], horizon, 1), spread, n - 1, quantiles)


def drift(panel: Panel, horizon: int, quantiles: np.ndarray) -> np.ndarray:
    """Random walk with drift, with the uncertainty of the drift itself.

    Drift: (last - first) / years between. Variance at h: s² h (1 + h / span), s² with n - 2 degrees of freedom
    (two points: s is the change itself with one degree). Source: Hyndman & Athanasopoulos, 5.2 and 5.5.
    """
    change, gap, span, n = _changes(panel)
    with np.errstate(invalid="ignore", divide="ignore"):
        slope = np.nansum(change, axis=1) / span
        residual = np.nansum((change - slope[:, None] * gap) ** 2 / gap, axis=1)
        scale = np.where(n > 2, np.sqrt(residual / np.maximum(n - 2, 1)), np.abs(slope))
    steps = np.arange(1, horizon + 1)
    centre = _last(panel)[:, None] + slope[:, None] * steps
    spread = scale[:, None] * np.sqrt(steps * (1 + steps / np.maximum(span, 1)[:, None]))
    return _student(centre, spread, np.maximum(n - 2, 1), quantiles)


def linear(panel: Panel, horizon: int, quantiles: np.ndarray) -> np.ndarray:
    """Least-squares line over the years with its prediction interval (Student t, n - 2 degrees of freedom).

    Same figures as statsmodels OLS `get_prediction(...).summary_frame()` (checked in tests), for all series at
    once. Two points lie on their line, so their interval has no width: see METHODS on why lines mislead.
    """
    centre, spread, dof = _line(panel, panel.values, horizon)
    return _student(centre, spread, dof, quantiles)


def logit_linear(panel: Panel, horizon: int, quantiles: np.ndarray) -> np.ndarray:
    """Least-squares line on the logit scale (both bounds known) or the log scale (lower bound only).

    Values on a bound are moved inside by 0.2% of the range (logit) or of the mean (log) before the transform. An upper
    bound of which no value reaches a twentieth counts as none.
    Without a lower bound the line is fitted to the values as they are.
    """
    forward, backward = _link(panel)
    centre, spread, dof = _line(panel, forward(panel.values), horizon)
    return backward(_student(centre, spread, dof, quantiles))


def damped_trend(panel: Panel, horizon: int, quantiles: np.ndarray) -> np.ndarray:
    """Holt's additive damped trend as a state space model, fitted by statsmodels one series at a time.

    Fewer than five points don't identify its five parameters: such series get `drift`'s answer. Source:
    Gardner & McKenzie 1985, Management Science 31:1237; statsmodels ExponentialSmoothing (statespace).
    """
    result = drift(panel, horizon, quantiles)
    for i in np.flatnonzero(np.isfinite(panel.values).sum(axis=1) >= 5):
        first = int(np.argmax(np.isfinite(panel.values[i])))
        mean, spread = _holt(panel.values[i, first : panel.last[i] + 1], horizon)
        result[i] = _student(mean[None], spread[None], np.array([np.inf]), quantiles)[0]
    return result


def _holt(values: np.ndarray, horizon: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard error of statsmodels' damped trend; a constant series stays where it is."""
    from statsmodels.tsa.statespace.exponential_smoothing import ExponentialSmoothing

    if _constant(values):
        return np.full(horizon, values[-1]), np.zeros(horizon)
    with warnings.catch_warnings():
        # convergence warnings of a five-point fit say nothing that the interval doesn't
        warnings.simplefilter("ignore")
        fit = ExponentialSmoothing(values, trend=True, damped_trend=True).fit(disp=False)
        forecast = fit.get_forecast(horizon)
    return np.asarray(forecast.predicted_mean), np.asarray(forecast.se_mean)


def local_linear_trend(panel: Panel, horizon: int, quantiles: np.ndarray) -> np.ndarray:
    """Level and slope that both wander, fitted by statsmodels' UnobservedComponents one series at a time.

    Three variances aren't told by fewer than five points: such series get `drift`'s answer, as does one that the
    optimiser can't fit. Source: Harvey 1989, Forecasting, Structural Time Series Models and the Kalman Filter, ch. 4.
    """
    result = drift(panel, horizon, quantiles)
    for i in np.flatnonzero(np.isfinite(panel.values).sum(axis=1) >= 5):
        first = int(np.argmax(np.isfinite(panel.values[i])))
        fitted = _unobserved(panel.values[i, first : panel.last[i] + 1], horizon)
        if fitted is not None:
            mean, spread = fitted
            result[i] = _student(mean[None], spread[None], np.array([np.inf]), quantiles)[0]
    return result


def _constant(values: np.ndarray) -> bool:
    return bool(np.nanmax(values) - np.nanmin(values) <= 1e-12 * np.nanmax(np.abs(values)))


def _unobserved(values: np.ndarray, horizon: int) -> tuple[np.ndarray, np.ndarray] | None:
    """Mean and standard error of statsmodels' local linear trend; None where it can't be fitted.

    Fitted to the values over their standard deviation, since its optimiser stops elsewhere in another unit.
    """
    from statsmodels.tsa.statespace.structural import UnobservedComponents

    if _constant(values):
        return np.full(horizon, values[-1]), np.zeros(horizon)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        unit = np.nanstd(values)
        try:
            fit = UnobservedComponents(values / unit, "local linear trend").fit(disp=False)
            forecast = fit.get_forecast(horizon)
        except np.linalg.LinAlgError:
            return None
        mean, spread = unit * np.asarray(forecast.predicted_mean), unit * np.asarray(forecast.se_mean)
    return (mean, spread) if np.isfinite(mean).all() and np.isfinite(spread).all() else None


def _last(panel: Panel) -> np.ndarray:
    return panel.values[np.arange(len(panel)), panel.last]


def _changes(panel: Panel) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Change since the previous value and years between, per cell; span in years and number of points."""
    before = previous(panel.values)
    known = before >= 0
    start = np.take_along_axis(panel.values, np.maximum(before, 0), axis=1)
    change = np.where(known, panel.values - start, np.nan)
    gap = np.where(known, np.arange(panel.values.shape[1]) - before, np.nan)
    return change, gap, np.nansum(gap, axis=1), np.isfinite(panel.values).sum(axis=1)


def _line(panel: Panel, y: np.ndarray, horizon: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """OLS on the year: predicted mean, standard error of a new observation, degrees of freedom."""
    has = np.isfinite(y)
    n = has.sum(axis=1)
    x = np.where(has, np.arange(y.shape[1], dtype=float), 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        x_mean, y_mean = x.sum(axis=1) / n, np.nansum(y, axis=1) / n
        dx = np.where(has, x - x_mean[:, None], 0.0)
        dy = np.where(has, y - y_mean[:, None], 0.0)
        sxx = (dx**2).sum(axis=1)
        slope = (dx * dy).sum(axis=1) / sxx
        scale2 = ((dy - slope[:, None] * dx) ** 2).sum(axis=1) / np.maximum(n - 2, 1)
        ahead = panel.last[:, None] + np.arange(1, horizon + 1) - x_mean[:, None]
        spread = np.sqrt(scale2[:, None] * (1 + 1 / n[:, None] + ahead**2 / sxx[:, None]))
    return y_mean[:, None] + slope[:, None] * ahead, spread, np.maximum(n - 2, 1)


def _link(panel: Panel):
    """Forward and backward transform by series: logit between bounds, log above a lower bound, else none.

    An upper bound that all values are far from (8 deaths among 100,000) is none: a margin of its scale would be many
    times the values.
    """
    low, high = panel.lower[:, None], panel.upper[:, None]
    base = np.where(np.isfinite(low), low, 0.0)
    near = np.nanmax(panel.values, axis=1, keepdims=True) - base > NEAR_END * (high - base)
    two = np.isfinite(low) & np.isfinite(high) & near
    one = np.isfinite(low) & ~two
    width = np.where(two, high - base, 1.0)
    level = np.nanmean(np.abs(panel.values - base), axis=1, keepdims=True)
    shift = LOGIT_MARGIN * np.where(level > 0, level, 1.0)

    def forward(y: np.ndarray) -> np.ndarray:
        share = np.clip((y - base) / width, LOGIT_MARGIN, 1 - LOGIT_MARGIN)
        logs = np.log(np.maximum(y - base, shift))
        return np.where(two, np.log(share / (1 - share)), np.where(one, logs, y))

    def backward(z: np.ndarray) -> np.ndarray:
        t, o = two[:, :, None], one[:, :, None]
        with np.errstate(over="ignore"):
            share = base[:, :, None] + width[:, :, None] / (1 + np.exp(-z))
            above = base[:, :, None] + np.exp(np.where(o, z, 0.0))
        return np.where(t, share, np.where(o, above, z))

    return forward, backward


def _student(centre: np.ndarray, spread: np.ndarray, dof: np.ndarray, quantiles: np.ndarray) -> np.ndarray:
    """Quantiles of Student t with a centre and scale per series and horizon; dof per series."""
    from scipy import stats

    score = stats.t.ppf(quantiles[None, :], np.maximum(dof, 1)[:, None])
    return centre[:, :, None] + spread[:, :, None] * score[:, None, :]


TREND_MODELS: dict[str, TrendModel] = {
    "last_value": last_value,
    "drift": drift,
    "linear": linear,
    "logit_linear": logit_linear,
    "damped_trend": damped_trend,
    "theta": theta,
    "local_linear_trend": local_linear_trend,
    "local_drift": local_drift,
}
