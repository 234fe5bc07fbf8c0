"""Forecasts beside what happened: who is scored, who isn't and why, and the score by hand."""

import numpy as np
import pandas as pd
import pytest

from xhcp_eval.verdict.outcomes import brier_score, compare_outcomes


def verdicts(**columns) -> pd.DataFrame:
    n = len(columns["own_status"])
    base = {
        "question": [f"q{i}" for i in range(n)], "target_id": [f"t{i}" for i in range(n)], "goal": "health.1",
        "domain": "health", "indicator": "x", "indicator_name": "指标", "unit": "percent", "target_year": 2020,
        "target_text": "≥90%", "reading": "", "role": "verdict", "latest_year": 2015.0, "latest_value": 80.0,
        "target_value": 90.0, "probability": np.nan,
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
    assert "无法判定" in notes[2] and "未给出概率" in notes[3]


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
    outcomes = compare_outcomes(*pair, loose)
    assert brier_score(outcomes, "probability_loose") == (pytest.approx(0.0), 2)
    assert brier_score(outcomes)[0] == pytest.approx(0.1)
