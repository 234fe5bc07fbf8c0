"""Weights of criteria: equal, AHP, entropy, CRITIC, Delphi points; each with how sure they are.

Entropy and CRITIC take dispersion for importance. With a dozen townships much of the dispersion is noise: their
intervals, from redrawing the units, are part of the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from xhcp_eval.errors import DataError
from xhcp_eval.evaluation.directions import Better, signs
from xhcp_eval.showing import ShowsFrame

# Saaty 1980, The Analytic Hierarchy Process: mean consistency index of random matrices of size 1 to 15
RANDOM_INDEX = (0, 0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49, 1.51, 1.48, 1.56, 1.57, 1.59)
CONSISTENT = 0.1


@dataclass(frozen=True)
class Weights(ShowsFrame):
    """Weights of criteria that add up to 1.

    method, names: what they are. values: (n_criteria,). low, high: interval of each at `level`, NaN where there is
    none. consistency: consistency ratio (AHP), else NaN. individual: consistency ratio of every expert (AHP).
    note: Chinese, what to bear in mind.
    """

    method: str
    names: tuple[str, ...]
    values: np.ndarray
    low: np.ndarray
    high: np.ndarray
    level: float = 0.95
    consistency: float = float("nan")
    individual: tuple[float, ...] = ()
    note: str = ""

    def to_frame(self) -> pd.DataFrame:
        """One row a criterion: criterion, weight, low, high, method."""
        return pd.DataFrame(
            {"criterion": self.names, "weight": self.values, "low": self.low, "high": self.high, "method": self.method}
        )  # fmt: skip


def equal_weights(names: Sequence[str]) -> Weights:
    """The same weight for each. names: of the criteria. Raises DataError for none."""
    names = _names(names, len(names))
    if not names:
        raise DataError("至少要有一项指标才能定权重")
    values = np.full(len(names), 1 / len(names))
    return Weights("等权", names, values, values, values, note="等权也是一种主观选择")


def ahp(
    matrices: np.ndarray, names: Sequence[str], level: float = 0.95, draws: int = 2000, seed: int = 2030
) -> Weights:
    """Weights from pairwise comparisons by the principal eigenvector, with the consistency ratio.

    matrices: (n, n) of one expert or (n_experts, n, n); entry i, j: how many times i matters as much as j, reciprocal.
    Experts' judgements are put together by the geometric mean. Interval: bootstrap over experts, none for fewer than
    three. A ratio of 0.1 or more is told in `note` and must be shown: Saaty 1980; Aczel & Saaty 1983 for the group.
    Raises DataError for matrices that aren't square, positive and reciprocal.
    """
    experts = _pairwise(matrices, len(names))
    values, ratio = _eigen(np.exp(np.log(experts).mean(axis=0))[None])
    individual = _eigen(experts)[1]
    low = high = np.full(len(names), np.nan)
    if len(experts) >= 3:
        drawn = np.random.default_rng(seed).integers(len(experts), size=(draws, len(experts)))
        found = _eigen(np.exp(np.log(experts)[drawn].mean(axis=1)))[0]
        low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2], axis=0)
    poor = [f"第{i + 1}位（CR={one:.2f}）" for i, one in enumerate(individual) if one >= CONSISTENT]
    notes = (
        [f"汇总判断矩阵一致性比率 CR={ratio[0]:.2f}≥0.1，权重不可用，须重新判断"]
        if ratio[0] >= CONSISTENT
        else []
    )
    notes += [f"专家 {'、'.join(poor)} 的判断前后不一致，应请其复核"] if poor else []
    notes += ["专家少于 3 人，没有区间"] if len(experts) < 3 else []
    return Weights("层次分析法", _names(names, len(names)), values[0], low, high, level, float(ratio[0]),
                   tuple(map(float, individual)), "；".join(notes))  # fmt: skip


def entropy_weights(
    values: np.ndarray, names: Sequence[str], level: float = 0.95, draws: int = 2000, seed: int = 2030
) -> Weights:
    """Entropy weights: the more unequally a criterion's values are shared among units, the heavier.

    values: (n_units, n_criteria), none negative. Shannon entropy of each column's shares over ln n (a share of nothing
    adds nothing). Shows where units differ, not what matters. Interval: bootstrap over units.
    Raises DataError (negative or missing values, one unit, no column that differs).
    """
    table = _table(values, names)
    if (table < 0).any() or (table.sum(axis=0) == 0).any():
        raise DataError(
            f"熵权法要求数值非负且每列之和大于零；不符合的：{_listed(names, (table < 0).any(axis=0) | (table.sum(axis=0) == 0))}"
        )
    return _from_units("熵权法", table, names, _entropy, level, draws, seed)


def critic_weights(
    values: np.ndarray, names: Sequence[str], better: Sequence[Better] | None = None, level: float = 0.95, draws: int = 2000, seed: int = 2030,
) -> Weights:  # fmt: skip
    """CRITIC weights: standard deviation times conflict (one minus correlation) with the other criteria.

    values: (n_units, n_criteria). better: "higher" or "lower" a criterion, each column turned accordingly; None
    takes them as they are (as the pymcdm library does). Diakoulaki, Mavrotas & Papayannakis 1995, Computers &
    Operations Research 22:763. Interval: bootstrap over units. Raises DataError (missing values, constant columns).
    """
    table = _table(values, names) * (1 if better is None else signs(better, len(names)))
    flat = np.ptp(table, axis=0) == 0
    if flat.any():
        raise DataError(f"CRITIC 法要求各指标在单位间有差异；没有差异的：{_listed(names, flat)}")
    return _from_units("CRITIC 法", table, names, _critic, level, draws, seed)


def delphi_weights(
    points: np.ndarray, names: Sequence[str], level: float = 0.95, draws: int = 2000, seed: int = 2030
) -> Weights:
    """Weights from points that experts shared out in the last Delphi round: the mean of each expert's shares.

    points: (n_experts, n_criteria), not negative, any total. Interval: bootstrap over experts.
    Raises DataError (missing or negative points, an expert without any).
    """
    table = _table(points, names, rows="专家")
    if (table < 0).any() or (table.sum(axis=1) == 0).any():
        raise DataError("专家赋分须为非负数，且每位专家至少给一项赋分")
    shares = table / table.sum(axis=1, keepdims=True)
    drawn = np.random.default_rng(seed).integers(len(shares), size=(draws, len(shares)))
    low, high = np.quantile(shares[drawn].mean(axis=1), [(1 - level) / 2, (1 + level) / 2], axis=0)
    note = "专家少于 5 人，区间偏窄" if len(shares) < 5 else ""
    return Weights("德尔菲法", _names(names, len(names)), shares.mean(axis=0), low, high, level, note=note)


def _from_units(
    method: str, table: np.ndarray, names, rule: Callable, level: float, draws: int, seed: int
) -> Weights:
    values = rule(table[None])[0]
    if not np.isfinite(values).all():
        raise DataError(f"{method}：各单位在所有指标上都相同（方差为零），无法定权重")
    drawn = np.random.default_rng(seed).integers(len(table), size=(draws, len(table)))
    with np.errstate(invalid="ignore", divide="ignore"):
        found = rule(table[drawn])
    found = found[np.isfinite(found).all(axis=1)]  # a draw without any difference tells nothing
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2], axis=0)
    note = f"只有 {len(table)} 个单位，差异里大多是偶然波动，权重仅供对照" if len(table) < 30 else ""
    return Weights(method, _names(names, len(names)), values, low, high, level, note=note)


def _entropy(tables: np.ndarray) -> np.ndarray:
    """Weights of many tables: (draws, n_units, n_criteria) to (draws, n_criteria)."""
    from scipy.special import xlogy

    with np.errstate(invalid="ignore", divide="ignore"):
        share = tables / tables.sum(axis=1, keepdims=True)
        divergence = 1 + xlogy(share, share).sum(axis=1) / np.log(tables.shape[1])
        divergence = np.where(divergence < 1e-12, 0, divergence)
        return divergence / divergence.sum(axis=1, keepdims=True)


def _critic(tables: np.ndarray) -> np.ndarray:
    span = np.ptp(tables, axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        scaled = np.where(span > 0, (tables - tables.min(axis=1, keepdims=True)) / span, 0.0)
        spread = scaled.std(axis=1, ddof=1)
        centred = scaled - scaled.mean(axis=1, keepdims=True)
        covariance = np.einsum("dni,dnj->dij", centred, centred) / (tables.shape[1] - 1)
        correlation = covariance / (spread[:, :, None] * spread[:, None, :])
        # a redrawn column without any difference weighs nothing
        information = spread * (1 - np.nan_to_num(correlation, nan=1.0)).sum(axis=2)
        return information / information.sum(axis=1, keepdims=True)


def _eigen(matrices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Principal eigenvector, adding up to 1, and consistency ratio of each matrix."""
    n = matrices.shape[1]
    roots, vectors = np.linalg.eig(matrices)
    first = roots.real.argmax(axis=1)
    rows = np.arange(len(matrices))
    vector = np.abs(vectors[rows, :, first].real)
    largest = roots.real[rows, first]
    index = (largest - n) / (n - 1) if n > 1 else np.zeros(len(matrices))
    ratio = np.clip(index / RANDOM_INDEX[n - 1], 0, None) if n > 2 else np.zeros(len(matrices))
    return vector / vector.sum(axis=1, keepdims=True), ratio


