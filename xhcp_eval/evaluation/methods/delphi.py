"""Delphi rounds: where scores stand after each, whether they have come together, or have settled apart.

Raters see the spread of the last round and the reasons given, without names, and score again. The rule for stopping is
laid down before the first round.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pandas as pd

from xhcp_eval.errors import DataError, ParamsError

AGREED, AGAIN, SETTLED_APART, EXHAUSTED, FEW = "agreed", "delphi", "settled_apart", "exhausted", "few_raters"
OUTCOMES = {
    AGREED: "意见一致", AGAIN: "转下一轮德尔菲咨询", SETTLED_APART: "分歧稳定，分别陈述", EXHAUSTED: "轮次用尽仍有分歧", FEW: "评分者不足",
}  # fmt: skip
COLUMNS = ("item", "rater", "round", "score")


class StopRule(NamedTuple):
    """When an item is done.

    min_raters: scores an item needs. max_range: largest difference that counts as one mind. stable_share: share of
    raters keeping their score from which a dissent counts as settled (15% movement: Scheibe, Skutsch & Schofer 1975,
    in Linstone & Turoff, The Delphi Method, ch. IV.C). most_rounds: rounds at most.
    """

    min_raters: int = 3
    max_range: float = 1.0
    stable_share: float = 0.85
    most_rounds: int = 3


def delphi_rounds(scores: pd.DataFrame) -> pd.DataFrame:
    """Where each item stands after each of its rounds.

    scores: `COLUMNS`, one row a rater, item and round; empty scores are raters who didn't answer. Returns one row an
    item and round: n_raters, median, q1, q3, low, high, range, kept (share of raters of the last round who answered
    again with the same score; NaN in the first), lost (raters of the last round who didn't answer), alone in order of
    item as given and round. Raises DataError (missing columns, scores that aren't numbers, a rater twice).
    """
    scores = _checked(scores)
    order = {item: number for number, item in enumerate(scores["item"].unique())}
    by = scores.groupby(["item", "round"])["score"]
    found = by.agg(n_raters="count", median="median", low="min", high="max").join(
        by.quantile([0.25, 0.75]).unstack().rename(columns={0.25: "q1", 0.75: "q3"})
    )
    found["range"] = found["high"] - found["low"]
    found = found.join(_movement(scores)).reset_index()
    return found.sort_values(
        ["item", "round"], key=lambda c: c.map(order) if c.name == "item" else c, ignore_index=True
    )[["item", "round", "n_raters", "median", "q1", "q3", "low", "high", "range", "kept", "lost"]]


def delphi_outcome(rounds: pd.DataFrame, rule: StopRule | None = None) -> pd.DataFrame:
    """What comes next for each item, by its last round: item, round, outcome, outcome_word.

    rounds: result of `delphi_rounds`. An item agrees when its raters lie within `max_range`; else it is asked again
    until its raters keep to their scores (settled apart: both views are reported) or the rounds are used up.
    Raises ParamsError for a rule out of range.
    """
    rule = rule or StopRule()
    if rule.min_raters < 2 or rule.max_range < 0 or not 0.5 < rule.stable_share <= 1 or rule.most_rounds < 1:
        raise ParamsError(
            "德尔菲规则：min_raters≥2，max_range≥0，stable_share 在 0.5 与 1 之间，most_rounds≥1"
        )
    last = rounds.sort_values("round").groupby("item", sort=False).tail(1)
    outcome = np.select(
        [last["n_raters"] < rule.min_raters, last["range"] <= rule.max_range, last["kept"] >= rule.stable_share,
         last["round"] >= rule.most_rounds],
        [FEW, AGREED, SETTLED_APART, EXHAUSTED], AGAIN,
    )  # fmt: skip
    found = last[["item", "round"]].assign(outcome=outcome, outcome_word=[OUTCOMES[o] for o in outcome])
    return found.sort_index(ignore_index=False).reset_index(drop=True)


def convergence(rounds: pd.DataFrame) -> pd.DataFrame:
    """How a panel comes together, one row a round: n_items, mean_range, mean_iqr, within_one, kept, lost.

    Only items scored again in a later round tell of convergence, so those of one round alone are left out when there
    are later rounds. within_one: share of items whose scores lie within one point.
    """
    again = rounds.groupby("item")["round"].transform("nunique")
    used = rounds[again > 1] if (again > 1).any() else rounds
    found = used.assign(iqr=used["q3"] - used["q1"], within=used["range"] <= 1).groupby("round")
    return found.agg(
        n_items=("item", "size"), mean_range=("range", "mean"), mean_iqr=("iqr", "mean"), within_one=("within", "mean"),
        kept=("kept", "mean"), lost=("lost", "sum"),
    ).reset_index()  # fmt: skip


def _movement(scores: pd.DataFrame) -> pd.DataFrame:
    """Raters of the last round an item was asked in: share who answered alike, number who didn't answer."""
    wide = scores.dropna(subset="score").pivot(index=["item", "rater"], columns="round", values="score")
    rows = []
    for item, table in wide.groupby(level="item", sort=False):
        asked = table.dropna(axis=1, how="all").columns.sort_values()
        for before, now in pairwise(asked):
            both = table[[before, now]].dropna()
            kept = (both[before] == both[now]).mean() if len(both) else np.nan
            lost = int((table[before].notna() & table[now].isna()).sum())
            rows.append((item, now, kept, lost))
    return pd.DataFrame(rows, columns=["item", "round", "kept", "lost"]).set_index(["item", "round"])


def _checked(scores: pd.DataFrame) -> pd.DataFrame:
    absent = [name for name in COLUMNS if name not in scores.columns]
    if absent:
        raise DataError(f"评分表缺少列 {'、'.join(absent)}；需要 {'、'.join(COLUMNS)}")
    frame = scores[list(COLUMNS)].copy()
    values = pd.to_numeric(frame["score"], errors="coerce")
    if (values.isna() & frame["score"].notna()).any() or np.isinf(values).any():
        raise DataError("得分须为数字或空着")
    frame["score"] = values.astype(float)
    if not values.notna().any():
        raise DataError("没有任何得分")
    numbers = pd.to_numeric(frame["round"], errors="coerce")
    if numbers.isna().any() or (numbers < 1).any() or (numbers % 1 != 0).any():
        raise DataError("轮次须为从 1 起的整数")
    frame["round"] = numbers.astype(int)
    twice = frame[frame.duplicated(["item", "rater", "round"])]
    if len(twice):
        raise DataError(
            f"同一评分者同一轮对同一项评了两次：{twice.iloc[0]['item']}（{twice.iloc[0]['rater']}）"
        )
    return frame
