"""The shipped plans against what a person counts and reads in the printed text."""

import re

import pandas as pd
import pytest

from xhcp_eval.observations.table import read_table
from xhcp_eval.plan.reading import load_plan

DOMAINS = {
    "health": 11,
    "safety": 10,
    "education": 11,
    "welfare": 11,
    "family": 8,
    "environment": 9,
    "law": 10,
}
STRATEGIES = {
    "health": 14,
    "safety": 11,
    "education": 13,
    "welfare": 14,
    "family": 9,
    "environment": 11,
    "law": 14,
}
STATED = [
    "neonatal_mortality_rate", "infant_mortality_rate", "under5_mortality_rate", "nip_vaccination_coverage",
    "under5_anemia_prevalence", "under5_stunting_prevalence", "myopia_prevalence_primary",
    "myopia_prevalence_junior_high", "myopia_prevalence_senior_high", "eye_exam_coverage_0_6",
    "student_fitness_good_rate", "child_injury_mortality_rate", "preschool_gross_enrolment_rate",
    "compulsory_retention_rate", "senior_high_gross_enrolment_rate", "family_education_station_urban",
    "family_education_station_rural", "rural_tap_water_coverage",
]  # fmt: skip
NATIONAL = ("china_2011_2020", "china_2021_2030")


@pytest.fixture(scope="module")
def plan():
    return load_plan("xinhua_2021_2030")


@pytest.fixture(scope="module")
def targets(plan):
    return {target.id: target for target in plan.targets()}


def test_everything_of_the_text_is_there(plan):
    assert len(plan.goals) == 70
    assert len([i for i in plan.indicators if i.basis != "watch"]) == 153
    assert [i.id for i in plan.indicators if i.basis == "watch"] == ["sex_ratio_at_birth"]
    assert len([t for t in plan.targets() if t.printed]) == 146
    assert (len(plan.strategies), len(plan.measures), len(plan.duties)) == (86, 11, 74)
    assert (len(plan.readings), len(plan.milestones)) == (34, 19)


def test_the_plan_is_the_districts_of_2021_to_2030(plan):
    assert (plan.name, plan.region, plan.level) == (
        "平顶山市新华区儿童发展规划（2021—2030年）",
        "新华区",
        "district",
    )
    assert (plan.base_year, plan.start_year, plan.midterm_year, plan.end_year) == (2020, 2021, 2025, 2030)
    names = ["健康", "安全", "教育", "福利", "家庭", "环境", "法律保护"]
    assert [d.name for d in plan.domains] == names
    assert [d.id for d in plan.domains] == list(DOMAINS)


def test_goals_are_numbered_as_in_the_text(plan):
    expected = [f"{domain}.{number}" for domain, count in DOMAINS.items() for number in range(1, count + 1)]
    assert (expected[0], expected[-1], len(expected)) == ("health.1", "law.10", 70)
    assert [g.id for g in plan.goals] == expected
    assert all(g.id == f"{g.domain}.{g.number}" and g.name for g in plan.goals)


def test_strategies_measures_and_ambiguities_are_numbered_as_in_the_text(plan):
    expected = [
        f"{domain}.s.{number}" for domain, count in STRATEGIES.items() for number in range(1, count + 1)
    ]
    assert [s.id for s in plan.strategies] == expected
    assert [m.id for m in plan.measures] == [f"impl.{number}" for number in range(1, 12)]
    assert [a.id for a in plan.readings] == [f"A{number:02d}" for number in range(1, 35)]


def test_each_ambiguity_names_its_default_reading(plan):
    # A07 waits for the national outline itself
    assert [a.id for a in plan.readings if not a.default] == ["A07"]
    defaults = {id: plan.ambiguity(id).default for id in ("A01", "A03", "A09", "A14", "A34")}
    assert defaults == {"A01": ("a", "c"), "A03": ("a",), "A09": ("a",), "A14": ("b",), "A34": ("c",)}


def test_those_whom_duties_serve_have_chinese_names(plan):
    assert len(plan.users) == 8
    assert {user for duty in plan.duties for user in duty.users} <= set(plan.users)
    assert plan.users["committee_office"] == "区妇儿工委办公室"


def test_indicators_with_a_stated_target(plan):
    assert [i.id for i in plan.indicators if i.basis == "stated_target"] == STATED
    assert len(STATED) == 18


