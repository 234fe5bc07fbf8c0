"""A forecast of what will be reported: chance in counting on top of what is uncertain about the rate itself."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from xhcp_eval.forecast.counting import MIX_LEVELS, counting_variance, observed_quantiles, unit_multiplier
from xhcp_eval.forecast.projection import project

LEVELS = np.array([0.025, 0.1, 0.5, 0.9, 0.975])


def observed(rate, cases, per=1000.0, binomial=False):
    """Quantiles where the rate is known for certain, so that only chance in counting is left."""
    mix, level = np.full((1, 1, len(MIX_LEVELS)), rate), np.full((1, 1, len(LEVELS)), rate)
    found = observed_quantiles(mix, level, LEVELS, np.array([cases]), np.array([per]), np.array([binomial]))
    return found[0, 0]


@pytest.mark.parametrize(("rate", "cases"), [(4.0, 50.0), (4.0, 500.0), (4.0, 3500.0), (12.0, 4000.0)])
def test_few_events_are_exactly_poisson(rate, cases):
    assert observed(rate, cases) * cases / 1000 == pytest.approx(
        stats.poisson.ppf(LEVELS, rate * cases / 1000)
    )


def test_few_members_are_exactly_binomial():
    assert observed(90.0, 40.0, 100.0, True) * 0.4 == pytest.approx(stats.binom.ppf(LEVELS, 40, 0.9))


def test_many_events_are_nearly_normal():
    deviation = np.sqrt(4.0 / 1000 / 350_000) * 1000
    assert observed(4.0, 350_000.0) == pytest.approx(4.0 + stats.norm.ppf(LEVELS) * deviation, rel=1e-6)


def test_an_uncertain_rate_is_mixed_in():
    # half the futures have 2 expected events, half have 8: the mixture's distribution function by hand
    mix = np.where(MIX_LEVELS < 0.5, 2.0, 8.0)[None, None, :]
    level = np.array([2.0, 2.0, 8.0, 8.0, 8.0])[None, None, :]
    found = observed_quantiles(mix, level, LEVELS, np.array([1000.0]), np.array([1000.0]), np.array([False]))[
        0, 0
    ]
    share = (MIX_LEVELS < 0.5).mean()
    counts = np.arange(40)
    chance = share * stats.poisson.cdf(counts, 2) + (1 - share) * stats.poisson.cdf(counts, 8)
    assert found == pytest.approx([counts[np.argmax(chance >= q)] for q in LEVELS])


@pytest.mark.parametrize("births", [50, 500, 3500])
def test_what_will_be_reported_is_less_certain_than_the_level(births):
    deaths = np.round(np.array([5.0, 4.6, 4.4, 4.5, 4.1, 4.0, 3.9, 4.2]) * births / 1000)
    frame = pd.DataFrame(
        {"series": "a", "year": range(2018, 2026), "value": 1000 * deaths / births, "lower": 0.0, "upper": 1000.0,
         "numerator": deaths, "denominator": float(births)}
    )  # fmt: skip
    value, level = (project(frame, 3, LEVELS, of=of)[list(LEVELS)].to_numpy() for of in ("value", "level"))
    # of 50 births a rate moves in steps of 20, so the ends of both intervals may fall a step apart
    step = 1000 / births if births == 50 else 0.0
    assert (value[:, -1] - value[:, 0] + step > level[:, -1] - level[:, 0]).all()
    assert np.allclose(value * births / 1000, np.round(value * births / 1000)), (
        "few events come in whole counts"
    )


def test_levels_of_the_mixture_are_the_middles_of_equal_parts():
    assert pytest.approx([1 / 82, 0.5, 81 / 82]) == MIX_LEVELS[[0, 20, -1]]
    assert np.diff(MIX_LEVELS) == pytest.approx(1 / (len(MIX_LEVELS)))


def test_many_members_are_nearly_normal():
    deviation = 100 * np.sqrt(0.9 * 0.1 / 4000)
    assert observed(90.0, 4000.0, 100.0, True) == pytest.approx(
        90.0 + stats.norm.ppf(LEVELS) * deviation, rel=1e-6
    )


@pytest.mark.parametrize("binomial", [True, False])
def test_few_among_few_can_be_none(binomial):
    # mean 0.5 of 10: none in 60% of cases
    law = stats.binom(10, 0.05) if binomial else stats.poisson(0.5)
    assert observed(50.0, 10.0, 1000.0, binomial) / 100 == pytest.approx(law.ppf(LEVELS))
    assert law.ppf(LEVELS)[0] == 0 < law.ppf(LEVELS)[-1]


def test_a_quantile_reached_exactly_is_the_smallest_count():
    # one birth, even chance: the distribution function at 0 is just 0.5, so the median is 0
    assert observed(0.5, 1.0, 1.0, True) == pytest.approx([0, 0, 0, 1, 1])


def test_rates_off_their_scale_are_counted_at_its_end():
    assert observed(-3.0, 50.0) == pytest.approx(0.0)
    assert observed(110.0, 40.0, 100.0, True) == pytest.approx(100.0)
    assert observed(110.0, 40_000.0, 100.0, True) == pytest.approx(110.0)


def test_sixty_expected_events_are_many():
    # 59 of 1000 come in whole counts, 60 do not
    few, many = observed(59.0, 1000.0), observed(60.0, 1000.0)
    assert few == pytest.approx(stats.poisson.ppf(LEVELS, 59))
    assert many == pytest.approx(60 + stats.norm.ppf(LEVELS) * np.sqrt(60))


def test_each_series_and_year_has_its_own_distribution():
    # per mille of 2,000 with few events; per 100,000 of 400,000 with few events at first and many later;
    # percent of 300 with many. Rates are uncertain by a tenth either way, years differ.
    rates = np.array([[4.0, 8.0, 5.0], [10.0, 20.0, 14.0], [70.0, 40.0, 55.0]])
    cases, per = np.array([2000.0, 400_000.0, 300.0]), np.array([1000.0, 1e5, 100.0])
    binomial = np.array([False, False, True])
    mix = rates[:, :, None] * (0.9 + 0.2 * MIX_LEVELS)
    level = rates[:, :, None] * np.array([0.9, 0.95, 1.0, 1.07, 1.1])
    found = observed_quantiles(mix, level, LEVELS, cases, per, binomial)

    counts = np.arange(100)
    for year in range(3):
        expected = mix[0, year] * 2
        chance = stats.poisson.cdf(counts[:, None], expected).mean(axis=1)
        assert found[0, year] == pytest.approx([np.argmax(chance >= q) / 2 for q in LEVELS])
    # a series with many events in one of its years is nearly normal in all of them
    for series, share in ((1, rates[1] / 1e5), (2, rates[2] / 100)):
        variance = share * (1 - share if binomial[series] else 1) / cases[series] * per[series] ** 2
        away = np.hypot(
            level[series] - rates[series][:, None], stats.norm.ppf(LEVELS) * np.sqrt(variance)[:, None]
        )
        side = [-1, -1, 0, 1, 1]
        assert found[series] == pytest.approx(rates[series][:, None] + side * away, rel=1e-9)


def test_variance_of_rates_and_shares_by_hand():
    nan = np.nan
    x = np.array([[3.0, 0.0, 5.0], [30.0, 40.0, nan], [1.0, 2.0, 4.0]])
    n = np.array([[1000.0, 2000.0, 1500.0], [100.0, 120.0, 90.0], [10.0, 0.0, 20.0]])
    y = np.array([[3.0, 0.0, 10 / 3], [30.0, 100 / 3, 25.0], [0.1, 0.3, 0.2]])
    variance, counted = counting_variance(y, x, n, np.array([np.inf, 100.0, 1.0]))
    # events and half an event more, cases and one more, over the years that are known altogether
    rate, share, other = 8.5 / 4501, 70.5 / 221, 5.5 / 31
    assert counted.all()
    assert variance[0] == pytest.approx(1e6 * rate / n[0])
    assert variance[1] == pytest.approx([1e4 * share * (1 - share) / 100, 1e4 * share * (1 - share) / 120, 0])
    assert variance[2] == pytest.approx([other * (1 - other) / 10, 0, other * (1 - other) / 20])


def test_a_single_case_counts():
    variance, counted = counting_variance(
        np.array([[100.0]]), np.array([[1.0]]), np.array([[1.0]]), np.array([100.0])
    )
    assert counted.all() and variance == pytest.approx(100**2 * 0.75 * 0.25)


def test_a_bounded_rate_above_one_is_a_rate():
    # visits a person: more events than persons, though the scale ends at 1000
    variance, _ = counting_variance(
        np.array([[150.0, 100.0]]), np.array([[30.0, 20.0]]), np.array([[20.0, 20.0]]), np.array([1000.0])
    )
    assert variance == pytest.approx(np.full((1, 2), 100**2 * 50.5 / 41 / 20))
    # just one event a person: it isn't known for certain
    variance, _ = counting_variance(
        np.array([[102.5]]), np.array([[20.5]]), np.array([[20.0]]), np.array([1000.0])
    )
    assert variance == pytest.approx(100**2 / 20)


def test_a_series_is_counted_if_half_of_its_years_are():
    nan = np.nan
    years_counted, years_reported = [2, 1, 1, 1, 0, 0, 1], [4, 4, 3, 1, 2, 0, 2]
    n = np.array([[50.0 if year < known else nan for year in range(4)] for known in years_counted])
    y = np.array([[10.0 if year < known else nan for year in range(4)] for known in years_reported])
    variance, counted = counting_variance(y, n / 10, n, np.full(7, 100.0))
    assert counted.tolist() == [True, False, False, True, False, False, True]
    assert ((variance > 0) == (np.isfinite(n) & counted[:, None])).all()


@pytest.mark.parametrize("absent", ["value", "numerator", "denominator"])
def test_a_year_without_value_or_count_adds_nothing(absent):
    table = {
        "value": np.array([[10.0, 20.0, 30.0]]),
        "numerator": np.array([[5.0, 10.0, 15.0]]),
        "denominator": np.array([[50.0, 50.0, 50.0]]),
    }
    table[absent][0, 2] = np.nan
    variance, _ = counting_variance(*table.values(), np.array([100.0]))
    share = 15.5 / 101
    assert variance == pytest.approx(np.array([[1, 1, 0]]) * 1e4 * share * (1 - share) / 50)


def test_without_any_event_or_bound_the_unit_is_unknown():
    none, cases = np.zeros((2, 2)), np.full((2, 2), 100.0)
    variance, counted = counting_variance(none, none, cases, np.array([np.inf, 1000.0]))
    share = 0.5 / 201
    assert counted.all()
    assert variance == pytest.approx(np.array([[0.0, 0.0], [1.0, 1.0]]) * 1e6 * share * (1 - share) / 100)


def test_no_counts_at_all_have_no_variance():
    unknown = np.full((2, 3), np.nan)
    variance, counted = counting_variance(np.ones((2, 3)), unknown, unknown, np.array([np.inf, 100.0]))
    assert not counted.any() and (variance == 0).all()


def test_the_unit_is_read_off_the_figures():
    nan = np.nan
    values = np.array([[4.0, 7.0, 6.0], [0.2, 0.4, 0.3], [0.0, 0.0, 0.0], [0.0, 5.0, 0.0], [0.0, 0.0, 0.0]])
    shares = np.array(
        [[0.004, nan, 0.006], [0.2, 0.4, 0.3], [0.0, 0.001, 0.0], [0.0, 0.0, nan], [0.0, nan, 0.0]]
    )
    upper = np.array([100.0, np.inf, 100.0, 1000.0, np.inf])
    assert unit_multiplier(values, shares, upper) == pytest.approx([1000, 1, 100, 1000, nan], nan_ok=True)
