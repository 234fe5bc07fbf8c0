"""Where it will be: predictive quantiles for each series and year, and simulated paths drawn from them."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from functools import partial
from typing import Literal, cast

import numpy as np
import pandas as pd

from xhcp_eval.errors import DataError, ParamsError
from xhcp_eval.forecast.classical.trend import TREND_MODELS, TrendModel
from xhcp_eval.forecast.counting import MIX_LEVELS, observed_quantiles, unit_multiplier
from xhcp_eval.forecast.panel import Panel, make_panel
from xhcp_eval.forecast.reference.model import ReferenceModel, reference_model
from xhcp_eval.forecast.reference.peers import Company

LEVELS: tuple[float, ...] = (
    0.005,
    0.025,
    0.05,
    0.1,
    0.2,
    0.3,
    0.4,
    0.5,
    0.6,
    0.7,
    0.8,
    0.9,
    0.95,
    0.975,
    0.995,
)
AUTO = "reference"
MODEL_LABELS: dict[str, str] = {
    "reference": "参照类模型",
    "last_value": "末值外推（随机游走）",
    "drift": "随机游走加漂移",
    "linear": "线性趋势",
    "logit_linear": "对数/logit 线性趋势",
    "damped_trend": "阻尼趋势（Holt）",
    "theta": "Theta 方法",
    "local_linear_trend": "局部线性趋势",
    "local_drift": "局部水平加阻尼漂移",
}


def trend_model(method: str) -> TrendModel:
    """The model of a name: "auto", "reference" (learned) or one of the classical `TREND_MODELS`.

    Raises ParamsError for an unknown name.
    """
    name = AUTO if method == "auto" else method
    if name == "reference":
        return reference_model()
    if name not in TREND_MODELS:
        raise ParamsError(f"未知的趋势模型 {method!r}；允许 auto、reference、{'、'.join(TREND_MODELS)}")
    return TREND_MODELS[name]


def project(
    frame: pd.DataFrame,
    horizon: int,
    quantiles: Sequence[float] = LEVELS,
    method: str = "auto",
    of: Literal["value", "level"] = "value",
    beside: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Predictive quantiles of every series for the years after its last value.

    frame: columns series, year, value and optionally lower, upper (natural bounds; quantiles are kept inside),
    numerator, denominator (counts: the noise of counting is told from movement), indicator (what is measured: two
    series or more of one indicator learn from one another), series_break (only values since the last break count),
    exceptional (left out of the trend). The years forecast follow the last value that counts. Gaps in the years are allowed.
    horizon: years ahead of each series' own last value, at least 1.
    quantiles: levels in (0, 1), increasing. method: "auto" (the learned `ReferenceModel`) or a name that `trend_model` knows.
    of: "value", what will be reported, so with the chance of counting as many cases as last time; or "level", the
    underlying rate without it. Series without counts give the same for both.
    beside: other regions' series, columns as in `frame` with indicator, from which alone series learn then (two of the
    indicator or more), so that a result doesn't depend on the other series of `frame`. A series that stands in it too
    (same name and indicator) counts once among its own peers, any other is added to them. It should hold what was known
    when the forecast is made: later years of regions that report sooner are used. Only for the learned model.
    Returns series, year and one column a level, one row a series and year; missing where a series has one point.
    Raises ParamsError for an unknown method, horizon or levels, or `beside` a classical method; DataError for an
    unusable frame.
    """
    model = trend_model(method)
    levels = check_ahead(horizon, quantiles)
    if of not in ("value", "level"):
        raise ParamsError(f"of={of!r}；允许 value（将填报的数值）、level（背后的真实水平）")
    panel, company = (make_panel(frame), None) if beside is None else _with_company(frame, beside)
    values = project_panel(panel, model, int(horizon), levels, of, company)
    return as_table(panel, values, levels)


def as_table(panel: Panel, values: np.ndarray, levels: np.ndarray) -> pd.DataFrame:
    """Quantiles (n_series, horizon, n_levels) of the years after each series' last as series, year, one column a level."""
    horizon = values.shape[1]
    years = panel.years[panel.last][:, None] + np.arange(1, horizon + 1)
    result = pd.DataFrame(values.reshape(-1, len(levels)), columns=[float(level) for level in levels])
    result.insert(0, "year", years.ravel())
    result.insert(0, "series", np.repeat(panel.keys, horizon))
    return result


def check_ahead(horizon: int, quantiles: Sequence[float]) -> np.ndarray:
    """The levels as an array. Raises ParamsError for an unusable horizon or levels."""
    levels = np.asarray(quantiles, float)
    if horizon < 1 or horizon != int(horizon):
        raise ParamsError(f"外推年数 horizon={horizon}：须为整数，至少为 1")
    if (
        levels.ndim != 1
        or not len(levels)
        or not np.all(levels > 0)
        or np.any(levels >= 1)
        or np.any(np.diff(levels) <= 0)
    ):
        raise ParamsError(f"分位数 {list(quantiles)}：须在 0 与 1 之间且递增")
    return levels


