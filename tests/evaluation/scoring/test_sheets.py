"""Scoring sheets out and back: blind, whole, and clear about every bad cell."""

import json

import openpyxl
import pandas as pd
import pytest

from xhcp_eval.errors import DataError, ParamsError
from xhcp_eval.evaluation.methods.rubric import load_rubric, rubric_items
from xhcp_eval.evaluation.scoring.sheets import (
    EVIDENCE_SHEET,
    FIRST_ROW,
    Sheet,
    read_scoring_book,
    write_scoring_book,
)
from xhcp_eval.files.home import plan_folder
from xhcp_eval.observations.forms.workbook import STAMP_SHEET
from xhcp_eval.plan.reading import load_plan


@pytest.fixture(scope="module")
def plan():
    return load_plan("xinhua_2021_2030")


@pytest.fixture(scope="module")
def rubric():
    return load_rubric(plan_folder("xinhua_2021_2030") / "rubric.yaml")


@pytest.fixture(scope="module")
def items(plan, rubric):
    found = rubric_items(rubric, plan, {"health.1": "=1+1 规划原文"})
    return found[found["domain"].isin(["health", ""])]


@pytest.fixture
def book(tmp_path, items, rubric, plan):
    """A book being edited: path, workbook; `save` writes it."""
    path = write_scoring_book(items, rubric, plan, Sheet("专家甲"), tmp_path / "甲.xlsx")
    return path, openpyxl.load_workbook(path)


def fill(workbook, row=FIRST_ROW, score=3, reason="有台账", evidence="1"):
    page = workbook["健康"]
    page.cell(row, 6).value, page.cell(row, 7).value, page.cell(row, 8).value = score, reason, evidence
    page = workbook[EVIDENCE_SHEET]
    for column, text in enumerate(
        ["全区记录", "2025-06-01", "区卫健委", "区妇幼保健院", "专家甲", "台账"], 2
    ):
        page.cell(FIRST_ROW, column).value = text


def test_out_and_back(book, items, rubric, plan):
    path, workbook = book
    fill(workbook, score="３分")
    workbook.save(path)
    scores, evidence = read_scoring_book(path, rubric, plan)
    assert len(scores) == len(items)
    one = scores.dropna(subset="score").iloc[0]
    assert (one["item"], one["rater"], one["role"], one["round"], one["score"]) == (
        "health.1",
        "专家甲",
        "third_party",
        1,
        3,
    )
    assert evidence[["rater", "number", "type"]].iloc[0].tolist() == ["专家甲", "1", "全区记录"]
    assert len(evidence) == 1


def test_it_is_blind_and_guarded(book):
    _, workbook = book
    text = "\n".join(
        str(c.value) for page in workbook for row in page.iter_rows() for c in row if c.value is not None
    )
    assert "自评" not in text.replace("部门自评分不在本表里", "")
    assert workbook["健康"].protection.sheet and workbook[STAMP_SHEET].sheet_state == "veryHidden"
    assert workbook["健康"].cell(FIRST_ROW, 4).data_type == "s"  # "=1+1" stays text
    assert "0,1,2,3,4" in workbook["健康"].data_validations.dataValidation[0].formula1


def test_a_second_round_shows_the_spread(tmp_path, items, rubric, plan):
    seen = pd.DataFrame(
        {"median": ["2"], "spread": ["1—3"], "own": ["3"], "reasons": ["1分：只有文件"]}, index=["health.1"]
    )
    path = write_scoring_book(
        items.iloc[:2], rubric, plan, Sheet("专家甲", round=2), tmp_path / "2.xlsx", seen
    )
    row = [c.value for c in openpyxl.load_workbook(path)["健康"][FIRST_ROW]]
    assert row[8:12] == ["2", "1—3", "3", "1分：只有文件"]
    assert read_scoring_book(path, rubric, plan)[0]["round"].tolist() == [2, 2]


def test_all_faults_at_once(book, rubric, plan):
    path, workbook = book
    fill(workbook, score=2.5)
    fill(workbook, row=FIRST_ROW + 1, evidence="1、7")
    workbook["健康"].cell(FIRST_ROW + 2, 7).value = "有理由没有分"
    workbook["健康"].cell(FIRST_ROW + 3, 1).value = "moon"
    workbook[EVIDENCE_SHEET].cell(FIRST_ROW + 1, 1).value = 1
    workbook[EVIDENCE_SHEET].cell(FIRST_ROW + 1, 2).value = "听说"
    workbook[EVIDENCE_SHEET].cell(FIRST_ROW + 1, 3).value = "去年五月"
    workbook.save(path)
    with pytest.raises(DataError) as told:
        read_scoring_book(path, rubric, plan)
    text = str(told.value)
    for words in (
        "F3：得分“2.5”应为",
        "H4：证据表里没有登记编号 7",
        "F5：写了理由或证据",
        "第 6 行不是评分表里的项目",
        "少了 1 行",
        "编号 1 用了几次",
        "工作表“证据” B4：证据类型“听说”不认识；允许 ",
        "工作表“证据” C4：日期“去年五月”不是日期",
    ):
        assert words in text


def test_files_that_are_not_a_scoring_sheet(tmp_path, book, rubric, plan):
    path, workbook = book
    changed = rubric.model_copy(update={"rules": rubric.rules.model_copy(update={"max_range": 2})})
    with pytest.raises(DataError, match="评分开始后不得改动"):
        read_scoring_book(path, changed, plan)
    workbook["健康"].title = "卫生"
    workbook.save(path)
    with pytest.raises(DataError, match="缺少工作表“健康”"):
        read_scoring_book(path, rubric, plan)
    workbook[STAMP_SHEET]["A1"] = json.dumps({"what": "else"})
    workbook.save(path)
    with pytest.raises(DataError, match="没有评分表标记"):
        read_scoring_book(path, rubric, plan)
    (tmp_path / "x.xlsx").write_text("hello", encoding="utf-8")
    with pytest.raises(DataError, match="不是 Excel"):
        read_scoring_book(tmp_path / "x.xlsx", rubric, plan)
    with pytest.raises(DataError, match="不存在"):
        read_scoring_book(tmp_path / "none.xlsx", rubric, plan)


def test_refusals_of_writing(tmp_path, items, rubric, plan):
    for rater, role in (("../甲", "third_party"), ("", "third_party"), ("甲", "friend")):
        with pytest.raises(ParamsError, match="编号为"):
            write_scoring_book(items, rubric, plan, Sheet(rater, role), tmp_path / "x.xlsx")
    with pytest.raises(DataError, match="没有要评的项目"):
        write_scoring_book(items.iloc[:0], rubric, plan, Sheet("甲"), tmp_path / "x.xlsx")
    assert not list(tmp_path.iterdir())
