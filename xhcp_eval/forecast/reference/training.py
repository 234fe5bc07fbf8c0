"""Train the reference model again: cross-validated by source, every network of every fold kept.

The indicators are split into five parts, each of whole sources where the data name them; networks are trained on four and never
see the fifth. The shipped model is the mean of all of them; judged on an indicator, only those networks speak that never saw
it, nor any other of its source: indicators of one source resemble each other.
"""

from __future__ import annotations

import concurrent.futures
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from xhcp_eval.errors import DataError
from xhcp_eval.files.whole import whole_file
from xhcp_eval.forecast.reference import network
from xhcp_eval.forecast.reference.lessons import YEARS_AHEAD, Lessons, Series, arrange, lessons
from xhcp_eval.forecast.reference.model import FEWEST_PEERS, Ensemble, ReferenceModel
from xhcp_eval.forecast.reference.still import learn

FOLDS, NETWORKS_A_FOLD, SEED = 5, 1, 20260331
KINDS = ("alone", "among")
HELD, YEARS_HELD = (0.8, 0.95), 5  # intervals that are held against what happened, over so many years
COLUMNS = ("indicator", "region", "year", "value", "unit", "lower", "upper")


@dataclass(frozen=True)
class Task:
    """One network to train: its kind, the fold it doesn't see, its seed."""

    kind: str
    fold: int
    seed: int


def train_model(
    frame: pd.DataFrame,
    recipe: network.Recipe = network.DEFAULT,
    networks: int = NETWORKS_A_FOLD,
    seed: int = SEED,
    jobs: int | None = None,
    done: Callable[[Task], None] = lambda task: None,
) -> ReferenceModel:
    """Learn from real histories.

    frame: columns indicator, region, year, value, unit, lower, upper; source if parts are to be made of whole sources
    (five at least); whole, false where regions were left out that never moved (how still histories go on is learned from
    the others). At least five indicators. recipe: how each network is trained. networks: per fold and kind. seed: fixes
    everything; the same frame and seed give the same model on the same machine and library versions (elsewhere sums may
    round differently). jobs: threads, by default one a core. done: called after each network. Raises DataError for
    missing columns or too few indicators.
    """
    from threadpoolctl import threadpool_limits

    absent = [name for name in COLUMNS if name not in frame.columns]
    if absent:
        raise DataError(f"训练数据缺少列 {'、'.join(absent)}；需要 {'、'.join(COLUMNS)}")
    series = arrange(frame)
    if len(series.names) < FOLDS:
        raise DataError(f"训练数据只有 {len(series.names)} 个指标；至少需要 {FOLDS} 个，才能按指标交叉检验")
    parts = _folds(frame, series.names, seed)
    fold_of = dict(zip(series.names.tolist(), parts.tolist(), strict=True))
    cases = lessons(series, seed)
    fold = parts[cases.indicator]
    tasks = [
        Task(kind, k, seed + 100 * k + i) for kind in KINDS for k in range(FOLDS) for i in range(networks)
    ]
    jobs = jobs or max(1, min(os.cpu_count() or 1, len(tasks)))
    # threads, not processes: the work is matrix products that let go of the interpreter, and data is shared
    with threadpool_limits(1), concurrent.futures.ThreadPoolExecutor(jobs) as pool:

        def work(task: Task) -> tuple[network.Weights, np.ndarray, np.ndarray]:
            found = _train_one(cases, fold, task, recipe)
            done(task)
            return found

        trained = list(pool.map(work, tasks))
    shares = _shares(frame, series.names, cases)
    kinds = [_widened(kind, _ensemble(kind, tasks, trained), cases, fold, shares) for kind in KINDS]
    whole = np.isin(series.names, whole_indicators(frame).astype(str))[series.indicator]
    return ReferenceModel(kinds[0], kinds[1], _still(series, parts[series.indicator], whole), fold_of)


def _shares(frame: pd.DataFrame, names: np.ndarray, cases: Lessons) -> np.ndarray:
    """What a lesson counts where intervals are held against what happened, (n,): an indicator as much as another of its
    source, a source as the root of its indicators; lessons with growth drawn around them nothing.
    """
    real = ~cases.grown
    each = np.bincount(cases.indicator[real], minlength=len(names))
    weight = 1.0 / np.maximum(each, 1)
    if by_source(frame):
        source = sources_of(frame).reindex(names)
        weight /= np.sqrt(source.map(source.value_counts()).to_numpy(float))
    return np.where(real, weight[cases.indicator], 0.0)


def _widened(kind: str, ensemble: Ensemble, cases: Lessons, fold: np.ndarray, shares: np.ndarray) -> Ensemble:
    """The networks with their quantiles stretched about the median as far as lessons they never saw ask for.

    For each lesson it is measured by how much an interval must be stretched to hold what happened; the 80% quantile of that
    is the stretch of the 80% interval, and so for 95%. The root of their product goes for all levels, so that quantiles
    can't cross. Source: conformalised quantile regression, Romano, Patterson & Candès 2019, NeurIPS 32, across folds.
    """
    asked: dict[float, list[np.ndarray]] = {level: [] for level in HELD}
    counts = []
    for k in np.unique(ensemble.fold):
        rows = np.flatnonzero((fold == k) & (shares > 0) & _taught(cases, kind))
        if not len(rows):
            continue
        outcome = cases.outcome[rows, :YEARS_HELD]
        found = ensemble.unseen(int(k)).predict(features_of(cases, kind)[rows], outcome.shape[1])
        known = np.isfinite(outcome)
        for level, parts in asked.items():
            parts.append(_stretch_asked(found, outcome, level)[known])
        counts.append(np.broadcast_to(shares[rows, None], known.shape)[known])
    if not counts:
        return ensemble
    weight = np.concatenate(counts)
    stretches = [_weighted_quantile(np.concatenate(asked[level]), weight, level) for level in HELD]
    return replace(ensemble, stretch=float(np.sqrt(np.prod(stretches))))


