"""Files as people send them, opened into cells with addresses: CSV, Excel or Parquet, whatever was done to them.

Nothing is interpreted here but the file: what a cell means is for `table`. What a reader of the file
would not see (hidden rows, failed formulas, merged cells) becomes a fault, never a silent blank.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from xhcp_eval.errors import DataError
from xhcp_eval.files.safe_text import plain_cell
from xhcp_eval.files.whole import whole_file
from xhcp_eval.observations.archive import MOST_COLUMNS, check_archive, check_file

SUFFIXES = (".csv", ".xlsx", ".parquet")
# A Parquet file packs a row of this schema into ten bytes and more; a bomb, a million rows into nothing.
MOST_ROWS, FREE_ROWS, ROWS_PER_BYTE = 5_000_000, 100_000, 2


class Fault(NamedTuple):
    """One thing that is wrong: row as a spreadsheet counts it, column name (may be empty), Chinese text."""

    row: int
    column: str
    text: str

    def __str__(self) -> str:
        return f"第 {self.row} 行{' ' * bool(self.column)}{self.column}：{self.text}"


@dataclass(frozen=True)
class Cells:
    """Cells of one table.

    frame: one column a header, text (typed in a Parquet file), index = row number in the file. sheet: name of
    the worksheet, empty if the file has none. letters: column letter of each header. faults, notices: what was
    found while opening.
    """

    frame: pd.DataFrame
    sheet: str = ""
    letters: dict[str, str] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    notices: tuple[str, ...] = ()

    def address(self, fault: Fault) -> str:
        """Where a fault is, in words: sheet and cell, or row and column."""
        letter = self.letters.get(fault.column, "")
        if not self.sheet:
            return f"第 {fault.row} 行 {fault.column}".rstrip()
        return f"工作表“{self.sheet}” {letter}{fault.row}" + (f"（{fault.column}）" if fault.column else "")


def open_table(path: str | Path) -> Cells:
    """Cells of a tidy table: of a .csv (UTF-8 or GB18030), the first visible sheet of an .xlsx, or a .parquet.

    Blank rows are dropped, row numbers kept. Raises DataError, in Chinese, when the file as a whole can't be
    read: missing, another format than its name says, damaged, or made to exhaust memory.
    """
    path = Path(path)
    check_file(path)
    readers = {".csv": _open_csv, ".xlsx": _open_xlsx, ".parquet": _open_parquet}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        allowed = "、".join(SUFFIXES)
        raise DataError(f"数据文件 {path.name}：不支持的格式 {path.suffix!r}；允许 {allowed}")
    try:
        cells = reader(path)
    except DataError:
        raise
    except Exception as error:  # a damaged file raises whatever its parser happens to stumble over
        raise DataError(f"数据文件 {path.name} 无法读取：{error}") from error
    cells.frame.columns = [str(name).strip() for name in cells.frame.columns]
    return without_blank_rows(cells)


def without_blank_rows(cells: Cells) -> Cells:
    """The rows in which anything stands."""
    return replace(cells, frame=cells.frame[_written(cells.frame)])


def text_of(column: pd.Series) -> pd.Series:
    """Cells as text, missing as empty; each different text is looked at once."""
    plain = isinstance(column.dtype, (pd.CategoricalDtype, pd.StringDtype))
    if plain or pd.api.types.infer_dtype(column) == "string":
        codes, words = pd.factorize(column)
        texts = np.array([*(str(word).strip() for word in words), ""], dtype=object)
        return pd.Series(pd.array(texts, dtype="str").take(codes), index=column.index, name=column.name)
    # by way of objects, since typed Parquet columns refuse an empty text
    return column.astype(object).where(column.notna(), "").astype(str).str.strip()


def write_csv(frame: pd.DataFrame, path: Path) -> Path:
    """Write a frame for a spreadsheet: UTF-8 with a mark that Excel knows, no text that it would compute.

    A text that begins like a formula gets an apostrophe before it. Whole or not at all. Returns the path.
    """
    text = frame.select_dtypes(exclude=["number", "bool"]).columns
    safe = frame.assign(**{n: frame[n].map(plain_cell) for n in text})
    with whole_file(path) as unfinished:
        safe.to_csv(unfinished, index=False, encoding="utf-8-sig", lineterminator="\n")
    return path


def cell_text(value: object, number_format: str = "General") -> str:
    """One cell of a workbook as the text a person reads there.

    value: as openpyxl or calamine gives it. number_format: a percent format shows 0.125 as 12.5%, so that is
    the text. Dates are ISO days; whole numbers have no decimals.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        if "%" in number_format:
            return f"{value * 100:.12g}%"
        return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))
    if hasattr(value, "isoformat"):
        return str(value).removesuffix(" 00:00:00")
    return str(value).strip()


