"""Synthetic control: Proposition 99 as published, agreement with pysyncon, placebos, refusals."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xhcp_eval.errors import DataError, ParamsError
from xhcp_eval.evaluation.methods.synthetic_control import _weights, given_weights, synthetic_control

CIGARETTES = pd.read_csv(
    Path(__file__).parents[2] / "reference" / "california_cigarettes.csv", index_col="year"
)
PUBLISHED = {"Utah": 0.334, "Nevada": 0.234, "Montana": 0.199, "Colorado": 0.164, "Connecticut": 0.069}


def made(donors: int = 20, effect: float = 6.0, seed: int = 1, noise: float = 0.2) -> pd.DataFrame:
    """Twenty years, measure from year 12 on; the treated unit lies amid the donors."""
    rng = np.random.default_rng(seed)
    factors = np.cumsum(rng.standard_normal((20, 2)), axis=0)
    shares = rng.uniform(0, 1, (2, donors + 1))
    shares[:, 0] = 0.5
    level = rng.uniform(40, 60, donors + 1)
    level[0] = 50
    values = level + 3 * factors @ shares + noise * rng.standard_normal((20, donors + 1))
    values[12:, 0] += effect
    return pd.DataFrame(values, columns=["本区", *(f"区{i}" for i in range(1, donors + 1))])


def test_published_weights_lead_to_the_published_figures():
    # Abadie, Diamond & Hainmueller 2010, tables 1 and 2 and section 3: means of synthetic California 91.62 (1988),
    # 120.43 (1980), 126.99 (1975); about 26 packs less by 2000, about 20 on average, MSPE ratio about 130.
    series = given_weights(CIGARETTES, "California", 1989, PUBLISHED).set_index("time")
    synthetic = series.loc[[1988, 1980, 1975], "counterfactual"]
    assert synthetic.to_numpy() == pytest.approx([91.62, 120.43, 126.99], abs=0.06)
    gap = series["gap"]
    assert gap[2000] == pytest.approx(-26, abs=0.5)
    assert gap.loc[1989:].mean() == pytest.approx(-20, abs=1.1)
    assert (gap.loc[1989:] ** 2).mean() / (gap.loc[:1988] ** 2).mean() == pytest.approx(130, rel=0.02)


def test_outcome_only_weights_agree_with_pysyncon():
    from pysyncon import Synth

    found = synthetic_control(CIGARETTES, "California", 1989)
    before = CIGARETTES.loc[:1988]
    own, others = before["California"], before.drop(columns="California")
    # The quadratic programme of pysyncon on the outcome as it is (importance of all years equal), solved closely.
    weights, _ = Synth().w_optimize(
        V_mat=np.eye(19) / 1000,
        X0=others.to_numpy(),
        X1=own.to_numpy(),
        qp_options={"maxiter": 10_000, "ftol": 1e-15},
    )
    ours = found.weights.set_index("unit")["weight"][others.columns]
    # Where its iterations stop, some 1e-6 to 1e-5 from the optimum, depends on the processor and its threads.
    np.testing.assert_allclose(ours, weights, atol=1e-4)
    mine, theirs = (((own - others @ w) ** 2).sum() for w in (ours, weights))
    assert mine <= theirs * (1 + 1e-9), "theirs are no better than ours"
    assert mine == pytest.approx(theirs, rel=1e-6) and mine == pytest.approx(found.fit**2 * 19, rel=1e-9)
    # The states of the published solution come out again, from the outcome alone.
    assert set(PUBLISHED) <= set(ours[ours > 0.01].index)


def test_california_found_and_stable():
    found = synthetic_control(CIGARETTES, "California", 1989)
    assert found.estimate == pytest.approx(-19.5, abs=0.1) and found.high < 0
    assert found.relative_fit < 0.06
    assert (found.leave_one_out["estimate"] < -15).all()
    # Without the predictors two donors with a near perfect fit beforehand have greater ratios: 3 of 39.
    assert found.p == pytest.approx(3 / 39)
    assert "可归于" not in found.sentence and "不一" in found.sentence


def test_a_place_unlike_all_others_is_refused():
    # New Hampshire sells far more than any other state (the paper's own example of a poor fit).
    found = synthetic_control(CIGARETTES, "New Hampshire", 1989)
    assert found.relative_fit > 0.25
    assert np.isnan([found.low, found.high]).all()
    assert not found.may_say_cause and "拟合太差" in found.sentence and "不给出" in found.sentence


def test_weights_by_hand():
    # Halfway between two donors, the third far off: a half each; beyond the hull: the nearest corner.
    donors = np.array([[0.0, 2.0, 9.0], [0.0, 4.0, -9.0]])
    assert _weights(np.array([[1.0], [2.0]]) - donors) == pytest.approx([0.5, 0.5, 0], abs=1e-9)
    assert _weights(np.array([[-1.0], [-1.0]]) - donors) == pytest.approx([1, 0, 0], abs=1e-9)
    assert _weights(np.zeros((3, 2))) == pytest.approx([0.5, 0.5])


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), donors=st.integers(2, 12), periods=st.integers(3, 15))
def test_weights_are_convex_and_no_other_are_better(seed, donors, periods):
    rng = np.random.default_rng(seed)
    distance = rng.normal(rng.normal(), 1, (periods, donors)) * rng.choice([0.01, 1, 1000])
    weights = _weights(distance)
    assert weights.min() >= 0 and weights.sum() == pytest.approx(1)
    # Karush-Kuhn-Tucker: the slope is least, and equal, where weight lies.
    slope = distance.T @ (distance @ weights)
    scale = np.abs(distance).max() ** 2
    assert slope[weights > 1e-9].max() <= slope.min() + 1e-8 * scale * periods


@settings(max_examples=10, deadline=None)
@given(shift=st.floats(-1000, 1000), factor=st.floats(0.1, 100))
def test_units_and_order_do_not_matter(shift, factor):
    table = made()
    first = synthetic_control(table, "本区", 12)
    second = synthetic_control(shift + factor * table[table.columns[::-1]], "本区", 12)
    assert second.estimate == pytest.approx(factor * first.estimate, rel=1e-6)
    assert second.p == first.p
    assert second.high == pytest.approx(factor * first.high, rel=1e-6)


def test_effect_found_and_named():
    found = synthetic_control(made(effect=30), "本区", 12)
    assert found.low < 30 < found.high and found.p == pytest.approx(1 / 21)
    assert found.may_say_cause and "可归于" in found.sentence
    none = synthetic_control(made(effect=0), "本区", 12)
    assert none.low < 0 < none.high and none.p > 0.05
    assert "相容" in none.sentence


def test_few_donors_or_periods_forbid_a_cause():
    few = synthetic_control(made(10, effect=30), "本区", 12)
    assert not few.may_say_cause and "不足 19 个" in few.sentence
    short = synthetic_control(made(effect=30).iloc[6:], "本区", 12)
    assert not short.may_say_cause and "不足 8 期" in short.sentence
    tiny = synthetic_control(made(3), "本区", 12)
    assert np.isnan(tiny.low)


def test_placebos_and_frames():
    found = synthetic_control(made(), "本区", 12)
    assert found.placebos["unit"].iloc[0] == "本区" and len(found.placebos) == 21
    assert found.placebo_gaps.shape == (20, 21)
    assert found.placebo_gaps["本区"].to_numpy() == pytest.approx(found.series["gap"].to_numpy())
    # The placebo of a donor is the synthetic control of that donor among the donors alone.
    alone = synthetic_control(made().drop(columns="本区"), "区4", 12)
    assert found.placebo_gaps["区4"].to_numpy() == pytest.approx(alone.series["gap"].to_numpy())
    own = found.placebos.iloc[0]
    assert found.estimate == own["gap_after"] and found.fit == own["fit"]
    assert found.p == (found.placebos["ratio"] >= own["ratio"]).mean()
    assert found.to_frame().loc[0, "donors"] == 20
    carrying = found.weights[found.weights["weight"] > 0.01]
    assert list(found.leave_one_out["unit"]) == list(carrying["unit"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.rename(columns={"本区": "别处"}), "没有单位"),
        (lambda t: t.assign(区2=t["区2"].where(t.index != 3)), "区2"),
        (lambda t: t.iloc[:, :2], "少于 2 个"),
        (lambda t: t.iloc[10:], "前至少要 3 期"),
        (lambda t: t.iloc[:12], "后至少 1 期"),
        (lambda t: t.iloc[::-1], "递增"),
        (lambda t: pd.concat([t, t[["区1"]]], axis=1), "重名"),
        (lambda t: t.assign(**{c: t["区1"] for c in t.columns if c != "本区"}), "方差为零"),
    ],
)
def test_bad_tables_are_told_apart(change, words):
    with pytest.raises(DataError, match=words):
        synthetic_control(change(made()), "本区", 12)


@pytest.mark.parametrize(
    ("weights", "words"),
    [({"火星": 1.0}, "不在数据里"), ({"区1": 0.5}, "合计"), ({"区1": 1.5, "区2": -0.5}, "不小于 0")],
)
def test_bad_weights_are_told_apart(weights, words):
    with pytest.raises(ParamsError, match=words):
        given_weights(made(), "本区", 12, weights)
