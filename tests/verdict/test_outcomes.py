"""Forecasts beside what happened: who is scored, who isn't and why, and the score by hand."""

import numpy as np
import pandas as pd
import pytest
from small_plan import counted, deaths, indicator, rate, rows, target, verdicts_of

from xhcp_eval.verdict.outcomes import COLUMNS, brier_score, broken_years, compare_outcomes, forecast_at


def verdicts(**columns) -> pd.DataFrame:
    n = len(columns["own_status"])
    base = {
        "question": [f"q{i}" for i in range(n)], "target_id": [f"t{i}" for i in range(n)], "goal": "health.1",
        "domain": "health", "indicator": "x", "indicator_name": "指标", "unit": "percent", "target_year": 2020,
        "target_text": "≥90%", "reading": "", "role": "verdict", "latest_year": 2015.0, "latest_value": 80.0,
        "target_value": 90.0, "probability": np.nan, "every_year": False, "side": "目标以内", "small_count": False,
        "status": columns["own_status"],
    }  # fmt: skip
    return pd.DataFrame(base | columns)


@pytest.fixture
def pair():
    before = verdicts(own_status=["存在风险"] * 4, probability=[0.8, 0.4, 0.6, np.nan])
    after = verdicts(
        own_status=["已达标", "未达标", "无法判定", "已达标"],
        latest_year=[2020.0] * 4,
        latest_value=[92, 88, 90, 95],
    )
    return before, after


def test_score_by_hand(pair):
    outcomes = compare_outcomes(*pair)
    assert outcomes["scored"].tolist() == [True, True, False, False]
    score, n = brier_score(outcomes)
    assert n == 2 and score == pytest.approx((0.2**2 + 0.4**2) / 2)


def test_why_a_target_is_not_scored(pair):
    notes = compare_outcomes(*pair)["note"].tolist()
    assert notes[:2] == ["", ""]
    assert "无法判定" in notes[2] and "值在目标以内" in notes[2] and "未给出概率" in notes[3]


def test_an_outcome_of_another_year_is_no_outcome(pair):
    before, after = pair
    outcomes = compare_outcomes(before, after.assign(latest_year=2019.0))
    assert not outcomes["scored"].any() and outcomes["outcome_value"].isna().all()
    assert outcomes["note"].str.contains("2020年没有经核实的数字").all()
    assert brier_score(outcomes)[1] == 0 and np.isnan(brier_score(outcomes)[0])


def test_watches_and_comparisons_are_left_out(pair):
    before, after = pair
    assert len(compare_outcomes(before.assign(role="comparison"), after)) == 0


def test_loose_probabilities_are_kept_apart(pair):
    loose = pd.Series({"t0": 1.0, "t1": 0.0})
    outcomes = compare_outcomes(*pair, loose=loose)
    assert brier_score(outcomes, "probability_loose") == (pytest.approx(0.0), 2)
    assert brier_score(outcomes)[0] == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("years", "met", "words"), [([2012], 1.0, "其后各年都已保持"), ([2012, 2018], 0.0, "其后有年份未保持")]
)
def test_a_promise_broken_before_the_forecast_is_scored_on_the_years_still_open(years, met, words):
    """The probability was that of keeping it from then on."""
    before = verdicts(own_status=["未达标"], probability=[0.8], every_year=True)
    after = verdicts(own_status=["未达标"], every_year=True, latest_year=2020.0, latest_value=95.0)
    row = compare_outcomes(before, after, {"t0": years}).iloc[0]
    assert row["scored"] and row["met"] == met and row["squared_error"] == pytest.approx((0.8 - met) ** 2)
    assert "2012年在作预测时已未保持" in row["note"] and words in row["note"]


def test_a_promise_that_was_kept_until_now_needs_no_note():
    before = verdicts(own_status=["预期可达标"], probability=[0.8], every_year=True)
    kept = verdicts(own_status=["已达标"], every_year=True, latest_year=2020.0)
    broken = verdicts(own_status=["未达标"], every_year=True, latest_year=2020.0)
    assert compare_outcomes(before, kept).iloc[0][["met", "note"]].tolist() == [1.0, ""]
    assert compare_outcomes(before, broken, {"t0": [2019]}).iloc[0][["met", "note"]].tolist() == [0.0, ""]


