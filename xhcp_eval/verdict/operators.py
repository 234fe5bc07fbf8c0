"""What the `op` of a target asks for: the one table that every reader of targets looks it up in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from xhcp_eval.plan.model import Indicator, Target


@dataclass(frozen=True)
class Operator:
    """sign: +1 the judged value has to be at least the bound, -1 at most, 0 where the target decides (`sign_of`).

    inclusive: the bound itself meets the target. plain: the bound is printed in the target. trend: a change from the
    base is asked for. word: as it stands in texts, before a plain bound or after the base.
    """

    sign: int
    word: str
    inclusive: bool = True
    plain: bool = False
    trend: bool = False


OPERATORS: dict[str, Operator] = {
    "<=": Operator(-1, "≤", plain=True),
    "<": Operator(-1, "<", plain=True, inclusive=False),
    ">=": Operator(1, "≥", plain=True),
    ">": Operator(1, ">", plain=True, inclusive=False),
    "relative_change_vs_base": Operator(0, "变化"),
    "no_worse_than": Operator(0, "不变差"),
    "trend_up": Operator(1, "上升", trend=True, inclusive=False),
    "trend_down": Operator(-1, "下降", trend=True, inclusive=False),
    "maintain": Operator(0, "保持"),
}
PLAIN: dict[str, int] = {op: o.sign for op, o in OPERATORS.items() if o.plain}


def sign_of(target: Target, indicator: Indicator) -> int:
    """+1 where the judged value has to be at least the bound, -1 where it may be at most the bound."""
    sign = OPERATORS[target.op].sign
    if sign:
        return sign
    if target.op == "relative_change_vs_base":
        return 1 if cast(float, target.value) > 0 else -1
    return -1 if indicator.direction == "down" else 1
