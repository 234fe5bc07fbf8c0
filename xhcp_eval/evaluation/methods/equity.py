"""How unequal groups of children are, by the measures of the WHO handbook, with small counts respected.

Chance alone makes a dozen townships differ: every measure comes with what equal groups of this size would show, and a test.
Measures are functions of arrays (..., n_groups), so that thousands of drawn groups are measured at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from xhcp_eval.errors import DataError, ParamsError
from xhcp_eval.evaluation.directions import Better
from xhcp_eval.observations.table import DIMENSIONS, TOTAL, is_below, is_unsure

Kind = Literal["proportion", "rate"]
Link = Literal["logit", "linear"]


@dataclass(frozen=True)
class Measure:
    """One measure of inequality. ordered: needs an order of the groups. signed: may be below its value for equality. equal: that value."""

    name: str
    ordered: bool
    signed: bool
    equal: float
    absolute: bool


MEASURES: dict[str, Measure] = {
    "difference": Measure("差值", False, True, 0.0, True),
    "ratio": Measure("比值", False, True, 1.0, False),
    "slope_index": Measure("不平等斜率指数（SII）", True, True, 0.0, True),
    "relative_index": Measure("相对不平等指数（RII）", True, True, 1.0, False),
    "concentration_index": Measure("集中指数", True, True, 0.0, False),
    "erreygers_index": Measure("Erreygers 校正集中指数", True, True, 0.0, True),
    "between_group_variance": Measure("组间方差", False, False, 0.0, True),
    "mean_difference_from_best": Measure("与最好组的平均差", False, False, 0.0, True),
    "theil": Measure("泰尔指数（×1000）", False, False, 0.0, False),
    "mean_log_deviation": Measure("平均对数离差（×1000）", False, False, 0.0, False),
    "attributable_risk": Measure("人群归因危险度", False, False, 0.0, True),
    "attributable_fraction": Measure("人群归因分值（%）", False, False, 0.0, False),
}
SMALLEST, MOST_STEPS = 1e-12, 60  # of the slope of shares
COLUMNS = ("group", "numerator", "denominator")
RESULT = ("measure", "name", "estimate", "low", "high", "by_chance", "p", "note")
NARROWED, WIDENED, UNTOLD = "缩小", "扩大", "看不出变化"


def inequality(  # noqa: PLR0913 - parameters of the method, by name
    groups: pd.DataFrame, kind: Kind = "proportion", better: Better = "higher", ordered: bool = False, per: float = 100.0,
    level: float = 0.95, draws: int = 4000, seed: int = 2030, link: Link | None = None,
) -> pd.DataFrame:  # fmt: skip
    """All measures that fit the groups, each with interval, what chance alone would show, and a test of equality.

    groups: `COLUMNS`, one row a group; ordered: rows stand from the worst off to the best off. kind: proportion
    (binomial) or rate (Poisson). per: multiplier of the unit. better: whether more or less is good. With two groups or
    ordered ones difference and ratio are last against first; else highest against lowest. link: form of the slope over the
    groups' ranks, behind SII and RII: of shares "logit" unless said otherwise, which keeps its ends between 0 and 1; "linear", a
    straight line, of rates always. Groups are weighted by their population, once; the R package healthequal 1.0.1 weights a
    logit by it twice (31.62 of its ordered sample against 31.64).
    by_chance: mean over draws with one common rate, of signed measures how far from equality; p: share of these at least as far from equality.
    Intervals of signed measures: Jeffreys posterior of each group. Of the others, which noise can only raise: posterior
    draws around a common rate with the spread that is left after noise (empirical Bayes, moments).
    WHO 2013, Handbook on Health Inequality Monitoring; HEAT technical notes 2021; Wagstaff, Paci & van Doorslaer 1991;
    Erreygers 2009; Mackenbach & Kunst 1997. Returns `RESULT`; a measure that doesn't fit is left out, one that can't be told
    has NaN and a note. Raises DataError (one group, bad counts), ParamsError.
    """
    x, n = _checked(groups, kind, better, level)
    share, logit = n / n.sum(), ordered and _is_logit(link, kind)
    rng = np.random.default_rng(seed)
    last_first = ordered or len(x) == 2
    observed = _measures(per * x / n, share, better, last_first, per, logit)
    chance = _measures(
        per * _observed(np.broadcast_to(x.sum() / n.sum(), (draws, len(x))), n, kind, rng),
        share,
        better,
        last_first,
        per,
        logit,
    )
    free = _measures(per * _posterior(x, n, kind, draws, rng), share, better, last_first, per, logit)
    shrunk = _measures(per * _shrunk(x, n, kind, draws, rng), share, better, last_first, per, logit)
    rows = []
    for key, measure in MEASURES.items():
        if (measure.ordered and not ordered) or (key == "erreygers_index" and kind != "proportion"):
            continue
        signed = measure.signed and last_first
        drawn = (free if signed else shrunk)[key]
        rows.append(_row(key, measure, observed[key], drawn, chance[key], signed, level))
    return pd.DataFrame(rows, columns=list(RESULT))


def narrowing(  # noqa: PLR0913 - parameters of the method, by name
    before: pd.DataFrame, after: pd.DataFrame, kind: Kind = "proportion", better: Better = "higher", ordered: bool = False, per: float = 100.0,
    level: float = 0.95, draws: int = 4000, seed: int = 2030, link: Link | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Whether groups have come nearer to one another between two times, absolutely and relatively.

    before, after: groups as for `inequality`, the same in the same order; link as there. Returns measure, name, before, after, change
    (of the distance from equality), low, high, verdict (缩小, 扩大, 看不出变化: only where the interval leaves no change
    out), note. Signed measures compare distances from equality, so that a gap turned round isn't taken for none.
    Raises DataError (groups that differ), ParamsError.
    """
    if list(before["group"]) != list(after["group"]):
        raise DataError("前后两期的分组须相同、次序一致")
    rng, logit = np.random.default_rng(seed), ordered and _is_logit(link, kind)
    times = []
    for groups in (before, after):
        x, n = _checked(groups, kind, better, level)
        last_first = ordered or len(x) == 2
        drawn = per * (_posterior if last_first else _shrunk)(x, n, kind, draws, rng)
        times.append(
            [_measures(rates, n / n.sum(), better, last_first, per, logit) for rates in (per * x / n, drawn)]
        )
    (old, old_draws), (new, new_draws) = times
    rows = []
    for key, measure in MEASURES.items():
        if (measure.ordered and not ordered) or (key == "erreygers_index" and kind != "proportion"):
            continue
        drawn = _distance(new_draws[key], measure) - _distance(old_draws[key], measure)
        point = _distance(new[key], measure) - _distance(old[key], measure)
        rows.append((key, measure.name, old[key], new[key], *_narrowed(point, drawn, level)))
    columns = ["measure", "name", "before", "after", "change", "low", "high", "verdict", "note"]
    return _disagreement(pd.DataFrame(rows, columns=columns))


