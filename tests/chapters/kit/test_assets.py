"""Style and script keep to what Chrome 86 has: the browsers of offices are years old."""

from __future__ import annotations

import pytest
from old_browsers import newer_script, newer_style

from xhcp_eval.chapters.kit.style import ASSETS

SHEETS = sorted(ASSETS.glob("*.css"))
SCRIPTS = sorted(ASSETS.glob("*.js"))


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.name)
def test_style_keeps_to_old_browsers(path):
    assert newer_style(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_keep_to_old_browsers(path):
    assert newer_script(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "text",
    [
        "a:is(b, c) { color: red }", "a:has(b) { color: red }", "a:not(b, c) { color: red }", "a { b { color: red } }",
        "a { & b { color: red } }", "@container (width > 3em) { a { color: red } }", "@layer x { a { color: red } }",
        "a { inset: 0 }", "a { aspect-ratio: 1 }", "a { height: 100dvh }", "@media (width < 40rem) { a { color: red } }",
        "@media print { a { inset: 0 } }", "a { contain-intrinsic-size: auto 40px }",
        "a { color: color-mix(in srgb, red, blue) }", "@supports (inset: 0) { a:has(b) { color: red } }",
    ],
)  # fmt: skip
def test_what_is_newer_in_style_is_found(text):
    assert newer_style(text)


@pytest.mark.parametrize(
    "text",
    [
        "a { height: 100vh; height: 100dvh }", "a { contain-intrinsic-size: 1px 40px; contain-intrinsic-size: auto 40px }",
        "a:not(.b):not(.c) { color: red }", "a { color: red } /* :has(b) */", "@supports (display: grid) { a { gap: 1px } }",
        'a::before { content: "a:has(b)" }', "a { text-underline-offset: .2em }",
    ],
)  # fmt: skip
def test_what_has_something_older_before_it_is_let_through(text):
    assert newer_style(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "a.at(-1)", "a?.at(-1)", "structuredClone(a)", "Object.hasOwn(a, b)", "a.toSorted()", "a.findLast(f)",
        "class A { static { f(); } }", "class A { #x; f(a) { return #x in a; } }", "/a/d.exec(b)", "a.with(0, 1)",
    ],
)  # fmt: skip
def test_what_is_newer_in_scripts_is_found(text):
    assert newer_script(text)


@pytest.mark.parametrize(
    "text", ["at(1)", "'a.at(-1)'", "// a.at(-1)", "a?.b ?? c", "a.replaceAll('b', 'c')", "/a/g.exec(b)"]
)
def test_what_is_old_enough_in_scripts_is_let_through(text):
    assert newer_script(text) == []