def _pairwise(matrices: np.ndarray, n: int) -> np.ndarray:
    experts = np.asarray(matrices, float)
    experts = experts[None] if experts.ndim == 2 else experts
    if experts.ndim != 3 or experts.shape[1:] != (n, n) or not len(experts):
        raise DataError(f"判断矩阵须为 {n}×{n}（与指标数相同），现为 {np.shape(matrices)}")
    if not 1 <= n <= len(RANDOM_INDEX):
        raise DataError(f"判断矩阵最多 {len(RANDOM_INDEX)} 项指标，现为 {n} 项；请分层")
    if not np.isfinite(experts).all() or (experts <= 0).any():
        raise DataError("判断矩阵的每一格须为正数，不能空缺")
    wrong = ~np.isclose(experts * experts.transpose(0, 2, 1), 1, rtol=0.02)
    if wrong.any():
        expert, i, j = np.argwhere(wrong)[0]
        raise DataError(
            f"第{expert + 1}位专家的判断矩阵不互反：第{i + 1}行第{j + 1}列 {experts[expert, i, j]:g} 与"
            f"第{j + 1}行第{i + 1}列 {experts[expert, j, i]:g} 应互为倒数"
        )
    return experts


def _table(values: np.ndarray, names: Sequence[str], rows: str = "单位") -> np.ndarray:
    try:
        table = np.asarray(values, float)
    except (TypeError, ValueError) as error:
        raise DataError(f"须为数字表：每行一个{rows}，每列一项指标") from error
    if table.ndim != 2 or table.shape[1] != len(names) or not len(names):
        raise DataError(f"须为 {rows}×{len(names)} 项指标的表，现为 {table.shape}")
    if len(table) < 2:
        raise DataError(f"至少要有 2 个{rows}，现为 {len(table)} 个")
    if not np.isfinite(table).all():
        raise DataError(f"有缺失或无穷大的数值：{_listed(names, ~np.isfinite(table).all(axis=0))}")
    return table


def _names(names: Sequence[str], n: int) -> tuple[str, ...]:
    if len(set(names)) != n:
        raise DataError("指标名称有重复")
    return tuple(names)


def _listed(names: Sequence[str], which: np.ndarray) -> str:
    return "、".join(name for name, hit in zip(names, which, strict=True) if hit)
