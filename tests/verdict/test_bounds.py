"""Every kind of target reduced to one number and its side, worked out by hand."""

import numpy as np
import pytest
from small_plan import (
    block_of,
    counted,
    deaths,
    foreseen,
    indicator,
    plan_of,
    rate,
    rows,
    target,
    unforeseen,
)

from xhcp_eval.forecast.projection import LEVELS
from xhcp_eval.forecast.small_numbers import tolerated
from xhcp_eval.verdict.bounds import bounds_of, reaches
from xhcp_eval.verdict.demands import Demands
from xhcp_eval.verdict.judged import value_at
from xhcp_eval.verdict.settings import Settings

NAN = np.nan
STEADY = [50.0] * 10


def bounds(demand, *parts, item=None, quantiles=None, until=2025, settings=None):
    """Bounds of one target on the first series, and that series' latest value.

    demand: a target, or several of the same indicator. quantiles: what is foreseen of 2026 and on, if anything.
    """
    demands = demand if isinstance(demand, list) else [demand]
    item = (item or indicator()) | {"targets": demands}
    block = block_of([item], *parts, until=until, settings=settings)
    future = unforeseen(block) if quantiles is None else foreseen(block, quantiles)
    main = np.zeros(len(demands), int)
    latest = value_at(block, main, block.years[block.last_trusted[main]])
    asked = Demands.of(plan_of([item]), list(range(len(demands))))
    return bounds_of(future, main, asked, latest), asked.sign, latest.value


def numbers(found):
    return [getattr(found, name).tolist() for name in ("point", "limit", "now", "easiest")]


def trend(op, base_year=2020, **fields):
    return target(2030, op, base_year=base_year, **fields)


def test_which_side_reaches_a_limit():
    one, up, down = np.array([1.0]), np.array([1]), np.array([-1])
    for value, inclusive, reached in (
        (1.0, True, True), (1.0, False, False), (1 - 1e-10, True, True), (1 - 1e-8, True, False),
        (1 + 1e-10, False, False), (1 + 1e-8, False, True), (2.0, True, True), (0.0, True, False),
    ):  # fmt: skip
        assert reaches(up, np.array([value]), one, np.array([inclusive])).tolist() == [reached]
        assert reaches(down, 2 - np.array([value]), one, np.array([inclusive])).tolist() == [reached]


def test_just_as_far_as_the_tolerance_is_no_difference():
    zero, edge, up = np.array([0.0]), np.array([1e-9]), np.array([1])
    assert not reaches(up, edge, zero, np.array([False]))[0] and reaches(up, -edge, zero, np.array([True]))[0]


def test_a_plain_bound_is_what_is_printed():
    demands = [target(2030, op, 60, reading=op) for op in (">=", ">", "<=", "<")]
    found, sign, latest = bounds(demands, counted(STEADY, 1000))
    assert numbers(found) == [[60] * 4] * 4
    assert found.inclusive.tolist() == [True, False, True, False]
    assert not found.held.any() and not found.simulated.any()
    assert np.isnan(found.share).all() and np.isnan(found.probability).all()
    assert found.base.value.tolist() == [50] * 4
    assert (
        found.met(sign, latest).tolist() == found.within(sign, latest).tolist() == [False, False, True, True]
    )
    assert found.met(sign, np.full(4, 60.0)).tolist() == [True, False, True, False]
    # no base is needed
    found, _, _ = bounds(demands, rows([50], years=[2025]), item=indicator())
    assert numbers(found) == [[60] * 4] * 4


def test_a_relative_change_by_hand():
    demands = [target(2030, "relative_change_vs_base", v, base_year=2020, reading=str(v)) for v in (-20, 10)]
    found, sign, _ = bounds(demands, counted(STEADY, 1000))
    assert numbers(found) == [pytest.approx([40, 55])] * 4
    assert sign.tolist() == [-1, 1] and found.inclusive.all() and not found.held.any()
    assert (
        found.met(sign, np.array([40.0, 55.0])).all() and not found.met(sign, np.array([40.01, 54.99])).any()
    )


def test_a_trend_asks_for_more_than_rounding():
    found, sign, latest = bounds([trend("trend_up"), trend("trend_down")], counted(STEADY, 1000))
    assert found.point.tolist() == [50, 50]
    assert found.limit == pytest.approx([50.005, 49.995]) and found.now == pytest.approx([50.005, 49.995])
    assert not found.inclusive.any() and not found.held.any()
    assert not found.met(sign, latest).any()
    assert found.met(sign, np.array([50.01, 49.99])).all()
    # rounding alone is no rise, though beyond the printed base
    assert not found.met(sign, np.array([50.004, 49.996])).any()
    assert found.within(sign, np.array([50.004, 49.996])).all() and not found.within(sign, latest).any()


