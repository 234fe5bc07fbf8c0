"""Difference in differences: did places with a measure change otherwise than places without it?

Two-way fixed effects on a balanced panel in which the measure starts everywhere at one time. The estimate then is the
difference between mean changes (after minus before) of treated and control units, and clustering by unit reduces to
comparing one change a unit (Bertrand, Duflo & Mullainathan 2004, QJE 119), whatever the autocorrelation. Districts
have few townships, so errors are CR2 with Bell-McCaffrey degrees of freedom (Bell & McCaffrey 2002; Imbens & Kolesar
2016, REStat 98), here in closed form, beside a restricted wild cluster bootstrap (Cameron, Gelbach & Miller 2008,
REStat 90; six-point weights of Webb 2014) and a permutation of who was treated. A measure that starts at different
times is refused: two-way fixed effects then compare late with early starters (Goodman-Bacon 2021, J Econom 225).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
import pandas as pd

from xhcp_eval.errors import DataError, ParamsError
from xhcp_eval.showing import ShowsFrame

CAUSE_UNITS = 3
CAUSE_PERIODS = 3
NO_SIGN = 0.05
MOST_PERMUTATIONS = 5000
_WEBB = np.sqrt([0.5, 1.0, 1.5])
_WEBB = np.concatenate([-_WEBB, _WEBB])


@dataclass(frozen=True, eq=False)
class DifferenceInDifferences(ShowsFrame):
    """What the comparison found.

    estimate, low, high, p: effect on the treated in the unit of the outcome, 95% interval and p from CR2 errors (nan
    with a single unit on a side). n: observations; treated, controls: units; before, after: periods.
    clustered_se: the usual clustered error (CR1) of two-way fixed effects. wild_p, permutation_p, pre_trend_p: see the
    module. events: period, estimate, low, high, p against the last period before. placebo_dates: the same analysis
    of the time before, as if the measure had begun at `start`. placebo_groups: each control unit as if treated.
    series: period, after, observed, fitted, counterfactual (means of the treated), control (mean of the others).
    """

    estimate: float
    low: float
    high: float
    p: float
    n: int
    treated: int
    controls: int
    before: int
    after: int
    clustered_se: float
    wild_p: float
    permutation_p: float
    pre_trend_p: float
    events: pd.DataFrame
    placebo_dates: pd.DataFrame
    placebo_groups: pd.DataFrame
    series: pd.DataFrame
    assumptions: tuple[str, ...]
    may_say_cause: bool
    sentence: str

    def to_frame(self) -> pd.DataFrame:
        """One row: estimate, low, high and the p values."""
        names = (
            "estimate",
            "low",
            "high",
            "p",
            "n",
            "treated",
            "controls",
            "wild_p",
            "permutation_p",
            "pre_trend_p",
        )
        return pd.DataFrame([{name: getattr(self, name) for name in names}])


def difference_in_differences(
    table: pd.DataFrame,
    *,
    unit: str = "unit",
    period: str = "period",
    outcome: str = "outcome",
    treated: str = "treated",
    draws: int = 999,
    seed: int = 2030,
) -> DifferenceInDifferences:
    """Effect of a measure that began at one time in some units of a balanced panel.

    table: one row a unit and period, columns named by the arguments; `treated` is 0 or 1: under the measure in that
    period. Units are the level at which the measure was given out (aggregate first if that is coarser than the rows).
    draws: bootstrap draws; seed: of the draws, written down beforehand.
    Raises DataError: columns or values missing, unit without some period, nobody or everybody treated, no period
    before, a measure withdrawn, a staggered start.
    """
    if draws < 99:
        raise ParamsError(f"自助抽样次数 draws 至少 99，现为 {draws}")
    panel, group, post = _panel(table, unit, period, outcome, treated)
    values, periods = panel.to_numpy(), panel.columns.to_numpy()
    change = values[:, post].mean(axis=1) - values[:, ~post].mean(axis=1)
    estimate, low, high, p = (float(x[0]) for x in _compare(change[None], group))
    if np.ptp(values) == 0:
        raise DataError("结果没有变动（方差为零），无法比较")
    rng = np.random.default_rng(seed)
    wild = _wild_p(change[None], group, draws, rng)
    before = values[:, ~post]
    trend = _wild_p((before[:, :-1] - before[:, -1:]).T, group, draws, rng)
    placebo = _placebo_dates(before, periods[~post], group)
    found = {
        "estimate": estimate, "low": low, "high": high, "p": p, "n": values.size, "treated": int(group.sum()),
        "controls": int((~group).sum()), "before": int((~post).sum()), "after": int(post.sum()),
        "clustered_se": _clustered_se(values, group, post), "wild_p": wild,
        "permutation_p": _permutation_p(change, group, rng), "pre_trend_p": trend,
        "events": _events(values, periods, group, post), "placebo_dates": placebo,
        "placebo_groups": _placebo_groups(change, panel.index, group),
        "series": _series(values, periods, group, post, estimate),
    }  # fmt: skip
    return DifferenceInDifferences(**found, **_words(found, _slope(before, group)))


def _panel(table, unit, period, outcome, treated) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Outcomes (units, periods), who is ever treated (units,), which periods are under the measure (periods,)."""
    missing = [name for name in (unit, period, outcome, treated) if name not in table.columns]
    if missing:
        raise DataError(f"缺少列：{'、'.join(missing)}")
    rows = table[[unit, period, outcome, treated]]
    if rows.isna().any(axis=None):
        raise DataError("有缺失值；双重差分要求每个单位每期都有数")
    if rows.duplicated([unit, period]).any():
        raise DataError("同一单位同一期有多行，请先合并")
    if not rows[treated].isin([0, 1]).all():
        raise DataError(f"“{treated}”列只能是 0（未实施）或 1（已实施）")
    panel, under = (rows.pivot(index=unit, columns=period, values=name) for name in (outcome, treated))
    holes = panel.index[panel.isna().any(axis=1)]
    if len(holes):
        raise DataError(f"面板不齐，以下单位缺期：{'、'.join(map(str, holes[:10]))}")
    group = under.to_numpy().any(axis=1)
    if group.all() or not group.any():
        raise DataError("没有对照单位，无法双重差分" if group.all() else "没有任何单位实施了措施")
    if (under.diff(axis=1).iloc[:, 1:] < 0).any(axis=None):
        raise DataError("有单位实施后又停止；本方法只用于实施后不退出的措施")
    starts = under.columns[under[group].to_numpy().argmax(axis=1)]
    if len(set(starts)) > 1:
        raise DataError(f"各单位开始时间不一（{'、'.join(map(str, sorted(set(starts))))}）：分批实施时双向固定效应会以早实施者作晚实施者的对照，结果可能连方向都错，不予计算；请只留同一时间开始的单位和始终未实施的单位")  # fmt: skip
    post = np.asarray(under.columns >= starts[0])
    if post.all():
        raise DataError("没有实施前的数据，无法双重差分")
    return panel.astype(float), group, post


