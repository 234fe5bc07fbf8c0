"""How many lines a text takes, counted without a layout program: Chinese characters are one em wide, others as in Times New Roman.

The styles of `sheets` are set so that lines end where they are counted to (no hanging punctuation, no room between Chinese
and digits). Widths of Latin letters: Adobe's font metrics of Times Roman, in thousandths of an em.
"""

from __future__ import annotations

import re
from functools import cache
from unicodedata import east_asian_width

_DIGIT = 500
_WIDTHS = dict(
    zip(
        " !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~–−",
        (
            *(250, 333, 408, 500, 500, 833, 778, 180, 333, 333, 500, 564, 250, 333, 250, 278, 278, 278, 564, 564),
            *(564, 444, 921, 333, 278, 333, 469, 500, 333, 480, 200, 480, 541, 500, 564),
        ),
        strict=True,
    )
)
_WIDTHS |= dict(
    zip(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        (
            *(722, 667, 667, 722, 611, 556, 722, 722, 333, 389, 722, 611, 889),
            *(722, 722, 556, 722, 667, 556, 611, 722, 722, 944, 722, 722, 611),
        ),
        strict=True,
    )
)
_WIDTHS |= dict(
    zip(
        "abcdefghijklmnopqrstuvwxyz",
        (
            *(444, 500, 444, 500, 444, 333, 500, 500, 278, 278, 500, 278, 778),
            *(500, 500, 500, 500, 333, 389, 278, 500, 500, 722, 500, 500, 444),
        ),
        strict=True,
    )
)
# Signs that begin no line, and those that end none.
_CLOSING = set("，。、；：？！）》〉」』】〕〗”’…—·～%‰℃,.;:?!)]}")
_OPENING = set("（《〈「『【〔〖“‘([{")
_WORDS = re.compile(r"[0-9A-Za-z!-/:-@\[-`{-~–−]+|.", re.DOTALL)


def line_count(text: str, size: float, width: float, first: float = 0.0) -> int:
    """Lines that a text takes. size: of letters, width: of lines, first: indent of the first line, all in points."""
    return sum(
        _lines(part, width / size, first / size if place == 0 else 0.0)
        for place, part in enumerate(text.split("\n"))
    )


def em(text: str) -> float:
    """Width of a text on one line, in ems."""
    return sum(map(_letter, text))


@cache
def _letter(letter: str) -> float:
    if letter in _WIDTHS:
        return _WIDTHS[letter] / 1000
    if letter.isascii():
        return _DIGIT / 1000
    return 1.0 if east_asian_width(letter) in "WFA" else 0.5


def _lines(text: str, width: float, first: float) -> int:
    count, used = 1, first
    for piece in _pieces(text):
        length = em(piece)
        if used + em(piece.rstrip(" ")) <= width + 1e-6:
            used += length
        elif length <= width:
            count, used = count + 1, length
        else:  # a word longer than a line is broken anywhere
            for letter in piece:
                length = _letter(letter)
                if used + length > width + 1e-6:
                    count, used = count + 1, 0.0
                used += length
    return count


def _pieces(text: str) -> list[str]:
    """What is never broken: words, and characters with the signs that stay with them."""
    pieces: list[str] = []
    for word in _WORDS.findall(text):
        if pieces and (word[0] in _CLOSING or pieces[-1][-1] in _OPENING):
            pieces[-1] += word
        else:
            pieces.append(word)
    return pieces
