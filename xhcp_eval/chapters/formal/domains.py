"""三、分领域进展: a section a domain, its heading a finding; counts, progress, risks, small numbers, scored goals, groups."""

from __future__ import annotations

import pandas as pd

from xhcp_eval.chapters.brief.basis import end_targets, is_over, risks
from xhcp_eval.chapters.brief.risks import course
from xhcp_eval.chapters.equity import GROUP_LABELS, equity_rows
from xhcp_eval.chapters.figures.trends import trend_panels
from xhcp_eval.chapters.formal.basis import broken, counts_words, target_table
from xhcp_eval.chapters.kit.blocks import Block, Heading, Paragraph
from xhcp_eval.chapters.third_party.scores import appraisal_of
from xhcp_eval.chapters.wording.counting import counts_of
from xhcp_eval.chapters.wording.names import heading
from xhcp_eval.chapters.wording.pace import required_text
from xhcp_eval.chapters.wording.readers import READERS, Reader, side_text
from xhcp_eval.chapters.wording.standing import gap_text, kept, stands
from xhcp_eval.chapters.wording.values import bound_text, value_text
from xhcp_eval.pack.pack import Pack
from xhcp_eval.verdict.status import Status

MOST, SENTENCES = 6, 3
GROUPS = {"sex": ("male", "female"), "residence": ("urban", "rural")}


def blocks(pack: Pack, number: int) -> list[Block]:
    """The chapter. number: of the chapter in the report."""
    told: list[Block] = [Heading(heading(number, "分领域进展"))]
    place = 0
    for domain in pack.plan.domains:
        rows = end_targets(pack)
        rows = rows[rows["domain"] == domain.id]
        if rows.empty:
            continue
        place += 1
        told += _section(pack, domain.id, domain.name, rows, place)
    return told


def _section(pack: Pack, domain: str, name: str, rows: pd.DataFrame, place: int) -> list[Block]:
    found = counts_of(rows, pack.plan.end_year, is_over(pack))
    said = [
        ("", f"儿童与{name}领域{counts_words(found)}。"),
        ("进展：", "".join(_progress(pack, rows))),
        ("未实现：" if found.over else "风险：", "".join(_risky(pack, domain))),
        ("数少难断：", _open(pack, rows)),
        ("没有数量要求的目标：", _scored(pack, domain)),
        ("分组：", _groups(pack, rows)),
    ]
    return [
        Heading(heading(place, f"儿童与{name}：{_finding(pack, rows, found)}", 2), 2),
        *(Paragraph(text, lead) for lead, text in said if text),
        *trend_panels(pack, rows, f"儿童与{name}"),
        target_table(pack, rows, f"儿童与{name}领域{pack.plan.end_year}年目标", MOST),
    ]


def _finding(pack: Pack, rows: pd.DataFrame, found) -> str:
    """The heading: what is short, by name; else how many are steady."""
    mine = set(rows["indicator"])
    short = [
        pack.plan.indicator(row.indicator).short_name
        for row in risks(pack).itertuples()
        if row.indicator in mine
    ]
    if not short:
        return f"{found.total}项目标中{found.steady}项{'达到' if found.over else '稳'}"
    return f"{'、'.join(dict.fromkeys(short[:3]))}{'未达到' if found.over else '是短板'}"


def _progress(pack: Pack, rows: pd.DataFrame) -> list[str]:
    """Targets that are steady and have moved furthest towards their aim since the base year."""
    good = rows[rows["status"].map(lambda s: READERS[Status(s)] in (Reader.SECURE, Reader.LIKELY))]
    good = good[good["base_value"].notna() & (good["base_year"] < good["latest_year"])]
    moved = (good["latest_value"] - good["base_value"]).abs() / good["base_value"].abs().clip(lower=1e-9)
    listed = good.assign(_moved=moved).sort_values("_moved", ascending=False).head(SENTENCES)
    return [
        f"{row.indicator_name}由{row.base_year:.0f}年的{value_text(row.base_value, row.unit)}变为{row.latest_year:.0f}年的"
        f"{value_text(row.latest_value, row.unit, row.target_value)}，目标{bound_text(row.target_text)}"
        f"{_clause(stands(pack.plan, row))}。"
        for row in listed.itertuples()
    ]


def _risky(pack: Pack, domain: str) -> list[str]:
    rows = risks(pack)
    return [_risk(pack, row) for row in rows[rows["domain"] == domain].head(SENTENCES).itertuples()]


def _risk(pack: Pack, row) -> str:
    if row.every_year:
        ahead = "" if is_over(pack) else kept(row)[1]
        return f"{row.indicator_name}{broken(row) or '规划期内逐年保持'}{_clause(ahead)}。"
    now = course(pack, row)
    short = f"，差{gap_text(pack.plan, row)}" if row.gap > 0 else ""
    needs = "" if is_over(pack) else required_text(row)
    return f"{row.indicator_name}{now}，目标{bound_text(row.target_text)}{short}{_clause(needs, '；')}。"


def _clause(text: str, sign: str = "，") -> str:
    return f"{sign}{text}" if text else ""


def _open(pack: Pack, rows: pd.DataFrame) -> str:
    """Open targets by value and side, in one sentence."""
    listed = rows[
        rows["status"].map(lambda s: READERS[Status(s)] == Reader.OPEN) & rows["latest_value"].notna()
    ]
    told = [
        f"{pack.plan.indicator(row.indicator).short_name}{value_text(row.latest_value, row.unit)}（{row.latest_year:.0f}年，{side_text(row.side) or '读法待定'}）"
        for row in listed.itertuples()
    ]
    return f"{'；'.join(told)}。按数值只能说在哪一侧，不能断定。" if told else ""


def _scored(pack: Pack, domain: str) -> str:
    """Goals without numbers, as the third party scored them."""
    appraisal = appraisal_of(pack) if pack.params.evaluation else None
    if appraisal is None:
        return ""
    rows = appraisal.items
    rows = rows[(rows["kind"] == "goal") & (rows["domain"] == domain) & rows["median"].notna()]
    if rows.empty:
        return ""
    low = rows.sort_values("median", kind="stable").iloc[0]
    own = f"，自评{low['self_score']:g}分" if low["self_score"] == low["self_score"] else ""
    return (
        f"{len(rows)}项由第三方评分（满分4分），中位数{rows['median'].min():g}—{rows['median'].max():g}分；"
        f"最低为{low['name']}（{low['median']:g}分{own}）。"
    )


def _groups(pack: Pack, rows: pd.DataFrame) -> str:
    """The differences between groups beyond chance among the targets at risk, at most two."""
    told = []
    for dimension, (first, second) in GROUPS.items():
        known = equity_rows(pack, dimension)
        if known.empty:
            continue
        known = known[known["apart"] & known["indicator"].isin(set(rows["indicator"]))]
        names = (GROUP_LABELS[first], GROUP_LABELS[second])
        for row in known.sort_values("p").head(1).itertuples():
            told.append(
                f"{row.name}{names[0]}与{names[1]}相差{row.gap_text.split('（')[0].lstrip('−-')}（{row.years}年）"
            )
    return "；".join(told) + "，差别超出偶然。" if told else ""