def _written(frame: pd.DataFrame) -> pd.Series:
    """Rows in which anything stands."""
    found = np.zeros(len(frame), bool)
    for k in range(frame.shape[1]):
        column = frame.iloc[:, k]
        number = pd.api.types.is_numeric_dtype(column)
        found |= (column.notna() if number else text_of(column).ne("")).to_numpy(bool)
    return pd.Series(found, frame.index)


def _open_csv(path: Path) -> Cells:
    raw = path.read_bytes()
    if b"\x00" in raw:
        raise DataError(f"数据文件 {path.name} 无法读取：含有空字节，不是 CSV 文本；请另存为 CSV UTF-8")
    text, notices = _decoded(path, raw)
    # rows of any length, blank ones too, so that they are counted as a spreadsheet counts them
    rows = list(csv.reader(io.StringIO(text, newline="")))
    width = max(map(len, rows), default=0)
    if width > MOST_COLUMNS:
        at = next(number for number, row in enumerate(rows, 1) if len(row) == width)
        raise DataError(f"数据文件 {path.name} 未读入：第 {at} 行有 {width} 列，允许最多 {MOST_COLUMNS} 列")
    frame = pd.DataFrame([row + [""] * (width - len(row)) for row in rows])
    if frame.empty:
        raise DataError(f"数据文件 {path.name} 无法读取：文件是空的")
    return Cells(_headed(frame, path), notices=notices)


def _decoded(path: Path, raw: bytes) -> tuple[str, tuple[str, ...]]:
    """Text of a CSV; spreadsheets in China save GB18030 (GBK) unless told otherwise."""
    try:
        return raw.decode("utf-8-sig"), ()
    except UnicodeDecodeError as error:
        place = error.start
    try:
        text = raw.decode("gb18030")
    except UnicodeDecodeError as error:
        raise DataError(
            f"数据文件 {path.name} 既不是 UTF-8(第 {place} 字节)也不是 GBK 编码(第 {error.start} 字节)；请另存为 CSV UTF-8"
        ) from error
    return text, (f"{path.name} 不是 UTF-8，已按 GBK(GB18030)读入；请核对中文是否正确",)


