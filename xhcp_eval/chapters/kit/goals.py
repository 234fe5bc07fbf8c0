"""Figures of goals and targets: target ladder, status matrix, gap lollipop, scenario curves."""

from __future__ import annotations

import numpy as np

from xhcp_eval.chapters.figures.canvas import source_line
from xhcp_eval.chapters.kit import style
from xhcp_eval.chapters.kit.course import main_rows
from xhcp_eval.chapters.kit.labels import framed, label_ends
from xhcp_eval.chapters.kit.svg import Spot
from xhcp_eval.chapters.kit.tables import LEVEL_LABELS, ORDER, READING_LABELS, own_targets
from xhcp_eval.chapters.kit.views import FigureView, figure_view
from xhcp_eval.errors import DataError
from xhcp_eval.pack.pack import Pack
from xhcp_eval.plan.units import UNITS, format_value
from xhcp_eval.verdict.scenarios import SCENARIO_NAMES
from xhcp_eval.verdict.series import series_key
from xhcp_eval.verdict.status import Status


def target_ladder(pack: Pack, indicator: str) -> FigureView:
    """Where an indicator stands among its targets: of 2025 and 2030, of district, province and nation.

    pack: from `open_pack`. indicator: id. The latest judged value is a point with its interval; each target is a rung
    with its year, level and status. Raises PlanError for an unknown id, DataError for one without numeric targets.
    """
    facts = pack.plan.indicator(indicator)
    rows = pack.assessment[
        (pack.assessment["indicator"] == indicator) & pack.assessment["target_value"].notna()
    ]
    if rows.empty:
        raise DataError(f"{facts.name} 没有可画出的目标值")
    rows = rows.drop_duplicates(["target_year", "level", "target_value", "role"]).sort_values("target_value")
    fig, ax = style.new_figure(height=1.2 + 0.42 * len(rows))
    names = []
    for at, row in enumerate(rows.itertuples()):
        look = style.STATUS_STYLE[Status(row.own_status)]
        ax.plot([row.target_value], [at], "D", ms=9, color=style.TARGET, zorder=4)
        text = f"{format_value(row.target_value, facts.unit)}  {look.symbol} {row.own_status}"
        ax.annotate(text, (row.target_value, at), xytext=(9, 0), textcoords="offset points", va="center")
        names.append(
            f"{LEVEL_LABELS[row.level]}{row.target_year}年{'（每年）' if row.every_year else ''}{_reading(row)}"
        )
    latest = rows.iloc[0]
    if np.isfinite(latest["latest_value"]):
        ax.axvline(
            latest["latest_value"], color=style.HISTORY, lw=1.4, label=f"现状值（{latest['latest_basis']}）"
        )
        if np.isfinite(latest["latest_low"]):
            ax.axvspan(
                latest["latest_low"],
                latest["latest_high"],
                color=style.HISTORY,
                alpha=0.12,
                label="现状值95%区间",
            )
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.18), ncols=2, frameon=False)
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(-0.6, len(rows) - 0.4)
    ax.margins(x=0.22)
    ax.set_xlabel(facts.name + (f"（{_unit_of(facts.unit)}）" if _unit_of(facts.unit) else ""))
    alt = f"{facts.name}的目标阶梯：" + "；".join(
        f"{name}{format_value(row.target_value, facts.unit)}，{row.own_status}" for name, row in zip(names, rows.itertuples(), strict=True)
    ) + f"；现状值{format_value(latest['latest_value'], facts.unit)}"  # fmt: skip
    return figure_view(fig, alt=alt, caption=_ladder_title(facts, rows, latest))


