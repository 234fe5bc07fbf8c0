"""The value that a series is judged by, its interval and its base, from tables small enough to add up by hand."""

import numpy as np
import pytest
from small_plan import block_of, counted, deaths, indicator, plan_of, rate, rows, shares, target

from xhcp_eval.forecast.small_numbers import rate_interval
from xhcp_eval.verdict.demands import Demands
from xhcp_eval.verdict.judged import Values, base_of, intervals, value_at
from xhcp_eval.verdict.settings import Settings

NAN = np.nan
FEW = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]  # deaths of 2016 to 2025, of 1,000 births each


def at(block, year, row=0, **options):
    """Value, first year, years pooled, numerator and denominator of a series in a year."""
    found = value_at(block, np.array([row]), np.array([year]), **options)
    assert found.rows.tolist() == [row] and found.known[0] == np.isfinite(found.value[0])
    assert np.isnan(found.year[0]) if not found.known[0] else found.year[0] == year
    return [
        part[0] for part in (found.value, found.first_year, found.years, found.numerator, found.denominator)
    ]


def same(found, *expected):
    np.testing.assert_allclose(found, expected)


def test_large_counts_stand_for_themselves():
    block = block_of([indicator()], counted([50, 60], 1000, years=[2024, 2025]))
    same(at(block, 2025), 60, 2025, 1, 600, 1000)
    same(at(block, 2024), 50, 2024, 1, 500, 1000)
    for row, year in ((0, 2023), (0, 2026), (-1, 2025)):
        same(at(block, year, row), NAN, NAN, 0, NAN, NAN)


def test_few_events_are_pooled_over_three_years():
    block = block_of([rate()], deaths(FEW, 1000))
    same(at(block, 2025), 27 / 3, 2023, 3, 27, 3000)
    same(at(block, 2017), 3 / 2, 2016, 2, 3, 2000)
    # the only year there is: as it was reported
    same(at(block, 2016), 1, 2016, 1, 1, 1000)
    # another width
    same(at(block, 2025, width=2), 19 / 2, 2024, 2, 19, 2000)
    same(at(block, 2025, width=np.array([1])), 10, 2025, 1, 10, 1000)
    two = block_of([rate()], deaths(FEW, 1000), settings=Settings(pool_years=2))
    same(at(two, 2025), 19 / 2, 2024, 2, 19, 2000)


def test_denominators_weigh_the_years():
    table = deaths(FEW, 1000).assign(denominator=[1000] * 9 + [4000])
    same(at(block_of([rate()], table), 2025), 1000 * 27 / 6000, 2023, 3, 27, 6000)


def test_a_pooled_window_skips_what_was_not_counted():
    table = deaths(FEW, 1000)
    block = block_of([rate()], table[table["year"] != 2024])
    same(at(block, 2025), 18 / 2, 2023, 2, 18, 2000)
    same(at(block, 2024), NAN, NAN, 0, NAN, NAN)
    # a year without counts is left out of both sums
    missing = table.assign(numerator=[*FEW[:7], None, 9, 10])
    same(at(block_of([rate()], missing), 2025), 19 / 2, 2024, 2, 19, 2000)
    # one year left: the value that was reported, however it was rounded
    alone = table.assign(numerator=[*FEW[:7], None, None, 10], value=[*FEW[:9], 10.04])
    same(at(block_of([rate()], alone), 2025), 10.04, 2025, 1, 10, 1000)


def test_a_value_without_counts_stands_for_itself():
    block = block_of([rate()], rows(FEW, unit="permille"))
    same(at(block, 2025), 10, 2025, 0, NAN, NAN)
    # the last year has none: neither have those before
    table = deaths(FEW, 1000).assign(numerator=[*FEW[:9], None])
    same(at(block_of([rate()], table), 2024), 9, 2024, 1, NAN, NAN)


def test_a_full_count_keeps_its_counts_but_is_never_pooled():
    block = block_of([rate(census=True)], deaths(FEW, 1000))
    same(at(block, 2025), 10, 2025, 1, 10, 1000)


def test_events_without_population_are_counts_of_years():
    item = indicator(unit="count", kind="count", direction="down", upper=None)
    block = block_of([item], rows(FEW, unit="count"))
    same(at(block, 2025), 9, 2023, 3, 27, 3)


def test_nothing_is_pooled_across_the_start_of_a_promise():
    block = block_of([rate()], deaths(FEW, 1000))
    same(at(block, 2021, since=2021), 6, 2021, 1, 6, 1000)
    same(at(block, 2022, since=2021), 13 / 2, 2021, 2, 13, 2000)
    same(at(block, 2023, since=np.array([2021])), 7, 2021, 3, 21, 3000)
    same(at(block, 2025, since=2021), 9, 2023, 3, 27, 3000)
    # what was before it isn't held to it and is judged as ever
    same(at(block, 2020, since=2021), 4, 2018, 3, 12, 3000)