def _with_company(frame: pd.DataFrame, beside: pd.DataFrame) -> tuple[Panel, Company]:
    """Both tables in one code space of indicators."""
    for name, table in (("趋势数据", frame), ("同伴数据", beside)):
        if "indicator" not in table.columns:
            raise DataError(f"{name}缺少列 indicator；有同伴数据（beside）时，按指标找同伴")
    words = beside["indicator"].dropna().unique()
    known = beside[beside["indicator"].notna()]
    return make_panel(frame, words), Company.of(make_panel(known, words))


def project_panel(
    panel: Panel,
    model: TrendModel,
    horizon: int,
    levels: np.ndarray,
    of: Literal["value", "level"] = "value",
    beside: Company | None = None,
) -> np.ndarray:
    """`project` for series that are arrays already and a model of the caller's choice.

    beside: made once by `Company.of` for any number of panels of the same code space.
    Returns quantiles (n_series, horizon, n_levels) within the bounds. Raises ParamsError for `beside` a classical model.
    """
    if beside is not None:
        if model in TREND_MODELS.values():
            raise ParamsError(
                "同伴数据（beside）只用于参照类模型（auto、reference）；其他趋势模型逐个序列外推"
            )
        model = partial(cast(ReferenceModel, model), beside=beside)
    values = model(panel, horizon, levels) if of == "level" else _reported(panel, model, horizon, levels)
    return np.clip(values, panel.lower[:, None, None], panel.upper[:, None, None])


def _reported(panel: Panel, model: TrendModel, horizon: int, levels: np.ndarray) -> np.ndarray:
    """Quantiles of the values to be reported: the model's, widened by counting noise where counts are known."""
    rows = np.arange(len(panel))
    cases, count = panel.denominator[rows, panel.last], panel.numerator[rows, panel.last]
    counted = np.isfinite(cases) & np.isfinite(count) & (cases > 0)
    if not counted.any():
        return model(panel, horizon, levels)
    both = np.union1d(levels, MIX_LEVELS)
    found = model(panel, horizon, both)
    values = found[:, :, np.searchsorted(both, levels)]
    mix = found[:, :, np.searchsorted(both, MIX_LEVELS)]
    bounds = panel.lower[:, None, None], panel.upper[:, None, None]
    mix, values = np.clip(mix, *bounds), np.clip(values, *bounds)
    per = unit_multiplier(panel.values, panel.numerator / panel.denominator, panel.upper)
    counted &= np.isfinite(per) & (per > 0) & np.isfinite(mix[:, 0, 0])
    binomial = np.isfinite(panel.upper) & (per <= panel.upper * (1 + 1e-6))
    c = np.flatnonzero(counted)
    values[c] = observed_quantiles(mix[c], values[c], levels, cases[c], per[c], binomial[c])
    return values


def sample_paths(
    quantile_values: np.ndarray, levels: np.ndarray, key: str, draws: int, seed: int
) -> np.ndarray:
    """Simulated futures of one series whose yearly distributions are the forecast's and which move as a walk does.

    quantile_values: (horizon, n_levels) of one series. levels: (n_levels,). key: name of the series; with `seed`
    it fixes the draws, so a verdict doesn't depend on which other series were computed beside it.
    Returns (draws, horizon). Years are tied by the copula of a random walk, corr(h, k) = sqrt(h / k) for h < k;
    beyond the outer levels the quantile function goes on along its last slope in normal scores.
    """
    from scipy.special import ndtri

    rng = np.random.default_rng([seed, zlib.crc32(key.encode("utf-8"))])
    steps = rng.standard_normal((draws, len(quantile_values)))
    walk = np.cumsum(steps, axis=1) / np.sqrt(np.arange(1, len(quantile_values) + 1))
    knots = ndtri(np.asarray(levels))
    paths = np.empty_like(walk)
    for h, values in enumerate(quantile_values):
        paths[:, h] = _interpolate(walk[:, h], knots, values)
    return paths


def _interpolate(score: np.ndarray, knots: np.ndarray, values: np.ndarray) -> np.ndarray:
    inner = np.interp(score, knots, values)
    low = values[0] + (score - knots[0]) * (values[1] - values[0]) / (knots[1] - knots[0])
    high = values[-1] + (score - knots[-1]) * (values[-1] - values[-2]) / (knots[-1] - knots[-2])
    return np.where(score < knots[0], low, np.where(score > knots[-1], high, inner))


def add_counting_noise(
    paths: np.ndarray, denominator: float, per: float, kind: str, key: str, seed: int
) -> np.ndarray:
    """Counts that would be observed along paths of the underlying rate.

    paths: (draws, horizon) on the unit's scale. denominator: population counted each year. per: multiplier of the
    unit. kind: "proportion" draws binomial counts, anything else Poisson. key, seed: fix the draws.
    Returns counts, (draws, horizon).
    """
    rng = np.random.default_rng([seed, zlib.crc32(key.encode("utf-8")), 1])
    share = np.maximum(paths / per, 0.0)
    if kind == "proportion":
        return rng.binomial(round(denominator), np.minimum(share, 1.0)).astype(float)
    return rng.poisson(share * denominator).astype(float)
