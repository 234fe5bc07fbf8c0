"""Numbers as people type them are read, and what could mean two things is not."""

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xhcp_eval.observations.typed import last_digit, parse_numbers, parse_years

READ = {
    "12.5": (12.5, ""), "-3": (-3, ""), "＋３": (3, ""), "１２．５": (12.5, ""), "１２．５％": (12.5, "%"), "3.2‰": (3.2, "‰"),
    "3.2 ‰": (3.2, "‰"), "1,234": (1234, ""), "1，234，567.5": (1234567.5, ""), "−4": (-4, ""), ".5": (0.5, ""), "12。5": (12.5, ""),
    "1e3": (1000, ""), "2.": (2, ""), "007": (7, ""),
}  # fmt: skip


@pytest.mark.parametrize(("cell", "expected"), READ.items())
def test_numbers_as_they_are_typed(cell, expected):
    numbers, sign = parse_numbers(pd.Series([cell]))
    assert (numbers[0], sign[0]) == expected


@pytest.mark.parametrize(
    "cell",
    ["约12", "12,5", "1,23,4", "一二", "12人", "—", "/", "nan", "inf", "0x1f", "1_000", "12..5", "%", "5%%",
     "=1+1", "#DIV/0!", "1e999", "１２ ５", "12-13", "True"],
)  # fmt: skip
def test_what_is_no_single_number_is_not_read(cell):
    numbers, _ = parse_numbers(pd.Series([cell]))
    assert math.isnan(numbers[0])


def test_empty_cells_are_missing():
    numbers, sign = parse_numbers(pd.Series(["", "1"], index=[7, 9]))
    assert numbers.isna().tolist() == [True, False]
    assert sign.tolist() == ["", ""]
    assert numbers.index.tolist() == [7, 9]


def test_years():
    found = parse_years(pd.Series(["2025", "２０２５", "2025年", "2025年度", "2025.0"]))
    assert found.tolist() == [2025.0] * 5
    assert parse_years(pd.Series(["2025-01-01", "25", "二〇二五", "2025.5", "20255", ""])).isna().all()


@given(st.floats(-1e9, 1e9, allow_nan=False), st.sampled_from(["", "%", "‰"]))
def test_whatever_python_writes_comes_back(number, sign):
    numbers, signs = parse_numbers(pd.Series([f"{number!r}{sign}"]))
    assert numbers[0] == number
    assert signs[0] == sign


@given(st.text(max_size=12))
def test_any_text_is_answered(cell):
    numbers, sign = parse_numbers(pd.Series([cell.strip()]))
    assert sign[0] in ("", "%", "‰")
    assert math.isnan(numbers[0]) or math.isfinite(numbers[0])
    assert parse_years(pd.Series([cell])).shape == (1,)


def test_marks_of_footnotes_are_no_digits():
    typed = pd.Series(["97.1①", "97.1²", "⑨", "½", "97.1⑴", "９７.１", "٣"])
    numbers, _ = parse_numbers(typed)
    assert numbers.notna().tolist() == [False, False, False, False, False, True, False]
    assert parse_years(pd.Series(["2025²", "２０２５年"])).tolist()[1] == 2025
    assert parse_years(pd.Series(["2025²"])).isna().all()


def test_the_worth_of_the_last_digit_as_typed():
    typed = pd.Series(["93", "93.0", "93.20%", "1,234", "1.5E3", "x", "", "９３.２"])
    assert last_digit(typed).round(9).tolist()[:5] == [1, 0.1, 0.01, 1, 100]
    assert last_digit(typed).isna().tolist() == [False] * 5 + [True, True, False]
    assert last_digit(pd.Series([93.0, 93.25, 0.1 + 0.2, float("nan")])).round(9).tolist()[:3] == [
        1,
        0.01,
        0.1,
    ]
