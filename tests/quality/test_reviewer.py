"""Each finding on a table made to have it, none on a clean one, and completeness counted by hand."""

import numpy as np
import pandas as pd
import pytest

from xhcp_eval.observations.table import COLUMNS as TABLE_COLUMNS
from xhcp_eval.observations.table import DEFAULTS, read_table
from xhcp_eval.plan.identities import load_identities
from xhcp_eval.plan.reading import load_plan
from xhcp_eval.plan.units import UNITS
from xhcp_eval.quality.findings import COLUMNS
from xhcp_eval.quality.reporting import completeness
from xhcp_eval.quality.reviewer import review

PLAN = load_plan("xinhua_2021_2030")
REGION, AS_OF = "新华区", 2025
EYES = "eye_exam_coverage_0_6"
CLEAN = [81.0, 82.1, 83.0, 84.1, 84.9, 86.0, 87.1, 88.0]


def rows(values=CLEAN, indicator=EYES, last=AS_OF, counts=True, **columns):
    """A yearly series that ends in `last`, with counts that fit its values."""
    years = range(last - len(values) + 1, last + 1)
    frame = pd.DataFrame({"year": list(years), "value": values}).assign(
        indicator=indicator,
        region=REGION,
        level="district",
        unit="percent",
        status="reported",
        source="填报表",
    )
    if counts:
        frame["denominator"] = [4000 + 10 * i for i in range(len(values))]
        frame["numerator"] = (frame["value"] * frame["denominator"] / 100).round()
        frame["value"] = (100 * frame["numerator"] / frame["denominator"]).round(2)
    return frame.assign(**columns)


@pytest.fixture
def findings(tmp_path):
    """Findings on rows that went through the reader as a user's would."""

    def run(*frames, region=REGION, until=AS_OF):
        path = tmp_path / "t.csv"
        pd.concat(frames).to_csv(path, index=False, encoding="utf-8")
        return review(read_table(path, PLAN), PLAN, region, until)

    return run


def test_a_clean_table_has_no_findings(findings):
    found = findings(rows(), rows(indicator="under7_health_management_rate", counts=False))
    assert tuple(found.columns) == COLUMNS
    assert found.empty


def test_a_value_that_is_not_that_of_its_counts(findings):
    table = rows()
    table.loc[3, "value"] = 8.41
    (found,) = findings(table).query("severity == '高'").to_dict("records")
    assert (found["indicator"], found["region"], found["year"]) == (EYES, "新华区", 2021)
    assert found["department"] == "区卫健委"
    assert found["indicator_name"] == PLAN.indicator(EYES).name
    assert found["finding"] == "填报值 8.41% 与分子/分母（3389/4030）复算的 84.09% 不符"


def test_a_mismatch_is_found_in_units_and_cuts_too(findings):
    unit = rows([80.0], region="新华区/示范一街道", level="township", sex="female", residence="rural")
    unit["numerator"] = 100
    (found,) = findings(rows(), unit).to_dict("records")
    assert (found["region"], found["severity"]) == ("新华区/示范一街道", "高")
    assert found["finding"].endswith("不符（女、农村）")


def test_rounding_is_no_mismatch(findings):
    table = rows()
    table["value"] = table["value"].round(1)
    assert findings(table).empty


def test_a_last_year_that_was_not_reported(findings):
    (found,) = findings(rows(last=2024)).to_dict("records")
    assert (found["severity"], found["year"]) == ("中", 2025)
    assert found["finding"] == "2025年未填报，最近一次为2024年"


def test_a_survey_between_its_years_matters_less(findings):
    survey = next(i for i in PLAN.indicators if "survey" in i.measurement_level and i.unit == "percent")
    (found,) = findings(rows([20.0, 21.0], survey.id, last=2023, counts=False)).to_dict("records")
    assert found["severity"] == "低"
    assert found["finding"] == "非年度调查，2025年未填报，最近一次为2023年"


