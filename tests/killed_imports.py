"""Run by test_database in a process of its own: imports tables one after another and halts at one moment of it.

Arguments: database, table (Parquet), number of the first import, how many, moment. "before …" and "after …" name the
beginning of a statement, or "close"; there it says the moment and stays until it is killed or gets a line. "in commit"
and "in close" are told to no one: there the system kills it in the middle of a write, for no file may grow further.
"waiting": the database is held by another process. Each import that is kept is said by its number.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pandas as pd
from waiting import HANG

from xhcp_eval.observations.store import connection as module
from xhcp_eval.observations.store.database import Database

path, table, first, count, moment = Path(sys.argv[1]), sys.argv[2], *map(int, sys.argv[3:5]), sys.argv[5]
told = []


def pass_by(place: str) -> None:
    """Say that the moment has come, the first time it does, and stay."""
    if place.startswith(moment) and not told:
        told.append(place)
        print(moment, flush=True)
        if not sys.stdin.readline():
            os._exit(1)


def stop_growing(place: str, file: Path, more: int) -> None:
    """If it is the moment, let the system end this process when it writes this many bytes beyond the file's end."""
    if place == moment:
        import resource

        size = (file.stat().st_size if file.exists() else 0) + more
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


class Watched:
    """A connection to DuckDB that tells what it is about to do and what it has done."""

    def __init__(self, connection) -> None:
        self.connection = connection

    def __getattr__(self, name):
        return getattr(self.connection, name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def execute(self, query, *values):
        pass_by(f"before {query.strip()}")
        stop_growing(f"in {query}", path.with_name(f"{path.name}.wal"), 20_000)
        found = self.connection.execute(query, *values)
        pass_by(f"after {query.strip()}")
        return found

    def close(self) -> None:
        stop_growing("in close", path, 100_000)
        self.connection.close()
        pass_by("after close")


def sleep(seconds: float) -> None:
    pass_by("waiting")
    time.sleep(seconds)


connect = duckdb.connect
duckdb.connect = lambda *given, **named: Watched(connect(*given, **named))
module.time = SimpleNamespace(monotonic=time.monotonic, sleep=sleep)
rows = pd.read_parquet(table)
for number in range(first, first + count):
    Database(path, wait=HANG).add(rows, file=f"{number}.csv", sha256=f"hash {number}", plan="p")
    print(number, flush=True)
