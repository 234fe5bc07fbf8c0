"""What a plan says of indicators and targets, as arrays."""

import numpy as np
import pytest
from small_plan import indicator, plan_of, rate, target

from xhcp_eval.verdict.demands import Demands, Facts, rounding

INF, NAN = np.inf, np.nan


@pytest.mark.parametrize(
    ("unit", "half"),
    [
        ("percent", 0.005),
        ("permille", 0.005),
        ("count", 0.5),
        ("hours_per_week", 0.05),
        ("coefficient", 0.0005),
    ],
)
def test_half_a_step_of_the_last_digit(unit, half):
    item = plan_of([indicator(unit=unit, kind="mean", upper=None)]).indicators[0]
    assert rounding(item) == pytest.approx(half)


KINDS = [
    indicator(id="a", targets=[target("every_year", ">=", 90, aggregation="min_over_school")], exceptional_years=[2020, 2022]),
    rate(id="b", name="率", census=True, measurement_level=["district", "survey"]),
    indicator(id="c", name="数", unit="count", kind="count", direction="down", lower=None, upper=None),
    indicator(id="d", name="机构数", unit="count", kind="count", direction="down", upper=None, census=True),
    indicator(id="e", name="多多益善", unit="count", kind="count", upper=None),
    indicator(id="f", name="毛入学率", kind="ratio", upper=None),
    indicator(id="g", name="差距", unit="permille_points", kind="gap", lower=None, upper=None,
              direction="toward_zero", derived_from={"indicator": "b", "gap": "urban_rural"}),
    indicator(id="h", name="均值", unit="hours_per_week", kind="mean", upper=None),
    indicator(id="i", name="指数", unit="index", kind="index", upper=1),
]  # fmt: skip


def test_facts_of_indicators_by_hand():
    facts = Facts.of(plan_of(KINDS, milestones=["m1"]))
    assert len(facts) == 10
    by_hand = {
        "id": [*"abcdefghi", "m1"],
        "kind": ["proportion", "rate", "count", "count", "count", "ratio", "gap", "mean", "index", "yes_no"],
        "per": [100, 1000, 1, 1, 1, 100, 1000, 1, 1, 1],
        "lower": [0, 0, -INF, 0, 0, 0, -INF, 0, 0, 0],
        "upper": [100, 1000, INF, INF, INF, INF, INF, INF, 1, 1],
        # a gross rate may pass 100% and is shown against it all the same
        "ceiling": [100, 1000, INF, INF, INF, 100, INF, INF, 1, 1],
        "rounding": [0.005, 0.005, 0.5, 0.5, 0.5, 0.005, 0.005, 0.05, 0.005, 0.5],
        "falling": [False, True, True, True, False, False, False, False, False, False],
        # events that nobody wishes for, of no population
        "event_count": [False, False, True, False, False, False, False, False, False, False],
        "census": [False, True, False, True, False, False, False, False, False, False],
        "survey": [False, True, False, False, False, False, False, False, False, False],
        "projected": [True, True, True, True, True, True, False, True, True, False],
        "ahead_units": [True] + [False] * 9,
        "ahead_residence": [False, True] + [False] * 8,
        "years_out": [(2020, 2022)] + [()] * 9,
    }  # fmt: skip
    for name, values in by_hand.items():
        assert list(getattr(facts, name)) == values, name
    assert [i.id for i in facts.indicators] == by_hand["id"]


def test_exceptional_years_of_each_indicator():
    out = Facts.of(plan_of(KINDS)).exceptional(np.arange(2019, 2024))
    assert out.shape == (9, 5)
    assert out[0].tolist() == [False, True, False, True, False] and not out[1:].any()


TARGETS = [
    target(2025, ">=", 90),
    target("every_year", "<", 95, base_year=2018),
    target(2030, "relative_change_vs_base", -20, base_year=2019),
    target("every_year", "trend_up", base_year=2025, floor=60),
    target(2030, "no_worse_than", base_year=2020, pending="待裁定"),
    target("every_year", "no_worse_than", 99, base_year=2020, status="recollection", reading="b"),
    target(2030, ">=", 80, aggregation="min_over_township", status="verified"),
    target(2030, ">=", 85, aggregation="min_over_township", level="province", role="comparison", reading="p"),
]
ITEMS = [
    indicator(id="w", name="别的", targets=[target(2030, "trend_down", base_year=2020)]),
    indicator(targets=TARGETS, baselines=[{"year": 2020, "value": 81.5}, {"year": 2019, "value": 80.5}]),
]


def test_demands_of_targets_by_hand():
    demands = Demands.of(plan_of(ITEMS), list(range(1, 9)))
    by_hand = {
        "row": [1, 2, 3, 4, 5, 6, 7, 8], "indicator": [1] * 8,
        "plain": [True, True, False, False, False, False, True, True],
        "trend": [False, False, False, True, False, False, False, False],
        "relative": [False, False, True, False, False, False, False, False],
        "no_worse": [False, False, False, False, True, True, False, False],
        "sign": [1, -1, -1, 1, 1, 1, 1, 1],
        "inclusive": [True, False, True, False, True, True, True, True],
        "value": [90, 95, -20, NAN, NAN, 99, 80, 85],
        "floor": [NAN, NAN, NAN, 60, NAN, NAN, NAN, NAN],
        # a plain bound is shown beside the plan's own base, whatever base it names
        "base_year": [2020, 2020, 2019, 2025, 2020, 2020, 2020, 2020],
        "printed": [81.5, 81.5, 80.5, NAN, 81.5, 81.5, 81.5, 81.5],
        "stated": [False, False, False, False, False, True, False, False],
        "end": [2025, 2030, 2030, 2030, 2030, 2030, 2030, 2030],
        # a trend is asked for at the end
        "keep": [False, True, False, False, False, True, False, False],
        "start": [0, 2021, 0, 0, 0, 2021, 0, 0],
        "hold": [False, False, False, False, True, True, False, False],
        # another level's line is no demand on the district's townships
        "units": [False, False, False, False, False, False, True, False],
    }  # fmt: skip
    for name, values in by_hand.items():
        np.testing.assert_array_equal(getattr(demands, name), values, err_msg=name)
    assert Demands.of(plan_of(ITEMS), [0]).indicator.tolist() == [0]
    assert Demands.of(plan_of(ITEMS), [0]).printed.tolist() != [81.5]


def test_some_of_the_demands_in_any_order():
    demands = Demands.of(plan_of(ITEMS), list(range(1, 9)))
    some = demands.take(np.array([3, 0, 3]))
    assert (
        some.row.tolist() == [4, 1, 4] and some.floor[0] == 60 and some.trend.tolist() == [True, False, True]
    )


def test_what_the_plan_says_stays_as_it_is():
    plan = plan_of(ITEMS)
    for found, name in ((Facts.of(plan), "per"), (Demands.of(plan, [0]), "sign")):
        with pytest.raises(AttributeError):
            setattr(found, name, None)