def _compare(changes: np.ndarray, group: np.ndarray) -> tuple[np.ndarray, ...]:
    """Difference of group means of changes (M, units): estimate, low, high, p; CR2 errors, Bell-McCaffrey df."""
    from scipy.stats import t

    a, b = int(group.sum()), int((~group).sum())
    one, two = changes[:, group], changes[:, ~group]
    estimate = one.mean(axis=1) - two.mean(axis=1)
    if min(a, b) < 2:
        nothing = np.full(len(changes), np.nan)
        return estimate, nothing, nothing, nothing
    error = np.sqrt(one.var(axis=1, ddof=1) / a + two.var(axis=1, ddof=1) / b)
    error = np.where(error > 1e-12 * (1 + np.abs(changes).max(axis=1)), error, np.nan)
    df = (1 / a + 1 / b) ** 2 / (1 / (a**2 * (a - 1)) + 1 / (b**2 * (b - 1)))
    reach = t.ppf(0.975, df) * error
    return estimate, estimate - reach, estimate + reach, 2 * t.sf(np.abs(estimate / error), df)


def _clustered_se(values: np.ndarray, group: np.ndarray, post: np.ndarray) -> float:
    """CR1 error of two-way fixed effects, clustered by unit: G/(G-1) (n-1)/(n-k), k counting all effects."""
    treat = np.outer(group, post).astype(float)
    x = treat - treat.mean(axis=0) - treat.mean(axis=1)[:, None] + treat.mean()
    y = values - values.mean(axis=0) - values.mean(axis=1)[:, None] + values.mean()
    residual = y - x * ((x * y).sum() / (x**2).sum())
    units, n, k = len(values), values.size, sum(values.shape)
    if units < 3 or n <= k:
        return float("nan")
    score = (x * residual).sum(axis=1)
    return float(np.sqrt((score**2).sum() * units / (units - 1) * (n - 1) / (n - k)) / (x**2).sum())


