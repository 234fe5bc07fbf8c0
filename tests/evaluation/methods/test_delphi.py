"""Delphi rounds worked by hand: coming together, settled apart, used up, too few."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xhcp_eval.errors import DataError, ParamsError
from xhcp_eval.evaluation.methods.delphi import StopRule, convergence, delphi_outcome, delphi_rounds


def table(**items):
    """item=[[scores of round 1], [of round 2]] as a long frame."""
    rows = [
        (item, f"r{rater}", number, score)
        for item, rounds in items.items()
        for number, scores in enumerate(rounds, 1)
        for rater, score in enumerate(scores)
    ]
    return pd.DataFrame(rows, columns=["item", "rater", "round", "score"])


def test_rounds_by_hand():
    found = delphi_rounds(table(a=[[0, 2, 4, 4], [2, 2, 4, None]]))
    one, two = found.to_dict("records")
    assert (one["median"], one["low"], one["high"], one["range"], one["n_raters"]) == (3, 0, 4, 4, 4)
    assert (one["q1"], one["q3"]) == (1.5, 4)
    assert np.isnan(one["kept"])
    assert (two["median"], two["n_raters"], two["lost"]) == (2, 3, 1)
    assert two["kept"] == pytest.approx(2 / 3)  # of three who answered again one moved


def test_every_outcome():
    found = delphi_outcome(
        delphi_rounds(
            table(
                agreed=[[2, 3, 3]],
                again=[[0, 2, 3]],
                apart=[[0, 0, 4], [0, 0, 4]],
                exhausted=[[0, 2, 4], [1, 3, 4], [0, 2, 4]],
                few=[[3, 3, None]],
            )
        )
    )
    assert dict(zip(found["item"], found["outcome"], strict=True)) == {
        "agreed": "agreed", "again": "delphi", "apart": "settled_apart", "exhausted": "exhausted", "few": "few_raters",
    }  # fmt: skip
    assert found.set_index("item").loc["apart", "outcome_word"] == "分歧稳定，分别陈述"


def test_convergence_shows_the_items_asked_again():
    rounds = delphi_rounds(table(a=[[0, 2, 4], [2, 2, 3]], b=[[1, 1, 4], [1, 2, 4]], quiet=[[3, 3, 3]]))
    found = convergence(rounds)
    assert found["n_items"].tolist() == [2, 2]
    assert found["mean_range"].tolist() == [3.5, 2.0]
    assert found["within_one"].tolist() == [0, 0.5]


@given(st.lists(st.integers(0, 4), min_size=3, max_size=9))
def test_agreement_means_within_the_range(scores):
    found = delphi_outcome(delphi_rounds(table(a=[scores])))
    assert (found.loc[0, "outcome"] == "agreed") == (max(scores) - min(scores) <= 1)


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (table(a=[[1, 2]]).drop(columns="round"), "缺少列 round"),
        (table(a=[["好", 2]]), "须为数字"),
        (table(a=[[None, None]]), "没有任何得分"),
        (table(a=[[1, 2]]).assign(round=0), "从 1 起"),
        (table(a=[[1, 2]]).assign(round=1.5), "从 1 起"),
        (table(a=[[1, 2]]).assign(rater="r"), "评了两次"),
    ],
)
def test_refusals(frame, words):
    with pytest.raises(DataError, match=words):
        delphi_rounds(frame)


def test_rule_out_of_range():
    with pytest.raises(ParamsError, match="德尔菲规则"):
        delphi_outcome(delphi_rounds(table(a=[[1, 2]])), StopRule(min_raters=1))
