"""Documents as LibreOffice lays them out: pages as the contents say, none nearly empty, no column of a letter."""

from __future__ import annotations

import re
from itertools import accumulate
from pathlib import Path

import pytest
from blocks_sample import BRIEF_COVER, COVER, SMALL, long_document
from docx import Document
from docx.oxml.ns import qn

from xhcp_eval.report.documents.sheets import CELL_ROOM
from xhcp_eval.report.documents.word import write_word

pytestmark = pytest.mark.office

REPORTS = Path(__file__).parents[2] / "reports"
FORMAL = [pytest.param(path, id=path.parent.name) for path in sorted(REPORTS.glob("[!.]*/formal.docx"))]
BRIEFS = [pytest.param(path, id=path.parent.name) for path in sorted(REPORTS.glob("[!.]*/brief.docx"))]
FEWEST = 5  # lines of a page
ENOUGH = 0.75  # of the contents' lines name their page


def told(path: Path) -> list[tuple[str, int]]:
    """Heading and page of each line of the contents, as written in the file."""
    found = []
    for paragraph in Document(str(path)).paragraphs:
        if paragraph.style.style_id in ("TOC1", "TOC2"):
            *words, page = [t.text or "" for t in paragraph._p.iter(qn("w:t"))]
            found.append((re.sub(r"\s+", "", "".join(words)), int(page)))
    return found


def laid_pages(laid, headings: list[str]) -> list[int]:
    """Page on which each heading stands, in order."""
    first = laid.numbers.index("1")
    pages, at, place = [], first, 0
    for heading in headings:
        found = -1
        while found < 0:
            found = whole_lines(laid.pages[at], heading, place)
            if found < 0:
                at, place = at + 1, 0
        place = found + len(heading)
        pages.append(at - first + 1)
    return pages


def whole_lines(lines: list[str], heading: str, after: int) -> int:
    """Where whole lines of a page make up a heading, at or after a place in its text; -1 if nowhere: sentences may hold the same words."""
    edges = [0, *accumulate(map(len, lines))]
    text = "".join(lines)
    starts = [edge for edge in edges if edge >= after and text.startswith(heading, edge)]
    return next((start for start in starts if start + len(heading) in edges), -1)


def agree(laid, entries: list[tuple[str, int]]) -> None:
    """Contents and pages agree but for a line at the edge of a page, which moves what follows by one page at most.

    Two programs, and one program twice, break such a line differently; Word computes the numbers anew as it prints.
    """
    pages = laid_pages(laid, [heading for heading, _ in entries])
    apart = [abs(page - told_page) for page, (_, told_page) in zip(pages, entries, strict=True)]
    assert max(apart) <= 1
    assert apart.count(0) >= ENOUGH * len(apart), list(zip(entries, pages, strict=True))


def narrowest(path: Path) -> float:
    """Room for text in the narrowest column of a file, in characters of nine points."""
    tables = Document(str(path)).tables
    widths = [int(column.get(qn("w:w"))) / 20 for table in tables for column in table._tbl.tblGrid]
    return (min(widths) - 2 * CELL_ROOM) / 9 if widths else 99.0


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> Path:
    return write_word(long_document(), COVER, tmp_path_factory.mktemp("documents") / "long.docx")


def test_contents_of_a_long_report_are_its_pages(lay_out, report):
    laid, entries = lay_out(report), told(report)
    assert len(laid.pages) > 30
    agree(laid, entries)


def test_a_long_report_has_no_page_nearly_empty(lay_out, report):
    laid = lay_out(report)
    assert [page for page in laid.pages[1:] if len(page) < FEWEST] == []
    assert laid.numbers[0] == "" and laid.numbers[1] == "II"
    assert narrowest(report) >= 4


def test_a_cover_takes_one_page_whatever_stands_on_it(lay_out, tmp_path):
    laid = lay_out(write_word(SMALL, COVER, tmp_path / "cover.docx"))
    assert laid.numbers == ["", "II", "1", "2"]
    assert "新华区妇女儿童工作委员会" in laid.pages[0]


def test_a_short_brief_takes_one_page(lay_out, tmp_path):
    assert lay_out(write_word(SMALL[2:6], BRIEF_COVER, tmp_path / "brief.docx")).numbers == ["1"]


@pytest.mark.parametrize("path", BRIEFS)
def test_a_brief_has_two_pages(lay_out, path):
    assert len(lay_out(path).pages) <= 2
    assert narrowest(path) >= 4


@pytest.mark.parametrize("path", FORMAL)
def test_a_report_has_25_to_40_pages_as_its_contents_say(lay_out, path):
    laid, entries = lay_out(path), told(path)
    assert len(laid.pages) <= 40
    assert narrowest(path) >= 4
    assert [page for page in laid.pages[1:] if len(page) < FEWEST] == []
    agree(laid, entries)
