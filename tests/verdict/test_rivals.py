"""Other methods are asked what we were asked, given what we were given, and scored as we are."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.stats import t as student
from small_plan import indicator, rows, target, verdicts_of

from xhcp_eval.forecast.other_rules import OTHER_METHODS
from xhcp_eval.verdict.outcomes import asked_in_time, compare_outcomes
from xhcp_eval.verdict.rivals import ALWAYS, COLUMNS, HALF, OURS, SCORES, method_scores, rival_forecasts

YEARS = range(2015, 2026)
RISING = [70 + 1.5 * k + (0.4 if k % 2 else -0.4) for k in range(11)]
LEVEL = [60 + (0.3 if k % 3 else -0.5) for k in range(11)]


@pytest.fixture(scope="module")
def foreseen():
    """Two indicators, judged in 2022 and in 2025: one rises past its target, the other stays where it was."""
    items = [
        indicator(id="up", targets=[target(2025, ">=", 83)]),
        indicator(id="flat", targets=[target(2025, ">=", 75)]),
    ]
    parts = [rows(RISING, years=YEARS, name="up"), rows(LEVEL, years=YEARS, name="flat")]
    origin, after = (verdicts_of(items, *parts, until=year) for year in (2022, 2025))
    return origin, compare_outcomes(origin.explained(), after.explained())


def test_every_method_is_held_against_the_same_outcomes(foreseen):
    found = rival_forecasts(*foreseen)
    assert list(found.columns) == list(COLUMNS)
    names = [OURS, "线性趋势", *(m.name for m in OTHER_METHODS.values()), HALF, ALWAYS]
    assert found["method"].drop_duplicates().tolist() == names
    for _, part in found.groupby("method", sort=False):
        assert part["target_id"].tolist() == ["up@2025", "flat@2025"]
        assert part["met"].tolist() == [1, 0]
    ours = found[found["method"] == OURS]
    assert ours["probability"].tolist() == foreseen[1]["probability"].tolist()


def test_the_straight_line_is_that_of_least_squares(foreseen):
    """The chance of its own prediction interval, as statsmodels has it."""
    found = rival_forecasts(*foreseen).set_index(["method", "target_id"])["probability"]
    x = sm.add_constant(np.arange(2015, 2023) - 2015.0)
    for name, values, bound in (("up", RISING, 83), ("flat", LEVEL, 75)):
        fit = sm.OLS(np.array(values[:8]), x).fit()
        ahead = fit.get_prediction([[1.0, 10.0]])
        chance = student.sf((bound - ahead.predicted_mean[0]) / ahead.se_obs[0], fit.df_resid)
        # between quantiles the chance is interpolated, beyond them it goes on along the last slope
        assert found["线性趋势", f"{name}@2025"] == pytest.approx(chance, abs=0.02)
    assert found["SDSN 箭头", "up@2025"] == 1 and found["SDSN 箭头", "flat@2025"] == 0
    assert np.isnan(found["健康国民2030", "up@2025"])


def test_scores_by_hand():
    rivals = pd.DataFrame(
        {"method": ["甲"] * 4 + ["乙"] * 4, "indicator": list("aabc") * 2,
         "probability": [0.9, 0.5, 0.2, np.nan] + [np.nan] * 4,
         "squared_error": [0.01, 0.25, 0.64, np.nan] + [np.nan] * 4, "hit": [1, 0.5, 0, np.nan] + [np.nan] * 4}
    )  # fmt: skip
    found = method_scores(rivals)
    assert list(found.columns) == list(SCORES)
    first, second = found.iloc[0], found.iloc[1]
    assert (first["n"], first["hits"]) == (3, 1.5)
    assert first["brier"] == pytest.approx(0.3)
    # two indicators: the interval reaches from the mean of one to that of the other
    assert (first["low"], first["high"]) == (pytest.approx(0.13), pytest.approx(0.64))
    assert second["n"] == 0 and second[["brier", "low", "high"]].isna().all()


def test_nothing_scored_gives_no_rows(foreseen):
    origin, outcomes = foreseen
    found = rival_forecasts(origin, outcomes.assign(scored=False))
    assert found.empty and list(found.columns) == list(COLUMNS)


def test_a_target_is_asked_for_the_last_year_with_figures():
    """One that ends after the origin and before its own year; not one that is known, old, yearly or by unit."""

    def one(name, year, **more):
        return indicator(id=name, targets=[target(year, ">=", 80) | more])

    items = [one("early", 2030), one("known", 2025), one("old", 2030), one("always", "every_year"),
             one("units", 2030, aggregation="min_over_township")]  # fmt: skip
    parts = [
        rows(RISING[:n], years=range(2015, 2015 + n), name=name)
        for name, n in (("early", 10), ("known", 11), ("old", 8), ("always", 10), ("units", 10))
    ]
    after = verdicts_of(items, *parts, until=2025)
    assert asked_in_time(after, 2022) == {"early@2030": 2024}
    plan = after.plan.asked_in({"early@2030": 2024})
    assert {t.id: t.year for t in plan.targets()} == {t.id: t.year for t in after.plan.targets()} | {
        "early@2030": 2024
    }
    assert plan.indicator("early").targets[0].year == 2024 and plan.goals == after.plan.goals
