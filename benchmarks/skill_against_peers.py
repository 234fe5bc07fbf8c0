"""Our forecasts and statsforecast's on the same cases: real histories cut at an origin, scored by what followed.

Run: python benchmarks/skill_against_peers.py --peer-python PATH [--panel FILE] [--per-indicator 60] [--together]

Every indicator is forecast by networks that never saw it. statsforecast's quantiles are kept within the natural bounds,
as ours are. The interpreter is that of an environment with benchmarks/requirements-statsforecast.txt.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import pandas as pd
from measure import machine
from peers import Peer

from xhcp_eval.forecast.backtests.backtest import Backtest, backtest
from xhcp_eval.forecast.projection import trend_model

PANEL = Path(__file__).resolve().parents[1] / "data" / "reference" / "panel.parquet"
OURS = "auto"
CLASSICAL = ("local_drift", "drift")
PEERS = ("AutoETS", "AutoTheta", "AutoARIMA", "RandomWalkWithDrift", "DynamicOptimizedTheta")
SHOWN = [
    *("method", "wql", "wql_low", "wql_high", "mase", "coverage_50", "coverage_80", "coverage_95"),
    *("brier", "brier_low", "brier_high", "calibration_error", "n", "unanswered", "n_targets"),
]
SAVED = ["wql_skill", "wql_skill_low", "wql_skill_high", "brier_skill", "brier_skill_low", "brier_skill_high"]


def savings(result: Backtest) -> pd.DataFrame:
    """Share of each other method's loss that ours saves, with bootstrap intervals over indicators."""
    others = [name for name in result.methods if name != OURS]
    rows = pd.concat([result.skill(OURS, other) for other in others], keys=others, names=["against", None])
    return rows.reset_index(level=0)[["against", *SAVED]]


def show(title: str, table: pd.DataFrame) -> None:
    """Print a table with three decimals."""
    print(f"\n{title}\n{table.to_string(index=False, float_format=lambda v: f'{v:.3f}')}", flush=True)


def main() -> None:
    """Judge all methods and print scores, savings and seconds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer-python", type=Path, required=True)
    parser.add_argument("--panel", type=Path, default=PANEL)
    parser.add_argument("--per-indicator", type=int, default=60)
    parser.add_argument(
        "--together", action="store_true", help="cases of whole years, regions learn from one another"
    )
    parser.add_argument("--models", nargs="+", default=PEERS)
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes of statsforecast")
    options = parser.parse_args()
    peers = {name: Peer(options.peer_python, name, options.jobs) for name in options.models}
    methods = {name: trend_model(name) for name in (OURS, *CLASSICAL)} | peers
    frame = pd.read_parquet(options.panel)
    result = backtest(frame, methods, per_indicator=options.per_indicator, together=options.together)
    print(machine())
    print(f"{len(result.cases)} cases of {frame['indicator'].nunique()} indicators")
    show("Scores", result.scores()[SHOWN])
    by_group = result.scores(by=["group"]).sort_values(["group", "brier"])
    show(
        "By group", by_group[["group", "method", "wql", "mase", "coverage_80", "brier", "calibration_error"]]
    )
    show("Share of the loss saved by ours", savings(result))
    for name, peer in peers.items():
        print(f"statsforecast {peer.version} {name}: {peer.seconds:.1f} s")


if __name__ == "__main__":
    main()
