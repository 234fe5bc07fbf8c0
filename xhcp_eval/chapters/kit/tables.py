"""Tables of more than one chapter: lists of targets, their labels, and which targets a list holds."""

from __future__ import annotations

import numpy as np
import pandas as pd

from xhcp_eval.chapters.kit.views import TableView, table
from xhcp_eval.chapters.wording.nouns import counted, pooled
from xhcp_eval.pack.pack import Pack, once_a_pack
from xhcp_eval.plan.units import format_probability, format_value
from xhcp_eval.verdict.pairs import RECENT_YEARS
from xhcp_eval.verdict.status import SEVERITY, Status

ORDER = {status.value: rank for rank, status in enumerate(SEVERITY)}
READING_LABELS = {"literal": "按字面", "strict": "从严"}
READING_MARKS = {"literal": "（字面）", "strict": "（从严）"}  # in a drawing, where room is short
ROLE_LABELS = {"verdict": "判定", "watch": "警示", "comparison": "对照"}
LEVEL_LABELS = {"national": "国纲", "province": "省", "district": "本区"}
KIND_LABELS = {"quantified": "数量", "direction": "方向", "disparity": "差距", "qualitative": "定性"}
AT_RISK = (Status.MISSED.value, Status.UNLIKELY.value, Status.AT_RISK.value)


@once_a_pack
def own_targets(pack: Pack, deciding: bool | None = True, year: int | None = None) -> pd.DataFrame:
    """Rows of the assessment that carry a verdict.

    deciding: True for targets in the goals themselves, False for those in strategies, None for both.
    year: only targets of that year ("every year" ones count for the plan's last year).
    """
    rows = pack.assessment[pack.assessment["role"] == "verdict"]
    if deciding is not None:
        rows = rows[rows["decides_goal"] == deciding]
    return rows if year is None else rows[rows["target_year"] == year]


def most_urgent_first(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows by severity of status, then by probability, what is already missed first."""
    order = rows.assign(_rank=rows["status"].map(ORDER), _p=rows["probability"].fillna(-1))
    return order.sort_values(["_rank", "_p", "question"], kind="stable").drop(columns=["_rank", "_p"])


def target_list(pack: Pack, rows: pd.DataFrame, caption: str, anchor: str = "") -> TableView:
    """The common form of a list of targets, every figure with its unit; narrow enough for a page of A4.

    anchor: what an address calls the list.
    """
    goals, listed = {g.id: g.name for g in pack.plan.goals}, list(rows.itertuples())
    shown = pd.DataFrame(
        {
            "status": rows["status"],
            "indicator": [_name_and_goal(r, goals) for r in listed],
            "latest": [latest_text(pack, r) for r in listed],
            "target": rows["target_text"],
            "gap": [_gap_text(pack, r) for r in listed],
            "pace": [_paces_text(r) for r in listed],
            "probability": [format_probability(r.probability) for r in listed],
            "reason": rows["reason"],
        }
    )
    headers = {
        "status": "状态", "indicator": "指标与主要目标" if goals else "指标", "latest": "现状值", "target": "目标值", "gap": "差距（折合）",
        "pace": "近五年年均 / 所需", "probability": "达标概率", "reason": "主要依据",
    }  # fmt: skip
    return table(
        shown, columns=headers, numeric=["latest", "gap", "pace", "probability"],
        status=["status"], wide=["reason"], caption=caption, anchor=anchor,
    )  # fmt: skip


def _name_and_goal(row, goals: dict[str, str]) -> str:
    goal = goals.get(row.goal, row.indicator_name)
    return target_name(row) + (f"\n〔{goal}〕" if goal != row.indicator_name else "")


def _gap_text(pack: Pack, row) -> str:
    if not row.gap > 0:
        return "—"
    people = (
        "" if row.kind in ("count", "mean") else counted(row.children, pack.plan.indicator(row.indicator))
    )
    return format_value(row.gap, row.unit, difference=True) + (f"\n约{people}" if people else "")


def _paces_text(row) -> str:
    now, needed = pace_text(row.pace, row.unit), pace_text(row.required_pace, row.unit)
    if now != "—" and row.pace_to - row.pace_from != RECENT_YEARS:
        now += f"\n（{row.pace_from:.0f}—{row.pace_to:.0f}年）"
    return now if needed == "—" else f"{now}\n需 {needed}"


def latest_text(pack: Pack, row) -> str:
    """The latest value of a row of the assessment with its interval and years; counts of several years with their sum."""
    if row.latest_year != row.latest_year:
        return "—"
    if row.kind == "count" and row.denominator > 1:
        total = pooled(row.numerator, round(row.denominator), pack.plan.indicator(row.indicator))
        return f"{total}\n{row.latest_basis.removesuffix('合并')}"
    interval = ""
    if row.latest_low == row.latest_low:
        low, high = (format_value(v, row.unit) for v in (row.latest_low, row.latest_high))
        interval = f"\n（{low}–{high}）"
    side = f"\n在{row.side}" if row.own_status == Status.UNDECIDABLE and row.side else ""
    return f"{format_value(row.latest_value, row.unit)}{interval}\n{row.latest_basis}{side}"


def signed(change: float, unit: str) -> str:
    """A change with its sign in the words of its unit; a dash where it is missing."""
    return ("+" if change > 0 else "") + format_value(change, unit, difference=True)


def pace_text(pace: float, unit: str) -> str:
    """A yearly change in the words of its unit; a dash where it is missing."""
    return "—" if pace != pace else f"{signed(pace, unit)}/年"


def target_name(row) -> str:
    """Name of a target: its indicator, and how it is read where readings differ."""
    reading = READING_LABELS.get(row.reading, "")
    return row.indicator_name + (f"（{reading}）" if reading else "")


def interval_text(estimate: float, low: float, high: float, note: str) -> str:
    """An estimate with its 95% interval in words; `note` where there is no interval."""
    if np.isnan(estimate):
        return f"不能计算：{note}"
    return f"{estimate:.2f}" + (f"（{low:.2f}—{high:.2f}）" if np.isfinite(low) and high > low else "")
