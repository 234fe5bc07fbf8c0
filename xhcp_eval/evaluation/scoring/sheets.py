"""Scoring sheets: one Excel workbook a rater and round, blind to the others, and back into scores and evidence."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from xhcp_eval.errors import DataError, ParamsError
from xhcp_eval.evaluation.methods.rubric import (
    EVIDENCE_COLUMNS,
    ITEM_KINDS,
    SCORE_COLUMNS,
    SELF,
    THIRD_PARTY,
    Rubric,
    evidence_faults,
    evidence_numbers,
)
from xhcp_eval.files.safe_text import put_text
from xhcp_eval.files.whole import whole_file
from xhcp_eval.observations.cells import cell_text, check_archive
from xhcp_eval.observations.forms.workbook import STAMP_SHEET, write_stamp
from xhcp_eval.plan.model import Plan

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

VERSION = 1
WHAT = "xhcp scoring"
GUIDE_SHEET, EVIDENCE_SHEET, IMPLEMENTATION = "评分说明", "证据", "组织实施"
HEADER_ROW, FIRST_ROW, EVIDENCE_ROWS = 2, 3, 300
HEADERS = {
    "item": ("项目标识(勿改)", 6), "kind": ("类别", 10), "name": ("项目", 22), "text": ("规划原文", 60), "look_for": ("查证什么", 36),
    "score": ("得分(0—4)", 10), "reason": ("评分理由", 40), "evidence": ("证据编号", 14),
}  # fmt: skip
SEEN_HEADERS = {
    "median": ("上轮中位数", 10), "spread": ("上轮四分位区间", 14), "own": ("本人上轮", 9), "reasons": ("上轮各人理由(匿名)", 44),
}  # fmt: skip
INPUTS = ("score", "reason", "evidence")
EVIDENCE_HEADERS = {
    "number": ("编号", 7), "type": ("类型", 16), "date": ("日期", 12), "issuer": ("出具单位", 22), "place": ("地点", 22),
    "seen_by": ("查看人", 12), "description": ("内容", 60),
}  # fmt: skip
_GUIDE = (
    "1. 只填白色单元格。每项评 0、1、2、3、4 中的一个整数；没有看的项目空着，不要填 0（0 表示查过而没有找到）。",
    "2. 每个得分都要有证据：先在“证据”表登记（类型、日期、出具单位、地点、查看人都要填），再把编号写在“证据编号”，多个用“、”隔开。",
    "3. 没有证据的得分作废；得分高于证据所能支持的最高分也作废。评 0 分时登记“查找无果”，写明查过哪里。",
    "4. 独立评分：评完以前不与其他评分者或部门商量；部门自评分不在本表里。",
    "5. 不要改工作表名、增删行列。填完保存为 .xlsx 交回。",
)


class Sheet(NamedTuple):
    """Whom a workbook is for. rater: code, no name. role: third_party or self. round: from 1. code: of this very workbook."""

    rater: str
    role: str = THIRD_PARTY
    round: int = 1
    code: str = ""


def sheet_stamp(items: pd.DataFrame, rubric: Rubric, plan: Plan, sheet: Sheet) -> dict:
    """What a workbook says of itself, hidden in it and recorded where the scores are kept.

    Raises ParamsError (role, rater without code), DataError (no items).
    """
    if sheet.role not in (THIRD_PARTY, SELF) or not re.fullmatch(r"[\w一-鿿.-]{1,40}", sheet.rater):
        raise ParamsError(
            f"评分者编号 {sheet.rater!r} 或身份 {sheet.role!r} 不能用：编号为 1—40 个汉字、字母或数字，身份为 {THIRD_PARTY} 或 {SELF}"
        )
    if items.empty:
        raise DataError("没有要评的项目")
    topics = {topic: rows["item"].tolist() for topic, rows in _topics(items, plan).items()}
    made = {"what": WHAT, "version": VERSION, "plan": plan.id, "rubric": rubric.hash}
    return made | sheet._asdict() | {"sheets": topics}


def write_scoring_book(
    items: pd.DataFrame,
    rubric: Rubric,
    plan: Plan,
    sheet: Sheet,
    path: Path,
    seen: pd.DataFrame | None = None,
) -> Path:
    """Write the workbook of one rater, whole or not at all.

    items: rows of `rubric_items` to be scored. seen: what this rater is shown of the last round (index item, columns
    median, spread, own, reasons), from the second round on. Returns the path.
    Raises ParamsError (role, rater without code), DataError (no items).
    """
    import openpyxl

    stamp = sheet_stamp(items, rubric, plan, sheet)
    book = openpyxl.Workbook()
    _write_guide(book.active, rubric, plan, sheet, items)
    for topic, rows in _topics(items, plan).items():
        _write_items(book.create_sheet(topic), rows, topic, seen)
    _write_evidence(book.create_sheet(EVIDENCE_SHEET), rubric)
    write_stamp(book.create_sheet(STAMP_SHEET), stamp)
    with whole_file(path) as unfinished:
        book.save(unfinished)
    return path


def read_scoring_book(
    path: str | Path, rubric: Rubric, plan: Plan, sent: dict[str, dict] | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Scores (`SCORE_COLUMNS`) and evidence (`EVIDENCE_COLUMNS`) of a workbook that was filled in.

    sent: stamps that were sent out, by code; None for a workbook that nobody recorded. Raises DataError: no such
    workbook, made for another rubric or plan, its stamp not what was sent out, or all faults of its cells at once, each with
    sheet and cell.
    """
    import openpyxl

    path = Path(path)
    if not path.is_file():
        raise DataError(f"评分表不存在：{path}")
    check_archive(path)
    try:
        book = openpyxl.load_workbook(path, data_only=True)
    except Exception as error:  # whatever a damaged part makes the parser stumble over
        raise DataError(f"评分表 {path.name} 无法读取：{error}") from error
    stamp = _stamp(path, book, rubric, plan)
    if sent is not None and (faults := _stamp_faults(book, stamp, sent, plan)):
        raise DataError(f"评分表 {path.name} 未读入：", faults)
    evidence, faults = _read_evidence(book, stamp["rater"], rubric)
    scores = []
    for topic, items in stamp["sheets"].items():
        if topic not in book.sheetnames:
            faults.append(f"缺少工作表“{topic}”，可能被改名或删除")
            continue
        rows, told = _read_items(book[topic], items, stamp, {one["number"] for one in evidence})
        scores += rows
        faults += told
    if faults:
        raise DataError(f"评分表 {path.name} 未读入：", faults)
    return _numbered(
        pd.DataFrame(scores, columns=list(SCORE_COLUMNS)),
        pd.DataFrame(evidence, columns=list(EVIDENCE_COLUMNS)),
    )


