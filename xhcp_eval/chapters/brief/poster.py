"""The poster: every target of the plan's last year as a tile, a domain a row, with its value, its target and a mark."""

from __future__ import annotations

import re
from dataclasses import replace

from xhcp_eval.chapters.brief.basis import end_targets, is_over, to_indicator
from xhcp_eval.chapters.brief.tiles import Tile, folded
from xhcp_eval.chapters.figures.canvas import LINE, PAPER, WIDTH, Canvas, wide
from xhcp_eval.chapters.kit.blocks import Picture
from xhcp_eval.chapters.kit.tables import AT_RISK
from xhcp_eval.chapters.wording.counting import counts
from xhcp_eval.chapters.wording.readers import mark_of, severity, word_of
from xhcp_eval.chapters.wording.values import short_value
from xhcp_eval.pack.pack import Pack
from xhcp_eval.verdict.schema import INSIDE, OUTSIDE
from xhcp_eval.verdict.status import Status

MILLIMETRE = 72 / 25.4  # points
# The drawing is as wide as the text of a report, which shows it as well: made smaller its letters would be too small.
SIDE = 10 * MILLIMETRE  # of the domains' names
ACROSS = 7  # tiles in a row
HIGH, ROOM = 11 * MILLIMETRE, 0.8 * MILLIMETRE  # height of a tile, room between tiles
LEGEND_HIGH = 12 * MILLIMETRE
SIGNS = {"trend_up": "↑", "trend_down": "↓"}  # of a change from the base; plain bounds have an arrow to them
SOURCE = "每格：现值→目标；↑、↓后面是要高于、低于的基数。点击可看该项数据。"
LEGEND: tuple[tuple[Status, str], ...] = (
    (Status.MET, ""), (Status.LIKELY, ""), (Status.AT_RISK, ""), (Status.UNLIKELY, ""), (Status.MISSED, ""),
    (Status.UNDECIDABLE, INSIDE), (Status.UNDECIDABLE, OUTSIDE), (Status.NO_DATA, ""),
)  # fmt: skip


def poster(pack: Pack) -> Picture:
    """All targets of the plan's last year, by domain and by what needs attention most."""
    rows = _placed(pack)
    lines = max(line for line, _, _ in rows) + 1
    canvas = Canvas(lines * HIGH + LEGEND_HIGH)
    for name, line in _domain_lines(pack, rows):
        for k, part in enumerate(name):
            canvas.words(0, (line + 0.5) * HIGH + LINE * (k - (len(name) - 1) / 2), part)
    for line, place, row in rows:
        _tile(canvas, pack, row, SIDE + place * _wide(), line * HIGH)
    _legend(canvas, lines * HIGH + 3, is_over(pack), set(end_targets(pack)["status"]))
    found = counts(pack, pack.plan.end_year)
    drawn = canvas.picture(f"{found.year}年{found.total}项目标：{found.by_verdict}", _told(pack), SOURCE)
    return replace(drawn, narrow=_narrow(pack))


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


def _domain_lines(pack: Pack, rows) -> list[tuple[list[str], int]]:
    """Names of domains in the lines that their narrow column takes, and the line of tiles at which each begins."""
    names = {domain.id: domain.name for domain in pack.plan.domains}
    first: dict[str, int] = {}
    for line, _, row in rows:
        first.setdefault(row.domain, line)
    # the words for a narrow column: two letters a line would be unread
    return [
        (re.sub(r"^(..)(..)$", r"\1\n\2", names[domain]).split("\n"), line) for domain, line in first.items()
    ]


def _tile(canvas: Canvas, pack: Pack, row, left: float, top: float) -> None:
    mark, address = mark_of(row.status, row.side), to_indicator(pack, row.indicator)
    fill, edge = (PAPER, mark.colour) if mark.hollow else (mark.colour, "")
    canvas.box(
        left + ROOM / 2, top + ROOM / 2, _wide() - ROOM, HIGH - ROOM, fill, edge, _clause(pack, row), address
    )
    name = pack.plan.indicator(row.indicator).short_name
    for text, at in ((name, 0.32), (f"{mark.symbol}{tile_value(row)}", 0.72)):
        canvas.words(left + _wide() / 2, top + at * HIGH, text, "middle", mark.ink, address)


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


def _legend(canvas: Canvas, top: float, over: bool, shown: set[str]) -> None:
    """Two lines of marks with their words; a hollow one tells on which side an open value lies.

    Once the plan is over, marks of what was still open are told only where a tile has them. shown: statuses of the tiles.
    """
    entries = [
        (s, side)
        for s, side in LEGEND
        if not over or s in shown or s not in (Status.LIKELY, Status.AT_RISK, Status.UNLIKELY)
    ]
    left, middle = 0.0, top + 7
    for status, side in entries:
        mark, word = mark_of(status, side), _legend_word(status, side, over)
        if left + 18 + wide(word) > WIDTH:
            left, middle = 0.0, middle + 15
        canvas.box(left, middle - 6, 14, 12, PAPER if mark.hollow else mark.colour, mark.colour)
        canvas.words(left + 7, middle, mark.symbol, "middle", mark.ink)
        canvas.words(left + 18, middle, word)
        left += 18 + wide(word) + 14


def _legend_word(status: Status, side: str, over: bool) -> str:
    word = word_of(status, over)
    if side:
        return f"{word}，在{side}"
    return f"{word}（{status}）" if word == "有风险" else word


def _told(pack: Pack) -> list[str]:
    return [_clause(pack, row) for row in end_targets(pack).itertuples()]


def _clause(pack: Pack, row) -> str:
    return f"{row.indicator_name}{tile_value(row)}（{word_of(row.status, is_over(pack))}）"
