"""A drawing as SVG, written directly: marks and words at places in points, words measured by the packaged font.

A figure of a report is a few dozen marks. Setting up a plotting library for each takes longer than all of them do here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from itertools import groupby
from pathlib import Path

from markupsafe import escape

from xhcp_eval.chapters.kit import style
from xhcp_eval.chapters.kit.blocks import Picture
from xhcp_eval.chapters.kit.svg import CSS_PER_POINT
from xhcp_eval.chapters.kit.views import FigureView, Grid
from xhcp_eval.chapters.wording.values import short_value
from xhcp_eval.pack.pack import Pack
from xhcp_eval.plan.units import UNITS

WIDTH = 156 / 25.4 * 72  # of a report's text, points
TYPE = style.TYPE  # size of letters, points
LINE = 12.0  # from one line of words to the next, points
BASELINE = 0.36  # of a line's middle below the middle of its letters, in sizes of letters
INK, SOFT, FAINT, TARGET = style.HISTORY, style.MUTED, style.FAINT, style.TARGET
PAPER = style.PAPER
FORECAST, PALE = style.FORECAST, style.FORECAST_FAR  # of what is ahead, and of how unsure it is
DASHES = "{:g} {:g}".format(*style.DASHES)
ASKED = {"trend_up": "高于", "trend_down": "低于"}
_FONTS = f"'{style.FONT_FAMILY}','{style.SYMBOL_FAMILY}','DejaVu Sans',sans-serif"


class Canvas:
    """A drawing. width, height: points; places count from the top left."""

    def __init__(self, height: float, width: float = WIDTH) -> None:
        self.width, self.height = width, height
        self._marks: list[str] = []

    def line(
        self, points: Sequence[tuple[float, float]], colour: str = INK, width: float = 1.0, dashes: str = ""
    ) -> None:
        """A line through places. dashes: lengths of dash and gap, as SVG takes them."""
        path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
        self._marks.append(
            f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width:g}"{dashed}/>'
        )

    def area(self, points: Sequence[tuple[float, float]], fill: str, told: str = "", edge: str = "") -> None:
        """A filled shape with corners. told: what a reader who points at it is told."""
        path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) + "Z"
        rim = f' stroke="{edge}"' if edge else ""
        self._mark(f'<path d="{path}" fill="{fill}"{rim}', "path", told)

    def box(
        self,
        left: float,
        top: float,
        width: float,
        height: float,
        fill: str,
        edge: str = "",
        told: str = "",
        link: str = "",
    ) -> None:
        """A rectangle. edge: colour of its rim. told: what a reader who points at it is told. link: address."""
        rim = f' stroke="{edge}"' if edge else ""
        size = f'x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}"'
        self._mark(f'<rect {size} fill="{fill}"{rim}', "rect", told, link)

    def dot(
        self, x: float, y: float, colour: str = INK, hollow: bool = False, told: str = "", radius: float = 3.2
    ) -> None:
        """A point. hollow: only its rim is coloured. told: what a reader who points at it is told."""
        fill = PAPER if hollow else colour
        self._mark(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" fill="{fill}" stroke="{colour}" stroke-width="1.2"',
            "circle",
            told,
        )

    def hint(self, x: float, y: float, told: str) -> None:
        """An unseen place that tells a reader who points at it."""
        self._mark(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="none" pointer-events="all"', "circle", told
        )

    def words(
        self,
        x: float,
        y: float,
        text: str,
        at: str = "start",
        colour: str = INK,
        link: str = "",
        over: bool = False,
    ) -> None:
        """A line of words. x, y: its start, middle or end, and the middle of its height. link: address. over: it may cross a line,
        and is kept apart from it by a white rim.
        """
        parts = ["".join(letters) for _, letters in groupby(text, _is_symbol)]
        if (
            len(parts) > 1
        ):  # each by its own font: some programs take a whole line from the one that has the symbols
            at, x = "start", x - wide(text) * {"start": 0.0, "middle": 0.5, "end": 1.0}[at]
        for part in parts:
            self._words(x, y, part, at, colour, link, over)
            x += wide(part)

    def _words(self, x: float, y: float, text: str, at: str, colour: str, link: str, over: bool) -> None:
        anchor = "" if at == "start" else f' text-anchor="{at}"'
        ink = "" if colour == INK else f' fill="{colour}"'
        rim = f' stroke="{PAPER}" stroke-width="2.4" paint-order="stroke"' if over else ""
        drawn = f'<text x="{x:.1f}" y="{y + BASELINE * TYPE:.1f}"{anchor}{ink}{rim}>{escape(text)}</text>'
        self._marks.append(_linked(drawn, link))

    def name(self, x: float, y: float, name: str, unit: str, link: str = "") -> float:
        """The name of what a panel shows, with its unit where that is no single sign; returns where the words end."""
        label = UNITS[unit].label
        text = f"{name}（{label}）" if len(label) > 1 else name
        self.words(x, y, text, link=link)
        return x + wide(text)

    def _mark(self, opening: str, tag: str, told: str, link: str = "") -> None:
        drawn = f"{opening}><title>{escape(told)}</title></{tag}>" if told else f"{opening}/>"
        self._marks.append(_linked(drawn, link))

    @property
    def inside(self) -> str:
        """What stands inside the <svg> element."""
        return f'<g font-family="{_FONTS}" font-size="{TYPE:g}" fill="{INK}">' + "".join(self._marks) + "</g>"

    def view(self, caption: str, alt: str, note: str = "", data: Grid | None = None) -> FigureView:
        """The drawing as a figure of the data page. caption: what it finds. alt: what it shows. note: below. data: its numbers."""
        width, height = round(self.width * CSS_PER_POINT), round(self.height * CSS_PER_POINT)
        return FigureView(self.inside, alt, caption, width, height, note=note, data=data)

    def picture(self, title: str, told: Iterable[str], source: str) -> Picture:
        """The drawing with its title, what it shows in words (a clause a mark) and the line below."""
        width, height = round(self.width * CSS_PER_POINT), round(self.height * CSS_PER_POINT)
        opening = f'<svg viewBox="0 0 {self.width:.1f} {self.height:.1f}" width="{width}" height="{height}">'
        svg = f"{opening}{self.inside}</svg>"
        return Picture(svg, width, height, f"{title}。{'；'.join(told)}。", title, source)


def _linked(drawn: str, link: str) -> str:
    return f'<a xlink:href="{escape(link)}">{drawn}</a>' if link else drawn


def source_line(pack: Pack, what: str = "", how: str = "") -> str:
    """The line below a figure: where its numbers come from, that they are made up where they are, how it is read.

    what: the source (default: of a plan's own figures). how: to read it, in a sentence.
    """
    what = what or ("公开的统计资料" if pack.plan.level == "national" else "各责任部门填报")
    return f"资料来源：{what}{'（演示数据）' if pack.is_demo else ''}。{how}"


def target_text(value: float, unit: str, op: str = "") -> str:
    """Words beside a target's line: its number, with its unit where that is a single sign (longer ones stand by the name).

    op: of the target; where it asks for a change from the base, the line is that base.
    """
    label = UNITS[unit].label
    return ASKED.get(op, "目标") + short_value(value, unit) + (label if len(label) == 1 else "")


def wide(text: str) -> float:
    """Width of a line of words, points."""
    return TYPE * sum(map(_advance, text))


def spread(wanted: Sequence[float], room: float, low: float, high: float) -> list[float]:
    """Places as near as can be to those wanted, at least `room` apart and within low and high, in the order given by them.

    Least squares under an order: neighbours that would come too near move together (pool adjacent violators, Ayer et al. 1955).
    Where all don't fit they are set evenly. Returns places in the order of `wanted`.
    """
    order = sorted(range(len(wanted)), key=lambda k: wanted[k])
    span = room * (len(wanted) - 1)
    if span >= high - low:
        step = (high - low) / max(len(wanted) - 1, 1)
        return _placed(order, [low + step * k for k in range(len(wanted))])
    pools: list[list[float]] = []  # mean and size
    for rank, k in enumerate(order):
        pools.append([wanted[k] - room * rank, 1.0])
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            mean, size = pools.pop()
            pools[-1] = [
                (pools[-1][0] * pools[-1][1] + mean * size) / (pools[-1][1] + size),
                pools[-1][1] + size,
            ]
    level = [min(max(mean, low), high - span) for mean, size in pools for _ in range(int(size))]
    return _placed(order, [place + room * rank for rank, place in enumerate(level)])


def _placed(order: Sequence[int], places: Sequence[float]) -> list[float]:
    found = [0.0] * len(order)
    for k, place in zip(order, places, strict=True):
        found[k] = place
    return found


def _is_symbol(letter: str) -> bool:
    """Whether the packaged font lacks a letter, so that the other one draws it."""
    return ord(letter) not in _metrics(style.FONT_FILE)[0]


@cache
def _advance(letter: str) -> float:
    """Width of a letter in sizes of letters."""
    cmap, advances, unit = _metrics(style.symbol_font_file() if _is_symbol(letter) else style.FONT_FILE)
    return advances[cmap[ord(letter)]][0] / unit if ord(letter) in cmap else 1.0


@cache
def _metrics(file: Path) -> tuple[dict[int, str], dict[str, tuple[int, int]], int]:
    from fontTools.ttLib import TTFont

    font = TTFont(file, lazy=True)
    return font.getBestCmap(), font["hmtx"].metrics, font["head"].unitsPerEm
