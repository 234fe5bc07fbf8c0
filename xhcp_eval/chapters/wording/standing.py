"""Where a value stands against the target as it is printed: "达到" only where it does."""

from __future__ import annotations

import math

from xhcp_eval.chapters.wording.nouns import counted
from xhcp_eval.chapters.wording.readers import side_text
from xhcp_eval.chapters.wording.values import bound_value, chance_words, change_text
from xhcp_eval.pack.pack import Pack
from xhcp_eval.plan.model import Plan, Target
from xhcp_eval.verdict.operators import sign_of
from xhcp_eval.verdict.schema import INSIDE, OUTSIDE
from xhcp_eval.verdict.series import series_key
from xhcp_eval.verdict.status import Status

WHY = {
    "few_events": "事件数过少",
    "sampling": "抽样误差大",
    "one_point": "数据点不足",
    "no_clear_change": "历年起伏大",
}
TOLERATED = "在允许的抽样误差以内"


def target_of(plan: Plan, row) -> Target | None:
    """The target of a row of an assessment; None for a one-off task."""
    return next((target for target in plan.targets() if target.id == row.target_id), None)


def stands(plan: Plan, row) -> str:
    """Where the latest value of a row stands, in one clause without a stop; "" where nothing can be compared.

    row: of an assessment, by attribute. Gaps are those of the printed target; what a sampling error lets pass is said
    beside and lessens no gap.
    """
    target = target_of(plan, row)
    if target is None or not math.isfinite(row.latest_value):
        return ""
    if not_yet(row):
        return _later(plan, row, target)
    if row.side == INSIDE:
        up = sign_of(target, plan.indicator(row.indicator)) > 0
        return (
            ("高于目标值" if row.latest_value != row.target_value else "与目标值相同")
            if up
            else "在目标值以内"
        )
    if row.side == OUTSIDE and row.gap > 0:
        return f"距目标差{gap_text(plan, row)}"
    return ""


def not_yet(row) -> bool:
    """Whether the base of a comparison is the latest year itself, so that nothing can be compared before the next."""
    return row.base_year == row.latest_year and not math.isfinite(row.gap) and row.kind != "gap"


def _later(plan: Plan, row, target: Target) -> str:
    text = f"目标从{row.base_year + 1:.0f}年起才能比较"
    if target.floor is None:
        return text
    sign = sign_of(target, plan.indicator(row.indicator))
    short = sign * (target.floor - row.latest_value)
    bound = f"{'≥' if sign > 0 else '≤'}{bound_value(target.floor, row.unit)}"
    return f"{text}；另须{bound}，" + (f"现差{change_text(short, row.unit)}" if short > 0 else "现已满足")


def gap_text(plan: Plan, row) -> str:
    """How far a value is from the printed target, with what that comes to in children, cases or places."""
    people = counted(row.children, plan.indicator(row.indicator)) if row.kind != "mean" else ""
    if row.kind == "count":
        return people or change_text(row.gap, row.unit)
    return change_text(row.gap, row.unit) + (f"（{people}）" if people else "")


def tolerance_note(row) -> str:
    """What is said below a table of a gap that a sampling error lets pass; "" where none does."""
    return TOLERATED if row.gap > 0 and row.tolerance > 0 and row.gap <= row.tolerance + 1e-9 else ""


def why_short(row) -> str:
    """Why a target can't be decided, in a word for a list or a narrow column."""
    if row.status == Status.DISPUTED:
        return "读法不同、结论不同"
    return WHY.get(row.reason_code, "数据不够")


def why_open(pack: Pack, row) -> str:
    """Why a target can't be decided, with the side of its value; a series that goes up and down is told as such."""
    side = side_text(row.side)
    if row.reason_code == "no_clear_change" and row.base_year == row.base_year:
        wide = _range(pack, row.indicator)
        word = "高于" if row.latest_value > row.base_value else "低于"
        swing = f"，但该指标一年曾变动{change_text(wide, row.unit)}" if wide else "，但差别在误差之内"
        return f"{word}{row.base_year:.0f}年{swing}，能否保持不能断定"
    return f"{why_short(row)}，达标与否不能断定" + (f"（{side}）" if side else "")


def _range(pack: Pack, indicator: str) -> float:
    """The widest step between two years that follow each other: how far a single year may swing."""
    rows = pack.histories
    rows = rows[(rows["series"] == series_key(indicator, pack.region)) & rows["usual"].astype(bool)]
    steps = rows.sort_values("year")["judged"].diff().abs().dropna()
    return float(steps.max()) if len(steps) else 0.0


def kept(row) -> tuple[str, str]:
    """A promise of every year in its two parts: what has been broken (unit, year), and how sure the years ahead are."""
    past = f"规划期内有{row.n_failures}处未保持：{row.failures}" if row.n_failures else "规划期内逐年保持"
    words = chance_words(row.probability)
    return past, f"今后逐年保持{words}" if words else ""
