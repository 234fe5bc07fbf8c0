"""Notebooks run in forked children of a process that has everything loaded: papermill's engine "fork".

Nothing has to be started or imported for a notebook, and no notebook sees another's doing. Where there is no fork (Windows)
or XHCP_ENGINE=papermill says so, papermill's own engine does the work.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from papermill.engines import Engine, NBClientEngine, papermill_engines

from xhcp_eval.report.execute import Done, Job, run_job
from xhcp_eval.report.shell import LANGUAGE_INFO, RAISES, SKIP, make_runner

NAME = "fork"
SWITCH = "XHCP_ENGINE"
TICK = 0.5
logger = logging.getLogger("papermill")


def can_fork() -> bool:
    """Whether notebooks may run in forked children here."""
    return hasattr(os, "fork") and os.environ.get(SWITCH, NAME) == NAME


class ForkEngine(Engine):
    """papermill engine that runs the cells in a forked child of the calling process."""

    @classmethod
    def execute_managed_notebook(
        cls, nb_man, kernel_name, log_output=False, stdout_file=None, stderr_file=None, start_timeout=60, execution_timeout=None,
        memory_limit=None, time_limit=None, **kwargs,
    ):  # fmt: skip
        """Run the cells of a managed notebook, in order, until one fails.

        nb_man: papermill's manager; gets outputs, times and states cell by cell. execution_timeout: seconds a cell may
        take. memory_limit: megabytes that the notebook may take beyond what it starts with (a MemoryError in its cell).
        time_limit: seconds for the whole notebook. The rest as in `NBClientEngine`.
        Raises nbclient's CellTimeoutError and DeadKernelError, as the standard engine does.
        """
        if not can_fork():
            NBClientEngine.execute_managed_notebook(
                nb_man,
                kernel_name,
                log_output,
                stdout_file,
                stderr_file,
                start_timeout,
                execution_timeout,
                **kwargs,
            )
            return
        nb_man.nb.metadata["language_info"] = dict(LANGUAGE_INFO)
        deadline = time.monotonic() + time_limit if time_limit else None
        with _child(lambda pipe: _serve(pipe, memory_limit)) as (pipe, pid):
            shown: dict[str, list[dict]] = {}
            for index, cell in enumerate(nb_man.nb.cells):
                try:
                    nb_man.cell_start(cell, index)
                    failed = _run_cell(cell, pipe, pid, execution_timeout, deadline, shown)
                    _log(cell, log_output, stdout_file, stderr_file)
                    if failed and RAISES not in cell.metadata.get("tags", []):
                        nb_man.cell_exception(cell, cell_index=index, exception=failed)
                        break
                finally:
                    nb_man.cell_complete(cell, cell_index=index)


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
            _end(pid)
            pipe.close()
    return [found[number] for number in range(len(jobs))]


def preload() -> None:
    """Load what notebooks need, so that their processes start with it."""
    import matplotlib_inline.backend_inline  # noqa: F401
    import nbconvert  # noqa: F401
    import papermill.execute  # noqa: F401
    import seaborn  # noqa: F401
    import statsmodels.api  # noqa: F401
    from IPython.core import interactiveshell  # noqa: F401

    from xhcp_eval import _MODULES, style

    for name in _MODULES:
        __import__(f"xhcp_eval.{name}")
    style.use_style()


def _run_cell(
    cell, pipe: Connection, pid: int, timeout: float | None, deadline: float | None, shown: dict
) -> tuple | None:
    """Run a cell in the child and take over its outputs; returns its error, if any."""
    import nbformat

    if cell.cell_type != "code" or not cell.source.strip() or set(cell.metadata.get("tags", [])) & set(SKIP):
        return None
    cell.outputs = []
    pipe.send(cell.source)
    ran = _answer(cell, pipe, pid, timeout, deadline)
    for output in ran.outputs:
        name = output.pop("_display_id", None)
        node = nbformat.from_dict(output)
        cell.outputs.append(node)
        if name:
            shown.setdefault(name, []).append(node)
    for name, (data, metadata) in ran.updates.items():
        for node in shown.get(name, ()):
            node.data, node.metadata = nbformat.from_dict(data), nbformat.from_dict(metadata)
    cell.execution_count = ran.count
    return ran.failed


def _answer(cell, pipe: Connection, pid: int, timeout: float | None, deadline: float | None):
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    started = time.monotonic()
    limits = [limit for limit in (started + timeout if timeout else None, deadline) if limit is not None]
    try:
        while not pipe.poll(max(0.0, min([TICK, *(limit - time.monotonic() for limit in limits)]))):
            if limits and time.monotonic() >= min(limits):
                _end(pid)
                raise CellTimeoutError.error_from_timeout_and_cell(
                    "Cell execution timed out", int(time.monotonic() - started), cell
                )
        return pipe.recv()
    except (EOFError, ConnectionError):
        raise DeadKernelError("Kernel died") from None


def _log(cell, log_output: bool, stdout_file, stderr_file) -> None:
    """What the cell printed, to log and files as the standard engine does."""
    for output in cell.get("outputs", ()):
        if output.output_type == "stream":
            file = stdout_file if output.name == "stdout" else stderr_file
            if log_output:
                (logger.info if output.name == "stdout" else logger.warning)(output.text)
            if file:
                file.write(output.text)
                file.flush()
        elif log_output and "text/plain" in output.get("data", {}):
            logger.info(output.data["text/plain"])


def _serve(pipe: Connection, memory_limit: float | None) -> None:
    """The child of a notebook: run what comes, until nothing does."""
    if memory_limit:
        _limit_memory(memory_limit)
    run = make_runner()
    with contextlib.suppress(EOFError):
        while True:
            pipe.send(run(pipe.recv()))


def _limit_memory(megabytes: float) -> None:
    import resource

    now = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * os.sysconf("SC_PAGE_SIZE")
    limit = now + int(megabytes * 1_000_000)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


@contextlib.contextmanager
def _child(work: Callable[[Connection], None]):
    """A forked child at work; ended when the block is left."""
    pipe, pid = _fork(work)
    try:
        yield pipe, pid
    finally:
        pipe.close()
        _end(pid)


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
    _end(pid)
    return done


def _end(pid: int) -> None:
    """Kill a child's group and take its exit, so that no zombie is left."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)


papermill_engines.register(NAME, ForkEngine)
