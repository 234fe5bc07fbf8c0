"""HTML of a report's page as blocks; what isn't known is read through, so that no text is lost."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape

from xhcp_eval.errors import RunError
from xhcp_eval.report.export.content import Block, Cell, Code, Figure, Heading, Line, Paragraph, Run, Table

_SPACE = re.compile(r"[ \t\r\n\f]+")
_BREAK = "\u2028"  # a line break of HTML, until white space has been tidied
_DATA = re.compile(r"data:image/(?:png|jpeg);base64,(.+)", re.DOTALL)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
# everything else is part of a line of text
_BLOCKS = {
    *_HEADINGS,
    *("section", "div", "p", "ul", "ol", "li", "dl", "dt", "dd", "table", "figure", "details", "pre"),
    *("article", "aside", "blockquote", "header", "footer", "main", "nav", "hr", "form", "fieldset"),
}
NUMBERS = "figure-data"  # of a drawing, one click away on a page
_UNSEEN = {"script", "style", "template", "noscript"}


def words(node) -> str:
    """Text of a node in one line."""
    return _SPACE.sub(" ", node.text_content()).strip()


class Reader:
    """Turns HTML into blocks. drawings: SVG of the page by number, as its placeholders (data-number) name them."""

    def __init__(self, drawings: list[str]) -> None:
        self.drawings = drawings

    def blocks(self, node) -> Iterator[Block]:
        """Blocks of what stands within a node; text between its blocks becomes paragraphs."""
        loose: list[Run] = list(_run(node.text, Run("")))
        for child in node:
            if not isinstance(child.tag, str) or child.tag in _UNSEEN or child.get("class") == NUMBERS:
                pass
            elif child.tag in (*_BLOCKS, "svg", "img") or _holds_blocks(child):
                yield from _paragraph(loose)
                loose = []
                yield from self._block(child)
            else:
                loose += _runs(child, Run(""))
            loose += _run(child.tail, Run(""))
        yield from _paragraph(loose)

    def _block(self, node) -> Iterator[Block]:
        kind = node.get("class") or ""
        if node.tag in _HEADINGS:
            anchors = (node.get("id"),) if node.get("id") else ()
            yield Heading(max(_HEADINGS[node.tag] - 1, 1), _tidy(_inside(node)), anchors)
        elif node.tag == "table":
            yield _table(node)
        elif node.tag == "figure" or node.tag in ("svg", "img"):
            yield from self._figure(node)
        elif node.tag == "ul" and kind == "tiles":
            yield _tiles(node)
        elif node.tag in ("ul", "ol"):
            yield from self._items(node)
        elif node.tag == "dl":
            yield from _facts(node)
        elif node.tag == "details" and kind == "code":
            yield Code("\n".join(pre.text_content() for pre in node.iter("pre")))
        elif node.tag == "pre":
            yield from _paragraph(
                _run(node.text_content().strip("\n"), Run("", code=True)), "code", keep=True
            )
        elif node.tag == "p" and not _holds_blocks(node):
            yield from _paragraph(_inside(node), "kicker" if kind == "kicker" else "")
        else:
            yield from self.blocks(node)

    def _items(self, node) -> Iterator[Block]:
        for number, item in enumerate(node.iterchildren("li"), 1):
            first = True
            for block in self.blocks(item):
                if isinstance(block, Paragraph) and not block.kind and first:
                    kind = "number" if node.tag == "ol" else "item"
                    block = replace(block, kind=kind, number=number)
                first = False
                yield block

    def _figure(self, node) -> Iterator[Block]:
        caption = next((words(c) for c in node.iter("figcaption")), "")
        note = next((words(c) for c in node.iter("p") if c.get("class") == "note"), "")
        for drawing in node.iter("svg", "img"):
            if drawing.tag == "svg":
                svg = self.drawings[int(drawing.get("data-number"))]
                yield Figure(caption, _label(svg), *_size(svg), svg=svg, note=note)
            elif found := _DATA.match(drawing.get("src") or ""):
                width, height = (float(drawing.get(side) or 0) for side in ("width", "height"))
                data = base64.b64decode(found[1])
                yield Figure(caption, drawing.get("alt") or "", width, height, picture=data)
            elif drawing.get("alt"):
                yield Paragraph((Run(drawing.get("alt")),))


def _label(svg: str) -> str:
    found = re.search(r'aria-label="([^"]*)"', svg)
    return unescape(found[1]) if found else ""


def _size(svg: str) -> tuple[float, float]:
    box = re.search(r'viewBox="[\d.-]+ [\d.-]+ ([\d.]+) ([\d.]+)"', svg)
    if box is None:
        raise RunError("报告中有一幅图没有写明大小（viewBox），不能导出：请重新运行 xhcp run")
    # the drawing is in points
    return float(box[1]) * 96 / 72, float(box[2]) * 96 / 72


def _holds_blocks(node) -> bool:
    return any(
        isinstance(n.tag, str) and (n.tag in _BLOCKS or n.tag in ("svg", "img"))
        for n in node.iterdescendants()
    )


def _run(text: str | None, looks: Run) -> list[Run]:
    return [replace(looks, text=text)] if text else []


def _inside(node) -> list[Run]:
    return _runs(node, Run(""))


def _runs(node, looks: Run) -> list[Run]:
    """Pieces of text within a node, each with its looks."""
    if not isinstance(node.tag, str) or node.tag in _UNSEEN:
        return []
    if node.tag == "br":
        return [replace(looks, text=_BREAK)]
    here = _looks(node, looks)
    found = _run(node.text, here)
    for child in node:
        found += _runs(child, here)
        found += _run(child.tail, here)
    return found


def _looks(node, looks: Run) -> Run:
    tag, address = node.tag, node.get("href") or ""
    return replace(
        looks,
        bold=looks.bold or tag in ("b", "strong"),
        italic=looks.italic or tag in ("i", "em"),
        code=looks.code or tag == "code",
        script=tag if tag in ("sub", "sup") else looks.script,
        link=address[1:] if tag == "a" and address.startswith("#") else looks.link,
    )


def _tidy(runs: list[Run], keep: bool = False) -> Line:
    """White space as a browser shows it, ends cut; keep: line breaks stay, as in the cells of our tables."""
    line: list[Run] = []
    for run in runs:
        text = re.sub(r"[ \t\r\f]+", " ", run.text) if keep else _SPACE.sub(" ", run.text)
        if not keep and text.startswith(" ") and (not line or line[-1].text.endswith(" ")):
            text = text[1:]
        if text and line and replace(line[-1], text="") == replace(run, text=""):
            line[-1] = replace(run, text=line[-1].text + text)
        elif text:
            line.append(replace(run, text=text))
    while line and not line[0].text.strip():
        line.pop(0)
    while line and not line[-1].text.strip():
        line.pop()
    if line:
        line[0] = replace(line[0], text=line[0].text.lstrip())
        line[-1] = replace(line[-1], text=line[-1].text.rstrip())
    return tuple(replace(run, text=re.sub(rf" ?{_BREAK} ?", "\n", run.text)) for run in line)


def _paragraph(runs: list[Run], kind: str = "", keep: bool = False) -> Iterator[Paragraph]:
    if line := (tuple(runs) if keep else _tidy(runs)):
        yield Paragraph(line, kind)


def _facts(node) -> Iterator[Paragraph]:
    """Names and what is said of them, a paragraph each."""
    name: list[Run] = []
    for child in node.iter("dt", "dd"):
        if child.tag == "dt":
            name = [*_runs(child, Run("", bold=True)), Run("：", bold=True)]
        else:
            yield from _paragraph([*name, *_inside(child)], "fact")
            name = []
    yield from _paragraph(name, "fact")


def _tiles(node) -> Table:
    """The counts of statuses: a column each."""
    cells = []
    tiles = list(node.iterchildren("li"))
    for column, tile in enumerate(tiles):
        count = "".join(b.text_content() for b in tile.iter("b"))
        word = words(tile)[len(count) :].strip()
        cells.append(Cell(0, column, (Run(word),), head=True))
        cells.append(Cell(1, column, (Run(count),), right=True))
    return Table(node.get("aria-label") or "", tuple(cells), 2, len(tiles), 1)


def _table(node) -> Table:
    """A table as cells on a grid, spans and all."""
    caption = next((words(c) for c in node.iterchildren("caption")), "")
    taken: set[tuple[int, int]] = set()
    cells: list[Cell] = []
    lines = [line for line in node.iter("tr") if next(line.iterancestors("table")) is node]
    for row, line in enumerate(lines):
        column = 0
        for one in line.iterchildren("th", "td"):
            while (row, column) in taken:
                column += 1
            cell = _cell(one, row, column, len(lines))
            taken |= {(row + r, column + c) for r in range(cell.rows) for c in range(cell.columns)}
            cells.append(cell)
    heads = sum(line.getparent().tag == "thead" for line in lines)
    width = max((column for _, column in taken), default=-1) + 1
    return Table(caption, tuple(cells), len(lines), width, heads)


def _cell(node, row: int, column: int, rows: int) -> Cell:
    kinds = (node.get("class") or "").split()
    down, across = (_span(node.get(name)) for name in ("rowspan", "colspan"))
    return Cell(
        row=row,
        column=column,
        line=_tidy(_inside(node), keep=True),
        rows=min(down, rows - row),
        columns=across,
        head=node.tag == "th",
        right="num" in kinds,
    )


def _span(text: str | None) -> int:
    return max(int(text), 1) if text and text.isdigit() else 1
