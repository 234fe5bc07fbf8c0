"""The verdicts of all regions of a batch, worked out for many regions at once; each region's report reads its own.

They are only a head start: a report whose verdicts aren't there works out the same ones for itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from xhcp_eval.errors import XhcpError
from xhcp_eval.files.whole import whole_file
from xhcp_eval.pack.params import PackParams
from xhcp_eval.plan.reading import load_plan
from xhcp_eval.report.batch.company import read_company
from xhcp_eval.report.batch.runner import run_tasks
from xhcp_eval.report.batch.tasks import Limits, Task
from xhcp_eval.verdict.judging import judge

REGIONS = 40  # judged at once: more are hardly quicker and take more memory


@dataclass(frozen=True)
class Block:
    """Regions that are judged at once for a pack. region: how a person may call them. regions, rows: as of their tasks.

    params: of the pack, as JSON; regions and titles in it don't matter. folder: gets a file a region. company: what
    they learn from, as of their tasks.
    """

    region: str
    pack: str
    regions: tuple[str, ...]
    rows: tuple[str, ...]
    params: str
    folder: str
    company: bytes | str = ""


def with_verdicts(
    tasks: Sequence[Task], limits: Limits, folder: Path, tell: Callable[[int], None] = lambda _: None
) -> list[Task]:
    """The tasks with the files of their verdicts, where these could be worked out.

    tasks: with rows as paths, unlike regions of one pack with like parameters. limits: of the processes that judge.
    folder: for the files. tell: called with the number of regions judged, as they are.
    """
    folder.mkdir(parents=True, exist_ok=True)
    blocks = list(_blocks(tasks, folder, limits.at_once))
    sizes = {(block.pack, block.region): len(block.regions) for block in blocks}
    run_tasks(blocks, judge_block, limits, lambda one: tell(sizes[one.pack, one.region]))
    found = {(task.region, task.pack): _file(folder, task.pack, str(task.rows)) for task in tasks}
    return [
        replace(task, verdicts=str(path)) if (path := found[task.region, task.pack]).is_file() else task
        for task in tasks
    ]


def _blocks(tasks: Sequence[Task], folder: Path, at_once: int) -> Iterator[Block]:
    for pack in dict.fromkeys(task.pack for task in tasks):
        mine = [task for task in tasks if task.pack == pack]
        size = min(REGIONS, -(-len(mine) // at_once))
        for k in range(0, len(mine), size):
            block = mine[k : k + size]
            regions = tuple(task.region for task in block)
            name = f"{regions[0]} 等 {len(block)} 个"
            rows = tuple(str(task.rows) for task in block)
            yield Block(name, pack, regions, rows, block[0].params, str(folder), block[0].company)


def _file(folder: str | Path, pack: str, rows: str) -> Path:
    return Path(folder) / f"{Path(rows).stem}.{pack}.parquet"


def judge_block(block: Block) -> None:
    """Judge the regions of a block and write a file for each; a region whose figures can't be used gets none."""
    params = PackParams.model_validate_json(block.params)
    tables = {region: pd.read_parquet(path) for region, path in zip(block.regions, block.rows, strict=True)}
    try:
        _judge(params, tables, block)
    except XhcpError:
        for region, table in tables.items():
            _try_alone(params, region, table, block)


def _try_alone(params: PackParams, region: str, table: pd.DataFrame, block: Block) -> None:
    try:
        _judge(params, {region: table}, block)
    except XhcpError:
        return  # its report will say what is wrong


def _judge(params: PackParams, tables: dict[str, pd.DataFrame], block: Block) -> None:
    plan, rows = load_plan(params.plan), dict(zip(block.regions, block.rows, strict=True))
    together = pd.concat(tables.values(), ignore_index=True)
    options: dict[str, Any] = {"use_recollection": params.use_recollection, "may_lag": True}
    if company := read_company(block.company):
        options["beside"] = company[params.data_until]
    verdicts = judge(together, plan, list(tables), params.settings, params.data_until, **options)
    words = verdicts.explained()
    for region, found in words.groupby("region", sort=False):
        path = _file(block.folder, block.pack, rows[region])
        with whole_file(path) as half:
            found.reset_index(drop=True).to_parquet(half, index=False)
