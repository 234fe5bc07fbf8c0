"""A batch from its file to its page: split the data, skip what is done, run the rest, say what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from xhcp_eval.files.whole import remove
from xhcp_eval.pack.params import PackParams
from xhcp_eval.report.batch import progress
from xhcp_eval.report.batch.cluster import run_on_cluster
from xhcp_eval.report.batch.company import write_company
from xhcp_eval.report.batch.index_page import write_page
from xhcp_eval.report.batch.plan_of_work import BatchParams, load_packs, plan_tasks
from xhcp_eval.report.batch.rows import Rows, split_rows
from xhcp_eval.report.batch.runner import Work, call_apart, run_tasks, warm_up
from xhcp_eval.report.batch.storage import Store, open_store, rows_folder
from xhcp_eval.report.batch.summary import record, write_summary
from xhcp_eval.report.batch.tasks import Cause, Limits, Outcome, Task
from xhcp_eval.report.batch.unit import make_report
from xhcp_eval.report.batch.verdicts import with_verdicts

PRELOAD = ("xhcp_eval.report.batch.preloaded",)


@dataclass(frozen=True)
class How:
    """How a batch is run. resume: skip what is done and unchanged. scheduler: of Dask, empty for this machine.

    work: makes the report of a task. preload: modules its processes have from the start.
    """

    resume: bool = True
    scheduler: str = ""
    work: Work = make_report
    preload: tuple[str, ...] = PRELOAD


def run_batch(batch: BatchParams, how: How = How()) -> dict:
    """Make the reports of a batch, whatever happens to some of them; returns its summary (batch.json).

    Raises ParamsError or DataError if the batch as a whole can't begin, RunError if another one writes to the same
    folder. What has been done when it is interrupted stays, and is taken over by the next run.
    """
    began = time.monotonic()
    packs, store = load_packs(batch), open_store(batch.place)
    with store.locked():
        store.tidy()
        folder = rows_folder(batch.place, batch.batch)
        try:
            warm_up(how.preload)
            rows = _split(batch, packs, folder)
            tasks = list(plan_tasks(batch, packs, rows))
            known, coming = _sorted_out(tasks, rows, packs, store, how.resume)
            coming = _in_company(coming, packs, rows, folder, how.preload)
            limits = Limits(batch.jobs, batch.retries, batch.time_limit_s, batch.memory_limit_mb, how.preload)
            if not how.scheduler:  # many workers judge their own regions sooner than this machine all of them
                with progress.counting("判定各地区", len(coming)) as count:
                    coming = with_verdicts(coming, limits, folder / "verdicts", count)
            with progress.showing(f"{batch.title}：{len(tasks)} 份报告", len(tasks)) as tell:
                outcomes = known + _made(known, coming, limits, how, tell)
        finally:
            remove(folder)
        strays = [text for found in rows.values() for text in found.strays]
        summary = record(batch.title, outcomes, strays, time.monotonic() - began)
        write_summary(store, summary)
        call_apart(_write_page, batch.place, summary, preload=how.preload)
    return summary


def _write_page(place: str, summary: dict) -> None:
    write_page(open_store(place), summary)


def _split(batch: BatchParams, packs: Sequence[PackParams], folder: Path) -> dict[str, Rows]:
    """Each region's rows, by plan; in a process that takes the memory of the whole table with it."""
    found = {}
    for plan in dict.fromkeys(pack.plan for pack in packs):
        (folder / plan).mkdir()
        given = (batch.files, plan, batch.chosen, folder / plan, batch.as_of)
        found[plan] = call_apart(split_rows, *given)
    return found


def _in_company(
    coming: Sequence[Task],
    packs: Sequence[PackParams],
    rows: dict[str, Rows],
    folder: Path,
    preload: tuple[str, ...],
) -> list[Task]:
    """The tasks with what all regions of their pack have to teach, also those whose reports are there already."""
    found = {}
    for pack in packs:
        if any(task.pack == pack.pack for task in coming):
            files = [path for path, _ in rows[pack.plan].files.values()]
            path = folder / f"{pack.pack}.company"
            found[pack.pack] = call_apart(write_company, pack, files, path, preload=preload)
    return [replace(task, company=found[task.pack]) for task in coming]


def _sorted_out(
    tasks: Sequence[Task], rows: dict[str, Rows], packs: Sequence[PackParams], store: Store, resume: bool
) -> tuple[list[Outcome], list[Task]]:
    """What is known already of tasks that needn't be run, and the tasks that have to be."""
    plans = {pack.pack: pack.plan for pack in packs}
    known = {id(task): _known(task, rows[plans[task.pack]], store, resume) for task in tasks}
    found = [outcome for outcome in known.values() if outcome is not None]
    return found, [task for task in tasks if known[id(task)] is None]


def _made(
    known: Sequence[Outcome],
    coming: Sequence[Task],
    limits: Limits,
    how: How,
    tell: Callable[[Outcome], None],
) -> list[Outcome]:
    """What comes of the tasks that have to be run; `tell` hears of the known ones first."""
    for outcome in known:
        tell(outcome)
    if how.scheduler:
        return run_on_cluster(coming, how.work, limits, how.scheduler, tell)
    return run_tasks(coming, how.work, limits, tell)


def _known(task: Task, rows: Rows, store: Store, resume: bool) -> Outcome | None:
    """What came of a task that needn't be run: its data can't be used, or its report is there."""
    told = (task.region, task.pack, task.folder)
    if not task.key:
        return Outcome(*told, Cause.DATA, "\n".join(rows.problems.get(task.region, ("没有数据",))))
    if resume and store.key(f"{task.folder}/{task.pack}") == task.key:
        return Outcome(*told, resumed=True)
    return None