def test_recollections_are_neither_judged_nor_pooled():
    table = deaths(FEW, 1000).assign(status=["reported"] * 8 + ["recollection"] + ["reported"])
    block = block_of([rate()], table, use_recollection=True)
    same(at(block, 2024), NAN, NAN, 0, NAN, NAN)
    same(at(block, 2025), 18 / 2, 2023, 2, 18, 2000)
    same(at(block, 2024, usable=block.seen), 8, 2022, 3, 24, 3000)


def test_many_series_and_years_at_once():
    block = block_of([rate()], deaths(FEW, 1000, region="甲县"), deaths(FEW[::-1], 2000, region="乙县"))
    names = [str(block.places[p]) for p in block.place]
    order = np.array([names.index("乙县"), names.index("甲县"), -1, names.index("乙县")])
    found = value_at(block, order, np.array([2025, 2020, 2020, 2016]), since=np.array([2024, 0, 0, 0]))
    np.testing.assert_allclose(found.value, [1000 * 3 / 4000, 4, NAN, 5])
    assert found.known.tolist() == [True, True, False, True]


def test_no_series_at_all():
    block = block_of([rate()], deaths([1], name="x", years=[2030]), until=2025)
    assert not len(block)
    found = value_at(block, np.full(2, -1), np.array([2024, 2025]))
    assert np.isnan(found.value).all() and not found.known.any()
    assert np.isnan(intervals(block, found)).all()


def test_intervals_of_what_was_drawn_by_chance():
    parts = [
        shares([17] * 10, 20, region="a"), deaths(FEW, 1000, region="b", name="y"), rows(FEW, region="c"),
        shares([57] * 10, 60, region="d", name="z"), shares([17] * 10, 20, region="e"),
    ]  # fmt: skip
    items = [indicator(), rate(id="y", name="率"), indicator(id="z", name="村", census=True)]
    block = block_of(items, *parts)
    judged = value_at(block, np.arange(len(block)), np.full(len(block), 2025))
    low, high = intervals(block, judged)
    names = [str(block.places[p]) for p in block.place]
    found = {name: (low[k], high[k]) for k, name in enumerate(names)}
    # Clopper & Pearson: 17 of 20 is 62.11 to 96.79%; Garwood: 27 events are 17.793 to 39.284
    assert found["a"] == found["e"] == (pytest.approx(62.11, abs=0.01), pytest.approx(96.79, abs=0.01))
    assert found["b"] == (pytest.approx(17.793 / 3, abs=1e-3), pytest.approx(39.284 / 3, abs=1e-3))
    assert np.isnan([found["c"], found["d"]]).all()
    # only those wanted
    where = np.array([name in "ab" for name in names])
    low, high = intervals(block, judged, where)
    assert np.isfinite(low).tolist() == where.tolist() == np.isfinite(high).tolist()


def test_the_level_of_intervals_follows_the_settings():
    block = block_of([indicator()], shares([17] * 10, 20), settings=Settings(level=0.8))
    low, high = intervals(block, value_at(block, np.zeros(1, int), np.full(1, 2025)))
    expected = rate_interval(17, 20, "proportion", 0.8)
    assert (low[0], high[0]) == (pytest.approx(100 * expected[0]), pytest.approx(100 * expected[1]))


def test_a_missing_count_has_no_interval():
    block = block_of([indicator()], shares([17] * 10, 20))
    one, none = np.full(1, 17.0), np.full(1, NAN)
    for x, n in ((none, one), (one, none)):
        values = Values(np.zeros(1, int), np.full(1, 2025), np.full(1, 2025), np.ones(1), one, x, n)
        assert np.isnan(intervals(block, values)).all()


# -- bases -----------------------------------------------------------------------------------------------------------


def base(table, demand=None, item=None, **options):
    """Base value, its year, and its numerator; the denominator is there or missing with it."""
    demand = demand or target(2030, "trend_up", base_year=2020)
    item = (item or indicator()) | {"targets": [demand]}
    block = block_of([item], table, **options)
    demands = Demands.of(plan_of([item]), [0])
    found = base_of(block, np.array([0]), demands)
    assert np.isfinite(found.denominator[0]) == np.isfinite(found.numerator[0])
    return [part[0] for part in (found.value, found.year, found.first_year, found.numerator)]


def test_the_reported_base_year():
    same(base(counted(range(50, 60), 1000)), 54, 2020, 2020, 540)
    # pooled like any other year
    same(base(deaths(FEW, 1000), item=rate()), 4, 2020, 2018, 12)


