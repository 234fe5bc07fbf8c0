"""The fan chart: an indicator's history, forecast and targets in one drawing."""

from __future__ import annotations

import numpy as np
import pandas as pd

from xhcp_eval.chapters.kit import style
from xhcp_eval.chapters.kit.tables import LEVEL_LABELS, READING_MARKS
from xhcp_eval.chapters.kit.views import FigureView, figure_view
from xhcp_eval.observations.table import STATUS_LABELS, TOTAL, UNSURE, is_total, is_unsure
from xhcp_eval.pack.pack import Pack
from xhcp_eval.plan.model import Indicator
from xhcp_eval.plan.units import UNITS, format_value
from xhcp_eval.verdict.series import series_key
from xhcp_eval.verdict.settings import Settings

SOURCE_LENGTH = 78  # characters of 7 points on the width of a figure
MAX_SOURCES = 2
LONE_YEAR = 5  # years on either side of a single figure


def fan_chart(pack: Pack, indicator: str) -> FigureView:
    """History, projection fan and target lines of one indicator for the pack's region.

    pack: from `open_pack`. indicator: id. Unverified figures are hollow; intervals of counted rates are bars;
    small counts carry their pooled line; the fan holds 80% and 95% of the simulated futures of the underlying
    level. Returns a `FigureView`; raises PlanError for an unknown id.
    """
    facts = pack.plan.indicator(indicator)
    rows = main_rows(pack, indicator)
    fig, ax = style.new_figure()
    start = history_rows(ax, pack, indicator)
    fan = fan_rows(pack, indicator)
    draw_fan(ax, fan, start)
    nation = _comparison(ax, pack, indicator)
    marks = target_marks(ax, pack, facts)
    finish_axis(ax, facts, rows)
    source_line(fig, rows)
    # margins set by hand: one drawing pass in place of the three that a layout engine takes
    fig.subplots_adjust(left=0.07, right=0.98, top=0.9, bottom=0.27)
    return figure_view(
        fig,
        alt=_alt_text(pack, facts, rows, fan, nation, marks),
        caption=f"{facts.name}：历年值、预测区间与目标线",
        tight=False,
    )


def main_rows(pack: Pack, indicator: str) -> pd.DataFrame:
    """Reported figures of an indicator for the whole region, in the order of years."""
    table = pack.observations
    keep = (table["indicator"] == indicator) & (table["region"] == pack.region) & is_total(table)
    return table[keep].sort_values("year")


def history_rows(ax, pack: Pack, indicator: str) -> tuple[int, float] | None:
    """Line and points of the reported figures; hollow where unverified; interval bars where chance has a part.

    Returns where a forecast sets out: year and value of the last figure, pooled where counts are small.
    """
    rows = main_rows(pack, indicator)
    if rows.empty:
        return None
    for _, part in rows.groupby(rows["series_break"].cumsum()):
        ax.plot(part["year"], part["value"], color=style.HISTORY, lw=1.2, zorder=3)
    firm = ~is_unsure(rows["status"])
    ax.plot(rows["year"][firm], rows["value"][firm], "o", color=style.HISTORY, ms=5, zorder=4, label="实际值")
    if (~firm).any():
        ax.plot(
            rows["year"][~firm],
            rows["value"][~firm],
            "o",
            mfc="white",
            mec=style.HISTORY,
            ms=5,
            zorder=4,
            label="待核实",
        )
    odd = rows[rows["exceptional"]]
    if len(odd):
        ax.plot(
            odd["year"],
            odd["value"],
            "x",
            color=style.HISTORY,
            ms=9,
            mew=1.6,
            zorder=5,
            label="异常年份（不入趋势）",
        )
    for year in rows["year"][rows["series_break"]]:
        ax.axvline(year - 0.5, color=style.MUTED, lw=0.8, ls=":")
        ax.annotate(
            "口径变更",
            (year - 0.5, 1.0),
            xycoords=("data", "axes fraction"),
            fontsize=8,
            color=style.MUTED,
            ha="center",
            va="bottom",
        )
    start = int(rows["year"].iloc[-1]), float(rows["value"].iloc[-1])
    judged = pack.histories[pack.histories["indicator"] == indicator]
    return _judged_line(ax, judged, pack.params.settings) or start


