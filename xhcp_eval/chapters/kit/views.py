"""What a notebook cell shows: figures, tables and sentences as small immutable values.

Each shows itself in JupyterLab and in a report. Text from data is always escaped; the HTML of a view is
marked as ours (`TRUSTED`), and only such HTML enters a report unchanged.
"""

from __future__ import annotations

import numbers
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING

from xhcp_eval.chapters.kit.style import ASSETS, DPI, STATUS_STYLE
from xhcp_eval.chapters.kit.svg import PADDING, Spot, figure_svg
from xhcp_eval.verdict.status import SEVERITY

if TYPE_CHECKING:
    import pandas as pd
    from jinja2 import Environment, Template
    from markupsafe import Markup
    from matplotlib.figure import Figure

SMALL = 330  # CSS pixels: the width of figures that fit a telephone
TRUSTED = {"text/html": {"xhcp": True}}
_NUMBER_AND_UNIT = re.compile(r"(\d)(?=个)")
_INTERVAL = re.compile(r"（[^（）]{1,20}–[^（）]{1,20}）")


@dataclass(frozen=True)
class Grid:
    """A figure's own numbers, shown as a table when they are asked for. heads: of the columns. rows: texts."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class FigureView:
    """A drawn figure, as letters and lines (SVG). svg: what stands inside <svg>, in points. alt: what it shows,
    in words. caption: what it finds, above. width, height: CSS pixels. figure: what it was drawn from by matplotlib, None where
    it was drawn directly. note: how it is read and where its numbers are from, below. data: its numbers.
    """

    svg: str = field(repr=False)
    alt: str
    caption: str = ""
    width: int = 0
    height: int = 0
    figure: Figure | None = field(default=None, repr=False, compare=False)
    note: str = ""
    data: Grid | None = field(default=None, repr=False)

    @property
    def small(self) -> bool:
        """Whether it fits a telephone; two of them stand beside each other on paper."""
        return 0 < self.width <= SMALL

    @property
    def drawing(self) -> str:
        """The whole <svg> element, without its description."""
        box = f'viewBox="0 0 {self.width * 0.75} {self.height * 0.75}" width="{self.width}" height="{self.height}"'
        return f"<svg {box}>{self.svg}</svg>"

    @property
    def html(self) -> str:
        """The figure as HTML, with the drawing inside."""
        return template("figure.html.j2").render(view=self)

    @property
    def png(self) -> bytes:
        """The figure as a picture for other programs, at `DPI`."""
        return self.picture()

    def picture(self, dpi: int = DPI, form: str = "png") -> bytes:
        """The figure as PNG (dots an inch: dpi); one that matplotlib drew also as pdf, svg and its other formats.

        Raises ValueError for a format that a drawing without matplotlib hasn't.
        """
        if self.figure is None:
            if form != "png":
                raise ValueError(f"这幅图只能存成 png，不能存成 {form}")
            from xhcp_eval.chapters.kit.raster import svg_png

            return svg_png(self.drawing, dpi)
        buffer = BytesIO()
        self.figure.savefig(buffer, format=form, dpi=dpi, bbox_inches="tight", pad_inches=PADDING)
        return buffer.getvalue()

    def _repr_mimebundle_(self, include=None, exclude=None) -> tuple[dict, dict]:
        return {"text/html": self.html, "text/plain": self.alt}, TRUSTED


@dataclass(frozen=True)
class TableView:
    """A table. frame: what it shows. html: as it is shown. caption: line above."""

    frame: pd.DataFrame = field(repr=False)
    html: str = field(repr=False)
    caption: str = ""

    def _repr_html_(self) -> str:
        return self.html

    def _repr_mimebundle_(self, include=None, exclude=None) -> tuple[dict, dict]:
        return {"text/html": self.html, "text/plain": self.caption}, TRUSTED


@dataclass(frozen=True)
class TextView:
    """Sentences, a paragraph each."""

    sentences: tuple[str, ...]

    @property
    def html(self) -> str:
        """The paragraphs as HTML."""
        return template("text.html.j2").render(sentences=self.sentences)

    def __str__(self) -> str:
        return "\n".join(self.sentences)

    def _repr_mimebundle_(self, include=None, exclude=None) -> tuple[dict, dict]:
        return {"text/html": self.html, "text/plain": str(self)}, TRUSTED


@dataclass(frozen=True)
class Section:
    """Views under a heading; sections may hold sections. level: of the heading (2-4). anchor: its id."""

    title: str
    views: tuple[FigureView | TableView | TextView | Section, ...]
    level: int = 3
    anchor: str = ""

    @property
    def html(self) -> str:
        """Heading and views as HTML."""
        return template("section.html.j2").render(section=self)

    def _repr_mimebundle_(self, include=None, exclude=None) -> tuple[dict, dict]:
        return {"text/html": self.html, "text/plain": self.title}, TRUSTED


View = FigureView | TableView | TextView | Section


@dataclass(frozen=True)
class _Cell:
    text: str
    css: str
    symbol: str = ""
    rank: int = 0  # a status sorts by how much attention it needs
    chosen: bool = False  # a head whose values a reader may choose from


def figure_view(
    figure: Figure,
    alt: str,
    caption: str = "",
    tight: bool = True,
    note: str = "",
    spots: Sequence[Spot] = (),
    data: Grid | None = None,
) -> FigureView:
    """Draw a figure of matplotlib's as a small SVG.

    alt: description made from the data. caption: what it finds. tight: cut to what is drawn, which draws it
    twice. note: below. spots: points that tell a reader what they are. data: its numbers. Raises ValueError without alt text.
    """
    if not alt:
        raise ValueError("图形缺少替代文本（alt）")
    svg, width, height = figure_svg(figure, tight, spots)
    return FigureView(svg, alt, caption, width, height, figure, note, data)


def table(  # noqa: PLR0913 - all but the frame by name
    frame: pd.DataFrame,
    columns: Mapping[str, str] | None = None,
    formats: Mapping[str, object] | None = None,
    numeric: Collection[str] = (),
    status: Collection[str] = (),
    wide: Collection[str] = (),
    caption: str = "",
    filters: Collection[str] = (),
    status_headers: bool = False,
    total_row: bool = False,
    anchor: str = "",
) -> TableView:
    """Show a frame as a table; every text is escaped, line breaks in cells are kept.

    columns: column -> header, in the order shown (default: all). formats: column -> function of a value, or
    format text such as "{:.1f}". numeric: columns set to the right (numbers always are). status: columns that
    hold statuses, shown with symbol, word and colour. wide: columns of long text. filters: columns whose values a reader
    may choose from. status_headers: headers that are statuses carry their symbols. total_row: the last row is a total.
    anchor: what an address calls the table. Raises KeyError for an unknown column.
    """
    columns = dict(columns or {str(name): str(name) for name in frame.columns})
    shown = frame[list(columns)]
    rights = {name for name in columns if name in numeric or _is_numeric(shown[name])}
    css = {name: "num" if name in rights else "wide" if name in wide else "" for name in columns}
    heads = [_head(header, css[name], status_headers, name in filters) for name, header in columns.items()]
    values = [
        [_cell(v, css[name], name in status, (formats or {}).get(name)) for v in shown[name]]
        for name in columns
    ]
    html = template("table.html.j2").render(
        heads=heads, rows=list(zip(*values, strict=True)), caption=caption, total_row=total_row, anchor=anchor
    )
    return TableView(frame, html, caption)


def text_view(sentences: str | Iterable[str]) -> TextView:
    """Paragraphs from one sentence or several; empty ones are left out."""
    given: Sequence[str] = [sentences] if isinstance(sentences, str) else list(sentences)
    return TextView(tuple(text for text in given if text))


def section(title: str, *views: View, level: int = 3, anchor: str = "") -> Section:
    """Views under a heading, shown as one: for runs of indicators, which a notebook can't loop over."""
    return Section(title, views, level, anchor)


