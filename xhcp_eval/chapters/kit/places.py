"""Figures of places: townships and schools beside each other."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from xhcp_eval.chapters.kit import style
from xhcp_eval.chapters.kit.course import main_rows
from xhcp_eval.chapters.kit.tables import own_targets
from xhcp_eval.chapters.kit.views import FigureView, figure_view
from xhcp_eval.errors import DataError
from xhcp_eval.forecast.small_numbers import rate_interval
from xhcp_eval.observations.table import TOTAL, is_below, is_total
from xhcp_eval.pack.pack import Pack
from xhcp_eval.plan.kinds import KINDS
from xhcp_eval.plan.units import UNITS, format_value

COLUMNS = 4


def unit_rows(pack: Pack, indicator: str) -> pd.DataFrame:
    """Latest figure of every unit of the region, lowest first; the lowest category where there are several."""
    region = pack.region
    table = pack.observations
    rows = table[(table["indicator"] == indicator) & is_below(table, region)]
    rows = rows[(rows["sex"] == TOTAL) & (rows["residence"] == TOTAL)]
    rows = rows[rows["year"] == rows["year"].max()]
    # several vaccines a township: the lowest one decides
    return rows.sort_values("value").drop_duplicates("region").sort_values("value")


def township_multiples(pack: Pack, indicator: str) -> FigureView:
    """One small chart a township, all on the same axes, the district's line behind each and 95% intervals of counts.

    indicator: id with figures for units. Raises PlanError for an unknown id, DataError where no unit was reported.
    """
    facts = pack.plan.indicator(indicator)
    rows = _townships(pack, indicator)
    places = sorted(rows["region"].unique())
    lines = math.ceil(len(places) / COLUMNS)
    style.use_style()
    from matplotlib.figure import Figure

    fig = Figure(figsize=(style.WIDTH, 0.6 + 1.35 * lines))
    axes = np.atleast_1d(fig.subplots(lines, COLUMNS, sharex=True, sharey=True)).ravel()
    whole = main_rows(pack, indicator)
    for ax, place in zip(axes, places, strict=False):
        part = rows[rows["region"] == place].sort_values("year")
        ax.plot(whole["year"], whole["value"], color=style.MUTED, lw=0.9, ls="--")
        _intervals(ax, part, facts)
        ax.plot(part["year"], part["value"], "o-", color=style.FORECAST, ms=2.5, lw=1.2)
        ax.set_title(place.rsplit("/", 1)[-1], fontsize=8.5, pad=3)
        ax.tick_params(labelsize=7)
        ax.locator_params(axis="x", nbins=3, integer=True)
    for ax in axes[len(places) :]:
        ax.set_visible(False)
    fig.subplots_adjust(
        left=0.08,
        right=0.98,
        top=1 - 0.3 / fig.get_figheight(),
        bottom=0.3 / fig.get_figheight(),
        hspace=0.45,
        wspace=0.12,
    )
    last = rows[rows["year"] == rows["year"].max()].sort_values("value")
    ends = [
        f"{r.region.rsplit('/', 1)[-1]}{format_value(r.value, facts.unit)}"
        for r in last.iloc[[0, -1]].itertuples()
    ]
    alt = f"{facts.name}分{len(places)}个乡镇街道的历年值；{last['year'].iloc[0]}年最低{ends[0]}，最高{ends[1]}；虚线为全区"
    return figure_view(
        fig,
        alt=alt,
        caption=f"{facts.name}（{UNITS[facts.unit].label}）：各乡镇街道，虚线为全区，竖线为95%区间",
        tight=False,
    )


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
    per, n = UNITS[facts.unit].per, rows["denominator"].to_numpy(float)
    centre = rows["numerator"].sum() / n.sum()
    sizes = np.linspace(max(1.0, 0.6 * n.min()), 1.08 * n.max(), 120)
    fig, ax = style.new_figure()
    ax.axhline(
        per * centre, color=style.HISTORY, lw=1, label=f"合计 {format_value(per * centre, facts.unit)}"
    )
    outside = np.zeros(len(rows), bool)
    for level, line in ((0.95, "--"), (0.998, "-")):
        low, high = _limits(facts.kind, centre, sizes, level)
        ax.plot(sizes, per * low, color=style.MUTED, ls=line, lw=1, label=f"{level:.1%}控制限")
        top = 1.0 if facts.kind == "proportion" else np.inf
        ax.plot(sizes, per * np.minimum(high, top), color=style.MUTED, ls=line, lw=1)
        low, high = _limits(facts.kind, centre, n, level)
        share = rows["numerator"].to_numpy(float) / n
        outside = (share < low - 1e-12) | (share > high + 1e-12)
    ax.scatter(n, rows["value"], s=32, color=np.where(outside, style.TARGET, style.FORECAST), zorder=3)
    names = rows["region"].str.rsplit("/", n=1).str[-1]
    for x, y, name, out in zip(n, rows["value"], names, outside, strict=True):
        if out:
            ax.annotate(name, (x, y), xytext=(6, 4), textcoords="offset points", fontsize=8.5)
    ax.set_xlabel("分母（人数）")
    ax.set_ylabel(UNITS[facts.unit].label)
    ax.legend(loc="best", frameon=False, fontsize=8)
    told = "、".join(names[outside]) or "没有"
    alt = f"{facts.name}{year}年漏斗图：{len(rows)}个乡镇街道中，超出99.8%控制限的：{told}；其余与全区的差别可由偶然解释"
    return figure_view(fig, alt=alt, caption=f"{facts.name}：{year}年各乡镇街道与全区的差别是否超出偶然")


def _townships(pack: Pack, indicator: str) -> pd.DataFrame:
    """Totals of every township in every year."""
    table = pack.observations
    region = pack.region
    keep = (table["indicator"] == indicator) & (table["level"] == "township") & is_below(table, region)
    rows = table[keep & is_total(table)]
    if rows.empty:
        raise DataError(f"{pack.plan.indicator(indicator).name} 没有分乡镇街道的数据")
    return rows


def _intervals(ax, part: pd.DataFrame, facts) -> None:
    counted = part[part["numerator"].notna()]
    if len(counted) and KINDS[facts.kind].law:
        low, high = rate_interval(
            counted["numerator"], counted["denominator"], facts.kind, per=UNITS[facts.unit].per or 1.0
        )
        ax.vlines(counted["year"], low, high, color=style.FORECAST, lw=0.9, alpha=0.45)


def _limits(kind: str, centre: float, n: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Control limits of a share or rate for places of size n: exact quantiles of chance."""
    from scipy import stats

    tails = ((1 - level) / 2, (1 + level) / 2)
    law = stats.binom(np.round(n), centre) if kind == "proportion" else stats.poisson(n * centre)
    low, high = (law.ppf(tail) / n for tail in tails)
    return low, high
