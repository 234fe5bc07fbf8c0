"""How other systems would call it: the same series under the published rules of six of them.

Each rule is a function of `Progress` that returns `Calls`. They are implemented beside ours to be compared, not mixed
in: where a rule can be read as a forecast of "target met" the backtest scores it as one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from xhcp_eval.forecast.panel import Panel, previous

UNKNOWN = "无法计算"
HELD = "已达目标"
DRAWS = 500
SEED = 20250101


@dataclass(frozen=True)
class Progress:
    """n series with a base, a latest value and a target.

    years: (n_years,) consecutive. values: (n, n_years), missing as NaN; the first known value of a row is its base, the
    last its latest. target: (n,) on the values' scale. target_year: (n,). sign: (n,) +1 where more is better, -1 less.
    """

    years: np.ndarray
    values: np.ndarray
    target: np.ndarray
    target_year: np.ndarray
    sign: np.ndarray

    def _at(self, position: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self.years[position].astype(float), self.values[np.arange(len(self.values)), position]

    @property
    def base(self) -> tuple[np.ndarray, np.ndarray]:
        """Year and value of the first known figure, (n,) each."""
        return self._at(np.isfinite(self.values).argmax(axis=1))

    @property
    def latest(self) -> tuple[np.ndarray, np.ndarray]:
        """Year and value of the last known figure, (n,) each."""
        return self._at(self.values.shape[1] - 1 - np.isfinite(self.values)[:, ::-1].argmax(axis=1))

    @property
    def reached(self) -> np.ndarray:
        """Whether the latest value is at or beyond the target, (n,)."""
        return (self.latest[1] - self.target) * self.sign >= 0


@dataclass(frozen=True)
class Calls:
    """What a system says of n series.

    quantity: (n,) its own figure. label: (n,) its class in Chinese. met: (n,) the rule read as a forecast of "target
    met": 1, 0 or a probability; missing where it can't say.
    """

    quantity: np.ndarray
    label: np.ndarray
    met: np.ndarray


@dataclass(frozen=True)
class OtherMethod:
    """A published rule: its name, what its quantity is, where it stands, and the function.

    unchecked: its thresholds were written down from memory of the documentation and couldn't be held against it.
    """

    name: str
    quantity: str
    rule: str
    source: str
    call: Callable[[Progress], Calls]
    unchecked: bool = False


def _classes(quantity: np.ndarray, bounds: tuple[float, ...], labels: tuple[str, ...]) -> np.ndarray:
    """Label of each quantity; labels go from the lowest class up, a bound belongs to the class above it."""
    found = np.asarray(labels, dtype=object)[np.searchsorted(bounds, np.nan_to_num(quantity), side="right")]
    return np.where(np.isfinite(quantity), found, UNKNOWN)


def _beyond(value: np.ndarray, progress: Progress) -> np.ndarray:
    """Whether values are at or beyond the target, 1 or 0; missing stays missing."""
    far = (value - progress.target) * progress.sign >= -1e-12 * np.abs(progress.target)
    return np.where(np.isfinite(value), far.astype(float), np.nan)


def _growth(start: np.ndarray, end: np.ndarray, years: np.ndarray) -> np.ndarray:
    """Compound growth a year; missing where it isn't defined (a value that isn't positive, no time between)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = (end / start) ** (1 / years) - 1
    return np.where((start > 0) & (end > 0) & (years > 0), rate, np.nan)


def eurostat(progress: Progress) -> Calls:
    """Ratio of actual to required compound annual growth since the base, in percent.

    Classes: at least 95% significant progress, 60-95% moderate, 0-60% insufficient, below 0 moving away; a target that
    is reached counts as significant progress. Source: Eurostat, Sustainable development in the European Union,
    monitoring report, annex on the assessment method for indicators with a quantified target.
    """
    (y0, v0), (y1, v1) = progress.base, progress.latest
    actual, required = _growth(v0, v1, y1 - y0), _growth(v0, progress.target, progress.target_year - y0)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(required == 0, np.nan, 100 * actual / required)
    # a target on the wrong side of the base asks for nothing, so its ratio says nothing
    ratio = np.where((progress.target - v0) * progress.sign > 0, ratio, np.nan)
    label = _classes(ratio, (0.0, 60.0, 95.0), ("偏离目标", "进展不足", "中等进展", "显著进展"))
    label = np.where(progress.reached, "显著进展", label)
    predicted = v1 * (1 + actual) ** (progress.target_year - y1)
    return Calls(ratio, label, _beyond(predicted, progress))


