"""The report of one region: what a process of a batch does, from the region's rows to a report in its place."""

from __future__ import annotations

import io

import pandas as pd

from xhcp_eval.pack.pack import Given, Pack, compute_pack
from xhcp_eval.pack.params import PackParams
from xhcp_eval.report.batch.company import read_company
from xhcp_eval.report.batch.storage import open_store
from xhcp_eval.report.batch.tasks import Task
from xhcp_eval.report.run.runner import write_report


def make_report(task: Task) -> None:
    """Make the report of a task and put it in its place, whole or not at all.

    task: with its rows. Raises DataError or PlanError if the region can't be judged, RunError if a notebook fails.
    """
    pack = region_pack(task)
    with open_store(task.out).making(f"{task.folder}/{task.pack}", task.key) as work:
        write_report(pack, work, work.with_name(task.pack), key=task.key)


def region_pack(task: Task) -> Pack:
    """The pack of a task's region: from its rows, and from its verdicts where they are there. Raises PlanError or DataError."""
    verdicts = _in_python(_table(task.verdicts)) if task.verdicts else None
    given = Given(_table(task.rows), verdicts, task.inputs, read_company(task.company))
    return compute_pack(PackParams.model_validate_json(task.params), given)


def _table(parquet: bytes | str) -> pd.DataFrame:
    return pd.read_parquet(io.BytesIO(parquet) if isinstance(parquet, bytes) else parquet)


def _in_python(frame: pd.DataFrame) -> pd.DataFrame:
    """Texts as Python's own, which are looked at one by one in half the time."""
    return frame.astype({name: object for name in frame.columns if frame[name].dtype == "str"})
