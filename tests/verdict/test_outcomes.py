"""Forecasts beside what happened: who is scored, who isn't and why, and the score by hand."""

import numpy as np
import pandas as pd
import pytest
from small_plan import indicator, rows, target, verdicts_of

from xhcp_eval.verdict.outcomes import brier_score, broken_years, compare_outcomes


def verdicts(**columns) -> pd.DataFrame:
    n = len(columns["own_status"])
    base = {
        "question": [f"q{i}" for i in range(n)], "target_id": [f"t{i}" for i in range(n)], "goal": "health.1",
        "domain": "health", "indicator": "x", "indicator_name": "指标", "unit": "percent", "target_year": 2020,
        "target_text": "≥90%", "reading": "", "role": "verdict", "latest_year": 2015.0, "latest_value": 80.0,
        "target_value": 90.0, "probability": np.nan, "every_year": False, "side": "目标以内", "small_count": False,
    }  # fmt: skip
    return pd.DataFrame(base | columns)


@pytest.fixture
def pair():
    before = verdicts(own_status=["存在风险"] * 4, probability=[0.8, 0.4, 0.6, np.nan])
    after = verdicts(
        own_status=["已达标", "未达标", "无法判定", "已达标"],
        latest_year=[2020.0] * 4,
        latest_value=[92, 88, 90, 95],
    )
    return before, after


def test_score_by_hand(pair):
    outcomes = compare_outcomes(*pair)
    assert outcomes["scored"].tolist() == [True, True, False, False]
    score, n = brier_score(outcomes)
    assert n == 2 and score == pytest.approx((0.2**2 + 0.4**2) / 2)


def test_why_a_target_is_not_scored(pair):
    notes = compare_outcomes(*pair)["note"].tolist()
    assert notes[:2] == ["", ""]
    assert "无法判定" in notes[2] and "值在目标以内" in notes[2] and "未给出概率" in notes[3]


def test_an_outcome_of_another_year_is_no_outcome(pair):
    before, after = pair
    outcomes = compare_outcomes(before, after.assign(latest_year=2019.0))
    assert not outcomes["scored"].any() and outcomes["outcome_value"].isna().all()
    assert outcomes["note"].str.contains("2020年没有经核实的数字").all()
    assert brier_score(outcomes)[1] == 0 and np.isnan(brier_score(outcomes)[0])


def test_watches_and_comparisons_are_left_out(pair):
    before, after = pair
    assert len(compare_outcomes(before.assign(role="comparison"), after)) == 0


def test_loose_probabilities_are_kept_apart(pair):
    loose = pd.Series({"t0": 1.0, "t1": 0.0})
    outcomes = compare_outcomes(*pair, loose=loose)
    assert brier_score(outcomes, "probability_loose") == (pytest.approx(0.0), 2)
    assert brier_score(outcomes)[0] == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("years", "met", "words"), [([2012], 1.0, "其后各年都已保持"), ([2012, 2018], 0.0, "其后有年份未保持")]
)
def test_a_promise_broken_before_the_forecast_is_scored_on_the_years_still_open(years, met, words):
    """The probability was that of keeping it from then on."""
    before = verdicts(own_status=["未达标"], probability=[0.8], every_year=True)
    after = verdicts(own_status=["未达标"], every_year=True, latest_year=2020.0, latest_value=95.0)
    row = compare_outcomes(before, after, {"t0": years}).iloc[0]
    assert row["scored"] and row["met"] == met and row["squared_error"] == pytest.approx((0.8 - met) ** 2)
    assert "2012年在作预测时已未保持" in row["note"] and words in row["note"]


def test_a_promise_that_was_kept_until_now_needs_no_note():
    before = verdicts(own_status=["预期可达标"], probability=[0.8], every_year=True)
    kept = verdicts(own_status=["已达标"], every_year=True, latest_year=2020.0)
    broken = verdicts(own_status=["未达标"], every_year=True, latest_year=2020.0)
    assert compare_outcomes(before, kept).iloc[0][["met", "note"]].tolist() == [1.0, ""]
    assert compare_outcomes(before, broken, {"t0": [2019]}).iloc[0][["met", "note"]].tolist() == [0.0, ""]


def test_what_came_of_it_is_told_for_the_targets_own_year_only():
    before = verdicts(own_status=["存在风险"] * 3, probability=[0.5] * 3)
    after = verdicts(
        own_status=["已达标", "已达标", "无法判定"], latest_year=[2020.0, 2019.0, 2020.0], latest_value=91.0
    )
    found = compare_outcomes(before, after)
    assert found["outcome_status"].tolist() == ["已达标", "", "无法判定"]
    assert found["outcome_side"].tolist() == ["目标以内", "", "目标以内"]
    assert found["met"].tolist()[0] == 1.0 and found["met"].isna().tolist() == [False, True, True]
    assert found["outcome_value"].isna().tolist() == [False, True, False]


@pytest.mark.parametrize(("broken", "met"), [((2022,), 1.0), ((2022, 2027), 0.0)])
def test_what_was_broken_before_the_forecast_is_known_from_the_verdicts(broken, met):
    """Judged in 2024 and in 2030: the years from 2025 on are what the probability was of."""
    promise = indicator(census=True, targets=[target("every_year", ">=", 90)])
    years = range(2016, 2031)
    table = rows([80 if year in broken else 95 + year % 3 for year in years], years=years)
    before, after = (verdicts_of([promise], table, as_of=year) for year in (2024, 2030))
    assert broken_years(after) == {"x@every_year": list(broken)}
    row = compare_outcomes(before.explained(), after.explained(), broken_years(after)).iloc[0]
    assert row["predicted_status"] == row["outcome_status"] == "未达标"
    assert row["scored"] and row["met"] == met
    assert row["squared_error"] == (before.frame["probability"][0] - met) ** 2
    assert row["note"].startswith("2022年在作预测时已未保持")
