"""A new plan passes the checks as it stands, and takes no place that is taken."""

import pytest

from xhcp_eval.errors import PlanError
from xhcp_eval.plan.new import new_plan
from xhcp_eval.plan.reading import load_plan


def test_a_new_plan_passes_its_checks(tmp_path):
    plan = load_plan(new_plan("ruzhou_2021_2030", tmp_path))
    assert plan.id == "ruzhou_2021_2030"
    assert {target.year for target in plan.targets()} == {2025, 2030}
    assert all(goal.indicators for goal in plan.goals)


@pytest.mark.parametrize("name", ["Ruzhou", "汝州", "../out", "", "a b", "1st"])
def test_a_name_that_is_no_folder_is_refused(tmp_path, name):
    with pytest.raises(PlanError, match="不合要求"):
        new_plan(name, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_name_that_is_taken_is_refused(tmp_path):
    new_plan("mine", tmp_path)
    for name in ("mine", "china_2021_2030"):
        with pytest.raises(PlanError, match="已有规划"):
            new_plan(name, tmp_path)
