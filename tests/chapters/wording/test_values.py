import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xhcp_eval.chapters.wording.values import (
    bound_text,
    bound_value,
    chance_words,
    change_text,
    number_text,
    short_value,
    value_text,
    vanishes,
)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(57.764, "percent", "57.8%"), (1.4561, "permille", "1.46‰"), (6.193, "per_100k", "6.2/10万"), (100.0, "percent", "100%"),
     (1520.0, "count", "1,520"), (1.0, "binary", "已完成"), (math.nan, "percent", "—")],
)  # fmt: skip
def test_rounding_of_the_body(value, unit, text):
    assert value_text(value, unit) == text


def test_rounding_lifts_no_value_onto_its_target():
    assert value_text(59.96, "percent", 60.0) == "59.96%"
    assert value_text(10.04, "percent", 10.0) == "10.04%"
    assert value_text(57.764, "percent", 60.0) == "57.8%"
    assert value_text(60.0, "percent", 60.0) == "60.0%" and bound_value(60.0, "percent") == "60%"


@given(st.floats(0, 100), st.integers(0, 100))
def test_what_is_printed_lies_on_the_side_of_the_value(value, target):
    printed = float(value_text(value, "percent", float(target)).rstrip("%"))
    if abs(value - target) > 1e-3:
        assert (printed < target) == (value < target)


@pytest.mark.parametrize(
    ("chance", "words"),
    [(0.95, "很有把握"), (0.9, "较有把握"), (0.5, "说不准"), (0.3, "很难"), (0.02, "很难"), (math.nan, "")],
)
def test_chances_are_words(chance, words):
    assert chance_words(chance) == words


def test_differences_are_in_points_and_never_a_bare_nought():
    assert change_text(-0.6594, "percent") == "0.7个百分点"
    assert change_text(0.033, "percent") == "0.03个百分点"
    assert vanishes(0.2, "class_hours_per_school_year") and vanishes(math.nan, "percent")
    assert not vanishes(0.2, "percent")


def test_the_small_forms():
    assert bound_text("≥100%（每年）") == "100%" and bound_text("≥90%（每年）") == "≥90%"
    assert [short_value(v, "percent") for v in (67.862, 0.757, 758.407, math.nan)] == [
        "67.9",
        "0.8",
        "758",
        "—",
    ]
    assert number_text(2403.6) == "2,404"
