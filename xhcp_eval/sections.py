"""Runs of tables, figures and sentences for a notebook: a goal and its indicators, one below the other."""

from __future__ import annotations

from xhcp_eval import figures, narrative, tables
from xhcp_eval.pack import Pack
from xhcp_eval.plan import Goal, Indicator

UNIT_OPS = ("min_over_township", "min_over_school")


def show_domain(pack: Pack, domain: str = "") -> None:
    """Display every goal of a domain with its targets, figures and reasons; a plan without goals by indicator.

    domain: id of a domain of the plan; empty for all. Raises PlanError for an unknown domain.
    """
    for goal in pack.plan.goals:
        if domain in ("", goal.domain):
            _show_goal(pack, goal)
    if not pack.plan.goals:
        for indicator in pack.plan.indicators:
            if domain in ("", pack.plan.domain_of(indicator)):
                _show_indicator(pack, indicator, level=2)


def _show_goal(pack: Pack, goal: Goal) -> None:
    from IPython.display import Markdown, display

    row = pack.goals[pack.goals["goal"] == goal.id].iloc[0]
    number = goal.id.rsplit(".", 1)[-1]
    display(Markdown(f"## {number}. {goal.name}"))
    display(narrative.goal_sentence(pack, goal, row))
    if (pack.assessment["goal"] == goal.id).any():
        display(tables.targets_of(pack, goal.id))
    for name in goal.indicators:
        indicator = pack.plan.indicator(name)
        # an indicator that serves several goals is shown in full once, under its own
        if indicator.goal == goal.id:
            _show_indicator(pack, indicator, level=3)
    strategies = [s for s in pack.plan.strategies if goal.id in s.goals]
    if strategies:
        display(tables.strategies_table(pack, strategies))


def _show_indicator(pack: Pack, indicator: Indicator, level: int) -> None:
    from IPython.display import Markdown, display

    display(Markdown(f"{'#' * level} {indicator.name}"))
    display(narrative.indicator_sentence(pack, indicator.id))
    if len(figures.main_rows(pack, indicator.id)) and indicator.kind not in ("yes_no", "gap"):
        display(figures.fan_chart(pack, indicator.id))
    if any(t.aggregation in UNIT_OPS for t in indicator.targets) and len(
        figures.unit_rows(pack, indicator.id)
    ):
        display(figures.units_chart(pack, indicator.id))
