"""Intervals against published tables, pooling and ratios by hand, and what must hold for any count."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xhcp_eval.errors import DataError
from xhcp_eval.small_numbers import pool_years, rate_interval, rate_ratio_interval

# Garwood 1936: count, lower and upper 95% limit of the mean
GARWOOD = [
    (0, 0, 3.689),
    (1, 0.025, 5.572),
    (5, 1.623, 11.668),
    (10, 4.795, 18.39),
    (14, 7.654, 23.49),
    (20, 12.217, 30.888),
]


@pytest.mark.parametrize(("count", "low", "high"), GARWOOD)
def test_rate_interval_is_garwoods(count, low, high):
    assert rate_interval(count, 1) == pytest.approx((low, high), abs=6e-4)


def test_fourteen_deaths_in_3500_births():
    # plan/ANOMALIES.md, A14: infant mortality 4 per mille, exact interval 2.19 to 6.71
    low, high = rate_interval(14, 3500, "rate", per=1000)
    assert (round(float(low), 2), round(float(high), 2)) == (2.19, 6.71)


def test_wilson_for_many_cases():
    # Newcombe 1998, table I, method 3
    assert rate_interval(81, 263, "proportion") == pytest.approx((0.2553, 0.3662), abs=5e-5)
    for x, n, low, high in [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ]:
        assert rate_interval(x, n, "proportion", exact_below=0) == pytest.approx((low, high), abs=5e-5)


def test_clopper_pearson_for_few_cases():
    from statsmodels.stats.proportion import proportion_confint

    for x, n in [(0, 20), (1, 29), (15, 148), (19, 20), (20, 20)]:
        assert rate_interval(x, n, "proportion") == pytest.approx(
            proportion_confint(x, n, method="beta"), abs=1e-9
        )


def test_unknown_counts_have_no_interval():
    low, high = rate_interval([np.nan, 3, 3], [10, np.nan, 0])
    assert np.isnan(low).all() and np.isnan(high).all()


@pytest.mark.parametrize(
    ("arguments", "word"), [((-1, 5), "负"), ((6, 5, "proportion"), "大于分母"), ((1, 5, "odds"), "odds")]
)
def test_impossible_counts_are_refused(arguments, word):
    with pytest.raises(DataError, match=word):
        rate_interval(*arguments)


@given(st.integers(0, 500), st.integers(1, 5000), st.sampled_from([1.0, 100.0, 1000.0, 1e5]))
def test_interval_holds_its_rate_and_scales_with_the_unit(x, n, per):
    low, high = rate_interval(x, n, "rate", per=per)
    assert 0 <= low <= per * x / n <= high
    assert np.allclose([low, high], np.array(rate_interval(x, n)) * per)


@given(st.integers(0, 300), st.integers(1, 300))
def test_proportion_interval_stays_within_its_bounds(x, n):
    x = min(x, n)
    low, high = rate_interval(x, n, "proportion")
    wide_low, wide_high = rate_interval(x, n, "proportion", level=0.99)
    assert 0 <= wide_low <= low <= x / n <= high <= wide_high <= 1


def test_pooling_skips_missing_years_and_never_crosses_series():
    frame = pd.DataFrame(
        {
            "series": ["a", "a", "a", "b"],
            "year": [2018, 2020, 2021, 2021],
            "numerator": [3, 5, 7, 1],
            "denominator": [100, 100, 200, 50],
        }
    )
    pooled = pool_years(frame, 3).set_index(["series", "year"])
    assert pooled.loc[("a", 2020)].tolist() == [2018, 8, 200, 2]
    assert pooled.loc[("a", 2021)].tolist() == [2020, 12, 300, 2]
    assert pooled.loc[("b", 2021)].tolist() == [2021, 1, 50, 1]


def test_ratio_of_two_rates_by_hand():
    # 10 against 20 events in equal populations: p = 1/3 of 30, Clopper-Pearson 0.1729 to 0.5281, odds of these
    ratio, low, high = rate_ratio_interval(10, 1000, 20, 1000)
    assert ratio == pytest.approx(0.5)
    assert (low, high) == pytest.approx((0.1729 / 0.8271, 0.5281 / 0.4719), rel=2e-3)


def test_ratio_without_events():
    ratio, low, high = rate_ratio_interval([0, 3], 10, [0, 0], 10)
    assert np.isnan([ratio[0], low[0], high[0]]).all()
    assert np.isinf(ratio[1]) and np.isinf(high[1]) and low[1] > 0