def test_what_came_of_it_is_told_for_the_targets_own_year_only():
    before = verdicts(own_status=["存在风险"] * 3, probability=[0.5] * 3)
    after = verdicts(
        own_status=["已达标", "已达标", "无法判定"], latest_year=[2020.0, 2019.0, 2020.0], latest_value=91.0
    )
    found = compare_outcomes(before, after)
    assert found["outcome_status"].tolist() == ["已达标", "", "无法判定"]
    assert found["outcome_side"].tolist() == ["目标以内", "", "目标以内"]
    assert found["met"].tolist()[0] == 1.0 and found["met"].isna().tolist() == [False, True, True]
    assert found["outcome_value"].isna().tolist() == [False, True, False]


@pytest.mark.parametrize(("broken", "met"), [((2022,), 1.0), ((2022, 2027), 0.0)])
def test_what_was_broken_before_the_forecast_is_known_from_the_verdicts(broken, met):
    """Judged in 2024 and in 2030: the years from 2025 on are what the probability was of."""
    promise = indicator(census=True, targets=[target("every_year", ">=", 90)])
    years = range(2016, 2031)
    table = rows([80 if year in broken else 95 + year % 3 for year in years], years=years)
    before, after = (verdicts_of([promise], table, until=year) for year in (2024, 2030))
    assert broken_years(after) == {"x@every_year": list(broken)}
    row = compare_outcomes(before.explained(), after.explained(), broken_years(after)).iloc[0]
    assert row["predicted_status"] == row["outcome_status"] == "未达标"
    assert row["scored"] and row["met"] == met
    assert row["squared_error"] == (before.frame["probability"][0] - met) ** 2
    assert row["note"].startswith("2022年在作预测时已未保持")


NAN = np.nan
NO_YEAR, NO_CHANCE = "2020年没有经核实的数字，不计分", "当时未给出概率，不计分"
SAID = "{}在作预测时已未保持；概率只指其后各年，按此计分：{}"
KEPT, BROKEN = "其后各年都已保持", "其后有年份未保持"


@pytest.mark.parametrize(
    ("early", "late", "broken", "met", "scored", "note"),
    [
        ({}, {}, [], 1.0, True, ""),
        ({}, {"own_status": "未达标"}, [], 0.0, True, ""),
        ({"probability": NAN}, {}, [], 1.0, False, NO_CHANCE),
        ({}, {"latest_year": 2019}, [], NAN, False, NO_YEAR),
        ({}, {"own_status": "无法判定", "side": "目标以外"}, [], NAN, False, "结果为“无法判定”，不计分（值在目标以外）"),
        ({}, {"own_status": "缺数据", "side": ""}, [], NAN, False, "结果为“缺数据”，不计分"),
        # what was broken says nothing of a target of one year
        ({}, {"own_status": "未达标"}, [2012], 0.0, True, ""),
        # the year of the last figure was known when it was foreseen, that after it was not
        ({"every_year": True}, {"own_status": "未达标"}, [2015, 2015], 1.0, True, SAID.format("2015年", KEPT)),
        ({"every_year": True}, {"own_status": "未达标"}, [2016], 0.0, True, ""),
        ({"every_year": True}, {"own_status": "未达标"}, [2012, 2013, 2016], 0.0, True, SAID.format("2012年、2013年", BROKEN)),
        ({"every_year": True, "probability": NAN}, {"own_status": "未达标"}, [2012], 1.0, False, NO_CHANCE),
        ({"every_year": True}, {"own_status": "未达标", "latest_year": 2018}, [2012], NAN, False, NO_YEAR),
        # kept since, as far as one can tell: not on few events, nor where no value can lie within
        ({"every_year": True}, {"own_status": "未达标", "small_count": True}, [2012], NAN, False, "结果为“未达标”，不计分（值在目标以内）"),
        ({"every_year": True}, {"own_status": "未达标", "side": ""}, [2012], NAN, False, "结果为“未达标”，不计分"),
    ],
)  # fmt: skip
def test_every_column_of_one_outcome(early, late, broken, met, scored, note):
    before = verdicts(**{"own_status": ["存在风险"], "probability": 0.8, "reading": "严"} | early)
    after = verdicts(
        **{"own_status": ["已达标"], "latest_year": 2020, "latest_value": 91.0, "target_value": 90.5,
           "target_text": "≥90.5%"} | late
    )  # fmt: skip
    found = compare_outcomes(before, after, {"t0": broken} if broken else None)
    assert list(found.columns) == list(COLUMNS)
    then, now = before.iloc[0], after.iloc[0]
    come = now["latest_year"] == 2020
    expected = {
        "question": "q0", "target_id": "t0", "goal": "health.1", "domain": "health", "indicator": "x",
        "indicator_name": "指标", "unit": "percent", "target_year": 2020, "target_text": "≥90.5%", "reading": "严",
        "origin_year": 2015.0, "origin_value": 80.0, "probability": then["probability"], "predicted_status": "存在风险", "published_status": "存在风险",
        "outcome_year": 2020 if come else NAN, "outcome_value": 91.0 if come else NAN, "target_value": 90.5,
        "outcome_status": now["own_status"] if come else "", "outcome_side": now["side"] if come else "", "met": met,
        "scored": scored, "squared_error": (0.8 - met) ** 2 if scored else NAN, "note": note, "probability_loose": NAN,
    }  # fmt: skip
    pd.testing.assert_frame_equal(found, pd.DataFrame([expected]), check_dtype=False, rtol=1e-12)


