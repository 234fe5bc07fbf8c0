"""Benefit: what one more child reached costs, and how far that may be said.

A cost table is brought to one price level and discounted; an effect estimate with its interval comes from elsewhere. A
ratio whose denominator can't be told from zero has no upper end: that is said in words, not hidden in a number. `causal`
says whether the effect study carries a causal sentence; where it doesn't, none is made here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import pandas as pd

from xhcp_eval.errors import DataError, ParamsError
from xhcp_eval.observations.cells import Fault, open_table, text_of
from xhcp_eval.showing import ShowsFrame

COST_COLUMNS = ("measure", "year", "kind", "amount", "price_year", "source")
KINDS = ("人员", "设备", "场地", "培训宣传", "耗材", "运行管理", "其他")
QUADRANTS = ("支出增加、儿童增加", "支出增加、儿童未增加", "支出减少、儿童增加", "支出减少、儿童未增加")


@dataclass(frozen=True)
class Estimate:
    """A number with its interval. level: coverage of low to high; low = high: taken as known exactly."""

    value: float
    low: float
    high: float
    level: float = 0.95

    def __post_init__(self) -> None:
        if not 0 < self.level < 1:
            raise ParamsError(f"level={self.level}：须在 0 与 1 之间")
        if not np.isfinite([self.value, self.low, self.high]).all():
            raise DataError(f"估计值 {self.value} 及其区间 {self.low}—{self.high} 须为有限的数")
        if not self.low <= self.value <= self.high:
            raise DataError(f"估计值 {self.value:g} 不在其区间 {self.low:g}—{self.high:g} 内")

    @property
    def errors(self) -> tuple[float, float]:
        """Standard errors below and above the value, as the two halves of the interval tell them."""
        z = NormalDist().inv_cdf((1 + self.level) / 2)
        return (self.value - self.low) / z, (self.high - self.value) / z

    @property
    def error(self) -> float:
        """Standard error, the mean of both halves."""
        return sum(self.errors) / 2

    def at(self, level: float) -> tuple[float, float]:
        """Ends of the interval at another level."""
        z, (below, above) = NormalDist().inv_cdf((1 + level) / 2), self.errors
        return self.value - z * below, self.value + z * above

    def times(self, factor: float) -> Estimate:
        """The same in another unit. factor: not negative."""
        return Estimate(self.value * factor, self.low * factor, self.high * factor, self.level)


class RatioLimits(NamedTuple):
    """Confidence set of a ratio. kind: bounded (low to high), outside (all but low to high) or all (any value)."""

    kind: str
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class CostEffect(ShowsFrame):
    """Cost against children reached.

    kind: bounded, unbounded (the children can't be told from none) or none (they became fewer). ratio: yuan a child, NaN
    unless bounded. low, high: interval at `level` by simulation; an unbounded one has high = inf and, where cost is surely
    above zero, the low end, else NaN. fieller: the same by Fieller's theorem. costs, effects: draws. quadrants: quadrant,
    share of draws. sentence: what may be said, in Chinese.
    """

    cost: Estimate
    effect: Estimate
    kind: str
    ratio: float
    low: float
    high: float
    level: float
    fieller: RatioLimits
    causal: bool
    sentence: str
    quadrants: pd.DataFrame
    costs: np.ndarray = field(repr=False)
    effects: np.ndarray = field(repr=False)

    def to_frame(self) -> pd.DataFrame:
        """One row: cost, children, ratio, low, high, level, kind, causal, sentence."""
        names = ("ratio", "low", "high", "level", "kind", "causal", "sentence")
        return pd.DataFrame(
            [{"cost": self.cost.value, "children": self.effect.value} | {n: getattr(self, n) for n in names}]
        )


def read_costs(path: str | Path) -> pd.DataFrame:
    """A cost table: measure, year, kind (one of `KINDS`), amount (yuan of `price_year`), price_year, source.

    Other columns are ignored. Raises DataError with every fault at once, naming row and column: missing columns, years or
    amounts that are no numbers, negative amounts, unknown kinds, empty cells, the same row twice; and for an empty table.
    """
    cells, name = open_table(path), Path(path).name
    absent = [column for column in COST_COLUMNS if column not in cells.frame]
    if absent:
        raise DataError(f"成本表 {name} 缺少列 {'、'.join(absent)}；需要 {'、'.join(COST_COLUMNS)}")
    text = cells.frame[list(COST_COLUMNS)].apply(text_of)
    if text.empty:
        raise DataError(f"成本表 {name} 没有任何一行")
    numbers = text[["year", "amount", "price_year"]].apply(pd.to_numeric, errors="coerce")
    faults = list(cells.faults)
    for column in ("year", "price_year"):
        wrong = ~numbers[column].between(1949, 2100) | (numbers[column] % 1 != 0)
        faults += [Fault(row, column, f"“{text.at[row, column]}”不是年份") for row in text.index[wrong]]
    wrong = ~np.isfinite(numbers["amount"]) | (numbers["amount"] < 0)
    faults += [
        Fault(row, "amount", f"“{text.at[row, 'amount']}”不是不小于 0 的金额（元）")
        for row in text.index[wrong]
    ]
    wrong = ~text["kind"].isin(KINDS)
    faults += [
        Fault(row, "kind", f"“{text.at[row, 'kind']}”不认识；允许 {'、'.join(KINDS)}")
        for row in text.index[wrong]
    ]
    faults += [Fault(row, c, "不能为空") for c in ("measure", "source") for row in text.index[text[c] == ""]]
    faults += [Fault(row, "", "与前面一行完全相同，疑为重复登记") for row in text.index[text.duplicated()]]
    if faults:
        raise DataError(f"成本表 {name} 未读入，有 {len(faults)} 处问题：", map(str, sorted(faults)))
    return text.assign(**numbers).astype({"year": int, "price_year": int}).reset_index(drop=True)


def present_costs(
    costs: pd.DataFrame, price_index: dict[int, float], price_year: int, discount_rate: float, base_year: int
) -> pd.DataFrame:
    """Costs at one price level and discounted to one year.

    costs: from `read_costs`. price_index: year -> index of prices (any base, above 0). price_year: whose prices to use.
    discount_rate: a year, e.g. 0.03; 0 for none. base_year: to which is discounted (costs before it grow). Returns the rows
    with real (yuan of price_year) and present (discounted). Drummond et al. 2015, Methods for the Economic Evaluation of
    Health Care Programmes, ch. 4 and 7. Raises DataError (negative amounts, a year without index), ParamsError (rate).
    """
    if not -0.5 < discount_rate < 0.5:
        raise ParamsError(f"贴现率 {discount_rate:g} 不合理；请写成小数，如 0.03")
    if not (costs["amount"] >= 0).all():
        raise DataError("成本金额不能为负或缺失")
    needed = sorted({*costs["price_year"].astype(int), int(price_year)})
    absent = [
        year for year in needed if not (np.isfinite(price_index.get(year, np.nan)) and price_index[year] > 0)
    ]
    if absent:
        raise DataError(f"物价指数缺少 {'、'.join(map(str, absent))} 年（须大于 0）")
    real = costs["amount"] * (price_index[price_year] / costs["price_year"].map(price_index))
    return costs.assign(real=real, present=real / (1 + discount_rate) ** (costs["year"] - base_year))


def additional_children(
    points: Estimate, children: dict[int, float], discount_rate: float = 0.0, base_year: int | None = None
) -> Estimate:
    """Children reached in addition, from an effect in percentage points.

    points: difference of the coverage, in percentage points. children: year -> children among whom it holds. discount_rate,
    base_year: of children in later years (0: none; base year: by default the first). Raises DataError (no or negative
    children), ParamsError (rate).
    """
    if not children or any(not number >= 0 for number in children.values()) or not sum(children.values()) > 0:
        raise DataError("儿童数须按年给出，不为负，且合计大于 0")
    if not -0.5 < discount_rate < 0.5:
        raise ParamsError(f"贴现率 {discount_rate:g} 不合理；请写成小数，如 0.03")
    start = min(children) if base_year is None else base_year
    return points.times(sum(n / (1 + discount_rate) ** (year - start) for year, n in children.items()) / 100)


def fieller(
    numerator: float,
    denominator: float,
    errors: tuple[float, float],
    correlation: float = 0.0,
    level: float = 0.95,
) -> RatioLimits:
    """Confidence set of a ratio of two normal estimates.

    errors: standard errors of numerator and denominator. correlation: of the two. The set holds every ratio r for which
    numerator - r * denominator isn't told from zero. Fieller 1954, JRSS B 16:175; its three shapes: Franz 2007, arXiv
    0710.2024. Raises DataError (negative or missing errors, both zero), ParamsError (correlation, level).
    """
    if not (abs(correlation) <= 1 and 0 < level < 1):
        raise ParamsError(f"correlation={correlation}、level={level}：须在 -1—1 与 0—1 之间")
    if (
        not np.isfinite([numerator, denominator, *errors]).all()
        or min(errors) < 0
        or denominator == errors[1] == 0
    ):
        raise DataError("比值的分子、分母须有限，标准误不能为负；分母不能确为 0")
    z = NormalDist().inv_cdf((1 + level) / 2)
    a = denominator**2 - (z * errors[1]) ** 2
    b = numerator * denominator - z**2 * correlation * errors[0] * errors[1]
    c = numerator**2 - (z * errors[0]) ** 2
    root = b * b - a * c
    if a == 0 or (a < 0 and root <= 0):
        return RatioLimits("all", -np.inf, np.inf)
    ends = sorted((b + sign * np.sqrt(max(root, 0.0))) / a for sign in (-1, 1))
    return RatioLimits("bounded" if a > 0 else "outside", *map(float, ends))


def cost_effect(
    cost: Estimate, effect: Estimate, *, causal: bool, correlation: float = 0.0, level: float = 0.95, draws: int = 10_000, seed: int = 2030,
) -> CostEffect:  # fmt: skip
    """Cost per additional child reached (or incremental ratio of two measures), with its interval and plane.

    cost: (incremental) cost, yuan; effect: (additional) children. causal: whether the study behind the effect carries a
    causal sentence. correlation: of both errors. Draws are normal, with the two halves of each interval as spreads. A draw
    without more children has an infinite ratio, so that quantiles stay in order. Briggs, O'Brien & Blackhouse 2002, Annual
    Review of Public Health 23:377. Raises DataError (effect without an interval), ParamsError.
    """
    if effect.low == effect.high:
        raise DataError("儿童数的估计没有区间（方差为零），不能说明比值有多可靠")
    if not (0 < level < 1 and abs(correlation) <= 1 and draws >= 1000):
        raise ParamsError("level 须在 0—1 之间，correlation 在 -1—1 之间，draws 不少于 1000")
    first, second = np.random.default_rng(seed).normal(size=(2, draws))
    second = correlation * first + np.sqrt(1 - correlation**2) * second
    costs, effects = _drawn(cost, first), _drawn(effect, second)
    more = effects > 0
    ratios = np.where(more, costs / np.where(more, effects, 1.0), np.inf)
    low, high = (
        float(v) for v in np.quantile(ratios, [(1 - level) / 2, (1 + level) / 2], method="inverted_cdf")
    )
    least, most = effect.at(level)
    kind = "bounded" if least > 0 else "none" if most < 0 else "unbounded"
    if kind == "unbounded":
        low, high = low if cost.at(level)[0] > 0 and np.isfinite(low) else np.nan, np.inf
    elif kind == "none":
        low = high = np.nan
    ratio = cost.value / effect.value if kind == "bounded" else np.nan
    limits = fieller(cost.value, effect.value, (cost.error, effect.error), correlation, level)
    sentence = _sentence(kind, causal, ratio, low, high, level)
    return CostEffect(cost, effect, kind, ratio, low, high, level, limits, causal, sentence, _plane(costs, effects), costs, effects)  # fmt: skip


def _drawn(estimate: Estimate, standard: np.ndarray) -> np.ndarray:
    below, above = estimate.errors
    return estimate.value + np.where(standard > 0, above, below) * standard


def _plane(costs: np.ndarray, effects: np.ndarray) -> pd.DataFrame:
    dearer, more = costs > 0, effects > 0
    shares = [
        (dearer & more).mean(),
        (dearer & ~more).mean(),
        (~dearer & more).mean(),
        (~dearer & ~more).mean(),
    ]
    return pd.DataFrame({"quadrant": QUADRANTS, "share": shares})


def _sentence(kind: str, causal: bool, ratio: float, low: float, high: float, level: float) -> str:
    """What may be said: with a cause only where the study carries one."""
    what = "措施每多覆盖 1 名儿童的成本" if causal else "同期支出与同期新增覆盖儿童数之比（元/名）"
    caution = "" if causal else "研究设计不支持因果结论，不能说新增儿童来自这笔支出。"
    if kind == "none":
        return f"覆盖的儿童数减少了，{what}没有意义，不给出数值。{caution}"
    if kind == "unbounded":
        least = f"只能说不低于 {low:,.0f} 元" if np.isfinite(low) else "下限也不能确定"
        return (
            f"新增儿童数与零没有可靠差别，{what}没有上限，不给出数值；{least}（{level:.0%}区间）。{caution}"
        )
    if not np.isfinite(high):
        return f"{what}约为 {ratio:,.0f} 元，{level:.0%}区间自 {low:,.0f} 元起，没有上限。{caution}"
    saved = "负值表示节省。" if low < 0 else ""
    return f"{what}约为 {ratio:,.0f} 元，{level:.0%}区间 {low:,.0f} 至 {high:,.0f} 元。{saved}{caution}"


def net_benefit(result: CostEffect, thresholds: Sequence[float]) -> pd.DataFrame:
    """Net benefit and acceptability over what one more child reached is held to be worth.

    thresholds: yuan a child, not negative. Returns threshold, net_benefit (threshold * children - cost), low, high (at the
    result's level), probability (share of draws above zero). Stinnett & Mullahy 1998, Medical Decision Making 18:S68; van
    Hout et al. 1994, Health Economics 3:309. Raises ParamsError.
    """
    worth = np.asarray(thresholds, float)
    if worth.ndim != 1 or not len(worth) or not (np.isfinite(worth) & (worth >= 0)).all():
        raise ParamsError("thresholds 须为一列不小于 0 的金额（元/名儿童）")
    drawn = worth[:, None] * result.effects - result.costs
    low, high = np.quantile(drawn, [(1 - result.level) / 2, (1 + result.level) / 2], axis=1)
    middle = worth * result.effect.value - result.cost.value
    return pd.DataFrame(
        {
            "threshold": worth,
            "net_benefit": middle,
            "low": low,
            "high": high,
            "probability": (drawn > 0).mean(axis=1),
        }
    )


def scenarios(
    cost: Estimate, effect: Estimate, cost_factors: tuple[float, float, float] = (0.8, 1.0, 1.2)
) -> pd.DataFrame:
    """Ratio under low, middle and high cost and children: nine rows, none of them more likely than another.

    cost_factors: what cost is multiplied by, not negative. Children: low end, value and high end of the estimate. Returns
    cost_scenario, effect_scenario (低, 中, 高), cost, children, ratio (NaN without more children), note. Raises ParamsError.
    """
    if len(cost_factors) != 3 or not all(np.isfinite(f) and f >= 0 for f in cost_factors):
        raise ParamsError("cost_factors 须为低、中、高三个不小于 0 的倍数")
    rows = []
    for cost_name, factor in zip("低中高", cost_factors, strict=True):
        for name, children in zip("低中高", (effect.low, effect.value, effect.high), strict=True):
            ratio = cost.value * factor / children if children > 0 else np.nan
            note = "" if children > 0 else "儿童数没有增加，比值没有意义"
            rows.append((cost_name, name, cost.value * factor, children, ratio, note))
    return pd.DataFrame(
        rows, columns=["cost_scenario", "effect_scenario", "cost", "children", "ratio", "note"]
    )
