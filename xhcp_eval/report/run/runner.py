"""From a params file to a report: check, compute once, run the notebooks, render, swap into place."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import platform
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from xhcp_eval import __version__
from xhcp_eval.chapters.edited import edited
from xhcp_eval.chapters.material import missing_sentence
from xhcp_eval.errors import CrashError, RunError
from xhcp_eval.files.home import QUIET, ROOT
from xhcp_eval.files.whole import remove, replacing
from xhcp_eval.pack.pack import Pack, compute_pack, hold_pack, read_snapshot, save_pack, stored_pack
from xhcp_eval.pack.params import NOTEBOOKS, PackParams, check_params, load_params
from xhcp_eval.provenance import code_hash, file_hash
from xhcp_eval.report.page.index import write_index
from xhcp_eval.report.page.render import Page, Shell, make_shell
from xhcp_eval.report.page.results import write_results
from xhcp_eval.report.run.documents import write_documents
from xhcp_eval.report.run.execute import Done, Job, run_jobs

REPORTS = ROOT / "reports"
RECORD = "run.json"


@dataclass(frozen=True)
class Run:
    """One run under way. work: folder written. target: folder it will replace. keys: page -> input hash.

    in_memory: notebooks find the pack in this process instead of reading a snapshot.
    """

    pack: Pack
    shell: Shell
    work: Path
    target: Path
    keys: dict[str, str]
    started: float
    in_memory: bool

    @property
    def snapshot(self) -> Path:
        """Folder of the pack's snapshot, or the name that stands for it."""
        return self.work / "snapshot"


def run_pack(params: str | Path | PackParams, out: str | Path = REPORTS, force: bool = False) -> Path:
    """Run a pack and put its report in place; returns the path of its index.html.

    params: params file, or parameters already loaded. out: folder that holds the folders of packs. force: run
    every notebook anew, also those whose inputs haven't changed since the last run.
    Raises ParamsError, PlanError or DataError before any notebook starts; RunError if notebooks fail: then
    those run so far are in <out>/<pack>.failed, and an earlier report stays as it was.
    """
    if not isinstance(params, PackParams):
        params = load_params(params)
    else:
        check_params(params)
    target, started = Path(out).resolve() / params.pack, time.perf_counter()
    with _progress(params.title, len(params.notebooks) + 2) as tell, replacing(target) as work:
        tell("读取数据、预测、判定")
        pack = compute_pack(params) if force else stored_pack(params)
        edited(pack)  # texts that can't be used are told once, not by every chapter
        reusable = {} if force else _reusable(target)
        write_report(
            pack,
            work,
            target,
            reusable=reusable,
            tell=lambda one: tell(_told(one)),
            kept=_failed_folder(target),
            started=started,
        )
        tell("写出首页和结果表")
    remove(_failed_folder(target))
    return target / "index.html"


def write_report(
    pack: Pack,
    work: Path,
    target: Path,
    key: str = "",
    reusable: Mapping[str, Path] = MappingProxyType({}),
    tell: Callable[[Done], None] = lambda _: None,
    kept: Path | None = None,
    started: float | None = None,
) -> None:
    """Run the notebooks of a pack and write its report, tables and record.

    work: empty folder to write in. target: folder that it will replace, where earlier reports are looked for. key:
    hash of everything that the pack depends on; if given, this process is the pack's alone, and its notebooks are
    handed what is in memory. reusable: executed notebooks by input hash. tell: called with each notebook as it ends. kept:
    folder that takes the executed notebooks if some fail. started: when the run began (`time.perf_counter`), if not now.
    Raises RunError if notebooks fail, CrashError if a process of theirs died, DataError for frames that can't be
    computed.
    """
    run = _start(pack, work, target, key, started or time.perf_counter())
    jobs = _jobs(run, reusable)
    done = _executed(run, jobs, tell)
    if any(one.failure for one in done):
        raise _failed(run, jobs, done, kept)
    write_results(pack, work)
    write_index(pack, run.shell, work)  # takes the tables into the page
    write_documents(pack, work)
    remove(run.snapshot)
    # the record comes last: a folder with one is whole
    _write_json(work / RECORD, _record(run, jobs, done, "ok"))


def _executed(run: Run, jobs: list[Job], tell: Callable[[Done], None]) -> list[Done]:
    """Run the jobs, in forked children where there are such."""
    from xhcp_eval.report.run.engine import run_forked, run_here
    from xhcp_eval.report.run.forking import can_fork

    at_once = min(run.pack.params.jobs, os.cpu_count() or 1)
    if not can_fork():
        return run_jobs(jobs, at_once, tell)
    if not run.in_memory:
        hold_pack(read_snapshot(run.snapshot), run.snapshot)
        return run_forked(jobs, at_once, tell)
    if len(jobs) > 1:
        list(run.pack.frames.values())  # computed here, not in the child of every notebook that shows them
    hold_pack(run.pack, run.snapshot)
    return run_here(jobs, tell)


