"""The assessment of many regions as a table: its columns, the codes of reasons, readings combined."""

from __future__ import annotations

import numpy as np
import pandas as pd

from xhcp_eval.plan import Plan
from xhcp_eval.status import Status
from xhcp_eval.verdict import Verdict

# Columns that say how a pair was judged, with what stands where nothing was judged.
EMPTY: dict[str, object] = {
    "target_value": np.nan, "base_year": np.nan, "base_value": np.nan, "latest_year": np.nan, "latest_value": np.nan,
    "low": np.nan, "high": np.nan, "numerator": np.nan, "denominator": np.nan, "gap": np.nan, "covered": np.nan,
    "pace": np.nan, "required_pace": np.nan, "probability": np.nan, "trend_word": "", "own_status": "", "status": "",
    "small_count": False, "n_points": 0, "failures": 0, "reason": "",
}  # fmt: skip
FACTS = ("target_id", "question", "goal", "indicator", "target_year", "role", "reading")
COLUMNS: tuple[str, ...] = ("region", *FACTS, *EMPTY)
WORDS = ("trend_word", "own_status", "status", "reason")
REASONS: dict[str, str] = {
    "maintain": "规划未规定数值，须按制度是否落实评分",
    "not_reported": "没有填报数据",
    "only_recollection": "只有待核实的数字（凭回忆录入），不能作为判定依据",
    "no_units": "缺少分乡镇（街道、学校）数据，不能逐单位判定",
    "no_base": "缺少基期值，无从比较",
    "no_gap_counts": "缺少分城乡的分子、分母",
    "no_gap_base": "缺少基期数据，或其后尚无数据",
    "described": "仅作描述，不作判定",
    "pending": "目标值待核实或待裁定",
    "not_kept": "规划期内未保持",
    "few_events": "事件数过少，好坏均不能断定",
    "sampling": "抽样误差大，95%区间跨过目标值",
    "no_clear_change": "变化在通常波动之内，看不出升降",
    "one_point": "数据点不足，不能外推",
    "probability": "按达标概率判定",
    "reported": "按目标年已填报的数值判定",
    "done": "已完成",
    "not_done": "尚未完成",
}


def combined(plan: Plan, own: np.ndarray) -> np.ndarray:
    """Readings of one question with different verdicts make it 待裁定, see `assessment._combine_readings`."""
    facts, status = _facts(plan), own.copy()
    read = (facts["role"] == "verdict") & (facts["reading"] != "")
    for columns in facts[read].groupby("question").indices.values():
        at = np.flatnonzero(read)[columns]
        differ = (own[:, at] != own[:, at[:1]]).any(axis=1)
        status[np.ix_(differ, at)] = Status.DISPUTED.value
    return status


def _facts(plan: Plan) -> pd.DataFrame:
    """What the plan says of each row: `FACTS`, targets and milestones in the order of `assess`."""
    rows = [Verdict.start(plan, t, plan.indicator(t.indicator), "") for t in plan.targets()]
    rows += [Verdict.start_milestone(plan, m, "") for m in plan.milestones]
    return pd.DataFrame([[getattr(v, name) for name in FACTS] for v in rows], columns=list(FACTS))


def as_frame(regions: np.ndarray, plan: Plan, cells: dict[str, np.ndarray]) -> pd.DataFrame:
    """One row a region and target. regions: (n_regions,) paths. cells: (n_regions, n_targets) by column of `EMPTY`."""
    facts = _facts(plan)
    size, count = len(facts), len(regions)
    frame = {"region": pd.Categorical.from_codes(np.repeat(np.arange(count), size), regions)}
    for name in FACTS:
        column = facts[name]
        if column.dtype.kind != "i":
            codes, words = pd.factorize(column)
            frame[name] = pd.Categorical.from_codes(np.tile(codes, count), words)
        else:
            frame[name] = np.tile(column.to_numpy(), count)
    for name, values in cells.items():
        frame[name] = pd.Categorical(values.ravel()) if name in WORDS else values.ravel()
    return pd.DataFrame(frame, columns=list(COLUMNS))
