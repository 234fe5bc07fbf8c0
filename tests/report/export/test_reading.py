"""A page read back: every word in its place, whatever the elements around it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from documents_sample import TITLE, write_report
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from xhcp_eval.errors import RunError
from xhcp_eval.report.export.content import Cell, Code, Figure, Heading, Paragraph, Table, plain
from xhcp_eval.report.export.html_blocks import Reader
from xhcp_eval.report.export.reading import read_report

WORDS = st.text(alphabet="甲乙丙丁 12.（）<&\n", min_size=1, max_size=12)
TAGS = st.sampled_from(
    ["p", "div", "span", "b", "article", "section", "mark", "li", "unknown", "h3", "em", "aside"]
)
TREES = st.recursive(
    WORDS,
    lambda inner: st.tuples(TAGS, st.lists(inner, min_size=1, max_size=3), WORDS),
    max_leaves=12,
)


def blocks(text: str) -> list:
    return list(Reader([]).blocks(html.fragment_fromstring(text, create_parent="section")))


def written(tree) -> str:
    if isinstance(tree, str):
        return tree.replace("&", "&amp;").replace("<", "&lt;")
    tag, inner, tail = tree
    return f"<{tag}>{''.join(map(written, inner))}</{tag}>{written(tail)}"


def squash(text: str) -> str:
    return re.sub(r"\s+", "", text)


@given(st.lists(TREES, max_size=4))
def test_no_text_is_lost_doubled_or_moved(trees):
    node = html.fragment_fromstring("".join(map(written, trees)), create_parent="section")
    found = "".join(plain(block.line) for block in Reader([]).blocks(node))
    assert squash(found) == squash(node.text_content())


def test_white_space_is_as_a_browser_shows_it():
    (one,) = blocks("<p>  一个\n  句子，<b> 重点 </b> 之后<br>下一行 </p>")
    assert plain(one.line) == "一个 句子， 重点 之后\n下一行"
    (table,) = blocks("<table><tr><td> 两行\n 之二 </td></tr></table>")
    assert table.cells[0].text == "两行\n 之二"


def test_spans_put_cells_where_a_browser_would():
    rows = '<tr><td rowspan="2" colspan="2">a</td><td>b</td></tr><tr><td>c</td></tr><tr><td colspan="9">d</td></tr>'
    (table,) = blocks(f"<table>{rows}</table>")
    assert [(cell.row, cell.column) for cell in table.cells] == [(0, 0), (0, 2), (1, 2), (2, 0)]
    assert (table.rows, table.columns, table.heads) == (3, 9, 0)
    assert table.grid()[2][0] == "d"


def test_a_rowspan_beyond_the_table_is_cut():
    (table,) = blocks('<table><tr><td rowspan="99">a</td><td rowspan="x">b</td></tr></table>')
    assert [cell.rows for cell in table.cells] == [1, 1]


def test_a_table_within_a_cell_keeps_its_text_in_the_cell():
    (table,) = blocks("<table><tr><td>外<table><tr><td>内</td></tr></table></td></tr></table>")
    assert [cell.text for cell in table.cells] == ["外内"]


def test_an_empty_table_has_no_cells():
    assert blocks("<table></table>") == [Table("", (), 0, 0, 0)]


def test_scripts_styles_and_comments_are_no_text():
    assert blocks("<script>x</script><style>y</style><!-- z --><template>t</template>") == []


def test_items_keep_kind_number_and_what_stands_below():
    found = blocks("<ol><li>甲</li><li><p>乙</p><p>又</p></li></ol><ul><li>丙<ul><li>丁</li></ul></li></ul>")
    assert [(b.kind, b.number, plain(b.line)) for b in found] == [
        ("number", 1, "甲"), ("number", 2, "乙"), ("", 0, "又"), ("item", 1, "丙"), ("item", 1, "丁"),
    ]  # fmt: skip


def test_a_picture_from_outside_leaves_its_words():
    assert blocks('<p><img src="x.png" alt="说明"></p>') == [Paragraph(blocks("<p>说明</p>")[0].line)]


def test_headings_are_one_level_up_and_know_their_anchor():
    (heading,) = blocks('<h4 id="goal.1">目标</h4>')
    assert (heading.level, heading.anchors) == (3, ("goal.1",))


def test_numbers_are_to_the_right_and_heads_are_heads():
    (table,) = blocks('<table><tr><th class="num">n</th><td class="wide num">1</td></tr></table>')
    assert [(c.head, c.right) for c in table.cells] == [(True, True), (False, True)]
    assert isinstance(table.cells[0], Cell)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return write_report(tmp_path_factory.mktemp("reports") / "small")


def test_a_report_is_read_with_all_that_stands_around_it(folder):
    report = read_report(folder)
    assert (report.pack, report.title, report.subtitle) == ("small", TITLE, "数据截至2025年")
    assert report.banner.startswith("⚠ 演示数据：")
    assert report.footer == ("计算时间2026-01-02", "输入文件：a.csv 72441531")
    assert [(c.name, c.title) for c in report.chapters] == [
        ("index", "评估结论摘要"), ("30_domain_health", "儿童与健康"), ("80_method", "方法与出处"),
    ]  # fmt: skip
    health = report.chapters[1].blocks
    assert isinstance(health[0], Heading)
    assert health[0].anchors == ("30_domain_health",)
    assert health[1].kind == "kicker"
    kinds = {type(block) for chapter in report.chapters for block in chapter.blocks}
    assert kinds == {Heading, Paragraph, Table, Figure, Code}


def test_drawings_keep_their_names_as_xml_needs_them(folder):
    figure = next(b for c in read_report(folder).chapters for b in c.blocks if isinstance(b, Figure))
    assert "viewBox=" in figure.svg
    assert "<clipPath" in figure.svg
    assert "clippath" not in figure.svg
    assert "viewbox" not in figure.svg
    assert figure.source == "资料来源：演示数据（程序生成）"


def test_real_data_have_no_mark(tmp_path):
    report = read_report(write_report(tmp_path / "small", demo=False))
    assert (report.banner, report.demo_short) == ("", "")


def test_characters_that_word_cannot_hold_are_left_out(tmp_path):
    folder = write_report(tmp_path / "small")
    page = folder / "index.html"
    text = page.read_text(encoding="utf-8").replace("裸文字", "裸\x0b文\x01字")
    page.write_text(text, encoding="utf-8", newline="\n")
    assert any(
        plain(b.line) == "裸文字" for b in read_report(folder).chapters[0].blocks if isinstance(b, Paragraph)
    )


def test_a_drawing_without_size_is_said(tmp_path):
    folder = write_report(tmp_path / "small")
    page = folder / "index.html"
    page.write_text(
        re.sub(r"view[bB]ox=", "box=", page.read_text(encoding="utf-8")), encoding="utf-8", newline="\n"
    )
    with pytest.raises(RunError, match="没有写明大小"):
        read_report(folder)
