"""Futures: a walk with noise whose yearly distributions are the forecast's, counts along them, what is reported as it is."""

from dataclasses import replace

import numpy as np
import pytest
from known_futures import PLAN, demonstration, fixed_levels, normal_levels
from scipy import stats

from xhcp_eval.forecast.projection import LEVELS
from xhcp_eval.verdict import joint
from xhcp_eval.verdict.forecasts import (
    Forecasts,
    company_of,
    futures,
    look_ahead,
    n_futures,
    past_counts,
    simulate,
    weights,
)
from xhcp_eval.verdict.judged import value_at
from xhcp_eval.verdict.settings import Settings


@pytest.fixture(scope="module")
def block():
    return demonstration(Settings(draws=4000))


def of(block, indicator, residence=0):
    """The district's own series of an indicator."""
    at = np.flatnonzero(block.facts.id == indicator)[0]
    return np.flatnonzero((block.indicator == at) & ~block.unit & (block.residence == residence))[:1]


def test_the_quantile_function_is_linear_between_levels_and_goes_on_beyond():
    values = np.sort(np.random.default_rng(0).normal(size=len(LEVELS)))
    knots = stats.norm.ppf(LEVELS)
    inside = np.linspace(knots[0], knots[-1], 101)
    np.testing.assert_allclose(values @ weights(inside), np.interp(inside, knots, values), atol=1e-12)
    slope = (values[-1] - values[-2]) / (knots[-1] - knots[-2])
    assert (values @ weights(np.array([4.0])))[0] == pytest.approx(values[-1] + slope * (4 - knots[-1]))
    slope = (values[1] - values[0]) / (knots[1] - knots[0])
    assert (values @ weights(np.array([-4.0])))[0] == pytest.approx(values[0] - slope * (knots[0] + 4))


@pytest.mark.parametrize(("seed", "noise"), [(1, 0.0), (2030, 0.4)])
def test_futures_are_standard_normal_each_year_and_tied_as_a_walk_with_noise(seed, noise):
    score, chance = futures(4000, 6, seed, 0, noise)
    assert score.shape == chance.shape == (4096, 6) and n_futures(4000) == 4096
    for year in range(6):
        assert stats.kstest(score[:, year], "norm").pvalue > 1e-3
        # quasi-random: far more even than drawn at random
        assert stats.kstest(chance[:, year], "uniform").statistic < 0.002
    years = np.arange(1, 7)
    tied = (1 - noise) * np.sqrt(np.minimum.outer(years, years) / np.maximum.outer(years, years))
    np.fill_diagonal(tied, 1)
    np.testing.assert_allclose(np.corrcoef(score.T), tied, atol=0.05)
    np.testing.assert_allclose(np.corrcoef(chance.T), np.eye(6), atol=0.05)


@pytest.mark.parametrize("seed", range(5))
def test_streams_are_independent_of_one_another(seed):
    """Scrambled Sobol points come in the same order: unshuffled, two streams were tied by up to 0.98."""
    one, other = futures(4000, 5, seed, 0), futures(4000, 5, seed, 1)
    for ours, theirs in zip(one, other, strict=True):
        tied = np.corrcoef(ours.T, theirs.T)[:5, 5:]
        # 25 correlations of 4096 independent pairs, each within 4.5 standard errors
        assert np.abs(tied).max() < 4.5 / np.sqrt(4096)


def test_levels_along_futures_have_the_forecasts_distribution(block):
    future, mean, size = normal_levels(block)
    plain = np.flatnonzero(~block.counted & (size > 0) & (block.last == block.last.max()))[:20]
    drawn = simulate(future, plain, np.array([2027, 2030]))
    for k, years in enumerate((2, 5)):
        score = (drawn[:, :, k] - mean[plain, None]) / (size[plain, None] * np.sqrt(years))
        for row in score:
            assert stats.kstest(row, "norm").pvalue > 1e-3


