"""Views show what they hold, escape it, and say in words what a picture shows."""

from __future__ import annotations

import re
from io import BytesIO

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html as markup
from PIL import Image

from xhcp_eval.chapters.kit import style, views

DANGEROUS = "<script>alert('甲')</script> & \"乙\""


def cells(view, path: str) -> list[str]:
    return [node.text_content() for node in markup.fromstring(view.html).xpath(path)]


def drawn(alt="婴儿死亡率折线图。2025年4‰。"):
    figure, axes = style.new_figure(4, 2)
    axes.plot([2020, 2025], [5, 4])
    return views.figure_view(figure, alt, "婴儿死亡率")


def test_a_figure_is_small_its_letters_are_letters_and_it_is_described():
    view = drawn()
    node = markup.fromstring(view.html).xpath("//svg")[0]
    assert node.get("role") == "group"
    assert node.get("aria-label") == "婴儿死亡率折线图。2025年4‰。"
    assert (view.width, view.height) == pytest.approx((4 * 96, 2 * 96), abs=48)
    assert "2022" in {text.text for text in node.xpath(".//text")}
    assert len(view.svg) < 10_000
    data, facts = view._repr_mimebundle_()
    assert data == {"text/html": view.html, "text/plain": view.alt}
    assert facts == views.TRUSTED


def test_a_figure_brings_no_rule_and_no_address_onto_the_page():
    assert not re.search(r"<style|<metadata|https?:|<\?xml", drawn().html)


def test_a_figure_for_other_programs_is_a_picture_of_the_asked_size():
    view = drawn()
    one, other = (Image.open(BytesIO(view.picture(dpi))) for dpi in (100, 300))
    assert other.width == pytest.approx(3 * one.width, abs=3)
    assert Image.open(BytesIO(view.png)).convert("RGB").getpixel((0, 0)) == (255, 255, 255)
    assert view.picture(form="pdf").startswith(b"%PDF")


def test_the_same_figure_gives_the_same_bytes():
    assert drawn().html == drawn().html


def test_a_figure_without_words_is_refused():
    with pytest.raises(ValueError, match="alt"):
        drawn(alt="")


def test_words_of_a_figure_are_escaped():
    image = markup.fromstring(drawn(alt=DANGEROUS).html).xpath("//svg")[0]
    assert image.get("aria-label") == DANGEROUS


def test_a_table_escapes_everything():
    view = views.table(pd.DataFrame({"a": [DANGEROUS]}), {"a": DANGEROUS}, caption=DANGEROUS)
    assert "<script" not in view.html
    assert cells(view, "//td") == [DANGEROUS]
    assert cells(view, "//th") == [DANGEROUS]
    assert cells(view, "//caption") == [DANGEROUS]


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=30))
def test_a_cell_reads_as_the_text_it_was(text):
    view = views.table(pd.DataFrame({"a": [text]}))
    assert cells(view, "//td") == [text]


def test_a_table_shows_the_chosen_columns_in_their_order():
    frame = pd.DataFrame({"a": [1], "b": ["x"], "c": [0.25]})
    view = views.table(frame, {"c": "丙", "a": "甲"}, formats={"c": "{:.0%}"})
    assert cells(view, "//th") == ["丙", "甲"]
    assert cells(view, "//td") == ["25%", "1"]
    assert view.frame is frame


def test_headers_are_headers_and_numbers_stand_right():
    node = markup.fromstring(views.table(pd.DataFrame({"名": ["x"], "数": [2]})).html)
    assert node.xpath("//thead//th/@scope") == ["col", "col"]
    assert [cell.get("class") for cell in node.xpath("//td")] == [None, "num"]


def test_missing_is_a_dash_minus_is_a_minus_and_formats_are_functions_or_texts():
    frame = pd.DataFrame({"a": [None, "x"], "b": [float("nan"), -1.5], "c": [1, 2]})
    view = views.table(frame, formats={"c": lambda value: f"{value}项"})
    assert cells(view, "//td") == ["—", "—", "1项", "x", "−1.5", "2项"]


def test_a_status_has_symbol_word_and_class():
    view = views.table(pd.DataFrame({"s": ["存在风险", "别的"]}), status=["s"])
    first, second = markup.fromstring(view.html).xpath("//td")
    assert first.text_content() == "◑ 存在风险"
    assert first.get("class") == "status at-risk"
    assert first.get("data-sort") == "2"  # after 未达标 and 难以达标
    assert second.get("class") is None


def test_status_headers_and_a_total_row():
    frame = pd.DataFrame({"领域": ["健康", "合计"], "已达标": [3, 3]})
    node = markup.fromstring(views.table(frame, status_headers=True, total_row=True).html)
    assert node.xpath("//thead//th")[1].text_content() == "● 已达标"
    assert node.xpath("//tr[@class='total']//th/@scope") == ["row"]


def test_an_empty_table_says_so():
    view = views.table(pd.DataFrame({"a": [], "b": []}))
    assert cells(view, "//tbody//td") == ["（无）"]


def test_an_unknown_column_is_an_error():
    with pytest.raises(KeyError):
        views.table(pd.DataFrame({"a": [1]}), {"b": "乙"})


def test_a_number_may_leave_its_unit_but_an_interval_stays_whole():
    view = views.table(pd.DataFrame({"a": ["−0.3个百分点/年"], "b": ["6%\n（3%–9%）"]}))
    assert "0.3<wbr>个百分点" in view.html
    assert '<span class="interval">（3%–9%）</span>' in view.html
    assert cells(view, "//td") == ["−0.3个百分点/年", "6%\n（3%–9%）"]


def test_sentences_are_paragraphs():
    view = views.text_view(["一。", "", DANGEROUS])
    assert [p.text_content() for p in markup.fragments_fromstring(view.html)] == ["一。", DANGEROUS]
    assert str(view) == f"一。\n{DANGEROUS}"


def test_a_section_holds_views_and_sections():
    inner = views.section("5岁以下", drawn(), level=4)
    outer = views.section("健康 <1>", views.text_view("句。"), inner, anchor="health")
    node = markup.fromstring(outer.html)
    assert node.xpath("//h3/@id") == ["health"]
    assert node.xpath("//h3")[0].text == "健康 <1>"
    assert len(node.xpath("//section//section//svg")) == 1


@pytest.mark.parametrize(
    "view", [views.text_view("句。"), views.table(pd.DataFrame({"a": [1]})), views.section("题")]
)
def test_html_of_ours_is_marked(view):
    data, facts = view._repr_mimebundle_()
    assert data["text/html"] == view.html
    assert facts == views.TRUSTED


def test_a_table_has_an_anchor_and_columns_to_choose_from():
    frame = pd.DataFrame({"a": ["x", "y"], "b": ["1", "2"]})
    node = markup.fromstring(views.table(frame, filters=["b"], anchor="all").html)
    assert node.get("id") == "all"
    assert [th.text for th in node.xpath("//th[@data-filter]")] == ["b"]
    assert "id=" not in views.table(frame).html
