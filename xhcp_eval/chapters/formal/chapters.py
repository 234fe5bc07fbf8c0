"""The chapters of the official report by name, and their numbers in a pack's report."""

from __future__ import annotations

from collections.abc import Callable

from xhcp_eval.chapters.brief.basis import is_over
from xhcp_eval.chapters.formal import (
    annex,
    commitments,
    domains,
    equity,
    outlook,
    overall,
    problems,
    review,
    third_party,
    work,
    yearly,
)
from xhcp_eval.chapters.kit.blocks import Block
from xhcp_eval.errors import ParamsError
from xhcp_eval.pack.pack import Pack

CHAPTERS: dict[str, Callable[[Pack, int], list[Block]]] = {
    "work": work.blocks,
    "overall": overall.blocks,
    "yearly": yearly.blocks,
    "domains": domains.blocks,
    "commitments": commitments.blocks,
    "third_party": third_party.blocks,
    "equity": equity.blocks,
    "problems": problems.problems,
    "causes": problems.causes,
    "suggestions": problems.suggestions,
    "review": review.blocks,
    "outlook": outlook.blocks,
    "annex": annex.blocks,
}


def chapter(pack: Pack, name: str) -> list[Block]:
    """Blocks of a chapter, numbered by its place among the chapters that the params file names (all of them, if none).

    name: key of `CHAPTERS`. One that a pack has nothing to say in, such as the outlook of a plan that has run out, has no
    blocks and takes no number. Raises ParamsError for an unknown name.
    """
    if name not in CHAPTERS:
        raise ParamsError(f"正式报告没有“{name}”一章；允许 {'、'.join(CHAPTERS)}")
    named = [str(section.parameters.get("chapter", "")) for section in pack.params.documents.formal]
    absent = _absent(pack)
    order = [
        one for one in ([one for one in named if one in CHAPTERS] or list(CHAPTERS)) if one not in absent
    ]
    if name in absent:
        return []
    return CHAPTERS[name](pack, order.index(name) + 1 if name in order else len(order) + 1)


def _absent(pack: Pack) -> set[str]:
    """Chapters that there is nothing for: no outlook once the plan has run out, no look back before or without a forecast."""
    if not is_over(pack):
        return {"review"}
    return {"outlook"} | (set() if pack.params.forecast_origin else {"review"})
