"""All regions judged block by block: seconds and memory as the regions grow, against one region after another.

    python benchmarks/speed_panel_assessment.py [--sizes 10 100 1000 2844] [--jobs 2] [--block 100] [--units]
        [--before FOLDER]

A synthetic province: the demonstration district's own series under new names, every count redrawn, for three groups
(total, urban, rural), ten years each. Every series is projected to the end of the plan, every target judged and the
verdicts written, a file a block. Each size runs in a process of its own. Seconds are those of the clock, from starting the
processes to the last file written, and hold the making of the tables too. --before: a checkout of an earlier version,
whose own benchmark of this name is run right before at each size, so that the two stand side by side. With --units also the district's townships and
schools, so that targets that hold for each of them are judged as well.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
from measure import machine, peak_memory

from xhcp_eval.observations.table import TOTAL, read_table
from xhcp_eval.plan.reading import load_plan
from xhcp_eval.provenance import ROOT

PLAN = load_plan("xinhua_2021_2030")
YEARS = range(2016, 2026)
GROUPS = (TOTAL, "urban", "rural")
INDICATORS = 153
AS_OF = YEARS[-1]


def template(units: bool) -> pd.DataFrame:
    """What each region reports: 153 indicators in three groups for ten years, and its units' figures if wanted."""
    table = read_table(ROOT / "data" / "demo" / "xinhua_2015_2025.csv", PLAN)
    table = table[(table["sex"] == TOTAL) & (table["age"] == TOTAL) & table["year"].isin(YEARS)]
    whole = table[
        (table["region"] == PLAN.region) & (table["category"] == TOTAL) & (table["residence"] == TOTAL)
    ]
    longest = whole.groupby("indicator")["year"].nunique().sort_values(ascending=False, kind="stable")
    chosen = _all_years(whole[whole["indicator"].isin(longest.index[:INDICATORS])])
    parts = [chosen.assign(residence=group) for group in GROUPS]
    if units:
        parts.append(table[table["region"] != PLAN.region])
    return pd.concat(parts, ignore_index=True)


def _all_years(whole: pd.DataFrame) -> pd.DataFrame:
    """Indicators that were first asked for later get their first figure in the years before as well."""
    grid = pd.MultiIndex.from_product([whole["indicator"].unique(), YEARS], names=["indicator", "year"])
    filled = whole.set_index(["indicator", "year"]).reindex(grid)
    return filled.groupby(level="indicator").bfill().groupby(level="indicator").ffill().reset_index()


def block_of(base: pd.DataFrame, first: int, size: int) -> pd.DataFrame:
    """Tables of some regions by number: the template with counts redrawn and other values moved a little."""
    rng = np.random.default_rng(first)
    table = pd.concat([base] * size, ignore_index=True)
    names = pd.Series([f"演示省/演示{number:04d}县" for number in range(first, first + size)])
    below = base["region"].str.removeprefix(PLAN.region)
    table["region"] = np.concatenate([(name + below).to_numpy(object) for name in names])
    x, n, value = (table[name].to_numpy(float) for name in ("numerator", "denominator", "value"))
    drawn = np.minimum(rng.poisson(np.nan_to_num(x)), np.nan_to_num(np.where(x <= n, n, np.inf), nan=0))
    counted = np.isfinite(x) & np.isfinite(n) & (x > 0)
    factor = np.where(counted, drawn / np.where(counted, x, 1), 1.0)
    table["numerator"] = np.where(counted, drawn, x)
    table["value"] = np.where(
        counted, value * factor, value * np.where(value > 1, rng.uniform(0.97, 1, len(value)), 1)
    )
    for name in ("indicator", "region", "level", "residence", "category", "status", "sex", "age", "unit"):
        table[name] = table[name].astype("category")
    return table


def blocks(regions: int, size: int, units: bool, clock: list[float]) -> Iterator[pd.DataFrame]:
    """The province block by block; the seconds that making it takes are added to `clock`."""
    base = template(units)
    for first in range(0, regions, size):
        start = time.perf_counter()
        made = block_of(base, first, min(size, regions - first))
        clock[0] += time.perf_counter() - start
        yield made


def measure_size(regions: int, size: int, jobs: int, units: bool) -> dict[str, float]:
    """Seconds and peak memory (all processes) of one province, in this process and its children."""
    clock, rows, series = [0.0], 0, len(template(units)) // len(YEARS)
    with tempfile.TemporaryDirectory() as folder:
        start, work = time.perf_counter(), worked()
        for number, frame in enumerate(judged_blocks(blocks(regions, size, units, clock), jobs)):
            rows += len(frame)
            frame.to_parquet(Path(folder) / f"{number:05d}.parquet", compression="zstd", index=False)
        seconds, work = time.perf_counter() - start, worked() - work
    return {
        "regions": regions, "series": series * regions, "verdicts": rows, "seconds": seconds, "making": clock[0],
        "memory": peak_memory() + jobs * children_memory() * (jobs > 1), "worked": work,
    }  # fmt: skip


