"""The notebooks of a pack in forked children against the papermill command, one after another, in the same run.

    python benchmarks/speed_engine.py [params/midterm_2025.yaml] [--computing]

Both sides get the same snapshot of the pack, so only starting, importing, running and, on our side, rendering the pages
are compared. What comes before, computing the pack and loading modules, is printed beside; --computing adds where the computing goes.
`speed_report.py` measures the whole product.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import pstats
import tempfile
import time
from pathlib import Path

from measure import machine
from speed_report import by_command

from xhcp_eval.pack.pack import compute_pack, hold_pack, save_pack
from xhcp_eval.pack.params import NOTEBOOKS, load_params
from xhcp_eval.provenance import ROOT
from xhcp_eval.report.page.render import Page, make_shell
from xhcp_eval.report.run.engine import preload, run_forked
from xhcp_eval.report.run.execute import Job


def timed(work, *arguments):
    """What a call returns and the seconds it took."""
    started = time.perf_counter()
    found = work(*arguments)
    return found, time.perf_counter() - started


def forked_jobs(pack, folder: Path) -> list[Job]:
    """The notebooks of a pack as jobs that write into a folder."""
    shell = make_shell(pack)
    return [
        Job(
            Page(section.page, section.title),
            shell,
            NOTEBOOKS / section.notebook,
            folder / f"{section.page}.ipynb",
            folder / f"{section.page}.html",
            {"pack": pack.params.pack, "snapshot": str(folder / "snapshot"), **section.parameters},
        )
        for section in pack.params.sections
    ]


def main() -> None:
    """Time both and print seconds, the ratio and what comes before."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("params", nargs="?", type=Path, default=ROOT / "params" / "midterm_2025.yaml")
    parser.add_argument("--computing", action="store_true")
    options = parser.parse_args()
    print(machine())
    params = load_params(options.params)
    profile = cProfile.Profile()
    pack, computing = timed(profile.runcall if options.computing else lambda f, p: f(p), compute_pack, params)
    _, loading = timed(preload)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        save_pack(pack, folder / "snapshot")
        hold_pack(pack, folder / "snapshot")
        done, ours = timed(run_forked, forked_jobs(pack, folder), os.cpu_count() or 1, lambda _: None)
        failures = [one.failure for one in done if one.failure]
        if failures:
            raise SystemExit("\n".join(failures))
        theirs = by_command(params, folder, str(folder / "snapshot"))
    print(f"before: computing {params.pack} {computing:.1f} s, loading modules {loading:.1f} s")
    for one in sorted(done, key=lambda one: -one.seconds):
        print(f"  {one.page.name}: {one.seconds:.2f} s in its child")
    print(
        f"{len(done)} notebooks: forked {ours:.1f} s, papermill command {theirs:.1f} s, ratio {theirs / ours:.1f}"
    )
    if options.computing:
        pstats.Stats(profile).sort_stats("cumulative").print_stats(r"xhcp_eval", 20)


if __name__ == "__main__":
    main()
