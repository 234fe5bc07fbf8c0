"""The units of a region beside each other: townships or schools, lowest first, against the target that each is to meet."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from xhcp_eval.chapters.figures.canvas import (
    DASHES,
    FAINT,
    INK,
    LINE,
    SOFT,
    TARGET,
    Canvas,
    source_line,
    wide,
)
from xhcp_eval.chapters.kit.course import counts_text
from xhcp_eval.chapters.kit.fan import WIDTH
from xhcp_eval.chapters.kit.style import SHORT
from xhcp_eval.chapters.kit.tables import own_targets
from xhcp_eval.chapters.kit.views import FigureView, Grid
from xhcp_eval.forecast.small_numbers import rate_interval
from xhcp_eval.observations.table import TOTAL, is_below
from xhcp_eval.pack.pack import Pack
from xhcp_eval.plan.kinds import KINDS
from xhcp_eval.plan.model import Indicator
from xhcp_eval.plan.units import UNITS, format_value

TALL, HEAD = 15.0, 16.0  # of a row; room above for the target's words, points
MOST = 20  # rows drawn; the rest stand in the table
NAMED = 3  # units named in the title


@dataclass(frozen=True)
class Unit:
    """A row. low, high: of the chance of its counts, its value where they have none. counts: in words. short: of the target."""

    name: str
    value: float
    low: float
    high: float
    counts: str
    short: bool


def units_chart(pack: Pack, indicator: str) -> FigureView:
    """The latest figure of each township (or school), lowest first, with its 95% interval where chance has a part in it.

    pack: from `open_pack`. indicator: id. Units short of the target are named with their counts. Full counts and lessons have no
    interval. Raises PlanError for an unknown id.
    """
    facts, rows = pack.plan.indicator(indicator), unit_rows(pack, indicator)
    own = own_targets(pack, None)
    own = own[(own["indicator"] == indicator) & own["target_value"].notna()].head(1)
    target = next(own.itertuples(), None)
    units = _units(pack, facts, rows, target)
    year = int(rows["year"].iloc[0]) if len(rows) else pack.params.data_until
    drawn = _drawn(facts, units[:MOST], target)
    counted = any(unit.high > unit.low for unit in units)
    how = f"横线为{pack.params.settings.level * 100:g}%区间。" if counted else ""
    how += f"只画最低的{MOST}个，全部见数据表。" if len(units) > MOST else ""
    told = "，".join(f"{unit.name}{format_value(unit.value, facts.unit)}" for unit in units[:MOST])
    title = _title(facts, year, units, target)
    grid = Grid(
        ("单位", "数值", "分子/分母"),
        tuple((unit.name, format_value(unit.value, facts.unit), unit.counts or "—") for unit in units),
    )
    return drawn.view(title, f"{title}。由低到高：{told}。", source_line(pack, how=how), grid)


def unit_rows(pack: Pack, indicator: str) -> pd.DataFrame:
    """Latest figure of every unit of the region, lowest first; the lowest category where there are several."""
    table = pack.observations
    rows = table[(table["indicator"] == indicator) & is_below(table, pack.region)]
    rows = rows[(rows["sex"] == TOTAL) & (rows["residence"] == TOTAL)]
    rows = rows[rows["year"] == rows["year"].max()]
    # several vaccines a township: the lowest one decides
    return rows.sort_values("value").drop_duplicates("region").sort_values("value")


def _units(pack: Pack, facts: Indicator, rows: pd.DataFrame, target) -> list[Unit]:
    low = high = rows["value"].to_numpy(float)
    if len(rows) and rows["numerator"].notna().all() and not facts.census and KINDS[facts.kind].law:
        kind = "proportion" if facts.kind == "proportion" else "rate"
        per, level = UNITS[facts.unit].per or 1.0, pack.params.settings.level
        low, high = rate_interval(rows["numerator"], rows["denominator"], kind, level, per)
    found = []
    for row, a, b in zip(rows.itertuples(), low, high, strict=True):
        short = target is not None and _is_short(row.value, target)
        found.append(
            Unit(row.region.rsplit("/", 1)[-1], row.value, float(a), float(b), counts_text(row), short)
        )
    return found


def _is_short(value: float, target) -> bool:
    return value > target.target_value if str(target.op).startswith("<") else value < target.target_value


def _title(facts: Indicator, year: int, units: list[Unit], target) -> str:
    if target is None or not units:
        return f"{facts.name}：{year}年{len(units)}个单位的最近值"
    short = [unit.name for unit in units if unit.short]
    if not short:
        return f"{facts.name}：{year}年{len(units)}个单位全部{target.target_text}"
    named = "、".join(short[:NAMED]) + ("等" if len(short) > NAMED else "")
    return f"{facts.name}：{year}年{len(units)}个单位中{len(short)}个没有达到{target.target_text}（{named}）"


def _drawn(facts: Indicator, units: list[Unit], target) -> Canvas:
    canvas = Canvas(HEAD + TALL * len(units) + 4, WIDTH)
    told = [
        format_value(u.value, facts.unit) + (f" {u.counts}" if u.short and u.counts else "") for u in units
    ]
    left = max((wide(unit.name) for unit in units), default=0) + 8
    right = WIDTH - max(map(wide, told), default=0) - 8
    ends = [v for unit in units for v in (unit.low, unit.high)] + ([target.target_value] if target else [])
    low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
    span = (high - low) or 1.0

    def x(value: float) -> float:
        return left + 3 + (right - left - 6) * (value - low) / span

    if target is not None:
        text = f"目标{target.target_text}"
        at = min(max(x(target.target_value), left + wide(text) / 2), WIDTH - wide(text) / 2)
        canvas.words(at, LINE / 2, text, "middle", TARGET)
        canvas.line(
            [(x(target.target_value), HEAD - 3), (x(target.target_value), canvas.height)], TARGET, 1.2, DASHES
        )
    for k, (unit, text) in enumerate(zip(units, told, strict=True)):
        y, ink = HEAD + (k + 0.5) * TALL, SHORT if unit.short else INK
        canvas.line([(left, y), (right, y)], FAINT, 0.6)
        if unit.high > unit.low:
            canvas.line([(x(unit.low), y), (x(unit.high), y)], SOFT, 1.2)
        hint = (
            f"{unit.name} {format_value(unit.value, facts.unit)}{f'（{unit.counts}）' if unit.counts else ''}"
        )
        canvas.dot(x(unit.value), y, ink, told=hint, radius=2.6)
        canvas.words(0, y, unit.name, colour=ink)
        canvas.words(right + 8, y, text, colour=ink)
    return canvas
