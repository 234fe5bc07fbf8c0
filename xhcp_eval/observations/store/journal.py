"""Who did what and when: lines that are only ever added to."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    import duckdb

    from xhcp_eval.observations.store.connection import DatabaseFile

ACTS = (
    "导入",
    "撤销导入",
    "撤回",
    "开启填报",
    "定版",
    "生成报告",
    "导出",
    "发布",
    "质询",
    "答复",
    "改写文字",
    "批注",
    "签发",
    "恢复备份",
    "升级",
)


def note(connection: duckdb.DuckDBPyConnection, by: str, act: str, subject: str, detail: str) -> None:
    """Add a line within the transaction of what it tells of. act: of `ACTS`."""
    assert act in ACTS, act
    connection.execute(
        "insert into journal values (?, ?, ?, ?, ?)", [datetime.now(UTC), by, act, subject, detail]
    )


def note_if_kept(database: DatabaseFile, by: str, act: str, subject: str, detail: str) -> bool:
    """Add a line about something done outside the database; not where there is no database yet. Returns whether it was added.

    Raises DataError as writing does.
    """
    if not database.path.exists():
        return False
    with database.writing() as connection:
        note(connection, by, act, subject, detail)
    return True


def entries(database: DatabaseFile, act: str = "", last: int = 0) -> pd.DataFrame:
    """Lines, oldest first: moment, person, act, subject, detail. act: only this kind. last: only so many of the newest (0: all)."""
    with database.reading() as connection:
        query = "select * from journal where ? in ('', act) order by moment desc limit ?"
        rows = connection.sql(query, params=[act, last or 10**9]).to_arrow_table().to_pandas()
    return rows.iloc[::-1].reset_index(drop=True)
