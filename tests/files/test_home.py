"""Where the project is found, and what is taken from the package where a project lacks it."""

from __future__ import annotations

import pytest

from xhcp_eval.errors import ProjectError
from xhcp_eval.files import home


@pytest.fixture
def project(tmp_path, monkeypatch):
    folder = tmp_path / "project"
    (folder / "params" / "deep").mkdir(parents=True)
    (folder / home.MARK).write_text('[project]\nname = "x"\nplan = "own"\n', encoding="utf-8", newline="\n")
    monkeypatch.setattr(home, "PROJECT", folder)
    monkeypatch.setattr(home, "ROOT", folder)
    home.settings.cache_clear()
    yield folder
    home.settings.cache_clear()


def test_the_nearest_folder_upwards_is_the_project(project):
    assert home.find_project(project / "params" / "deep") == project
    inner = project / "params" / home.MARK
    inner.touch()
    assert home.find_project(project / "params" / "deep") == project / "params"


def test_a_folder_that_is_named_is_the_project_or_none(project, tmp_path):
    assert home.find_project(tmp_path, str(project)) == project
    assert home.find_project(project, str(tmp_path)) is None


def test_outside_the_checkout_is_the_project_of_its_package(tmp_path, monkeypatch):
    assert home.find_project(tmp_path) == home.SHIPPED
    monkeypatch.setattr(home, "SHIPPED", tmp_path / "site-packages")  # a wheel's has no xhcp.toml
    assert home.find_project(tmp_path) is None


def test_without_a_project_is_told_how_to_make_one(monkeypatch):
    monkeypatch.setattr(home, "PROJECT", None)
    with pytest.raises(ProjectError, match=r"xhcp init 文件夹"):
        home.require_project()
    monkeypatch.setenv(home.VARIABLE, "/no/such")
    with pytest.raises(ProjectError, match=r"文件夹 /no/such中没有 xhcp.toml"):
        home.require_project()


def test_what_the_project_lacks_comes_from_the_package(project):
    name = "data/national/births_and_school.csv"
    assert home.resource(name) == home.SHIPPED / name
    (project / name).parent.mkdir(parents=True)
    (project / name).touch()
    assert home.resource(name) == project / name


def test_a_plan_of_the_project_goes_before_one_of_the_package(project):
    assert home.plan_folder("xinhua_2021_2030") == home.SHIPPED / "data/plans/xinhua_2021_2030"
    own = project / "data" / "plans" / "xinhua_2021_2030"
    own.mkdir(parents=True)
    (own / "plan.yaml").touch()
    assert home.plan_folder("xinhua_2021_2030") == own
    assert {"china_2021_2030", "xinhua_2021_2030"} <= home.plan_folders().keys()


def test_paths_are_written_down_by_where_they_are_of(project, tmp_path):
    assert home.label(project / "params" / "a.yaml") == "params/a.yaml"
    assert home.label(home.SHIPPED / "data" / "x.csv") == "xhcp_eval:data/x.csv"
    assert home.label(tmp_path / "x.csv") == str((tmp_path / "x.csv").resolve())


def test_the_default_plan_is_the_projects(project, monkeypatch):
    assert home.default_plan() == "own"
    (project / home.MARK).write_text("[project\n", encoding="utf-8", newline="\n")
    home.settings.cache_clear()
    with pytest.raises(ProjectError, match=r"xhcp\.toml 有误"):
        home.default_plan()
    monkeypatch.setattr(home, "PROJECT", None)
    home.settings.cache_clear()
    assert home.default_plan() == home.DEFAULT_PLAN
