"""The results as tables for other programs: CSV with machine names, Excel with Chinese headers."""

from __future__ import annotations

import numbers
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from xhcp_eval.errors import RunError
from xhcp_eval.provenance import local_time

if TYPE_CHECKING:
    import pandas as pd

    from xhcp_eval.pack import Pack

# What a spreadsheet program would take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

# Machine name -> Chinese header, meaning.
COLUMNS: dict[str, tuple[str, str]] = {
    "question": ("问题", "指标@目标年；同一问题的不同解读共用"),
    "target_id": ("目标编号", "规划登记中的唯一编号"),
    "goal": ("主要目标编号", "空：不属于任何主要目标"),
    "domain": ("领域", "领域编号"),
    "indicator": ("指标编号", "规划登记中的指标编号"),
    "indicator_name": ("指标", "指标名称"),
    "kind": ("指标类型", "proportion 比例、rate 率、count 数、mean 均值、yes_no 是否、gap 差距、index 指数"),
    "unit": ("单位", "percent、permille 等，各数值列均按此单位"),
    "direction": ("方向", "up 越高越好、down 越低越好"),
    "region": ("地区", "地区路径"),
    "target_year": ("目标年", "目标应达到的年份"),
    "every_year": ("每年保持", "规划期内每年都须达到"),
    "op": ("关系", "与目标值的关系，如 <=、>=、较基期变化"),
    "reading": ("解读", "literal 按字面、strict 从严；空：只有一种读法"),
    "role": ("性质", "verdict 判定、watch 警示、comparison 与上级目标对照"),
    "level": ("目标级别", "district 区、province 省、national 国家"),
    "decides_goal": ("决定主要目标", "目标写在主要目标本身，而非策略措施中"),
    "disputed": ("有争议", "规划文本有疑义"),
    "anomaly": ("疑义编号", "规划文本疑义的编号"),
    "department": ("牵头单位", "填报单位（建议）"),
    "target_status": ("目标值来源", "verified 已核实、cited_in_plan 规划引用、recollection 凭回忆录入"),
    "target_value": ("目标值", "换算到指标单位的界限"),
    "target_text": ("目标值（文字）", "规划要求的写法"),
    "base_year": ("基期年", "比较的起点年份"),
    "base_value": ("基期值", "基期年的数值"),
    "latest_year": ("现状年", "判定所用的最近年份"),
    "latest_value": ("现状值", "判定所用的数值，小样本时为合并值"),
    "latest_low": ("现状值下限", "95% 区间下限"),
    "latest_high": ("现状值上限", "95% 区间上限"),
    "latest_basis": ("现状值依据", "单年，或几年合并"),
    "numerator": ("分子", "现状值的事件数"),
    "denominator": ("分母", "现状值的基数"),
    "small_count": ("小样本", "事件数过少，不以单年定论"),
    "worst_unit": ("最低单位", "逐单位判定时最低的乡镇（街道、学校）"),
    "failures": ("未保持", "规划期内未达到的年份或单位"),
    "gap": ("差距", "距目标值还差多少；0 为已达到"),
    "gap_relative": ("相对差距", "差距占目标值的比例"),
    "covered": ("已走路程", "从基期到目标已走的比例，可小于 0 或大于 1"),
    "pace": ("近年年均变化", "近年每年变化，按指标单位"),
    "required_pace": ("所需年均变化", "今后每年须变化多少才能达标"),
    "probability": ("达标概率", "0 到 1；报告中不写 0% 和 100%"),
    "children": ("差距折合人数", "差距相当于多少人或事件"),
    "own_status": ("按此解读的状态", "只按本行解读的状态"),
    "status": ("状态", "合并各种解读后的状态"),
    "trend_word": ("趋势", "改善、恶化、基本持平、无法判定"),
    "literal": ("单年字面", "单年数字按字面怎么说"),
    "on_line": ("恰在界限", "数值正好等于界限"),
    "reason": ("依据", "判定的理由"),
    "n_points": ("数据点数", "参与判断的年份数"),
    "method": ("方法", "预测方法"),
    "data_status": ("数据状态", "verified、derived、reported、survey、demo"),
}
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
    _plain_text(pack.assessment).to_csv(csv, index=False, encoding="utf-8-sig", lineterminator="\n")
    try:
        _write_workbook(pack, xlsx)
    except PermissionError as error:
        raise RunError(f"不能写 {xlsx.name}：请关闭正在打开的表格") from error
    return [csv, xlsx]


def _plain_text(frame: pd.DataFrame) -> pd.DataFrame:
    """Texts that would be run as a formula get an apostrophe in front; numbers stay numbers."""

    def safe(value: object) -> object:
        return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value

    texts = frame.select_dtypes(exclude="number").columns
    return frame.assign(**{name: frame[name].map(safe) for name in texts})


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
        if not isinstance(value, str) or not value.startswith(_FORMULA):
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
