"""The look at program and project: nothing wrong here, and each planted fault found."""

from __future__ import annotations

import pytest

from xhcp_eval.files import home
from xhcp_eval.observations.store import database
from xhcp_eval.pack import params as params_module
from xhcp_eval.pack.new import new_project
from xhcp_eval.report import health as health_module
from xhcp_eval.report.health import NOTE, WRONG, health


@pytest.fixture
def project(tmp_path, monkeypatch):
    made = new_project(tmp_path / "project", "china_2021_2030")
    for module in (home, params_module):
        monkeypatch.setattr(module, "ROOT", made)
    monkeypatch.setattr(home, "PROJECT", made)
    monkeypatch.setattr(params_module, "NOTEBOOKS", made / "notebooks")
    monkeypatch.setattr(database, "DEFAULT_PATH", made / "data" / "xhcp.duckdb")
    return made


def wrong():
    found = health()
    return found[found["standing"] == WRONG].set_index("what")["detail"]


def noted():
    found = health()
    return " ".join(found.loc[found["standing"] == NOTE, "detail"])


def test_a_new_project_is_well(project):
    assert wrong().empty
    assert {"程序", "项目", "磁盘", "规划", "参数文件", "笔记本"} <= set(health()["what"])


def test_faults_are_found(project):
    (project / "params" / "bad.yaml").write_text("pack: bad\n", encoding="utf-8", newline="\n")
    (project / "data/plans/china_2021_2030/plan.yaml").write_text("id: 1\n", encoding="utf-8", newline="\n")
    (project / "data/xhcp.duckdb").write_text("not a database", encoding="utf-8", newline="\n")
    assert {"参数文件", "规划"} <= set(wrong().index)


def test_changed_and_missing_notebooks_are_named(project):
    (project / "notebooks" / "50_forecast.ipynb").write_text("{}", encoding="utf-8", newline="\n")
    (project / "notebooks" / "90_gallery.ipynb").unlink()
    told = noted()
    assert "50_forecast.ipynb" in told and "90_gallery.ipynb" in told
    assert "50_forecast.ipynb）：不是完好的笔记本文件" in wrong()["参数文件"]


def test_no_project_and_no_room_are_wrong(project, monkeypatch):
    monkeypatch.setattr(health_module, "FREE_MB", 10**12)
    assert "磁盘" in wrong().index
    monkeypatch.setattr(home, "PROJECT", None)
    assert "xhcp init" in wrong()["项目"]


def test_a_package_too_old_is_noted(project, monkeypatch):
    real = health_module.metadata.version
    monkeypatch.setattr(
        health_module.metadata, "version", lambda name: "0.0.1" if name == "pandas" else real(name)
    )
    assert "pandas 0.0.1" in noted()
