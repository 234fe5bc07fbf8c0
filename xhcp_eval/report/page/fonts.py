"""Fonts: the packaged Chinese font and how it was made, and the few glyphs of it that one page carries.

A report must look the same on a machine without Chinese fonts and without network, so every page embeds a
subset of the characters it uses, and figures are drawn with the packaged font.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
import uuid
from collections.abc import Collection
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from io import BytesIO
from pathlib import Path

from xhcp_eval.chapters.kit.style import FONT_FAMILY, FONT_FILE, SYMBOL_FAMILY, symbol_font_file
from xhcp_eval.errors import XhcpError
from xhcp_eval.files.home import PACKAGE, ROOT, SHIPPED

SOURCE_FAMILY = "Noto Sans CJK SC"
# Beside GB 2312: Latin, Greek, punctuation, super- and subscripts, currency, letter-like signs, Roman
# numerals, arrows, maths, circled digits, CJK punctuation, full-width forms.
_RANGES = (
    (0x20, 0x7E), (0xA0, 0x17F), (0x370, 0x3FF), (0x2010, 0x205E), (0x2070, 0x209F), (0x20AC, 0x20AC),
    (0x2100, 0x214F), (0x2160, 0x217F), (0x2190, 0x21FF), (0x2200, 0x22FF), (0x2460, 0x24FF),
    (0x3000, 0x303F), (0xFF01, 0xFF5E), (0xFFE0, 0xFFE6),
)  # fmt: skip
# Characters that the plans' texts quote beyond GB 2312.
_QUOTED = "勢査"
# Where the words of reports come from, whatever the region.
_PROGRAM = (
    "**/*.py",
    "chapters/kit/assets/**/*.j2",
    "chapters/kit/assets/*.js",
    "chapters/kit/assets/*.css",
)
_WORDS = ("notebooks/*.ipynb", "params/*.yaml", "data/plans/*/*.yaml", "data/demo/*.yaml")
_FEW = 250  # a page of fewer different characters carries its own glyphs only
STORE = ROOT / "reports" / ".fonts"
# Circles, squares and the like are left to DejaVu Sans, which has all of them: taken from two fonts, ● and ◕
# would differ in size.
_SHAPES = range(0x25A0, 0x2600)


def packaged_characters() -> set[int]:
    """Code points the packaged font is cut down to (as far as the source font has them)."""
    found = {code for low, high in _RANGES for code in range(low, high + 1)} | {ord(c) for c in _QUOTED}
    for row in range(0xA1, 0xF8):
        for cell in range(0xA1, 0xFF):
            try:
                found.add(ord(bytes((row, cell)).decode("gb2312")))
            except UnicodeDecodeError:
                continue
    return found - set(_SHAPES)


def build_font(source: Path, target: Path = FONT_FILE) -> Path:
    """Make the packaged font from Noto Sans CJK, face of simplified Chinese, chosen by name.

    source: NotoSansCJK-Regular.ttc, or the single font of simplified Chinese. target: file to write. Run by
    hand as `python -m xhcp_eval.report.page.fonts NotoSansCJK-Regular.ttc`. Raises XhcpError if the face is
    missing.
    """
    from fontTools.ttLib import TTCollection, TTFont

    faces = TTCollection(source).fonts if source.suffix.lower() == ".ttc" else [TTFont(source)]
    face = next((f for f in faces if f["name"].getDebugName(1) == SOURCE_FAMILY), None)
    if face is None:
        names = "、".join(str(f["name"].getDebugName(1)) for f in faces)
        raise XhcpError(f"{source.name} 中没有字体“{SOURCE_FAMILY}”；有：{names}")
    _subset(face, packaged_characters())
    _rename(face, FONT_FAMILY)
    target.write_bytes(_saved(face))
    return target


def page_font_css(text: str, shared: bool = True) -> str:
    """@font-face rules that embed the glyphs of a text, as woff2 in data addresses.

    text: all text that a page may show. shared: whether a page of many characters takes the face that pages share, which is
    at hand, but large; else it carries its own glyphs only. The same text gives the same bytes. Pages share a face with the glyphs of
    all words that reports are made of, which is cut once; what else a page shows (names of places) gets a face of its
    own. Characters that neither packaged font has are left to the reader's system (`uncovered`).
    """
    codes = {ord(character) for character in set(text)}
    chinese = codes & _characters(FONT_FILE)
    symbols = (codes - chinese) & _characters(symbol_font_file())
    shares = shared and len(chinese) >= _FEW
    rules = []
    for path, family, used in (
        (FONT_FILE, FONT_FAMILY, chinese),
        (symbol_font_file(), SYMBOL_FAMILY, symbols),
    ):
        common = _common(path) if shares and used else frozenset()
        if common:
            rules.append(_kept_face(path, family, common))
        if used - common:
            rules.append(_font_face(path, family, used - common))
    return "\n".join(rules)


def shared_faces() -> None:
    """Have the faces that pages share at hand, so that processes forked from this one needn't make or read them."""
    for path, family in ((FONT_FILE, FONT_FAMILY), (symbol_font_file(), SYMBOL_FAMILY)):
        _kept_face(path, family, _common(path))


