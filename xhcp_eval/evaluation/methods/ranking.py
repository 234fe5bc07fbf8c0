"""Composite scores and ranks of units: weighted sum, TOPSIS, rank-sum ratio.

Scores are functions of arrays with any leading axes, so that thousands of drawn weights or values are scored at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from xhcp_eval.errors import DataError, ParamsError
from xhcp_eval.evaluation.directions import Better, signs
from xhcp_eval.showing import ShowsFrame

Normalisation = Literal["minmax", "vector"]
LEAST_UNITS_FOR_GRADES = 5


@dataclass(frozen=True)
class RankSumRatio(ShowsFrame):
    """Rank-sum ratio of units with its regression on probits.

    table: one row a unit from best to worst: unit, rsr, rank, probit, fitted, grade. intercept, slope: of the
    regression. r_squared, p: how well it holds. note: Chinese.
    """

    table: pd.DataFrame
    intercept: float
    slope: float
    r_squared: float
    p: float
    note: str = ""

    def to_frame(self) -> pd.DataFrame:
        """The table."""
        return self.table


def weighted_sum(values: np.ndarray, weights: np.ndarray, better: Sequence[Better]) -> np.ndarray:
    """Weighted mean of criteria scaled to 0 (worst unit) .. 1 (best unit); a criterion without difference gives 0.5.

    values: (..., n_units, n_criteria). weights: (..., n_criteria), adding up to 1. better: "higher" or "lower" a criterion.
    Returns (..., n_units). Raises DataError, ParamsError. Full compensation: good offsets bad.
    """
    values, weights, signs = _checked(values, weights, better)
    return (_scaled(values * signs) * weights[..., None, :]).sum(axis=-1)


def topsis(
    values: np.ndarray, weights: np.ndarray, better: Sequence[Better], normalisation: Normalisation = "minmax"
) -> np.ndarray:
    """Closeness to the ideal unit and distance from the worst: 0 to 1.

    Parameters as for `weighted_sum`. normalisation: "minmax" over the units, or "vector" (Hwang & Yoon 1981, Multiple
    Attribute Decision Making, the original: each column over its Euclidean norm). Returns (..., n_units).
    Raises DataError, ParamsError.
    """
    values, weights, signs = _checked(values, weights, better)
    if normalisation == "minmax":
        scaled = _scaled(values * signs)
    elif normalisation == "vector":
        norm = np.sqrt((values**2).sum(axis=-2, keepdims=True))
        scaled = signs * values / np.where(norm > 0, norm, 1)
    else:
        raise ParamsError(f"normalisation={normalisation!r}：允许 minmax、vector")
    weighted = scaled * weights[..., None, :]
    to_best = np.sqrt(((weighted - weighted.max(axis=-2, keepdims=True)) ** 2).sum(axis=-1))
    to_worst = np.sqrt(((weighted - weighted.min(axis=-2, keepdims=True)) ** 2).sum(axis=-1))
    whole = to_best + to_worst
    return np.where(whole > 0, to_worst / np.where(whole > 0, whole, 1), 0.5)


def rank_sum(values: np.ndarray, weights: np.ndarray, better: Sequence[Better]) -> np.ndarray:
    """Weighted rank-sum ratio without grades: mean rank over n, best near 1, as `weighted_sum` otherwise."""
    values, weights, signs = _checked(values, weights, better)
    return (_mean_ranks(values * signs) * weights[..., None, :]).sum(axis=-1) / values.shape[-2]


METHODS: dict[str, Callable] = {"加权求和": weighted_sum, "TOPSIS": topsis, "秩和比": rank_sum}


def rank_sum_ratio(
    values: pd.DataFrame, weights: np.ndarray | None, better: Sequence[Better], grades: int = 3
) -> RankSumRatio:
    """Rank-sum ratio (秩和比): mean rank over n, regressed on the probit of its cumulative frequency, and graded.

    values: index units, columns criteria. weights: None for equal ones. grades: 3 to 5 classes by equal steps of the probit between 2 and 8.
    Tian Fengtiao 1993, 秩和比法及其应用 (first in 中国医师杂志 1988): ranks averaged over ties, the last cumulative
    share taken as 1 - 1/(4n), probit = 5 + z, grade by the fitted ratio. Raises DataError (fewer than 5 units, all
    alike), ParamsError.
    """
    from scipy import stats

    if grades not in (3, 4, 5):
        raise ParamsError(f"分档数 {grades}：允许 3、4、5")
    table = np.asarray(values, float)
    weights = np.full(values.shape[1], 1 / max(values.shape[1], 1)) if weights is None else weights
    rsr = rank_sum(table, weights, better)
    n = len(rsr)
    if n < LEAST_UNITS_FOR_GRADES:
        raise DataError(f"秩和比分档至少要 {LEAST_UNITS_FOR_GRADES} 个单位，现为 {n} 个")
    if np.ptp(rsr) < 1e-12:
        raise DataError("各单位的秩和比都相同，不能分档")
    levels, inverse, counts = np.unique(rsr.round(12), return_inverse=True, return_counts=True)
    # the mean rank of a tied group over n, as the method's tables do
    share = (counts.cumsum() - (counts - 1) / 2) / n
    share[-1] = 1 - 1 / (4 * n) if share[-1] >= 1 else share[-1]
    probit = 5 + stats.norm.ppf(share)
    if len(levels) < 3:
        raise DataError("秩和比只有两个不同的值，不能做概率单位回归")
    line = stats.linregress(probit, levels)
    fitted = line.intercept + line.slope * probit
    cuts = np.linspace(2, 8, grades + 1)[1:-1]
    grade = grades - np.searchsorted(line.intercept + line.slope * cuts, fitted, side="right")
    found = pd.DataFrame(
        {
            "unit": values.index,
            "rsr": rsr,
            "probit": probit[inverse],
            "fitted": fitted[inverse],
            "grade": grade[inverse],
        }
    )
    found.insert(2, "rank", found["rsr"].round(12).rank(ascending=False, method="min").astype(int))
    notes = [
        f"回归 R²={line.rvalue**2:.2f}，p={line.pvalue:.3f}"
        + ("，线性不成立，分档不可用" if line.pvalue >= 0.05 else "")
    ]
    return RankSumRatio(found.sort_values("rsr", ascending=False, ignore_index=True), float(line.intercept), float(line.slope),
                        float(line.rvalue**2), float(line.pvalue), "；".join(notes))  # fmt: skip


def ranks_of(scores: np.ndarray) -> np.ndarray:
    """Ranks along the last axis, 1 for the highest score, ties with the better rank of theirs."""
    from scipy.stats import rankdata

    return rankdata(-np.asarray(scores, float).round(12), method="min", axis=-1).astype(int)


def rank_table(values: pd.DataFrame, weights: np.ndarray, better: Sequence[Better]) -> pd.DataFrame:
    """Scores and ranks of all units by every method beside each other.

    values: index units, columns criteria. Returns unit and, for each of `METHODS`, score and rank. Raises DataError.
    """
    found = pd.DataFrame({"unit": values.index})
    for name, method in METHODS.items():
        scores = method(values.to_numpy(float), weights, better)
        found[f"{name}得分"], found[f"{name}名次"] = scores, ranks_of(scores)
    return found


def _checked(
    values: np.ndarray, weights: np.ndarray, better: Sequence[Better]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    try:
        values, weights = np.asarray(values, float), np.asarray(weights, float)
    except (TypeError, ValueError) as error:
        raise DataError("排序用的数值须为数字表：每行一个单位，每列一项指标") from error
    if values.ndim < 2 or values.shape[-2] < 2:
        raise DataError(f"排序至少要有 2 个单位，现为 {values.shape}")
    n = values.shape[-1]
    if not np.isfinite(values).all():
        raise DataError("排序用的数值有缺失；请先补齐或去掉该单位、该指标")
    if (
        weights.shape[-1:] != (n,)
        or not np.isfinite(weights).all()
        or (weights < -1e-12).any()
        or not np.allclose(weights.sum(axis=-1), 1)
    ):
        raise ParamsError(f"权重须为 {n} 个非负数，合计为 1")
    return values, weights, signs(better, n)


def _scaled(values: np.ndarray) -> np.ndarray:
    lowest = values.min(axis=-2, keepdims=True)
    span = values.max(axis=-2, keepdims=True) - lowest
    return np.where(span > 0, (values - lowest) / np.where(span > 0, span, 1), 0.5)


def _mean_ranks(values: np.ndarray) -> np.ndarray:
    """Ranks over the units, 1 the worst, ties averaged."""
    from scipy.stats import rankdata

    return rankdata(values, axis=-2)
