"""Three Chinese precedents drawn at an indicator's own scale, beside its history and forecast."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from xhcp_eval.chapters.kit import style
from xhcp_eval.chapters.kit.fan import draw_fan, fan_rows, history_rows, target_marks
from xhcp_eval.chapters.kit.views import FigureView, figure_view
from xhcp_eval.errors import DataError
from xhcp_eval.forecast.reference.precedents import AFTER
from xhcp_eval.pack.pack import Pack
from xhcp_eval.plan.units import UNITS, format_value

HEIGHT = 2.7
# colour and marker by rank
COURSES = ((style.HISTORY, "s"), (style.MUTED, "^"), ("#97A3B1", "D"))
NOTE = "先例从本指标的现状画起，按本指标平常的年变动折算，不是各省的数值。"


def rows_of(pack: Pack, indicator: str) -> pd.DataFrame:
    """The precedents of an indicator, the most alike first."""
    rows = pack.precedents
    return rows[rows["indicator"] == indicator].sort_values("rank")


def precedents_chart(pack: Pack, indicator: str) -> FigureView:
    """History, forecast and the courses of its precedents as they would run from where the indicator stands.

    pack: from `open_pack`. indicator: id, with precedents in the pack. Courses are in the indicator's own unit, not figures
    of the provinces. Returns a `FigureView`; raises PlanError for an unknown id, DataError where there are no precedents.
    """
    from matplotlib.ticker import MaxNLocator

    facts, found = pack.plan.indicator(indicator), rows_of(pack, indicator)
    if found.empty:
        raise DataError(f"指标 {indicator} 没有足够相近的国内先例")
    fig, ax = style.new_figure(height=HEIGHT)
    start = history_rows(ax, pack, indicator)
    draw_fan(ax, fan_rows(pack, indicator), start)
    names = [
        _draw(ax, row, look, pack.plan.end_year)
        for row, look in zip(found.to_dict("records"), COURSES, strict=False)
    ]
    target_marks(ax, pack, facts)
    unit = UNITS[facts.unit].label
    ax.set_title(f"先例的走法，折算到{facts.name}" + (f"（{unit}）" if unit else ""), loc="left", fontsize=10)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=7))
    ax.margins(x=0.04)
    ax.legend(fontsize=7.5, frameon=False, loc="center left", bbox_to_anchor=(1.01, 0.5))
    fig.text(0.07, 0.015, NOTE, fontsize=7, color=style.MUTED)
    fig.subplots_adjust(left=0.07, right=0.67, top=0.88, bottom=0.17)
    ends = "；".join(
        f"{name}约{about(then, grain, facts.unit)}"
        for name, then, grain in zip(names, found["then"], found["grain"], strict=True)
    )
    alt = f"{facts.name}的历年值、预测区间，和国内先例折算到本指标的走法。{found['target_year'].iloc[0]}年{ends}。不是各省的数值。"
    return figure_view(
        fig, alt=alt, caption=f"{facts.name}：国内先例的走法（折算到本指标，不是各省的数值）", tight=False
    )


def about(value: float, grain: float, unit: str) -> str:
    """A value in no more digits than it is known to. grain: that it is known to, in its unit."""
    digits = UNITS[unit].decimals
    if grain > 0:
        digits = min(digits, max(0, math.ceil(-math.log10(grain))))
    return format_value(round(value, digits), unit)


def _draw(ax, row: dict, look: tuple[str, str], end: int) -> str:
    """One course; its name."""
    years = row["from_year"] + np.arange(len(AFTER) + 1)
    values = np.array([row["start"], *(row[name] for name in AFTER)], float)
    keep = np.isfinite(values) & (years <= end)
    name = f"{row['place']}{row['first_year']}—{row['last_year']}年"
    colour, marker = look
    label = f"{name}\n{row['name']}"
    ax.plot(years[keep], values[keep], color=colour, lw=1.4, marker=marker, ms=3.5, zorder=4, label=label)
    return f"{name}{row['name']}"
