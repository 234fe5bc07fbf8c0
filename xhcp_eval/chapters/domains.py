"""A domain's goals and indicators, one by one: heading, sentences, tables and figures in their order."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from xhcp_eval.chapters.grounds import grounds
from xhcp_eval.chapters.kit.course import course_of, has_line
from xhcp_eval.chapters.kit.fan import fan_chart
from xhcp_eval.chapters.kit.sparklines import sparkline_table
from xhcp_eval.chapters.kit.tables import KIND_LABELS
from xhcp_eval.chapters.kit.units import unit_rows, units_chart
from xhcp_eval.chapters.kit.views import Section, TableView, TextView, View, section, table, text_view
from xhcp_eval.chapters.public_figures import context_table, figures_table, missing_sentences, published
from xhcp_eval.forecast.breaks import break_sentence
from xhcp_eval.observations.table import STATUS_LABELS, TOTAL
from xhcp_eval.pack.pack import Pack
from xhcp_eval.plan.kinds import KINDS
from xhcp_eval.plan.model import Goal, Indicator, Strategy
from xhcp_eval.plan.units import format_value
from xhcp_eval.verdict.status import Status

ABOVE = "；部分内容超出区级权限（A34），超出部分不作为本级得失评价"


def how_to_read(pack: Pack, domain: str) -> TextView:
    """What the chapters of the domains show and what their figures' marks mean, said in the first of them."""
    if domain != pack.plan.domains[0].id:
        return text_view([])
    return text_view(
        "每项主要目标依次给出：总体状态，各指标的判定依据、历年值与预测图，相关策略措施。实心点为已核实或填报值，空心点为待核实值；"
        "竖线为计数带来的95%区间。指着图上的点，或按 Tab 到图上再按方向键，可看年份、数值、计数和来源；图中的数在“本图数据”里。"
        "没有定目标的指标在章末，一行一条小线。"
    )


def domain_section(pack: Pack, domain: str = "") -> Section:
    """Every goal of a domain with its targets, figures and reasons; a plan without goals goes by indicator.

    domain: id of a domain of the plan; empty for all. Indicators without a target stand together in a table at the end.
    """
    parts = [_goal_section(pack, goal) for goal in pack.plan.goals if domain in ("", goal.domain)]
    if not pack.plan.goals:
        chosen = [i for i in pack.plan.indicators if i.targets and domain in ("", pack.plan.domain_of(i))]
        parts = [_indicator_section(pack, indicator, 3) for indicator in chosen]
        parts.append(section("没有定目标的指标", context_table(pack), level=3, anchor="context"))
    elif plain := untargeted(pack, domain):
        lines = sparkline_table(pack, plain, "没有定目标的指标：历年值（数据供参考）")
        parts.append(section("没有定目标的指标", lines, level=3, anchor=f"context-{domain or 'all'}"))
    return section("逐项评估", *parts, level=2, anchor=domain or "all")


def untargeted(pack: Pack, domain: str = "") -> list[Indicator]:
    """Indicators of a domain's goals that the plan sets no target for, once each, in the order of the goals."""
    goals = [goal for goal in pack.plan.goals if domain in ("", goal.domain)]
    own = [pack.plan.indicator(name) for goal in goals for name in goal.indicators]
    return [i for i in dict.fromkeys(own) if not i.targets and i.goal in {goal.id for goal in goals}]


def _goal_section(pack: Pack, goal: Goal) -> Section:
    status = pack.goals.loc[pack.goals["goal"] == goal.id, "status"].iloc[0]
    views: list[View] = [text_view(f"总体状态：{status}。")]
    # an indicator that serves several goals is shown in full once, under its own; a strategy under the first of its goals
    own = [i for i in map(pack.plan.indicator, goal.indicators) if i.goal == goal.id]
    views += [_indicator_section(pack, indicator, 4) for indicator in own if indicator.targets]
    strategies = [s for s in pack.plan.strategies if goal.id in s.goals]
    first = [s for s in strategies if s.goals[0] == goal.id]
    if first:
        views.append(strategies_table(pack, first))
    if len(strategies) > len(first):
        views.append(text_view(_listed_elsewhere(pack, [s for s in strategies if s not in first])))
    return section(f"{goal.number}. {goal.name}", *views, level=3, anchor=goal.id)


def _indicator_section(pack: Pack, indicator: Indicator, level: int) -> Section:
    documented = len(published(pack, indicator.id)) > 0
    drawn = KINDS[indicator.kind].drawn and has_line(pack, indicator.id)
    views: list[View] = [fan_chart(pack, indicator.id)] if drawn else []  # first: text flows beside it
    views.append(indicator_sentence(pack, indicator.id))
    if not drawn and not documented:
        views.append(few_figures(pack, indicator.id))
    if (pack.comparables["indicator"] == indicator.id).any():
        views += grounds(pack, indicator.id)
    if documented:
        views.append(figures_table(pack, indicator.id))
    if missing := missing_sentences(pack, indicator.id):
        views.append(missing)
    if any(t.aggregation for t in indicator.targets) and len(unit_rows(pack, indicator.id)):
        views.append(units_chart(pack, indicator.id))
    return section(indicator.name, *views, level=level, anchor=indicator.id)


def few_figures(pack: Pack, indicator: str) -> TextView:
    """The figures of an indicator that has too few of them for a line, in a sentence; nothing where there are none."""
    rows = course_of(pack, indicator).rows
    told = "；".join(row.told for row in rows)
    return text_view([f"填报过的数：{told}。"] if rows else [])


