"""What series of one indicator gain by learning from other regions: forecasts alone and in company, same cases.

Run: python benchmarks/learn_together.py [--panel FILE] [--model FILE] [--per-indicator 60]
     [--sizes 2 3 4 5 20 60]

Every case is a real history cut at an origin and answered by networks that never saw the indicator. Its company are
other regions of the same indicator, drawn for the case: what they reported in the years of its own history, nothing
later than its origin. With fewer regions than the model learns from it answers as if alone: nothing is saved.
"""

from __future__ import annotations

import argparse
import time
import zlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from measure import machine

from xhcp_eval.forecast.backtests.backtest import backtest
from xhcp_eval.forecast.panel import Panel, make_panel
from xhcp_eval.forecast.reference.model import ReferenceModel, load_model, reference_model
from xhcp_eval.forecast.reference.peers import Company

PANEL = Path(__file__).resolve().parents[1] / "data" / "reference" / "panel.parquet"
SIZES = (2, 3, 4, 5, 20, 60)
ALONE = "alone"
SHOWN = ["method", "wql", "mase", "coverage_80", "coverage_95", "brier", "log_score", "calibration_error"]
SAVED = ["wql_skill", "wql_skill_low", "wql_skill_high", "brier_skill", "brier_skill_low", "brier_skill_high"]


@dataclass(frozen=True)
class InCompany:
    """A model that answers each case beside so many other regions. regions: indicator -> panel keyed by region."""

    model: ReferenceModel
    regions: dict[str, Panel]
    size: int

    def without(self, indicator: str) -> InCompany:
        """The same with networks that never saw an indicator."""
        return replace(self, model=self.model.without(indicator))

    def __call__(self, panel: Panel, horizon: int, quantiles: np.ndarray) -> np.ndarray:
        """Quantiles (n_series, horizon, n_quantiles) of cases, whose keys tell indicator, region and origin."""
        found = []
        for i in range(len(panel)):
            case = replace(panel.take(np.array([i])), indicator=np.zeros(1, int))
            company = Company.of(others(self.regions, case, self.size))
            found.append(self.model(case, horizon, quantiles, beside=company))
        return np.concatenate(found)


def others(regions: dict[str, Panel], case: Panel, size: int) -> Panel:
    """Other regions in the years of a case's history; a larger company holds the smaller ones."""
    indicator, region, origin = case.keys[0].split("|")
    world = regions[indicator]
    first = case.years[np.argmax(np.isfinite(case.values[0]))]
    past = (world.years >= first) & (world.years <= int(origin))
    values = np.where(past, world.values, np.nan)
    able = np.flatnonzero((np.isfinite(values).sum(axis=1) >= 2) & (world.keys != region))
    order = np.random.default_rng(zlib.crc32(case.keys[0].encode("utf-8"))).permutation(able)
    return replace(world, values=values).take(order[:size])


def by_region(frame: pd.DataFrame) -> dict[str, Panel]:
    """All histories of each indicator."""
    parts = frame.rename(columns={"region": "series"}).astype({"indicator": str, "series": str})
    return {str(name): make_panel(part) for name, part in parts.groupby("indicator")}


def show(title: str, table: pd.DataFrame) -> None:
    """Print a table with four decimals."""
    print(f"\n{title}\n{table.to_string(index=False, float_format=lambda v: f'{v:.4f}')}", flush=True)


def main() -> None:
    """Judge the same cases alone and in company; print scores and what company saves."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--panel", type=Path, default=PANEL)
    parser.add_argument("--model", type=Path, help="a model.npz; by default the one that is shipped")
    parser.add_argument("--per-indicator", type=int, default=60)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    options = parser.parse_args()
    frame = pd.read_parquet(options.panel)
    model = load_model(options.model) if options.model else reference_model()
    regions = by_region(frame)
    start = time.perf_counter()
    methods = {ALONE: model} | {f"beside {n}": InCompany(model, regions, n) for n in options.sizes}
    result = backtest(frame, methods, per_indicator=options.per_indicator)
    print(machine())
    print(f"{len(result.cases)} cases of {len(regions)} indicators, {time.perf_counter() - start:.0f} s")
    show("Scores", result.scores()[SHOWN])
    show("By group", result.scores(by=["group"])[["group", *SHOWN]].sort_values(["group", "method"]))
    company = [name for name in methods if name != ALONE]
    for by in ((), ("group",), ("length",)):
        rows = [result.skill(name, ALONE, by).assign(method=name) for name in company]
        show(f"Share of the loss saved against {ALONE}", pd.concat(rows)[["method", *by, *SAVED]])


if __name__ == "__main__":
    main()
