"""How a file comes into the database: opened, checked whole, marked and sent back, or kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pandas as pd

from xhcp_eval.errors import DataError
from xhcp_eval.observations.cells import Cells, Fault, open_table
from xhcp_eval.observations.door.checks import find_doubts, find_faults
from xhcp_eval.observations.forms.annotated import write_annotated
from xhcp_eval.observations.forms.reader import is_workbook, read_workbook
from xhcp_eval.observations.store.database import Database, Import
from xhcp_eval.observations.survey import check_records, estimates, is_survey
from xhcp_eval.observations.table import MAX_PROBLEMS_SHOWN, check_cells, column_problems
from xhcp_eval.plan.model import Plan
from xhcp_eval.provenance import file_hash

FRAME_COLUMNS = ("file", "kind", "place", "text")


@dataclass(frozen=True)
class Intake:
    """What came of one file.

    table: its figures (empty when there are faults). faults, doubts: with `cells` for their addresses. notices:
    remarks of the reader. kept: the import, None if nothing was kept. records: answers, where the file is a survey.
    """

    path: Path
    cells: Cells
    table: pd.DataFrame
    faults: tuple[Fault, ...]
    doubts: tuple[Fault, ...]
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
    database: Database,
    *,
    reported_on: str = "",
    new_regions: bool = False,
    today: date | None = None,
) -> Intake:
    """Open and check one file against the plan and what the database knows; keeps nothing.

    path: a department's workbook, a tidy table, or the records of a survey (`survey`), as .csv, .xlsx or .parquet.
    reported_on: ISO date for rows that have none (default: the day of import). new_regions: allow units that were never
    reported before. today: for tests. Raises DataError when the file as a whole can't be read.
    """
    seen = _opened(Path(path), plan)
    if seen.faults or seen.table.empty:
        return seen
    table = seen.table
    if reported_on:
        table = table.assign(reported_on=table["reported_on"].where(table["reported_on"] != "", reported_on))
    known = _known(database, table)
    faults = find_faults(table, plan, known, today or date.today(), new_regions)
    # a sample's share moves by chance, and its groups are estimated, not added up
    doubts = find_doubts(table, known) if seen.records is None else []
    return replace(seen, table=table, faults=tuple(faults), doubts=tuple(doubts))


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
    dry_run: bool = False,
    annotate_in: Path | None = None,
    **options,
) -> Intake:
    """Take one file into the database, whole or not at all.

    path: as for `inspect_file`. plan: registry that it is checked against. database: that takes it. by: who imports.
    confirmed: doubts were asked about and the figures stand. dry_run: check only. annotate_in:
    folder for the marked copy of a file with problems or doubts (default: none is written). options: as for
    `inspect_file`. A file that was imported before changes nothing. Raises DataError listing all problems with
    their addresses, and the doubts unless confirmed.
    """
    path = Path(path)
    seen = inspect_file(path, plan, database, **options)
    if seen.faults or (seen.doubts and not confirmed):
        sha256 = file_hash(path)
        if not seen.faults and database.holds(sha256):
            confirmed = True  # it was confirmed when it was first imported
        else:
            _send_back(seen, annotate_in)
    if dry_run:
        return seen
    doubts = [f"疑问（已确认）{seen.cells.address(f)}：{f.text}" for f in seen.doubts]
    kept = database.add(
        seen.table,
        file=path.name,
        sha256=file_hash(path),
        plan=plan.id,
        by=by,
        notices=[*seen.notices, *doubts],
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
        done(path)
    return taken, refused


def _known(database: Database, table: pd.DataFrame) -> pd.DataFrame:
    """What the database holds of the regions that a table speaks of."""
    if not database.path.exists():
        return table.iloc[:0]
    roots = table["region"].str.split("/").str[0].unique()
    held = set(database.regions().index.str.split("/").str[0])
    if len(roots) == 1:
        return database.observations(region=roots[0])
    found = database.observations() if held & set(roots) else database.observations(region="")
    return found[found["region"].str.split("/").str[0].isin(roots)]


def _send_back(seen: Intake, annotate_in: Path | None) -> None:
    problems = [f"{seen.cells.address(f)}：{f.text}" for f in seen.faults]
    doubts = [f"（疑问）{seen.cells.address(f)}：{f.text}" for f in seen.doubts]
    head = f"数据文件 {seen.path.name} 未读入(整份退回)，共 {len(problems)} 处问题"
    if doubts:
        head += f"、{len(doubts)} 处疑问" + ("；核对无误后可加 --confirmed 读入" if not problems else "")
    if annotate_in is not None:
        copy = write_annotated(seen.path, seen.cells, list(seen.faults), list(seen.doubts), annotate_in)
        head += f"；已逐格标注在 {copy}"
    told = [*problems, *doubts]
    shown = told[:MAX_PROBLEMS_SHOWN]
    if len(told) > len(shown):
        shown.append(f"……另有 {len(told) - len(shown)} 处未列出")
    raise DataError(head, shown)
