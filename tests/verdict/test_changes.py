"""A value beside its base: sizes, limits and swings worked out by hand or taken from what was published."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_plan import block_of, counted, deaths, indicator, rate, rows, shares

from xhcp_eval.forecast.small_numbers import difference_interval, rate_ratio_interval
from xhcp_eval.verdict.changes import (
    Change,
    change_from,
    comparable,
    own_swing,
    tolerated_value,
    yearly_steps,
)
from xhcp_eval.verdict.judged import Values, value_at
from xhcp_eval.verdict.settings import Settings

NAN, INF = np.nan, np.inf


def pair(item, *parts, settings=None):
    """Block, latest values of 2025 and base values of 2020 of every series."""
    block = block_of([item], *parts, settings=settings)
    of = np.arange(len(block))
    return block, *(value_at(block, of, np.full(len(of), year)) for year in (2025, 2020))


def both(base, last, item=None, settings=None, times=None, **columns):
    """Change of a series that was reported in 2020 and in 2025 alone."""
    columns = {"unit": "percent"} | columns
    for name in ("numerator", "denominator"):
        if name in columns:
            columns[name] = list(columns[name])
    block, latest, first = pair(
        item or indicator(), rows([base, last], years=[2020, 2025], **columns), settings=settings
    )
    found = change_from(block, latest, first, *([] if times is None else [times]))
    return found.value[0], found.low[0], found.high[0]


def wilson(x, n, z):
    centre, half = (x / n + z * z / (2 * n)), z * np.sqrt(x / n * (1 - x / n) / n + z * z / (4 * n * n))
    return np.array([centre - half, centre + half]) / (1 + z * z / n)


def test_shares_are_compared_by_newcombes_interval():
    # Newcombe 1998, Stat Med 17:873, table II, method 10: 56/70 - 48/80 is 0.2 (0.0524 to 0.3339); the nearer end of the
    # scale is 40 points above the base
    value, low, high = both(60.0, 80.0, numerator=[48, 56], denominator=[80, 70])
    assert value == pytest.approx(20 / 40)
    assert (low, high) == (pytest.approx(5.24 / 40, abs=2e-4), pytest.approx(33.39 / 40, abs=2e-4))


def test_a_multiple_of_the_base_share_by_hand():
    # 1.25 x 60% is 75%: the change is 5 points, its size 1.25 x 40; distances to Wilson's limits added in quadrature
    value, low, high = both(60.0, 80.0, numerator=[48, 56], denominator=[80, 70], times=1.25)
    z = 1.9599640
    (l0, h0), (l1, h1) = wilson(48, 80, z), wilson(56, 70, z)
    assert value == pytest.approx(5 / 50)
    assert low == pytest.approx((0.05 - np.hypot(0.8 - l1, 1.25 * (h0 - 0.6))) * 100 / 50)
    assert high == pytest.approx((0.05 + np.hypot(h1 - 0.8, 1.25 * (0.6 - l0))) * 100 / 50)


def test_rates_are_compared_by_the_exact_ratio():
    # Fay's example in R's poisson.test: 11 of 800 person-years against 21 of 3,011: ratio 1.971 (0.858 to 4.277)
    item = rate()
    columns = {"unit": "permille", "numerator": [21, 11], "denominator": [3011, 800]}
    base, last = 1000 * 21 / 3011, 1000 * 11 / 800
    value, low, high = both(base, last, item, **columns)
    assert value == pytest.approx(0.971488, abs=1e-6)
    assert (low, high) == (pytest.approx(0.8584264 - 1, abs=1e-6), pytest.approx(4.2772659 - 1, abs=1e-6))
    # against twice the base
    value, low, high = both(base, last, item, times=2.0, **columns)
    assert value == pytest.approx((last - 2 * base) / (2 * base))
    assert (low, high) == (pytest.approx(0.8584264 / 2 - 1), pytest.approx(4.2772659 / 2 - 1))


def test_the_level_is_that_of_the_settings():
    columns = {"numerator": [48, 56], "denominator": [80, 70]}
    _, low, high = both(60.0, 80.0, settings=Settings(level=0.8), **columns)
    _, lower, higher = difference_interval(56, 70, 48, 80, 0.8)
    assert (low, high) == (pytest.approx(lower * 100 / 40), pytest.approx(higher * 100 / 40))
    columns = {"unit": "permille", "numerator": [21, 11], "denominator": [3011, 800]}
    _, low, high = both(6.97, 13.75, rate(), settings=Settings(level=0.8), **columns)
    _, lower, higher = rate_ratio_interval(11, 800, 21, 3011, 0.8)
    assert (low, high) == (pytest.approx(lower - 1), pytest.approx(higher - 1))


@pytest.mark.parametrize(
    ("fields", "base", "size"),
    [
        ({}, 98.0, 2.0),  # the nearer end of a share
        ({}, 30.0, 30.0),
        ({"lower": 10}, 30.0, 20.0),
        ({"lower": 10, "upper": 45}, 30.0, 15.0),
        ({"upper": None}, 30.0, 30.0),  # no end: the base itself
        ({"kind": "index", "unit": "index", "upper": 1}, 0.9, 0.1),
        (
            {"kind": "mean", "unit": "hours_per_week", "upper": 100},
            98.0,
            98.0,
        ),  # a mean is no share of its scale
        ({"kind": "mean", "unit": "hours_per_week", "lower": None, "upper": None}, -4.0, 4.0),
    ],
)
def test_the_size_that_changes_are_measured_by(fields, base, size):
    item = indicator(**fields)
    value, low, high = both(base, base + 0.05, item, unit=item["unit"])
    assert value == pytest.approx(0.05 / size)
    assert np.isnan(low) and np.isnan(high)
    value, _, _ = both(base, base - 0.05, item, unit=item["unit"])
    assert value == pytest.approx(-0.05 / size)


def test_from_nothing_any_change_is_infinite():
    assert both(0.0, 0.0)[0] == 0
    assert both(0.0, 0.1)[0] == INF
    assert both(100.0, 99.0)[0] == -INF
    # 10 of 100 is surely more than 0 of 100, 1 isn't
    assert both(0.0, 10.0, numerator=[0, 10], denominator=[100, 100]) == (INF, INF, INF)
    assert both(0.0, 1.0, numerator=[0, 1], denominator=[100, 100]) == (INF, -INF, INF)


def test_no_event_in_either_year_tells_nothing():
    value, low, high = both(0, 0, rate(), unit="permille", numerator=[0, 0], denominator=[900, 900])
    assert (value, low, high) == (0, -1, INF)
    value, low, high = both(0, 10, rate(), unit="permille", numerator=[0, 9], denominator=[900, 900])
    # with none before, 9 later: the lower limit of 9 out of 9 is 0.6637, odds 1.973
    assert (value, high) == (INF, INF) and low == pytest.approx(0.973, abs=1e-3)


CHANGES = Change(
    value=np.array([0.1, 0.1, -0.1, -0.1, 0.02, 0.02, -0.02, 0.0, 0.01]),
    low=np.array([0.05, -0.01, -0.2, -0.2, NAN, 0.01, NAN, NAN, -0.01]),
    high=np.array([0.2, 0.2, -0.05, 0.01, NAN, 0.03, NAN, NAN, 0.015]),
)


def test_words_of_a_change():
    assert CHANGES.told.tolist() == [True, True, True, True, False, True, False, False, True]
    assert CHANGES.rises().tolist() == [True, False, False, False, True, True, False, False, False]
    assert CHANGES.rises(0.02).tolist() == [True] + [False] * 8
    assert CHANGES.falls().tolist() == [False, False, True, False, False, False, True, False, False]
    assert CHANGES.falls(0.02).tolist() == [False, False, True] + [False] * 6
    # within a fiftieth on either side: surely so only where the limits are
    assert CHANGES.stays(0.02).tolist() == [False] * 4 + [True, False, True, True, True]
    edges = Change(np.zeros(3), np.array([-0.02, -0.01, -0.01]), np.array([0.01, 0.02, 0.01]))
    assert edges.stays(0.02).tolist() == [False, False, True]
    at_zero = Change(np.array([0.1, -0.1]), np.array([0.0, -0.2]), np.array([0.2, 0.0]))
    assert not at_zero.rises().any() and not at_zero.falls().any()


def test_what_counts_can_tell():
    block, latest, base = pair(
        indicator(), counted([50] * 10, 100, region="甲县"), rows([50] * 10, region="乙县"),
        counted([50] * 10, 100, region="丙县").assign(numerator=[None] * 4 + [50] + [None] * 5),
        counted([50] * 10, 100, region="丁县").assign(numerator=[None] * 5 + [50] * 5),
    )  # fmt: skip
    names = [block.places[p] for p in block.place]
    told = dict(zip(names, comparable(block, latest, base), strict=True))
    assert told == {"甲县": True, "乙县": False, "丙县": False, "丁县": False}
    assert not comparable(block, latest, latest).any(), "a year beside itself"
    block, latest, base = pair(indicator(census=True), shares([57] * 10, 60))
    assert not comparable(block, latest, base).any(), "a full count is no sample"
    block, latest, base = pair(indicator(kind="ratio", upper=None), shares([57] * 10, 60))
    assert not comparable(block, latest, base).any(), "nor are two counts side by side"


def tolerance(item, base, cases, sign, part=None):
    block = block_of([item], base)
    rows_ = np.arange(1)
    first = value_at(block, rows_, np.full(1, 2020))
    return block, tolerated_value(block, rows_, first, np.array([cases], float), np.array([sign]))[0]


@given(st.integers(1, 99), st.integers(30, 3000), st.sampled_from([1, -1]))
def test_a_share_that_is_tolerated_is_the_last_that_cannot_be_told(x, cases, sign):
    _, found = tolerance(
        indicator(), rows([float(x)], years=[2020], numerator=x, denominator=100), cases, sign
    )
    low, high = (v.item() for v in difference_interval(found / 100 * cases, cases, x, 100)[1:])
    edge = high if sign > 0 else low
    assert sign * (x - found) > 0
    if 0 < found < 100:
        assert edge == pytest.approx(0, abs=1e-6)
    else:
        assert sign * edge >= -1e-9, "nothing is worse"


@given(st.integers(1, 400), st.integers(200, 5000), st.sampled_from([1, -1]))
def test_a_rate_that_is_tolerated_is_the_last_that_cannot_be_told(x, cases, sign):
    base = rows([x / 2], years=[2020], unit="permille", numerator=x, denominator=2000)
    _, found = tolerance(rate(), base, cases, sign)
    low, high = (v.item() for v in rate_ratio_interval(found / 1000 * cases, cases, x, 2000)[1:])
    assert sign * (x / 2 - found) > 0
    if found > 0:
        assert (high if sign > 0 else low) == pytest.approx(1, abs=1e-6)


def test_without_counts_only_rounding_is_tolerated():
    plain = rows([50.0], years=[2020])
    counts = plain.assign(numerator=50, denominator=100)
    for table, cases in ((plain, 1000), (counts, NAN), (counts, 0)):
        assert tolerance(indicator(), table, cases, 1)[1] == pytest.approx(49.995)
        assert tolerance(indicator(), table, cases, -1)[1] == pytest.approx(50.005)
    assert tolerance(indicator(), counts, 1000, 1)[1] < 49
    assert tolerance(indicator(census=True), counts, 1000, 1)[1] == pytest.approx(49.995)


def test_the_level_of_the_tolerance_follows_the_settings():
    found = []
    for level in (0.8, 0.95):
        block = block_of([indicator()], counted([50.0] * 10, 1000), settings=Settings(level=level))
        base = value_at(block, np.zeros(1, int), np.full(1, 2020))
        found.append(tolerated_value(block, np.zeros(1, int), base, np.array([1000.0]), np.array([1]))[0])
    # 1.28 and 1.96 standard errors of 2.236 points
    assert found == [pytest.approx(50 - 1.2816 * 2.236, abs=0.02), pytest.approx(50 - 1.96 * 2.236, abs=0.02)]


def steps(values, **columns):
    block = block_of([indicator(**columns.pop("item", {}))], rows(values, **columns))
    return block, yearly_steps(block, np.array([0]))[0]


def test_steps_between_usual_years():
    _, found = steps([10.0, 12, 11, 17], years=[2016, 2017, 2018, 2020])
    assert found.tolist()[1:3] == [2, -1] and found[4] == 3, "two years apart: half a step each"
    assert np.isnan(found[[0, 3]]).all()
    # 2018 is no usual year
    _, found = steps(
        [10.0, 12, 60, 17, 18], years=range(2016, 2021), exceptional=[False, False, True, False, False]
    )
    assert found[1] == 2 and found[3] == 2.5 and found[4] == 1 and np.isnan(found[[0, 2]]).all()


def swing(values, **columns):
    block, _ = steps(values, **columns)
    return own_swing(block, np.array([0]))[0]


def test_own_swing_by_hand():
    # steps 1, -1, 2, -2, 5: mean 1, squares 0 + 4 + 1 + 9 + 16 = 30, spread sqrt(30 / 4)
    values = np.cumsum([50.0, 1, -1, 2, -2, 5])
    assert swing(values, years=range(2020, 2026)) == pytest.approx(1.96 * np.sqrt(30 / 4))
    assert swing(values[:-1], years=range(2020, 2025)) == 0, "four steps tell no swing"
    assert swing(np.arange(50.0, 60)) == 0, "a steady pace is no swing"
    exceptional = [False] * 6 + [True]
    values = [*values, 99]
    assert swing(values, years=range(2019, 2026), exceptional=exceptional) == pytest.approx(
        1.96 * np.sqrt(30 / 4)
    )


def test_pooling_takes_the_swing_out():
    block = block_of([rate()], deaths([1, 9, 2, 8, 3, 9, 1, 8, 2, 9]))
    assert block.window[0] == 3 and own_swing(block, np.array([0]))[0] == 0
    block = block_of([rate()], deaths([100, 900, 200, 800, 300, 900, 100, 800, 200, 900]))
    assert block.window[0] == 1 and own_swing(block, np.array([0]))[0] > 200


def test_many_series_at_once_are_each_compared_alone():
    parts = [
        counted([60] * 9 + [80], 100, region="甲县"),
        rows([60] * 9 + [80], region="乙县"),
        counted([98] * 9 + [97], 5000, region="丙县"),
    ]
    block, latest, base = pair(indicator(), *parts)
    together = change_from(block, latest, base, np.array([1.0, 1.1, 0.9]))
    for k in range(3):
        one = Values(**{name: values[[k]] for name, values in vars(latest).items()})
        first = Values(**{name: values[[k]] for name, values in vars(base).items()})
        alone = change_from(block, one, first, [1.0, 1.1, 0.9][k])
        for name in ("value", "low", "high"):
            np.testing.assert_array_equal(getattr(alone, name)[0], getattr(together, name)[k])
