"""What chapters of the official report share: lists of targets, domain by domain, and their counts in words."""

from __future__ import annotations

import math

import pandas as pd

from xhcp_eval.chapters.brief.basis import AT_RISK_LIST, is_over, to_indicator
from xhcp_eval.chapters.brief.risks import course, short_of
from xhcp_eval.chapters.kit.blocks import Table
from xhcp_eval.chapters.wording.counting import Counts
from xhcp_eval.chapters.wording.duties import units
from xhcp_eval.chapters.wording.readers import side_text, word_of
from xhcp_eval.chapters.wording.standing import not_yet, stands
from xhcp_eval.chapters.wording.values import asked_text
from xhcp_eval.pack.pack import Pack

HEAD = ("指标", "基期→现值", "目标", "还差", "判断", "建议牵头·配合")
WIDTHS = (0.2, 0.2, 0.15, 0.19, 0.11, 0.15)
NOTHING = "—"


def target_table(
    pack: Pack, rows: pd.DataFrame, caption: str, most: int = 0, over: bool | None = None
) -> Table:
    """A list of targets for the body. most: rows at most, 0 for all; the others are said to stand in the annex.

    over: whether the targets' year has been reported; None: as for the plan's last year.
    """
    ended = is_over(pack) if over is None else over
    shown = rows.head(most) if most else rows
    left = len(rows) - len(shown)
    return Table(
        HEAD,
        tuple(_row(pack, row, ended) for row in shown.itertuples()),
        WIDTHS,
        caption,
        f"注：其余{left}项见附表1。" if left else "",
        links=tuple(address(pack, row) for row in shown.itertuples()),
    )


def _row(pack: Pack, row, over: bool) -> tuple[str, ...]:
    return (
        row.indicator_name,
        course(pack, row),
        asked_text(row),
        short_or_side(pack, row),
        word_of(row.status, over),
        who(pack, row),
    )


def who(pack: Pack, row) -> str:
    """The units asked; one-off tasks of the plan name none."""
    tasks = {one.id for one in pack.plan.milestones}
    return units() if row.indicator in tasks else units(pack.plan.indicator(row.indicator))


def short_or_side(pack: Pack, row) -> str:
    """What is short, or on which side an open value lies; a dash where the target is met or can't be measured."""
    if not math.isfinite(row.latest_value):
        return "没有数据"
    if row.kind == "yes_no":
        return NOTHING  # whether it is done stands beside
    if row.every_year:
        return broken(row) or NOTHING
    if not_yet(row):
        return stands(pack.plan, row)
    if row.gap > 0:
        return short_of(pack, row)
    return side_text(row.side) or NOTHING


def broken(row) -> str:
    """How often a promise of every year was broken, and the first time; "" where it never was."""
    if not row.n_failures:
        return ""
    first = str(row.failures).split("；")[0].split("、")[0]
    return (
        f"规划期内{row.n_failures}处未保持，如{first}"
        if row.n_failures > 1
        else f"规划期内1处未保持：{first}"
    )


def counts_words(found: Counts) -> str:
    """Counts of some targets in words: 20项目标：稳6、有风险6."""
    return f"{found.total}项{found.year}年目标：{found.by_verdict}"


def address(pack: Pack, row) -> str:
    """Where a row of an assessment stands on the data page."""
    return AT_RISK_LIST if row.kind == "yes_no" else to_indicator(pack, row.indicator)