def _numbered(scores: pd.DataFrame, evidence: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Every sheet numbers its evidence from 1: those of a later round get the round before their number."""
    number = int(scores["round"].iloc[0])
    if number == 1:
        return scores, evidence
    cited = scores["evidence"].map(
        lambda text: "、".join(f"{number}-{one}" for one in evidence_numbers(text))
    )
    return scores.assign(evidence=cited), evidence.assign(
        number=[f"{number}-{one}" for one in evidence["number"]]
    )


def _topics(items: pd.DataFrame, plan: Plan) -> dict[str, pd.DataFrame]:
    names = {d.id: d.name for d in plan.domains}
    return dict(list(items.groupby(items["domain"].map(names).fillna(IMPLEMENTATION), sort=False)))


def _heading(plan: Plan, sheet: Sheet, count: int) -> tuple[str, str]:
    """What a reader sees of the stamp: title and first line of the guide, in A1 and A3."""
    who = "部门自评" if sheet.role == SELF else "第三方评分"
    return f"{plan.name} {who}表", f"评分者编号：{sheet.rater}    第 {sheet.round} 轮    共 {count} 项"


def _write_guide(page: Worksheet, rubric: Rubric, plan: Plan, sheet: Sheet, items: pd.DataFrame) -> None:
    from openpyxl.styles import Alignment, Font

    page.title = GUIDE_SHEET
    title, line = _heading(plan, sheet, len(items))
    put_text(page, 1, 1, title).font = Font(bold=True, size=14)
    lines = [line, *_GUIDE]
    lines += ["", "评分标准："]
    for kind in dict.fromkeys(items["kind"]):
        lines.append(ITEM_KINDS[kind])
        lines += [f"    {score} 分：{text}" for score, text in enumerate(rubric.anchors[kind])]
    lines += ["", "证据类型及其最高能支持的得分："]
    lines += [f"    {one.name}：{one.supports} 分。{one.note}" for one in rubric.evidence_types]
    for number, line in enumerate(lines, 3):
        put_text(page, number, 1, line).alignment = Alignment(wrap_text=True, vertical="top")
    page.column_dimensions["A"].width = 110
    page.protection.sheet = True


def _write_items(page: Worksheet, rows: pd.DataFrame, topic: str, seen: pd.DataFrame | None) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill, Protection
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    headers = HEADERS if seen is None else HEADERS | SEEN_HEADERS
    put_text(page, 1, 1, topic).font = Font(bold=True, size=13)
    put_text(page, 1, 2, topic).font = Font(bold=True, size=13)
    _write_header(page, headers, HEADER_ROW)
    wrap, grey = Alignment(wrap_text=True, vertical="top"), PatternFill("solid", fgColor="F2F2F2")
    for number, row in enumerate(rows.to_dict("records"), FIRST_ROW):
        row["kind"] = ITEM_KINDS[row["kind"]]
        if seen is not None and row["item"] in seen.index:
            row |= seen.loc[row["item"]].to_dict()
        for column, name in enumerate(headers, 1):
            cell = put_text(page, number, column, "" if name in INPUTS else str(row.get(name, "")))
            cell.alignment = wrap
            if name in INPUTS:
                cell.value, cell.protection = None, Protection(locked=False)
            else:
                cell.fill = grey
    letter = get_column_letter(list(headers).index("score") + 1)
    rule = DataValidation(
        type="list",
        formula1='"0,1,2,3,4"',
        allow_blank=True,
        showErrorMessage=True,
        error="请填 0、1、2、3、4 中的一个，或空着",
    )
    rule.add(f"{letter}{FIRST_ROW}:{letter}{FIRST_ROW + len(rows) - 1}")
    page.add_data_validation(rule)
    page.column_dimensions["A"].hidden = True
    page.freeze_panes = page.cell(FIRST_ROW, 4)
    page.protection.sheet, page.protection.formatColumns, page.protection.formatRows = True, False, False
    _printed(page)


def _write_evidence(page: Worksheet, rubric: Rubric) -> None:
    from openpyxl.styles import Font, Protection
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    put_text(page, 1, 1, "证据登记（每件一行）").font = Font(bold=True, size=13)
    _write_header(page, EVIDENCE_HEADERS, HEADER_ROW)
    last = FIRST_ROW + EVIDENCE_ROWS - 1
    for number in range(FIRST_ROW, last + 1):
        page.cell(number, 1, number - FIRST_ROW + 1)
        for column in range(2, len(EVIDENCE_HEADERS) + 1):
            page.cell(number, column).protection = Protection(locked=False)
    names = ",".join(one.name for one in rubric.evidence_types)
    rule = DataValidation(type="list", formula1=f'"{names}"', allow_blank=True, showErrorMessage=True)
    letter = get_column_letter(list(EVIDENCE_HEADERS).index("type") + 1)
    rule.add(f"{letter}{FIRST_ROW}:{letter}{last}")
    page.add_data_validation(rule)
    page.freeze_panes = page.cell(FIRST_ROW, 2)
    page.protection.sheet, page.protection.formatColumns = True, False
    _printed(page)


def _write_header(page: Worksheet, headers: dict[str, tuple[str, int]], row: int) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    for column, (title, width) in enumerate(headers.values(), 1):
        cell = put_text(page, row, column, title)
        cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="DDEBF7")
        cell.alignment = Alignment(wrap_text=True, vertical="center")
        page.column_dimensions[get_column_letter(column)].width = width


def _printed(page: Worksheet) -> None:
    page.page_setup.orientation, page.page_setup.fitToHeight = "landscape", 0
    page.sheet_properties.pageSetUpPr.fitToPage = True
    page.print_title_rows = f"{HEADER_ROW}:{HEADER_ROW}"


def _stamp(path: Path, book, rubric: Rubric, plan: Plan) -> dict:
    try:
        text = "".join(str(row[0]) for row in book[STAMP_SHEET].iter_rows(max_col=1, values_only=True))
        stamp = json.loads(text)
        if stamp["what"] != WHAT:
            raise ValueError(stamp["what"])
        found = (stamp["version"], stamp["plan"], stamp["rubric"])
        str(stamp["rater"]), int(stamp["round"]), {k: list(v) for k, v in stamp["sheets"].items()}
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise DataError(
            f"评分表 {path.name} 未读入：没有评分表标记或标记已损坏；请使用 xhcp score 生成的评分表"
        ) from error
    if found != (VERSION, plan.id, rubric.hash):
        raise DataError(
            f"评分表 {path.name} 未读入：按规划 {found[1]}、评分标准 {found[2]}（第 {found[0]} 版）生成，"
            f"现用 {plan.id}、{rubric.hash}（第 {VERSION} 版）；评分标准在评分开始后不得改动"
        )
    return stamp


def _stamp_faults(book, stamp: dict, sent: dict[str, dict], plan: Plan) -> list[str]:
    """Where a stamp, hidden or seen, isn't what was sent out under its code."""
    there = sent.get(str(stamp.get("code", "")))
    if there is None:
        code = stamp.get("code") or "（空）"
        return [
            f"工作表“{STAMP_SHEET}” A1：编号 {code} 不在发出记录里；请用 xhcp score out 发出的评分表，评分资料文件夹也须是发出时的那一个"
        ]
    faults = [
        f"工作表“{STAMP_SHEET}” A1：{name} 是 {stamp.get(name, '（空）')}，发出时是 {there.get(name, '（无）')}"
        for name in dict.fromkeys([*there, *stamp])
        if stamp.get(name) != there.get(name)
    ]
    if GUIDE_SHEET not in book.sheetnames:
        return [*faults, f"缺少工作表“{GUIDE_SHEET}”，可能被改名或删除"]
    sheet = Sheet(there["rater"], there["role"], there["round"])
    title, line = _heading(plan, sheet, sum(map(len, there["sheets"].values())))
    for cell, text in (("A1", title), ("A3", line)):
        if (now := cell_text(book[GUIDE_SHEET][cell].value)) != text:
            faults.append(f"工作表“{GUIDE_SHEET}” {cell}：现在是“{now}”，发出时是“{text}”；请恢复")
    return faults


def _read_items(page, items: list[str], stamp: dict, numbers: set[str]) -> tuple[list[dict], list[str]]:
    rows, faults, left = [], [], list(items)
    columns = {name: number for number, name in enumerate(HEADERS, 1)}
    for number in range(FIRST_ROW, page.max_row + 1):
        item = cell_text(page.cell(number, columns["item"]).value)
        text = {name: cell_text(page.cell(number, columns[name]).value) for name in INPUTS}
        if item not in left:
            if item or any(text.values()):
                faults.append(f"工作表“{page.title}”第 {number} 行不是评分表里的项目，或与前面的一行重复")
            continue
        left.remove(item)
        score, wrong = _score(text["score"])
        if wrong:
            faults.append(f"工作表“{page.title}” F{number}：{wrong}")
        absent = [one for one in evidence_numbers(text["evidence"]) if one not in numbers]
        if absent:
            faults.append(f"工作表“{page.title}” H{number}：证据表里没有登记编号 {'、'.join(absent)}")
        if score is None and (text["reason"] or text["evidence"]):
            faults.append(f"工作表“{page.title}” F{number}：写了理由或证据，却没有得分")
        rows.append({"item": item, "rater": stamp["rater"], "role": stamp["role"], "round": int(stamp["round"]), "score": score,
                     "reason": text["reason"], "evidence": text["evidence"]})  # fmt: skip
    if left:
        faults.append(f"工作表“{page.title}”少了 {len(left)} 行（如 {'、'.join(left[:3])}）；请恢复")
    return rows, faults


def _score(text: str) -> tuple[float | None, str]:
    plain = unicodedata.normalize("NFKC", text).strip().removesuffix("分").strip()
    if not plain:
        return None, ""
    if plain in {"0", "1", "2", "3", "4"}:
        return float(plain), ""
    return None, f"得分“{text}”应为 0、1、2、3、4 中的一个整数，或空着"


def _read_evidence(book, rater: str, rubric: Rubric) -> tuple[list[dict], list[str]]:
    if EVIDENCE_SHEET not in book.sheetnames:
        return [], [f"缺少工作表“{EVIDENCE_SHEET}”，可能被改名或删除"]
    page, found, faults = book[EVIDENCE_SHEET], [], []
    for number in range(FIRST_ROW, page.max_row + 1):
        text = {
            name: cell_text(page.cell(number, column).value)
            for column, name in enumerate(EVIDENCE_HEADERS, 1)
        }
        if any(value for name, value in text.items() if name != "number"):
            if not text["number"]:
                faults.append(f"工作表“{EVIDENCE_SHEET}” A{number}：没有编号")
            for name, told in evidence_faults(text, rubric).items():
                column = list(EVIDENCE_HEADERS).index(name) + 1
                faults.append(f"工作表“{EVIDENCE_SHEET}” {page.cell(number, column).coordinate}：{told}")
            found.append({"rater": rater, **text})
    listed = [one["number"] for one in found]
    twice = sorted({number for number in listed if listed.count(number) > 1})
    faults += [f"工作表“{EVIDENCE_SHEET}”：编号 {number} 用了几次" for number in twice]
    return found, faults
