"""The cells of an executed notebook as HTML: what a reviewer sees of them, and nothing that could do harm.

The HTML of our own views enters unchanged, other HTML only as far as a table or plain prose goes; scripts,
widgets and links out of the report don't enter at all.
"""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass
from functools import cache

from xhcp_eval.chapters.kit.style import ASSETS
from xhcp_eval.chapters.kit.views import TRUSTED

PICTURES = ("image/png", "image/jpeg")
SHOWN = ("text/html", "text/markdown", *PICTURES, "text/plain")
_TAGS = {
    *("p", "br", "b", "strong", "i", "em", "code", "pre", "div", "span", "ul", "ol", "li", "sub", "sup"),
    *("table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td", "h2", "h3", "h4"),
}
_ATTRIBUTES = {"th": {"scope", "colspan", "rowspan"}, "td": {"colspan", "rowspan"}}


@dataclass(frozen=True)
class Body:
    """Cells as HTML. warnings: what the notebook wrote to stderr, a text a piece, kept from the reviewer.

    pictures_without_alt: how many pictures say nothing to who can't see them.
    """

    html: str
    warnings: tuple[str, ...] = ()
    pictures_without_alt: int = 0


def render_cells(notebook) -> Body:
    """Turn an executed notebook (nbformat node) into the HTML of its cells; the node is left as it is."""
    notebook = copy.deepcopy(notebook)
    warnings: list[str] = []
    missing = 0
    for cell in notebook.cells:
        if cell.cell_type == "code":
            warnings += [o.text for o in cell.outputs if _is_stderr(o)]
            cell.outputs = [_shown(o) for o in cell.outputs if not _is_stderr(o)]
            missing += sum(map(_lacks_alt, cell.outputs))
    html, _ = _exporter().from_notebook_node(notebook)
    return Body(html, tuple(warnings), missing)


def _is_stderr(output) -> bool:
    return output.output_type == "stream" and output.name == "stderr"


def _shown(output):
    """An output with the one form of it that is shown."""
    if "data" not in output:
        return output
    kind = next((k for k in SHOWN if k in output.data), None)
    data = {kind: output.data[kind]} if kind else {}
    if kind == "text/html" and output.metadata.get("text/html") != TRUSTED["text/html"]:
        data = {kind: _harmless(data[kind])}
    return type(output)({**output, "data": type(output)(data)})


def _harmless(html: str) -> str:
    from nh3 import clean

    return clean(html, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes=set())


def _lacks_alt(output) -> bool:
    kinds = [kind for kind in PICTURES if kind in output.get("data", {})]
    return any(not output.metadata.get(kind, {}).get("alt") for kind in kinds)


@cache
def _exporter():
    from nbconvert import HTMLExporter, TemplateExporter

    class Exporter(HTMLExporter):
        """Without the last pass of HTMLExporter, which reads all HTML again to mark up JupyterLab's own cells."""

        def from_notebook_node(self, nb, resources=None, **kw):
            return TemplateExporter.from_notebook_node(self, nb, self._init_resources(resources), **kw)

    exporter = Exporter(
        template_name="xhcp", extra_template_basedirs=[str(ASSETS / "templates")], language_code="zh"
    )
    exporter.register_filter("markdown2html", markdown_html)
    # named in the templates that ours builds on, which shows code in its own way
    exporter.register_filter("highlight_code", lambda source, **_: source)
    return exporter


def markdown_html(text: str) -> str:
    """Markdown as HTML: HTML within it is shown as text, links out of the report become text."""
    from nbconvert.filters.markdown_mistune import MarkdownWithMath

    return MarkdownWithMath(renderer=_renderer()).render(text)


@cache
def _renderer():
    from nbconvert.filters.markdown_mistune import IPythonRenderer

    class Renderer(IPythonRenderer):
        """Headings without anchors of their own, no way out of the report."""

        def link(self, text, url, title=None):
            return (
                super().link(text, url, title) if _stays_inside(url) else f"{text}（{self.escape_html(url)}）"
            )

        def image(self, text, url, title=None):
            return self.escape_html(text)

    return Renderer(escape=True, exclude_anchor_links=True)


def _stays_inside(url: str) -> bool:
    """Whether an address leads to a place in this page or to a file beside it."""
    return re.match(r"(#|\w[\w.-]*(/\w[\w.-]*)*(#|$))", url) is not None
