"""The early-warning rules as tests on arrays of series, with the thresholds they depend on and their words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from xhcp_eval.counting import counting_variance
from xhcp_eval.panel import Panel
from xhcp_eval.small_numbers import rate_ratio_interval

HARD, WORSE, VOLATILE, BREAK, MISSING, FLOOR = (
    "hard_to_reach",
    "worse_two_years",
    "volatile",
    "sudden_break",
    "missing_two_years",
    "under_floor",
)
RULE_NAMES: dict[str, str] = {
    HARD: "难以达标", WORSE: "连续两年变差", VOLATILE: "波动超出计数误差", BREAK: "突然跳变", MISSING: "连续两年缺数据",
    FLOOR: "乡镇（街道）低于底线",
}  # fmt: skip
URGENT, ORDINARY, HINT = "重要", "一般", "提示"
SEVERITIES: tuple[str, ...] = (URGENT, ORDINARY, HINT)
# Median absolute deviation of a normal variable, inverted.
MAD_TO_SD = 1.4826


class WarningRules(BaseModel):
    """Thresholds of the early-warning rules.

    probability: a target with a smaller probability is hard to reach. habit: a loss over two years counts from this
    many standard deviations of the series' own two-year change. habit_changes: earlier yearly changes that it takes to know
    it. level: coverage of the intervals that counts are held to. irregular: share of the level by which years deviate
    from their neighbours in the most restless tenth of real series (`warning_skill` measures it), for series without
    counts. material, irregular_p: with counts a smaller share will do, if counting alone would give it as rarely as
    this. least_triples: runs of three years that it takes to tell. recent: a break
    warns this many years, the last included. missing: data years without a figure. fdr: false discovery rate among the
    townships of a target. stale: a last figure may lie this many years before the data year.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    probability: float = Field(0.3, gt=0, lt=1)
    habit: float = Field(1.0, ge=0)
    habit_changes: int = Field(4, ge=2)
    level: float = Field(0.95, gt=0.5, lt=1)
    irregular: float = Field(0.4, gt=0)
    material: float = Field(0.1, gt=0)
    irregular_p: float = Field(0.01, gt=0, lt=1)
    least_triples: int = Field(4, ge=1)
    recent: int = Field(2, ge=1)
    missing: int = Field(2, ge=1)
    fdr: float = Field(0.05, gt=0, lt=1)
    stale: int = Field(1, ge=0)

    def texts(self) -> dict[str, str]:
        """Each rule in Chinese, with its thresholds, by id."""
        percent = f"{self.level * 100:g}%"
        return {
            HARD: f"在目标年达标（或此后每年保持）的概率低于{self.probability * 100:g}%。",
            WORSE: (
                f"最近两个年度连续向不利方向变动，两年合计超过该序列自身两年变动标准差的{self.habit:g}倍"
                f"（至少{self.habit_changes}个更早的年变动，稳健估计）；有分子分母的，两年前后事件数之比的{percent}精确区间"
                f"还须不含1。既无分子分母、更早的年变动又不足{self.habit_changes}个的不判。"
            ),
            VOLATILE: (
                f"各年偏离前后两年连线的幅度，有分子分母的扣除计数误差后超过数值（比例取离两端较近一侧）的{self.material * 100:g}%，"
                f"且单凭计数误差产生这种波动的概率小于{self.irregular_p:g}（过离散检验）；没有分子分母的超过"
                f"{self.irregular * 100:g}%，即真实参照序列中最不平稳的一成。至少{self.least_triples}组连续三年。"
            ),
            BREAK: f"最近{self.recent}年内有未说明的跳变：年变动偏离该序列历年变动7个稳健标准差以上（计数误差计入）。",
            MISSING: f"曾经填报过的，或目标所需的指标，最近{self.missing}个数据年度都没有可用数字。",
            FLOOR: (
                f"目标为下限或上限时，乡镇（街道）数值的{percent}区间整个在不达标一侧，且在该目标的全部乡镇检验中按"
                f"Benjamini-Hochberg法错误发现率不超过{self.fdr * 100:g}%为明确；只是点值不达标为提示。案例少的合并数年判断；"
                "全区合计的个数目标不分解到乡镇。"
            ),
        }


