"""Tasks in processes of their own: whatever a process does, the others go on and the parent knows why it ended.

Where the system can fork, processes are copies of one that has loaded everything (multiprocessing's forkserver),
so that each starts in milliseconds; elsewhere (Windows) they start from nothing.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import threading
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Protocol, TypeVar

from xhcp_eval.errors import CrashError, RunError, XhcpError
from xhcp_eval.report.batch.tasks import RETRIED, Cause, Limits, Outcome

Work = Callable[[Any], object]
Result = TypeVar("Result")
GARBAGE = 200_000  # objects between collections: a process of a second leaves hardly any
GRACE = 10.0  # seconds for a process to end after its answer


class Doable(Protocol):
    """What can be worked on and told of: a `Task`, or a block of regions to be judged."""

    @property
    def region(self) -> str: ...  # noqa: D102
    @property
    def pack(self) -> str: ...  # noqa: D102
    @property
    def folder(self) -> str: ...  # noqa: D102


@dataclass(frozen=True)
class _Running:
    task: Doable
    attempt: int
    process: BaseProcess
    pipe: Connection
    began: float

    def end(self) -> None:
        """Kill the process and all it started."""
        self.process.kill()
        _kill_group(self.process.pid)
        self.process.join(GRACE)


def run_tasks(
    tasks: Iterable[Doable], work: Work, limits: Limits, tell: Callable[[Outcome], None] = lambda _: None
) -> list[Outcome]:
    """Run all tasks, several at once, and return what came of them, in the order in which they ended.

    tasks: taken one by one, as places get free. work: called with a task in a process of its own; must be
    importable by name. limits: how many, how long, how large, how often again. tell: called with each outcome as
    it comes. An exception of `work` is an outcome; a process that dies is tried again. On interruption (Ctrl-C) all
    processes are killed.
    """
    context = process_context(limits.preload)
    coming = iter(tasks)
    again: deque[tuple[Doable, int]] = deque()
    running: list[_Running] = []
    outcomes: list[Outcome] = []
    try:
        while True:
            while len(running) < limits.at_once and (new := _next(again, coming)):
                running.append(_start(context, *new, work, limits))
            if not running:
                return outcomes
            for one in _ended(running, limits):
                running.remove(one)
                outcome = _outcome(one, limits)
                if outcome.cause in RETRIED and one.attempt <= limits.retries:
                    again.append((one.task, one.attempt + 1))
                else:
                    outcomes.append(outcome)
                    tell(outcome)
    finally:
        for one in running:
            one.end()


def process_context(preload: tuple[str, ...] = ()) -> Any:
    """How this system starts processes; `preload` names modules they have from the start, where they are copies."""
    # read by the numerical libraries when they are loaded: a process is to use one core
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(preload))
    return context


def warm_up(preload: tuple[str, ...]) -> None:
    """Begin to load what later processes start with, where they are copies of one; comes back at once."""
    if process_context(preload).get_start_method() == "forkserver":
        from multiprocessing import forkserver

        forkserver.ensure_running()


def call_apart(
    function: Callable[..., Result], *arguments: object, preload: tuple[str, ...] | None = None
) -> Result:
    """Call a function in a process of its own, which takes its memory with it; ends with this one, however that ends.

    preload: modules it has from the start; None: it starts from nothing, so that it needn't wait for `warm_up`.
    Raises what the function raises, RunError if its process dies.
    """
    context: Any = multiprocessing.get_context("spawn") if preload is None else process_context(preload)
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_answer_call, args=(theirs, function, arguments))
    process.start()
    theirs.close()
    try:
        value, error = ours.recv()
    except EOFError:
        process.join(GRACE)
        raise RunError(f"进程意外中断（退出码 {process.exitcode}），可能是内存不足") from None
    finally:
        process.kill()
        process.join(GRACE)
    if error is not None:
        raise error
    return value


def _answer_call(pipe: Connection, function: Callable, arguments: tuple) -> None:
    _settle_in(0)
    try:
        pipe.send((function(*arguments), None))
    except Exception as error:
        pipe.send((None, error))


def _next(again: deque, coming) -> tuple[Doable, int] | None:
    if again:
        return again.popleft()
    task = next(coming, None)
    return None if task is None else (task, 1)


def _start(context, task: Doable, attempt: int, work: Work, limits: Limits) -> _Running:
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(work, task, theirs, limits.memory_mb))
    process.start()
    theirs.close()
    return _Running(task, attempt, process, ours, time.monotonic())


def _ended(running: list[_Running], limits: Limits) -> list[_Running]:
    """Wait until something ends or its time is up."""
    timeout = None
    if limits.time_s:
        timeout = max(0.0, min(one.began for one in running) + limits.time_s - time.monotonic())
    heard = set(wait([place for one in running for place in (one.pipe, one.process.sentinel)], timeout))
    late = time.monotonic() - limits.time_s if limits.time_s else float("-inf")
    return [one for one in running if {one.pipe, one.process.sentinel} & heard or one.began <= late]


def _outcome(one: _Running, limits: Limits) -> Outcome:
    """What a process answered, or why it didn't."""
    task = one.task
    told = Outcome(task.region, task.pack, task.folder, None, "", one.attempt)
    told = replace(told, seconds=round(time.monotonic() - one.began, 2))
    try:
        answer = one.pipe.recv() if one.pipe.poll() else None
    except (EOFError, OSError):
        answer = None
    if answer is not None:
        one.process.join(GRACE)
        one.end()
        return replace(told, **answer)
    too_long = one.process.is_alive() and limits.time_s and told.seconds >= limits.time_s
    one.end()
    if too_long:
        return replace(told, cause=Cause.TIME, detail=f"超过 {limits.time_s:g} 秒，已中止")
    code = one.process.exitcode
    how = f"信号 {-code}" if code is not None and code < 0 else f"退出码 {code}"
    return replace(
        told, cause=Cause.CRASH, detail=f"进程被终止或崩溃（{how}），可能是内存不足；共试 {one.attempt} 次"
    )


