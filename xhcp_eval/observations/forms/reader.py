"""A department's workbook read back: the cells that were filled in, each with its sheet and cell."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from xhcp_eval.errors import DataError
from xhcp_eval.observations.archive import MOST_COLUMNS, check_archive
from xhcp_eval.observations.cells import Cells, Fault, cell_text
from xhcp_eval.observations.forms import visible
from xhcp_eval.observations.forms.workbook import (
    COLUMNS,
    GUIDE_SHEET,
    HEADERS,
    INPUTS,
    STAMP_SHEET,
    VERSION,
    registry_hash,
)
from xhcp_eval.observations.table import COLUMNS as TABLE_COLUMNS
from xhcp_eval.observations.table import KEY, indicator_facts
from xhcp_eval.observations.typed import parse_numbers
from xhcp_eval.plan.model import Plan
from xhcp_eval.plan.units import UNITS

_KEY_PARTS = ("indicator", "region", "level", "sex", "age", "residence", "category")
_FIGURES = ("numerator", "denominator", "value")
_YES_NO = {"是": "1", "否": "0"}
# What people write where nothing is to be told.
_NOTHING = {"—", "－", "-", "/", "无", "无数据", "N/A", "n/a", "NA"}


@dataclass(frozen=True)
class WorkbookCells(Cells):
    """Cells of a workbook's filled-in rows; `places` gives sheet and row of each."""

    places: dict[int, tuple[str, int]] = field(default_factory=dict)

    def address(self, fault: Fault) -> str:
        """Where a fault is, in words."""
        sheet, row = self.places.get(fault.row, (self.sheet, fault.row))
        letter = self.letters.get(fault.column, "")
        return f"工作表“{sheet}” {letter}{row}" if letter else f"工作表“{sheet}” 第 {row} 行"


def is_workbook(path: Path) -> bool:
    """Whether a file is a workbook of ours rather than a tidy table. Raises DataError for a damaged archive."""
    import openpyxl

    if path.suffix.lower() != ".xlsx":
        return False
    check_archive(path)
    try:
        book = openpyxl.load_workbook(path, read_only=True)
        try:
            return STAMP_SHEET in book.sheetnames or GUIDE_SHEET in book.sheetnames
        finally:
            book.close()
    except Exception as error:  # whatever a damaged part makes the parser stumble over
        raise DataError(f"数据文件 {path.name} 无法读取：{error}") from error


def read_workbook(path: str | Path, plan: Plan) -> WorkbookCells:
    """Rows of a workbook that were filled in, as cells of the tidy table, with all faults of its form.

    path: .xlsx made by `write_workbook`. plan: the plan it must have been made for. A row is reported when its
    numerator, denominator or value holds anything; a value left empty beside its counts is computed from them.
    Raises DataError when the file as a whole can't be read: damaged, no stamp, another version, plan or registry.
    """
    import openpyxl

    path = Path(path)
    check_archive(path)
    try:
        values = openpyxl.load_workbook(path, data_only=True)
        formulas = openpyxl.load_workbook(path, rich_text=True)
    except Exception as error:  # whatever a damaged part makes the parser stumble over
        raise DataError(f"数据文件 {path.name} 无法读取：{error}") from error
    stamp = _stamp(path, values, plan)
    read = _Read(stamp)
    if GUIDE_SHEET in values.sheetnames:
        guide = stamp["shown"].get(GUIDE_SHEET, {"heads": {}})
        read.tell(values[GUIDE_SHEET], visible.head_faults(values[GUIDE_SHEET], guide["heads"], *read.of))
    for sheet, keys in stamp["sheets"].items():
        if sheet not in values.sheetnames:
            raise DataError(
                f"工作簿 {path.name} 未读入：缺少工作表“{sheet}”，可能被改名或删除；"
                f"现有：{'、'.join(n for n in values.sheetnames if n != STAMP_SHEET)}"
            )
        _read_sheet(values[sheet], formulas[sheet], keys, read)
    rows, places, faults = read.rows, read.places, read.faults
    frame = pd.DataFrame(rows, columns=list(TABLE_COLUMNS), dtype=object)
    frame = _completed(frame.fillna(""), plan)
    letters = {letter: letter for letter in map(openpyxl.utils.get_column_letter, range(1, MOST_COLUMNS + 1))}
    letters |= {name: openpyxl.utils.get_column_letter(number) for name, number in COLUMNS.items()}
    extra = [
        n for n in values.sheetnames if n not in {*stamp["sheets"], STAMP_SHEET, GUIDE_SHEET, "问题清单"}
    ]
    notices = (f"未读取另加的工作表：{'、'.join(extra)}",) if extra else ()
    return WorkbookCells(frame, GUIDE_SHEET, letters, tuple(faults), notices, places)