# target id, op, value, base year: as the sentence of the plan says
BY_HAND = [
    ("neonatal_mortality_rate@2025", "<=", 2, None),
    ("neonatal_mortality_rate@2030#literal", "<=", 3, None),
    ("neonatal_mortality_rate@2030#strict", "<=", 2, None),
    ("infant_mortality_rate@2025", "<=", 4, None),
    ("infant_mortality_rate@2030#literal", "<=", 5, None),
    ("infant_mortality_rate@2030#strict", "<=", 4, None),
    ("infant_mortality_rate@2030.national", "<=", 5, None),
    ("under5_mortality_rate@2025", "<=", 5, None),
    ("under5_mortality_rate@2030#literal", "<=", 6, None),
    ("under5_mortality_rate@2030#strict", "<=", 5, None),
    ("nip_vaccination_coverage@every_year", ">=", 90, None),
    ("under5_anemia_prevalence@2025", "<=", 10, None),
    ("under5_stunting_prevalence@2030", "<=", 5, None),
    ("myopia_prevalence_primary@2030", "<=", 38, None),
    ("myopia_prevalence_junior_high@2030", "<=", 60, None),
    ("myopia_prevalence_senior_high@2030", "<=", 70, None),
    ("eye_exam_coverage_0_6@2030", ">=", 90, None),
    ("student_fitness_good_rate@2025", ">=", 60, None),
    ("student_fitness_good_rate@2030", "trend_up", None, 2025),
    ("child_injury_mortality_rate@2025", "relative_change_vs_base", -14, 2020),
    ("child_injury_mortality_rate@2030", "relative_change_vs_base", -20, 2020),
    ("preschool_gross_enrolment_rate@2025", ">=", 93, None),
    ("preschool_gross_enrolment_rate@2025.province", ">=", 90, None),
    ("compulsory_retention_rate@2030", ">=", 96, None),
    ("senior_high_gross_enrolment_rate@2025", ">=", 92, None),
    ("family_education_station_urban@2025", ">=", 90, None),
    ("family_education_station_rural@2025", ">=", 80, None),
    ("family_education_station_urban@2030", ">=", 95, None),
    ("family_education_station_rural@2030", ">=", 85, None),
    ("rural_tap_water_coverage@2025", ">=", 95, None),
    ("rural_tap_water_coverage@2030", "trend_up", None, 2025),
    ("dental_caries_prevalence_12y@2030", "<=", 25, None),
    ("exclusive_breastfeeding_rate_u6m@2030", ">=", 50, None),
    ("public_kindergarten_share@2030", ">=", 50, None),
    ("sleep_hours_primary@every_year", ">=", 10, None),
    ("sleep_hours_junior_high@every_year", ">=", 9, None),
    ("sleep_hours_senior_high@every_year", ">=", 8, None),
    ("mental_health_class_hours_primary@every_year", ">=", 12, None),
    ("mental_health_class_hours_secondary@every_year", ">=", 14, None),
]


@pytest.mark.parametrize(("id", "op", "value", "base_year"), BY_HAND, ids=[row[0] for row in BY_HAND])
def test_targets_by_hand(targets, id, op, value, base_year):
    target = targets[id]
    assert (target.op, target.value, target.base_year) == (op, value, base_year)
    assert target.role == ("comparison" if "." in id.split("@")[1] else "verdict")


def test_on_this_basis_keeps_the_floor(targets):
    floors = {t.id: t.floor for t in targets.values() if t.floor is not None and t.role == "verdict"}
    assert floors == {
        "student_fitness_good_rate@2030": 60,
        "senior_high_gross_enrolment_rate@2030": 92,
        "rural_tap_water_coverage@2030": 95,
    }


def test_vaccination_is_judged_by_the_worst_township_and_lessons_by_the_worst_school(targets):
    found = {t.id: t.aggregation for t in targets.values() if t.aggregation}
    assert found == {
        "nip_vaccination_coverage@every_year": "min_over_township",
        "mental_health_class_hours_primary@every_year": "min_over_school",
        "mental_health_class_hours_secondary@every_year": "min_over_school",
    }


def test_watches_that_readings_add_are_not_taken_for_printed(targets):
    added = [t for t in targets.values() if not t.printed]
    assert [(t.id, t.value, t.base_year, t.role) for t in added] == [
        ("nip_vaccination_coverage@2030#vs_baseline", 99.0, 2020, "watch"),
        ("under5_stunting_prevalence@2030#vs_baseline", 0.98, 2020, "watch"),
        ("preschool_gross_enrolment_rate@2030#vs_2025", None, 2025, "watch"),
        ("childrens_home_coverage@2030", None, 2020, "verdict"),
    ]
    printed = [t.id for t in targets.values() if t.printed and t.role == "watch"]
    assert printed == [
        "compulsory_retention_rate@2030#vs_baseline",
        "senior_high_gross_enrolment_rate@2030#vs_baseline",
        "child_medical_insurance_rate@2030#bonus_rise",
        "childrens_home_coverage@2030#bonus_rise",
    ]


