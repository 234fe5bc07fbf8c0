"""The documents of a report, from the blocks that their notebooks have shown: the brief as first page and for Word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from xhcp_eval.chapters.kit.blocks import Block, Heading, PageBreak, Paragraph, Table
from xhcp_eval.chapters.wording.names import task_name
from xhcp_eval.files.home import ROOT
from xhcp_eval.pack.params import DATA_PAGE, FIRST_PAGE, FORMAL_PAGE, Section
from xhcp_eval.plan.model import Plan
from xhcp_eval.report.documents.places import Places, printed

if TYPE_CHECKING:
    from xhcp_eval.pack.pack import Pack
    from xhcp_eval.report.documents.cover import Cover

BRIEF_PAGES = 2
BRIEF_FILE, FORMAL_FILE, FORMAL_PDF = "brief.docx", "formal.docx", "formal.pdf"
SUMMARY = "摘要"
FEWEST_LINES = 8  # of text, on the last page of a stretch
SPARE_LINES = 4  # below what is reckoned
# Of the body's lines, points beside the usual, the nearest first.
LEADINGS = (0.0, -0.5, 0.5, -1.0, 1.0, -1.5, -2.0)
# What the head of a brief takes, in lines of a note (12 points): classification, title, unit and date, demonstration data.
HEAD_LINES, LOGO_LINES = 8, 5
ALL_DATA = "全部数据、判定依据和方法见监测数据页。"
IN_ANNEX = "方括号内是正式报告附表的表号和行号。"


def write_documents(pack: Pack, folder: Path) -> list[Path]:
    """Write the documents of a pack beside its page of all data; returns the files, none where it has no documents.

    folder: of the report, with executed notebooks in notebooks/. Raises RunError if a block is broken.
    """
    from xhcp_eval.report.documents.page import document_page
    from xhcp_eval.report.documents.word import write_word
    from xhcp_eval.report.page.layers import layers_of

    made: list[Path] = []
    documents = pack.params.documents
    brief, formal = _blocks(folder, documents.brief), _blocks(folder, documents.formal)
    if not brief and not formal:
        return made
    places = Places(formal, names_of(pack.plan))
    if brief:
        cover = _cover(pack, brief=True)
        whole = ALL_DATA + (IN_ANNEX if formal else "")
        blocks = fitted([*brief, Paragraph(whole, style="note", link=DATA_PAGE)], cover, places)
        page = folder / FIRST_PAGE
        html = document_page(blocks, cover, layers_of(pack.params, FIRST_PAGE))
        page.write_text(html, encoding="utf-8", newline="\n")
        made += [page, write_word(printed(blocks, places), cover, folder / BRIEF_FILE)]
    if formal:
        made += _formal(pack, folder, brief, formal, places)
    return made


def names_of(plan: Plan) -> dict[str, str]:
    """Other names under which documents speak of what the annexes list."""
    short = {one.short_name: one.name for one in plan.indicators if one.short_name != one.name}
    return short | {task_name(one.what_zh): one.what_zh for one in plan.milestones}


def _formal(
    pack: Pack, folder: Path, brief: Sequence[Block], chapters: Sequence[Block], places: Places
) -> list[Path]:
    """The report in official form: for Word, as a page and, where typst is installed, as PDF. Its summary is the brief."""
    from xhcp_eval.report.documents.page import document_page
    from xhcp_eval.report.documents.pdf import has_typst, write_pdf
    from xhcp_eval.report.documents.word import write_word
    from xhcp_eval.report.page.layers import layers_of

    cover = _cover(pack, brief=False)
    parts = [block for block in brief if not isinstance(block, PageBreak)]
    summary = [Heading(SUMMARY), *parts] if parts else []
    blocks = [*summary, *chapters]
    page = folder / FORMAL_PAGE
    html = document_page(blocks, cover, layers_of(pack.params, FORMAL_PAGE))
    page.write_text(html, encoding="utf-8", newline="\n")
    paper = printed(blocks, places)
    cover = settled(paper, cover)
    made = [page, write_word(paper, cover, folder / FORMAL_FILE)]
    return [*made, write_pdf(paper, cover, folder / FORMAL_PDF)] if has_typst() else made


def settled(blocks: Sequence[Block], cover: Cover) -> Cover:
    """The cover with lines of the body as far apart as leaves the fewest last pages nearly empty, as near to the usual as can be.

    GB/T 9704 has 22 lines on a page and allows for a little more or less.
    """
    from xhcp_eval.report.documents.layout import last_pages
    from xhcp_eval.report.documents.numbering import Numbering
    from xhcp_eval.report.documents.sheets import sheet_of

    numbering = Numbering(blocks)

    def sparse(leading: float) -> int:
        sheet = sheet_of(replace(cover, leading=leading))
        line = sheet.looks["BodyText"].line
        ends = last_pages(blocks, sheet, numbering)
        # a page reckoned nearly full may run over by a line or two in another program's layout
        return sum(used < FEWEST_LINES * line or used > height - SPARE_LINES * line for used, height in ends)

    usual = sheet_of(cover).looks["BodyText"].line
    return replace(cover, leading=min((usual + step for step in LEADINGS), key=sparse))


def fitted(
    blocks: Sequence[Block], cover: Cover, places: Places | None = None, pages: int = BRIEF_PAGES
) -> list[Block]:
    """Blocks that keep to their pages: rows of tables that shrink go from the bottom, then paragraphs that may be spared.

    Type never shrinks; what was left out is said below the table. places: rows of annexes that paper prints beside.
    """
    kept = list(blocks)
    while _pages(printed(kept, places) if places else kept, cover) > pages:
        shorter = _without_a_row(kept, blocks) or _without_a_sentence(kept)
        if shorter is None:
            break
        kept = shorter
    return kept


def _pages(blocks: Sequence[Block], cover: Cover) -> int:
    """Pages that blocks take below the head, reckoned as for Word's contents: a line after the last tells where it ends."""
    from xhcp_eval.report.documents.layout import block_pages
    from xhcp_eval.report.documents.numbering import Numbering
    from xhcp_eval.report.documents.sheets import sheet_of

    lines = HEAD_LINES + (LOGO_LINES if cover.logo else 0)
    whole = [Paragraph("\n".join("　" * lines), style="note"), *blocks, Paragraph("　", style="note")]
    return block_pages(whole, sheet_of(cover), Numbering(whole))[-1]


