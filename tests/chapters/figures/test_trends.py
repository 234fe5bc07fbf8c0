"""Trends: full rows of panels, what is ahead only where something is, what is better counted from the data."""

import re

import pytest

from xhcp_eval.chapters.brief.basis import end_targets
from xhcp_eval.chapters.figures.canvas import PALE
from xhcp_eval.chapters.figures.trends import ACROSS, trend_panels
from xhcp_eval.pack.pack import open_pack


def of_health(name: str):
    pack = open_pack(name)
    rows = end_targets(pack)
    return pack, rows[rows["domain"] == "health"]


@pytest.fixture(scope="module")
def health():
    pack, rows = of_health("midterm_2025")
    return pack, rows, trend_panels(pack, rows, "健康")[0]


def panels(picture) -> list[str]:
    return re.findall(r"([^；。]+?)\d{4}年[^；。]*，目标", picture.alt.split("。", 1)[1])


def test_panels_fill_their_rows(health):
    assert len(panels(health[2])) % ACROSS == 0


def test_what_rests_on_few_cases_is_left_out(health):
    _, rows, picture = health
    few = set(rows.loc[rows["small_count"].astype(bool), "indicator_name"])
    assert few and not few & set(panels(picture))


def test_the_title_counts_what_moved_for_the_better(health):
    _, rows, picture = health
    drawn = rows[rows["indicator_name"].isin(panels(picture))].drop_duplicates("indicator")
    sign = drawn["direction"].map({"up": 1, "down": -1}).astype(int)
    better = int((sign * (drawn["latest_value"] - drawn["base_value"]) > 0).sum())
    assert picture.title.startswith(f"健康：{len(drawn)}项指标中{better}项比基期好转")


def test_a_fan_stands_only_where_something_is_ahead(health):
    assert PALE in health[2].svg and "预测" in health[2].source
    pack, rows = of_health("final_2030")
    (picture,) = trend_panels(pack, rows, "健康")
    assert PALE not in picture.svg and "预测" not in picture.source


def test_no_rows_no_figure(health):
    assert trend_panels(health[0], health[1].iloc[:0], "健康") == []