def test_contradicting_ceilings_are_judged_side_by_side(plan, targets):
    assert plan.ambiguity("A01").rule == "side_by_side"
    disputed = {t.indicator for t in targets.values() if t.reading in ("literal", "strict")}
    assert disputed == {"neonatal_mortality_rate", "infant_mortality_rate", "under5_mortality_rate"}
    assert all(
        t.disputed and t.anomaly == "A01" for t in targets.values() if t.reading in ("literal", "strict")
    )


def test_gross_rates_may_pass_a_hundred_and_shares_may_not(plan):
    for id in ("preschool_gross_enrolment_rate", "senior_high_gross_enrolment_rate"):
        found = plan.indicator(id)
        assert (found.kind, found.unit, found.lower, found.upper) == ("ratio", "percent", 0, None)
    vaccination = plan.indicator("nip_vaccination_coverage")
    assert (vaccination.kind, vaccination.lower, vaccination.upper) == ("proportion", 0, 100)


# words for places, bodies and what else is counted one by one without chance; 农村人口 isn't a village
UNITS_COUNTED = (
    r"(?<!农)村|社区|乡镇|街道|学校|幼儿园|机构|卫生院|图书馆|场所|单位|水域|班级|组织|托位|机关|间数|病种"
)
PEOPLE_AND_EVENTS = r"人|儿童(?!之家|友好)|学生|幼儿(?!园)|产妇|活产|案件|批次|样品|户"
# denominators (for counts: numerators) that name such units though they aren't a full count of them
NO_CENSUS = {
    "premarital_exam_coverage": "counts people registering marriage; communities are the other way to count",
    "nip_vaccination_coverage": "children of each township",
    "migrant_child_vaccination_coverage": "children of each township",
    "lighting_standard_compliance_rate": "rooms that were inspected, which may be a part",
    "school_food_safety_compliance_rate": "canteens that were inspected, which may be a part",
    "public_kindergarten_share": "children in kindergartens; kindergartens are the other way to count",
    "mandatory_report_count": "leads reported by bodies and people, so events",
    "child_violence_case_count": "cases taken up by the police, so events",
}


def counted_units(indicator):
    """Words for what an indicator counts: its denominator, for plain counts what is counted."""
    return indicator.numerator_zh if indicator.kind == "count" else indicator.denominator_zh


def test_full_counts_of_places_are_marked_and_counts_of_people_are_not(plan):
    countable = [i for i in plan.indicators if i.kind in ("proportion", "rate", "ratio", "count")]
    named = {i.id for i in countable if re.search(UNITS_COUNTED, counted_units(i))}
    marked = {i.id for i in plan.indicators if i.census}
    assert named == marked | set(NO_CENSUS)
    assert not marked & set(NO_CENSUS)
    people = {i.id for i in countable if i.census and re.search(PEOPLE_AND_EVENTS, counted_units(i))}
    # pupils stand beside schools in brackets; the other bodies and places are those for children or of employers
    assert people == {
        "after_school_service_coverage",
        "child_service_social_org_count",
        "out_of_school_venue_count",
        "mother_infant_room_coverage",
        "juvenile_justice_unit_coverage",
    }


@pytest.mark.parametrize("name", NATIONAL)
def test_national_plans_mark_the_communities_alone(name):
    assert [i.id for i in load_plan(name).indicators if i.census] == [
        "family_education_station_urban",
        "family_education_station_rural",
    ]


def test_printed_baselines(plan):
    found = {(b.year, b.value, b.op) for b in plan.indicator("preschool_gross_enrolment_rate").baselines}
    assert found == {(2010, 62.0, "="), (2020, 91.0, "=")}
    (vaccination,) = plan.indicator("nip_vaccination_coverage").baselines
    assert (vaccination.year, vaccination.value, vaccination.op) == (2020, 99.0, ">=")


def test_goals_and_indicators_name_each_other(plan):
    for goal in plan.goals:
        for id in goal.indicators:
            indicator = plan.indicator(id)
            assert goal.id in (indicator.goal, *indicator.also_goals), (goal.id, id)
    for indicator in plan.indicators:
        for id in filter(None, (indicator.goal, *indicator.also_goals)):
            assert indicator.id in plan.goal(id).indicators, (indicator.id, id)


def test_quantified_goals_carry_a_district_target_that_decides(plan):
    for goal in plan.goals:
        if goal.kind == "quantified":
            own = [t for id in goal.indicators for t in plan.indicator(id).targets if t.role == "verdict"]
            assert any(t.level == "district" for t in own), goal.id


