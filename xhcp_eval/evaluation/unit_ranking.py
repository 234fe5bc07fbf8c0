"""Townships ranked on several indicators: values with their counts' uncertainty, weights, ranks, and what they hang on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from xhcp_eval.errors import DataError, ParamsError
from xhcp_eval.evaluation.directions import Better
from xhcp_eval.evaluation.methods.ranking import rank_sum_ratio, rank_table, topsis, weighted_sum
from xhcp_eval.evaluation.methods.robustness import (
    Acceptability,
    draw_weights,
    non_compensatory,
    rank_acceptability,
    rank_reversal,
)
from xhcp_eval.evaluation.methods.weights import Weights, ahp, critic_weights, entropy_weights, equal_weights
from xhcp_eval.files.yaml_door import load_yaml
from xhcp_eval.forecast.small_numbers import rate_interval
from xhcp_eval.observations.table import is_below, is_total, is_unsure
from xhcp_eval.plan.model import Plan
from xhcp_eval.plan.units import UNITS
from xhcp_eval.showing import ShowsFrame

DRAWS = 4000


class Criterion(BaseModel):
    """One indicator of the ranking and which way is good."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    indicator: str
    better: Better


class Core(BaseModel):
    """A bound that no average can buy back."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    indicator: str
    at_least: float


class RankingRule(BaseModel):
    """What townships are ranked by, laid down before looking."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    demonstration: bool = False
    criteria: tuple[Criterion, ...] = Field(min_length=2)
    core: tuple[Core, ...] = ()

    @property
    def indicators(self) -> set[str]:
        """All that is looked at."""
        return {one.indicator for one in self.criteria} | {one.indicator for one in self.core}

    @property
    def better(self) -> list[Better]:
        """Which way each criterion is good."""
        return [one.better for one in self.criteria]


@dataclass(frozen=True)
class UnitRanking(ShowsFrame):
    """Ranks of units and what they hang on.

    values: index units, columns indicators. drawn: (draws, n_units, n_criteria). weights: one a method. ranks: scores
    and ranks by every method with equal weights. by_weights: ranks by weighted sum under each set of weights.
    acceptability: over all weights and uncertain inputs. reversals: orders that turn when a unit is left out, by
    TOPSIS. classes: core targets first. grades: rank-sum ratio.
    """

    year: int
    values: pd.DataFrame
    drawn: np.ndarray
    weights: tuple[Weights, ...]
    ranks: pd.DataFrame
    by_weights: pd.DataFrame
    acceptability: Acceptability
    reversals: pd.DataFrame
    classes: pd.DataFrame | None
    grades: pd.DataFrame | str

    def to_frame(self) -> pd.DataFrame:
        """Ranks by every method."""
        return self.ranks


def load_ranking_rule(path: Path, plan: Plan) -> RankingRule:
    """Rule of a YAML file, checked against the plan. Raises ParamsError naming file and field."""
    rule = load_yaml(path, RankingRule, "排序规则")
    known = {i.id for i in plan.indicators}
    absent = sorted(rule.indicators - known)
    if absent:
        raise ParamsError(f"排序规则 {path.name}：规划没有指标 {'、'.join(absent)}")
    return rule


def rank_units(
    observations: pd.DataFrame, plan: Plan, region: str, year: int, rule: RankingRule, judgements: pd.DataFrame | None = None, seed: int = 2030,
) -> UnitRanking:  # fmt: skip
    """Rank the townships of a region in one year.

    observations: checked table. judgements: experts' pairwise comparisons (expert, first, second, times), for AHP.
    Raises DataError for fewer than three townships with all criteria, and what the methods refuse.
    """
    rows = _rows(observations, region, year, rule.indicators)
    names = [one.indicator for one in rule.criteria]
    values = rows.pivot(index="township", columns="indicator", values="value")
    values = values.reindex(columns=names).dropna()
    if len(values) < 3:
        raise DataError(f"{year}年各项指标齐全的乡镇街道只有 {len(values)} 个，至少要 3 个才能排序")
    drawn = _draws(rows, values, seed)
    labels = [plan.indicator(name).name for name in names]
    weights = _weights(values, labels, rule, names, judgements)
    equal = weights[0].values
    by_weights = pd.DataFrame({"unit": values.index})
    for one in weights:
        scores = weighted_sum(values.to_numpy(), one.values, rule.better)
        by_weights[one.method] = pd.Series(scores).rank(ascending=False, method="min").astype(int)
    try:
        grades = rank_sum_ratio(values, None, rule.better)
        graded: pd.DataFrame | str = grades.table.assign(note=grades.note)
    except DataError as error:
        graded = str(error)
    return UnitRanking(
        year, values, drawn, weights, rank_table(values, equal, rule.better), by_weights,
        rank_acceptability(weighted_sum, values, draw_weights(len(names), DRAWS, seed), rule.better, drawn),
        rank_reversal(topsis, values, equal, rule.better), _classes(rows, values, rule, equal), graded,
    )  # fmt: skip


