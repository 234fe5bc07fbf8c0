"""What is late or has changed is told, and nothing else."""

from __future__ import annotations

import json
import shutil

import pytest

from xhcp_eval.files import home
from xhcp_eval.observations.store import rounds
from xhcp_eval.observations.store.database import Database
from xhcp_eval.observations.table import read_table
from xhcp_eval.pack import params as params_module
from xhcp_eval.pack.new import new_project
from xhcp_eval.pack.params import load_params
from xhcp_eval.plan.reading import load_plan
from xhcp_eval.provenance import stamp
from xhcp_eval.report import due as due_module
from xhcp_eval.report.due import BROKEN, LATE, MISSING, STALE, due

NATIONAL = "china_2021_2030"


@pytest.fixture
def project(tmp_path, monkeypatch):
    made = new_project(tmp_path / "project", NATIONAL)
    for module in (home, params_module):
        monkeypatch.setattr(module, "ROOT", made)
    monkeypatch.setattr("xhcp_eval.provenance.ROOT", made)
    monkeypatch.setattr(params_module, "NOTEBOOKS", made / "notebooks")
    return made


def report(project, name):
    """The record that a run of the pack would leave."""
    params = load_params(project / "params" / f"{name}.yaml")
    folder = project / "reports" / name
    folder.mkdir(exist_ok=True)
    record = {**stamp(params.data, params.plan), "parameters": json.loads(params.model_dump_json())}
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8", newline="\n")


def found(project, what):
    table = due(project / "data" / "xhcp.duckdb", NATIONAL)
    return table[table["what"] == what].set_index("subject")["detail"]


def test_reports_not_made_and_reports_that_stand(project):
    assert set(found(project, MISSING).index) == {"national_midterm", "national_hindcast_2022"}
    report(project, "national_midterm")
    assert set(found(project, MISSING).index) == {"national_hindcast_2022"}
    assert found(project, STALE).empty


def test_a_report_is_stale_when_what_it_rests_on_has_changed(project, monkeypatch):
    report(project, "national_midterm")
    table = project / "data" / "national" / "china_national.csv"
    table.write_bytes(table.read_bytes() + b"\n")
    assert found(project, STALE)["national_midterm"] == "变了：data/national/china_national.csv"
    file = project / "params" / "national_midterm.yaml"
    file.write_text(
        file.read_text(encoding="utf-8").replace("data_until: 2025", "data_until: 2024"),
        encoding="utf-8",
        newline="\n",
    )
    assert "参数" in found(project, STALE)["national_midterm"]
    monkeypatch.setattr("xhcp_eval.__version__", "9.9")
    assert "程序" in found(project, STALE)["national_midterm"]
    shutil.rmtree(project / "data" / "plans" / NATIONAL)  # the package's own plan stands in for it
    assert "（没有了）" in found(project, STALE)["national_midterm"]


def test_a_params_file_that_cannot_be_run_is_named(project):
    (project / "params" / "bad.yaml").write_text("pack: bad\n", encoding="utf-8", newline="\n")
    assert set(found(project, BROKEN).index) == {"bad"}


def test_departments_that_are_late(tmp_path, monkeypatch, root):
    monkeypatch.setattr(due_module, "_reports", list)
    plan = load_plan("xinhua_2021_2030")
    path = tmp_path / "x.duckdb"
    assert due(path, plan.id).empty and not path.exists()
    base = Database(path)
    table = read_table(root / "data/demo/xinhua_2015_2025.csv", plan)
    base.add(
        table[(table["year"] == 2025) & (table["department"] == "区医保局")],
        file="x.csv",
        sha256="0",
        plan=plan.id,
    )
    rounds.open_round(base, plan, 2025, "2026-03-31")
    late = due(path, plan.id)
    assert set(late["what"]) == {LATE}
    assert "区教体局" in set(late["subject"])
    assert late["detail"].str.startswith("2025 年，截止 2026-03-31，缺").all()
