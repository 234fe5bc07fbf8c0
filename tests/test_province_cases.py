"""A region opened out of a block is the one that `make_case` opens, with chances that needn't be simulated."""

import numpy as np
import pandas as pd
import pytest
from xhcp_eval.assessment import assess, make_case
from xhcp_eval.province.cases import DIGITS, open_case, open_cases

from xhcp_eval.errors import DataError
from xhcp_eval.observations import read_table
from xhcp_eval.plan import load_plan
from xhcp_eval.provenance import ROOT
from xhcp_eval.verdict.settings import Settings

PLAN = load_plan("xinhua_2021_2030")
ARRAYS = ("years", "values", "numerator", "denominator", "trusted", "exceptional")
FACTS = ("key", "region", "category", "survey", "is_unit", "statuses", "indicator")
# what a simulated probability may shift beside itself
SIMULATED = (
    "probability",
    "own_status",
    "status",
    "reason",
    "target_value",
    "gap",
    "required_pace",
    "covered",
)


@pytest.fixture(scope="module")
def table():
    return read_table(ROOT / "data" / "demo" / "xinhua_2015_2025.csv", PLAN)


@pytest.fixture(scope="module")
def neighbours(table):
    """Three regions: the district, one that ends earlier, one with a third of its rows."""
    early = table[table["year"] <= 2022].assign(region=table["region"].str.replace("新华区", "甲县"))
    thin = table.iloc[::3].assign(region=table["region"].str.replace("新华区", "乙县"))
    return pd.concat([table, early, thin], ignore_index=True)


@pytest.fixture(scope="module", params=[2025, 2020])
def both(request, table):
    settings = Settings()
    return (
        make_case(table, PLAN, PLAN.region, settings, request.param),
        open_case(table, PLAN, PLAN.region, settings, request.param),
    )


def test_the_same_series_and_forecasts(both):
    one, other = both
    assert list(one.series) == list(other.series)
    for key, history in one.series.items():
        found = other.series[key]
        assert [getattr(found, name) for name in FACTS] == [getattr(history, name) for name in FACTS]
        for name in ARRAYS:
            np.testing.assert_array_equal(getattr(found, name), getattr(history, name))
        unknown = history.forecast is None or np.isnan(history.forecast).all()
        assert (found.forecast is None) == unknown
        if not unknown:
            np.testing.assert_allclose(found.forecast, history.forecast, rtol=1e-6, atol=1e-9)
    assert {name: [h.key for h in found] for name, found in one.units.items()} == {
        name: [h.key for h in found] for name, found in other.units.items()
    }


def test_verdicts_differ_by_simulation_error_only(both):
    simulated, integrated = (assess(case) for case in both)
    pd.testing.assert_frame_equal(
        simulated.drop(columns=list(SIMULATED)), integrated.drop(columns=list(SIMULATED)), rtol=1e-6
    )
    p, q = simulated["probability"], integrated["probability"]
    assert (p.isna() == q.isna()).all()
    error = np.sqrt(np.maximum(q * (1 - q), 1e-4) / Settings().draws)
    assert ((p - q).abs().dropna() <= 4.5 * error.loc[q.notna()] + 0.002).all()
    assert both[1].chances, "nothing was integrated"
    near = (p - q).abs().fillna(0) < 1e-9
    assert (simulated["own_status"] == integrated["own_status"])[near].all()


def test_a_region_is_opened_alike_whoever_stands_beside_it(neighbours):
    names = ["乙县", "新华区", "甲县"]
    together = open_cases(neighbours, PLAN, names, Settings(), 2025)
    assert [case.region for case in together] == names
    for case in together:
        own = neighbours["region"].str.split("/").str[0] == case.region
        alone = open_case(neighbours[own], PLAN, case.region, Settings(), 2025)
        assert alone.chances == case.chances
        pd.testing.assert_frame_equal(assess(alone), assess(case), check_exact=True)


def test_chances_are_rounded_and_probabilities(neighbours):
    for case in open_cases(neighbours, PLAN, ["新华区", "乙县"], Settings(), 2025):
        found = np.array(list(case.chances.values()))
        assert ((found >= 0) & (found <= 1)).all()
        np.testing.assert_array_equal(found, found.round(DIGITS))


def test_a_table_without_its_columns_is_refused(table):
    with pytest.raises(DataError, match="year"):
        open_case(table.drop(columns="year"), PLAN, PLAN.region, Settings(), 2025)
