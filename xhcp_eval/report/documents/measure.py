"""How many lines a text takes, counted without a layout program: Chinese characters are one em wide, others as in Times New Roman.

One punctuation mark may hang beyond an even line after a Chinese character, as both Word and LibreOffice have it. Widths of Latin letters: Adobe's font
metrics of Times Roman, in thousandths of an em; of other signs and of the room between Chinese and digits: as LibreOffice sets
them (Word leaves a quarter of an em between these, LibreOffice a fifth).
"""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise
from unicodedata import east_asian_width

_DIGIT = 500
_WIDTHS = dict(
    zip(
        " !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~–−",
        (
            *(
                250,
                333,
                408,
                500,
                500,
                833,
                778,
                180,
                333,
                333,
                500,
                564,
                250,
                333,
                250,
                278,
                278,
                278,
                564,
                564,
            ),
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
_WIDTHS |= {"·": 250, "×": 564, "±": 550, "²": 300, "°": 400, "◕": 871, "✕": 838, "‰": 1000, "μ": 500}
GAP = 0.2  # em between a Chinese character and a Latin letter or digit
# Signs that begin no line, and those that end none.
_CLOSING = set("，。、；：？！）》〉」』】〕〗”’…·～%℃,.;:?!)]}")
_HANGING = set("，。、；：？！")
_OPENING = set("（《〈「『【〔〖“‘([{")
_WORDS = re.compile(r"[0-9A-Za-z!-/:-@\[-`{-~–−]+|.", re.DOTALL)


def line_count(text: str, size: float, width: float, first: float = 0.0, even: bool = True) -> int:
    """Lines that a text takes. size: of letters, width: of lines, first: indent of the first line, all in points.

    even: lines are set to even length, and only then a mark may hang.
    """
    return sum(
        _lines(part, width / size, first / size if place == 0 else 0.0, even)
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


def _lines(text: str, width: float, first: float, even: bool) -> int:
    count, used, last = 1, first, ""
    for piece in _pieces(text):
        length = em(piece) + _gaps(piece)
        used += GAP * _parted(last, piece[0])
        last = piece[-1]
        hangs = _letter(last) if even and last in _HANGING and not piece[-2:-1].isascii() else 0.0
        if used + length - hangs - em(piece[len(piece.rstrip(" ")) :]) <= width + 1e-6:
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


def _gaps(piece: str) -> float:
    """Room within a piece, in ems."""
    return GAP * sum(_parted(left, right) for left, right in pairwise(piece))


def _parted(left: str, right: str) -> bool:
    """Whether room is left between two characters: one Chinese, the other a Latin letter or digit."""
    return (_is_latin(left) and _is_chinese(right)) or (_is_chinese(left) and _is_latin(right))


def _is_latin(letter: str) -> bool:
    return letter.isascii() and letter.isalnum()


def _is_chinese(letter: str) -> bool:
    return "\u3400" <= letter <= "\u9fff"


def _pieces(text: str) -> list[str]:
    """What is never broken: words, and characters with the signs that stay with them."""
    pieces: list[str] = []
    for word in _WORDS.findall(text):
        if pieces and _kept_together(pieces[-1][-1], word[0]):
            pieces[-1] += word
        else:
            pieces.append(word)
    return pieces


def _kept_together(left: str, right: str) -> bool:
    """Whether no line may end between two characters; a bracket that opens stays with a number before it."""
    number = (left.isascii() and left.isalnum()) or left in "%‰"
    return right in _CLOSING or left in _OPENING or (number and right in _OPENING)
