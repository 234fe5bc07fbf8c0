"""Ranking methods against published figures, pymcdm, hand computation and each other."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from xhcp_eval.errors import DataError, ParamsError
from xhcp_eval.evaluation.methods.ranking import (
    METHODS,
    rank_sum,
    rank_sum_ratio,
    rank_table,
    ranks_of,
    topsis,
    weighted_sum,
)

CASE = json.loads((Path(__file__).parents[2] / "reference" / "decision.json").read_text(encoding="utf-8"))[
    "topsis_entropy"
]
MATRIX, SIGNS = np.array(CASE["data"]), np.array(CASE["types"])
TYPES = ["higher" if sign > 0 else "lower" for sign in SIGNS]
EQUAL = np.full(4, 0.25)


def test_topsis_published():
    assert topsis(MATRIX, EQUAL, TYPES) == pytest.approx(CASE["computed"]["topsis_equal"], abs=5e-7)
    weights = np.array(CASE["computed"]["entropy_weights"])
    weights = weights / weights.sum()
    assert topsis(MATRIX, weights, TYPES) == pytest.approx(CASE["computed"]["topsis_entropy"], abs=5e-6)


@pytest.mark.parametrize("normalisation", ["minmax", "vector"])
def test_topsis_as_pymcdm(normalisation):
    from pymcdm.methods import TOPSIS
    from pymcdm.normalizations import minmax_normalization, vector_normalization

    peer = TOPSIS(minmax_normalization if normalisation == "minmax" else vector_normalization)
    rng = np.random.default_rng(7)
    for _ in range(10):
        table, weights = rng.uniform(1, 9, size=(8, 4)), rng.dirichlet(np.ones(4))
        # pymcdm turns a cost by 1 - x / norm, which moves the ideal but no distance
        expected = peer(table, weights, SIGNS)
        assert topsis(table, weights, TYPES, normalisation) == pytest.approx(expected, abs=1e-8)


def test_weighted_sum_as_pymcdm_and_by_hand():
    from pymcdm.methods import WSM
    from pymcdm.normalizations import minmax_normalization

    expected = WSM(minmax_normalization)(MATRIX, EQUAL, SIGNS)
    assert weighted_sum(MATRIX, EQUAL, TYPES) == pytest.approx(expected, abs=1e-8)
    assert weighted_sum([[0, 5], [10, 1], [5, 3]], [0.5, 0.5], ["higher", "lower"]) == pytest.approx(
        [0, 1, 0.5]
    )


def test_rank_sum_by_hand():
    """Ranks of column one 1, 2.5, 2.5, 4, of column two 4, 3, 2, 1: sums over 4 units x 2 criteria."""
    table = [[1, 9], [2, 8], [2, 7], [3, 6]]
    assert rank_sum(table, [0.5, 0.5], ["higher"] * 2) == pytest.approx([5 / 8, 5.5 / 8, 4.5 / 8, 5 / 8])


def test_rank_sum_ratio_regression_by_hand():
    """Five units in the same order twice: RSR 0.2 to 1, probits of 1/5 .. 4/5 and 1 - 1/20."""
    from scipy.stats import linregress, norm

    table = pd.DataFrame({"a": [1, 2, 3, 4, 5], "b": [10, 20, 30, 40, 50]}, index=list("甲乙丙丁戊"))
    found = rank_sum_ratio(table, None, ["higher"] * 2)
    probits = 5 + norm.ppf([0.2, 0.4, 0.6, 0.8, 0.95])
    line = linregress(probits, [0.2, 0.4, 0.6, 0.8, 1.0])
    assert (found.intercept, found.slope) == (pytest.approx(line.intercept), pytest.approx(line.slope))
    assert list(found.table["unit"]) == list("戊丁丙乙甲")
    assert list(found.table["probit"][::-1]) == pytest.approx(list(probits))
    # classes by equal steps of the probit: below 4, 4 to 6, above 6
    assert list(found.table["grade"]) == [1, 2, 2, 2, 2]
    assert rank_sum_ratio(table, None, ["higher"] * 2, grades=5).table["grade"].tolist() == [2, 2, 3, 3, 4]


@given(arrays(float, (6, 3), elements=st.floats(0, 100).map(lambda x: round(x, 3))))
@settings(max_examples=60, deadline=None)
def test_every_method_sees_dominance_and_scale(table):
    """A unit that is best everywhere is never behind; units of measurement don't matter; draws are done alike."""
    table[0] = table.max(axis=0)
    weights = np.array([0.5, 0.3, 0.2])
    for method in METHODS.values():
        scores = method(table, weights, ["higher"] * 3)
        assert scores[0] >= scores.max() - 1e-9
        np.testing.assert_allclose(method(table * [10, 2, 1000], weights, ["higher"] * 3), scores, atol=1e-6)
        both = method(np.stack([table, table]), np.stack([weights, weights]), ["higher"] * 3)
        np.testing.assert_allclose(both, [scores, scores], atol=1e-12)


def test_ranks_and_table():
    assert list(ranks_of([0.2, 0.9, 0.9, 0.1])) == [3, 1, 1, 4]
    found = rank_table(pd.DataFrame(MATRIX, list("甲乙丙丁")), EQUAL, TYPES)
    assert list(found["TOPSIS名次"]) == [1, 2, 4, 3]
    assert found.shape == (4, 7)


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_refusals(method):
    with pytest.raises(DataError, match="2 个单位"):
        method([[1, 2]], [0.5, 0.5], ["higher"] * 2)
    with pytest.raises(DataError, match="缺失"):
        method([[1, np.nan], [1, 2]], [0.5, 0.5], ["higher"] * 2)
    with pytest.raises(DataError, match="数字表"):
        method([["好", 1], [1, 2]], [0.5, 0.5], ["higher"] * 2)
    for weights in ([0.5, 0.6], [1.5, -0.5], [1.0], [np.nan, 1]):
        with pytest.raises(ParamsError, match="合计为 1"):
            method([[1, 2], [3, 4]], weights, [1, 1])
    with pytest.raises(ParamsError, match="越小越好"):
        method([[1, 2], [3, 4]], [0.5, 0.5], [1, 2])


def test_no_difference_is_a_tie_in_the_middle():
    for method in (weighted_sum, topsis):
        assert method(np.ones((3, 2)), [0.5, 0.5], ["higher"] * 2) == pytest.approx([0.5] * 3)


def test_rank_sum_ratio_refusals():
    few = pd.DataFrame({"a": [1.0, 2, 3]})
    with pytest.raises(DataError, match="至少要 5 个单位"):
        rank_sum_ratio(few, None, ["higher"])
    with pytest.raises(DataError, match="都相同"):
        rank_sum_ratio(pd.DataFrame({"a": [1.0] * 6}), None, ["higher"])
    with pytest.raises(DataError, match="两个不同"):
        rank_sum_ratio(pd.DataFrame({"a": [1.0, 1, 1, 2, 2, 2]}), None, ["higher"])
    with pytest.raises(ParamsError, match="分档数"):
        rank_sum_ratio(pd.DataFrame({"a": np.arange(6.0)}), None, ["higher"], grades=2)
    with pytest.raises(ParamsError, match="minmax"):
        topsis(MATRIX, EQUAL, TYPES, "sum")
