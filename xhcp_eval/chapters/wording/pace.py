"""One pace in the body: the yearly change of the last five years, and what a target needs beside it."""

from __future__ import annotations

import math

import pandas as pd

from xhcp_eval.chapters.wording.values import change_text, vanishes
from xhcp_eval.pack.pack import Pack
from xhcp_eval.verdict.pairs import RECENT_YEARS
from xhcp_eval.verdict.scenarios import BEST_SPAN
from xhcp_eval.verdict.series import series_key

FIVE = "近五年"
LIKELY = 0.7  # below it a pace that would do has to be explained
DOUBT = "按近五年速度可达，但逐年波动大"
MOST = 20  # times; beyond it a ratio tells nothing


def recent_text(row) -> str:
    """The pace of late with the span it is of; "" where it isn't known."""
    if not math.isfinite(row.pace):
        return ""
    word = since(row)
    span = f"（{row.pace_from:.0f}—{row.pace_to:.0f}年）" if word == FIVE else ""
    return f"{word}{span}年均{moves(row.pace, row.unit)}"


def since(row) -> str:
    """The span of the pace of late: 近五年, or 2018年以来 where it isn't five."""
    return FIVE if row.pace_to - row.pace_from == RECENT_YEARS else f"{row.pace_from:.0f}年以来"


def moves(pace: float, unit: str) -> str:
    """A yearly change in words: 升0.7个百分点, 降…, 持平; one that rounds to nought is 基本持平."""
    if vanishes(pace, unit):
        return "基本持平" if pace else "持平"
    return ("升" if pace > 0 else "降") + change_text(pace, unit)


def required_text(row) -> str:
    """What a target needs a year, and how many times the pace of late that is; "" where it needs nothing to speak of."""
    if vanishes(row.required_pace, row.unit):
        return ""
    times = times_text(row)
    return f"今后每年需{moves(row.required_pace, row.unit)}" + (f"，{times}" if times else "")


def times_text(row) -> str:
    """The needed pace as a multiple of that of late, or that of late went nowhere; "" where there is none."""
    if not (math.isfinite(row.pace) and math.isfinite(row.required_pace)) or not row.required_pace:
        return ""
    ratio = row.pace and row.required_pace / row.pace
    late = since(row)
    if ratio <= 0:
        return f"{late}未向目标靠近"
    return f"为{late}的{ratio:.1f}倍" if ratio < MOST else f"远快于{late}"


def why_in_doubt(row, comparables: pd.DataFrame) -> str:
    """Why a target is in doubt though its pace of late would do; "" where it isn't, or nothing is known to say.

    comparables: frame of the pack. Obligatory where the needed pace is below that of late and the chance below 70%.
    """
    quick = math.isfinite(row.required_pace) and row.pace * math.copysign(1, row.required_pace) >= abs(
        row.required_pace
    )
    if not quick or not row.probability < LIKELY:
        return ""
    alike = reached_alike(row, comparables)
    return DOUBT + (f"，走势相近的真实序列{alike[0]}条中{alike[1]}条到达" if alike else "")


def reached_alike(row, comparables: pd.DataFrame) -> tuple[int, int] | None:
    """How many real series moved alike and how many of them got as far; None where none is known."""
    like = comparables[comparables["target_id"] == row.target_id]
    return None if like.empty else (int(like["of"].iloc[0]), int(like["reached"].iloc[0]))


def best_span(pack: Pack, row) -> tuple[int, int] | None:
    """First and last year of the three years in which an indicator went fastest towards its target; None if unknown.

    Spans that end before the plan begins are no pace to return to and are left out.
    """
    best = pack.scenarios
    best = best[(best["target_id"] == row.target_id) & (best["scenario"] == "best_recent")]
    history = pack.histories[pack.histories["series"] == series_key(row.indicator, pack.region)]
    if best.empty or history.empty:
        return None
    judged = history[history["usual"].astype(bool)].set_index("year")["judged"].dropna()
    for last in sorted(judged.index, reverse=True):
        first = last - BEST_SPAN
        if (
            first in judged.index
            and abs((judged[last] - judged[first]) / BEST_SPAN - best["pace"].iloc[0]) < 1e-9
        ):
            return (int(first), int(last)) if last >= pack.plan.start_year else None
    return None


def best_text(span: tuple[int, int]) -> str:
    """The best three years as a condition."""
    return f"若恢复到{span[0]}—{span[1]}年的速度（近十年最快的三年）"
