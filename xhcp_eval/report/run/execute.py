"""One notebook executed and rendered, in a process of its own; several of them at once."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xhcp_eval.errors import CrashError, RunError
from xhcp_eval.files.home import PACKAGE, ROOT, VARIABLE
from xhcp_eval.report.page.render import Page, Shell, render_notebook

CELL_TIMEOUT = 1800  # seconds: no cell of ours takes minutes, one that does hangs


@dataclass(frozen=True)
class Job:
    """A notebook to run and render.

    source: the notebook. executed: where its executed copy goes, or is already if `reuse`. html: the page to
    write, None for a part of a document. parameters: values to inject; those named in `private` hold paths of this run and are blanked
    afterwards. saves: write the executed copy after each cell, so that one that dies tells how far it came; else
    once, at its end. instead: a sentence shown in place of the notebook, which then isn't run.
    """

    page: Page
    shell: Shell
    source: Path
    executed: Path
    html: Path | None
    parameters: dict[str, Any]
    private: tuple[str, ...] = ("snapshot",)
    reuse: bool = False
    saves: bool = True
    instead: str = ""


@dataclass(frozen=True)
class Done:
    """What came of a job. failure: Chinese sentence, empty if all went well. warnings: texts on stderr.

    crashed: its process died.
    """

    page: Page
    seconds: float
    failure: str = ""
    warnings: tuple[str, ...] = ()
    pictures_without_alt: int = 0
    crashed: bool = False


def run_jobs(jobs: list[Job], at_once: int, tell: Callable[[Done], None]) -> list[Done]:
    """Run all jobs, several at once, and return what came of them in their order.

    at_once: processes. tell: called with each result as it comes. A notebook that fails doesn't stop the
    others. Raises RunError if a process dies; on interruption the processes are ended first.
    """
    others = set(multiprocessing.active_children())
    # spawn: the only way Windows has, and no thread of this process is carried over
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(max(1, min(at_once, len(jobs))), context, _prepare)
    found: dict[Page, Done] = {}
    try:
        for future in as_completed([pool.submit(run_job, job) for job in jobs]):
            done = future.result()
            found[done.page] = done
            tell(done)
    except BrokenProcessPool as error:
        raise RunError("运行笔记本的进程意外退出，可能是内存不足；可减小参数 jobs 再试") from error
    except BaseException:
        for process in set(multiprocessing.active_children()) - others:
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
    return [found[job.page] for job in jobs]


def _prepare() -> None:
    """Set up a new process: kernels find this package and keep to one thread, Ctrl-C is the parent's."""
    os.environ[VARIABLE] = str(ROOT)
    paths = [str(PACKAGE.parent), os.environ.get("PYTHONPATH", "")]
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    os.environ["OMP_NUM_THREADS"] = "1"
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def run_job(job: Job, engine: str | None = None) -> Done:
    """Execute a notebook (unless its executed copy is reused), render it, write the page.

    engine: papermill's name of the engine; its own by default.
    """
    import nbformat

    start = time.perf_counter()
    try:
        if job.instead:
            notebook = _said(job)
        else:
            notebook = nbformat.read(job.executed, as_version=4) if job.reuse else _execute(job, engine)
    except RunError as error:
        crashed = isinstance(error, CrashError)
        return Done(job.page, time.perf_counter() - start, str(error), crashed=crashed)
    html, body = render_notebook(notebook, job.page, job.shell)
    if job.html is not None:
        job.html.write_text(html, encoding="utf-8", newline="\n")
    return Done(job.page, time.perf_counter() - start, "", body.warnings, body.pictures_without_alt)


def _said(job: Job) -> Any:
    """A notebook that says one sentence, written where the executed one would be."""
    from nbformat import v4, write

    notebook = v4.new_notebook(cells=[v4.new_markdown_cell(job.instead, id="instead")])
    write(notebook, job.executed)
    return notebook


def _execute(job: Job, engine: str | None) -> Any:
    """Run a notebook by papermill; returns it executed. Raises RunError that says what went wrong, in Chinese."""
    import logging

    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.translators import papermill_translators

    papermill_translators.register("python", _readable_translator())
    logging.getLogger("papermill").setLevel(logging.CRITICAL)
    name = f"{job.source.name}（{job.page.title}）"
    try:
        notebook = papermill.execute_notebook(
            job.source,
            job.executed,
            job.parameters,
            engine_name=engine,
            request_save_on_cell_execute=job.saves,
            progress_bar=False,
            execution_timeout=CELL_TIMEOUT,
            extra_arguments=["--IPKernelApp.log_level=CRITICAL"],
        )
    except papermill.PapermillExecutionError as error:
        raise RunError(f"{name} {_place(error, job)}：{error.ename}：{error.evalue}") from error
    except CellTimeoutError as error:
        raise RunError(f"{name}：有一格运行超过 {CELL_TIMEOUT // 60} 分钟") from error
    except DeadKernelError as error:
        raise CrashError(f"{name}：内核意外退出，可能是内存不足") from error
    return _forget_this_run(notebook, job)


def _place(error: Any, job: Job) -> str:
    """The failing cell as counted in the source, where papermill's cell with the parameters isn't."""
    line = next((text for text in error.source.splitlines() if text.strip()), "")
    return f"第 {error.cell_index + 1 - bool(job.parameters)} 格“{line.strip()[:60]}”"


def _readable_translator() -> Any:
    from papermill.translators import PythonTranslator

    class Readable(PythonTranslator):
        """Writes text parameters as they are, where papermill writes \\uXXXX."""

        @classmethod
        def translate_escaped_str(cls, str_val: object) -> str:
            return repr(str(str_val))

    return Readable


def _forget_this_run(notebook: Any, job: Job) -> Any:
    """Take paths of this machine out of an executed notebook, so that it opens anywhere and tells nothing."""
    import nbformat

    shown = {name: "" if name in job.private else value for name, value in job.parameters.items()}
    for cell in notebook.cells:
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell.source = _readable_translator().codify(shown).strip()
    notes = notebook.metadata.get("papermill", {})
    notes.update(input_path=job.source.name, output_path=job.executed.name, parameters=shown)
    nbformat.write(notebook, job.executed)
    return notebook