def _stamp(path: Path, book, plan: Plan) -> dict:
    if STAMP_SHEET not in book.sheetnames:
        raise DataError(
            f"工作簿 {path.name} 未读入：没有模板标记；请使用 xhcp template 生成的填报表，不要另建工作簿"
        )
    try:
        text = "".join(str(row[0]) for row in book[STAMP_SHEET].iter_rows(max_col=1, values_only=True))
        stamp = json.loads(text)
        found = (stamp["version"], stamp["plan"], stamp["registry"])
        int(stamp["year"]), str(stamp["department"]), {k: list(v) for k, v in stamp["sheets"].items()}
        {k: (v["heads"].items(), v["rows"].items(), int(v["end"])) for k, v in stamp["shown"].items()}
        {k: stamp["shown"][k] for k in stamp["sheets"]}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"工作簿 {path.name} 未读入：模板标记已损坏；请重新生成填报表") from error
    if found[0] != VERSION:
        raise DataError(
            f"工作簿 {path.name} 未读入：模板版本是 {found[0]}，现用版本是 {VERSION}；请重新生成填报表"
        )
    if found[1:] != (plan.id, registry_hash(plan)):
        raise DataError(
            f"工作簿 {path.name} 未读入：按规划 {found[1]} 的另一登记版本生成，现用 {plan.id}；请重新生成填报表"
        )
    return stamp


