"""What a target would take: paces by hand, and scenarios that agree with the verdicts they start from."""

import numpy as np
import pytest
from small_plan import block_of, indicator, rows

from xhcp_eval.observations import read_table
from xhcp_eval.plan import load_plan
from xhcp_eval.provenance import ROOT
from xhcp_eval.verdict.judge import judge
from xhcp_eval.verdict.scenarios import COLUMNS, best_paces, chance_at, open_targets, scenarios


@pytest.fixture(scope="module")
def verdicts():
    plan = load_plan("xinhua_2021_2030")
    return judge(read_table(ROOT / "data/demo/xinhua_2015_2025.csv", plan), plan)


@pytest.fixture(scope="module")
def frame(verdicts):
    return scenarios(verdicts)


def pace_of(years, values, sign):
    hours = indicator(kind="mean", unit="hours_per_week", upper=None)
    block = block_of([hours], rows(values, years=years, unit="hours_per_week"), as_of=max(years))
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


def test_paces_reach_the_probability_they_are_named_for(frame):
    # values at the end of their scale and whole counts can't be moved as finely as the others
    free = frame[frame["unit"].isin(["percent", "per_100k"]) & ~frame["value"].between(95, 100)]
    likely = free[free["scenario"] == "likely"]["probability"]
    even = free[free["scenario"] == "even_chance"]["probability"]
    assert len(likely) >= 20
    # the chance of a few whole events goes in steps
    for found, named in ((likely, 0.8), (even, 0.5)):
        assert np.median(found) == pytest.approx(named, abs=0.002)
        assert ((found - named).abs() < 0.02).mean() > 0.75


def test_a_likely_pace_asks_for_more_than_an_even_one(frame):
    table = frame.pivot(index="target_id", columns="scenario", values="probability")
    assert (table["likely"] >= table["even_chance"]).all()
    assert list(frame.columns) == list(COLUMNS)


def test_targets_without_one_pace_are_left_out(frame):
    assert not {"nip_vaccination_coverage", "infant_mortality_urban_rural_gap"} & set(frame["indicator"])
