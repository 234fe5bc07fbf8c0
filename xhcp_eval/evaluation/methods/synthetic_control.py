"""Synthetic control: would a weighted mean of other places, alike beforehand, have moved as this place did?

Weights on the donors are non-negative, sum to one and minimise the squared gap before the measure (Abadie, Diamond &
Hainmueller 2010, JASA 105; outcomes of all earlier periods as predictors, so that no importance of predictors is left
to choose). Inference is by placebo in space: every donor is treated as if it had had the measure. The p value is the
rank of the ratio of mean squared gaps after and before. The interval is that of the mean gap of placebos which fit
about as well beforehand, by t. benchmarks/effect_simulations.py measures what it holds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from xhcp_eval.errors import DataError, ParamsError
from xhcp_eval.showing import ShowsFrame

CAUSE_BEFORE = 8
CAUSE_DONORS = 19
# Gap before, against the spread between the donors: our convention, a quarter of a standard deviation.
WORST_FIT = 0.25
LEAST_PLACEBOS = 5
NO_SIGN = 0.05


@dataclass(frozen=True, eq=False)
class SyntheticControl(ShowsFrame):
    """What the synthetic control found.

    estimate: mean gap (observed minus synthetic) after the start, in the unit of the outcome; low, high: its 95%
    interval (nan where the fit is refused or fewer than 5 placebos fit as well); p: rank of the MSPE ratio among
    placebos, never below 1 / (donors + 1). n: periods; before: those before; donors: their number.
    fit: root mean squared gap before; relative_fit: against the spread between donors (above 0.25: refused).
    weights: unit, weight. series: time, after, observed, fitted, counterfactual, gap. placebos: unit, fit, gap_after,
    ratio (the treated first). placebo_gaps: gaps of all units (times x units), for the figure. leave_one_out: left
    out donor and the estimate without it.
    """

    estimate: float
    low: float
    high: float
    p: float
    n: int
    before: int
    donors: int
    fit: float
    relative_fit: float
    weights: pd.DataFrame
    series: pd.DataFrame
    placebos: pd.DataFrame
    placebo_gaps: pd.DataFrame
    leave_one_out: pd.DataFrame
    assumptions: tuple[str, ...]
    may_say_cause: bool
    sentence: str

    def to_frame(self) -> pd.DataFrame:
        """One row: estimate, low, high, p, n, before, donors, fit, relative_fit."""
        names = ("estimate", "low", "high", "p", "n", "before", "donors", "fit", "relative_fit")
        return pd.DataFrame([{name: getattr(self, name) for name in names}])


def synthetic_control(
    table: pd.DataFrame, treated: str, since: float, *, leave_out: bool = True
) -> SyntheticControl:
    """Effect of a measure in one place, against a synthetic one made of donors that never had it.

    table (times, units): the outcome; index sorted times, columns units. treated: the column with the measure.
    since: first time under it. leave_out: also without each donor that carries weight.
    Raises DataError (unknown unit, missing values, under 2 donors, under 3 periods before or none after, donors
    without any spread).
    """
    table = _checked(table, treated, since)
    after = np.asarray(table.index >= since)
    values, units = table.to_numpy(float), list(table.columns)
    donors = values[:, 1:]
    weights = _weights(values[~after, :1] - donors[~after])
    gaps = np.column_stack(
        [values[:, 0] - donors @ weights, *(_placebo(donors, after, j) for j in range(donors.shape[1]))]
    )
    placebos = _placebos(gaps, after, units)
    relative = placebos["fit"].iloc[0] / donors[~after].std(axis=1, ddof=1).mean()
    half = _half_width(placebos) if relative <= WORST_FIT else float("nan")
    estimate = float(gaps[after, 0].mean())
    found = {
        "estimate": estimate, "low": estimate - half, "high": estimate + half,
        "p": float((placebos["ratio"] >= placebos["ratio"].iloc[0]).mean()),
        "n": len(values), "before": int((~after).sum()), "donors": donors.shape[1],
        "fit": float(placebos["fit"].iloc[0]), "relative_fit": float(relative),
        "weights": pd.DataFrame({"unit": units[1:], "weight": weights}),
        "series": _series(table, after, gaps[:, 0]), "placebos": placebos,
        "placebo_gaps": pd.DataFrame(gaps, index=table.index, columns=units),
        "leave_one_out": _leave_one_out(values, after, weights, units) if leave_out else pd.DataFrame(columns=["unit", "estimate"]),
    }  # fmt: skip
    return SyntheticControl(**found, **_words(found))


def given_weights(table: pd.DataFrame, treated: str, since: float, weights: dict[str, float]) -> pd.DataFrame:
    """The series (time, after, observed, fitted, counterfactual, gap) under weights laid down elsewhere.

    table, treated, since: as for `synthetic_control`. weights: of donors, non-negative, summing to one (0.01).
    """
    table = _checked(table, treated, since)
    unknown = [unit for unit in weights if unit not in table.columns[1:]]
    if unknown:
        raise ParamsError(f"权重中有不在数据里的对照单位：{'、'.join(map(str, unknown))}")
    total = sum(weights.values())
    if min(weights.values(), default=-1) < 0 or abs(total - 1) > 0.01:
        raise ParamsError(f"权重必须都不小于 0 且合计为 1，现合计 {total:.3f}")
    gap = table[treated] - table[list(weights)] @ np.array(list(weights.values()))
    return _series(table, np.asarray(table.index >= since), gap.to_numpy())


def _checked(table: pd.DataFrame, treated: str, since: float) -> pd.DataFrame:
    """The table with the treated unit first, or an error that says what is wrong."""
    if treated not in table.columns:
        raise DataError(f"数据里没有单位“{treated}”")
    if table.columns.has_duplicates or not table.index.is_monotonic_increasing or table.index.has_duplicates:
        raise DataError("单位不能重名，时间必须递增且不重复")
    if table.isna().any(axis=None) or not np.isfinite(table.to_numpy(float)).all():
        holes = table.columns[table.isna().any()]
        raise DataError(f"有缺失值（{'、'.join(map(str, holes[:10]))}）；合成控制要求每个单位每期都有数")
    after = table.index >= since
    if table.shape[1] < 3:
        raise DataError("对照单位少于 2 个，无法合成")
    if (~after).sum() < 3 or not after.any():
        raise DataError(f"措施前 {(~after).sum()} 期、后 {after.sum()} 期；前至少要 3 期，后至少 1 期")
    table = table[[treated, *(unit for unit in table.columns if unit != treated)]]
    if not np.ptp(table.loc[~after].iloc[:, 1:].to_numpy(float), axis=1).any():
        raise DataError("对照单位之间没有差别（方差为零），无法合成")
    return table


def _weights(distance: np.ndarray) -> np.ndarray:
    """Convex weights w (J,) that minimise |distance @ w|, distance (periods, J) being treated minus donors.

    Exact by non-negative least squares: minimising |A u|^2 + (1'u - 1)^2 over u >= 0 has its solution along the
    wanted w, whatever the scale, for with u = s w the best s leaves |A w|^2 / (1 + |A w|^2), which grows with |A w|
    (Haskell & Hanson 1981, Math Program 21, for the idea of the added row).
    """
    from scipy.optimize import nnls

    size = np.linalg.norm(distance)
    if size == 0:
        return np.full(distance.shape[1], 1 / distance.shape[1])
    rows = np.vstack([distance / size, np.ones(distance.shape[1])])
    raw, _ = nnls(rows, np.append(np.zeros(len(distance)), 1.0))
    return raw / raw.sum()


def _placebo(donors: np.ndarray, after: np.ndarray, j: int) -> np.ndarray:
    """Gap of donor j against the others, the treated unit left aside."""
    others = np.delete(donors, j, axis=1)
    return donors[:, j] - others @ _weights(donors[~after, j : j + 1] - others[~after])


def _placebos(gaps: np.ndarray, after: np.ndarray, units: list) -> pd.DataFrame:
    """Fit before, mean gap after and ratio of mean squared gaps of every unit, the treated first."""
    before = (gaps[~after] ** 2).mean(axis=0)
    ratio = (gaps[after] ** 2).mean(axis=0) / np.maximum(before, 1e-300)
    return pd.DataFrame(
        {"unit": units, "fit": np.sqrt(before), "gap_after": gaps[after].mean(axis=0), "ratio": ratio}
    )


def _half_width(placebos: pd.DataFrame) -> float:
    """Half the 95% interval: t times the root mean square of mean gaps of placebos that fit as well.

    As well: a fit up to twice the treated unit's, or better than the median placebo's (Abadie et al. leave out
    placebos of poor fit; a mean square of 4 lies between their cut-offs of 2 and 5).
    """
    from scipy.stats import t

    fits = placebos["fit"].to_numpy()
    like = placebos["gap_after"].to_numpy()[1:][fits[1:] <= max(2 * fits[0], np.median(fits[1:]))]
    if len(like) < LEAST_PLACEBOS:
        return float("nan")
    return float(t.ppf(0.975, len(like)) * np.sqrt((like**2).mean()))


def _leave_one_out(values: np.ndarray, after: np.ndarray, weights: np.ndarray, units: list) -> pd.DataFrame:
    """The estimate without each donor that carries more than a hundredth."""
    rows = []
    for j in np.flatnonzero(weights > 0.01) if len(weights) > 2 else ():
        kept = np.delete(values[:, 1:], j, axis=1)
        again = _weights(values[~after, :1] - kept[~after])
        rows.append((units[1 + j], float((values[after, 0] - kept[after] @ again).mean())))
    return pd.DataFrame(rows, columns=["unit", "estimate"])


def _series(table: pd.DataFrame, after: np.ndarray, gap: np.ndarray) -> pd.DataFrame:
    """Observed, synthetic and their gap; the fitted line is the synthetic one before, the observed one after."""
    observed = table.iloc[:, 0].to_numpy(float)
    synthetic = observed - gap
    return pd.DataFrame({
        "time": table.index, "after": after, "observed": observed, "fitted": np.where(after, np.nan, synthetic),
        "counterfactual": synthetic, "gap": gap,
    })  # fmt: skip


def _words(found: dict) -> dict:
    """Assumptions, leave to speak of a cause, sentence."""
    fits = found["relative_fit"] <= WORST_FIT
    early, many = found["before"] >= CAUSE_BEFORE, found["donors"] >= CAUSE_DONORS
    spread = found["donors"] < found["before"] or (found["weights"]["weight"] > 0.01).sum() < found["before"]
    without = found["leave_one_out"]["estimate"]
    stable = bool((np.sign(without) == np.sign(found["estimate"])).all())
    told = {True: "已检查，满足", False: "已检查，不满足"}
    left = f"结果在 {without.min():.3g} 至 {without.max():.3g}" if len(without) else "未做"
    assumptions = (
        f"合成对照在措施前与实际相符：均方根误差 {found['fit']:.3g}，为对照单位间标准差的 {found['relative_fit']:.0%}（上限 {WORST_FIT:.0%}），{told[fits]}。",
        f"措施前至少 {CAUSE_BEFORE} 期：现有 {found['before']} 期，{told[early]}。",
        f"对照单位至少 {CAUSE_DONORS} 个，置换检验才可能小于 0.05：现有 {found['donors']} 个，{told[many]}。",
        f"不取决于某一个对照单位：逐一剔除后{left}，{told[stable] if len(without) else '未检查'}。",
        f"不是靠对照单位多过期数硬凑出来的相符：{told[bool(spread)]}。",
        "对照单位没有实施同类措施，也不受本措施影响：数据无法检查，须由知情人书面说明。",
        "同期没有只影响本单位的其他政策、事件：数据无法检查。",
    )
    why = [
        None if fits else "措施前拟合太差，合成对照不可用",
        None if early else f"措施前不足 {CAUSE_BEFORE} 期",
        None if many else f"对照单位不足 {CAUSE_DONORS} 个，置换检验不可能小于 0.05",
        None if stable else "剔除个别对照单位后方向改变",
        None if spread else "对照单位多过期数，相符可能是凑出来的",
    ]
    reason = "；".join(text for text in why if text)
    return {
        "assumptions": assumptions,
        "may_say_cause": not reason,
        "sentence": _sentence(found, reason, fits),
    }


def _sentence(found: dict, reason: str, fits: bool) -> str:
    """One Chinese sentence that says no more than the design carries."""
    if not fits:
        return f"{reason}；不给出效果估计的区间，也不能说措施有没有效果。"
    interval = f"（95% 区间 {found['low']:.3g} 至 {found['high']:.3g}）"
    interval = "（相似的安慰剂太少，给不出区间）" if np.isnan(found["low"]) else interval
    seen = f"措施后实际值与合成对照平均相差 {found['estimate']:.3g}{interval}，置换检验 p={found['p']:.3f}"
    if reason:
        return f"{seen}；这只是描述，不能说是该措施造成的（{reason}）。"
    sure = found["low"] > 0 or found["high"] < 0
    if sure != (found["p"] <= NO_SIGN):
        return f"{seen}；区间与置换检验结论不一，证据还不足以归因。"
    if sure:
        return f"{seen}；若同期没有只影响本单位的其他变化，这一差别可归于该措施。"
    return f"{seen}；数据与“没有影响”相容，也不能证明没有影响。"