def _narrowed(point: float, drawn: np.ndarray, level: float) -> tuple[float, float, float, str, str]:
    """Change of a distance with its interval, verdict and note. point: observed. drawn: (draws,)."""
    drawn = drawn[np.isfinite(drawn)]
    if not len(drawn):
        return np.nan, np.nan, np.nan, UNTOLD, "不能计算（有组为零）"
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return point, low, high, NARROWED if high < 0 else WIDENED if low > 0 else UNTOLD, ""


def groups_of(
    observations: pd.DataFrame, indicator: str, dimension: str, region: str, year: int, pooled: int = 1
) -> pd.DataFrame:
    """Groups of an indicator in a year, with counts, as `inequality` takes them.

    dimension: sex, residence or township. pooled: years put together, ending with `year`, for rare events. Rows: female and
    male; rural and urban (worse off first); townships by name. Raises DataError where fewer than two groups have counts.
    """
    orders = {"sex": ("female", "male"), "residence": ("rural", "urban")}
    if dimension not in (*orders, "township"):
        raise ParamsError(
            f"分组方式 {dimension!r}：允许 sex（性别）、residence（城乡）、township（乡镇街道）"
        )
    rows = observations[
        (observations["indicator"] == indicator) & observations["year"].between(year - pooled + 1, year)
    ]
    fixed = [c for c in DIMENSIONS if c != dimension]
    rows = rows[(rows[fixed] == TOTAL).all(axis=1) & ~is_unsure(rows["status"])]
    if dimension == "township":
        rows = rows[(rows["level"] == "township") & is_below(rows, region)]
        rows = rows.assign(group=rows["region"].str.rsplit("/", n=1).str[-1])
    else:
        rows = rows[(rows["region"] == region) & rows[dimension].isin(orders[dimension])].assign(
            group=lambda r: r[dimension]
        )
    rows = rows.dropna(subset=["numerator", "denominator"])
    found = (
        rows.groupby("group", as_index=False, sort=True)[["numerator", "denominator"]]
        .sum()
        .astype({"numerator": float, "denominator": float})
    )
    if dimension in orders:
        found = (
            found.set_index("group")
            .reindex([g for g in orders[dimension] if g in set(found["group"])])
            .reset_index()
        )
    if len(found) < 2:
        raise DataError(
            f"{indicator} 在 {year} 年有计数的{ {'sex': '性别', 'residence': '城乡', 'township': '乡镇街道'}[dimension] }分组不足两个"
        )
    return found


