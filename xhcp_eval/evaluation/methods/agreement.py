"""How far raters agree: Krippendorff's alpha, Fleiss' kappa, intraclass correlation, Kendall's W.

Scores come as an array (n_items, n_raters), missing ones NaN. Every measure answers as an `Agreement`; where it can't
be told (nobody differs, one rater, one item) that is an error in words, never a silent number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from xhcp_eval.errors import DataError, ParamsError
from xhcp_eval.showing import ShowsFrame

Level = Literal["nominal", "ordinal", "interval", "ratio"]
ICC_FORMS = ("1,1", "2,1", "3,1", "1,k", "2,k", "3,k")


@dataclass(frozen=True)
class Agreement(ShowsFrame):
    """One measure of agreement.

    method: its name. estimate: 1 for full agreement. low, high: confidence interval at `level`. n_items, n_raters: what
    it was computed from. p: of no agreement, NaN where the method has no test. note: Chinese, what to bear in mind.
    """

    method: str
    estimate: float
    low: float
    high: float
    level: float
    n_items: int
    n_raters: int
    p: float = float("nan")
    note: str = ""

    def to_frame(self) -> pd.DataFrame:
        """One row."""
        return pd.DataFrame([vars(self)])


def krippendorff_alpha(
    scores: np.ndarray,
    measurement: Level = "ordinal",
    level: float = 0.95,
    draws: int = 2000,
    seed: int = 2030,
) -> Agreement:
    """Krippendorff's alpha: one minus observed over expected disagreement, over all pairs of scores of an item.

    scores: (n_items, n_raters), NaN missing. measurement: nominal, ordinal, interval or ratio. level, draws, seed: of
    the bootstrap over items. Krippendorff 2011, Computing Krippendorff's Alpha-Reliability; difference functions there.
    Raises DataError (too few pairs, all scores alike), ParamsError.
    """
    scores = _checked(scores, level)
    if measurement not in ("nominal", "ordinal", "interval", "ratio"):
        raise ParamsError(f"量表类型 {measurement!r} 不认识；允许 nominal、ordinal、interval、ratio")
    if measurement == "ratio" and np.nanmin(scores) < 0:
        raise DataError("比率量表的评分不能为负")
    values, counts = _value_counts(scores)
    if len(counts) < 2:
        raise DataError("至少要有 2 项各有 2 个以上评分，才能计算一致性")
    if (counts.sum(axis=0) > 0).sum() < 2:
        raise DataError("所有评分都相同（方差为零），一致性系数无法计算")
    estimate = float(_alpha(counts[None], values, measurement)[0])
    rng = np.random.default_rng(seed)
    drawn = counts[rng.integers(len(counts), size=(draws, len(counts)))]
    found = _alpha(drawn, values, measurement)
    low, high = np.nanquantile(found, [(1 - level) / 2, (1 + level) / 2])
    note = "项数不足 10，区间只作参考" if len(counts) < 10 else ""
    return Agreement(f"Krippendorff α（{measurement}）", estimate, float(low), float(high), level, len(counts),
                     int((~np.isnan(scores)).any(axis=0).sum()), note=note)  # fmt: skip


def fleiss_kappa(counts: np.ndarray, level: float = 0.95) -> Agreement:
    """Fleiss' kappa of ratings into categories.

    counts: (n_items, n_categories), how many raters chose each; the same number of raters for every item. Standard error
    and p for no agreement: Fleiss, Nee & Landis 1979, Psychological Bulletin 86:974; the interval uses it too, which is
    approximate away from zero. Raises DataError (unequal raters, one category only).
    """
    table = np.asarray(counts, float)
    if table.ndim != 2 or not len(table) or np.isnan(table).any() or (table < 0).any():
        raise DataError("计数表须为 项×类别 的非负整数，不能缺失")
    raters = table.sum(axis=1)
    if np.ptp(raters) > 0 or raters[0] < 2:
        raise DataError(f"每项的评分人数须相同且至少 2 人，现为 {raters.min():g}—{raters.max():g} 人")
    n, m = len(table), raters[0]
    share = table.sum(axis=0) / (n * m)
    expected = float((share**2).sum())
    if expected >= 1 - 1e-12:
        raise DataError("所有评分都在同一类（方差为零），kappa 无法计算")
    observed = float(((table**2).sum(axis=1) - m).mean() / (m * (m - 1)))
    kappa = (observed - expected) / (1 - expected)
    spread = share * (1 - share)
    error = np.sqrt(2 * (spread.sum() ** 2 - (spread * (1 - 2 * share)).sum())) / (
        spread.sum() * np.sqrt(n * m * (m - 1))
    )
    z, p = _normal(level, kappa / error)
    note = "某一类占绝大多数时 kappa 会偏低（流行率悖论）" if share.max() > 0.8 else ""
    return Agreement(
        "Fleiss κ", kappa, kappa - z * error, min(1.0, kappa + z * error), level, n, int(m), p, note
    )


def intraclass_correlation(scores: np.ndarray, form: str = "2,1", level: float = 0.95) -> Agreement:
    """Intraclass correlation of raters who all scored all items.

    scores: (n_items, n_raters), nothing missing. form: "1,1", "2,1", "3,1" for one rater, ",k" for the mean of all;
    1 raters differ by item, 2 raters are a sample of raters, 3 these raters only. Shrout & Fleiss 1979, Psychological
    Bulletin 86:420; intervals as in McGraw & Wong 1996, Psychological Methods 1:30.
    Raises DataError (missing scores, one item or rater, items all alike), ParamsError (form).
    """
    if form not in ICC_FORMS:
        raise ParamsError(f"ICC 形式 {form!r} 不认识；允许 {'、'.join(ICC_FORMS)}")
    x = _checked(scores, level)
    if np.isnan(x).any():
        raise DataError("ICC 要求每名评分者评过每一项；有缺失时请用 Krippendorff α")
    n, k = x.shape
    rows, columns, error, within = _mean_squares(x)
    if rows <= 1e-12 and within <= 1e-12:
        raise DataError("所有评分都相同（方差为零），ICC 无法计算")
    single, low, high, ratio, freedom = _icc_single(form[0], rows, columns, error, within, n, k, level)
    from scipy import stats

    p = float(stats.f.sf(ratio, *freedom))
    if form.endswith("k"):
        single, low, high = (k * v / (1 + (k - 1) * v) for v in (single, low, high))
    return Agreement(f"ICC({form})", float(single), float(low), float(high), level, n, k, p)


def kendall_w(scores: np.ndarray, level: float = 0.95, draws: int = 2000, seed: int = 2030) -> Agreement:
    """Kendall's coefficient of concordance of rankings, corrected for ties.

    scores: (n_items, n_raters), nothing missing; each rater's scores are turned into ranks. p: chi-square with n - 1
    degrees of freedom. Interval: bootstrap over items. Kendall & Babington Smith 1939; Siegel & Castellan 1988, ch. 9.
    Raises DataError (missing, one rater, fewer than 3 items, a rater without any difference).
    """
    x = _checked(scores, level)
    if np.isnan(x).any():
        raise DataError("Kendall W 要求每名评分者评过每一项")
    n, m = x.shape
    if n < 3:
        raise DataError(f"Kendall W 至少要 3 项，现为 {n} 项")
    if (np.ptp(x, axis=0) == 0).any():
        raise DataError("有评分者给所有项目同样的分，无法排名")
    from scipy import stats

    ranks = stats.rankdata(x, axis=0)
    w = float(_concordance(ranks[None])[0])
    p = float(stats.chi2.sf(m * (n - 1) * w, n - 1))
    drawn = np.random.default_rng(seed).integers(n, size=(draws, n))
    found = _concordance(stats.rankdata(x[drawn], axis=1))
    low, high = np.nanquantile(found, [(1 - level) / 2, (1 + level) / 2])
    note = "项数不足 10，区间只作参考" if n < 10 else ""
    return Agreement("Kendall W", w, float(low), float(high), level, n, m, p, note)


def _checked(scores: np.ndarray, level: float) -> np.ndarray:
    if not 0 < level < 1:
        raise ParamsError(f"level={level}：须在 0 与 1 之间")
    try:
        x = np.asarray(scores, float)
    except (TypeError, ValueError) as error:
        raise DataError("评分须为数字表：每行一项，每列一名评分者") from error
    if x.ndim != 2 or x.shape[1] < 2:
        raise DataError(f"评分须为 项×评分者 的表，至少 2 名评分者，现为 {x.shape}")
    if np.isinf(x).any():
        raise DataError("评分里有无穷大")
    if len(x) < 2:
        raise DataError("至少要有 2 项才能计算一致性")
    return x


def _value_counts(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Values that occur, and how often in each item with at least two scores: (n_values,), (n_items, n_values)."""
    scores = scores[(~np.isnan(scores)).sum(axis=1) >= 2]
    values = np.unique(scores[~np.isnan(scores)])
    return values, (scores[:, :, None] == values).sum(axis=1).astype(float)


