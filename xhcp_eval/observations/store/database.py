"""Where every reported figure is kept: one DuckDB file in which nothing is overwritten.

A correction is a new vintage of the same figure; what was known on a date can be asked for at any time. A file
is opened for one operation only, so that several processes can take turns; each import is one transaction.
"""

from __future__ import annotations

import getpass
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from xhcp_eval.errors import DataError
from xhcp_eval.files.home import ROOT
from xhcp_eval.observations.table import ALLOWED, COLUMNS, FLAGS, KEY

if TYPE_CHECKING:
    import duckdb

DEFAULT_PATH = ROOT / "data" / "xhcp.duckdb"
SCHEMA_VERSION = 1
WITHDRAWN = "withdrawn"
_STORED = [name for name in COLUMNS if name not in ("region", "level")]
_SCHEMA = """
create table about (schema_version integer not null);
insert into about values ({version});
create table imports (import_id integer primary key, imported_at timestamptz not null, imported_by varchar not null,
    file varchar not null, sha256 varchar not null unique, plan varchar not null, n_rows bigint not null,
    notices varchar[] not null);
create table regions (region_id integer primary key, region varchar not null unique, level varchar not null);
create table reported (import_id integer not null, region_id integer not null, indicator varchar not null,
    year smallint not null, sex varchar not null, age varchar not null, residence varchar not null,
    category varchar not null, value double, numerator double, denominator double, unit varchar not null,
    department varchar not null, status varchar not null, reported_on date not null, source varchar not null,
    series_break boolean not null, exceptional boolean not null, note varchar not null);
create table survey_records (import_id integer not null, survey varchar not null, indicator varchar not null,
    region varchar not null, level varchar not null, year smallint not null, response double not null,
    weight double not null, stratum varchar not null, cluster varchar not null, sex varchar not null,
    age varchar not null, residence varchar not null, source varchar not null, reported_on varchar not null,
    status varchar not null);
create view figures as select r.import_id, i.imported_at, i.imported_by, i.file, i.sha256, g.region, g.level,
    r.* exclude (import_id, region_id) from reported r join regions g using (region_id) join imports i using (import_id);
create table rounds (year smallint primary key, opened_on date not null, due_on date not null, plan varchar not null,
    region varchar not null, opened_by varchar not null);
create table releases (name varchar primary key, year smallint not null, frozen_at timestamptz not null,
    frozen_by varchar not null, as_of date not null, last_import integer not null, plan varchar not null,
    region varchar not null, n_rows bigint not null, sha256 varchar not null, file varchar not null);
"""


class Import(NamedTuple):
    """One import: its number, the rows it brought, and whether it was new (a file known already is not)."""

    import_id: int
    n_rows: int
    is_new: bool