@dataclass(frozen=True, eq=False)
class Worse:
    """Losses over the last two years. All (n,): judged, flagged (bool); change (last value less that two years before);
    habit (standard deviation of a two-year change, nan if unknown); ratio, low, high of the counts (nan without).
    """

    judged: np.ndarray
    flagged: np.ndarray
    change: np.ndarray
    habit: np.ndarray
    ratio: np.ndarray
    low: np.ndarray
    high: np.ndarray


def worse_two_years(panel: Panel, sign: np.ndarray, rules: WarningRules) -> Worse:
    """Series that went the wrong way in both of their last two years, beyond noise.

    panel: n series. sign: (n,) 1 where more is better, -1 where less is, 0 where neither (never flagged).
    Noise of counts: the exact conditional interval of the ratio of both years' events (non-events where those are
    rarer, which is conservative for shares). Own habit: median absolute yearly change before those two years,
    brought to two years of a random walk, at least 1% of the level. Values of both years and the two before
    have to be there, one each year.
    """
    y, last = panel.values, panel.last
    rows = np.arange(len(panel))
    at = [np.where(last >= back, y[rows, np.maximum(last - back, 0)], np.nan) for back in (0, 1, 2)]
    change = at[0] - at[2]
    step = np.diff(y, axis=1)
    known = np.isfinite(step) & (np.arange(1, y.shape[1]) <= last[:, None] - 2)
    enough = known.sum(axis=1) >= rules.habit_changes
    usual = np.nanmedian(
        np.where(enough[:, None] & known, np.abs(step), np.where(enough[:, None], np.nan, 0.0)), axis=1
    )
    habit = np.sqrt(2) * np.maximum(MAD_TO_SD * usual, 0.01 * room(panel))
    habit = np.where(enough, habit, np.nan)
    ratio, low, high = _count_ratio(panel, rules.level)
    counted = np.isfinite(low) & np.isfinite(ratio)
    judged = np.isfinite(change) & np.isfinite(at[1]) & (sign != 0) & (enough | counted)
    wrong = (sign * (at[0] - at[1]) < 0) & (sign * (at[1] - at[2]) < 0)
    unusual = ~enough | (np.abs(change) > rules.habit * np.nan_to_num(habit))
    told = ~counted | (low > 1) | (high < 1)
    return Worse(judged, judged & wrong & unusual & told, change, habit, ratio, low, high)


