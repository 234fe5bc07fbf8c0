"""中期判断与结果: what an earlier report said of each target beside what became of it; the forecast as it was published."""

from __future__ import annotations

import pandas as pd

from xhcp_eval.chapters.brief.basis import is_over, to_chapter, to_indicator
from xhcp_eval.chapters.figures.slopes import outcome_slopes
from xhcp_eval.chapters.figures.timeline import status_timeline
from xhcp_eval.chapters.kit.blocks import Block, Heading, Paragraph, Table
from xhcp_eval.chapters.outcomes import ends_text, then_and_now
from xhcp_eval.chapters.wording.names import heading
from xhcp_eval.chapters.wording.readers import Reader, word_of
from xhcp_eval.chapters.wording.standing import why_short
from xhcp_eval.chapters.wording.values import asked_text, bound_text, chance_words, value_text
from xhcp_eval.pack.pack import Pack
from xhcp_eval.plan.units import format_probability
from xhcp_eval.verdict.schema import INSIDE, OUTSIDE

ENDS = (Reader.SECURE, Reader.LIKELY, Reader.RISK, Reader.OPEN, Reader.NONE)
STEADY = (Reader.SECURE, Reader.LIKELY)
SURE, UNLIKELY = 0.7, 0.5  # chances beyond which an end on the other side is a miss
MISSES, MOST = 3, 12


def blocks(pack: Pack, number: int) -> list[Block]:
    """The chapter; nothing where the pack has no earlier forecast. number: of the chapter in the report."""
    rows = then_and_now(pack)
    if rows.empty or not is_over(pack):
        return []
    when, link = when_text(pack), to_chapter(pack, "60_outcomes.ipynb")
    open_rows = rows[~rows["settled"]]
    at_risk = open_rows[open_rows["then"] == Reader.RISK].head(MOST)
    told = [Paragraph(text, lead, link=link) for lead, text in _said(pack, rows, open_rows) if text]
    table = f"{when}判断与{pack.plan.end_year}年结果（项）"
    listed = f"{when}列为有风险的{len(at_risk)}项的结果"
    return [
        Heading(heading(number, f"{when}判断与结果")),
        *told,
        Paragraph(
            f"{when}有风险的各项见[[{listed}]]，各判断的结果见[[{table}]]。" if len(at_risk) else f"各判断的结果见[[{table}]]。"
        ),
        _crossed(open_rows, when, table),
        *([_listed(pack, at_risk, listed)] if len(at_risk) else []),
        *outcome_slopes(pack),
        *status_timeline(pack),
    ]  # fmt: skip


def when_text(pack: Pack) -> str:
    """What the earlier judgement is called: 中期, or its year."""
    origin = pack.params.forecast_origin
    return "中期" if origin == pack.plan.midterm_year else f"{origin}年"


def _said(pack: Pack, rows: pd.DataFrame, open_rows: pd.DataFrame) -> list[tuple[str, str]]:
    origin, until = pack.params.forecast_origin, pack.params.data_until
    source = (
        f"当时的判断和把握是{origin}年报告公布的，没有重算。"
        if pack.params.forecast_published
        else f"没有当时公布的结果，判断和把握是按现在的方法、只用{origin}年及以前的数重算的。"
    )
    return [
        ("", _compared(open_rows, when_text(pack)) + source),
        ("不计入的：", _settled(pack, rows[rows["settled"]], origin, until)),
        ("相差最大的：", _misses(pack, open_rows)),
    ]


def _compared(rows: pd.DataFrame, when: str) -> str:
    """What became of targets called at risk, and of those called steady."""
    risk, steady = rows[rows["then"] == Reader.RISK], rows[rows["then"].isin(STEADY)]
    failed = rows[rows["now"] == Reader.RISK]
    clauses = []
    if len(risk):
        clauses.append(f"{when}列为有风险的{len(risk)}项中，{ends_text(risk)}")
    if len(steady):
        none = "" if (steady["now"] == Reader.RISK).any() else "，没有一项未实现"
        clauses.append(f"{when}判为稳的{len(steady)}项中，{ends_text(steady)}{none}")
    if len(failed):
        warned = int((failed["then"] == Reader.RISK).sum())
        share = f"{len(failed)}项全部" if warned == len(failed) else f"{len(failed)}项中{warned}项"
        clauses.append(f"当时尚未定局、最终未实现的{share}在{when}列为有风险")
    return "；".join(clauses) + "。" if clauses else ""