def _start(pack: Pack, work: Path, target: Path, key: str, started: float) -> Run:
    from xhcp_eval.report.run.forking import can_fork

    in_memory = bool(key) and can_fork()
    if not in_memory:
        save_pack(pack, work / "snapshot")
    (work / "notebooks").mkdir()
    common = [__version__, code_hash(), key or _snapshot_hash(work / "snapshot")]
    keys = {
        section.page: _text_hash([*common, file_hash(NOTEBOOKS / section.notebook), section.model_dump()])
        for section in pack.params.notebooks
    }
    return Run(pack, make_shell(pack), work, target, keys, started, in_memory)


def _jobs(run: Run, reusable: Mapping[str, Path]) -> list[Job]:
    """A job for each section; one whose inputs are those of the last run takes its executed copy."""
    jobs, chapters = [], run.pack.params.sections
    for section in run.pack.params.notebooks:
        executed = run.work / "notebooks" / f"{section.page}.ipynb"
        last = reusable.get(run.keys[section.page])
        if last is not None:
            executed.write_bytes(last.read_bytes())
        jobs.append(
            Job(
                page=Page(section.page, section.title),
                shell=run.shell,
                source=NOTEBOOKS / section.notebook,
                executed=executed,
                html=run.work / f"{section.page}.html" if section in chapters else None,
                parameters={
                    "pack": run.pack.params.pack,
                    "snapshot": str(run.snapshot),
                    **section.parameters,
                },
                reuse=last is not None,
                saves=not run.in_memory,
                instead=missing_sentence(run.pack.params, section.notebook),
            )
        )
    return jobs


def _reusable(target: Path) -> dict[str, Path]:
    """Input hash -> executed notebook of the last good run, if nobody has changed it since."""
    try:
        record = json.loads((target / RECORD).read_text(encoding="utf-8"))
        notebooks = [(one["key"], one["sha256"], target / one["file"]) for one in record["notebooks"]]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return {key: path for key, digest, path in notebooks if path.is_file() and file_hash(path) == digest}


def _told(done: Done) -> str:
    return f"{'✕' if done.failure else '✓'} {done.page.title}（{done.seconds:.1f} 秒）"


def _failed(run: Run, jobs: list[Job], done: list[Done], kept: Path | None) -> RunError:
    """Say which cells failed and why, and keep what was run where it can be looked at."""
    failures = [one.failure for one in done if one.failure]
    message = f"{run.pack.params.title}：{len(failures)} 个笔记本运行失败"
    if kept is not None:
        remove(kept)
        (run.work / "notebooks").rename(kept)
        _write_json(kept / RECORD, _record(run, jobs, done, "failed"))
        earlier = "；上一次的报告保持不变" if run.target.exists() else ""
        message += f"{earlier}。已运行的部分在 {kept}"
    kind = CrashError if any(one.crashed for one in done) else RunError
    return kind(f"{message}：", failures)


def _failed_folder(target: Path) -> Path:
    return target.with_name(f"{target.name}.failed")


def _record(run: Run, jobs: list[Job], done: list[Done], status: str) -> dict:
    """What run.json says of a run: enough to tell what it depended on, and to do it again."""
    notebooks = [
        {
            "page": one.page.name,
            "title": one.page.title,
            "notebook": job.source.name,
            "file": f"notebooks/{job.executed.name}",
            "sha256": file_hash(job.executed) if job.executed.is_file() else None,
            "key": run.keys[one.page.name],
            "reused": job.reuse,
            "seconds": round(one.seconds, 2),
            "warnings": len(one.warnings),
            "warning_texts": [text.strip()[-500:] for text in one.warnings],
            "pictures_without_alt": one.pictures_without_alt,
            "failure": one.failure or None,
        }
        for job, one in zip(jobs, done, strict=True)
    ]
    return {
        "status": status,
        "pack": run.pack.params.pack,
        "title": run.pack.params.title,
        "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(time.perf_counter() - run.started, 2),
        "system": platform.platform(),
        **run.pack.stamp,
        "parameters": run.pack.params.model_dump(mode="json"),
        "warnings": sum(one["warnings"] for one in notebooks),
        "notebooks": notebooks,
    }


def _snapshot_hash(snapshot: Path) -> str:
    """Hash of everything that notebooks read, but for the time of computing."""
    parts: list[object] = []
    for path in sorted(snapshot.iterdir()):
        if path.suffix == ".json":
            values = json.loads(path.read_text(encoding="utf-8"))
            values.pop("computed_at", None)
            parts.append((path.name, values))
        else:
            parts.append((path.name, file_hash(path)))
    return _text_hash(parts)


def _text_hash(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode("utf-8")).hexdigest()


def _write_json(path: Path, value: dict) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=2, default=str)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


@contextmanager
def _progress(title: str, steps: int) -> Iterator[Callable[[str], None]]:
    """Show how far a run is, a line a step done and a bar below; the yielded function takes the line."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    # no thread that redraws: notebooks run in forked children, and a fork should find one thread
    console, log = (
        Console(stderr=True, quiet=bool(os.environ.get(QUIET))),
        logging.getLogger("xhcp_eval"),
    )
    log.info(title)
    with Progress(*columns, console=console, transient=True, auto_refresh=False) as bar:
        task = bar.add_task("", total=steps)
        bar.console.print(title, markup=False, highlight=False)

        def tell(line: str) -> None:
            log.info(line)
            bar.console.print(f"  {line}", markup=False, highlight=False)
            bar.advance(task)
            bar.refresh()

        yield tell
