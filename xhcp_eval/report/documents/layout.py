"""On which page each block falls, reckoned without a layout program, for the contents of a Word document.

Office desks have no program at hand that lays out Word's pages, and Word asks before it computes contents. All lines of our
styles have exact heights and rows aren't split, so that pages can be counted: pieces of known height fill pages from the top.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from xhcp_eval.chapters.kit.blocks import Block, Heading, PageBreak, Paragraph, Picture, Table
from xhcp_eval.report.documents.columns import column_widths
from xhcp_eval.report.documents.measure import line_count
from xhcp_eval.report.documents.numbering import Numbering
from xhcp_eval.report.documents.sheets import CELL_ROOM, STYLES, Sheet
from xhcp_eval.report.export.word_styles import Look

BORDER = 0.5  # points of a rule between rows
DESCENT = 0.4  # of a line that holds a picture, in sizes of its letters
PICTURE_ROOM = 2 * 28.0  # points kept for title and source beside the tallest picture


@dataclass(frozen=True)
class Strip:
    """A piece that stays whole, in points. before, after: room asked for above and below; between two pieces the larger counts.
    held: on one page with the next. head: height of the head that is repeated where it begins a page.
    """

    height: float
    before: float = 0.0
    after: float = 0.0
    held: bool = False
    head: float = 0.0


def turned(blocks: Sequence[Block]) -> list[bool]:
    """Whether each block stands on a page turned: wide tables, and the headings and notes that belong to them."""
    found = [isinstance(block, Table) and block.landscape for block in blocks]
    for k in range(len(blocks) - 2, -1, -1):
        found[k] |= found[k + 1] and isinstance(blocks[k], Heading)
    for k in range(1, len(blocks)):
        block = blocks[k]
        found[k] |= found[k - 1] and isinstance(block, Paragraph) and block.style in ("note", "source")
    return found


def block_pages(blocks: Sequence[Block], sheet: Sheet, numbering: Numbering) -> list[int]:
    """Page on which each block begins; the first is 1."""
    ways = turned(blocks)
    filling = _Filling(sheet.height(ways[0]) if blocks else 0.0)
    pages: list[int] = []
    chain: list[tuple[Strip, bool]] = []  # pieces held together, and whether a block begins with them
    for k, block in enumerate(blocks):
        if k and (ways[k] != ways[k - 1] or isinstance(block, PageBreak)):
            pages += filling.place(chain)
            chain = []
            filling.begin(sheet.height(ways[k]))
        pieces = list(strips(block, k, sheet, ways[k], numbering))
        if not pieces:
            pages.append(filling.page)
        for place, strip in enumerate(pieces):
            chain.append((strip, place == 0))
            if not strip.held:
                pages += filling.place(chain)
                chain = []
    return pages + filling.place(chain)


def last_pages(blocks: Sequence[Block], sheet: Sheet, numbering: Numbering) -> list[tuple[float, float]]:
    """How far down the last page of each stretch is filled, and what it holds, in points: a stretch ends where the paper turns, a page is begun by order, or with
    the document. Those of a single page aren't counted.
    """
    ways, found = turned(blocks), []
    starts = [k for k in range(1, len(blocks)) if ways[k] != ways[k - 1] or isinstance(blocks[k], PageBreak)]
    for first, end in zip([0, *starts], [*starts, len(blocks)], strict=True):
        filling, chain = _Filling(sheet.height(ways[first])), []
        for k in range(first, end):
            for strip in strips(blocks[k], k, sheet, ways[k], numbering):
                chain.append((strip, False))
                if not strip.held:
                    filling.place(chain)
                    chain = []
        filling.place(chain)
        found += [(filling.used, filling.height)] if filling.page > 1 else []
    return found


class _Filling:
    """Pages being filled. height: of the text, points; used: down to the last piece; below: room that piece asks for."""

    def __init__(self, height: float) -> None:
        self.height, self.page, self.used, self.below = height, 1, 0.0, 0.0
        self.hard = True  # whether the page begins by an order and not because the last one was full

    def begin(self, height: float) -> None:
        """Begin a page by order, unless nothing is on this one."""
        if self.used:
            self.page += 1
        self.height, self.used, self.below, self.hard = height, 0.0, 0.0, True

    def place(self, chain: Sequence[tuple[Strip, bool]]) -> list[int]:
        """Put pieces that are held together on a page, as far as one holds them; the page of each block that begins."""
        if chain and self.used and self.used + self._needed(chain) > self.height:
            self._overflow(chain[0][0])
        starts = []
        for strip, begins in chain:
            if self.used and self.used + self._room(strip) + strip.height > self.height + 1e-6:
                self._overflow(strip)
            if begins:
                starts.append(self.page)
            self.used += self._room(strip) + strip.height
            self.below = strip.after
        return starts

    def _room(self, strip: Strip) -> float:
        """Above a piece: the larger of what both ask for; none where a full page has led to a new one."""
        return max(self.below, strip.before) if self.used or self.hard else 0.0

    def _needed(self, chain: Sequence[tuple[Strip, bool]]) -> float:
        below, needed = self.below, 0.0
        for strip, _ in chain:
            needed += max(below, strip.before) + strip.height
            below = strip.after
        return needed - 1e-6

    def _overflow(self, strip: Strip) -> None:
        self.page, self.used, self.below, self.hard = self.page + 1, strip.head, 0.0, False


def strips(block: Block, k: int, sheet: Sheet, way: bool, numbering: Numbering) -> Iterator[Strip]:
    """Pieces of block k, from the top. way: whether it stands on a page turned."""
    caption = numbering.of(k)
    if isinstance(block, Heading):
        yield from _lines(block.text, sheet.looks[f"Heading{block.level}"], sheet.width(way), whole=True)
    elif isinstance(block, Paragraph):
        text = block.lead + numbering.plain(block.text)
        yield from _lines(text, sheet.looks[STYLES[block.style]], sheet.width(way))
    elif isinstance(block, Table):
        if caption:
            yield from _lines(caption.whole, sheet.looks["TableCaption"], sheet.width(way))
        yield from _rows(block, sheet, way)
        yield from _lines(block.note, sheet.looks["Note" if block.note else "Gap"], sheet.width(way))
    elif isinstance(block, Picture):
        if caption:
            yield from _lines(caption.whole, sheet.looks["FigureTitle"], sheet.width(way))
        look = sheet.looks["Picture"]
        yield Strip(
            picture_size(block, sheet, way)[1] + DESCENT * look.size,
            look.before,
            look.after,
            bool(block.source),
        )
        if block.source:
            yield from _lines(block.source, sheet.looks["Source"], sheet.width(way))


def picture_size(picture: Picture, sheet: Sheet, way: bool) -> tuple[float, float]:
    """Width and height of a picture in points: its own, or as much as the page takes."""
    width, height = picture.width * 0.75, picture.height * 0.75
    scale = min(1.0, sheet.width(way) / width, (sheet.height(way) - PICTURE_ROOM) / height)
    return width * scale, height * scale


def _lines(text: str, look: Look, width: float, whole: bool = False) -> Iterator[Strip]:
    """A paragraph. whole: its lines stay together."""
    inside, first = width - look.left * look.size, look.indent * look.size
    count = line_count(text, look.size, inside, first, look.align == "both")
    for line in range(count):
        last = line == count - 1
        yield Strip(
            look.line,
            look.before if line == 0 else 0.0,
            look.after if last else 0.0,
            look.with_next if last else whole or look.with_next,
        )


def _rows(table: Table, sheet: Sheet, way: bool) -> Iterator[Strip]:
    look = sheet.looks[sheet.letters(len(table.head))]
    widths = column_widths(table, look.size, sheet.width(way))

    def height(cells: Sequence[str]) -> float:
        counts = (
            line_count(text, look.size, width - 2 * CELL_ROOM, even=False)
            for text, width in zip(cells, widths, strict=True)
        )
        return max(counts) * look.line + BORDER

    head = height(table.head) + BORDER  # the rule above it
    yield Strip(head, held=bool(table.rows))
    rows = [Strip(height(row), head=head) for row in table.rows]
    # a note stands with the last row
    yield from (replace(row, held=bool(table.note) and k == len(rows) - 1) for k, row in enumerate(rows))
