"""The fan chart: an indicator's history, what is ahead and its targets, with words at the ends of lines in place of a legend."""

from __future__ import annotations

import math
from dataclasses import dataclass

from xhcp_eval.chapters.figures.canvas import DASHES, FAINT, INK, LINE, SOFT, TARGET, Canvas, spread, wide
from xhcp_eval.chapters.kit import style
from xhcp_eval.chapters.kit.course import QUANTILES, Course, Seen, course_of, finding, numbers, sources_text
from xhcp_eval.chapters.kit.views import FigureView
from xhcp_eval.observations.table import STATUS_LABELS
from xhcp_eval.pack.pack import Pack
from xhcp_eval.plan.units import UNITS, format_number, format_value

WIDTH = style.COLUMN * 72  # points
HIGH = 150.0  # of a figure, points
TOP, BELOW = 22.0, 18.0  # room above and below the lines: for the unit, and for years
TICKS = 4  # about so many values are named beside the lines
STEPS = (1, 2, 2.5, 5, 10)
CLOSE = 3.0  # between a line's end and its words, points


@dataclass(frozen=True)
class Frame:
    """Where lines are drawn: places in points, limits in years and values."""

    left: float
    right: float
    top: float
    bottom: float
    years: tuple[int, int]
    values: tuple[float, float]

    def x(self, year: float) -> float:
        """Place of a year."""
        first, last = self.years
        return self.left + (self.right - self.left) * (year - first) / max(last - first, 1)

    def y(self, value: float) -> float:
        """Place of a value."""
        low, high = self.values
        return self.bottom - (self.bottom - self.top) * (value - low) / (high - low)


def fan_chart(pack: Pack, indicator: str) -> FigureView:
    """History, what is ahead and targets of one indicator for the pack's region.

    pack: from `open_pack`. indicator: id. Unverified figures are hollow; counted rates have their 95% intervals as thin bars;
    small counts have the line of the years put together that verdicts rest on; bands hold 80% and 95% of the simulated futures of the
    underlying level; small hollow points are Chinese precedents. Years are the same in all figures of a plan; earlier ones stand in
    its table. Raises PlanError for an unknown id.
    """
    course = course_of(pack, indicator)
    canvas, frame = Canvas(HIGH, WIDTH), _frame(course)
    _grid(canvas, frame, course)
    _bands(canvas, frame, course)
    _aim_lines(canvas, frame, course)
    _nation(canvas, frame, course)
    _history(canvas, frame, course)
    _end_words(canvas, frame, course)
    found = finding(pack, course)
    note = _note(pack, course) + sources_text(course.rows)
    return canvas.view(found, _alt(course, found), note, numbers(course) if course.rows else None)


def _frame(course: Course) -> Frame:
    values = [v for row in course.shown for v in (row.value, row.low, row.high)]
    values += [v for _, *quantiles in course.fan for v in quantiles]
    values += [value for year, value, _, _ in course.nation if year >= course.first]
    values = [v for v in (*values, *(aim.value for aim in course.aims)) if math.isfinite(v)]
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    room = 0.06 * (high - low) or abs(high) * 0.1 or 1.0
    limits = _within(course, low - room, high + room)
    left = max((wide(format_number(v, course.facts.unit)) for v in nice(*limits)), default=10) + 5
    right = WIDTH - max((wide(text) for _, text, _ in _ends(course)), default=6) - CLOSE - 4
    return Frame(left, right, TOP, HIGH - BELOW, (course.first, course.last), limits)


def _within(course: Course, low: float, high: float) -> tuple[float, float]:
    """Limits that don't pass those of the indicator itself: no share of 104%."""
    facts = course.facts
    if facts.lower is not None and low < facts.lower:
        low = facts.lower - 0.02 * (high - facts.lower)
    if facts.upper is not None and high > facts.upper:
        high = facts.upper + 0.02 * (facts.upper - low)
    return low, high


