"""`judge`: every target and milestone of a plan for one region or for many, by the same arrays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

import numpy as np
import pandas as pd

from xhcp_eval.errors import DataError
from xhcp_eval.forecast.reference.model import FEWEST_PEERS
from xhcp_eval.forecast.reference.peers import Company
from xhcp_eval.observations.table import TOTAL
from xhcp_eval.plan.model import Plan
from xhcp_eval.verdict.demands import Demands
from xhcp_eval.verdict.forecasts import company_of, look_ahead
from xhcp_eval.verdict.gaps import judge_gaps
from xhcp_eval.verdict.goals import combined
from xhcp_eval.verdict.judged import value_at
from xhcp_eval.verdict.outlook import Outlook
from xhcp_eval.verdict.pairs import Members, judge_pairs
from xhcp_eval.verdict.reading import read_block
from xhcp_eval.verdict.schema import as_frame, empty_cells, plan_columns
from xhcp_eval.verdict.series import Block
from xhcp_eval.verdict.settings import Settings
from xhcp_eval.verdict.status import Status, statuses
from xhcp_eval.verdict.verdicts import FAILED, Verdicts

# What a way of judging gives: where in (regions, targets), columns, broken promises with region, target and series.
Found = tuple[tuple, Mapping[str, np.ndarray | str | float], pd.DataFrame | None]


def judge(  # noqa: PLR0913 - all but three by name
    observations: pd.DataFrame,
    plan: Plan,
    regions: str | Iterable[str] | None = None,
    settings: Settings | None = None,
    until: int | None = None,
    *,
    use_recollection: bool = False,
    may_lag: bool = False,
    beside: pd.DataFrame | Company | None = None,
    project_all: bool = False,
) -> Verdicts:
    """Judge every target and milestone of the plan.

    observations: checked table (`read_table`) of the regions and their units. plan: as loaded. regions: a path or several;
    default the plan's own region where the table has it, else every region of the plan's level. settings: rules of
    judgement. until: last year that may be used (default: the table's last). use_recollection: let unverified figures
    shape trends; they never carry a verdict. may_lag: until may be a year that the table has no figures of yet; then the
    last ones before it are judged, and the reasons say so. beside: figures of other regions (same columns) that the series
    learn from besides all regions of the plan's level in `observations`, or what `learn_from` made of a table, and that
    alone. project_all: project every series, also those that no target asks for (to measure it; verdicts stay the same).

    One region is a block of one: what is said of it hangs on its own figures and on those it learns from, not on which
    other regions are asked for. Returns `Verdicts`.
    Raises DataError for a table that can't be used, for regions that it doesn't have (with the nearest names), for a year
    without figures, and for a plan that isn't the table's.
    """
    settings = settings or Settings()
    until = _year(observations, plan, until, may_lag)
    block = read_block(
        observations, plan, settings, until, _regions(observations, plan, regions), use_recollection
    )
    company = _company(observations, beside, plan, settings, until, use_recollection)
    outlook = Outlook(look_ahead(block, plan.end_year, company, project_all))
    facts = plan_columns(plan)
    cells = empty_cells(len(block.regions), len(facts))
    failed = []
    for rows, route in _routes(plan):
        for at, columns, failures in route(outlook, plan, rows):
            for name, values in columns.items():
                cells[name][at] = values
            if failures is not None:
                failed.append(failures)
    cells["status"] = combined(facts, cells["own_status"])
    broken = pd.concat(failed, ignore_index=True) if failed else pd.DataFrame(columns=list(FAILED))
    return Verdicts(plan, settings, until, as_frame(block.regions, facts, cells), outlook, facts, broken)


def _year(observations: pd.DataFrame, plan: Plan, until: int | None, may_lag: bool) -> int:
    """The data year, which the table has to know, and a table that has to be the plan's."""
    if "year" not in observations.columns or "indicator" not in observations.columns:
        raise DataError("数据表缺少列 year 或 indicator")
    known = {i.id for i in plan.reportable}
    names = observations["indicator"].unique()
    if len(names) and not known & set(names):
        raise DataError(
            f"数据表里没有规划“{plan.name}”（{plan.id}）的任何指标；表里有：{'、'.join(map(str, names[:5]))} 等"
        )
    years = np.unique(observations["year"].to_numpy(int))
    if until is None:
        return int(years[-1]) if len(years) else plan.end_year
    if until not in years and not (may_lag and (years <= until).any()):
        near = "、".join(f"{year}年" for year in sorted(years, key=lambda year: abs(int(year) - until))[:3])
        raise DataError(f"数据表里没有{until}年的数；相近的有：{near or '无'}")
    return until


def _regions(
    observations: pd.DataFrame, plan: Plan, regions: str | Iterable[str] | None
) -> np.ndarray | None:
    if "region" not in observations.columns:
        raise DataError("数据表缺少列 region")
    paths = [str(path) for path in observations["region"].unique()]
    known = set(paths) | {
        "/".join(path.split("/")[:k]) for path in paths for k in range(1, path.count("/") + 1)
    }
    if regions is None:
        return np.array([plan.region], object) if plan.region in known else None
    wanted = [regions] if isinstance(regions, str) else list(dict.fromkeys(regions))
    absent = [name for name in wanted if name not in known]
    if absent:
        told = []
        for name in absent[:5]:
            near = get_close_matches(name, known, 3, 0.1) or sorted(known)[:3]
            told.append(f"“{name}”（相近的有：{'、'.join(near) or '无'}）")
        raise DataError(f"数据表里没有地区 {'；'.join(told)}")
    return np.array(wanted, object)


def learn_from(
    observations: pd.DataFrame,
    plan: Plan,
    until: int,
    settings: Settings | None = None,
    use_recollection: bool = False,
) -> Company | None:
    """What the regions of the plan's level in a table have to teach one another, for `judge`; None where there are none.

    Made once, it serves any number of blocks of regions: a region is judged alike in each. Parameters as in `judge`.
    """
    own = (observations["level"] == plan.level) & (observations[["residence", "category"]] == TOTAL).all(
        axis=1
    )
    table = observations[own & (observations["year"] <= until)]
    return (
        company_of(read_block(table, plan, settings or Settings(), until, None, use_recollection))
        if len(table)
        else None
    )


def _company(
    observations: pd.DataFrame,
    beside: pd.DataFrame | Company | None,
    plan: Plan,
    settings: Settings,
    until: int,
    use_recollection: bool,
) -> Company | None:
    """All regions of the plan's level, in the table and beside it; a region that stands in both is taken from the table."""
    if isinstance(beside, Company):
        return beside
    table = observations
    if beside is not None:
        known = observations["region"].unique()
        table = pd.concat([observations, beside[~beside["region"].isin(known)]], ignore_index=True)
    elif (observations["level"] == plan.level).to_numpy().any() and _regions_of(
        observations, plan
    ) < FEWEST_PEERS:
        return None
    return learn_from(table, plan, until, settings, use_recollection)


def _regions_of(observations: pd.DataFrame, plan: Plan) -> int:
    return observations["region"][observations["level"] == plan.level].nunique()


def _routes(plan: Plan):
    """Positions of targets by the way they are judged."""
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


def _maintain(outlook: Outlook, plan: Plan, rows: list[int]) -> Iterator[Found]:
    yield np.s_[:, rows], {"own_status": Status.NOT_JUDGED.value, "reason_code": "maintain"}, None


def _gaps(outlook: Outlook, plan: Plan, rows: list[int]) -> Iterator[Found]:
    for k in rows:
        target = plan.targets()[k]
        end = plan.end_year if target.year == "every_year" else target.year
        base_year = target.base_year or plan.base_year
        found = judge_gaps(outlook.forecasts, plan.indicator(target.indicator), base_year, end)
        yield np.s_[:, k], found, None


def _present(block: Block, indicators: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Main series by region and indicator, (n_regions, n), -1 where none may carry a verdict, and the word for why."""
    main = block.main[:, indicators]
    if not len(block):
        return main, np.full(main.shape, "not_reported")
    usable = (main >= 0) & (block.last_trusted[main] >= 0)
    return np.where(usable, main, -1), np.where(main >= 0, "only_recollection", "not_reported")


def _no_data(rows: list[int], why: np.ndarray | str) -> Found:
    return np.s_[:, rows], {"own_status": Status.NO_DATA.value, "reason_code": why}, None


def _placed(failures: pd.DataFrame, region: np.ndarray, target: np.ndarray) -> pd.DataFrame:
    """Broken promises by region and target in place of the pair."""
    pair = failures["pair"].to_numpy(int)
    return failures.assign(region=region[pair], target=np.broadcast_to(target, region.shape)[pair])[
        list(FAILED)
    ]


def _series(outlook: Outlook, plan: Plan, rows: list[int]) -> Iterator[Found]:
    demands = Demands.of(plan, rows)
    main, why = _present(outlook.block, demands.indicator)
    yield _no_data(rows, why)
    region, k = np.nonzero(main >= 0)
    if len(region):
        series, demand = main[region, k], demands.take(k)
        members = Members(np.arange(len(series)), series)
        columns, failures = judge_pairs(outlook, series, demand, members, single=True)
        yield (region, demand.row), columns, _placed(failures, region, demand.row)


def _units(outlook: Outlook, plan: Plan, rows: list[int]) -> Iterator[Found]:
    """Every township or school has to meet the bound: judged on the lowest one, never on the mean (A09)."""
    block = outlook.block
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
        worst = _worst(block, mine, pair, demand.sign)
        columns, failures = judge_pairs(outlook, worst, demand, Members(pair, mine), single=False)
        yield (regions, demand.row), columns, _placed(failures, regions, demand.row)


def _worst(block: Block, rows: np.ndarray, pair: np.ndarray, sign: np.ndarray) -> np.ndarray:
    """The series with the worst judged value in the last year that any of a region's was reported for, (n_pairs,)."""
    latest = np.full(len(sign), -1)
    np.maximum.at(latest, pair, block.years[block.last_trusted[rows]])
    value = sign[pair] * value_at(block, rows, latest[pair]).value
    order = np.lexsort((np.arange(len(rows)), np.where(np.isnan(value), np.inf, value), pair))
    return rows[order[np.unique(pair[order], return_index=True)[1]]]


def _yes_no(outlook: Outlook, plan: Plan, rows: list[int]) -> Iterator[Found]:
    """Done or not; what isn't done can't be extrapolated."""
    block, targets = outlook.block, plan.targets()
    names = [targets[k].indicator if k < len(targets) else plan.milestones[k - len(targets)].id for k in rows]
    ends = [targets[k].year if k < len(targets) else plan.end_year for k in rows]
    end = np.array([plan.end_year if year == "every_year" else year for year in ends])
    main, why = _present(block, np.array([int(np.flatnonzero(block.facts.id == name)[0]) for name in names]))
    yield _no_data(rows, why)
    region, k = np.nonzero(main >= 0)
    if len(region):
        series = main[region, k]
        latest = value_at(block, series, block.years[block.last_trusted[series]])
        done = latest.value >= 1
        status = statuses(
            block.settings, over=latest.year >= end[k], met=done, certain=np.ones(len(done), bool),
            probability=np.full(len(done), np.nan), milestone=True,
        )  # fmt: skip
        columns = {
            "target_value": 1.0, "latest_year": latest.year, "latest_first_year": latest.first_year,
            "latest_value": latest.value, "n_points": block.n_points[series], "series": series, "own_status": status,
            "reason_code": np.where(done, "done", "not_done"),
        }  # fmt: skip
        yield (region, np.array(rows)[k]), columns, None