def _without_a_row(kept: list[Block], whole: Sequence[Block]) -> list[Block] | None:
    for k, block in enumerate(kept):
        if isinstance(block, Table) and block.shrinks and len(block.rows) > 1:
            full = whole[k]
            assert isinstance(full, Table)
            left = len(block.rows) - 1
            told = f"另{len(full.rows) - left}项见监测数据页。"
            short = replace(
                block, rows=block.rows[:left], links=block.links[:left], note=f"{full.note}{told}"
            )
            return [*kept[:k], short, *kept[k + 1 :]]
    return None


def _without_a_sentence(kept: list[Block]) -> list[Block] | None:
    for k, block in reversed(list(enumerate(kept))):
        if isinstance(block, Paragraph) and block.spare:
            return [*kept[:k], *kept[k + 1 :]]
    return None


def _blocks(folder: Path, sections: Sequence[Section]) -> list[Block]:
    from xhcp_eval.report.documents.reading import blocks_of

    return [
        block for section in sections for block in blocks_of(folder / "notebooks" / f"{section.page}.ipynb")
    ]


def _cover(pack: Pack, brief: bool) -> Cover:
    from xhcp_eval.report.documents.cover import Cover

    params, facts = pack.params, pack.params.cover
    title = params.title.removesuffix("报告") + "简报" if brief else params.title
    return Cover(
        title, params.subtitle, facts.unit, facts.date, facts.number, facts.classification,
        ROOT / facts.logo if facts.logo else None, pack.is_demo, with_cover_page=not brief, contents=not brief,
    )  # fmt: skip
