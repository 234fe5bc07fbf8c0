"""Stand-ins for the making of a report, small enough to be killed at any moment; run in processes of a batch."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from waiting import HANG, until

from xhcp_eval.errors import CrashError, DataError, RunError
from xhcp_eval.report.batch.plan_of_work import BatchParams
from xhcp_eval.report.batch.storage import open_store
from xhcp_eval.report.batch.tasks import Task
from xhcp_eval.report.batch.whole import How, run_batch

KILL = "XHCP_TEST_KILL"  # JSON: the moment at which processes stay to be killed, a folder to tell in, of which regions
PRELOAD = ("xhcp_eval.report.batch.whole", "xhcp_eval.report.batch.rows")
TARGET = {
    "question": "q", "indicator": "i", "indicator_name": "甲", "decides_goal": True, "target_year": 2030,
    "every_year": False, "op": ">=", "reading": "", "unit": "percent", "target_value": 95.0, "target_text": "≥95%",
    "base_value": 90.0, "latest_year": 2025, "latest_value": 93.0, "n_points": 8, "probability": 0.8,
    "own_status": "预期可达标", "status": "预期可达标", "reason": "概率 80%", "domain": "健康",
}  # fmt: skip


def summary_of(*targets: dict) -> dict:
    return {"end_year": 2030, "is_demo": True, "targets": [TARGET | one for one in targets]}


def write_small(task: Task, pass_by: Callable[[str], None] = lambda moment: None) -> None:
    """A report of a few files that depend on the rows only. pass_by: told when it is half written."""
    rows = task.rows if isinstance(task.rows, bytes) else Path(task.rows).read_bytes()
    with open_store(task.out).making(f"{task.folder}/{task.pack}", task.key) as work:
        (work / "notebooks").mkdir()
        for name in ("index.html", "results.csv", "notebooks/a.ipynb"):
            (work / name).write_text(hashlib.sha256(rows).hexdigest() + name, encoding="utf-8", newline="\n")
            pass_by("half")
        text = json.dumps(summary_of({}), ensure_ascii=False)
        (work / "summary.json").write_text(text, encoding="utf-8", newline="\n")


def write_and_stay(task: Task) -> None:
    """As `write_small`, but stay at the moment that the environment names, so that it is the one of the kill."""
    moment, folder, regions = json.loads(os.environ[KILL])

    def pass_by(now: str) -> None:
        if now == moment and task.region in regions:
            (Path(folder) / task.folder).write_text(str(os.getpid()), encoding="utf-8", newline="\n")
            time.sleep(2 * HANG)

    def watched(path: Path, target: Path) -> Path:
        before, after = ("whole", "aside") if ".old-" in target.name else ("", "placed")
        pass_by(before)
        moved = rename(path, target)
        pass_by(after)
        return moved

    rename, Path.rename = Path.rename, watched
    write_small(task, pass_by)


def behave(task: Task) -> None:
    """Do what the region's name says; `out` counts attempts, a file each."""
    count = len(list(Path(task.out).glob(f"{task.folder}.*")))
    (Path(task.out) / f"{task.folder}.{count}").write_text(str(os.getpid()), encoding="utf-8", newline="\n")
    what = task.region
    if what == "crash" or (what == "crash once" and not count):
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "data":
        raise DataError("第 3 行有错")
    if what == "notebook":
        raise RunError("1 个笔记本运行失败：", ["20_overview.ipynb 第 3 格"])
    if what == "kernel":
        raise CrashError("1 个笔记本运行失败：", ["20_overview.ipynb：内核意外退出，可能是内存不足"])
    if what == "bug":
        _ = {}["nothing"]
    if what == "memory":
        _ = bytearray(2_000_000_000)
    if what == "hang":
        time.sleep(2 * HANG)
    if what == "exit":
        os._exit(3)


def refuse() -> None:
    raise DataError("这份数据不能用")


def report_once_killed(task: Task) -> None:
    """For workers of a cluster: write two reports; at any other tell of being at work, and wait for the killing."""
    out = Path(task.out)
    if len(list(out.glob("*/*/unit.json"))) >= 2:
        out.with_name(f"at work {task.folder}").touch()
        until(out.with_name("killed").exists)
    write_small(task)


def small_batch(data: Path, out: Path, **changes) -> BatchParams:
    given = {"batch": "small", "packs": ["midterm_2025"], "data": [str(data)], "out": str(out), "jobs": 2}
    return BatchParams.model_validate(given | changes)


if __name__ == "__main__":  # a parent to be killed
    run_batch(small_batch(Path(sys.argv[1]), Path(sys.argv[2])), How(work=write_and_stay, preload=PRELOAD))