def _wild_p(changes: np.ndarray, group: np.ndarray, draws: int, rng: np.random.Generator) -> float:
    """p of "no difference in any row" of changes (M, units): largest |t|, wild bootstrap with residuals of the null."""
    a, b = int(group.sum()), int((~group).sum())
    if min(a, b) < 2 or not len(changes):
        return float("nan")

    def largest(x: np.ndarray) -> np.ndarray:
        one, two = x[..., group], x[..., ~group]
        error = one.var(axis=-1, ddof=1) / a + two.var(axis=-1, ddof=1) / b
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.nanmax(np.abs(one.mean(axis=-1) - two.mean(axis=-1)) / np.sqrt(error), axis=-1)

    residual = changes - changes.mean(axis=1, keepdims=True)
    if not residual.any():
        return float("nan")
    few = len(group) <= 12
    sign = rng.choice(_WEBB if few else np.array([-1.0, 1.0]), size=(draws, 1, len(group)))
    return float((1 + (largest(sign * residual) >= largest(changes) - 1e-12).sum()) / (draws + 1))


def _permutation_p(change: np.ndarray, group: np.ndarray, rng: np.random.Generator) -> float:
    """Share of all ways to pick the treated (or of many drawn) whose difference is as large; the real one counts."""
    units, k = len(change), int(group.sum())
    if comb(units, k) <= MOST_PERMUTATIONS:
        picked = np.array(list(combinations(range(units), k)))
    else:
        picked = rng.permuted(np.tile(np.arange(units), (MOST_PERMUTATIONS - 1, 1)), axis=1)[:, :k]
        picked = np.concatenate([picked, np.flatnonzero(group)[None]])
    total = change[picked].sum(axis=1)
    difference = np.abs(total / k - (change.sum() - total) / (units - k))
    actual = abs(change[group].mean() - change[~group].mean())
    return float((difference >= actual * (1 - 1e-12) - 1e-15).mean())


def _events(values, periods, group, post) -> pd.DataFrame:
    """Difference between the groups in each period, against the last period before the measure."""
    base = int((~post).sum()) - 1
    found = np.array(_compare((values - values[:, [base]]).T, group))
    found[:, base] = 0, 0, 0, np.nan
    table = pd.DataFrame(found.T, columns=["estimate", "low", "high", "p"])
    return table.assign(period=periods, after=post)[["period", "after", "estimate", "low", "high", "p"]]


def _placebo_dates(before: np.ndarray, periods: np.ndarray, group: np.ndarray) -> pd.DataFrame:
    """The analysis of the time before, as if the measure had begun at each of its periods but the first."""
    cuts = range(1, len(periods))
    rows = [before[:, cut:].mean(axis=1) - before[:, :cut].mean(axis=1) for cut in cuts]
    found = _compare(np.array(rows).reshape(len(rows), len(before)), group)
    return pd.DataFrame(dict(zip(("estimate", "low", "high", "p"), found, strict=True))).assign(
        start=periods[1:]
    )


def _placebo_groups(change: np.ndarray, units: pd.Index, group: np.ndarray) -> pd.DataFrame:
    """Each control unit against the other controls, as if it alone had been treated."""
    own, controls = change[~group], int((~group).sum())
    others = (own.sum() - own) / (controls - 1) if controls > 1 else np.full(1, np.nan)
    return pd.DataFrame({"unit": units[~group], "estimate": own - others})


