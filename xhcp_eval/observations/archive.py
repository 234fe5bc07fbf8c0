"""Files as bytes, looked at before anything opens them: no file at all, too large, or made to exhaust memory.

A few kilobytes can unpack to gigabytes, or name one cell at the far corner of a sheet, for which a reader would make
room. Everything is found in one pass over the unpacked parts, which also tells whether a workbook needs a closer look.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from xhcp_eval.errors import DataError

MAX_FILE_BYTES = 500_000_000
# A workbook of 300,000 rows of this schema unpacks to some 250 MB, about thirty times its size.
MAX_UNPACKED_BYTES = 1_000_000_000
MAX_UNPACKED_RATIO = 100
MAX_PARTS = 2_000
# Forms have fifteen columns, tables nineteen.
MOST_COLUMNS = 256
MAX_MERGED_CELLS = 100_000
LONGEST_TEXT = 32_767 * 4  # bytes of the longest text that a cell can hold
# Cells that a reader makes room for: so many anyhow, then so many for each that is there.
FREE_AREA, AREA_PER_CELL = 1_000_000, 20
_BLOCK, _OVERLAP = 1 << 20, 256
# What a table of cells alone does not tell; a sheet with any of these is read slowly and closely.
_CLOSER_LOOK = re.compile(
    rb'hidden="|<mergeCell|t="e"|<f>|<f |<f/| width="0(?:\.[0-9]+)?"| ht="0(?:\.[0-9]+)?"'
)
_PERCENT = re.compile(rb'numFmtId="(?:9|10)"|formatCode="[^"]*%')  # 9 and 10 are the built-in percent formats
_RAISED = re.compile(rb'vertAlign val="(?:super|sub)script"')
_COLUMN, _ROW = re.compile(rb'<c [^>]*?r="([A-Z]{1,7})[0-9]'), re.compile(rb'<c [^>]*?r="[A-Z]{1,7}([0-9]+)"')
_MERGED = re.compile(rb'<mergeCell ref="([A-Z]{1,7})([0-9]{1,9}):([A-Z]{1,7})([0-9]{1,9})"')
_WORDS = "数据文件 {} 未读入："


def check_file(path: Path) -> None:
    """Refuse what is no file (a pipe, a device, a folder) or too large to read; raises DataError."""
    if not path.is_file():
        what = "不是普通文件" if path.exists() or path.is_symlink() else "不存在"
        raise DataError(f"数据文件{what}：{path}")
    if path.stat().st_size > MAX_FILE_BYTES:
        raise DataError(_WORDS.format(path.name) + f"超过 {MAX_FILE_BYTES // 1_000_000} MB；请分成几份")


def check_archive(path: Path) -> bool:
    """Refuse what is no workbook, or one built to exhaust memory, before anything opens it.

    Every part is unpacked once and looked through, since sizes in the archive's own index may lie. Returns whether the
    cells' values alone tell all: no percent format, formula, error, raised digit, merged or hidden cell. Raises DataError.
    """
    check_file(path)
    facts = path.stat()
    return _looked_through(path, facts.st_size, facts.st_mtime_ns)


@lru_cache(maxsize=4)
def _looked_through(path: Path, size: int, changed: int) -> bool:
    limit = min(MAX_UNPACKED_BYTES, max(50_000_000, MAX_UNPACKED_RATIO * size))
    total, plain = 0, True
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            if len(parts) > MAX_PARTS:
                raise DataError(_WORDS.format(path.name) + f"含 {len(parts)} 个部件，允许最多 {MAX_PARTS} 个")
            if sum(part.file_size for part in parts) > limit:
                raise _bomb(path, limit)
            for part in parts:
                look = _Look(path, part.filename)
                for block in _blocks(archive, part):
                    total += len(block)
                    if total > limit:
                        raise _bomb(path, limit)
                    look.at(block)
                plain &= look.plain
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise DataError(f"数据文件 {path.name} 无法读取：不是 Excel 工作簿或已损坏({error})") from error
    return plain


def _bomb(path: Path, limit: int) -> DataError:
    return DataError(_WORDS.format(path.name) + f"解压后超过 {limit // 1_000_000} MB，疑为压缩炸弹")


def _blocks(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> Iterator[bytes]:
    with archive.open(part) as stream:
        while block := stream.read(_BLOCK):
            yield block


class _Look:
    """What is seen of one part, block by block; raises DataError as soon as it is too much."""

    def __init__(self, path: Path, part: str) -> None:
        self.name, self.part = path.name, part
        self.plain, self.tail = True, b""
        self.columns: set[bytes] = set()
        self.cells = self.rows = self.merged = self.run = 0

    def at(self, block: bytes) -> None:
        """Look at the next block, with the end of the one before."""
        text = self.tail + block
        self.tail = text[-_OVERLAP:]
        if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
            self._refuse("含有 XML 实体定义，不是 Excel 保存的工作簿")
        if self.part == "xl/styles.xml":
            self.plain &= not _PERCENT.search(text)
        elif self.part == "xl/sharedStrings.xml":
            self._texts(block, text)
        elif b"<c " in text or self.part.startswith("xl/worksheets/"):
            self._sheet(block, text)

    def _texts(self, block: bytes, text: bytes) -> None:
        self.plain &= not _RAISED.search(text)
        pieces = block.split(b"<")
        longest = max(self.run + len(pieces[0]), *map(len, pieces[1:]), 0)
        self.run = longest if len(pieces) == 1 else len(pieces[-1])
        if longest > LONGEST_TEXT:
            self._refuse("一个单元格的文字过长")

    def _sheet(self, block: bytes, text: bytes) -> None:
        self.plain &= not _CLOSER_LOOK.search(text)
        self.cells += block.count(b"<c ")
        self.columns |= set(_COLUMN.findall(text))
        self.rows = max(self.rows, max(map(int, set(_ROW.findall(text))), default=0))
        width = max(map(_number, self.columns), default=0)
        corner = f"{_letters(width)}{self.rows}"
        if width > MOST_COLUMNS:
            self._refuse(f"用到单元格 {corner}，共 {width} 列，允许最多 {MOST_COLUMNS} 列；请删去表外的内容")
        if width * self.rows > FREE_AREA + AREA_PER_CELL * self.cells and len(block) < _BLOCK:
            self._refuse(f"用到单元格 {corner}，而只有 {self.cells} 格有内容；请删去表外的内容")
        for left, top, right, bottom in _MERGED.findall(text):
            self.merged += (_number(right) - _number(left) + 1) * (int(bottom) - int(top) + 1)
        if self.merged > MAX_MERGED_CELLS:
            self._refuse(f"合并了 {self.merged} 个单元格；请取消合并")

    def _refuse(self, text: str) -> None:
        raise DataError(_WORDS.format(self.name) + text)


def _number(letters: bytes) -> int:
    """Number of a column from its letters."""
    found = 0
    for letter in letters:
        found = found * 26 + letter - 64
    return found


def _letters(number: int) -> str:
    """Letters of a column from its number."""
    found = ""
    while number:
        number, left = divmod(number - 1, 26)
        found = chr(65 + left) + found
    return found
