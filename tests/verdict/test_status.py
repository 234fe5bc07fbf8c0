"""The one rule that turns evidence into a status, as a table by hand and by what may never happen."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xhcp_eval.verdict.settings import Settings
from xhcp_eval.verdict.status import SEVERITY, Status, statuses, worst

NAN = float("nan")
SETTINGS = Settings()


def status(settings=SETTINGS, *, over=False, met=False, certain=True, probability=NAN, **more):
    """Status of a single target."""
    arrays = {"over": over, "met": met, "certain": certain, "probability": float(probability)} | more
    milestone = arrays.pop("milestone", False)
    found = statuses(settings, **{k: np.array([v]) for k, v in arrays.items()}, milestone=milestone)
    assert found.shape == (1,)
    return str(found[0])


BY_HAND = [
    # the year has come: the value decides, unless chance could have put it on either side
    ({"over": True, "met": True}, "已达标"),
    ({"over": True, "met": False}, "未达标"),
    ({"over": True, "met": True, "certain": False}, "无法判定"),
    ({"over": True, "met": False, "certain": False}, "无法判定"),
    # a chance is of no account then
    ({"over": True, "met": False, "probability": 0.99}, "未达标"),
    # ahead: the chance decides; met today counts as met only if that is secure
    ({"met": True, "probability": 0.9}, "已达标"),
    ({"met": True, "probability": 0.8999}, "预期可达标"),
    ({"met": False, "probability": 0.999}, "预期可达标"),
    ({"met": True, "probability": 0.7}, "预期可达标"),
    ({"met": True, "probability": 0.6999}, "存在风险"),
    ({"met": False, "probability": 0.3}, "存在风险"),
    ({"met": True, "probability": 0.2999}, "难以达标"),
    ({"met": False, "probability": 0.0}, "难以达标"),
    ({"probability": NAN}, "无法判定"),
    ({"probability": NAN, "met": True}, "无法判定"),
    # small counts: only a chance outside of 10 to 90% is called, and never as met already
    ({"certain": False, "probability": 0.10}, "难以达标"),
    ({"certain": False, "probability": 0.1001}, "无法判定"),
    ({"certain": False, "probability": 0.8999}, "无法判定"),
    ({"certain": False, "probability": 0.9}, "预期可达标"),
    ({"certain": False, "met": True, "probability": 0.95}, "预期可达标"),
    # done or not is no matter of chance
    ({"milestone": True, "met": True}, "已达标"),
    ({"milestone": True, "met": False}, "存在风险"),
    ({"milestone": True, "met": False, "over": True}, "未达标"),
    # what stands above all this, each above the next
    ({"broken": True, "over": True, "met": True, "certain": False}, "未达标"),
    ({"broken": True, "probability": 0.99, "met": True}, "未达标"),
    ({"held": True, "broken": True, "over": True}, "不作判定"),
    ({"held": True, "milestone": True, "met": True}, "不作判定"),
    ({"unknown": True, "held": True, "broken": True, "over": True}, "缺数据"),
    ({"unknown": True, "probability": 0.5}, "缺数据"),
]


@pytest.mark.parametrize(("evidence", "word"), BY_HAND)
def test_table_by_hand(evidence, word):
    assert status(**evidence) == word


def test_thresholds_are_those_of_the_settings():
    other = Settings(secure=0.8, likely=0.6, unlikely=0.2, undecidable=(0.05, 0.5))
    assert status(other, met=True, probability=0.8) == "已达标"
    assert status(other, met=True, probability=0.79) == "预期可达标"
    assert status(other, probability=0.6) == "预期可达标"
    assert status(other, probability=0.59) == "存在风险"
    assert status(other, probability=0.2) == "存在风险"
    assert status(other, probability=0.19) == "难以达标"
    assert status(other, probability=0.05, certain=False) == "难以达标"
    assert status(other, probability=0.49, certain=False) == "无法判定"
    assert status(other, probability=0.5, certain=False) == "存在风险"


def test_many_at_once_are_each_judged_alone():
    keys = ("over", "met", "certain", "probability", "broken", "held", "unknown")
    cases = list(itertools.product(*[(False, True)] * 3, (NAN, 0.05, 0.5, 0.95), *[(False, True)] * 3))
    columns = dict(zip(keys, (np.array(column) for column in zip(*cases, strict=True)), strict=True))
    together = statuses(SETTINGS, **columns)
    assert together.tolist() == [status(**dict(zip(keys, case, strict=True))) for case in cases]


CHANCES = st.floats(0, 1)
GOOD = ["难以达标", "存在风险", "预期可达标", "已达标"]


@given(CHANCES, CHANCES, st.booleans(), st.booleans())
def test_a_better_chance_never_makes_a_worse_status(a, b, met, certain):
    low, high = (status(met=met, certain=certain, probability=p) for p in sorted((a, b)))
    if "无法判定" not in (low, high):
        assert GOOD.index(low) <= GOOD.index(high)
    elif certain:
        raise AssertionError("a chance that is known is called where counts are large")


@given(CHANCES, st.booleans())
def test_what_is_met_today_is_never_worse_off(probability, certain):
    with_, without = (status(met=met, certain=certain, probability=probability) for met in (True, False))
    if with_ != without:
        assert (with_, without) == ("已达标", "预期可达标") and certain and probability >= 0.9


@given(CHANCES, st.booleans(), st.booleans(), st.booleans())
def test_small_counts_alone_never_pass_or_fail(probability, met, over, milestone):
    found = status(met=met, over=over, certain=False, probability=probability, milestone=milestone)
    if milestone and not over:
        return
    assert found not in ("已达标", "未达标")
    assert found != "存在风险", "a risk is called by a chance within the band only"


def test_words_that_reports_print():
    assert [s.value for s in Status] == [
        "已达标", "预期可达标", "存在风险", "难以达标", "未达标", "无法判定", "待裁定", "缺数据", "不作判定",
    ]  # fmt: skip
    # from what needs attention most to what needs it least, each once
    assert [s.value for s in SEVERITY] == [
        "未达标", "难以达标", "存在风险", "待裁定", "无法判定", "缺数据", "预期可达标", "已达标", "不作判定",
    ]  # fmt: skip


def test_the_worst_needs_attention_most():
    assert worst([Status.MET, Status.AT_RISK, Status.LIKELY]) == Status.AT_RISK
    assert worst([Status.NO_DATA, Status.UNDECIDABLE]) == Status.UNDECIDABLE
    assert worst([]) is None
