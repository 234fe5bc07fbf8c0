"""Goals and indicators of a domain as nested sections: heading, sentences, tables and figures in their order."""

from __future__ import annotations

from xhcp_eval.chapters import comparables as comparables_views
from xhcp_eval.chapters.kit import figures, narrative, tables
from xhcp_eval.chapters.kit.views import Section, section
from xhcp_eval.pack.pack import Pack
from xhcp_eval.plan.model import Goal, Indicator

NOT_DRAWN = ("yes_no", "gap")


def domain_section(pack: Pack, domain: str = "") -> Section:
    """Every goal of a domain with its targets, figures and reasons; a plan without goals goes by indicator.

    domain: id of a domain of the plan; empty for all.
    """
    parts = [_goal_section(pack, goal) for goal in pack.plan.goals if domain in ("", goal.domain)]
    if not pack.plan.goals:
        chosen = [i for i in pack.plan.indicators if domain in ("", pack.plan.domain_of(i))]
        parts = [_indicator_section(pack, indicator, 3) for indicator in chosen]
    return section("逐项评估", *parts, level=2, anchor=domain or "all")


def _goal_section(pack: Pack, goal: Goal) -> Section:
    views = [narrative.goal_sentence(pack, goal)]
    if (pack.assessment["goal"] == goal.id).any():
        views.append(tables.targets_of(pack, goal.id))
    # an indicator that serves several goals is shown in full once, under its own
    own = [i for i in map(pack.plan.indicator, goal.indicators) if i.goal == goal.id]
    views += [_indicator_section(pack, indicator, 4) for indicator in own]
    strategies = [s for s in pack.plan.strategies if goal.id in s.goals]
    if strategies:
        views.append(tables.strategies_table(pack, strategies))
    return section(f"{goal.number}. {goal.name}", *views, level=3, anchor=goal.id)


def _indicator_section(pack: Pack, indicator: Indicator, level: int) -> Section:
    views = [narrative.indicator_sentence(pack, indicator.id)]
    if indicator.kind not in NOT_DRAWN and len(figures.main_rows(pack, indicator.id)):
        views.append(figures.fan_chart(pack, indicator.id))
    if (pack.comparables["indicator"] == indicator.id).any():
        views.append(comparables_views.comparables_sentence(pack, indicator.id))
    by_unit = any(t.aggregation for t in indicator.targets)
    if by_unit and len(figures.unit_rows(pack, indicator.id)):
        views.append(figures.units_chart(pack, indicator.id))
    return section(indicator.name, *views, level=level, anchor=indicator.id)
