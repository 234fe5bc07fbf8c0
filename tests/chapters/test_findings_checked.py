"""Edited sentences: boasts on a target that is hard to reach are refused, true rewordings pass."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xhcp_eval.chapters.findings_checked import _numeral, claims_too_much, status_words, text_faults
from xhcp_eval.chapters.findings_worded import Finding, findings
from xhcp_eval.pack.pack import open_pack
from xhcp_eval.verdict.status import Status

WRITTEN = (
    "高中生近视率2025年为78.04%，2030年目标（≤70%）难以达标，达标概率3%；差8.04个百分点，折合约777名学生。"
)


def one(**changes):
    values = {"key": "problems.a", "chapter": "problems", "text": WRITTEN, "targets": ("a",), "statuses": ("难以达标",),
              "department": "区教体局", "digest": "12345678", "numbers": (78.0412, 70.0, 2030.0, 9963.0)}  # fmt: skip
    return Finding(**(values | changes))


@pytest.mark.parametrize(
    "boast",
    [
        "高中生近视防控任务胜利收官。",
        "目标达成，可喜可贺。",
        "指标水平早已越过规划要求。",
        "已 达 标。",
        "已\u200b达\u3000标，成绩突出。",
        "近视率全面受控，规划承诺兑现。",
        "这项目标提前五年画上了句号。",
        "近视率２０２５年降到６５％，有风险的局面结束。",
        "2030年目标没有风险。",
        "目标并非难以达标。",
        "目标不再难以达标。",
        "不存在风险，形势大好。",
        "难以达标的判断已过时：预期可达标。",
        "难以达标？其实已 达 标！",
        "虽曾难以达标，现已实现。",
        "难以达标，但达标概率93%。",
        "难以达标，但百分之九十五的学生视力良好。",
        "难以达标，但九成学校已合格。",
        "难以达标，但近视率只有60.0%，约0.3万名学生。",
        "难以达标，但降幅是全国的三倍。",
        "目标缺数据，无法判定。",
    ],
)
def test_boasts_are_refused(boast):
    assert text_faults(boast, one())


@pytest.mark.parametrize(
    "text",
    [
        "高中生近视率居高不下，2030年目标难以达标。",
        "照现在的走势，到2030年压到70%以下有风险。",
        "近视率78%，离目标还差8个百分点，难以达标，须从减轻课业负担入手。",
        "难 以 达 标：现值７８．０％，约777名学生要从近视里走出来。",
        "百分之七十八的学生近视，目标难以达标。",
        "约八成学生近视，难以达标，请教体局三个月内交出方案。",
        "近1万名学生中78.04%近视，难以达标（概率3%）。",
        "不仅难以达标，而且差距明显。",
    ],
)
def test_true_rewordings_pass(text):
    assert text_faults(text, one()) == []


def test_faults_say_what_is_missing_and_what_is_allowed():
    missing, beyond, numbers = text_faults("目标已达标，近视率65%。", one())
    assert missing == "没有写明判定，须写“难以达标”或“有风险”，不得否定"
    assert beyond == "说“已达标”，超出了判定（难以达标）"
    assert numbers.startswith("数字 65 不是结果里的数；可用的数：3、8.04、70、78.04、777、2025、2030")


def test_what_rests_on_no_target_needs_no_status_but_its_numbers():
    doubts = one(text="建议核实12条疑点。", targets=(), statuses=(), numbers=())
    assert text_faults("请核实12条疑点。", doubts) == []
    assert "数字 13" in text_faults("请核实13条疑点。", doubts)[0]


def test_every_status_has_its_words():
    assert status_words(Status.MET) == ("已达标", "已达到且稳", "已达到")
    assert status_words(Status.MISSED) == ("未达标", "未达到")
    assert all(status_words(status)[0] == status for status in Status)
    assert claims_too_much("目标如期实现。", one(statuses=("预期可达标",))) == []


def test_nothing_does_not_stand_for_little():
    assert text_faults("难以达标，差距为0。", one(numbers=(0.3,)))
    assert not text_faults("难以达标，死亡0例。", one(numbers=(0.0,)))


@given(st.integers(0, 999))
def test_chinese_numerals(number):
    digits = "零一二三四五六七八九"
    hundreds, tens, ones = number // 100, number // 10 % 10, number % 10
    text = (digits[hundreds] + "百") * bool(hundreds)
    text += digits[tens] + "十" if tens else "零" * bool(hundreds and ones)
    assert _numeral((text + digits[ones] * bool(ones)) or "零") == number
    assert math.isclose(_numeral(f"{digits[ones]}点五"), ones + 0.5)


@pytest.mark.parametrize("name", ["midterm_2025", "final_2030"])
def test_written_sentences_with_their_status_keep_to_the_rule(name):
    checked = 0
    for finding in findings(open_pack(name)):
        text = f"{finding.text}{'、'.join(finding.statuses)}"
        assert text_faults(text, finding) == [], finding.key
        checked += 1
    assert checked > 50
