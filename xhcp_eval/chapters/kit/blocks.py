"""What a printed document is made of: headings, paragraphs, tables, pictures and breaks, free of any output format.

A notebook's cell shows a block; its output carries the block's parts as data (`MIME`) beside the HTML, so that Word, PDF and the
page are all made from the same parts and nobody has to read HTML back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from markupsafe import escape

from xhcp_eval.chapters.kit.views import TRUSTED

MIME = "application/vnd.xhcp.block+json"


@dataclass(frozen=True)
class Block:
    """A part of a document. kind: its name in the data."""

    kind: ClassVar[str] = ""

    @property
    def html(self) -> str:
        """The block as HTML for the page and for JupyterLab; text is escaped."""
        raise NotImplementedError

    def _repr_mimebundle_(self, include=None, exclude=None) -> tuple[dict, dict]:
        data = {"kind": self.kind, **asdict(self)}
        return {"text/html": self.html, MIME: data, "text/plain": type(self).__name__}, TRUSTED


@dataclass(frozen=True)
class Heading(Block):
    """A heading. level: 1 for a chapter (一、), 2 for a section ((一)), 3 below."""

    text: str
    level: int = 1
    kind: ClassVar[str] = "heading"

    @property
    def html(self) -> str:
        """As HTML."""
        tag = f"h{self.level + 1}"
        return f"<{tag}>{escape(self.text)}</{tag}>"


@dataclass(frozen=True)
class Paragraph(Block):
    """Sentences. lead: first words set in bold. style: body, note (small, below a table or picture), source, item (of a list), and
    of a letter addressee and signature. link: address, relative to the report's folder, under which its numbers stand. spare: may be left out where a document
    has to keep to its pages.
    """

    text: str
    lead: str = ""
    style: str = "body"
    link: str = ""
    spare: bool = False
    kind: ClassVar[str] = "paragraph"

    @property
    def html(self) -> str:
        """As HTML."""
        lead = f"<strong>{escape(self.lead)}</strong>" if self.lead else ""
        text = f'<a href="{escape(self.link)}">{escape(self.text)}</a>' if self.link else escape(self.text)
        return f'<p class="doc-{escape(self.style)}">{lead}{text}</p>'


@dataclass(frozen=True)
class Table(Block):
    """A table. head: of the columns. rows: cells as text. widths: share of the width of each column, summing to 1.
    caption: line above. note: line below. landscape: on pages turned. links: address of each row or "". shrinks: rows may be dropped from the
    bottom where a document has to keep to its pages.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[float, ...]
    caption: str = ""
    note: str = ""
    landscape: bool = False
    links: tuple[str, ...] = ()
    shrinks: bool = False
    kind: ClassVar[str] = "table"

    @property
    def html(self) -> str:
        """As HTML."""
        columns = "".join(f'<col style="width:{100 * width:.1f}%">' for width in self.widths)
        head = "".join(f'<th scope="col">{escape(text)}</th>' for text in self.head)
        rows = "".join(self._row(k) for k in range(len(self.rows)))
        caption = f"<caption>{escape(self.caption)}</caption>" if self.caption else ""
        note = f'<p class="doc-note">{escape(self.note)}</p>' if self.note else ""
        return f'<table class="doc-table">{caption}<colgroup>{columns}</colgroup><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{note}'

    def _row(self, k: int) -> str:
        link = self.links[k] if self.links else ""
        cells = [str(escape(text)) for text in self.rows[k]]
        if link:
            cells[0] = f'<a href="{escape(link)}">{cells[0]}</a>'
        # on a phone a row is a card, on which each cell says what it is
        named = zip(self.head, cells, strict=True)
        return (
            "<tr>" + "".join(f'<td data-head="{escape(head)}">{cell}</td>' for head, cell in named) + "</tr>"
        )


@dataclass(frozen=True)
class Picture(Block):
    """A drawing. svg: whole, with width and height in CSS pixels. alt: what it shows, in words. title: what it finds, above.
    source: line below. narrow: HTML of ours that a phone shows in place of the drawing; "" for none.
    """

    svg: str
    width: int
    height: int
    alt: str
    title: str = ""
    source: str = ""
    narrow: str = ""
    kind: ClassVar[str] = "picture"

    @property
    def html(self) -> str:
        """As HTML."""
        title = f"<figcaption>{escape(self.title)}</figcaption>" if self.title else ""
        source = f'<p class="doc-source">{escape(self.source)}</p>' if self.source else ""
        wide = ' class="doc-wide"' if self.narrow else ""
        drawing = f'<div{wide} role="img" tabindex="0" aria-label="{escape(self.alt)}">{self.svg}</div>'
        if self.narrow:
            drawing += f'<div class="doc-narrow">{self.narrow}</div>'
        return f'<figure class="doc-picture">{title}{drawing}{source}</figure>'


@dataclass(frozen=True)
class PageBreak(Block):
    """The next block begins a page."""

    kind: ClassVar[str] = "page_break"

    @property
    def html(self) -> str:
        """As HTML."""
        return '<div class="doc-break"></div>'


KINDS: Mapping[str, type[Block]] = {
    block.kind: block for block in (Heading, Paragraph, Table, Picture, PageBreak)
}


def show(*blocks: Block) -> None:
    """Show blocks in a notebook's cell, each as an output of its own."""
    from IPython.display import display

    for block in blocks:
        display(block)


def from_data(data: Mapping[str, Any]) -> Block:
    """The block of an output's data, as `_repr_mimebundle_` wrote it. Raises KeyError for an unknown kind."""
    parts = {name: _frozen(value) for name, value in data.items() if name != "kind"}
    return KINDS[data["kind"]](**parts)


def _frozen(value: Any) -> Any:
    return tuple(_frozen(part) for part in value) if isinstance(value, list | tuple) else value
