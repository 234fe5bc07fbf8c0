"""A matplotlib figure as a small SVG: its letters stay letters, so that a page's own font draws them."""

from __future__ import annotations

import re
from io import StringIO
from typing import TYPE_CHECKING

from xhcp_eval.style import FONT_FAMILY, SYMBOL_FAMILY

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PADDING = 0.08  # inches around a figure that is cut to what is drawn
CSS_PER_POINT = 96 / 72
_OPENING = (
    f"<g font-family=\"'{FONT_FAMILY}','{SYMBOL_FAMILY}','DejaVu Sans',sans-serif\""
    ' stroke-linejoin="round" stroke-linecap="butt">'
)
# letters as text, and the same names for clipping paths in every run
_DRAWING = {"svg.fonttype": "none", "svg.hashsalt": "xhcp"}
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


def figure_svg(figure: Figure, tight: bool = True) -> tuple[str, int, int]:
    """Draw a figure as what stands inside an <svg> element.

    tight: cut to what is drawn, which draws it twice. Returns the SVG without description (the caller names
    it), width and height in CSS pixels. Coordinates are kept to a tenth of a point. The same figure gives
    the same text.
    """
    from matplotlib import rc_context

    buffer = StringIO()
    with rc_context(_DRAWING):
        figure.savefig(
            buffer,
            format="svg",
            metadata={"Date": None},
            bbox_inches="tight" if tight else None,
            pad_inches=PADDING,
        )
    text = buffer.getvalue()
    width, height = (float(size) for size in _ROOT.search(text).groups())
    body = _slim(text[_ROOT.search(text).end() :])
    return _OPENING + body, round(width * CSS_PER_POINT), round(height * CSS_PER_POINT)


def _slim(text: str) -> str:
    """Leave out what a page doesn't need; closes the group that was opened."""
    text = _SUPERFLUOUS.sub("", text)
    used = set(re.findall(r"#([^\")]+)[\")]", text))
    text = _NAME.sub(lambda found: found[0] if found[1] in used else "", text)
    text = re.sub(r"\s+", " ", _shorter_numbers(text)).replace("> <", "><").replace('; "', '"')
    while _EMPTY.search(text):
        text = _EMPTY.sub("", text)
    return _without_bare_groups(text.strip()) + "</g>"


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
