"""Figures of places: townships over the years, beside each other, and against chance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from xhcp_eval.chapters.figures.canvas import source_line, wide
from xhcp_eval.chapters.kit import style
from xhcp_eval.chapters.kit.course import counts_text, main_rows, observation_told
from xhcp_eval.chapters.kit.labels import framed, label_ends
from xhcp_eval.chapters.kit.svg import Spot
from xhcp_eval.chapters.kit.tables import own_targets
from xhcp_eval.chapters.kit.views import FigureView, Grid, figure_view
from xhcp_eval.errors import DataError
from xhcp_eval.observations.table import is_below, is_total
from xhcp_eval.pack.pack import Pack
from xhcp_eval.plan.kinds import KINDS
from xhcp_eval.plan.units import UNITS, format_value

COLUMNS = 4


def township_multiples(pack: Pack, indicator: str) -> FigureView:
    """One small chart a township, all on the same axes, the district's line behind each.

    indicator: id with figures for units. Raises PlanError for an unknown id, DataError where no unit was reported.
    """
    import seaborn

    facts, rows = pack.plan.indicator(indicator), _townships(pack, indicator)
    style.use_style()
    rows = rows.assign(place=rows["region"].str.rsplit("/", n=1).str[-1]).sort_values(["place", "year"])
    grid = seaborn.FacetGrid(
        rows, col="place", col_wrap=COLUMNS, height=1.25, aspect=style.WIDTH / COLUMNS / 1.25
    )
    whole = main_rows(pack, indicator)
    for place, ax in grid.axes_dict.items():
        part = rows[rows["place"] == place]
        ax.plot(whole["year"], whole["value"], color=style.MUTED, lw=0.9, ls=":")
        ax.plot(part["year"], part["value"], color=style.HISTORY, marker="o", ms=2.5)
        ax.set_xticks([int(rows["year"].min()), int(rows["year"].max())])
        for mark, side in zip(
            ax.get_xticklabels(), ("left", "right"), strict=False
        ):  # only the lowest row has them
            mark.set_horizontalalignment(side)
        ax.locator_params(axis="y", nbins=3)
    grid.set_titles("{col_name}", size=style.TYPE).set_axis_labels("", "")
    grid.figure.subplots_adjust(hspace=0.6, wspace=0.12)
    last = rows[rows["year"] == rows["year"].max()].sort_values("value")
    low, high = (f"{r.place}{format_value(r.value, facts.unit)}" for r in last.iloc[[0, -1]].itertuples())
    title = f"{facts.name}：{last['year'].iloc[0]}年{len(last)}个乡镇街道最低{low}，最高{high}"
    note = f"各图同一坐标（{UNITS[facts.unit].label or '数'}）；点线为全区。{source_line(pack)}"
    spots = [
        Spot(grid.axes_dict[r.place], r.year, r.value, f"{r.place} {observation_told(r, facts.unit)}")
        for r in rows.itertuples()
    ]
    return figure_view(
        _released(grid.figure), alt=f"{title}；点线为全区。", caption=title, note=note, spots=spots
    )


def township_strips(pack: Pack, indicators: Sequence[str]) -> FigureView:
    """How far townships lie apart: a row an indicator, a point a township, the district's value as a bar, the target as a dash.

    indicators: ids of shares in per cent. Each shows its last reported year. Raises DataError where none has townships' figures.
    """
    import seaborn

    parts = [rows for i in indicators if len(rows := _last_townships(pack, i))]
    if not parts:
        raise DataError("这些指标没有分乡镇街道的百分比数据")
    rows = pd.concat(parts, ignore_index=True)
    rows["name"] = [pack.plan.indicator(i).short_name for i in rows["indicator"]]
    names = list(dict.fromkeys(rows["name"]))
    own = own_targets(pack, None)
    own = (
        own[own["target_value"].notna()]
        .drop_duplicates("indicator", keep="last")
        .set_index("indicator")["target_value"]
    )
    shown = list(dict.fromkeys(rows["indicator"]))
    ends = [
        (float(k), f"目标{format_value(own[i], 'percent')}", style.TARGET)
        for k, i in enumerate(shown)
        if i in own
    ]
    fig, ax = framed([text for _, text, _ in ends], 0.75 + 0.26 * len(names), max(map(wide, names)) + 8)
    seaborn.stripplot(rows, x="value", y="name", ax=ax, color=style.HISTORY, size=4, jitter=False, alpha=0.55)
    for k, indicator in enumerate(shown):
        if indicator in own:
            ax.plot([own[indicator]] * 2, [k - 0.4, k + 0.4], color=style.TARGET, lw=1.4, dashes=style.DASHES)
    spots = [
        Spot(ax, r.value, shown.index(r.indicator), f"{r.place} {observation_told(r, r.unit)}")
        for r in rows.itertuples()
    ]
    ax.set(xlabel="%", ylabel="")
    ax.tick_params(axis="y", length=0)
    label_ends(ax, ends)
    spans = rows.groupby("name", sort=False)["value"].agg(["min", "max"])
    far = (spans["max"] - spans["min"]).idxmax()
    title = f"{len(names)}项中各乡镇街道相差最大的是{far}（{spans.loc[far, 'min']:.1f}%—{spans.loc[far, 'max']:.1f}%）"
    told = "；".join(f"{name}{r['min']:.1f}%—{r['max']:.1f}%" for name, r in spans.iterrows())
    note = f"每点一个乡镇街道，最近一年；虚线为目标。{source_line(pack)}"
    return figure_view(fig, alt=f"{title}。{told}。", caption=title, note=note, spots=spots, tight=False)


def _last_townships(pack: Pack, indicator: str) -> pd.DataFrame:
    """Townships' figures of an indicator in per cent, of its last year; empty where there are none."""
    table = pack.observations
    keep = (table["indicator"] == indicator) & (table["level"] == "township") & is_below(table, pack.region)
    rows = table[keep & is_total(table) & (table["unit"] == "percent")]
    rows = rows[rows["year"] == rows["year"].max()]
    return rows.assign(place=rows["region"].str.rsplit("/", n=1).str[-1])


