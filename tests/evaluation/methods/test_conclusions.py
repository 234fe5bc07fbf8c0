"""Conclusions say no more than their inputs carry, and name what each sentence rests on."""

import numpy as np
import pandas as pd
import pytest

from xhcp_eval.errors import DataError
from xhcp_eval.evaluation.methods.conclusions import (
    CHAIN_COLUMNS,
    CRITERIA,
    NEEDED,
    VERDICT_COLUMNS,
    Inputs,
    chains,
    empty_input,
    verdicts,
)
from xhcp_eval.observations.table import read_table
from xhcp_eval.plan.reading import load_plan
from xhcp_eval.provenance import ROOT
from xhcp_eval.verdict.judging import judge

PLAN = load_plan("xinhua_2021_2030")
GOAL, OTHER = "health.1", "health.6"


@pytest.fixture(scope="module")
def assessment():
    table = read_table(ROOT / "data" / "demo" / "xinhua_2015_2025.csv", PLAN)
    return judge(table, PLAN, until=2025).explained()


def inputs(assessment, **frames):
    return Inputs(
        **{"assessment": assessment, **{n: empty_input(n) for n in NEEDED if n != "assessment"}} | frames
    )


def score(item, median=3.0, status="agreed", self_score=4.0, void=0):
    row = {
        "item": item,
        "median": median,
        "self_score": self_score,
        "n_raters": 3,
        "void": void,
        "status": status,
    }
    return pd.DataFrame([row])


def verdict(found, goal, criterion):
    return found[(found["goal"] == goal) & (found["criterion"] == criterion)].iloc[0]


def without_targets(assessment, goal):
    return assessment[assessment["goal"] != goal]


def test_every_goal_has_a_chain_and_a_verdict_by_every_criterion(assessment):
    chain, found = chains(PLAN, inputs(assessment)), verdicts(PLAN, inputs(assessment))
    assert tuple(chain.columns) == CHAIN_COLUMNS
    assert tuple(found.columns) == VERDICT_COLUMNS
    assert chain["goal"].tolist() == [goal.id for goal in PLAN.goals]
    assert len(found) == len(PLAN.goals) * len(CRITERIA)
    assert (chain.map(len) > 0).all(axis=None)
    assert (found["basis"].str.len() > 0).all()
    assert set(found["plan_word"]) == {"", "效果", "效率", "效益"}


def test_nothing_is_concluded_from_nothing(assessment):
    found = verdicts(PLAN, inputs(assessment))
    for criterion in ("efficiency", "impact"):
        assert set(found[found["criterion"] == criterion]["verdict"]) == {"无法判断"}
    assert "不能归因" in verdict(found, GOAL, "impact")["sentence"]


def test_a_failed_target_is_not_bought_back(assessment):
    rows = assessment[assessment["role"] == "verdict"]
    failed = rows.groupby("goal")["status"].agg(
        lambda s: s.isin(["难以达标", "未达标"]).any() and s.isin(["已达标"]).any()
    )
    goal = failed.index[failed & (failed.index != "")][0]
    found = verdict(verdicts(PLAN, inputs(assessment)), goal, "effectiveness")
    assert found["verdict"] == "不足"
    assert "不以别项抵补" in found["sentence"]


@pytest.mark.parametrize(
    ("median", "word"), [(4, "较好"), (3, "较好"), (2, "一般"), (1, "不足"), (0, "不足")]
)
def test_goals_without_numbers_go_by_their_score(assessment, median, word):
    found = verdicts(PLAN, inputs(without_targets(assessment, GOAL), scores=score(GOAL, median)))
    assert verdict(found, GOAL, "effectiveness")["verdict"] == word
    assert "部门自评 4 分" in verdict(found, GOAL, "effectiveness")["sentence"]


@pytest.mark.parametrize("change", [{"status": "转德尔菲"}, {"median": np.nan}])
def test_raters_who_disagree_give_no_verdict(assessment, change):
    scores = score(GOAL, **change)
    found = verdicts(PLAN, inputs(without_targets(assessment, GOAL), scores=scores))
    assert verdict(found, GOAL, "effectiveness")["verdict"] == "无法判断"
    assert "德尔菲" in verdict(found, GOAL, "effectiveness")["sentence"]


def test_effects_and_costs_speak_only_with_leave(assessment):
    effects = pd.DataFrame(
        {
            "goal": [GOAL, OTHER],
            "may_say_cause": [False, True],
            "low": [2.0, 1.0],
            "high": [4.0, 5.0],
            "sentence": ["前后相差3点", "改变了3点（区间1—5）"],
        }
    )
    costs = pd.DataFrame(
        {"goal": [GOAL, OTHER], "sentence": ["每多惠及一名儿童120元", "无界"], "cost_per_child": [120.0, 50.0],
         "low": [90.0, -np.inf], "high": [160.0, np.inf]}
    )  # fmt: skip
    found = verdicts(PLAN, inputs(assessment, effects=effects, costs=costs))
    assert verdict(found, GOAL, "impact")["verdict"] == "无法判断"
    assert "前后相差3点" in verdict(found, GOAL, "impact")["sentence"]
    assert verdict(found, OTHER, "impact")["sentence"] == "改变了3点（区间1—5）"
    assert "120元" in verdict(found, GOAL, "efficiency")["sentence"]
    assert verdict(found, OTHER, "efficiency")["verdict"] == "无法判断"
    none = verdicts(PLAN, inputs(assessment, effects=effects.assign(low=-1.0)))
    assert verdict(none, OTHER, "impact")["verdict"] == "无法判断", (
        "an interval that holds no effect shows none"
    )
    chain = chains(PLAN, inputs(assessment, effects=effects, costs=costs)).set_index("goal")
    assert "120元" in chain.loc[GOAL, "cost"]


def test_doubts_about_the_data_stand_in_the_chain(assessment):
    indicator = PLAN.goal(GOAL).indicators[0]
    quality = pd.DataFrame({"severity": ["高", "低"], "indicator": [indicator] * 2, "finding": ["x", "y"]})
    chain = chains(PLAN, inputs(assessment, quality=quality)).set_index("goal")
    assert "数据疑点 2 条（高 1 条）" in chain.loc[GOAL, "evidence"]


def test_an_input_of_another_shape_is_told(assessment):
    with pytest.raises(DataError, match="scores 表缺少列 median、self_score"):
        chains(PLAN, inputs(assessment, scores=pd.DataFrame({"item": []})))
