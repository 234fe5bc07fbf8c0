"""Whatever happens to a process, the others go on, and what came of each is told."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from batch_work import PRELOAD, behave, refuse
from waiting import HANG, alive, python, until

from xhcp_eval.errors import DataError, RunError
from xhcp_eval.report.batch import runner
from xhcp_eval.report.batch.runner import call_apart, run_tasks
from xhcp_eval.report.batch.tasks import Cause, Limits, Task

LIMITS = Limits(at_once=2, retries=2, preload=PRELOAD)


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """Processes get all the time they need to end after their answer."""
    monkeypatch.setattr(runner, "GRACE", HANG)


def run(folder: Path, *regions: str, **limits) -> dict:
    tasks = [Task(name, "p", name, out=str(folder)) for name in regions]
    given = Limits(**{"at_once": 2, "retries": 2, "preload": PRELOAD} | limits)
    told = []
    found = run_tasks(tasks, behave, given, told.append)
    assert told == found
    return {one.region: one for one in found}


def test_one_that_fails_stops_no_other_and_wrong_data_are_not_tried_again(tmp_path):
    found = run(tmp_path, "a", "data", "bug", "notebook", "crash once", "b")
    assert {name: one.cause for name, one in found.items()} == {
        "a": None, "b": None, "crash once": None, "data": Cause.DATA, "bug": Cause.PROGRAM, "notebook": Cause.NOTEBOOK,
    }  # fmt: skip
    assert {name: one.attempts for name, one in found.items() if one.attempts > 1} == {"crash once": 2}
    assert found["data"].detail == "第 3 行有错"
    assert "KeyError" in found["bug"].detail and "batch_work" in found["bug"].detail
    assert "第 3 格" in found["notebook"].detail
    assert found["a"].peak_mb > 10


@pytest.mark.parametrize(("what", "sign"), [("crash", "信号 9"), ("exit", "退出码 3"), ("kernel", "内核")])
def test_what_crashes_is_tried_again_and_given_up(tmp_path, what, sign):
    one = run(tmp_path, what, retries=1)[what]
    assert (one.cause, one.attempts) == (Cause.CRASH, 2)
    assert sign in one.detail
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the memory of a process")
def test_too_much_memory_ends_one_process(tmp_path):
    found = run(tmp_path, "memory", "a", retries=0, memory_mb=700)
    assert found["memory"].cause == Cause.CRASH and "内存" in found["memory"].detail
    assert found["a"].done


def test_what_hangs_is_ended_in_time_and_not_tried_again(tmp_path, monkeypatch):
    one = run(tmp_path, "hang", time_s=0.2)["hang"]
    assert (one.cause, one.attempts) == (Cause.TIME, 1)
    now = [
        0.0
    ]  # from here on time is what the test says: it is up for whoever hangs once all others are through
    monkeypatch.setattr(runner, "time", SimpleNamespace(monotonic=lambda: now[0]))
    told = {}

    def tell(outcome):
        told[outcome.region] = outcome.cause
        if len(told) == 2:
            now[0] = 2 * HANG

    tasks = [Task(name, "p", name, out=str(tmp_path)) for name in ("hang", "a", "b")]
    run_tasks(tasks, behave, Limits(at_once=2, time_s=HANG, preload=PRELOAD), tell)
    assert told == {"a": None, "b": None, "hang": Cause.TIME}


def begun(folder: Path) -> int:
    """The process that hangs, once it does."""
    file = folder / "hang.0"
    return int(until(lambda: file.exists() and file.read_text(encoding="utf-8")))


def test_an_interruption_leaves_no_process(tmp_path):
    tasks = [Task(name, "p", name, out=str(tmp_path)) for name in ("a", "hang")]

    def interrupt(outcome):
        begun(tmp_path)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_tasks(tasks, behave, LIMITS, interrupt)
    until(lambda: not alive(begun(tmp_path)))


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX")
def test_processes_end_with_a_killed_parent(tmp_path):
    code = (
        "from batch_work import behave\n"
        "from xhcp_eval.report.batch.runner import run_tasks\n"
        "from xhcp_eval.report.batch.tasks import Limits, Task\n"
        f"run_tasks([Task('hang', 'p', 'hang', out={str(tmp_path)!r})], behave, Limits())\n"
    )
    with python("-c", code) as parent:
        process = begun(tmp_path)
        assert alive(process) and parent.poll() is None
        parent.send_signal(signal.SIGKILL)
    until(lambda: not alive(process))


def test_a_call_apart_answers_raises_and_may_die():
    assert call_apart(pow, 2, 10) == 1024
    with pytest.raises(DataError, match="不能用"):
        call_apart(refuse)
    with pytest.raises(RunError, match="退出码 3"):
        call_apart(os._exit, 3)