def _released(figure):
    """A figure taken from pyplot, which would keep it alive and show it twice."""
    from matplotlib import pyplot

    pyplot.close(figure)
    return figure


def funnel_plot(pack: Pack, indicator: str, year: int | None = None) -> FigureView:
    """Townships by size against control limits of chance around the district's value (Spiegelhalter 2005).

    Points outside the outer limit differ from the district by more than counts explain; the others can't be told
    from it. indicator: id of a share or rate with counts. year: default the last reported. Raises DataError without counts.
    """
    facts = pack.plan.indicator(indicator)
    rows = _townships(pack, indicator)
    rows = rows[rows["numerator"].notna() & (rows["denominator"] > 0)]
    if rows.empty or not KINDS[facts.kind].law:
        raise DataError(f"{facts.name} 没有分乡镇街道的分子、分母，不能画漏斗图")
    year = year or int(rows["year"].max())
    rows = rows[rows["year"] == year]
    per, n = UNITS[facts.unit].per or 1.0, rows["denominator"].to_numpy(float)
    centre = rows["numerator"].sum() / n.sum()
    sizes = np.linspace(max(1.0, 0.6 * n.min()), 1.08 * n.max(), 120)
    ends = [(per * centre, f"合计{format_value(per * centre, facts.unit)}", style.HISTORY)]
    fig, ax = framed([ends[0][1], "99.8%限"], 2.8, 40)
    ax.axhline(per * centre, color=style.HISTORY, lw=1)
    top = 1.0 if facts.kind == "proportion" else np.inf
    for level, line in ((0.95, "--"), (0.998, "-")):
        low, high = _limits(facts.kind, centre, sizes, level)
        high = np.minimum(high, top)
        for limit in (low, high):
            ax.plot(sizes, per * limit, color=style.MUTED, ls=line, lw=0.9)
        ends.append((per * low[-1], f"{100 * level:g}%限", style.MUTED))
    share = rows["numerator"].to_numpy(float) / n
    low, high = _limits(facts.kind, centre, n, 0.998)
    outside = (share < low - 1e-12) | (share > high + 1e-12)
    for part, look, colour in ((~outside, "o", style.HISTORY), (outside, "D", style.SHORT)):
        ax.scatter(n[part], rows["value"][part], s=20, marker=look, color=colour, zorder=3)
    names = rows["region"].str.rsplit("/", n=1).str[-1]
    ax.set(xlabel="分母（人数）", xlim=(0, sizes[-1]))
    ax.set_title(UNITS[facts.unit].label, color=style.MUTED)
    ax.locator_params(nbins=5)
    label_ends(ax, ends)
    told = "、".join(names[outside]) or "没有"
    title = f"{facts.name}：{year}年{len(rows)}个乡镇街道中{int(outside.sum())}个与全区的差别超出偶然" + (
        f"（{told}）" if outside.any() else ""
    )
    alt = f"{facts.name}{year}年漏斗图：{len(rows)}个乡镇街道中，超出99.8%控制限的：{told}；其余与全区的差别可由偶然解释"
    spots = [
        Spot(ax, r.denominator, r.value, f"{name} {observation_told(r, facts.unit)}")
        for r, name in zip(rows.itertuples(), names, strict=True)
    ]
    grid = Grid(
        ("乡镇街道", "数值", "分子/分母"),
        tuple(
            (name, format_value(r.value, facts.unit), counts_text(r))
            for r, name in zip(rows.itertuples(), names, strict=True)
        ),
    )
    return figure_view(
        fig,
        alt=alt,
        caption=title,
        note=f"菱形超出99.8%控制限。{source_line(pack)}",
        tight=False,
        spots=spots,
        data=grid,
    )


def _townships(pack: Pack, indicator: str) -> pd.DataFrame:
    """Totals of every township in every year."""
    table = pack.observations
    region = pack.region
    keep = (table["indicator"] == indicator) & (table["level"] == "township") & is_below(table, region)
    rows = table[keep & is_total(table)]
    if rows.empty:
        raise DataError(f"{pack.plan.indicator(indicator).name} 没有分乡镇街道的数据")
    return rows


def _limits(kind: str, centre: float, n: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Control limits of a share or rate for places of size n: exact quantiles of chance."""
    from scipy import stats

    tails = ((1 - level) / 2, (1 + level) / 2)
    law = stats.binom(np.round(n), centre) if kind == "proportion" else stats.poisson(n * centre)
    low, high = (law.ppf(tail) / n for tail in tails)
    return low, high
