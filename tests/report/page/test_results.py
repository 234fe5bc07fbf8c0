"""Results for other programs: complete, explained, and never run as a formula."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from openpyxl import load_workbook

from xhcp_eval.report.page.results import COLUMNS, GOAL_COLUMNS, write_results
from xhcp_eval.verdict.goals import goal_verdicts
from xhcp_eval.verdict.schema import SHOWN

FORMULA = "=HYPERLINK(1)"


@pytest.fixture
def pack():
    assessment = pd.DataFrame(
        {
            "indicator_name": ["婴儿死亡率", FORMULA, "@x"],
            "gap": [-1.5, np.nan, 0.0],
            "target_year": [2030, 2030, 2025],
            "small_count": [True, False, False],
            "status": ["存在风险", "缺数据", "已达标"],
        }
    )
    goals = pd.DataFrame({"goal": ["health.1"], "name": ["婴儿死亡率"], "status": ["存在风险"]})
    stamp = {
        "computed_at": "2026-03-31T16:30:00+00:00",
        "version": "0.1.0",
        "inputs": {"data/x.csv": "ab" * 32},
    }
    params = SimpleNamespace(title="中期评估", data_until=2025)
    return SimpleNamespace(assessment=assessment, goals=goals, stamp=stamp, params=params, is_demo=True)


def test_the_csv_opens_in_excel_and_in_programs(pack, tmp_path):
    path, _ = write_results(pack, tmp_path)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    found = pd.read_csv(path, encoding="utf-8-sig")
    assert list(found.columns) == list(pack.assessment.columns)
    assert found["gap"].tolist()[0] == -1.5
    assert found["indicator_name"].tolist() == ["婴儿死亡率", f"'{FORMULA}", "'@x"]


def test_the_workbook_has_chinese_headers_that_stay_in_sight(pack, tmp_path):
    book = load_workbook(write_results(pack, tmp_path)[1])
    assert book.sheetnames == ["目标评估", "目标汇总", "说明"]
    sheet = book["目标评估"]
    assert [cell.value for cell in sheet[1]] == ["指标", "差距", "目标年", "小样本", "状态"]
    assert [cell.value for cell in sheet[2]] == ["婴儿死亡率", -1.5, 2030, True, "存在风险"]
    assert sheet["B3"].value is None
    assert sheet.freeze_panes == "A2"


def test_no_text_becomes_a_formula(pack, tmp_path):
    sheet = load_workbook(write_results(pack, tmp_path)[1])["目标评估"]
    assert (sheet["A3"].data_type, sheet["A3"].value) == ("s", FORMULA)
    assert sheet["A3"].quotePrefix
    assert sheet["B2"].data_type == "n"


def test_the_notes_say_what_columns_mean_and_what_the_data_is(pack, tmp_path):
    sheet = load_workbook(write_results(pack, tmp_path)[1])["说明"]
    rows = list(sheet.values)
    assert ("目标评估", "达标概率", "probability", "0 到 1；报告中不写 0% 和 100%") in rows
    assert ("数据性质", "含演示数据，不是真实统计，不得引用", None, None) in rows
    assert any(row[1] == f"SHA-256 {'ab' * 32}" for row in rows)


def test_every_column_is_explained():
    empty = pd.DataFrame(columns=list(COLUMNS))
    goals = goal_verdicts(SimpleNamespace(goals=[]), empty)
    assert set(COLUMNS) == set(SHOWN) and "method" not in COLUMNS
    assert not set(goals.columns) - set(GOAL_COLUMNS)
    headers = [header for header, _ in COLUMNS.values()]
    assert len(set(headers)) == len(headers)
