"""What is asked of those who decide: who does what, how much, by when, and what shows that it works; each rule a row.

A rule that finds no place, quantity or date says nothing: a general appeal is no decision.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pandas as pd

from xhcp_eval.chapters.brief.basis import (
    AT_RISK_LIST,
    end_targets,
    hardest,
    is_over,
    risks,
    shortfalls,
    to_chapter,
    to_indicator,
    undone_tasks,
)
from xhcp_eval.chapters.brief.matter import Decision, issuer
from xhcp_eval.chapters.brief.next_plan import next_plan
from xhcp_eval.chapters.edited import edited_advice
from xhcp_eval.chapters.kit.blocks import Table
from xhcp_eval.chapters.kit.tables import AT_RISK, own_targets
from xhcp_eval.chapters.third_party.scores import appraisal_of
from xhcp_eval.chapters.wording.causes import part_of
from xhcp_eval.chapters.wording.duties import units
from xhcp_eval.chapters.wording.nouns import counted, noun_of, of_all
from xhcp_eval.chapters.wording.pace import required_text
from xhcp_eval.chapters.wording.standing import gap_text
from xhcp_eval.chapters.wording.values import bound_value, value_text
from xhcp_eval.pack.pack import Pack
from xhcp_eval.plan.model import Indicator
from xhcp_eval.verdict.status import Status

MOST = 6  # rows
PLACES = 3
HEAD = ("事项", "依据", "建议的决定", "建议牵头·配合", "时限")
WIDTHS = (0.12, 0.4, 0.26, 0.13, 0.09)


def decision_table(pack: Pack) -> Table:
    """At most six matters for the leading group, those with the largest shortfall first."""
    rows = list(every_decision(pack))[:MOST]
    caption = "需要在下一周期规划中决定的事项" if is_over(pack) else "需要领导小组决定的事项"
    return Table(
        HEAD,
        tuple((one.matter, one.basis, one.edited or one.ask, one.who, one.when) for one in rows),
        WIDTHS,
        caption if rows else f"没有{caption}",
        links=tuple(one.link for one in rows),
    )


def every_decision(pack: Pack) -> Iterator[Decision]:
    """All matters for which place, quantity or date is known, the heaviest first; once the plan has run out, for the next.

    Suggestions that a person has edited stand in place of ours.
    """
    for one in next_plan(pack) if is_over(pack) else _running(pack):
        text = edited_advice(pack, one.about) if one.about else ""
        yield replace(one, edited=text) if text else one


def _running(pack: Pack) -> Iterator[Decision]:
    hard = hardest(pack)
    yield from (_supervised(pack, rows) for rows in hard[:1])
    taken = set(hard[0]["indicator"]) if hard else set()
    yield from _by_places(pack, taken)
    yield from _to_build(pack)
    yield from _readings(pack)
    yield from _missing(pack)
    yield from _tasks(pack)
    yield from (_supervised(pack, rows) for rows in hard[1:])


def _next_year(pack: Pack) -> int:
    return pack.params.data_until + 1


def _supervised(pack: Pack, rows: pd.DataFrame) -> Decision:
    """A goal whose targets are far off: what it would take, which of its commitments aren't done, how it was scored."""
    first, listed = rows.iloc[0], list(rows.itertuples())
    parts = [_far(pack, row) for row in listed[:2]]
    undone = undone_commitment(pack, str(first["goal"]))
    if undone:
        facts, row, _ = undone
        short = of_all(row.denominator - row.numerator, row.denominator, facts)
        parts.append(f"{facts.name}：{short}尚未达标")
    parts += scored(pack, str(first["goal"]))
    ask = f"列入下年度重点督办，{_watch(pack, listed)}"
    if undone:
        ask += f"；先完成{undone[2]}并公布清单"
    name = pack.plan.goal(str(first["goal"])).name if first["goal"] else first["indicator_name"]
    named = [pack.plan.indicator(row.indicator) for row in listed]
    return Decision(name, "；".join(parts), ask, units(*named), f"{_next_year(pack)}年底",
                    to_indicator(pack, first["indicator"]), tuple(rows["indicator"]))  # fmt: skip


def _watch(pack: Pack, rows: list) -> str:
    """What shows next year that it works: the values on the way to the targets."""
    told = []
    for row in rows[:2]:
        bound = "不高于" if row.direction == "down" else "不低于"
        value = row.latest_value + row.required_pace * (_next_year(pack) - row.latest_year)
        told.append(f"{pack.plan.indicator(row.indicator).short_name}{bound}{value_text(value, row.unit)}")
    return f"{_next_year(pack)}年{'、'.join(told)}"


def _far(pack: Pack, row) -> str:
    """How far a target is off: what it needs a year while there are years left, else what is short."""
    short = pack.plan.indicator(row.indicator).short_name
    needs = required_text(row)
    return f"{short}{needs or f'{value_text(row.latest_value, row.unit)}，差{gap_text(pack.plan, row)}'}"


def undone_commitment(pack: Pack, goal: str) -> tuple[Indicator, Any, str] | None:
    """The commitment of a goal's strategies that is furthest from done and can be counted: indicator, row, what is left."""
    rows = own_targets(pack, False)
    rows = rows[
        (rows["goal"] == goal)
        & rows["status"].isin(AT_RISK)
        & (rows["kind"] == "proportion")
        & (rows["gap"] > 0)
    ]
    rows = rows[rows["target_value"] == 100]
    for row in rows.sort_values("children", ascending=False).itertuples() if goal else ():
        facts = pack.plan.indicator(row.indicator)
        left = counted(row.denominator - row.numerator, facts)
        if left:
            return facts, row, left
    return None


