"""A batch finishes whatever happens, and what is done isn't done again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from batch_work import KILL, PRELOAD, small_batch, write_small
from typer.testing import CliRunner
from waiting import alive, python, until

from xhcp_eval.commands import batch as batch_commands
from xhcp_eval.demo.province import generate_province
from xhcp_eval.errors import ParamsError, RunError
from xhcp_eval.report.batch.plan_of_work import BatchParams, load_batch, load_packs, region_params, task_key
from xhcp_eval.report.batch.storage import open_store
from xhcp_eval.report.batch.whole import How, run_batch

HOW = How(work=write_small, preload=PRELOAD)
ROOT = Path(__file__).resolve().parents[3]
LIGHT = "35_disputed_readings.ipynb"


@pytest.fixture(scope="module")
def province() -> pd.DataFrame:
    wanted = ["infant_mortality_rate", "neonatal_mortality_rate", "under3_systematic_management_rate"]
    return generate_province(6, years=range(2019, 2026), indicators=wanted).query("level == 'district'")


@pytest.fixture
def data(tmp_path, province) -> Path:
    return save(province, tmp_path / "province.csv")


def save(frame: pd.DataFrame, path: Path) -> Path:
    frame.to_csv(path, index=False, encoding="utf-8", lineterminator="\n")
    return path


def tree(out: Path) -> dict[str, bytes]:
    """All files but those that tell times and the lock."""
    files = [path for path in out.rglob("*") if path.is_file() and path.parent != out]
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in files}


def states(summary: dict) -> list[tuple]:
    return [(one["region"], one["state"], one["cause"], one["report"]) for one in summary["reports"]]


def test_reports_summary_and_table_are_written(data, tmp_path):
    summary = run_batch(small_batch(data, tmp_path / "out"), HOW)
    assert (summary["total"], summary["done"], summary["failed"]) == (6, 6, 0)
    assert json.loads((tmp_path / "out/batch.json").read_text(encoding="utf-8")) == summary
    table = (tmp_path / "out/batch.csv").read_bytes()
    assert table.startswith(b"\xef\xbb\xbf") and table.count(b"\r\n") == 7
    assert all((tmp_path / "out" / one["report"]).is_file() for one in summary["reports"])
    assert summary["reports"] == sorted(summary["reports"], key=lambda one: one["region"])


def test_what_is_done_and_unchanged_is_not_done_again(data, tmp_path, province):
    batch = small_batch(data, tmp_path / "out")
    first = run_batch(batch, HOW)
    before = {name: (tmp_path / "out" / name).stat().st_mtime_ns for name in tree(tmp_path / "out")}
    changed = province.copy()
    changed.loc[changed.index[0], "note"] = "改"
    again = run_batch(small_batch(save(changed, data), tmp_path / "out"), HOW)
    assert (again["done"], again["resumed"]) == (6, 5)
    assert states(again) == states(first)
    redone = [name for name, at in before.items() if (tmp_path / "out" / name).stat().st_mtime_ns != at]
    assert len({name.split("/")[0] for name in redone}) == 1
    anew = run_batch(small_batch(data, tmp_path / "out"), How(False, work=write_small, preload=PRELOAD))
    assert anew["resumed"] == 0


def test_regions_that_learn_from_one_another_are_done_again_together(data, tmp_path, province):
    run_batch(small_batch(data, tmp_path / "out"), HOW)
    changed = province.copy()
    whole = (changed[["sex", "age", "residence", "category"]] == "total").all(axis=1)
    changed.loc[changed.index[whole][0], "exceptional"] = True
    again = run_batch(small_batch(save(changed, tmp_path / "t.csv"), tmp_path / "out"), HOW)
    assert (again["done"], again["resumed"]) == (6, 0)


def test_one_bad_region_stops_no_other_and_leads_the_page(tmp_path, province):
    bad = province.copy()
    region = bad["region"].iloc[0]
    bad.loc[bad.index[0], "numerator"] = 10**9
    summary = run_batch(small_batch(save(bad, tmp_path / "t.csv"), tmp_path / "out"), HOW)
    assert (summary["done"], summary["failed"]) == (5, 1)
    failed = next(one for one in summary["reports"] if one["state"] == "failed")
    assert (failed["region"], failed["cause"], failed["attempts"]) == (region, "数据有问题", 1)
    assert "分子大于分母" in failed["detail"]
    page = (tmp_path / "out/index.html").read_text(encoding="utf-8")
    assert page.index("分子大于分母") < page.index("名次区间")


def test_names_from_data_stay_in_the_folder(tmp_path, province):
    one = province[province["region"] == province["region"].iloc[0]]
    wild = ["../../x", "CON", "县" * 200, "甲:乙", "甲 乙", '<script>alert(1)</script>"']
    table = pd.concat([one.assign(region=name) for name in wild])
    summary = run_batch(small_batch(save(table, tmp_path / "t.csv"), tmp_path / "out"), HOW)
    assert summary["done"] == len(wild)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "t.csv"]
    assert len({one["report"] for one in summary["reports"]}) == len(wild)
    page = (tmp_path / "out/index.html").read_text(encoding="utf-8")
    assert "<script>alert" not in page and "&lt;script&gt;alert" in page


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX")
def test_killed_at_any_moment_it_ends_as_if_undisturbed(data, tmp_path, province, monkeypatch):
    """Two of six reports, to take the place of older ones, are at the same moment of their making when all is killed."""
    out, calm = tmp_path / "out", run_batch(small_batch(data, tmp_path / "calm"), HOW)
    reports = {one["region"]: one["report"].removesuffix("/index.html") for one in calm["reports"]}

    def keys(place: Path) -> dict[str, str]:  # empty where a report isn't whole
        return {region: open_store(place).key(report) for region, report in reports.items()}

    run_batch(small_batch(save(province.assign(note="旧"), tmp_path / "older.csv"), out), HOW)
    older, newer, held = keys(out), keys(tmp_path / "calm"), sorted(reports)[-2:]
    for moment in ("half", "whole", "aside", "placed"):
        (tmp_path / moment).mkdir()
        monkeypatch.setenv(KILL, json.dumps([moment, str(tmp_path / moment), held]))
        kill_at_work(tmp_path / moment, ROOT / "tests/batch_work.py", data, out)
        open_store(out).tidy()  # as the next run does
        assert keys(out) == newer | {name: older[name] for name in held if moment != "placed"}
    last = run_batch(small_batch(data, out), HOW)
    assert (last["failed"], last["resumed"]) == (0, 6)
    assert tree(out) == tree(tmp_path / "calm")


def kill_at_work(told: Path, *command: object) -> None:
    """Kill a batch once two of its processes have told where they are; they end with it."""

    def numbers() -> list[int]:
        found = [path.read_text(encoding="utf-8") for path in told.iterdir()]
        return [int(text) for text in found] if len(found) == 2 and all(found) else []

    with python(*command) as parent:
        until(lambda: numbers() or parent.poll() is not None)
        assert parent.poll() is None
        parent.kill()
    until(lambda: not any(map(alive, numbers())))


def test_two_at_once_are_refused(data, tmp_path):
    with open_store(tmp_path / "out").locked(), pytest.raises(RunError, match="另一个批次"):
        run_batch(small_batch(data, tmp_path / "out"), HOW)


def test_reports_may_go_to_an_address(data, tmp_path):
    summary = run_batch(small_batch(data, tmp_path).model_copy(update={"out": f"file://{tmp_path}/out"}), HOW)
    assert summary["done"] == 6 and (tmp_path / "out/index.html").is_file()


def test_the_file_of_a_batch_is_checked_as_a_whole(tmp_path):
    path = tmp_path / "b.yaml"
    path.write_text("batch: X\nregion: all\ndata: [no.csv]\njobs: 0\n", encoding="utf-8", newline="\n")
    with pytest.raises(ParamsError) as raised:
        load_batch(path)
    text = str(raised.value)
    assert all(name in text for name in ("batch", "region", "packs", "jobs"))
    path.write_text("batch: x\npacks: [midterm_2025]\ndata: [no.csv]\n", encoding="utf-8", newline="\n")
    with pytest.raises(ParamsError, match=r"没有文件 no\.csv"):
        load_batch(path)
    with pytest.raises(ParamsError, match="没有批次文件"):
        load_batch(tmp_path / "other.yaml")
    wrong = BatchParams(batch="x", packs=("midterm_2025",), data=("d.csv",), leave_out=("x.ipynb",))
    with pytest.raises(ParamsError, match=r"leave_out：报告包里没有 x\.ipynb"):
        load_packs(wrong)


def test_a_pack_of_another_region_has_its_name_and_nothing_of_the_first(data, tmp_path):
    batch = small_batch(data, tmp_path, leave_out=("47_strategy_effect.ipynb",))
    pack = load_packs(batch)[0]
    other = region_params(pack, "演示省/某县", batch)
    assert other.title == "某县儿童发展规划（2021—2030年）中期评估报告"
    assert (other.region, other.evaluation, other.data) == ("演示省/某县", "", batch.data)
    assert all(section.notebook != "47_strategy_effect.ipynb" for section in other.sections)
    key = task_key(other, "a")
    assert key == task_key(other, "a") != task_key(other, "b")
    assert key != task_key(other.model_copy(update={"data_until": 2024}), "a")


def test_the_command_makes_real_reports_and_ends_with_a_code(tmp_path, province):
    bad = province[province["region"].isin(sorted(set(province["region"]))[:2])].copy()
    bad.loc[bad.index[-1], "unit"] = "percent_of_nothing"
    pack = load_packs(small_batch(tmp_path, tmp_path))[0]
    skipped = {one.notebook for one in pack.sections} - {LIGHT}
    batch = tmp_path / "batch.yaml"
    values = small_batch(save(bad, tmp_path / "t.csv"), tmp_path / "out", leave_out=sorted(skipped))
    batch.write_text(values.model_dump_json(exclude={"as_of"}), encoding="utf-8", newline="\n")
    regions = sorted(set(bad["region"]))
    first = command(batch)
    assert first.returncode == 1
    assert "完成 1 份" in first.stdout and "失败 1 份" in first.stdout
    assert "[2/2，" in first.stderr and "\x1b" not in first.stderr
    again = CliRunner().invoke(batch_commands.app, [str(batch), "--regions", regions[0]])
    assert again.exit_code == 0 and "沿用 1 份" in again.stdout
    report = next((tmp_path / "out").glob("*/midterm_2025"))
    record = json.loads((report / "run.json").read_text(encoding="utf-8"))
    assert record["status"] == "ok" and record["parameters"]["region"] == regions[0]
    assert str(tmp_path) + "/out" not in (report / "index.html").read_text(encoding="utf-8")
    page = (tmp_path / "out/index.html").read_text(encoding="utf-8")
    assert "名次" in page and "演示0001县" in page


def command(*arguments) -> subprocess.CompletedProcess:
    code = "from xhcp_eval.commands.batch import app; app()"
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=ROOT, capture_output=True, text=True, encoding="utf-8", env=os.environ | {"PYTHONUTF8": "1"},
    )  # fmt: skip
