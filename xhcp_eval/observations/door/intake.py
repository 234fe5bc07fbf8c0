"""How a file comes in: opened, checked whole, marked and sent back, or taken; into the database, or for a report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import pandas as pd

from xhcp_eval.errors import ChangeError, DataError, XhcpError, grouped
from xhcp_eval.observations.cells import Cells, Fault, open_table
from xhcp_eval.observations.door.changes import changed, changes_text
from xhcp_eval.observations.door.checks import contradicted, find_faults
from xhcp_eval.observations.door.doubts import find_doubts, foreign_indicators, running_year
from xhcp_eval.observations.door.vouched import claimed
from xhcp_eval.observations.forms.annotated import write_annotated
from xhcp_eval.observations.forms.reader import is_workbook, read_workbook
from xhcp_eval.observations.store.database import Database, Import
from xhcp_eval.observations.survey import check_records, estimates, is_survey
from xhcp_eval.observations.table import MAX_PROBLEMS_SHOWN, check_cells, column_problems, refusal, roots
from xhcp_eval.plan.model import Plan
from xhcp_eval.provenance import file_hash

FRAME_COLUMNS = ("file", "kind", "place", "text")


@dataclass(frozen=True)
class Intake:
    """What came of one file.

    table: its figures (empty when there are faults). faults, doubts: with `cells` for their addresses. notices:
    remarks of the reader. changes: figures that stand already and would become others (`changes.changed`). kept: the
    import, None if nothing was kept. records: answers, where the file is a survey.
    """

    path: Path
    cells: Cells
    table: pd.DataFrame
    faults: tuple[Fault, ...]
    doubts: tuple[Fault, ...]
    changes: pd.DataFrame = field(default_factory=pd.DataFrame)
    kept: Import | None = None
    records: pd.DataFrame | None = None

    @property
    def notices(self) -> tuple[str, ...]:
        """Remarks of the reader, such as an encoding other than UTF-8."""
        return self.cells.notices

    def to_frame(self) -> pd.DataFrame:
        """One row a problem, doubt or notice: file, kind (问题, 疑问, 提示), place, text."""
        rows = [(self.path.name, "问题", self.cells.address(f), f.text) for f in self.faults]
        rows += [(self.path.name, "疑问", self.cells.address(f), f.text) for f in self.doubts]
        rows += [(self.path.name, "提示", "", text) for text in self.notices]
        return pd.DataFrame(rows, columns=list(FRAME_COLUMNS))


def inspect_file(
    path: str | Path,
    plan: Plan,
    database: Database | None = None,
    *,
    reported_on: str = "",
    new_regions: bool = False,
    today: date | None = None,
) -> Intake:
    """Open and check one file against the plan and what the database knows; keeps nothing.

    path: a department's workbook, a tidy table, or the records of a survey (`survey`), as .csv, .xlsx or .parquet.
    database: what is known already (default: nothing). reported_on: ISO date for rows that have none (default: the day of
    import). new_regions: allow units that were never reported before. today: for tests. Raises DataError when the file as
    a whole can't be read, whatever its reader stumbled over.
    """
    path, today = Path(path), today or date.today()
    try:
        seen = _opened(path, plan)
        if seen.faults or seen.table.empty:
            return seen
        table = seen.table
        if reported_on:
            table = table.assign(
                reported_on=table["reported_on"].where(table["reported_on"] != "", reported_on)
            )
        known = _known(database, table)
        faults = [*find_faults(table, plan, known, today, new_regions), *claimed(path, table)]
        doubts = foreign_indicators(table, plan)
        if (
            seen.records is None
        ):  # a sample's share moves by chance, and its groups are estimated, not added up
            off = contradicted(table, seen.cells.frame)
            planted = set(table.index[table["status"] == "demo"])
            faults += [fault for fault in off if fault.row not in planted]
            doubts += [
                *(fault for fault in off if fault.row in planted),
                *running_year(table),
                *find_doubts(table, known),
            ]
    except (XhcpError, KeyboardInterrupt):
        raise
    except Exception as error:  # one file's crash is that file's own
        raise DataError(
            f"数据文件 {path.name} 未读入：读取时出错（{type(error).__name__}：{str(error)[:200]}）"
        ) from error
    return replace(
        seen, table=table, faults=tuple(faults), doubts=tuple(doubts), changes=changed(table, known)
    )


def read_checked(path: str | Path, plan: Plan) -> pd.DataFrame:
    """Figures of a file for a report: through the same door as an import, but kept nowhere.

    path, plan: as for `inspect_file`. Doubts pass, since the report's own review of the figures tells them. Returns what
    `read_table` does. Raises DataError listing every fault with its address.
    """
    seen, refused = check_files([Path(path)], plan, new_regions=True)
    if refused:
        raise refused[0]
    return seen[0].table.reset_index(drop=True)


def _opened(path: Path, plan: Plan) -> Intake:
    """A file opened and typed, before it is held against the calendar and what is known."""
    cells = read_workbook(path, plan) if is_workbook(path) else open_table(path)
    if is_survey(cells):
        records, faults = check_records(cells, plan)
        if faults or records.empty:
            empty = [] if faults else [Fault(1, "response", "没有一份有效回答")]
            return Intake(path, cells, cells.frame.iloc[:0], (*faults, *empty), ())
        return Intake(path, cells, estimates(records, plan), (), (), records=records)
    problems = column_problems(cells.frame)
    if problems and not (cells.faults and cells.frame.empty):
        raise DataError(f"数据文件 {path.name} 未读入：列不符合要求，或没有填报内容", problems)
    if cells.frame.empty:
        return Intake(path, cells, cells.frame, cells.faults, ())
    table, faults = check_cells(cells, plan)
    return Intake(path, cells, table, tuple(faults), ())


def import_file(
    path: str | Path,
    plan: Plan,
    database: Database,
    *,
    by: str = "",
    confirmed: bool = False,
    change_known: bool = False,
    dry_run: bool = False,
    annotate_in: Path | None = None,
    **options,
) -> Intake:
    """Take one file into the database, whole or not at all.

    path: as for `inspect_file`. plan: registry that it is checked against. database: that takes it. by: who imports.
    confirmed: doubts were asked about and the figures stand. change_known: figures that stand already may become others.
    dry_run: check only. annotate_in: folder for the marked copy of a file with problems or doubts (default: none is
    written). options: as for `inspect_file`. A file that was imported before changes nothing. Raises DataError listing all
    problems with their addresses, and the doubts unless confirmed; ChangeError, for a file in which nothing else is wrong,
    listing the figures it would change.
    """
    path = Path(path)
    seen = inspect_file(path, plan, database, **options)
    held = not seen.faults and database.holds(file_hash(path))
    # what was asked about a file was answered when it was first imported
    if seen.faults or (seen.doubts and not confirmed and not held):
        _send_back(seen, annotate_in)
    if dry_run:
        return seen
    if len(seen.changes) and not change_known and not held:
        raise ChangeError(
            f"数据文件 {path.name} 未读入：本次将改动 {len(seen.changes)} 个已有数；核对无误后可加 --yes 读入",
            changes_text(seen.changes, seen.cells),
            path,
            len(seen.changes),
        )
    doubts = [f"疑问（已确认）{seen.cells.address(f)}：{f.text}" for f in seen.doubts]
    moved = [f"改动（已确认）{text}" for text in changes_text(seen.changes, seen.cells)]
    kept = database.add(
        seen.table,
        file=path.name,
        sha256=file_hash(path),
        plan=plan.id,
        by=by,
        notices=[*seen.notices, *doubts, *moved],
        records=seen.records,
        original=path.read_bytes(),
    )
    return replace(seen, faults=(), kept=kept)


def import_files(
    paths: list[Path],
    plan: Plan,
    database: Database,
    done: Callable[[Path], object] = lambda _: None,
    **options,
) -> tuple[list[Intake], list[DataError]]:
    """Take several files, each whole or not at all; one that is refused does not stop the others.

    done: called after each file. options: as for `import_file`. Returns (what came in, the refusals).
    """
    taken, refused = [], []
    for path in paths:
        try:
            taken.append(import_file(path, plan, database, **options))
        except DataError as error:
            refused.append(error)
        except Exception as error:  # whatever it is, the next file has nothing to do with it
            refused.append(
                DataError(f"数据文件 {Path(path).name} 未读入：{type(error).__name__}：{str(error)[:200]}")
            )
        done(path)
    return taken, refused


def check_files(
    paths: list[Path], plan: Plan, database: Database | None = None, **options
) -> tuple[list[Intake], list[DataError]]:
    """Several files looked at and none kept. Arguments as for `inspect_file`; returns (those without faults, the refusals)."""
    fine, refused = [], []
    for path in paths:
        try:
            seen = inspect_file(path, plan, database, **options)
        except DataError as error:
            refused.append(error)
            continue
        told = [f"{seen.cells.address(fault)}：{fault.text}" for fault in seen.faults]
        if told:
            refused.append(refusal(seen.path.name, told))
        else:
            fine.append(seen)
    return fine, refused


def _known(database: Database | None, table: pd.DataFrame) -> pd.DataFrame:
    """What the database holds of the regions that a table speaks of."""
    if database is None or not database.path.exists():
        return table.iloc[:0]
    asked = roots(table["region"]).unique()
    if len(asked) == 1:
        return database.observations(region=asked[0])
    held = set(roots(database.regions().index.to_series()))
    found = database.observations() if held & set(asked) else database.observations(region="")
    return found[roots(found["region"]).isin(asked)]


def _send_back(seen: Intake, annotate_in: Path | None) -> None:
    problems = [f"{seen.cells.address(f)}：{f.text}" for f in seen.faults]
    doubts = [f"（疑问）{seen.cells.address(f)}：{f.text}" for f in seen.doubts]
    head = f"数据文件 {seen.path.name} 未读入(整份退回)，共 {len(problems)} 处问题"
    if doubts:
        head += f"、{len(doubts)} 处疑问" + ("；核对无误后可加 --confirmed 读入" if not problems else "")
    if annotate_in is not None:
        copy = write_annotated(seen.path, seen.cells, list(seen.faults), list(seen.doubts), annotate_in)
        head += f"；已逐格标注在 {copy}"
    told = [*grouped(problems), *grouped(doubts)]
    shown = told[:MAX_PROBLEMS_SHOWN]
    if len(told) > len(shown):
        shown.append(f"……另有 {len(told) - len(shown)} 类未列出")
    raise DataError(head, shown)
