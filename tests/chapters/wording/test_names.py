import pytest

from xhcp_eval.chapters.wording.names import goal_number, heading, machine_signs, numeral
from xhcp_eval.plan.reading import load_plan


def test_goals_are_numbered_by_domain():
    plan = load_plan("xinhua_2021_2030")
    assert goal_number(plan, "health.8") == "健康-8" and goal_number(plan, "") == ""
    assert len({goal_number(plan, goal.id) for goal in plan.goals}) == 70


@pytest.mark.parametrize(
    "text",
    [
        "见 infant_mortality_rate",
        "目标 health.3",
        "neonatal@2030",
        "规划疑义A01",
        "差nan个百分点",
        "p=0.03",
        "按TOPSIS排序",
    ],
)
def test_signs_of_a_machine_are_found(text):
    assert machine_signs(text)


def test_plain_sentences_have_none():
    assert not machine_signs("健康-3：A类药品、GB/T 9704和2025年的57.8%都不是机器编号；PM2.5亦然。")


def test_headings_are_formal():
    assert [numeral(n) for n in (1, 10, 11, 20, 34)] == ["一", "十", "十一", "二十", "三十四"]
    assert (
        heading(2, "规划实施总体情况") == "二、规划实施总体情况"
        and heading(3, "儿童与教育", 2) == "（三）儿童与教育"
    )
    with pytest.raises(ValueError, match="0"):
        numeral(0)
