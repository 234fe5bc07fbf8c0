"""Who is asked: the plan names nobody, so every unit is a proposal; all of them are named."""

from __future__ import annotations

from xhcp_eval.plan.model import Indicator

NOBODY = "规划未写明"


def proposed(indicator: Indicator) -> str:
    """建议牵头：区教体局；配合：区卫健委."""
    others = indicator.departments[1:]
    return f"建议牵头：{lead(indicator)}" + (f"；配合：{'、'.join(others)}" if others else "")


def lead(indicator: Indicator) -> str:
    """The unit proposed to take the lead."""
    return (indicator.departments or (NOBODY,))[0]


def units(*indicators: Indicator) -> str:
    """The units of some indicators for a narrow column, the first in the lead: 区教体局·区卫健委."""
    leads = [one.departments[0] for one in indicators if one.departments]
    others = [name for one in indicators for name in one.departments[1:]]
    return "·".join(dict.fromkeys([*leads, *others])) or NOBODY