def test_counts_along_futures_have_the_law_of_counts(block):
    """A known level leaves chance in counting only: Poisson events of three years, and a binomial share."""
    deaths, visits = of(block, "infant_mortality_rate"), of(block, "neonatal_visit_rate")
    rows, level = np.append(deaths, visits), np.array([4.0, 93.0])
    future = fixed_levels(block, rows, level)
    assert block.window[rows].tolist() == [3, 1]
    for years in (np.array([2030]), np.array([2029, 2030])):
        drawn = simulate(future, rows, years)[:, :, -1]
        births, babies = block.cases[rows]
        events = drawn[0] * 3 * births / 1000
        np.testing.assert_allclose(events, np.round(events), atol=1e-6)
        assert events.mean() == pytest.approx(3 * births * 0.004, rel=0.02)
        assert events.var() == pytest.approx(3 * births * 0.004, rel=0.1)
        assert drawn[1].mean() == pytest.approx(93, abs=0.05)
        assert drawn[1].std() == pytest.approx(100 * np.sqrt(0.93 * 0.07 / babies), rel=0.05)


def test_what_is_reported_stands_and_nothing_is_known_beyond_the_plan(block):
    future, _, _ = normal_levels(block)
    rows = np.append(of(block, "infant_mortality_rate"), of(block, "neonatal_visit_rate"))
    drawn = simulate(future, rows, np.array([2014, 2023, 2026, 2031]))
    reported = value_at(block, rows, np.full(2, 2023)).value
    np.testing.assert_array_equal(drawn[:, :, 1], np.broadcast_to(reported[:, None], drawn.shape[:2]))
    assert np.isnan(drawn[:, :, [0, 3]]).all() and np.isfinite(drawn[:, :, 2]).all()
    assert future.years_ahead(np.array([*rows, -1]), np.array([2026, 2031, 2026])).tolist() == [1, 0, 0]


def test_one_year_is_foreseen_also_after_the_plan_has_ended(block):
    place, years = np.where(np.arange(len(block)) == 0, 0, -1), np.array([2024, 2025, 2026, 2027])
    future = Forecasts(block, np.zeros((1, 1, len(LEVELS))), place, np.zeros(len(block), int), 2025)
    assert block.years[block.last[:2]].tolist() == [2025, 2025]
    for row, expected in ((0, [0, 0, 1, 0]), (1, [0] * 4), (-1, [0] * 4)):
        assert future.years_ahead(np.full(4, row), years).tolist() == expected
    assert future.of(0).shape == (1, len(LEVELS))


def test_windows_take_in_what_is_counted_already_and_nothing_before_a_promise(block):
    row = of(block, "infant_mortality_rate")
    at = np.flatnonzero(block.years == 2025)[0]
    own = block.numerator[row[0]]
    found = [past_counts(block, row, np.array([year]), since)[0][0] for year, since in
             ((2026, 0), (2027, 0), (2028, 0), (2026, 2025), (2026, 2026))]  # fmt: skip
    assert found == [own[at] + own[at - 1], own[at], 0, own[at], 0]


def test_no_coming_year_before_a_promise_is_pooled_either():
    """In 2018 a promise from 2021 on is asked of: its first value is that of 2021 alone, not of 2019 to 2021."""
    block = demonstration(Settings(draws=4000), 2018)
    row = of(block, "infant_mortality_rate")
    births = block.cases[row[0]]
    future = fixed_levels(block, row, np.array([4.0]))
    for since, width in ((0, 3), (2020, 2), (2021, 1)):
        assert future.coming(row, 3, since).tolist() == [width]
        for years in (np.array([2021]), np.array([2021, 2022])):
            value = simulate(future, row, years, since=since)[0, :, 0]
            assert value.var() == pytest.approx(4000 / births / width, rel=0.1)


def test_other_futures_do_not_move_what_one_series_is_simulated_as(block):
    future, _, _ = normal_levels(block)
    rows, years = np.arange(0, len(block), 40), np.array([2026, 2028])
    whole = simulate(future, rows, years)
    for k in (0, 3, len(rows) - 1):
        alone = simulate(future, rows[k : k + 1], years)[0]
        np.testing.assert_allclose(alone, whole[k], rtol=1e-12)


