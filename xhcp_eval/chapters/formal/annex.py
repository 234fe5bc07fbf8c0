"""附表: all targets of the last and the middle year, measurable commitments, gaps of the data, doubts of the text."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from xhcp_eval.chapters.brief.basis import end_targets, is_over
from xhcp_eval.chapters.brief.risks import course, needs
from xhcp_eval.chapters.formal.basis import address, short_or_side, who
from xhcp_eval.chapters.kit.blocks import Block, Heading, Table
from xhcp_eval.chapters.kit.tables import most_urgent_first, own_targets
from xhcp_eval.chapters.wording.counting import questions
from xhcp_eval.chapters.wording.names import goal_number
from xhcp_eval.chapters.wording.readers import word_of
from xhcp_eval.chapters.wording.values import asked_text
from xhcp_eval.pack.pack import Pack

WIDTHS = (0.06, 0.18, 0.16, 0.14, 0.17, 0.12, 0.07, 0.1)
DOUBTS = ("序号", "事项", "涉及的指标")
NAMED = 2  # indicators of a doubt


def blocks(pack: Pack, number: int = 0) -> list[Block]:
    """All annexes, numbered by themselves. number: not used; chapters are called alike."""
    over, year = is_over(pack), pack.plan.midterm_year
    commitments = most_urgent_first(own_targets(pack, False).drop_duplicates("question"))
    lists = [
        (f"{pack.plan.end_year}年目标", end_targets(pack), over),
        (f"{year}年中期目标", most_urgent_first(questions(pack, year)), year <= pack.params.data_until),
        ("可计量的策略措施", commitments, over),
    ]
    made = [_targets(pack, rows, title, ended) for title, rows, ended in lists if len(rows)]
    made += [table for table in (_gaps(pack), _doubts(pack)) if table]
    numbered: list[Block] = []
    for place, (title, table) in enumerate(made, 1):
        numbered.append(Table(**{**vars(table), "caption": f"附表{place}　{title}"}))
    return [Heading("附表"), *numbered]


def _targets(pack: Pack, rows: pd.DataFrame, title: str, over: bool) -> tuple[str, Table]:
    head = (
        "编号",
        "指标",
        "基期→现值",
        "目标",
        "还差",
        "近五年年均" if over else "今后每年需",
        "判断",
        "建议牵头",
    )
    domains = {domain.id: domain.name for domain in pack.plan.domains}
    listed = tuple(
        (
            goal_number(pack.plan, row.goal) or domains.get(row.domain, "组织实施"),
            f"{place}．{row.indicator_name}",
            course(pack, row),
            asked_text(row),
            short_or_side(pack, row),
            needs(row, over) if row.gap > 0 else "—",
            word_of(row.status, over),
            who(pack, row),
        )
        for place, row in enumerate(rows.itertuples(), 1)
    )
    links = tuple(address(pack, row) for row in rows.itertuples())
    return f"{title}（{len(listed)}项）", Table(head, listed, WIDTHS, landscape=True, links=links)


def _gaps(pack: Pack) -> tuple[str, Table] | None:
    """What each department should have reported and hasn't, for the last year that may be known."""
    rows = pack.completeness
    if rows.empty:
        return None
    listed = tuple(
        (r.department, str(r.indicators), str(r.reported_ever), str(r.reported_last), f"{r.share:.1f}%")
        for r in rows.itertuples()
    )
    head = (
        "责任部门",
        "应填报指标（项）",
        "报过的（项）",
        f"{pack.params.data_until}年已报（项）",
        "报过的所占比重",
    )
    return "数据填报", Table(head, listed, (0.24, 0.19, 0.19, 0.19, 0.19))


def _doubts(pack: Pack) -> tuple[str, Table] | None:
    rows = pack.plan.readings
    if not rows:
        return None
    listed = tuple((str(k), one.title_zh, _touched(pack, one.affects)) for k, one in enumerate(rows, 1))
    return f"规划文本疑义（{len(listed)}项，请规划制定机关书面明确）", Table(
        DOUBTS, listed, (0.1, 0.56, 0.34)
    )


def _touched(pack: Pack, names: Sequence[str]) -> str:
    known = {one.id: one.short_name for one in pack.plan.indicators}
    told = [known[name] for name in names if name in known]
    return "、".join(told[:NAMED]) + (f"等{len(told)}项" if len(told) > NAMED else "") or "—"