def status_grid(pack: Pack, domain: str = "") -> FigureView:
    """Status of every goal's own targets by target year: a row a goal, a column a year, symbol and word in the cell.

    domain: id of a domain; empty for all goals that have targets of their own. The status that needs attention most
    stands for several targets of one goal and year.
    """
    rows = own_targets(pack)
    rows = rows[(rows["goal"] != "") & ((rows["domain"] == domain) | (domain == ""))]
    if rows.empty:
        raise DataError("这个领域的主要目标没有可画出的数量目标")
    worst = (
        rows.assign(rank=rows["status"].map(ORDER))
        .sort_values("rank")
        .groupby(["goal", "target_year"], sort=False)
        .first()
    )
    goals = [goal for goal in pack.plan.goals if goal.id in set(rows["goal"])]
    years = sorted(rows["target_year"].unique())
    fig, ax = style.new_figure(width=5.9, height=0.9 + 0.34 * len(goals))
    for y, goal in enumerate(goals):
        for x, year in enumerate(years):
            if (goal.id, year) in worst.index:
                word = worst.loc[(goal.id, year), "status"]
                look = style.STATUS_STYLE[Status(word)]
                ax.add_patch(_box(x - 0.47, y - 0.42, 0.94, 0.84, look.colour))
                ax.text(x, y, f"{look.symbol} {word}", ha="center", va="center", color=look.ink)
    ax.set_xlim(-0.5, len(years) - 0.5)
    ax.set_ylim(len(goals) - 0.5, -0.5)
    ax.set_xticks(range(len(years)), [f"{year}年" for year in years])
    ax.xaxis.tick_top()
    ax.set_yticks(range(len(goals)), [goal.name for goal in goals])
    ax.grid(False)
    ax.tick_params(length=0)
    counts = worst["status"].value_counts()
    alt = "主要目标逐年状态：" + "，".join(f"{word}{n}格" for word, n in counts.items())
    title = f"{len(goals)}项主要目标中" + "、".join(f"{word}{n}格" for word, n in counts.items())
    return figure_view(fig, alt=alt, caption=title, note="同一格有几项目标的，取最需关注的一项。")


def gap_lollipop(pack: Pack, year: int | None = None, limit: int = 25) -> FigureView:
    """How far each target is missed, as a share of the target itself, with the interval of the latest value.

    year: target year (default: the plan's last). limit: at most so many, the widest gaps. Raises DataError when no
    target has a gap.
    """
    year = year or pack.plan.end_year
    rows = own_targets(pack, deciding=None, year=year).drop_duplicates("question")
    rows = rows[(rows["gap"] > 0) & np.isfinite(rows["gap_relative"])].sort_values("gap_relative").tail(limit)
    if rows.empty:
        raise DataError(f"{year}年的目标没有可画出的差距")
    fig, ax = style.new_figure(5.4, 1.0 + 0.26 * len(rows))
    at, share = np.arange(len(rows)), 100 * rows["gap_relative"].to_numpy(float)
    colours = [style.STATUS_STYLE[Status(word)].colour for word in rows["status"]]
    scale = 100 / rows["target_value"].abs().to_numpy(float)
    ends = [
        np.abs(rows[name] - rows["latest_value"]).to_numpy(float) * scale
        for name in ("latest_low", "latest_high")
    ]
    known = np.isfinite(ends[0]) & np.isfinite(ends[1])
    ax.hlines(at, 0, share, color=colours, lw=2.5)
    ax.errorbar(share[known], at[known], xerr=np.vstack(ends)[:, known], fmt="none", ecolor=style.MUTED, elinewidth=1, capsize=2,
                label="现状值的95%区间")  # fmt: skip
    ax.scatter(share, at, c=colours, s=55, zorder=3, edgecolors=style.HISTORY, linewidths=0.5)
    symbols = [style.STATUS_STYLE[Status(word)].symbol for word in rows["status"]]
    ax.set_yticks(
        at,
        [f"{name} {symbol}" for name, symbol in zip(rows["indicator_name"], symbols, strict=True)],
    )
    ax.set_xlabel("距目标的差距占目标值的百分比（%）")
    ax.set_xlim(-0.25 * share.max(), 1.4 * share.max())  # an interval of a few cases would squeeze all else
    if known.any():
        ax.legend(loc="lower right", frameon=False)
    told = [
        f"{r.indicator_name}差{format_value(r.gap, r.unit, difference=True)}（{r.status}）"
        for r in rows[::-1].head(8).itertuples()
    ]
    return figure_view(
        fig,
        alt=f"{year}年目标差距，由大到小：" + "；".join(told),
        caption=f"{year}年目标中{told[0]}，相对差距最大",
        note="差距占目标值的百分比，横线为现状值的95%区间。",
    )