def scored(pack: Pack, goal: str) -> list[str]:
    """What the third party gave the strategy of a goal, beside the office's own score."""
    appraisal = appraisal_of(pack) if pack.params.evaluation and goal else None
    if appraisal is None:
        return []
    strategies = {s.id: s.name for s in pack.plan.strategies if s.goals[:1] == (goal,)}
    rows = appraisal.items[appraisal.items["item"].isin(strategies) & appraisal.items["median"].notna()]
    if rows.empty:
        return []
    one = rows.sort_values("median", kind="stable").iloc[0]
    own = f"，自评{one['self_score']:g}" if one["self_score"] == one["self_score"] else ""
    return [f"第三方对措施“{strategies[one['item']]}”评{one['median']:g}分（满分4{own}）"]


def _by_places(pack: Pack, taken: set[str]) -> Iterator[Decision]:
    """Shares that are short by children who can be counted by township: the places with most of them come first."""
    rows = risks(pack)
    rows = rows[
        (rows["kind"] == "proportion") & ~rows["every_year"] & (rows["gap"] > 0) & (rows["direction"] == "up")
    ]
    for row in rows.itertuples():
        facts = pack.plan.indicator(row.indicator)
        places = shortfalls(pack, row)[:PLACES]
        if facts.census or row.indicator in taken or len(places) < 2:
            continue
        named = "、".join(name for name, *_ in places)
        basis = f"{value_text(row.latest_value, row.unit)}，差{gap_text(pack.plan, row)}；"
        basis += part_of([(name, short) for name, short, *_ in places], row.children, noun_of(facts))
        ask = (
            f"向{named}下达补足任务，按季公布进度；全区达到{bound_value(row.target_value, row.unit)}即为见效"
        )
        yield Decision(facts.short_name, basis, ask, f"{units(facts)}·有关乡镇街道", f"{_next_year(pack)}年",
                       to_indicator(pack, row.indicator), (row.indicator,))  # fmt: skip
        return


def _to_build(pack: Pack) -> Iterator[Decision]:
    """Full counts that are short: how many to build a year, and the place with most left."""
    for row in risks(pack).itertuples():
        facts = pack.plan.indicator(row.indicator)
        if not facts.census or row.kind != "proportion" or not row.gap > 0 or row.every_year:
            continue
        years = pack.plan.end_year - pack.params.data_until
        basis = f"{of_all(row.numerator, row.denominator, facts)}，差{counted(row.children, facts)}"
        places = [(name, n, d) for name, _, n, d in shortfalls(pack, row) if d - n >= 1]
        ask = (
            f"{_next_year(pack)}—{pack.plan.end_year}年每年新增{_a_year(row.children, years)}{noun_of(facts)}"
        )
        if places:
            name, have, whole = max(places, key=lambda place: place[2] - place[1])
            ask += f"；先从{name}做起（{of_all(have, whole, facts)}）"
        yield Decision(
            facts.short_name,
            basis,
            ask,
            units(facts),
            "逐年",
            to_indicator(pack, row.indicator),
            (row.indicator,),
        )


def _a_year(children: float, years: int) -> str:
    low, high = math.floor(children / years), math.ceil(children / years)
    return str(high) if low == high or low < 1 else f"{low}—{high}"


def _readings(pack: Pack) -> Iterator[Decision]:
    """Sentences of the plan that allow two verdicts: the issuer has to say which number holds."""
    rows = end_targets(pack)
    rows = rows[rows["status"] == Status.DISPUTED]
    for anomaly, part in rows.groupby("anomaly", sort=False):
        title = pack.plan.ambiguity(str(anomaly)).title_zh if anomaly else "、".join(part["indicator_name"])
        basis = f"{title}；按不同读法，{'、'.join(part['indicator_name'])}的结论不同"
        yield Decision("规划文本读法", basis, "书面明确按哪个数，印发各部门", issuer(pack), "本次会议",
                       to_chapter(pack, "35_disputed_readings.ipynb"))  # fmt: skip


def _missing(pack: Pack) -> Iterator[Decision]:
    rows = end_targets(pack)
    rows = rows[rows["status"] == Status.NO_DATA]
    if rows.empty:
        return
    named = [pack.plan.indicator(name) for name in rows["indicator"]]
    basis = f"{'、'.join(one.short_name for one in named)}：{len(named)}项截至{pack.params.data_until}年没有数据，达到与否无从判断"
    leads = "·".join(dict.fromkeys(one.departments[0] for one in named if one.departments)) or units()
    yield Decision("缺数据的指标", basis, f"对{len(named)}项确定口径并安排一次调查", leads,
                   f"{_next_year(pack)}年6月前", f"{AT_RISK_LIST.split('#')[0]}#undecided")  # fmt: skip


def _tasks(pack: Pack) -> Iterator[Decision]:
    """One-off tasks of the plan that nobody has reported as done."""
    names = undone_tasks(pack)
    if not names:
        return
    yield Decision("未完成的任务", f"{'、'.join(names)}：{len(names)}项一次性任务尚未完成", f"完成{len(names)}项，或书面说明不做的理由",
                   "由任务分解表确定", f"{_next_year(pack) + 1}年", to_chapter(pack, "20_overview.ipynb"))  # fmt: skip