def _judged_line(ax, judged: pd.DataFrame, settings: Settings) -> tuple[int, float] | None:
    """Intervals of the years' own figures, and the line of the pooled values that verdicts rest on; where it ends."""
    told = judged[judged["low"].notna()]
    if len(told):
        level = f"{settings.level * 100:g}%区间（计数）"
        ax.vlines(
            told["year"],
            told["low"],
            told["high"],
            color=style.HISTORY,
            lw=1,
            alpha=0.45,
            zorder=2,
            label=level,
        )
    pooled = judged[
        judged["judged"].notna() & (judged["judged_first_year"] == judged["year"] - settings.pool_years + 1)
    ]
    if settings.pool_years == 1 or pooled.empty:
        return None
    name = {2: "两年合并", 3: "三年合并"}.get(settings.pool_years, f"{settings.pool_years}年合并")
    ax.plot(pooled["year"], pooled["judged"], color=style.HISTORY, lw=2, zorder=3, label=name)
    return int(pooled["year"].iloc[-1]), float(pooled["judged"].iloc[-1])


def fan_rows(pack: Pack, indicator: str) -> pd.DataFrame:
    """The forecast of an indicator until the plan's end: year and one column a quantile."""
    key = series_key(indicator, pack.region)
    fan = pack.forecast[pack.forecast["series"] == key].sort_values("year")
    return fan[fan["year"] <= pack.plan.end_year]


def draw_fan(ax, fan: pd.DataFrame, start: tuple[int, float] | None) -> None:
    """Bands of 95% and 80% and the median, setting out from `start` (year, value)."""
    if fan.empty or start is None:
        return
    years = np.r_[start[0], fan["year"]]

    def column(level: float) -> np.ndarray:
        return np.r_[start[1], fan[level]]

    ax.fill_between(
        years, column(0.025), column(0.975), color=style.FORECAST, alpha=0.15, lw=0, label="95%预测区间"
    )
    ax.fill_between(
        years, column(0.1), column(0.9), color=style.FORECAST, alpha=0.28, lw=0, label="80%预测区间"
    )
    ax.plot(years, column(0.5), color=style.FORECAST, lw=1.5, ls="--", label="预测中位数")


def _comparison(ax, pack: Pack, indicator: str) -> pd.DataFrame:
    """The nation's own figures beside the district's."""
    table = pack.comparison
    keep = (table["indicator"] == indicator) & (table["residence"] == TOTAL) & (table["sex"] == TOTAL)
    rows = table[keep & (table["year"] <= pack.params.data_until)].sort_values("year")
    if len(rows):
        firm = ~is_unsure(rows["status"])
        ax.plot(rows["year"], rows["value"], color=style.MUTED, lw=1, ls="-.", alpha=0.8, label="全国")
        ax.plot(rows["year"][~firm], rows["value"][~firm], "o", mfc="white", mec=style.MUTED, ms=3.5)
    return rows