def test_figures_after_the_data_year_are_not_looked_at(findings):
    table = rows(last=2026)
    table.loc[table["year"] == 2026, "value"] = 1.0
    assert findings(table).empty


def test_a_marked_break_is_told_with_its_note(findings):
    table = rows(series_break=False, note="")
    table.loc[4, ["series_break", "note"]] = [True, "筛查标准更换"]
    (found,) = findings(table).to_dict("records")
    assert (found["severity"], found["year"]) == ("中", 2022)
    assert found["finding"] == "统计口径变更，2022年以前不可比，趋势只用此后数据：筛查标准更换"


def test_a_change_far_outside_the_series_own(findings):
    (found,) = findings(rows([*CLEAN[:7], 60.0])).to_dict("records")
    assert (found["severity"], found["year"]) == ("低", 2025)
    assert found["finding"].startswith("较上次变动 −27.09个百分点/年，远超历年变动（修正z=")
    assert found["finding"].endswith("），请核实或说明")
    assert "z=−" in found["finding"] and "-" not in found["finding"]


def test_a_jump_at_a_marked_break_is_no_outlier(findings):
    table = rows([30.0, 31.1, 32.0, *CLEAN], series_break=False)
    assert (findings(table)["severity"] == "低").any()
    table.loc[3, "series_break"] = True
    assert findings(table)["severity"].tolist() == ["中"]


def test_few_changes_tell_no_outlier(findings):
    assert findings(rows([80.0, 80.5, 81.0, 60.0])).empty


def test_a_figure_repeated_with_its_counts(findings):
    table = rows()
    table.loc[6, ["value", "numerator", "denominator"]] = table.loc[5, ["value", "numerator", "denominator"]]
    (found,) = findings(table).to_dict("records")
    assert (found["severity"], found["year"]) == ("中", 2024)
    counts = table.loc[5]
    expected = f"分子、分母与上年完全相同（{counts['numerator']:g}/{counts['denominator']:g}），疑似沿用旧数"
    assert found["finding"] == expected


def test_small_denominators_and_gaps_may_repeat(findings):
    small = rows([50.0] * 8)
    small[["numerator", "denominator"]] = [6, 12]
    assert findings(small).empty
    sparse = rows().iloc[[0, 2, 4, 7]].assign(value=50.0, numerator=2000, denominator=4000)
    assert findings(sparse).empty


def test_findings_come_with_the_most_severe_first(findings):
    table = rows()
    table.loc[3, "value"] = 8.41
    found = findings(table, rows(indicator="under7_health_management_rate", last=2024))
    order = ["高", "中", "低"]
    assert found["severity"].tolist() == sorted(found["severity"], key=order.index)
    assert {"高", "中", "低"} == set(found["severity"])


def test_other_regions_are_not_looked_at(findings):
    other = rows(region="新华区二", last=2020)
    other.loc[3, "value"] = 8.41
    assert findings(rows(), other).empty
    assert findings(rows(), region="别区").empty


def test_completeness_counts_by_lead_department(tmp_path):
    own = [i.id for i in PLAN.indicators if i.departments[:1] == ("区卫健委",) and i.kind != "gap"]
    one, two, three = [name for name in own if PLAN.indicator(name).unit == "percent" and name != EYES][:3]
    table = pd.concat(
        [
            rows(),
            rows([80.0], one, counts=False),
            rows([80.0], two, last=2023, counts=False),
            rows([80.0], three, counts=False, status="recollection"),
            rows([80.0], three, counts=False, region="新华区/示范一街道", level="township"),
        ]
    )
    path = tmp_path / "t.csv"
    table.to_csv(path, index=False, encoding="utf-8")
    found = completeness(read_table(path, PLAN), PLAN, REGION, AS_OF)
    assert list(found.columns) == ["department", "indicators", "reported_ever", "reported_last", "share"]
    assert found["indicators"].sum() == sum(i.kind != "gap" for i in PLAN.indicators)
    health = found.set_index("department").loc["区卫健委"]
    assert (health["indicators"], health["reported_ever"], health["reported_last"]) == (len(own), 3, 2)
    assert health["share"] == pytest.approx(200 / len(own))
    others = found[found["department"] != "区卫健委"]
    assert (others["reported_ever"].sum(), others["share"].sum()) == (0, 0)
    assert found["indicators"].is_monotonic_decreasing


