"""A form says what the law asks of it, who signs it and what its indicators mean, and is read back with its foot filled in."""

from datetime import date

import openpyxl
import pytest

from xhcp_eval.observations.forms.reader import read_workbook
from xhcp_eval.observations.forms.workbook import (
    COLUMNS,
    FIRST_ROW,
    GUIDE_SHEET,
    HEADER_ROW,
    HEADERS,
    write_workbook,
)
from xhcp_eval.observations.table import read_table
from xhcp_eval.plan.monitoring import FormMarks
from xhcp_eval.plan.reading import load_plan
from xhcp_eval.provenance import ROOT

PLAN = load_plan("xinhua_2021_2030")
PAST = read_table(ROOT / "data" / "demo" / "xinhua_2015_2025.csv", PLAN).iloc[:0]
MARKS = FormMarks(numbers={"公安分局": "=甲监3表"}, issuer="甲区妇儿工委办公室", approver="甲区统计局",
                  approval_number="甲统制〔2026〕5号", valid_until="2028年6月", compiler="甲区妇儿工委办公室")  # fmt: skip


def form(path, marks=FormMarks(), due=None):  # noqa: B008 - frozen
    return write_workbook(PLAN.model_copy(update={"forms": marks}), "公安分局", 2026, PAST, path, due)


def texts(sheet):
    return [str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value is not None]


def test_the_marks_of_the_law_stand_at_the_top_right_of_every_sheet(tmp_path):
    book = openpyxl.load_workbook(form(tmp_path / "f.xlsx", MARKS))
    for name in ("安全", "法律保护"):
        sheet = book[name]
        told = [sheet.cell(row, len(HEADERS) - 1).value for row in range(2, HEADER_ROW)]
        assert told == ["表号：=甲监3表", "制定机关：甲区妇儿工委办公室", "批准机关：甲区统计局",
                        "批准文号：甲统制〔2026〕5号", "有效期至：2028年6月"]  # fmt: skip
        head = "".join(texts(sheet)[:12])
        assert (
            "综合机关名称：甲区妇儿工委办公室" in head and "填报单位：公安分局" in head and "2026年" in head
        )
        assert [sheet.cell(HEADER_ROW, c).value for c in COLUMNS.values()] == [h for h, _ in HEADERS.values()]
        assert not [cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
        assert not sheet.merged_cells.ranges


def test_a_form_without_approval_says_so_and_invents_nothing(tmp_path):
    told = "".join(texts(openpyxl.load_workbook(form(tmp_path / "f.xlsx"))["安全"]))
    assert "表号：（未批准，内部使用）" in told and "批准文号：（无）" in told and "有效期至：（无）" in told
    assert "综合机关名称：（待填）" in told


def test_what_an_approval_lacks_is_to_be_filled_in_and_a_filed_survey_says_so():
    marks = FormMarks(approval="备案", approval_number="甲统备〔2026〕1号")
    assert marks.lines("乙局") == [
        ("表号", "（待填）"), ("制定机关", "（待填）"), ("备案机关", "（待填）"), ("备案文号", "甲统备〔2026〕1号"),
        ("有效期至", "（待填）"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("due", "told"), [(date(2027, 3, 31), "报送时间：2027年3月31日前"), (None, "报送时间：按填报通知")]
)
def test_indicators_are_explained_with_unit_source_and_day(tmp_path, due, told):
    sheet = openpyxl.load_workbook(form(tmp_path / "f.xlsx", due=due))[GUIDE_SHEET]
    assert told in texts(sheet)
    rows = {row[0]: row[1:] for row in sheet.iter_rows(max_col=6, values_only=True)}
    unit, part, whole, source, _ = rows["儿童安全座椅使用率"]
    assert unit == "%" and "乘车儿童" in part and "乘车儿童" in whole and source == "公安分局"


def test_a_form_that_was_signed_is_read_back(tmp_path):
    path = form(tmp_path / "f.xlsx", MARKS)
    book = openpyxl.load_workbook(path)
    sheet = book["安全"]
    for name, number in {"numerator": 80, "denominator": 100}.items():
        sheet.cell(FIRST_ROW, COLUMNS[name]).value = number
    labels = {cell.value: cell for row in sheet.iter_rows() for cell in row if cell.value}
    for label, text in {
        "单位负责人：": "张某",
        "填表人：": "王某",
        "联系电话：": "0375-1",
        "报出日期：": "2027年3月1日",
    }.items():
        written = sheet.cell(labels[label].row, labels[label].column + 1)
        assert not written.protection.locked
        written.value = text
    book.save(path)
    read = read_workbook(path, PLAN)
    assert not read.faults and read.frame["value"].tolist() == ["80.0"]
