"""Measures of inequality worked by hand, against statsmodels, and on groups that differ by chance alone."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xhcp_eval.bootstrap import ROOT
from xhcp_eval.errors import DataError, ParamsError
from xhcp_eval.evaluation.methods.equity import (
    MEASURES,
    NARROWED,
    UNTOLD,
    WIDENED,
    _ends_of_line,
    _ends_of_logit,
    _shrunk,
    groups_of,
    inequality,
    narrowing,
)
from xhcp_eval.observations.table import read_table
from xhcp_eval.plan.reading import load_plan

SLOPES = json.loads(
    (Path(__file__).parents[2] / "reference" / "slope_index.json").read_text(encoding="utf-8")
)


def groups(x, n):
    return pd.DataFrame({"group": [f"g{i}" for i in range(len(x))], "numerator": x, "denominator": n})


def estimates(x, n, **options):
    return inequality(groups(x, n), draws=300, **options).set_index("measure")["estimate"]


def test_by_hand():
    """Shares 50, 60, 90% of 100, 200, 100 children, worst off first; mean 65%."""
    found = estimates([50, 120, 90], [100, 200, 100], ordered=True)
    share, y, rank = np.array([0.25, 0.5, 0.25]), np.array([50.0, 60, 90]), np.array([0.125, 0.5, 0.875])
    assert found["difference"] == pytest.approx(40)
    assert found["ratio"] == pytest.approx(1.8)
    assert found["between_group_variance"] == pytest.approx(0.25 * 15**2 + 0.5 * 5**2 + 0.25 * 25**2)
    assert found["mean_difference_from_best"] == pytest.approx(0.25 * 40 + 0.5 * 30)
    assert found["attributable_risk"] == pytest.approx(25)
    assert found["attributable_fraction"] == pytest.approx(100 * 25 / 65)
    concentration = 2 / 65 * (share * y * rank).sum() - 1
    assert found["concentration_index"] == pytest.approx(concentration)
    assert found["erreygers_index"] == pytest.approx(4 * 0.65 * concentration)
    assert found["theil"] == pytest.approx(1000 * (share * y / 65 * np.log(y / 65)).sum())
    assert found["mean_log_deviation"] == pytest.approx(-1000 * (share * np.log(y / 65)).sum())


def test_slope_index_as_statsmodels():
    import statsmodels.api as sm

    rng = np.random.default_rng(2)
    for _ in range(10):
        n = rng.integers(50, 500, 6)
        x = rng.binomial(n, 0.7)
        share = n / n.sum()
        rank = share.cumsum() - share / 2
        fit = sm.WLS(100 * x / n, sm.add_constant(rank), weights=n).fit()
        found = estimates(x, n, ordered=True, link="linear")
        assert found["slope_index"] == pytest.approx(fit.params[1], abs=1e-8)
        assert found["relative_index"] == pytest.approx(fit.params.sum() / fit.params[0], abs=1e-8)
        curve = sm.GLM(x / n, sm.add_constant(rank), sm.families.Binomial(), var_weights=n).fit(tol=1e-14)
        bottom, top = curve.predict(np.array([[1.0, 0], [1.0, 1]]))
        found = estimates(x, n, ordered=True)
        assert found["slope_index"] == pytest.approx(100 * (top - bottom), abs=1e-8)
        assert found["relative_index"] == pytest.approx(top / bottom, abs=1e-8)


@pytest.mark.parametrize("name", SLOPES)
def test_slope_index_of_shares_as_r(name):
    """R's glm with each group weighted once. healthequal weights twice: its value is another one."""
    case = SLOPES[name]
    found = estimates(case["numerator"], case["denominator"], ordered=True)
    assert found["slope_index"] == pytest.approx(case["logit"], abs=1e-9)
    assert abs(found["slope_index"] - case["weighted_twice"]) > 0.01
    line = estimates(case["numerator"], case["denominator"], ordered=True, link="linear")
    # R was given the printed shares, ours the counts that they round to
    assert line["slope_index"] == pytest.approx(case["linear"], abs=0.2)


def test_fitted_shares_stay_between_none_and_all():
    """The line of WHO's sample ends at 105%; a slope that no finite one fits tends to all against none."""
    case = SLOPES["who_ordered_sample"]
    x, n = np.array(case["numerator"]), np.array(case["denominator"])
    share = n / n.sum()
    rank = share.cumsum() - share / 2
    assert _ends_of_line(100 * x / n, share, rank)[1] > 104
    assert _ends_of_logit(100 * x / n, share, rank, 100)[1] < 100
    found = estimates([0, 0, 40, 40], [40] * 4, ordered=True)
    assert found["slope_index"] == pytest.approx(100, abs=1e-3)


