"""Where every reported figure is kept: one DuckDB file in which nothing is overwritten.

A correction is a new vintage of the same figure; what was known on a date can be asked for at any time. A file
is opened for one operation only, so that several processes can take turns; each import is one transaction.
"""

from __future__ import annotations

import getpass
import zlib
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from xhcp_eval.errors import DataError
from xhcp_eval.files.home import ROOT
from xhcp_eval.observations.store import journal
from xhcp_eval.observations.store.connection import DatabaseFile
from xhcp_eval.observations.table import ALLOWED, COLUMNS, FLAGS, KEY

if TYPE_CHECKING:
    import duckdb

DEFAULT_PATH = ROOT / "data" / "xhcp.duckdb"
WITHDRAWN = "withdrawn"  # a status of version 1, which kept a withdrawal as a vintage of its own
_STORED = [name for name in COLUMNS if name not in ("region", "level")]
_CUTS = ("sex", "age", "residence", "category")
# A vintage that was taken back doesn't count, from the day, and for releases from the moment, at which it was taken back.
_STANDING = """import_id not in (select import_id from undone where {when})
    and not exists (select 1 from withdrawn w where w.import_id = r.import_id and w.region_id = r.region_id
        and w.indicator = r.indicator and w.year = r.year and w.sex = r.sex and w.age = r.age
        and w.residence = r.residence and w.category = r.category and {when})"""


class Import(NamedTuple):
    """One import: its number, the rows it brought, and whether it was new (a file known already is not)."""

    import_id: int
    n_rows: int
    is_new: bool