def _headed(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    """First row as header, the others numbered from 2; nothing may stand beyond the header."""
    header = [str(name).strip() for name in frame.iloc[0].fillna("")]
    width = max((i + 1 for i, name in enumerate(header) if name), default=0)
    beyond = frame.iloc[1:, width:].apply(text_of).ne("").any(axis=1) if width < frame.shape[1] else None
    if beyond is not None and beyond.any():
        raise DataError(f"数据文件 {path.name} 未读入：第 {beyond.idxmax() + 1} 行的单元格比列名多")
    table = frame.iloc[1:, :width]
    table.columns = header[:width]
    table.index = pd.RangeIndex(2, len(table) + 2)
    return table


def _open_parquet(path: Path) -> Cells:
    import pyarrow.parquet as pq

    facts = pq.read_metadata(path)
    most = min(MOST_ROWS, FREE_ROWS + ROWS_PER_BYTE * path.stat().st_size)
    if facts.num_rows > most or facts.num_columns > MOST_COLUMNS:
        raise DataError(
            f"数据文件 {path.name} 未读入：{facts.num_rows} 行、{facts.num_columns} 列，这样大小的文件允许最多 {most} 行、{MOST_COLUMNS} 列"
        )
    frame = pd.read_parquet(path)
    frame.index = pd.RangeIndex(2, len(frame) + 2)
    return Cells(frame)


def _open_xlsx(path: Path) -> Cells:
    if _plain(path):
        sheet, rows, notices = _quick_rows(path)
        faults: tuple[Fault, ...] = ()
    else:
        sheet, rows, faults, notices = _close_rows(path)
    frame = pd.DataFrame(rows, dtype=object)
    if frame.empty:
        raise DataError(f"数据文件 {path.name} 无法读取：工作表“{sheet}”是空的")
    table = _headed(frame, path)
    return Cells(table, sheet, _letters(table.columns), faults, notices)


def _letters(columns: pd.Index) -> dict[str, str]:
    from openpyxl.utils import get_column_letter

    return {name: get_column_letter(i) for i, name in enumerate(columns, 1)}


def _plain(path: Path) -> bool:
    """Whether the quick reader sees all there is."""
    return check_archive(path)


def _quick_rows(path: Path) -> tuple[str, list[list[str]], tuple[str, ...]]:
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_path(path)
    names = [s.name for s in book.sheets_metadata if str(s.visible).endswith("Visible")] or book.sheet_names
    sheets = {name: book.get_sheet_by_name(name) for name in names}
    filled = [name for name in names if sheets[name].total_height] or names[:1]
    sheet = sheets[filled[0]]
    texts: dict[tuple[type, object], str] = {}
    before = [""] * (sheet.start[1] if sheet.start else 0)  # columns that a reader of rows leaves out

    def text(value: object) -> str:
        """The same text once in memory, however often it stands: most columns of a large table say one thing."""
        kind = (type(value), value)  # 1 is True for a dictionary
        if kind not in texts:
            texts[kind] = cell_text(value)
        return texts[kind]

    return filled[0], [before + [text(value) for value in row] for row in sheet.iter_rows()], _unread(filled)


def _unread(sheets: list[str]) -> tuple[str, ...]:
    others = "、".join(f"“{name}”" for name in sheets[1:])
    return (f"只读取了工作表“{sheets[0]}”；未读取：{others}",) if others else ()


def _close_rows(path: Path) -> tuple[str, list[list[str]], tuple[Fault, ...], tuple[str, ...]]:
    import openpyxl

    values, formulas = (openpyxl.load_workbook(path, data_only=shown) for shown in (True, False))
    visible = [s for s in values.worksheets if s.sheet_state == "visible"] or values.worksheets
    filled = [s for s in visible if any(c is not None for row in s.iter_rows(values_only=True) for c in row)]
    sheet = (filled or visible)[0]
    rows = [[cell_text(c.value, c.number_format) for c in row] for row in sheet.iter_rows()]
    header = dict(enumerate(rows[0] if rows else []))
    faults = [Fault(row, "", "被隐藏；请取消隐藏后核对，或删除该行") for row, dim in sheet.row_dimensions.items()
              if dim.hidden and row <= len(rows) and any(rows[row - 1])]  # fmt: skip
    thin = [d.min for d in sheet.column_dimensions.values() if d.hidden or d.width < 1]
    faults += [
        Fault(1, header[n - 1], "此列被隐藏；请取消隐藏后核对，或删除该列")
        for n in thin
        if header.get((n or 0) - 1)
    ]
    faults += [Fault(m.min_row, header.get(m.min_col - 1, ""), f"{m.coord} 是合并单元格；请取消合并，每行单独填写")
               for m in sheet.merged_cells.ranges]  # fmt: skip
    faults += _formula_faults(sheet, formulas[sheet.title], header)
    return sheet.title, rows, tuple(faults), _unread([s.title for s in filled or [sheet]])


def _formula_faults(values, formulas, header: dict[int, str]) -> list[Fault]:
    """Formulas that failed, or whose result was never stored."""
    faults = []
    for shown, written in zip(values.iter_rows(), formulas.iter_rows(), strict=True):
        for value, formula in zip(shown, written, strict=True):
            name = header.get(value.column - 1, "")
            if value.data_type == "e":
                faults.append(Fault(value.row, name, f"公式或单元格出错：{value.value}；请改为数值"))
            elif formula.data_type == "f" and value.value is None:
                faults.append(Fault(value.row, name, "公式没有保存结果；请在 Excel 中打开后保存，或改为数值"))
    return faults
