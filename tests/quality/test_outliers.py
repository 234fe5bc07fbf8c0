"""Values unlike their past: real jumps told, the noise of few cases not; values outside their forecast."""

import numpy as np
import pandas as pd
import pytest
from district_series import EYES, INFANT, STEADY, series

from xhcp_eval.errors import DataError
from xhcp_eval.quality.outliers import outside_forecast, unusual_changes


def counted(numerators, denominator, indicator=INFANT, unit="permille", per=1000):
    x = np.asarray(numerators, float)
    return series(per * x / denominator, indicator, unit, numerator=x, denominator=float(denominator))


def test_the_score_is_that_of_the_textbook():
    # changes 1, 1.5, .9, 1.2, .8, 1.1, -20: median 1, absolute deviations 0 .5 .1 .2 .2 .1 21, their median .2
    # but never below 1% of the median value 82.95: score .6745 * -21 / .8295 (and rounding: negligible)
    (found,) = unusual_changes(series([*STEADY, 66.5]), "新华区")
    assert found.finding == "较上次变动 −20个百分点/年，远超历年变动（修正z=−17.1），请核实或说明"
    assert (found.severity, found.rule, found.year) == ("低", "变动异常", 2025)


def test_one_finding_a_series_with_its_other_years():
    (found,) = unusual_changes(series([*STEADY, 66.5, 88.0, 89.1]), "新华区")
    assert found.year == 2023 and "；另有2024年" in found.finding


def test_a_few_deaths_more_are_chance():
    quiet = [10, 11, 10, 11, 10, 11, 10]
    assert unusual_changes(counted([*quiet, 17], 3000), "新华区") == []
    assert len(unusual_changes(counted([*quiet, 60], 3000), "新华区")) == 1


def test_one_place_more_is_no_jump():
    places = [1, 2, 3, 4, 5, 6, 8]
    assert unusual_changes(series(places, "child_friendly_community_count", "count"), "新华区") == []


def test_townships_and_groups_are_not_looked_at():
    assert unusual_changes(series([*STEADY, 66.5], region="新华区/甲"), "新华区") == []
    assert unusual_changes(series([*STEADY, 66.5], sex="male"), "新华区") == []
    assert unusual_changes(series([*STEADY[:5], 60.0]).iloc[:5], "新华区") == []


def test_series_that_never_moved():
    assert unusual_changes(series([0.0] * 8), "新华区") == []
    assert unusual_changes(series([100.0] * 8), "新华区") == []


# --- against the forecast


def limits(low, high, **columns):
    return pd.DataFrame(
        [{"indicator": EYES, "region": "新华区", "year": 2025, "low": low, "high": high} | columns]
    )


def test_a_value_outside_its_likely_range():
    table = series(STEADY)
    assert outside_forecast(table, limits(84.0, 90.0)) == []
    assert outside_forecast(table, limits(86.5, 90.0)) == []
    (found,) = outside_forecast(table, limits(87.2, 90.0))
    assert found.finding == "填报值 86.5% 低于按以往年份外推的99%区间 87.2%—90%"
    assert (found.severity, found.rule) == ("中", "超出预期范围")
    (above,) = outside_forecast(table, limits(70.0, 80.0), level=0.95)
    assert "高于按以往年份外推的95%区间" in above.finding


def test_what_is_not_comparable_is_not_compared():
    table, narrow = series(STEADY), limits(90.0, 91.0)
    assert outside_forecast(table.assign(series_break=table["year"] == 2025), narrow) == []
    assert outside_forecast(table.assign(exceptional=table["year"] == 2025), narrow) == []
    assert outside_forecast(table.assign(sex="male"), narrow) == []
    assert outside_forecast(table, limits(np.nan, 91.0)) == []
    assert outside_forecast(table, limits(90.0, 91.0, year=2019, region="别区")) == []
    with pytest.raises(DataError, match="缺少列 high"):
        outside_forecast(table, narrow.drop(columns="high"))
