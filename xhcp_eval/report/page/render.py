"""A report as one HTML file that needs nothing else: no network, no fonts, no neighbours.

Each executed notebook becomes a chapter; the chapters and the summary make the page.
"""

from __future__ import annotations

import html as markup
import re
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from xhcp_eval.chapters.kit.style import ASSETS, STATUS_STYLE, dark_css
from xhcp_eval.chapters.kit.views import template
from xhcp_eval.errors import RunError
from xhcp_eval.provenance import local_time
from xhcp_eval.report.page.addresses import external_urls
from xhcp_eval.report.page.cells import Body, render_cells
from xhcp_eval.report.page.fonts import page_font_css
from xhcp_eval.report.page.layers import Layer, layers_of

if TYPE_CHECKING:
    from xhcp_eval.pack.pack import Pack
    from xhcp_eval.pack.params import PackParams

DEMO_SHORT = "演示数据，不是真实统计"
DEMO_BANNER = "演示数据：本页的数字由程序生成，不是{region}的真实统计，任何结论都不得引用。"
INDEX = "index"
SCRIPTS = ("report.js", "tables.js", "points.js")
_HEADING = re.compile(r"<h([1-6])([^>]*)>(.*?)</h\1>", re.DOTALL)
_CHAPTER = re.compile(r'<section class="chapter" id="([^"]*)">')
_TAG = re.compile(r"<[^>]+>")
DEEPEST = 4  # level of the last headings that stand in the contents


@dataclass(frozen=True)
class Page:
    """A chapter of a report. name: its anchor. title: what it is called. heading: on top of it, if another."""

    name: str
    title: str
    heading: str = ""


@dataclass(frozen=True)
class Shell:
    """What stands around the chapters: title, banner, footer. pages: the chapters, the summary first. layers: the report's pages
    for its other readers, and this one.
    """

    title: str
    subtitle: str
    pages: tuple[Page, ...]
    demo: bool
    footer: tuple[str, ...]
    demo_short: str = DEMO_SHORT
    demo_banner: str = ""
    layers: tuple[Layer, ...] = ()


@dataclass(frozen=True)
class Heading:
    """A heading of the page, as the contents show it. below: those under it."""

    level: int
    anchor: str
    text: str
    below: list[Heading] = field(default_factory=list)


def pages_of(params: PackParams) -> tuple[Page, ...]:
    """Chapters of a report in order, the summary first."""
    return (
        Page(INDEX, "概况与下载"),
        *(Page(section.page, section.title) for section in params.sections),
    )


def make_shell(pack: Pack) -> Shell:
    """What stands around the chapters of a pack, with a footer that tells what the numbers depend on."""
    params, stamp = pack.params, pack.stamp
    inputs = "；".join(f"{Path(name).name} {digest[:8]}" for name, digest in stamp["inputs"].items())
    footer = (
        f"数据截至{params.data_until}年；计算时间{local_time(stamp['computed_at'])}；"
        f"程序 xhcp_eval {stamp['version']}，Python {stamp['python']}",
        f"输入文件（SHA-256 前8位）：{inputs}",
    )
    banner = DEMO_BANNER.format(region=pack.region)
    title = f"{params.title}：监测数据页" if params.documents.brief else params.title
    layers = layers_of(params, params.data_page)
    return Shell(title, params.subtitle, pages_of(params), pack.is_demo, footer, DEMO_SHORT, banner, layers)


def render_notebook(notebook, page: Page, shell: Shell) -> tuple[str, Body]:
    """One executed notebook as a chapter, to be put together by `render_page`.

    notebook: nbformat node. page: which chapter it is. shell: names the other chapters, links to which stay
    within the report. Returns the HTML and what was found in the cells (warnings, pictures without words).
    Raises RunError if the chapter would need anything from outside.
    """
    body = render_cells(notebook)
    names = "|".join(re.escape(other.name) for other in shell.pages)
    html = re.sub(rf'href="(?:{names})\.html(#[^"]+)"', r'href="\1"', body.html)
    html = re.sub(rf'href="({names})\.html"', r'href="#\1"', html)
    return render_chapter(html, page), body