class Database:
    """The monitoring database.

    path: the DuckDB file (made on first use). wait: seconds to wait for another process that is writing.
    Every method raises DataError, in Chinese, when the file is no database of ours, is held too long by another
    process, or the disk is full; in each case nothing of the operation is kept.
    """

    def __init__(self, path: str | Path = DEFAULT_PATH, wait: float = 60.0) -> None:
        self.path = Path(path)
        self.wait = wait

    def add(
        self,
        table: pd.DataFrame,
        *,
        file: str,
        sha256: str,
        plan: str,
        by: str = "",
        notices: Sequence[str] = (),
        records: pd.DataFrame | None = None,
    ) -> Import:
        """Keep a checked table as one import, whole or not at all.

        table: columns of `table.COLUMNS`; an empty reported_on becomes today. file, sha256: name and hash
        of the source; a hash that is known already changes nothing. plan: plan it was checked by. by: who
        imports (default: the user of the machine). notices: what the reader remarked. records: answers of the survey
        that the table was estimated from, kept with it.
        """
        rows = table.assign(
            reported_on=table["reported_on"].where(table["reported_on"] != "", str(date.today()))
        )
        rows = rows.sort_values(["region", "indicator", "year"], kind="stable")
        with self.writing() as connection:
            known = connection.execute(
                "select import_id, n_rows from imports where sha256 = ?", [sha256]
            ).fetchone()
            if known:
                return Import(known[0], known[1], is_new=False)
            kept = self._insert(connection, rows, file, sha256, plan, by or getpass.getuser(), notices)
            if records is not None:
                connection.register("answers", records.assign(import_id=kept.import_id))
                connection.execute("insert into survey_records by name select * from answers")
                connection.unregister("answers")
            return kept

    def _insert(self, connection, rows, file, sha256, plan, by, notices) -> Import:
        (number,) = connection.execute("select coalesce(max(import_id), 0) + 1 from imports").fetchone()
        connection.execute(
            "insert into imports values (?, ?, ?, ?, ?, ?, ?, ?)",
            [number, datetime.now(UTC), by, file, sha256, plan, len(rows), list(notices)],
        )
        connection.register("incoming", rows)
        connection.execute(
            """insert into regions select row_number() over (order by region) + (select coalesce(max(region_id), 0)
               from regions), region, any_value(level) from incoming
               where region not in (select region from regions) group by region"""
        )
        columns = ", ".join(_STORED)
        values = ", ".join(
            f"i.{name}" if name != "reported_on" else "i.reported_on::date" for name in _STORED
        )
        connection.execute(
            f"""insert into reported (import_id, region_id, {columns})
                select {number}, g.region_id, {values} from incoming i join regions g using (region)
                order by g.region_id, i.indicator, i.year"""
        )
        connection.unregister("incoming")
        return Import(number, len(rows), is_new=True)

    def withdraw(self, indicator: str, region: str, year: int, reason: str, by: str = "") -> int:
        """Take back every cut of a figure that should never have been reported; its vintages stay.

        Returns the number of cuts withdrawn. Raises DataError when there is none, or the reason is empty.
        """
        if not reason.strip():
            raise DataError("撤回数据必须写明原因")
        current = self.observations(region=region)
        rows = current[
            (current["indicator"] == indicator) & (current["region"] == region) & (current["year"] == year)
        ]
        if rows.empty:
            raise DataError(f"没有可撤回的数据点：{indicator} / {region} / {year}")
        today, now = str(date.today()), datetime.now(UTC).isoformat()
        gone = rows.assign(
            status=WITHDRAWN, value=None, numerator=None, denominator=None, reported_on=today, note=reason
        )
        self.add(gone, file="（撤回）", sha256=f"withdrawn {indicator} {region} {year} {now}", plan="", by=by)
        return len(gone)

    def observations(
        self,
        plan=None,
        *,
        as_of: str | date | None = None,
        region: str | None = None,
        last_import: int | None = None,
    ) -> pd.DataFrame:
        """The table as it was known: of every figure the newest vintage.

        plan: keep only what this plan can use (a `Plan`; default all). as_of: ISO date; vintages reported later
        don't count. region: path of a region; its units come too. last_import: imports numbered higher don't
        count, so that what came in late with an early date can't change a release. Returns the columns of
        `table.COLUMNS`, sorted by key.
        """
        where: list[str] = ["true"]
        values: list[object] = []
        if as_of is not None:
            where.append("reported_on <= ?::date")
            values.append(_day(as_of))
        if last_import is not None:
            where.append("import_id <= ?")
            values.append(int(last_import))
        with self._reading() as connection:
            if region is not None:  # as numbers, so that row groups of other regions are not even read
                inside = "select region_id from regions where region = ? or starts_with(region, ? || '/')"
                ids = connection.execute(inside, [region, region]).fetchall()
                where.append(f"region_id in ({', '.join(str(id) for (id,) in ids) or 'null'})")
            rows = _rows(connection, f"""select region, level, r.* from reported r join regions using (region_id)
                where {' and '.join(where)} order by {', '.join(KEY)}, reported_on, import_id""", values)  # fmt: skip
        frame = _as_observations(_newest(rows))
        if plan is not None:
            frame = frame[frame["indicator"].isin({item.id for item in plan.reportable})]
        return frame.reset_index(drop=True)

    def history(self, indicator: str, region: str, year: int) -> pd.DataFrame:
        """All vintages of a figure in all its cuts, newest last: what was said when, by whom, from which file."""
        return self._read(
            """select * from figures where indicator = ? and region = ? and year = ?
               order by sex, age, residence, category, reported_on, import_id""",
            [indicator, region, int(year)],
        )

    def sql(self, query: str, values: Sequence[object] = ()) -> pd.DataFrame:
        """Any SQL query, read-only and without access to other files.

        query: may name the tables imports, regions, reported, survey_records, rounds, releases and the view figures (one row a
        vintage). values: for the query's question marks. Raises DataError with DuckDB's own words.
        """
        with self._reading(guarded=True) as connection:
            return _rows(connection, query, list(values))

    def imports(self) -> pd.DataFrame:
        """One row an import: number, moment, person, file, hash, plan, rows, notices."""
        return self._read("select * from imports order by import_id", [])

    def regions(self) -> pd.Series:
        """Level of every region known, by region."""
        return self._read("select region, level from regions order by region", []).set_index("region")[
            "level"
        ]

    @contextmanager
    def writing(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection inside a transaction that is kept whole or not at all."""
        self._make()
        with self._connected(read_only=False) as connection:
            connection.execute("begin")
            self._check_version(connection)
            yield connection
            connection.execute("commit")

    def _read(self, query: str, values: list[object]) -> pd.DataFrame:
        with self._reading() as connection:
            return _rows(connection, query, values)

    @contextmanager
    def _reading(self, guarded: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection that can't change anything; guarded: nor read or write other files."""
        self._make()
        with self._connected(read_only=True, guarded=guarded) as connection:
            self._check_version(connection)
            yield connection

    def _make(self) -> None:
        """The empty database, made elsewhere and then given its name, so that a half-made one is never found."""
        import duckdb

        if self.path.exists():
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.path.parent, prefix=".new-") as folder:
            made = Path(folder) / self.path.name
            with duckdb.connect(str(made)) as connection:
                connection.execute(_SCHEMA.format(version=SCHEMA_VERSION))
            with suppress(FileExistsError):  # another process was quicker
                _name_if_free(made, self.path)

    @contextmanager
    def _connected(self, read_only: bool, guarded: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
        import duckdb

        connection = self._connect(read_only, guarded)
        try:
            yield connection
        except (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException, duckdb.ConversionException,
                duckdb.PermissionException, duckdb.InvalidInputException) as error:  # fmt: skip
            raise DataError(f"数据库 {self.path.name} 的查询没有执行：{error}") from error
        except (duckdb.Error, OSError) as error:
            raise DataError(
                f"数据库 {self.path.name} 没有写入或读出(本次操作未保留任何内容)；请检查磁盘空间和文件：{error}"
            ) from error
        finally:
            connection.close()

    def _connect(self, read_only: bool, guarded: bool) -> duckdb.DuckDBPyConnection:
        """Open the file, waiting for a process that is writing."""
        import duckdb

        config: dict[str, str | bool | int | float | list[str]] = (
            {"enable_external_access": "false", "lock_configuration": "true"} if guarded else {}
        )
        until = time.monotonic() + self.wait
        while True:
            try:
                return duckdb.connect(str(self.path), read_only=read_only, config=config)
            except duckdb.Error as error:
                if not _is_held(error):
                    raise DataError(f"{self.path.name} 不是可用的数据库文件：{error}") from error
                if time.monotonic() > until:
                    raise DataError(
                        f"数据库 {self.path.name} 正被另一个程序使用，等待 {self.wait:g} 秒后仍未空出"
                    ) from error
                time.sleep(0.05)

    def _check_version(self, connection) -> None:
        import duckdb

        try:
            ((version,),) = connection.execute("select schema_version from about").fetchall()
        except duckdb.CatalogException:
            version = "未知"
        if version != SCHEMA_VERSION:
            raise DataError(
                f"数据库 {self.path.name} 的结构版本是 {version}，本程序使用 {SCHEMA_VERSION}；请用相应版本的程序打开"
            )


def _name_if_free(made: Path, name: Path) -> None:
    """Give a file its name unless the name is taken (FileExistsError), where the file system can tell in one step."""
    try:
        os.link(made, name)
    except FileExistsError:
        raise
    except (
        OSError,
        NotImplementedError,
        AttributeError,
    ):  # no hard links here; Windows' rename doesn't overwrite
        if name.exists():
            raise FileExistsError(name) from None
        made.rename(name)


def _is_held(error: Exception) -> bool:
    """Whether another process, or another mode in this one, holds the file just now."""
    text = str(error).lower()
    return any(word in text for word in ("lock", "being used by another process", "different configuration"))


def _day(value: str | date) -> str:
    try:
        return str(date.fromisoformat(str(value)))
    except ValueError as error:
        raise DataError(f"日期写作 2026-03-31 的形式，而不是 {value!r}") from error


def _rows(connection: duckdb.DuckDBPyConnection, query: str, values: list[object]) -> pd.DataFrame:
    found = connection.sql(query, params=values)
    if found is None:
        raise DataError("这里只能查询(select)，不能执行其他语句")
    return found.to_arrow_table().to_pandas()


def _newest(rows: pd.DataFrame) -> pd.DataFrame:
    """Of every figure the newest vintage, of rows sorted by key and age; withdrawn figures left out."""
    rows = rows[~rows.duplicated(list(KEY), keep="last")]
    return rows[rows["status"] != WITHDRAWN]


def _as_observations(frame: pd.DataFrame) -> pd.DataFrame:
    """Types of a table as `read_table` gives them."""
    frame = frame[list(COLUMNS)].assign(reported_on=frame["reported_on"].astype(str).str[:10])
    text = [name for name in COLUMNS if name not in ("year", "value", "numerator", "denominator", *FLAGS)]
    return frame.astype(dict.fromkeys(text, "str") | {"year": int} | dict.fromkeys(FLAGS, bool))


assert WITHDRAWN not in ALLOWED["status"], "a file can't report a withdrawal"
