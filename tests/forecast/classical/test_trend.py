"""Trend models against statsmodels on a real series, and what any predictive distribution must do."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from xhcp_eval.forecast.classical.trend import (
    TREND_MODELS,
    damped_trend,
    drift,
    last_value,
    linear,
    logit_linear,
)
from xhcp_eval.forecast.panel import make_panel

LEVELS = np.array([0.025, 0.1, 0.5, 0.9, 0.975])
# under-five mortality of China, per mille, with two years taken out
YEARS = np.array([2010, 2011, 2013, 2014, 2015, 2017, 2018, 2019, 2020])
VALUES = np.array([16.4, 15.6, 12.0, 11.7, 10.7, 9.1, 8.4, 7.8, 7.5])


def panel_of(values=VALUES, years=YEARS, **columns):
    return make_panel(pd.DataFrame({"series": "u5", "year": years, "value": values, **columns}))


def test_linear_equals_statsmodels():
    ahead = np.arange(2021, 2026)
    fit = sm.OLS(VALUES, sm.add_constant(YEARS.astype(float))).fit()
    frame = fit.get_prediction(sm.add_constant(ahead.astype(float))).summary_frame(alpha=0.05)
    found = linear(panel_of(), 5, LEVELS)[0]
    assert found[:, 2] == pytest.approx(frame["mean"], abs=1e-6)
    assert found[:, 0] == pytest.approx(frame["obs_ci_lower"], abs=1e-6)
    assert found[:, 4] == pytest.approx(frame["obs_ci_upper"], abs=1e-6)


def test_logit_linear_equals_statsmodels_on_the_logit_scale():
    rates = np.array([56.6, 62.3, 67.5, 70.5, 75.0, 79.6, 81.7, 83.4, 85.2])
    logit = np.log(rates / 100 / (1 - rates / 100))
    fit = sm.OLS(logit, sm.add_constant(YEARS.astype(float))).fit()
    mean = fit.get_prediction(sm.add_constant(np.array([2021.0, 2025.0]), has_constant="add")).predicted_mean
    found = logit_linear(panel_of(rates, lower=0.0, upper=100.0), 5, LEVELS)[0][[0, 4], 2]
    assert found == pytest.approx(100 / (1 + np.exp(-mean)), abs=1e-6)


def test_drift_by_hand():
    found = drift(panel_of(), 5, LEVELS)[0]
    slope = (7.5 - 16.4) / 10
    assert found[:, 2] == pytest.approx(7.5 + slope * np.arange(1, 6))
    change, gap = np.diff(VALUES), np.diff(YEARS)
    scale = np.sqrt(((change - slope * gap) ** 2 / gap).sum() / 7)
    assert found[4, 4] - found[4, 2] == pytest.approx(stats.t.ppf(0.975, 7) * scale * np.sqrt(5 * 1.5))


def test_last_value_by_hand():
    found = last_value(panel_of(), 4, LEVELS)[0]
    scale = np.sqrt((np.diff(VALUES) ** 2 / np.diff(YEARS)).sum() / 8)
    assert found[:, 2] == pytest.approx(7.5)
    assert found[3, 4] == pytest.approx(7.5 + stats.t.ppf(0.975, 8) * scale * 2)


def test_damped_trend_equals_statsmodels():
    from statsmodels.tsa.statespace.exponential_smoothing import ExponentialSmoothing

    years = np.arange(2010, 2021)
    values = np.array([16.4, 15.6, 13.2, 12.0, 11.7, 10.7, 10.2, 9.1, 8.4, 7.8, 7.5])
    forecast = ExponentialSmoothing(values, trend=True, damped_trend=True).fit(disp=False).get_forecast(5)
    found = damped_trend(panel_of(values, years), 5, LEVELS)[0]
    assert found[:, 2] == pytest.approx(forecast.predicted_mean, abs=1e-6)
    assert found[:, 4] == pytest.approx(
        forecast.predicted_mean + stats.norm.ppf(0.975) * forecast.se_mean, abs=1e-6
    )


@pytest.mark.parametrize("name", list(TREND_MODELS))
def test_a_single_point_is_not_extrapolated_and_does_not_harm_its_neighbours(name):
    frame = pd.DataFrame({"series": ["a", *["b"] * 9], "year": [2020, *YEARS], "value": [5.0, *VALUES]})
    found = TREND_MODELS[name](make_panel(frame), 3, LEVELS)
    alone = TREND_MODELS[name](panel_of(), 3, LEVELS)
    assert np.isnan(found[0]).all()
    assert found[1] == pytest.approx(alone[0], rel=1e-9)


# statsmodels' own optimisers stop a little elsewhere in another unit
@pytest.mark.parametrize("name", [n for n in TREND_MODELS if n not in ("damped_trend", "local_linear_trend")])
@settings(max_examples=30, deadline=None)
@given(
    values=arrays(float, st.integers(3, 12), elements=st.floats(1, 99)), scale=st.sampled_from([0.01, 10.0])
)
def test_quantiles_rise_widen_and_follow_the_unit(name, values, scale):
    years = np.arange(len(values))
    found = TREND_MODELS[name](panel_of(values, years), 4, LEVELS)
    assert (np.diff(found, axis=2) >= -1e-7).all()
    width = found[0, :, -1] - found[0, :, 0]
    assert (np.diff(width) >= -1e-6 * (1 + width[:-1])).all()
    scaled = TREND_MODELS[name](panel_of(values * scale, years), 4, LEVELS)
    assert scaled == pytest.approx(found * scale, rel=1e-4, abs=1e-5 * scale)


def test_counts_explain_noise_away():
    # the same up-and-down rates: from 40 births a year it is chance, from 4 million it is movement
    deaths = np.array([1, 0, 1, 0, 1, 0, 1, 0])
    years = np.arange(2013, 2021)
    rates = deaths / 40 * 1000

    def forecast(births):
        panel = panel_of(rates, years, lower=0.0, numerator=rates / 1000 * births, denominator=float(births))
        return TREND_MODELS["local_drift"](panel, 1, LEVELS)[0, 0]

    small, large = forecast(40), forecast(4_000_000)
    assert small[3] - small[1] < 0.7 * (large[3] - large[1])
    assert small[2] == pytest.approx(rates.mean(), rel=0.35)


@pytest.mark.parametrize("far", [100.0, 1000.0, 1e6])
def test_bounds_nowhere_near_do_not_widen_local_drift(far):
    values, years = np.array([1.5, 1.3, 1.4, 1.1, 1.0, 0.9, 0.6, 0.5, 0.4, 0.3]), np.arange(2016, 2026)
    bounded = TREND_MODELS["local_drift"](panel_of(values, years, lower=-far, upper=far), 5, LEVELS)
    np.testing.assert_allclose(
        bounded, TREND_MODELS["local_drift"](panel_of(values, years), 5, LEVELS), rtol=0.05
    )


NATIONAL = Path(__file__).parents[3] / "data" / "national" / "china_national.csv"


def real_series():
    """Series of China with a value for every year from 2010 to 2024, by indicator."""
    table = (
        pd.read_csv(NATIONAL, encoding="utf-8")
        .query("residence == 'total' and year <= 2024")
        .sort_values("year")
    )
    return {name: g["value"].to_numpy() for name, g in table.groupby("indicator") if len(g) == 15}


REAL = real_series()
REAL_YEARS = np.arange(2010, 2025)


def smoothed(values, alpha):
    """Level and squared one-step errors of exponential smoothing from the first value; missing years carry on."""
    level, squares = values[0], 0.0
    for y in values[1:][np.isfinite(values[1:])]:
        squares += (y - level) ** 2
        level += alpha * (y - level)
    return level, squares


def test_there_are_several_real_series():
    assert len(REAL) >= 5


@pytest.mark.parametrize("values", REAL.values(), ids=REAL)
def test_theta_equals_statsmodels(values, monkeypatch):
    from statsmodels.tsa.forecasting.theta import ThetaModel

    from xhcp_eval.forecast.classical import theta as module

    fit = ThetaModel(values, deseasonalize=False).fit()
    alpha, panel = float(fit.params["alpha"]), panel_of(values, REAL_YEARS)
    ours = module._best_alpha(panel.values)[0]
    assert smoothed(values, ours)[1] <= smoothed(values, alpha)[1] * (1 + 1e-9), (
        "explains no worse than theirs"
    )
    monkeypatch.setattr(module, "_best_alpha", lambda _: np.array([alpha]))
    found = TREND_MODELS["theta"](panel, 5, LEVELS)[0]
    assert found[:, 2] == pytest.approx(np.asarray(fit.forecast(5)), abs=1e-6)


@pytest.mark.parametrize("values", REAL.values(), ids=REAL)
def test_theta_is_the_mean_of_its_two_lines_across_gaps(values):
    from xhcp_eval.forecast.classical.theta import _best_alpha

    gappy = values.copy()
    gappy[[3, 4, 8, 12]] = np.nan
    known = np.isfinite(gappy)
    # a neighbour with later years: the series ends before the panel does
    later = pd.DataFrame({"series": "later", "year": [2010, 2028], "value": [1.0, 2.0]})
    panel = make_panel(
        pd.concat([pd.DataFrame({"series": "a", "year": REAL_YEARS[known], "value": gappy[known]}), later])
    )
    alpha = _best_alpha(panel.values)[0]
    slope, start = np.polyfit(REAL_YEARS[known] - 2010, gappy[known], 1)
    line = start + slope * np.arange(20)
    steep, _ = smoothed(2 * gappy - line[:15], alpha)
    found = TREND_MODELS["theta"](panel, 5, LEVELS)[0]
    assert found[:, 2] == pytest.approx((line[15:] + steep) / 2, rel=1e-9)


def test_theta_widens_as_its_process_does(monkeypatch):
    # smoothing with drift is ARIMA(0, 1, 1); ThetaModel.prediction_intervals widens by 1 + (alpha - 1)² a year instead
    from xhcp_eval.forecast.classical import theta as module

    values, alpha = REAL["preschool_gross_enrolment_rate"], 0.6
    process = sm.tsa.SARIMAX(values, order=(0, 1, 1), trend="c")
    errors = process.smooth([1.0, alpha - 1, 1.0]).get_forecast(5).se_mean
    monkeypatch.setattr(module, "_best_alpha", lambda _: np.array([alpha]))
    found = TREND_MODELS["theta"](panel_of(values, REAL_YEARS), 5, LEVELS)[0]
    width = found[:, 4] - found[:, 2]
    assert width / width[0] == pytest.approx(errors / errors[0], rel=1e-4)


def test_theta_intervals_by_hand(monkeypatch):
    from xhcp_eval.forecast.classical import theta as module

    monkeypatch.setattr(module, "_best_alpha", lambda _: np.array([0.5]))
    found = TREND_MODELS["theta"](
        panel_of(np.array([10.0, 12.0, 11.0, 15.0]), np.arange(2020, 2024)), 2, LEVELS
    )[0]
    # slope 1.4, so 0.7 a year: levels 10, 11.35, 11.525, 13.6125; errors 1.3, -1.05, 2.775
    scale = np.sqrt((1.3**2 + 1.05**2 + 2.775**2) / 2)
    assert found[0, 4] - found[0, 2] == pytest.approx(stats.t.ppf(0.975, 2) * scale)
    assert found[1, 4] - found[1, 2] == pytest.approx(stats.t.ppf(0.975, 2) * scale * np.sqrt(1.25))


@pytest.mark.parametrize("name", ["theta", "local_linear_trend"])
def test_constant_and_two_point_series_are_answered_without_warnings(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        constant = TREND_MODELS[name](panel_of(np.full(8, 7.0), np.arange(8)), 3, LEVELS)[0]
        two = TREND_MODELS[name](panel_of(np.array([3.0, 5.0]), np.array([2019, 2022])), 3, LEVELS)[0]
    assert constant == pytest.approx(np.full((3, 5), 7.0), abs=1e-9)
    assert np.isfinite(two).all() and (np.diff(two[:, 2]) > 0).all() and (two[:, 4] > two[:, 0]).all()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("values", REAL.values(), ids=REAL)
def test_local_linear_trend_equals_statsmodels(values):
    unit = np.std(values)
    model = sm.tsa.UnobservedComponents(values / unit, "local linear trend")
    forecast = model.fit(disp=False).get_forecast(5)
    found = TREND_MODELS["local_linear_trend"](panel_of(values, REAL_YEARS), 5, LEVELS)[0]
    assert found[:, 2] == pytest.approx(unit * forecast.predicted_mean, abs=1e-6)
    spread = stats.norm.ppf(0.975) * unit * forecast.se_mean
    assert found[:, 4] - found[:, 2] == pytest.approx(spread, abs=1e-6)


def test_local_linear_trend_falls_back_to_drift(monkeypatch):
    four = panel_of(VALUES[:4], YEARS[:4])
    assert TREND_MODELS["local_linear_trend"](four, 3, LEVELS) == pytest.approx(drift(four, 3, LEVELS))

    def fails(*args, **kwargs):
        raise np.linalg.LinAlgError("Singular matrix")

    monkeypatch.setattr(sm.tsa.UnobservedComponents, "fit", fails)
    found = TREND_MODELS["local_linear_trend"](panel_of(), 3, LEVELS)
    assert found == pytest.approx(drift(panel_of(), 3, LEVELS))