def render_chapter(body: str, page: Page) -> str:
    """A body of HTML under the heading of its chapter; its own headings of level 2 come below that.

    Raises RunError if it would need anything from outside the report.
    """
    kicker, body = _take_title(body)
    kicker = "" if kicker == page.title else kicker
    html = template("chapter.html.j2").render(page=page, kicker=kicker, body=_lowered(body))
    if outside := external_urls(html):
        raise RunError(f"“{page.title}”一章（{page.name}）引用了外部地址，不能离线阅读：", outside)
    return html


def render_page(chapters: Iterable[str], shell: Shell) -> str:
    """Chapters as one page, with contents, style, script and the glyphs it needs inside.

    chapters: HTML of `render_chapter`. Raises RunError if the page would need anything from outside.
    """
    body, headings = _with_anchors("\n".join(chapters))
    script = "\n".join(asset(name) for name in SCRIPTS)
    text = template("page.html.j2").render(
        shell=shell,
        contents=template("contents.html.j2").render(items=_nested(headings)),
        body=body,
        css=_css(),
        script=script,
        script_hash=f"sha256-{b64encode(sha256(script.encode('utf-8')).digest()).decode('ascii')}",
    )
    if outside := external_urls(text):
        raise RunError(f"报告“{shell.title}”引用了外部地址，不能离线阅读：", outside)
    return text.replace("<style>", f"<style>{page_font_css(text)}\n", 1)


def _take_title(body: str) -> tuple[str, str]:
    """Text of the first heading of level 1, and the body without it: the chapter has its title already."""
    found = next((m for m in _HEADING.finditer(body) if m[1] == "1"), None)
    if found is None:
        return "", body
    return _plain(found[3]), body[: found.start()] + body[found.end() :]


def _lowered(body: str) -> str:
    """Headings one level down, level 1 as if it were 2, so that they stand under that of the chapter."""
    return _HEADING.sub(
        lambda h: "<h{0}{1}>{2}</h{0}>".format(min(max(int(h[1]), 2) + 1, 6), h[2], h[3]), body
    )


def _with_anchors(body: str) -> tuple[str, list[Heading]]:
    """Give every heading an anchor, its own where it has one, and list them; a chapter's is the section's."""
    headings: list[Heading] = []
    taken = set(_CHAPTER.findall(body))
    chapters = iter(_CHAPTER.findall(body))

    def numbered(found: re.Match) -> str:
        level, attributes, inside = int(found[1]), found[2], found[3]
        if level == 2:
            headings.append(Heading(2, next(chapters), _plain(inside)))
            return found[0]
        given = re.search(r'\sid="([^"]*)"', attributes)
        anchor = given[1] if given and given[1] not in taken else f"h{len(headings) + 1}"
        taken.add(anchor)
        attributes = re.sub(r'\sid="[^"]*"', "", attributes)
        headings.append(Heading(level, anchor, _plain(inside)))
        return f'<h{level} id="{anchor}"{attributes}>{inside}</h{level}>'

    return _HEADING.sub(numbered, body), headings


def _nested(headings: list[Heading]) -> list[Heading]:
    """Headings as a tree, as deep as the contents go."""
    top = Heading(1, "", "")
    path = [top]
    for heading in headings:
        if heading.level > DEEPEST:
            continue
        while path[-1].level >= heading.level:
            path.pop()
        path[-1].below.append(heading)
        path.append(heading)
    return top.below


def _plain(html: str) -> str:
    return markup.unescape(_TAG.sub("", html)).strip()


@cache
def asset(name: str) -> str:
    """Text of a file in the package's assets."""
    return (ASSETS / name).read_text(encoding="utf-8")


@cache
def _css() -> str:
    statuses = "\n".join(
        f".status.{look.css} .mark, .tiles .{look.css} {{ border-color: {look.colour}; }}"
        for look in STATUS_STYLE.values()
    )
    return asset("report.css") + asset("figures.css") + statuses + dark_css()
