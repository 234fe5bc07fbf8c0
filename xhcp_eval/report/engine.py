"""Jobs run in forked children of a process that has everything loaded; notebooks by papermill's engine "fork".

Nothing has to be started or imported for a notebook, and no notebook sees another's doing. Where there is no fork (Windows)
or XHCP_ENGINE=papermill says so, papermill's own engine does the work.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from typing import Any

from xhcp_eval.report.execute import Done, Job, run_job
from xhcp_eval.report.forking import NAME, SWITCH, can_fork, end_child, fork_child

__all__ = ["SWITCH", "can_fork", "preload", "run_forked"]

TICK = 0.5


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
                pipe, pid = fork_child(lambda out, job=job: out.send(run_job(job, NAME)))
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
