"""三、分领域进展: a section a domain, its heading a finding; counts, progress, risks, small numbers, scored goals, groups."""

from __future__ import annotations

import pandas as pd

from xhcp_eval.chapters.brief.basis import end_targets, is_over, risks, to_domain
from xhcp_eval.chapters.brief.risks import course
from xhcp_eval.chapters.edited import edited
from xhcp_eval.chapters.figures.trends import trend_panels
from xhcp_eval.chapters.formal.basis import broken, counts_words, target_table
from xhcp_eval.chapters.formal.practices import practices
from xhcp_eval.chapters.kit.blocks import Block, Heading, Paragraph
from xhcp_eval.chapters.third_party.scores import appraisal_of
from xhcp_eval.chapters.wording.apart import PAIRS, group_gaps_of
from xhcp_eval.chapters.wording.counting import counts_of
from xhcp_eval.chapters.wording.names import heading
from xhcp_eval.chapters.wording.nouns import told_value
from xhcp_eval.chapters.wording.pace import required_text, why_in_doubt
from xhcp_eval.chapters.wording.readers import READERS, Reader, side_text
from xhcp_eval.chapters.wording.standing import gap_text, kept, not_yet, stands, why_short
from xhcp_eval.chapters.wording.values import bound_text
from xhcp_eval.pack.pack import Pack
from xhcp_eval.verdict.status import Status

MOST, SENTENCES, FEW = 6, 3, 2


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
    if not practices(pack):
        told.append(
            Paragraph(
                f"{pack.plan.start_year}—{pack.params.data_until}年的评估期内未收到可核实的做法材料。",
                "好做法：",
            )
        )
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
        (
            "好做法：",
            "；".join(practices(pack).get(domain, [])) + "。" if practices(pack).get(domain) else "",
        ),
    ]
    return [
        Heading(heading(place, f"儿童与{name}：{_finding(pack, rows, found)}", 2), 2),
        *(Paragraph(text, lead, link=to_domain(pack, domain)) for lead, text in said if text),
        *trend_panels(pack, rows, f"儿童与{name}"),
        # of one or two targets the sentences have told everything
        *(
            [target_table(pack, rows, f"儿童与{name}领域{pack.plan.end_year}年目标", MOST)]
            if len(rows) > FEW
            else []
        ),
    ]


def _finding(pack: Pack, rows: pd.DataFrame, found) -> str:
    """The heading: what is short, by name; else how many are steady."""
    mine = set(rows["indicator"])
    short = [
        pack.plan.indicator(row.indicator).short_name
        for row in risks(pack).itertuples()
        if row.indicator in mine
    ]
    if not short and not found.steady:
        return found.by_verdict
    if not short:
        return f"{found.total}项目标中{found.steady}项{'达到' if found.over else '稳'}"
    return f"{'、'.join(dict.fromkeys(short[:3]))}{'未达到' if found.over else '是短板'}"


def _progress(pack: Pack, rows: pd.DataFrame) -> list[str]:
    """Targets that are steady and have moved furthest towards their aim since the base year."""
    good = rows[rows["status"].map(lambda s: READERS[Status(s)] in (Reader.SECURE, Reader.LIKELY))]
    good = good[good["base_value"].notna() & (good["base_year"] < good["latest_year"])]
    sign = (good["direction"] == "up").map({True: 1, False: -1})
    moved = sign * (good["latest_value"] - good["base_value"]) / good["base_value"].abs().clip(lower=1e-9)
    listed = good.assign(_moved=moved)[moved > 0].sort_values("_moved", ascending=False).head(SENTENCES)
    return [edited(pack).get(("good", row.target_id)) or _moved(pack, row) for row in listed.itertuples()]


def _moved(pack: Pack, row) -> str:
    facts = pack.plan.indicator(row.indicator)
    before, now = (told_value(value, row, facts) for value in (row.base_value, row.latest_value))
    return (
        f"{row.indicator_name}由{row.base_year:.0f}年的{before}变为{row.latest_year:.0f}年的{now}，"
        f"目标{bound_text(row.target_text)}{_clause(stands(pack.plan, row))}。"
    )


def _risky(pack: Pack, domain: str) -> list[str]:
    rows = risks(pack)
    return [_risk(pack, row) for row in rows[rows["domain"] == domain].head(SENTENCES).itertuples()]


def _risk(pack: Pack, row) -> str:
    if row.every_year:
        ahead = "" if is_over(pack) else kept(row)[1]
        return f"{row.indicator_name}{broken(row) or '规划期内逐年保持'}{_clause(ahead)}。"
    now = course(pack, row)
    short = f"，差{gap_text(pack.plan, row)}" if row.gap > 0 else ""
    if not_yet(row):
        return f"{row.indicator_name}{now}，{stands(pack.plan, row)}。"
    needs = "" if is_over(pack) else required_text(row)
    doubt = why_in_doubt(row, pack.comparables) if needs else ""
    return f"{row.indicator_name}{now}，目标{bound_text(row.target_text)}{short}{_clause(needs, '；')}{_clause(doubt)}。"


def _clause(text: str, sign: str = "，") -> str:
    return f"{sign}{text}" if text else ""


def _open(pack: Pack, rows: pd.DataFrame) -> str:
    """Open targets with value, side and reason; those of one reason and side together."""
    listed = rows[
        rows["status"].map(lambda s: READERS[Status(s)] == Reader.OPEN) & rows["latest_value"].notna()
    ]
    groups: dict[str, list[str]] = {}
    for row in listed.itertuples():
        facts = pack.plan.indicator(row.indicator)
        value = f"{facts.short_name}{told_value(row.latest_value, row, facts)}"
        if row.latest_year != pack.params.data_until:
            value += f"（{row.latest_year:.0f}年）"
        if text := edited(pack).get(("open", row.target_id)):
            groups[text.rstrip("。")] = []
            continue
        groups.setdefault(f"{why_short(row)}、{side_text(row.side) or '读法待定'}的", []).append(value)
    told = [f"{why}{len(names)}项：{'、'.join(names)}" if names else why for why, names in groups.items()]
    return f"{'；'.join(told)}。" if told else ""


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
    """The difference between groups that is surest to exceed chance, by residence and by sex."""
    told = [
        text
        for dimension in PAIRS
        for text in group_gaps_of(pack, dimension, set(rows["indicator"]), True, 1)
    ]
    return "；".join(told) + "，差别超出偶然。" if told else ""
