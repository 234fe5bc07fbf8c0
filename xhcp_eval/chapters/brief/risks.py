"""Table of what is at risk: from where to where, what is short and in what unit, what it would take, who is asked."""

from __future__ import annotations

import math

from xhcp_eval.chapters.brief.basis import is_over, risks, to_indicator
from xhcp_eval.chapters.kit.blocks import Paragraph, Table
from xhcp_eval.chapters.wording.duties import lead
from xhcp_eval.chapters.wording.nouns import of_all, told_value
from xhcp_eval.chapters.wording.pace import DOUBT, moves, reached_alike, times_text, why_in_doubt
from xhcp_eval.chapters.wording.standing import gap_text, kept, not_yet, stands, tolerance_note
from xhcp_eval.chapters.wording.values import asked_text, chance_words, value_text, vanishes
from xhcp_eval.pack.pack import Pack

WIDTHS = (0.12, 0.14, 0.15, 0.25, 0.23, 0.11)


def risk_table(pack: Pack) -> Table:
    """Targets at risk, or missed once the plan has run out; rows may be dropped from the bottom where room is short."""
    rows, over = list(risks(pack).itertuples()), is_over(pack)
    end, until = pack.plan.end_year, pack.params.data_until
    what = "未实现目标清单" if over else "有风险的目标"
    head = ("指标", f"{pack.plan.base_year}→{until}年", f"{end}年目标", "还差",
            "近五年年均" if over else "今后每年需（是近五年的几倍）", "建议牵头")  # fmt: skip
    return Table(
        head,
        tuple(_row(pack, row, over) for row in rows),
        WIDTHS,
        f"{what}（{len(rows)}项）" if rows else f"没有{what[:-2] if over else what}",
        _note(pack, rows),
        links=tuple(to_indicator(pack, row.indicator) for row in rows),
        shrinks=True,
    )


def risk_part(pack: Pack) -> Table | Paragraph:
    """The table of what is at risk; where nothing is, a sentence that says so."""
    found = risk_table(pack)
    return found if found.rows else Paragraph(f"{found.caption}。")


def _row(pack: Pack, row, over: bool) -> tuple[str, ...]:
    facts = pack.plan.indicator(row.indicator)
    return (
        facts.short_name,
        course(pack, row),
        asked_text(row),
        short_of(pack, row),
        needs(row, over),
        lead(facts),
    )


def course(pack: Pack, row) -> str:
    """From the base value to the latest, with years where they aren't the usual ones. row: of an assessment, by attribute."""
    facts = pack.plan.indicator(row.indicator) if row.kind == "count" else None
    now, before = (
        told_value(value, row, facts) if facts else value_text(value, row.unit, against)
        for value, against in ((row.latest_value, row.target_value), (row.base_value, math.nan))
    )
    if row.worst_unit:
        return f"最低：{row.worst_unit}，{now}"
    years = [str(int(y)) for y in (row.base_year, row.latest_year) if y == y]
    usual = [str(pack.plan.base_year), str(pack.params.data_until)]
    if row.base_year >= row.latest_year or not math.isfinite(row.base_value):
        return now + ("" if not years or years[-1] == usual[1] else f"（{years[-1]}年）")
    return f"{before}→{now}" + ("" if years == usual else f"（{'—'.join(years)}年）")


def short_of(pack: Pack, row) -> str:
    """What is short of the printed target, in the unit and in children or places."""
    if row.every_year:
        return kept(row)[0] if row.n_failures else "—"
    if not_yet(row):
        return stands(pack.plan, row)
    facts = pack.plan.indicator(row.indicator)
    if not row.gap > 0:
        return "现值在目标以内"
    counted = facts.census and math.isfinite(row.numerator) and row.denominator > 1
    return gap_text(pack.plan, row) + (
        f"，{of_all(row.numerator, row.denominator, facts)}" if counted else ""
    )


def needs(row, over: bool) -> str:
    """What it would take a year. over: the plan has run out, and the pace of late stands there."""
    if over and row.every_year:
        return "—"
    if over:
        return moves(row.pace, row.unit) if math.isfinite(row.pace) else "—"
    if row.every_year:
        return kept(row)[1] or "—"
    if vanishes(row.required_pace, row.unit):
        words = chance_words(row.probability)
        return f"守住现值，{words}" if words else "守住现值"
    times = times_text(row).replace("为近五年的", "")  # the head says so
    return moves(row.required_pace, row.unit) + (f"（{times}）" if times else "")


def _note(pack: Pack, rows: list) -> str:
    """What a pace that would do doesn't tell, and gaps that a sampling error lets pass."""
    names = {row.target_id: pack.plan.indicator(row.indicator).short_name for row in rows}
    doubted = [row for row in rows if why_in_doubt(row, pack.comparables)]
    told = [f"{'、'.join(names[row.target_id] for row in doubted)}{DOUBT}"] if doubted else []
    alike = [found for row in doubted if (found := reached_alike(row, pack.comparables))]
    if alike and len(alike) == len(doubted):
        reached = "、".join(str(n) for _, n in alike)
        told[0] += (
            f"，走势相近的真实序列{alike[0][0]}条中{'依次有' if len(alike) > 1 else '有'}{reached}条到达"
        )
    told += [f"{names[row.target_id]}与目标之差{text}" for row in rows if (text := tolerance_note(row))]
    return f"注：{'；'.join(told)}。" if told else ""
