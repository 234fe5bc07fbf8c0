"""Difference in differences: published case, agreement with linearmodels and statsmodels, placebos, refusals."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xhcp_eval.errors import DataError, ParamsError
from xhcp_eval.evaluation.methods.difference_in_differences import (
    DifferenceInDifferences,
    difference_in_differences,
)


def panel(
    units: int = 14, treated: int = 5, effect: float = 1.5, seed: int = 3, drift: float = 0.0
) -> pd.DataFrame:
    """Ten years from 2010, the measure from 2016 on."""
    rng = np.random.default_rng(seed)
    under = np.zeros((units, 10))
    under[:treated, 6:] = 1
    values = rng.normal(size=(units, 1)) + rng.normal(size=10) + rng.normal(size=(units, 10)) + effect * under
    values[:treated] += drift * np.arange(10)
    rows = {
        "unit": np.repeat([f"乡镇{i}" for i in range(units)], 10),
        "period": np.tile(np.arange(2010, 2020), units),
    }
    return pd.DataFrame(rows | {"outcome": values.ravel(), "treated": under.ravel()})


def test_card_and_krueger_as_published():
    # Card & Krueger 1994, table 3: FTE employment 20.44 to 21.03 in New Jersey, 23.33 to 21.17 in Pennsylvania; 2.76.
    table = pd.DataFrame(
        {
            "unit": ["NJ", "NJ", "PA", "PA"],
            "period": [1, 2, 1, 2],
            "outcome": [20.44, 21.03, 23.33, 21.17],
            "treated": [0, 1, 0, 0],
        }
    )
    found = difference_in_differences(table)
    assert found.estimate == pytest.approx(2.76, abs=0.011)
    # Means of two states carry no interval and no cause.
    assert np.isnan([found.low, found.high, found.p, found.wild_p, found.pre_trend_p]).all()
    assert not found.may_say_cause and "给不出区间" in found.sentence
    last = found.series.iloc[-1]
    assert last["counterfactual"] == pytest.approx(20.44 + 21.17 - 23.33)


def test_agrees_with_linearmodels():
    from linearmodels.panel import PanelOLS

    for seed in (3, 4):
        table = panel(seed=seed)
        found = difference_in_differences(table)
        rows = table.set_index(["unit", "period"])
        model = PanelOLS(rows["outcome"], rows[["treated"]], entity_effects=True, time_effects=True)
        fit = model.fit(cov_type="clustered", cluster_entity=True, group_debias=True)
        assert found.estimate == pytest.approx(fit.params["treated"], rel=1e-8)
        assert found.clustered_se == pytest.approx(fit.std_errors["treated"], rel=1e-8)


def test_event_study_agrees_with_linearmodels():
    from linearmodels.panel import PanelOLS

    table = panel()
    rows = table.set_index(["unit", "period"])
    treated = rows.groupby("unit")["treated"].transform("max")
    years = [year for year in range(2010, 2020) if year != 2015]
    dummies = pd.DataFrame({f"y{y}": treated * (rows.index.get_level_values(1) == y) for y in years})
    fit = PanelOLS(rows["outcome"], dummies, entity_effects=True, time_effects=True).fit()
    events = difference_in_differences(table).events.set_index("period")
    np.testing.assert_allclose(events.loc[years, "estimate"], fit.params, rtol=1e-8)
    assert events.loc[2015, "estimate"] == 0


def test_interval_is_cr2_with_bell_mccaffrey_degrees_of_freedom():
    # The general formulas of Imbens & Kolesar 2016 on the regression of changes on treatment, a cluster a unit.
    from scipy.stats import t

    table = panel()
    wide = table.pivot(index="unit", columns="period", values="outcome")
    change = (wide.loc[:, 2016:].mean(axis=1) - wide.loc[:, :2015].mean(axis=1)).to_numpy()
    group = table.groupby("unit")["treated"].max().to_numpy()
    x = np.column_stack([np.ones(14), group])
    inverse = np.linalg.inv(x.T @ x)
    hat = x @ inverse @ x.T
    residual = change - hat @ change
    lever = 1 / np.sqrt(1 - np.diag(hat))
    row = (x @ inverse)[:, 1]
    error = np.sqrt((row**2 * lever**2 * residual**2).sum())
    g = (np.eye(14) - hat) * (lever * row)
    values = np.linalg.eigvalsh(g.T @ g)
    reach = t.ppf(0.975, values.sum() ** 2 / (values**2).sum()) * error
    found = difference_in_differences(table)
    assert (found.low, found.high) == pytest.approx(
        (found.estimate - reach, found.estimate + reach), rel=1e-8
    )


def test_permutation_by_hand():
    # Changes 5 and 6 against 0, 1, 2: of ten ways to pick two, only the real one differs by 4.5 or more.
    table = pd.DataFrame(
        [(u, p, c * p, p * (u < 2)) for u, c in enumerate([5, 6, 0, 1, 2]) for p in (0, 1)],
        columns=["unit", "period", "outcome", "treated"],
    )
    found = difference_in_differences(table)
    assert found.estimate == pytest.approx(4.5)
    assert found.permutation_p == pytest.approx(0.1)
    assert found.placebo_groups.set_index("unit")["estimate"].to_dict() == pytest.approx(
        {2: -1.5, 3: 0, 4: 1.5}
    )


def test_effect_found_and_named():
    found = difference_in_differences(panel(effect=3))
    assert found.low > 0 and found.wild_p < 0.05 and found.permutation_p < 0.05
    assert found.may_say_cause and "可归于" in found.sentence
    none = difference_in_differences(panel(effect=0))
    assert none.low < 0 < none.high
    assert "可归于" not in none.sentence and "相容" in none.sentence


def test_trends_apart_beforehand_forbid_a_cause():
    found = difference_in_differences(panel(drift=1.5))
    assert found.pre_trend_p < 0.05
    assert not found.may_say_cause and "不平行" in found.sentence
    assert "不成立" in found.assumptions[0]
    assert (found.placebo_dates["p"] < 0.05).any()


@pytest.mark.parametrize(("units", "treated", "words"), [(14, 2, "少于 3 个"), (5, 3, "少于 3 个")])
def test_few_units_forbid_a_cause(units, treated, words):
    found = difference_in_differences(panel(units, treated, effect=20))
    assert not found.may_say_cause and words in found.sentence


def test_one_treated_unit_has_no_interval_but_a_rank():
    found = difference_in_differences(panel(12, 1, effect=20))
    assert np.isnan([found.low, found.high, found.wild_p]).all()
    assert found.permutation_p == pytest.approx(1 / 12)


def test_short_time_before_forbids_a_cause():
    table = panel(effect=20)
    found = difference_in_differences(table[table["period"] >= 2014])
    assert found.before == 2
    assert not found.may_say_cause and "平行趋势无从检验" in found.sentence


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 100), shift=st.floats(-50, 50), factor=st.floats(0.1, 10))
def test_effects_of_units_and_years_drop_out(seed, shift, factor):
    table = panel(seed=seed)
    other = table.assign(
        outcome=factor * table["outcome"] + shift * (table["period"] % 3) + 7 * table.groupby("unit").ngroup()
    )
    first, second = (
        difference_in_differences(x, draws=99) for x in (table, other.sample(frac=1, random_state=1))
    )
    assert second.estimate == pytest.approx(factor * first.estimate, rel=1e-6, abs=1e-9)
    assert second.high - second.low == pytest.approx(factor * (first.high - first.low), rel=1e-6)


def test_wild_bootstrap_holds_its_level_with_few_units():
    from xhcp_eval.evaluation.methods.difference_in_differences import _wild_p

    rng = np.random.default_rng(1)
    group = np.arange(8) < 3
    p = np.array([_wild_p(rng.standard_normal((1, 8)), group, 199, rng) for _ in range(400)])
    assert 0.02 <= (p <= 0.05).mean() <= 0.085
    assert 0.42 <= p.mean() <= 0.58


def test_frames_and_repeatable_draws():
    first, second = (difference_in_differences(panel(), seed=5) for _ in range(2))
    assert isinstance(first, DifferenceInDifferences)
    pd.testing.assert_frame_equal(first.to_frame(), second.to_frame())
    assert first.n == 140 and first.before == 6 and first.after == 4
    series = first.series
    gap = (series["observed"] - series["counterfactual"])[series["after"]].mean()
    assert gap == pytest.approx(first.estimate)
    assert len(first.placebo_dates) == 5 and len(first.placebo_groups) == first.controls == 9


def staggered(table):
    late = (table["unit"] == "乡镇1") & (table["period"] == 2016)
    return table.assign(treated=table["treated"].where(~late, 0))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (staggered, "开始时间不一"),
        (lambda t: t.assign(treated=np.where(t["period"] == 2019, 0, t["treated"])), "又停止"),
        (lambda t: t.assign(treated=0), "没有任何单位"),
        (lambda t: t[t["unit"].isin([f"乡镇{i}" for i in range(5)])], "没有对照"),
        (lambda t: t[t["period"] >= 2016], "没有实施前"),
        (lambda t: t.iloc[1:], "面板不齐"),
        (lambda t: pd.concat([t, t.iloc[:1]]), "多行"),
        (lambda t: t.assign(outcome=t["outcome"].where(t.index != 7)), "缺失值"),
        (lambda t: t.assign(treated=t["treated"] * 2), "只能是 0"),
        (lambda t: t.drop(columns="outcome"), "缺少列"),
        (lambda t: t.assign(outcome=1.0), "没有变动"),
    ],
)
def test_bad_panels_are_told_apart(change, words):
    with pytest.raises(DataError, match=words):
        difference_in_differences(change(panel()))


def test_too_few_draws():
    with pytest.raises(ParamsError, match="至少 99"):
        difference_in_differences(panel(), draws=10)
