"""Small line charts side by side, a target each: its years, how it is likely to go on, and what it is to come to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from xhcp_eval.chapters.brief.basis import is_over, to_indicator
from xhcp_eval.chapters.figures.canvas import (
    DASHES,
    FAINT,
    FORECAST,
    INK,
    PALE,
    SOFT,
    TARGET,
    WIDTH,
    Canvas,
    source_line,
    target_text,
)
from xhcp_eval.chapters.kit.blocks import Picture
from xhcp_eval.chapters.wording.values import bound_text, short_value, value_text
from xhcp_eval.pack.pack import Pack
from xhcp_eval.verdict.series import series_key

ACROSS, HIGH = 3, 86.0  # panels in a row; height of one, points
LEFT, RIGHT = 11.0, 50.0  # room beside a panel's lines; words of the target stand at the right, points
TOP, BELOW = 26.0, 34.0  # of a panel, above and below its lines, points
BEFORE = 5  # years shown before the base year
FEWEST, MOST = 3, 6  # values of a line; panels of a figure
LOW, HALF, UP = 0.1, 0.5, 0.9  # of the forecast


@dataclass(frozen=True)
class Trend:
    """A panel. row: of the assessment. name, link: of the indicator. points: year and value. ahead: year, low, median and high of its
    forecast; empty where nothing is ahead.
    """

    row: Any
    name: str
    link: str
    points: tuple[tuple[int, float], ...]
    ahead: tuple[tuple[float, ...], ...]

    @property
    def told(self) -> str:
        """The panel in words."""
        (year, value), row = self.points[-1], self.row
        return f"{row.indicator_name}{year}年{value_text(value, row.unit)}，目标{bound_text(row.target_text)}"


def trend_panels(pack: Pack, rows: pd.DataFrame, what: str) -> list[Picture]:
    """A panel each for targets that have a series and a number to come to, in full rows; nothing if they don't fill one.

    What rests on a few cases a year isn't drawn: its line goes up and down by chance.

    rows: of an assessment, one a target, what needs attention most first. what: they are of, for the title.
    """
    rows = rows[rows["target_value"].notna() & rows["latest_value"].notna() & (rows["worst_unit"] == "")]
    rows = rows[~rows["small_count"] & ~rows["kind"].isin(["gap", "yes_no"])].drop_duplicates("indicator")
    found = [trend for row in rows.itertuples() if len((trend := _trend(pack, row)).points) >= FEWEST]
    found = found[: min(len(found), MOST) // ACROSS * ACROSS]
    if not found:  # one or two lines say no more than their sentences
        return []
    canvas = Canvas(len(found) // ACROSS * HIGH)
    plan = pack.plan
    years = (plan.base_year - BEFORE, plan.base_year, plan.midterm_year, plan.end_year)
    for k, trend in enumerate(found):
        _panel(canvas, trend, years, WIDTH / ACROSS * (k % ACROSS), HIGH * (k // ACROSS))
    how = "虚线为目标"
    how += "；其后为预测，色带为八成区间。" if any(trend.ahead for trend in found) else "。"
    told = (trend.told for trend in found)
    return [canvas.picture(f"{what}：{_finding(found, plan.base_year)}", told, source_line(pack, how=how))]


def _trend(pack: Pack, row) -> Trend:
    """The series that the row is judged by, from some years before the base year."""
    key, first = series_key(row.indicator, pack.region), pack.plan.base_year - BEFORE
    known = pack.histories
    known = known[(known["series"] == key) & (known["year"] >= first)].sort_values("year")
    values = known["value"]
    points = [
        (int(year), float(value)) for year, value in zip(known["year"], values, strict=True) if value == value
    ]
    ahead: tuple[tuple[float, ...], ...] = ()
    if not is_over(pack) and points:
        rows = pack.forecast
        rows = rows[(rows["series"] == key) & (rows["year"] > points[-1][0])].sort_values("year")
        ahead = tuple(map(tuple, rows[["year", LOW, HALF, UP]].to_numpy(float)))
        ahead = ((points[-1][0], *[points[-1][1]] * 3), *ahead) if ahead else ()
    return Trend(
        row,
        pack.plan.indicator(row.indicator).short_name,
        to_indicator(pack, row.indicator),
        tuple(points),
        ahead,
    )


def _finding(trends: Sequence[Trend], base: int) -> str:
    """How many are better than in the base year, which are worse."""
    moved = {trend.name: _better(trend, base) for trend in trends}
    better, worse = [[name for name, change in moved.items() if sign * change > 0] for sign in (1, -1)]
    if len(better) == len(trends):
        return f"{len(trends)}项指标都比基期好转"
    told = [f"{len(better)}项比基期好转"] if better else []
    told += [f"{'、'.join(worse)}变差"] if worse else []
    return f"{len(trends)}项指标中{'，'.join(told)}" if told else f"{len(trends)}项指标与基期持平"


def _better(trend: Trend, base: int) -> float:
    """Change since the base year of the target (of the plan, where that of the target is the last), positive for the better."""
    row = trend.row
    before = row.base_value if row.base_year < row.latest_year else dict(trend.points).get(base, math.nan)
    return (row.latest_value - before) * (1 if row.direction == "up" else -1)


def _panel(canvas: Canvas, trend: Trend, years: Sequence[int], left: float, top: float) -> None:
    """One panel: name above, years below; the last value at its point, the target's words at the end of its line."""
    x0, x1 = left + LEFT, left + WIDTH / ACROSS - RIGHT
    bottom = top + HIGH - BELOW
    row = trend.row
    values = (
        [value for _, value in trend.points]
        + [row.target_value]
        + [v for _, low, _, up in trend.ahead for v in (low, up)]
    )
    low, high = min(values), max(values)

    def x(year: float) -> float:
        return x0 + (x1 - x0) * (year - years[0]) / (years[-1] - years[0])

    def y(value: float) -> float:
        return bottom - (bottom - top - TOP) * ((value - low) / (high - low) if high > low else 0.5)

    canvas.name(left, top + 7, trend.name, row.unit, trend.link)
    if trend.ahead:
        edge = [(x(year), y(up)) for year, _, _, up in trend.ahead]
        edge += [(x(year), y(down)) for year, down, _, _ in reversed(trend.ahead)]
        canvas.area(edge, PALE)
        canvas.line([(x(year), y(middle)) for year, _, middle, _ in trend.ahead], FORECAST, 1.2)
    canvas.line([(x0, y(row.target_value)), (x1 + 2, y(row.target_value))], TARGET, 1.1, DASHES)
    canvas.line([(x(year), y(value)) for year, value in trend.points], INK, 1.4)
    last_year, last = trend.points[-1]
    canvas.dot(x(last_year), y(last), told=f"{last_year}年{value_text(last, row.unit)}", radius=2.6)
    above = last > row.target_value or (last == row.target_value and row.direction == "up")
    canvas.words(
        x(last_year), y(last) + (-9 if above else 9), short_value(last, row.unit), "middle", over=True
    )
    canvas.words(x1 + 5, y(row.target_value), target_text(row.target_value, row.unit, row.op), colour=TARGET)
    canvas.line([(x0, top + HIGH - 17), (x1, top + HIGH - 17)], FAINT, 0.8)
    for year in years:
        canvas.words(x(year), top + HIGH - 10, str(year), "middle", SOFT)
