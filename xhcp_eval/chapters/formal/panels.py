"""Small line charts side by side, a target each: values of the years, the target as a dashed line with its words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from xhcp_eval.chapters.kit import style
from xhcp_eval.chapters.kit.blocks import Picture
from xhcp_eval.chapters.kit.svg import figure_svg
from xhcp_eval.chapters.wording.values import bound_text, bound_value, value_text
from xhcp_eval.observations.table import is_total
from xhcp_eval.pack.pack import Pack

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MILLIMETRE = 1 / 25.4  # inches
WIDTH, ACROSS, HIGH = 156.0, 3, 33.0  # of the drawing; panels in a row; height of one, millimetres
TYPE = 9.0  # points
FEWEST = 3  # values of a line
NEUTRAL = style.HISTORY


def trend_panels(pack: Pack, rows: pd.DataFrame, title: str) -> list[Picture]:
    """One drawing of a panel each for the rows that have a series; nothing if they don't fill a row.

    rows: of an assessment, one a target. title: what the drawing finds.
    """
    from matplotlib.figure import Figure

    found = [(row, _series(pack, row.indicator)) for row in rows.drop_duplicates("indicator").itertuples()]
    found = [(row, series) for row, series in found if len(series) >= FEWEST]
    if len(found) < ACROSS:  # one or two lines say no more than their sentences
        return []
    style.use_style()
    lines = -(-len(found) // ACROSS)
    figure = Figure(figsize=(WIDTH * MILLIMETRE, lines * HIGH * MILLIMETRE))
    for k, (row, series) in enumerate(found):
        left, top = (k % ACROSS) / ACROSS, 1 - (k // ACROSS) / lines
        axes = figure.add_axes((left + 0.035, top - 0.8 / lines, 1 / ACROSS - 0.055, 0.55 / lines))
        _panel(axes, pack, row, series)
    svg, width, height = figure_svg(figure, tight=False)
    opening = f'<svg viewBox="0 0 {width * 0.75:g} {height * 0.75:g}" width="{width}" height="{height}">'
    told = "；".join(
        f"{pack.plan.indicator(row.indicator).short_name}{series.index[-1]}年{value_text(series.iloc[-1], row.unit)}，目标{bound_text(row.target_text)}"
        for row, series in found
    )
    source = f"资料来源：各责任部门填报{'（演示数据）' if pack.is_demo else ''}。实线为历年值，虚线为目标。"
    return [Picture(f"{opening}{svg}</svg>", width, height, f"{title}。{told}", title, source)]


def _series(pack: Pack, indicator: str) -> pd.Series:
    """Values of the whole region by year, within the years that all panels show."""
    rows = pack.observations
    rows = rows[
        (rows["indicator"] == indicator)
        & (rows["region"] == pack.region)
        & is_total(rows)
        & rows["value"].notna()
    ]
    rows = rows[rows["year"] >= pack.plan.base_year - 5]
    return rows.set_index("year")["value"].sort_index()


def _panel(axes: Axes, pack: Pack, row, series: pd.Series) -> None:
    first, end = pack.plan.base_year - 5, pack.plan.end_year
    axes.plot(series.index, series.to_numpy(), color=NEUTRAL, linewidth=1.3)
    axes.plot(series.index[-1:], series.to_numpy()[-1:], marker="o", markersize=3.5, color=NEUTRAL)
    axes.set_xlim(first, end + 1)
    name = pack.plan.indicator(row.indicator).short_name
    axes.set_title(f"{name} {value_text(series.iloc[-1], row.unit)}", fontsize=TYPE, loc="left", pad=12)
    if math.isfinite(row.target_value):
        axes.axhline(row.target_value, linestyle="--", linewidth=1, color="black")
        axes.text(
            0,
            1.03,
            f"虚线：目标{bound_value(row.target_value, row.unit)}",
            fontsize=TYPE,
            transform=axes.transAxes,
        )
    axes.set_xticks([first, pack.plan.base_year, end])
    axes.tick_params(labelsize=TYPE, length=2)
    axes.set_yticks([])
    axes.margins(y=0.2)
    axes.grid(False)
