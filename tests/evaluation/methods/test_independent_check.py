"""A second look that shares no code with the first: it agrees on facts, and finds what was tampered with."""

import numpy as np
import pandas as pd
import pytest

from xhcp_eval.errors import DataError
from xhcp_eval.evaluation.methods.independent_check import (
    CHECK_COLUMNS,
    NOT_CHECKED,
    OTHER,
    SAME,
    _poisson_limits,
    draw_sample,
    recheck_statuses,
    summarise,
)
from xhcp_eval.observations.table import read_table
from xhcp_eval.plan.reading import load_plan
from xhcp_eval.provenance import ROOT
from xhcp_eval.verdict.judging import judge
from xhcp_eval.verdict.settings import Settings

PLAN = load_plan("xinhua_2021_2030")
TABLE = read_table(ROOT / "data" / "demo" / "xinhua_2015_2025.csv", PLAN)


@pytest.fixture(scope="module")
def assessment():
    return judge(TABLE, PLAN, until=2025).explained()


def check(assessment, table=TABLE):
    return recheck_statuses(table, assessment, Settings(), 2025, PLAN.start_year)


def test_every_target_is_checked_or_says_why_not(assessment):
    found = check(assessment)
    assert tuple(found.columns) == CHECK_COLUMNS
    assert found["target_id"].tolist() == assessment["target_id"].tolist()
    left = found[found["agreement"] == NOT_CHECKED]
    assert (left["remark"] != "").all()
    assert len(left) < 0.15 * len(found)


def test_both_implementations_come_to_the_same_values(assessment):
    found = check(assessment)
    looked = found[found["agreement"] != NOT_CHECKED]
    assert looked["value_agrees"].all(), looked[~looked["value_agrees"]]


def test_past_targets_agree_in_every_status(assessment):
    found = check(assessment).set_index("target_id")
    past = assessment[(assessment["target_year"] <= 2025) & (assessment["own_status"] != "不作判定")]
    agree = found.loc[past["target_id"], "agreement"]
    assert set(agree) <= {SAME, NOT_CHECKED}
    assert (agree == SAME).sum() >= 5


def test_a_value_tampered_with_is_found(assessment):
    row = assessment[(assessment["op"] == ">=") & (assessment["own_status"] == "难以达标")].iloc[[0]]
    false = row.assign(latest_value=row["latest_value"] + 20, own_status="已达标")
    found = check(false).iloc[0]
    assert not found["value_agrees"]
    assert "本方复算为" in found["remark"]
    assert found["agreement"] != SAME


def test_a_status_without_data_is_found(assessment):
    row = assessment[assessment["own_status"] == "缺数据"].iloc[[0]]
    row = row[row["op"].isin(["<=", ">="])] if row["op"].isin(["<=", ">="]).any() else row
    empty = TABLE[TABLE["indicator"] != row["indicator"].iloc[0]]
    assert check(row.assign(own_status="已达标"), empty)["agreement"].tolist() == [OTHER]


@pytest.mark.parametrize(("events", "low", "high"), [(0, 0, 3.689), (1, 0.025, 5.572), (14, 7.654, 23.490)])
def test_limits_are_close_to_the_exact_ones(events, low, high):
    """Garwood 1936; Byar's approximation is good to a few per cent from one event on."""
    found = _poisson_limits(events, 0.95)
    assert found[0] == pytest.approx(low, abs=0.06)
    assert found[1] == pytest.approx(high, rel=0.03)


def test_the_sample_can_be_drawn_again_and_covers_every_department():
    one, again, other = (draw_sample(TABLE, 40, seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(one, again)
    assert not one[["indicator", "region", "year"]].equals(other[["indicator", "region", "year"]])
    assert len(one) == 40
    assert one["recounted"].isna().all()
    counted = TABLE[(TABLE["year"] > 2022) & TABLE["numerator"].notna()]
    assert set(one["department"]) == set(counted["department"])
    with pytest.raises(DataError, match="不足 100000 个"):
        draw_sample(TABLE, 100_000, 1)


def test_the_summary_counts_every_target(assessment):
    found = summarise(check(assessment))
    assert found["targets"].sum() == len(assessment)
    assert found["agreement"].tolist() == ["一致", "相邻", "不同", "未复算"]
    assert np.all(found["values_agree"] <= found["targets"])
