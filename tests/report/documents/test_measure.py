"""Lines break where Word and LibreOffice break them. Breaks below were read off LibreOffice's pages (442.2 points, 16 point letters)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xhcp_eval.report.documents.measure import em, line_count

WIDTH = 442.2


def test_widths_of_letters():
    assert em("汉字，") == 3
    assert em("1.5%") == pytest.approx(0.5 + 0.25 + 0.5 + 0.833)
    assert em("·") == 0.25


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", 1),
        ("字" * 25, 1),  # two characters indented, 27.6 on a line
        ("字" * 26, 2),
        ("字" * 25 + "。", 1),  # a mark may hang beyond the line
        ("字" * 25 + "）。", 2),  # but one only
        ("字" * 23 + "87.8%，", 2),  # and not after a digit
        ("甲\n乙", 2),
    ],
)
def test_lines_of_a_paragraph(text, lines):
    assert line_count(text, 16, WIDTH, 32) == lines


def test_no_line_begins_with_a_closing_mark():
    # the third character goes along with its two marks
    assert line_count("三个字）。", 10, 30) == 2


def test_room_stands_between_scripts():
    assert line_count("年1年1", 10, 30) == 2  # 3 em and three gaps
    assert line_count("，1，1", 10, 30) == 1


def test_a_word_longer_than_the_line_is_broken():
    assert line_count("a" * 40, 10, 44.4) == 4


@given(st.text(alphabet="汉字，。（）1a .%", max_size=80), st.floats(40, 400))
def test_a_wider_line_never_needs_many_more_lines(text, width):
    count = line_count(text, 10, width)
    assert count >= 1
    assert count * width >= em(text) * 10 - 10 * count


def test_in_a_cell_nothing_hangs():
    assert line_count("字" * 25 + "。", 16, WIDTH, 32, even=False) == 2


def test_a_bracket_stays_with_the_number_before_it():
    assert line_count("字字3.5（甲）", 10, 45) == 2
    assert line_count("字字字甲（乙）", 10, 45) == 2
    assert line_count("字字（3", 10, 39) == 1
