"""Where the reports of a batch go: a folder, or any address fsspec knows (object stores, HDFS, ...).

A report counts as there once its marker is: in a folder it comes with the report in one rename, in a store without
renames it is written last and removed first.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from xhcp_eval.errors import ParamsError, RunError
from xhcp_eval.files.lock import held
from xhcp_eval.files.whole import remove, replacing, whole_file

MARKER = "unit.json"  # last file of a whole report: the hash of what it depends on, and its files
LOCK = ".batch.lock"


class Store(Protocol):
    """What a batch needs of the place its reports go to; names are relative, with "/"."""

    def key(self, name: str) -> str:
        """Hash of what a whole report depends on; empty if there is none or a file of it is missing."""

    def making(self, name: str, key: str) -> AbstractContextManager[Path]:
        """A folder to write a report in, put in its place as a whole, with its marker, when the block ends well."""

    def read(self, name: str) -> str | None:
        """Text of a file; None if it isn't there."""

    def write(self, name: str, text: str) -> None:
        """Write a file whole."""

    def tidy(self) -> None:
        """Remove what killed runs left, put back what they had moved aside."""

    def locked(self) -> AbstractContextManager[None]:
        """Hold the place for one batch. Raises RunError if another one is writing there."""


def open_store(out: str | Path) -> Store:
    """The place of reports: a folder (also as file://…), or an address of fsspec's (s3://…, memory://…).

    Raises ParamsError if fsspec is missing or doesn't know the kind of address.
    """
    text = str(out)
    if text.startswith("file://"):
        return Folder(Path(unquote(urlsplit(text).path)))
    return Remote(text) if "://" in text else Folder(Path(text))


class Folder:
    """A folder, on this machine or shared by several."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()

    def key(self, name: str) -> str:
        """See `Store`."""
        report = self.path / name
        marker = _marker(self.read(f"{name}/{MARKER}"))
        whole = all((report / file).is_file() for file in marker["files"])
        return marker["key"] if whole else ""

    @contextmanager
    def making(self, name: str, key: str) -> Iterator[Path]:
        """See `Store`."""
        made = False
        try:
            with replacing(self.path / name) as work:
                yield work
                _mark(work, key)
                made = True
        except RunError:
            # a worker given up for lost may still have put the same report in place in this moment
            if not made or self.key(name) != key:
                raise

    def read(self, name: str) -> str | None:
        """See `Store`."""
        try:
            return (self.path / name).read_text(encoding="utf-8")
        except (FileNotFoundError, NotADirectoryError):
            return None

    def write(self, name: str, text: str) -> None:
        """See `Store`."""
        with whole_file(self.path / name) as beside:
            beside.write_text(text, encoding="utf-8", newline="\n")

    def tidy(self) -> None:
        """See `Store`."""
        for old in sorted(self.path.glob("*/.*.old-*")):
            target = old.with_name(old.name[1:].rpartition(".old-")[0])
            if target.exists():
                remove(old)
            else:
                old.rename(target)
        for half in self.path.glob("*/.*.partial-*"):
            remove(half)
        for half in self.path.glob(".*.new"):
            half.unlink(missing_ok=True)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """See `Store`. The system gives the lock back when its process ends, however that is."""
        busy = f"另一个批次正在写 {self.path}；请等它结束，或换一个输出文件夹"
        with held(self.path / LOCK, busy):
            yield


class Remote:
    """An address of fsspec's. Whoever starts two batches on one address has to see that they don't overlap."""

    def __init__(self, url: str) -> None:
        try:
            import fsspec
        except ImportError:
            raise ParamsError(f"输出到 {url} 需要 fsspec：pip install 'xhcp-eval[cluster]'") from None
        try:
            self.system, self.path = fsspec.core.url_to_fs(url)
        except (ValueError, ImportError) as error:
            raise ParamsError(f"输出地址 {url} 不能使用：{error}") from error

    def key(self, name: str) -> str:
        """See `Store`."""
        marker = _marker(self.read(f"{name}/{MARKER}"))
        whole = all(self.system.exists(f"{self.path}/{name}/{file}") for file in marker["files"])
        return marker["key"] if whole else ""

    @contextmanager
    def making(self, name: str, key: str) -> Iterator[Path]:
        """See `Store`."""
        with tempfile.TemporaryDirectory(prefix="xhcp-") as folder:
            work = Path(folder) / Path(name).name
            work.mkdir()
            yield work
            _mark(work, key)
            place = f"{self.path}/{name}"
            if self.system.exists(f"{place}/{MARKER}"):
                self.system.rm(f"{place}/{MARKER}")
            if self.system.exists(place):
                self.system.rm(place, recursive=True)
            for file in sorted(_files(work), key=lambda file: file == MARKER):
                self._put(f"{name}/{file}", (work / file).read_bytes())

    def read(self, name: str) -> str | None:
        """See `Store`."""
        try:
            return self.system.cat_file(f"{self.path}/{name}").decode("utf-8")
        except FileNotFoundError:
            return None

    def write(self, name: str, text: str) -> None:
        """See `Store`."""
        self._put(name, text.encode("utf-8"))

    def _put(self, name: str, content: bytes) -> None:
        path = f"{self.path}/{name}"
        self.system.makedirs(path.rpartition("/")[0], exist_ok=True)
        self.system.pipe_file(path, content)

    def tidy(self) -> None:
        """Nothing is left beside: a report without its marker is written anew."""

    @contextmanager
    def locked(self) -> Iterator[None]:
        """No lock: stores without renames have none that is given back when a process dies."""
        yield


def _files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def _mark(work: Path, key: str) -> None:
    text = json.dumps({"key": key, "files": _files(work)}, ensure_ascii=False, indent=1)
    (work / MARKER).write_text(text + "\n", encoding="utf-8", newline="\n")


def _marker(text: str | None) -> dict:
    nothing = {"key": "", "files": []}
    try:
        found = json.loads(text or "")
        return {"key": str(found["key"]), "files": [str(file) for file in found["files"]]}
    except (ValueError, KeyError, TypeError):
        return nothing


def rows_folder(out: str | Path, name: str) -> Path:
    """An empty folder of this machine for the regions' rows of a batch; what an earlier run left is removed."""
    import hashlib

    digest = hashlib.sha256(f"{os.path.abspath(str(out))} {name}".encode()).hexdigest()[:12]  # noqa: PTH100
    folder = (
        Path(tempfile.gettempdir()) / f"xhcp-batch-{os.getuid() if hasattr(os, 'getuid') else 0}-{digest}"
    )
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    return folder
