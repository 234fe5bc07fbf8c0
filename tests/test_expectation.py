"""What the years before let expect: wide enough for honest figures, narrow enough to notice a slip."""

import pandas as pd

from xhcp_eval.expectation import COLUMNS, expected_ranges
from xhcp_eval.observations import read_table
from xhcp_eval.plan import load_plan
from xhcp_eval.provenance import ROOT
from xhcp_eval.quality import review

PLAN = load_plan("xinhua_2021_2030")
TABLE = read_table(ROOT / "data" / "demo" / "xinhua_2015_2025.csv", PLAN)
NOW = (
    (TABLE["year"] == 2025)
    & (TABLE["region"] == "新华区")
    & (TABLE[["sex", "residence", "category"]] == "total").all(axis=1)
)


def test_ranges_hold_nearly_all_generated_figures():
    ranges = expected_ranges(TABLE, PLAN, "新华区", 2025)
    assert tuple(ranges.columns) == COLUMNS
    whole = TABLE[(TABLE["year"] == 2025) & (TABLE[["sex", "residence", "category"]] == "total").all(axis=1)]
    both = ranges.merge(whole, on=["indicator", "region", "year"])
    assert len(both) > 400
    inside = both["value"].between(both["low"] - 1e-4, both["high"] + 1e-4)
    assert inside.mean() > 0.97


def test_the_data_year_itself_is_not_looked_at():
    changed = TABLE.assign(value=TABLE["value"].where(TABLE["year"] < 2025, 0))
    pd.testing.assert_frame_equal(
        expected_ranges(TABLE, PLAN, "新华区", 2025), expected_ranges(changed, PLAN, "新华区", 2025)
    )


def test_a_figure_far_out_of_line_is_asked_about():
    row = TABLE.index[NOW & (TABLE["indicator"] == "nip_vaccination_coverage")]
    wrong = TABLE.copy()
    wrong.loc[row, "value"] = 70.0
    found = review(wrong, PLAN, "新华区", 2025, forecast=expected_ranges(wrong, PLAN, "新华区", 2025))
    told = found[(found["rule"] == "超出预期范围") & (found["indicator"] == "nip_vaccination_coverage")]
    assert len(told) == 1
    assert "99%区间" in told["finding"].iloc[0]


def test_short_and_old_series_are_left_alone():
    assert expected_ranges(TABLE[TABLE["year"] > 2022], PLAN, "新华区", 2025).empty
    assert expected_ranges(TABLE[TABLE["year"] != 2024], PLAN, "新华区", 2025).empty
