"""Files and folders put in their place once they are whole, so that nothing half-written stays."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from xhcp_eval.errors import RunError
from xhcp_eval.report.swap import replacing

INDEX = "index.csv"  # the list of figures, by which a folder of them is known


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
