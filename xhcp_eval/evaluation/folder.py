"""The folder of an evaluation: what the third party brought, beside the monitoring data; every file may be missing.

scores.csv, evidence.csv (rubric scoring), recount.csv (source records), judgements.csv (AHP), ranking.yaml, measures.yaml,
questionnaire.csv with questionnaire.yaml, costs.csv, efficiency.csv.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from xhcp_eval.errors import DataError
from xhcp_eval.evaluation.methods.rubric import EVIDENCE_COLUMNS, SCORE_COLUMNS
from xhcp_eval.files.home import ROOT, label
from xhcp_eval.observations.cells import open_table, text_of

NAMES = (
    "scores.csv", "evidence.csv", "recount.csv", "judgements.csv", "ranking.yaml", "measures.yaml", "questionnaire.csv",
    "questionnaire.yaml", "costs.csv", "efficiency.csv",
)  # fmt: skip
DEMO_MARKS = ("demonstration: true", "演示数据")


class EvaluationFolder:
    """Files of one evaluation, opened when asked for. folder: relative to the project, or absolute."""

    def __init__(self, folder: str | Path) -> None:
        self.path = (ROOT / folder).resolve()
        if not self.path.is_dir():
            raise DataError(f"没有评估资料文件夹 {folder}")

    def has(self, *names: str) -> bool:
        """Whether all these files are there."""
        return all((self.path / name).is_file() for name in names)

    @property
    def is_demo(self) -> bool:
        """Whether any file says that it is demonstration data."""
        texts = (self.path / name for name in NAMES if self.has(name))
        return any(mark in path.read_text(encoding="utf-8-sig") for path in texts for mark in DEMO_MARKS)

    def file(self, name: str) -> Path:
        """Path of a file. Raises DataError if it isn't there."""
        if not self.has(name):
            raise DataError(f"评估资料文件夹 {self.path.name} 中没有 {name}")
        return self.path / name

    def table(self, name: str, columns: tuple[str, ...], numbers: tuple[str, ...] = ()) -> pd.DataFrame:
        """A table as text, `numbers` as numbers (empty cells missing).

        Raises DataError: file or columns missing, a number that is none, with row and column.
        """
        cells = open_table(self.file(name))
        absent = [column for column in columns if column not in cells.frame.columns]
        if absent:
            raise DataError(f"{name} 缺少列 {'、'.join(absent)}；需要 {'、'.join(columns)}")
        frame = cells.frame[list(columns)].apply(text_of)
        for column in numbers:
            frame[column] = _numbers(frame[column], name)
        return frame.reset_index(drop=True)

    def scores(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Scores and evidence, as `appraise` takes them."""
        scores = self.table("scores.csv", SCORE_COLUMNS, ("round", "score"))
        return scores.astype({"round": int}), self.table("evidence.csv", EVIDENCE_COLUMNS)

    def recount(self) -> pd.DataFrame:
        """Events recounted at the source beside those reported."""
        columns = ("department", "indicator", "region", "year", "reported", "recounted")
        return self.table("recount.csv", columns, ("year", "reported", "recounted")).astype({"year": int})

    def judgements(self) -> pd.DataFrame | None:
        """Experts' comparisons, None if there are none."""
        if not self.has("judgements.csv"):
            return None
        return self.table("judgements.csv", ("expert", "first", "second", "times"), ("times",))


def evaluation_inputs(folder: str) -> list[str]:
    """Files of an evaluation folder that exist, relative to the project, for the stamp of a run."""
    if not folder:
        return []
    path = (ROOT / folder).resolve()
    return [label(path / name) for name in NAMES if (path / name).is_file()]


def _numbers(column: pd.Series, name: str) -> pd.Series:
    found = pd.to_numeric(column.where(column != ""), errors="coerce")
    wrong = found.isna() & (column != "")
    if wrong.any():
        listed = [f"第 {row} 行 {column.name}：“{column[row]}”不是数字" for row in column.index[wrong][:20]]
        raise DataError(f"{name} 未读入：", listed)
    return found
