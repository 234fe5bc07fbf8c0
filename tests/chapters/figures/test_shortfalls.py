"""Shortfalls by township: the sums of the data, the largest first."""

import re

import pytest

from xhcp_eval.chapters.figures.shortfalls import shortfall_bars
from xhcp_eval.pack.pack import open_pack


@pytest.fixture(scope="module")
def picture():
    return shortfall_bars(open_pack("midterm_2025"))[0]


def test_the_bars_are_what_townships_are_short_of(picture):
    rows = open_pack("midterm_2025").observations
    rows = rows[
        (rows["indicator"] == "eye_exam_coverage_0_6")
        & (rows["year"] == 2025)
        & (rows["level"] == "township")
    ]
    short = 0.9 * rows["denominator"] - rows["numerator"]
    named = dict(zip(rows["region"].str.rsplit("/", n=1).str[-1], short, strict=True))
    told = picture.alt.split("：", 1)[1].split("；")[0]
    found = {name: int(n.replace(",", "")) for name, n in re.findall(r"([^、：]+?)([\d,]+)(?=、|$)", told)}
    assert found == {name: round(value) for name, value in named.items() if round(value) > 0}
    assert list(found.values()) == sorted(found.values(), reverse=True)
    assert f"{max(named, key=named.get)}缺最多（{round(max(short))}名）" in picture.title


def test_a_bar_is_as_long_as_its_number(picture):
    bars = [float(w) for w in re.findall(r'<rect [^>]*width="([\d.]+)"[^>]*><title>', picture.svg)]
    numbers = [int(n) for n in re.findall(r">(\d+)名</text>", picture.svg)]
    assert bars[1] / bars[0] == pytest.approx(numbers[1] / numbers[0], abs=0.01)


def test_there_are_none_without_townships():
    assert shortfall_bars(open_pack("national_midterm")) == []
