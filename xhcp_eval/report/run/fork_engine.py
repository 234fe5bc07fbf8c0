"""papermill's engines "fork" and "here": the cells of a notebook run in a forked child of the calling process, or in it.

papermill itself loads this module, through the package's entry point: nothing else may import it before papermill.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

from papermill.engines import Engine, NBClientEngine

from xhcp_eval.report.run.forking import can_fork, child, end_child
from xhcp_eval.report.run.shell import LANGUAGE_INFO, RAISES, SKIP, Ran, make_runner

TICK = 0.5
logger = logging.getLogger("papermill")


class ForkEngine(Engine):
    """papermill engine that runs the cells in a forked child of the calling process."""

    @classmethod
    def execute_managed_notebook(  # noqa: PLR0913 - as papermill calls it
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
        deadline = time.monotonic() + time_limit if time_limit else None
        with child(lambda pipe: _serve(pipe, memory_limit)) as (pipe, pid):

            def answer(cell) -> Ran:
                pipe.send(cell.source)
                return _answer(cell, pipe, pid, execution_timeout, deadline)

            _run_cells(nb_man, answer, log_output, stdout_file, stderr_file)


class HereEngine(Engine):
    """papermill engine that runs the cells in this very process, which has to be the notebook's alone.

    Limits of time and memory are those of the process; whoever started it sees to them.
    """

    @classmethod
    def execute_managed_notebook(
        cls, nb_man, kernel_name, log_output=False, stdout_file=None, stderr_file=None, **kwargs
    ):
        """Run the cells of a managed notebook, in order, until one fails. Parameters as in `ForkEngine`."""
        streams, run = (sys.stdout, sys.stderr), make_runner()
        try:
            _run_cells(nb_man, lambda cell: run(cell.source), log_output, stdout_file, stderr_file)
        finally:
            sys.stdout, sys.stderr = streams


def _run_cells(nb_man, answer: Callable[..., Ran], log_output: bool, stdout_file, stderr_file) -> None:
    """Run cells until one fails, and tell papermill's manager. answer: runs a cell."""
    nb_man.nb.metadata["language_info"] = dict(LANGUAGE_INFO)
    for index, cell in enumerate(nb_man.nb.cells):
        try:
            nb_man.cell_start(cell, index)
            failed = _run_cell(cell, answer)
            _log(cell, log_output, stdout_file, stderr_file)
            if failed and RAISES not in cell.metadata.get("tags", []):
                nb_man.cell_exception(cell, cell_index=index, exception=failed)
                break
        finally:
            nb_man.cell_complete(cell, cell_index=index)


def _run_cell(cell, answer: Callable[..., Ran]) -> tuple | None:
    """Run a cell and take over its outputs; returns its error, if any."""
    import nbformat

    if cell.cell_type != "code" or not cell.source.strip() or set(cell.metadata.get("tags", [])) & set(SKIP):
        return None
    ran = answer(cell)
    cell.outputs = [nbformat.from_dict(output) for output in ran.outputs]
    cell.execution_count = ran.number
    return ran.failed


def _answer(cell, pipe: Connection, pid: int, timeout: float | None, deadline: float | None):
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    started = time.monotonic()
    limits = [limit for limit in (started + timeout if timeout else None, deadline) if limit is not None]
    try:
        while not pipe.poll(max(0.0, min([TICK, *(limit - time.monotonic() for limit in limits)]))):
            if limits and time.monotonic() >= min(limits):
                end_child(pid)
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
