"""The likely range of a year: from the years before it only, for the quality review."""

import pandas as pd
import pytest
from district_series import EYES, INFANT, STEADY, series

from xhcp_eval.errors import ParamsError
from xhcp_eval.plan.reading import load_plan
from xhcp_eval.quality.likely_range import COLUMNS as RANGE_COLUMNS
from xhcp_eval.quality.likely_range import likely_range
from xhcp_eval.quality.outliers import outside_forecast

PLAN = load_plan("xinhua_2021_2030")


def test_the_likely_range_knows_nothing_of_the_year_itself():
    rows = [series(STEADY), series([*STEADY[:6], 40.0], INFANT, "permille")]
    found = likely_range(pd.concat(rows), PLAN, "新华区", 2025)
    assert tuple(found.columns) == RANGE_COLUMNS and set(found["indicator"]) == {EYES, INFANT}
    assert (found["year"] == 2025).all() and (found["low"] < found["high"]).all()
    eyes = found.set_index("indicator").loc[EYES]
    assert eyes["low"] < 86.5 < eyes["high"] <= 100
    other = likely_range(
        pd.concat([rows[0].assign(value=[*STEADY[:6], 10.0]), rows[1]]), PLAN, "新华区", 2025
    )
    pd.testing.assert_frame_equal(found, other)
    (outside,) = outside_forecast(pd.concat(rows), found)
    assert outside.indicator == INFANT


def test_a_narrower_level_gives_a_narrower_range():
    wide, narrow = (
        likely_range(series(STEADY), PLAN, "新华区", 2025, level).iloc[0] for level in (0.99, 0.8)
    )
    assert wide["low"] < narrow["low"] < narrow["high"] < wide["high"]


def test_short_and_silent_series_have_no_range():
    assert likely_range(series(STEADY[:4]), PLAN, "新华区", 2025).empty
    assert likely_range(series(STEADY, last=2020), PLAN, "新华区", 2025).empty
    assert likely_range(series(STEADY, status="recollection"), PLAN, "新华区", 2025).empty
    with pytest.raises(ParamsError, match="0 与 1 之间"):
        likely_range(series(STEADY), PLAN, "新华区", 2025, level=99)
