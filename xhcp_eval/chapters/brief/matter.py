"""A matter to be decided: who does what, how much, by when, and where its numbers stand."""

from __future__ import annotations

from dataclasses import dataclass

from xhcp_eval.pack.pack import Pack


@dataclass(frozen=True)
class Decision:
    """A row. link: where its numbers stand. about: indicators it is made of. edited: what a person has put in its place."""

    matter: str
    basis: str
    ask: str
    who: str
    when: str
    link: str
    about: tuple[str, ...] = ()
    edited: str = ""


def issuer(pack: Pack) -> str:
    """Who says how the plan's text is to be read."""
    return "区妇儿工委" if pack.plan.level == "district" else "规划制定机关"
