"""What can go wrong: one base class and a child for each place where it goes wrong.

Messages are written for the person who must fix the cause, in Chinese: which file, sheet, cell or
field, what is wrong, what is allowed. `problems` keeps them one by one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

FEW_OF_A_KIND = 3  # are told one by one


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


class ChangeError(DataError):
    """A file is in order, but would change `count` figures that stand, which nobody has confirmed; `path` is the file."""

    def __init__(self, message: str, problems: Iterable[str], path: Path, count: int) -> None:
        self.path, self.count = path, count
        super().__init__(message, problems)


class ParamsError(XhcpError):
    """A params file, or an argument of a public function, is not what is allowed."""


class RunError(XhcpError):
    """A pack, or one of its notebooks, failed while running."""


class CrashError(RunError):
    """A process died (killed, out of memory): the same work may go well another time."""


class DisclosureError(XhcpError):
    """A file to be published would let its readers work out a number that is to be kept."""


def grouped(problems: Iterable[str], places: int = 5) -> list[str]:
    """One fault told once, with its count and its first places, in the order in which kinds first appear.

    problems: "place：what is wrong", as the readers of files word them. places: how many are named. Faults are of one kind if they differ in
    places, numbers and quoted words only; fewer than three of a kind are told one by one.
    """
    kinds = {}  # type: dict[str, list[str]]
    for problem in problems:
        place, colon, text = problem.partition("：")
        field = re.sub(r"\d+", "#", place)
        kind = f"{field}{colon}" + re.sub(r"'[^']*'|“[^”]*”|\d[\d,.]*", "#", text)
        kinds.setdefault(kind, []).append(problem)
    told = []  # type: list[str]
    for members in kinds.values():
        if len(members) < FEW_OF_A_KIND:
            told += members
            continue
        first = [member.partition("：")[0] for member in members[1:places]]
        told.append(
            f"{members[0]}（同样的共 {len(members)} 处，还有 {'、'.join(first)}{' 等' if len(members) > places else ''}）"
        )
    return told