def test_relabelling_shares_turns_the_slope():
    x, n = np.array([30, 45, 80]), np.array([100, 90, 110])
    there, back = (estimates(a, n, ordered=True)["slope_index"] for a in (x, n - x))
    assert there == pytest.approx(-back, abs=1e-9)


def test_a_rate_has_no_logit():
    with pytest.raises(ParamsError, match="率（rate）只允许 linear"):
        inequality(groups([1, 2], [20, 30]), kind="rate", ordered=True, link="logit")


def test_two_groups_are_last_against_first_and_others_highest_against_lowest():
    assert estimates([90, 50], [100, 100])["difference"] == pytest.approx(-40)
    assert estimates([90, 50, 70], [100, 100, 100])["difference"] == pytest.approx(40)
    adverse = estimates([30, 10], [1000, 1000], kind="rate", better="lower", per=1000, ordered=True)
    assert adverse["attributable_risk"] == pytest.approx(10)
    assert "erreygers_index" not in adverse.index and "theil" in adverse.index


@given(st.lists(st.integers(1, 99), min_size=2, max_size=8), st.integers(2, 50))
@settings(max_examples=40, deadline=None)
def test_identities(percents, size):
    """Equal groups are equal by every measure; dispersion is never negative; splitting a group changes none."""
    x, n = np.array(percents) * size, np.full(len(percents), 100 * size)
    found = estimates(x, n)
    for key, value in found.items():
        if not MEASURES[key].signed:
            assert value >= -1e-9
        if len(set(percents)) == 1:
            assert value == pytest.approx(MEASURES[key].equal, abs=1e-9)
    halves = estimates(np.repeat(x, 2) / 2, np.repeat(n, 2) / 2)
    for key in ("theil", "mean_log_deviation", "between_group_variance", "mean_difference_from_best"):
        assert halves[key] == pytest.approx(found[key], abs=1e-9)


def test_townships_that_differ_by_chance_are_called_so():
    rng = np.random.default_rng(1)
    n = np.array([60, 80, 100, 150, 200, 250, 300, 350, 400, 500, 600, 700])
    found = [
        inequality(groups(rng.binomial(n, 0.85), n), draws=400, seed=k)
        .set_index("measure")
        .loc["between_group_variance"]
        for k in range(100)
    ]
    assert np.mean([one["p"] < 0.05 for one in found]) <= 0.12
    assert np.mean([one["low"] == 0 for one in found]) >= 0.88
    # what was seen is what chance shows: nothing is left over
    assert np.mean([one["estimate"] - one["by_chance"] for one in found]) == pytest.approx(0, abs=0.6)


def test_intervals_hold_the_spread_of_true_rates():
    rng = np.random.default_rng(3)
    n = np.array([60, 80, 100, 150, 200, 250, 300, 350, 400, 500, 600, 700])
    share, held = n / n.sum(), 0
    for k in range(80):
        true = np.clip(0.85 + 0.04 * rng.normal(size=12), 0, 1)
        row = (
            inequality(groups(rng.binomial(n, true), n), draws=400, seed=k)
            .set_index("measure")
            .loc["between_group_variance"]
        )
        held += row["low"] <= (share * (100 * true - 100 * (share * true).sum()) ** 2).sum() <= row["high"]
    assert held / 80 >= 0.85


@pytest.mark.parametrize("kind", ["proportion", "rate"])
def test_small_groups_are_drawn_to_the_common_rate_as_far_as_bayes_says(kind):
    # true rates around 0.1 with a prior worth 40 cases: the posterior of x events in n is known in closed form
    rng = np.random.default_rng(8)
    n = rng.integers(20, 400, 3000)
    if kind == "proportion":
        x = rng.binomial(n, rng.beta(4, 36, len(n)))
        mean = (4 + x) / (40 + n)
        variance = mean * (1 - mean) / (41 + n)
    else:
        x = rng.poisson(n * rng.gamma(4, 1 / 40, len(n)))
        mean, variance = (4 + x) / (40 + n), (4 + x) / (40 + n) ** 2
    drawn = _shrunk(x.astype(float), n.astype(float), kind, 400, rng)
    # 400 draws leave a twentieth of a deviation, 3,000 groups tell the prior's worth to some percent
    off = (drawn.mean(axis=0) - mean) / np.sqrt(variance)
    assert off.mean() == pytest.approx(0, abs=0.05) and off.std() < 0.12
    assert (drawn.var(axis=0) / variance).mean() == pytest.approx(1, abs=0.1)


