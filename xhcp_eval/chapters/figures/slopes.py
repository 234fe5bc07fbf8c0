"""Slope charts side by side: where an indicator stood in the base year, where it stands, and what it is to come to."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from xhcp_eval.chapters.brief.basis import to_indicator
from xhcp_eval.chapters.figures.canvas import (
    DASHES,
    INK,
    LINE,
    SOFT,
    TARGET,
    WIDTH,
    Canvas,
    source_line,
    spread,
    target_text,
)
from xhcp_eval.chapters.kit.blocks import Picture
from xhcp_eval.chapters.outcomes import ends_text, then_and_now
from xhcp_eval.chapters.wording.counting import Counts, questions
from xhcp_eval.chapters.wording.readers import Reader, word_of
from xhcp_eval.chapters.wording.values import bound_text, change_text, short_value, value_text
from xhcp_eval.pack.pack import Pack

ACROSS, HIGH = 3, 64.0  # panels in a row; height of one, points
LEFT, RIGHT = 38.0, 62.0  # room for words beside a panel's lines, points
TOP, BELOW = 28.0, 15.0  # of a panel, above and below its lines, points
Point = tuple[float, float]  # year and value
FEWEST = 3  # panels of a figure


@dataclass(frozen=True)
class Slope:
    """A panel. name, link: of the indicator. unit: of its values. points, targets: year and value each. op: of the target. word: how it stands, as a
    reader reads it. told: the panel in words.
    """

    name: str
    link: str
    unit: str
    points: tuple[tuple[int, float], ...]
    targets: tuple[tuple[int, float], ...]
    op: str
    word: str
    told: str


def midterm_slopes(pack: Pack, rows: pd.DataFrame, found: Counts) -> list[Picture]:
    """Targets of the plan's middle year, a panel each. rows: of the assessment, a row a target. found: their counts."""
    slopes = [slope for row in rows.itertuples() if (slope := _midterm(pack, row, found.over))]
    short = rows[(rows["gap"] > 0) & rows["gap_relative"].notna()].sort_values(
        "gap_relative", ascending=False
    )
    title = f"{found.total}项{found.year}年目标中{found.inside}项在目标以内"
    for row in short.head(1).itertuples():
        name = pack.plan.indicator(row.indicator).short_name
        title += f"，{name}差得最远（{change_text(row.gap, row.unit)}）"
    return _picture(pack, slopes, title)


def outcome_slopes(pack: Pack) -> list[Picture]:
    """What had been at risk when it was forecast, as it ended, a panel each; nothing where there was no forecast.

    What had been broken by then, so that nobody had to foresee it, isn't among them.
    """
    rows = then_and_now(pack)
    rows = rows[(rows["then"] == Reader.RISK) & ~rows["settled"]]
    if rows.empty:
        return []
    slopes = [slope for row in rows.itertuples() if (slope := _outcome(row))]
    title = f"{pack.params.forecast_origin}年有风险的{len(rows)}项目标的结果：{ends_text(rows)}"
    return _picture(pack, [_slope(pack, *slope) for slope in slopes], title)


def _midterm(pack: Pack, row, over: bool) -> Slope | None:
    if not (math.isfinite(row.latest_value) and math.isfinite(row.target_value)):
        return None
    points = (
        [(row.base_year, row.base_value)]
        if row.base_year < row.latest_year and math.isfinite(row.base_value)
        else []
    )
    points.append((row.latest_year, row.latest_value))
    later = _later(pack, row)
    targets = [
        (row.target_year, row.target_value),
        *([(pack.plan.end_year, later)] if math.isfinite(later) else []),
    ]
    return _slope(pack, row, points, targets, str(row.op), word_of(row.status, over))


def _later(pack: Pack, row) -> float:
    """The same indicator's target of the last year, where it is another number."""
    rows = questions(pack, pack.plan.end_year)
    rows = rows[(rows["indicator"] == row.indicator) & (rows["op"].astype(str) == str(row.op))]
    values = rows["target_value"].dropna()
    return float(values.iloc[0]) if len(values) and values.iloc[0] != row.target_value else math.nan


