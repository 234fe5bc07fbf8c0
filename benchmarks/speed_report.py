"""A pack by the product against the same notebooks by the papermill command, one after another, in the same run.

    python benchmarks/speed_report.py [params/midterm_2025.yaml …] [--snapshot]

The command gets what a user would give it: notebook, output, parameters. By itself each notebook computes the pack anew;
with --snapshot it is handed the product's snapshot, so that only starting, importing and drawing are compared.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from xhcp_eval.pack.pack import compute_pack, save_pack
from xhcp_eval.pack.params import NOTEBOOKS, load_params
from xhcp_eval.provenance import ROOT


def by_command(params, folder: Path, snapshot: str) -> float:
    """Seconds of the papermill command over all notebooks of a pack."""
    started = time.perf_counter()
    for section in params.sections:
        given = {"pack": params.pack, "snapshot": snapshot, **section.parameters}
        command = [
            sys.executable,
            "-m",
            "papermill",
            NOTEBOOKS / section.notebook,
            folder / f"{section.page}.ipynb",
            "--no-progress-bar",
        ]
        for name, value in given.items():
            command += ["-r" if isinstance(value, str) else "-p", name, str(value)]
        subprocess.run(command, check=True, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
                       capture_output=True)  # fmt: skip
    return time.perf_counter() - started


def by_product(path: Path, folder: Path, *options: str) -> float:
    """Seconds of `xhcp run`, start of the program, tables and page included. options: such as --force."""
    started = time.perf_counter()
    command = [
        sys.executable,
        "-m",
        "xhcp_eval.commands.start",
        "run",
        str(path),
        *options,
        "--out",
        str(folder),
    ]
    subprocess.run(command, check=True, cwd=ROOT, capture_output=True)
    return time.perf_counter() - started


def main() -> None:
    """Time both, pack by pack, and print ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("params", nargs="*", type=Path, default=[ROOT / "params" / "midterm_2025.yaml"])
    parser.add_argument("--snapshot", action="store_true")
    options = parser.parse_args()
    print(f"{platform.platform()}, {os.cpu_count()} processors, Python {platform.python_version()}")
    total = [0.0, 0.0]
    for path in options.params:
        params = load_params(path)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            if options.snapshot:
                save_pack(compute_pack(params), folder / "snapshot")
            ours = by_product(path.resolve(), folder / "reports", "--force")
            warm = by_product(path.resolve(), folder / "reports")
            theirs = by_command(params, folder, str(folder / "snapshot") if options.snapshot else "")
        total = [total[0] + ours, total[1] + theirs]
        again = f"; again with nothing changed {warm:.1f} s, ratio {theirs / warm:.1f}"
        print(
            f"{params.pack}: product {ours:.1f} s, papermill command {theirs:.1f} s, ratio {theirs / ours:.1f}{again}",
            flush=True,
        )
    if len(options.params) > 1:
        print(
            f"all: product {total[0]:.1f} s, papermill command {total[1]:.1f} s, ratio {total[1] / total[0]:.1f}"
        )


if __name__ == "__main__":
    main()