def _alpha(counts: np.ndarray, values: np.ndarray, measurement: Level) -> np.ndarray:
    """Alpha of many tables at once: counts (draws, items, values)."""
    pairs = counts.sum(axis=2, keepdims=True)
    weights = counts / (pairs - 1)
    coincidence = np.einsum("dic,dik->dck", weights, counts)
    diagonal = weights.sum(axis=1)
    index = np.arange(len(values))
    coincidence[:, index, index] -= diagonal
    total = coincidence.sum(axis=2)
    n = total.sum(axis=1)
    distance = _distance(total, values, measurement)
    observed = (coincidence * distance).sum(axis=(1, 2))
    expected = (total[:, :, None] * total[:, None, :] * distance).sum(axis=(1, 2)) / (n - 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return 1 - observed / expected


def _distance(total: np.ndarray, values: np.ndarray, measurement: Level) -> np.ndarray:
    """Squared difference of each pair of values: (draws, values, values)."""
    if measurement == "nominal":
        return np.broadcast_to(1.0 - np.eye(len(values)), (len(total), len(values), len(values)))
    if measurement == "ordinal":
        cumulated = total.cumsum(axis=1) - total / 2
        return (cumulated[:, :, None] - cumulated[:, None, :]) ** 2
    difference = values[:, None] - values[None, :]
    if measurement == "ratio":
        whole = values[:, None] + values[None, :]
        difference = np.divide(difference, whole, out=np.zeros_like(difference), where=whole != 0)
    return np.broadcast_to(difference**2, (len(total), len(values), len(values)))


def _normal(level: float, z: float) -> tuple[float, float]:
    from scipy import stats

    return float(stats.norm.ppf(0.5 + level / 2)), float(2 * stats.norm.sf(abs(z)))


def _mean_squares(x: np.ndarray) -> tuple[float, float, float, float]:
    """Between items, between raters, residual, within items."""
    n, k = x.shape
    mean = x.mean()
    rows = k * ((x.mean(axis=1) - mean) ** 2).sum() / (n - 1)
    columns = n * ((x.mean(axis=0) - mean) ** 2).sum() / (k - 1)
    within = ((x - x.mean(axis=1, keepdims=True)) ** 2).sum() / (n * (k - 1))
    error = (n * (k - 1) * within - (k - 1) * columns) / ((n - 1) * (k - 1))
    return rows, columns, max(error, 0.0), within


def _icc_single(form: str, rows, columns, error, within, n: int, k: int, level: float):
    """ICC of one rater with its interval, and the F ratio that tests it against zero with its degrees of freedom."""
    from scipy import stats

    tail = (1 + level) / 2
    with np.errstate(divide="ignore"):
        if form == "1":
            ratio, freedom = rows / within, (n - 1, n * (k - 1))
        else:
            ratio, freedom = np.divide(rows, error), (n - 1, (n - 1) * (k - 1))
    if form in "13":
        low, high = ratio / stats.f.ppf(tail, *freedom), ratio * stats.f.ppf(tail, freedom[1], freedom[0])
        single = [(v - 1) / (v + k - 1) if np.isfinite(v) else 1.0 for v in (ratio, low, high)]
        return *single, ratio, freedom
    estimate = (rows - error) / (rows + (k - 1) * error + k * (columns - error) / n)
    a = k * estimate / (n * (1 - estimate)) if estimate < 1 else np.inf
    b = 1 + k * estimate * (n - 1) / (n * (1 - estimate)) if estimate < 1 else np.inf
    if not np.isfinite(a):
        return 1.0, 1.0, 1.0, ratio, freedom
    v = (a * columns + b * error) ** 2 / (
        (a * columns) ** 2 / (k - 1) + (b * error) ** 2 / ((n - 1) * (k - 1))
    )
    upper, lower = stats.f.ppf(tail, n - 1, v), stats.f.ppf(tail, v, n - 1)
    rest = k * columns + (k * n - k - n) * error
    low = n * (rows - upper * error) / (upper * rest + n * rows)
    high = n * (lower * rows - error) / (rest + n * lower * rows)
    return estimate, low, high, ratio, freedom


def _concordance(ranks: np.ndarray) -> np.ndarray:
    """W of many tables at once: ranks (draws, items, raters)."""
    n, m = ranks.shape[1:]
    totals = ranks.sum(axis=2)
    s = ((totals - totals.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
    ties = np.zeros(len(ranks))
    for rater in range(m):
        same = ranks[:, :, None, rater] == ranks[:, None, :, rater]
        ties += (same.sum(axis=2).astype(float) ** 2 - 1).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):  # a draw in which a rater's scores are all alike
        return 12 * s / (m**2 * (n**3 - n) - m * ties)
