"""What a measurement ran on, and what it used."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path


def machine() -> str:
    """One line: processor, cores, memory, system, versions of Python and of the packages that do the work."""
    packages = " ".join(f"{name} {version(name)}" for name in ("numpy", "pandas"))
    return (
        f"{_processor()}, {os.cpu_count()} cores, {_memory()}; {platform.system()} {platform.machine()}; "
        f"Python {platform.python_version()} {packages}"
    )


def _processor() -> str:
    book = Path("/proc/cpuinfo")
    lines = book.read_text(encoding="utf-8").splitlines() if book.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _memory() -> str:
    try:
        return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GB"
    except (AttributeError, ValueError, OSError):
        return "memory unknown"


def peak_memory() -> float:
    """Most memory this process has held so far, GB; missing where the system doesn't tell (Windows)."""
    try:
        import resource
    except ImportError:
        return float("nan")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # macOS counts bytes, Linux kilobytes
    return peak * (1 if sys.platform == "darwin" else 1024) / 1e9
