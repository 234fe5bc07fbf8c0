"""Trend models against statsmodels on a real series, and what any predictive distribution must do."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from xhcp_eval.panel import make_panel
from xhcp_eval.trend import TREND_MODELS, damped_trend, drift, last_value, linear, logit_linear

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


@pytest.mark.parametrize("name", [n for n in TREND_MODELS if n != "damped_trend"])
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
