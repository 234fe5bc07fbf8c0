"""The whole panel in one call: the verdicts of `assess` for every region and target, by arrays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd

from xhcp_eval.errors import ParamsError
from xhcp_eval.plan import Plan
from xhcp_eval.province.ahead import Ahead, look_ahead
from xhcp_eval.province.facts import Demands
from xhcp_eval.province.gaps import judge_gaps
from xhcp_eval.province.judged import judge
from xhcp_eval.province.reading import read_block
from xhcp_eval.province.series import Block
from xhcp_eval.province.table import EMPTY, as_frame, combined
from xhcp_eval.province.verdicts import Members, judge_pairs
from xhcp_eval.settings import Settings
from xhcp_eval.status import Status


def assess_panel(
    observations: pd.DataFrame,
    plan: Plan,
    settings: Settings | None = None,
    as_of: int | None = None,
    regions: Iterable[str] | None = None,
    use_recollection: bool = False,
    project_all: bool = False,
) -> pd.DataFrame:
    """Judge every target and milestone of the plan for many regions at once; the rules are those of `assess`.

    observations: checked table of all regions and their units. plan: as loaded. settings: rules of judgement. as_of:
    last year that may be used (default: the table's last). regions: paths (default: every region of the plan's level
    in the table). use_recollection: let unverified figures shape trends. project_all: project every series, also
    those that no target asks for (to measure it; verdicts stay the same).
    Returns one row a region and target (`COLUMNS`, regions in the order given, targets in the plan's), words as
    categories; failures counts the years and units in which a bound of every year wasn't met; reason is a key of
    `REASONS`. Probabilities are those of `assess` without most of its simulation error: integrated where one year or
    a chain of single years decides or events of several years are pooled, simulated for the rest.
    Raises DataError for a table that can't be used.
    """
    settings = settings or Settings()
    as_of = int(observations["year"].max()) if as_of is None and len(observations) else as_of or plan.end_year
    given = None if regions is None else np.array(list(regions), object)
    block = read_block(observations, plan, settings, as_of, given, use_recollection)
    return assess_block(look_ahead(block, plan.end_year, project_all), plan)


def assess_blocks(
    blocks: Iterable[pd.DataFrame],
    plan: Plan,
    as_of: int,
    settings: Settings | None = None,
    use_recollection: bool = False,
    jobs: int = 1,
    project_all: bool = False,
) -> Iterator[pd.DataFrame]:
    """`assess_panel` block by block, so that memory stays that of a block (two for each process).

    blocks: tables, each with all rows of its regions; 100 to 300 regions a block are quickest. as_of: last year that
    may be used, the same for all. jobs: processes, each with its own block; results come in the order of the blocks.
    Yields one frame a block. Raises ParamsError for jobs below 1.
    """
    if jobs < 1:
        raise ParamsError(f"进程数 jobs={jobs}：至少为 1")
    options = (plan, settings or Settings(), as_of, None, use_recollection, project_all)
    if jobs == 1:
        for block in blocks:
            yield assess_panel(block, *options)
        return
    yield from _in_processes(blocks, options, jobs)


def _in_processes(blocks: Iterable[pd.DataFrame], options: tuple, jobs: int) -> Iterator[pd.DataFrame]:
    from collections import deque
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        waiting: deque = deque()
        for block in blocks:
            waiting.append(pool.submit(assess_panel, block, *options))
            # no more blocks in memory than are being worked on, and one that comes next
            if len(waiting) > jobs:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def assess_block(future: Ahead, plan: Plan) -> pd.DataFrame:
    """`assess_panel` for a block that is arranged and projected already."""
    block, targets = future.block, plan.targets()
    size = len(targets) + len(plan.milestones)
    cells = {
        name: np.full((len(block.regions), size), empty, "U24" if isinstance(empty, str) else type(empty))
        for name, empty in EMPTY.items()
    }
    for rows, route in _routes(plan):
        for at, columns in route(future, plan, rows):
            for name, values in columns.items():
                cells[name][at] = values
    cells["status"] = combined(plan, cells["own_status"])
    return as_frame(block.regions, plan, cells)


def integrated_chances(future: Ahead, plan: Plan) -> np.ndarray:
    """Chance of each region to meet each target, (n_regions, n_targets).

    future: which leaves chances that can only be simulated missing (`simulates` false), as are those of targets that
    aren't ahead or can't be looked ahead with.
    """
    found = np.full((len(future.block.regions), len(plan.targets())), np.nan)
    for rows, route in _routes(plan):
        if route in (_series, _units):
            for at, columns in route(future, plan, rows):
                found[at] = columns.get("probability", np.nan)
    return found


def _routes(plan: Plan):
    """Positions of targets by the way they are judged, in the order in which `assess` decides it."""
    groups: dict = {name: [] for name in (_maintain, _gaps, _units, _yes_no, _series)}
    for k, target in enumerate(plan.targets()):
        indicator = plan.indicator(target.indicator)
        if target.op == "maintain":
            groups[_maintain].append(k)
        elif indicator.kind == "gap":
            groups[_gaps].append(k)
        elif target.aggregation is not None and target.level == plan.level:
            groups[_units].append(k)
        else:
            groups[_yes_no if indicator.kind == "yes_no" else _series].append(k)
    groups[_yes_no] += range(len(plan.targets()), len(plan.targets()) + len(plan.milestones))
    return [(rows, route) for route, rows in groups.items() if rows]


def _maintain(future: Ahead, plan: Plan, rows: list[int]):
    yield np.s_[:, rows], {"own_status": Status.NOT_JUDGED.value, "reason": "maintain"}


def _gaps(future: Ahead, plan: Plan, rows: list[int]):
    for k in rows:
        target = plan.targets()[k]
        end = plan.end_year if target.year == "every_year" else target.year
        base_year = target.base_year or plan.base_year
        yield np.s_[:, k], judge_gaps(future, plan.indicator(target.indicator), base_year, end)


def _present(block: Block, indicators: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Main series by region and target, (n_regions, n), -1 where none may carry a verdict, and the word for why."""
    main = block.main[:, indicators]
    if not len(block):
        return main, np.full(main.shape, "not_reported")
    usable = (main >= 0) & (block.last_trusted[main] >= 0)
    return np.where(usable, main, -1), np.where(main >= 0, "only_recollection", "not_reported")


def _no_data(rows: list[int], why: np.ndarray):
    return np.s_[:, rows], {"own_status": Status.NO_DATA.value, "reason": why}


def _series(future: Ahead, plan: Plan, rows: list[int]):
    demands = Demands.of(plan, rows)
    main, why = _present(future.block, demands.indicator)
    yield _no_data(rows, why)
    region, k = np.nonzero(main >= 0)
    if len(region):
        series, demand = main[region, k], demands.take(k)
        members = Members(np.arange(len(series)), series)
        yield (region, demand.row), judge_pairs(future, series, demand, members, plan.start_year, single=True)


def _units(future: Ahead, plan: Plan, rows: list[int]):
    """Every township or school has to meet the bound: the lowest one is shown (A09)."""
    block = future.block
    for row in rows:
        demands = Demands.of(plan, [row])
        yield _no_data([row], "no_units")
        mine = np.flatnonzero(
            block.unit & (block.indicator == demands.indicator[0]) & (block.last_trusted >= 0)
        )
        split = np.zeros(len(block.regions), bool)
        split[block.owner[mine[~block.whole[mine]]]] = True
        mine = mine[~block.whole[mine] | ~split[block.owner[mine]]]
        if not len(mine):
            continue
        regions, pair = np.unique(block.owner[mine], return_inverse=True)
        demand = demands.take(np.zeros(len(regions), int))
        lowest = _lowest(block, mine, pair, len(regions))
        yield (
            (regions, demand.row),
            judge_pairs(future, lowest, demand, Members(pair, mine), plan.start_year, single=False),
        )


def _lowest(block: Block, rows: np.ndarray, pair: np.ndarray, size: int) -> np.ndarray:
    """The series with the lowest judged value in the last year that any of a region's was reported for, (size,)."""
    latest = np.full(size, -1)
    np.maximum.at(latest, pair, block.years[block.last_trusted[rows]])
    value = judge(block, rows, latest[pair]).value
    order = np.lexsort((np.arange(len(rows)), np.where(np.isnan(value), np.inf, value), pair))
    return rows[order[np.unique(pair[order], return_index=True)[1]]]


def _yes_no(future: Ahead, plan: Plan, rows: list[int]):
    """Done or not; what isn't done can't be extrapolated."""
    block, targets = future.block, plan.targets()
    names = [targets[k].indicator if k < len(targets) else plan.milestones[k - len(targets)].id for k in rows]
    ends = [targets[k].year if k < len(targets) else plan.end_year for k in rows]
    end = np.array([plan.end_year if year == "every_year" else year for year in ends])
    main, why = _present(block, np.array([int(np.flatnonzero(block.facts.id == name)[0]) for name in names]))
    yield _no_data(rows, why)
    region, k = np.nonzero(main >= 0)
    if len(region):
        series = main[region, k]
        latest = judge(block, series, block.years[block.last_trusted[series]])
        done = latest.value >= 1
        late = np.where(latest.year >= end[k], Status.MISSED.value, Status.AT_RISK.value)
        yield (region, np.array(rows)[k]), {
            "target_value": 1.0, "latest_year": latest.year, "latest_value": latest.value,
            "n_points": block.n_points[series], "own_status": np.where(done, Status.MET.value, late),
            "reason": np.where(done, "done", "not_done"),
        }  # fmt: skip