def scenario_curves(pack: Pack, target_id: str) -> FigureView:
    """Where the paces of the scenarios lead: now, required, best recent, and those that make it even or likely.

    target_id: of a target ahead. Raises DataError when the target has no scenario.
    """
    rows = pack.scenarios[pack.scenarios["target_id"] == target_id]
    if rows.empty:
        raise DataError(f"目标 {target_id} 没有情景：目标年已到，或历史不足以外推")
    verdict = pack.assessment[pack.assessment["target_id"] == target_id].iloc[0]
    facts = pack.plan.indicator(verdict["indicator"])
    history = main_rows(pack, verdict["indicator"])
    shown = [row for row in rows.itertuples() if np.isfinite(row.pace)]
    names = [SCENARIO_NAMES.get(row.scenario, row.scenario) for row in shown]
    fig, ax = framed([*names, f"目标{verdict['target_text']}"], 3.2, width=style.WIDTH)
    ax.plot(history["year"], history["value"], "o-", color=style.HISTORY, ms=3)
    fan = pack.forecast[pack.forecast["series"] == series_key(facts.id, pack.region)]
    fan = fan[fan["year"] <= verdict["target_year"]]
    if len(fan):
        ax.fill_between(fan["year"], fan[0.1], fan[0.9], color=style.FORECAST_FAR, lw=0)
    start, value = int(verdict["latest_year"]), verdict["latest_value"]
    low = facts.lower if facts.lower is not None else -np.inf
    high = facts.upper if facts.upper is not None else np.inf
    ends = [(float(verdict["target_value"]), f"目标{verdict['target_text']}", style.TARGET)]
    told, spots = [], []
    for k, (row, name) in enumerate(zip(shown, names, strict=True)):
        end = float(np.clip(value + row.pace * (verdict["target_year"] - start), low, high))
        colour, dash, _ = style.LINES[k % len(style.LINES)]
        ax.plot([start, verdict["target_year"]], [value, end], color=colour, ls=dash)
        ends.append((end, name, colour))
        told.append(f"{name}：{verdict['target_year']}年{format_value(end, facts.unit)}")
        spots.append(Spot(ax, verdict["target_year"], end, told[-1]))
    ax.axhline(verdict["target_value"], color=style.TARGET, lw=1.2, dashes=style.DASHES)
    ax.set_title(_unit_of(facts.unit), color=style.MUTED)
    ax.locator_params(axis="x", integer=True)
    label_ends(ax, ends)
    title = f"{facts.name}：{told[0]}，目标{verdict['target_text']}"
    alt = f"{facts.name}各情景：" + "；".join(told) + f"；目标{verdict['target_text']}"
    note = f"从{start}年的现值画起，各线为不同年均变化；浅色为80%预测区间。{source_line(pack)}"
    return figure_view(fig, alt=alt, caption=title, note=note, spots=spots, tight=False)


def _unit_of(unit: str) -> str:
    return UNITS[unit].label


def _ladder_title(facts, rows, latest) -> str:
    """How many rungs the latest value has reached already, by its own number."""
    if not np.isfinite(latest["latest_value"]):
        return f"{facts.name}：{len(rows)}个目标值，还没有现状值"
    down = facts.direction == "down"
    reached = sum(
        (latest["latest_value"] <= v) if down else (latest["latest_value"] >= v) for v in rows["target_value"]
    )
    return f"{facts.name}：现状值{format_value(latest['latest_value'], facts.unit)}，{len(rows)}个目标值中{reached}个在以内"


def _reading(row) -> str:
    told = [READING_LABELS.get(row.reading, ""), "警示" if row.role == "watch" else ""]
    return "".join(f"·{word}" for word in told if word)


def _box(x: float, y: float, width: float, height: float, colour: str):
    from matplotlib.patches import FancyBboxPatch

    return FancyBboxPatch(
        (x, y), width, height, boxstyle="round,pad=0,rounding_size=0.06", fc=colour, ec="white"
    )
