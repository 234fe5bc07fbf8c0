"""Files and folders whole or not at all: written beside, then put in place, so that what was there stays until all is well.

Plain renames only, which Windows can do as well; there an open file delays them, so they are tried again.
"""

from __future__ import annotations

import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from xhcp_eval.errors import RunError

ATTEMPTS = 6
FIRST_WAIT = 0.1  # seconds, doubled after each attempt


@contextmanager
def whole_file(target: Path) -> Iterator[Path]:
    """Give a name beside `target` to write to, and put that file in its place when the block ends well.

    target: file to replace; may not exist yet; its folder is made if missing. Raises RunError if it
    can't be written or is held open by another program; whatever goes wrong, the old file stays.
    """
    target = Path(target)
    make_folder(target.parent)
    # the ending stays, since programs go by it
    made = target.with_name(f".{target.stem}.partial-{uuid.uuid4().hex[:8]}{target.suffix}")
    try:
        yield made
        made.replace(target)
    except PermissionError as error:
        raise RunError(f"不能写 {target.name}：请先关闭正在打开它的程序，并确认文件夹可写") from error
    except OSError as error:
        raise RunError(f"不能写 {target.name}：{error.strerror or error}") from error
    finally:
        made.unlink(missing_ok=True)


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it; raises RunError if it can't be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"不能建立文件夹 {folder}：{error.strerror or error}") from error


@contextmanager
def whole_folder(target: Path, sign: str) -> Iterator[Path]:
    """Give a new folder to write in, and put it in the place of `target` when the block ends well.

    target: folder to replace; may not exist yet. sign: file that a folder of ours has. Raises RunError if
    there is a folder of that name with other things in it: they would be lost.
    """
    refuse_other(Path(target), sign)
    with replacing(Path(target)) as folder:
        yield folder


def refuse_other(target: Path, sign: str) -> None:
    """Raise RunError if there is something at `target` that isn't a folder of ours, known by the file `sign`."""
    if target.exists() and not (target / sign).is_file() and not _is_empty(target):
        raise RunError(
            f"{target} 已存在，且不是以前导出的文件夹（没有 {sign}），不会覆盖：请换一个位置或先移走它"
        )


def _is_empty(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Give a new folder to write in, and put it in the place of `target` when the block ends well.

    target: folder to replace; may not exist yet. If the block raises, whatever it is, the new folder is
    removed and the old one stays. Raises RunError if the old one can't be moved aside.
    """
    make_folder(target.parent)
    _recover(target)
    work = _beside(target, "partial")
    work.mkdir()
    try:
        yield work
        _swap(work, target)
    finally:
        remove(work)


def remove(folder: Path) -> None:
    """Delete a folder and all in it; one that is missing, or held open by another program, is left."""
    try:
        _patiently(lambda: shutil.rmtree(folder))
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)


def _beside(target: Path, what: str) -> Path:
    """A new name in the same folder, so that a rename never crosses disks."""
    return target.with_name(f".{target.name}.{what}-{uuid.uuid4().hex[:8]}")


def _swap(work: Path, target: Path) -> None:
    old = _beside(target, "old")
    had_one = target.exists()
    try:
        if had_one:
            _patiently(lambda: target.rename(old))
        _patiently(lambda: work.rename(target))
    except BaseException as error:
        if had_one and not target.exists():
            _patiently(lambda: old.rename(target))
        if isinstance(error, OSError):
            reason = f"不能替换文件夹 {target}：其中的文件可能正被其他程序打开，请关闭后重试"
            raise RunError(reason, [str(error)]) from error
        raise
    remove(old)


def _recover(target: Path) -> None:
    """Put back what a run that was killed between the two renames left aside, and tidy up after it."""
    for old in sorted(target.parent.glob(f".{target.name}.old-*")):
        if target.exists():
            remove(old)
        else:
            _patiently(partial(old.rename, target))


def _patiently(action: Callable[[], object]) -> None:
    """Do something with files that another program may hold for a moment."""
    for attempt in range(ATTEMPTS):
        try:
            action()
            return
        except FileNotFoundError:
            raise
        except PermissionError:
            if attempt == ATTEMPTS - 1:
                raise
            time.sleep(FIRST_WAIT * 2**attempt)
