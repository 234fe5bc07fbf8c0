"""Townships on a map of tiles, or on their boundaries where these may be shown: which have come to the region's target."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from xhcp_eval.chapters.brief.basis import end_targets
from xhcp_eval.chapters.figures.boundaries import Ring, read_boundaries
from xhcp_eval.chapters.figures.canvas import LINE, SOFT, WIDTH, Canvas, source_line, wide
from xhcp_eval.chapters.kit.blocks import Picture
from xhcp_eval.chapters.kit.units import unit_rows
from xhcp_eval.chapters.wording.values import bound_text, value_text
from xhcp_eval.files.home import ROOT
from xhcp_eval.observations.table import is_below
from xhcp_eval.pack.pack import Pack

MOST, ACROSS, BETWEEN = 4, 2, 14.0  # maps; maps in a row; room between them, points
COLUMNS, TALL, GAP = (
    4,
    25.0,
    2.0,
)  # tiles in a row where none is given a place; height of one; room between, points
SHAPES = 150.0  # height of a map of boundaries, points
KINDS = ("proportion", "ratio")  # what a township's counts can tell
SHORT = ("街道办事处", "街道", "乡", "镇")  # endings that a narrow tile leaves out
DARK, PALE = ("#3D4B5C", "white"), ("#EEF1F4", "black")  # fields with their ink: short of the target, or not
NUMERALS = str.maketrans("一二三四五六七八九甲乙丙丁戊己", "123456789abcdef")
Place = tuple[int, int]  # row and column


@dataclass(frozen=True)
class Level:
    """A map. name, target: of the indicator. values: of the townships, in their order. short: whether each is short of the target."""

    name: str
    target: str
    texts: tuple[str, ...]
    short: tuple[bool, ...]
    worst: int


def township_map(pack: Pack) -> list[Picture]:
    """Up to four targets that most townships are short of, a map each; nothing where no township has been counted.

    Where the parameters place the tiles, there; where they give boundaries with their 审图号, on these. Raises DataError for
    boundaries that can't be read.
    """
    names = _names(pack)
    levels = [level for row in _asked(pack).itertuples() if (level := _level(pack, row, names))]
    levels = sorted(levels, key=lambda level: -sum(level.short))[:MOST]
    levels = levels[: len(levels) // ACROSS * ACROSS] or levels  # full rows
    if not levels:
        return []
    facts = pack.params.map
    rings = read_boundaries(ROOT / facts.boundaries, names) if facts.boundaries else {}
    places = _places(names, facts.tiles)
    tall = SHAPES if rings else (TALL + GAP) * (1 + max(row for row, _ in places))
    canvas = Canvas(-(-len(levels) // ACROSS) * (LINE + 4 + tall + 8) - 8)
    across = (WIDTH - BETWEEN * (ACROSS - 1)) / ACROSS
    for k, level in enumerate(levels):
        left, top = (k % ACROSS) * (across + BETWEEN), (k // ACROSS) * (LINE + 4 + tall + 8)
        canvas.words(left, top + LINE / 2, f"{level.name}，目标{level.target}：{sum(level.short)}个未达到")
        if rings:
            _shapes(canvas, level, names, rings, (left, top + LINE + 4, across, tall))
        else:
            _tiles(canvas, level, names, places, (left, top + LINE + 4, across))
    first = levels[0]
    count, worst = sum(first.short), f"{names[first.worst]}最差（{first.texts[first.worst]}）"
    far = f"中{count}个" if count < len(names) else "都"
    title = f"{first.name}{len(names)}个乡镇街道{far}未达到全区目标，{worst}"
    told = [_told(level, names) for level in levels]
    how = "深色为未达到全区目标。"
    how += f"审图号：{facts.approval}。" if rings else "方格不表示边界。"
    return [canvas.picture(title, told, source_line(pack, how=how))]


def _names(pack: Pack) -> tuple[str, ...]:
    """Townships by name, numerals in their order."""
    rows = pack.observations
    rows = rows[(rows["level"] == "township") & is_below(rows, pack.region)]
    return tuple(
        sorted(
            {region.rsplit("/", 1)[-1] for region in rows["region"]},
            key=lambda name: name.translate(NUMERALS),
        )
    )


def _asked(pack: Pack) -> pd.DataFrame:
    rows = end_targets(pack)
    rows = rows[rows["kind"].isin(KINDS) & rows["target_value"].notna() & ~rows["small_count"].astype(bool)]
    return rows.drop_duplicates("indicator")


def _level(pack: Pack, row, names: Sequence[str]) -> Level | None:
    """An indicator that all townships report and that some are short of; None for others."""
    rows = unit_rows(pack, row.indicator)
    rows = rows[rows["level"] == "township"]
    values = dict(zip(rows["region"].str.rsplit("/", n=1).str[-1], rows["value"], strict=True))
    if not names or set(names) - set(values):
        return None
    sign = 1 if row.direction == "up" else -1
    far = [sign * (row.target_value - values[name]) for name in names]
    if max(far) <= 0:
        return None
    texts = tuple(value_text(values[name], row.unit, row.target_value) for name in names)
    facts = pack.plan.indicator(row.indicator)
    return Level(
        facts.short_name, bound_text(row.target_text), texts, tuple(f > 0 for f in far), far.index(max(far))
    )


def _places(names: Sequence[str], given: Mapping[str, Place]) -> list[Place]:
    """Row and column of every township's tile: as given, the others below in their order."""
    below = 1 + max((row for row, _ in given.values()), default=-1)
    rest = [name for name in names if name not in given]
    found = {name: (below + k // COLUMNS, k % COLUMNS) for k, name in enumerate(rest)}
    return [given.get(name) or found[name] for name in names]


def _tiles(
    canvas: Canvas,
    level: Level,
    names: Sequence[str],
    places: Sequence[Place],
    at: tuple[float, float, float],
) -> None:
    left, top, across = at
    step = across / (1 + max(column for _, column in places))
    for name, text, short, (row, column) in zip(names, level.texts, level.short, places, strict=True):
        x, y = left + column * step, top + row * (TALL + GAP)
        fill, ink = DARK if short else PALE
        canvas.box(x, y, step - GAP, TALL, fill, told=f"{name}{text}")
        middle = x + (step - GAP) / 2
        canvas.words(middle, y + 7.5, _fitting(name, step - GAP - 2), "middle", ink)
        canvas.words(middle, y + 18, text, "middle", ink)


def _fitting(name: str, room: float) -> str:
    """A township's name for a tile: without its kind, or cut, where there is no room."""
    if wide(name) <= room:
        return name
    short = next((name.removesuffix(ending) for ending in SHORT if name.endswith(ending)), name)
    while wide(short) > room and len(short) > 1:
        short = short[:-1]
    return short


def _shapes(
    canvas: Canvas,
    level: Level,
    names: Sequence[str],
    rings: Mapping[str, tuple[Ring, ...]],
    at: tuple[float, float, float, float],
) -> None:
    """Shapes with their values in the middle of the largest part; names are told to who points at them."""
    left, top, across, tall = at
    points = [point for name in names for ring in rings[name] for point in ring]
    (west, east), (south, north) = ((min(values), max(values)) for values in zip(*points, strict=True))
    scale = min(across / (east - west or 1), tall / (north - south or 1))

    def place(point: tuple[float, float]) -> tuple[float, float]:
        return left + (point[0] - west) * scale, top + (north - point[1]) * scale

    for name, text, short in zip(names, level.texts, level.short, strict=True):
        for ring in rings[name]:
            canvas.area([place(point) for point in ring], (DARK if short else PALE)[0], f"{name}{text}", SOFT)
    for name, text, short in zip(names, level.texts, level.short, strict=True):
        x, y = place(_centre(max(rings[name], key=len)))
        canvas.words(x, y, text, "middle", (DARK if short else PALE)[1])


def _centre(ring: Ring) -> tuple[float, float]:
    """Centre of area of a ring."""
    pairs = list(zip(ring, ring[1:] + ring[:1], strict=True))
    area = sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairs) / 2
    if math.isclose(area, 0.0, abs_tol=1e-15):
        return ring[0]
    x = sum((x0 + x1) * (x0 * y1 - x1 * y0) for (x0, y0), (x1, y1) in pairs) / (6 * area)
    y = sum((y0 + y1) * (x0 * y1 - x1 * y0) for (x0, y0), (x1, y1) in pairs) / (6 * area)
    return x, y


def _told(level: Level, names: Sequence[str]) -> str:
    short = [
        f"{name}{text}"
        for name, text, is_short in zip(names, level.texts, level.short, strict=True)
        if is_short
    ]
    return f"{level.name}目标{level.target}，未达到的有{'、'.join(short)}"
