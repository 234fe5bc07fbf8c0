"""A new project has what its reports need, whole or not at all; a new params file can be run."""

from __future__ import annotations

import pytest
import yaml

from xhcp_eval.errors import ParamsError, PlanError, ProjectError
from xhcp_eval.files import home
from xhcp_eval.pack import params as params_module
from xhcp_eval.pack.new import KINDS, new_project, write_params
from xhcp_eval.pack.params import load_params
from xhcp_eval.plan.new import new_plan
from xhcp_eval.plan.reading import load_plan

XINHUA = load_plan("xinhua_2021_2030")


@pytest.fixture
def within(monkeypatch):
    """Work in a folder as if the program had been started in it."""

    def enter(folder):
        for module in (home, params_module):
            monkeypatch.setattr(module, "ROOT", folder)
        monkeypatch.setattr(params_module, "NOTEBOOKS", folder / "notebooks")
        return folder

    return enter


def packs(folder):
    return {path.stem: load_params(path) for path in sorted((folder / "params").glob("*.yaml"))}


def test_a_project_with_the_demonstration_has_all_reports_and_what_they_need(tmp_path, within):
    made = within(new_project(tmp_path / "demo", demo=True))
    assert packs(made).keys() == {path.stem for path in (home.SHIPPED / "params").glob("*.yaml")}
    assert "演示数据" in (made / "README.md").read_text(encoding="utf-8")


def test_a_project_on_a_plan_with_public_figures_has_its_reports(tmp_path, within):
    made = within(new_project(tmp_path / "national", "china_2021_2030"))
    found = packs(made)
    assert found.keys() == {"national_midterm", "national_hindcast_2022"}
    assert not (made / "data" / "demo").exists()
    assert (made / home.MARK).read_text(encoding="utf-8").count('plan = "china_2021_2030"') == 1


def test_a_project_without_figures_has_a_first_params_file(tmp_path, within):
    made = within(new_project(tmp_path / "own"))
    with pytest.raises(ParamsError, match=r"data：没有文件 data/xhcp\.duckdb"):
        packs(made)
    (made / "data" / "xhcp.duckdb").touch()
    assert packs(made)["midterm"].data_until == 2025


def test_a_folder_with_something_in_it_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("x", encoding="utf-8", newline="\n")
    with pytest.raises(ProjectError, match="不是空文件夹"):
        new_project(tmp_path)
    with pytest.raises(PlanError):
        new_project(tmp_path / "other", "no_such_plan")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_params_file_of_each_kind_fits_any_plan(tmp_path, within, kind):
    made = within(new_project(tmp_path / "own"))
    (made / "data" / "xhcp.duckdb").touch()
    plan = load_plan(new_plan("ruzhou", made))
    path = write_params("ours", plan, kind, 2026, made)
    found = load_params(path)
    assert (found.plan, found.region, found.data_until) == ("ruzhou", "某县", 2026)
    domains = [s.parameters["domain"] for s in found.sections if s.notebook == "30_domain.ipynb"]
    assert domains == ([] if kind == "third_party" else ["health", "education"])
    assert "演示" not in path.read_text(encoding="utf-8")
    assert yaml.safe_load(path.read_text(encoding="utf-8"))["pack"] == "ours"


def test_a_params_file_is_never_overwritten(tmp_path):
    write_params("ours", XINHUA, "annual", 2026, tmp_path)
    with pytest.raises(ParamsError, match=r"已有 params/ours\.yaml"):
        write_params("ours", XINHUA, "annual", 2026, tmp_path)
    with pytest.raises(ParamsError, match="没有报告种类"):
        write_params("other", XINHUA, "monthly", 2026, tmp_path)
    with pytest.raises(ParamsError, match="不合要求"):
        write_params("../out", XINHUA, "annual", 2026, tmp_path)
