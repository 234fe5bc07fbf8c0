"""Where the numbers of a sentence or a row stand in the annexes: 附表1第12行. Paper has no links, so Word and PDF print the rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from xhcp_eval.chapters.kit.blocks import Block, Paragraph, Table

_ANNEX = re.compile(r"附表(\d+)")
_NUMBERED = re.compile(r"(\d+)．(.+)", re.DOTALL)
HOW = "〔1-2〕指附表1第2行，余同。"


@dataclass(frozen=True)
class Place:
    """A row of an annex. cells: its texts."""

    annex: int
    row: int
    cells: tuple[str, ...]


class Places:
    """Rows of the annexes by what they are about."""

    def __init__(self, blocks: Sequence[Block], aliases: Mapping[str, str]) -> None:
        """blocks: with the annexes, whose numbered rows begin a cell with 12．. aliases: other name -> name in an annex."""
        self._rows: dict[str, list[Place]] = {}
        for block in blocks:
            if isinstance(block, Table) and (own := _ANNEX.match(block.caption)):
                for cells in block.rows:
                    numbered = next(
                        (found for cell in cells[:2] if (found := _NUMBERED.fullmatch(cell))), None
                    )
                    if numbered:
                        self._rows.setdefault(numbered[2], []).append(
                            Place(int(own[1]), int(numbered[1]), cells)
                        )
        known = {other: name for other, name in aliases.items() if name in self._rows}
        self._names = {**known, **{name: name for name in self._rows}}
        # the longest first, so that a name within another isn't taken for it
        names = sorted(filter(None, self._names), key=len, reverse=True)
        self._any = re.compile("|".join(map(re.escape, names))) if names else None

    def of_text(self, text: str) -> str:
        """Rows of what a text names: 〔附表1第2、5—7行〕; "" where it names nothing of the annexes."""
        found = self._any.findall(text) if self._any else []
        rows = sorted({(one.annex, one.row) for name in found for one in self._rows[self._names[name]][:1]})
        parts = [
            f"附表{annex}第{_ranges([row for _, row in part])}行"
            for annex, part in groupby(rows, lambda pair: pair[0])
        ]
        return f"〔{'，'.join(parts)}〕" if parts else ""

    def of_row(self, cells: Sequence[str]) -> str:
        """Row of what a table's row is about, the one with most cells in common where there are several: 〔1-12〕."""
        rows = self._rows.get(self._names.get(cells[0], ""), [])
        if not rows:
            return ""
        best = max(rows, key=lambda one: (len(set(cells) & set(one.cells)), -one.annex))
        return f"〔{best.annex}-{best.row}〕"


def printed(blocks: Iterable[Block], places: Places) -> list[Block]:
    """Blocks for paper: sentences and rows of the body with their rows in the annexes; the first such table says how to read them."""
    made, said = [], False
    for block in blocks:
        one = _printed(block, places)
        if not said and isinstance(one, Table) and one is not block:
            one, said = replace(one, note=f"{one.note}{HOW}" if one.note else f"注：{HOW}"), True
        made.append(one)
    return made


def _printed(block: Block, places: Places) -> Block:
    if isinstance(block, Paragraph) and block.style in ("body", "item"):
        return replace(block, text=block.text + places.of_text(block.text))
    if not isinstance(block, Table) or _ANNEX.match(block.caption):
        return block
    labels = [places.of_row(row) for row in block.rows]
    rows = tuple((row[0] + label, *row[1:]) for row, label in zip(block.rows, labels, strict=True))
    return replace(block, rows=rows) if any(labels) else block


def _ranges(rows: Sequence[int]) -> str:
    """2、5—7 of 2, 5, 6, 7."""
    parts: list[list[int]] = []
    for row in rows:
        if parts and row == parts[-1][-1] + 1:
            parts[-1].append(row)
        else:
            parts.append([row])
    return "、".join(f"{part[0]}—{part[-1]}" if len(part) > 1 else str(part[0]) for part in parts)
