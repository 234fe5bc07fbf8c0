"""How often rules cry wolf: counts simulated where nothing happened, held against the rules."""

from __future__ import annotations

import numpy as np
import pandas as pd

from xhcp_eval.forecast.panel import make_panel
from xhcp_eval.forecast.small_numbers import rate_interval
from xhcp_eval.warnings.floor import beyond_bound, false_discoveries
from xhcp_eval.warnings.movement import volatile, worse_two_years
from xhcp_eval.warnings.rules import WarningRules

TOWNSHIPS, FAMILIES = 12, 4000
SERIES, YEARS = 2000, 11


def floor_alarms(
    share: float, kind: str, cases: tuple[int, int], rules: WarningRules, seed: int = 0, worse: float = 0.0
) -> dict[str, float]:
    """How often townships whose true value lies on a floor are called clearly below it, by chance of counts.

    share: the bound. kind: "proportion" (at least) or "rate" (at most). cases: smallest and largest denominator,
    drawn evenly. worse: by how much one of the twelve is truly beyond (0: none is). Returns family (share of runs of
    12 townships with any false clear warning), township (share of sound townships), hint (of townships whose
    point alone is beyond) and found (share of runs in which the one that is beyond was clear; nan without one).
    """
    rng = np.random.default_rng(seed)
    n = rng.integers(*cases, (FAMILIES, TOWNSHIPS), endpoint=True).astype(float)
    sign = 1 if kind == "proportion" else -1
    truth = np.full(TOWNSHIPS, share)
    truth[0] -= sign * worse
    x = rng.binomial(n.astype(int), truth) if kind == "proportion" else rng.poisson(n * truth)
    low, high = rate_interval(x, n, kind, rules.level)
    whole = high < share if sign > 0 else low > share
    clear = whole & (false_discoveries(beyond_bound(x, n, share, sign, kind)) <= rules.fdr)
    sound = clear[:, 1:] if worse else clear
    off = sign * (x / n - share) < 0
    return {
        "family": float(sound.any(axis=1).mean()),
        "township": float(sound.mean()),
        "hint": float((off & ~clear).mean()),
        "found": float(clear[:, 0].mean()) if worse else np.nan,
    }


def still_alarms(share: float, cases: int, rules: WarningRules, seed: int = 0) -> dict[str, float]:
    """How often a share that never changes is called worse two years running, or volatile, by chance of its counts.

    share: the true one. cases: denominator of each of eleven years. Returns worse, volatile: shares of 2,000 series.
    """
    x = np.random.default_rng(seed).binomial(cases, share, (SERIES, YEARS)).ravel()
    columns = {
        "series": np.repeat(np.arange(SERIES), YEARS),
        "year": np.tile(np.arange(2015, 2015 + YEARS), SERIES),
    }
    counts = {"value": 100 * x / cases, "numerator": x, "denominator": cases, "lower": 0.0, "upper": 100.0}
    panel = make_panel(pd.DataFrame(columns | counts).astype({"numerator": float, "denominator": float}))
    worse = worse_two_years(panel, np.ones(len(panel)), rules)
    return {"worse": float(worse.flagged.mean()), "volatile": float(volatile(panel, rules).flagged.mean())}