def sdsn(progress: Progress) -> Calls:
    """Linear yearly change since the base against the one needed from the base to the goal, in percent.

    Classes: at least 100% on track, 50-100% moderately improving, 0-50% stagnating, below 0 decreasing; at the goal:
    maintaining. Source: Sachs et al., Sustainable Development Report, methodology (SDG trends, four arrows).
    """
    (y0, v0), (y1, v1) = progress.base, progress.latest
    with np.errstate(invalid="ignore", divide="ignore"):
        actual, needed = (v1 - v0) / (y1 - y0), (progress.target - v0) / (progress.target_year - y0)
        share = np.where((needed != 0) & (y1 > y0), 100 * actual / needed, np.nan)
    share = np.where((progress.target - v0) * progress.sign > 0, share, np.nan)
    label = _classes(share, (0.0, 50.0, 100.0), ("倒退", "停滞", "有所改善", "按期可达"))
    label = np.where(progress.reached, "保持目标", label)
    predicted = np.where(y1 > y0, v1 + actual * (progress.target_year - y1), np.nan)
    return Calls(share, label, _beyond(predicted, progress))


def current_status(progress: Progress) -> np.ndarray:
    """Current Status Index of UN ESCAP, (n,): share of the way from base to target that is covered, 0 to 10."""
    (_, v0), (_, v1) = progress.base, progress.latest
    with np.errstate(invalid="ignore", divide="ignore"):
        index = 10 * (v1 - v0) / (progress.target - v0)
    return np.where(progress.reached, 10.0, np.clip(index, 0, 10))


def escap(progress: Progress) -> Calls:
    """Gap that a time-weighted straight line leaves in the target year, in percent of the way from base to target.

    Weights grow evenly from the first year to the last (1, 2, 3, ...). Classes: a gap of at most 10% will be met,
    10-100% needs acceleration, more needs a reversal. Source: UN ESCAP Statistics Division, working paper SD/WP/05
    (Bidarbakht Nia 2017), Anticipated Progress Index; the paper leaves the weights to the user, these are ours.
    """
    known = np.isfinite(progress.values)
    x = progress.years - progress.base[0][:, None]
    weight = np.where(known, x + 1.0, 0.0)
    y = np.where(known, progress.values, 0.0)
    total = weight.sum(axis=1, keepdims=True)
    x_mean = (weight * x).sum(axis=1, keepdims=True) / total
    y_mean = (weight * y).sum(axis=1, keepdims=True) / total
    with np.errstate(invalid="ignore", divide="ignore"):
        slope = (weight * (x - x_mean) * (y - y_mean)).sum(axis=1) / (weight * (x - x_mean) ** 2).sum(axis=1)
        ahead = progress.target_year - progress.base[0] - x_mean[:, 0]
        predicted = y_mean[:, 0] + slope * ahead
        way = (progress.target - progress.base[1]) * progress.sign
        gap = np.where(way > 0, 100 * (progress.target - predicted) * progress.sign / way, np.nan)
    label = _classes(-gap, (-100.0, -10.0), ("需要扭转", "需要加快", "将会达到"))
    return Calls(gap, np.where(progress.reached & np.isnan(gap), HELD, label), _beyond(predicted, progress))


