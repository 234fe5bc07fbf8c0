"""A year's round of reporting: opened with a due date, followed by department, frozen into a release.

A release is dated and hashed; reports are made from its file, and it can be made again from the database.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd

from xhcp_eval.errors import DataError
from xhcp_eval.files.whole import whole_file
from xhcp_eval.observations.store import journal
from xhcp_eval.observations.store.database import Database, person
from xhcp_eval.observations.table import KEY, is_total
from xhcp_eval.plan.model import Plan

STATUS_COLUMNS = ("department", "asked", "reported", "missing", "share", "first_on", "last_on", "standing")


def open_round(database: Database, plan: Plan, year: int, due_on: str | date, by: str = "") -> None:
    """Open the round of a data year, or move its due date.

    due_on: ISO date by which departments report. by: who opens. Raises DataError for a date that is none or lies
    before the end of the data year.
    """
    due = _date(due_on)
    if due <= date(year, 12, 31):
        raise DataError(f"{year} 年数据的截止日期应在 {year}-12-31 之后，而不是 {due}")
    with database.writing() as connection:
        journal.note(connection, by or person(), "开启填报", f"{year} 年", f"截止 {due}")
        connection.execute(
            """insert into rounds values (?, ?, ?, ?, ?, ?)
               on conflict (year) do update set due_on = excluded.due_on, opened_by = excluded.opened_by""",
            [year, date.today(), due, plan.id, plan.region, by],
        )


def round_status(database: Database, plan: Plan, year: int, today: date | None = None) -> pd.DataFrame:
    """Who has reported, who is late: one row a lead department.

    Counted are the totals of the region's indicators. today: for tests. Columns: department, asked, reported,
    missing (numbers of indicators), share (percent), first_on, last_on (ISO days of the reports, empty if none),
    standing (按时报齐, 逾期报齐, 已报齐 (no round opened), 未报齐, 逾期未报齐, 未报, 逾期未报). Raises DataError for a
    year without any round or figure.
    """
    today = today or date.today()
    asked = asked_indicators(plan)
    due = _due(database, year)
    found = _reported(database, plan, year)
    if due is None and found.empty:
        raise DataError(f"{year} 年没有开启填报，也没有数据；先执行 xhcp round open {year}")
    asked = asked.merge(
        found.groupby("indicator")["reported_on"].agg(["min", "max"]), on="indicator", how="left"
    )
    rows = []
    for department, part in asked.groupby("department", sort=False):
        n, done = len(part), int(part["max"].notna().sum())
        first, last = (part["min"].min(), part["max"].max()) if done else ("", "")
        standing = _standing(n, done, last, due, today)
        rows.append((department, n, done, n - done, 100 * done / n, first, last, standing))
    return pd.DataFrame(rows, columns=list(STATUS_COLUMNS))


def missing(database: Database, plan: Plan, year: int) -> pd.DataFrame:
    """Indicators without a figure for the year. Columns: department, indicator, indicator_name, last_year."""
    asked = asked_indicators(plan)
    table = database.observations(plan, region=plan.region)
    last = table[table["region"] == plan.region].groupby("indicator")["year"].max()
    gone = asked[~asked["indicator"].isin(_reported(database, plan, year)["indicator"])]
    return gone.assign(last_year=gone["indicator"].map(last).astype("Int64")).reset_index(drop=True)


def asked_indicators(plan: Plan) -> pd.DataFrame:
    """Indicators that departments are asked for. Columns: department (the lead), indicator, indicator_name."""
    rows = [(i.departments[0], i.id, i.name) for i in plan.indicators if i.departments and not i.derived_from]
    return pd.DataFrame(rows, columns=["department", "indicator", "indicator_name"])


def freeze(
    database: Database,
    plan: Plan,
    year: int,
    *,
    folder: Path | None = None,
    by: str = "",
    today: date | None = None,
) -> Path:
    """Make a release of everything known today about the plan's region up to a data year.

    folder: where to (default: `releases` beside the database). Writes <year>-<n>.parquet, which `read_table` opens and params files may name, and beside it a .json with the
    hash of its content; files and the database's record of them stand together or not at all, and a name is never used twice, also when an
    earlier attempt was killed. Returns the .parquet. Raises DataError when there is no figure for the year.
    """
    today = today or date.today()
    imports = database.imports()
    last = int(imports["import_id"].max()) if len(imports) else 0
    table = _frozen(database, plan, year, today, last)
    if not (table["year"] == year).any():
        raise DataError(f"{year} 年还没有数据，不能定版")
    folder = folder or database.path.parent / "releases"
    name = f"{year}-{_next_number(database, year, folder)}"
    facts = {
        "name": name, "plan": plan.id, "region": plan.region, "year": year, "as_of": str(today), "last_import": last,
        "rows": len(table), "sha256": content_hash(table), "frozen_by": by,
        "frozen_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }  # fmt: skip
    path = folder / f"{name}.parquet"
    with database.writing() as connection:
        journal.note(
            connection, by or person(), "定版", name, f"{len(table)} 个数，校验值 {content_hash(table)[:12]}"
        )
        connection.execute(
            "insert into releases values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                *(name, year, facts["frozen_at"], by, today, last, plan.id, plan.region),
                *(len(table), facts["sha256"], path.name),
            ],
        )
        with whole_file(path) as unfinished:
            table.to_parquet(unfinished, index=False)
        with whole_file(path.with_suffix(".json")) as unfinished:
            text = json.dumps(facts, ensure_ascii=False, indent=1)
            unfinished.write_text(text, encoding="utf-8", newline="\n")
    return path


def releases(database: Database) -> pd.DataFrame:
    """One row a release, oldest first."""
    return database.sql("select * from releases order by frozen_at")


def release_table(database: Database, plan: Plan, name: str) -> pd.DataFrame:
    """A release made again from the vintages. Raises DataError if it is unknown, or not the same to the byte."""
    found = releases(database).set_index("name")
    if name not in found.index:
        raise DataError(f"没有定版 {name}；现有：{'、'.join(found.index) or '无'}")
    row = found.loc[name]
    table = _frozen(database, plan, int(row["year"]), row["as_of"], int(row["last_import"]), row["frozen_at"])
    if content_hash(table) != row["sha256"]:
        raise DataError(f"定版 {name} 重做后与当时的校验值不同：规划登记或数据库内容已被改动")
    return table


def check_release(database: Database, plan: Plan, name: str, folder: Path | None = None) -> pd.DataFrame:
    """A release held against its file and against what is known today.

    folder: of the releases' files (default: beside the database). Returns the figures that have been corrected or taken back since: the key,
    released, now (values; missing where there is none). Raises DataError if the file is gone or was changed, or the release can't be made again.
    """
    table = release_table(database, plan, name)
    row = releases(database).set_index("name").loc[name]
    folder = folder or database.path.parent / "releases"
    if fault := file_fault(folder / row["file"], row["sha256"]):
        raise DataError(f"定版 {name}：{fault}")
    today = database.observations(plan, region=row["region"])
    both = table.merge(today[today["year"] <= row["year"]], on=list(KEY), how="outer", suffixes=("", "_now"))
    same = (both["value"] == both["value_now"]) | (both["value"].isna() & both["value_now"].isna())
    changed = both.loc[~same, [*KEY, "value", "value_now"]]
    return changed.rename(columns={"value": "released", "value_now": "now"}).reset_index(drop=True)


def file_fault(path: Path, sha256: str) -> str:
    """What is wrong with a release's file, in Chinese; empty if it holds what was released. sha256: of its content."""
    if not path.is_file():
        return f"文件 {path.name} 没有了；可由数据库重做（xhcp round check）"
    try:
        found = content_hash(pd.read_parquet(path))
    except (OSError, ValueError):
        return f"文件 {path.name} 已损坏"
    return "" if found == sha256 else f"文件 {path.name} 的内容与定版时不同，已被改动"


