"""Do intervals hold what they promise when a rate is read off few events?

Real histories (shares and rates per 1,000 or 100,000) are taken as the true rate; events are drawn around them, in the history and in the years to come, and the share of future observed rates within the forecast's
intervals is counted. Every indicator is forecast by networks that never saw it. A count of few events is a step
function, so the interval's share of a step counts (randomised coverage: Czado, Gneiting & Held 2009, Biometrics 65).

Run: python benchmarks/coverage_small_counts.py [--panel FILE] [--method auto]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from xhcp_eval.forecast.backtests.cases import Cases, make_cases
from xhcp_eval.forecast.classical.trend import TrendModel
from xhcp_eval.forecast.panel import make_panel
from xhcp_eval.forecast.projection import project_panel, trend_model

PANEL = Path(__file__).resolve().parents[1] / "data" / "reference" / "panel.parquet"
MORTALITY = (
    "gm_infant_mortality_rate_per_1000_births",
    "gm_under_five_mortality_from_cme_per_1000_born",
    "gm_stillbirths_per_1000_births",
)
MULTIPLIERS = {"percent": 100.0, "permille": 1000.0}
BIRTHS = (50, 500, 3500, 35000)
INTERVALS = {50: (0.25, 0.75), 80: (0.1, 0.9), 95: (0.025, 0.975)}
LEVELS = np.round(np.concatenate([[0.005], np.arange(0.0125, 0.99, 0.0125), [0.995]]), 4)


def covered(quantiles: np.ndarray, observed: np.ndarray) -> dict[int, float]:
    """Mean share of each observed value's step that lies within the central intervals."""
    low = (quantiles < observed[..., None] - 1e-9).sum(axis=-1)
    high = (quantiles <= observed[..., None] + 1e-9).sum(axis=-1)
    edges = np.concatenate([[0], (LEVELS[1:] + LEVELS[:-1]) / 2, [1]])
    below, upto = edges[low], np.maximum(edges[high], edges[low] + 1e-6)
    found = {}
    for name, (a, b) in INTERVALS.items():
        inside = np.clip(np.minimum(upto, b) - np.maximum(below, a), 0, None) / (upto - below)
        found[name] = float(np.nanmean(np.where(np.isfinite(observed), inside, np.nan)))
    return found


def simulate(cases: Cases, per: pd.Series, births: int, model: TrendModel) -> tuple[np.ndarray, np.ndarray]:
    """Forecast quantiles of the rate read off counts, and the rates then observed; births a year are the same."""
    rng = np.random.default_rng(births)
    unit = per[cases.frame["indicator"]].to_numpy()
    events = rng.binomial(births, np.clip(cases.frame["value"] / unit, 0, 1)).astype(float)
    seen = cases.frame.assign(value=unit * events / births, numerator=events, denominator=float(births))
    unit = per[cases.indicator].to_numpy()[:, None]
    future = np.clip(np.nan_to_num(cases.outcomes) / unit, 0, 1)
    observed = np.where(np.isfinite(cases.outcomes), unit * rng.binomial(births, future) / births, np.nan)
    found = np.full((*observed.shape, len(LEVELS)), np.nan)
    panel = make_panel(seen.drop(columns="indicator"))
    for name in np.unique(cases.indicator):
        rows = cases.indicator == name
        judge = model.without(name) if hasattr(model, "without") else model
        found[rows] = project_panel(panel.take(rows), judge, observed.shape[1], LEVELS)
    return found, observed


def main() -> None:
    """Print the coverage for each number of births."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--panel", type=Path, default=PANEL)
    parser.add_argument("--method", default="auto")
    parser.add_argument("--cases", type=int, default=400)
    options = parser.parse_args()
    model = trend_model(options.method)
    frame = pd.read_parquet(options.panel)
    frame = frame[frame["unit"].isin(MULTIPLIERS)]
    for title, part in (("all", frame), ("mortality", frame[frame["indicator"].isin(MORTALITY)])):
        per = part.groupby("indicator")["unit"].first().map(MULTIPLIERS)
        cases = make_cases(part, per_indicator=options.cases, least_points=6, most_points=12)
        for births in BIRTHS:
            shares = covered(*simulate(cases, per, births, model))
            print(
                f"{title}, {len(cases)} cases, {births} births  "
                + "  ".join(f"{k}%: {100 * v:.1f}" for k, v in shares.items()),
                flush=True,
            )


if __name__ == "__main__":
    main()
