"""A document made from blocks as one HTML file that needs nothing else: for a desk, a phone, the dark and A4 paper."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from markupsafe import Markup, escape

from xhcp_eval.chapters.kit.blocks import Block, Heading, Paragraph, Picture, Table
from xhcp_eval.chapters.kit.style import dark_css
from xhcp_eval.chapters.kit.views import template
from xhcp_eval.errors import RunError
from xhcp_eval.report.documents.columns import check_table
from xhcp_eval.report.documents.cover import Cover
from xhcp_eval.report.documents.numbering import Numbering
from xhcp_eval.report.page.addresses import external_urls
from xhcp_eval.report.page.fonts import page_font_css
from xhcp_eval.report.page.layers import Layer
from xhcp_eval.report.page.render import asset


@dataclass(frozen=True)
class Entry:
    """A line of the contents. level: 1 or 2. anchor: of the heading."""

    level: int
    text: str
    anchor: str


def document_page(blocks: Sequence[Block], cover: Cover, layers: Sequence[Layer] = ()) -> str:
    """A document as HTML with style and fonts inside, without script.

    blocks: in order; links are relative to the folder the page will stand in. cover: what stands on top. layers: the
    report's other pages, and this one. Raises RunError if a table is broken, a reference leads nowhere or the page would need anything from outside.
    """
    numbering = Numbering(blocks)
    contents = [
        Entry(block.level, block.text, f"h{k}")
        for k, block in enumerate(blocks)
        if isinstance(block, Heading) and block.level <= 2
    ]
    text = template("document.html.j2").render(
        cover=cover,
        layers=layers,
        logo=_logo(cover),
        contents=contents if cover.contents else [],
        body=Markup("\n".join(_body(blocks, numbering))),
        css=asset("report.css") + asset("figures.css") + asset("document.css") + dark_css(),
    )
    if outside := external_urls(text):
        raise RunError(f"文件“{cover.title}”引用了外部地址，不能离线阅读：", outside)
    return text.replace("<style>", f"<style>{page_font_css(text, shared=False)}\n", 1)


def _body(blocks: Sequence[Block], numbering: Numbering) -> Iterator[str]:
    """HTML of the blocks; items that follow each other are a list."""
    for listed, group in groupby(enumerate(blocks), lambda pair: _is_item(pair[1])):
        parts = [_block(k, block, numbering) for k, block in group]
        yield from ["<ul>", *parts, "</ul>"] if listed else parts


def _is_item(block: Block) -> bool:
    return isinstance(block, Paragraph) and block.style == "item"


def _block(k: int, block: Block, numbering: Numbering) -> str:
    caption = numbering.of(k)
    if isinstance(block, Heading):
        return f'<h{block.level + 1} id="h{k}">{escape(block.text)}</h{block.level + 1}>'
    if isinstance(block, Paragraph):
        return _paragraph(block, numbering)
    if isinstance(block, Table):
        check_table(block)
        whole = replace(block, caption=caption.whole) if caption else block
        label = escape(whole.caption or "表：" + "、".join(block.head))
        wide = " turned" if block.landscape else ""
        anchor = caption.anchor if caption else f"b{k}"
        return f'<div class="doc-frame{wide}" id="{anchor}" tabindex="0" role="region" aria-label="{label}">{whole.html}</div>'
    if isinstance(block, Picture):
        whole_picture = replace(block, title=caption.whole) if caption else block
        return f'<div id="{caption.anchor if caption else f"b{k}"}">{whole_picture.html}</div>'
    return block.html


def _paragraph(block: Paragraph, numbering: Numbering) -> str:
    """A paragraph; references lead to what they name, unless all of it is a link."""
    lead = f"<strong>{escape(block.lead)}</strong>" if block.lead else ""
    if block.link:
        text = f'<a href="{escape(block.link)}">{escape(numbering.plain(block.text))}</a>'
    else:
        text = "".join(
            f'<a href="#{piece.anchor}">{escape(piece.text)}</a>' if piece.anchor else str(escape(piece.text))
            for piece in numbering.pieces(block.text)
        )
    tag = "li" if block.style == "item" else "p"
    return f'<{tag} class="doc-{escape(block.style)}">{lead}{text}</{tag}>'


def _logo(cover: Cover) -> str:
    """The logo as an address that holds it; empty for none."""
    if cover.logo is None:
        return ""
    kind = "png" if cover.logo.suffix.lower() == ".png" else "jpeg"
    return f"data:image/{kind};base64,{b64encode(cover.logo.read_bytes()).decode('ascii')}"