def _child(work: Work, task: Doable, pipe: Connection, memory_mb: int) -> None:
    """Body of a process: do the work, send the answer."""
    _settle_in(memory_mb)
    gc.set_threshold(GARBAGE)
    try:
        work(task)
        answer: dict = {}
    except Exception as error:
        answer = describe(error)
    pipe.send(answer | {"peak_mb": _peak_mb()})
    pipe.close()


def describe(error: BaseException) -> dict:
    """Cause and detail of an exception, as fields of `Outcome`."""
    if isinstance(error, MemoryError):
        return {"cause": Cause.CRASH, "detail": "内存不足；可调大 memory_limit_mb 或减小 jobs"}
    if isinstance(error, RunError):
        cause = Cause.CRASH if isinstance(error, CrashError) else Cause.NOTEBOOK
        return {"cause": cause, "detail": str(error)}
    if isinstance(error, XhcpError):
        return {"cause": Cause.DATA, "detail": str(error)}
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"（{trace.tb_frame.f_globals.get('__name__', '')} 第 {trace.tb_lineno} 行）" if trace else ""
    return {"cause": Cause.PROGRAM, "detail": f"{type(error).__name__}：{error}{place}"}


def _settle_in(memory_mb: int) -> None:
    """Leave Ctrl-C and the terminal to the parent, take a limit of memory, and end when the parent does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "setpgrp"):
        os.setpgrp()
    with open(os.devnull, "r+b") as nowhere:  # noqa: PTH123 - not a file
        for stream in (0, 1, 2):
            os.dup2(nowhere.fileno(), stream)
    # the thread below only waits; a copy of this process needs nothing of it
    warnings.filterwarnings("ignore", message=".*multi-threaded.*fork.*", category=DeprecationWarning)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if memory_mb:
        with suppress(ImportError, ValueError, OSError):
            import resource

            resource.setrlimit(resource.RLIMIT_DATA, (memory_mb << 20, memory_mb << 20))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None, "called in a child"
    wait([parent.sentinel])
    _kill_group(os.getpid())
    os._exit(1)


def _kill_group(leader: int | None) -> None:
    """Kill a process and those it started, if they are still of its group."""
    if hasattr(os, "killpg") and leader is not None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(leader, signal.SIGKILL)


def _peak_mb() -> float:
    """Most memory this process and the largest of its children held, in MB; 0 where the system doesn't tell."""
    try:
        import resource
    except ImportError:
        return 0.0
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return round(sum(resource.getrusage(kind).ru_maxrss for kind in kinds) / 1024, 1)
