"""A yearbook says what it covers and what its indicators mean, of the figures that it prints."""

import openpyxl
import pytest

from xhcp_eval.observations.publish.edition import make_edition
from xhcp_eval.observations.publish.explained import DEMO, explanations, group_label, scope_lines, sources
from xhcp_eval.observations.publish.sheets import FIRST_ROW, TITLE_ROW, UNIT_ROW, write_book
from xhcp_eval.observations.table import read_table
from xhcp_eval.plan.reading import load_plan
from xhcp_eval.provenance import ROOT

PLAN = load_plan("xinhua_2021_2030")
TABLE = read_table(ROOT / "data" / "demo" / "xinhua_2015_2025.csv", PLAN)
IDS = ["infant_mortality_rate", "neonatal_visit_rate", "child_safety_seat_use_rate"]


@pytest.fixture(scope="module")
def rows():
    table = TABLE[TABLE["indicator"].isin(IDS) & (TABLE["region"] == "新华区")]
    return make_edition(table, PLAN, "新华区", 2025).rows


def test_the_scope_tells_what_is_there_from_whom_and_how_to_read_it(rows):
    told = dict(scope_lines(rows, PLAN, "新华区", 2025, ["另有说明。"]))
    assert told["数据性质"] == DEMO
    assert (
        "3个监测指标" in told["内容和范围"]
        and "2020—2025年" in told["内容和范围"]
        and PLAN.name in told["内容和范围"]
    )
    assert told["资料来源"].startswith("区卫健委、公安分局")
    assert "“…”表示不公布" in told["符号"] and "空格表示无数据" in told["符号"] and "#" not in told["符号"]
    assert told["不公布的数"] == "另有说明。" and "四舍五入" in told["计算"]


def test_main_parts_are_marked_and_the_mark_is_explained(rows):
    part = {"age": "total", "category": "卡介苗", "group": "卡介苗"}
    assert group_label(part) == "#卡介苗"
    assert group_label({"age": "total", "category": "total", "group": "男"}) == "男"
    assert (
        "#表示其中的主要项" in dict(scope_lines(rows.assign(category="卡介苗"), PLAN, "新华区", 2025))["符号"]
    )


def test_indicators_are_explained_by_the_plan(rows):
    found = explanations(rows, PLAN).set_index("name")
    item = PLAN.indicator("infant_mortality_rate")
    row = found.loc[item.name]
    assert (row["unit"], row["method"]) == ("‰", "分子÷分母×1,000")
    assert (row["numerator"], row["denominator"]) == (item.numerator_zh, item.denominator_zh)
    assert row["source"] == "、".join(item.departments)
    assert len(found) == rows["indicator"].nunique()


def test_the_book_has_title_unit_source_and_no_formula(tmp_path, rows):
    nasty = rows.assign(name="=1+1" + rows["name"], region="@很长的地区名" * 6)
    book = openpyxl.load_workbook(write_book(nasty, PLAN, "新华区", 2025, ["=cmd"], tmp_path / "y.xlsx"))
    assert book.sheetnames == ["简要说明", "健康", "安全", "主要统计指标解释"]
    assert not [c for sheet in book for row in sheet.iter_rows() for c in row if c.data_type == "f"]
    sheet = book["安全"]
    assert sheet.cell(TITLE_ROW, 1).value == "表2　新华区儿童安全（2021—2025年）"
    units = [c.value for c in sheet[UNIT_ROW] if c.value]
    assert units == ["单位：%"]
    assert sheet.cell(FIRST_ROW, 1).value.startswith("=1+1")
    first = [row[0] for row in sheet.iter_rows(min_row=FIRST_ROW, values_only=True)]
    assert "资料来源：公安分局年度填报。" in first
    assert "单位：见“单位”栏" in [c.value for c in book["健康"][UNIT_ROW]]


def test_sources_are_named_once(rows):
    assert sources(rows, PLAN) == "区卫健委、公安分局"
