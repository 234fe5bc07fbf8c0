"""The canvas: words measured by the font, places spread apart, SVG that any reader takes."""

from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xhcp_eval.chapters.figures.canvas import TYPE, Canvas, spread, target_text, wide

PLACES = st.lists(st.floats(0, 100), min_size=1, max_size=8)


def drawn(canvas: Canvas) -> ElementTree.Element:
    svg = canvas.picture("题", ["甲", "乙"], "来源").svg
    return ElementTree.fromstring(svg.replace("<svg", '<svg xmlns:xlink="x"', 1))


def test_a_chinese_letter_is_as_wide_as_it_is_high_and_a_digit_about_half():
    assert wide("中期") == 2 * TYPE
    assert wide("0") == pytest.approx(0.555 * TYPE)
    assert 0.5 * TYPE < wide("●") < TYPE


@given(PLACES, st.floats(1, 10))
def test_places_are_apart_within_bounds_and_in_order(wanted, room):
    found = spread(wanted, room, -10.0, 110.0)
    order = sorted(range(len(wanted)), key=lambda k: wanted[k])
    steps = [found[b] - found[a] for a, b in pairwise(order)]
    assert all(step >= room - 1e-6 for step in steps)
    assert all(-10 - 1e-6 <= place <= 110 + 1e-6 for place in found)


def test_places_that_are_apart_already_stay():
    assert spread([50, 10, 30], 12, 0, 100) == [50, 10, 30]


def test_two_that_meet_move_alike():
    assert spread([50, 52], 12, 0, 100) == [45, 57]


def test_where_room_is_short_all_are_set_evenly():
    assert spread([1, 2, 3], 12, 0, 20) == [0, 10, 20]
    assert spread([7], 12, 0, 0) == [0]


def test_words_are_escaped_and_linked():
    canvas = Canvas(40)
    canvas.words(0, 10, "a<b", link="data.html#x")
    canvas.dot(5, 5, told="1&2")
    root = drawn(canvas)
    assert [text.text for text in root.iter("text")] == ["a<b"]
    assert [title.text for title in root.iter("title")] == ["1&2"]
    assert "data.html#x" in ElementTree.tostring(root, encoding="unicode")


def test_symbols_the_font_lacks_stand_apart_and_the_line_keeps_its_middle():
    canvas = Canvas(40)
    canvas.words(100, 10, "●67.9", "middle")
    first, second = drawn(canvas).iter("text")
    assert (first.text, second.text) == ("●", "67.9")
    ends = float(first.get("x")), float(second.get("x")) + wide("67.9")
    assert sum(ends) / 2 == pytest.approx(100, abs=0.2)


def test_the_picture_tells_its_title_and_every_mark():
    picture = Canvas(72, 144).picture("发现", ["甲1", "乙2"], "来源")
    assert picture.alt == "发现。甲1；乙2。"
    assert (picture.width, picture.height) == (192, 96)


def test_a_target_is_told_by_what_it_asks_for():
    assert target_text(60.0, "percent") == "目标60%"
    assert target_text(16.1, "percent", "trend_up") == "高于16.1%"
    assert target_text(8.3, "per_100k", "<=") == "目标8.3"
