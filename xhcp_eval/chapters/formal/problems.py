"""七、存在问题, 八、原因分析 and 九、对策建议: what the brief's decisions rest on, told at length; no cause without a design."""

from __future__ import annotations

from xhcp_eval.chapters.brief.basis import end_targets, is_over, risks, shortfalls
from xhcp_eval.chapters.brief.decisions import every_decision, scored, undone_commitment
from xhcp_eval.chapters.brief.risks import course
from xhcp_eval.chapters.equity import GROUP_LABELS, equity_rows
from xhcp_eval.chapters.figures.shortfalls import shortfall_bars
from xhcp_eval.chapters.formal.domains import GROUPS
from xhcp_eval.chapters.kit.blocks import Block, Heading, Paragraph, Table
from xhcp_eval.chapters.wording.causes import part_of
from xhcp_eval.chapters.wording.counting import counts
from xhcp_eval.chapters.wording.duties import NOBODY, units
from xhcp_eval.chapters.wording.names import heading
from xhcp_eval.chapters.wording.nouns import noun_of, of_all
from xhcp_eval.chapters.wording.standing import gap_text
from xhcp_eval.chapters.wording.values import bound_text
from xhcp_eval.pack.pack import Pack
from xhcp_eval.verdict.status import Status

MOST, CAUSES, SUGGESTIONS = 6, 6, 10
SUGGESTED = ("事项", "建议", "建议牵头·配合", "时限")


def problems(pack: Pack, number: int) -> list[Block]:
    """存在问题, at most six groups. number: of the chapter."""
    told: list[Block] = [Heading(heading(number, "存在问题"))]
    found = counts(pack, pack.plan.end_year)
    what = "未达到" if is_over(pack) else "有风险"
    groups = _by_domain(pack)
    open_rows = end_targets(pack)
    absent = open_rows[open_rows["status"] == Status.NO_DATA]
    for place, (name, rows) in enumerate(groups[: MOST - 1], 1):
        listed = "；".join(
            f"{pack.plan.indicator(row.indicator).short_name}{course(pack, row)}，{row.target_year}年目标{bound_text(row.target_text)}"
            + (f"，差{gap_text(pack.plan, row)}" if row.gap > 0 else "")
            for row in rows
        )
        told.append(Paragraph(f"{listed}。", f"{place}．儿童与{name}：{len(rows)}项{what}。"))
    if len(absent):
        names = "、".join(absent["indicator_name"])
        told.append(
            Paragraph(
                f"{found.total}项{found.year}年目标中{len(absent)}项截至{pack.params.data_until}年没有数据：{names}。",
                f"{min(len(groups), MOST - 1) + 1}．监测：",
            )
        )
    return told if len(told) > 1 else [*told, Paragraph(f"{found.total}项{found.year}年目标没有{what}的。")]


def _by_domain(pack: Pack) -> list[tuple[str, list]]:
    names = {domain.id: domain.name for domain in pack.plan.domains}
    parts = [
        (names[str(key)], list(part.itertuples())) for key, part in risks(pack).groupby("domain", sort=False)
    ]
    return sorted(parts, key=lambda pair: -len(pair[1]))


def causes(pack: Pack, number: int) -> list[Block]:
    """原因分析: per problem what the data show and what departments must explain. number: of the chapter."""
    told: list[Block] = [
        Heading(heading(number, "原因分析")),
        Paragraph(
            "本章只写数据能说明的：差额由哪些地方、哪些群体构成，对应措施做了没有，第三方怎样评分。没有对照设计的不写因果。"
        ),
    ]
    rows = risks(pack)
    listed = rows[~rows["every_year"] & (rows["gap"] > 0)].drop_duplicates("indicator").head(CAUSES)
    for place, row in enumerate(listed.itertuples(), 1):
        facts = pack.plan.indicator(row.indicator)
        shown = "；".join(
            [*_places(pack, row), *_apart(pack, row), *_commitment(pack, row), *scored(pack, str(row.goal))]
        )
        absent = f"截至{row.latest_year:.0f}年，{facts.name}没有分地区、分人群的计数，构成无从分解"
        short = "未达到" if is_over(pack) else "离目标差"
        told += [
            Heading(heading(place, f"{facts.name}{short}{gap_text(pack.plan, row)}", 2), 2),
            Paragraph(f"{shown or absent}。", "数据能说明的："),
            Paragraph(f"{facts.short_name}的其余原因，有待{_named(units(facts))}说明。", "数据不能说明的："),
        ]
    told[2:2] = shortfall_bars(pack)
    return told if len(listed) else [*told, Paragraph("没有需要分解差额的目标。")]


def _named(who: str) -> str:
    """A unit as it is addressed; where the plan names none, that is said."""
    return f"责任单位（{who}）" if who.startswith(NOBODY) or who.startswith("由") else who


def _places(pack: Pack, row) -> list[str]:
    facts = pack.plan.indicator(row.indicator)
    places = shortfalls(pack, row)[:3]
    if facts.census and row.denominator > 1:
        return [of_all(row.numerator, row.denominator, facts)]
    if len(places) < 2 or row.direction != "up":
        return []
    return [
        f"差额{part_of([(name, short) for name, short, *_ in places], row.children, noun_of(facts))}（{row.latest_year:.0f}年）"
    ]


def _apart(pack: Pack, row) -> list[str]:
    told = []
    for dimension, (first, second) in reversed(GROUPS.items()):
        known = equity_rows(pack, dimension)
        known = known[known["apart"] & (known["indicator"] == row.indicator)] if len(known) else known
        for one in known.itertuples():
            higher, lower = (first, second) if one.estimate > 0 else (second, first)
            size = one.gap_text.split("（")[0].lstrip("−-")
            told.append(f"{GROUP_LABELS[higher]}比{GROUP_LABELS[lower]}高{size}（{one.years}年）")
    return told


def _commitment(pack: Pack, row) -> list[str]:
    found = undone_commitment(pack, str(row.goal))
    if not found:
        return []
    facts, one, left = found
    return [
        f"对应措施中“{facts.name}”尚有{left}未达标（{of_all(one.numerator, one.denominator, facts)}已达标）"
    ]


def suggestions(pack: Pack, number: int) -> list[Block]:
    """对策建议: who does what, how much, by when, what shows that it works; at most ten. number: of the chapter."""
    rows = list(every_decision(pack))[:SUGGESTIONS]
    told: list[Block] = [Heading(heading(number, "对策建议"))]
    if not rows:
        return [*told, Paragraph("没有具备地点、数量和时限的建议。")]
    told.append(
        Paragraph(
            f"以下{len(rows)}条按差额大小排列，各条写明由谁、做什么、多少、到何时、看什么，汇总见[[对策建议一览]]。"
        )
    )
    for place, one in enumerate(rows, 1):
        told.append(
            Paragraph(
                f"{one.basis}。建议{_named(one.who)}{one.ask}（时限：{one.when}）。",
                f"{place}．{one.matter}：",
            )
        )
    listed = tuple((one.matter, one.ask, one.who, one.when) for one in rows)
    return [
        *told,
        Table(
            SUGGESTED, listed, (0.18, 0.46, 0.2, 0.16), "对策建议一览", links=tuple(one.link for one in rows)
        ),
    ]
