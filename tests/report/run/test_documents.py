"""Documents keep to their pages: rows go before sentences, type never shrinks, and what was left out is said."""

from dataclasses import replace

import pytest

from xhcp_eval.chapters.brief.closing import closing
from xhcp_eval.chapters.brief.decisions import decision_table
from xhcp_eval.chapters.brief.poster import poster
from xhcp_eval.chapters.brief.risks import risk_table
from xhcp_eval.chapters.brief.sentences import opening
from xhcp_eval.chapters.kit.blocks import PageBreak, Paragraph, Table
from xhcp_eval.pack.pack import open_pack
from xhcp_eval.provenance import ROOT
from xhcp_eval.report.documents.cover import Cover
from xhcp_eval.report.run.documents import _cover, _pages, fitted, write_documents

PACKS = sorted(path.stem for path in (ROOT / "params").glob("*.yaml"))
BRIEF = Cover("简报", with_cover_page=False, contents=False)


def table(rows: int) -> Table:
    listed = tuple((f"第{k}项", "一" * 40) for k in range(rows))
    return Table(
        ("项", "话"), listed, (0.3, 0.7), "表", "注。", links=tuple("data.html" for _ in listed), shrinks=True
    )


def test_what_fits_is_left_alone():
    blocks = [Paragraph("一句话。"), table(5)]
    assert fitted(blocks, BRIEF) == blocks


def test_rows_go_from_the_bottom_and_the_note_says_how_many():
    long = [table(200)]
    (short,) = fitted(long, BRIEF)
    assert short.rows == long[0].rows[: len(short.rows)] and len(short.links) == len(short.rows) < 200
    assert short.note == f"注。另{200 - len(short.rows)}项见监测数据页。"
    assert _pages([short], BRIEF) == 2 < _pages(long, BRIEF)


def test_then_a_sentence_that_may_be_spared_goes():
    filler = [Paragraph("一" * 5400), table(3), Paragraph("可以不说。" * 40, spare=True)]
    kept = fitted(filler, BRIEF)
    assert [type(block) for block in kept] == [Paragraph, Table] and len(kept[1].rows) == 1


@pytest.mark.parametrize("name", PACKS)
def test_every_brief_has_two_pages(name):
    pack = open_pack(name)
    parts = [
        *opening(pack),
        poster(pack),
        PageBreak(),
        decision_table(pack),
        risk_table(pack),
        *closing(pack),
    ]
    cover = _cover(pack, brief=True)
    kept = fitted(parts, cover)
    assert _pages(kept, cover) == 2
    tables = [block for block in kept if isinstance(block, Table)]
    assert len(tables[1].rows) >= min(8, len(risk_table(pack).rows)), (
        "few risks may be left to the page of all data"
    )


def test_the_cover_says_what_the_params_file_says_and_names_demonstration_data():
    district, nation = open_pack("midterm_2025"), open_pack("national_midterm")
    cover = _cover(district, brief=True)
    assert (cover.title, cover.date, cover.classification) == (
        "新华区儿童发展规划（2021—2030年）中期评估简报",
        "2026年3月",
        "内部资料",
    )
    assert cover.mark and not _cover(nation, brief=True).mark
    assert _cover(district, brief=False).with_cover_page


def test_a_pack_without_documents_writes_none(tmp_path):
    pack = open_pack("national_midterm")
    bare = pack.params.model_copy(update={"documents": type(pack.params.documents)()})
    assert write_documents(replace(pack, params=bare), tmp_path) == [] and bare.data_page == "index.html"
