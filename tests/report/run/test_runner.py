"""A run gives a whole report or leaves the last one as it was, and says which cell failed and why."""

from __future__ import annotations

import json
from html import unescape
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from nbformat import v4

from xhcp_eval.errors import ParamsError, RunError
from xhcp_eval.files import home
from xhcp_eval.pack import params as params_module
from xhcp_eval.pack.frames import FRAMES
from xhcp_eval.pack.pack import Pack
from xhcp_eval.pack.params import PackParams
from xhcp_eval.report.page.render import Page, Shell
from xhcp_eval.report.run import runner
from xhcp_eval.report.run.execute import Done, Job, run_jobs
from xhcp_eval.report.run.runner import run_pack

SHOWS = 'from pathlib import Path\nprint(text, (Path(snapshot) / "params.json").is_file())'
STAMP = {"version": "0.1.0", "python": "3.11", "inputs": {"data/t.csv": "0" * 64}, "packages": {}}
COLUMNS = {"status": ["已达标"], "indicator_name": ["婴儿死亡率"]}


def write_notebook(path: Path, *sources: str) -> None:
    cells = [v4.new_code_cell('pack = ""\nsnapshot = ""\ntext = ""', metadata={"tags": ["parameters"]})]
    made = v4.new_notebook(cells=cells + [v4.new_code_cell(source) for source in sources])
    made.metadata.kernelspec = {"name": "python3", "language": "python", "display_name": "Python 3"}
    nbformat.write(made, path)


