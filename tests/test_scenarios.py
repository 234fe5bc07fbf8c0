"""What a target would take: paces by hand, and scenarios that agree with the verdicts they start from."""

import numpy as np
import pytest
from xhcp_eval.assessment import assess, make_case

from xhcp_eval.observations import read_table
from xhcp_eval.plan import load_plan
from xhcp_eval.provenance import ROOT
from xhcp_eval.verdict.scenarios import COLUMNS, best_pace, scenarios


@pytest.fixture(scope="module")
def case():
    plan = load_plan("xinhua_2021_2030")
    return make_case(read_table(ROOT / "data/demo/xinhua_2015_2025.csv", plan), plan)


@pytest.fixture(scope="module")
def frame(case):
    return scenarios(case)


def test_best_pace_by_hand():
    years, values = np.arange(2016, 2024), np.array([10.0, 10, 13, 16, 19, 19, 19, 19])
    assert best_pace(years, values, 1) == pytest.approx(3.0)
    assert best_pace(years, -values, -1) == pytest.approx(-3.0)
    assert np.isnan(best_pace(np.array([2020, 2021]), np.array([1.0, 2.0]), 1))


def test_best_pace_forgets_what_is_older_than_ten_years():
    years = np.arange(2000, 2021)
    values = np.where(years < 2006, (years - 2000) * 5.0, 30.0)
    assert best_pace(years, values, 1) == pytest.approx(0.0)


def test_as_now_is_the_verdicts_own_probability(case, frame):
    verdicts = assess(case).set_index("target_id")["probability"]
    now = frame[frame["scenario"] == "as_now"].set_index("target_id")["probability"]
    assert len(now) >= 40
    assert now.to_numpy() == pytest.approx(verdicts[now.index].to_numpy(), abs=0.002)


def test_paces_reach_the_probability_they_are_named_for(frame):
    # values at the end of their scale and whole counts can't be moved as finely as the others
    free = frame[frame["unit"].isin(["percent", "per_100k"]) & ~frame["value"].between(95, 100)]
    likely = free[free["scenario"] == "likely"]["probability"]
    even = free[free["scenario"] == "even_chance"]["probability"]
    assert len(likely) >= 20
    assert np.median(likely) == pytest.approx(0.8, abs=0.03)
    assert np.median(even) == pytest.approx(0.5, abs=0.03)


def test_a_likely_pace_asks_for_more_than_an_even_one(case, frame):
    table = frame.pivot(index="target_id", columns="scenario", values="probability")
    assert (table["likely"] >= table["even_chance"]).all()
    assert list(frame.columns) == list(COLUMNS)


def test_targets_without_one_pace_are_left_out(frame):
    assert not {"nip_vaccination_coverage", "infant_mortality_urban_rural_gap"} & set(frame["indicator"])
