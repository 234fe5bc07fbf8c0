"""A yearbook to be published: every figure in its place, and no small number to be had, not even by subtraction."""

import openpyxl
import pandas as pd
import pytest

from xhcp_eval.errors import DataError
from xhcp_eval.observations.publish.sheets import FIRST_ROW, HEAD_ROW, YEAR_ROW
from xhcp_eval.observations.publish.suppression import audit
from xhcp_eval.observations.publish.yearbook import published_table, write_yearbook
from xhcp_eval.observations.table import read_table
from xhcp_eval.plan.reading import load_plan
from xhcp_eval.provenance import ROOT

PLAN = load_plan("xinhua_2021_2030")
TABLE = read_table(ROOT / "data" / "demo" / "xinhua_2015_2025.csv", PLAN)
SOME = TABLE[TABLE["indicator"].isin(["infant_mortality_rate", "neonatal_visit_rate"])]


def test_small_numbers_cannot_be_had_by_subtraction():
    rows = published_table(SOME, PLAN, "新华区", 2025)
    small = rows[(rows["indicator"] == "infant_mortality_rate") & (rows["suppressed"] == "primary")]
    assert len(small)
    assert (small["published"] == "<5").any()
    assert small["value"].isna().all()
    merged = rows.drop(columns=["topic", "name", "_order", "group", "unit_label"])
    original = SOME.merge(rows[["indicator", "region", "year", "sex", "residence", "category"]], how="right")
    assert not audit(merged, original)["recoverable"].any()


def test_the_workbook_holds_what_may_be_shown(tmp_path):
    path = write_yearbook(SOME, PLAN, "新华区", 2025, tmp_path / "y.xlsx")
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["简要说明", "健康", "主要统计指标解释"]
    sheet = book["健康"]
    assert [c.value for c in sheet[HEAD_ROW]][:5] == ["指标", "单位", "地区", "分组", "年份"]
    assert [c.value for c in sheet[YEAR_ROW]][4:] == [f"{y}年" for y in range(2020, 2026)]
    rows = {(r[0], r[2], r[3]): r[4:] for r in sheet.iter_rows(min_row=FIRST_ROW, values_only=True)}
    want = TABLE[
        (TABLE["indicator"] == "neonatal_visit_rate")
        & (TABLE["region"] == "新华区")
        & (TABLE["year"] == 2025)
    ]
    want = want[(want[["sex", "residence", "category"]] == "total").all(axis=1)]["value"].iloc[0]
    assert rows["新生儿访视率", "新华区", "合计"][-1] == pytest.approx(want, abs=1e-4)
    assert not list(tmp_path.glob("~*"))


def test_nothing_to_publish_is_said():
    with pytest.raises(DataError, match="没有可发布的数据"):
        published_table(SOME, PLAN, "新华区", 2012)
    assert pd.DataFrame(published_table(SOME, PLAN, "新华区", 2016))["year"].max() == 2016
