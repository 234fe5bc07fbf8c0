"""Who was late, by hand."""

from datetime import date

import pandas as pd
import pytest

from xhcp_eval.errors import ParamsError
from xhcp_eval.observations.table import COLUMNS, DEFAULTS
from xhcp_eval.plan.reading import load_plan
from xhcp_eval.quality.reporting import late, timeliness
from xhcp_eval.quality.reviewer import review

PLAN = load_plan("xinhua_2021_2030")
HEALTH = [i.id for i in PLAN.indicators if i.departments[:1] == ("区卫健委",) and i.unit == "percent"][:3]
SCHOOLS = [i.id for i in PLAN.indicators if i.departments[:1] == ("区教体局",) and i.unit == "percent"][:2]


def table(dates):
    """One figure of 2025 an indicator, with its date."""
    facts = DEFAULTS | {"region": "新华区", "level": "district", "year": 2025, "value": 80.0, "unit": "percent",
                        "status": "reported", "source": "表"}  # fmt: skip
    rows = [facts | {"indicator": name, "reported_on": day} for name, day in dates.items()]
    return pd.DataFrame(rows)[list(COLUMNS)].astype({"numerator": float, "denominator": float})


DATES = dict(
    zip([*HEALTH, *SCHOOLS], ["2026-03-31", "2026-04-01", "", "2026-03-01", "2026-03-02"], strict=True)
)


@pytest.mark.parametrize("due", [date(2026, 3, 31), "2026-03-31"])
def test_the_due_day_itself_is_in_time(due):
    found = timeliness(table(DATES), PLAN, "新华区", 2025, due).set_index("department")
    columns = ["reported", "on_time", "late", "undated", "last_reported"]
    assert found.loc["区卫健委", columns].tolist() == [3, 1, 1, 1, "2026-04-01"]
    assert found.loc["区卫健委", "share"] == pytest.approx(100 / 3)
    assert found.loc["区卫健委", "late_indicators"] == (HEALTH[1],)
    assert found.loc["区教体局", columns].tolist() == [2, 2, 0, 0, "2026-03-02"]


def test_each_department_has_its_own_date():
    due = {"区教体局": "2026-03-01"}
    found = timeliness(table(DATES), PLAN, "新华区", 2025, due)
    assert found["department"].tolist() == ["区教体局"] and found["late"].tolist() == [1]


def test_the_last_date_of_an_indicator_counts():
    both = pd.concat([table(DATES), table({SCHOOLS[0]: "2026-05-01"}).assign(sex="male")])
    found = timeliness(both, PLAN, "新华区", 2025, "2026-03-31").set_index("department")
    assert found.loc["区教体局", "late"] == 1


def test_other_years_and_places_do_not_count():
    assert timeliness(table(DATES), PLAN, "新华区", 2024, "2026-03-31").empty
    assert timeliness(table(DATES).assign(region="新华区/甲"), PLAN, "新华区", 2025, "2026-03-31").empty


def test_one_finding_a_department():
    found = late(table(DATES), PLAN, "新华区", 2025, "2026-03-31")
    tardy = [f for f in found if f.rule == "逾期填报"]
    assert [f.department for f in tardy] == ["区卫健委"]
    assert tardy[0].finding.startswith("2025年3项中1项晚于截止日期2026-03-31（最晚2026-04-01）：")
    assert PLAN.indicator(HEALTH[1]).name in tardy[0].finding
    assert [f.department for f in found if f.rule == "填报日期缺失"] == ["区卫健委"]
    never = {f.department: f.finding for f in found if f.rule == "从未填报"}
    own = sum(i.departments[:1] == ("区教体局",) and i.kind != "gap" for i in PLAN.indicators)
    assert (
        never["区教体局"].startswith(f"{own - 2}项指标从未填报：") and f"等{own - 2}项" in never["区教体局"]
    )


def test_review_asks_only_when_a_date_is_given():
    rows = table(DATES)
    assert review(rows, PLAN, "新华区", 2025).empty
    found = review(rows, PLAN, "新华区", 2025, due="2026-03-31")
    assert {"逾期填报", "从未填报", "填报日期缺失"} == set(found["rule"])
    assert (found["indicator_name"] == "（多项）").all() and (found["question"].str.len() > 5).all()


def test_a_date_that_is_none():
    with pytest.raises(ParamsError, match="截止日期 '三月底' 读不出"):
        timeliness(table(DATES), PLAN, "新华区", 2025, "三月底")
