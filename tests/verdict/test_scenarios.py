"""What a target would take: paces by hand, and scenarios that agree with the verdicts they start from."""

import numpy as np
import pandas as pd
import pytest
from small_plan import block_of, counted, deaths, indicator, rate, rows, target, verdicts_of

from xhcp_eval.observations.table import read_table
from xhcp_eval.plan.reading import load_plan
from xhcp_eval.provenance import ROOT
from xhcp_eval.verdict.chances import SUREST
from xhcp_eval.verdict.judging import judge
from xhcp_eval.verdict.scenarios import (
    COLUMNS,
    SCENARIO_NAMES,
    WANTED,
    best_paces,
    chance_at,
    open_targets,
    scenarios,
)


@pytest.fixture(scope="module")
def verdicts():
    plan = load_plan("xinhua_2021_2030")
    return judge(read_table(ROOT / "data/demo/xinhua_2015_2025.csv", plan), plan)


@pytest.fixture(scope="module")
def frame(verdicts):
    return scenarios(verdicts)


def pace_of(years, values, sign):
    hours = indicator(kind="mean", unit="hours_per_week", upper=None)
    block = block_of([hours], rows(values, years=years, unit="hours_per_week"), until=max(years))
    return float(best_paces(block, np.array([0]), np.array([sign]))[0])


def test_best_pace_by_hand():
    years, values = range(2016, 2024), [10.0, 10, 13, 16, 19, 19, 19, 19]
    assert pace_of(years, values, 1) == pytest.approx(3.0)
    assert pace_of(years, [30 - v for v in values], -1) == pytest.approx(-3.0)
    assert np.isnan(pace_of([2020, 2021], [1.0, 2.0], 1))


def test_best_pace_forgets_what_is_older_than_ten_years():
    years = range(2000, 2021)
    assert pace_of(years, [(y - 2000) * 5.0 if y < 2006 else 30.0 for y in years], 1) == pytest.approx(0.0)


def test_as_now_is_the_verdicts_own_probability(verdicts, frame):
    own = verdicts.explained().set_index("target_id")["probability"]
    now = frame[frame["scenario"] == "as_now"].set_index("target_id")["probability"]
    assert len(now) >= 40
    assert now.tolist() == own[now.index].tolist()


def test_the_chance_at_the_forecasts_own_pace_is_the_verdicts(verdicts):
    rows = open_targets(verdicts)
    rows = rows[rows["limit"].notna()]
    found = chance_at(verdicts, rows, rows["forecast_pace"].to_numpy())
    assert len(found) >= 40 and found.tolist() == rows["probability"].tolist()
    faster = chance_at(verdicts, rows, rows["forecast_pace"].to_numpy() + 0.1 * rows["sign"].to_numpy())
    assert (faster >= found).all() and (faster > found).sum() > 20


@pytest.mark.parametrize(("scenario", "wanted"), WANTED.items())
def test_paces_reach_the_probability_they_are_named_for(verdicts, frame, scenario, wanted):
    """And are the least that do: a hair slower and it is less."""
    rows = open_targets(verdicts)
    rows = rows[rows["limit"].notna()]
    named = frame[frame["scenario"] == scenario].set_index("target_id").loc[rows["target_id"]]
    slower = chance_at(verdicts, rows, named["pace"].to_numpy() - 1e-7 * rows["sign"].to_numpy())
    found = named["probability"].to_numpy()
    assert len(found) >= 40 and (found >= wanted).all() and (slower < wanted).all()
    # what goes by whole events or places can't be moved as finely as the others, nor what ends at its scale
    block, series = verdicts.block, rows["series"].to_numpy()
    facts, which = block.facts, block.indicator[series]
    fine = ~block.counted[series] & ~facts.census[which] & (slower > SUREST)
    assert fine.sum() >= 5
    assert found[fine] == pytest.approx(wanted, abs=1e-6)


