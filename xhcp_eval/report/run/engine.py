"""Jobs run in forked children of a process that has everything loaded; notebooks by papermill's engine "fork".

Nothing has to be started or imported for a notebook, and no notebook sees another's doing. Where there is no fork
(Windows) or XHCP_ENGINE=papermill says so, papermill's own engine does the work.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import traceback
from collections import deque
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import cast

from xhcp_eval.report.run.execute import Done, Job, run_job
from xhcp_eval.report.run.forking import NAME, SWITCH, can_fork, end_child, fork_child, stop_child

HERE = "here"
__all__ = ["SWITCH", "can_fork", "preload", "register_engine", "run_forked", "run_here"]


def run_forked(jobs: list[Job], at_once: int, tell: Callable[[Done], None]) -> list[Done]:
    """As `execute.run_jobs`, in forked children of this process: each executes its notebook and renders it.

    at_once: children at work at a time. tell: called with each result as it comes. A child that dies (killed, out
    of memory) is a failure of its job alone. On interruption the children are ended, and what they had half written
    is removed.
    """
    preload()
    waiting = deque(enumerate(jobs))
    running: dict[Connection, tuple[int, int]] = {}
    found: dict[int, Done] = {}
    try:
        while waiting or running:
            while waiting and len(running) < max(1, at_once):
                number, job = waiting.popleft()
                new, pid = fork_child(partial(_send_done, job))
                running[new] = number, pid
            for pipe in cast("list[Connection]", wait(list(running))):
                number, pid = running[pipe]
                found[number] = _received(pipe, jobs[number])
                del running[pipe]
                end_child(pid)
                tell(found[number])
    finally:
        for pipe, (number, pid) in running.items():
            stop_child(pid)
            pipe.close()
            _remove_half_written(jobs[number])
    return [found[number] for number in range(len(jobs))]


def run_here(jobs: list[Job], tell: Callable[[Done], None]) -> list[Done]:
    """As `run_forked`, in this process, which is theirs alone: a single notebook whole, of several the cells in children."""
    preload()
    found = []
    for job in jobs:
        found.append(_done(job, HERE if len(jobs) == 1 else NAME))
        tell(found[-1])
    return found


def register_engine() -> None:
    """Make the engine known to papermill where the package isn't installed, so that its entry point can't be found."""
    from papermill.engines import papermill_engines

    if NAME not in papermill_engines._engines or HERE not in papermill_engines._engines:
        from xhcp_eval.report.run.fork_engine import ForkEngine, HereEngine

        papermill_engines.register(NAME, ForkEngine)
        papermill_engines.register(HERE, HereEngine)


def preload() -> None:
    """Load what notebooks need, so that their processes start with it.

    Nothing is set (no style, no seed): a notebook finds the modules as if it had imported them itself.
    """
    import matplotlib.pyplot  # noqa: F401
    import matplotlib_inline.backend_inline  # noqa: F401
    import nbconvert  # noqa: F401
    import papermill.execute  # noqa: F401
    import seaborn  # noqa: F401
    import statsmodels.api  # noqa: F401

    register_engine()

    from xhcp_eval import chapters
    from xhcp_eval.report.run import shell  # noqa: F401

    for chapter in pkgutil.walk_packages(chapters.__path__, f"{chapters.__name__}."):
        importlib.import_module(chapter.name)


def _send_done(job: Job, out: Connection) -> None:
    out.send(_done(job))


def _done(job: Job, engine: str = NAME) -> Done:
    """What comes of a job; an error outside its notebook is a failure that says where."""
    try:
        return run_job(job, engine)
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(place.filename).name} 第 {place.lineno} 行"
        return Done(job.page, 0.0, f"{_name(job)}：{where}：{type(error).__name__}：{error}")


def _received(pipe: Connection, job: Job) -> Done:
    try:
        return pipe.recv()
    except (EOFError, ConnectionError):
        _remove_half_written(job)
        failure = f"{_name(job)}：进程意外退出，可能是内存不足；可减小参数 jobs 再试"
        return Done(job.page, 0.0, failure, crashed=True)
    finally:
        pipe.close()


def _name(job: Job) -> str:
    return f"{job.source.name}（{job.page.title}）"


def _remove_half_written(job: Job) -> None:
    """A page of a job that didn't end is half a page; of its executed copy, what can be read tells how far it came."""
    if job.html is not None:
        job.html.unlink(missing_ok=True)
    try:
        json.loads(job.executed.read_bytes())
    except (OSError, ValueError):
        job.executed.unlink(missing_ok=True)