def test_projecting_all_keeps_the_forecasts_that_are_needed(block):
    some, every = look_ahead(block, PLAN.end_year), look_ahead(block, PLAN.end_year, everything=True)
    np.testing.assert_array_equal(some.place, every.place)
    np.testing.assert_array_equal(some.quantiles, every.quantiles)
    assert (some.place >= 0).any() and some.of(int(np.flatnonzero(some.place < 0)[0])) is None


def test_years_out_at_the_end_are_skipped(block):
    """Where the last figures are exceptional the forecast sets out before them, and years ahead count from the last."""
    row = of(block, "infant_mortality_rate")
    out = block.exceptional.copy()
    out[row, -1] = True
    odd = replace(block, exceptional=out)
    future = look_ahead(odd, PLAN.end_year)
    assert future.skipped[row].tolist() == [1] and len(future.of(int(row[0]))) == 5
    np.testing.assert_array_equal(future.level(row, 1)[0], future.quantiles[future.place[row[0]], 1])


def test_without_series_there_is_nothing_to_look_ahead_with():
    empty = demonstration(until=2010)
    future = look_ahead(empty, PLAN.end_year)
    assert future.years_ahead(np.zeros(0, int), np.zeros(0, int)).tolist() == [] and not len(empty)


def test_futures_come_by_powers_of_two():
    assert [n_futures(n) for n in (200, 256, 257, 4000, 4096)] == [256, 256, 512, 4096, 4096]


def test_without_noise_the_scores_are_a_walk():
    np.testing.assert_array_equal(futures(512, 4, 1, 0)[0], futures(512, 4, 1, 0, 0.0)[0])
    assert not np.array_equal(futures(512, 4, 1, 0)[0], futures(512, 4, 1, 0, 0.5)[0])


def test_noise_is_read_off_the_years_that_are_left(block):
    """A spread that stays for two years and grows after the plan's end: until then nothing but noise."""
    rows, last = np.arange(len(block)), int(block.years[block.last].max())
    spread = np.array([1.0, 1.0, 9.0, 9.0, 9.0])[:, None] * stats.norm.ppf(LEVELS)
    quantiles = np.broadcast_to(50 + spread, (len(block), *spread.shape))
    late = np.flatnonzero(block.last == len(block.years) - 1)
    two, five = (Forecasts(block, quantiles, rows, np.zeros(len(block), int), last + n) for n in (2, 5))
    assert (two.noise(late) == joint.NOISE).all() and (five.noise(late) == 0).all()
    none = Forecasts(block, quantiles[:0], np.full(len(block), -1), np.zeros(len(block), int), last + 2)
    assert (none.noise(late) == 0).all()
    skipped = np.where(
        rows == late[0], 3, 0
    )  # the last three years are out: the forecast sets out before them
    assert Forecasts(block, quantiles, rows, skipped, last + 2).noise(late[:1]) == 0
    # as wide in the fourth year as in the first: of three that are left and one that was skipped
    spread = np.array([1.0, 9.0, 9.0, 1.0, 9.0])[:, None] * stats.norm.ppf(LEVELS)
    quantiles = np.broadcast_to(50 + spread, quantiles.shape)
    skipped = np.where(rows == late[0], 1, 0)
    found = Forecasts(block, quantiles, rows, skipped, last + 3).noise(late[:2])
    assert found.tolist() == [joint.NOISE, 0]


def test_a_company_is_made_of_whole_regions_only(block):
    own = ~block.unit & block.whole & (block.residence == 0) & block.facts.projected[block.indicator]
    taught = own & ((block.seen & block.usual).sum(axis=1) >= 2)
    found = company_of(block).peers(np.arange(len(block.facts)))
    np.testing.assert_array_equal(found, np.bincount(block.indicator[taught], minlength=len(block.facts)))
    assert found.max() == 1 and found.sum() > 50
