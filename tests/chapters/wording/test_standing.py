"""“达到” is said only where the value satisfies the printed target: held on all targets of the demonstration."""

import re

import pytest
from wording_rows import row

from xhcp_eval.chapters.wording.standing import TOLERATED, kept, not_yet, stands, tolerance_note
from xhcp_eval.pack.pack import open_pack
from xhcp_eval.plan.reading import load_plan

PLAN = load_plan("xinhua_2021_2030")


@pytest.fixture(scope="module")
def rows():
    return list(open_pack("midterm_2025").assessment.itertuples())


def of(rows, target):
    return next(one for one in rows if one.target_id == target)


def test_a_target_that_starts_from_this_year_is_not_reached_yet(rows):
    fitness = of(rows, "student_fitness_good_rate@2030")
    assert not_yet(fitness)
    assert stands(PLAN, fitness) == "目标从2026年起才能比较；另须≥60%，现差2.2个百分点"
    for name in ("senior_high_gross_enrolment_rate", "rural_tap_water_coverage"):
        told = stands(PLAN, of(rows, f"{name}@2030"))
        assert told.startswith("目标从2026年起才能比较") and told.endswith("现已满足")


def test_gaps_are_those_of_the_printed_target(rows):
    overweight = of(rows, "child_overweight_prevalence@2030")
    assert stands(PLAN, overweight) == "距目标差0.7个百分点（242名学生）"
    assert "293名学生" in stands(PLAN, of(rows, "child_obesity_prevalence@2030"))
    assert (
        tolerance_note(row(gap=0.2, tolerance=0.3)) == TOLERATED
        and tolerance_note(row(gap=0.7, tolerance=0.3)) == ""
    )


def test_a_higher_rate_than_the_base_is_not_within_the_target(rows):
    burns = of(rows, "child_burn_mortality_rate@2030")
    assert stands(PLAN, burns).startswith("距目标差")


def test_within_is_for_ceilings_and_above_for_floors(rows):
    assert stands(PLAN, of(rows, "under5_anemia_prevalence@2025")) == "在目标值以内"
    assert stands(PLAN, of(rows, "senior_high_gross_enrolment_rate@2025")) == "高于目标值"


def test_whoever_is_told_to_be_there_is_there(rows):
    for one in rows:
        told = stands(PLAN, one)
        bound = re.fullmatch(r"(≥|≤)([\d.]+)%", one.target_text)
        if bound and told in ("高于目标值", "与目标值相同", "在目标值以内"):
            held = (
                one.latest_value >= float(bound[2])
                if bound[1] == "≥"
                else one.latest_value <= float(bound[2])
            )
            assert held, one.target_id


def test_a_promise_of_every_year_is_told_in_two_parts():
    past, ahead = kept(row(n_failures=1, failures="2023年 示范丙镇·麻腮风疫苗 86.36%", probability=0.82))
    assert (
        past == "规划期内有1处未保持：2023年 示范丙镇·麻腮风疫苗 86.36%" and ahead == "今后逐年保持较有把握"
    )
    assert kept(row()) == ("规划期内逐年保持", "")