class Database(DatabaseFile):
    """The monitoring database: see `DatabaseFile` for path, waiting and faults."""

    def __init__(self, path: str | Path = DEFAULT_PATH, wait: float = 60.0) -> None:
        super().__init__(path, wait)

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
        original: bytes | None = None,
    ) -> Import:
        """Keep a checked table as one import, whole or not at all.

        table: columns of `table.COLUMNS`; an empty reported_on becomes today; the index, where it counts from 1, tells the rows of the
        file. file, sha256: name and hash of the source; a hash that is known already changes nothing, unless its import was undone.
        plan: plan it was checked by. by: who imports (default: the user of the machine). notices: what the reader remarked.
        records: answers of the survey that the table was estimated from, kept with it. original: content of the file, kept compressed.
        """
        numbered = table.index.is_unique and len(table) > 0 and table.index.min() > 0
        rows = table.assign(
            reported_on=table["reported_on"].where(table["reported_on"] != "", str(date.today())),
            file_row=table.index if numbered else None,
        )
        rows = rows.sort_values(["region", "indicator", "year"], kind="stable")
        with self.writing() as connection:
            known = connection.execute(
                """select import_id, n_rows from imports where sha256 = ?
                   and import_id not in (select import_id from undone)""",
                [sha256],
            ).fetchone()
            if known:
                return Import(known[0], known[1], is_new=False)
            by = by or person()
            kept = self._insert(connection, rows, file, sha256, plan, by, notices)
            if original is not None:
                connection.execute(
                    "insert or ignore into originals values (?, ?, ?)",
                    [sha256, file, zlib.compress(original)],
                )
            journal.note(connection, by, "导入", f"第 {kept.import_id} 次导入", f"{file}，{kept.n_rows} 个数")
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
        stored = [*_STORED, "file_row"]
        columns = ", ".join(stored)
        values = ", ".join(f"i.{name}" if name != "reported_on" else "i.reported_on::date" for name in stored)
        connection.execute(
            f"""insert into reported (import_id, region_id, {columns})
                select {number}, g.region_id, {values} from incoming i join regions g using (region)
                order by g.region_id, i.indicator, i.year"""
        )
        connection.unregister("incoming")
        return Import(number, len(rows), is_new=True)

    def withdraw(
        self, indicator: str, region: str, year: int, reason: str, by: str = "", entirely: bool = False
    ) -> pd.DataFrame:
        """Take back the newest vintage of a figure in every cut: what was reported before it stands again. The vintage itself stays in the file.

        entirely: take back all vintages, so that nothing stands. Returns a row a cut: the key, value (taken back), standing (the value that
        now stands, missing if none does). Raises DataError when there is nothing to take back, or the reason is empty.
        """
        if not reason.strip():
            raise DataError("撤回数据必须写明原因")
        where = "indicator = ? and year = ? and region_id in (select region_id from regions where region = ?)"
        with self.writing() as connection:
            standing = f"""select r.* from reported r where {where} and {_STANDING.format(when="true")}
                and status <> '{WITHDRAWN}'"""
            newest = f"""{standing} qualify row_number() over (partition by {", ".join(_CUTS)}
                order by reported_on desc, import_id desc) = 1"""
            values = [indicator, int(year), region]
            taken = _rows(connection, standing if entirely else newest, values)
            if taken.empty:
                raise DataError(f"没有可撤回的数据点：{indicator} / {region} / {year}")
            now, by = datetime.now(UTC), by or person()
            connection.register("taken", taken.assign(moment=now, on_day=now.date(), person=by, why=reason))
            key = f"import_id, region_id, indicator, year, {', '.join(_CUTS)}"
            connection.execute(
                f"insert into withdrawn select {key}, moment, on_day::date, person, why from taken"
            )
            connection.unregister("taken")
            journal.note(
                connection, by, "撤回", f"{indicator} / {region} / {year}", f"{len(taken)} 个数：{reason}"
            )
            left = _rows(connection, newest, values).set_index(list(_CUTS))["value"]
        cuts = taken[[*_CUTS, "value"]].assign(indicator=indicator, region=region, year=int(year))
        return cuts.join(left.rename("standing"), on=list(_CUTS))

    def undo(self, import_id: int, reason: str, by: str = "") -> pd.DataFrame:
        """Undo an import: everything stands again as if it had never come. The rows and the original stay in the file, marked.

        Returns what changes: a row a figure of the import that stood, with its key, value (of the import), before (the value that stands
        again, missing if there is none). Raises DataError for an import that is unknown or undone already, or an empty reason.
        """
        if not reason.strip():
            raise DataError("撤销导入必须写明原因")
        found = self.imports()
        if import_id not in set(found["import_id"]):
            raise DataError(f"没有第 {import_id} 次导入；xhcp log --imports 列出全部")
        if found.set_index("import_id").loc[import_id, "undone"]:
            raise DataError(f"第 {import_id} 次导入已经撤销")
        then = self.observations()
        with self.writing() as connection:
            now, by = datetime.now(UTC), by or person()
            # in the same transaction that finds it still standing, lest two people undo it
            known = connection.execute("select 1 from undone where import_id = ?", [import_id]).fetchone()
            if known:
                raise DataError(f"第 {import_id} 次导入已经撤销")
            connection.execute(
                "insert into undone values (?, ?, ?, ?, ?)", [import_id, now, now.date(), by, reason]
            )
            file = found.set_index("import_id").loc[import_id, "file"]
            journal.note(connection, by, "撤销导入", f"第 {import_id} 次导入", f"{file}：{reason}")
        both = then.merge(
            self.observations(), on=list(KEY), how="left", suffixes=("", "_now"), indicator=True
        )
        changed = both[
            (both["_merge"] == "left_only")
            | _differ(both, "value")
            | (both["reported_on"] != both["reported_on_now"])
        ]
        return changed[[*KEY, "value"]].assign(before=changed["value_now"]).reset_index(drop=True)

    def observations(
        self,
        plan=None,
        *,
        as_of: str | date | None = None,
        region: str | None = None,
        last_import: int | None = None,
        known_at: datetime | None = None,
    ) -> pd.DataFrame:
        """The table as it was known: of every figure the newest vintage.

        plan: keep only what this plan can use (a `Plan`; default all). as_of: ISO date; vintages reported later
        don't count, nor what was taken back later. region: path of a region; its units come too. last_import: imports numbered higher don't
        count, so that what came in late with an early date can't change a release; known_at: nor what was taken back after this
        moment. Returns the columns of `table.COLUMNS`, sorted by key.
        """
        where: list[str] = ["true"]
        values: list[object] = []
        if as_of is not None:
            where.append("reported_on <= ?::date")
            values.append(_day(as_of))
        if last_import is not None:
            where.append("import_id <= ?")
            values.append(int(last_import))
        when = "true" if as_of is None else f"on_day <= '{_day(as_of)}'"
        when += "" if known_at is None else f" and moment <= '{pd.Timestamp(known_at).isoformat()}'"
        with self.reading() as connection:
            if region is not None:  # as numbers, so that row groups of other regions are not even read
                inside = "select region_id from regions where region = ? or starts_with(region, ? || '/')"
                ids = connection.execute(inside, [region, region]).fetchall()
                where.append(f"region_id in ({', '.join(str(id) for (id,) in ids) or 'null'})")
            ((taken_back,),) = connection.execute(
                "select exists (select 1 from undone) or exists (select 1 from withdrawn)"
            ).fetchall()
            if taken_back:
                where.append(_STANDING.format(when=when))
            rows = _rows(connection, f"""select region, level, r.* from reported r join regions using (region_id)
                where {' and '.join(where)} order by {', '.join(KEY)}, reported_on, import_id""", values)  # fmt: skip
        frame = _as_observations(_newest(rows))
        if plan is not None:
            frame = frame[frame["indicator"].isin({item.id for item in plan.reportable})]
        return frame.reset_index(drop=True)

    @staticmethod
    def nothing() -> pd.DataFrame:
        """The table of a database without figures."""
        return _as_observations(pd.DataFrame(columns=list(COLUMNS)))

    def history(self, indicator: str, region: str, year: int) -> pd.DataFrame:
        """All vintages of a figure in all its cuts, newest last: what was said when, by whom, from which file and row of it, and whether it
        was taken back (taken_back: empty, 已撤回, 所在导入已撤销).
        """
        return self._read(
            """select * from figures where indicator = ? and region = ? and year = ?
               order by sex, age, residence, category, reported_on, import_id""",
            [indicator, region, int(year)],
        )

    def sql(self, query: str, values: Sequence[object] = ()) -> pd.DataFrame:
        """Any SQL query, read-only and without access to other files.

        query: may name the tables imports, regions, reported, survey_records, rounds, releases, undone, withdrawn, journal and the view figures (one row a
        vintage). values: for the query's question marks. Raises DataError with DuckDB's own words.
        """
        with self.reading(guarded=True) as connection:
            return _rows(connection, query, list(values))

    def imports(self) -> pd.DataFrame:
        """One row an import: number, moment, person, file, hash, plan, rows, notices, undone (whether it was)."""
        query = """select *, import_id in (select import_id from undone) as undone from imports order by import_id"""
        return self._read(query, [])

    def original(self, import_id: int) -> tuple[str, bytes]:
        """Name and content of the file that an import was made from. Raises DataError if it isn't kept."""
        with self.reading() as connection:
            found = connection.execute(
                "select o.file, o.content from originals o join imports i using (sha256) where i.import_id = ?",
                [int(import_id)],
            ).fetchone()
        if found is None:
            raise DataError(f"没有保存第 {import_id} 次导入的原件")
        return found[0], zlib.decompress(found[1])

    def holds(self, sha256: str) -> bool:
        """Whether a file was imported, and its import stands. sha256: of its content. Nothing is held where there is no database yet."""
        if not self.path.exists():
            return False
        found = self.imports()
        return bool(((found["sha256"] == sha256) & ~found["undone"]).any())

    def regions(self) -> pd.Series:
        """Level of every region known, by region."""
        return self._read("select region, level from regions order by region", []).set_index("region")[
            "level"
        ]

    def _read(self, query: str, values: list[object]) -> pd.DataFrame:
        with self.reading() as connection:
            return _rows(connection, query, values)


def person() -> str:
    """Who works at this machine; a machine without accounts says so."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # no entry in the list of users
        return "未知用户"


def _differ(both: pd.DataFrame, name: str) -> pd.Series:
    one, other = both[name], both[f"{name}_now"]
    return ~((one == other) | (one.isna() & other.isna()))


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