def target_marks(ax, pack: Pack, facts: Indicator) -> list[str]:
    """Target lines of district, province and nation at their years; returns them in words.

    Lines that coincide are drawn once, over each other, with one label that names them all.
    """
    rows = pack.assessment[
        (pack.assessment["indicator"] == facts.id) & pack.assessment["target_value"].notna()
    ]
    rows = rows[rows["role"] != "watch"].assign(own=rows["role"] == "verdict")
    words = []
    for (year, _), group in rows.groupby(["target_year", rows["target_value"].round(6)], sort=False):
        names = list(dict.fromkeys(_line_name(row) for row in group.sort_values("own").itertuples()))[::-1]
        own, value = bool(group["own"].any()), float(group["target_value"].iloc[0])
        level = group["level"].iloc[0]
        color = style.TARGET if own else style.MUTED
        start = pack.plan.start_year if group["every_year"].any() else year - 0.45
        ax.hlines(
            value, start, year + 0.45, color=color, lw=2.4 if own else 1.4, ls="-" if own else "--", zorder=5
        )
        label = f"{format_value(value, facts.unit)} {'、'.join(names)}"
        ax.annotate(
            label,
            (year + 0.45, value),
            (0, 4),
            textcoords="offset points",
            fontsize=7.5,
            color=color,
            ha="right",
        )
        words += [f"{year}年{_line_name(row)}目标{row.target_text}" for row in group.itertuples()]
    return words


def _line_name(row) -> str:
    return LEVEL_LABELS.get(row.level, row.level) + READING_MARKS.get(row.reading, "")


def finish_axis(ax, facts: Indicator, rows: pd.DataFrame) -> None:
    """Years, unit and limits of the axis of one indicator. rows: figures drawn."""
    from matplotlib.ticker import MaxNLocator

    unit = UNITS[facts.unit].label
    ax.set_title(f"{facts.name}" + (f"（{unit}）" if unit else ""), loc="left", fontsize=11)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=9))
    ax.margins(x=0.04)
    if ax.dataLim.width == 0:
        # around a single year the library would draw a century either way
        ax.set_xlim(ax.dataLim.x0 - LONE_YEAR, ax.dataLim.x0 + LONE_YEAR)
    if rows.empty:
        ax.text(
            0.5,
            0.5,
            "缺数据",
            transform=ax.transAxes,
            ha="center",
            va="center",
            color=style.MUTED,
            fontsize=14,
        )
    handles, labels = ax.get_legend_handles_labels()
    if handles:
        ax.legend(
            handles,
            labels,
            fontsize=8,
            ncols=min(4, len(handles)),
            frameon=False,
            loc="upper left",
            bbox_to_anchor=(0, -0.1),
        )


def source_line(fig, rows: pd.DataFrame) -> None:
    """A line below the figure that says where its figures are from. rows: figures drawn."""
    if rows.empty:
        return
    named = rows["source"][~is_unsure(rows["status"])].tolist()
    sources = list(dict.fromkeys(named or rows["source"]))
    text = "资料来源：" + "；".join(sources[-MAX_SOURCES:]) + ("等" if len(sources) > MAX_SOURCES else "")
    fig.text(
        0.07,
        0.01,
        text[:SOURCE_LENGTH] + ("…" if len(text) > SOURCE_LENGTH else ""),
        fontsize=7,
        color=style.MUTED,
    )


def _alt_text(
    pack: Pack,
    facts: Indicator,
    rows: pd.DataFrame,
    fan: pd.DataFrame,
    nation: pd.DataFrame,
    marks: list[str],
) -> str:
    if rows.empty:
        return f"{facts.name}：没有数据。" + "；".join(marks)
    values = "，".join(
        f"{r.year}年{format_value(r.value, facts.unit)}" + ("（待核实）" if r.status in UNSURE else "")
        for r in rows.itertuples()
    )
    parts = [f"{facts.name}折线图。{values}"]
    if len(fan):
        last = fan.iloc[-1]
        low, mid, high = (format_value(float(last[q]), facts.unit) for q in (0.1, 0.5, 0.9))
        parts.append(f"预测{int(last['year'])}年中位数{mid}，80%区间{low}至{high}")
    if len(nation):
        parts.append(f"全国{nation['year'].iloc[-1]}年{format_value(nation['value'].iloc[-1], facts.unit)}")
    if marks:
        parts.append("；".join(marks))
    if (rows["status"] == "demo").any():
        parts.append(STATUS_LABELS["demo"])
    return "。".join(parts) + "。"
