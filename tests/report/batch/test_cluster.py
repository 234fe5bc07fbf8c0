"""The same batch on Dask: a real scheduler, two workers in processes of their own, one of them killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from batch_work import PRELOAD, behave, report_once_killed, small_batch
from distributed import Client
from waiting import HANG, until

from xhcp_eval.demo.province import generate_province
from xhcp_eval.errors import ParamsError
from xhcp_eval.report.batch import cluster
from xhcp_eval.report.batch.cluster import run_on_cluster
from xhcp_eval.report.batch.storage import open_store
from xhcp_eval.report.batch.tasks import Cause, Limits, Task
from xhcp_eval.report.batch.whole import How, run_batch

TESTS = Path(__file__).resolve().parents[2]
ENVIRONMENT = os.environ | {
    "PYTHONPATH": os.pathsep.join([str(TESTS.parent), str(TESTS)]),
    "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0",
    "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": f"{HANG}s",
}


@contextmanager
def dask(*arguments: str):
    command = [sys.executable, "-m", "dask", *arguments]
    with subprocess.Popen(
        command, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield process
        finally:
            process.terminate()  # a nanny ends its worker first
            try:
                process.wait(HANG)
            except subprocess.TimeoutExpired:
                process.kill()


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory):
    """Address of a scheduler, and its two workers: one that may start processes, one under a nanny that may not."""
    file = tmp_path_factory.mktemp("dask") / "scheduler.json"
    given = ["--scheduler-file", str(file), "--no-dashboard"]
    with ExitStack() as stack:
        stack.enter_context(dask("scheduler", "--port", "0", "--host", "127.0.0.1", *given))
        until(lambda: file.exists() and file.read_text(encoding="utf-8").strip().endswith("}"))
        workers = [
            stack.enter_context(dask("worker", "--nthreads", "1", *given, *more))
            for more in (["--no-nanny"], [])
        ]
        address = json.loads(file.read_text(encoding="utf-8"))["address"]
        with Client(address, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=HANG)
        yield address, workers


def test_a_batch_completes_though_a_worker_is_killed(scheduler, tmp_path, monkeypatch):
    address, workers = scheduler
    monkeypatch.setattr(cluster, "PATIENCE", HANG)
    tasks = [Task(name, "p", name, out=str(tmp_path)) for name in ("a", "data", "b", "kernel", "bug")]
    found = {one.region: one for one in run_on_cluster(tasks, behave, Limits(retries=1), address)}
    assert {name: one.cause for name, one in found.items()} == {
        "a": None, "b": None, "data": Cause.DATA, "kernel": Cause.CRASH, "bug": Cause.PROGRAM,
    }  # fmt: skip
    assert found["kernel"].attempts == 2 and found["data"].attempts == 1

    data, out = tmp_path / "t.parquet", tmp_path / "out"
    wanted = ["infant_mortality_rate"]
    generate_province(6, years=range(2020, 2026), indicators=wanted).to_parquet(data, index=False)
    killed = []

    def kill_at_work() -> None:
        until(lambda: len(list(tmp_path.glob("at work *"))) == 2)  # each worker does one thing at a time
        killed.append(len(list(out.glob("*/*/unit.json"))))
        workers[0].kill()
        (tmp_path / "killed").touch()

    killer = threading.Thread(target=kill_at_work, daemon=True)
    killer.start()
    how = How(True, address, report_once_killed, PRELOAD)
    summary = run_batch(small_batch(data, out), how)
    killer.join()
    assert 2 <= killed[0] < 6, "killed in the middle"
    assert (summary["total"], summary["done"], summary["failed"]) == (6, 6, 0)
    for one in summary["reports"]:
        assert open_store(out).key(one["report"].removesuffix("/index.html")), "each report is whole"
    assert run_batch(small_batch(data, out), how)["resumed"] == 6


def test_no_scheduler_is_told(monkeypatch):
    monkeypatch.setattr(cluster, "PATIENCE", 0.5)
    with pytest.raises(ParamsError, match="连接不到调度器"):
        run_on_cluster([], behave, Limits(), "tcp://127.0.0.1:9")


def test_a_missing_dask_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ParamsError, match="pip install"):
        run_on_cluster([], behave, Limits(), "tcp://127.0.0.1:9")
