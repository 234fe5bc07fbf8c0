"""The official report of every pack: chapters numbered, tables that fit a page, nothing claimed, no machine, no other region."""

import pytest

from xhcp_eval.chapters.figures.trends import trend_panels
from xhcp_eval.chapters.formal import outlook
from xhcp_eval.chapters.formal.chapters import CHAPTERS, chapter
from xhcp_eval.chapters.kit.blocks import Heading, Paragraph, Picture, Table
from xhcp_eval.chapters.wording.causes import claims_cause
from xhcp_eval.chapters.wording.counting import counts
from xhcp_eval.chapters.wording.names import machine_signs, numeral
from xhcp_eval.errors import ParamsError
from xhcp_eval.pack.pack import open_pack
from xhcp_eval.pack.params import load_params
from xhcp_eval.provenance import ROOT
from xhcp_eval.report.documents.numbering import Numbering

PACKS = sorted(path.stem for path in (ROOT / "params").glob("*.yaml"))
REGIONS = {load_params(ROOT / "params" / f"{name}.yaml").region or "全国" for name in PACKS}


@pytest.fixture(scope="module", params=PACKS)
def pack(request):
    return open_pack(request.param)


@pytest.fixture(scope="module")
def report(pack):
    """Blocks by chapter, as the params file names the chapters."""
    named = [str(section.parameters["chapter"]) for section in pack.params.documents.formal]
    return {name: chapter(pack, name) for name in named}


def words(blocks) -> list[str]:
    told = []
    for block in blocks:
        if isinstance(block, Heading | Paragraph):
            told.append(getattr(block, "lead", "") + block.text)
        elif isinstance(block, Table):
            told += [block.caption, block.note, *block.head, *(cell for row in block.rows for cell in row)]
        elif isinstance(block, Picture):
            told += [block.alt, block.title, block.source]
    return told


def test_chapters_are_numbered_in_their_order(report):
    titles = [blocks[0].text for blocks in report.values()]
    assert titles[-1] == "附表"
    assert [title.split("、")[0] for title in titles[:-1]] == [numeral(k) for k in range(1, len(titles))]


def test_nothing_is_claimed_and_no_machine_is_heard(report):
    told = [text for blocks in report.values() for text in words(blocks)]
    assert [text for text in told if machine_signs(text)] == []
    assert [text for text in told if claims_cause(text)] == []


def test_no_other_region_is_named(pack, report):
    own = pack.region if pack.params.region else "全国"
    told = " ".join(text for blocks in report.values() for text in words(blocks))
    assert not [name for name in REGIONS - {own, "全国"} if name in told]


def test_tables_of_the_body_fit_a_page_and_refer_to_each_other(report):
    body = [block for name, blocks in report.items() if name != "annex" for block in blocks]
    tables = [block for block in body if isinstance(block, Table)]
    assert all(len(table.head) <= 7 and len(table.rows) <= 12 for table in tables)
    assert all(sum(table.widths) == pytest.approx(1) for table in tables)
    assert Numbering(body)  # references lead somewhere


def test_the_annex_lists_every_target_that_is_counted(pack, report):
    first = next(block for block in report["annex"] if isinstance(block, Table))
    total = counts(pack, pack.plan.end_year).total
    assert len(first.rows) == total
    assert f"（{total}项）" in first.caption and first.landscape


def test_no_paragraph_stands_twice(report):
    texts = [b.text for blocks in report.values() for b in blocks if isinstance(b, Paragraph)]
    assert [text for text in set(texts) if texts.count(text) > 1] == []


def test_a_report_at_the_end_looks_back_only():
    assert outlook.blocks(open_pack("final_2030"), 10) == []


def test_panels_are_drawn_for_series_only(pack):
    rows = pack.assessment.iloc[:0]
    assert trend_panels(pack, rows, "题") == []


def test_an_unknown_chapter_is_refused():
    with pytest.raises(ParamsError, match="没有“films”一章；允许 work"):
        chapter(open_pack("midterm_2025"), "films")
    assert list(CHAPTERS)[-1] == "annex"
