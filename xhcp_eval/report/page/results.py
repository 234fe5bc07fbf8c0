"""The results as tables for other programs: CSV with machine names, Excel with Chinese headers."""

from __future__ import annotations

import numbers
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from xhcp_eval.errors import RunError
from xhcp_eval.files.safe_text import FORMULA
from xhcp_eval.observations.cells import write_csv
from xhcp_eval.provenance import local_time
from xhcp_eval.verdict.schema import COLUMNS as SCHEMA

if TYPE_CHECKING:
    import pandas as pd

    from xhcp_eval.pack.pack import Pack

# What a spreadsheet program would take for a formula.

# Machine name -> Chinese header, meaning.
COLUMNS: dict[str, tuple[str, str]] = {c.name: (c.header, c.meaning) for c in SCHEMA if c.filler != "inner"}
GOAL_COLUMNS: dict[str, tuple[str, str]] = {
    "goal": ("编号", "主要目标编号"),
    "domain": ("领域", "领域编号"),
    "name": ("主要目标", "名称"),
    "kind": ("类型", "quantified 数量、direction 方向、disparity 差距、qualitative 定性"),
    "n_targets": ("指标目标数", "含策略措施中的"),
    "n_deciding": ("决定性目标数", "写在主要目标本身的"),
    "status": ("总体状态", "其中最需要关注者的状态"),
    "reason": ("说明", "状态的构成，或没有状态的原因"),
}


def write_results(pack: Pack, folder: Path) -> list[Path]:
    """Write results.csv and results.xlsx: one row a target, one row a goal, and what the columns mean.

    pack: with its assessment. folder: existing. Texts that a spreadsheet program would run as a formula are
    kept as text. Returns the paths.
    """
    csv, xlsx = folder / "results.csv", folder / "results.xlsx"
    # the mark at the start tells Excel that the file is UTF-8
    write_csv(pack.assessment, csv)
    try:
        _write_workbook(pack, xlsx)
    except PermissionError as error:
        raise RunError(f"不能写 {xlsx.name}：请关闭正在打开的表格") from error
    return [csv, xlsx]


def _write_workbook(pack: Pack, path: Path) -> None:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    _write_sheet(book, "目标评估", pack.assessment, COLUMNS)
    _write_sheet(book, "目标汇总", pack.goals, GOAL_COLUMNS)
    _write_notes(book, pack)
    book.save(path)


def _write_sheet(book, title: str, frame: pd.DataFrame, names: dict[str, tuple[str, str]]) -> None:
    from openpyxl.utils import get_column_letter

    sheet = book.create_sheet(title)
    last = get_column_letter(len(frame.columns))
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = f"A1:{last}{len(frame) + 1}"
    for number, column in enumerate(frame.columns, 1):
        wide = column in ("reason", "literal", "name", "failures", "indicator_name", "target_text")
        sheet.column_dimensions[get_column_letter(number)].width = 36 if wide else 13
    headers = [names.get(column, (column,))[0] for column in frame.columns]
    _fill(sheet, headers, frame.itertuples(index=False, name=None))


def _write_notes(book, pack: Pack) -> None:
    """What the columns mean, and where the numbers are from."""
    sheet = book.create_sheet("说明")
    rows: list[tuple] = []
    for title, names in (("目标评估", COLUMNS), ("目标汇总", GOAL_COLUMNS)):
        rows += [(title, header, machine, meaning) for machine, (header, meaning) in names.items()]
    facts = {
        "报告": pack.params.title,
        "数据截至": f"{pack.params.data_until}年",
        "数据性质": "含演示数据，不是真实统计，不得引用" if pack.is_demo else "见报告“数据质量”",
        "计算时间": local_time(pack.stamp["computed_at"]),
        "程序版本": pack.stamp["version"],
        **{f"输入 {name}": f"SHA-256 {digest}" for name, digest in pack.stamp["inputs"].items()},
    }
    for letter, width in zip("ABCD", (36, 20, 26, 70), strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.freeze_panes = "A2"
    _fill(sheet, ("工作表", "列", "机器名（results.csv 同）", "含义"), [*rows, (), *facts.items()])


def _fill(sheet, headers: Sequence[str], rows: Iterable[Sequence]) -> None:
    """Write a header and rows into an empty sheet; texts stay texts, whatever they begin with; missing is empty."""
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, Font

    def plain(value: object) -> object:
        value = _plain_value(value)
        if not isinstance(value, str) or not value.startswith(FORMULA):
            return value
        cell = WriteOnlyCell(sheet, value)
        cell.data_type, cell.quotePrefix = "s", True
        return cell

    def head(text: str) -> WriteOnlyCell:
        cell = WriteOnlyCell(sheet, text)
        cell.font, cell.alignment = Font(bold=True), Alignment(wrap_text=True, vertical="top")
        return cell

    sheet.append([head(text) for text in headers])
    for row in rows:
        sheet.append([plain(value) for value in row])


def _plain_value(value: object) -> object:
    if value is None or value != value:
        return None
    if isinstance(value, numbers.Integral):
        return bool(value) if isinstance(value, bool) else int(value)
    return float(value) if isinstance(value, numbers.Real) else str(value)