def _row(key: str, measure: Measure, estimate, drawn, chance, signed: bool, level: float) -> tuple:
    drawn, chance = drawn[np.isfinite(drawn)], chance[np.isfinite(chance)]
    if not np.isfinite(estimate) or not len(drawn) or not len(chance):
        return (key, measure.name, np.nan, np.nan, np.nan, np.nan, np.nan, "有一组为零，相对的度量不能计算")
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    far = _distance(chance, measure) if signed else chance
    own = _distance(estimate, measure) if signed else estimate
    p = float((np.sum(far >= own - 1e-12) + 1) / (len(far) + 1))
    note = "" if p < 1 - level else "与各组相等时的偶然差别分不开"
    low = measure.equal if note and not signed else low  # what chance explains reaches down to equality
    by_chance = float(far.mean())
    by_chance = np.exp(by_chance) if signed and measure.equal == 1.0 else by_chance
    return (key, measure.name, float(estimate), float(low), float(high), by_chance, p, note)


def _measures(
    y: np.ndarray, share: np.ndarray, better: Better, last_first: bool, per: float, logit: bool
) -> dict[str, np.ndarray]:
    """Every measure of groups' values y (..., n_groups) with population shares (n_groups). logit: of the slope."""
    mean = (share * y).sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        high, low = (y[..., -1], y[..., 0]) if last_first else (y.max(axis=-1), y.min(axis=-1))
        rank = np.cumsum(share) - share / 2
        bottom, top_end = _ends_of_logit(y, share, rank, per) if logit else _ends_of_line(y, share, rank)
        concentration = 2 * (share * y * rank).sum(axis=-1) / mean - 1
        relative = y / mean[..., None]
        logs = np.where(relative > 0, relative * np.log(np.where(relative > 0, relative, 1)), 0.0)
        best = (y.max(axis=-1) if better == "higher" else y.min(axis=-1)) if not last_first else y[..., -1]
        gain = np.maximum(best - mean if better == "higher" else mean - best, 0.0)
        top = y.max(axis=-1) if better == "higher" else y.min(axis=-1)
        return {
            "difference": high - low, "ratio": high / np.where(low > 0, low, np.nan),
            "slope_index": top_end - bottom, "relative_index": np.where(bottom > 0, top_end / bottom, np.nan),
            "concentration_index": np.where(mean > 0, concentration, np.nan),
            "erreygers_index": 4 * mean / per * concentration,
            "between_group_variance": (share * (y - mean[..., None]) ** 2).sum(axis=-1),
            "mean_difference_from_best": (share * np.abs(y - top[..., None])).sum(axis=-1),
            "theil": 1000 * np.where(mean > 0, (share * logs).sum(axis=-1), np.nan),
            "mean_log_deviation": 1000 * np.where((y > 0).all(axis=-1), (share * -np.log(np.where(relative > 0, relative, 1))).sum(axis=-1), np.nan),
            "attributable_risk": gain, "attributable_fraction": 100 * gain / np.where(mean > 0, mean, np.nan),
        }  # fmt: skip


def _is_logit(link: Link | None, kind: Kind) -> bool:
    """Whether the slope is a logit. Raises ParamsError."""
    if link not in (None, "logit", "linear") or (link == "logit" and kind == "rate"):
        raise ParamsError(f"link={link!r}：比例（proportion）允许 logit、linear，率（rate）只允许 linear")
    return kind == "proportion" and link != "linear"


