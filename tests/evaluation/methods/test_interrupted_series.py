"""Interrupted time series: published case, agreement with statsmodels, invariances, honest refusals."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xhcp_eval.errors import DataError, ParamsError
from xhcp_eval.evaluation.methods.interrupted_series import InterruptedSeries, interrupted_series

SICILY = pd.read_csv(Path(__file__).parents[2] / "reference" / "sicily.csv")


def sicily(**options) -> InterruptedSeries:
    return interrupted_series(SICILY["time"], SICILY["aces"], 37, exposure=SICILY["stdpop"], **options)


def noisy(points: int = 20, step: float = 4.0, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    times = np.arange(2005, 2005 + points)
    noise = np.random.default_rng(seed).standard_normal(points)
    return times, 50 + 0.5 * np.arange(points) + step * (np.arange(points) >= points // 2) + noise


def test_the_smoking_ban_of_sicily_as_published():
    # Bernal, Cummins & Gasparrini 2017: step model RR 0.894; adjusted for season 0.885 (0.839 to 0.933).
    assert sicily(slope_change=False, errors="independent").estimate == pytest.approx(0.894, abs=0.0006)
    season = sicily(slope_change=False, season=12, errors="independent")
    assert season.estimate == pytest.approx(0.885, abs=0.0006)
    # They take quantiles of the normal distribution, we those of t with 52 degrees of freedom.
    assert (season.low, season.high) == pytest.approx((0.839, 0.933), abs=0.0015)
    default = sicily(slope_change=False, season=12)
    assert default.estimate == pytest.approx(0.89, abs=0.01)
    assert default.high < 1
    assert default.may_say_cause and "可归于" in default.sentence


def test_season_left_out_is_found_as_autocorrelation():
    bare = sicily(slope_change=False)
    assert bare.ljung_box_p < 0.05
    assert not bare.may_say_cause and "不能说" in bare.sentence


def test_counts_agree_with_a_plain_glm_of_statsmodels():
    import statsmodels.api as sm
    from scipy.stats import t

    time = SICILY["time"].to_numpy(float)
    after = time >= 37
    design = np.column_stack([np.ones(59), time, after, after * (time - 37)])
    model = sm.GLM(SICILY["aces"], design, family=sm.families.Poisson(), offset=np.log(SICILY["stdpop"]))
    fit = model.fit(scale="X2", tol=1e-12)
    found = sicily(errors="independent").parts.set_index("effect")
    for name, column in (("水平变化", 2), ("斜率变化（每期）", 3)):
        reach = t.ppf(0.975, 55) * fit.bse.iloc[column]
        expected = np.exp(fit.params.iloc[column] + np.array([0, -reach, reach]))
        np.testing.assert_allclose(
            found.loc[name, ["estimate", "low", "high"]].astype(float), expected, rtol=1e-8
        )
    hac = model.fit(cov_type="HAC", cov_kwds={"maxlags": 3, "use_correction": True}, use_t=True, tol=1e-12)
    reach = t.ppf(0.975, 55) * hac.bse.iloc[2]
    robust = sicily(errors="hac")
    assert (robust.low, robust.high) == pytest.approx(
        np.exp([hac.params.iloc[2] - reach, hac.params.iloc[2] + reach]), rel=1e-6
    )


def test_plain_errors_agree_with_ols():
    import statsmodels.api as sm

    times, values = noisy()
    after = np.arange(20) >= 10
    fit = sm.OLS(
        values, np.column_stack([np.ones(20), np.arange(20), after, after * (np.arange(20) - 10)])
    ).fit()
    found = interrupted_series(times, values, 2015, errors="independent")
    assert found.estimate == pytest.approx(fit.params[2], rel=1e-9)
    assert (found.low, found.high) == pytest.approx(fit.conf_int()[2], rel=1e-9)
    assert found.p == pytest.approx(fit.pvalues[2], rel=1e-8)
    assert found.series["fitted"].to_numpy() == pytest.approx(fit.fittedvalues)
    assert found.durbin_watson == pytest.approx(sm.stats.durbin_watson(fit.resid))


def test_a_worked_example_by_hand():
    # 1, 2, 3, 4 goes on as 5, 6, 7, 8; seen are 9, 10, 11, 12, each with noise that is orthogonal to all columns.
    noise = np.array([0.1, -0.3, 0.3, -0.1])
    values = np.r_[np.arange(1, 5) + noise, np.arange(9, 13) + noise]
    found = interrupted_series(np.arange(8), values, 4, errors="independent")
    assert found.estimate == pytest.approx(4)
    assert found.series["counterfactual"].to_numpy() == pytest.approx(np.arange(1, 9))
    assert found.parts.set_index("effect").loc["期末效应", "estimate"] == pytest.approx(4)


def test_the_interval_of_one_rho_is_that_of_generalised_least_squares():
    import statsmodels.api as sm

    from xhcp_eval.evaluation.methods import interrupted_series as module

    times, values = noisy(16)
    design, _ = module._design(times.astype(float), 2013, True, None, 2)
    fit = module._ar1(values, design, False)
    place = 30
    rho = module._RHO[place]
    gls = sm.GLS(values, design, sigma=rho ** np.abs(np.subtract.outer(range(16), range(16)))).fit()
    one = module._Fit(np.ones(1), fit.beta[[place]], fit.cov[[place]], fit.df, rho)
    estimate, low, high, p = one.of(np.eye(4))
    np.testing.assert_allclose(estimate, gls.params, rtol=1e-8)
    np.testing.assert_allclose(np.column_stack([low, high]), gls.conf_int(), rtol=1e-8)
    np.testing.assert_allclose(p, gls.pvalues, rtol=1e-7, atol=1e-14)


def test_quantiles_of_the_mixture_are_its_quantiles():
    from scipy.stats import t

    from xhcp_eval.evaluation.methods import interrupted_series as module

    times, values = noisy(16)
    design, _ = module._design(times.astype(float), 2013, True, None, 2)
    fit = module._ar1(values, design, False)
    _, low, high, p = fit.of(np.eye(4)[2:3])
    centre, spread = fit.beta[:, 2], np.sqrt(fit.cov[:, 2, 2])
    share = [float(fit.weights @ t.cdf((x - centre) / spread, 12)) for x in (low[0], high[0], 0.0)]
    assert share[:2] == pytest.approx([0.025, 0.975], abs=1e-5)
    assert p[0] == pytest.approx(2 * min(share[2], 1 - share[2]), abs=1e-5)


@settings(max_examples=15, deadline=None)
@given(shift=st.floats(-100, 100), factor=st.floats(0.1, 50), seed=st.integers(0, 50))
def test_units_and_origin_do_not_matter(shift, factor, seed):
    times, values = noisy(seed=seed)
    first, second = (interrupted_series(times, x, 2015) for x in (values, shift + factor * values))
    assert second.estimate == pytest.approx(factor * first.estimate, rel=1e-5, abs=1e-6)
    assert second.high - second.low == pytest.approx(factor * (first.high - first.low), rel=1e-5)
    assert second.low < second.estimate < second.high


def test_autocorrelation_widens_the_interval():
    rng = np.random.default_rng(5)
    noise = np.zeros(40)
    for i in range(1, 40):
        noise[i] = 0.8 * noise[i - 1] + rng.standard_normal()
    plain, robust = (interrupted_series(np.arange(40), noise, 20, errors=e) for e in ("independent", "ar1"))
    assert robust.high - robust.low > 1.3 * (plain.high - plain.low)
    assert robust.rho > 0.3
    assert not plain.may_say_cause


def test_few_points_never_carry_a_cause():
    times, values = noisy(14, step=30)
    found = interrupted_series(times, values, 2012)
    assert found.low > 0
    assert not found.may_say_cause
    assert "不能说" in found.sentence and "至少要各 8 个点" in found.sentence
    enough = interrupted_series(*noisy(20, step=30), 2015)
    assert enough.may_say_cause and "可归于" in enough.sentence


def test_a_curve_before_or_no_effect_is_said():
    times = np.arange(24)
    noise = np.random.default_rng(2).standard_normal(24)
    curve = interrupted_series(times, 0.3 * times**2 + noise, 12)
    assert not curve.may_say_cause and "不是直线" in curve.sentence
    nothing = interrupted_series(times, 5 + noise, 12)
    assert nothing.low < 0 < nothing.high and "可归于" not in nothing.sentence


def test_frames_and_the_uncertainty_of_the_counterfactual():
    found = interrupted_series(*noisy(), 2015)
    assert list(found.to_frame()["effect"]) == ["水平变化", "斜率变化（每期）", "期末效应", "平均效应"]
    series = found.series
    assert series["after"].sum() == found.after == 10
    width = series["counterfactual_high"] - series["counterfactual_low"]
    assert (width > 0).all() and width.iloc[-1] > 2 * width.iloc[5]
    before = series[~series["after"]]
    assert before["fitted"].to_numpy() == pytest.approx(before["counterfactual"].to_numpy())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t, v: (t, np.where(t == 2007, np.nan, v)), "缺失值"),
        (lambda t, v: (np.delete(t, 3), np.delete(v, 3)), "等间隔"),
        (lambda t, v: (t, v[:-1]), "一样长"),
        (lambda t, v: (t, np.full(20, 3.0)), "方差为零"),
        (lambda t, v: (t, 2.0 * t + 1), "完全吻合"),
        (lambda t, v: (t[8:], v[8:]), "至少各要 3 个点"),
        (lambda t, v: (t[7:13], v[7:13]), "个参数至少要"),
    ],
)
def test_bad_series_are_told_apart(change, words):
    with pytest.raises(DataError, match=words):
        interrupted_series(*change(*noisy()), 2015)


@pytest.mark.parametrize(
    ("counts", "exposure", "words"),
    [
        (np.arange(20) - 1, np.full(20, 9.0), "不小于 0 的整数"),
        (np.arange(20) + 0.5, np.full(20, 9.0), "整数"),
        (np.arange(20), np.zeros(20), "分母必须是正数"),
        (np.r_[np.zeros(10), np.arange(10)], np.full(20, 9.0), "全为 0"),
        (np.arange(20), np.full(19, 9.0), "一样长"),
    ],
)
def test_bad_counts_are_told_apart(counts, exposure, words):
    with pytest.raises(DataError, match=words):
        interrupted_series(np.arange(2005, 2025), counts, 2015, exposure=exposure)


def test_bad_options_are_told_apart():
    with pytest.raises(ParamsError, match="不认识"):
        interrupted_series(*noisy(), 2015, errors="arma")
    with pytest.raises(ParamsError, match="季节周期"):
        interrupted_series(*noisy(), 2015, season=4, harmonics=3)


def test_counts_never_vary_less_than_chance():
    # Counts on a straight line of logs but for rounding: the error is still that of Poisson counts.
    times = np.arange(20)
    counts = np.round(1000 * np.exp(0.01 * times))
    found = interrupted_series(times, counts, 10, exposure=np.full(20, 1e4), errors="independent")
    assert np.log(found.high / found.low) > 2 * 1.96 * np.sqrt(1 / counts[:10].sum() + 1 / counts[10:].sum())
