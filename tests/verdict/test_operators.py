"""What each relation of a target asks for."""

from types import SimpleNamespace
from typing import get_args

import pytest

from xhcp_eval.plan.model import Op
from xhcp_eval.verdict.operators import OPERATORS, PLAIN, sign_of

# relation: sign, the bound itself meets it, the bound is printed, a change from the base is asked for, word
BY_HAND = {
    "<=": (-1, True, True, False, "≤"),
    "<": (-1, False, True, False, "<"),
    ">=": (1, True, True, False, "≥"),
    ">": (1, False, True, False, ">"),
    "relative_change_vs_base": (0, True, False, False, "变化"),
    "no_worse_than": (0, True, False, False, "不变差"),
    "trend_up": (1, False, False, True, "上升"),
    "trend_down": (-1, False, False, True, "下降"),
    "maintain": (0, True, False, False, "保持"),
}


def test_the_table_by_hand():
    found = {op: (o.sign, o.inclusive, o.plain, o.trend, o.word) for op, o in OPERATORS.items()}
    assert found == BY_HAND
    assert set(OPERATORS) == set(get_args(Op)), "every relation that a plan may use"
    assert PLAIN == {"<=": -1, "<": -1, ">=": 1, ">": 1}


@pytest.mark.parametrize(
    ("op", "value", "direction", "sign"),
    [
        ("<=", 3, "up", -1), ("<", 3, "up", -1), (">=", 3, "down", 1), (">", 3, "down", 1),
        ("trend_up", None, "down", 1), ("trend_down", None, "up", -1),
        ("relative_change_vs_base", 20, "down", 1), ("relative_change_vs_base", -20, "up", -1),
        ("relative_change_vs_base", 0.5, "down", 1), ("relative_change_vs_base", 0, "up", -1),
        ("no_worse_than", None, "down", -1), ("no_worse_than", 99, "up", 1),
        ("no_worse_than", None, "contextual", 1), ("maintain", None, "down", -1), ("maintain", None, "up", 1),
    ],
)  # fmt: skip
def test_which_side_is_wanted(op, value, direction, sign):
    assert sign_of(SimpleNamespace(op=op, value=value), SimpleNamespace(direction=direction)) == sign


def test_the_table_is_one_for_all_readers():
    with pytest.raises(AttributeError):
        OPERATORS["<="].sign = 1
