"""One region x pack to be reported on, and what came of it: small, plain, sent between processes and machines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Cause(StrEnum):
    """Why a report wasn't made; the value is the word that people read."""

    DATA = "数据有问题"
    NOTEBOOK = "笔记本运行失败"
    CRASH = "进程意外中断"
    TIME = "超过时限"
    PROGRAM = "程序错误"


RETRIED = (Cause.CRASH,)  # chance may do better next time; wrong data stay wrong


@dataclass(frozen=True)
class Task:
    """One report to make.

    region, pack: what of. folder: of the region, in the output. key: hash of everything the report depends on.
    params: its parameters, as JSON. rows: the region's figures, a Parquet file's bytes or its path. verdicts: its
    assessment, likewise; empty where the report is to work it out. company: what it learns from of other regions
    (`company.write_company`), likewise. inputs: hash of the figures by name. out: where reports go, a folder or a URL.
    """

    region: str
    pack: str
    folder: str
    key: str = ""
    params: str = ""
    rows: bytes | str = b""
    verdicts: bytes | str = b""
    company: bytes | str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)
    out: str = ""


@dataclass(frozen=True)
class Outcome:
    """What came of a task.

    cause: empty if all went well. detail: Chinese sentences. attempts: how often it was begun. seconds: of the
    last attempt. peak_mb: most memory its process held. resumed: done by an earlier run, nothing had changed.
    """

    region: str
    pack: str
    folder: str
    cause: Cause | None = None
    detail: str = ""
    attempts: int = 1
    seconds: float = 0.0
    peak_mb: float = 0.0
    resumed: bool = False

    @property
    def done(self) -> bool:
        """Whether there is a report."""
        return self.cause is None


@dataclass(frozen=True)
class Limits:
    """How tasks are run.

    at_once: processes. retries: further attempts after a crash. time_s: of one report, 0 none. memory_mb: of one
    process, 0 none (only where the system can limit it: Linux). preload: modules every process has from the start.
    """

    at_once: int = 2
    retries: int = 2
    time_s: float = 0.0
    memory_mb: int = 0
    preload: tuple[str, ...] = ()
