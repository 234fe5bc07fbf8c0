"""Bars: how many targets stand where, and how probable each is to be met."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from xhcp_eval.chapters.kit import style
from xhcp_eval.chapters.kit.tables import READING_MARKS, own_targets
from xhcp_eval.chapters.kit.views import FigureView, figure_view
from xhcp_eval.pack.pack import Pack
from xhcp_eval.plan.units import format_probability
from xhcp_eval.verdict.status import Status

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PolyCollection


def status_bars(pack: Pack, year: int | None = None) -> FigureView:
    """Stacked bars: a row a domain, how many of its goals' targets stand where."""
    rows = own_targets(pack, True, year).drop_duplicates("question")
    domains = [d for d in pack.plan.domains if (rows["domain"] == d.id).any()]
    counts = pd.crosstab(rows["domain"], rows["status"]).reindex(index=[d.id for d in domains])
    order = [s for s in Status if s.value in counts.columns]
    fig, ax = style.new_figure(height=0.9 + 0.42 * len(domains))
    width = counts[[s.value for s in order]].to_numpy(float)
    left, handles = width.cumsum(axis=1) - width, []
    for k, status in enumerate(order):
        look = style.STATUS_STYLE[status.value]
        label = f"{look.symbol} {status.value}"
        handles.append(_bars(ax, left[:, k], width[:, k], look.colour, 0.8, edgecolors="white", label=label))
        for row in np.flatnonzero(width[:, k] > 0):
            middle = left[row, k] + width[row, k] / 2
            ax.text(
                middle,
                float(row),
                f"{width[row, k]:.0f}",
                ha="center",
                va="center",
                fontsize=9,
                color=look.ink,
            )
    ax.set_xlim(0, 1.05 * width.sum(axis=1).max(initial=1))
    ax.set_ylim(len(domains) - 0.4, -0.6)
    name_rows(ax, [d.name for d in domains], 9)
    ax.set_xlabel("目标项数")
    ax.legend(
        handles=handles, fontsize=8, ncols=4, frameon=False, loc="upper left", bbox_to_anchor=(0, -0.22)
    )
    alt = "各领域目标状态条形图。" + "；".join(
        f"{d.name}："
        + "，".join(
            f"{s.value}{int(counts.loc[d.id, s.value])}项" for s in order if counts.loc[d.id, s.value]
        )
        for d in domains
    )
    return figure_view(fig, alt=alt + "。", caption="各领域主要目标指标的达标情况")


def probability_bars(pack: Pack, year: int | None = None) -> FigureView:
    """Probability of meeting each target of the goals in its year, lowest on top, with the status bounds marked."""
    rows = own_targets(pack, True, year or pack.plan.end_year)
    rows = rows[rows["probability"].notna()].sort_values("probability", kind="stable")
    names = [bar_name(r) for r in rows.itertuples()]
    fig, ax = style.new_figure(height=0.9 + 0.24 * max(len(rows), 1))
    colours = [style.STATUS_STYLE[s].colour for s in rows["own_status"]]
    chance = 100 * rows["probability"].to_numpy(float)
    _bars(ax, np.zeros(len(rows)), chance, colours, 0.68)
    for row, p in enumerate(rows["probability"]):
        ax.text(chance[row] + 0.6, row, format_probability(p), va="center", fontsize=8)
    name_rows(ax, names, 8)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    for bound in (pack.params.settings.unlikely, pack.params.settings.likely):
        ax.axvline(100 * bound, color=style.MUTED, lw=0.9, ls=":")
    ax.set_xlim(0, 108)
    ax.set_xlabel("达标概率（%）")
    listed = "；".join(
        f"{n} {format_probability(p)}" for n, p in zip(names, rows["probability"], strict=True)
    )
    return figure_view(
        fig, alt=f"达标概率条形图，由低到高：{listed}。", caption="各目标的达标概率（虚线为状态分界）"
    )


def _bars(ax: Axes, left: np.ndarray, width: np.ndarray, colours, height: float, **looks) -> PolyCollection:
    """Horizontal bars, a row each from the first on, drawn at once: an object a bar takes ten times as long.

    left, width: (n_rows,). colours: one, or one a row. height: in rows. Returns the bars, for a legend.
    """
    from matplotlib.collections import PolyCollection

    right, row = left + width, np.arange(len(left))
    low, high = row - height / 2, row + height / 2
    corners = [(left, low), (right, low), (right, high), (left, high)]
    boxes = np.stack([np.stack(corner, axis=-1) for corner in corners], axis=1)
    # an array is drawn at once, a list of boxes one by one
    bars = PolyCollection(boxes, facecolors=colours, **looks)  # type: ignore[arg-type]
    ax.add_collection(bars)
    return bars


def name_rows(ax: Axes, names: list[str], fontsize: float) -> None:
    """Names beside rows, without the ticks that take longest to draw."""
    from matplotlib import rcParams

    ax.set_yticks([])
    for row, name in enumerate(names):
        ax.text(
            -0.01, row, name, transform=ax.get_yaxis_transform(), ha="right", va="center", fontsize=fontsize,
            color=rcParams["ytick.color"],
        )  # fmt: skip


def bar_name(row) -> str:
    """What a target is called beside its bar. row: a target of the assessment, or its `Verdict`."""
    reading = READING_MARKS.get(row.reading, "")
    return f"{row.indicator_name}{reading} {row.target_text if len(row.target_text) <= 16 else ''}".strip()
