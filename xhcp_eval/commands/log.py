"""The log of a command: a file a run in the project's reports/.log/, for whoever has to find out later what happened."""

from __future__ import annotations

import logging
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from xhcp_eval import __version__
from xhcp_eval.files import home

NAME = "xhcp_eval"
FOLDER = Path("reports", ".log")
KEPT = 50  # files
# Commands that do work; others only look.
WORKING = (
    "run",
    "report",
    "batch",
    "import",
    "export",
    "publish",
    "queries",
    "template",
    "score",
    "round",
    "withdraw",
)


@contextmanager
def kept_log(words: list[str]) -> Iterator[logging.Logger]:
    """A logger that writes to a file while the command runs; to none for commands that only look, or where the disk refuses.

    words: the command line, which the file begins with.
    """
    log = logging.getLogger(NAME)
    log.setLevel(logging.INFO)
    log.propagate = False
    handler = _file(words)
    log.addHandler(handler)
    log.info(
        "xhcp %s；Python %s；%s；%s", __version__, platform.python_version(), platform.platform(), home.ROOT
    )
    log.info("xhcp %s", " ".join(words))
    try:
        yield log
        log.info("finished")
    finally:
        log.removeHandler(handler)
        handler.close()


def speak_up() -> None:
    """Show the log on the console as well (`-v`)."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    logging.getLogger(NAME).addHandler(handler)


def _file(words: list[str]) -> logging.Handler:
    command = next((word for word in words if not word.startswith("-")), "")
    if command not in WORKING or home.PROJECT is None:
        return logging.NullHandler()
    folder = home.PROJECT / FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for old in sorted(folder.glob("*.log"))[: -KEPT + 1]:
            old.unlink()
        path = folder / f"{datetime.now():%Y%m%d-%H%M%S}_{command}.log"
        handler = logging.FileHandler(path, encoding="utf-8")
    except OSError:  # a full or read-only disk must not stop the work for its log
        return logging.NullHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    return handler
