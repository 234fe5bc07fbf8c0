"""What a finished report says, as a flat list of blocks: headings, paragraphs, tables, figures, code."""

from __future__ import annotations

import re
from dataclasses import dataclass

INDEX = "index.csv"  # the list of exported figures, by which a folder of them is known


@dataclass(frozen=True)
class Run:
    """A piece of a line. link: anchor within the report, or nothing."""

    text: str
    bold: bool = False
    italic: bool = False
    code: bool = False
    script: str = ""  # "sub" or "sup"
    link: str = ""


Line = tuple[Run, ...]


@dataclass(frozen=True)
class Heading:
    """A heading. level: 1 for a chapter's. anchors: names by which links know it."""

    level: int
    line: Line
    anchors: tuple[str, ...] = ()


@dataclass(frozen=True)
class Paragraph:
    """A paragraph. kind: "" for prose, else item, number, fact, kicker, code. number: of a numbered item."""

    line: Line
    kind: str = ""
    number: int = 0


@dataclass(frozen=True)
class Cell:
    """A cell of a table at a place of its grid, spanning rows and columns. right: numbers, set to the right."""

    row: int
    column: int
    line: Line
    rows: int = 1
    columns: int = 1
    head: bool = False
    right: bool = False

    @property
    def text(self) -> str:
        """What the cell says; lines within it are kept."""
        return plain(self.line)


@dataclass(frozen=True)
class Table:
    """A table. caption: line above. heads: how many rows are its head."""

    caption: str
    cells: tuple[Cell, ...]
    rows: int
    columns: int
    heads: int

    def grid(self) -> list[list[str]]:
        """Texts by row and column; a spanning cell's text stands in its first place."""
        texts = [[""] * self.columns for _ in range(self.rows)]
        for cell in self.cells:
            texts[cell.row][cell.column] = cell.text
        return texts


@dataclass(frozen=True)
class Figure:
    """A figure: svg as it stands in the page, or a picture's bytes. width, height: CSS pixels (1/96 inch). note: how it is read
    and where its numbers are from.
    """

    caption: str
    alt: str
    width: float
    height: float
    svg: str = ""
    picture: bytes = b""
    note: str = ""

    @property
    def source(self) -> str:
        """Where its numbers are from, as its note says; empty if it doesn't."""
        found = re.search(r"(?:资料|数据)来源.*", self.note)
        return found[0] if found else ""


@dataclass(frozen=True)
class Code:
    """Code that the page folds away."""

    text: str


Block = Heading | Paragraph | Table | Figure | Code


@dataclass(frozen=True)
class Chapter:
    """A chapter. name: its anchor. title: its heading. blocks: in order, the heading first."""

    name: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Report:
    """A finished report. pack: name of the pack. banner: what marks demonstration data, empty if real."""

    pack: str
    title: str
    subtitle: str
    banner: str
    demo_short: str
    chapters: tuple[Chapter, ...]
    footer: tuple[str, ...]
    finished_at: str


def plain(line: Line) -> str:
    """A line without its looks."""
    return "".join(run.text for run in line)
