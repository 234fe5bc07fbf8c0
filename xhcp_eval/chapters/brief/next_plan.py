"""What is asked once a plan has run out, all of it for the next one: targets to keep, to word anew, to raise or drop; bases; data.

A rule that finds no target says nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from xhcp_eval.chapters.brief.basis import (
    AT_RISK_LIST,
    end_targets,
    hardest,
    shortfalls,
    to_chapter,
    to_indicator,
    undone_tasks,
)
from xhcp_eval.chapters.brief.matter import Decision, issuer
from xhcp_eval.chapters.wording.duties import units
from xhcp_eval.chapters.wording.nouns import counted, of_all
from xhcp_eval.chapters.wording.pace import moves, since
from xhcp_eval.chapters.wording.readers import READERS, Reader
from xhcp_eval.chapters.wording.standing import gap_text, why_open, why_short
from xhcp_eval.chapters.wording.values import bound_text, value_text
from xhcp_eval.pack.pack import Pack
from xhcp_eval.verdict.status import Status

WHEN = "下一周期规划"
NAMED = 6  # targets by name
PLAIN = ("<=", ">=", "<", ">")


def next_plan(pack: Pack) -> Iterator[Decision]:
    """All matters for the next plan, what was missed by most children first."""
    yield from _keep(pack)
    yield from _start(pack)
    yield from _redefine(pack)
    yield from _raise_or_drop(pack)
    yield from _steady(pack)
    yield from _bases(pack)
    yield from _readings(pack)
    yield from _tasks(pack)


def _keep(pack: Pack) -> Iterator[Decision]:
    """Targets that were missed, by goal: they stay, from the last value, at a pace that has been seen."""
    for rows in hardest(pack, census=True):
        first, listed = rows.iloc[0], list(rows.itertuples())
        named = [pack.plan.indicator(row.indicator) for row in listed]
        basis = "；".join(
            f"{one.short_name}{_far(pack, row)}" for one, row in zip(named, listed, strict=True)
        )
        yield Decision(
            pack.plan.goal(str(first["goal"])).name if first["goal"] else first["indicator_name"],
            basis, _kept(pack, listed), units(*named), WHEN, to_indicator(pack, first["indicator"]), tuple(rows["indicator"]),
        )  # fmt: skip


def _far(pack: Pack, row) -> str:
    return f"{value_text(row.latest_value, row.unit, row.target_value)}，差{gap_text(pack.plan, row)}"


def _kept(pack: Pack, rows: list) -> str:
    """What is asked of targets that stay: full counts are built to the end, others start from the last value."""
    names = "、".join(pack.plan.indicator(row.indicator).short_name for row in rows)
    built = [text for row in rows if (text := _to_build(pack, row))]
    if built:
        return f"保留{names}指标，{'；'.join(built)}"
    bases = "、".join(value_text(row.latest_value, row.unit) for row in rows)
    moved = [row for row in rows if row.pace == row.pace]
    paces = "、".join(moves(row.pace, row.unit) for row in moved)
    text = f"保留{names}指标，以{rows[0].latest_year:.0f}年的{bases}为基数"
    return f"{text}，参照{since(moved[0])}年均{paces}核定目标值" if moved else text


def _to_build(pack: Pack, row) -> str:
    facts = pack.plan.indicator(row.indicator)
    if not facts.census or not counted(row.children, facts):
        return ""
    places = [(name, n, d) for name, _, n, d in shortfalls(pack, row) if d - n >= 1]
    text = f"补建{counted(row.children, facts)}"
    if places:
        name, have, whole = max(places, key=lambda place: place[2] - place[1])
        text += f"，先从{name}做起（{of_all(have, whole, facts)}）"
    return text


def _start(pack: Pack) -> Iterator[Decision]:
    """Targets that never had a figure."""
    rows = end_targets(pack)
    rows = rows[rows["status"] == Status.NO_DATA]
    if rows.empty:
        return
    basis = f"{_names(pack, rows)}：{len(rows)}项截至{pack.params.data_until}年没有数据"
    ask = f"对{len(rows)}项先定口径、做一次基线调查，再列为目标"
    yield Decision(
        "要开始统计的指标", basis, ask, _leads(pack, rows), WHEN, f"{AT_RISK_LIST.split('#')[0]}#undecided"
    )


def _redefine(pack: Pack) -> Iterator[Decision]:
    """Targets that ten years couldn't decide, for there are too few cases."""
    rows = _open(pack, "few_events")
    if rows.empty:
        return
    basis = f"{_names(pack, rows)}：{len(rows)}项{why_short(rows.iloc[0])}，到{pack.params.data_until}年仍不能断定"
    ask = f"{len(rows)}项改列监测、不定目标值，或用五年合并值并写明判定方法"
    yield Decision(
        "要改定义的指标", basis, ask, _leads(pack, rows), WHEN, to_indicator(pack, rows.iloc[0]["indicator"])
    )


