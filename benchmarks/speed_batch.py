"""Many regions: `xhcp batch` beside papermill one by one and in two processes; growth; kills.

    python benchmarks/speed_batch.py [--regions 158] [--peers 3] [--growth 10 100] [--scaling 1 2] [--kills 20] [--notebooks 20_overview.ipynb]

Peers are measured on a few regions (--peers) and told per region: the command `papermill`, notebook after notebook, and
`papermill.execute_notebook` in two processes that stay. Both are given each region's computed snapshot; their times are
told without and with the computing of it. Neither renders a report, which ours do. Memory is that of all processes of
a batch together, pages they share counted once (Linux).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from measure import machine

from xhcp_eval.demo.province import write_province
from xhcp_eval.pack.pack import save_pack
from xhcp_eval.pack.params import NOTEBOOKS, PackParams
from xhcp_eval.provenance import ROOT
from xhcp_eval.report.batch.plan_of_work import load_batch, load_packs, plan_tasks
from xhcp_eval.report.batch.rows import split_rows
from xhcp_eval.report.batch.unit import region_pack

PACK = "midterm_2025"
LOOK = 1.0  # seconds from one look at the memory to the next; looking stops a process for some milliseconds
COMMAND = "from xhcp_eval.commands.batch import app; app()"
TIMES = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(\+00:00|Z)?|data:[^\"]+|（\d+\.\d 秒）")


def write_batch(folder: Path, n_regions: int, notebooks: list[str], jobs: int) -> Path:
    """A province and the file of its batch, with only these notebooks of the mid-term pack (none given: all)."""
    data = write_province(n_regions, folder / f"province_{n_regions}.parquet")
    path = folder / f"batch_{n_regions}.json"  # JSON is YAML
    values = {"batch": "speed", "packs": [PACK], "data": [str(data)], "jobs": jobs, "leave_out": []}
    path.write_text(json.dumps(values), encoding="utf-8", newline="\n")
    known = {section.notebook for section in load_packs(load_batch(path))[0].sections}
    values["leave_out"] = sorted(known - set(notebooks) if notebooks else {"47_strategy_effect.ipynb"})
    path.write_text(json.dumps(values), encoding="utf-8", newline="\n")
    return path


def start(batch: Path, out: Path) -> subprocess.Popen:
    """`xhcp batch` under way."""
    command = [sys.executable, "-c", COMMAND, str(batch), "--out", str(out)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def run(batch: Path, out: Path) -> tuple[float, float]:
    """Seconds and peak gigabytes of a whole batch."""
    began, peak = time.perf_counter(), [0.0]
    process = start(batch, out)
    watcher = threading.Thread(target=_watch, args=(process, peak), daemon=True)
    watcher.start()
    assert process.wait() == 0, f"failures: see {out}/batch.csv"
    watcher.join()
    return time.perf_counter() - began, peak[0]


def _watch(process: subprocess.Popen, peak: list[float]) -> None:
    while process.poll() is None:
        peak[0] = max(peak[0], sum(map(_memory, [process.pid, *descendants(process.pid)])))
        time.sleep(LOOK)


def _memory(pid: int) -> float:
    """Gigabytes of a process, shared pages in parts (PSS); 0 where it has ended or the system doesn't tell."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return 0.0
    return int(re.search(r"Pss:\s+(\d+)", text)[1]) * 1024 / 1e9


def descendants(pid: int) -> list[int]:
    """Processes that this one has started, and those they have (Linux)."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = [int(child) for child in task.read_text(encoding="ascii").split()]
        except OSError:
            children = []
        for child in children:
            found += [child, *descendants(child)]
    return found


def snapshots(batch: Path, folder: Path, n: int) -> tuple[list[tuple[PackParams, Path]], float]:
    """Computed packs of the first regions, as papermill's notebooks open them, and the seconds of one."""
    given = load_batch(batch)
    packs = load_packs(given)
    (folder / "rows").mkdir()
    rows = {packs[0].plan: split_rows(given.files, packs[0].plan, None, folder / "rows")}
    found, began = [], 0.0
    for number, task in enumerate(list(plan_tasks(given, packs, rows))[:n]):
        params = PackParams.model_validate_json(task.params)
        save_pack(region_pack(task), folder / f"snapshot{number}")
        found.append((params, folder / f"snapshot{number}"))
        began = began or time.perf_counter()  # the first loads what stays loaded
    return found, (time.perf_counter() - began) / max(n - 1, 1)


def by_command(params: PackParams, snapshot: Path) -> None:
    """The notebooks of a region by the command `papermill`, one after another."""
    for section in params.sections:
        out = str(snapshot / f"{section.page}.ipynb")
        given = {"pack": params.pack, "snapshot": str(snapshot), **section.parameters}
        flags = [word for name, value in given.items() for word in ("-p", name, str(value))]
        command = [sys.executable, "-m", "papermill", str(NOTEBOOKS / section.notebook), out, *flags]
        subprocess.run([*command, "--no-progress-bar"], check=True, cwd=ROOT, capture_output=True)


def by_call(params: PackParams, snapshot: Path) -> None:
    """The notebooks of a region by `execute_notebook`."""
    import papermill

    for section in params.sections:
        out = str(snapshot / f"{section.page}.ipynb")
        given = {"pack": params.pack, "snapshot": str(snapshot), **section.parameters}
        papermill.execute_notebook(NOTEBOOKS / section.notebook, out, given, progress_bar=False)


