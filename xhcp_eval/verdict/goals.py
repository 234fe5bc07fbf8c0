"""From targets to questions and goals: readings that differ, and the overall status of each goal."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd

from xhcp_eval.plan.model import Goal, Plan
from xhcp_eval.verdict.status import Status, worst

GOAL_COLUMNS = ("goal", "domain", "name", "kind", "n_targets", "n_deciding", "status", "reason")


def combined(facts: pd.DataFrame, own: np.ndarray) -> np.ndarray:
    """Readings of one question with different verdicts make it 待裁定; comparisons and watches stay apart.

    facts: from `schema.plan_columns`. own: (n_regions, n_targets) statuses under each reading alone. Returns the same shape.
    """
    status = own.copy()
    read = ((facts["role"] == "verdict") & (facts["reading"] != "")).to_numpy()
    for columns in facts[read].groupby("question").indices.values():
        at = np.flatnonzero(read)[columns]
        differ = (own[:, at] != own[:, at[:1]]).any(axis=1)
        status[np.ix_(differ, at)] = Status.DISPUTED.value
    return status


def goal_verdicts(plan: Plan, assessment: pd.DataFrame) -> pd.DataFrame:
    """One row a goal: how many of its targets stand where, its overall status, or why it has none.

    assessment: rows of one region. The overall status is that of the goal's own last-year target that needs attention
    most; targets printed in strategies support a goal but don't decide it (A17), and a mid-term target missed is named,
    not final. Columns: `GOAL_COLUMNS`.
    """
    own = assessment[(assessment["role"] == "verdict") & (assessment["goal"] != "")]
    own = own.drop_duplicates(["goal", "question"])
    of_goal: dict[str, list] = {}
    for row in own[["goal", "status", "decides_goal", "target_year", "indicator_name"]].itertuples(
        index=False
    ):
        of_goal.setdefault(row.goal, []).append(row)
    rows = []
    for goal in plan.goals:
        targets = of_goal.get(goal.id, [])
        deciding = [row for row in targets if row.decides_goal]
        final = [Status(row.status) for row in deciding if row.target_year == plan.end_year]
        status = worst([s for s in final if s != Status.NOT_JUDGED]) or Status.NOT_JUDGED
        reason = _goal_reason(goal, targets, deciding)
        rows.append(
            (goal.id, goal.domain, goal.name, goal.kind, len(targets), len(deciding), status.value, reason)
        )
    return pd.DataFrame(rows, columns=list(GOAL_COLUMNS))


def _goal_reason(goal: Goal, targets: list, deciding: list) -> str:
    """Why a goal has its status, or none. targets, deciding: rows of the assessment, a question once."""
    if deciding:
        named: dict[str, list[str]] = {}
        for row in deciding:
            named.setdefault(row.status, []).append(f"{row.target_year}年{row.indicator_name}")
        return "；".join(f"{status}：{'、'.join(names)}" for status, names in named.items())
    if targets:
        counts = Counter(row.status for row in targets)
        listed = "，".join(f"{status}{n}项" for status, n in counts.items())
        return f"主要目标本身无数量指标，须按证据评分；策略措施中的量化要求：{listed}"
    if goal.indicators:
        return "主要目标无数量要求，须按证据评分；相关监测指标只作参考"
    return "主要目标无数量要求，也无可计量的指标，须按证据评分"