@cache
def _common(path: Path) -> frozenset[int]:
    """Code points of a font that occur in the words reports are made of."""
    files = [file for place in {SHIPPED, ROOT} for pattern in _WORDS for file in place.glob(pattern)]
    files += [file for pattern in _PROGRAM for file in PACKAGE.glob(pattern)]
    words = frozenset().union(*(map(ord, set(file.read_text(encoding="utf-8"))) for file in files))
    found = words & _characters(path)
    return found if path == FONT_FILE else found - _characters(FONT_FILE)


@cache
def _kept_face(path: Path, family: str, codes: frozenset[int]) -> str:
    """As `_font_face`, kept on disk for other processes; a disk that refuses only costs time."""
    parts = [family, sorted(codes), hashlib.sha256(path.read_bytes()).hexdigest(), version("fonttools")]
    name = hashlib.sha256(json.dumps(parts).encode("utf-8")).hexdigest()[:16]
    file = STORE / f"{name}.css"
    try:
        return file.read_text(encoding="utf-8")
    except OSError:
        face = _font_face(path, family, codes)
    with suppress(OSError):
        STORE.mkdir(parents=True, exist_ok=True)
        half = file.with_name(f"{name}.{uuid.uuid4().hex[:8]}")
        half.write_text(face, encoding="utf-8", newline="\n")
        half.replace(file)
    return face


def uncovered(text: str) -> str:
    """Characters of a text that neither packaged font can draw, sorted; control characters don't count."""
    known = _characters(FONT_FILE) | _characters(symbol_font_file())
    return "".join(sorted(c for c in set(text) if ord(c) not in known and c.isprintable()))


@cache
def _characters(path: Path) -> frozenset[int]:
    from fontTools.ttLib import TTFont

    with TTFont(path, lazy=True) as font:
        return frozenset(font.getBestCmap())


def _font_face(path: Path, family: str, codes: Collection[int]) -> str:
    from fontTools.ttLib import TTFont

    # glyph boxes stay as they are: measuring them again takes longer than all the rest
    font = TTFont(path, recalcTimestamp=False, recalcBBoxes=False, lazy=True)
    _subset(font, codes)
    _rename(font, family)
    font.flavor = "woff2"
    data = base64.b64encode(_saved(font)).decode("ascii")
    source = f"url(data:font/woff2;base64,{data}) format('woff2')"
    spans = ",".join(f"U+{code:X}" for code in sorted(codes)) if len(codes) < _FEW else ""
    return (
        f"@font-face{{font-family:'{family}';src:{source};font-display:block"
        + (f";unicode-range:{spans}" if spans else "")
        + "}"
    )


def _subset(font, codes: Collection[int]) -> None:
    """Cut a font down in place, without hints and without features that Chinese reports don't use."""
    from fontTools.subset import Options, Subsetter

    options = Options()
    options.drop_tables += ["FFTM", "GSUB", "GPOS", "GDEF", "kern"]
    options.layout_features = []
    options.hinting = False
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
    options.notdef_outline = True
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=codes)
    subsetter.subset(font)


def _rename(font, family: str) -> None:
    """Give a changed font a name of its own, as both licences ask for."""
    plain = family.replace(" ", "")
    values = {1: family, 2: "Regular", 3: f"{plain}-Regular", 4: family, 6: f"{plain}-Regular"}
    names = font["name"]
    for record in [r for r in names.names if r.nameID in (16, 17)]:
        names.names.remove(record)
    for number, value in values.items():
        names.setName(value, number, 3, 1, 0x409)
        names.removeNames(nameID=number, platformID=1)
    if "CFF " in font:
        top = font["CFF "].cff
        top.fontNames = [f"{plain}-Regular"]
        top[0].FullName, top[0].FamilyName = family, family


def _saved(font) -> bytes:
    font.recalcTimestamp = False
    buffer = BytesIO()
    font.save(buffer)
    return buffer.getvalue()


if __name__ == "__main__":
    print(build_font(Path(sys.argv[1])))
