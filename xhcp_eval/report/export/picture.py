"""A report's drawing (SVG) as a file of its own, and as a picture (`kit.raster`)."""

from __future__ import annotations

import re

from xhcp_eval.chapters.kit.raster import NAMESPACES, svg_png
from xhcp_eval.chapters.kit.style import FONT_FAMILY

__all__ = ["standalone_svg", "svg_png"]
# Fonts that a reader may have, in place of the packaged one, which a file of its own doesn't bring along.
_FALLBACKS = "'Noto Sans CJK SC','Source Han Sans SC','Microsoft YaHei','PingFang SC','SimHei'"


def standalone_svg(svg: str, alt: str = "") -> str:
    """A drawing out of a page as a file of its own.

    svg: <svg> element as in the page. alt: what it shows, for who can't see it. Fonts that are usual on
    readers' systems stand in for the packaged one.
    """
    from html import escape

    text = svg.replace("<svg", f"<svg {NAMESPACES}", 1)
    text = text.replace(f"'{FONT_FAMILY}',", f"'{FONT_FAMILY}',{_FALLBACKS},", 1)
    if alt:
        text = re.sub(r"(<svg[^>]*>)", lambda m: f"{m[1]}<desc>{escape(alt)}</desc>", text, count=1)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'
