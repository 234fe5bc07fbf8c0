"""One table or database of many regions, read and checked once, then split: each region's rows by themselves.

A row that can't be taken in keeps out its own region and no other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pandas as pd

from xhcp_eval.database import Database
from xhcp_eval.errors import DataError
from xhcp_eval.observations import COLUMNS, KEY, check_cells, column_problems
from xhcp_eval.plan import load_plan
from xhcp_eval.table_files import Cells, open_table, text_of

NOBODY = ""  # region of rows that name none
SHOWN = 50


@dataclass(frozen=True)
class Rows:
    """Rows by region. files: path and SHA-256 of each region's Parquet file. problems: why others have none.

    strays: what is wrong with rows that belong to no region.
    """

    files: dict[str, tuple[str, str]] = field(default_factory=dict)
    problems: dict[str, tuple[str, ...]] = field(default_factory=dict)
    strays: tuple[str, ...] = ()


def split_rows(
    paths: Sequence[Path], plan: str, regions: Sequence[str] | None, folder: Path, as_of: date | None = None
) -> Rows:
    """Read tables and databases, and write each region's rows to a file of its own.

    paths: .csv, .xlsx, .parquet or .duckdb. plan: folder in data/plans/. regions: paths of regions; None: all
    regions of the plan's level. folder: where files go. as_of: databases as they were known then.
    Raises DataError if a file as a whole can't be read.
    """
    registry = load_plan(plan)
    tables, problems = [], {}
    for path in paths:
        if path.suffix == ".duckdb":
            tables.append(Database(path).observations(registry, as_of=as_of))
        else:
            tables.append(_checked(path, registry, regions, problems))
    table = pd.concat(tables, ignore_index=True)
    if len(tables) > 1:
        table = table.sort_values(list(KEY), kind="stable", ignore_index=True)
    chosen = regions if regions is not None else _all_regions(table, registry.level, problems)
    table = table.assign(_region=owners(table["region"], chosen))
    _refuse_doubles(table, problems)
    strays = tuple(problems.pop(NOBODY, ()))
    files = {
        region: _write(rows.drop(columns="_region"), folder / f"{number}.parquet")
        for number, (region, rows) in enumerate(table.groupby("_region", sort=True))
        if region != NOBODY and region not in problems
    }
    for region in chosen:
        if region not in files and region not in problems:
            problems[region] = ["数据中没有这个地区；" + _near(region, table["region"])]
    return Rows(
        files, {name: tuple(found) for name, found in problems.items() if name in set(chosen)}, strays
    )


def owners(names: pd.Series, regions: Sequence[str]) -> pd.Series:
    """Which of the regions each row belongs to: itself or the longest that its path starts with; "" for none."""
    known = set(regions)

    def owner(name: str) -> str:
        parts = name.split("/")
        paths = ("/".join(parts[:end]) for end in range(len(parts), 0, -1))
        return next((path for path in paths if path in known), NOBODY)

    return names.map({name: owner(name) for name in names.unique()})


def _checked(path: Path, plan, regions: Sequence[str] | None, problems: dict) -> pd.DataFrame:
    """The rows of a file whose regions have nothing wrong; what is wrong goes to `problems` by region."""
    cells = open_table(path)
    if wrong := column_problems(cells.frame):
        raise DataError(f"数据文件 {path.name} 未读入：列不符合要求", wrong)
    table, faults = check_cells(cells, plan)
    if not faults:
        return table
    names = text_of(cells.frame["region"])
    chosen = regions if regions is not None else _level_regions(cells.frame, plan.level)
    owner = owners(names, chosen)
    for fault in faults:
        where = owner.get(fault.row, NOBODY)
        # rows of regions that weren't asked for are nobody's business; those without any may be anybody's
        if where != NOBODY or regions is None or not names.get(fault.row, ""):
            problems.setdefault(where, []).append(f"{path.name} {fault}")
    bad = {owner.get(fault.row, NOBODY) for fault in faults} - {NOBODY}
    rows = {fault.row for fault in faults}
    left = cells.frame[~owner.isin(bad) & ~cells.frame.index.isin(rows)]
    if left.empty:
        return table
    return check_cells(Cells(left), plan)[0]


def _level_regions(frame: pd.DataFrame, level: str) -> list[str]:
    names = text_of(frame["region"])[text_of(frame["level"]) == level]
    return sorted(set(names) - {""})


def _all_regions(table: pd.DataFrame, level: str, problems: dict) -> list[str]:
    return sorted(set(table.loc[table["level"] == level, "region"].unique()) | set(problems) - {NOBODY})


def _refuse_doubles(table: pd.DataFrame, problems: dict) -> None:
    """The same figure in two files: which one counts can't be told."""
    double = table[table.duplicated(list(KEY), keep="first")]
    for region, rows in double.groupby("_region"):
        first = " / ".join(str(rows.iloc[0][name]) for name in ("indicator", "region", "year"))
        problems.setdefault(region, []).append(f"{len(rows)} 个数据点同时出现在几个数据文件中，如 {first}")


def _write(rows: pd.DataFrame, path: Path) -> tuple[str, str]:
    rows[list(COLUMNS)].to_parquet(path, index=False)
    return str(path), hashlib.sha256(path.read_bytes()).hexdigest()


def _near(region: str, names: pd.Series) -> str:
    import difflib

    known = sorted(set(names))
    near = difflib.get_close_matches(region, known, 1)
    return f"是不是 {near[0]}？" if near else f"共有 {len(known)} 个地区名，如 {'、'.join(known[:3])}"
