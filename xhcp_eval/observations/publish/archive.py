"""Editions that were published, kept with the counts behind them: a new one is audited jointly with them. Not to be published."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from xhcp_eval.errors import DataError
from xhcp_eval.files.whole import whole_file
from xhcp_eval.observations.publish.edition import KEPT
from xhcp_eval.provenance import ROOT

FOLDER = ROOT / "data" / "publications"
COLUMNS: tuple[str, ...] = (*KEPT, "published", "suppressed")
_TEXT = ("indicator", "region", "sex", "age", "residence", "category", "level", "unit", "status", "published", "suppressed")  # fmt: skip


def archive_of(plan: str, region: str, demonstration: bool, folder: Path = FOLDER) -> Path:
    """Folder of the editions of a region. demonstration: made-up figures are kept apart from real ones."""
    return folder / plan / (region.replace("/", "_") + (".demo" if demonstration else ""))


def read_editions(folder: Path) -> list[pd.DataFrame]:
    """All editions of a folder, the oldest first; none where there is no folder. Columns `COLUMNS`.

    Raises DataError for a file that isn't as it was written: without it nothing could be promised.
    """
    return [_read(path) for path in sorted(folder.glob("*.csv"), key=lambda path: path.stem.split("-"))]


def keep_edition(kept: pd.DataFrame, folder: Path, year: int) -> Path:
    """Keep an edition as <year>-<number>.csv; one that is there already, figure by figure, isn't kept twice.

    kept: `Edition.kept`. Returns the path.
    """
    rows = kept[list(COLUMNS)].reset_index(drop=True)
    files = sorted(folder.glob(f"{year}-*.csv"))
    for path in files:
        if _same(_read(path), rows):
            return path
    path = folder / f"{year}-{len(files) + 1}.csv"
    with whole_file(path) as unfinished:
        rows.to_csv(unfinished, index=False, encoding="utf-8", lineterminator="\n")
    return path


def _same(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    if len(one) != len(other):
        return False
    texts = (one[list(_TEXT)].to_numpy() == other[list(_TEXT)].to_numpy(str)).all()
    counts = ["year", "value", "numerator", "denominator"]
    gap = one[counts].to_numpy(float) - other[counts].to_numpy(float)
    alike = one[counts].isna().to_numpy() == other[counts].isna().to_numpy()
    return bool(texts and alike.all() and (abs(gap[gap == gap]) < 1e-9).all())


def _read(path: Path) -> pd.DataFrame:
    try:
        rows = pd.read_csv(path, dtype=dict.fromkeys(_TEXT, str), keep_default_na=False, na_values={
            "value": [""], "numerator": [""], "denominator": [""]
        })  # fmt: skip
    except (OSError, ValueError) as error:
        raise DataError(
            f"以前公布的版本 {path.name} 不能读：{error}；请从备份恢复，它是核对新版的依据"
        ) from None
    if tuple(rows.columns) != COLUMNS:
        raise DataError(f"以前公布的版本 {path.name} 的列不对；请从备份恢复，它是核对新版的依据")
    return rows
