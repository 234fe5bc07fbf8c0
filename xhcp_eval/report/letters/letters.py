"""The findings of a review sent back: one letter a department, numbered and registered."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pandas as pd

from xhcp_eval.errors import DataError, ParamsError
from xhcp_eval.files.safe_text import file_name
from xhcp_eval.files.whole import whole_file
from xhcp_eval.plan.model import Plan
from xhcp_eval.report.letters.letter import Letter, letter_blocks, question_lines
from xhcp_eval.report.letters.register import Entry, Register, digest_of

FORMATS: tuple[str, ...] = ("docx", "html")
NEEDED = ("department", "severity", "indicator_name", "region", "year", "finding", "question")
UNASSIGNED = "未分工"
_LONGEST_NAME = 60


def write_letters(
    findings: pd.DataFrame,
    plan: Plan,
    year: int,
    folder: str | Path,
    fmt: str = "docx",
    *,
    dated: date | None = None,
    due: date | None = None,
    demonstration: bool = False,
) -> list[Path]:
    """Write one letter of queries to each department that has findings, and the register of letters beside them.

    findings: result of `quality.review`. plan: named in the letter; its `office` writes. year: the data year. folder: made if
    missing. fmt: "docx", or "html" (one file without outside parts). dated: day of the letters (default: today). due: day by which
    departments answer (default: the office's days after the letter). demonstration: the figures are made up, which every page says.
    A letter that asks the same as one in the register keeps its number and day and is written anew; any other gets the next number of its year.
    Returns the files, in the order of departments; none when there are no findings. File names stay in the folder whatever a
    department's name holds. Raises ParamsError for an unknown fmt or a due day before the letter, DataError for missing
    columns or a damaged register.
    """
    _check(findings, fmt)
    folder, dated = Path(folder), dated or date.today()
    folder.mkdir(parents=True, exist_ok=True)
    register = Register(folder)
    letters: list[tuple[Letter, Path]] = []
    departments = findings["department"].fillna("").astype(str).where(lambda d: d != "", UNASSIGNED)
    for department, rows in findings.groupby(departments, sort=True):
        lines = question_lines(rows)
        digest = digest_of(plan.id, department, year, lines)
        entry = register.entry(Entry(dated.year, 0, "", dated, dated, department, year, len(lines), digest))
        entry = _completed(entry, plan, due, fmt)
        register.keep(entry)
        facts = (plan.office, entry.number, department, plan.name, year, entry.dated, entry.due)
        letters.append((Letter(*facts, lines, demonstration), folder / entry.file))
    if letters:
        # before the letters: no number is given twice, whatever happens to them
        register.save()
    for letter, path in letters:
        _write(letter, path)
    return [path for _, path in letters]


def _check(findings: pd.DataFrame, fmt: str) -> None:
    if fmt not in FORMATS:
        raise ParamsError(f"不认识的格式 {fmt!r}；允许 {'、'.join(FORMATS)}")
    absent = [name for name in NEEDED if name not in findings.columns]
    if absent:
        raise DataError(f"质量问题表缺少列 {'、'.join(absent)}；应为 review 的结果")


def _completed(entry: Entry, plan: Plan, due: date | None, fmt: str) -> Entry:
    """A line of the register with its number, the day of the answer and the name of its file."""
    due = due or entry.dated + timedelta(days=plan.office.days)
    if due < entry.dated:
        raise ParamsError(f"办理时限 {due} 早于成文日期 {entry.dated}；应不早于成文日期")
    name = f"{_file_name(entry.department, entry.year)}_{entry.issued}年第{entry.count}号.{fmt}"
    return replace(entry, number=plan.office.number(entry.issued, entry.count), due=due, file=name)


def _file_name(department: str, year: int) -> str:
    """Letters, digits and Chinese characters of a name, never a path, a device or a hidden file."""
    return f"{file_name(department, _LONGEST_NAME) or UNASSIGNED}_{int(year)}年数据核实函"


def _write(letter: Letter, path: Path) -> None:
    if path.suffix == ".docx":
        from xhcp_eval.report.letters.word import write_letter

        write_letter(letter, path)
        return
    from xhcp_eval.report.documents.page import document_page

    page = document_page(letter_blocks(letter), replace(letter.cover, date="", with_cover_page=False))
    with whole_file(path) as made:
        made.write_text(page, encoding="utf-8", newline="\n")