@pytest.mark.parametrize(
    ("op", "floor", "point", "limit", "inclusive"),
    [
        ("trend_up", 60, 60, 60, True), ("trend_up", 45, 50, 50.005, False), ("trend_up", 50.005, 50.005, 50.005, True),
        ("trend_down", 45, 45, 45, True), ("trend_down", 60, 50, 49.995, False),
        ("trend_down", 50 - 0.005, 49.995, 49.995, True),
    ],
)  # fmt: skip
def test_a_floor_holds_where_it_is_stricter(op, floor, point, limit, inclusive):
    found, _, _ = bounds(trend(op, floor=floor), counted(STEADY, 1000))
    assert (found.point[0], found.limit[0], found.now[0]) == pytest.approx((point, limit, limit))
    assert found.inclusive[0] == inclusive


def test_only_a_trend_has_a_floor():
    found, _, _ = bounds(target(2030, ">=", 60, floor=70), counted(STEADY, 1000))
    assert numbers(found) == [[60]] * 4


def test_no_worse_leaves_room_for_chance():
    # 2020: 500 of 1,000; now 2,000 are counted, as in every coming year
    table = counted(STEADY, 1000).assign(denominator=[1000] * 9 + [2000], numerator=[500] * 9 + [1000])
    found, sign, _ = bounds(target(2030, "no_worse_than", base_year=2020), table)
    edge = 100 * tolerated(500, 1000, 2000, 0.95, 1, "proportion")
    # 1.96 * sqrt(0.25 / 1000 + 0.25 / 2000) = 3.80 points
    assert edge == pytest.approx(50 - 3.80, abs=0.02)
    assert found.point[0] == 50 and found.limit[0] == found.now[0] == pytest.approx(edge)
    assert found.held[0] and found.inclusive[0] and not found.simulated[0]
    assert found.met(sign, np.array([47.0]))[0] and not found.within(sign, np.array([47.0]))[0]
    assert found.within(sign, np.array([50.0]))[0] and not found.met(sign, np.array([46.0]))[0]
    less = indicator(direction="down")
    found, sign, _ = bounds(target(2030, "no_worse_than", base_year=2020), table, item=less)
    assert (found.point[0], found.now[0]) == (50, pytest.approx(100 - edge))
    assert found.met(sign, np.array([53.0]))[0] and not found.met(sign, np.array([54.0]))[0]


def test_room_for_chance_follows_what_is_counted_then():
    # few deaths are pooled: three years are to come, though only one has been counted in the first year
    demand = target(2030, "no_worse_than", base_year=2020)
    table = deaths([5] * 10, 1000)
    found, _, _ = bounds(demand, table[table["year"].isin([2018, 2019, 2020, 2025])], item=rate())
    expected = [1000 * tolerated(15, 3000, cases, 0.95, -1, "rate") for cases in (3000, 1000)]
    assert [found.limit[0], found.now[0]] == pytest.approx(expected)
    assert found.point[0] == 5


def test_no_worse_without_counts_leaves_room_for_rounding():
    found, _, _ = bounds(target(2030, "no_worse_than", base_year=2020), rows(STEADY))
    assert (found.point[0], found.limit[0], found.now[0]) == pytest.approx((50, 49.995, 49.995))


def test_no_worse_than_a_stated_value_is_a_plain_bound():
    found, sign, _ = bounds(target(2030, "no_worse_than", 48, base_year=2020), counted(STEADY, 1000))
    assert numbers(found) == [[48]] * 4 and found.inclusive[0] and not found.held[0]
    assert found.met(sign, np.array([48.0]))[0] and not found.met(sign, np.array([47.99]))[0]


