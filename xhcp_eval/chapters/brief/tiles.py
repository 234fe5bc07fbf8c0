"""The poster's tiles for a phone, where the drawing would be too small: what is at risk at once, the rest when it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from xhcp_eval.chapters.wording.readers import Mark


@dataclass(frozen=True)
class Tile:
    """A target. name: short. text: value and target. word: the reader's word. address: of its data. first: shown at once."""

    name: str
    text: str
    word: str
    mark: Mark
    address: str
    first: bool


def folded(tiles: Sequence[Tile]) -> Markup:
    """Tiles as HTML that flows in two or three columns on a phone; those that don't come first are folded away.

    Returns nothing for no tiles.
    """
    first, rest = [t for t in tiles if t.first], [t for t in tiles if not t.first]
    if not first or not rest:
        return _listed(tiles)
    groups = dict.fromkeys(t.word for t in rest)
    below = Markup("").join(
        Markup("<p>{} {}项</p>{}").format(word, len(group), _listed(group))
        for word in groups
        for group in [[t for t in rest if t.word == word]]
    )
    return _listed(first) + Markup("<details><summary>另外{}项</summary>{}</details>").format(
        len(rest), below
    )


def _listed(tiles: Sequence[Tile]) -> Markup:
    return (
        Markup('<ul class="doc-tiles">{}</ul>').format(Markup("").join(map(_tile, tiles)))
        if tiles
        else Markup("")
    )


def _tile(tile: Tile) -> Markup:
    paper = "#fff" if tile.mark.hollow else tile.mark.colour
    style = f"color:{tile.mark.ink};background:{paper};border-color:{tile.mark.colour}"
    return Markup('<li><a href="{}" style="{}">{}<br><span aria-label="{}">{}</span>{}</a></li>').format(
        escape(tile.address), style, tile.name, tile.word, tile.mark.symbol, tile.text
    )
