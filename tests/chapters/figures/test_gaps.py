"""Gaps of groups: only beyond chance, only with enough cases, on the side of who is worse off."""

import re

import pytest

from xhcp_eval.chapters.equity import equity_rows
from xhcp_eval.chapters.figures.gaps import LEAST, group_gaps
from xhcp_eval.pack.pack import open_pack


@pytest.fixture(scope="module")
def pack():
    return open_pack("midterm_2025")


def values(pack, indicator: str, dimension: str, year: int = 2025):
    rows = pack.observations
    rows = rows[(rows["indicator"] == indicator) & (rows["region"] == pack.region) & (rows["year"] == year)]
    return rows[rows[dimension] != "total"].set_index(dimension)


def test_every_row_is_beyond_chance(pack):
    known = equity_rows(pack, "residence")
    apart = set(known.loc[known["apart"], "name"])
    (picture,) = group_gaps(pack, "residence")
    told = re.findall(r"(?:。|；)([^。；]+?)农村[\d.]+%", picture.alt)
    assert told and set(told) <= apart


def test_the_title_counts_who_is_worse_off(pack):
    (picture,) = group_gaps(pack, "residence")
    clauses = re.findall(r"农村([\d.]+)%，城镇([\d.]+)%", picture.alt)
    assert f"的{len(clauses)}项中" in picture.title
    named = {one.name: one.direction for one in pack.plan.indicators}
    worse = 0
    for name, country, town in re.findall(r"(?:。|；)([^。；]+?)农村([\d.]+)%，城镇([\d.]+)%", picture.alt):
        worse += (float(country) < float(town)) == (named[name] == "up")
    assert f"{worse}项农村较差" in picture.title


def test_the_largest_difference_is_that_of_the_data(pack):
    rows = values(pack, "nutrition_programme_coverage", "residence")["value"]
    (picture,) = group_gaps(pack, "residence")
    assert f"相差最大的是营养改善（{abs(rows['rural'] - rows['urban']):.1f}个百分点）" in picture.title


def test_no_share_of_a_handful_is_shown(pack):
    rows = values(pack, "child_smoking_rate", "sex")
    assert rows["numerator"].min() < LEAST
    (picture,) = group_gaps(pack, "sex")
    assert "吸烟" not in picture.alt and "未成年人犯罪" not in picture.svg


def test_there_are_none_without_groups():
    assert group_gaps(open_pack("national_midterm"), "sex") == []
