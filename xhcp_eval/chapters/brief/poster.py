"""The poster: every target of the plan's last year as a tile, a domain a row, with its value, its target and a mark."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from xhcp_eval.chapters.brief.basis import end_targets, is_over, to_indicator
from xhcp_eval.chapters.brief.tiles import Tile, folded
from xhcp_eval.chapters.kit import style
from xhcp_eval.chapters.kit.blocks import Picture
from xhcp_eval.chapters.kit.svg import figure_svg
from xhcp_eval.chapters.kit.tables import AT_RISK
from xhcp_eval.chapters.wording.counting import counts
from xhcp_eval.chapters.wording.readers import mark_of, severity, word_of
from xhcp_eval.chapters.wording.values import short_value
from xhcp_eval.pack.pack import Pack
from xhcp_eval.verdict.schema import INSIDE, OUTSIDE
from xhcp_eval.verdict.status import Status

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MILLIMETRE = 1 / 25.4  # inches
WIDTH, SIDE = 174.0, 14.0  # of the drawing and of the domains' names, millimetres
ACROSS, HIGH, ROOM = 7, 11.0, 0.8  # tiles in a row, height of a tile, room between tiles
TYPE = 9.0  # points, the least that print may have
LEGEND_HIGH = 12.0
SIGNS = {"trend_up": "↑", "trend_down": "↓"}  # of a change from the base; plain bounds have an arrow to them
SOURCE = "每格：现值→目标；↑、↓后面是要高于、低于的基数。点击可看该项数据。"
LEGEND: tuple[tuple[Status, str], ...] = (
    (Status.MET, ""), (Status.LIKELY, ""), (Status.AT_RISK, ""), (Status.UNLIKELY, ""), (Status.MISSED, ""),
    (Status.UNDECIDABLE, INSIDE), (Status.UNDECIDABLE, OUTSIDE), (Status.NO_DATA, ""),
)  # fmt: skip


def poster(pack: Pack) -> Picture:
    """All targets of the plan's last year, by domain and by what needs attention most."""
    from matplotlib.figure import Figure

    style.use_style()
    rows = _placed(pack)
    lines = max(line for line, _, _ in rows) + 1
    height = lines * HIGH + LEGEND_HIGH
    figure = Figure(figsize=(WIDTH * MILLIMETRE, height * MILLIMETRE))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, WIDTH)
    axes.set_ylim(height, 0)
    axes.set_axis_off()
    for name, line in _domain_lines(pack, rows):
        axes.text(0, (line + 0.5) * HIGH, name, fontsize=TYPE, va="center", color=style.HISTORY)
    for line, place, row in rows:
        _tile(axes, pack, row, SIDE + place * _wide(), line * HIGH)
    _legend(axes, lines * HIGH + 1, is_over(pack), set(end_targets(pack)["status"]))
    svg, width, tall = figure_svg(figure, tight=False)
    opening = f'<svg viewBox="0 0 {width * 0.75:g} {tall * 0.75:g}" width="{width}" height="{tall}">'
    found = counts(pack, pack.plan.end_year)
    title = f"{found.year}年{found.total}项目标：{found.by_verdict}"
    return Picture(f"{opening}{svg}</svg>", width, tall, _alt(pack, title), title, SOURCE, _narrow(pack))


def _wide() -> float:
    return (WIDTH - SIDE) / ACROSS


def _placed(pack: Pack) -> list[tuple[int, int, object]]:
    """Line, place in the line and row of every tile."""
    found, line = [], 0
    for domain in pack.plan.domains:
        rows = end_targets(pack)
        rows = list(rows[rows["domain"] == domain.id].itertuples())
        found += [(line + k // ACROSS, k % ACROSS, row) for k, row in enumerate(rows)]
        line += -(-len(rows) // ACROSS)
    return found


def _domain_lines(pack: Pack, rows) -> list[tuple[str, int]]:
    names = {domain.id: domain.name for domain in pack.plan.domains}
    first: dict[str, int] = {}
    for line, _, row in rows:
        first.setdefault(row.domain, line)
    # the words for a narrow column: two letters a line would be unread
    return [(re.sub(r"^(..)(..)$", r"\1\n\2", names[domain]), line) for domain, line in first.items()]


def _tile(axes: Axes, pack: Pack, row, left: float, top: float) -> None:
    from matplotlib.patches import Rectangle

    mark, address = mark_of(row.status, row.side), to_indicator(pack, row.indicator)
    box = Rectangle(
        (left + ROOM / 2, top + ROOM / 2), _wide() - ROOM, HIGH - ROOM, linewidth=1.2 if mark.hollow else 0,
        facecolor="white" if mark.hollow else mark.colour, edgecolor=mark.colour, url=address,
    )  # fmt: skip
    axes.add_patch(box)
    name = pack.plan.indicator(row.indicator).short_name
    for text, at in ((name, 0.32), (f"{mark.symbol}{tile_value(row)}", 0.72)):
        axes.text(
            left + _wide() / 2, top + at * HIGH, text, fontsize=TYPE, ha="center", va="center", color=mark.ink, url=address
        )  # fmt: skip


def _narrow(pack: Pack) -> str:
    """The tiles for a phone, where the drawing's letters would be too small: what is at risk first."""
    rows = sorted(end_targets(pack).itertuples(), key=lambda row: severity(row.status))
    return str(folded([
        Tile(pack.plan.indicator(row.indicator).short_name, tile_value(row), word_of(row.status, is_over(pack)),
             mark_of(row.status, row.side), to_indicator(pack, row.indicator), row.status in AT_RISK)
        for row in rows
    ]))  # fmt: skip


def tile_value(row) -> str:
    """The value and what it is to come to, such as 67.9→60; bare words where there is no number."""
    if row.latest_value != row.latest_value:
        return "无数据"
    now = short_value(row.latest_value, row.unit)
    if row.target_value != row.target_value or row.kind == "gap":
        return now
    return f"{now}{SIGNS.get(row.op, '→')}{short_value(row.target_value, row.unit)}"


def _legend(axes: Axes, top: float, over: bool, shown: set[str]) -> None:
    """Two lines of marks with their words; a hollow one tells on which side an open value lies.

    Once the plan is over, marks of what was still open are told only where a tile has them. shown: statuses of the tiles.
    """
    from matplotlib.patches import Rectangle

    entries = [
        (s, side)
        for s, side in LEGEND
        if not over or s in shown or s not in (Status.LIKELY, Status.AT_RISK, Status.UNLIKELY)
    ]
    wide = WIDTH / 4
    for k, (status, side) in enumerate(entries):
        mark, left, line = mark_of(status, side), (k % 4) * wide, top + 5.2 * (k // 4)
        axes.add_patch(
            Rectangle((left, line + 0.4), 5, 4, facecolor="white" if mark.hollow else mark.colour, edgecolor=mark.colour)
        )  # fmt: skip
        axes.text(
            left + 2.5, line + 2.4, mark.symbol, fontsize=TYPE, ha="center", va="center", color=mark.ink
        )
        axes.text(
            left + 6,
            line + 2.4,
            _legend_word(status, side, over),
            fontsize=TYPE,
            va="center",
            color=style.HISTORY,
        )


def _legend_word(status: Status, side: str, over: bool) -> str:
    word = word_of(status, over)
    if side:
        return f"{word}，在{side}"
    return f"{word}（{status}）" if word == "有风险" else word


def _alt(pack: Pack, title: str) -> str:
    told = [
        f"{row.indicator_name}{tile_value(row)}（{word_of(row.status, is_over(pack))}）"
        for row in end_targets(pack).itertuples()
    ]
    return f"{title}。" + "；".join(told)
