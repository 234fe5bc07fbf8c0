"""Figures of scores and ranks: rubric heat map, rank acceptability."""

from __future__ import annotations

import numpy as np
import pandas as pd

from xhcp_eval.chapters.kit import style
from xhcp_eval.chapters.kit.views import FigureView, figure_view
from xhcp_eval.errors import DataError


def rubric_heatmap(scores: pd.DataFrame, names: dict[str, str] | None = None) -> FigureView:
    """Every rater's score of every item, 0 to 4, the department's own beside; blank where there is none.

    scores: columns item, rater, score. names: item id -> Chinese name. Raises DataError for missing columns or none.
    """
    absent = [name for name in ("item", "rater", "score") if name not in scores.columns]
    if absent or scores.empty:
        raise DataError(f"评分表缺少列 {'、'.join(absent)}" if absent else "没有评分可画")
    import seaborn

    wide = scores.pivot_table(index="item", columns="rater", values="score", aggfunc="last", sort=False)
    fig, ax = style.new_figure(width=2.6 + 0.75 * wide.shape[1], height=0.9 + 0.26 * len(wide))
    seaborn.heatmap(wide, ax=ax, vmin=0, vmax=4, cmap="cividis", annot=True, fmt="g", linewidths=0.6,
                    cbar_kws={"label": "得分（0—4）", "ticks": range(5)})  # fmt: skip
    ax.set_yticks(
        np.arange(len(wide)) + 0.5, [(names or {}).get(i, i) for i in wide.index], fontsize=8, rotation=0
    )
    ax.set_xlabel("")
    ax.set_ylabel("")
    spread = (wide.max(axis=1) - wide.min(axis=1)).sort_values(ascending=False)
    apart = (
        "、".join((names or {}).get(i, i) for i in spread.index[:3][spread.iloc[:3].to_numpy() > 1])
        or "没有相差超过1分的"
    )
    alt = f"{wide.shape[1]}名评分者对{len(wide)}项的评分；中位数{np.nanmedian(wide.to_numpy()):g}分；分歧最大的：{apart}"
    return figure_view(fig, alt=alt, caption="评分热图：每格一名评分者的得分，空白为未评或无证据作废")


def rank_acceptability(shares: pd.DataFrame) -> FigureView:
    """Share of all weights under which a unit takes each rank, as stacked bars (Lahdelma & Salminen 2001).

    shares: index units, columns ranks 1.., values 0 to 1 that add up to 1 in each row. Raises DataError otherwise.
    """
    values = shares.to_numpy(float)
    if not len(values) or not np.allclose(values.sum(axis=1), 1, atol=1e-6):
        raise DataError("名次可接受度每行之和应为 1")
    import matplotlib

    ranks = np.arange(1, values.shape[1] + 1)
    order = np.argsort(values @ ranks)
    fig, ax = style.new_figure(height=1.0 + 0.3 * len(values))
    colours = matplotlib.colormaps["cividis"](np.linspace(0.95, 0.1, len(ranks)))
    left = np.zeros(len(values))
    for rank, colour in zip(ranks, colours, strict=True):
        width = values[order, rank - 1]
        ax.barh(np.arange(len(values)), 100 * width, left=100 * left, color=colour, label=f"第{rank}")
        for y, (start, share) in enumerate(zip(left, width, strict=True)):
            if share >= 0.12:
                dark = sum(colour[:3]) < 1.5
                ax.text(
                    100 * (start + share / 2),
                    y,
                    f"{rank}",
                    ha="center",
                    va="center",
                    fontsize=8,
                    color="white" if dark else "black",
                )
        left = left + width
    ax.set_yticks(np.arange(len(values)), [str(shares.index[i]) for i in order])
    ax.invert_yaxis()
    ax.set_xlim(0, 100)
    ax.set_xlabel("占全部权重组合的百分比（%），格内为名次")
    first = shares.index[order[0]]
    best = values[order[0], 0]
    alt = f"名次可接受度：{first}在{best:.0%}的权重组合下排第1；" + "；".join(
        f"{shares.index[i]}最常见的名次是第{ranks[np.argmax(values[i])]}（{values[i].max():.0%}）"
        for i in order[:6]
    )
    return figure_view(fig, alt=alt, caption="名次对权重有多敏感：每条是一个单位在全部权重组合下各名次的占比")
