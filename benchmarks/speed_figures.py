"""Time to draw all figures of a pack's data page, now and at an earlier version, in one run.

Every function that returns a figure (or a table of small lines) is timed while the notebooks' cells are run one after another;
what one of them calls counts once. The pack is computed before. Run from the project's folder:

    python benchmarks/speed_figures.py midterm_2025 --before FOLDER

FOLDER: a working copy of the earlier version, for example from `git worktree add FOLDER b4c54a0`.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import subprocess
import sys
import time
from pathlib import Path

FIGURES = ("FigureView", "FigureView | TextView", "FigureView | None", "list[Picture]")
TABLES = ("sparkline_table",)  # tables that hold drawings


def watch() -> dict[str, list[float]]:
    """Wrap every function of the chapters that returns a figure; returns the seconds of each call by name, filled as they come."""
    import importlib
    import pkgutil

    from xhcp_eval import chapters

    names = [
        m.name
        for m in pkgutil.walk_packages(chapters.__path__, "xhcp_eval.chapters.")
        if "explorer" not in m.name
    ]
    modules = [importlib.import_module(name) for name in names]
    seconds: dict[str, list[float]] = {}
    depth = 0

    def timed(draw):
        def drawn(*args, **named):
            nonlocal depth
            depth += 1
            start = time.perf_counter()
            try:
                return draw(*args, **named)
            finally:
                depth -= 1
                if not depth:
                    seconds.setdefault(draw.__name__, []).append(time.perf_counter() - start)

        return drawn

    found = {}
    for module in modules:
        for name, thing in vars(module).items():
            returns = getattr(thing, "__annotations__", {}).get("return", "")
            if callable(thing) and thing.__module__ in names and (returns in FIGURES or name in TABLES):
                found.setdefault(thing, timed(thing))
    for module in modules:
        for name, thing in list(vars(module).items()):
            if callable(thing) and thing in found:
                setattr(module, name, found[thing])
    return seconds


def run(pack: str) -> None:
    """Run the cells of the pack's notebooks and print the seconds of its figures as JSON."""
    import yaml

    import xhcp_eval as xe

    seconds = watch()
    root = Path.cwd()
    computed = xe.open_pack(pack)
    for frame in (
        "assessment",
        "forecast",
        "scenarios",
        "comparables",
        "precedents",
        "histories",
        "outcomes",
        "goals",
    ):
        getattr(computed, frame)
    params = yaml.safe_load((root / "params" / f"{pack}.yaml").read_text(encoding="utf-8"))
    for section in params["sections"]:
        cells = json.loads((root / "notebooks" / section["notebook"]).read_text(encoding="utf-8"))["cells"]
        names: dict[str, object] = {"pack": pack, "snapshot": "", **section.get("parameters", {})}
        for cell in cells:
            if cell["cell_type"] != "code" or "parameters" in cell["metadata"].get("tags", []):
                continue
            tree = ast.parse("".join(cell["source"]))
            exec(compile(tree, section["notebook"], "exec"), names)
            names["xe"].open_pack = lambda *_: computed
    print(json.dumps({name: [len(times), sum(times)] for name, times in seconds.items()}))


def measured(folder: Path, pack: str) -> dict[str, list[float]]:
    """Seconds of each kind in a fresh interpreter that works on a copy of the project."""
    environment = os.environ | {"PYTHONPATH": str(folder), "PYTHONUTF8": "1"}
    command = [sys.executable, str(Path(__file__).resolve()), pack, "--only"]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, encoding="utf-8", check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Measure both versions and print them beside each other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pack")
    parser.add_argument("--before", type=Path)
    parser.add_argument("--only", action="store_true", help="measure this version and print JSON")
    given = parser.parse_args()
    if given.only:
        run(given.pack)
        return
    versions = {"now": Path.cwd()} | ({"before": given.before} if given.before else {})
    totals = {}
    for name, folder in versions.items():
        found = measured(folder, given.pack)
        totals[name] = sum(seconds for _, seconds in found.values())
        print(f"{name}: {sum(count for count, _ in found.values()):.0f} drawings, {totals[name]:.2f} s")
        for kind, (count, seconds) in sorted(found.items(), key=lambda item: -item[1][1]):
            print(f"    {kind:24} {count:4.0f} {seconds:7.2f} s")
    if "before" in totals:
        print(f"now / before: {totals['now'] / totals['before']:.2f}")


if __name__ == "__main__":
    main()