def test_a_base_established_later_or_the_last_before():
    table = counted(range(50, 60), 1000)
    same(base(table[table["year"] > 2021]), 56, 2022, 2022, 560)
    # reporting had begun before: the last year before
    same(base(table[table["year"] != 2020]), 53, 2019, 2019, 530)
    same(base(table[~table["year"].isin([2019, 2020, 2021])]), 52, 2018, 2018, 520)


def test_a_base_year_that_lies_ahead_is_missing():
    table = counted(range(50, 60), 1000)
    same(base(table, until=2019), NAN, NAN, NAN, NAN)
    same(base(table, until=2020), 54, 2020, 2020, 540)
    same(base(table[table["year"] > 2021], target(2030, "trend_up", base_year=2027)), NAN, NAN, NAN, NAN)


def test_a_value_that_the_plan_prints():
    printed = indicator(baselines=[{"year": 2020, "value": 81.5}])
    table = counted(range(50, 60), 1000)
    same(base(table, item=printed), 54, 2020, 2020, 540)
    # it stands before any other year's
    same(base(table[table["year"] != 2020], item=printed), 81.5, 2020, 2020, NAN)
    same(base(table, item=printed, until=2019), 81.5, 2020, 2020, NAN)


def test_a_value_that_the_target_states_stands_before_all():
    demand = target(2030, "no_worse_than", 99, base_year=2020)
    same(base(counted(range(50, 60), 1000), demand), 99, 2020, 2020, NAN)


def test_an_exceptional_year_is_no_base():
    table = counted(range(50, 60), 1000)
    odd = table.assign(exceptional=table["year"] == 2020)
    same(base(odd), 53, 2019, 2019, 530)
    # also when it has only just come
    same(base(odd, until=2020), 53, 2019, 2019, 530)
    same(base(odd[odd["year"] >= 2020]), 55, 2021, 2021, 550)
    # without any other year it has to do
    same(base(odd[odd["year"] == 2020]), 54, 2020, 2020, 540)
    # nor is one pooled into a base
    few = deaths(FEW, 1000).assign(exceptional=[y == 2019 for y in range(2016, 2026)])
    same(base(few, item=rate()), (3 + 5) / 2, 2020, 2018, 8)


def test_a_recollection_is_no_base():
    table = counted(range(50, 60), 1000)
    table = table.assign(status=["recollection" if y == 2020 else "reported" for y in table["year"]])
    same(base(table, use_recollection=True), 53, 2019, 2019, 530)
    # it hasn't come yet with a figure that may carry a verdict
    same(base(table, use_recollection=True, until=2020), NAN, NAN, NAN, NAN)
    item = indicator(exceptional_years=[2020])
    same(base(table, use_recollection=True, until=2020, item=item), NAN, NAN, NAN, NAN)


def test_bases_of_many_at_once_and_of_none():
    parts = [
        counted(range(50, 60), 1000, region="甲县"),
        counted(range(60, 64), 1000, region="乙县", years=range(2022, 2026)),
    ]
    item = indicator(
        targets=[target(2030, "trend_up", base_year=2020), target(2030, "no_worse_than", 99, base_year=2018)]
    )
    block = block_of([item], *parts)
    names = [str(block.places[p]) for p in block.place]
    rows_ = np.array([names.index("甲县"), names.index("乙县"), names.index("甲县")])
    found = base_of(block, rows_, Demands.of(plan_of([item]), [0, 0, 1]))
    assert found.value.tolist() == [54, 60, 99] and found.year.tolist() == [2020, 2022, 2018]
    assert found.rows.tolist() == rows_.tolist()
    empty = block_of([item], parts[0].assign(year=range(2031, 2041)))
    found = base_of(empty, np.full(2, -1), Demands.of(plan_of([item]), [0, 1]))
    assert np.isnan(found.value).all()


def test_judged_values_stay_as_they_are():
    block = block_of([rate()], deaths(FEW, 1000))
    with pytest.raises(AttributeError):
        value_at(block, np.zeros(1, int), np.full(1, 2025)).value = 0


def test_a_year_without_counts_of_its_own_stands_for_itself():
    """What was counted before it says nothing of it; the years after it leave it out."""
    table = deaths(FEW, 1000)
    table.loc[table["year"] == 2024, ["numerator", "denominator"]] = np.nan
    table.loc[table["year"] == 2024, "value"] = 7.5
    block = block_of([rate()], table)
    value, first, _, numerator, denominator = at(block, 2024)
    assert (value, first) == (7.5, 2024) and np.isnan(numerator) and np.isnan(denominator)
    same(at(block, 2025)[:2], (10 + 8) / 2, 2023)
