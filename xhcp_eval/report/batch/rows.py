"""One table or database of many regions, read and checked once, then split: each region's rows by themselves.

A row that can't be taken in keeps out its own region and no other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pandas as pd

from xhcp_eval.observations.cells import Cells, text_of
from xhcp_eval.observations.table import COLUMNS, KEY, check_cells, is_total
from xhcp_eval.plan.model import Plan
from xhcp_eval.plan.reading import load_plan
from xhcp_eval.report.batch.pieces import Table, pieces_of

TAUGHT = ("indicator", "year", "value", "numerator", "denominator", "status", "series_break", "exceptional")
NOBODY = ""  # region of rows that name none
PIECE = 50  # regions worked on at a time


@dataclass(frozen=True)
class Rows:
    """Rows by region. files: path and SHA-256 of each region's Parquet file. taught: hash of what others
    learn from each. problems: why others have none.

    strays: what is wrong with rows that belong to no region.
    """

    files: dict[str, tuple[str, str]] = field(default_factory=dict)
    taught: dict[str, str] = field(default_factory=dict)
    problems: dict[str, tuple[str, ...]] = field(default_factory=dict)
    strays: tuple[str, ...] = ()


def split_rows(
    paths: Sequence[Path], plan: str, regions: Sequence[str] | None, folder: Path, as_of: date | None = None
) -> Rows:
    """Read tables and databases, and write each region's rows to a file of its own.

    paths: .csv, .xlsx, .parquet or .duckdb. plan: folder in data/plans/. regions: paths of regions; None: all
    regions of the plan's level. folder: where files go. as_of: databases as they were known then. Some regions are
    worked on at a time, so that of large Parquet files no more is in memory.
    Raises DataError if a file as a whole can't be read.
    """
    registry = load_plan(plan)
    tables = [Table(path, registry, as_of) for path in paths]
    chosen = sorted(set(regions)) if regions is not None else _level_regions(tables, registry.level)
    for number, table in enumerate(tables):
        table.cut(pieces_of(owners(table.names, chosen), chosen, PIECE), folder / f"table{number}")
    files: dict[str, tuple[str, str]] = {}
    taught: dict[str, str] = {}
    problems: dict[str, list[str]] = {}
    numbers = {region: number for number, region in enumerate(chosen)}
    for piece in range(2 + len(chosen) // PIECE):
        rows = [_checked(table, piece, registry, chosen, regions is None, problems) for table in tables]
        rows = [found for found in rows if len(found)]
        for region, mine in _by_region(rows, chosen, problems):
            files[region] = _write(mine, folder / f"{numbers[region]}.parquet")
            taught[region] = _taught(mine, registry.level)
    for region in chosen:
        if region not in files and region not in problems:
            problems[region] = ["数据中没有这个地区；" + _near(region, pd.concat([t.names for t in tables]))]
    strays = tuple(problems.pop(NOBODY, ()))
    return Rows(files, taught, {name: tuple(found) for name, found in problems.items()}, strays)


def _by_region(
    tables: Sequence[pd.DataFrame], chosen: Sequence[str], problems: dict
) -> Iterator[tuple[str, pd.DataFrame]]:
    """The regions of a piece and their rows; those with problems are left out."""
    if not tables:
        return
    table = pd.concat(tables, ignore_index=True)
    if len(tables) > 1:
        table = table.sort_values(list(KEY), kind="stable", ignore_index=True)
    table = table.assign(_region=owners(table["region"], chosen))
    _refuse_doubles(table, problems)
    for region, rows in table.groupby("_region", sort=True):
        if region != NOBODY and region not in problems:
            yield str(region), rows.drop(columns="_region")


def owners(names: pd.Series, regions: Sequence[str]) -> pd.Series:
    """Which of the regions each row belongs to: itself or the longest that its path starts with; "" for none."""
    known = set(regions)

    def owner(name: str) -> str:
        parts = name.split("/")
        paths = ("/".join(parts[:end]) for end in range(len(parts), 0, -1))
        return next((path for path in paths if path in known), NOBODY)

    codes, different = pd.factorize(names, use_na_sentinel=False)
    found = pd.array([owner(str(name)) for name in different], dtype="str")
    return pd.Series(found.take(codes), index=names.index)


def _checked(
    table: Table, piece: int, plan: Plan, chosen: Sequence[str], all_regions: bool, problems: dict
) -> pd.DataFrame:
    """A table's rows of the regions of a piece that have nothing wrong; what is wrong goes to `problems` by region."""
    cells = table.piece(piece)
    if table.checked or cells.frame.empty:
        return cells.frame
    rows, faults = check_cells(cells, plan)
    if not faults:
        return rows
    names = text_of(cells.frame["region"])
    owner = owners(names, chosen)
    for fault in faults:
        where = owner.get(fault.row, NOBODY)
        # rows of regions that weren't asked for are nobody's business; those without any may be anybody's
        if where != NOBODY or all_regions or not names.get(fault.row, ""):
            problems.setdefault(where, []).append(f"{table.path.name} {fault}")
    bad = {owner.get(fault.row, NOBODY) for fault in faults} - {NOBODY}
    wrong = {fault.row for fault in faults}
    left = cells.frame[~owner.isin(bad) & ~cells.frame.index.isin(wrong)]
    return check_cells(Cells(left), plan)[0]


def _level_regions(tables: Sequence[Table], level: str) -> list[str]:
    """Regions of a level, whether their rows can be used or not."""
    return sorted(set().union(*(table.names[table.levels == level].unique() for table in tables)) - {""})


def _refuse_doubles(table: pd.DataFrame, problems: dict) -> None:
    """The same figure in two files: which one counts can't be told."""
    double = table[table.duplicated(list(KEY), keep="first")]
    for region, rows in double.groupby("_region"):
        first = " / ".join(str(rows.iloc[0][name]) for name in ("indicator", "region", "year"))
        problems.setdefault(region, []).append(f"{len(rows)} 个数据点同时出现在几个数据文件中，如 {first}")


def _write(rows: pd.DataFrame, path: Path) -> tuple[str, str]:
    rows[list(COLUMNS)].to_parquet(path, index=False)
    return str(path), hashlib.sha256(path.read_bytes()).hexdigest()


def _taught(rows: pd.DataFrame, level: str) -> str:
    """Hash of what other regions learn from a region: the figures of the region as a whole."""
    whole = is_total(rows) & (rows["level"] == level)
    return hashlib.sha256(
        pd.util.hash_pandas_object(rows.loc[whole, list(TAUGHT)], index=False).to_numpy()
    ).hexdigest()


def _near(region: str, names: pd.Series) -> str:
    import difflib

    known = sorted(set(names))
    near = difflib.get_close_matches(region, known, 1)
    return f"是不是 {near[0]}？" if near else f"共有 {len(known)} 个地区名，如 {'、'.join(known[:3])}"
