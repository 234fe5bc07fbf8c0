"""The report of one region: what a process of a batch does, from the region's rows to a report in its place."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from xhcp_eval.batch.storage import open_store
from xhcp_eval.batch.tasks import Task
from xhcp_eval.errors import RunError
from xhcp_eval.pack import Pack, compute_pack
from xhcp_eval.params import PackParams
from xhcp_eval.provenance import ROOT
from xhcp_eval.report import runner
from xhcp_eval.report.index import write_index
from xhcp_eval.report.results import write_results
from xhcp_eval.report.swap import remove


def make_report(task: Task) -> None:
    """Make the report of a task and put it in its place, whole or not at all.

    task: with its rows. Raises DataError or PlanError if the region can't be judged, RunError if a notebook fails.
    """
    started = time.perf_counter()
    params = PackParams.model_validate_json(task.params)
    pack = region_pack(params, task.rows, task.inputs)
    with open_store(task.out).making(f"{task.folder}/{task.pack}", task.key) as work:
        run = runner._start(pack, work, work.with_name(params.pack), started)
        jobs = runner._jobs(run, {})
        done = runner._executed(run, jobs, lambda _: None)
        if failures := [one.failure for one in done if one.failure]:
            raise RunError(f"{params.title}：{len(failures)} 个笔记本运行失败：", failures)
        write_results(pack, work)
        if any(section.notebook == runner.YEARBOOK for section in params.sections):
            runner._yearbook(pack, work)
        write_index(pack, run.shell, work)
        remove(run.snapshot)
        runner._write_json(work / runner.RECORD, runner._record(run, jobs, done, "ok"))


def region_pack(params: PackParams, rows: bytes | str, inputs: Mapping[str, str]) -> Pack:
    """A pack computed from a region's rows.

    rows: Parquet file of checked rows, its bytes or its path. inputs: hashes of these, as its record is to name
    them. Raises PlanError or DataError.
    """
    with tempfile.TemporaryDirectory(prefix="xhcp-") as folder:
        path = Path(folder) / "rows.parquet"
        path.write_bytes(rows if isinstance(rows, bytes) else Path(rows).read_bytes())
        name = os.path.relpath(path, ROOT)
        pack = compute_pack(params.model_copy(update={"data": (name,), "as_of": None}))
    others = {key: value for key, value in pack.stamp["inputs"].items() if key != Path(name).as_posix()}
    return replace(pack, params=params, stamp=pack.stamp | {"inputs": {**inputs, **others}})
