"""二、规划实施总体情况: three numbers, domains, targets of the plan's middle year, how the plan is carried out."""

from __future__ import annotations

from xhcp_eval.chapters.brief.basis import end_targets, is_over
from xhcp_eval.chapters.figures.slopes import midterm_slopes
from xhcp_eval.chapters.formal.basis import target_table
from xhcp_eval.chapters.kit.blocks import Block, Heading, Paragraph, Table
from xhcp_eval.chapters.kit.tables import most_urgent_first, own_targets
from xhcp_eval.chapters.wording.counting import Counts, counts, counts_of, counts_table, questions
from xhcp_eval.chapters.wording.names import heading
from xhcp_eval.chapters.wording.readers import READERS, Reader, said
from xhcp_eval.pack.pack import Pack


def blocks(pack: Pack, number: int) -> list[Block]:
    """The chapter. number: of the chapter in the report."""
    plan = pack.plan
    end, middle = counts(pack, plan.end_year), counts(pack, plan.midterm_year)
    told: list[Block] = [
        Heading(heading(number, "规划实施总体情况")),
        Heading(heading(1, f"{end.year}年{end.total}项目标：{end.by_verdict}", 2), 2),
        Paragraph(_three(pack, end, middle)),
        _both_ways(pack, end, middle),
        Paragraph(_by_domain_words(pack)),
        _by_domain(pack),
    ]
    place = 2
    if middle.total:
        rows = most_urgent_first(questions(pack, middle.year))
        title = f"{middle.year}年{middle.total}项中期目标：{middle.by_verdict}"
        told += [
            Heading(heading(place, title, 2), 2),
            *([] if end.over else midterm_slopes(pack, rows, middle)),
            target_table(pack, rows, f"{middle.year}年中期目标", over=middle.over),
        ]
        place += 1
    return told + _carrying_out(pack, place)


def _three(pack: Pack, end: Counts, middle: Counts) -> str:
    """All, monitorable, met: the opening of published reports, first for the year that is over."""
    plan = pack.plan
    parts = []
    if middle.total:
        parts.append(
            f"{middle.year}年中期目标{middle.total}项，可监测{middle.total - middle[Reader.NONE]}项，按报表数值{middle.by_letter}"
        )
    met = f"达到{end.steady}项" if end.over else f"已达到或预计能达到{end.steady}项"
    parts.append(f"{end.year}年目标{end.total}项，可监测{end.total - end[Reader.NONE]}项，{met}")
    text = "；".join(parts) + "。"
    if plan.goals:
        measured = {target.goal for target in end_targets(pack).itertuples()}
        without = len([goal for goal in plan.goals if goal.id not in measured])
        text += f"{len(plan.goals)}项主要目标中{without}项没有{end.year}年的可计量指标，由评分或文字说明。"
    return text


def _both_ways(pack: Pack, end: Counts, middle: Counts) -> Table:
    years = [middle.year, end.year] if middle.total else [end.year]
    head = ("算法", *(f"{one.year}年{one.total}项" for one in ([middle, end] if middle.total else [end])))
    widths = (0.28, *[0.72 / len(years)] * len(years))
    return Table(head, tuple(counts_table(pack, years)), widths, "两种算法的计数")


def _by_domain(pack: Pack) -> Table:
    rows, year, over = end_targets(pack), pack.plan.end_year, is_over(pack)
    words = [
        word
        for word in Reader
        if not over or word != Reader.LIKELY or (rows["status"].map(READERS) == word).any()
    ]
    found = [
        (domain.name, counts_of(rows[rows["domain"] == domain.id], year, over))
        for domain in pack.plan.domains
    ]
    listed = [(name, one) for name, one in found if one.total] + [("合计", counts_of(rows, year, over))]
    return Table(
        ("领域", "目标", *(said(word, over) for word in words)),
        tuple((name, str(one.total), *(str(one[word]) for word in words)) for name, one in listed),
        (0.16, 0.12, *[0.72 / len(words)] * len(words)),
        f"各领域{year}年目标的判断（项）",
    )


def _by_domain_words(pack: Pack) -> str:
    rows, year, over = end_targets(pack), pack.plan.end_year, is_over(pack)
    found = [
        (domain.name, counts_of(rows[rows["domain"] == domain.id], year, over))
        for domain in pack.plan.domains
    ]
    risky = sorted((pair for pair in found if pair[1][Reader.RISK]), key=lambda pair: -pair[1][Reader.RISK])
    what = "未达到" if over else "有风险"
    if not risky:
        return f"各领域{year}年目标没有{what}的，计数见[[各领域{year}年目标的判断（项）]]。"
    named = "、".join(f"{name}{one[Reader.RISK]}项" for name, one in risky)
    return f"{year}年目标中{what}的集中在{named}，各领域计数见[[各领域{year}年目标的判断（项）]]。"


def _carrying_out(pack: Pack, place: int) -> list[Block]:
    """组织实施: the plan's own steps of carrying it out, done or not, by name."""
    rows = own_targets(pack, False)
    steps = {one.id for one in pack.plan.milestones if not one.domain}
    rows = rows[rows["indicator"].isin(steps)]
    if rows.empty and not pack.plan.measures:
        return []
    done = rows[rows["latest_value"] == 1]
    left = [
        name for name, value in zip(rows["indicator_name"], rows["latest_value"], strict=True) if value != 1
    ]
    text = f"规划对组织实施提出{len(pack.plan.measures)}条要求，其中可逐项核对的任务{len(rows)}项，截至{pack.params.data_until}年完成{len(done)}项"
    text += f"；尚未完成：{'；'.join(left)}。" if left else "。"
    return [
        Heading(heading(place, "组织实施", 2), 2),
        Paragraph(text),
    ]