def _settled(pack: Pack, rows: pd.DataFrame, origin: int | None, until: int) -> str:
    """Promises that were broken before the forecast: their outcome was no question any more; how they went on."""
    notes = pack.outcomes.drop_duplicates("target_id").set_index("target_id")["met"]
    told = []
    for row in rows.itertuples():
        kept = "都已保持" if notes.get(row.target_id) == 1 else "仍有未保持的"
        told.append(f"{row.indicator_name}{origin}年以前已有年份未保持，{(origin or 0) + 1}—{until}年{kept}")
    return f"{'；'.join(told)}。" if told else ""


def _misses(pack: Pack, rows: pd.DataFrame) -> str:
    """Ends on the other side than the forecast thought, the farthest first; unscored ones are named as well."""
    out = rows[(rows["side"] == OUTSIDE) & (rows["chance"] > SURE)].sort_values("chance", ascending=False)
    good = rows[(rows["side"] == INSIDE) & (rows["now"] == Reader.SECURE) & (rows["chance"] < UNLIKELY)]
    told = [_miss(pack, row, "在目标以外") for row in out.head(MISSES).itertuples()]
    told += [_miss(pack, row, "达到目标") for row in good.sort_values("chance").head(MISSES).itertuples()]
    return f"{'；'.join(told)}。" if told else ""


def _miss(pack: Pack, row, how: str) -> str:
    value = value_text(row.latest_value, row.unit, row.target_value)
    unscored = f"；{why_short(row)}，不能断定、不计分" if row.now == Reader.OPEN else ""
    return (
        f"{row.indicator_name}当时达到的把握{format_probability(row.chance)}，{row.latest_year:.0f}年{value}，{how}"
        f"（目标{bound_text(row.target_text).split('（')[0]}{unscored}）"
    )


def _crossed(rows: pd.DataFrame, when: str, caption: str) -> Table:
    """A row an earlier word, a column an end; ends that nobody met are left out."""
    ends = [end for end in ENDS if (rows["now"] == end).any() or end in (Reader.SECURE, Reader.RISK, Reader.OPEN, Reader.NONE)]  # fmt: skip
    listed = []
    for word in ENDS:
        mine = rows[rows["then"] == word]
        listed.append((word.value, *(str(int((mine["now"] == end).sum())) for end in ends), str(len(mine))))
    heads = {Reader.SECURE: "已达到", Reader.RISK: "未达到"}
    head = (f"{when}判断", *(heads.get(end, end.value) for end in ends), "合计")
    share = 0.75 / (len(ends) + 1)
    return Table(head, tuple(listed), (0.25, *[share] * (len(ends) + 1)), caption)


def _listed(pack: Pack, rows: pd.DataFrame, caption: str) -> Table:
    year, end = pack.params.forecast_origin, pack.plan.end_year
    listed = tuple(
        (
            row.indicator_name,
            value_text(row.value_then, row.unit)
            + ("" if row.year_then == year else f"（{row.year_then:.0f}年）"),
            f"{chance_words(row.chance)}（{format_probability(row.chance)}）" if row.chance == row.chance else "—",
            asked_text(row),
            value_text(row.latest_value, row.unit, row.target_value),
            word_of(row.status, True),
        )
        for row in rows.itertuples()
    )  # fmt: skip
    return Table(
        ("指标", f"{year}年的值", "当时的把握", f"{end}年目标", "实际值", "结果"),
        listed,
        (0.24, 0.16, 0.18, 0.18, 0.12, 0.12),
        caption,
        links=tuple(to_indicator(pack, row.indicator) for row in rows.itertuples()),
    )
