"""Numbers as reports print them: worked out by hand."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xhcp_eval.plan.units import UNITS, format_number, format_probability, format_value

NUMBERS = [
    (3.9, "permille", "3.9"),
    (4.0, "permille", "4"),
    (0.0, "permille", "0"),
    (98.546, "percent", "98.55"),
    (-1.5, "percent", "−1.5"),
    (-0.001, "percent", "0"),
    (1234567, "count", "1,234,567"),
    (1200, "count", "1,200"),
    (9.26, "hours_per_week", "9.3"),
    (0.1234, "coefficient", "0.123"),
    (15.82, "per_100k", "15.82"),
    (100, "percent", "100"),
]


@pytest.mark.parametrize(("value", "unit", "text"), NUMBERS)
def test_numbers(value, unit, text):
    assert format_number(value, unit) == text


VALUES = [
    (3.9, "permille", "3.9‰"),
    (98.5, "percent", "98.5%"),
    (10.2, "per_100k", "10.2/10万"),
    (12.0, "per_100k_live_births", "12/10万活产"),
    (4.08, "per_1000", "4.08/千人"),
    (9.5, "hours_per_day", "9.5小时/天"),
    (14, "class_hours_per_school_year", "14课时/学年"),
    (1500, "yuan_per_month", "1,500元/月"),
    (60.25, "score_or_percent", "60.2分"),
    (-2, "permille", "−2‰"),
    (320, "count", "320"),
    (1, "binary", "是"),
    (0, "binary", "否"),
]


@pytest.mark.parametrize(("value", "unit", "text"), VALUES)
def test_values_with_their_unit(value, unit, text):
    assert format_value(value, unit) == text


DIFFERENCES = [
    (-0.4, "permille", "−0.4个千分点"),
    (2.25, "percent", "2.25个百分点"),
    (-1.3, "per_100k", "−1.3/10万"),
    (-1, "binary", "−1"),
    (5, "count", "5"),
]


@pytest.mark.parametrize(("value", "unit", "text"), DIFFERENCES)
def test_differences_are_in_points(value, unit, text):
    assert format_value(value, unit, difference=True) == text


PROBABILITIES = [
    (0.0, "<1%"), (0.0099, "<1%"), (0.01, "1%"), (0.374, "37%"), (0.5, "50%"), (0.99, "99%"), (0.9901, ">99%"),
    (1.0, ">99%"),
]  # fmt: skip


@pytest.mark.parametrize(("probability", "text"), PROBABILITIES)
def test_probabilities_are_never_certain(probability, text):
    assert format_probability(probability) == text


@pytest.mark.parametrize("missing", [None, math.nan, math.inf, -math.inf])
def test_missing_is_a_dash(missing):
    assert format_probability(missing) == "—"
    for unit in UNITS:
        assert format_number(missing, unit) == "—"
        assert format_value(missing, unit) == "—"
        assert format_value(missing, unit, difference=True) == "—"


@given(st.floats(0, 1))
def test_no_probability_reads_as_impossible_or_certain(probability):
    text = format_probability(probability)
    assert text not in ("0%", "100%")
    assert text in ("<1%", ">99%") or abs(int(text.rstrip("%")) - 100 * probability) <= 0.5 + 1e-9


@given(st.floats(-1e6, 1e6), st.sampled_from(sorted(UNITS)))
def test_a_printed_number_is_the_number_rounded(value, unit):
    text = format_number(value, unit)
    assert "-" not in text
    assert text != "−0"
    assert not (("." in text) and text.endswith(("0", ".")))
    read = float(text.replace("−", "-").replace(",", ""))
    assert read == pytest.approx(value, abs=0.5 * 10 ** -UNITS[unit].decimals + 1e-9)
