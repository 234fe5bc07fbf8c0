"""Differences between two groups that exceed chance: who is higher, by how much, in which years."""

from __future__ import annotations

from collections.abc import Collection

from xhcp_eval.chapters.equity import GROUP_LABELS, equity_rows
from xhcp_eval.chapters.wording.values import change_text
from xhcp_eval.pack.pack import Pack

PAIRS = {"residence": ("urban", "rural"), "sex": ("male", "female")}


def group_gaps_of(
    pack: Pack, dimension: str, indicators: Collection[str], named: bool = False, most: int = 0
) -> list[str]:
    """Differences beyond chance among some indicators, the surest first: 女比男高4.8个百分点（2025年）.

    dimension: key of `PAIRS`. named: with the indicator's name in front. most: how many at most, 0 for all.
    """
    rows = equity_rows(pack, dimension)
    if rows.empty:
        return []
    rows = rows[rows["apart"] & rows["indicator"].isin(indicators)].sort_values("p", kind="stable")
    first, second = (GROUP_LABELS[group] for group in PAIRS[dimension])
    told = []
    for row in rows.head(most or len(rows)).itertuples():
        higher, lower = (first, second) if row.estimate > 0 else (second, first)
        unit = pack.plan.indicator(row.indicator).unit
        name = row.name if named else ""
        told.append(f"{name}{higher}比{lower}高{change_text(row.estimate, unit)}（{row.years}年）")
    return told
