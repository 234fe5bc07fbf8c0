"""`Verdicts`: one region picked from many, in words and by goal, and what it looks like to its reader."""

from dataclasses import FrozenInstanceError, replace

import pandas as pd
import pytest
from small_plan import GOALS, counted, indicator, target, verdicts_of

from xhcp_eval.errors import ParamsError
from xhcp_eval.verdict.goals import GOAL_COLUMNS
from xhcp_eval.verdict.schema import SHOWN

FALLING = [95, 95, 94, 94, 93, 93, 92, 92, 91, 80]
REGIONS = {"乙县": range(80, 90), "甲县": FALLING, "丙县": range(60, 70), "丁县": range(50, 60)}


@pytest.fixture(scope="module")
def verdicts():
    """Four counties, asked for in an order of their own: two targets each and a promise of every year."""
    item = indicator(targets=[target(2025, ">=", 85), target(2030, ">=", 90), target("every_year", ">=", 85)])
    parts = [counted(values, 1000, region=name) for name, values in REGIONS.items()]
    return verdicts_of([item], *parts, regions=list(REGIONS))


def test_regions_stand_in_the_order_in_which_they_were_asked_for(verdicts):
    assert verdicts.regions == list(REGIONS)
    assert verdicts.frame["region"].astype(str).tolist() == [name for name in REGIONS for _ in range(3)]
    assert verdicts.block is verdicts.outlook.forecasts.block
    assert len(verdicts.block) == 4


def test_without_a_target_the_regions_are_those_of_the_block(verdicts):
    assert replace(verdicts, frame=verdicts.frame.head(0)).regions == list(REGIONS)


@pytest.mark.parametrize("name", REGIONS)
def test_one_region_is_picked_with_its_own_rows_from_zero_on(verdicts, name):
    one = verdicts.region(name)
    assert one.regions == [name] and one.only == name
    assert one.frame.index.tolist() == [0, 1, 2]
    expected = verdicts.frame[verdicts.frame["region"] == name].reset_index(drop=True)
    pd.testing.assert_frame_equal(one.frame, expected)
    assert one.frame["latest_value"].tolist() == [REGIONS[name][-1]] * 3
    assert (one.plan, one.until) == (verdicts.plan, 2025) and one.outlook is verdicts.outlook
    assert verdicts.regions == list(REGIONS), "the others are still there"


def test_several_regions_are_not_the_only_one(verdicts):
    for ask in (lambda: verdicts.only, verdicts.goals):
        with pytest.raises(ParamsError, match="这里只能是一个地区，实为4个"):
            ask()
    two = replace(verdicts, frame=verdicts.frame.head(6))
    with pytest.raises(ParamsError, match="实为2个"):
        _ = two.only


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        ("乙县城", "乙县、甲县、丙县"),
        # all alike: the last ones by their code come first, and three are enough
        ("戊县", "甲县、乙县、丙县"),
        ("某省某市某某某某县", "甲县、乙县、丙县"),
        # none is near: the first three that were asked for
        ("某某", "乙县、甲县、丙县"),
    ],
)
def test_an_unknown_region_is_refused_with_the_three_that_are_nearest(verdicts, asked, near):
    with pytest.raises(ParamsError, match=f"^没有判定过地区“{asked}”；相近的有：{near}$"):
        verdicts.region(asked)


def test_words_are_a_copy_of_plain_columns(verdicts):
    one, other = verdicts.explained(), verdicts.explained()
    assert list(one.columns) == list(SHOWN) and len(one) == 12
    one["reason"] = ""
    assert (other["reason"] != "").all() and (verdicts.explained()["reason"] != "").all()
    assert verdicts.explained()["latest_value"].equals(verdicts.frame["latest_value"])


def test_goals_are_those_of_the_one_region_judged(verdicts):
    """The worst of its targets of 2030: the promise of every year ends then too."""
    for name, status in (("乙县", "存在风险"), ("甲县", "未达标")):
        found = verdicts.region(name).goals()
        assert list(found.columns) == list(GOAL_COLUMNS) and found["goal"].tolist() == [
            g["id"] for g in GOALS
        ]
        assert found["status"].tolist() == [status, "不作判定"] and found["n_targets"].tolist() == [3, 0]


def test_what_is_printed_is_short(verdicts):
    text = repr(verdicts)
    assert text == f"<Verdicts on {verdicts.plan.id}: 4 regions, until 2025, {len(verdicts.frame)} rows>"
    assert len(repr(verdicts.outlook)) < 100 and len(repr(verdicts.block)) < 100


def test_a_notebook_shows_the_first_sixty_rows(verdicts):
    shown = verdicts._repr_html_()
    assert shown.count("<tr") == 13 and "predicted" not in shown
    for name in (
        "region",
        "indicator_name",
        "target_year",
        "latest_value",
        "target_value",
        "probability",
        "status",
    ):
        assert f"<th>{name}</th>" in shown
    long = replace(verdicts, frame=pd.concat([verdicts.frame] * 6, ignore_index=True))
    assert long._repr_html_().count("<tr") == 61


def test_verdicts_stay_as_they_are_and_are_themselves_only(verdicts):
    with pytest.raises(FrozenInstanceError):
        verdicts.until = 2030
    same = replace(verdicts)
    assert same != verdicts and len({same, verdicts}) == 2


def test_broken_promises_are_told_by_position(verdicts):
    """One county broke it once, two in every year since 2021, one never."""
    failed = verdicts.failed
    found = {name: part["year"].tolist() for name, part in failed.sort_values("year").groupby("region")}
    every = list(range(2021, 2026))
    assert found == {1: [2025], 2: every, 3: every}
    assert (verdicts.facts["target_id"].iloc[failed["target"].to_numpy(int)] == "x@every_year").all()
