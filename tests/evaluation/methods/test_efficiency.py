"""Data envelopment analysis: textbook tables, cases by hand, identities, and how far the bootstrap can be trusted."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from xhcp_eval.errors import DataError, ParamsError
from xhcp_eval.evaluation.methods.efficiency import (
    bias_corrected,
    envelopment,
    least_units,
    malmquist,
    scale_efficiency,
    slacks_based,
)

CASES = json.loads((Path(__file__).parents[2] / "reference" / "dea.json").read_text(encoding="utf-8"))


def frames(x, y):
    x, y = np.atleast_2d(np.asarray(x, float)), np.atleast_2d(np.asarray(y, float))
    units = [f"u{n}" for n in range(len(x))]
    return (
        pd.DataFrame(x, units, [f"x{n}" for n in range(x.shape[1])]),
        pd.DataFrame(y, units, [f"y{n}" for n in range(y.shape[1])]),
    )


@pytest.mark.parametrize("name", CASES)
def test_cooper_seiford_and_tone(name):
    inputs, outputs = frames(CASES[name]["inputs"], CASES[name]["outputs"])
    found = envelopment(inputs, outputs, enforce_size=False).table
    assert found["score"].to_numpy() == pytest.approx(CASES[name]["published"], abs=5e-4)
    assert found["score"].to_numpy() == pytest.approx(CASES[name]["computed"], abs=5e-5)


def test_the_weakly_efficient_unit_has_its_slack():
    """Example 2.2: F = (10, 1) has score 1 but 2 units too much of input 1, against C = (8, 1)."""
    found = envelopment(
        *frames(CASES["dea_ccr_two_inputs"]["inputs"], CASES["dea_ccr_two_inputs"]["outputs"]),
        enforce_size=False,
    )
    last = found.table.iloc[5]
    assert (last["score"], last["slack_x0"], last["peers"], last["efficient"]) == (
        pytest.approx(1),
        pytest.approx(2),
        "u2",
        False,
    )
    assert found.table["efficient"].tolist() == [False, False, True, True, True, False]


# One input, one output: A (2, 1), B (3, 3), C (6, 5), D (9, 6), E (5, 2). The hull is A-B-C-D; E lies inside.
HULL = frames([[2], [3], [6], [9], [5]], [[1], [3], [5], [6], [2]])


def test_variable_returns_by_hand():
    """E needs 2 + (2 - 1) / 2 = 2.5 of 5 inputs; at 5 inputs 3 + 2 * 2 / 3 outputs are possible."""
    found = envelopment(*HULL, returns="variable", enforce_size=False)
    assert found.table["score"].to_numpy() == pytest.approx([1, 1, 1, 1, 0.5])
    assert found.lambdas[4] == pytest.approx([0.5, 0.5, 0, 0, 0])
    out = envelopment(*HULL, orientation="output", returns="variable", enforce_size=False).table
    assert out["score"].iloc[4] == pytest.approx(2 / (3 + 4 / 3))


def test_scale_by_hand():
    """B has the best ratio, 1: A is too small, C and D too large."""
    found = scale_efficiency(*HULL, enforce_size=False)
    assert found["constant"].to_numpy() == pytest.approx([1 / 2, 1, 5 / 6, 2 / 3, 2 / 5])
    assert found["kind"].tolist() == [
        "规模报酬递增",
        "规模报酬不变",
        "规模报酬递减",
        "规模报酬递减",
        "规模报酬递增",
    ]
    assert (found["scale"] * found["variable"]).to_numpy() == pytest.approx(found["constant"])


def test_malmquist_by_hand():
    """Best ratio 1 in the first year, 2 in the second: the frontier doubles, the second unit falls from 1/2 to 1/3."""
    one, two = frames([[1], [1]], [[1], [0.5]]), frames([[1], [1.5]], [[2], [1]])
    found = malmquist({2021: one, 2025: two}, enforce_size=False)
    assert found["frontier"].to_numpy() == pytest.approx([2, 2])
    assert found["catch_up"].to_numpy() == pytest.approx([1, (1 / 3) / (1 / 2)])
    assert found["index"].to_numpy() == pytest.approx([2, (1 / 1.5) / 0.5])
    out = malmquist({2021: one, 2025: two}, "output", enforce_size=False)
    assert out["index"].to_numpy() == pytest.approx(found["index"])  # constant returns: the same either way


positive = st.floats(0.5, 20).map(lambda v: round(v, 3))


@given(arrays(float, (9, 3), elements=positive))
@settings(max_examples=25, deadline=None)
def test_identities(table):
    inputs, outputs = frames(table[:, :2], table[:, 2:])
    score = {
        (o, r): envelopment(inputs, outputs, o, r).table["score"].to_numpy()
        for o in ("input", "output")
        for r in ("constant", "variable")
    }
    np.testing.assert_allclose(score["input", "constant"], score["output", "constant"], rtol=1e-6)
    assert (score["input", "constant"] <= score["input", "variable"] + 1e-7).all()
    assert score["input", "constant"].max() == pytest.approx(1)
    scaled = envelopment(inputs * [1000, 0.01], outputs * 7).table["score"].to_numpy()
    np.testing.assert_allclose(scaled, score["input", "constant"], rtol=1e-5)
    tone = slacks_based(inputs, outputs)["score"].to_numpy()
    assert (tone <= score["input", "constant"] + 1e-6).all()


def test_targets_after_slacks_are_on_the_frontier():
    rng = np.random.default_rng(4)
    inputs, outputs = frames(rng.uniform(1, 9, (15, 2)), rng.uniform(1, 9, (15, 2)))
    found = envelopment(inputs, outputs)
    table = found.table
    x = inputs.to_numpy() * table[["score"]].to_numpy() - table[["slack_x0", "slack_x1"]].to_numpy()
    y = outputs.to_numpy() + table[["slack_y0", "slack_y1"]].to_numpy()
    np.testing.assert_allclose(found.lambdas @ inputs.to_numpy(), x, atol=1e-6)
    np.testing.assert_allclose(found.lambdas @ outputs.to_numpy(), y, atol=1e-6)
    again = envelopment(*frames(np.vstack([inputs, x[:1]]), np.vstack([outputs, y[:1]])))
    assert again.table["score"].iloc[-1] == pytest.approx(1, abs=1e-6)


def test_the_bootstrap_corrects_towards_the_truth():
    """Output is the root of two inputs times a known efficiency: the raw score is too high, the corrected one nearer."""
    raw = corrected = held = 0.0
    for seed in range(4):
        rng = np.random.default_rng(seed)
        x = rng.uniform(1, 5, (25, 2))
        true = np.exp(-np.abs(rng.normal(0, 0.35, 25)))
        found = bias_corrected(
            *frames(x, np.sqrt(x.prod(axis=1, keepdims=True)) * true[:, None]), draws=100, seed=seed
        )
        raw += (found["score"] - true).abs().mean() / 4
        corrected += (found["bias_corrected"] - true).abs().mean() / 4
        held += ((found["low"] <= true) & (true <= found["high"])).mean() / 4
        assert (found["score"] >= true - 1e-9).all()  # the observed frontier never lies beyond the true one
        assert (found["bias_corrected"] <= found["score"] + 1e-9).all()
        assert (found["low"] <= found["high"]).all()
    assert corrected < 0.8 * raw
    assert held > 0.55  # nominally 0.95: the docstring says so


def test_the_bootstrap_is_the_same_for_a_seed():
    inputs, outputs = frames(np.arange(1.0, 11)[:, None], np.arange(2.0, 12)[:, None] ** 0.5)
    one, two = (bias_corrected(inputs, outputs, returns="variable", draws=50, seed=9) for _ in range(2))
    pd.testing.assert_frame_equal(one, two)


def test_the_size_rule():
    assert least_units(3, 1) == 12 and least_units(4, 5) == 27
    inputs, outputs = frames(np.ones((11, 3)), np.ones((11, 1)))
    with pytest.raises(DataError, match="至少要 12 个单位"):
        envelopment(inputs, outputs)
    assert "得分偏高" in envelopment(inputs, outputs, enforce_size=False).note


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda x, y: (x.replace(1, -1), y), "不能缺失或为负：u0 的 x0"),
        (lambda x, y: (x.replace(1, np.nan), y), "不能缺失或为负：u0 的 x0"),
        (lambda x, y: (x, y * 0), "产出全为零"),
        (lambda x, y: (x.iloc[::-1], y), "次序一致"),
        (lambda x, y: (x.iloc[:, :0], y), "至少要有一项"),
        (lambda x, y: (x, y.rename(columns={"y0": "x0"})), "名称有重复"),
        (lambda x, y: (x.iloc[:1], y.iloc[:1]), "至少要"),
        (lambda x, y: (x.astype(object).replace(1, "多"), y), "须为数字"),
    ],
)
def test_refusals(change, words):
    inputs, outputs = frames(np.arange(1.0, 9)[:, None], np.arange(1.0, 9)[:, None])
    with pytest.raises(DataError, match=words):
        envelopment(*change(inputs, outputs))


def test_other_refusals():
    inputs, outputs = frames(np.arange(1.0, 9)[:, None], np.arange(0.0, 8)[:, None] + 1e-12)
    with pytest.raises(ParamsError, match="orientation"):
        envelopment(inputs, outputs, "both")
    with pytest.raises(ParamsError, match="returns"):
        envelopment(inputs, outputs, returns="growing")
    with pytest.raises(ParamsError, match="draws"):
        bias_corrected(inputs, outputs, draws=3)
    mixed = pd.DataFrame({"y0": [0.0, *range(1, 8)], "y1": 1.0}, inputs.index)
    with pytest.raises(DataError, match="SBM"):
        slacks_based(inputs, mixed, enforce_size=False)
    with pytest.raises(DataError, match="两个年份"):
        malmquist({2021: (inputs, outputs)})
    with pytest.raises(DataError, match="2025年的单位"):
        malmquist({2021: (inputs, outputs), 2025: (inputs.iloc[::-1], outputs.iloc[::-1])})


SIZES = st.integers(-9, 12).map(lambda power: 10.0**power)


@given(
    arrays(float, (14, 2), elements=st.floats(0.5, 20)), arrays(float, (14, 2), elements=st.floats(0.5, 20)),
    st.tuples(SIZES, SIZES), st.tuples(SIZES, SIZES), st.sampled_from(["input", "output"]), st.sampled_from(["constant", "variable"]),
)  # fmt: skip
@settings(max_examples=40)
def test_no_unit_of_measurement_changes_a_score(x, y, of_inputs, of_outputs, orientation, returns):
    plain, other = frames(x, y), frames(x * of_inputs, y * of_outputs)
    found = [envelopment(*given, orientation=orientation, returns=returns).table for given in (plain, other)]
    assert found[1]["score"].to_numpy() == pytest.approx(found[0]["score"].to_numpy(), abs=1e-9)
    assert found[1]["efficient"].tolist() == found[0]["efficient"].tolist()
    tone = [slacks_based(*given, returns=returns)["score"].to_numpy() for given in (plain, other)]
    assert tone[1] == pytest.approx(tone[0], abs=1e-9)


def test_costs_in_yuan_and_in_hundred_millions_are_one_cost():
    """Costs about 1e9 had no solution or scores off by 0.03."""
    rng = np.random.default_rng(4)
    x, y = rng.uniform(1, 5, (20, 2)), rng.uniform(1, 5, (20, 2))
    scores = [slacks_based(*frames(x * [1, size], y))["score"] for size in (1, 1e9, 1e12)]
    splits = [scale_efficiency(*frames(x * [1, size], y)) for size in (1, 1e9, 1e12)]
    for other, split in zip(scores[1:], splits[1:], strict=True):
        assert other.to_numpy() == pytest.approx(scores[0].to_numpy(), abs=1e-9)
        assert split["scale"].to_numpy() == pytest.approx(splits[0]["scale"].to_numpy(), abs=1e-9)
        assert split["kind"].tolist() == splits[0]["kind"].tolist()
    years = {2024: frames(x * [1, 1e9], y), 2025: frames(1.1 * x * [1, 1e9], y)}
    # a tenth more of every input for the same output: the frontier moved back by that
    assert malmquist(years)["index"].to_numpy() == pytest.approx(1 / 1.1, abs=1e-9)
