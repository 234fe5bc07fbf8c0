"""A block's drawing in the forms that the other programs take."""

from __future__ import annotations

import re

from xhcp_eval.chapters.kit.blocks import Picture
from xhcp_eval.report.export.picture import svg_png

_OPENING = re.compile(r"<svg\b[^>]*>")
_NAMESPACE = re.compile(r'\sxmlns(:\w+)?="[^"]*"')
DPI = 200  # of what Word shows: sharp in print, a third of the size of 300


def bare_svg(picture: Picture) -> str:
    """The drawing without namespaces, which `svg_png` adds, and with a viewBox; as it is if it is no drawing at all."""

    def mended(found: re.Match) -> str:
        opening = _NAMESPACE.sub("", found[0])
        if "viewBox" in opening:
            return opening
        return opening.replace("<svg", f'<svg viewBox="0 0 {picture.width} {picture.height}"', 1)

    return _OPENING.sub(mended, picture.svg, count=1)


def picture_png(picture: Picture) -> bytes:
    """The drawing as PNG on white. Raises RunError if it is broken."""
    return svg_png(bare_svg(picture), DPI)
