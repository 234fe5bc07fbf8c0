"""Intervals against published tables, pooling and ratios by hand, and what must hold for any count."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from xhcp_eval.errors import DataError
from xhcp_eval.forecast.small_numbers import (
    difference_interval,
    equality_p,
    pool_years,
    rate_interval,
    rate_ratio_interval,
    tolerated,
)

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


def test_the_exact_interval_serves_below_thirty():
    from statsmodels.stats.proportion import proportion_confint

    cases = [(29, "beta"), (30, "wilson"), (170, "wilson"), (171, "beta")]
    expected = [proportion_confint(x, 200, 0.1, method) for x, method in cases]
    alone = [rate_interval(x, 200, "proportion", level=0.9) for x, _ in cases]
    together = np.stack(rate_interval([x for x, _ in cases], 200, "proportion", level=0.9), axis=1)
    assert np.array(alone) == pytest.approx(np.array(expected), abs=1e-9)
    assert together == pytest.approx(np.array(expected), abs=1e-9)


def test_wilson_stays_within_its_bounds_in_spite_of_rounding():
    n = np.arange(1, 500)
    assert (rate_interval(0, n, "proportion", exact_below=0)[0] >= 0).all()
    assert (rate_interval(n, n, "proportion", exact_below=0)[1] <= 1).all()


def test_a_share_is_told_in_its_unit():
    share = np.array(rate_interval(81, 263, "proportion"))
    assert rate_interval(81, 263, "proportion", per=100) == pytest.approx(100 * share)


def test_unknown_counts_have_no_interval():
    for kind in ("rate", "proportion"):
        low, high = rate_interval([np.nan, 3, 3, 0], [10, np.nan, 0, 0], kind)
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


def test_pooling_sorts_and_leaves_out_what_is_not_counted():
    frame = pd.DataFrame(
        {
            "series": ["b", "a", "a", "a", "a", "b"],
            "year": [2019, 2021, 2019, 2018, 2020, 2018],
            "numerator": [2, 5, np.nan, 3, 4, 1],
            "denominator": [10, 50, 30, 20, np.nan, 10],
        },
        index=[7, 3, 3, 1, 0, 2],
    )
    pooled = pool_years(frame)
    assert pooled[["series", "year"]].to_numpy().tolist() == [
        ["a", 2018], ["a", 2019], ["a", 2020], ["a", 2021], ["b", 2018], ["b", 2019],
    ]  # fmt: skip
    assert pooled["first_year"].tolist() == [2018, 2018, 2018, 2021, 2018, 2018]
    assert pooled["numerator"].tolist() == [3, 3, 3, 5, 1, 3]
    assert pooled["denominator"].tolist() == [20, 20, 20, 50, 10, 20]
    assert pooled["n_years"].tolist() == [1, 1, 1, 1, 1, 2]
    assert pool_years(frame.iloc[[0]], 1)["numerator"].tolist() == [2]


def test_ratio_of_two_rates_by_hand():
    # 10 against 20 events in equal populations: p = 1/3 of 30, Clopper-Pearson 0.1729 to 0.5281, odds of these
    ratio, low, high = rate_ratio_interval(10, 1000, 20, 1000)
    assert ratio == pytest.approx(0.5)
    assert (low, high) == pytest.approx((0.1729 / 0.8271, 0.5281 / 0.4719), rel=2e-3)


@pytest.mark.parametrize(
    ("x", "n", "x0", "n0"), [(10, 1000, 20, 700), (1, 9, 1, 30), (0, 5, 3, 5), (0, 5, 1, 4)]
)
def test_ratio_from_the_binomial_of_its_total(x, n, x0, n0):
    share = stats.binomtest(x, x + x0).proportion_ci(0.95, method="exact")
    odds = np.array([share.low / (1 - share.low), share.high / (1 - share.high)])
    assert rate_ratio_interval(x, n, x0, n0) == pytest.approx((x * n0 / n / x0, *(odds * n0 / n)))


def test_ratio_without_events():
    ratio, low, high = rate_ratio_interval([0, 3], 10, [0, 0], 10)
    assert np.isnan([ratio[0], low[0], high[0]]).all()
    assert np.isinf(ratio[1]) and np.isinf(high[1]) and low[1] > 0


def test_ratio_of_unknown_counts_is_missing():
    found = rate_ratio_interval([np.nan, 3, 3, 3], [9, np.nan, 9, 9], [3, 3, np.nan, 3], [9, 9, 9, np.nan])
    assert np.isnan(found).all()


# Newcombe 1998 (Stat Med 17:873), table II, method 10: both counts, 95% limits of the difference
NEWCOMBE = [
    (56, 70, 48, 80, 0.0524, 0.3339),
    (9, 10, 3, 10, 0.1705, 0.8090),
    (6, 7, 2, 7, 0.0582, 0.8062),
    (5, 56, 0, 29, -0.0381, 0.1926),
    (0, 10, 0, 20, -0.1611, 0.2775),
    (0, 10, 0, 10, -0.2775, 0.2775),
    (10, 10, 0, 20, 0.6791, 1.0),
    (10, 10, 0, 10, 0.6075, 1.0),
]


def test_difference_of_two_shares_is_newcombes():
    x, n, x0, n0, low, high = np.array(NEWCOMBE).T
    found = difference_interval(x, n, x0, n0)
    assert found[0] == pytest.approx(x / n - x0 / n0)
    assert np.abs(np.array(found[1:]) - [low, high]).max() < 5.1e-5


@given(
    st.integers(1, 400),
    st.integers(1, 400),
    st.floats(0, 1),
    st.floats(0, 1),
    st.sampled_from([0.8, 0.95, 0.99]),
)
def test_difference_agrees_with_statsmodels_and_mirrors_its_complement(n, n0, share, share0, level):
    from statsmodels.stats.proportion import confint_proportions_2indep

    x, x0 = round(share * n), round(share0 * n0)
    difference, low, high = difference_interval(x, n, x0, n0, level)
    reference = confint_proportions_2indep(x, n, x0, n0, "newcomb", "diff", alpha=1 - level)
    assert (low, high) == pytest.approx(reference, abs=1e-9)
    others = difference_interval(n - x, n, n0 - x0, n0, level)
    assert others == pytest.approx((-difference, -high, -low), abs=1e-9)


def test_difference_from_a_multiple_by_hand():
    # Wilson limits of 81/263 and 15/148 from Newcombe 1998, table I: 0.2553 to 0.3662, 0.0624 to 0.1605;
    # 81/263 - 2 * 15/148 = 0.10529, distances 0.05268 and 2 * 0.05915 below, 0.05822 and 2 * 0.03895 above
    found = difference_interval(81, 263, 15, 148, times=2)
    assert found == pytest.approx((0.10529, 0.10529 - 0.12950, 0.10529 + 0.09725), abs=3e-4)
    assert difference_interval(81, 263, 15, 148, times=[0])[1:] == pytest.approx(
        np.array(rate_interval(81, 263, "proportion"))[:, None]
    )


def test_interval_of_a_multiple_covers():
    # 0.45 against 1.5 times 0.3: no difference; each side is missed in 2.5% of draws, give or take
    rng = np.random.default_rng(4)
    x, x0 = rng.binomial(800, 0.45, 40_000), rng.binomial(900, 0.3, 40_000)
    _, low, high = difference_interval(x, 800, x0, 900, times=1.5)
    assert np.mean(low > 0) == pytest.approx(0.025, abs=0.003)
    assert np.mean(high < 0) == pytest.approx(0.025, abs=0.003)


def test_differences_of_unknown_counts_are_missing():
    found = difference_interval(
        [np.nan, 3, 3, 3, 3], [10, np.nan, 0, 10, 10], [3, 3, 3, np.nan, 3], [9, 9, 9, 9, 0]
    )
    assert np.isnan(found).all()


@pytest.mark.parametrize(
    ("arguments", "word"),
    [((-1, 5, 1, 5), "负"), ((1, 5, 6, 5), "大于分母"), ((1, 5, 1, 5, 0.95, -1), "倍数")],
)
def test_impossible_differences_are_refused(arguments, word):
    with pytest.raises(DataError, match=word):
        difference_interval(*arguments)


def is_worse(count, cases, base, base_cases, level, sign, kind):
    """The definition: the interval of the change lies on the bad side of "none"."""
    if kind == "proportion":
        _, low, high = difference_interval(count, cases, base, base_cases, level)
        return high < 0 if sign > 0 else low > 0
    _, low, high = rate_ratio_interval(count, cases, base, base_cases, level)
    return high < 1 if sign > 0 else low > 1


@given(
    st.integers(1, 5000),
    st.floats(0, 1),
    st.integers(1, 5000),
    st.sampled_from([0.8, 0.95]),
    st.sampled_from([1, -1]),
    st.sampled_from(["proportion", "rate"]),
)
def test_beyond_what_is_tolerated_a_value_is_significantly_worse(base_cases, share, cases, level, sign, kind):
    base = round(share * base_cases)
    value = tolerated(base, base_cases, cases, level, sign, kind)
    inside, outside = (value + step * sign * 2e-9 for step in (1, -1))
    assert value >= 0 and not is_worse(max(inside, 0) * cases, cases, base, base_cases, level, sign, kind)
    # at the end of the scale there is nothing worse
    if outside > 0 and (outside < 1 or kind == "rate"):
        assert is_worse(outside * cases, cases, base, base_cases, level, sign, kind)
    elif kind == "proportion":
        assert value == (0 if sign > 0 else 1)


def test_what_is_tolerated_by_hand():
    # of 2 events, none can be significantly fewer (Garwood's upper limit of 0 is 3.7)
    assert (
        tolerated(2, 100, 100, kind="rate")
        == 0
        == tolerated(0, 100, 100)
        == tolerated(0, 100, 100, kind="rate")
    )
    assert tolerated(100, 100, 100, sign=-1) == 1
    # after one event in 10 cases the upper limit of x events' share is that of a beta distribution of (x + 1, 1),
    # 0.975 ** (1 / (x + 1)): it is the share of 10,000 cases at this x; after no event there is nothing to be below
    share = 10_000 / 10_010
    few = (np.log(0.975) / np.log(share) - 1) / 10_000
    assert tolerated([1, 0], 10, 10_000, kind="rate") == pytest.approx([few, 0])
    # no event in the base, equal populations: x events are too many where 0.5 ** x < 0.025
    assert tolerated(0, 10, 10, sign=-1, kind="rate") == pytest.approx(np.log(0.025) / np.log(0.5) / 10)


@given(st.integers(1, 3000), st.floats(0, 1), st.integers(1, 3000))
def test_less_of_a_share_is_more_of_its_complement(base_cases, share, cases):
    base = round(share * base_cases)
    less = tolerated(base_cases - base, base_cases, cases, sign=-1)
    assert less == pytest.approx(1 - tolerated(base, base_cases, cases), abs=1e-9)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(("kind", "mean"), [("proportion", 2000), ("proportion", 4500), ("rate", 2000)])
def test_with_nothing_changed_one_in_forty_is_worse(sign, kind, mean):
    rng = np.random.default_rng(7)
    draw = (lambda: rng.binomial(5000, mean / 5000, 40_000)) if kind == "proportion" else (
        lambda: rng.poisson(mean, 40_000)
    )  # fmt: skip
    base, later = draw(), draw()
    value = tolerated(base, 5000, 5000, 0.95, sign, kind)
    assert np.mean(sign * (later / 5000 - value) < 0) == pytest.approx(0.025, abs=0.003)


@pytest.mark.parametrize("kind", ["proportion", "rate"])
@pytest.mark.parametrize("sign", [1, -1])
def test_without_counts_nothing_is_known_to_be_tolerated(kind, sign):
    base, base_cases, cases = [np.nan, 3, 3, 3, 3, 0], [9, np.nan, 9, 0, 9, 0], [9, 9, np.nan, 9, 0, 9]
    assert np.isnan(tolerated(base, base_cases, cases, 0.95, sign, kind)).all()


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ((-1, 5, 5), "负"),
        ((6, 5, 5), "大于分母"),
        ((1, 5, 5, 0.95, 0), "方向"),
        ((1, 5, 5, 0.95, 1, "odds"), "odds"),
    ],
)
def test_what_is_tolerated_of_impossible_counts_is_refused(arguments, word):
    with pytest.raises(DataError, match=word):
        tolerated(*arguments)


def test_equality_of_shares_is_the_chi_square_without_correction():
    for x, n, x0, n0 in [(56, 70, 48, 80), (7266, 10707, 7300, 10600), (1, 40, 5, 50)]:
        found = equality_p(x, n, x0, n0, "proportion")
        table = [[x, n - x], [x0, n0 - x0]]
        assert float(found) == pytest.approx(stats.chi2_contingency(table, correction=False).pvalue)


def test_equality_of_rates_is_twice_the_smaller_binomial_tail():
    # 3 and 12 events in as many cases: 2 P(X <= 3 | 15, 1/2)
    assert float(equality_p(3, 1000, 12, 1000, "rate")) == pytest.approx(2 * stats.binom.cdf(3, 15, 0.5))
    assert float(equality_p(0, 500, 0, 700, "rate")) == 1.0


def test_equality_of_nothing_and_of_all():
    assert np.isnan(equality_p([np.nan, 5], [10, 0], [3, 5], [10, 10], "proportion")).all()
    assert equality_p([0, 50], [50, 50], [0, 50], [60, 50], "proportion") == pytest.approx([1, 1])
