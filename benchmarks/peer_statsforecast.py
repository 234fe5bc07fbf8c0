"""Forecast series with one model of statsforecast; runs in an environment of its own, without this package.

Run: python benchmarks/peer_statsforecast.py AutoETS series.parquet quantiles.parquet --horizon 5 --levels 0.1 0.5 0.9

series.parquet has columns series, year, value. Written: series, ahead (1..horizon) and one column a level, named by it;
printed last, as JSON: model, version, series, seconds of forecasting (after a warm-up, without reading and writing).
statsforecast knows no missing years: they are filled on a straight line. A series that a model can't fit gets the
naive forecast (statsforecast's own fallback): AutoETS refuses the shortest ones.
"""

from __future__ import annotations

import argparse
import json
import time

import numpy as np
import pandas as pd
import statsforecast
from statsforecast import StatsForecast, models

WARM_UP = 10


def read_series(path: str) -> pd.DataFrame:
    """Long frame as statsforecast wants it: unique_id, ds, y, every year from the first to the last of a series."""
    frame = pd.read_parquet(path).sort_values(["series", "year"])
    span = frame.groupby("series")["year"].agg(["min", "max"])
    length = (span["max"] - span["min"] + 1).to_numpy()
    within = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length)
    full = pd.DataFrame({"series": np.repeat(span.index.to_numpy(), length)})
    full["year"] = np.repeat(span["min"].to_numpy(), length) + within
    full = full.merge(frame[["series", "year", "value"]], on=["series", "year"], how="left")
    # each series begins and ends with a value, so a line never runs from one series into the next
    full["value"] = full["value"].astype(float).interpolate()
    return full.rename(columns={"series": "unique_id", "year": "ds", "value": "y"})


def forecast(frame: pd.DataFrame, model: str, horizon: int, levels: list[float], jobs: int) -> pd.DataFrame:
    """Quantiles, one row a series and year ahead: unique_id, ahead and one column a level."""
    widths = sorted({_width(level) for level in levels} - {0.0})
    judge = StatsForecast([getattr(models, model)()], freq=1, n_jobs=jobs, fallback_model=models.Naive())
    found = judge.forecast(df=frame, h=horizon, level=widths)
    values = found.drop(columns=["unique_id", "ds"]).to_numpy(float)
    # The point forecast comes first and stands for the median. Where the fallback steps in, or with several processes,
    # statsforecast 2.1.1 puts ends of intervals under each other's names; sorted, they are right whatever they are called.
    values = np.column_stack([values[:, 0], np.sort(values[:, 1:], axis=1)])
    known = np.array([50] + [50 - w / 2 for w in reversed(widths)] + [50 + w / 2 for w in widths]) / 100
    table = pd.DataFrame({"unique_id": found["unique_id"]})
    table["ahead"] = table.groupby("unique_id").cumcount() + 1
    for level in levels:
        table[str(level)] = values[:, np.abs(known - level).argmin()]
    return table


def _width(level: float) -> float:
    """Percent that the central interval holds which ends at a quantile level."""
    return round(abs(100 - 200 * level), 6)


def main() -> None:
    """Read, forecast, write; print what it took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("series")
    parser.add_argument("quantiles")
    parser.add_argument("--horizon", type=int, default=5)
    parser.add_argument("--levels", type=float, nargs="+", default=[0.1, 0.5, 0.9])
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    frame = read_series(options.series)
    first = frame["unique_id"].drop_duplicates().head(WARM_UP)
    forecast(frame[frame["unique_id"].isin(first)], options.model, options.horizon, options.levels, 1)
    start = time.perf_counter()
    table = forecast(frame, options.model, options.horizon, options.levels, options.jobs)
    seconds = time.perf_counter() - start
    table.rename(columns={"unique_id": "series"}).to_parquet(options.quantiles, index=False)
    facts = {"model": options.model, "version": statsforecast.__version__, "seconds": seconds}
    print(json.dumps(facts | {"series": int(frame["unique_id"].nunique())}))


if __name__ == "__main__":
    main()
