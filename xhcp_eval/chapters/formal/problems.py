"""七、存在问题, 八、原因分析 and 九、对策建议: what the brief's decisions rest on, told at length; no cause without a design."""

from __future__ import annotations

from xhcp_eval.chapters.brief.basis import end_targets, is_over, risks, shortfalls, to_domain, to_indicator
from xhcp_eval.chapters.brief.decisions import every_decision, scored, undone_commitment
from xhcp_eval.chapters.edited import edited, other_advice
from xhcp_eval.chapters.figures.shortfalls import shortfall_bars
from xhcp_eval.chapters.formal.basis import broken
from xhcp_eval.chapters.kit.blocks import Block, Heading, Paragraph
from xhcp_eval.chapters.wording.apart import PAIRS, group_gaps_of
from xhcp_eval.chapters.wording.causes import part_of
from xhcp_eval.chapters.wording.counting import counts
from xhcp_eval.chapters.wording.duties import NOBODY, units
from xhcp_eval.chapters.wording.names import heading
from xhcp_eval.chapters.wording.nouns import noun_of, of_all
from xhcp_eval.chapters.wording.standing import gap_text, not_yet, stands
from xhcp_eval.chapters.wording.values import value_text
from xhcp_eval.pack.pack import Pack
from xhcp_eval.pack.params import DATA_PAGE
from xhcp_eval.verdict.status import Status

MOST, CAUSES, SUGGESTIONS = 6, 6, 10


def problems(pack: Pack, number: int) -> list[Block]:
    """存在问题, at most six groups. number: of the chapter."""
    told: list[Block] = [Heading(heading(number, "存在问题"))]
    found = counts(pack, pack.plan.end_year)
    what = "未达到" if is_over(pack) else "有风险"
    groups = _by_domain(pack)
    open_rows = end_targets(pack)
    absent = open_rows[open_rows["status"] == Status.NO_DATA]
    for place, (name, rows) in enumerate(groups[: MOST - 1], 1):
        listed = "；".join(_problem(pack, row) for row in rows)
        lead = f"{place}．儿童与{name}：{len(rows)}项{what}。"
        told.append(Paragraph(f"{listed}。", lead, link=to_domain(pack, rows[0].domain)))
    if len(absent):
        names = "、".join(absent["indicator_name"])
        told.append(
            Paragraph(
                f"{found.total}项{found.year}年目标中{len(absent)}项截至{pack.params.data_until}年没有数据：{names}。",
                f"{min(len(groups), MOST - 1) + 1}．监测：",
                link=f"{DATA_PAGE}#undecided",
            )
        )
    return told if len(told) > 1 else [*told, Paragraph(f"{found.total}项{found.year}年目标没有{what}的。")]


def _problem(pack: Pack, row) -> str:
    """A target at risk in a clause, or the sentence that a person has put in its place."""
    if text := edited(pack).get(("problems", row.target_id)):
        return text.rstrip("。")
    if row.every_year:
        return f"{row.indicator_name}{broken(row)}"
    now = value_text(row.latest_value, row.unit, row.target_value)
    if not_yet(row):
        return f"{pack.plan.indicator(row.indicator).short_name}{now}，{stands(pack.plan, row)}"
    short = f"，差{gap_text(pack.plan, row)}" if row.gap > 0 else ""
    return f"{pack.plan.indicator(row.indicator).short_name}{now}（{row.latest_year:.0f}年）{short}"


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
        Paragraph("本章只写差额的构成、对应措施和第三方评分；没有对照设计，不写因果。"),
    ]
    rows = risks(pack)
    listed = rows[~rows["every_year"] & (rows["gap"] > 0)].drop_duplicates("indicator").head(CAUSES)
    key = listed["goal"].where(listed["goal"] != "", listed["indicator"])
    for place, (_, part) in enumerate(listed.groupby(key, sort=False), 1):
        rows_of = list(part.itertuples())
        told += [
            Heading(heading(place, _short(pack, rows_of), 2), 2),
            Paragraph(_shown(pack, rows_of), "数据能说明的：", link=to_indicator(pack, rows_of[0].indicator)),
        ]
    if len(listed):
        facts_of = [pack.plan.indicator(name) for name in listed["indicator"]]
        asked = dict.fromkeys(name for one in facts_of for name in (one.departments or (_named(units()),)))
        told.append(
            Paragraph(f"以上{len(listed)}项差额的其余原因，有待{'、'.join(asked)}说明。", "数据不能说明的：")
        )
    told[2:2] = shortfall_bars(pack)
    return told if len(listed) else [*told, Paragraph("没有需要分解差额的目标。")]


def _short(pack: Pack, rows: list) -> str:
    """The heading of a goal whose targets are short: by how much, in children or places."""
    word = "还差" if is_over(pack) else "差"
    return "、".join(
        f"{pack.plan.indicator(row.indicator).short_name}{word}{gap_text(pack.plan, row)}" for row in rows
    )


def _shown(pack: Pack, rows: list) -> str:
    """What the data show of a goal's shortfalls: by indicator where they lie, then what all of them share."""
    parts = []
    for row in rows:
        mine = [*_places(pack, row), *_apart(pack, row)]
        name = pack.plan.indicator(row.indicator).short_name if len(rows) > 1 else ""
        parts.append(f"{name}{'，'.join(mine)}" if mine else "")
    parts += [*_commitment(pack, rows[0]), *scored(pack, str(rows[0].goal))]
    names = "、".join(pack.plan.indicator(row.indicator).name for row in rows)
    absent = f"截至{rows[0].latest_year:.0f}年，{names}没有分地区、分人群的计数，构成无从分解"
    return f"{'；'.join(filter(None, parts)) or absent}。"


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
    return [text for dimension in PAIRS for text in group_gaps_of(pack, dimension, {row.indicator})]


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
    order = (
        "供下一周期规划采用，各条写明由谁、做什么、依据哪些数"
        if is_over(pack)
        else "按差额大小排列，各条写明由谁、做什么、多少、到何时、看什么"
    )
    told.append(Paragraph(f"以下{len(rows)}条{order}。"))
    for place, one in enumerate(rows, 1):
        ours = f"建议{_named(one.who)}{one.ask}（时限：{one.when}）。"
        told.append(
            Paragraph(f"{one.basis}。{one.edited or ours}", f"{place}．{one.matter}：", link=one.link)
        )
    about = {indicator for one in rows for indicator in one.about}
    for place, text in enumerate(other_advice(pack, about), len(rows) + 1):
        told.append(Paragraph(text, f"{place}．"))
    return told
