"""Per goal one chain: promised, done, changed, cost, evidence; and a verdict by each OECD-DAC criterion.

A verdict says no more than its inputs carry: without a design no effect, without costs no efficiency, and a goal on
which raters disagree has no score. What a sentence rests on is named beside it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from xhcp_eval.errors import DataError
from xhcp_eval.plan.model import Goal, Plan
from xhcp_eval.plan.units import format_probability

# OECD-DAC Network on Development Evaluation, "Better Criteria for Better Evaluation" (2019); beside each the plan's own
# words (section four: 效率、效果、效益) that it answers.
CRITERIA: dict[str, tuple[str, str]] = {
    "relevance": ("相关性", ""),
    "coherence": ("协调性", ""),
    "effectiveness": ("有效性", "效果"),
    "efficiency": ("效率", "效率"),
    "impact": ("影响", "效益"),
    "sustainability": ("可持续性", ""),
}
GOOD, FAIR, POOR, OPEN = "较好", "一般", "不足", "无法判断"
CHAIN_COLUMNS = ("goal", "goal_name", "domain", "promised", "done", "changed", "cost", "evidence")
VERDICT_COLUMNS = ("goal", "criterion", "criterion_name", "plan_word", "verdict", "sentence", "basis")
NEEDED = {
    "assessment": ("target_id", "goal", "indicator", "indicator_name", "status", "role", "target_text", "probability", "trend_word", "target_year"),
    "scores": ("item", "median", "self_score", "n_raters", "void", "status"),
    "quality": ("severity", "indicator", "finding"),
    "effects": ("goal", "may_say_cause", "low", "high", "sentence"),
    "costs": ("goal", "sentence", "cost_per_child", "low", "high"),
    "equity": ("indicator", "verdict", "sentence"),
}  # fmt: skip
AGREED = "agreed"
_BY_STATUS = {
    "已达标": GOOD, "预期可达标": GOOD, "存在风险": FAIR, "难以达标": POOR, "未达标": POOR, "无法判定": OPEN, "待裁定": OPEN,
    "缺数据": OPEN, "不作判定": OPEN,
}  # fmt: skip


class Inputs(NamedTuple):
    """What the conclusions rest on; any frame may be empty.

    assessment: rows of `judge`. scores: one row a goal, strategy or measure that was scored (median 0-4, the
    department's own score, raters, void scores, status "agreed" or another word). quality: findings. effects,
    costs, equity: one row a study, with the sentence that its own module allows.
    """

    assessment: pd.DataFrame
    scores: pd.DataFrame
    quality: pd.DataFrame
    effects: pd.DataFrame
    costs: pd.DataFrame
    equity: pd.DataFrame


class Ground(NamedTuple):
    """All that is known of one goal."""

    goal: Goal
    targets: pd.DataFrame
    own_score: pd.DataFrame
    strategies: pd.DataFrame
    n_strategies: int
    departments: tuple[str, ...]
    doubts: pd.DataFrame
    effects: pd.DataFrame
    costs: pd.DataFrame
    equity: pd.DataFrame


def empty_input(name: str) -> pd.DataFrame:
    """A frame of no rows for an input that there is none of. name: key of `NEEDED`."""
    return pd.DataFrame(columns=list(NEEDED[name]))


def chains(plan: Plan, inputs: Inputs) -> pd.DataFrame:
    """One row a goal with `CHAIN_COLUMNS`, each a Chinese text. Raises DataError for missing columns."""
    rows = []
    for ground in _grounds(plan, inputs):
        goal = ground.goal
        texts = (_promised(ground), _done(ground), _changed(ground), _cost(ground), _evidence(ground))
        rows.append((goal.id, goal.name, goal.domain, *texts))
    return pd.DataFrame(rows, columns=list(CHAIN_COLUMNS))


def verdicts(plan: Plan, inputs: Inputs) -> pd.DataFrame:
    """One row a goal and criterion with `VERDICT_COLUMNS`.

    verdict: 较好, 一般, 不足 or 无法判断. basis: ids of the targets, items and studies that the sentence rests on,
    separated by "、". Raises DataError for missing columns.
    """
    judges = {"relevance": _relevance, "coherence": _coherence, "effectiveness": _effectiveness,
              "efficiency": _efficiency, "impact": _impact, "sustainability": _sustainability}  # fmt: skip
    rows = [
        (ground.goal.id, name, *CRITERIA[name], *judge(ground))
        for ground in _grounds(plan, inputs)
        for name, judge in judges.items()
    ]
    return pd.DataFrame(rows, columns=list(VERDICT_COLUMNS))


def _grounds(plan: Plan, inputs: Inputs):
    for name, columns in NEEDED.items():
        absent = [column for column in columns if column not in getattr(inputs, name).columns]
        if absent:
            raise DataError(f"评价结论的 {name} 表缺少列 {'、'.join(absent)}；需要 {'、'.join(columns)}")
    own = inputs.assessment[inputs.assessment["role"] == "verdict"]
    for goal in plan.goals:
        strategies = [s.id for s in plan.strategies if goal.id in s.goals]
        indicators = set(goal.indicators)
        facts = [plan.indicator(id) for id in goal.indicators]
        yield Ground(
            goal=goal,
            targets=_of(own, "goal", [goal.id]),
            own_score=_of(inputs.scores, "item", [goal.id]),
            strategies=_of(inputs.scores, "item", strategies),
            n_strategies=len(strategies),
            departments=tuple(dict.fromkeys(d for i in facts for d in i.departments)),
            doubts=_of(inputs.quality, "indicator", indicators),
            effects=_of(inputs.effects, "goal", [goal.id]),
            costs=_of(inputs.costs, "goal", [goal.id]),
            equity=_of(inputs.equity, "indicator", indicators),
        )  # fmt: skip


def _of(frame: pd.DataFrame, column: str, values) -> pd.DataFrame:
    return frame[frame[column].isin(list(values))]


def _joined(sentences) -> str:
    """Sentences as clauses of one."""
    return "；".join(text.rstrip("。；") for text in sentences)


def _promised(g: Ground) -> str:
    if g.targets.empty:
        return f"{g.goal.name}：无数量要求，按证据评分"
    listed = [f"{t.indicator_name}{t.target_year}年{t.target_text}" for t in g.targets.itertuples()]
    return "；".join(dict.fromkeys(listed))


def _done(g: Ground) -> str:
    told = [f"对应策略措施 {g.n_strategies} 条"]
    if len(g.strategies):
        agreed = g.strategies[g.strategies["status"] == AGREED]
        told.append(f"已评 {len(g.strategies)} 条，其中 {len(agreed)} 条评分一致")
        if len(agreed):
            told.append(f"得分中位数 {agreed['median'].median():g}（0—4分），最低 {agreed['median'].min():g}")
        void = int(g.strategies["void"].sum())
        told += [f"{void} 个评分因无证据作废"] if void else []
    return "；".join(told) if len(g.strategies) else told[0] + "，尚未评分"


def _changed(g: Ground) -> str:
    if g.targets.empty:
        return "无可计量的目标"
    counts = (
        g.targets.drop_duplicates("question" if "question" in g.targets else "target_id")
        .groupby("status", sort=False)
        .size()
    )
    told = ["、".join(f"{status} {n} 项" for status, n in counts.items())]
    words = g.targets["trend_word"][g.targets["trend_word"] != ""].value_counts()
    told += ["变化方向：" + "、".join(f"{word} {n} 项" for word, n in words.items())] if len(words) else []
    return _joined([*told, *g.effects["sentence"], *g.equity["sentence"]])


def _cost(g: Ground) -> str:
    return _joined(g.costs["sentence"]) if len(g.costs) else "没有成本数据"


def _evidence(g: Ground) -> str:
    grave = int((g.doubts["severity"].astype(str) == "高").sum())
    told = f"数据疑点 {len(g.doubts)} 条（高 {grave} 条）" if len(g.doubts) else "未发现数据疑点"
    missing = int((g.targets["status"] == "缺数据").sum())
    return told + (f"；{missing} 项目标缺数据" if missing else "")


def _relevance(g: Ground) -> tuple[str, str, str]:
    basis = "、".join([g.goal.id, *g.targets["target_id"]])
    if not g.n_strategies:
        return POOR, "规划没有为这项目标安排策略措施", basis
    counted = len(g.targets["indicator"].unique())
    if counted:
        return GOOD, f"有 {g.n_strategies} 条策略措施对应，{counted} 个指标有明确要求", basis
    return FAIR, f"有 {g.n_strategies} 条策略措施对应，但没有可计量的要求", basis


def _coherence(g: Ground) -> tuple[str, str, str]:
    disputed = g.targets[g.targets["status"] == "待裁定"]
    if len(disputed):
        return POOR, f"文本解读不一，{len(disputed)} 项目标待裁定", "、".join(disputed["target_id"])
    if g.goal.anomaly:
        return FAIR, f"规划文本有疑义（{g.goal.anomaly}），见待裁定事项", g.goal.anomaly
    if len(g.departments) > 1:
        return (
            FAIR,
            f"涉及 {len(g.departments)} 个部门，需要协同；协同是否有效须按证据评分",
            "、".join(g.departments),
        )
    return GOOD, "责任部门单一，文本未见矛盾", "、".join(g.departments) or g.goal.id


def _effectiveness(g: Ground) -> tuple[str, str, str]:
    decided = g.targets[g.targets["status"].map(_BY_STATUS).isin([GOOD, FAIR, POOR])]
    if len(decided):
        order = [GOOD, FAIR, POOR]
        worst = max(decided["status"].map(_BY_STATUS), key=order.index)
        open_ = len(g.targets) - len(decided)
        told = "、".join(
            f"{t.indicator_name}{t.target_year}年{t.status}"
            for t in decided.itertuples()
            if _BY_STATUS[t.status] == worst
        )
        tail = f"；另有 {open_} 项不能判定" if open_ else ""
        if worst != POOR and open_ > len(decided):
            return (
                OPEN,
                f"{len(g.targets)} 项目标里 {open_} 项不能判定，不以能判定的少数代替全部：{told}",
                g.goal.id,
            )
        return worst, f"以最差的一项为准，不以别项抵补：{told}{tail}", "、".join(decided["target_id"])
    if g.own_score.empty:
        return OPEN, "没有可判定的指标，也没有评分", g.goal.id
    score = g.own_score.iloc[0]
    if score["status"] != AGREED or not np.isfinite(score["median"]):
        return OPEN, "评分者意见不一或证据不足，转下一轮德尔菲咨询", g.goal.id
    word = GOOD if score["median"] >= 3 else FAIR if score["median"] >= 2 else POOR
    self_ = f"，部门自评 {score['self_score']:g} 分" if np.isfinite(score["self_score"]) else ""
    return word, f"第三方评分中位数 {score['median']:g} 分（{score['n_raters']:g} 人{self_}）", g.goal.id


def _efficiency(g: Ground) -> tuple[str, str, str]:
    if g.costs.empty:
        return OPEN, "没有成本数据，不作判断", g.goal.id
    certain = g.costs[np.isfinite(g.costs["low"].astype(float)) & np.isfinite(g.costs["high"].astype(float))]
    if certain.empty:
        return OPEN, "成本与多惠及的儿童数之比的区间无界，不作判断", g.goal.id
    return FAIR, _joined(certain["sentence"]) + "；没有可比的标准，只列数，不分优劣", g.goal.id


def _impact(g: Ground) -> tuple[str, str, str]:
    told = _joined(g.effects["sentence"]) or "没有能说明因果的设计"
    causal = g.effects[g.effects["may_say_cause"].astype(bool)]
    seen = causal[(causal["low"].astype(float) > 0) | (causal["high"].astype(float) < 0)]
    if seen.empty:
        return OPEN, f"{told}；变化不能归因于规划", g.goal.id
    return FAIR, _joined(seen["sentence"]), g.goal.id


def _sustainability(g: Ground) -> tuple[str, str, str]:
    ahead = g.targets[np.isfinite(g.targets["probability"].astype(float))]
    if ahead.empty:
        return OPEN, "没有可外推的指标", g.goal.id
    lowest = ahead.loc[ahead["probability"].astype(float).idxmin()]
    chance = float(lowest["probability"])
    word = GOOD if chance >= 0.7 else FAIR if chance >= 0.3 else POOR
    sentence = f"把握最小的是{lowest['indicator_name']}：{lowest['target_year']}年达标概率{format_probability(chance)}"
    return word, sentence, lowest["target_id"]