def test_a_pace_counts_the_bound_as_its_target_does():
    """More than three rooms are asked for: three are no more than three."""
    rooms = indicator(census=True, kind="count", unit="count", upper=None, targets=[target(2030, ">", 3)])
    verdicts = verdicts_of([rooms], rows([1, 1, 2, 1, 3, 2, 3, 3, 2, 3], unit="count"))
    found = scenarios(verdicts).set_index("scenario")
    for name, wanted in WANTED.items():
        assert found.loc[name, "probability"] >= wanted


def test_a_safe_pace_asks_for_more_than_an_even_one(frame):
    table = frame.pivot(index="target_id", columns="scenario", values="probability")
    assert (table["safe"] >= table["even_chance"]).all()
    assert list(frame.columns) == list(COLUMNS)


def test_targets_without_one_pace_are_left_out(frame):
    assert not {"nip_vaccination_coverage", "infant_mortality_urban_rural_gap"} & set(frame["indicator"])


# -- by hand ---------------------------------------------------------------------------------------------------------

HOURS = {"kind": "mean", "unit": "hours_per_week", "lower": None, "upper": None}


def paces_of(block, sign=1):
    return best_paces(block, np.arange(len(block)), np.full(len(block), sign))


@pytest.mark.parametrize("sign", [1, -1])
def test_a_span_counts_if_it_begins_within_ten_years_of_the_last_figure(sign):
    """A rise of 3 a year from 2010 to 2013: known to a series that ends in 2019, forgotten by one that ends in 2020."""
    values = [10.0] * 11 + [13.0, 16.0] + [19.0] * 9
    parts = [
        rows(values[: last - 1999], years=range(2000, last + 1), region=name, unit="hours_per_week")
        for name, last in (("甲县", 2019), ("乙县", 2020), ("丙县", 2021))
    ]
    block = block_of([indicator(**HOURS)], *[part.assign(value=sign * part["value"]) for part in parts])
    names = [str(block.places[p]) for p in block.place]
    found = dict(zip(names, paces_of(block, sign), strict=True))
    assert found == {"甲县": sign * 3.0, "乙县": sign * 2.0, "丙县": sign * 1.0}


def test_a_fall_may_be_the_best_there_was():
    years = range(2016, 2021)
    assert pace_of(years, [50.0, 40, 35, 20, 16], 1) == pytest.approx((16 - 40) / 3)
    assert pace_of(years, [50.0, 40, 35, 20, 16], -1) == pytest.approx((20 - 50) / 3)


def test_the_best_pace_needs_both_ends_of_a_span():
    assert np.isnan(pace_of([2018, 2019, 2020], [1.0, 2.0, 9.0], 1))
    assert pace_of([2017, 2020], [1.0, 7.0], 1) == 2.0
    assert np.isnan(pace_of([2016, 2018, 2020], [1.0, 2.0, 9.0], 1))
    empty = block_of([indicator(**HOURS)], rows([1.0], years=[2030], unit="hours_per_week"))
    assert paces_of(empty).shape == (0,)


def test_the_best_pace_of_few_events_goes_by_full_windows():
    """Deaths of 1,000 births: windows of three are full from 2018 on, and again three years after one was missed."""
    per_year = [90, 0, 0, 9, 12, 3, 0, 3, 9, 6]
    block = block_of([rate()], deaths(per_year, 1000))
    # windows 2018 to 2025: 30, 3, 7, 8, 5, 2, 4, 6
    assert paces_of(block, -1)[0] == pytest.approx((8 - 30) / 3)
    assert paces_of(block, 1)[0] == pytest.approx((5 - 3) / 3)
    gapped = deaths(per_year, 1000).query("year != 2020")
    # full are those of 2018, 2019, 2023, 2024 and 2025 alone
    assert np.isnan(paces_of(block_of([rate()], gapped), 1)[0])
    # where counts are many each year stands for itself, whether it was counted or only reported
    many = deaths([100 * d for d in per_year], 100_000)
    many.loc[many["year"] == 2020, ["numerator", "denominator"]] = np.nan
    assert paces_of(block_of([rate()], many), 1)[0] == pytest.approx((12 - 0) / 3)


