"""Pages of a report: each one HTML file that needs nothing else, no network, no fonts, no scripts."""

from __future__ import annotations

import html as markup
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from xhcp_eval.errors import RunError
from xhcp_eval.provenance import local_time
from xhcp_eval.report.addresses import external_urls
from xhcp_eval.report.cells import Body, render_cells
from xhcp_eval.report.fonts import page_font_css
from xhcp_eval.style import ASSETS, STATUS_STYLE
from xhcp_eval.views import template

if TYPE_CHECKING:
    from xhcp_eval.pack import Pack
    from xhcp_eval.params import PackParams

DEMO_SHORT = "演示数据，不是真实统计"
DEMO_BANNER = "演示数据：本页的数字由程序生成，不是新华区的真实统计，任何结论都不得引用。"
INDEX = "index"
_HEADING = re.compile(r"<h([1-4])([^>]*)>(.*?)</h\1>", re.DOTALL)
_TAG = re.compile(r"<[^>]+>")


@dataclass(frozen=True)
class Page:
    """A page of a pack. name: of its file, without ending. title: in the contents. heading: on top of it."""

    name: str
    title: str
    heading: str = ""


@dataclass(frozen=True)
class Shell:
    """What all pages of a pack share: title, contents, banner, footer."""

    title: str
    subtitle: str
    pages: tuple[Page, ...]
    demo: bool
    footer: tuple[str, ...]
    demo_short: str = DEMO_SHORT
    demo_banner: str = DEMO_BANNER


@dataclass(frozen=True)
class Heading:
    """A heading within a page, as the contents show it."""

    level: int
    anchor: str
    text: str


def pages_of(params: PackParams) -> tuple[Page, ...]:
    """Pages of a pack in order, the index first."""
    return (
        Page(INDEX, "首页", "评估结论摘要"),
        *(Page(section.page, section.title) for section in params.sections),
    )


def make_shell(pack: Pack) -> Shell:
    """What all pages of a pack share, with a footer that tells what the numbers depend on."""
    params, stamp = pack.params, pack.stamp
    inputs = "；".join(f"{Path(name).name} {digest[:8]}" for name, digest in stamp["inputs"].items())
    footer = (
        f"数据截至{params.data_until}年；计算时间{local_time(stamp['computed_at'])}；"
        f"程序 xhcp_eval {stamp['version']}，Python {stamp['python']}",
        f"输入文件（SHA-256 前8位）：{inputs}",
    )
    return Shell(params.title, params.subtitle, pages_of(params), pack.is_demo, footer)


def render_notebook(notebook, page: Page, shell: Shell) -> tuple[str, Body]:
    """One executed notebook as a page.

    notebook: nbformat node. page: which page of the pack it is. Returns the HTML and what was found in the
    cells (warnings, pictures without words). Raises RunError if the page would need anything from outside.
    """
    body = render_cells(notebook)
    return render_page(body.html, page, shell), body


def render_page(body: str, page: Page, shell: Shell) -> str:
    """A page around a body of HTML, with the glyphs it needs inside. Raises RunError as `render_notebook`."""
    kicker, body = _take_title(body)
    body, headings = _with_anchors(body)
    names = [other.name for other in shell.pages]
    at = names.index(page.name)
    text = template("page.html.j2").render(
        shell=shell,
        title=page.heading or page.title,
        kicker="" if kicker == page.title else kicker,
        current=page.name,
        headings=[heading for heading in headings if heading.level <= 3],
        body=body,
        before=shell.pages[at - 1] if at else None,
        after=shell.pages[at + 1] if at + 1 < len(names) else None,
        css=_css(),
    )
    outside = external_urls(text)
    if outside:
        raise RunError(f"页面 {page.name}.html 引用了外部地址，不能离线阅读：", outside)
    return text.replace("<style>", f"<style>{page_font_css(text)}\n", 1)


def _take_title(body: str) -> tuple[str, str]:
    """Text of the first heading of level 1, and the body without it: the page has its title already."""
    found = next((m for m in _HEADING.finditer(body) if m[1] == "1"), None)
    if found is None:
        return "", body
    return _plain(found[3]), body[: found.start()] + body[found.end() :]


def _with_anchors(body: str) -> tuple[str, list[Heading]]:
    """Give every heading an anchor, its own where it has one, and list them."""
    headings: list[Heading] = []

    def numbered(found: re.Match) -> str:
        level, attributes, inside = int(found[1]), found[2], found[3]
        given = re.search(r'\sid="([^"]*)"', attributes)
        taken = {heading.anchor for heading in headings}
        anchor = given[1] if given and given[1] not in taken else f"h{len(headings) + 1}"
        attributes = re.sub(r'\sid="[^"]*"', "", attributes)
        headings.append(Heading(level, anchor, _plain(inside)))
        return f'<h{level} id="{anchor}"{attributes}>{inside}</h{level}>'

    return _HEADING.sub(numbered, body), headings


def _plain(html: str) -> str:
    return markup.unescape(_TAG.sub("", html)).strip()


@cache
def _css() -> str:
    statuses = "\n".join(
        f".status.{look.css} .mark, .tiles .{look.css} {{ border-color: {look.colour}; }}"
        for look in STATUS_STYLE.values()
    )
    return (ASSETS / "report.css").read_text(encoding="utf-8") + statuses
