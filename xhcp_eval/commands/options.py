"""Options that several commands take: which plan, which database, how far the work is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from xhcp_eval.home import ROOT, default_plan

PLAN = default_plan()
DATABASE = ROOT / "data" / "xhcp.duckdb"
PlanOption = Annotated[str, typer.Option("--plan", help="按哪个规划")]
DatabaseOption = Annotated[Path, typer.Option("--database", help="数据库文件")]


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[object], None]]:
    """A bar that is moved on by each call of what it gives; none for a single step, or where nobody watches."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True, disable=total < 2) as bar:
        task = bar.add_task(what, total=total)
        yield lambda _: bar.advance(task)
