"""Scores as defined by their sources, checked by hand, against closed forms and by what must always hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from xhcp_eval.errors import ParamsError
from xhcp_eval.forecast.backtests import scores

THREE = np.array([0.1, 0.5, 0.9])
MANY = np.arange(1, 400) / 400
FINITE = st.floats(-1e3, 1e3).map(lambda value: round(value, 3))
SHARES = st.floats(0, 1)


def pairs(least=1, most=60):
    """Probabilities with what happened, 1 or 0."""
    return st.lists(st.tuples(SHARES, st.sampled_from([0.0, 1.0])), min_size=least, max_size=most).map(
        np.array
    )


def test_quantile_losses_by_hand():
    # 10 against 8, 10 and 13: 0.1 * 2, nothing, 0.1 * 3
    assert scores.quantile_loss(10, [8, 10, 13], THREE) == pytest.approx([0.2, 0.0, 0.3])
    assert scores.weighted_quantile_loss(10, [8, 10, 13], THREE, 2) == pytest.approx(2 * 0.5 / 3 / 2)


def test_the_loss_of_the_median_alone_is_the_absolute_scaled_error():
    y, median, scale = np.array([3.0, 8.0, np.nan]), np.array([5.0, 7.0, 7.0]), np.array([4.0, 0.5, 1.0])
    assert scores.mase(y, median, scale) == pytest.approx([0.5, 2.0, np.nan], nan_ok=True)
    found = scores.weighted_quantile_loss(y, median[:, None], [0.5], scale)
    assert found == pytest.approx(scores.mase(y, median, scale), nan_ok=True)


def test_a_history_that_never_moved_gives_no_scaled_score():
    assert np.isnan(scores.mase(1, 2, 0))
    assert np.isnan(scores.weighted_quantile_loss([1.0], [[0, 1, 2]], THREE, [0])).all()


@pytest.mark.parametrize("y", [-1.5, 0.0, 0.7])
def test_crps_of_the_normal_distribution_in_closed_form(y):
    # Gneiting & Raftery 2007, JASA 102:359: y (2 Phi(y) - 1) + 2 phi(y) - 1 / sqrt(pi); 0.2337 at y = 0
    exact = y * (2 * stats.norm.cdf(y) - 1) + 2 * stats.norm.pdf(y) - 1 / np.sqrt(np.pi)
    assert scores.crps_from_quantiles(y, stats.norm.ppf(MANY), MANY) == pytest.approx(exact, abs=2e-3)


def test_crps_weighs_uneven_levels_by_what_they_stand_for():
    # 19 even levels, and the same with further ones crowded at 0.05, tell of the same distribution
    uneven = np.union1d(MANY, np.linspace(0.0026, 0.0099, 300))
    found = scores.crps_from_quantiles(0.3, stats.norm.ppf(uneven), uneven)
    assert found == pytest.approx(scores.crps_from_quantiles(0.3, stats.norm.ppf(MANY), MANY), abs=1e-3)


@given(
    arrays(float, st.integers(1, 30), elements=FINITE), st.sampled_from([0.05, 0.1, 0.25, 0.5, 0.8]), FINITE
)
def test_no_guess_beats_the_true_quantile(outcomes, level, guess):
    true = np.quantile(outcomes, level, method="inverted_cdf")

    def mean_loss(value):
        return scores.weighted_quantile_loss(outcomes, np.full((len(outcomes), 1), value), [level], 1).mean()

    assert mean_loss(true) <= mean_loss(guess) + 1e-9


def test_interval_ends_are_inside_and_missing_stays_missing():
    found = scores.coverage([1, 2, 3, 4, np.nan, 2], [1, 1, 1, 1, 1, np.nan], 3)
    assert found == pytest.approx([1, 1, 1, 0, np.nan, np.nan], nan_ok=True)
    assert scores.coverage(100.0, 90.0, 100.0 - 1e-12) == 1


def test_scores_of_probabilities_by_hand():
    assert scores.brier([0.8, 0.8, 0.5, np.nan], [1, 0, 1, 1]) == pytest.approx(
        [0.04, 0.64, 0.25, np.nan], nan_ok=True
    )
    assert scores.log_score([0.8, 0.8, 0.5], [1, 0, 1]) == pytest.approx([0.2231, 1.6094, 0.6931], abs=1e-4)
    assert scores.hit([0.8, 0.8, 0.5, 0.2, np.nan], [1, 0, 1, 0, 1]) == pytest.approx(
        [1, 0, 0.5, 1, np.nan], nan_ok=True
    )


def test_a_certain_error_costs_much_but_not_infinitely_much():
    assert scores.log_score([0, 1], [1, 0]) == pytest.approx([6.9078, 6.9078], abs=1e-4)
    assert np.isnan(scores.log_score([0.5, np.nan], [np.nan, 1])).all()


def test_calibration_by_hand():
    # two bins: 0.2 said of four, one happened (gap 0.05); 0.9 said of one, which didn't (gap 0.9)
    p, met = [0.2, 0.2, 0.2, 0.2, 0.9, 0.5], [1, 0, 0, 0, 0, np.nan]
    assert scores.calibration_error(p, met) == pytest.approx((4 * 0.05 + 0.9) / 5)
    table = scores.reliability(p, met)
    assert table["n"].tolist() == [4, 1]
    assert table["mean_forecast"].tolist() == pytest.approx([0.2, 0.9])
    assert table["frequency"].tolist() == pytest.approx([0.25, 0.0])
    assert table[["low", "high"]].to_numpy() == pytest.approx(np.array([[0.2, 0.3], [0.9, 1.0]]))
    # Clopper-Pearson of 1 in 4
    assert table.loc[0, ["interval_low", "interval_high"]].tolist() == pytest.approx(
        [0.0063, 0.8059], abs=1e-4
    )


def test_bins_open_at_their_lower_end():
    table = scores.reliability(np.arange(11) / 10, np.ones(11))
    assert table["low"].tolist() == pytest.approx(np.arange(10) / 10)
    assert table["n"].tolist() == [1] * 9 + [2]


def test_what_is_no_probability_is_refused_and_nothing_has_no_error():
    with pytest.raises(ParamsError, match="概率"):
        scores.calibration_error([1.2], [1])
    assert np.isnan(scores.calibration_error([np.nan], [1]))
    assert scores.reliability([np.nan], [1]).empty


@given(pairs(), st.randoms())
def test_calibration_error_is_a_share_and_knows_no_order(cases, random):
    p, met = cases.T
    found = scores.calibration_error(p, met)
    order = random.sample(range(len(p)), len(p))
    assert 0 <= found <= 1
    assert scores.calibration_error(p[order], met[order]) == pytest.approx(found)


@given(pairs(2))
def test_brier_is_reliability_less_resolution_plus_uncertainty(cases):
    # Murphy 1973, Journal of Applied Meteorology 12:595; exact where all forecasts of a bin are alike
    p, met = (np.minimum(np.floor(cases[:, 0] * 10), 9) + 0.5) / 10, cases[:, 1]
    table, base = scores.reliability(p, met), met.mean()
    share = table["n"] / len(p)
    gap = (share * (table["mean_forecast"] - table["frequency"]) ** 2).sum()
    resolution = (share * (table["frequency"] - base) ** 2).sum()
    assert scores.brier(p, met).mean() == pytest.approx(gap - resolution + base * (1 - base))
    assert (
        (table["interval_low"] <= table["frequency"]) & (table["frequency"] <= table["interval_high"])
    ).all()


def test_probabilities_of_a_normal_forecast_are_exact_between_and_beyond_its_quantiles():
    target = np.array([-3.0, -1.0, 0.0, 0.4, 2.5])
    quantiles = np.tile(5 + 2 * stats.norm.ppf(THREE), (5, 1))
    up = scores.probability_beyond(quantiles, THREE, 5 + 2 * target, 1)
    down = scores.probability_beyond(quantiles, THREE, 5 + 2 * target, -1)
    assert up == pytest.approx(stats.norm.sf(target))
    assert down == pytest.approx(stats.norm.cdf(target))


def test_a_point_mass_counts_as_reached_by_what_stands_on_it():
    on_bound = [80.0, 100.0, 100.0]

    def chance(quantiles, target, sign):
        return float(scores.probability_beyond(quantiles, THREE, target, sign))

    assert chance(on_bound, 100, 1) == pytest.approx(0.5)
    assert chance(on_bound, 100, -1) == 1
    assert chance(on_bound, 100.1, 1) == 0
    assert chance([0.0, 0.0, 5.0], 0, -1) == pytest.approx(0.5)
    assert chance([0.0, 0.0, 5.0], 0, 1) == 1
    assert [chance([7.0] * 3, 7, sign) for sign in (1, -1)] == [1, 1]
    assert [chance([7.0] * 3, 7.5, sign) for sign in (1, -1)] == [0, 1]


def test_each_case_has_its_own_direction_and_missing_ones_stay_missing():
    quantiles = [[1, 2, 3], [3, 2, 1], [1, np.nan, 3], [1, 2, 3]]
    found = scores.probability_beyond(quantiles, THREE, [1, 1, 1, np.nan], [1, -1, 1, 1])
    assert found == pytest.approx([0.9, 0.1, np.nan, np.nan], nan_ok=True)
    with pytest.raises(ParamsError, match="至少需要两个"):
        scores.probability_beyond([1.0], [0.5], 1, 1)


@given(arrays(float, 3, elements=FINITE), FINITE, FINITE)
def test_probabilities_fall_with_the_target_and_mirror(quantiles, a, b):
    near, far = min(a, b), max(a, b)

    def chance(target, sign=1, values=quantiles):
        return float(scores.probability_beyond(values, THREE, target, sign))

    assert 0 <= chance(far) <= chance(near) <= 1
    assert chance(near) == pytest.approx(chance(-near, -1, -quantiles))
    # what stands on the target is counted on both sides, nothing is counted on neither
    assert chance(near) + chance(near, -1) >= 1 - 1e-9


@given(arrays(float, 3, elements=st.floats(-100, 100), unique=True))
def test_quantiles_are_given_back(quantiles):
    quantiles = np.sort(quantiles)
    found = scores.probability_beyond(np.tile(quantiles, (3, 1)), THREE, quantiles, -1)
    assert found == pytest.approx(THREE)


def test_whole_groups_are_drawn_again():
    rng = np.random.default_rng(1)
    groups = np.repeat(np.arange(20), 50)
    values = 0.2 + 0.1 * rng.standard_normal(20)[groups] + 0.02 * rng.standard_normal(1000)
    low, high = scores.bootstrap_interval(values, groups)
    means = values.reshape(20, 50).mean(axis=1)
    # 20 group means, not 1000 cases, are what is known
    assert high - low == pytest.approx(2 * 1.96 * means.std() / np.sqrt(20), rel=0.1)
    assert low < values.mean() < high


def test_intervals_of_several_scores_at_once_are_those_of_each():
    rng = np.random.default_rng(2)
    values, groups = rng.random((60, 2)), np.array(list("abcdef") * 10)
    values[:7, 1] = np.nan
    both = np.array(scores.bootstrap_interval(values, groups, seed=3))
    each = [scores.bootstrap_interval(values[:, k], groups, seed=3) for k in (0, 1)]
    assert both == pytest.approx(np.array(each).T)


def test_one_group_and_missing_scores_have_no_interval():
    assert np.isnan(scores.bootstrap_interval([0.1, 0.2], ["a", "a"])).all()
    low, high = scores.bootstrap_interval(np.array([[1.0, np.nan], [1.0, np.nan]]), ["a", "b"])
    assert low == pytest.approx([1, np.nan], nan_ok=True)
    assert high == pytest.approx([1, np.nan], nan_ok=True)


def test_skill_is_paired():
    rng = np.random.default_rng(4)
    base, groups = rng.random(100), np.arange(100) // 10
    # half the loss in every case: no doubt about the skill however much the losses vary
    assert np.array(scores.bootstrap_interval(base / 2, groups, base)) == pytest.approx([0.5, 0.5])