def measure_peers(batch: Path, folder: Path, n: int) -> tuple[float, float, float]:
    """Seconds a region of the papermill command, of `execute_notebook` in two processes, of computing a pack."""
    made, computing = snapshots(batch, folder, max(n, 2))
    n = len(made)
    began = time.perf_counter()
    for params, snapshot in made:
        by_command(params, snapshot)
    command = (time.perf_counter() - began) / n
    with ProcessPoolExecutor(2, get_context("spawn"), os.chdir, (str(ROOT),)) as pool:
        began = time.perf_counter()
        list(pool.map(by_call, *zip(*made, strict=True)))
        return command, (time.perf_counter() - began) / n, computing


def measure_kills(batch: Path, folder: Path, kills: int) -> None:
    """kill -9 of parent or children at random moments, then resume: the tree is that of an undisturbed run."""
    calm, seconds = folder / "calm", run(batch, folder / "calm")[0]
    out, moments, hit = folder / "killed", random.Random(11), {"parent": 0, "child": 0}
    process = start(batch, out)
    for _ in range(kills):
        time.sleep(moments.uniform(0.3, max(1.0, 1.5 * seconds / kills)))
        if process.poll() is not None:
            process = start(batch, out)
            time.sleep(moments.uniform(3, 6))
        children = descendants(process.pid)
        victim = moments.choice(children) if children and moments.random() < 0.5 else process.pid
        try:
            os.kill(victim, signal.SIGKILL)
            hit["parent" if victim == process.pid else "child"] += 1
        except ProcessLookupError:
            pass
    process.wait()
    run(batch, out)
    first, second = tree(calm), tree(out)
    different = sorted(name for name in first.keys() | second.keys() if first.get(name) != second.get(name))
    assert not different, different[:20]
    print(
        f"kills: {hit['parent']} of the parent, {hit['child']} of children; then {len(second)} files as undisturbed"
    )


def tree(out: Path) -> dict[str, object]:
    """Every file of a batch by its path, without times."""
    return {
        path.relative_to(out).as_posix(): _said(path)
        for path in out.rglob("*")
        if path.is_file() and path.name not in (".batch.lock", "batch.json", "batch.csv")
    }


def _said(path: Path) -> object:
    if path.suffix == ".xlsx":
        import pandas as pd

        sheets = pd.read_excel(path, sheet_name=None, engine="calamine")
        return {name: TIMES.sub("", sheet.to_csv()) for name, sheet in sheets.items()}
    text = path.read_text(encoding="utf-8")
    if path.name in ("run.json", "unit.json"):
        values = json.loads(text)
        return sorted(values.get("files", values.get("inputs", {})))
    if path.suffix == ".ipynb":
        cells = [(cell["source"], cell.get("outputs")) for cell in json.loads(text)["cells"]]
        return TIMES.sub("", json.dumps(cells, ensure_ascii=False))
    return TIMES.sub("", text)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--regions", type=int, default=8)
    parser.add_argument("--peers", type=int, default=2)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--growth", type=int, nargs="*", default=[])
    parser.add_argument("--scaling", type=int, nargs="*", default=[], help="numbers of processes")
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--kill-regions", type=int, default=50)
    parser.add_argument("--notebooks", nargs="*", default=["20_overview.ipynb"], help="none: the whole pack")
    options = parser.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        batch = write_batch(folder, options.regions, options.notebooks, options.jobs)
        seconds, memory = run(batch, folder / "out")
        each = seconds / options.regions
        print(f"batch of {options.regions}: {seconds:.1f} s, {each:.2f} s a region, peak {memory:.2f} GB")
        if options.peers:
            command, call, computing = measure_peers(batch, folder, options.peers)
            show_peer("papermill command one by one", command, computing, each)
            show_peer("execute_notebook in two processes", call, computing / 2, each)
        show_growth(folder, options)
        show_scaling(folder, options)
        if options.kills:
            batch = write_batch(folder, options.kill_regions, options.notebooks, options.jobs)
            measure_kills(batch, folder, options.kills)


def show_peer(name: str, seconds: float, computing: float, ours: float) -> None:
    """A peer's seconds a region without and with the computing that its notebooks need, as ratios to ours."""
    whole = seconds + computing
    print(
        f"{name}: {seconds:.1f} s a region ({seconds / ours:.1f} times ours), {whole:.1f} s with computing ({whole / ours:.1f} times)"
    )


def show_scaling(folder: Path, options: argparse.Namespace) -> None:
    """Time of the same batch by number of processes: what a report costs, and what is there once."""
    found = []
    for jobs in options.scaling:
        batch = write_batch(folder, options.regions, options.notebooks, jobs)
        found.append((jobs, run(batch, folder / f"jobs_{jobs}")[0]))
        print(f"{options.regions} regions, {jobs} at once: {found[-1][1]:.1f} s")
    if len(found) > 1:
        jobs, seconds = np.array(found).T
        each, fixed = np.polyfit(options.regions / jobs, seconds, 1)
        print(f"fitted: {fixed:.1f} s once, {each:.2f} s of one core a region")


def show_growth(folder: Path, options: argparse.Namespace) -> None:
    """Time and memory by number of regions, and the slope of log time against log number."""
    found = []
    for n in options.growth:
        batch = write_batch(folder, n, options.notebooks, options.jobs)
        found.append((n, *run(batch, folder / f"growth_{n}")))
        print(
            f"{n} regions: {found[-1][1]:.1f} s, {found[-1][1] / n:.2f} s a region, peak {found[-1][2]:.2f} GB"
        )
    if len(found) > 1:
        numbers, seconds, _ = np.array(found).T
        print(
            f"slope of log time against log regions: {np.polyfit(np.log(numbers), np.log(seconds), 1)[0]:.2f}"
        )


if __name__ == "__main__":
    main()