class Project:
    """A project in a temporary folder whose pack is made of empty frames and whose notebooks are stand-ins."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.reports = folder, folder / "reports"
        self.ran: list[str] = []
        self.fails: str | type[BaseException] = ""
        (folder / "data/plans/small").mkdir(parents=True)
        (folder / "data/plans/small/plan.yaml").touch()
        (folder / "data/t.csv").touch()
        (folder / "notebooks").mkdir()
        for name in ("20_overview", "30_domain"):
            write_notebook(folder / "notebooks" / f"{name}.ipynb", SHOWS)

    def params(self, **changes) -> PackParams:
        sections = [
            {"notebook": "20_overview.ipynb", "title": "总体结论"},
            {"notebook": "30_domain.ipynb", "title": "健康", "parameters": {"text": "健康"}},
        ]
        good = {
            "pack": "small",
            "title": "小报告",
            "plan": "small",
            "region": "新华区",
            "data": ["data/t.csv"],
            "data_until": 2025,
        }
        return PackParams.model_validate({**good, "sections": sections, **changes})

    def compute(self, params: PackParams) -> Pack:
        frames = {name: pd.DataFrame(COLUMNS) for name in FRAMES}
        stamp = {**STAMP, "computed_at": pd.Timestamp.now("UTC").isoformat()}
        return Pack(params=params, plan=None, frames=frames, stamp=stamp)

    def run_jobs(self, jobs: list[Job], at_once: int, tell) -> list[Done]:
        done = []
        for job in jobs:
            if isinstance(self.fails, type):
                raise self.fails
            if not job.reuse:
                self.ran.append(job.page.name)
                nbformat.write(v4.new_notebook(), job.executed)
            job.html.write_text(job.page.title, encoding="utf-8", newline="\n")
            failure = f"{job.page.name} 第 3 格" if self.fails in job.page.name and self.fails else ""
            done.append(Done(job.page, 0.1, failure, ("小心\n",)))
            tell(done[-1])
        return done

    def run(self, force: bool = False, **changes) -> Path:
        self.ran.clear()
        return run_pack(self.params(**changes), self.reports, force)

    def record(self, folder: str = "small") -> dict:
        return json.loads((self.reports / folder / "run.json").read_text(encoding="utf-8"))

    def files(self, folder: str = "small") -> list[str]:
        root = self.reports / folder
        return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


@pytest.fixture
def project(tmp_path, monkeypatch) -> Project:
    made = Project(tmp_path)
    monkeypatch.setattr(params_module, "ROOT", tmp_path)
    monkeypatch.setattr(home, "ROOT", tmp_path)
    monkeypatch.setattr(params_module, "NOTEBOOKS", tmp_path / "notebooks")
    monkeypatch.setattr(runner, "NOTEBOOKS", tmp_path / "notebooks")
    monkeypatch.setattr(runner, "compute_pack", made.compute)
    monkeypatch.setattr(runner, "stored_pack", made.compute)
    monkeypatch.setenv("XHCP_ENGINE", "papermill")
    monkeypatch.setattr(runner, "run_jobs", made.run_jobs)
    monkeypatch.setattr(runner, "write_index", lambda pack, shell, folder: (folder / "index.html").touch())
    return made


WHOLE = [
    *("20_overview.html", "30_domain.html", "index.html"),
    *("notebooks/20_overview.ipynb", "notebooks/30_domain.ipynb", "results.csv", "results.xlsx", "run.json"),
]


def test_a_run_leaves_a_whole_report(project):
    index = project.run()
    assert index == project.reports / "small" / "index.html"
    assert project.files() == WHOLE
    assert [path.name for path in project.reports.iterdir()] == ["small"]


def test_the_record_tells_what_the_report_depended_on(project):
    project.run()
    record = project.record()
    assert (record["status"], record["pack"], record["version"]) == ("ok", "small", "0.1.0")
    assert record["inputs"] == STAMP["inputs"]
    assert record["parameters"]["sections"][1]["parameters"] == {"text": "健康"}
    assert record["warnings"] == 2
    first = record["notebooks"][0]
    assert (first["page"], first["notebook"], first["reused"]) == ("20_overview", "20_overview.ipynb", False)
    assert first["failure"] is None
    assert {"python", "computed_at", "finished_at", "seconds", "system"} <= set(record)


def test_what_has_not_changed_is_not_run_again(project):
    project.run()
    assert project.ran == ["20_overview", "30_domain"]
    project.run()
    assert project.ran == []
    assert project.files() == WHOLE
    assert all(one["reused"] for one in project.record()["notebooks"])
    project.run(force=True)
    assert project.ran == ["20_overview", "30_domain"]


def test_what_has_changed_is_run_again(project):
    project.run()
    write_notebook(project.folder / "notebooks/20_overview.ipynb", "1")
    project.run()
    assert project.ran == ["20_overview"]
    project.run(settings={"likely": 0.8})
    assert project.ran == ["20_overview", "30_domain"]


def test_an_executed_notebook_that_was_edited_is_not_reused(project):
    project.run()
    write_notebook(project.reports / "small/notebooks/20_overview.ipynb", "假")
    project.run()
    assert project.ran == ["20_overview"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"notebooks": [{}]}', '{"notebooks": 3}'])
def test_a_broken_record_only_costs_time(project, text):
    project.run()
    (project.reports / "small/run.json").write_text(text, encoding="utf-8", newline="\n")
    project.run()
    assert project.ran == ["20_overview", "30_domain"]


def test_a_failure_keeps_the_last_report_and_what_was_run(project):
    project.run()
    before = (project.reports / "small/run.json").read_bytes()
    project.fails = "30_domain"
    with pytest.raises(RunError, match=r"1 个笔记本运行失败；上一次的报告保持不变.*\n.*30_domain 第 3 格"):
        project.run(force=True)
    assert (project.reports / "small/run.json").read_bytes() == before
    assert project.files("small.failed") == ["20_overview.ipynb", "30_domain.ipynb", "run.json"]
    assert project.record("small.failed")["status"] == "failed"
    assert sorted(path.name for path in project.reports.iterdir()) == ["small", "small.failed"]


def test_a_good_run_clears_away_the_failed_one(project):
    project.fails = "30_domain"
    with pytest.raises(RunError, match="运行失败。已运行的部分"):
        project.run()
    project.fails = ""
    project.run()
    assert [path.name for path in project.reports.iterdir()] == ["small"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_an_interrupted_run_leaves_nothing_behind(project, error):
    project.run()
    project.fails = error
    with pytest.raises(error):
        project.run(force=True)
    assert [path.name for path in project.reports.iterdir()] == ["small"]
    assert project.files() == WHOLE


def test_bad_parameters_are_refused_before_anything_starts(project):
    with pytest.raises(ParamsError, match="没有规划 other"):
        project.run(plan="other")
    assert not project.reports.exists()


@pytest.fixture(scope="module")
def executed(tmp_path_factory) -> tuple[Path, list[Done], list[str]]:
    """Two real notebooks run at once by papermill in their own processes: one good, one that fails."""
    folder = tmp_path_factory.mktemp("run")
    (folder / "snapshot").mkdir()
    (folder / "snapshot/params.json").touch()
    write_notebook(folder / "good.ipynb", SHOWS)
    write_notebook(folder / "bad.ipynb", "1 + 1", "\nraise ValueError('分母为 0')")
    jobs, told = [], []
    for name in ("good", "bad"):
        page = Page(f"{name}_page", f"{name} 页")
        given = {"pack": "small", "snapshot": str(folder / "snapshot"), "text": '新华区"‰"'}
        shell = Shell("小报告", "", (Page("index", "首页"), page), False, ())
        source, out = folder / f"{name}.ipynb", folder / f"{name}_page.ipynb"
        jobs.append(Job(page, shell, source, out, out.with_suffix(".html"), given))
    done = run_jobs(jobs, 2, lambda one: told.append(one.page.name))
    return folder, done, told


def test_results_come_in_the_order_of_the_jobs(executed):
    _, done, told = executed
    assert [one.page.name for one in done] == ["good_page", "bad_page"]
    assert sorted(told) == ["bad_page", "good_page"]


def test_parameters_arrive_and_stay_readable(executed):
    folder, (good, _), _ = executed
    assert good.failure == ""
    cells = nbformat.read(folder / "good_page.ipynb", 4).cells
    assert cells[-1].outputs[0].text == '新华区"‰" True\n'
    assert "text = '新华区\"‰\"'" in cells[1].source
    assert '新华区"‰" True' in unescape((folder / "good_page.html").read_text(encoding="utf-8"))


def test_an_executed_notebook_tells_nothing_of_this_machine(executed):
    folder, _, _ = executed
    text = (folder / "good_page.ipynb").read_text(encoding="utf-8")
    assert str(folder) not in text
    assert "snapshot = ''" in text


def test_a_failure_names_notebook_cell_and_cause(executed):
    folder, (_, bad), _ = executed
    assert bad.failure == "bad.ipynb（bad 页） 第 3 格“raise ValueError('分母为 0')”：ValueError：分母为 0"
    kept = nbformat.read(folder / "bad_page.ipynb", 4)
    assert "papermill-error-cell-tag" in kept.cells[0].metadata.tags
    assert not (folder / "bad_page.html").exists()
