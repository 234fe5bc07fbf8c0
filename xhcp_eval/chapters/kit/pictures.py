"""A document's pictures as figures of the data page: the same drawing, with its title and source line."""

from __future__ import annotations

import re
from collections.abc import Sequence

from xhcp_eval.chapters.kit.blocks import Picture
from xhcp_eval.chapters.kit.views import FigureView, Grid, TextView, text_view

_OUTSIDE = re.compile(r"^<svg[^>]*>|</svg>$")


def as_figure(
    pictures: Sequence[Picture], data: Grid | None = None, instead: str = ""
) -> FigureView | TextView:
    """What a document would show, for a cell of the data page.

    pictures: as the functions of `chapters.figures` return them, one or none. data: its numbers. instead: said where there is none.
    """
    if not pictures:
        return text_view(instead)
    one = pictures[0]
    return FigureView(
        _OUTSIDE.sub("", one.svg), one.alt, one.title, one.width, one.height, note=one.source, data=data
    )