def goals_of(pack: Pack, domain: str | None = None) -> TableView:
    """Every goal (of a domain): kind, number of targets, overall status or why it has none, what of it lies above the district's powers."""
    rows = pack.goals if domain is None else pack.goals[pack.goals["domain"] == domain]
    above = [ABOVE if pack.plan.goal(goal).remit else "" for goal in rows["goal"]]
    shown = rows.assign(kind=rows["kind"].map(KIND_LABELS), reason=rows["reason"] + above)
    headers = {
        "goal": "编号",
        "name": "主要目标",
        "kind": "类型",
        "n_targets": "指标目标数",
        "status": "总体状态",
        "reason": "说明",
    }
    return table(
        shown,
        columns=headers,
        numeric=["n_targets"],
        status=["status"],
        wide=["reason"],
        caption="主要目标一览",
    )


def history_table(pack: Pack, indicator: str) -> TableView:
    """The reported figures of an indicator for the whole region, with counts, status and source."""
    region = pack.region
    rows = pack.observations
    rows = rows[(rows["indicator"] == indicator) & (rows["region"] == region)]
    rows = rows[(rows[["sex", "residence", "category"]] == TOTAL).all(axis=1)].sort_values("year")
    unit = pack.plan.indicator(indicator).unit
    counts = {
        name: ["—" if v != v else f"{v:,.0f}" for v in rows[name]] for name in ("numerator", "denominator")
    }
    shown = rows.assign(
        value=[format_value(v, unit) for v in rows["value"]],
        status=rows["status"].map(STATUS_LABELS),
        **counts,
    )
    headers = {
        "year": "年份",
        "value": "数值",
        "numerator": "分子",
        "denominator": "分母",
        "status": "数据状态",
        "source": "来源",
    }
    return table(
        shown,
        columns=headers,
        numeric=["year", "value", "numerator", "denominator"],
        wide=["source"],
        caption=pack.plan.indicator(indicator).name,
    )


def _listed_elsewhere(pack: Pack, strategies: Iterable[Strategy]) -> str:
    """Where strategies that serve several goals are listed, in words."""
    goals = dict.fromkeys(s.goals[0] for s in strategies)
    return f"另见{'、'.join(f'“{pack.plan.goal(goal).name}”' for goal in goals)}所列措施。"


def strategies_table(pack: Pack, strategies: Iterable[Strategy]) -> TableView:
    """Strategies with their countable commitments and where these stand."""
    status = (
        pack.assessment[pack.assessment["role"] == "verdict"]
        .drop_duplicates("indicator")
        .set_index("indicator")["status"]
    )
    rows = [
        (s.id, s.name, c.what_zh, status.get(c.milestone_id or c.indicator, Status.NOT_JUDGED.value))
        for s in strategies
        for c in s.commitments
    ]
    rows += [
        (s.id, s.name, "无可计量的承诺，须由证据评分", Status.NOT_JUDGED.value)
        for s in strategies
        if not s.commitments
    ]
    frame = pd.DataFrame(rows, columns=["id", "name", "what", "status"])
    headers = {"id": "编号", "name": "策略措施", "what": "承诺", "status": "状态"}
    return table(frame, columns=headers, status=["status"], wide=["what"], caption="相关策略措施的落实情况")


def indicator_sentence(pack: Pack, indicator: str) -> TextView:
    """The reasons behind the verdicts of one indicator, a sentence a target."""
    rows = pack.assessment[
        (pack.assessment["indicator"] == indicator) & (pack.assessment["role"] != "comparison")
    ]
    facts = pack.plan.indicator(indicator)
    sentences = [
        f"{facts.name}{r.target_year}年目标（{r.target_text}）：{r.own_status}。{r.reason}。"
        + (f"{r.literal}。" if r.literal else "")
        for r in rows.itertuples()
    ]
    region = pack.region
    known = ((pack.observations["indicator"] == indicator) & (pack.observations["region"] == region)).any()
    untargeted = "规划没有为本指标规定目标，" + ("数据供参考。" if known else "也没有填报数据。")
    return text_view(
        [*(sentences or [untargeted]), *_jumps(pack, facts), _definition(facts), _note(pack, facts)]
    )


def _jumps(pack: Pack, facts: Indicator) -> list[str]:
    """Unmarked jumps that the forecast rests on, as questions to the department."""
    rows = pack.breaks[pack.breaks["indicator"] == facts.id].to_dict("records")
    return [
        "须核实："
        + break_sentence(
            r, format_value(r["jump"], facts.unit, True), format_value(r["typical"], facts.unit, True)
        )
        for r in rows
    ]


def _definition(facts: Indicator) -> str:
    """What is counted, who reports it and which ambiguities touch it."""
    parts = []
    if facts.numerator_zh:
        parts.append(f"分子：{facts.numerator_zh}；分母：{facts.denominator_zh}")
    if facts.departments:
        parts.append(f"填报单位（建议）：{'、'.join(facts.departments)}")
    if facts.anomalies:
        parts.append(f"相关疑义：{'、'.join(facts.anomalies)}")
    return f"统计口径　{'。'.join(parts)}。" if parts else ""


def _note(pack: Pack, facts: Indicator) -> str:
    """What the plan's register says of a definition, unless it stands above the published figures already."""
    return (
        "" if not facts.note_zh or len(published(pack, facts.id)) else f"{facts.name}的说明　{facts.note_zh}"
    )
