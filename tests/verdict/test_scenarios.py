"""What a target would take: paces by hand, and scenarios that agree with the verdicts they start from."""

import numpy as np
import pytest
from small_plan import block_of, indicator, rows, target, verdicts_of

from xhcp_eval.observations.table import read_table
from xhcp_eval.plan.reading import load_plan
from xhcp_eval.provenance import ROOT
from xhcp_eval.verdict.chances import SUREST
from xhcp_eval.verdict.judging import judge
from xhcp_eval.verdict.scenarios import COLUMNS, WANTED, best_paces, chance_at, open_targets, scenarios


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


def test_a_likely_pace_asks_for_more_than_an_even_one(frame):
    table = frame.pivot(index="target_id", columns="scenario", values="probability")
    assert (table["likely"] >= table["even_chance"]).all()
    assert list(frame.columns) == list(COLUMNS)


def test_targets_without_one_pace_are_left_out(frame):
    assert not {"nip_vaccination_coverage", "infant_mortality_urban_rural_gap"} & set(frame["indicator"])
