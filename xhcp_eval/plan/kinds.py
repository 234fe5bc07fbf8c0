"""Kinds of indicators as data: what each is made of, and what may be asked of it. A new kind is a line here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Kind:
    """One kind of indicator.

    law: of its counts, if chance ties them: a part of a whole ("binomial") or events among many ("poisson"). with_parts:
    reported with numerator and denominator. between: the figure of a whole lies between those of its parts. countable: may
    be a census of units. projected: its course can be carried forward. jumps: a leap between years may be a changed
    definition. moves: getting worse or unsteady is worth a warning even without counted events. surveyed: a sample survey
    may give it. reported: by departments, not derived from other figures. drawn: has a course that a figure can show.
    """

    law: Literal["binomial", "poisson", ""] = ""
    with_parts: bool = False
    between: bool = False
    countable: bool = False
    projected: bool = True
    jumps: bool = False
    moves: bool = True
    surveyed: bool = False
    reported: bool = True
    drawn: bool = True


KINDS: dict[str, Kind] = {
    "proportion": Kind("binomial", with_parts=True, between=True, countable=True, jumps=True, surveyed=True),
    "rate": Kind("poisson", with_parts=True, between=True, countable=True, jumps=True),
    # two counts side by side that no chance ties, such as gross enrolment
    "ratio": Kind(with_parts=True, between=True, countable=True, jumps=True),
    "count": Kind(countable=True, moves=False),
    "mean": Kind(between=True, jumps=True, surveyed=True),
    "yes_no": Kind(projected=False, moves=False, drawn=False),
    "gap": Kind(projected=False, moves=False, reported=False, drawn=False),
    "index": Kind(surveyed=True),
}


def kinds_that(trait: str) -> tuple[str, ...]:
    """Names of the kinds that have a trait of `Kind`, in the order of `KINDS`."""
    return tuple(name for name, kind in KINDS.items() if getattr(kind, trait))
