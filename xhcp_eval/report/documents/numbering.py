"""Numbers of tables and pictures, and references to them: 表1, 图1, and `[[标题]]` in a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from xhcp_eval.chapters.kit.blocks import Block, Paragraph, Picture, Table
from xhcp_eval.errors import RunError

_OWN = re.compile(r"(附?[表图]\s*\d+)[\s　：:.]*")
_REFERENCE = re.compile(r"\[\[(.+?)\]\]")


@dataclass(frozen=True)
class Caption:
    """A caption with its number. label: 表1, or the number it brought along (附表1). anchor: name of its place."""

    label: str
    text: str
    anchor: str

    @property
    def whole(self) -> str:
        """Number and text as one line."""
        return f"{self.label}　{self.text}" if self.text else self.label


@dataclass(frozen=True)
class Piece:
    """A piece of a sentence. anchor: of the table or picture it names, or empty."""

    text: str
    anchor: str = ""


class Numbering:
    """Captions of a document. `of(k)`: that of block k, None if it has none. `pieces(text)`: a sentence with references."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        """Raises RunError for references to captions that aren't there, all at once."""
        self._captions = dict(_captions(blocks))
        self._places = {caption.text: caption for caption in self._captions.values()}
        self._places |= {caption.label: caption for caption in self._captions.values()}
        texts = [block.text for block in blocks if isinstance(block, Paragraph)]
        named = [name for text in texts for name in _REFERENCE.findall(text)]
        if missing := [name for name in dict.fromkeys(named) if name not in self._places]:
            raise RunError("文中引用的表或图不存在：", [f"[[{name}]]" for name in missing])

    def of(self, k: int) -> Caption | None:
        """Caption of block k."""
        return self._captions.get(k)

    def pieces(self, text: str) -> list[Piece]:
        """A sentence cut at its references, each of which has become the number of what it names."""
        parts = _REFERENCE.split(text)
        return [
            Piece(self._places[part].label, self._places[part].anchor) if place % 2 else Piece(part)
            for place, part in enumerate(parts)
            if part
        ]

    def plain(self, text: str) -> str:
        """A sentence as it is read, references filled in."""
        return "".join(piece.text for piece in self.pieces(text))


def _captions(blocks: Sequence[Block]) -> Iterator[tuple[int, Caption]]:
    counts = {"表": 0, "图": 0}
    for k, block in enumerate(blocks):
        if isinstance(block, Table):
            kind, text = "表", block.caption
        elif isinstance(block, Picture):
            kind, text = "图", block.title
        else:
            continue
        if own := _OWN.match(text):
            yield k, Caption(own[1], text[own.end() :], f"caption{k}")
        elif text:
            counts[kind] += 1
            yield k, Caption(f"{kind}{counts[kind]}", text, f"caption{k}")
