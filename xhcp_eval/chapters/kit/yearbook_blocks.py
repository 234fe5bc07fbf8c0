"""What stands before and after the tables of a printed yearbook: 简要说明 and 主要统计指标解释, as blocks of a document."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from xhcp_eval.chapters.kit.blocks import Block, Heading, Paragraph, Table
from xhcp_eval.observations.publish.explained import (
    EXPLANATIONS,
    HEADERS,
    SCOPE,
    explanations,
    scope_lines,
)
from xhcp_eval.plan.model import Plan

# Column of the explanations, but the domain, which is their caption -> share of the width.
_SHARES = {
    "name": 0.14,
    "unit": 0.07,
    "numerator": 0.22,
    "denominator": 0.18,
    "method": 0.1,
    "source": 0.12,
    "note": 0.17,
}


def front_blocks(
    rows: pd.DataFrame, plan: Plan, region: str, year: int, hidden: Sequence[str] = ()
) -> list[Block]:
    """简要说明. Arguments as for `explained.scope_lines`."""
    lines = scope_lines(rows, plan, region, year, hidden)
    return [Heading(SCOPE), *(Paragraph(text, f"{heading}。") for heading, text in lines)]


def back_blocks(rows: pd.DataFrame, plan: Plan) -> list[Block]:
    """主要统计指标解释, a table a domain on pages turned. rows: figures as they are printed."""
    head = tuple(HEADERS[name] for name in _SHARES)
    blocks: list[Block] = [Heading(EXPLANATIONS)]
    for topic, part in explanations(rows, plan).groupby("topic", sort=False):
        cells = tuple(part[list(_SHARES)].itertuples(index=False, name=None))
        blocks.append(Table(head, cells, tuple(_SHARES.values()), f"{topic}：指标解释", landscape=True))
    return blocks