def _count_ratio(panel: Panel, level: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Last year's rate of events over that two years before, with its interval; (n,) each, nan without counts."""
    rows, then = np.arange(len(panel)), np.maximum(panel.last - 2, 0)
    x1, n1, x0, n0 = (a[rows, t] for t in (panel.last, then) for a in (panel.numerator, panel.denominator))
    with np.errstate(invalid="ignore", divide="ignore"):
        # events of a share close to 1 are its failures; a rate per population has none
        rare = np.isfinite(panel.upper) & ((x1 + x0) / (n1 + n0) > 0.5)
    x1, x0 = np.where(rare, n1 - x1, x1), np.where(rare, n0 - x0, x0)
    whole = np.isfinite(x1 + n1 + x0 + n0) & (x1 >= 0) & (x0 >= 0)
    x1, n1, x0, n0 = (np.where(whole, a, np.nan) for a in (x1, n1, x0, n0))
    return rate_ratio_interval(x1, n1, x0, n0, level)


def room(panel: Panel) -> np.ndarray:
    """What a change is measured against, (n,): the mean value, or the room to the upper bound where that is less."""
    mean = np.nanmean(np.abs(panel.values), axis=1)
    return np.minimum(mean, np.abs(panel.upper - mean))


@dataclass(frozen=True, eq=False)
class Volatile:
    """Irregularity of series. All (n,): judged, flagged (bool); size (standard deviation of a year around its
    neighbours beyond counting noise, on the unit's scale); share (of `room`); dispersion (squares over those that counting
    explains, nan without counts); p (chance of it, nan without counts).
    """

    judged: np.ndarray
    flagged: np.ndarray
    size: np.ndarray
    share: np.ndarray
    dispersion: np.ndarray
    p: np.ndarray


def volatile(panel: Panel, rules: WarningRules) -> Volatile:
    """Series whose years deviate from their neighbours more than counts explain and than real series usually do.

    The sum of squared second differences, in which any steady trend cancels, is held against its distribution under
    counting noise alone: a quadratic form in independent errors, as a scaled chi-square with the same mean and variance.
    Sources: Cochran 1954, Biometrics 10:417 (dispersion test); Satterthwaite 1946, Biometrics Bulletin 2:110.
    """
    from scipy import stats

    second = np.diff(panel.values, n=2, axis=1)
    known = np.isfinite(second)
    triples = known.sum(axis=1)
    squares = np.where(known, second, 0.0) ** 2
    total, expected = squares.sum(axis=1), np.zeros(len(panel))
    dispersion, p = np.full(len(panel), np.nan), np.full(len(panel), np.nan)
    variance, counted = counting_variance(panel.values, panel.numerator, panel.denominator, panel.upper)
    counted &= (variance.sum(axis=1) > 0) & (triples > 0)
    if counted.any():
        mean, spread = _moments(variance[counted], known[counted])
        expected[counted] = mean
        dispersion[counted] = total[counted] / mean
        p[counted] = stats.chi2.sf(total[counted] * mean / spread, mean**2 / spread)
    judged = triples >= rules.least_triples
    # a second difference has six times the variance of a single year's deviation
    size = np.sqrt(np.maximum(total - expected, 0) / (6 * np.maximum(triples, 1)))
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(judged & (size > 0), size / room(panel), 0.0)
    limit = np.where(counted, rules.material, rules.irregular)
    flagged = judged & (share > limit) & (~counted | (p < rules.irregular_p))
    return Volatile(judged, flagged, size, share, dispersion, p)


def _moments(variance: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and half the variance of the sum of squared second differences of independent errors, (n,) each."""
    difference = np.diff(np.eye(variance.shape[1]), n=2, axis=0)
    covariance = np.einsum("it,nt,jt->nij", difference, variance, difference, optimize=True)
    covariance *= known[:, :, None] & known[:, None, :]
    return np.trace(covariance, axis1=1, axis2=2), (covariance**2).sum(axis=(1, 2))


def beyond_bound(
    numerator: np.ndarray, denominator: np.ndarray, share: float, sign: int, kind: str
) -> np.ndarray:
    """Chance of counts as bad as these in a unit that lies exactly on the bound, same shape as the counts.

    numerator, denominator: counts. share: bound, as events a case. sign: 1 for "at least", -1 for "at most". kind:
    "proportion" (exact binomial), else exact Poisson.
    """
    from scipy import stats

    n = np.round(denominator)
    law = stats.binom(n, min(share, 1.0)) if kind == "proportion" else stats.poisson(denominator * share)
    # pooled counts are whole; a rounded value's numerator may not be quite
    x = np.round(numerator)
    return law.cdf(x) if sign > 0 else law.sf(x - 1)


def false_discoveries(p: np.ndarray) -> np.ndarray:
    """Benjamini-Hochberg adjusted p-values along the last axis: the rate of false ones among all up to each.

    Source: Benjamini & Hochberg 1995, JRSS B 57:289.
    """
    from scipy import stats

    return stats.false_discovery_control(p, axis=-1, method="bh")
