"""The workbook of an edition: every figure in its place, hidden ones as they are printed, and nothing beside them."""

import openpyxl
import pytest

from xhcp_eval.errors import DataError
from xhcp_eval.observations.publish.edition import Publication, make_edition, protection_words
from xhcp_eval.observations.publish.sheets import FIRST_ROW, HEAD_ROW, YEAR_ROW, write_book
from xhcp_eval.observations.table import read_table
from xhcp_eval.plan.reading import load_plan
from xhcp_eval.provenance import ROOT

PLAN = load_plan("xinhua_2021_2030")
TABLE = read_table(ROOT / "data" / "demo" / "xinhua_2015_2025.csv", PLAN)
SOME = TABLE[TABLE["indicator"].isin(["infant_mortality_rate", "neonatal_visit_rate"])]
RULE = Publication()


def test_the_workbook_holds_what_may_be_shown(tmp_path):
    rows = make_edition(SOME, PLAN, "新华区", 2025, rule=RULE).rows
    path = write_book(rows, PLAN, "新华区", 2025, protection_words(rows, RULE), tmp_path / "y.xlsx")
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["简要说明", "健康", "主要统计指标解释"]
    notes = "\n".join(str(row[1]) for row in book["简要说明"].iter_rows(values_only=True) if row[1])
    assert "演示数据：由程序生成" in notes
    small, others = ((rows["suppressed"] == name).sum() for name in ("primary", "secondary"))
    assert f"不公布，共 {small} 个" in notes and f"另有 {others} 个数也不公布" in notes
    sheet = book["健康"]
    assert [c.value for c in sheet[HEAD_ROW]][:5] == ["指标", "单位", "地区", "分组", "年份"]
    assert [c.value for c in sheet[YEAR_ROW]][4:] == [f"{y}年" for y in range(2020, 2026)]
    cells = {(r[0], r[2], r[3]): r[4:] for r in sheet.iter_rows(min_row=FIRST_ROW, values_only=True)}
    for row in rows.itertuples():
        printed = cells[row.name, row.region, row.group][row.year - 2020]
        assert printed == (row.published if row.suppressed else pytest.approx(row.value, abs=1e-4))
    assert not list(tmp_path.glob("~*")) and not book.defined_names
    assert all(one.sheet_state == "visible" for one in book)


def test_nothing_to_publish_is_said():
    with pytest.raises(DataError, match="没有可发布的数据"):
        make_edition(SOME, PLAN, "新华区", 2012, rule=RULE)
    assert make_edition(SOME, PLAN, "新华区", 2016, rule=RULE).rows["year"].max() == 2016