def _next_number(database: Database, year: int, folder: Path) -> int:
    """One more than any that has been used, also by an attempt of which only the file is left."""
    named = [*database.sql("select name from releases where year = ?", [year])["name"]]
    named += [path.stem for path in folder.glob(f"{year}-*.parquet")]
    numbers = [int(name.partition("-")[2]) for name in named if name.partition("-")[2].isdecimal()]
    return max(numbers, default=0) + 1


def content_hash(table: pd.DataFrame) -> str:
    """SHA-256 of a table's content, whatever file format it is kept in."""
    return hashlib.sha256(table.to_csv(index=False, lineterminator="\n").encode()).hexdigest()


def _frozen(
    database: Database, plan: Plan, year: int, as_of: date, last_import: int, known_at: datetime | None = None
) -> pd.DataFrame:
    table = database.observations(
        plan, as_of=as_of, region=plan.region, last_import=last_import, known_at=known_at
    )
    return table[table["year"] <= year].reset_index(drop=True)


def _reported(database: Database, plan: Plan, year: int) -> pd.DataFrame:
    table = database.observations(plan, region=plan.region)
    whole = is_total(table)
    return table[whole & (table["region"] == plan.region) & (table["year"] == year)]


def _due(database: Database, year: int) -> date | None:
    found = database.sql("select due_on from rounds where year = ?", [year])
    return None if found.empty else pd.Timestamp(found["due_on"][0]).date()


def _standing(asked: int, done: int, last: str, due: date | None, today: date) -> str:
    if due is None:
        return "已报齐" if done == asked else "未报齐" if done else "未报"
    if done == asked:
        return "按时报齐" if date.fromisoformat(last) <= due else "逾期报齐"
    late = "逾期" if today > due else ""
    return late + ("未报齐" if done else "未报")


def _date(value: str | date) -> date:
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise DataError(f"日期写作 2026-03-31 的形式，而不是 {value!r}") from error
