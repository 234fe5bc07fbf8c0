"""The assessment of a whole panel on disk, so laid out that one region's rows are read in a moment."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from xhcp_eval.errors import DataError
from xhcp_eval.province.table import COLUMNS, WORDS


def save_panel(result: pd.DataFrame | Iterable[pd.DataFrame], folder: str | Path) -> Path:
    """Write the result of `assess_panel`, or the frames of `assess_blocks` one by one as they come.

    folder: new or empty, or a panel saved before, which is replaced. One file a frame, one row group a region, so that
    `read_slice` finds a region by the statistics in the files' footers and reads no other. Returns the folder.
    Raises DataError where the folder holds anything else.
    """
    folder = Path(folder)
    foreign = [path.name for path in _inside(folder) if not path.match("part-*.parquet")]
    if foreign:
        raise DataError(f"文件夹 {folder.name} 里有别的文件（{'、'.join(foreign[:3])}），不在此保存评估结果")
    folder.parent.mkdir(parents=True, exist_ok=True)
    # the old panel stays whole until the new one is
    new = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        for number, frame in enumerate([result] if isinstance(result, pd.DataFrame) else result):
            _write(frame, new / f"part-{number:05d}.parquet")
        new.chmod(0o755)
        shutil.rmtree(folder, ignore_errors=True)
        new.rename(folder)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    return folder


def _inside(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _write(frame: pd.DataFrame, path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    size = max(1, len(frame) // max(1, frame["region"].nunique()))
    plain = frame.astype({"region": str} | dict.fromkeys(WORDS, str))
    table = pa.Table.from_pandas(plain, preserve_index=False)
    pq.write_table(table, path, row_group_size=size, compression="zstd")


def read_slice(folder: str | Path, region: str) -> pd.DataFrame:
    """One region's rows of a saved panel, in the plan's order; columns of `table.COLUMNS`.

    Raises DataError where nothing was saved there, or not this region.
    """
    import pyarrow.dataset as ds

    folder = Path(folder)
    if not _inside(folder):
        raise DataError(f"文件夹 {folder.name} 里没有评估结果；请先保存（save_panel）")
    rows = ds.dataset(folder, format="parquet").to_table(
        filter=ds.field("region") == region, columns=list(COLUMNS)
    )
    if not len(rows):
        raise DataError(f"评估结果里没有地区 {region}")
    return rows.to_pandas()
