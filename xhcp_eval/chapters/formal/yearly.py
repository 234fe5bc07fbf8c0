"""与上年比: what changed since the year before, the largest moves first, then domain by domain."""

from __future__ import annotations

import pandas as pd

from xhcp_eval.chapters.brief.basis import to_domain, to_indicator
from xhcp_eval.chapters.kit.blocks import Block, Heading, Paragraph, Table
from xhcp_eval.chapters.since_last_year import since_last_year
from xhcp_eval.chapters.wording.names import heading
from xhcp_eval.chapters.wording.nouns import noun_of
from xhcp_eval.chapters.wording.values import change_text, value_text
from xhcp_eval.chapters.wording.yearly import change_sentence, counts_text
from xhcp_eval.pack.pack import Pack

MOST, NAMED = 12, 3
HEAD, WIDTHS = ("指标", "领域", "上年", "本年", "变化", "方向"), (0.32, 0.12, 0.14, 0.14, 0.16, 0.12)
RULE = "“变好”“变差”只指超出偶然的变化；逐个清点的村、社区、机构没有抽样误差，直接比较。"


def blocks(pack: Pack, number: int) -> list[Block]:
    """The chapter. number: of the chapter in the report."""
    rows, year = since_last_year(pack), pack.params.data_until
    told: list[Block] = [Heading(heading(number, f"与{year - 1}年比"))]
    if rows.empty:
        return [*told, Paragraph(f"没有{year - 1}年、{year}年都填报的指标，无从比较。")]
    caption = f"{year}年变化最大的指标"
    moved = rows[rows["told"]].sort_values(["better", "size"], ascending=[True, False], kind="stable")
    refer = f"变化最大的见[[{caption}]]。" if len(moved) else ""
    told.append(Paragraph(f"与{year - 1}年比，{counts_text(rows)}。{RULE}{refer}"))
    if len(moved):
        told.append(_largest(pack, moved.head(MOST), caption, len(moved)))
    for domain in pack.plan.domains:
        mine = rows[rows["domain"] == domain.id]
        if len(mine):
            text = f"{counts_text(mine)}。{_sentences(pack, mine)}"
            told.append(Paragraph(text, f"{domain.name}：", link=to_domain(pack, domain.id)))
    return told


def _largest(pack: Pack, rows: pd.DataFrame, caption: str, whole: int) -> Table:
    names = {domain.id: domain.name for domain in pack.plan.domains} | {"": "组织实施"}
    left = whole - len(rows)
    return Table(
        HEAD,
        tuple(_row(pack, row, names[str(row.domain)]) for row in rows.itertuples()),
        WIDTHS,
        caption,
        f"注：变差的在前，各按与上年值之比由大到小；其余{left}项见监测数据页。" if left else "注：变差的在前，各按与上年值之比由大到小。",
        links=tuple(to_indicator(pack, row.indicator) for row in rows.itertuples()),
    )  # fmt: skip


def _row(pack: Pack, row, domain: str) -> tuple[str, ...]:
    facts = pack.plan.indicator(row.indicator)
    noun = noun_of(facts)[:1] if facts.kind == "count" else ""
    size = (
        value_text(abs(row.change), facts.unit)
        if facts.kind == "count"
        else change_text(row.change, facts.unit)
    )
    return (
        facts.name, domain, value_text(row.before, facts.unit) + noun, value_text(row.now, facts.unit) + noun,
        ("升" if row.change > 0 else "降") + size + noun, "变好" if row.better else "变差",
    )  # fmt: skip


def _sentences(pack: Pack, rows: pd.DataFrame) -> str:
    """The largest changes for better and worse beyond chance."""
    years = (pack.params.data_until - 1, pack.params.data_until)
    told = rows[rows["told"]].sort_values("size", ascending=False, kind="stable")
    parts = []
    for word, part in (("变好最多的", told[told["better"]]), ("变差的", told[~told["better"]])):
        listed = [change_sentence(pack.plan, row, years) for row in part.head(NAMED).itertuples()]
        parts.append(f"{word}：{'；'.join(listed)}。" if listed else "")
    return "".join(parts)
