from xhcp_eval.chapters.wording.duties import NOBODY, proposed, units
from xhcp_eval.plan.reading import load_plan

PLAN = load_plan("xinhua_2021_2030")


def test_all_units_are_named_as_a_proposal():
    junior = PLAN.indicator("myopia_prevalence_junior_high")
    assert proposed(junior) == "建议牵头：区教体局；配合：区卫健委"
    assert units(junior, PLAN.indicator("myopia_prevalence_senior_high")) == "区教体局·区卫健委"


def test_a_plan_that_names_nobody_says_so():
    nobody = load_plan("china_2021_2030").indicator("infant_mortality_rate")
    assert proposed(nobody) == f"建议牵头：{NOBODY}" and units(nobody) == NOBODY
