"""What figures rest on: their documents, which of them nothing speaks for, and where what is missing would be printed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from xhcp_eval.errors import DataError
from xhcp_eval.observations.table import UNSURE, is_unsure
from xhcp_eval.plan.model import Plan

MISSING = "missing.csv"  # lies beside the table whose gaps it names
MISSING_COLUMNS: tuple[str, ...] = ("indicator", "years", "what", "where")
# Statuses of figures that were published, so that their document can be named.
PUBLISHED: tuple[str, ...] = ("verified", "derived", *UNSURE)


def documents(observations: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """What each document gave, the one with most figures first.

    observations: checked figures. Returns one row a document and status: source, status, n (figures), first, last (years),
    indicators (Chinese names), read (how it was read, the beginning of each note).
    """
    names = {i.id: i.name for i in plan.reportable}
    rows = observations.assign(
        name=observations["indicator"].map(names), read=observations["note"].str.split("[，；：]").str[0]
    )
    found = [
        (
            source,
            status,
            len(part),
            part["year"].min(),
            part["year"].max(),
            _listed(part["name"]),
            _listed(part["read"]),
        )
        for (source, status), part in rows.groupby(["source", "status"], sort=False)
    ]
    frame = pd.DataFrame(found, columns=["source", "status", "n", "first", "last", "indicators", "read"])
    return frame.sort_values("n", ascending=False, kind="stable", ignore_index=True)


def unsure_figures(observations: pd.DataFrame) -> pd.DataFrame:
    """Figures that may carry no verdict, as they stand in the table. observations: checked figures."""
    return observations[is_unsure(observations["status"])].reset_index(drop=True)


def read_missing(tables: Iterable[Path], plan: Plan) -> pd.DataFrame:
    """What is known to be missing from tables, and where it would be printed.

    tables: paths of the tables; each may have a list `MISSING` beside it. Returns columns `MISSING_COLUMNS`, rows of
    indicators of the plan only. Raises DataError for a list that lacks a column or leaves a cell empty.
    """
    parts = [pd.DataFrame(columns=list(MISSING_COLUMNS))]
    for path in dict.fromkeys(table.parent / MISSING for table in tables):
        if not path.is_file():
            continue
        frame = pd.read_csv(path, encoding="utf-8-sig", dtype=str, keep_default_na=False)
        problems = [f"缺少必需的列 {name}" for name in MISSING_COLUMNS if name not in frame.columns]
        if not problems:
            empty = (frame[list(MISSING_COLUMNS)].map(str.strip) == "").any(axis=1)
            problems = [f"第 {row + 2} 行有空格子" for row in np.flatnonzero(empty)]
        if problems:
            raise DataError(f"缺数清单 {path.name} 不能使用", problems)
        parts.append(frame[list(MISSING_COLUMNS)])
    known = {i.id for i in plan.reportable}
    table = pd.concat(parts, ignore_index=True)
    return table[table["indicator"].isin(known)].reset_index(drop=True)


def _listed(names: pd.Series) -> str:
    return "、".join(name for name in dict.fromkeys(names) if name)
