"""What families find important against how satisfied they are, in four quadrants with their names."""

from __future__ import annotations

from collections.abc import Sequence

from xhcp_eval.chapters.figures.canvas import INK, LINE, SOFT, TYPE, WIDTH, Canvas, source_line, wide
from xhcp_eval.chapters.kit.blocks import Picture
from xhcp_eval.chapters.third_party.survey import survey_of
from xhcp_eval.evaluation.methods.satisfaction import importance_performance
from xhcp_eval.pack.pack import Pack

HIGH, EDGE = 150.0, 14.0  # of the drawing; kept free below for the words of the axis, points
ROOM = 0.12  # of the range, beyond the outermost points
FIRST = "重点改进"
# From the top left: important and not satisfied, important and satisfied, and so on.
NAMES = ((FIRST, "保持优势"), ("次要改进", "不必再加"))
Box = tuple[float, float, float, float]  # left, top, right, bottom


def importance_quadrant(pack: Pack) -> list[Picture]:
    """Mean importance against mean satisfaction of each service; nothing without a survey that asked for both."""
    survey = survey_of(pack) if pack.params.evaluation else None
    rows = importance_performance(survey[0]) if survey else None
    if rows is None or rows.empty:
        return []
    canvas = Canvas(HIGH)
    x, y = _scale(rows["performance"], 0, WIDTH), _scale(rows["importance"], HIGH - EDGE, 0)
    across, down = x(rows["performance_cut"].iloc[0]), y(rows["importance_cut"].iloc[0])
    canvas.line([(across, 0), (across, HIGH - EDGE)], SOFT, 0.8)
    canvas.line([(0, down), (WIDTH, down)], SOFT, 0.8)
    taken = _corners(canvas)
    points = [(x(row.performance), y(row.importance)) for row in rows.itertuples()]
    taken += [(a - 4, b - 4, a + 4, b + 4) for a, b in points]
    for row, (a, b) in zip(rows.itertuples(), points, strict=True):
        place = f"{row.label}：重要性{row.importance:.2f}，满意度{row.performance:.2f}，{row.quadrant}"
        canvas.dot(a, b, INK, row.quadrant not in (FIRST, NAMES[0][1], *NAMES[1]), place)
        _beside(canvas, a, b, row.label, taken)
    canvas.words(WIDTH, HIGH - 6, "满意度均分，越右越满意", "end", SOFT)
    canvas.words(0, HIGH - 6, "重要性均分，越上越重要", colour=SOFT)
    named = list(rows.loc[rows["quadrant"] == FIRST, "label"])
    title = (
        f"{len(rows)}项服务中{'、'.join(named)}重要而不满意，应重点改进"
        if named
        else f"{len(rows)}项服务都不能断定为重要而不满意"
    )
    told = [f"{row.label}{row.quadrant}" for row in rows.itertuples()]
    how = "细线为平均；空心为区间跨过细线、不能归类的。"
    return [canvas.picture(title, told, source_line(pack, "家长满意度调查", how))]


def _scale(values, start: float, end: float):
    low, high = values.min(), values.max()
    room = ROOM * (high - low or 1.0)
    return lambda value: start + (end - start) * (value - low + room) / (high - low + 2 * room)


def _corners(canvas: Canvas) -> list[Box]:
    """Names of the quadrants in their corners; returns the room they take."""
    found = []
    for line, y in zip(NAMES, (7.0, HIGH - EDGE - 8), strict=True):
        for name, left in zip(line, (0.0, WIDTH - wide(line[1])), strict=True):
            canvas.words(left, y, name, colour=SOFT)
            found.append((left, y - LINE / 2, left + wide(name), y + LINE / 2))
    return found


def _beside(canvas: Canvas, x: float, y: float, text: str, taken: list[Box]) -> None:
    """Words beside a point, on the first side that is free; right of it where none is."""
    long, half = wide(text), TYPE / 2 + 1
    sides = [
        (x + 6, y),
        (x - 6 - long, y),
        (x - long / 2, y - 11),
        (x - long / 2, y + 11),
        (x + 5, y - 9),
        (x + 5, y + 9),
    ]
    boxes = [(left, middle - half, left + long, middle + half) for left, middle in sides]
    free = [box for box in boxes if _within(box) and not any(_meet(box, other) for other in taken)]
    box = (free or boxes)[0]
    taken.append(box)
    canvas.words(box[0], box[1] + half, text, over=True)


def _within(box: Box) -> bool:
    return box[0] >= 0 and box[1] >= 0 and box[2] <= WIDTH and box[3] <= HIGH - EDGE


def _meet(one: Sequence[float], other: Sequence[float]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
