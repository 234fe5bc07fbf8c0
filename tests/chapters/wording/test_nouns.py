import math

from xhcp_eval.chapters.wording.nouns import counted, of_all, pooled
from xhcp_eval.plan.reading import load_plan

PLAN = load_plan("xinhua_2021_2030")


def test_numbers_have_their_noun():
    assert counted(842.2, PLAN.indicator("myopia_prevalence_junior_high")) == "842名学生"
    assert counted(6, PLAN.indicator("family_education_station_rural")) == "6个村"
    assert counted(27, PLAN.indicator("infant_mortality_rate")) == "27例"
    assert (
        counted(math.nan, PLAN.indicator("infant_mortality_rate"))
        == counted(0, PLAN.indicator("infant_mortality_rate"))
        == ""
    )


def test_counts_of_three_years_are_told_as_such():
    assert pooled(5, 3, PLAN.indicator("child_fall_burn_poison_disability")) == "三年共5人（年均1.7人）"
    assert pooled(5, 1, PLAN.indicator("child_fall_burn_poison_disability")) == "5人"


def test_full_counts_have_no_interval():
    assert of_all(37, 50, PLAN.indicator("family_education_station_rural")) == "50个村中37个"
    assert of_all(1, 2, PLAN.indicator("public_library_child_area_rate")) == "2家图书馆中1家"