def nice(low: float, high: float, count: int = TICKS) -> list[float]:
    """About `count` round values between low and high, a step of 1, 2, 2.5 or 5 times a power of ten apart."""
    span = (high - low) / count
    power = 10.0 ** math.floor(math.log10(span))
    step = next(power * k for k in STEPS if power * k >= span * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    return [k * step for k in range(first, math.floor(high / step + 1e-9) + 1)]


def _grid(canvas: Canvas, frame: Frame, course: Course) -> None:
    """Values beside, years below, the unit above."""
    unit = UNITS[course.facts.unit].label
    for value in nice(*frame.values):
        canvas.line([(frame.left, frame.y(value)), (frame.right, frame.y(value))], FAINT, 0.6)
        canvas.words(frame.left - 4, frame.y(value), format_number(value, course.facts.unit), "end", SOFT)
    if unit:
        canvas.words(0, 6, unit, colour=SOFT)
    canvas.line([(frame.left, frame.bottom), (frame.right, frame.bottom)], SOFT, 0.8)
    first, last = frame.years
    for year in years_named(first, last):
        canvas.line([(frame.x(year), frame.bottom), (frame.x(year), frame.bottom + 3)], SOFT, 0.8)
        canvas.words(frame.x(year), HIGH - 7, str(year), "middle", SOFT)
    if not course.rows:
        canvas.words((frame.left + frame.right) / 2, (frame.top + frame.bottom) / 2, "缺数据", "middle", SOFT)


def years_named(first: int, last: int) -> list[int]:
    """Years under an axis: every fifth, counted from the last."""
    return sorted(range(last, first - 1, -5))


def _bands(canvas: Canvas, frame: Frame, course: Course) -> None:
    """Bands of 95% and 80% and the median, setting out from the last figure."""
    if not course.fan or course.start is None:
        return
    years = [course.start[0], *(row[0] for row in course.fan)]
    lines = [[course.start[1], *(row[k + 1] for row in course.fan)] for k in range(len(QUANTILES))]
    for low, high, colour in ((0, 4, style.FORECAST_FAR), (1, 3, style.FORECAST_NEAR)):
        edge = [(frame.x(y), frame.y(v)) for y, v in zip(years, lines[high], strict=True)]
        edge += [(frame.x(y), frame.y(v)) for y, v in zip(years[::-1], lines[low][::-1], strict=True)]
        canvas.area(edge, colour)
    middle = [(frame.x(y), frame.y(v)) for y, v in zip(years, lines[2], strict=True)]
    canvas.line(middle, style.FORECAST, 1.4)
    for (year, *values), (x, y) in zip(course.fan, middle[1:], strict=True):
        least, half, most = (format_value(values[k], course.facts.unit) for k in (1, 2, 3))
        told = f"预测{int(year)}年 中位数{half}，八成可能在{least}—{most}"
        canvas.dot(x, y, style.FORECAST, told=told, radius=0.9)
    for year, value, told in course.precedents:
        if frame.values[0] <= value <= frame.values[1] and year <= frame.years[1]:
            canvas.dot(frame.x(year), frame.y(value), SOFT, hollow=True, told=told, radius=1.8)


def _aim_lines(canvas: Canvas, frame: Frame, course: Course) -> None:
    for aim in course.aims:
        ends = [(frame.x(year), frame.y(aim.value)) for year in (max(aim.since, frame.years[0]), aim.year)]
        ends[1] = (min(ends[1][0] + CLOSE, frame.right + CLOSE), ends[1][1])
        canvas.line(ends, TARGET if aim.own else SOFT, 1.2 if aim.own else 0.9, DASHES)
        canvas.hint(*ends[1], aim.told)


def _nation(canvas: Canvas, frame: Frame, course: Course) -> None:
    """The nation's own figures beside the region's."""
    rows = [row for row in course.nation if row[0] >= frame.years[0]]
    if len(rows) > 1:
        canvas.line([(frame.x(year), frame.y(value)) for year, value, _, _ in rows], SOFT, 0.9, "1 1.5")
    for year, value, unsure, source in rows:
        told = f"全国 {year}年 {format_value(value, course.facts.unit)}，来源：{source}"
        if unsure:
            canvas.dot(frame.x(year), frame.y(value), SOFT, hollow=True, radius=1.3)
        canvas.hint(frame.x(year), frame.y(value), told)


def _history(canvas: Canvas, frame: Frame, course: Course) -> None:
    """Intervals, lines between breaks, points, the pooled line, and the last value in words."""
    rows, pooled = course.shown, [place for place in course.pooled if place[0] >= frame.years[0]]
    for r in rows:
        if r.low == r.low:
            canvas.line([(frame.x(r.year), frame.y(r.low)), (frame.x(r.year), frame.y(r.high))], SOFT, 0.5)
    colour, width = (SOFT, 0.7) if pooled else (INK, 1.4)
    part: list[tuple[float, float]] = []
    for r in rows:
        if r.broken:
            canvas.line(part, colour, width) if len(part) > 1 else None
            part = []
            _break(canvas, frame, r.year)
        part.append((frame.x(r.year), frame.y(r.value)))
    if len(part) > 1:
        canvas.line(part, colour, width)
    if pooled:
        canvas.line([(frame.x(year), frame.y(value)) for year, value in pooled], INK, 1.8)
    for r in rows:
        _point(canvas, frame.x(r.year), frame.y(r.value), r, colour)
    if course.start and course.start[0] >= frame.years[0]:
        _last_words(canvas, frame, course)


def _break(canvas: Canvas, frame: Frame, year: int) -> None:
    x = frame.x(year - 0.5)
    canvas.line([(x, frame.top - 4), (x, frame.bottom)], SOFT, 0.8, "1 2")
    middle = min(max(x, frame.left + 18), frame.right - 18)
    canvas.words(middle, frame.top - 10, "口径变更", "middle", SOFT)


def _point(canvas: Canvas, x: float, y: float, row: Seen, colour: str) -> None:
    canvas.dot(x, y, colour, hollow=row.unsure, told=row.told, radius=2.1 if colour == INK else 1.4)
    if row.odd:
        for way in (1, -1):
            canvas.line([(x - 4, y - 4 * way), (x + 4, y + 4 * way)], INK, 1.2)


def _last_words(canvas: Canvas, frame: Frame, course: Course) -> None:
    """The value that verdicts rest on, above or below its point, on the side away from the nearest target."""
    assert course.start is not None
    year, value = course.start
    text = format_number(value, course.facts.unit)
    aim = min((a.value for a in course.aims), key=lambda v: abs(v - value), default=-math.inf)
    y = frame.y(value) + (-9 if value >= aim else 9)
    y = min(max(y, frame.top - 2), frame.bottom - 7)
    x = min(frame.x(year), frame.right - wide(text) / 2)
    canvas.words(x, y, text, "middle", over=True)


def _ends(course: Course) -> list[tuple[float, str, str]]:
    """Value, words and colour of what is named at the right end."""
    found = [(aim.value, aim.words, TARGET if aim.own else SOFT) for aim in course.aims]
    if course.fan:
        value = course.fan[-1][3]
        found.append((value, f"预测{format_number(value, course.facts.unit)}", style.FORECAST))
    if course.nation and course.nation[-1][0] >= course.first:
        found.append((course.nation[-1][1], "全国", SOFT))
    return found


def _end_words(canvas: Canvas, frame: Frame, course: Course) -> None:
    ends = _ends(course)
    wanted = [frame.y(value) for value, _, _ in ends]
    for (_, text, colour), y in zip(ends, spread(wanted, LINE, frame.top, frame.bottom - 4), strict=True):
        canvas.words(frame.right + CLOSE + 3, y, text, colour=colour)


def _note(pack: Pack, course: Course) -> str:
    """How the figure is read: only what is drawn."""
    rows, parts = course.rows, []
    if course.pooled:
        years = {2: "两", 3: "三"}.get(pack.params.settings.pool_years, str(pack.params.settings.pool_years))
        parts.append(f"粗线为{years}年合并")
    if any(row.low == row.low for row in rows):
        parts.append(f"竖线为{pack.params.settings.level * 100:g}%区间")
    parts += [
        f"空心为{STATUS_LABELS[status]}" for status in dict.fromkeys(r.status for r in rows if r.unsure)
    ]
    if any(row.odd for row in rows):
        parts.append("×为异常年份，不入趋势")
    if course.fan:
        parts.append("扇形为预测，深、浅为八成、九成五可能的范围")
    if course.precedents:
        parts.append("右端小圈为国内先例的走法折算到本指标，不是各省的数值")
    if any(row.year < course.first for row in rows):
        parts.append(f"{course.first}年以前的数在数据表里")
    return "；".join(parts) + "。" if parts else ""


def _alt(course: Course, found: str) -> str:
    """The figure in words: what it finds, its first and last figure, what is ahead, the nation, targets."""
    unit, rows = course.facts.unit, course.rows
    parts = [f"{found}。折线图"]
    if rows:
        parts.append(
            f"{len(rows)}个数，{rows[0].year}年{format_value(rows[0].value, unit)}至{rows[-1].year}年{format_value(rows[-1].value, unit)}"
        )
    if course.fan:
        year, _, low, middle, high, _ = (
            course.fan[-1][0],
            *(format_value(v, unit) for v in course.fan[-1][1:]),
        )
        parts.append(f"预测{int(year)}年中位数{middle}，80%区间{low}至{high}")
    if course.nation:
        parts.append(f"全国{course.nation[-1][0]}年{format_value(course.nation[-1][1], unit)}")
    parts += [aim.told for aim in course.aims]
    if any(row.status == "demo" for row in rows):
        parts.append(STATUS_LABELS["demo"])
    return "。".join(parts) + "。"
