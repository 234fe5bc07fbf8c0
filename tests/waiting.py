"""Waiting for what happens, however busy the machine is: a limit only ends what hangs."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import psutil

HANG = 300.0  # seconds that nothing takes on the busiest machine: what does hangs
ROOT = Path(__file__).resolve().parent.parent
Found = TypeVar("Found")


def until(happened: Callable[[], Found]) -> Found:
    """Wait until a question is answered by something true, and return that. AssertionError if it never is."""
    end = time.monotonic() + HANG
    while not (found := happened()):
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.01)
    return found


def alive(number: int) -> bool:
    """Whether a process is at work; one whose parent is gone may wait a while for its exit to be taken."""
    try:
        return psutil.Process(number).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@contextmanager
def python(*arguments: object) -> Iterator[subprocess.Popen]:
    """A Python in a process of its own that can be talked to by lines; killed when the block ends, or if it hangs."""
    command = [sys.executable, *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, env=environment, text=True, encoding="utf-8"
    ) as process:  # fmt: skip
        hangs = threading.Timer(HANG, process.kill)
        hangs.start()
        try:
            yield process
        finally:
            hangs.cancel()
            process.kill()
