"""A document's page: text escaped, tables named, headings in order, nothing from outside."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from blocks_sample import COVER, SMALL
from lxml import html
from PIL import Image

from xhcp_eval.chapters.kit.blocks import Heading, Paragraph, Table
from xhcp_eval.errors import RunError
from xhcp_eval.report.documents.page import document_page


@pytest.fixture(scope="module")
def text() -> str:
    return document_page(SMALL, COVER)


@pytest.fixture(scope="module")
def page(text):
    return html.document_fromstring(text.encode("utf-8"), html.HTMLParser(encoding="utf-8"))


def test_text_is_escaped():
    bad = "<script>alert(1)</script>"
    cover = replace(COVER, title=bad, subtitle=bad, unit=bad, number=bad)
    made = document_page(
        [Heading(bad), Paragraph(bad, bad, link='"><b>'), Table((bad,), ((bad,),), (1.0,), bad)], cover
    )
    assert "<script" not in made and '"><b>' not in made


def test_headings_stand_in_order_and_contents_lead_to_them(page):
    assert [h.tag for h in page.xpath("//h1|//h2|//h3|//h4")] == ["h1", "h2", "h3", "h2"]
    places = [a.get("href")[1:] for a in page.xpath("//nav//a")]
    assert places and all(page.get_element_by_id(place) is not None for place in places)


def test_tables_have_heads_frames_and_names_for_a_phone(page):
    table = page.xpath('//div[@role="region"]/table')[0]
    assert table.getparent().get("aria-label") == "表1　各项目标"
    assert {th.get("scope") for th in table.xpath(".//th")} == {"col"}
    assert [td.get("data-head") for td in table.xpath(".//tbody/tr[1]/td")] == ["指标", "2025年"]


def test_references_lead_to_tables_and_pictures(page):
    links = page.xpath('//p[@class="doc-body"]/a')
    assert [a.text for a in links] == ["表1", "附表1", "图1"]
    assert all(page.get_element_by_id(a.get("href")[1:]) is not None for a in links)


def test_items_are_a_list(page):
    assert [li.text for li in page.xpath("//main/ul/li")] == ["第一点", "第二点"]


def test_a_page_is_small_and_whole(text):
    assert len(text.encode("utf-8")) < 300_000
    assert "<script" not in text and not re.search(r'(src|href)="https?:', text)


def test_demonstration_data_are_named_on_screen_and_paper(text):
    assert text.count("演示数据，不得引用") >= 2
    assert "不得引用" not in document_page(SMALL[:1], replace(COVER, demonstration=False))


def test_a_logo_stands_inside(tmp_path):
    logo = tmp_path / "a.png"
    Image.new("RGB", (4, 4)).save(logo)
    assert "data:image/png;base64," in document_page(SMALL[:1], replace(COVER, logo=logo))


def test_what_leads_out_or_is_broken_is_refused():
    with pytest.raises(RunError, match="外部地址"):
        document_page([Paragraph("见", link="https://example.org")], COVER)
    with pytest.raises(RunError, match="不完整"):
        document_page([Table(("a", "b"), (("1",),), (0.5, 0.5))], COVER)