def _stretch_asked(found: np.ndarray, outcome: np.ndarray, level: float) -> np.ndarray:
    """By how much a central interval must be stretched about the median to hold each outcome, shape of `outcome`."""
    low, high = (int(np.argmin(np.abs(network.GRID - end))) for end in ((1 - level) / 2, (1 + level) / 2))
    middle = found[..., network.MIDDLE]
    off = outcome - middle
    side = np.where(off > 0, found[..., high] - middle, middle - found[..., low])
    return np.abs(off) / np.maximum(side, 1e-9)


def _weighted_quantile(a: np.ndarray, weight: np.ndarray, level: float) -> float:
    order = np.argsort(a)
    share = np.cumsum(weight[order])
    return float(a[order][np.searchsorted(share, level * share[-1])])


def _still(series: Series, fold: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """`still.learn` without each part of the indicators, and from all, (FOLDS + 1, ...).

    fold: (n,) the part that a series belongs to. whole: (n,) series of tables from which no region was left out because
    it never moved; elsewhere every still history moves in the end, and none of it counts here unless there is nothing else.
    """

    def one(keep: np.ndarray) -> np.ndarray:
        keep = keep & whole if (keep & whole).any() else keep
        return learn(series.values[keep], series.lower[keep], series.upper[keep], YEARS_AHEAD)

    return np.stack([*(one(fold != k) for k in range(FOLDS)), one(np.ones(len(fold), bool))])


def whole_indicators(frame: pd.DataFrame) -> pd.Index:
    """Indicators of which no region was left out for never having moved: all where the data don't tell."""
    if "whole" not in frame.columns:
        return pd.Index(frame["indicator"].unique())
    told = frame.groupby("indicator", observed=True)["whole"].all()
    return told.index[told]


def sources_of(frame: pd.DataFrame) -> pd.Series:
    """Source of each indicator, by its name: what stands before an address or a remark; empty where the data don't tell.

    frame: columns indicator and, if known, source. "UNESCO UIS via …" and "UNESCO UIS (2019)" are one source.
    """
    if "source" not in frame.columns:
        return pd.Series(dtype=str)
    first = frame.groupby("indicator", observed=True)["source"].first().astype(str)
    return first.str.split(r"\s+(?:via\b|\()", n=1, regex=True).str[0]


def by_source(frame: pd.DataFrame) -> bool:
    """Whether the data name sources enough for each part to be made of whole ones."""
    return sources_of(frame).nunique() >= FOLDS


def _folds(frame: pd.DataFrame, names: np.ndarray, seed: int) -> np.ndarray:
    """Which part each indicator belongs to: whole sources, the largest first, each to the smallest part; else at random."""
    folds = np.empty(len(names), int)
    if not by_source(frame):
        folds[np.random.default_rng(seed).permutation(len(names))] = np.arange(len(names)) % FOLDS
        return folds
    source = sources_of(frame).reindex(names)
    size = np.zeros(FOLDS, int)
    for name, count in source.value_counts().items():
        folds[(source == name).to_numpy()] = size.argmin()
        size[size.argmin()] += count
    return folds


def features_of(cases: Lessons, kind: str) -> np.ndarray:
    """What networks of a kind look at, (n, n_features)."""
    return cases.own if kind == "alone" else np.column_stack([cases.own, cases.peers])


def _taught(cases: Lessons, kind: str) -> np.ndarray:
    """Lessons that networks of a kind learn from, (n,): those among other regions need two of them at least."""
    return (cases.company >= FEWEST_PEERS) | (kind == "alone")


def _train_one(
    cases: Lessons, fold: np.ndarray, task: Task, recipe: network.Recipe
) -> tuple[network.Weights, np.ndarray, np.ndarray]:
    rows = np.flatnonzero((fold != task.fold) & _taught(cases, task.kind))
    x = features_of(cases, task.kind)[rows]
    mean, spread = x.mean(axis=0, dtype=float), x.std(axis=0, dtype=float) + 1e-3
    # an indicator with many regions may say more than one with few, but not in proportion
    weight = 1 / np.sqrt(np.bincount(cases.indicator[rows]))[cases.indicator[rows]]
    standard = network.standardise(x, mean, spread)
    return network.train(standard, cases.outcome[rows], weight, recipe, task.seed), mean, spread


def _ensemble(
    kind: str, tasks: list[Task], trained: list[tuple[network.Weights, np.ndarray, np.ndarray]]
) -> Ensemble:
    pick = [i for i, task in enumerate(tasks) if task.kind == kind]
    return Ensemble(
        tuple(np.stack([trained[i][0][j] for i in pick]) for j in range(6)),
        np.stack([trained[i][1] for i in pick]),
        np.stack([trained[i][2] for i in pick]),
        np.array([tasks[i].fold for i in pick]),
    )


def save_model(model: ReferenceModel, path: Path) -> None:
    """Write the model as plain arrays: weights as half floats, no pickles, the same bytes for the same model."""
    arrays: dict[str, np.ndarray] = {
        "indicators": np.array(list(model.fold_of)),
        "folds": np.array(list(model.fold_of.values())),
        "still": model.still.astype(np.float32),
    }
    for kind in KINDS:
        ensemble = getattr(model, kind)
        arrays |= {f"{kind}_{i}": w.astype(np.float16) for i, w in enumerate(ensemble.weights)}
        arrays |= {
            f"{kind}_{name}": getattr(ensemble, name) for name in ("mean", "spread", "fold", "stretch")
        }
    with whole_file(path) as unfinished, unfinished.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)
