"""How far a ranking can be trusted: all weights, uncertain inputs, units left out, core targets that can't be bought back.

A ranking enters as a function `score(values, weights, better)` with leading axes for draws, such as those of `ranking`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from xhcp_eval.errors import DataError, ParamsError
from xhcp_eval.evaluation.directions import Better
from xhcp_eval.showing import ShowsFrame

Score = Callable[[np.ndarray, np.ndarray, Sequence[Better]], np.ndarray]


@dataclass(frozen=True)
class Acceptability(ShowsFrame):
    """Ranks of units over drawn weights and values.

    shares: index units, columns ranks 1..n, each row adding up to 1. central_weights: index units, columns criteria,
    mean of the weights that put the unit first (NaN if none do). intervals: unit, rank_low, rank_median, rank_high.
    beats: index and columns units, share of draws in which the one of the row has the higher score.
    """

    shares: pd.DataFrame
    central_weights: pd.DataFrame
    intervals: pd.DataFrame
    beats: pd.DataFrame
    draws: int
    note: str = ""

    def to_frame(self) -> pd.DataFrame:
        """Intervals of ranks and the share of first and last places, one row a unit."""
        return self.intervals.assign(
            first=self.shares.iloc[:, 0].to_numpy(), last=self.shares.iloc[:, -1].to_numpy()
        )


def draw_weights(
    n_criteria: int, draws: int, seed: int = 2030, base: np.ndarray | None = None, concentration: float = 50.0
) -> np.ndarray:
    """Weights by chance, (draws, n_criteria), each row adding up to 1.

    base: None draws evenly from all possible weights (flat Dirichlet); else around these, the tighter the higher
    `concentration` (standard deviation of a weight w: sqrt(w (1 - w) / (concentration + 1))).
    Raises ParamsError.
    """
    if n_criteria < 1 or draws < 1:
        raise ParamsError("指标数和抽取次数须为正整数")
    alpha = np.ones(n_criteria)
    if base is not None:
        base = np.asarray(base, float)
        if (
            base.shape != (n_criteria,)
            or (base < 0).any()
            or not np.isclose(base.sum(), 1)
            or concentration <= 0
        ):
            raise ParamsError(f"基准权重须为 {n_criteria} 个非负数，合计为 1；concentration 须为正数")
        alpha = base * concentration + 1e-9
    return np.random.default_rng(seed).dirichlet(alpha, size=draws)


def rank_acceptability(
    score: Score, values: pd.DataFrame, weights: np.ndarray, better: Sequence[Better], drawn_values: np.ndarray | None = None, level: float = 0.9,
) -> Acceptability:  # fmt: skip
    """Share of draws in which each unit takes each rank.

    score: method. values: index units, columns criteria. weights: (draws, n_criteria). drawn_values: (draws, n_units,
    n_criteria) where the figures themselves are uncertain, else they are held fixed. A rank shared by ties is
    spread evenly over the places they take. level: of the interval of ranks.
    Lahdelma & Salminen 2001, SMAA-2, Operations Research 49:444. Raises DataError, ParamsError.
    """
    weights = np.asarray(weights, float)
    table = values.to_numpy(float) if drawn_values is None else np.asarray(drawn_values, float)
    if weights.ndim != 2 or (drawn_values is not None and table.shape != (len(weights), *values.shape)):
        raise ParamsError(
            f"权重须为 抽取次数×指标数，抽取的数值须为 抽取次数×{values.shape[0]}×{values.shape[1]}"
        )
    scores = np.atleast_2d(
        score(np.broadcast_to(table, (len(weights), *values.shape)), weights, better)
    ).round(12)
    above = (scores[:, None, :] > scores[:, :, None]).sum(axis=2)
    level_with = (scores[:, None, :] == scores[:, :, None]).sum(axis=2)
    n = scores.shape[1]
    places = np.arange(n)
    taken = (places >= above[..., None]) & (places < (above + level_with)[..., None])
    shares = (taken / level_with[..., None]).mean(axis=0)
    first = taken[..., 0] / level_with
    with np.errstate(invalid="ignore", divide="ignore"):
        central = (first.T @ weights) / first.sum(axis=0)[:, None]
    low, median, high = np.quantile(
        above + 1, [(1 - level) / 2, 0.5, (1 + level) / 2], axis=0, method="nearest"
    )
    intervals = pd.DataFrame(
        {"unit": values.index, "rank_low": low, "rank_median": median, "rank_high": high}
    )
    beats = (scores[:, :, None] > scores[:, None, :]).mean(axis=0)
    return Acceptability(
        pd.DataFrame(shares, values.index, list(range(1, n + 1))),
        pd.DataFrame(central, values.index, values.columns),
        intervals,
        pd.DataFrame(beats, values.index, values.index),
        len(weights),
        "权重在全部可能的组合里均匀抽取，这本身也是一种假定",
    )


def rank_reversal(
    score: Score, values: pd.DataFrame, weights: np.ndarray, better: Sequence[Better]
) -> pd.DataFrame:
    """Pairs of units whose order turns when a third one is left out: one row a turn (left_out, ahead, behind).

    ahead: had the higher score with all units in; behind: the other. An order that hangs on who else takes part should
    not be published as a rank. Belton & Gear 1983, Omega 11:228. Raises DataError for fewer than three units.
    """
    n = len(values)
    if n < 3:
        raise DataError(f"名次反转检验至少要 3 个单位，现为 {n} 个")
    table = values.to_numpy(float)
    whole = np.asarray(score(table, weights, better)).round(9)
    others = np.array([[i for i in range(n) if i != left] for left in range(n)])
    partial = np.asarray(score(table[others], np.broadcast_to(weights, (n, len(weights))), better)).round(9)
    turned = []
    for left in range(n):
        kept, now = others[left], partial[left]
        flips = (whole[kept][:, None] > whole[kept]) & (now[:, None] < now)
        turned += [
            (values.index[left], values.index[kept[i]], values.index[kept[j]]) for i, j in np.argwhere(flips)
        ]
    return pd.DataFrame(turned, columns=["left_out", "ahead", "behind"])


def non_compensatory(scores: pd.Series, core: pd.DataFrame) -> pd.DataFrame:
    """Classes that a good average can't buy: every core target met, one missed, or one that can't be told.

    scores: composite score, index units. core: index units, columns core targets, True met, False missed, missing
    can't be told. Returns unit, score, met, missed, open, class (全部达标 / 有核心目标未达标 / 不能断定), rank_within: rank
    by score within the class; units of the second class stand behind those of the first whatever their score.
    Raises DataError for units that don't match.
    """
    if set(scores.index) != set(core.index) or not scores.index.is_unique or not core.index.is_unique:
        raise DataError("综合得分与核心目标的单位须一一对应")
    if core.shape[1] == 0:
        raise DataError("至少要指定一项核心目标")
    states = core.reindex(scores.index).astype("boolean")
    missed = (~states).fillna(False).sum(axis=1)
    open_ = states.isna().sum(axis=1)
    kind = np.select([missed > 0, open_ > 0], ["有核心目标未达标", "不能断定"], "全部达标")
    named = (~states).fillna(False).apply(lambda row: "、".join(row.index[row]), axis=1)
    found = pd.DataFrame({"unit": scores.index, "score": scores.to_numpy(float), "met": (states.fillna(False)).sum(axis=1).to_numpy(int),
                          "missed": missed.to_numpy(int), "open": open_.to_numpy(int), "class": kind, "missed_targets": named.to_numpy()})  # fmt: skip
    found["rank_within"] = found.groupby("class")["score"].rank(ascending=False, method="min").astype(int)
    order = {"全部达标": 0, "不能断定": 1, "有核心目标未达标": 2}
    return found.sort_values(
        ["class", "score"], key=lambda c: c.map(order) if c.name == "class" else -c, ignore_index=True
    )