@dataclass
class _Read:
    """What has been read of a form so far."""

    stamp: dict
    rows: list[dict] = field(default_factory=list)
    places: dict[int, tuple[str, int]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    @property
    def of(self) -> tuple[int, str]:
        """Year and department."""
        return self.stamp["year"], self.stamp["department"]

    def tell(self, sheet, seen: Iterable[tuple[int, str, str]]) -> None:
        """Faults of a sheet: row, column, text."""
        for row, column, text in seen:
            number = -1 - len(self.places)  # a place of its own, below the data rows' numbers
            self.places[number] = (sheet.title, row)
            self.faults.append(Fault(number, column, text))


def _read_sheet(values, formulas, keys: list[str], read: _Read) -> None:
    """Add a sheet's filled-in rows, and what is wrong with its form."""
    top, shown = visible.header_row(values), read.stamp["shown"][values.title]
    header = [cell_text(values.cell(top or 1, column).value) for column in COLUMNS.values()]
    wrong = [f"{a or '空'}(应为{b})" for a, (b, _) in zip(header, HEADERS.values(), strict=True) if a != b]
    if wrong:
        read.tell(values, [(top or 1, "", f"表头被改动：{'、'.join(wrong)}；请恢复或重新生成填报表")])
        return
    read.tell(values, visible.head_faults(values, shown["heads"], *read.of))
    read.tell(values, visible.row_faults(values, shown["rows"], keys))
    read.tell(values, visible.hidden_faults(values, shown["end"]))
    left, last = set(keys), max([top, *visible.key_rows(values).values()])
    for number in range(top + 1, values.max_row + 1):
        key = cell_text(values.cell(number, COLUMNS["key"]).value)
        filled = {name: values.cell(number, COLUMNS[name]) for name in INPUTS}
        text = {name: _input_text(cell, name) for name, cell in filled.items()}
        if key in left:
            left.discard(key)
            _read_row(values, formulas, key, filled, text, read)
        elif (number <= last or number > shown["end"]) and (told := _stray(key, keys, text)):
            read.tell(values, [(number, "", told)])
    if left:
        names = "、".join(json.loads(key)[0] for key in sorted(left)[:5])
        read.tell(values, [(top + 1, "", f"少了 {len(left)} 行(如 {names})；请恢复或重新生成填报表")])


def _read_row(values, formulas, key: str, filled: dict, text: dict[str, str], read: _Read) -> None:
    number = next(iter(filled.values())).row
    closer = _closer_look(values, formulas, number, filled)
    if any(text[name] for name in _FIGURES):
        read.faults += [Fault(len(read.rows), name, told) for name, told in closer]
        read.places[len(read.rows)] = (values.title, number)
        read.rows.append(_tidy_row(key, text, read.stamp))
        return
    read.tell(values, [(number, name, told) for name, told in closer])
    if any(text[name] for name in ("series_break", "exceptional")):
        read.tell(values, [(number, "value", "选了“口径有变化”或“特殊年份”，却没有数值")])


def _stray(key: str, keys: list[str], text: dict[str, str]) -> str:
    """What is wrong with a row that the sheet doesn't ask for; empty for an empty one."""
    if key in keys:
        return "与前面的一行重复；请删除后补的一行"
    return "不是模板里的行；增加的内容请写入备注或用明细表填报" if key or any(text.values()) else ""


def _input_text(cell, name: str) -> str:
    text = cell_text(cell.value, cell.number_format)
    if name in _FIGURES and text in _NOTHING:
        return ""
    return text


def _closer_look(values, formulas, number: int, filled: dict) -> list[tuple[str, str]]:
    """Column and text of what the values of a row's cells don't tell."""
    found = []
    if visible.is_hidden_row(values, number) and any(cell.value is not None for cell in filled.values()):
        found.append(("", "被隐藏的行里有填报内容；请取消隐藏后核对"))
    for name, cell in filled.items():
        if cell.data_type == "e":
            found.append((name, f"公式或单元格出错：{cell.value}；请改为数值"))
        elif formulas.cell(number, cell.column).data_type == "f" and cell.value is None:
            found.append((name, "公式没有保存结果；请在 Excel 中打开后保存，或改为数值"))
        elif name in _FIGURES and visible.is_footnoted(formulas.cell(number, cell.column)):
            found.append((name, f"“{cell.value}”里有上标或下标；请删去注号，只留数字，说明写在备注里"))
        elif type(cell).__name__ == "MergedCell":
            found.append((name, "是合并单元格；请取消合并，每格单独填写"))
    return found


def _completed(frame: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """Units from the registry; a value left empty beside its counts is computed."""
    unit = frame["indicator"].map(indicator_facts(plan)["unit"]).fillna("")
    per = unit.map({key: item.per for key, item in UNITS.items()}).astype(float)
    computed = per * parse_numbers(frame["numerator"])[0] / parse_numbers(frame["denominator"])[0]
    empty = (frame["value"] == "") & np.isfinite(computed)
    return frame.assign(unit=unit, value=frame["value"].where(~empty, computed.round(6).map(repr)))


def _tidy_row(key: str, text: dict[str, str], stamp: dict) -> dict[str, str]:
    row = dict(zip(_KEY_PARTS, json.loads(key), strict=True)) | {"year": str(stamp["year"])}
    row |= {name: text[name] for name in ("numerator", "denominator", "note")}
    row |= {
        name: {"是": "true", "否": "false"}.get(text[name], text[name])
        for name in ("series_break", "exceptional")
    }
    source = text["source"] or f"{stamp['department']}{stamp['year']}年填报表"
    return row | {"value": _YES_NO.get(text["value"], text["value"]), "department": stamp["department"],
                  "status": "reported", "source": source}  # fmt: skip


assert set(_KEY_PARTS) | {"year"} == {*KEY, "level"}
