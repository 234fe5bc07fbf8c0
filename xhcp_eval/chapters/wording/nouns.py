"""What is counted: 名学生, 个村, 例; counts of several years together, and full counts, which have no interval."""

from __future__ import annotations

import math

from xhcp_eval.chapters.wording.values import number_text, value_text
from xhcp_eval.plan.model import Indicator

DEFAULTS = {"rate": "例"}  # a plan of one's own may leave out the nouns


def noun_of(indicator: Indicator) -> str:
    """The noun after a number of what an indicator counts."""
    return indicator.count_noun_zh or DEFAULTS.get(indicator.kind, "")


def counted(number: float, indicator: Indicator) -> str:
    """A number of what an indicator counts, such as 842名学生; "" where there is none to tell."""
    if not math.isfinite(number) or round(number) <= 0:
        return ""
    return number_text(number) + noun_of(indicator)


def pooled(total: float, years: int, indicator: Indicator) -> str:
    """Counts of several years: 三年共5人（年均1.7人）. total: of all years. years: how many."""
    noun = noun_of(indicator)
    if years <= 1:
        return number_text(total) + noun
    words = {2: "两", 3: "三", 4: "四", 5: "五"}.get(years, str(years))
    return f"{words}年共{number_text(total)}{noun}（年均{total / years:.1f}{noun}）"


def told_value(value: float, row, indicator: Indicator) -> str:
    """A value of a row of an assessment with what it counts: 26家, 年均1.7人 where the row counts several years, else 67.9%."""
    if row.kind != "count" or not math.isfinite(value):
        return value_text(value, row.unit, row.target_value)
    measure = noun_of(indicator)[:1]
    return f"年均{value:.1f}{measure}" if row.denominator > 1 else value_text(value, row.unit) + measure


def of_all(part: float, whole: float, indicator: Indicator) -> str:
    """A full count of units: 50个村中37个. Without interval, for nothing was sampled."""
    noun = noun_of(indicator)
    measure = noun[:1]
    return f"{number_text(whole)}{noun}中{number_text(part)}{measure}"