def test_the_difference_of_two_groups_covers():
    rng = np.random.default_rng(5)
    held = 0
    for k in range(200):
        x = rng.binomial([80, 400], [0.9, 0.95])
        row = inequality(groups(x, [80, 400]), draws=800, seed=k).set_index("measure").loc["difference"]
        held += row["low"] <= 5 <= row["high"]
    assert 0.91 <= held / 200 <= 0.99


def test_narrowing_only_where_it_can_be_told():
    before, after = groups([700, 950], [1000, 1000]), groups([900, 960], [1000, 1000])
    found = narrowing(before, after, ordered=True).set_index("measure")
    assert found.loc["difference", "verdict"] == found.loc["ratio", "verdict"] == NARROWED
    assert found.loc["difference", "change"] == pytest.approx(-19)
    assert set(narrowing(after, before, ordered=True)["verdict"]) == {WIDENED}
    few = narrowing(groups([7, 9], [10, 10]), groups([9, 9], [10, 10]), ordered=True)
    assert set(few["verdict"]) == {UNTOLD}
    # a gap of 20 turned round to 20 the other way has not narrowed
    turned = narrowing(
        groups([700, 900], [1000, 1000]), groups([900, 700], [1000, 1000]), ordered=True
    ).set_index("measure")
    assert turned.loc["difference", "verdict"] == UNTOLD


def test_absolute_and_relative_may_part():
    """40 and 20 deaths per thousand against 12 and 4: the difference narrows, the ratio widens."""
    found = narrowing(
        groups([2000, 1000], [50000, 50000]), groups([600, 200], [50000, 50000]), "rate", "lower", True, 1000
    ).set_index("measure")
    assert (found.loc["difference", "verdict"], found.loc["ratio", "verdict"]) == (NARROWED, WIDENED)
    assert found["note"].str.contains("方向不同").all()


def test_groups_of_the_demonstration_district():
    plan = load_plan("xinhua_2021_2030")
    table = read_table(ROOT / "data" / "demo" / "xinhua_2015_2025.csv", plan)
    towns = groups_of(table, "eye_exam_coverage_0_6", "township", "新华区", 2025)
    places = groups_of(table, "eye_exam_coverage_0_6", "residence", "新华区", 2025)
    assert len(towns) == 12 and places["group"].tolist() == ["rural", "urban"]
    assert towns["numerator"].sum() == places["numerator"].sum()
    three = groups_of(table, "under5_mortality_rate", "residence", "新华区", 2025, pooled=3)
    assert (
        three["numerator"].sum()
        > groups_of(table, "under5_mortality_rate", "residence", "新华区", 2025)["numerator"].sum()
    )
    with pytest.raises(DataError, match="分组不足两个"):
        groups_of(table, "eye_exam_coverage_0_6", "township", "新华区", 1990)
    with pytest.raises(ParamsError, match="分组方式"):
        groups_of(table, "eye_exam_coverage_0_6", "wealth", "新华区", 2025)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (groups([1], [2]), "至少要有两个"),
        (groups([1, 2], [2, 3]).assign(group="a"), "不重名"),
        (groups([1, 2], [2, 0]), "分母须大于零：g1"),
        (groups([3, 2], [2, 3]), "分子大于分母：g0"),
        (groups([-1, 2], [2, 3]), "分子缺失或为负：g0"),
        (groups([np.nan, 2], [2, 3]), "分子缺失或为负：g0"),
        (groups([0, 0], [2, 3]), "都没有发生"),
        (groups([1, 2], [2, 3]).drop(columns="numerator"), "缺少列 numerator"),
        (groups(["多", 2], [2, 3]), "分子缺失"),
    ],
)
def test_refusals(table, words):
    with pytest.raises(DataError, match=words):
        inequality(table)


def test_other_refusals():
    with pytest.raises(ParamsError, match="kind"):
        inequality(groups([1, 2], [2, 3]), kind="mean")
    with pytest.raises(DataError, match="次序一致"):
        narrowing(groups([1, 2], [2, 3]), groups([1, 2], [2, 3]).iloc[::-1])
    zero = inequality(groups([0, 5], [10, 10]), ordered=True).set_index("measure")
    assert np.isnan(zero.loc["ratio", "estimate"]) and "为零" in zero.loc["ratio", "note"]
