"""Upkeep of the database's file: backup, restore, export, check, upgrade."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pandas as pd

from xhcp_eval.errors import DataError
from xhcp_eval.files.whole import whole_file, whole_folder
from xhcp_eval.observations.store import journal
from xhcp_eval.observations.store.connection import OWNER_ONLY, DatabaseFile
from xhcp_eval.observations.store.database import person
from xhcp_eval.observations.store.schema import SCHEMA_VERSION, TABLES, UPGRADES

SIGN = "数据库导出.txt"


def backup(database: DatabaseFile, target: Path) -> Path:
    """Write a copy of the database as it stands; writers wait meanwhile. Returns its path.

    target: a file, which is replaced, or a folder, which takes a file named by the moment.
    Raises DataError if there is no database, or the copy isn't equal to it.
    """
    target = (
        target / f"{database.path.stem}-{datetime.now():%Y%m%d-%H%M%S}.duckdb" if target.is_dir() else target
    )
    if target.resolve() == database.path.resolve():
        raise DataError("备份不能写在数据库自己的位置上")
    with whole_file(target) as made:
        with database.connected(read_only=True) as connection:
            ((name,),) = connection.execute("select current_database()").fetchall()
            connection.execute(f"attach '{_quoted(made)}' as copy_of_it (read_write)")
            connection.execute(f'copy from database "{name}" to copy_of_it')
            connection.execute("detach copy_of_it")
        if _counts(DatabaseFile(made)) != _counts(database):
            raise DataError(f"备份 {target.name} 与数据库不一致，没有保留")
        made.chmod(OWNER_ONLY)
    return target


def restore(database: DatabaseFile, source: Path) -> Path | None:
    """Put a backup in the database's place; what was there is kept beside it. Returns the path of what was there, None if nothing was.

    Raises DataError if the backup isn't a sound database of ours; then nothing is changed.
    """
    copy = DatabaseFile(source)
    if faults := list(_faults(copy)):
        raise DataError(f"备份 {source.name} 不完好，没有恢复：", faults)
    kept = _kept_aside(database) if database.path.exists() else None
    with whole_file(database.path) as made:
        made.write_bytes(source.read_bytes())
        made.chmod(OWNER_ONLY)
        # what the old file had not yet taken in must not be taken in by the new one
        database.path.with_name(f"{database.path.name}.wal").unlink(missing_ok=True)
    if database.version() == SCHEMA_VERSION:
        journal.note_if_kept(
            database, person(), "恢复备份", source.name, f"原来的数据库在 {kept.name}" if kept else ""
        )
    return kept


def _kept_aside(database: DatabaseFile) -> Path:
    """A copy of what a restored file will replace, whatever state that is in."""
    kept = database.path.with_name(f"{database.path.stem}-恢复前-{datetime.now():%Y%m%d-%H%M%S-%f}.duckdb")
    try:
        return backup(database, kept)
    except DataError:  # damaged: kept as it is, with what it had not yet taken in
        for ending in ("", ".wal"):
            part = database.path.with_name(database.path.name + ending)
            if part.exists():
                kept.with_name(kept.name + ending).write_bytes(part.read_bytes())
        return kept


def export(database: DatabaseFile, folder: Path) -> Path:
    """Write every table as a Parquet file, and the list of them, for other programs; returns the folder.

    folder: is replaced if it is an earlier export. Raises DataError, RunError.
    """
    with whole_folder(folder, SIGN) as work, database.reading() as connection:
        lines = []
        for table in TABLES:
            (count,) = connection.execute(f"select count(*) from {table}").fetchone() or (0,)
            connection.execute(f"copy {table} to '{_quoted(work / table)}.parquet' (format parquet)")
            lines.append(f"{table}.parquet：{count} 行")
        text = (
            f"{database.path.name}，结构版本 {SCHEMA_VERSION}，{datetime.now():%Y-%m-%d %H:%M}\n"
            + "\n".join(lines)
        )
        (work / SIGN).write_text(text + "\n", encoding="utf-8", newline="\n")
    return folder


def check(database: DatabaseFile, releases: Path | None = None) -> pd.DataFrame:
    """Is the database whole? One row a fault, in Chinese (column fault); none if all is well.

    releases: folder of the releases' files (default: beside the database).
    """
    found = [*_faults(database), *_release_faults(database, releases or database.path.parent / "releases")]
    return pd.DataFrame({"fault": found}, dtype="str")


def upgrade(database: DatabaseFile) -> tuple[int, Path | None]:
    """Make a file of an earlier version one of today, step by step, each in one transaction; a backup is made first.

    Returns the version it had, and the backup (None if nothing had to be done). Raises DataError.
    """
    before = database.version()
    if before >= SCHEMA_VERSION:
        return before, None
    kept = backup(database, database.path.with_name(f"{database.path.stem}-版本{before}.duckdb"))
    for version in range(before, SCHEMA_VERSION):
        with database.writing(version) as connection:
            for statement in UPGRADES[version]:
                connection.execute(statement)
            connection.execute("update about set schema_version = ?", [version + 1])
            if version + 1 == SCHEMA_VERSION:
                journal.note(
                    connection,
                    person(),
                    "升级",
                    f"结构版本 {before} → {SCHEMA_VERSION}",
                    f"备份：{kept.name}",
                )
    return before, kept


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _counts(database: DatabaseFile) -> dict[str, int]:
    """Rows of each table of the file."""
    with database.connected(read_only=True) as connection:
        names = connection.execute(
            "select table_name from duckdb_tables() where not internal order by 1"
        ).fetchall()
        return {
            name: connection.execute(f'select count(*) from "{name}"').fetchall()[0][0] for (name,) in names
        }


# What must not be found: question, what it means.
_QUESTIONS = (
    ("select import_id from reported where import_id not in (select import_id from imports)", "没有来历的数（不属于任何一次导入）"),
    ("select region_id from reported where region_id not in (select region_id from regions)", "没有地区的数"),
    ("""select i.import_id from imports i left join reported r using (import_id) group by i.import_id, i.n_rows
        having count(r.import_id) <> i.n_rows""", "行数与登记不符的导入"),
    ("select import_id from undone where import_id not in (select import_id from imports)", "撤销记录指向没有的导入"),
    ("select import_id from withdrawn where import_id not in (select import_id from imports)", "撤回记录指向没有的导入"),
)  # fmt: skip


def _faults(database: DatabaseFile) -> Iterator[str]:
    """What is wrong inside the file."""
    if database.version() != SCHEMA_VERSION:
        return
    with database.reading() as connection:
        for question, meaning in _QUESTIONS:
            (count,) = connection.execute(f"select count(*) from ({question})").fetchone() or (0,)
            if count:
                yield f"{meaning}：{count} 处"
        for digest, file, content in connection.execute("select * from originals").fetchall():
            try:
                same = hashlib.sha256(zlib.decompress(content)).hexdigest() == digest
            except zlib.error:
                same = False
            if not same:
                yield f"原件 {file} 与入库时的校验值不同"


def _release_faults(database: DatabaseFile, folder: Path) -> Iterator[str]:
    """Releases whose file is gone or was changed."""
    from xhcp_eval.observations.store.rounds import file_fault

    if database.version() != SCHEMA_VERSION:
        return
    with database.reading() as connection:
        rows = connection.execute("select name, file, sha256 from releases order by name").fetchall()
    for name, file, digest in rows:
        if fault := file_fault(folder / file, digest):
            yield f"定版 {name}：{fault}"
