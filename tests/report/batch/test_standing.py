"""Ranks come with intervals, and what isn't known widens them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from batch_work import summary_of
from hypothesis import given
from hypothesis import strategies as st

from xhcp_eval.report.batch.standing import COLUMNS, chances, deciding_targets, standing


def targets(**regions: list[tuple[str, float]]) -> pd.DataFrame:
    rows = [
        (region, f"q{number}", status, chance)
        for region, found in regions.items()
        for number, (status, chance) in enumerate(found)
    ]
    return pd.DataFrame(rows, columns=["region", "question", "status", "probability"])


def test_what_is_settled_has_no_interval():
    found = standing(targets(a=[("已达标", 0.93)] * 3, b=[("未达标", 0.4)] * 3))
    assert found[["region", "expected", "low", "high", "best_rank", "worst_rank"]].to_numpy().tolist() == [
        ["a", 3, 3, 3, 1, 1],
        ["b", 0, 0, 0, 2, 2],
    ]


def test_the_number_expected_is_the_sum_of_chances():
    found = standing(targets(a=[("存在风险", 0.5)] * 40, b=[("存在风险", 0.5)] * 40)).set_index("region")
    # the number met is binomial(40, 0.5): mean 20, standard deviation 3.16, 95% of it in 14-26
    assert found["expected"].to_numpy() == pytest.approx([20, 20], abs=0.3)
    assert (found["low"] == 14).all() and (found["high"] == 26).all()
    assert (found["best_rank"] == 1).all() and (found["worst_rank"] == 2).all()


def test_missing_data_widen_and_never_earn_a_rank():
    settled = [("已达标", 1.0)] * 5 + [("未达标", 0.0)] * 5
    found = standing(targets(a=settled, b=[("缺数据", np.nan)] * 10, c=settled)).set_index("region")
    assert found.loc["b", ["unknown", "low", "high"]].tolist() == [10, 0, 10]
    assert found.loc["b", "best_rank"] == 1 and found.loc["b", "worst_rank"] == 3
    assert found.loc["a", "worst_rank"] <= 3 and found.loc["a", "low"] == found.loc["a", "high"] == 5


def test_a_status_that_is_not_known_hides_its_probability():
    found = chances(targets(a=[("待裁定", 0.9), ("无法判定", 0.5), ("预期可达标", 0.8), ("已达标", 0.91)]))
    assert found.loc["a"].isna().tolist() == [True, True, False, False]
    assert found.loc["a", ["q2", "q3"]].tolist() == [0.8, 1.0]


def test_regions_without_a_question_are_not_asked_it():
    found = standing(targets(a=[("已达标", 1.0)] * 4, b=[("已达标", 1.0)])).set_index("region")
    assert found["targets"].to_dict() == {"a": 4, "b": 1}
    assert found["unknown"].to_dict() == {"a": 0, "b": 0}


@given(st.lists(st.lists(st.floats(0, 1), min_size=3, max_size=3), min_size=1, max_size=5))
def test_intervals_hold_what_they_should(chance):
    found = standing(
        targets(**{f"r{n}": [("存在风险", p) for p in row] for n, row in enumerate(chance)}), draws=50
    )
    assert (found["low"] <= found["high"]).all() and (found["high"] <= 3).all()
    assert (found["best_rank"] >= 1).all() and (found["worst_rank"] <= len(chance)).all()
    assert (found["best_rank"] <= found["worst_rank"]).all()


def test_the_same_twice_and_nothing_of_nothing():
    given_ = targets(a=[("存在风险", 0.3)] * 9, b=[("存在风险", 0.4)] * 9)
    pd.testing.assert_frame_equal(standing(given_), standing(given_))
    empty = standing(deciding_targets({}))
    assert empty.empty and tuple(empty.columns) == COLUMNS


def test_only_goals_own_targets_of_the_last_year_decide_each_question_once():
    summary = summary_of({}, {"reading": "其他"}, {"question": "r", "target_year": 2025}, {"question": "s", "decides_goal": False}, {"question": "t", "status": "不作判定"})  # fmt: skip
    assert deciding_targets({"甲": summary})[["region", "question"]].to_numpy().tolist() == [["甲", "q"]]
