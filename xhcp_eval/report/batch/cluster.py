"""The same tasks on many machines: Dask distributed runs them, this process hands them out and counts.

Dask is an optional extra. Each worker makes one report at a time in a process of its own where it may start
one (`distributed.worker.daemon: false`, or workers without a nanny), else in its own process.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from xhcp_eval.errors import ParamsError, RunError
from xhcp_eval.report.batch.runner import Work, describe, run_tasks
from xhcp_eval.report.batch.tasks import RETRIED, Cause, Limits, Outcome, Task

AHEAD = 3  # tasks handed out for each place, so that none waits for the next
PATIENCE = 30.0  # seconds to find the scheduler, and then its first worker


def run_on_cluster(
    tasks: Iterable[Task],
    work: Work,
    limits: Limits,
    scheduler: str,
    tell: Callable[[Outcome], None] = lambda _: None,
) -> list[Outcome]:
    """Run all tasks on the workers of a scheduler; returns what came of them, in the order in which they ended.

    tasks, work, limits, tell: as for `runner.run_tasks`; at_once doesn't count, the workers do. scheduler: address,
    tcp://host:8786. When a worker dies others take its tasks over; Dask gives a task up
    that took several workers with it (distributed.scheduler.allowed-failures), which counts as an attempt.
    Raises ParamsError if Dask is missing or no scheduler answers, RunError if it is lost on the way.
    """
    client = _connect(scheduler)
    try:
        return _run(client, tasks, work, limits, tell)
    except (OSError, TimeoutError) as error:
        raise RunError(f"与调度器 {scheduler} 的连接断了；重新运行同一命令会接着做") from error
    finally:
        client.close()


def _connect(scheduler: str):
    try:
        from distributed import Client
    except ImportError:
        raise ParamsError("--scheduler 需要 Dask：pip install 'xhcp-eval[cluster]'") from None
    try:
        client = Client(scheduler, timeout=PATIENCE, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise ParamsError(f"连接不到调度器 {scheduler}：{error}") from error
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
    except TimeoutError:
        client.close()
        raise ParamsError(f"调度器 {scheduler} 没有工作进程；请先启动 dask worker {scheduler}") from None
    return client


def _run(client, tasks: Iterable[Task], work: Work, limits: Limits, tell) -> list[Outcome]:
    from distributed import as_completed

    coming: Iterator[tuple[Task, int]] = ((task, 1) for task in tasks)
    places = max(1, sum(client.nthreads().values()))
    out: dict = {}
    ended: list[Outcome] = []
    futures = as_completed(loop=client.loop)

    def submit(task: Task, attempt: int) -> None:
        sent = client.submit(work_remotely, _loaded(task), work, limits, pure=False, retries=0)
        out[sent] = (task, attempt)
        futures.add(sent)

    for _ in range(places * AHEAD):
        if one := next(coming, None):
            submit(*one)
    for future in futures:
        task, attempt = out.pop(future)
        outcome = _outcome(future, task, attempt)
        future.release()
        if outcome.cause in RETRIED and attempt <= limits.retries:
            submit(task, attempt + 1)
            continue
        ended.append(outcome)
        tell(outcome)
        if one := next(coming, None):
            submit(*one)
    return ended


def _loaded(task: Task) -> Task:
    """The task with its tables inside: a worker needn't see this machine's files."""
    return replace(task, rows=_bytes(task.rows), verdicts=_bytes(task.verdicts), company=_bytes(task.company))


def _bytes(table: bytes | str) -> bytes | str:
    return Path(table).read_bytes() if isinstance(table, str) and table else table


def _outcome(future, task: Task, attempt: int) -> Outcome:
    error = future.exception()
    if error is None:
        return replace(future.result(), attempts=attempt)
    detail = f"工作进程中断（{type(error).__name__}）；共试 {attempt} 次"
    return Outcome(task.region, task.pack, task.folder, Cause.CRASH, detail, attempt)


def work_remotely(task: Task, work: Work, limits: Limits) -> Outcome:
    """What a worker does with a task."""
    alone = replace(limits, at_once=1, retries=0)
    if not multiprocessing.current_process().daemon:
        return run_tasks([task], work, alone)[0]
    told = Outcome(task.region, task.pack, task.folder)
    try:
        work(task)
    except Exception as error:
        return replace(told, **describe(error))
    return told
