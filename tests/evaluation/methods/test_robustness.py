"""Robustness of ranks: hand computation of simple cases, known reversals, and cores that can't be bought back."""

import numpy as np
import pandas as pd
import pytest

from xhcp_eval.errors import DataError, ParamsError
from xhcp_eval.evaluation.methods.ranking import topsis, weighted_sum
from xhcp_eval.evaluation.methods.robustness import (
    draw_weights,
    non_compensatory,
    rank_acceptability,
    rank_reversal,
)


def test_acceptability_of_two_opposites():
    """甲 is better by one criterion, 乙 by the other: each is first for half of all weights."""
    table = pd.DataFrame({"a": [1.0, 0.0], "b": [0.0, 1.0]}, index=["甲", "乙"])
    found = rank_acceptability(weighted_sum, table, draw_weights(2, 20_000), ["higher"] * 2)
    assert found.shares.to_numpy() == pytest.approx(np.full((2, 2), 0.5), abs=0.015)
    # where 甲 wins its criterion has a weight between a half and one: three quarters on average
    assert found.central_weights.loc["甲", "a"] == pytest.approx(0.75, abs=0.01)
    assert found.beats.loc["甲", "乙"] == pytest.approx(0.5, abs=0.015)
    assert found.to_frame()["first"].sum() == pytest.approx(1)


def test_acceptability_of_dominance_and_ties():
    table = pd.DataFrame({"a": [3.0, 1, 1], "b": [3.0, 2, 2]}, index=list("甲乙丙"))
    found = rank_acceptability(weighted_sum, table, draw_weights(2, 500), ["higher"] * 2)
    assert found.shares.loc["甲", 1] == 1
    # 乙 and 丙 share places two and three
    assert found.shares.loc["乙"].tolist() == pytest.approx([0, 0.5, 0.5])
    assert np.isnan(found.central_weights.loc["乙", "a"])
    assert found.intervals["rank_high"].tolist() == [1, 2, 2]


def test_uncertain_inputs_widen_ranks():
    rng = np.random.default_rng(3)
    table = pd.DataFrame({"a": [10.0, 10.5, 20.0], "b": [5.0, 5.0, 9.0]}, index=list("甲乙丙"))
    weights = np.tile([0.5, 0.5], (4000, 1))
    fixed = rank_acceptability(weighted_sum, table, weights, ["higher"] * 2)
    noisy = rank_acceptability(
        weighted_sum, table, weights, ["higher"] * 2, table.to_numpy() + rng.normal(size=(4000, 3, 2))
    )
    assert fixed.shares.loc["乙", 2] == 1
    assert 0.5 < noisy.shares.loc["乙", 2] < 0.75  # half a unit of measurement against noise of one
    assert noisy.shares.loc["丙", 1] > 0.99


def test_weights_around_a_base():
    base = np.array([0.6, 0.3, 0.1])
    drawn = draw_weights(3, 40_000, base=base, concentration=20)
    assert drawn.mean(axis=0) == pytest.approx(base, abs=0.005)
    assert drawn.std(axis=0) == pytest.approx(np.sqrt(base * (1 - base) / 21), rel=0.03)
    assert (draw_weights(3, 5) == draw_weights(3, 5)).all()


def test_reversal_is_found_by_brute_force_too():
    rng = np.random.default_rng(11)
    turned = 0
    for _ in range(20):
        table = pd.DataFrame(rng.uniform(size=(5, 3)), index=list("甲乙丙丁戊"))
        weights = rng.dirichlet(np.ones(3))
        found = rank_reversal(topsis, table, weights, ["higher"] * 3)
        expected = set()
        whole = pd.Series(topsis(table.to_numpy(), weights, ["higher"] * 3), table.index)
        for left in table.index:
            rest = table.drop(index=left)
            now = pd.Series(topsis(rest.to_numpy(), weights, ["higher"] * 3), rest.index)
            expected |= {
                (left, x, y)
                for x in rest.index
                for y in rest.index
                if whole[x] > whole[y] and now[x] < now[y]
            }
        assert set(found.itertuples(index=False, name=None)) == expected
        turned += len(found)
    assert turned > 0  # TOPSIS is known to turn: the test would otherwise compare nothing


def test_no_reversal_of_an_absolute_score():
    table = pd.DataFrame(np.random.default_rng(2).uniform(size=(6, 2)))
    absolute = lambda values, weights, better: (values * np.asarray(weights)[..., None, :]).sum(-1)  # noqa: E731
    assert rank_reversal(absolute, table, [0.4, 0.6], ["higher"] * 2).empty


def test_core_targets_can_not_be_bought_back():
    scores = pd.Series({"甲": 0.95, "乙": 0.40, "丙": 0.80})
    core = pd.DataFrame(
        {"死亡率": [False, True, True], "接种率": [True, True, None]}, index=["甲", "乙", "丙"]
    )
    found = non_compensatory(scores, core)
    assert found["unit"].tolist() == ["乙", "丙", "甲"]
    assert found["class"].tolist() == ["全部达标", "不能断定", "有核心目标未达标"]
    assert found.loc[2, "missed_targets"] == "死亡率"
    assert found["rank_within"].tolist() == [1, 1, 1]


def test_refusals():
    table = pd.DataFrame({"a": [1.0, 2]})
    with pytest.raises(DataError, match="至少要 3 个单位"):
        rank_reversal(weighted_sum, table, [1.0], ["higher"])
    with pytest.raises(ParamsError, match="抽取次数"):
        rank_acceptability(weighted_sum, table, np.ones(1), ["higher"])
    with pytest.raises(ParamsError, match="抽取的数值"):
        rank_acceptability(weighted_sum, table, np.ones((5, 1)), ["higher"], np.ones((4, 2, 1)))
    with pytest.raises(ParamsError, match="合计为 1"):
        draw_weights(2, 10, base=[0.5, 0.6])
    with pytest.raises(ParamsError, match="正整数"):
        draw_weights(0, 10)
    with pytest.raises(DataError, match="一一对应"):
        non_compensatory(pd.Series({"甲": 1.0}), pd.DataFrame({"x": [True]}, index=["乙"]))
    with pytest.raises(DataError, match="至少要指定"):
        non_compensatory(pd.Series({"甲": 1.0}), pd.DataFrame(index=["甲"]))
