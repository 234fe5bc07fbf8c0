"""The folder of an evaluation: what the third party brought, beside the monitoring data; every file may be missing.

scores.csv, evidence.csv (rubric scoring), recount.csv (source records), judgements.csv (AHP), ranking.yaml, measures.yaml,
questionnaire.csv with questionnaire.yaml, costs.csv, efficiency.csv. Scores and evidence are read as a pair: while a pair that
came in is being put in place (`PENDING`), it is read from there.
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
PAIR, PENDING = ("scores.csv", "evidence.csv"), ".scores.pending"
# Which sheet a row came in with, and when; folders from elsewhere have neither.
VINTAGE_COLUMNS = ("submission", "submitted_on", "content")
DEMO_MARKS = ("demonstration: true", "演示数据")


class EvaluationFolder:
    """Files of one evaluation, opened when asked for. folder: relative to the project, or absolute."""

    def __init__(self, folder: str | Path) -> None:
        self.path = (ROOT / folder).resolve()
        if not self.path.is_dir():
            raise DataError(f"没有评估资料文件夹 {folder}")

    def has(self, *names: str) -> bool:
        """Whether all these files are there."""
        return all(self._at(name).is_file() for name in names)

    @property
    def is_demo(self) -> bool:
        """Whether any file says that it is demonstration data."""
        texts = (self._at(name) for name in NAMES if self.has(name))
        return any(mark in path.read_text(encoding="utf-8-sig") for path in texts for mark in DEMO_MARKS)

    def file(self, name: str) -> Path:
        """Path of a file. Raises DataError if it isn't there."""
        if not self.has(name):
            raise DataError(f"评估资料文件夹 {self.path.name} 中没有 {name}")
        return self._at(name)

    def _at(self, name: str) -> Path:
        """Where a file is read: of a pair that is not all in its place yet, where both are whole."""
        waiting = self.path / PENDING / name
        return waiting if name in PAIR and waiting.is_file() else self.path / name

    def table(
        self,
        name: str,
        columns: tuple[str, ...],
        numbers: tuple[str, ...] = (),
        optional: tuple[str, ...] = (),
    ) -> pd.DataFrame:
        """A table as text, `numbers` as numbers (empty cells missing), `optional` columns empty where there are none.

        Raises DataError: file or columns missing, a number that is none, with row and column.
        """
        cells = open_table(self.file(name))
        absent = [column for column in columns if column not in cells.frame.columns]
        if absent:
            raise DataError(f"{name} 缺少列 {'、'.join(absent)}；需要 {'、'.join(columns)}")
        frame = cells.frame.reindex(columns=[*columns, *optional]).apply(text_of)
        for column in numbers:
            frame[column] = _numbers(frame[column], name)
        return frame.reset_index(drop=True)

    def scores(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Scores and evidence that count, as `appraise` takes them: of each rater and round the sheet that came last."""
        scores, evidence = self.submissions()
        newest = scores.groupby(["rater", "round"])["submission"].max()
        counts = scores["submission"] == newest.reindex(_sheets(scores, scores["round"])).to_numpy()
        last = newest.reindex(_sheets(evidence, evidence["number"].map(round_of))).to_numpy()
        counted = evidence["submission"] == last
        return (
            scores.loc[counts, list(SCORE_COLUMNS)].reset_index(drop=True),
            evidence.loc[counted | pd.isna(last), list(EVIDENCE_COLUMNS)].reset_index(drop=True),
        )

    def submissions(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Scores and evidence of every sheet that ever came in, with `VINTAGE_COLUMNS`; submission 0 where none is written."""
        found = []
        for name, columns, numbers in (
            ("scores.csv", SCORE_COLUMNS, ("round", "score")),
            ("evidence.csv", EVIDENCE_COLUMNS, ()),
        ):
            frame = self.table(name, columns, (*numbers, "submission"), VINTAGE_COLUMNS)
            found.append(frame.fillna({"submission": 0}).astype({"submission": int}))
        return found[0].astype({"round": int}), found[1]

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
    if not folder or not (ROOT / folder).is_dir():
        return []
    opened = EvaluationFolder(folder)
    return [label(opened.file(name)) for name in NAMES if opened.has(name)]


def round_of(number: str) -> int:
    """Round that a piece of evidence was registered in, by its number: "7" in the first, "2-7" in the second."""
    before, dash, _ = number.partition("-")
    return int(before) if dash and before.isdecimal() else 1


def _sheets(rows: pd.DataFrame, rounds: pd.Series) -> pd.MultiIndex:
    return pd.MultiIndex.from_arrays([rows["rater"], rounds.astype(int)], names=["rater", "round"])


def _numbers(column: pd.Series, name: str) -> pd.Series:
    found = pd.to_numeric(column.where(column != ""), errors="coerce")
    wrong = found.isna() & (column != "")
    if wrong.any():
        listed = [f"第 {row} 行 {column.name}：“{column[row]}”不是数字" for row in column.index[wrong][:20]]
        raise DataError(f"{name} 未读入：", listed)
    return found