@pytest.mark.parametrize(
    ("op", "table", "fields", "held"),
    [
        # at the end of the scale, or so near that the end itself couldn't be told from it
        ("trend_up", counted([100.0] * 10, 60_000), {}, True),
        ("trend_up", rows([99.996] * 10), {}, True),
        ("trend_up", rows([99.99] * 10), {}, False),
        ("trend_down", rows([0.5] * 10, unit="yuan_per_month"), {"kind": "mean", "unit": "yuan_per_month", "upper": None}, True),
        ("trend_up", counted([99.0] * 10, 100), {}, True),
        ("trend_up", counted([99.0] * 10, 60_000), {}, False),
        ("trend_up", counted([98.0] * 10, 50), {}, True),
        ("trend_up", counted([97.5] * 10, 40), {}, False),
        ("trend_up", rows([99.0] * 10), {}, False),
        ("trend_up", counted([99.0] * 10, 100, status="survey"), {}, False),
        ("trend_up", counted([99.0] * 10, 100), {"census": True}, False),
        ("trend_down", counted([1.0] * 10, 100), {"direction": "down"}, True),
        ("trend_down", counted([1.0] * 10, 60_000), {"direction": "down"}, False),
        ("trend_down", counted([0.0] * 10, 60_000), {"direction": "down"}, True),
        # the far end is none
        ("trend_down", counted([99.0] * 10, 100), {"direction": "down"}, False),
        ("trend_up", counted([1.0] * 10, 100), {}, False),
        # without an end nothing is near
        ("trend_up", rows([100.0] * 10), {"kind": "ratio", "upper": None}, False),
        ("trend_down", rows([0.0] * 10), {"kind": "mean", "lower": None, "direction": "down"}, False),
    ],
)  # fmt: skip
def test_where_no_more_can_be_had_holding_is_enough(op, table, fields, held):
    found, sign, latest = bounds(trend(op), table, item=indicator(**fields))
    assert found.held[0] == found.inclusive[0] == held
    assert found.met(sign, latest)[0] == held


def test_no_deaths_can_be_bettered_by_none():
    few, none = deaths([3] * 10, 3500), deaths([0] * 10, 3500)
    assert bounds(trend("trend_down"), none, item=rate())[0].held[0]
    # three deaths can't be told from none, which is no end of the scale
    assert not bounds(trend("trend_down"), few, item=rate())[0].held[0]


def test_holding_at_the_end_leaves_room_for_chance():
    found, sign, _ = bounds(trend("trend_up"), counted([100.0] * 10, 100))
    edge = 100 * tolerated(100, 100, 100, 0.95, 1, "proportion")
    assert found.point[0] == 100 and found.limit[0] == found.now[0] == pytest.approx(edge) and edge < 98
    assert found.met(sign, np.array([97.0]))[0] and not found.met(sign, np.array([94.0]))[0]
    # a floor stricter than that holds all the same
    found, _, _ = bounds(trend("trend_up", floor=99), counted([100.0] * 10, 100))
    assert (found.limit[0], found.now[0], found.held[0]) == (99, 99, True)


def test_without_a_base_there_is_no_bound():
    # established never: the first figure is a recollection
    table = rows([50.0, 51.0], years=[2015, 2016]).assign(status=["recollection", "reported"])
    item = indicator(targets=[target(2030, "relative_change_vs_base", 10, base_year=2028)])
    found, _, _ = bounds(item["targets"][0], table, until=2025)
    assert all(np.isnan(part).all() for part in numbers(found)) and not found.simulated[0]
    assert np.isnan(found.base.value[0])


# -- bases that lie ahead --------------------------------------------------------------------------------------------


def course(*values):
    """A future without doubt: every level of every year the same."""
    return np.array(values, float)[None, :, None]


RISING = course(51, 52, 53, 54, 55)  # 2026 to 2030


@pytest.mark.parametrize(
    ("op", "fields", "quantiles", "point", "share", "probability"),
    [
        ("trend_up", {}, RISING, 52.005, 0, 1),
        ("trend_up", {}, course(51, 52, 53, 54, 52), 52.005, 0, 0),
        ("trend_up", {}, course(51, 49, 48, 48, 49.005), 49.005, 1, 1),
        ("trend_up", {}, course(51, 49, 48, 48, 49.004), 49.005, 1, 0),
        ("trend_up", {"floor": 60}, RISING, 60, 0, 0),
        ("trend_up", {"floor": 40}, RISING, 52.005, 0, 1),
        ("trend_down", {}, RISING, 51.995, 1, 0),
        ("trend_down", {}, course(49, 48, 47, 46, 45), 47.995, 0, 1),
        ("trend_down", {"floor": 46}, course(49, 48, 47, 46, 45), 46, 0, 1),
        ("trend_down", {"floor": 49}, course(49, 48, 47, 46, 45), 47.995, 0, 1),
        ("no_worse_than", {}, course(51, 52, 53, 54, 51.996), 51.995, 0, 1),
        ("no_worse_than", {}, course(51, 52, 53, 54, 51.99), 51.995, 0, 0),
    ],
)
def test_a_base_that_lies_ahead_is_foreseen(op, fields, quantiles, point, share, probability):
    item = indicator(direction="down" if op == "trend_down" else "up")
    found, sign, latest = bounds(trend(op, 2027, **fields), rows(STEADY), item=item, quantiles=quantiles)
    assert found.simulated[0] and found.inclusive[0]
    assert numbers(found) == [[pytest.approx(point)]] * 4
    assert (found.share[0], found.probability[0]) == (share, probability)
    assert np.isnan(found.base.value[0])
    assert found.met(sign, latest)[0] == (share == 1)


