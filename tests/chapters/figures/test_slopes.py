"""Slopes: the title counts what the pack says, a panel a target, values at their points."""

import re

import pytest

from xhcp_eval.chapters.figures.slopes import midterm_slopes, outcome_slopes
from xhcp_eval.chapters.wording.counting import counts, questions
from xhcp_eval.pack.pack import open_pack


def midterm(pack):
    return midterm_slopes(pack, questions(pack, 2025), counts(pack, 2025))


@pytest.fixture(scope="module")
def pack():
    return open_pack("midterm_2025")


def test_the_title_counts_the_values_on_the_right_side_of_their_bounds(pack):
    rows = questions(pack, 2025)
    inside = ((rows["latest_value"] <= rows["target_value"]) == (rows["direction"] == "down")).sum()
    (picture,) = midterm(pack)
    assert picture.title.startswith(f"{len(rows)}项2025年目标中{inside}项在目标以内")


def test_the_farthest_is_named_with_its_gap(pack):
    rows = questions(pack, 2025)
    far = rows.loc[(rows["gap"] / rows["target_value"].abs()).idxmax()]
    name = pack.plan.indicator(far["indicator"]).short_name
    assert f"{name}差得最远（{far['gap']:.1f}个百分点）" in midterm(pack)[0].title


def test_every_target_is_a_panel_that_tells_its_years(pack):
    (picture,) = midterm(pack)
    for row in questions(pack, 2025).itertuples():
        assert f">{pack.plan.indicator(row.indicator).short_name}" in picture.svg
        assert f"{row.indicator_name}2020年" in picture.alt
    later = len(re.findall(">2030年", picture.svg))
    assert picture.svg.count("stroke-dasharray") == picture.alt.count("，目标") + later


def test_too_few_targets_make_no_figure(pack):
    assert midterm_slopes(pack, questions(pack, 2025).head(2), counts(pack, 2025)) == []


def test_what_was_at_risk_is_counted_by_how_it_ended():
    """Promises of every year that were broken by then are left out: nobody had to foresee them."""
    pack = open_pack("final_2030")
    asked = set(questions(pack, 2030)["question"])
    rows = pack.outcomes.drop_duplicates("question")
    rows = rows[
        rows["question"].isin(asked) & rows["published_status"].isin(["存在风险", "难以达标", "未达标"])
    ]
    rows = rows[~rows["target_id"].str.endswith("@every_year") | (rows["published_status"] != "未达标")]
    (picture,) = outcome_slopes(pack)
    assert picture.title.startswith(f"2025年有风险的{len(rows)}项目标的结果：")
    assert sum(map(int, re.findall(r"(\d+)项(?!目标)", picture.title))) == len(rows)


def test_a_report_that_looks_back_at_nothing_has_none(pack):
    assert outcome_slopes(pack) == []
