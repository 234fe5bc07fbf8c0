"""Names for readers: goals numbered by domain, headings numbered as official papers do, no sign of a machine."""

from __future__ import annotations

import re

from xhcp_eval.plan.model import Plan

_NUMERALS = "零一二三四五六七八九"
# What no reader of a brief or a formal report should meet; each with what it is.
MACHINE: dict[str, re.Pattern[str]] = {
    "编号": re.compile(r"[a-z]+_[a-z]+"),
    "目标编号": re.compile(
        r"(?<![A-Za-z])(?:health|safety|education|welfare|family|environment|law|impl)\.[\w.]+|@(?:\d{4}|every)"
    ),
    "疑义编号": re.compile(r"(?<![A-Za-z0-9])A\d\d(?!\d)"),
    "缺值": re.compile(r"(?<![A-Za-z])(?:nan|None|inf)(?![A-Za-z])", re.IGNORECASE),
    "统计量": re.compile(r"(?<![A-Za-z])[pP]\s*[=<]"),
    "方法名": re.compile(
        r"Durbin|TOPSIS|Krippendorff|Brier|Delphi|SHA-?256|Malmquist|(?<![A-Za-z])(?:DEA|AHP)(?![A-Za-z])",
        re.IGNORECASE,
    ),
}


def goal_number(plan: Plan, goal: str) -> str:
    """A goal by domain and number, 健康-8; "" for none. Raises PlanError for an unknown one."""
    if not goal:
        return ""
    found = plan.goal(goal)
    return f"{next(d.name for d in plan.domains if d.id == found.domain)}-{found.number}"


def task_name(text: str) -> str:
    """What names a one-off task: its words up to the first comma or bracket."""
    return text.split("，")[0].split("（")[0]


def machine_signs(text: str) -> list[str]:
    """What in a text only a program would print; empty where all is well."""
    return [found[0] for pattern in MACHINE.values() for found in pattern.finditer(text)]


def numeral(number: int) -> str:
    """A whole number from 1 to 99 in Chinese, for headings (一、二、三…)."""
    if not 0 < number < 100:
        raise ValueError(f"{number} 不在 1 到 99 之内")
    tens, ones = divmod(number, 10)
    head = "" if not tens else "十" if tens == 1 else _NUMERALS[tens] + "十"
    return head + (_NUMERALS[ones] if ones else "")


def heading(number: int, text: str, level: int = 1) -> str:
    """A formal heading: 一、评估工作概述 (level 1), （一）… (2), 1. … (3)."""
    return {1: f"{numeral(number)}、", 2: f"（{numeral(number)}）"}.get(level, f"{number}. ") + text