def healthy_people(progress: Progress) -> Calls:
    """Share of the targeted change that is achieved, in percent.

    Classes: target met; improving from 10% of the targeted change on; getting worse where it moved away from base and
    target by 10% of the base's value or more; little or no detectable change between; baseline only. Without standard
    errors, as here, the 10% take the place of the test. It says where things stand, not where they will: it is no
    forecast. Source: National Center for Health Statistics, Healthy People 2030, methods (percentage of targeted change
    achieved towards the target, percentage change from baseline away from it); the 10% without standard errors as
    printed with the statuses of the Healthy People 2020 Final Progress Table.
    """
    (y0, v0), (y1, v1) = progress.base, progress.latest
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(progress.target != v0, 100 * (v1 - v0) / (progress.target - v0), np.nan)
    share = np.where((progress.target - v0) * progress.sign > 0, share, np.nan)
    # one part in a billion, so that 7.4 is a tenth of the way from 8 to 2 in floating point too
    label = _classes(share, (10.0 - 1e-9,), ("基本无变化", "改善"))
    far = np.abs(v1 - v0) >= 0.1 * np.abs(v0) * (1 - 1e-9)
    label = np.where(np.isfinite(share) & (share < 0) & far, "恶化", label)
    label = np.where(y1 > y0, label, "仅有基线")
    label = np.where(progress.reached, "达到目标", label)
    return Calls(share, label, np.full(len(v1), np.nan))


def unicef(progress: Progress) -> Calls:
    """Acceleration: required over actual annual rate of reduction; for what is to fall only.

    ARR = -ln(latest / base) / years. Classes: achieved; on track (actual at least required); acceleration needed.
    Source: UN Inter-agency Group for Child Mortality Estimation, Levels and trends in child mortality; UNICEF,
    Technical note: how to calculate average annual rate of reduction.
    """
    (y0, v0), (y1, v1) = progress.base, progress.latest
    with np.errstate(invalid="ignore", divide="ignore"):
        actual = -np.log(v1 / v0) / (y1 - y0)
        required = -np.log(progress.target / v1) / (progress.target_year - y1)
        defined = (v0 > 0) & (v1 > 0) & (progress.target > 0) & (y1 > y0) & (progress.target_year > y1)
        defined &= progress.sign < 0
        factor = np.where(defined & (actual > 0), required / actual, np.nan)
        predicted = np.where(defined, v1 * np.exp(-actual * (progress.target_year - y1)), np.nan)
    label = np.where(defined, np.where(actual >= required, "按期可达", "需要加速"), UNKNOWN)
    label = np.where(progress.sign > 0, "不适用", np.where(progress.reached, HELD, label))
    return Calls(factor, label, _beyond(predicted, progress))


def oecd(progress: Progress) -> Calls:
    """Probability, in percent, that growth rates drawn from those of the past carry the latest value to the target.

    500 futures, each year's rate drawn from the series' own yearly rates; the trend is called by Spearman's rank test at
    10%. Classes: probability from two thirds on likely, to one third unlikely, else open. Source: OECD, The Short and
    Winding Road to 2030: Measuring Distance to the SDG Targets, 2022, annex on trends; the classes' bounds are ours.
    """
    rates, count = _yearly_rates(progress.values)
    (_, latest), ahead = progress.latest, (progress.target_year - progress.latest[0]).astype(int)
    chance = np.full(len(latest), np.nan)
    rng = np.random.default_rng(SEED)
    usable = (count > 0) & (latest > 0) & (ahead > 0)
    for years in np.unique(ahead[usable]):
        rows = np.flatnonzero(usable & (ahead == years))
        drawn = (rng.random((DRAWS, years)) * count[rows, None, None]).astype(int)
        future = np.take_along_axis(rates[rows][:, None, :], drawn.reshape(len(rows), 1, -1), axis=2)
        end = latest[rows, None] * np.exp(future.reshape(len(rows), DRAWS, years).sum(axis=2))
        far = (end - progress.target[rows, None]) * progress.sign[rows, None] >= 0
        chance[rows] = far.mean(axis=1)
    label = _classes(chance, (1 / 3, 2 / 3), ("不大可能", "难以判断", "很可能"))
    trend = np.array(["下降趋势", "无显著趋势", "上升趋势"], dtype=object)[spearman_trend(progress) + 1]
    known = np.isfinite(chance)
    return Calls(100 * chance, np.where(known, label + "（" + trend + "）", UNKNOWN), chance)