# --- no storm of false alarms


def clean_district(seed):
    """Counts drawn round smooth courses in twelve townships, added up; sexes drawn from them; honest rounding."""
    rng = np.random.default_rng(seed)
    years = np.arange(2015, 2026)
    named = load_identities(PLAN).named()
    frames = []
    for indicator in PLAN.indicators:
        per = UNITS[indicator.unit].per
        if indicator.kind not in ("proportion", "rate") or per is None or indicator.id in named:
            continue
        start = rng.normal(-4.6, 1) if indicator.kind == "rate" else rng.normal(0, 1.5)
        share = 1 / (1 + np.exp(-(start + rng.normal(0, 0.04) * np.arange(11))))
        cases = rng.poisson(rng.integers(400, 7000, 12)[:, None] * (1 - 0.02 * np.arange(11)))
        events, boys = rng.binomial(cases, share), rng.binomial(cases, 0.51)
        sick_boys = rng.hypergeometric(events, cases - events, boys)
        cells = [(f"{REGION}/街道{k}", "total", events[k], cases[k]) for k in range(12)]
        cells += [
            (REGION, "total", events.sum(0), cases.sum(0)),
            (REGION, "male", sick_boys.sum(0), boys.sum(0)),
        ]
        cells += [(REGION, "female", (events - sick_boys).sum(0), (cases - boys).sum(0))]
        for region, sex, x, n in cells:
            facts = {
                "indicator": indicator.id,
                "region": region,
                "sex": sex,
                "unit": indicator.unit,
                "year": years,
            }
            level = "township" if "/" in region else "district"
            counts = {"numerator": x, "denominator": n, "value": np.round(per * x / n, 2), "level": level}
            frames.append(pd.DataFrame(facts | counts))
    table = pd.concat(frames, ignore_index=True)
    rest = DEFAULTS | {"status": "reported", "source": "表", "reported_on": "2026-03-01"}
    table = table.assign(**{name: value for name, value in rest.items() if name not in table.columns})
    return table[list(TABLE_COLUMNS)].astype({"numerator": float, "denominator": float})


def test_a_clean_district_is_hardly_asked_anything():
    """15,000 honest figures: on average one finding in four districts (ten in forty)."""
    table = clean_district(5)
    assert len(table) > 14_500
    found = review(table, PLAN, REGION, AS_OF, due="2026-03-31")
    assert len(found[found["rule"] != "从未填报"]) <= 1


def test_the_demonstration_district_is_asked_what_was_planted(root):
    table = read_table(root / "data" / "demo" / "xinhua_2015_2025.csv", PLAN)
    found = review(table, PLAN, REGION, AS_OF, due="2026-04-30")
    assert 10 <= len(found) < 60
    planted = [
        ("复算不符", "under3_systematic_management_rate", 2022), ("沿用旧数", "disabled_child_rehab_coverage", 2024),
        ("口径变更", "child_overweight_prevalence", 2022), ("未填报", "school_food_safety_compliance_rate", 2025),
    ]  # fmt: skip
    assert set(planted) <= set(zip(found["rule"], found["indicator"], found["year"], strict=True))
    assert (found["severity"] == "高").sum() == 1
    changes = found.loc[found["rule"] == "变动异常", "finding"]
    assert len(changes) < 10 and not changes.str.contains("-").any()
    assert (found["question"].notna() & found["department"].notna()).all()
