"""How right forecasts would have been: methods judged on real histories that were cut and held against what followed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from xhcp_eval.errors import ParamsError
from xhcp_eval.forecast.backtests import scores
from xhcp_eval.forecast.backtests.cases import SEED, Cases, make_cases
from xhcp_eval.forecast.classical.trend import TrendModel
from xhcp_eval.forecast.projection import AUTO, MODEL_LABELS, trend_model

COVERED: dict[int, tuple[float, float]] = {50: (0.25, 0.75), 80: (0.1, 0.9), 95: (0.025, 0.975)}
BY: tuple[str, ...] = ("horizon", "group", "indicator", "length")
LENGTHS: dict[str, float] = {"≤6": 6, "7–10": 10, "11–15": 15, "≥16": np.inf}
COVERAGES: tuple[str, ...] = tuple(f"covered_{level}" for level in COVERED)
MEANS: tuple[str, ...] = ("wql", "mase", *COVERAGES, "brier", "log_score", "hit")
WITH_INTERVAL: tuple[str, ...] = ("wql", *COVERAGES, "brier")
HEADERS: dict[str, str] = {
    "wql": "加权分位损失", "mase": "MASE", "coverage_50": "50%区间覆盖", "coverage_80": "80%区间覆盖",
    "coverage_95": "95%区间覆盖", "brier": "布赖尔得分", "log_score": "对数得分", "hit_rate": "判断正确率",
    "calibration_error": "校准误差", "n": "预测值数", "unanswered": "未作答", "n_targets": "目标数",
    "unanswered_targets": "目标未作答",
}  # fmt: skip


def label(method: str) -> str:
    """Chinese name of a method; its own name where it has none."""
    return MODEL_LABELS.get(AUTO if method == "auto" else method, method)


@dataclass(frozen=True, eq=False)
class Backtest:
    """Cases, and how each method did on them.

    cases: what was asked. frame: one row a method, case and horizon with an outcome: method, series, indicator, group,
    points, length (class of points), horizon, answered (1, 0; missing for rules that give no quantiles), wql, mase,
    covered_50, covered_80, covered_95, and in the last horizon's rows probability (of meeting the target), met, brier,
    log_score, hit. Scores of an unanswered case are missing; so are wql, mase and met where the history never moved.
    """

    cases: Cases
    frame: pd.DataFrame

    def __repr__(self) -> str:
        return f"<Backtest of {', '.join(self.methods)} on {self.cases!r}>"

    @property
    def methods(self) -> list[str]:
        """Names of the methods, in the order given."""
        return list(self.frame["method"].cat.categories)

    @property
    def still(self) -> int:
        """Cases whose history never moved: without a scale they have no WQL, MASE or target."""
        return int((self.cases.scale == 0).sum())

    def scores(self, by: Iterable[str] = (), draws: int = 2000) -> pd.DataFrame:
        """Mean scores, one row a method and cell of `by`.

        by: any of horizon, group, indicator, length (points of the history). draws: of the bootstrap.
        Returns method, the columns of `by`, wql, mase, coverage_50, coverage_80, coverage_95, brier, log_score,
        hit_rate, calibration_error; n (forecasts held against an outcome), unanswered (that many more weren't given),
        n_targets, unanswered_targets likewise for the probabilities; and *_low, *_high of wql, brier and the coverages:
        95% bootstrap intervals over indicators, missing for one indicator alone. Only the last horizon has targets.
        Raises ParamsError for an unknown name in `by`.
        """
        cells = _cells(self.frame, ["method", *_known_by(by)])
        return pd.DataFrame([facts | _summary(cell, draws) for facts, cell in cells])

    def reliability(self, method: str) -> pd.DataFrame:
        """Table of `scores.reliability` for a method's probabilities of meeting the target."""
        rows = self._of(method)
        return scores.reliability(rows["probability"], rows["met"])

    def skill(self, method: str, against: str, by: Iterable[str] = ()) -> pd.DataFrame:
        """How much of another method's loss a method saves, 1 - score / score of the other, on the same cases.

        by: as in `scores`. Returns the columns of `by`, wql_skill and brier_skill, their _low and _high (bootstrap over
        indicators, paired), n (values that both forecast) and n_targets. Raises ParamsError for an unknown name.
        """
        pairs = self._of(method).merge(
            self._of(against)[["series", "horizon", "wql", "brier"]],
            on=["series", "horizon"],
            suffixes=("", "_base"),
        )
        return pd.DataFrame([facts | _skill(cell) for facts, cell in _cells(pairs, _known_by(by))])

    def add_probabilities(self, forecasts: Mapping[str, ArrayLike]) -> Backtest:
        """A new backtest that also judges rules which say no more than whether, or how probably, a target is met.

        forecasts: name -> (n_cases,) probabilities in [0, 1], missing where the rule can't say, in the order of `cases`
        (`cases.panel`, `cases.target` and `cases.sign` are what such rules start from).
        Raises ParamsError for a name that is taken, a wrong length or a number that is no probability.
        """
        parts = [_rule_frame(name, self.cases, p, self.methods) for name, p in forecasts.items()]
        return replace(self, frame=_together([self.frame, *parts], [*self.methods, *forecasts]))

    def checked(self, method: str) -> str:
        """The name itself if it is one of the methods; else raises ParamsError."""
        if method not in self.methods:
            raise ParamsError(f"回测里没有方法 {method!r}；有 {'、'.join(self.methods)}")
        return method

    def _of(self, method: str) -> pd.DataFrame:
        return self.frame[self.frame["method"] == self.checked(method)]

    def _repr_html_(self) -> str:
        table = self.scores().assign(method=[label(m) for m in self.methods])
        table = table[["method", *HEADERS]].rename(columns={"method": "方法"} | HEADERS)
        text = (
            f"{len(self.cases)} 个预测案例，{len(np.unique(self.cases.indicator))} 个指标，"
            f"向前 {self.cases.horizon} 年；其中 {self.still} 个案例的历史从未变动，不计加权分位损失、MASE 和目标"
        )
        shown = table.to_html(index=False, na_rep="—", float_format=lambda v: f"{v:.3f}", border=0)
        return f"<p>{escape(text)}</p>{shown}"


def backtest(
    frame: pd.DataFrame,
    methods: Sequence[str] | Mapping[str, TrendModel],
    *,
    horizon: int = 5,
    per_indicator: int = 60,
    together: bool = False,
    seed: int = SEED,
    levels: Sequence[float] = scores.SCORED_LEVELS,
) -> Backtest:
    """Judge forecasting methods on real histories, none by a model that saw the indicator.

    frame, horizon, per_indicator, together, seed: as in `make_cases`. methods: names that `trend_model` knows; or name ->
    function (panel, horizon, levels) -> (n_series, horizon, n_levels) of quantiles. A function that learned from data
    has a method `without(indicator)` which returns the function that never saw that indicator: it is asked indicator by
    indicator, any other once for all cases. levels: over which the WQL is averaged, 0.05 to 0.95 by default; those
    that intervals and the median need (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975) are asked for beside them.
    Quantiles are kept within the bounds, as in `project`. Raises ParamsError for an unknown method, unusable levels or an
    answer of the wrong shape; DataError for an unusable frame.
    """
    models = _models(methods)
    scored = np.asarray(levels, float)
    if scored.ndim != 1 or not len(scored) or np.any((scored <= 0) | (scored >= 1)):
        raise ParamsError(f"分位数 {list(levels)}：须在 0 与 1 之间")
    asked = np.unique(np.r_[scored, 0.5, [end for ends in COVERED.values() for end in ends]])
    cases = make_cases(frame, horizon=horizon, per_indicator=per_indicator, together=together, seed=seed)
    parts = [
        _method_frame(name, cases, _answers(name, model, cases, asked), asked, np.unique(scored))
        for name, model in models.items()
    ]
    return Backtest(cases, _together(parts, list(models)))


def _models(methods: Sequence[str] | Mapping[str, TrendModel]) -> dict[str, TrendModel]:
    if isinstance(methods, Mapping):
        return dict(methods)
    if isinstance(methods, str):
        raise ParamsError(f"methods={methods!r}：须为方法名的列表，如 [{methods!r}]")
    return {name: trend_model(name) for name in methods}


def _answers(name: str, model: TrendModel, cases: Cases, levels: np.ndarray) -> np.ndarray:
    """Quantiles of every case, (n, horizon, n_levels), within the bounds."""
    panel, shape = cases.panel, (len(cases), cases.horizon, len(levels))
    if not hasattr(model, "without"):
        found = np.asarray(model(panel, cases.horizon, levels), float)
        if found.shape != shape:
            raise ParamsError(f"方法 {name} 的结果形状为 {found.shape}，应为（序列, 年, 分位数）= {shape}")
    else:
        found = np.full(shape, np.nan)
        for indicator in np.unique(cases.indicator):
            rows = cases.indicator == indicator
            found[rows] = model.without(indicator)(panel.take(rows), cases.horizon, levels)
    return np.clip(found, panel.lower[:, None, None], panel.upper[:, None, None])


def _method_frame(
    name: str, cases: Cases, found: np.ndarray, asked: np.ndarray, scored: np.ndarray
) -> pd.DataFrame:
    """Rows of one method. found: (n, horizon, n_asked)."""
    y, scale = cases.outcomes, cases.scale[:, None]
    of = {level: found[:, :, i] for i, level in enumerate(asked)}
    columns = {
        "answered": np.isfinite(found).all(axis=2).astype(float),
        "wql": scores.weighted_quantile_loss(y, found[:, :, np.isin(asked, scored)], scored, scale),
        "mase": scores.mase(y, of[0.5], scale),
    }
    for percent, (low, high) in COVERED.items():
        columns[f"covered_{percent}"] = scores.coverage(y, of[low], of[high])
    chance = scores.probability_beyond(found[:, -1], asked, cases.target, cases.sign)
    return _rows(name, cases, np.arange(1, cases.horizon + 1), columns, chance)


def _rule_frame(name: str, cases: Cases, probability: ArrayLike, taken: list[str]) -> pd.DataFrame:
    """Rows of a rule that gives probabilities only: the last horizon's."""
    p = np.asarray(probability, float)
    if name in taken:
        raise ParamsError(f"回测里已有方法 {name!r}")
    if p.shape != (len(cases),) or np.any((p < 0) | (p > 1)):
        raise ParamsError(f"方法 {name}：须为 {len(cases)} 个 0 与 1 之间的概率（不能判断的留空值）")
    return _rows(name, cases, np.array([cases.horizon]), {}, p)


def _rows(
    name: str, cases: Cases, horizons: np.ndarray, columns: dict[str, np.ndarray], probability: np.ndarray
) -> pd.DataFrame:
    """One row a case and horizon that has an outcome. columns: (n, n_horizons) each; probability: (n,)."""
    n, width = len(cases), len(horizons)
    missing = np.full((n, width), np.nan)
    chance, met = missing.copy(), missing.copy()
    chance[:, -1], met[:, -1] = probability, cases.met
    length = pd.cut(cases.points, [0, *LENGTHS.values()], labels=list(LENGTHS))
    facts = {"series": cases.keys, "indicator": cases.indicator, "group": cases.group, "points": cases.points}
    frame = pd.DataFrame({key: np.repeat(value, width) for key, value in facts.items()})
    frame["length"] = length.repeat(width)
    frame["horizon"] = np.tile(horizons, n)
    columns = {key: columns.get(key, missing) for key in ("answered", "wql", "mase", *COVERAGES)} | {
        "probability": chance, "met": met, "brier": scores.brier(chance, met), "log_score": scores.log_score(chance, met),
        "hit": scores.hit(chance, met),
    }  # fmt: skip
    frame = frame.assign(**{key: value.ravel() for key, value in columns.items()})
    frame.insert(0, "method", name)
    return frame[np.isfinite(cases.outcomes[:, horizons - 1]).ravel()]


def _together(parts: list[pd.DataFrame], names: list[str]) -> pd.DataFrame:
    frame = pd.concat([part.astype({"method": str}) for part in parts], ignore_index=True)
    return frame.assign(method=pd.Categorical(frame["method"], names))


def _known_by(by: Iterable[str]) -> list[str]:
    names = [by] if isinstance(by, str) else list(by)
    unknown = [name for name in names if name not in BY]
    if unknown:
        raise ParamsError(f"不能按 {'、'.join(map(str, unknown))} 分组；允许 {'、'.join(BY)}")
    return names


def _cells(frame: pd.DataFrame, by: list[str]) -> Iterable[tuple[dict, pd.DataFrame]]:
    """What the rows of each cell have in common, and the rows."""
    if not by:
        return [({}, frame)]
    groups = frame.groupby(by, observed=True, sort=True)
    return ((dict(zip(by, key, strict=True)), cell) for key, cell in groups)


def _summary(cell: pd.DataFrame, draws: int) -> dict[str, float]:
    row = cell[list(MEANS)].mean().to_dict()
    row["calibration_error"] = scores.calibration_error(cell["probability"], cell["met"])
    row["n"] = int((cell["answered"] == 1).sum())
    row["unanswered"] = int((cell["answered"] == 0).sum())
    row["n_targets"] = int(cell["brier"].notna().sum())
    row["unanswered_targets"] = int((cell["met"].notna() & cell["probability"].isna()).sum())
    low, high = scores.bootstrap_interval(cell[list(WITH_INTERVAL)], cell["indicator"], draws=draws)
    for name, a, b in zip(WITH_INTERVAL, low, high, strict=True):
        row |= {f"{name}_low": a, f"{name}_high": b}
    return {
        key.replace("covered", "coverage").replace("hit", "hit_rate"): value for key, value in row.items()
    }


def _skill(cell: pd.DataFrame) -> dict[str, float]:
    row = {}
    for name, n in (("wql", "n"), ("brier", "n_targets")):
        both = cell[[name, f"{name}_base", "indicator"]].dropna()
        row[f"{name}_skill"] = 1 - both[name].mean() / both[f"{name}_base"].mean()
        limits = scores.bootstrap_interval(both[name], both["indicator"], both[f"{name}_base"])
        row |= {f"{name}_skill_low": float(limits[0]), f"{name}_skill_high": float(limits[1]), n: len(both)}
    return row