def _steady(pack: Pack) -> Iterator[Decision]:
    """Targets whose values go up and down so much that no change can be told."""
    rows = _open(pack, "no_clear_change")
    if rows.empty:
        return
    told = [
        f"{pack.plan.indicator(row.indicator).short_name}{value_text(row.latest_value, row.unit)}，{why_open(pack, row)}"
        for row in rows.head(2).itertuples()
    ]
    basis = f"{len(rows)}项历年起伏大，如{'；'.join(told)}"
    ask = f"{len(rows)}项固定口径和调查方法，用三年平均值定目标"
    yield Decision(
        "要固定口径的指标",
        basis,
        ask,
        _leads(pack, rows),
        WHEN,
        to_indicator(pack, rows.iloc[0]["indicator"]),
    )


def _open(pack: Pack, reason: str) -> pd.DataFrame:
    rows = end_targets(pack)
    return rows[(rows["status"] == Status.UNDECIDABLE) & (rows["reason_code"] == reason)]


def _raise_or_drop(pack: Pack) -> Iterator[Decision]:
    """Targets that the base value met already: they asked for nothing."""
    rows = end_targets(pack)
    up = rows["direction"] == "up"
    met = (rows["base_value"] >= rows["target_value"]).where(up, rows["base_value"] <= rows["target_value"])
    secure = rows["status"].astype(str).map(READERS) == Reader.SECURE
    at_base = rows["base_year"] <= pack.plan.base_year
    rows = rows[rows["op"].isin(PLAIN) & met & secure & at_base & ~rows["every_year"].astype(bool)]
    if rows.empty:
        return
    told = "、".join(
        f"{pack.plan.indicator(row.indicator).short_name}（{row.base_year:.0f}年{value_text(row.base_value, row.unit)}，目标{bound_text(row.target_text)}）"
        for row in rows.head(NAMED).itertuples()
    )
    ask = f"{len(rows)}项提高目标值，或改列监测、不再列为目标"
    yield Decision("要提高或停用的指标", f"{told}：{len(rows)}项基期已在目标以内", ask, _leads(pack, rows), WHEN,
                   to_indicator(pack, rows.iloc[0]["indicator"]))  # fmt: skip


def _bases(pack: Pack) -> Iterator[Decision]:
    """Targets that are compared with another year than the plan's base year."""
    rows = end_targets(pack).drop_duplicates("indicator")
    rows = rows[
        rows["base_value"].notna() & (rows["base_year"] != pack.plan.base_year) & (rows["kind"] != "gap")
    ]
    rows = rows[~rows["op"].isin(PLAIN)]
    if rows.empty:
        return
    told = "、".join(
        f"{pack.plan.indicator(row.indicator).short_name}（{row.base_year:.0f}年）"
        for row in rows.head(NAMED).itertuples()
    )
    more = "等" if len(rows) > NAMED else ""
    yield Decision("要重定的基数", f"{told}{more}：{len(rows)}项的基期不是{pack.plan.base_year}年",
                   f"{len(rows)}项统一以{pack.plan.end_year}年为基期，把基期值写进规划", issuer(pack), WHEN,
                   to_indicator(pack, rows.iloc[0]["indicator"]))  # fmt: skip


def _readings(pack: Pack) -> Iterator[Decision]:
    rows = end_targets(pack)
    rows = rows[rows["status"] == Status.DISPUTED]
    for anomaly, part in rows.groupby("anomaly", sort=False):
        title = pack.plan.ambiguity(str(anomaly)).title_zh if anomaly else "、".join(part["indicator_name"])
        yield Decision("要写明的目标值", f"{title}；按不同读法，{'、'.join(part['indicator_name'])}的结论不同",
                       "每个年份只写一个数，写明含不含本数", issuer(pack), WHEN, to_chapter(pack, "35_disputed_readings.ipynb"))  # fmt: skip


def _tasks(pack: Pack) -> Iterator[Decision]:
    """One-off tasks of the plan that nobody has reported as done."""
    names = undone_tasks(pack)
    if not names:
        return
    yield Decision("未完成的任务", f"{'、'.join(names)}：{len(names)}项到{pack.params.data_until}年尚未完成",
                   f"{len(names)}项转入下一周期并写明责任单位，或书面说明不做的理由", "由任务分解表确定", WHEN,
                   to_chapter(pack, "20_overview.ipynb"))  # fmt: skip


def _names(pack: Pack, rows: pd.DataFrame) -> str:
    named = [pack.plan.indicator(name).short_name for name in rows["indicator"].head(NAMED)]
    return "、".join(named) + ("等" if len(rows) > NAMED else "")


def _leads(pack: Pack, rows: pd.DataFrame) -> str:
    named = [pack.plan.indicator(name) for name in rows["indicator"]]
    return "·".join(dict.fromkeys(one.departments[0] for one in named if one.departments)) or units()