def spearman_trend(progress: Progress) -> np.ndarray:
    """Sign of the trend where Spearman's rank correlation with time is significant at 10%, else 0, (n,) integers."""
    from scipy import stats

    known = np.isfinite(progress.values)
    n = known.sum(axis=1)
    ranks = stats.rankdata(progress.values, axis=1, nan_policy="omit")
    time = np.where(known, known.cumsum(axis=1), np.nan)
    a, b = (r - np.nanmean(r, axis=1, keepdims=True) for r in (ranks, time))
    with np.errstate(invalid="ignore", divide="ignore"):
        rho = np.nansum(a * b, axis=1) / np.sqrt(np.nansum(a**2, axis=1) * np.nansum(b**2, axis=1))
        score = rho * np.sqrt((n - 2) / np.maximum(1 - rho**2, 1e-12))
    significant = (n > 2) & (2 * stats.t.sf(np.abs(score), np.maximum(n - 2, 1)) < 0.1)
    return np.where(significant, np.sign(rho), 0).astype(int)


def _yearly_rates(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Logarithmic growth a year between neighbouring known values, pushed to the left, and how many there are."""
    positive = np.where(np.isfinite(values) & (values > 0), values, np.nan)
    before = previous(positive)[:, 1:]
    step = before >= 0
    start = np.take_along_axis(positive, np.maximum(before, 0), axis=1)
    gap = np.arange(1, values.shape[1]) - before
    with np.errstate(invalid="ignore"):
        rate = np.where(step, np.log(positive[:, 1:] / start) / gap, np.nan)
    order = np.argsort(~step, axis=1, kind="stable")
    return np.take_along_axis(rate, order, axis=1), step.sum(axis=1)


OTHER_METHODS: dict[str, OtherMethod] = {
    "eurostat": OtherMethod(
        "欧盟统计局", "实际与所需年均增速之比（%）", "从基期起的年均复合增速，与达到目标所需的增速相比", "欧盟统计局可持续发展监测报告，评估方法附录", eurostat
    ),
    "sdsn": OtherMethod(
        "SDSN 箭头", "实际与所需年变化之比（%）", "从基期起的年均变化（直线），与达到目标所需的变化相比", "《可持续发展报告》方法说明", sdsn, unchecked=True
    ),
    "escap": OtherMethod(
        "亚太经社会", "届时差距占全程的比例（%）", "近年权重更大的直线外推到目标年，看还差全程的百分之几", "联合国亚太经社会统计司工作论文 SD/WP/05", escap
    ),
    "healthy_people": OtherMethod(
        "健康国民2030", "已走过的路程（%）", "已实现的变化占应变化的比例，满10%为改善；背离目标时看偏离基期值多少，满10%为恶化；只说现状，不作预测", "美国 Healthy People 2030 进展状态方法（无标准误时的10%见2020版终期进展表）", healthy_people
    ),
    "unicef": OtherMethod(
        "儿基会/IGME", "所需与实际下降率之比", "年均下降率与今后所需下降率相比；只用于应下降的指标", "联合国儿童死亡率估计机构间小组报告", unicef, unchecked=True
    ),
    "oecd": OtherMethod(
        "经合组织", "模拟的达标概率（%）", "秩相关检验趋势，从历年增速中随机抽取模拟未来", "经合组织《通往2030的短而曲折之路》", oecd, unchecked=True
    ),
}  # fmt: skip


def call_all(progress: Progress) -> dict[str, Calls]:
    """What every system says. Returns key of `OTHER_METHODS` -> `Calls`."""
    return {key: method.call(progress) for key, method in OTHER_METHODS.items()}


def as_forecasts(panel: Panel, horizon: int, target: np.ndarray, sign: np.ndarray) -> dict[str, np.ndarray]:
    """Each rule read as a forecast that the value `horizon` years after a series' last is at or beyond its target.

    panel: n series, the base is the first value of each. target, sign: (n,). Returns name -> (n,) 1, 0 or a
    probability, missing where the rule can't say; rules that make no forecast are left out.
    """
    progress = Progress(panel.years, panel.values, target, panel.years[panel.last] + horizon, sign)
    calls = {OTHER_METHODS[key].name: found.met for key, found in call_all(progress).items()}
    return {name: met for name, met in calls.items() if np.isfinite(met).any()}
