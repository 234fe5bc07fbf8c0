"""Weights against published figures, pymcdm, hand computation, and tables that can't give any."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from xhcp_eval.errors import DataError, ParamsError
from xhcp_eval.evaluation.methods.weights import (
    ahp,
    critic_weights,
    delphi_weights,
    entropy_weights,
    equal_weights,
)

CASES = json.loads((Path(__file__).parents[2] / "reference" / "decision.json").read_text(encoding="utf-8"))
MATRIX = np.array(CASES["topsis_entropy"]["data"])
NAMES = tuple("甲乙丙丁")


def test_ahp_three_criteria():
    found = ahp(CASES["ahp"]["data"], NAMES[:3])
    assert found.values == pytest.approx(CASES["ahp"]["computed"]["weights"], abs=5e-5)
    assert found.consistency == pytest.approx(CASES["ahp"]["computed"]["CR"], abs=5e-5)
    assert np.isnan(found.low).all() and "没有区间" in found.note


def test_ahp_group_by_geometric_mean():
    """Two experts of opposite mind, a the double of b and b of a, agree on half and half."""
    found = ahp([[[1, 2], [0.5, 1]], [[1, 0.5], [2, 1]]], ("a", "b"))
    assert found.values == pytest.approx([0.5, 0.5])
    assert found.consistency == 0


def test_ahp_tells_who_contradicts_himself():
    circle = [[1, 9, 1 / 9], [1 / 9, 1, 9], [9, 1 / 9, 1]]  # a > b > c > a
    sane = CASES["ahp"]["data"]
    found = ahp([sane, circle, sane, sane], NAMES[:3])
    assert [one >= 0.1 for one in found.individual] == [False, True, False, False]
    assert "第2位" in found.note
    assert (found.low <= found.values).all() and (found.values <= found.high).all()
    assert "不可用" in ahp(circle, NAMES[:3]).note


@given(arrays(float, 5, elements=st.floats(0.1, 10)))
@settings(max_examples=40, deadline=None)
def test_ahp_recovers_consistent_judgements(true):
    found = ahp(true[:, None] / true, tuple("abcde"))
    assert found.values == pytest.approx(true / true.sum(), rel=1e-6)
    assert found.consistency == pytest.approx(0, abs=1e-9)


def test_entropy_and_critic_published_and_pymcdm():
    from pymcdm.weights import critic_weights as peer_critic
    from pymcdm.weights import entropy_weights as peer_entropy

    computed = CASES["topsis_entropy"]["computed"]
    assert entropy_weights(MATRIX, NAMES).values == pytest.approx(computed["entropy_weights"], abs=5e-7)
    assert critic_weights(MATRIX, NAMES).values == pytest.approx(computed["critic_weights"], abs=5e-7)
    rng = np.random.default_rng(4)
    for _ in range(10):
        table = rng.uniform(1, 5, size=(12, 4))
        assert entropy_weights(table, NAMES, draws=5).values == pytest.approx(peer_entropy(table), abs=1e-8)
        assert critic_weights(table, NAMES, draws=5).values == pytest.approx(peer_critic(table), abs=1e-8)


def test_critic_turns_criteria_where_less_is_better():
    """Two criteria that say the same, one by less: no conflict once turned, so the third takes the weight."""
    x = np.arange(5.0)
    table = np.column_stack([x, 10 - x, [1, 4, 0, 3, 1]])
    turned = critic_weights(table, NAMES[:3], better=["higher", "lower", "higher"]).values
    raw = critic_weights(table, NAMES[:3]).values
    assert turned[2] > raw[2]
    assert turned[0] == pytest.approx(turned[1])


def test_entropy_of_a_share_of_nothing():
    """Column (0, 1) has entropy 0, column (1, 1) entropy 1: all weight to the first."""
    assert entropy_weights([[0, 1], [1, 1]], ("a", "b")).values == pytest.approx([1, 0])


def test_noise_gives_wide_intervals():
    table = np.random.default_rng(1).normal(90, 1, size=(12, 4))
    found = critic_weights(table, NAMES)
    assert (found.high - found.low).min() > 0.05
    assert "偶然波动" in found.note
    assert list(found.to_frame().columns) == ["criterion", "weight", "low", "high", "method"]


def test_delphi_points_by_hand():
    found = delphi_weights([[1, 1, 2], [50, 25, 25]], NAMES[:3])
    assert found.values == pytest.approx([0.375, 0.25, 0.375])
    assert equal_weights(NAMES).values == pytest.approx([0.25] * 4)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: equal_weights(()), "至少要有一项"),
        (lambda: ahp([[1, 2], [2, 1]], ("a", "b")), "互为倒数"),
        (lambda: ahp([[1, 0], [0, 1]], ("a", "b")), "正数"),
        (lambda: ahp([[1, 2, 3]], ("a", "b")), "2×2"),
        (lambda: ahp(np.ones((16, 16)), tuple("abcdefghijklmnop")), "分层"),
        (lambda: entropy_weights([[1, -1], [2, 2]], ("a", "b")), "非负.*b"),
        (lambda: entropy_weights([[1, np.nan], [2, 2]], ("a", "b")), "缺失.*b"),
        (lambda: entropy_weights([[1, 2]], ("a", "b")), "至少要有 2 个单位"),
        (lambda: entropy_weights([[3, 2], [3, 2]], ("a", "b")), "方差为零"),
        (lambda: critic_weights([[3, 1], [3, 2]], ("a", "b")), "没有差异的：a"),
        (lambda: entropy_weights([["x", 1], [1, 2]], ("a", "b")), "数字表"),
        (lambda: entropy_weights([[1, 2], [2, 1]], ("a", "a")), "重复"),
        (lambda: entropy_weights([1, 2], ("a", "b")), "2 项指标的表"),
        (lambda: delphi_weights([[1, 1], [0, 0]], ("a", "b")), "至少给一项"),
        (lambda: delphi_weights([[1, 1], [1, np.nan]], ("a", "b")), "缺失"),
    ],
)
def test_refusals(call, words):
    with pytest.raises(DataError, match=words):
        call()


def test_better_must_be_signs():
    with pytest.raises(ParamsError, match="越小越好"):
        critic_weights([[1, 2], [2, 1]], ("a", "b"), better=["higher", "more"])
