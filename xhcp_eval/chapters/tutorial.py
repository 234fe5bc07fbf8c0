"""Small steps of the tutorial: a department's file with a slip in it, its problems as a table, national series."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from xhcp_eval.chapters.kit.views import TableView, table
from xhcp_eval.errors import DataError
from xhcp_eval.files.home import resource
from xhcp_eval.observations.cells import write_csv
from xhcp_eval.observations.door.intake import import_file
from xhcp_eval.observations.store.database import Database
from xhcp_eval.observations.table import COLUMNS
from xhcp_eval.plan.model import Plan

NATIONAL = resource("data/national/births_and_school.csv")
INDICATORS = ("eye_exam_coverage_0_6", "neonatal_visit_rate")


class Desk:
    """A temporary folder with an empty database, for trying things out; `close` removes both."""

    def __init__(self) -> None:
        self._holder = TemporaryDirectory(prefix="xhcp-", ignore_cleanup_errors=True)
        self.folder = Path(self._holder.name)
        self.database = Database(self.folder / "xhcp.duckdb")

    def close(self) -> None:
        """Remove the folder and all that is in it."""
        self._holder.cleanup()


def department_file(observations: pd.DataFrame, path: Path, wrong: bool = False, year: int = 2025) -> Path:
    """A department's report of a year as a table file: every row of two indicators, demonstration data.

    observations: the demonstration district. path: .csv to write. wrong: with a decimal point slipped in the first row.
    Returns the path. Raises DataError if the table has no such rows.
    """
    rows = observations[observations["indicator"].isin(INDICATORS) & (observations["year"] == year)]
    if rows.empty:
        raise DataError(f"表中没有 {year} 年的 {'、'.join(INDICATORS)}")
    rows = rows[list(COLUMNS)].reset_index(drop=True)
    if wrong:
        rows.loc[0, "value"] = round(rows.loc[0, "value"] / 10, 4)
    return write_csv(rows, path)


def door(path: Path, plan: Plan, database: Database, dry_run: bool = False) -> TableView:
    """Bring a file to the database's door and show what it says: problems one by one, or what came in.

    Arguments as for `import_file`; a trial shows doubts as well, otherwise they and changes are taken as confirmed.
    """
    try:
        import_file(
            path, plan, database, dry_run=dry_run, confirmed=not dry_run, change_known=True, new_regions=True
        )
    except DataError as error:
        rows = pd.DataFrame({"number": range(1, len(error.problems) + 1), "problem": error.problems})
        return table(
            rows, {"number": "序号", "problem": "问题"}, wide=["problem"], caption=f"{path.name} 没有入库："
        )
    state = "只检查，没有入库" if dry_run else "已入库"
    rows = pd.DataFrame({"file": [path.name], "state": [state]})
    return table(rows, {"file": "文件", "state": "结果"}, caption="没有问题")


def national_series(*indicators: str) -> pd.DataFrame:
    """A national series of births or school, real figures (data/national/births_and_school.csv), in ten thousand (万人).

    indicators: births, births_revised, primary_entrants, kindergarten_children; of several, the first that has a year.
    Returns series, year, value, ready for `project`. Raises DataError for an unknown one.
    """
    rows = pd.read_csv(NATIONAL, encoding="utf-8")
    unknown = [name for name in indicators if name not in set(rows["indicator"])]
    if unknown or not indicators:
        raise DataError(
            f"没有全国序列 {'、'.join(unknown)}；可用的有：{'、'.join(rows['indicator'].unique())}"
        )
    found = pd.concat([rows[rows["indicator"] == name] for name in indicators]).drop_duplicates("year")
    found = found.assign(series=found["region"], value=found["value"] / 1e4).sort_values("year")
    return found[["series", "year", "value"]].reset_index(drop=True)