def _ends_of_line(y: np.ndarray, share: np.ndarray, rank: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Values at ranks 0 and 1 of the regression of y on ridits, weighted by population."""
    centre = (share * rank).sum()
    mean = (share * y).sum(axis=-1)
    slope = (share * (rank - centre) * y).sum(axis=-1) / (share * (rank - centre) ** 2).sum()
    return mean - slope * centre, mean + slope * (1 - centre)


def _ends_of_logit(
    y: np.ndarray, share: np.ndarray, rank: np.ndarray, per: float
) -> tuple[np.ndarray, np.ndarray]:
    """Values at ranks 0 and 1 of the logistic regression of y / per on ridits, weighted by population (Newton's steps).

    Where groups of none and all have no finite fit, what it tends to.
    """
    centred = rank - (share * rank).sum()
    part = y / per
    mean = np.clip((share * part).sum(axis=-1), SMALLEST, 1 - SMALLEST)
    level, slope = np.log(mean / (1 - mean)), np.zeros_like(mean)
    for _ in range(MOST_STEPS):
        fitted = _share_of(level[..., None] + slope[..., None] * centred)
        left, weight = share * (part - fitted), share * np.maximum(fitted * (1 - fitted), SMALLEST)
        a, b = left.sum(axis=-1), (left * centred).sum(axis=-1)
        u, v, w = weight.sum(axis=-1), (weight * centred).sum(axis=-1), (weight * centred**2).sum(axis=-1)
        of = u * w - v**2
        steps = np.clip((w * a - v * b) / of, -2, 2), np.clip((u * b - v * a) / of, -4, 4)
        level, slope = level + steps[0], slope + steps[1]
        if max(np.abs(step).max() for step in steps) < SMALLEST:
            break
    return per * _share_of(level + slope * (centred[0] - rank[0])), per * _share_of(
        level + slope * (centred[0] - rank[0] + 1)
    )


def _share_of(logit: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(logit, -40, 40)))


def _distance(values: np.ndarray, measure: Measure) -> np.ndarray:
    """How far from equality; of ratios on the log scale, so that a half is as far as a double."""
    if measure.equal == 1.0:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.abs(np.log(values))
    return np.abs(np.asarray(values) - measure.equal)


def _posterior(x: np.ndarray, n: np.ndarray, kind: Kind, draws: int, rng: np.random.Generator) -> np.ndarray:
    if kind == "proportion":
        return rng.beta(x + 0.5, n - x + 0.5, (draws, len(x)))
    return rng.gamma(x + 0.5, 1 / n, (draws, len(x)))


def _shrunk(x: np.ndarray, n: np.ndarray, kind: Kind, draws: int, rng: np.random.Generator) -> np.ndarray:
    """True rates given counts, around a common rate: what spread is left once chance is taken off (moments).

    The spread itself is drawn, from what samples of this size would show around it (a scaled chi-square).
    """
    rate = (x.sum() + 0.5) / (n.sum() + 1)  # never quite none or all
    noise = rate * (1 - rate if kind == "proportion" else 1) / n
    weight = n / n.sum()
    seen = (weight * (x / n - rate) ** 2).sum()
    freedom = max(len(x) - 1, 1)
    drawn = seen * freedom / rng.chisquare(freedom, draws)
    spread = np.maximum(drawn - (weight * noise).sum(), 0.0) / max(1 - (weight**2).sum(), 1e-9)
    spread = np.minimum(spread, 0.9 * rate * (1 - rate) if kind == "proportion" else np.inf)[:, None]
    tiny = spread < 1e-12 * rate**2 + 1e-18
    if kind == "proportion":
        strength = np.where(tiny, 1e9, rate * (1 - rate) / np.where(tiny, 1, spread) - 1)
        return rng.beta(strength * rate + x, strength * (1 - rate) + n - x)
    strength = np.where(tiny, 1e9, rate / np.where(tiny, 1, spread))
    return rng.gamma(strength * rate + x, 1 / (strength + n))


def _observed(rates: np.ndarray, n: np.ndarray, kind: Kind, rng: np.random.Generator) -> np.ndarray:
    """Rates as counted when these are true."""
    whole = np.round(n).astype(np.int64)
    counts = rng.binomial(whole, np.clip(rates, 0, 1)) if kind == "proportion" else rng.poisson(rates * n)
    return counts / n


def _disagreement(found: pd.DataFrame) -> pd.DataFrame:
    """Say it where the gap narrows absolutely and widens relatively, or the other way round."""
    absolute = {m for m in found["measure"] if MEASURES[m].absolute}
    words = {
        kind: set(found.loc[found["measure"].isin(absolute) == kind, "verdict"]) - {UNTOLD}
        for kind in (True, False)
    }
    if words[True] and words[False] and words[True] != words[False]:
        found["note"] = "绝对差距与相对差距的方向不同，两者都要报告"
    return found


def _checked(groups: pd.DataFrame, kind: str, better: str, level: float) -> tuple[np.ndarray, np.ndarray]:
    if kind not in ("proportion", "rate") or better not in ("higher", "lower") or not 0 < level < 1:
        raise ParamsError("kind 允许 proportion、rate；better 允许 higher、lower；level 在 0 与 1 之间")
    absent = [name for name in COLUMNS if name not in groups.columns]
    if absent:
        raise DataError(f"分组表缺少列 {'、'.join(absent)}；需要 {'、'.join(COLUMNS)}")
    if len(groups) < 2 or not groups["group"].is_unique:
        raise DataError("至少要有两个不重名的组，才谈得上公平")
    values: Sequence = [pd.to_numeric(groups[name], errors="coerce").to_numpy(float) for name in COLUMNS[1:]]
    x, n = values
    for name, wrong in (
        ("分子缺失或为负", ~(x >= 0)),
        ("分母须大于零", ~(n > 0)),
        ("分子大于分母", (kind == "proportion") & (x > n)),
    ):
        if np.any(wrong):
            raise DataError(f"{name}：{'、'.join(map(str, groups['group'][np.asarray(wrong)]))}")
    if x.sum() == 0:
        raise DataError("各组都没有发生，公平程度无从计算")
    return x, n
