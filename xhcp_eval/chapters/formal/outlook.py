"""十、展望: how many targets are likely, which hang in the balance, what would change it; not once the plan has run out."""

from __future__ import annotations

from xhcp_eval.chapters.brief.basis import end_targets, is_over
from xhcp_eval.chapters.figures.chances import chance_dots
from xhcp_eval.chapters.kit.blocks import Block, Heading, Paragraph
from xhcp_eval.chapters.wording.names import heading
from xhcp_eval.chapters.wording.pace import required_text
from xhcp_eval.chapters.wording.values import CHANCES, chance_words
from xhcp_eval.pack.pack import Pack

BALANCE = CHANCES[2][1]


def blocks(pack: Pack, number: int) -> list[Block]:
    """The chapter; nothing once the plan has run out. number: of the chapter in the report."""
    if is_over(pack):
        return []
    end = pack.plan.end_year
    rows = end_targets(pack)
    rows = rows[rows["probability"].notna() & ~rows["status"].isin(["未达标", "无法判定", "待裁定"])]
    rows = rows.assign(_words=rows["probability"].map(chance_words))
    told: list[Block] = [Heading(heading(number, f"{end}年展望"))]
    if rows.empty:
        return [*told, Paragraph(f"没有可以展望到{end}年的目标。")]
    drawn = chance_dots(pack, rows)
    told += [Paragraph(f"判断了把握的{len(rows)}项{end}年目标见[[{drawn[0].title}]]。"), *drawn]
    hanging = rows[rows["_words"] == BALANCE]
    needs = [f"{row.indicator_name}{text}" for row in hanging.itertuples() if (text := required_text(row))]
    if needs:
        told.append(Paragraph(f"{'；'.join(needs)}。", "悬而未决的，取决于能否达到所需的速度："))
    return told
