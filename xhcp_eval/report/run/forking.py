"""A child of this process: forked, settled apart, ended whole.

A fork copies one thread. Threads of native libraries that are at rest are no harm (OMP_NUM_THREADS=1 keeps BLAS from starting any); a
thread of Python that holds a lock at that moment would hold it in the child for good, so fork from processes
that have none.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import stat
import sys
import time
from collections.abc import Callable
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path

NAME = "fork"
SWITCH = "XHCP_ENGINE"
GRACE = 2.0  # seconds that a child has to end what it started itself
DESCRIPTORS = Path("/dev/fd")


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
    parent = os.getpid()
    pid = os.fork()
    if pid:
        theirs.close()
        return ours, pid
    code = 1
    try:
        ours.close()
        _settle(parent, theirs.fileno())
        work(theirs)
        code = 0
    finally:
        os._exit(code)  # nothing of the parent is tidied up twice


def _settle(parent: int, pipe: int) -> None:
    """What must not be shared with the parent: signals, chance, terminal, open files; and end with it."""
    os.setpgid(0, 0)
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # Linux: PR_SET_PDEATHSIG
    if os.getppid() != parent:  # gone before it could be asked for
        os._exit(1)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _let_go_of_files(pipe)
    import asyncio
    import random

    asyncio.set_event_loop(None)  # the parent's would hear of our events
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()


def _let_go_of_files(pipe: int) -> None:
    """Put nothing in the place of what the parent has open, but for this pipe and files that are only read.

    The numbers stay taken: an object of the parent that still holds one can neither write to a file of the
    child's that would have got it nor close it.
    """
    null = os.open(os.devnull, os.O_RDWR)
    for number in [int(entry.name) for entry in DESCRIPTORS.iterdir()]:
        with contextlib.suppress(OSError):  # the listing's own is closed by now
            if number in (0, 1, 2) or (number not in (pipe, null) and not _is_only_read(number)):
                os.dup2(null, number, inheritable=number < 3)
    os.close(null)


def _is_only_read(number: int) -> bool:
    import fcntl  # not on Windows, where nothing is forked

    reads = fcntl.fcntl(number, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY
    return reads and stat.S_ISREG(os.fstat(number).st_mode)


def stop_child(pid: int) -> None:
    """Interrupt a child, so that it ends what it started itself, and end it if it doesn't in time."""
    with contextlib.suppress(ProcessLookupError, ChildProcessError):
        os.kill(pid, signal.SIGINT)
        late = time.monotonic() + GRACE
        while time.monotonic() < late:
            if os.waitpid(pid, os.WNOHANG) != (0, 0):
                return _kill_group(pid)
            time.sleep(0.01)
    end_child(pid)


def end_child(pid: int) -> None:
    """Kill a child's group and take its exit, so that no zombie is left."""
    _kill_group(pid)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