def _outcome(row) -> tuple | None:
    """What `_slope` takes of a row of `then_and_now`; None where a value is missing."""
    if row.every_year or not (math.isfinite(row.value_then) and math.isfinite(row.latest_value)):
        return None
    base = (
        [(row.base_year, row.base_value)]
        if row.base_year < row.year_then and math.isfinite(row.base_value)
        else []
    )
    points = [*base, (row.year_then, row.value_then), (row.latest_year, row.latest_value)]
    targets = [(row.target_year, row.target_value)] if math.isfinite(row.target_value) else []
    return row, points, targets, str(row.op), word_of(row.status, True)


def _slope(pack: Pack, row, points: Sequence[Point], targets: Sequence[Point], op: str, word: str) -> Slope:
    course = "、".join(f"{year:.0f}年{value_text(value, row.unit)}" for year, value in points)
    told = f"{row.indicator_name}{course}，目标{bound_text(row.target_text)}，{word}"
    name = pack.plan.indicator(row.indicator).short_name
    return Slope(
        name, to_indicator(pack, row.indicator), row.unit, _whole(points), _whole(targets), op, word, told
    )


def _whole(points: Iterable[Point]) -> tuple[tuple[int, float], ...]:
    return tuple((int(year), float(value)) for year, value in points)


def _picture(pack: Pack, slopes: Sequence[Slope], title: str) -> list[Picture]:
    if len(slopes) < FEWEST:
        return []
    across = min(ACROSS, len(slopes))
    canvas = Canvas(-(-len(slopes) // across) * HIGH)
    years = sorted({year for slope in slopes for year, _ in (*slope.points, *slope.targets)})
    for k, slope in enumerate(slopes):
        _panel(canvas, slope, years, WIDTH / across * (k % across), HIGH * (k // across), WIDTH / across)
    how = f"每格{years[0]}—{years[-1]}年，虚线为目标，人数少的三年合并。"
    return [canvas.picture(title, (slope.told for slope in slopes), source_line(pack, how=how))]


def _panel(
    canvas: Canvas, slope: Slope, years: Sequence[int], left: float, top: float, across: float
) -> None:
    """One panel: name above; years on their common scale; values at the points, targets in a column to the right."""
    end = canvas.name(left, top + 7, slope.name, slope.unit, slope.link)
    canvas.words(end + 5, top + 7, slope.word, colour=SOFT)
    x0, x1 = left + LEFT, left + across - RIGHT
    values = [value for _, value in (*slope.points, *slope.targets)]
    low, high = min(values), max(values)

    def x(year: float) -> float:
        return x0 + (x1 - x0) * (year - years[0]) / max(years[-1] - years[0], 1)

    def y(value: float) -> float:
        return (
            top + HIGH - BELOW - (HIGH - TOP - BELOW) * ((value - low) / (high - low) if high > low else 0.5)
        )

    start = slope.points[0][0]
    for year, value in slope.targets:
        canvas.line([(x(start), y(value)), (x(year) + 3, y(value))], TARGET, 1.1, DASHES)
        start = year
    canvas.line([(x(year), y(value)) for year, value in slope.points], INK, 1.5)
    for year, value in slope.points:
        canvas.dot(x(year), y(value), told=f"{year}年{value_text(value, slope.unit)}")
    _value_words(canvas, slope, [(x(year), y(value)) for year, value in slope.points])
    beside = x(max(year for year, _ in slope.targets)) + 6 if slope.targets else x1
    _target_words(canvas, slope, [y(value) for _, value in slope.targets], beside, (top + 18, top + HIGH - 8))


def _value_words(canvas: Canvas, slope: Slope, places: Sequence[Point]) -> None:
    """The first value left of its point, the others on the side of theirs that is away from the targets."""
    aim = sum(value for _, value in slope.targets) / len(slope.targets) if slope.targets else math.inf
    for k, ((x, y), (_, value)) in enumerate(zip(places, slope.points, strict=True)):
        text = short_value(value, slope.unit)
        if k == 0 and len(places) > 1:
            canvas.words(x - 5, y, text, "end", SOFT)
        else:
            canvas.words(x, y + (9 if value < aim else -9), text, "middle", over=True)


def _target_words(canvas: Canvas, slope: Slope, places: Sequence[float], left: float, within: Point) -> None:
    """Words right of the dashes."""
    for k, ((year, value), y) in enumerate(
        zip(slope.targets, spread(places, LINE - 1, *within), strict=True)
    ):
        text = f"{year}年{short_value(value, slope.unit)}" if k else target_text(value, slope.unit, slope.op)
        canvas.words(left, y, text, colour=TARGET)
