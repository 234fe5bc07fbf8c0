"""What others would have said where we said something: a straight line and six other systems, on the same outcomes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from xhcp_eval.forecast.backtests.scores import bootstrap_interval, brier, hit, probability_beyond
from xhcp_eval.forecast.classical.trend import TREND_MODELS
from xhcp_eval.forecast.other_rules import OTHER_METHODS, Progress, call_all
from xhcp_eval.forecast.panel import Panel
from xhcp_eval.forecast.projection import LEVELS, MODEL_LABELS
from xhcp_eval.verdict.operators import sign_of
from xhcp_eval.verdict.verdicts import Verdicts

OURS, HALF, ALWAYS = "本报告", "一律说一半", "一律说达标"
COLUMNS: tuple[str, ...] = ("method", "target_id", "indicator", "probability", "met", "squared_error", "hit")
SCORES: tuple[str, ...] = ("method", "n", "hits", "brier", "low", "high")


def rival_forecasts(origin: Verdicts, outcomes: pd.DataFrame) -> pd.DataFrame:
    """Every method's forecast of each outcome that is scored, held against it; ours is the first.

    origin: verdicts at the forecast origin. outcomes: of `compare_outcomes`. The others are given the series that ours
    was given, and the bound that the outcome was held against. Returns one row a method and outcome, columns `COLUMNS`:
    probability is missing where a method can't say, 1 or 0 where it says no more than yes or no; squared_error and hit
    are those of `scores.brier` and `scores.hit`.
    """
    asked = outcomes[outcomes["scored"].astype(bool)].reset_index(drop=True)
    said = {OURS: asked["probability"].to_numpy(float)} | _others(origin, asked)
    said |= {HALF: np.full(len(asked), 0.5), ALWAYS: np.ones(len(asked))}
    met = asked["met"].to_numpy(float)
    parts = [
        asked[["target_id", "indicator"]].assign(
            method=method, probability=p, met=met, squared_error=brier(p, met), hit=hit(p, met)
        )
        for method, p in said.items()
    ]
    return pd.concat(parts, ignore_index=True)[list(COLUMNS)]


def method_scores(rivals: pd.DataFrame) -> pd.DataFrame:
    """Each method's score. rivals: of `rival_forecasts`.

    Returns one row a method, columns `SCORES`: n (outcomes that it said something of), hits (of the more probable
    answer; one half counts one half), brier (mean squared error), low and high (its 95% bootstrap interval over
    indicators, for targets of one indicator share its fate).
    """
    rows = []
    for method, part in rivals.groupby("method", sort=False):
        told = part[part["probability"].notna()]
        low, high = bootstrap_interval(told["squared_error"], told["indicator"])
        rows.append(
            (method, len(told), told["hit"].sum(), told["squared_error"].mean(), float(low), float(high))
        )
    return pd.DataFrame(rows, columns=list(SCORES))


def _others(origin: Verdicts, asked: pd.DataFrame) -> dict[str, np.ndarray]:
    """Probabilities of the straight line and of the other systems, (n,) each, in the order of `asked`."""
    rows = np.array([origin.block.find(name, origin.only) for name in asked["indicator"]], int)
    bound, years = asked["target_value"].to_numpy(float), asked["target_year"].to_numpy(int)
    indicator = {t.id: origin.plan.indicator(t.indicator) for t in origin.plan.targets()}
    targets = {t.id: t for t in origin.plan.targets()}
    sign = np.array([sign_of(targets[id], indicator[id]) for id in asked["target_id"]], int)
    names = [MODEL_LABELS["linear"], *(method.name for method in OTHER_METHODS.values())]
    said = {name: np.full(len(asked), np.nan) for name in names}
    able = (rows >= 0) & np.isfinite(bound)
    if not able.any():
        return said
    panel = origin.block.panel(rows[able])
    said[names[0]][able] = _line(panel, bound[able], years[able], sign[able])
    calls = call_all(Progress(panel.years, panel.values, bound[able], years[able], sign[able]))
    for key, call in calls.items():
        said[OTHER_METHODS[key].name][able] = call.met
    return said


def _line(panel: Panel, bound: np.ndarray, years: np.ndarray, sign: np.ndarray) -> np.ndarray:
    """Chance that a least-squares line gives each bound in its year, (n,)."""
    ahead = years - panel.years[panel.last]
    quantiles = TREND_MODELS["linear"](panel, int(ahead.max()), np.array(LEVELS))
    return probability_beyond(quantiles[np.arange(len(panel)), ahead - 1], LEVELS, bound, sign)
