"""What can go wrong: one base class and a child for each place where it goes wrong.

Messages are written for the person who must fix the cause, in Chinese: which file, sheet, cell or
field, what is wrong, what is allowed. `problems` keeps them one by one.
"""

from __future__ import annotations

from collections.abc import Iterable


class XhcpError(Exception):
    """Base of all errors of this package; `problems` lists the single faults, in Chinese."""

    def __init__(self, message: str, problems: Iterable[str] = ()) -> None:
        self.problems: tuple[str, ...] = tuple(problems)
        lines = [message, *(f"  {number}. {text}" for number, text in enumerate(self.problems, 1))]
        super().__init__("\n".join(lines))


class ProjectError(XhcpError):
    """There is no project where one is needed, or its `xhcp.toml` can't be read."""


class PlanError(XhcpError):
    """A plan folder under data/plans/ is incomplete or contradicts its schema."""


class DataError(XhcpError):
    """A table of observations can't be taken in."""


class ParamsError(XhcpError):
    """A params file, or an argument of a public function, is not what is allowed."""


class RunError(XhcpError):
    """A pack, or one of its notebooks, failed while running."""


class CrashError(RunError):
    """A process died (killed, out of memory): the same work may go well another time."""