def pairwise_matrices(judgements: pd.DataFrame, names: list[str]) -> np.ndarray:
    """Experts' comparisons as matrices (n_experts, n, n).

    judgements: columns expert, first, second, times (first matters `times` as much as second), each pair once an
    expert. Raises DataError for pairs missing, given twice, of unknown names, or times that aren't positive.
    """
    absent = [c for c in ("expert", "first", "second", "times") if c not in judgements.columns]
    if absent:
        raise DataError(f"专家判断表缺少列 {'、'.join(absent)}")
    unknown = sorted((set(judgements["first"]) | set(judgements["second"])) - set(names))
    if unknown:
        raise DataError(f"专家判断表里有不参加比较的指标：{'、'.join(map(str, unknown))}")
    times = pd.to_numeric(judgements["times"], errors="coerce")
    if times.isna().any() or (times <= 0).any():
        raise DataError(
            f"专家判断表第 {int(np.flatnonzero(times.isna() | (times <= 0))[0]) + 2} 行：倍数须为正数"
        )
    place = {name: number for number, name in enumerate(names)}
    found = []
    for expert, rows in judgements.assign(times=times).groupby("expert", sort=False):
        matrix = np.full((len(names), len(names)), np.nan)
        np.fill_diagonal(matrix, 1.0)
        for first, second, ratio in rows[["first", "second", "times"]].itertuples(index=False):
            i, j = place[first], place[second]
            if not np.isnan(matrix[i, j]):
                raise DataError(f"专家 {expert} 对 {first} 与 {second} 比较了不止一次")
            matrix[i, j], matrix[j, i] = ratio, 1 / ratio
        if np.isnan(matrix).any():
            i, j = np.argwhere(np.isnan(matrix))[0]
            raise DataError(f"专家 {expert} 没有比较 {names[i]} 与 {names[j]}")
        found.append(matrix)
    return np.array(found)


def _weights(values: pd.DataFrame, labels, rule: RankingRule, names, judgements) -> tuple[Weights, ...]:
    table = values.to_numpy()
    # entropy knows no direction: shares of what is good
    good = np.where(np.array(rule.better) == "higher", table, table.max(axis=0) + table.min(axis=0) - table)
    found = [equal_weights(labels), entropy_weights(good, labels), critic_weights(table, labels, rule.better)]
    if judgements is not None and len(judgements):
        found.insert(1, ahp(pairwise_matrices(judgements, names), labels))
    return tuple(found)


def _rows(observations: pd.DataFrame, region: str, year: int, indicators: set[str]) -> pd.DataFrame:
    whole = is_total(observations)
    mine = (observations["level"] == "township") & is_below(observations, region)
    rows = observations[
        whole & mine & (observations["year"] == year) & observations["indicator"].isin(indicators)
    ]
    rows = rows[~is_unsure(rows["status"])]
    return rows.assign(township=rows["region"].str.rsplit("/", n=1).str[-1])


def _draws(rows: pd.DataFrame, values: pd.DataFrame, seed: int) -> np.ndarray:
    """Values that the counts allow, (draws, n_units, n_criteria): Jeffreys posterior of shares and rates."""
    rng = np.random.default_rng(seed)
    drawn = np.broadcast_to(values.to_numpy(float), (DRAWS, *values.shape)).copy()
    for column, name in enumerate(values.columns):
        part = rows[rows["indicator"] == name].set_index("township").reindex(values.index)
        x, n = part["numerator"].to_numpy(float), part["denominator"].to_numpy(float)
        counted = np.isfinite(x) & np.isfinite(n) & (n > 0)
        if not counted.any():
            continue
        x, n, per = x[counted], n[counted], UNITS[part["unit"].iloc[0]].per or 1
        share = (x <= n).all()
        draws = (
            rng.beta(x + 0.5, n - x + 0.5, (DRAWS, len(x)))
            if share
            else rng.gamma(x + 0.5, 1 / n, (DRAWS, len(x)))
        )
        drawn[:, counted, column] = per * draws
    return drawn


def _classes(
    rows: pd.DataFrame, values: pd.DataFrame, rule: RankingRule, weights: np.ndarray
) -> pd.DataFrame | None:
    if not rule.core:
        return None
    states = {}
    for core in rule.core:
        part = rows[rows["indicator"] == core.indicator].set_index("township").reindex(values.index)
        low, high = rate_interval(
            part["numerator"].astype(float), part["denominator"].astype(float), "proportion", per=100
        )
        met = np.where(low >= core.at_least, np.array(True, object), np.array(None, object))
        states[core.indicator] = np.where(high < core.at_least, np.array(False, object), met)
    scores = pd.Series(weighted_sum(values.to_numpy(), weights, rule.better), values.index)
    return non_compensatory(scores, pd.DataFrame(states, values.index))
