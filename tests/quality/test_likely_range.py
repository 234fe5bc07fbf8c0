"""The likely range of a year: from the years before it only, for the quality review."""

import numpy as np
import pandas as pd
import pytest

from xhcp_eval.errors import ParamsError
from xhcp_eval.observations.table import COLUMNS, DEFAULTS
from xhcp_eval.plan.reading import load_plan
from xhcp_eval.quality.likely_range import COLUMNS as RANGE_COLUMNS
from xhcp_eval.quality.likely_range import likely_range
from xhcp_eval.quality.outliers import outside_forecast

PLAN = load_plan("xinhua_2021_2030")
EYES, INFANT = "eye_exam_coverage_0_6", "infant_mortality_rate"


def series(values, indicator=EYES, unit="percent", last=2025, **columns):
    """Yearly figures of the district."""
    years = np.arange(last - len(values) + 1, last + 1)
    facts = {"indicator": indicator, "region": "新华区", "level": "district", "unit": unit, "status": "reported",
             "source": "表"}  # fmt: skip
    table = pd.DataFrame({"year": years, "value": np.asarray(values, float)}).assign(
        **(DEFAULTS | facts | columns)
    )
    return table[list(COLUMNS)].astype({"numerator": float, "denominator": float})


STEADY = [80.0, 81.0, 82.5, 83.4, 84.6, 85.4, 86.5]


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
