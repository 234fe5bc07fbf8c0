"""Where a number is from: the project's folders, hashes of inputs, and the stamp of a run."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES: tuple[str, ...] = ("numpy", "pandas", "scipy", "statsmodels", "matplotlib", "seaborn", "papermill")


def file_hash(path: Path) -> str:
    """SHA-256 of a file, as hexadecimal text."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def stamp(data_files: Iterable[str], plan: str) -> dict:
    """What a result depends on: versions of program and libraries, hash of every input, time of computing.

    data_files: paths relative to the project. plan: name of a folder in data/plans/.
    """
    from xhcp_eval import __version__

    inputs = [ROOT / name for name in dict.fromkeys(data_files)]
    inputs += sorted((ROOT / "data" / "plans" / plan).glob("*.yaml"))
    return {
        "version": __version__,
        "python": platform.python_version(),
        "packages": {name: metadata.version(name) for name in PACKAGES},
        "inputs": {path.relative_to(ROOT).as_posix(): file_hash(path) for path in inputs},
        "computed_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def local_time(moment: str) -> str:
    """A moment in ISO form as people in China read it."""
    china = datetime.fromisoformat(moment).astimezone(timezone(timedelta(hours=8)))
    return f"{china:%Y-%m-%d %H:%M}（北京时间）"
