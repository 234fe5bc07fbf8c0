"""One process at a time: a lock that the system gives back when its process ends, however that is."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from xhcp_eval.errors import RunError
from xhcp_eval.files.whole import make_folder


@contextmanager
def held(path: Path, busy: str) -> Iterator[None]:
    """Hold a lock for the length of the block; the file stays, empty, and means nothing by being there.

    path: file of the lock; made with its folder if missing. busy: what is told when another process holds it, Chinese.
    Raises RunError with that text, or if the file can't be written.
    """
    make_folder(path.parent)
    try:
        file = path.open("a+b")
    except OSError as error:
        raise RunError(f"不能写 {path}：{error.strerror or error}") from error
    with file:
        if not _take(file):
            raise RunError(busy)
        try:
            yield
        finally:
            _give_back(file)


def _take(file: BinaryIO) -> bool:
    """Lock an open file for this process, if no other has; False if one has."""
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _give_back(file: BinaryIO) -> None:
    if sys.platform == "win32":
        import msvcrt

        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
