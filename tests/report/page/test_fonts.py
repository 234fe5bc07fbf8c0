"""A page carries the glyphs it needs, and the same page the same bytes."""

from __future__ import annotations

import base64
import re
from io import BytesIO

import pytest
from fontTools.ttLib import TTFont

from xhcp_eval.chapters.kit.style import FONT_FAMILY, FONT_FILE, SYMBOL_FAMILY, symbol_font_file
from xhcp_eval.errors import XhcpError
from xhcp_eval.report.page import fonts


def embedded(css: str) -> dict[str, set[int]]:
    """Family -> code points, read back from the style sheet."""
    found = re.findall(r"font-family:'([^']+)';src:url\(data:font/woff2;base64,([^)]+)\)", css)
    return {name: set(TTFont(BytesIO(base64.b64decode(data))).getBestCmap()) for name, data in found}


def test_a_page_carries_just_its_own_characters():
    found = embedded(fonts.page_font_css("婴儿死亡率 4‰ ◕⚖"))
    assert found[FONT_FAMILY] == {ord(c) for c in "婴儿死亡率 4‰"}
    assert found[SYMBOL_FAMILY] == {ord(c) for c in "◕⚖"}


def test_status_circles_come_from_one_font():
    assert set(embedded(fonts.page_font_css("●◕◑○◇✕"))) == {SYMBOL_FAMILY}


def test_the_same_text_gives_the_same_bytes():
    assert fonts.page_font_css("健康 95%") == fonts.page_font_css("95%健 康")


def test_no_text_needs_no_font():
    assert fonts.page_font_css("") == ""


def test_characters_that_no_font_of_ours_has_are_told():
    assert fonts.uncovered("新华区\n龘‰◕") == "龘"


def test_the_packaged_font_is_made_by_name_not_by_position(tmp_path):
    with pytest.raises(XhcpError, match="没有字体“Noto Sans CJK SC”；有：DejaVu Sans"):
        fonts.build_font(symbol_font_file(), tmp_path / "x.otf")


def test_making_the_font_gives_it_its_name_and_cuts_it_down(tmp_path, monkeypatch):
    monkeypatch.setattr(fonts, "SOURCE_FAMILY", FONT_FAMILY)
    monkeypatch.setattr(fonts, "packaged_characters", lambda: {ord(c) for c in "区县"})
    monkeypatch.setattr(fonts, "FONT_FAMILY", "Another Name")
    made = TTFont(fonts.build_font(FONT_FILE, tmp_path / "x.otf"))
    assert made["name"].getDebugName(1) == "Another Name"
    assert set(made.getBestCmap()) == {ord(c) for c in "区县"}


def test_every_text_of_the_plans_and_notebooks_can_be_drawn(root):
    files = [*root.glob("data/plans/*/*.yaml"), *root.glob("params/*.yaml"), *root.glob("notebooks/*.ipynb")]
    assert files
    for path in files:
        assert fonts.uncovered(path.read_text(encoding="utf-8")) == "", path.name


def test_long_pages_share_a_face_and_bring_the_rest_themselves(tmp_path, monkeypatch):
    monkeypatch.setattr(fonts, "STORE", tmp_path / "kept")
    common = fonts._common(FONT_FILE)
    rare = "衢濮"  # names of places, in no word of the reports
    assert not common & set(map(ord, rare)) and len(common) > fonts._FEW
    fonts._kept_face.cache_clear()
    text = "".join(map(chr, common)) + rare
    first = fonts.page_font_css(text)
    faces = first.splitlines()
    shared, own = (set(embedded(face)[FONT_FAMILY]) for face in faces)
    # a glyph may bring its mirror or its upright form along
    assert shared >= common and len(shared) <= len(common) + 5 and own == set(map(ord, rare))
    # the browser takes the second face for these alone
    assert "unicode-range:U+6FEE,U+8862}" in faces[1] and "unicode-range" not in faces[0]
    assert len(list((tmp_path / "kept").iterdir())) == 1
    fonts._kept_face.cache_clear()
    assert fonts.page_font_css(text) == first  # read back
    fonts._kept_face.cache_clear()
