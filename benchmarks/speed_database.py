"""The monitoring database at size: importing 100,000 rows, one district's table out of ten million, kills.

    python benchmarks/speed_database.py [--rows 10000000] [--kills 50]

Imports are measured through the whole door (opened, checked, kept), from CSV, Excel and Parquet. The ten million
stored rows are written as yearly provincial imports, as a database in use would hold them, and once in random order.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from measure import machine

from xhcp_eval.observations.door.intake import import_file
from xhcp_eval.observations.store.database import Database
from xhcp_eval.observations.table import COLUMNS, read_table
from xhcp_eval.plan.reading import load_plan
from xhcp_eval.provenance import ROOT

PLAN = load_plan("xinhua_2021_2030")
YEARS = 23


def reported(n_regions: int, year: int) -> pd.DataFrame:
    """Rows as many regions report them: every proportion of the plan, for one year."""
    facts = [i for i in PLAN.indicators if i.kind == "proportion"]
    rng = np.random.default_rng(year)
    rows = pd.DataFrame({"indicator": [i.id for i in facts], "unit": [i.unit for i in facts]})
    rows = rows.merge(pd.DataFrame({"region": [f"县{n:04d}" for n in range(n_regions)]}), how="cross")
    rows["denominator"] = rng.integers(200, 4000, len(rows)).astype(float)
    rows["numerator"] = np.floor(rows["denominator"] * 0.9)
    per = rows["unit"].map({"percent": 100.0, "permille": 1000.0, "per_100k": 1e5}).fillna(100.0)
    rows["value"] = (per * rows["numerator"] / rows["denominator"]).round(4)
    facts = {
        "level": "district",
        "year": year,
        "status": "reported",
        "source": "年报",
        "reported_on": "2026-03-01",
    }
    plain = dict.fromkeys(("sex", "age", "residence", "category"), "total") | {"department": "", "note": ""}
    flags = {"series_break": False, "exceptional": False}
    return rows.assign(**facts, **plain, **flags)[list(COLUMNS)]


def measure_imports(folder: Path) -> None:
    """Seconds of 100,000 rows through the door, from three formats."""
    table = reported(1130, 2025).head(100_000)
    writers = {
        "csv": lambda path: table.to_csv(path, index=False, encoding="utf-8"),
        "parquet": lambda path: table.to_parquet(path, index=False),
        "xlsx": lambda path: table.to_excel(path, index=False),
    }
    for suffix, write in writers.items():
        path = folder / f"t.{suffix}"
        write(path)
        base = Database(folder / f"{suffix}.duckdb")
        start = time.perf_counter()
        kept = import_file(path, PLAN, base, new_regions=True, today=date(2026, 4, 1)).kept
        print(f"import of {kept.n_rows} rows from {suffix}: {time.perf_counter() - start:.1f} s")


def measure_large_excel(folder: Path, n_rows: int) -> None:
    """Seconds and peak memory of a large workbook through the door, in a process of its own."""
    path = folder / "large.xlsx"
    reported(n_rows // 89 + 1, 2025).head(n_rows).to_excel(path, index=False)
    done = subprocess.run(
        [sys.executable, __file__, "--import", str(path)], capture_output=True, text=True, check=True
    )
    print(done.stdout.strip())


def import_one(path: Path) -> None:
    """Import a file into a new database beside it; print seconds and peak memory."""
    import resource

    start = time.perf_counter()
    base = Database(path.with_suffix(".duckdb"))
    kept = import_file(path, PLAN, base, new_regions=True, today=date(2026, 4, 1)).kept
    took, most = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"import of {kept.n_rows} rows from {path.suffix[1:]}: {took:.1f} s, {most:.2f} GB")


def measure_queries(folder: Path, n_rows: int) -> None:
    """Milliseconds of one district's whole table."""
    n_regions = n_rows // (YEARS * 89)
    base = Database(folder / "big.duckdb")
    start = time.perf_counter()
    for year in range(2003, 2003 + YEARS):
        base.add(reported(n_regions, year), file=f"{year}", sha256=f"{year}", plan=PLAN.id)
    n = base.sql("select count(*) n from reported")["n"][0]
    size = base.path.stat().st_size / 1e6
    print(f"{n} rows stored in {time.perf_counter() - start:.0f} s, {size:.0f} MB")
    show_query("as imported year by year", base, n_regions)
    with base.writing() as connection:
        connection.execute(
            "create table mixed as select * from reported order by hash(region_id, year, indicator)"
        )
        connection.execute("drop view figures")
        connection.execute("drop table reported")
        connection.execute("alter table mixed rename to reported")
    show_query("in random order", base, n_regions)


def show_query(name: str, base: Database, n_regions: int) -> None:
    """Median and worst of thirty districts."""
    took = []
    for number in random.Random(3).sample(range(n_regions), 31):
        start = time.perf_counter()
        found = base.observations(region=f"县{number:04d}")
        took.append(1000 * (time.perf_counter() - start))
    print(
        f"one district of {len(found)} rows, {name}: median {np.median(took[1:]):.0f} ms, worst {max(took[1:]):.0f} ms"
    )


def measure_kills(folder: Path, kills: int) -> None:
    """kill -9 at random moments of imports: everything said to be kept is there, and every import is whole."""
    table = read_table(ROOT / "data" / "demo" / "xinhua_2015_2025.csv", PLAN)
    table.to_parquet(folder / "kill.parquet")
    base, said, moments = Database(folder / "kill.duckdb"), set(), random.Random(5)
    for number in range(kills):
        command = [
            sys.executable,
            str(ROOT / "tests" / "killed_imports.py"),
            str(base.path),
            str(1000 * number),
            "9000",
            str(folder / "kill.parquet"),
        ]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, text=True, encoding="utf-8")
        assert process.stdout.readline() == "ready\n"
        time.sleep(moments.uniform(0, 0.5))
        process.kill()
        said |= {int(line) for line in process.stdout.read().split()}
        process.wait()
        kept = base.sql("""select i.file, i.n_rows, count(r.import_id) n from imports i
                           left join reported r using (import_id) group by all""")
        assert (kept["n"] == kept["n_rows"]).all(), "an import in part"
        assert said <= {int(name.removesuffix(".csv")) for name in kept["file"]}, "a kept import is lost"
    print(
        f"{kills} kills: {len(kept)} imports kept, all whole; {len(said)} had been confirmed, none of them lost"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--excel", type=int, default=300_000, help="rows of the large workbook")
    parser.add_argument("--import", type=Path, dest="file", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.file:
        import_one(options.file)
        return
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        measure_imports(Path(folder))
        measure_large_excel(Path(folder), options.excel)
        measure_kills(Path(folder), options.kills)
        measure_queries(Path(folder), options.rows)


if __name__ == "__main__":
    main()