def test_targets_without_a_value_then_or_without_a_row_now_are_left_out(pair):
    before, after = pair
    early = before.assign(latest_year=[2015.0, NAN, 2015.0, 2015.0])
    assert compare_outcomes(early, after.iloc[:3])["target_id"].tolist() == ["t0", "t2"]
    assert list(compare_outcomes(early.head(0), after).columns) == list(COLUMNS)


def test_broken_years_are_those_of_the_one_region():
    """Two regions, two promises: every series goes by its own years, in order."""
    promises = [indicator(id=name, census=True, targets=[target("every_year", ">=", 90)]) for name in "xy"]
    broken = {("甲县", "x"): [2024, 2022], ("甲县", "y"): [2025], ("乙县", "x"): [2021]}
    parts = [
        rows([80 if year in broken.get((region, name), ()) else 95 for year in range(2016, 2026)], region=region, name=name)
        for region in ("甲县", "乙县") for name in "xy"
    ]  # fmt: skip
    both = verdicts_of(promises, *parts)
    assert broken_years(both.region("甲县")) == {"x@every_year": [2022, 2024], "y@every_year": [2025]}
    assert broken_years(both.region("乙县")) == {"x@every_year": [2021]}


def test_quantiles_are_those_of_the_year_asked_for():
    """Of what can be looked ahead with: not of a year that has come, of a stranger, nor of what was only recalled."""
    items = [
        indicator(targets=[target(2030, ">=", 90)]), rate(id="r", targets=[target(2030, "<=", 4)]),
        indicator(id="old", targets=[target(2030, ">=", 90)]),
    ]  # fmt: skip
    parts = [
        counted(range(70, 80), 500, region="甲县"), counted(range(60, 70), 500, region="乙县"),
        deaths([9, 8, 10, 9, 8, 9, 7, 8, 6, 7], 1000, name="r", region="甲县"),
        counted(range(70, 80), 500, name="old", region="甲县", status="recollection"),
    ]  # fmt: skip
    origin = verdicts_of(items, *parts, use_recollection=True)
    asked = pd.DataFrame(
        {"indicator": ["r", "x", "x", "x", "nobody", "old", "x"],
         "target_year": [2028, 2030, 2026, 2025, 2030, 2030, 2031]}, index=[9, 8, 7, 6, 5, 4, 3],
    )  # fmt: skip
    found = forecast_at(origin.region("甲县"), asked)
    assert found.columns.tolist() == [
        "forecast_2",
        "forecast_10",
        "forecast_50",
        "forecast_90",
        "forecast_98",
    ]
    assert found.index.tolist() == asked.index.tolist()
    levels = np.array([0.025, 0.1, 0.5, 0.9, 0.975])
    for at in (9, 8, 7):
        row = origin.block.find(asked.loc[at, "indicator"], "甲县")
        expected = origin.outlook.quantiles(np.array([row]), np.array([asked.loc[at, "target_year"]]), levels)
        assert found.loc[at].tolist() == expected[0].tolist() and np.isfinite(expected).all()
    assert found.loc[[6, 5, 4, 3]].isna().all(axis=None)
    assert forecast_at(origin.region("甲县"), asked.head(0)).shape == (0, 5)


def test_nothing_is_foreseen_where_nothing_was_reported():
    parts = [rows([80], years=[2031]), rows([80], years=[2025], name="other")]
    origin = verdicts_of([indicator(targets=[target(2030, ">=", 90)])], *parts)
    found = forecast_at(origin, pd.DataFrame({"indicator": ["x"], "target_year": [2030]}))
    assert not len(origin.block) and found.isna().all(axis=None)
