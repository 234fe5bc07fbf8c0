"""A finished report as an editable Word document, in the layout of official documents (`word_format`)."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from xhcp_eval.files.whole import whole_file
from xhcp_eval.report.export.content import (
    Block,
    Code,
    Figure,
    Heading,
    Line,
    Paragraph,
    Report,
    Run,
    Table,
    plain,
)
from xhcp_eval.report.export.picture import svg_png
from xhcp_eval.report.export.reading import read_report
from xhcp_eval.report.export.word_format import new_document
from xhcp_eval.report.export.word_runs import balanced, chinese_number, run_xml, without
from xhcp_eval.report.export.word_styles import NUMBERS
from xhcp_eval.report.export.word_table import table_xml
from xhcp_eval.report.export.wordml import TEXT_HEIGHT, TEXT_WIDTH, elements, field_xml

if TYPE_CHECKING:
    from docx.document import Document

PICTURE_HEIGHT = TEXT_HEIGHT - 25  # millimetres: its caption stands on the same page
APPENDIX = "附录"
_OWN_NUMBER = re.compile(r"\s*(\d+)[.．、]\s*")


def write_word(report: Path, target: Path) -> Path:
    """Write a finished report as .docx; returns the path.

    report: folder of a pack's report. target: file to write; replaced if it is there. Headings are Word's own
    (navigation, contents), tables and figures are numbered by fields, code that the page folds away stands in
    an appendix. Raises RunError if there is no finished report or the file is open elsewhere.
    """
    document = word_document(read_report(Path(report)))
    with whole_file(target) as made:
        document.save(str(made))
    return Path(target)


def word_document(report: Report) -> Document:
    """A report as a document of python-docx."""
    document = new_document(report.title, report.demo_short)
    _set_properties(document, report)
    writer = _Writer(document, report)
    writer.front()
    writer.chapters()
    writer.appendix()
    return document


def _set_properties(document: Document, report: Report) -> None:
    facts = document.core_properties
    facts.title, facts.subject, facts.author = report.title, report.subtitle, "xhcp_eval"
    facts.comments, facts.keywords, facts.language = report.demo_short, "", "zh-CN"
    if report.finished_at:
        facts.created = facts.modified = datetime.fromisoformat(report.finished_at)


class _Writer:
    """Appends a report to a document, piece by piece, in order."""

    def __init__(self, document: Document, report: Report) -> None:
        self.document, self.report = document, report
        self.counts: Counter[str] = Counter()
        self.levels = [0] * len(NUMBERS)
        headings = [b for chapter in report.chapters for b in chapter.blocks if isinstance(b, Heading)]
        self.marks = {id(heading): f"_Toc{number:08d}" for number, heading in enumerate(headings, 1)}
        self.places = {anchor: self.marks[id(h)] for h in headings for anchor in h.anchors}

    def front(self) -> None:
        """Title, what kind of data it rests on, contents."""
        self._paragraph("Title", (Run(balanced(self.report.title)),))
        self._paragraph("Subtitle", (Run(self.report.subtitle),))
        if self.report.banner:
            self._paragraph("Warning", (Run(self.report.banner),))
        self._paragraph("ContentsTitle", (Run("目　录"),))
        self._contents()

    def chapters(self) -> None:
        """All that the report's chapters say, but for the code."""
        for chapter in self.report.chapters:
            for block in chapter.blocks:
                self._block(block)

    def appendix(self) -> None:
        """How it was made: what the report rests on, and the code of each chapter."""
        self._heading(Heading(1, (Run(APPENDIX),)), numbered=False)
        self._paragraph("Heading2", (Run("编制信息"),), numbered=False)
        for line in self.report.footer:
            self._paragraph("BodyText", (Run(line),))
        for chapter in self.report.chapters:
            codes = [block.text for block in chapter.blocks if isinstance(block, Code)]
            if codes:
                self._paragraph("Heading2", (Run(f"“{chapter.title}”的计算代码"),), numbered=False)
            for text in codes:
                self._paragraph("Code", (Run(text),))

    def _block(self, block: Block) -> None:
        if isinstance(block, Heading):
            self._heading(block)
        elif isinstance(block, Paragraph):
            self._prose(block)
        elif isinstance(block, Table):
            self._table(block)
        elif isinstance(block, Figure):
            self._figure(block)

    def _prose(self, block: Paragraph) -> None:
        style = {"item": "ListBullet", "kicker": "Kicker", "code": "Code"}.get(block.kind, "BodyText")
        number = (Run(f"（{block.number}）"),) if block.kind == "number" else ()
        self._paragraph(style, (*number, *block.line))

    def _heading(self, block: Heading, numbered: bool = True) -> None:
        """A heading; a number of its own gives way to Word's if it is the same, else it stays alone."""
        line, depth = block.line, block.level - 1
        if numbered and depth < len(NUMBERS):
            self.levels[depth] += 1
            self.levels[depth + 1 :] = [0] * (len(NUMBERS) - depth - 1)
            if own := _OWN_NUMBER.match(plain(line)):
                if depth == 2 and int(own[1]) == self.levels[depth]:
                    line = without(line, own.end())
                else:
                    self.levels[depth] -= 1
                    numbered = False
        self._paragraph(f"Heading{min(block.level, 5)}", line, numbered, self.marks.get(id(block), ""))

    def _paragraph(self, style: str, line: Line, numbered: bool = True, mark: str = "") -> None:
        extra = '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="0"/></w:numPr>' if not numbered else ""
        runs = self._runs(line)
        if mark:
            number = mark.removeprefix("_Toc").lstrip("0")
            runs = f'<w:bookmarkStart w:id="{number}" w:name="{mark}"/>{runs}<w:bookmarkEnd w:id="{number}"/>'
        self._add(f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{extra}</w:pPr>{runs}</w:p>')

    def _add(self, text: str) -> None:
        # the body's last element is the section's properties
        for element in elements(text):
            self.document.element.body[-1].addprevious(element)

    def _runs(self, line: Line, looks: str = "") -> str:
        """A line as runs; links within the report lead to the heading's bookmark."""
        text = ""
        for run in line:
            made = run_xml(run, looks)
            place = self.places.get(run.link)
            text += f'<w:hyperlink w:anchor="{place}" w:history="1">{made}</w:hyperlink>' if place else made
        return text

    def _caption(self, style: str, label: str, text: str) -> None:
        self.counts[label] += 1
        number = field_xml(f"SEQ {label} \\* ARABIC", str(self.counts[label]))
        runs = (
            f"{run_xml(Run(label))}{number}{run_xml(Run('　' + text))}"
            if text
            else f"{run_xml(Run(label))}{number}"
        )
        self._add(f'<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr>{runs}</w:p>')

    def _table(self, table: Table) -> None:
        if not table.cells:
            return
        self._caption("TableCaption", "表", table.caption)
        self._add(table_xml(table, self._runs))
        # a line between a table and what follows, or two tables would grow together
        self._add('<w:p><w:pPr><w:pStyle w:val="TableText"/></w:pPr></w:p>')

    def _figure(self, figure: Figure) -> None:
        from docx.shared import Mm

        paragraph = self.document.add_paragraph(style=self.document.styles["图"])
        data = svg_png(figure.svg) if figure.svg else figure.picture
        width = min(TEXT_WIDTH, figure.width / 96 * 25.4 if figure.width else TEXT_WIDTH)
        if figure.width and figure.height:
            width = min(width, PICTURE_HEIGHT * figure.width / figure.height)
        shape = paragraph.add_run().add_picture(BytesIO(data), width=Mm(width))
        facts = shape._inline.docPr
        facts.set("descr", figure.alt + figure.source)
        facts.set("name", f"图{self.counts['图'] + 1}")
        self._caption("FigureCaption", "图", figure.caption)
        if figure.note:
            self._add(f'<w:p><w:pPr><w:pStyle w:val="TableText"/></w:pPr>{run_xml(Run(figure.note))}</w:p>')

    def _contents(self) -> None:
        """The contents as a field, filled in but for the pages, which Word knows."""
        entries = list(self._entries())
        begin = (
            '<w:r><w:fldChar w:fldCharType="begin" w:dirty="true"/></w:r><w:r><w:instrText xml:space="preserve">'
            ' TOC \\o "1-2" \\h \\z \\u </w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r>'
        )
        for place, (level, text, mark) in enumerate(entries):
            page = field_xml(f"PAGEREF {mark} \\h")
            inside = f"{run_xml(Run(text))}<w:r><w:tab/></w:r>{page}"
            link = f'<w:hyperlink w:anchor="{mark}" w:history="1">{inside}</w:hyperlink>'
            start = begin if place == 0 else ""
            self._add(f'<w:p><w:pPr><w:pStyle w:val="TOC{level}"/></w:pPr>{start}{link}</w:p>')
        end = '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
        self._add(f'<w:p><w:pPr><w:pStyle w:val="TableText"/></w:pPr>{end if entries else ""}</w:p>')

    def _entries(self):
        """Level, numbered text and bookmark of each heading in the contents."""
        first = second = 0
        for chapter in self.report.chapters:
            for block in chapter.blocks:
                if isinstance(block, Heading) and block.level == 1:
                    first, second = first + 1, 0
                    yield 1, f"{chinese_number(first)}、{plain(block.line)}", self.marks[id(block)]
                elif isinstance(block, Heading) and block.level == 2:
                    second += 1
                    yield 2, f"（{chinese_number(second)}）{plain(block.line)}", self.marks[id(block)]