KINDS = [
    indicator(targets=[target(2030, ">=", 90), target(2026, ">=", 85), target(2025, ">=", 80)]),
    rate(id="r", name="死亡", targets=[target(2030, "<=", 4)]),
    indicator(id="v", name="村", census=True, targets=[target(2028, ">", 95)]),
    indicator(id="e", name="毛入园率", kind="ratio", upper=None, targets=[target(2030, ">=", 105)]),
    indicator(id="c", name="所", kind="count", unit="count", census=True, upper=None, targets=[target(2030, ">=", 12)]),
    indicator(id="h", name="小时", **HOURS, targets=[target(2030, ">=", 9)]),
    indicator(id="b", name="无数", targets=[target(2030, ">=", 99)]),
]  # fmt: skip
REPORTED = [
    counted([70, 71, 73, 72, 75, 76, 79, 78, 80, 81], 1000),
    deaths([9, 8, 10, 9, 8, 9, 7, 8, 6, 7], 1000, name="r"),
    counted([80, 80, 82, 84, 86, 86, 88, 90, 92, 92], 50, name="v"),
    counted([90, 92, 93, 95, 96, 97, 97, 98, 99, 101], 600, name="e"),
    rows([5, 5, 6, 6, 7, 7, 8, 9, 9, 10], name="c", unit="count"),
    rows([6.0, 6.2, 6.1, 6.5, 7, 7.1, 7.3, 7.2, 7.6, 8], name="h", unit="hours_per_week"),
    rows([90.0, 91, 92, 92, 93, 94, 95, 96, 96, 97], name="b"),
]
BY_NAME = {item["id"]: item for item in KINDS}
# how many children a point of each stands for
CHILDREN = {
    "x": 1000 / 100,
    "r": 1000 / 1000,
    "v": 50 / 100,
    "e": 600 / 100,
    "c": 1.0,
    "h": np.nan,
    "b": np.nan,
}


@pytest.fixture(scope="module")
def small():
    return verdicts_of(KINDS, *REPORTED)


def naive(verdicts, row, best_quarter):
    """Pace of each scenario of one target, in the order they are shown; without those that have none."""
    sign, years = (-1 if row.op in ("<=", "<") else 1), row.target_year - row.latest_year
    one, end, side = (np.array([value]) for value in (row.series, row.target_year, sign))
    paces = {
        "as_now": row.forecast_pace,
        "best_recent": best_paces(verdicts.block, one, side)[0],
        "best_quarter": (best_quarter.get(row.target_id, np.nan) - row.latest_value) / years,
    }
    for name, wanted in (("even_chance", 0.5), ("safe", 0.8)):
        reached = verdicts.outlook.hardest(one, end, side, np.array([wanted]), np.array([row.inclusive]))[0]
        paces[name] = row.forecast_pace + (row.limit - (reached - sign * 1e-8)) / years
    return sign, {name: pace for name, pace in paces.items() if np.isfinite(pace)}


