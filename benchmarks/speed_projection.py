"""How long `project` takes for many series and for one, what memory it needs, and how that grows.

Run: python benchmarks/speed_projection.py [--sizes 10000 100000 1000000] [--peer-python PATH --peer-series 2000]

Each size runs in a process of its own, so that its peak memory is its own. With the interpreter of an environment that
has statsforecast (benchmarks/requirements-statsforecast.txt), its AutoETS and AutoTheta forecast the same series in
the same run.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from measure import machine, peak_memory
from peers import Peer

LEVELS = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)
HORIZON, POINTS, FIRST_YEAR = 5, 10, 2015
SIZES = (10_000, 100_000, 1_000_000)
PEERS = ("AutoETS", "AutoTheta")
REPEATS = 50


def synthetic(n_series: int) -> pd.DataFrame:
    """Shares in percent that walk between 0 and 100: series (int), year, value, lower, upper; ten years each."""
    rng = np.random.default_rng(0)
    steps = rng.normal(size=(n_series, POINTS)).cumsum(axis=1)
    values = np.clip(steps + rng.uniform(10, 90, (n_series, 1)), 0, 100)
    frame = pd.DataFrame({"series": np.repeat(np.arange(n_series), POINTS)})
    frame["year"] = np.tile(np.arange(FIRST_YEAR, FIRST_YEAR + POINTS), n_series)
    return frame.assign(value=values.ravel(), lower=0.0, upper=100.0)


def measure_size(n_series: int) -> dict[str, float]:
    """Seconds and peak memory of one call, in this process, once the model is loaded."""
    from xhcp_eval import project

    frame = synthetic(n_series)
    project(frame.head(POINTS), HORIZON, LEVELS)
    start = time.perf_counter()
    result = project(frame, HORIZON, LEVELS, method="auto")
    seconds = time.perf_counter() - start
    if len(result) != n_series * HORIZON or result.isna().any(axis=None):
        raise SystemExit("the projection did not answer every series")
    return {"series": n_series, "seconds": seconds, "memory": peak_memory()}


def in_own_process(n_series: int) -> dict[str, float]:
    """`measure_size` in a fresh interpreter."""
    command = [sys.executable, __file__, "--one-size", str(n_series)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout.decode("utf-8").splitlines()[-1])


def measure_one() -> tuple[float, float]:
    """Seconds of the first call, which loads the model, and of one series from then on (median)."""
    start = time.perf_counter()
    from xhcp_eval import project

    took = []
    for key in range(REPEATS + 1):
        frame = synthetic(1).assign(series=key)
        project(frame, HORIZON, LEVELS, method="auto")
        took.append(time.perf_counter() - start)
        start = time.perf_counter()
    return took[0], float(np.median(took[1:]))


def compare(python: Path, n_series: int, jobs: int) -> None:
    """Print what statsforecast takes for the same series, and how many times as long that is."""
    from xhcp_eval.forecast.panel import make_panel

    ours = in_own_process(n_series)["seconds"]
    print(f"\n{n_series:,} series, ours: {ours:.2f} s")
    panel = make_panel(synthetic(n_series))
    for name in PEERS:
        peer = Peer(python, name, jobs)
        peer(panel, HORIZON, np.array(LEVELS))
        print(
            f"statsforecast {peer.version} {name}, {jobs} processes: {peer.seconds:.2f} s, "
            f"{peer.seconds / ours:.0f} times ours",
            flush=True,
        )


def main() -> None:
    """Print the measurements."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--peer-python", type=Path)
    parser.add_argument("--peer-series", type=int, default=2000)
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes of statsforecast")
    parser.add_argument("--one-size", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one_size:
        print(json.dumps(measure_size(options.one_size)))
        return
    print(machine())
    rows = [in_own_process(n) for n in options.sizes]
    for row in rows:
        print(f"{row['series']:>9,} series: {row['seconds']:.2f} s, peak {row['memory']:.2f} GB", flush=True)
    if len(rows) > 1:
        size, seconds = np.log([r["series"] for r in rows]), np.log([r["seconds"] for r in rows])
        print(f"slope of log time against log series: {np.polyfit(size, seconds, 1)[0]:.2f} (1 is linear)")
    first, one = measure_one()
    print(
        f"one series: {1000 * one:.1f} ms (median of {REPEATS}); first call, which loads the model, {first:.2f} s"
    )
    if options.peer_python:
        compare(options.peer_python, options.peer_series, options.jobs)


if __name__ == "__main__":
    main()
