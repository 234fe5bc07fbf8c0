"""Files and folders put in their place once they are whole, so that nothing half-written stays."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from xhcp_eval.errors import RunError
from xhcp_eval.report.swap import replacing


@contextmanager
def whole_file(target: Path) -> Iterator[Path]:
    """Give a name beside `target` to write to, and put that file in its place when the block ends well.

    target: file to replace; may not exist yet; its folder is made if missing. Raises RunError if the file is
    held open by another program; whatever goes wrong, the old file stays.
    """
    target = Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    # the ending stays, since programs go by it
    made = target.with_name(f".{target.stem}.partial-{uuid.uuid4().hex[:8]}{target.suffix}")
    try:
        yield made
        made.replace(target)
    except PermissionError as error:
        raise RunError(f"不能写 {target.name}：请先关闭正在打开它的程序，并确认文件夹可写") from error
    finally:
        made.unlink(missing_ok=True)


@contextmanager
def whole_folder(target: Path, sign: str) -> Iterator[Path]:
    """Give a new folder to write in, and put it in the place of `target` when the block ends well.

    target: folder to replace; may not exist yet. sign: file that a folder of ours has. Raises RunError if
    there is a folder of that name with other things in it: they would be lost.
    """
    target = Path(target)
    if target.exists() and not (target / sign).is_file() and not _is_empty(target):
        raise RunError(
            f"{target} 已存在，且不是以前导出的文件夹（没有 {sign}），不会覆盖：请换一个位置或先移走它"
        )
    with replacing(target) as folder:
        yield folder


def _is_empty(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())
