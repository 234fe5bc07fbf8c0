"""What several commands take and say: plan, database, tables as text or JSON, how far the work is."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xhcp_eval.files.home import QUIET, ROOT, default_plan

if TYPE_CHECKING:
    import pandas as pd

PLAN = default_plan()
DATABASE = ROOT / "data" / "xhcp.duckdb"
PlanOption = Annotated[str, typer.Option("--plan", help="按哪个规划")]
DatabaseOption = Annotated[Path, typer.Option("--database", help="数据库文件")]
JsonOption = Annotated[bool, typer.Option("--json", help="以 JSON 输出，供程序读取")]


def be_quiet() -> None:
    """From now on only results and errors are told (`-q`)."""
    os.environ[QUIET] = "1"


def say(text: str) -> None:
    """A notice; not told when quiet."""
    if not os.environ.get(QUIET):
        typer.echo(text)


def tell_table(frame: pd.DataFrame, names: Mapping[str, str], as_json: bool, empty: str) -> None:
    """A result: a table with Chinese headings, or all its columns as JSON records.

    names: columns shown -> headings. empty: what to say of a table without rows.
    """
    if as_json:
        typer.echo(frame.to_json(orient="records", force_ascii=False, date_format="iso", indent=1))
    elif frame.empty:
        typer.echo(empty)
    else:
        typer.echo(_columns(frame[list(names)].rename(columns=dict(names))))


def _columns(frame: pd.DataFrame) -> str:
    """A table in columns; a Chinese character takes two places of a console, numbers stand right."""
    from pandas.api.types import is_numeric_dtype
    from rich.cells import cell_len

    cells = [[str(name), *map(str, frame[name])] for name in frame]
    widths = [max(map(cell_len, column)) for column in cells]
    right = [is_numeric_dtype(frame[name]) for name in frame]

    def placed(text: str, k: int) -> str:
        space = " " * (widths[k] - cell_len(text))
        return space + text if right[k] else text + space

    lines = zip(*cells, strict=True)
    return "\n".join("  ".join(placed(text, k) for k, text in enumerate(line)).rstrip() for line in lines)


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[object], None]]:
    """A bar that is moved on by each call of what it gives; none for a single step, or where nobody watches."""
    from rich.console import Console
    from rich.progress import Progress

    hidden = total < 2 or bool(os.environ.get(QUIET))
    with Progress(console=Console(stderr=True), transient=True, disable=hidden) as bar:
        task = bar.add_task(what, total=total)
        yield lambda _: bar.advance(task)
