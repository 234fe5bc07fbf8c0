"""One kind of fault is told once, with its count and its first places; different faults stay apart."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from xhcp_eval.errors import XhcpError, grouped


def test_a_kind_is_told_once_with_count_and_places():
    faults = [f"第 {row} 行 value：'x{row}' 不是数字" for row in range(2, 141)]
    (told,) = grouped([*faults])
    assert told == (
        "第 2 行 value：'x2' 不是数字（同样的共 139 处，还有 第 3 行 value、第 4 行 value、第 5 行 value、第 6 行 value 等）"
    )


def test_kinds_columns_and_words_stay_apart_and_in_order():
    faults = [
        "第 2 行 unit：甲 应为 percent",
        "第 2 行 value：甲 应为 percent",
        "第 3 行 unit：乙 应为 percent",
        "文件缺少列 year",
    ]
    assert grouped(faults) == faults


def test_a_few_of_a_kind_are_told_one_by_one():
    assert grouped(["第 2 行 year：'x'", "第 3 行 year：'y'"]) == ["第 2 行 year：'x'", "第 3 行 year：'y'"]


@given(
    st.lists(
        st.sampled_from(
            ["第 1 行 a：错", "第 2 行 a：错", "表“甲” B7：错", "表“甲” B8：错", "缺列", "第 9 行 b：'1' 错"]
        ),
        max_size=40,
    )
)
def test_nothing_is_lost_and_nothing_is_invented(faults):
    told = grouped(faults)
    assert all(any(line.startswith(fault) for fault in faults) for line in told)
    assert bool(told) == bool(faults) and len(told) <= len(faults)


def test_an_error_numbers_its_problems():
    assert str(XhcpError("坏", ["一", "二"])) == "坏\n  1. 一\n  2. 二"
