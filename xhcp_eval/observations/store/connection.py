"""One file of DuckDB, opened for one operation at a time: made whole, waited for, its faults told in Chinese."""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from xhcp_eval.errors import DataError
from xhcp_eval.observations.store.schema import SCHEMA, SCHEMA_VERSION

if TYPE_CHECKING:
    import duckdb

# What DuckDB says where another process, or another mode in this one, holds the file just now; a damaged file speaks of blocks.
_HELD = re.compile(
    r"could not set lock|conflicting lock|being used by another process|different configuration",
    re.IGNORECASE,
)
OWNER_ONLY = 0o600


class DatabaseFile:
    """The file behind the monitoring database.

    path: the DuckDB file (made when first written to). wait: seconds to wait for another process that is writing.
    Every method raises DataError, in Chinese, when the file isn't there to be read, is no database of ours, is damaged, is held too long by
    another process, or the disk is full; in each case nothing of the operation is kept.
    """

    def __init__(self, path: str | Path, wait: float = 60.0) -> None:
        self.path = Path(path)
        self.wait = wait

    @contextmanager
    def writing(self, version: int = SCHEMA_VERSION) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection inside a transaction that is kept whole or not at all. version: that the file must have."""
        self._make()
        with self.connected(read_only=False) as connection:
            connection.execute("begin")
            self._check_version(connection, version)
            yield connection
            connection.execute("commit")

    @contextmanager
    def reading(self, guarded: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection that can't change anything; guarded: nor read or write other files. A file that isn't there isn't made."""
        if not self.path.exists():
            raise DataError(
                f"没有数据库 {self.path}；数据入库（xhcp import）时建立，或用 --database 写对位置"
            )
        with self.connected(read_only=True, guarded=guarded) as connection:
            self._check_version(connection, SCHEMA_VERSION)
            yield connection

    def version(self) -> int:
        """Version of the file's tables. Raises DataError if it is no database of ours."""
        if not self.path.exists():
            raise DataError(f"没有数据库 {self.path}")
        with self.connected(read_only=True) as connection:
            return self._version(connection)

    def _make(self) -> None:
        """The empty database, made elsewhere and then given its name, so that a half-made one is never found."""
        import duckdb

        if self.path.exists():
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self.path.parent, prefix=".new-") as folder:
                made = Path(folder) / self.path.name
                with duckdb.connect(str(made)) as connection:
                    connection.execute(SCHEMA)
                with suppress(OSError):  # file systems without owners
                    made.chmod(OWNER_ONLY)
                with suppress(FileExistsError):  # another process was quicker
                    _name_if_free(made, self.path)
        except (duckdb.Error, OSError) as error:
            raise DataError(
                f"不能建立数据库 {self.path}：{error}；请检查文件夹是否可写、磁盘是否已满"
            ) from error

    @contextmanager
    def connected(self, read_only: bool, guarded: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection, without looking at the version. guarded: it can't reach other files."""
        import duckdb

        connection = self._connect(read_only, guarded)
        try:
            yield connection
        except (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException, duckdb.ConversionException,
                duckdb.PermissionException, duckdb.InvalidInputException) as error:  # fmt: skip
            raise DataError(f"数据库 {self.path.name} 的查询没有执行：{error}") from error
        except (duckdb.Error, OSError) as error:
            raise DataError(
                f"数据库 {self.path.name} 没有写入或读出(本次操作未保留任何内容)；请检查磁盘空间和文件：{error}"
            ) from error
        finally:
            connection.close()

    def _connect(self, read_only: bool, guarded: bool) -> duckdb.DuckDBPyConnection:
        """Open the file, waiting for a process that is writing."""
        import duckdb

        config: dict[str, str | bool | int | float | list[str]] = (
            {"enable_external_access": "false", "lock_configuration": "true"} if guarded else {}
        )
        until = time.monotonic() + self.wait
        while True:
            try:
                return duckdb.connect(str(self.path), read_only=read_only, config=config)
            except duckdb.Error as error:
                if not _HELD.search(str(error)):
                    raise DataError(
                        f"{self.path.name} 不是可用的数据库文件，或已损坏（可用 xhcp db restore 恢复备份）：{error}"
                    ) from error
                if time.monotonic() > until:
                    raise DataError(
                        f"数据库 {self.path.name} 正被另一个程序使用，等待 {self.wait:g} 秒后仍未空出"
                    ) from error
                time.sleep(0.05)

    def _version(self, connection) -> int:
        import duckdb

        try:
            ((version,),) = connection.execute("select schema_version from about").fetchall()
        except (duckdb.CatalogException, ValueError):
            raise DataError(f"数据库 {self.path.name} 的结构版本是 未知：不是本程序的数据库") from None
        return int(version)

    def _check_version(self, connection, wanted: int) -> None:
        found = self._version(connection)
        if found < wanted:
            raise DataError(
                f"数据库 {self.path.name} 的结构版本是 {found}，本程序使用 {wanted}；先运行 xhcp db upgrade（会自动备份）"
            )
        if found > wanted:
            raise DataError(
                f"数据库 {self.path.name} 的结构版本是 {found}，由更新的程序写成；请升级本程序（使用 {wanted}）"
            )


def _name_if_free(made: Path, name: Path) -> None:
    """Give a file its name unless the name is taken (FileExistsError), where the file system can tell in one step."""
    try:
        os.link(made, name)
    except FileExistsError:
        raise
    except (
        OSError,
        NotImplementedError,
        AttributeError,
    ):  # no hard links here; Windows' rename doesn't overwrite
        if name.exists():
            raise FileExistsError(name) from None
        made.rename(name)
