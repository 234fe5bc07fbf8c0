"""Where a number is from: the project's folders, hashes of inputs, and the stamp of a run."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from importlib import metadata
from pathlib import Path

from xhcp_eval.files.home import PACKAGE, ROOT, label, plan_folder

PACKAGES: tuple[str, ...] = ("numpy", "pandas", "scipy", "statsmodels", "matplotlib", "seaborn", "papermill")


def file_hash(path: Path) -> str:
    """SHA-256 of a file, as hexadecimal text."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


@cache
def code_hash() -> str:
    """Hash of this package: other code may give other figures from the same data. Taken once a process."""
    files = [
        p
        for p in PACKAGE.rglob("*")
        if p.suffix in (".py", ".j2", ".css", ".otf", ".npz", ".json", ".yaml")
        and "shipped" not in p.relative_to(PACKAGE).parts
    ]
    parts = [f"{p.relative_to(PACKAGE).as_posix()} {file_hash(p)}" for p in sorted(files)]
    return hashlib.sha256("\n".join(parts).encode("utf-8")).hexdigest()


def stamp(data_files: Iterable[str], plan: str) -> dict:
    """What a result depends on: versions of program and libraries, hash of every input, time of computing.

    data_files: paths relative to the project. plan: name of its folder.
    """
    from xhcp_eval import __version__

    inputs = [ROOT / name for name in dict.fromkeys(data_files)]
    inputs += sorted(plan_folder(plan).glob("*.yaml"))
    return {
        "version": __version__,
        "python": platform.python_version(),
        "packages": dict(_versions()),
        "inputs": {label(path): file_hash(path) for path in inputs},
        "computed_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


@cache
def _versions() -> dict[str, str]:
    return {name: metadata.version(name) for name in PACKAGES}


def local_time(moment: str) -> str:
    """A moment in ISO form as people in China read it."""
    china = datetime.fromisoformat(moment).astimezone(timezone(timedelta(hours=8)))
    return f"{china:%Y-%m-%d %H:%M}（北京时间）"
