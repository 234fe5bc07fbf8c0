"""Forecasts whose truth is known: levels that are exactly normal, so that chances can be worked out by other means."""

from __future__ import annotations

import numpy as np
from scipy.stats import norm

from xhcp_eval.forecast.projection import LEVELS
from xhcp_eval.observations.table import read_table
from xhcp_eval.plan.reading import load_plan
from xhcp_eval.provenance import ROOT
from xhcp_eval.verdict.forecasts import Forecasts
from xhcp_eval.verdict.reading import read_block
from xhcp_eval.verdict.series import Block
from xhcp_eval.verdict.settings import Settings

PLAN = load_plan("xinhua_2021_2030")


def demonstration(settings: Settings | None = None, until: int = 2025) -> Block:
    """The district of the demonstration and its units."""
    table = read_table(ROOT / "data" / "demo" / "xinhua_2015_2025.csv", PLAN)
    return read_block(table, PLAN, settings or Settings(), until, np.array([PLAN.region], object), False)


def normal_levels(
    block: Block, spread: float = 0.05, growing: bool = True
) -> tuple[Forecasts, np.ndarray, np.ndarray]:
    """Forecasts in which every series stays where it is, give or take: mean and spread of a year ahead, (n,) each.

    spread: of a year ahead, as a share of the way to the nearer end of the scale. growing: with the root of the years, as a
    walk's does, so that no noise of single years is in it; else it stays, and nothing but noise is.
    """
    facts, rows = block.facts, np.arange(len(block))
    mean = block.values[rows, block.last]
    low, high = mean - facts.lower[block.indicator], facts.upper[block.indicator] - mean
    size = spread * np.maximum(np.minimum(np.where(np.isfinite(low), low, np.abs(mean)), high), 0)
    years = np.arange(1, PLAN.end_year - int(block.years[block.last].min()) + 1)
    scores = (np.sqrt(years) if growing else np.ones(len(years)))[:, None] * norm.ppf(LEVELS)
    quantiles = mean[:, None, None] + size[:, None, None] * scores
    return Forecasts(block, quantiles, rows, np.zeros(len(block), int), PLAN.end_year), mean, size


def fixed_levels(block: Block, rows: np.ndarray, level: np.ndarray) -> Forecasts:
    """Forecasts that know the level for certain, so that only chance in counting is left. level: (m,) of the rows."""
    place = np.full(len(block), -1)
    place[rows] = np.arange(len(rows))
    years = PLAN.end_year - int(block.years[block.last].min())
    quantiles = np.broadcast_to(level[:, None, None], (len(rows), years, len(LEVELS)))
    return Forecasts(block, quantiles, place, np.zeros(len(block), int), PLAN.end_year)
