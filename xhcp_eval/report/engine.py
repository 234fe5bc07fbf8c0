"""Jobs run in forked children of a process that has everything loaded; notebooks by papermill's engine "fork".

Nothing has to be started or imported for a notebook, and no notebook sees another's doing. Where there is no fork (Windows)
or XHCP_ENGINE=papermill says so, papermill's own engine does the work.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from collections import deque
from collections.abc import Callable
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from typing import Any

from xhcp_eval.report.execute import Done, Job, run_job

NAME = "fork"
SWITCH = "XHCP_ENGINE"
TICK = 0.5


def can_fork() -> bool:
    """Whether notebooks may run in forked children here."""
    return hasattr(os, "fork") and os.environ.get(SWITCH, NAME) == NAME


def run_forked(jobs: list[Job], at_once: int, tell: Callable[[Done], None]) -> list[Done]:
    """As `execute.run_jobs`, in forked children of this process: each executes its notebook and renders it.

    A child that dies (killed, out of memory) is a failure of its job alone. On interruption the children are ended.
    """
    preload()
    waiting, running, found = deque(enumerate(jobs)), {}, {}
    try:
        while waiting or running:
            while waiting and len(running) < max(1, at_once):
                number, job = waiting.popleft()
                pipe, pid = _fork(lambda out, job=job: out.send(run_job(job, NAME)))
                running[pipe] = number, pid
            for pipe in wait(list(running), TICK):
                number, pid = running.pop(pipe)
                found[number] = _received(pipe, pid, jobs[number])
                tell(found[number])
    finally:
        for pipe, (_, pid) in running.items():
            end_child(pid)
            pipe.close()
    return [found[number] for number in range(len(jobs))]


def register_engine() -> None:
    """Make the engine known to papermill where the package isn't installed, so that its entry point can't be found."""
    from papermill.engines import papermill_engines

    if NAME not in papermill_engines._engines:
        from xhcp_eval.report.fork_engine import ForkEngine

        papermill_engines.register(NAME, ForkEngine)


def preload() -> None:
    """Load what notebooks need, so that their processes start with it."""
    import matplotlib_inline.backend_inline  # noqa: F401
    import nbconvert  # noqa: F401
    import papermill.execute  # noqa: F401
    import seaborn  # noqa: F401
    import statsmodels.api  # noqa: F401
    from IPython.core import interactiveshell  # noqa: F401

    register_engine()

    from xhcp_eval import _MODULES, style

    for name in _MODULES:
        __import__(f"xhcp_eval.{name}")
    style.use_style()


@contextlib.contextmanager
def child(work: Callable[[Connection], None]):
    """A forked child at work; ended when the block is left."""
    pipe, pid = _fork(work)
    try:
        yield pipe, pid
    finally:
        pipe.close()
        end_child(pid)


def _fork(work: Callable[[Connection], None]) -> tuple[Connection, int]:
    """Fork a child in a group of its own that does its work over a pipe; returns our end of the pipe and its id."""
    ours, theirs = Pipe()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    pid = os.fork()
    if pid:
        theirs.close()
        return ours, pid
    code = 1
    try:
        ours.close()
        _settle()
        work(theirs)
        code = 0
    finally:
        os._exit(code)  # nothing of the parent is tidied up twice


def _settle() -> None:
    """What must not be shared with the parent: signals, chance, terminal; and end with it."""
    os.setpgid(0, 0)
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # Linux: PR_SET_PDEATHSIG
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    import random

    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()


def _received(pipe: Connection, pid: int, job: Job) -> Done:
    try:
        done: Any = pipe.recv()
    except (EOFError, ConnectionError):
        done = Done(
            job.page,
            0.0,
            f"{job.source.name}（{job.page.title}）：进程意外退出，可能是内存不足；可减小参数 jobs 再试",
        )
    pipe.close()
    end_child(pid)
    return done


def end_child(pid: int) -> None:
    """Kill a child's group and take its exit, so that no zombie is left."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)
