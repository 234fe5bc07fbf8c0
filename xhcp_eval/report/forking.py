"""A child of this process: forked, settled apart, ended whole."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Callable
from multiprocessing import Pipe
from multiprocessing.connection import Connection

NAME = "fork"
SWITCH = "XHCP_ENGINE"


def can_fork() -> bool:
    """Whether notebooks may run in forked children here."""
    return hasattr(os, "fork") and os.environ.get(SWITCH, NAME) == NAME


@contextlib.contextmanager
def child(work: Callable[[Connection], None]):
    """A forked child at work; ended when the block is left."""
    pipe, pid = fork_child(work)
    try:
        yield pipe, pid
    finally:
        pipe.close()
        end_child(pid)


def fork_child(work: Callable[[Connection], None]) -> tuple[Connection, int]:
    """Fork a child in a group of its own that does its work over a pipe; returns our end of the pipe and its id."""
    ours, theirs = Pipe()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    pid = os.fork()
    if pid:
        theirs.close()
        return ours, pid
    code = 1
    try:
        ours.close()
        _settle()
        work(theirs)
        code = 0
    finally:
        os._exit(code)  # nothing of the parent is tidied up twice


def _settle() -> None:
    """What must not be shared with the parent: signals, chance, terminal; and end with it."""
    os.setpgid(0, 0)
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # Linux: PR_SET_PDEATHSIG
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    import random

    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()


def end_child(pid: int) -> None:
    """Kill a child's group and take its exit, so that no zombie is left."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)