def test_everything_that_a_report_names_has_chinese_words(plan):
    def chinese(text):
        return any("\u4e00" <= sign <= "\u9fff" for sign in text)

    assert [i.id for i in plan.indicators if not chinese(i.name)] == []
    assert [i.id for i in plan.indicators if not i.departments] == []
    assert [g.id for g in plan.goals if not chinese(g.name)] == []
    assert [m.id for m in plan.milestones if not chinese(m.what_zh)] == []
    assert [d.id for d in plan.duties if not chinese(d.demand_zh)] == []
    assert [a.id for a in plan.readings if not chinese(a.title_zh)] == []


def test_the_frame_has_a_row_a_target(plan, targets):
    frame = plan.to_frame()
    assert frame["id"].tolist() == list(targets)
    assert frame["id"].is_unique
    assert len(frame) == 150
    assert set(frame["domain"]) == {d.name for d in plan.domains}
    row = frame.set_index("id").loc["infant_mortality_rate@2025"]
    assert (row["domain"], row["goal"], row["unit"], row["value"]) == ("健康", "health.3", "permille", 4)
    assert row["goal_name"] == "新生儿婴儿五岁以下死亡率"


def test_targets_are_narrowed_by_year_role_and_level(plan):
    every = plan.targets()
    assert len(plan.targets(level="district")) == 109
    assert len(plan.targets(role="verdict")) == 102
    assert len(plan.targets(role="comparison")) == 41
    assert {t.level for t in plan.targets(role="comparison")} == {"province", "national"}
    assert sum(len(plan.targets(year=year)) for year in (2025, 2030, "every_year")) == len(every)


NATIONAL_BY_HAND = [
    ("china_2011_2020", "infant_mortality_rate@2020", "<=", 10, "verified"),
    ("china_2011_2020", "under5_mortality_rate@2020", "<=", 13, "verified"),
    ("china_2011_2020", "preschool_gross_enrolment_rate@2020", ">=", 70, "verified"),
    ("china_2011_2020", "compulsory_retention_rate@2020", ">=", 95, "verified"),
    ("china_2011_2020", "senior_high_gross_enrolment_rate@2020", ">=", 90, "verified"),
    ("china_2011_2020", "child_injury_mortality_rate@2020", "relative_change_vs_base", -16.667, "recollection"),
    ("china_2021_2030", "infant_mortality_rate@2030", "<=", 5, "cited_in_plan"),
    ("china_2021_2030", "compulsory_retention_rate@2030", ">=", 96, "cited_in_plan"),
    ("china_2021_2030", "family_education_station_urban@2030", ">=", 95, "recollection"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "id", "op", "value", "status"), NATIONAL_BY_HAND)
def test_national_targets_by_hand(name, id, op, value, status):
    found = {t.id: t for t in load_plan(name).targets()}[id]
    assert (found.op, found.value, found.status, found.role) == (op, value, status, "verdict")


@pytest.mark.parametrize("name", NATIONAL)
def test_national_plans_load_and_read_the_national_table(root, name):
    national = load_plan(name)
    assert (national.region, national.level) == ("全国", "national")
    assert all(t.status and t.level == "national" for t in national.targets())
    table = read_table(root / "data" / "national" / "china_national.csv", national)
    assert len(table) == 140
    assert set(table["region"]) == {"全国"}
    assert table["status"].value_counts().to_dict() == {"verified": 68, "recollection": 47, "derived": 25}
    assert set(table["indicator"]) <= {i.id for i in national.indicators}


def test_a_recollection_says_so_in_its_source_too(root):
    table = pd.read_csv(root / "data" / "national" / "china_national.csv")
    recalled = table["status"] == "recollection"
    assert table.loc[recalled, "source"].unique().tolist() == ["凭回忆录入，未找到存档页面，待核实"]
    assert not table.loc[~recalled, "source"].str.contains("回忆").any()


def test_lines_of_the_nation_in_the_district_plan_are_those_of_its_outline(plan):
    outline = {(t.indicator, t.year): t for t in load_plan("china_2021_2030").targets()}
    for line in plan.targets(level="national"):
        if (line.indicator, line.year) in outline:
            found = outline[line.indicator, line.year]
            assert (line.op, line.value, line.base_year) == (found.op, found.value, found.base_year), line.id


@pytest.mark.parametrize("name", ["xinhua_2021_2030", *NATIONAL])
def test_every_indicator_with_targets_has_a_short_name_and_says_what_it_counts(name):
    for indicator in load_plan(name).indicators:
        if indicator.targets:
            assert 2 <= len(indicator.short_name_zh) <= 8, indicator.id
            counted = indicator.kind in ("proportion", "rate", "ratio", "count")
            assert bool(indicator.count_noun_zh) == counted, indicator.id
