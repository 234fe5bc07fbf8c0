"""A matplotlib figure as a small SVG: its letters stay letters, so that a page's own font draws them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from io import StringIO
from typing import TYPE_CHECKING, Any

from markupsafe import escape

from xhcp_eval.chapters.kit.style import FONT_FAMILY, SYMBOL_FAMILY

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties

PADDING = 0.08  # inches around a figure that is cut to what is drawn
POINTS = 72  # to the inch
CSS_PER_POINT = 96 / POINTS
_OPENING = (
    f"<g font-family=\"'{FONT_FAMILY}','{SYMBOL_FAMILY}','DejaVu Sans',sans-serif\""
    ' stroke-linejoin="round" stroke-linecap="butt">'
)
# letters as text, and the same names for clipping paths in every run
_DRAWING: dict[Any, Any] = {"svg.fonttype": "none", "svg.hashsalt": "xhcp"}
_ROOT = re.compile(r'<svg [^>]*viewBox="0 0 ([\d.]+) ([\d.]+)"[^>]*>')
# Notes of matplotlib's, its rule for all elements (which would reach the page), names nothing refers to,
# turns by nothing, and the font, which is said once.
_SUPERFLUOUS = re.compile(
    r"<\?xml.*?\?>|<!DOCTYPE.*?>|<!--.*?-->|<metadata>.*?</metadata>|<style\b.*?</style>|</svg>"
    r"| transform=\"rotate\(-?0 [^\"]*\"|font-family:[^;\"]*;? ?|stroke-linejoin: miter;? ?",
    re.DOTALL,
)
_NAME = re.compile(r' id="([^"]*)"')
_PLACES = re.compile(r' (?:d|x|y|points|transform)="(?!scale)[^"]*"')
_LONG_NUMBER = re.compile(r"(\.\d)\d+")
_GROUP = re.compile(r"<g\b[^>]*(?<!/)>|</g>")
_EMPTY = re.compile(r"<g\s*/>|<g>\s*</g>|<defs>\s*</defs>")


@dataclass(frozen=True)
class Spot:
    """A point of a drawing that tells what it is. x, y: in the units of its axes. told: in words."""

    axes: Axes
    x: float
    y: float
    told: str


def figure_svg(figure: Figure, tight: bool = True, spots: Sequence[Spot] = ()) -> tuple[str, int, int]:
    """Draw a figure as what stands inside an <svg> element.

    tight: cut to what is drawn. spots: told to a reader who points at them or comes to them by keyboard. Returns the SVG without description (the caller names it), width and height in CSS
    pixels. Coordinates are kept to a tenth of a point. The same figure gives the same text.
    """
    from matplotlib import rc_context

    with rc_context(_DRAWING):
        text, box, marks = _drawn(figure, tight, spots)
    opening = _ROOT.search(text)
    assert opening is not None, "matplotlib opens every drawing with its size"
    body = _slim(text[opening.end() :]) + marks
    left, top, width, height = box
    if left or top:
        body = f'<g transform="translate({-left:.2f} {-top:.2f})">{body}</g>'
    return _OPENING + body + "</g>", round(width * CSS_PER_POINT), round(height * CSS_PER_POINT)


def _drawn(
    figure: Figure, tight: bool, spots: Sequence[Spot]
) -> tuple[str, tuple[float, float, float, float], str]:
    """The figure as an SVG file; what to show of it: left, top, width and height in points; and its spots.

    Measured and drawn by one renderer, which knows the sizes of letters by then; saving a figure cut to what is drawn
    lays it out three times.
    """
    buffer, dpi = StringIO(), figure.dpi
    figure.dpi = POINTS
    try:
        width, height = figure.get_size_inches() * POINTS
        renderer = _renderer()(width, height, buffer, image_dpi=POINTS, metadata={"Date": None})
        box = (0.0, 0.0, width, height)
        for axes in figure.axes:
            axes.get_xlim()  # limits that follow the data are settled when they are asked for
        if tight:
            seen = figure.get_tightbbox(renderer).padded(PADDING)
            box = (
                POINTS * seen.x0,
                height - POINTS * seen.y1,
                POINTS * seen.width,
                POINTS * seen.height,
            )
        figure.draw(renderer)
        renderer.finalize()
        marks = "".join(_spot(spot, height) for spot in spots)
    finally:
        figure.dpi = dpi
    return buffer.getvalue(), box, marks


def _spot(spot: Spot, height: float) -> str:
    """An unseen circle over a point."""
    x, y = spot.axes.transData.transform((spot.x, spot.y))
    return f'<circle cx="{x:.1f}" cy="{height - y:.1f}" r="4" fill="none" pointer-events="all"><title>{escape(spot.told)}</title></circle>'


@cache
def _renderer() -> type:
    from matplotlib.backends.backend_svg import RendererSVG

    class Renderer(RendererSVG):
        """Remembers how large texts are: the names of indicators stand in every region's figures."""

        def get_text_width_height_descent(self, s, prop, ismath):
            return _size(s, prop, ismath)

    return Renderer


@lru_cache(maxsize=20_000)
def _size(text: str, font: FontProperties, ismath: Any) -> tuple[float, float, float]:
    from matplotlib.textpath import text_to_path

    return text_to_path.get_text_width_height_descent(text, font, ismath)


def _slim(text: str) -> str:
    """Leave out what a page doesn't need."""
    text = _SUPERFLUOUS.sub("", text)
    used = set(re.findall(r"#([^\")]+)[\")]", text))
    text = _NAME.sub(lambda found: found[0] if found[1] in used else "", text)
    text = re.sub(r"\s+", " ", _shorter_numbers(text)).replace("> <", "><").replace('; "', '"')
    while _EMPTY.search(text):
        text = _EMPTY.sub("", text)
    return _without_bare_groups(text.strip())


def _without_bare_groups(text: str) -> str:
    """Groups without a name, a shift or a clip are only brackets; a page opens faster without them."""
    kept: list[bool] = []

    def bracket(found: re.Match) -> str:
        if found[0] == "</g>":
            return found[0] if kept.pop() else ""
        kept.append(found[0] != "<g>")
        return found[0] if kept[-1] else ""

    return _GROUP.sub(bracket, text)


def _shorter_numbers(text: str) -> str:
    """Coordinates to a tenth of a point; widths, opacities and letters stay as they are."""
    return _PLACES.sub(lambda place: _LONG_NUMBER.sub(r"\1", place[0]), text)
