"""The series as a table: what figures draw and other models are given is what verdicts rest on."""

import numpy as np
import pandas as pd
import pytest
from naive_series import read
from random_figures import ITEMS, random_table
from small_plan import counted, indicator, plan_of, rate, rows, target, verdicts_of

from xhcp_eval.forecast.small_numbers import rate_interval
from xhcp_eval.verdict.histories import COLUMNS, histories
from xhcp_eval.verdict.judging import judge
from xhcp_eval.verdict.settings import Settings

DEATHS = [9, 8, 10, 9, 8, 9, 7, 8, 9, 8]


def deaths():
    return rows([d / 2 for d in DEATHS], unit="permille", numerator=DEATHS, denominator=2000)


def test_judged_values_are_pooled_as_the_settings_say():
    for settings, wide in (
        (Settings(), 3),
        (Settings(pool_years=2), 2),
        (Settings(few_events=1, pool_years=1), 1),
    ):
        found = histories(verdicts_of([rate(targets=[target(2030, "<=", 5)])], deaths(), settings=settings))
        assert list(found.columns) == list(COLUMNS) and found["year"].tolist() == list(range(2016, 2026))
        last = found.iloc[-1]
        events, births = sum(DEATHS[-wide:]), 2000 * wide
        assert last["judged"] == pytest.approx(1000 * events / births)
        assert last["judged_first_year"] == 2025 - wide + 1
        low, high = rate_interval(events, births, per=1000)
        assert (last["judged_low"], last["judged_high"]) == pytest.approx((float(low), float(high)))
        assert last["low"] == pytest.approx(float(rate_interval(8, 2000, per=1000)[0]))


def test_a_census_has_no_intervals_and_gives_forecasters_no_counts():
    villages = indicator(census=True, targets=[target(2030, ">=", 95)])
    found = histories(verdicts_of([villages], counted([95, 95, 95, 95, 95, 95, 95, 95, 95, 95], 60)))
    assert (
        found[["low", "high", "judged_low", "judged_high", "numerator", "denominator"]].isna().all(axis=None)
    )
    sample = histories(verdicts_of([indicator(targets=[target(2030, ">=", 95)])], counted([95] * 10, 60)))
    assert sample[["low", "high", "numerator"]].notna().all(axis=None)


def test_what_is_left_out_of_the_trend_is_marked_and_what_isnt_firm_is_not_judged():
    table = rows([50.0, 51, 52, 30, 54, 55, 56, 57, 58, 59])
    table["exceptional"] = table["year"] == 2019
    table["status"] = np.where(table["year"] == 2017, "recollection", "reported")
    found = histories(
        verdicts_of([indicator(targets=[target(2030, ">=", 60)])], table, use_recollection=True)
    ).set_index("year")
    assert not found.loc[2019, "usual"] and found["usual"].sum() == 9
    assert np.isnan(found.loc[2017, "judged"]) and found.loc[2019, "judged"] == 30
    assert (found["upper"] == 100).all() and (found["ceiling"] == 100).all()


@pytest.mark.parametrize(("region", "use"), [("乙县", True), ("甲县", False)])
def test_every_column_of_every_year_is_the_one_that_a_series_has_by_itself(region, use):
    """Random figures of all kinds, of three regions of which one is asked for; townships and parts stay out."""
    plan = plan_of([item | {"targets": [target(2030, ">=", 50)]} for item in ITEMS])
    table = random_table(8).query("category == 'total' or indicator == 'x'")
    verdicts = judge(table, plan, until=2024, use_recollection=use)
    found, expected = histories(verdicts.region(region)), []
    series = read(table, plan, region, verdicts.outlook, 2024, use)
    keys = [f"{item['id']}|{region}|total|total" for item in ITEMS]
    for key, f in ((key, series[key]) for key in keys if key in series):
        ceiling = 100 if f.indicator.unit == "percent" else f.upper
        for year, point in f.points.items():
            one, judged = f.judged(year, 1), f.judged(year)
            pooled = (judged.value, *f.interval(judged), judged.first) if judged else (np.nan,) * 4
            counts = (point.x, point.n) if f.counted else (np.nan, np.nan)
            expected.append(
                (key, f.indicator.id, year, point.value, *(f.interval(one) if one else (np.nan, np.nan)), *pooled,
                 year in f.usual, *counts, f.lower, f.upper, ceiling)
            )  # fmt: skip
    expected = pd.DataFrame(expected, columns=list(COLUMNS))
    assert len(verdicts.regions) == 3 and len(expected) > 20
    pd.testing.assert_frame_equal(found, expected, check_dtype=False, rtol=1e-12)


def test_without_a_series_the_table_is_empty():
    parts = [rows([80], years=[2031]), rows([80], years=[2025], name="other")]
    found = histories(verdicts_of([indicator(targets=[target(2030, ">=", 90)])], *parts))
    assert found.empty and list(found.columns) == list(COLUMNS)
