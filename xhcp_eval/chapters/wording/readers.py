"""Five words for readers, beside the nine statuses of the data page, and the side on which an open value lies."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from xhcp_eval.chapters.kit.style import STATUS_STYLE
from xhcp_eval.verdict.schema import INSIDE, OUTSIDE
from xhcp_eval.verdict.status import SEVERITY, Status


class Reader(StrEnum):
    """What a leader reads in place of a status."""

    SECURE = "已达到且稳"
    LIKELY = "预计能达到"
    RISK = "有风险"
    OPEN = "数少难断"
    NONE = "不能算"


READERS: dict[str, Reader] = {
    Status.MET: Reader.SECURE, Status.LIKELY: Reader.LIKELY, Status.AT_RISK: Reader.RISK, Status.UNLIKELY: Reader.RISK,
    Status.MISSED: Reader.RISK, Status.UNDECIDABLE: Reader.OPEN, Status.DISPUTED: Reader.OPEN, Status.NO_DATA: Reader.NONE,
    Status.NOT_JUDGED: Reader.NONE,
}  # fmt: skip
# Once a target's year has been reported nothing is at risk any more.
OVER: dict[Reader, str] = {Reader.SECURE: "已达到", Reader.RISK: "未达到"}
TICK, CROSS = "✓", "✗"
NO_SIDE = "－"


@dataclass(frozen=True)
class Mark:
    """How a target is drawn. symbol: beside the value. colour, ink: of a tile. hollow: only its edge is coloured."""

    symbol: str
    colour: str
    ink: str
    hollow: bool = False


def reader_of(status: str) -> Reader:
    """The reader's word of a status. Raises KeyError for a word that is no status."""
    return READERS[status]


def word_of(status: str, over: bool = False) -> str:
    """The word as it is printed. over: the target's year has been reported, so that it was reached or wasn't."""
    return said(READERS[status], over)


def said(word: Reader, over: bool = False) -> str:
    """A reader's word as it is printed, see `word_of`."""
    return OVER.get(word, word.value) if over else word.value


def side_text(side: str) -> str:
    """Where an open value lies, so that nobody takes it for a failure or for missing work; empty where it isn't known."""
    return f"现值在{side}" if side in (INSIDE, OUTSIDE) else ""


def mark_of(status: str, side: str = "") -> Mark:
    """Colour and symbol of a target: an open one shows a hollow tick or cross for the side of its value."""
    if READERS[status] is Reader.OPEN:
        symbol = {INSIDE: TICK, OUTSIDE: CROSS}.get(side, NO_SIDE)
        return Mark(symbol, "#6B7280", "#1F2A37", hollow=True)
    if READERS[status] is Reader.NONE:
        return Mark(NO_SIDE, "#E8ECF1", "black")
    look = STATUS_STYLE[Status(status)]
    return Mark(look.symbol, look.colour, look.ink)


def severity(status: str) -> int:
    """Place of a status in lists, what needs attention most first."""
    return SEVERITY.index(Status(status))
