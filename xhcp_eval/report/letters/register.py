"""The register of letters sent: which number, to whom, when and about what. A letter keeps its number however often it is written."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path

import pandas as pd

from xhcp_eval.errors import DataError
from xhcp_eval.observations.cells import write_csv

FILE = "发文登记.csv"
HEADERS = {
    "issued": "年份", "count": "序号", "number": "文号", "dated": "成文日期", "due": "办理时限", "department": "主送机关",
    "year": "数据年份", "questions": "条数", "digest": "校验值", "file": "文件",
}  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """A line of the register. issued, count: year of the letter and its place in it. number: both as printed. year: of the
    figures. questions: how many. digest: of what is asked, by which a letter is known again. file: name beside the register.
    """

    issued: int
    count: int
    number: str
    dated: date
    due: date
    department: str
    year: int
    questions: int
    digest: str
    file: str = ""


class Register:
    """The register of a folder; `save` writes it. Raises DataError if it is there and can't be read."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self.entries = _read(self.path) if self.path.is_file() else []

    def entry(self, wanted: Entry) -> Entry:
        """The line of a letter: the one that asks the same, with its number, place and date, else a new one with the next count.

        wanted: what is to be written; its count and the year of its issue are replaced.
        """
        known = next((entry for entry in self.entries if entry.digest == wanted.digest), None)
        if known:
            return replace(wanted, issued=known.issued, count=known.count, dated=known.dated)
        taken = [entry.count for entry in self.entries if entry.issued == wanted.issued]
        return replace(wanted, count=max(taken, default=0) + 1)

    def keep(self, entry: Entry) -> None:
        """Put a line in the place of the one of the same letter, or at the end."""
        self.entries = [*(old for old in self.entries if old.digest != entry.digest), entry]

    def save(self) -> None:
        """Write the register, by year and number; whole or not at all."""
        lines = sorted(self.entries, key=lambda entry: (entry.issued, entry.count))
        write_csv(pd.DataFrame([asdict(line) for line in lines]).rename(columns=HEADERS), self.path)


def digest_of(plan: str, department: str, year: int, questions: pd.DataFrame) -> str:
    """What tells one letter from another: its plan, addressee, year and questions."""
    text = json.dumps([plan, department, year, questions.to_numpy().tolist()], ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _read(path: Path) -> list[Entry]:
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise DataError(f"发文登记 {path.name} 无法读取：{error}") from error
    if absent := [header for header in HEADERS.values() if header not in frame]:
        raise DataError(f"发文登记 {path.name} 缺少列 {'、'.join(absent)}；请恢复，或移走后重新编号")
    names = {header: name for name, header in HEADERS.items()}
    entries, problems = [], []
    for line, row in enumerate(frame.rename(columns=names)[list(HEADERS)].to_dict("records"), 2):
        try:
            entries.append(_entry(row))
        except ValueError:
            problems.append(f"第 {line} 行：年份、序号、数据年份、条数应为整数，日期应如 2026-03-31")
    if problems:
        raise DataError(f"发文登记 {path.name} 有误；请改正，或移走后重新编号：", problems)
    return entries


def _entry(row: dict[str, str]) -> Entry:
    """A line as it was kept. Raises ValueError."""
    issued, count, year, questions = (int(row[name]) for name in ("issued", "count", "year", "questions"))
    dated, due = (date.fromisoformat(row[name]) for name in ("dated", "due"))
    return Entry(
        issued,
        count,
        row["number"],
        dated,
        due,
        row["department"],
        year,
        questions,
        row["digest"],
        row["file"],
    )
