"""Office and forms of monitoring.yaml: read with the plan, faults told by field."""

import shutil

import pytest

from xhcp_eval.errors import PlanError
from xhcp_eval.plan.monitoring import Office
from xhcp_eval.plan.reading import load_plan
from xhcp_eval.provenance import ROOT


def with_fields(tmp_path, text):
    folder = tmp_path / "plan"
    shutil.copytree(ROOT / "data" / "plans" / "xinhua_2021_2030", folder)
    file = folder / "monitoring.yaml"
    file.write_text(file.read_text(encoding="utf-8") + text, encoding="utf-8", newline="\n")
    return folder


def test_fields_are_read_with_the_plan(tmp_path):
    plan = load_plan(
        with_fields(tmp_path, "office: {unit: 甲办, code: 甲函}\nforms: {numbers: {公安分局: 甲1表}}\n")
    )
    assert plan.office.number(2026, 3) == "甲函〔2026〕3号" and plan.office.days == 15
    assert plan.forms.numbers == {"公安分局": "甲1表"}


def test_a_plan_that_gives_none_invents_none():
    plan = load_plan("xinhua_2021_2030")
    assert plan.office == Office() and "（待填）" in plan.office.signature
    assert plan.forms.lines("公安分局")[0] == ("表号", "（未批准，内部使用）")


def test_all_faults_are_told_at_once_by_field(tmp_path):
    folder = with_fields(
        tmp_path, "office: {units: 甲办, days: 0}\nforms: {valid_until: 后年, approval: 同意}\n"
    )
    with pytest.raises(PlanError) as caught:
        load_plan(folder)
    told = "\n".join(caught.value.problems)
    for words in (
        "monitoring.yaml：units：不认识的字段",
        "days：应不小于 1",
        "valid_until：'后年' 格式不对；写作 2028年6月",
        "批准",
    ):
        assert words in told


def test_a_number_of_a_form_belongs_to_a_lead_department(tmp_path):
    with pytest.raises(PlanError, match="forms：numbers：没有编号为 '乙局' 的牵头部门"):
        load_plan(with_fields(tmp_path, "forms: {numbers: {乙局: 1表}}\n"))
