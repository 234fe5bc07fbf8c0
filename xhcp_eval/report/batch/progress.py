"""How far a batch is: done, failed, rate, time left; a live line on a terminal, plain lines in a log."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from xhcp_eval.report.batch.tasks import Outcome


@dataclass
class Tally:
    """Counts of a batch under way. total: tasks. resumed: those that needn't be done again."""

    total: int
    resumed: int = 0
    done: int = 0
    failed: int = 0
    began: float = field(default_factory=time.monotonic)

    def add(self, outcome: Outcome) -> None:
        """Count one outcome."""
        if outcome.resumed:
            self.resumed += 1
        elif outcome.done:
            self.done += 1
        else:
            self.failed += 1

    @property
    def ended(self) -> int:
        """Tasks that are through."""
        return self.resumed + self.done + self.failed

    @property
    def rate(self) -> float:
        """Reports a minute since the start; what was there before doesn't count."""
        return 60 * (self.done + self.failed) / max(time.monotonic() - self.began, 1e-9)

    @property
    def left(self) -> float | None:
        """Seconds to go at this rate; None before anything has ended."""
        if not self.done + self.failed:
            return None
        return 60 * (self.total - self.ended) / self.rate

    def __str__(self) -> str:
        parts = [f"{self.ended}/{self.total}", f"完成 {self.done}", f"失败 {self.failed}"]
        if self.resumed:
            parts.append(f"沿用 {self.resumed}")
        if self.left is not None:
            parts += [f"每分钟 {self.rate:.1f} 份", f"还需 {_clock(self.left)}"]
        return "，".join(parts)


@contextmanager
def showing(title: str, total: int) -> Iterator[Callable[[Outcome], None]]:
    """Show how far a batch is; the yielded function takes each outcome as it comes.

    On a terminal a bar with counts stands below the lines of what failed; elsewhere each outcome is a line.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    tally = Tally(total)
    columns = (BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    console.print(title, markup=False, highlight=False)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(str(tally), total=total)

        def tell(outcome: Outcome) -> None:
            tally.add(outcome)
            bar.update(task, completed=tally.ended, description=str(tally))
            if not console.is_terminal:
                if not outcome.resumed:
                    console.print(
                        f"[{tally}] {_line(outcome)}", markup=False, highlight=False, soft_wrap=True
                    )
            elif not outcome.done:
                console.print(_line(outcome), markup=False, highlight=False)

        yield tell
    console.print(f"{title}：{tally}", markup=False, highlight=False, soft_wrap=True)


@contextmanager
def counting(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show how many of some things are done, where there are any; the yielded function is told how many more."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn(title), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=total)
        yield lambda more: bar.advance(task, more)
    if total:
        console.print(f"{title}：{total}", markup=False, highlight=False)


def _line(outcome: Outcome) -> str:
    name = f"{outcome.region} {outcome.pack}"
    if outcome.done:
        return f"✓ {name}（{outcome.seconds:.1f} 秒）"
    return f"✕ {name} {outcome.cause}：{outcome.detail.splitlines()[0] if outcome.detail else ''}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"
