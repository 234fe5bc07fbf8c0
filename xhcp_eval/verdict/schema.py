"""The columns of an assessment: the one list that frames, result files, their notes and the documentation are made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
import pandas as pd

from xhcp_eval.plan.model import Indicator, Plan, Target
from xhcp_eval.plan.units import format_value
from xhcp_eval.verdict.operators import OPERATORS

NAN = float("nan")
INSIDE, OUTSIDE = "目标以内", "目标以外"


@dataclass(frozen=True)
class Column:
    """One column. empty: what stands where nothing was judged; its type is the column's. header, meaning: Chinese.

    filler: "plan" (known before anything is judged), "numbers" (worked out by arrays), "inner" (numbers that only words
    are made of; not shown) or "words" (made from a finished row).
    """

    name: str
    empty: float | int | bool | str
    header: str
    meaning: str
    filler: Literal["plan", "numbers", "inner", "words"] = "numbers"


COLUMNS: tuple[Column, ...] = (
    Column("question", "", "问题", "指标@目标年；同一问题的不同解读共用", "plan"),
    Column("target_id", "", "目标编号", "规划登记中的唯一编号", "plan"),
    Column("goal", "", "主要目标编号", "空：不属于任何主要目标", "plan"),
    Column("domain", "", "领域", "领域编号", "plan"),
    Column("indicator", "", "指标编号", "规划登记中的指标编号", "plan"),
    Column("indicator_name", "", "指标", "指标名称", "plan"),
    Column("kind", "", "指标类型", "proportion 比例、rate 率、ratio 两数之比、count 数、mean 均值、yes_no 是否、gap 差距、index 指数", "plan"),
    Column("unit", "", "单位", "percent、permille 等，各数值列均按此单位", "plan"),
    Column("direction", "", "方向", "up 越高越好、down 越低越好", "plan"),
    Column("region", "", "地区", "地区路径", "plan"),
    Column("target_year", 0, "目标年", "目标应达到的年份", "plan"),
    Column("every_year", False, "每年保持", "规划期内每年都须达到", "plan"),
    Column("op", "", "关系", "与目标值的关系，如 <=、>=、较基期变化", "plan"),
    Column("reading", "", "解读", "literal 按字面、strict 从严；空：只有一种读法", "plan"),
    Column("role", "", "性质", "verdict 判定、watch 警示、comparison 与上级目标对照", "plan"),
    Column("level", "", "目标级别", "district 区、province 省、national 国家", "plan"),
    Column("decides_goal", False, "决定主要目标", "目标写在主要目标本身，而非策略措施中", "plan"),
    Column("disputed", False, "有争议", "规划文本有疑义", "plan"),
    Column("anomaly", "", "疑义编号", "规划文本疑义的编号", "plan"),
    Column("department", "", "牵头单位", "填报单位（建议）", "plan"),
    Column("target_status", "", "目标值来源", "verified 已核实、cited_in_plan 规划引用、recollection 凭回忆录入", "plan"),
    Column("target_value", NAN, "目标值", "换算到指标单位的界限；与基期比较的，为基期值或由它算出的界限"),
    Column("target_text", "", "目标值（文字）", "规划要求的写法", "words"),
    Column("base_year", NAN, "基期年", "比较的起点年份"),
    Column("base_first_year", NAN, "基期首年", "基期值为几年合并时的第一年", "inner"),
    Column("base_value", NAN, "基期值", "基期年的数值"),
    Column("limit", NAN, "判定界限", "今后各年达到目标的界限；基期尚未到来的没有", "inner"),
    Column("inclusive", False, "界限本身算达到", "恰在判定界限上是否算达到", "inner"),
    Column("tolerance", NAN, "允许的误差", "与基期比较“不变差”时，抽样误差所允许的偏离，按指标单位"),
    Column("held", False, "守住即可", "不变差类目标，或基期已到量表尽头的趋势目标", "inner"),
    Column("latest_year", NAN, "现状年", "判定所用的最近年份"),
    Column("latest_first_year", NAN, "现状首年", "现状值为几年合并时的第一年", "inner"),
    Column("latest_value", NAN, "现状值", "判定所用的数值，小样本时为合并值"),
    Column("latest_low", NAN, "现状值下限", "区间下限；全数清点的指标没有抽样区间"),
    Column("latest_high", NAN, "现状值上限", "区间上限"),
    Column("latest_basis", "", "现状值依据", "单年，或几年合并", "words"),
    Column("side", "", "现值所在一侧", "现状值在印出的目标以内还是以外；无法判定的也说明"),
    Column("numerator", NAN, "分子", "现状值的事件数"),
    Column("denominator", NAN, "分母", "现状值的基数"),
    Column("small_count", False, "小样本", "事件数过少或抽样调查，不以单年点值定论"),
    Column("worst_unit", "", "最低单位", "逐单位判定时最低的乡镇（街道、学校）", "words"),
    Column("n_failures", 0, "未保持次数", "规划期内未达到的年份和单位数"),
    Column("failures", "", "未保持", "规划期内未达到的年份或单位", "words"),
    Column("gap", NAN, "差距", "距印出的目标值还差多少；0 为已达到"),
    Column("gap_relative", NAN, "相对差距", "差距占目标值的比例"),
    Column("covered", NAN, "已走路程", "从基期到目标已走的比例，可小于 0 或大于 1；基期已在目标以内的不计"),
    Column("pace", NAN, "近五年年均变化", "从 pace_from 年到 pace_to 年每年的变化，按指标单位；异常年份不计"),
    Column("pace_from", NAN, "年均变化起年", "近五年年均变化从哪一年算起"),
    Column("pace_to", NAN, "年均变化止年", "近五年年均变化算到哪一年"),
    Column("required_pace", NAN, "所需年均变化", "今后每年须变化多少才能达标"),
    Column("forecast_pace", NAN, "预测年均变化", "照现在的趋势（预测中位数）今后每年的变化"),
    Column("probability", NAN, "达标概率", "0 到 1；报告中不写 0% 和 100%"),
    Column("children", NAN, "差距折合人数", "差距相当于多少人或事件"),
    Column("own_status", "", "按此解读的状态", "只按本行解读的状态"),
    Column("status", "", "状态", "合并各种解读后的状态"),
    Column("trend_word", "", "趋势", "改善、恶化、基本持平、无法判定"),
    Column("literal", "", "单年字面", "单年数字按字面怎么说", "words"),
    Column("on_line", False, "恰在界限", "数值正好等于界限"),
    Column("narrowed", NAN, "缩小的把握", "差距类目标：差距比基期小的概率", "inner"),
    Column("reason_code", "", "依据代码", "判定依据的类别，见 words.REASONS"),
    Column("reason", "", "依据", "判定的理由", "words"),
    Column("n_points", 0, "数据点数", "参与判断的年份数"),
    Column("series", -1, "序列", "现状值所属序列在数据块中的位置", "inner"),
    Column("data_status", "", "数据状态", "verified 已核实、derived 推算、single_copy 只见一处、reported 部门填报、survey 抽样调查、demo 演示数据", "words"),
)  # fmt: skip
BY_PLAN, BY_ARRAYS, BY_WORDS = (
    tuple(c.name for c in COLUMNS if c.filler in fillers)
    for fillers in (("plan",), ("numbers", "inner"), ("words",))
)
SHOWN: tuple[str, ...] = tuple(c.name for c in COLUMNS if c.filler != "inner")
EMPTY: dict[str, float | int | bool | str] = {c.name: c.empty for c in COLUMNS}


def plain_target(target: Target, indicator: Indicator) -> str:
    """The target in words before its base is known."""
    operator = OPERATORS[target.op]
    if indicator.kind == "yes_no":
        return "完成"
    value = cast(float, target.value)  # given where the operator needs it
    if operator.plain:
        text = operator.word + format_value(value, indicator.unit)
    elif target.op == "relative_change_vs_base":
        word = "上升" if value > 0 else "下降"
        text = f"较{target.base_year}年{word}{abs(value):g}%"
    else:
        text = (f"较{target.base_year}年" if target.base_year else "") + operator.word
    return text + ("（每年）" if target.year == "every_year" and not operator.trend else "")


def plan_columns(plan: Plan) -> pd.DataFrame:
    """What the plan says of each row: columns of `BY_PLAN` but the region, and the plain target_text.

    Targets first, then milestones, each in the plan's order.
    """
    rows = [_of_target(plan, target) for target in plan.targets()]
    names = [*(name for name in BY_PLAN if name != "region"), "target_text"]
    return pd.DataFrame([*rows, *(_of_milestone(plan, m) for m in plan.milestones)], columns=names)


def _of_target(plan: Plan, target: Target) -> dict[str, object]:
    indicator = plan.indicator(target.indicator)
    goal = indicator.goal or ""
    decides = target.text_ref == goal if goal else True
    yearly = target.year == "every_year"
    return {
        "question": f"{indicator.id}@{target.year}" + ("" if decides else f"@{target.text_ref}"), "target_id": target.id,
        "goal": goal, "domain": plan.domain_of(indicator), "indicator": indicator.id, "indicator_name": indicator.name,
        "kind": indicator.kind, "unit": indicator.unit, "direction": indicator.direction,
        "target_year": plan.end_year if yearly else target.year, "every_year": yearly and not OPERATORS[target.op].trend,
        "op": target.op,
        "reading": target.reading or "", "role": target.role, "level": target.level, "decides_goal": decides,
        "disputed": target.disputed, "anomaly": target.anomaly or "", "department": (indicator.departments or ("",))[0],
        "target_status": target.status or "", "target_text": plain_target(target, indicator),
    }  # fmt: skip


def _of_milestone(plan: Plan, milestone) -> dict[str, object]:
    return {
        "question": f"{milestone.id}@{plan.end_year}", "target_id": milestone.id, "goal": "", "domain": milestone.domain,
        "indicator": milestone.id, "indicator_name": milestone.what_zh, "kind": "yes_no", "unit": "binary",
        "direction": "up", "target_year": plan.end_year, "every_year": False, "op": "milestone", "reading": "",
        "role": "verdict", "level": plan.level, "decides_goal": False, "disputed": False, "anomaly": "", "department": "",
        "target_status": "", "target_text": "完成",
    }  # fmt: skip


def empty_cells(regions: int, targets: int) -> dict[str, np.ndarray]:
    """Arrays (regions, targets) of the columns that are worked out, with what stands where nothing was judged."""
    return {
        name: np.full(
            (regions, targets), EMPTY[name], "U24" if isinstance(EMPTY[name], str) else type(EMPTY[name])
        )
        for name in BY_ARRAYS
    }


def as_frame(regions: np.ndarray, facts: pd.DataFrame, cells: dict[str, np.ndarray]) -> pd.DataFrame:
    """One row a region and target, words as categories.

    regions: (n_regions,) paths. facts: from `plan_columns`. cells: (n_regions, n_targets) by column of `BY_ARRAYS`.
    """
    size, count = len(facts), len(regions)
    frame: dict[str, object] = {}
    for name in (*BY_PLAN, *BY_ARRAYS):
        if name == "region":
            frame[name] = pd.Categorical.from_codes(np.repeat(np.arange(count), size), regions)
        elif name in cells:
            values = cells[name].ravel()
            frame[name] = pd.Categorical(values) if values.dtype.kind == "U" else values
        elif facts[name].dtype.kind in "ib":
            frame[name] = np.tile(facts[name].to_numpy(), count)
        else:
            codes, words = pd.factorize(facts[name])
            frame[name] = pd.Categorical.from_codes(np.tile(codes, count), words)
    return pd.DataFrame(frame)
