"""Readings that differ, and the status of a goal from those of its targets."""

import numpy as np
import pandas as pd
import pytest
from small_plan import GOALS, indicator, plan_of, target

from xhcp_eval.verdict.goals import GOAL_COLUMNS, combined, goal_verdicts


def facts(*rows):
    return pd.DataFrame(rows, columns=["question", "role", "reading"])


def test_readings_of_one_question_that_differ_are_disputed():
    plan = facts(
        ("x@2030", "verdict", "literal"), ("x@2030", "verdict", "strict"), ("y@2030", "verdict", ""),
        ("x@2030", "watch", "far"), ("x@2030", "comparison", "near"), ("z@2030", "verdict", "a"), ("z@2030", "verdict", "b"),
    )  # fmt: skip
    own = np.array(
        [["已达标", "未达标", "未达标", "存在风险", "难以达标", "已达标", "已达标"],
         ["已达标", "已达标", "已达标", "未达标", "未达标", "存在风险", "已达标"]], "U24"
    )  # fmt: skip
    before = own.copy()
    found = combined(plan, own)
    assert found.tolist() == [
        ["待裁定", "待裁定", "未达标", "存在风险", "难以达标", "已达标", "已达标"],
        ["已达标", "已达标", "已达标", "未达标", "未达标", "待裁定", "待裁定"],
    ]
    assert (own == before).all(), "what each reading says by itself stays"


def test_a_single_reading_and_a_third_one():
    plan = facts(*[("x@2030", "verdict", name) for name in "abc"], ("y@2030", "verdict", "only"))
    own = np.array([["已达标", "已达标", "未达标", "未达标"], ["已达标", "已达标", "已达标", "存在风险"]])
    assert combined(plan, own)[0].tolist() == ["待裁定", "待裁定", "待裁定", "未达标"]
    assert combined(plan, own)[1].tolist() == own[1].tolist()


PLAN = plan_of(
    [indicator(targets=[target(2030, ">=", 90)])],
    goals=[*GOALS, {"id": "health.3", "domain": "health", "number": 3, "name": "只有指标", "kind": "qualitative",
                    "indicators": ["x"]}],
)  # fmt: skip


def assessed(*rows):
    """goal, question, status, decides_goal, target_year, indicator_name."""
    columns = ["goal", "question", "status", "decides_goal", "target_year", "indicator_name"]
    return pd.DataFrame(rows, columns=columns).assign(role="verdict")


def goal(frame, name="health.1"):
    found = goal_verdicts(PLAN, frame)
    assert list(found.columns) == list(GOAL_COLUMNS)
    assert found["goal"].tolist() == ["health.1", "health.2", "health.3"]
    return found.set_index("goal").loc[name]


def test_the_worst_of_the_last_year_decides():
    found = goal(
        assessed(
            ("health.1", "a@2030", "已达标", True, 2030, "甲"),
            ("health.1", "b@2030", "存在风险", True, 2030, "乙"),
            ("health.1", "c@2025", "未达标", True, 2025, "丙"),
            ("health.1", "d@2030", "难以达标", False, 2030, "丁"),
        )
    )
    assert (found["status"], found["n_targets"], found["n_deciding"]) == ("存在风险", 4, 3)
    assert found["reason"] == "已达标：2030年甲；存在风险：2030年乙；未达标：2025年丙"
    assert (found["domain"], found["name"], found["kind"]) == ("health", "有数的目标", "quantified")


def test_what_is_not_judged_does_not_decide():
    found = goal(
        assessed(
            ("health.1", "a@2030", "不作判定", True, 2030, "甲"), ("health.1", "b@2030", "已达标", True, 2030, "乙")
        )
    )  # fmt: skip
    assert found["status"] == "已达标"
    assert goal(assessed(("health.1", "a@2030", "不作判定", True, 2030, "甲")))["status"] == "不作判定"
    # a target of the middle year alone doesn't either
    assert goal(assessed(("health.1", "a@2025", "未达标", True, 2025, "甲")))["status"] == "不作判定"


def test_a_question_counts_once_and_other_roles_do_not():
    frame = assessed(
        ("health.1", "a@2030", "待裁定", True, 2030, "甲"), ("health.1", "a@2030", "待裁定", True, 2030, "甲"),
        ("health.1", "b@2030", "未达标", True, 2030, "甲"), ("", "m@2030", "未达标", True, 2030, "台"),
    )  # fmt: skip
    frame.loc[2, "role"] = "comparison"
    found = goal(frame)
    assert (found["status"], found["n_targets"], found["reason"]) == ("待裁定", 1, "待裁定：2030年甲")


@pytest.mark.parametrize(
    ("rows", "name", "reason"),
    [
        ([("health.1", "a@2030", "已达标", False, 2030, "甲"), ("health.1", "b@2030", "已达标", False, 2030, "乙"),
          ("health.1", "c@2030", "未达标", False, 2030, "丙")], "health.1",
         "主要目标本身无数量指标，须按证据评分；策略措施中的量化要求：已达标2项，未达标1项"),
        ([], "health.3", "主要目标无数量要求，须按证据评分；相关监测指标只作参考"),
        ([], "health.2", "主要目标无数量要求，也无可计量的指标，须按证据评分"),
    ],
)  # fmt: skip
def test_goals_without_a_number_of_their_own(rows, name, reason):
    found = goal(assessed(*rows), name)
    assert (found["status"], found["n_deciding"], found["reason"]) == ("不作判定", 0, reason)