@pytest.mark.parametrize("best_quarter", [{}, {"x@2030": 93.0, "r@2030": 3.0}])
def test_every_column_of_every_scenario_is_the_one_by_hand(small, best_quarter):
    likes = pd.DataFrame({"target_id": list(best_quarter), "best_quarter": list(best_quarter.values())})
    found = scenarios(small, likes if best_quarter else None)
    ahead = small.frame[small.frame["target_year"] > 2025]
    ops = {f"{i['id']}@{t['year']}": t["op"] for i in KINDS for t in i["targets"]}
    expected = []
    for row in ahead.assign(op=ahead["target_id"].astype(str).map(ops)).itertuples():
        item, years = BY_NAME[row.indicator], row.target_year - row.latest_year
        sign, paces = naive(small, row, best_quarter)
        for name, pace in paces.items():
            low, high = (np.nan if item[end] is None else item[end] for end in ("lower", "upper"))
            value = np.fmin(np.fmax(row.latest_value + pace * years, low), high)
            bound = row.limit - (pace - row.forecast_pace) * years
            chance = small.outlook.chance(
                row.series, row.target_year, row.target_year, sign, [bound], row.inclusive
            )
            expected.append(
                (row.target_id, row.indicator, item["name"], item["unit"], row.target_year, "", name, SCENARIO_NAMES[name],
                 pace, value, chance[0], (value - row.latest_value) * CHILDREN[row.indicator])
            )  # fmt: skip
    expected = pd.DataFrame(expected, columns=list(COLUMNS)).astype(
        {"target_year": found["target_year"].dtype}
    )
    assert len(ahead) == 8 and (found["value"] == 100).any()
    pd.testing.assert_frame_equal(found, expected, rtol=1e-12, atol=1e-12)


def test_open_targets_are_those_that_lie_ahead_and_have_one_pace():
    """Not: one whose year has come, of every year or unit, a gap, yes or no, a watch, without number, base or trend."""
    sides = [deaths([20] * 10, 9000, name="r", residence=side) for side in ("rural", "urban")]
    items = [
        indicator(targets=[target(2025, ">=", 80), target(2026, ">=", 80), target("every_year", ">=", 70),
                           target(2030, ">=", 80), target(2029, "maintain"), target(2028, "trend_up", base_year=2020),
                           target(2027, ">=", 80, role="watch"), target(2030, ">=", 60, aggregation="min_over_township")]),
        rate(id="r", targets=[target(2030, "<=", 3)]),
        indicator(id="g", name="差距", unit="permille_points", kind="gap", direction="toward_zero", lower=None, upper=None,
                  derived_from={"indicator": "r", "gap": "urban_rural"}, targets=[target(2030, "trend_down", base_year=2020)]),
        indicator(id="y", kind="yes_no", unit="binary", lower=None, upper=None, targets=[target(2030, ">=", 1)]),
        indicator(id="late", targets=[target(2030, ">=", 90)]),
        indicator(id="none", targets=[target(2030, ">=", 90)]),
        indicator(id="p", targets=[target(2030, "relative_change_vs_base", 5, base_year=2027)]),
    ]  # fmt: skip
    verdicts = verdicts_of(
        items, counted(range(70, 80), 1000), counted(range(70, 80), 40, region="甲区/东镇", level="township"),
        deaths([20] * 10, 9000, name="r"), *sides, rows([0], years=[2025], name="y", unit="binary"),
        counted([80], 1000, years=[2025], name="late"), counted(range(70, 80), 1000, name="p"),
    )  # fmt: skip
    found = open_targets(verdicts)
    # in the plan's order
    assert list(zip(found["target_id"], found["sign"], strict=True)) == [
        ("x@2026", 1), ("x@2030", 1), ("x@2028", 1), ("r@2030", -1),
    ]  # fmt: skip
    assert found["target_id"].map(type).eq(str).all()


def test_a_target_whose_base_lies_ahead_has_a_pace_but_no_scenarios():
    items = [indicator(targets=[target(2030, "trend_up", base_year=2027)])]
    verdicts = verdicts_of(items, counted(range(70, 80), 1000))
    assert len(open_targets(verdicts)) == 1
    found = scenarios(verdicts)
    assert list(found.columns) == list(COLUMNS) and found.empty


def test_a_recollection_is_the_last_figure_that_years_ahead_count_from():
    """Reported until 2023, recalled for 2025: what was asked for 2025 no longer lies ahead."""
    table = counted(range(70, 80), 1000).assign(status=["reported"] * 8 + ["recollection"] * 2)
    items = [indicator(targets=[target(2025, ">=", 80), target(2026, ">=", 80)])]
    found = open_targets(verdicts_of(items, table, use_recollection=True))
    assert found["target_id"].tolist() == ["x@2026"] and found["latest_year"].tolist() == [2023]
