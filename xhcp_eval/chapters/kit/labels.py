"""Words at the ends of lines in figures that matplotlib draws, in place of a legend: beside each line's end, none over another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from xhcp_eval.chapters.figures.canvas import LINE, spread, wide
from xhcp_eval.chapters.kit import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

GAP = 4.0  # between an axis and the words beside it, points
POINTS = 72  # to the inch


def framed(
    names: Sequence[str] = (), height: float = 2.3, left: float = 36.0, width: float = style.COLUMN
) -> tuple[Figure, Axes]:
    """A figure with room at the right for the words of its lines.

    names: those words. height, width: inches. left: room for the axis at the left, points.
    """
    fig, ax = style.new_figure(width, height)
    across, high = POINTS * width, POINTS * height
    right = max(map(wide, names), default=0) + 2 * GAP
    fig.subplots_adjust(left=left / across, right=1 - right / across, top=1 - 18 / high, bottom=32 / high)
    return fig, ax


def label_ends(ax: Axes, ends: Sequence[tuple[float, str, str]]) -> None:
    """Words right of the axes at the heights of lines' ends.

    ends: value on the axis up, words and colour of each. To be called when the limits of the axes are settled.
    """
    box = ax.get_position()
    high = box.height * ax.get_figure(root=True).get_figheight() * POINTS  # type: ignore[union-attr]
    low, top = ax.get_ylim()
    wanted = [high * (value - low) / (top - low) for value, _, _ in ends]
    for (_, text, colour), y in zip(ends, spread(wanted, LINE, 0.0, high), strict=True):
        ax.annotate(
            text, (1, y / high), (GAP, 0), xycoords="axes fraction", textcoords="offset points", color=colour, va="center",
            fontsize=style.TYPE, annotation_clip=False,
        )  # fmt: skip
