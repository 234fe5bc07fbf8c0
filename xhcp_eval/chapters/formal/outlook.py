"""十、展望: how many targets are likely, which hang in the balance, what would change it; not once the plan has run out."""

from __future__ import annotations

from xhcp_eval.chapters.brief.basis import end_targets
from xhcp_eval.chapters.figures.chances import chance_dots
from xhcp_eval.chapters.kit.blocks import Block, Heading, Paragraph
from xhcp_eval.chapters.wording.names import heading
from xhcp_eval.chapters.wording.pace import required_text
from xhcp_eval.chapters.wording.values import CHANCES, chance_words
from xhcp_eval.pack.pack import Pack

BALANCE = CHANCES[2][1]


def blocks(pack: Pack, number: int) -> list[Block]:
    """The chapter, for plans that still run. number: of the chapter in the report."""
    end = pack.plan.end_year
    rows = end_targets(pack)
    rows = rows[rows["probability"].notna() & ~rows["status"].isin(["未达标", "无法判定", "待裁定"])]
    rows = rows.assign(_words=rows["probability"].map(chance_words))
    told: list[Block] = [Heading(heading(number, f"{end}年展望"))]
    if rows.empty:
        return [*told, Paragraph(f"没有可以展望到{end}年的目标。")]
    drawn = chance_dots(pack, rows)
    if not drawn:  # the plan has run out
        return []
    told += [Paragraph(f"判断了把握的{len(rows)}项{end}年目标见[[{drawn[0].title}]]。"), *drawn]
    hanging = rows[rows["_words"] == BALANCE]
    names = [
        pack.plan.indicator(row.indicator).short_name for row in hanging.itertuples() if required_text(row)
    ]
    if names:
        text = f"{'、'.join(names)}{len(names)}项取决于{pack.params.data_until + 1}年起的速度，见附表1。"
        told.append(Paragraph(text, f"{BALANCE}的："))
    return told
