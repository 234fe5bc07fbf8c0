"""The workbook of an edition: every figure in its place, hidden ones as they are printed, and nothing beside them."""

import openpyxl
import pytest

from xhcp_eval.errors import DataError
from xhcp_eval.observations.publish.edition import Publication, make_edition
from xhcp_eval.observations.publish.yearbook import write_yearbook
from xhcp_eval.observations.table import read_table
from xhcp_eval.plan.reading import load_plan
from xhcp_eval.provenance import ROOT

PLAN = load_plan("xinhua_2021_2030")
TABLE = read_table(ROOT / "data" / "demo" / "xinhua_2015_2025.csv", PLAN)
SOME = TABLE[TABLE["indicator"].isin(["infant_mortality_rate", "neonatal_visit_rate"])]
RULE = Publication()


def test_the_workbook_holds_what_may_be_shown(tmp_path):
    rows = make_edition(SOME, PLAN, "新华区", 2025, rule=RULE).rows
    path = write_yearbook(rows, PLAN, "新华区", 2025, tmp_path / "y.xlsx", RULE)
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["说明", "健康"]
    notes = "\n".join(str(row[0]) for row in book["说明"].iter_rows(values_only=True) if row[0])
    assert "演示数据：由程序生成" in notes
    small, others = ((rows["suppressed"] == name).sum() for name in ("primary", "secondary"))
    assert f"不公布，共 {small} 个" in notes and f"另有 {others} 个数也不公布" in notes
    sheet = book["健康"]
    assert [c.value for c in sheet[2]][:4] == ["指标", "单位", "地区", "分组"]
    assert [c.value for c in sheet[2]][4:] == [f"{y}年" for y in range(2020, 2026)]
    cells = {(r[0], r[2], r[3]): r[4:] for r in sheet.iter_rows(min_row=3, values_only=True)}
    for row in rows.itertuples():
        printed = cells[row.name, row.region, row.group][row.year - 2020]
        assert printed == (row.published if row.suppressed else pytest.approx(row.value, abs=1e-4))
    assert not list(tmp_path.glob("~*")) and not book.defined_names
    assert all(one.sheet_state == "visible" for one in book)


def test_nothing_to_publish_is_said():
    with pytest.raises(DataError, match="没有可发布的数据"):
        make_edition(SOME, PLAN, "新华区", 2012, rule=RULE)
    assert make_edition(SOME, PLAN, "新华区", 2016, rule=RULE).rows["year"].max() == 2016