def test_every_year_after_a_base_that_lies_ahead():
    demand = target("every_year", "no_worse_than", base_year=2026)
    kept, _, _ = bounds(demand, rows(STEADY), quantiles=course(51, 52, 53, 54, 55))
    once, _, _ = bounds(demand, rows(STEADY), quantiles=course(51, 52, 50.9, 54, 55))
    assert (kept.probability[0], once.probability[0]) == (1, 0)
    # every coming year of the plan is held to it
    demand = target("every_year", "no_worse_than", base_year=2027)
    early, _, _ = bounds(demand, rows(STEADY), quantiles=course(49, 50, 51, 52, 53))
    assert early.probability[0] == 0
    # by its last year alone it would be met
    last, _, _ = bounds(trend("no_worse_than", 2026), rows(STEADY), quantiles=course(51, 52, 50.9, 54, 55))
    assert last.probability[0] == 1


def test_doubt_about_the_base_by_known_quantiles():
    # 2027: 50 + 2 z, so that the bound's quantiles are known; 2030: just as now, whatever comes between
    from scipy.special import ndtri

    z = ndtri(np.array(LEVELS))
    quantiles = np.stack([50 + 0 * z, 50 + 2 * z, 50 + 0 * z, 50 + 0 * z, 50 + 0 * z])[None]
    up, sign, latest = bounds(
        trend("trend_up", 2027), rows(STEADY), quantiles=quantiles, settings=Settings(draws=8000)
    )
    assert up.point[0] == pytest.approx(50.005, abs=0.05)
    assert up.share[0] == pytest.approx(0.5, abs=0.02) and up.probability[0] == pytest.approx(0.5, abs=0.02)
    assert up.easiest[0] < 50 - 2 * 3, "the nearest of thousands"
    down, _, _ = bounds(
        trend("trend_down", 2027), rows(STEADY), item=indicator(direction="down"), quantiles=quantiles
    )
    assert down.easiest[0] > 50 + 2 * 3
    assert down.point[0] == pytest.approx(49.995, abs=0.05)
    # 47 lies 1.5 spreads below: Phi(1.5) of the bounds are beyond it
    low = rows([*STEADY[:9], 47.0])
    found, sign, latest = bounds(
        trend("trend_up", 2027), low, quantiles=quantiles, settings=Settings(draws=8000)
    )
    assert found.share[0] == pytest.approx(0.0668, abs=0.01)
    assert not found.met(sign, latest)[0]


def test_met_today_means_by_half_of_the_bounds_foreseen():
    half = course(51, 52, 53, 54, 55).repeat(15, axis=2)
    half[0, 1, :8] = 49.0
    found, sign, latest = bounds(trend("trend_up", 2027), rows(STEADY), quantiles=half)
    assert 0.5 <= found.share[0] < 0.6 and found.met(sign, latest)[0]
    half[0, 1, 7] = 52.0
    found, sign, latest = bounds(trend("trend_up", 2027), rows(STEADY), quantiles=half)
    assert 0.3 < found.share[0] < 0.5 and not found.met(sign, latest)[0]


def test_what_cannot_be_foreseen_has_no_chance():
    found, _, _ = bounds(trend("trend_up", 2027), rows(STEADY))
    assert found.simulated[0] and np.isnan(found.probability[0]) and np.isnan(found.point[0])


def test_many_at_once_are_each_bounded_alone():
    demands = [
        trend("trend_up", 2027, reading="a"), trend("trend_down", 2028, reading="b"), target(2030, ">=", 60, reading="c"),
        target(2029, "trend_up", base_year=2027, reading="d"), target("every_year", "no_worse_than", base_year=2026, reading="e"),
        trend("trend_up", reading="f"), target(2030, "no_worse_than", base_year=2020, reading="g"),
        trend("trend_down", 2027, floor=40, reading="h"),
    ]  # fmt: skip
    table, quantiles = counted(STEADY, 1000), RISING + np.linspace(-3, 3, 15)
    together, _, _ = bounds(demands, table, quantiles=quantiles)
    for k, demand in enumerate(demands):
        alone, _, _ = bounds(demand, table, quantiles=quantiles)
        for name in (
            "point",
            "limit",
            "now",
            "inclusive",
            "held",
            "simulated",
            "easiest",
            "share",
            "probability",
        ):
            np.testing.assert_array_equal(getattr(together, name)[k], getattr(alone, name)[0], err_msg=name)
    assert together.simulated.tolist() == [True, True, False, True, True, False, False, True]


def test_bounds_stay_as_they_were_found():
    found, _, _ = bounds(target(2030, ">=", 60), counted(STEADY, 1000))
    with pytest.raises(AttributeError):
        found.point = found.limit