def judged_blocks(tables: Iterator[pd.DataFrame], jobs: int) -> Iterator[pd.DataFrame]:
    """Verdicts of each block as numbers, no more blocks in memory than are being worked on and one that comes next."""
    if jobs == 1:
        yield from map(judged, tables)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        waiting: deque = deque()
        for table in tables:
            waiting.append(pool.submit(judged, table))
            if len(waiting) > jobs:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def judged(table: pd.DataFrame) -> pd.DataFrame:
    """The verdicts of a block's regions, every series projected."""
    from xhcp_eval.verdict.judging import judge

    return judge(table, PLAN, until=AS_OF, project_all=True).frame


def children_memory() -> float:
    """Most memory that any one child has held, GB; missing where the system doesn't tell."""
    try:
        import resource
    except ImportError:
        return float("nan")
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit / 1e9


def worked() -> float:
    """Seconds that processors have worked for this process and its finished children."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def one_by_one(regions: int, units: bool) -> float:
    """Seconds a region from table to verdicts in words, one region after another in one process."""
    from xhcp_eval.verdict.judging import judge

    table = block_of(template(units), 0, regions + 1)
    names = table["region"].cat.categories[~table["region"].cat.categories.str.contains("县/")]
    plain = table.astype({name: str for name in table.columns if table[name].dtype == "category"})
    tables = [plain[plain["region"].str.startswith(name)] for name in names]
    judge(tables[0], PLAN, names[0], until=AS_OF).explained()
    start = time.perf_counter()
    for name, own in zip(names[1:], tables[1:], strict=True):
        judge(own, PLAN, name, until=AS_OF).explained()
    return (time.perf_counter() - start) / regions


def in_own_process(regions: int, options: argparse.Namespace, root: Path = ROOT) -> dict[str, float]:
    """`measure_size` in a fresh interpreter. root: of the checkout that is measured."""
    script = root / "benchmarks" / Path(__file__).name
    command = [sys.executable, str(script), "--one-size", str(regions), "--jobs", str(options.jobs)]
    command += ["--block", str(options.block)] + ["--units"] * options.units
    places = os.environ | {"PYTHONPATH": str(root)}
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, env=places, cwd=root)
    return json.loads(done.stdout.decode("utf-8").splitlines()[-1])


def tell(what: str, row: dict[str, float]) -> None:
    """Print one measurement."""
    print(
        f"{row['regions']:>5,} regions, {row['series']:>9,} series, {row['verdicts']:>7,} verdicts: {row['seconds']:6.1f} s, "
        f"{row['making']:.1f} s of them making tables ({row['worked']:.1f} s of processor time in all), "
        f"peak {row['memory']:.2f} GB; {what}",
        flush=True,
    )


def main() -> None:
    """Print the measurements."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=(10, 100, 1000, 2844))
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--block", type=int, default=100, help="regions a block")
    parser.add_argument("--units", action="store_true", help="with townships and schools")
    parser.add_argument("--alone", type=int, default=5, help="regions judged one by one")
    parser.add_argument(
        "--before", type=Path, help="checkout of an earlier version, measured beside this one"
    )
    parser.add_argument("--one-size", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one_size:
        print(json.dumps(measure_size(options.one_size, options.block, options.jobs, options.units)))
        return
    print(machine())
    alone = one_by_one(options.alone, options.units)
    print(f"one region after another: {alone:.2f} s a region (mean of {options.alone})", flush=True)
    rows = []
    for regions in options.sizes:
        if options.before:
            tell("before", in_own_process(regions, options, options.before.resolve()))
        rows.append(in_own_process(regions, options))
        tell(f"{alone * regions / rows[-1]['seconds']:.0f} times as fast as one by one", rows[-1])
    if len(rows) > 1:
        size, seconds = np.log([r["regions"] for r in rows]), np.log([r["seconds"] for r in rows])
        print(f"slope of log time against log regions: {np.polyfit(size, seconds, 1)[0]:.2f} (1 is linear)")
        last = np.diff(seconds)[-1] / np.diff(size)[-1]
        print(f"between the two largest, where starting up weighs least: {last:.2f}")


if __name__ == "__main__":
    main()
