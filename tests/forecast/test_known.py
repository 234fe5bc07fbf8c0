"""Causes known ahead: division and multiplication by hand, a simulation whose truth is known, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xhcp_eval.errors import DataError, ParamsError
from xhcp_eval.forecast.backtests.scores import coverage
from xhcp_eval.forecast.known import cohorts, project_known
from xhcp_eval.forecast.projection import LEVELS, project

THREE = (0.1, 0.5, 0.9)
FIRST_GRADE = {6: 8 / 12, 7: 4 / 12}
YEARS = range(2012, 2022)


def long(values, years=YEARS, name="甲", **columns):
    return pd.DataFrame({"series": name, "year": list(years), "value": list(values), **columns})


def numbers(result):
    return result[[c for c in result.columns if isinstance(c, float)]].to_numpy(float)


@pytest.fixture
def births():
    return long([900, 950, 1000, 980, 940, 900, 870, 850, 800, 780, 700, 640, 600], range(2012, 2025))


@pytest.fixture
def entrants(births):
    ratios = [0.95, 0.97, 0.96, 0.98, 0.97, 0.99, 0.98, 1.0, 0.99, 0.98]
    return long(births["value"].to_numpy()[:10] * ratios)


def test_first_grade_is_two_thirds_of_one_year_and_a_third_of_the_year_before():
    # born September 2012 to August 2013: a third of 900 and two thirds of 960
    found = cohorts(long([900, 960, 990], [2012, 2013, 2014]), FIRST_GRADE)
    assert found["year"].tolist() == [2019, 2020]
    assert found["value"].tolist() == pytest.approx([300 + 640, 320 + 660])


def test_ages_are_summed_only_where_every_birth_year_is_known():
    found = cohorts(long([10, 20, 40, 80], [2010, 2011, 2013, 2014]), {3: 1, 4: 1})
    assert found[["year", "value"]].to_numpy().tolist() == [[2014, 30], [2017, 120]]


def test_an_assumed_birth_year_makes_the_children_an_assumption():
    known = long([10, 20, 30], [2010, 2011, 2012], assumed=["", "", "设生育水平不变"])
    found = cohorts(known, {3: 1, 4: 1})
    assert found["assumed"].tolist() == ["", "设生育水平不变"]


@pytest.mark.parametrize("method", ["auto", "last_value", "linear"])
def test_per_is_the_forecast_ratio_times_what_is_known(births, entrants, method):
    ratios = entrants.assign(value=entrants["value"] / births["value"][:10], lower=0.0)
    expected = numbers(project(ratios, 3, THREE, method)) * births["value"].to_numpy()[10:, None]
    found = project_known(entrants, births, 3, quantiles=THREE, method=method)
    assert numbers(found) == pytest.approx(expected)
    assert found["year"].tolist() == [2022, 2023, 2024]
    assert found["basis"].tolist() == ["已知"] * 3


def test_plus_is_the_forecast_rest_and_all_additions_so_far():
    # four opened in 2016; three more open in 2023, none in 2024
    places = [20.0, 20, 21, 21, 26, 25, 26, 26, 27, 27]
    opened = long([4, 3, 0], [2016, 2023, 2024])
    rest = np.array(places) - np.where(np.array(YEARS) >= 2016, 4, 0)
    expected = numbers(project(long(rest, lower=0.0), 3, THREE)) + np.array([[4], [7], [7]])
    assert numbers(project_known(long(places), opened, 3, "plus", THREE)) == pytest.approx(expected)


def test_years_nobody_knows_are_missing_and_assumed_ones_say_why(births, entrants):
    known = births.assign(assumed=None)
    known.loc[known["year"] == 2024, "assumed"] = "设比上年少5%"
    found = project_known(entrants, known[known["year"] != 2022], 4, quantiles=THREE)
    assert found["basis"].tolist() == ["缺", "已知", "假定：设比上年少5%", "缺"]
    assert np.isnan(numbers(found)).all(axis=1).tolist() == [True, False, False, True]


def test_after_the_last_addition_told_nothing_is_made_up():
    found = project_known(long([20.0] * 5 + [21.0] * 5), long([2], [2023]), 4, "plus", THREE)
    assert found["basis"].tolist() == ["已知", "已知", "缺", "缺"]


def test_what_is_added_on_an_assumption_stays_one():
    planned = long([2, 1, 0], [2022, 2023, 2024], assumed=["", "批复未下", ""])
    found = project_known(long([20.0] * 5 + [21.0] * 5), planned, 3, "plus", THREE)
    assert found["basis"].tolist() == ["已知", "假定：批复未下", "假定：批复未下"]


def test_a_year_without_births_has_no_ratio(births, entrants):
    known = births.copy()
    known.loc[known["year"].isin([2014, 2021, 2023]), "value"] = 0
    found = project_known(entrants, known, 3, quantiles=THREE)
    without = project_known(entrants, known[known["value"] > 0], 3, quantiles=THREE)
    pd.testing.assert_frame_equal(found, without)
    assert found["basis"].tolist() == ["已知", "缺", "已知"]


def test_where_the_last_births_are_missing_the_forecast_reaches_over_them(births, entrants):
    known = births[births["year"] != 2021]
    ratios = entrants.assign(value=entrants["value"] / births["value"][:10], lower=0.0)[:9]
    expected = numbers(project(ratios, 4, THREE))[1:] * births["value"].to_numpy()[10:, None]
    assert numbers(project_known(entrants, known, 3, quantiles=THREE)) == pytest.approx(expected)


def test_series_without_a_cause_are_forecast_as_always_and_keep_their_place(births, entrants):
    other = long([50.0, 52, 51, 53, 54, 53, 55, 56, 55, 57], name="乙", lower=0.0, upper=100.0)
    found = project_known(pd.concat([other, entrants]), births, 2, quantiles=THREE)
    assert found["series"].tolist() == ["乙", "乙", "甲", "甲"]
    assert found["basis"].tolist() == ["按走势", "按走势", "已知", "已知"]
    assert numbers(found)[:2] == pytest.approx(numbers(project(other, 2, THREE)))
    assert numbers(found)[2:] == pytest.approx(numbers(project_known(entrants, births, 2, quantiles=THREE)))


def test_bounds_are_those_of_the_value(births):
    full = long([90.0, 92, 94, 95, 96, 97, 98, 99, 100, 100], lower=0.0, upper=100.0)
    found = numbers(project_known(full, births, 3))
    assert found.max() <= 100
    added = project_known(full, long([30], [2024]), 3, "plus")
    assert numbers(added)[-1].max() == 100


def test_breaks_and_exceptional_years_are_left_out_as_in_project(births, entrants):
    marked = entrants.assign(
        series_break=entrants["year"] == 2014, exceptional=entrants["year"].isin([2018, 2021])
    )
    marked.loc[marked["year"].isin([2012, 2013, 2018, 2021]), "value"] *= 5
    plain = entrants[entrants["year"].isin([2014, 2015, 2016, 2017, 2019, 2020])]
    found = project_known(marked, births, 3, quantiles=THREE)
    assert numbers(found) == pytest.approx(numbers(project_known(plain, births, 3, quantiles=THREE)))
    assert found["year"].tolist() == [2021, 2022, 2023]


@settings(max_examples=10, deadline=None)
@given(st.sampled_from([1e-4, 0.1, 10, 1e4]), st.sampled_from([1e-4, 1, 1e3]))
def test_units_of_value_and_cause_dont_matter(of_value, of_cause):
    born = long([900.0, 950, 1000, 980, 940, 900, 870, 850, 800, 780, 700, 640], range(2012, 2024))
    values = long([860.0, 920, 960, 955, 915, 890, 850, 850, 790, 765])
    plain = numbers(project_known(values, born, 2, quantiles=THREE))
    scaled = project_known(
        values.assign(value=values["value"] * of_value),
        born.assign(value=born["value"] * of_cause),
        2,
        quantiles=THREE,
    )
    assert numbers(scaled) == pytest.approx(plain * of_value, rel=1e-6)


@pytest.mark.parametrize("size", [8, 30, 1000])
def test_intervals_hold_and_errors_shrink_where_births_drive_entrants(size):
    rng = np.random.default_rng(7)
    n, past, ahead = 200, 12, 5
    expected = size * np.exp(np.cumsum(rng.normal(-0.05, 0.08, (n, past + ahead)), axis=1))
    born = np.maximum(rng.poisson(expected), 1)
    enter = rng.binomial(born, 0.92) + rng.poisson(0.05 * born)
    names, years = np.repeat(np.arange(n), past + ahead), np.tile(np.arange(2010, 2010 + past + ahead), n)
    known = pd.DataFrame({"series": names, "year": years, "value": born.ravel().astype(float)})
    whole = known.assign(value=enter.ravel().astype(float))
    frame = whole[whole["year"] < 2010 + past]
    truth = enter[:, past:].ravel()
    found, plain = project_known(frame, known, ahead), project(frame, ahead, LEVELS)
    errors = [np.abs(truth - table[0.5]).mean() for table in (found, plain)]
    assert errors[0] < 0.4 * errors[1]
    assert 0.77 < coverage(truth, found[0.1], found[0.9]).mean() < 0.97
    assert coverage(truth, found[0.025], found[0.975]).mean() > 0.92


def test_all_faults_of_the_known_table_are_told_at_once(entrants):
    known = long([900, -1, "无", 800, 810, 5], [2012, 2013, 2014, 2015, 2015, 2016.5])
    known["assumed"] = ["", "", "", "", "", True]
    with pytest.raises(DataError) as told:
        project_known(entrants, known, 2)
    assert told.value.problems == (
        "甲 2014 年：不是数",
        "甲 2016.5 年：年份不是整数",
        "甲 2015 年：重复：同一序列同一年出现多次",
        "甲 2016.5 年：assumed 须写明假定的理由（文字）",
        "甲 2013 年：为负；须不小于 0",
    )


def test_all_that_doesnt_fit_is_told_at_once(births, entrants):
    frame = pd.concat([entrants, entrants.assign(series="乙")])
    known = pd.concat(
        [long([900], [2012]), births[births["year"] > 2019].assign(series="乙"), long([1], [2012], "丙")]
    )
    with pytest.raises(DataError) as told:
        project_known(frame, known, 2)
    assert len(told.value.problems) == 2
    assert "丙" in told.value.problems[0]
    assert "甲" in told.value.problems[1] and "不足两年" in told.value.problems[1]


def test_additions_beyond_the_value_are_told_by_year():
    with pytest.raises(DataError, match=r"甲：2020、2021 年累计新增超过当年数值"):
        project_known(long([5.0] * 10), long([6, 0], [2020, 2022]), 1, "plus")


@pytest.mark.parametrize("table", [pd.DataFrame({"series": ["甲"], "year": [2020]}), long([np.nan], [2020])])
def test_an_empty_or_incomplete_table_is_refused(entrants, table):
    with pytest.raises(DataError, match="已知量"):
        project_known(entrants, table, 2)


def test_unusable_arguments_are_refused(births, entrants):
    with pytest.raises(ParamsError, match="per"):
        project_known(entrants, births, 2, "times")
    with pytest.raises(ParamsError, match="horizon"):
        project_known(entrants, births, 0)
    with pytest.raises(ParamsError, match="arima"):
        project_known(entrants, births, 2, method="arima")
    for shares in ({}, {6: 0}, {6.5: 1}):
        with pytest.raises(ParamsError, match="shares"):
            cohorts(births, shares)


def test_national_figures_say_where_they_come_from_and_the_births_tell_the_fall(root):
    table = pd.read_csv(root / "data" / "national" / "births_and_school.csv", encoding="utf-8")
    assert set(table["status"]) == {"verified", "derived"}
    assert table["source"].str.len().min() > 20
    assert not table.duplicated(["indicator", "year"]).any()
    of = {name: rows.assign(series="全国") for name, rows in table.groupby("indicator")}
    # official births times the two shares, divided by hand: 1723 and 1523 (ten thousand) enter in 2024
    assert cohorts(of["births"], FIRST_GRADE).set_index("year").loc[2024, "value"] == pytest.approx(
        (1723 / 3 + 1523 * 2 / 3) * 1e4
    )
    found = project_known(of["primary_entrants"], cohorts(of["births"], FIRST_GRADE), 7, quantiles=THREE)
    plain = project(of["primary_entrants"], 7, THREE)
    assert found["year"].iloc[-1] == 2031
    assert found[0.5].iloc[-1] < 0.65 * plain[0.5].iloc[-1]
