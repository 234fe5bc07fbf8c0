"""The quadrant: names of the four parts, services in the place that the analysis gives them."""

import re

import pytest

from xhcp_eval.chapters.figures.canvas import PAPER
from xhcp_eval.chapters.figures.quadrant import NAMES, importance_quadrant
from xhcp_eval.chapters.third_party.survey import survey_of
from xhcp_eval.evaluation.methods.satisfaction import importance_performance
from xhcp_eval.pack.pack import open_pack


@pytest.fixture(scope="module")
def pack():
    return open_pack("third_party_2025")


def test_what_is_important_and_not_satisfying_is_the_finding(pack):
    rows = importance_performance(survey_of(pack)[0])
    named = "、".join(rows.loc[rows["quadrant"] == "重点改进", "label"])
    (picture,) = importance_quadrant(pack)
    assert picture.title == f"{len(rows)}项服务中{named}重要而不满意，应重点改进"


def test_the_four_parts_are_named(pack):
    (picture,) = importance_quadrant(pack)
    assert all(f">{name}</text>" in picture.svg for line in NAMES for name in line)


def test_what_can_not_be_told_is_hollow(pack):
    rows = importance_performance(survey_of(pack)[0])
    (picture,) = importance_quadrant(pack)
    hollow = re.findall(rf'fill="{PAPER}"[^>]*><title>([^：]*)', picture.svg)
    assert set(hollow) == set(rows.loc[rows["quadrant"] == "不能判断", "label"])


def test_without_a_survey_there_is_none():
    assert importance_quadrant(open_pack("national_midterm")) == []