def template(name: str) -> Template:
    """A Jinja2 template of this package, with escaping on."""
    return _environment().get_template(name)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    loader = FileSystemLoader(ASSETS / "templates", encoding="utf-8")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["breakable"] = _breakable
    return environment


def _breakable(text: str) -> Markup:
    """Escaped text that breaks between number and unit in words (0.3|个百分点), not within an interval; HTML of ours as it is."""
    from markupsafe import Markup, escape

    if isinstance(text, Markup):
        return text
    html = _NUMBER_AND_UNIT.sub(r"\1<wbr>", str(escape(text)))
    return Markup(_INTERVAL.sub(r'<span class="interval">\g<0></span>', html))


def _is_numeric(column: pd.Series) -> bool:
    return column.dtype.kind in "iuf"


def _head(header: str, css: str, with_symbol: bool, chosen: bool) -> _Cell:
    look = STATUS_STYLE.get(header) if with_symbol else None
    return _Cell(header, css, look.symbol if look else "", chosen=chosen)


def _cell(value: object, css: str, is_status: bool, form: object) -> _Cell:
    text = _text(value, form)
    look = STATUS_STYLE.get(text) if is_status else None
    if look is None:
        return _Cell(text, css)
    return _Cell(text, f"{css} status {look.css}".strip(), look.symbol, SEVERITY.index(text))


def _text(value: object, form: object) -> str:
    """Missing as a dash, a true minus sign, numbers without noise."""
    if value is None or value != value or str(value) in ("<NA>", "NaT"):
        return "—"
    if hasattr(value, "__html__"):
        return value  # type: ignore[return-value]  # a drawing, as Markup
    if form is not None:
        return str(form(value) if callable(form) else str(form).format(value))
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, numbers.Real):
        return f"{value:,.6g}".replace("-", "−") if not isinstance(value, numbers.Integral) else str(value)
    return str(value)
