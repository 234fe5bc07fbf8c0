"""A table of many regions in pieces that fit into memory: all rows of a region are in one piece."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from xhcp_eval.errors import DataError
from xhcp_eval.observations.cells import Cells, open_table, text_of, without_blank_rows
from xhcp_eval.observations.store.database import Database
from xhcp_eval.observations.table import column_problems
from xhcp_eval.plan.model import Plan

LARGE = 300_000  # rows of a Parquet file that isn't read at once
ROWS = 100_000  # of such a file in memory while it is cut
NUMBER = "_row"


class Table:
    """A file whose rows are asked for piece by piece.

    names, levels: text of these columns, a row each. checked: whether it is a database's, which lets nothing wrong
    in. Raises DataError if the file as a whole can't be read.
    """

    def __init__(self, path: Path, plan: Plan, as_of: date | None) -> None:
        self.path, self.checked, self._piece = path, path.suffix == ".duckdb", np.empty(0, int)
        self._folder: Path | None = None
        self._cells: Cells | None = None
        if self.checked:
            self._cells = Cells(Database(path).observations(plan, as_of=as_of))
        elif not _is_large(path):
            self._cells = open_table(path)
        frame = self._cells.frame if self._cells else pd.read_parquet(path, columns=["region", "level"])
        if self._cells and not self.checked and (wrong := column_problems(frame)):
            raise DataError(f"数据文件 {path.name} 未读入：列不符合要求", wrong)
        self.names, self.levels = text_of(frame["region"]), text_of(frame["level"])

    def cut(self, piece: np.ndarray, folder: Path) -> None:
        """Say which piece each row belongs to, (n_rows,). folder: where a large file's pieces may lie."""
        self._piece = piece
        if self._cells is None:
            self._folder = folder
            folder.mkdir()
            _cut(self.path, piece, folder)

    def piece(self, number: int) -> Cells:
        """The rows of a piece, with their numbers in the file."""
        if self._cells is not None:
            cells, mine = self._cells, self._piece == number
            rows = set(cells.frame.index[mine])
            faults = tuple(fault for fault in cells.faults if fault.row in rows)
            return Cells(cells.frame[mine], cells.sheet, cells.letters, faults, cells.notices)
        assert self._folder is not None, "cut() comes first"
        path = self._folder / f"{number}.parquet"
        if not path.is_file():
            return Cells(pd.DataFrame())
        frame = _read(path).set_index(NUMBER).rename_axis(None)
        path.unlink()
        return without_blank_rows(Cells(frame))


def _is_large(path: Path) -> bool:
    """Whether a file has to be read in parts; one with wrong columns or damage is not, reading it says what is wrong."""
    import pyarrow.parquet as pq

    if path.suffix.lower() != ".parquet":
        return False
    try:
        facts = pq.read_metadata(path)
    except (OSError, ValueError):
        return False
    columns = pd.DataFrame(columns=facts.schema.to_arrow_schema().names, index=[0])
    return facts.num_rows > LARGE and not column_problems(columns)


def _read(path: Path) -> pd.DataFrame:
    """A Parquet file with texts as categories, whose few different words are looked at once."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = (pa.types.is_string, pa.types.is_large_string)
    texts = [field.name for field in pq.read_schema(path) if any(is_kind(field.type) for is_kind in kinds)]
    return pq.read_table(path, read_dictionary=texts).to_pandas()


def _cut(path: Path, piece: np.ndarray, folder: Path) -> None:
    """Write the rows of each piece into a file of its own, reading the table once."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    writers: dict[int, pq.ParquetWriter] = {}
    start = 0
    try:
        for batch in pq.ParquetFile(path).iter_batches(ROWS):
            mine = piece[start : start + len(batch)]
            for number in np.unique(mine):
                at = np.flatnonzero(mine == number)
                part = pa.Table.from_batches([batch.take(pa.array(at))]).replace_schema_metadata(None)
                part = part.append_column(NUMBER, pa.array(at + start + 2))
                if number not in writers:
                    writers[number] = pq.ParquetWriter(folder / f"{number}.parquet", part.schema)
                writers[number].write_table(part)
            start += len(batch)
    finally:
        for writer in writers.values():
            writer.close()


def pieces_of(owners: Sequence[str], chosen: Sequence[str], size: int) -> np.ndarray:
    """Number of the piece of each row, (n_rows,): `size` regions a piece, rows of nobody in piece 0.

    owners: region of each row. chosen: regions.
    """
    number = {region: 1 + place // size for place, region in enumerate(chosen)}
    codes, names = pd.factorize(pd.Series(owners))
    return np.array([number.get(name, 0) for name in names], dtype=int)[codes]
