"""Whatever happens to a process, the others go on, and what came of each is told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from batch_work import PRELOAD, behave, refuse

from xhcp_eval.batch.runner import call_apart, run_tasks
from xhcp_eval.batch.tasks import Cause, Limits, Task
from xhcp_eval.errors import DataError, RunError

LIMITS = Limits(at_once=2, retries=2, preload=PRELOAD)


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


def test_what_hangs_is_ended_in_time_and_not_tried_again(tmp_path):
    began = time.monotonic()
    found = run(tmp_path, "hang", "a", "b", time_s=1.5)
    assert time.monotonic() - began < 20
    assert (found["hang"].cause, found["hang"].attempts) == (Cause.TIME, 1)
    assert found["a"].done and found["b"].done


def test_an_interruption_leaves_no_process(tmp_path):
    tasks = [Task(name, "p", name, out=str(tmp_path)) for name in ("a", "hang")]

    def interrupt(outcome):
        while not ((file := tmp_path / "hang.0").exists() and file.read_text(encoding="utf-8")):
            time.sleep(0.01)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_tasks(tasks, behave, LIMITS, interrupt)
    assert gone(int((tmp_path / "hang.0").read_text(encoding="utf-8")))


def gone(process: int, seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX")
def test_processes_end_with_a_killed_parent(tmp_path):
    code = (
        "import sys; sys.path.insert(0, 'tests')\n"
        "from batch_work import behave\n"
        "from xhcp_eval.batch.runner import run_tasks\n"
        "from xhcp_eval.batch.tasks import Limits, Task\n"
        f"run_tasks([Task('hang', 'p', 'hang', out={str(tmp_path)!r})], behave, Limits())\n"
    )
    root = Path(__file__).resolve().parent.parent
    with subprocess.Popen([sys.executable, "-c", code], cwd=root) as parent:
        while not ((file := tmp_path / "hang.0").exists() and file.read_text(encoding="utf-8")):
            assert parent.poll() is None
            time.sleep(0.02)
        parent.send_signal(signal.SIGKILL)
    assert gone(int(file.read_text(encoding="utf-8")))


def test_a_call_apart_answers_raises_and_may_die():
    assert call_apart(pow, 2, 10) == 1024
    with pytest.raises(DataError, match="不能用"):
        call_apart(refuse)
    with pytest.raises(RunError, match="退出码 3"):
        call_apart(os._exit, 3)