def _slope(before: np.ndarray, group: np.ndarray) -> tuple[float, float]:
    """Interval of the difference in linear trend a period before the measure."""
    if before.shape[1] < 2:
        return float("nan"), float("nan")
    time = np.arange(before.shape[1]) - (before.shape[1] - 1) / 2
    _, low, high, _ = _compare((before @ time / (time @ time))[None], group)
    return float(low[0]), float(high[0])


def _series(values, periods, group, post, estimate) -> pd.DataFrame:
    """Means by period, and those of the treated had they changed as the controls did."""
    observed, control = values[group].mean(axis=0), values[~group].mean(axis=0)
    without = observed[~post].mean() + control - control[~post].mean()
    return pd.DataFrame({
        "period": periods, "after": post, "observed": observed, "fitted": without + estimate * post,
        "counterfactual": without, "control": control,
    })  # fmt: skip


def _words(found: dict, slope: tuple[float, float]) -> dict:
    """Assumptions, leave to speak of a cause, sentence."""
    trend, dates = found["pre_trend_p"], found["placebo_dates"]["p"]
    enough = min(found["treated"], found["controls"]) >= CAUSE_UNITS
    periods = found["before"] >= CAUSE_PERIODS
    parallel = trend >= NO_SIGN
    dated = not dates.min() * max(1, dates.notna().sum()) < NO_SIGN
    told = {True: "已检查，未见违反", False: "已检查，不成立"}
    seen = "无法检查" if np.isnan(trend) else f"{told[bool(parallel)]}（事件研究联合检验 p={trend:.2f}）"
    weak = "" if np.isnan(slope[0]) else f"；但数据仍容许两组每期相差 {slope[0]:.3g} 至 {slope[1]:.3g} 的趋势"
    assumptions = (
        f"没有这项措施时两组会平行变动：实施前 {found['before']} 期，{seen}{weak}。",
        f"假想更早开始时不应有“效应”：{told[dated] if dates.notna().any() else '无法检查'}（安慰剂日期 {dates.notna().sum()} 个）。",
        f"单位足够多，区间才可信：实施 {found['treated']} 个、对照 {found['controls']} 个，各至少 {CAUSE_UNITS} 个{'，满足' if enough else '，不满足'}"
        f"；野自助 p={found['wild_p']:.3f}，随机互换 p={found['permutation_p']:.3f}。",
        "措施在同一时间开始：已检查，成立。",
        "措施不影响对照单位（儿童不跨区就读、就医）：数据无法检查。",
        "实施前没有因预期而先行变化，同期没有只落在一组的其他政策：数据无法检查。",
        "选谁实施与其后的走势无关：数据无法检查。",
    )  # fmt: skip
    why = [
        None if enough else f"实施或对照单位少于 {CAUSE_UNITS} 个",
        None if periods else f"实施前不足 {CAUSE_PERIODS} 期，平行趋势无从检验",
        None if parallel or not periods or np.isnan(trend) else "实施前两组趋势已不平行",
        None if dated else "假想的更早日期也有“效应”",
    ]
    may = bool(enough and periods and parallel and dated)
    reason = "；".join(text for text in why if text) or "实施前的平行趋势无法检验"
    return {"assumptions": assumptions, "may_say_cause": may, "sentence": _sentence(found, may, reason)}


def _sentence(found: dict, may: bool, reason: str) -> str:
    """One Chinese sentence that says no more than the design carries."""
    interval = f"（95% 区间 {found['low']:.3g} 至 {found['high']:.3g}）"
    interval = "（单位太少，给不出区间）" if np.isnan(found["low"]) else interval
    seen = f"实施单位的变化与对照单位相差 {found['estimate']:.3g}{interval}"
    if not may:
        return f"{seen}；这只是描述，不能说是该措施造成的（{reason}）。"
    if found["low"] > 0 or found["high"] < 0:
        return f"{seen}；若没有措施时两组会平行变动，这一差别可归于该措施。"
    return f"{seen}；数据与“没有影响”相容，也不能证明没有影响。"
