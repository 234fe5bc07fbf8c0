"""The Word document says all that the report says, in the layout offices expect, by Word's own means."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path

import pytest
from documents_sample import SUMMARY, TITLE, write_record, write_report
from docx import Document
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from lxml import html
from PIL import Image

from xhcp_eval.errors import RunError
from xhcp_eval.report.export.content import Cell, Run, Table
from xhcp_eval.report.export.word import write_word
from xhcp_eval.report.export.word_runs import balanced, chinese_number, without
from xhcp_eval.report.export.word_table import column_widths
from xhcp_eval.report.export.wordml import TEXT_WIDTH, twips

# Order of elements as ECMA-376 (part 1, annex A) lays down; Word refuses a document that breaks it.
ORDERS = {
    "pPr": "pStyle keepNext keepLines pageBreakBefore widowControl numPr pBdr shd tabs spacing ind jc outlineLvl rPr sectPr",
    "rPr": "rStyle rFonts b bCs i iCs color spacing kern sz szCs u vertAlign lang",
    "tblPr": "tblStyle tblW jc tblInd tblBorders shd tblLayout tblCellMar tblLook",
    "tcPr": "tcW gridSpan vMerge tcBorders shd vAlign",
    "trPr": "cantSplit tblHeader",
    "style": "name basedOn next link uiPriority semiHidden unhideWhenUsed qFormat pPr rPr tblPr",
    "lvl": "start numFmt pStyle suff lvlText lvlJc pPr rPr",
    "abstractNum": "nsid multiLevelType tmpl lvl",
    "numbering": "abstractNum num",
}


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> Path:
    return write_report(tmp_path_factory.mktemp("reports") / "small")


@pytest.fixture(scope="module")
def document(report):
    return Document(str(write_word(report, report.parent / "small.docx")))


@pytest.fixture(scope="module")
def main(report):
    """The page's chapters, without the letters within drawings."""
    page = html.document_fromstring((report / "index.html").read_bytes())
    found = page.get_element_by_id("content")
    for drawing in list(found.iter("svg")):
        drawing.drop_tree()
    return found


def squash(text: str) -> str:
    return re.sub(r"\s+", "", text)


def said(element) -> str:
    return squash("".join(t.text or "" for t in element.iter(qn("w:t"))))


def styled(document, style: str) -> list[str]:
    return [p.text for p in document.paragraphs if p.style.style_id == style]


def fields(element) -> list[str]:
    return [" ".join(i.text.split()) for i in element.iter(qn("w:instrText"))]


def neighbours(document) -> list[tuple[str, str]]:
    """Style of every paragraph, "table" for a table, with its text, in order."""
    return [
        ("table", said(node)) if node.tag == qn("w:tbl") else (node.pPr.pStyle.val, said(node))
        for node in document.element.body
        if node.tag in (qn("w:p"), qn("w:tbl"))
    ]


def test_every_text_of_the_chapters_is_in_the_document(document, main):
    everything = said(document.element.body)
    kinds = (
        "p",
        "td",
        "th",
        "dt",
        "dd",
        "caption",
        "figcaption",
        "h2",
        "h3",
        "h4",
        "h5",
        "code",
        "pre",
        "mark",
    )
    texts = [squash(node.text_content()) for node in main.iter(*kinds)]
    assert len(texts) > 60
    # a number of a heading's own is Word's to write
    assert [t for t in texts if re.sub(r"^1\.", "", t) not in everything] == []
    for loose in ("裸文字", "尾巴", "展开看", "折起来的话", "第一点", "后看"):
        assert loose in SUMMARY or loose in main.text_content()
        assert loose in everything


def test_every_sentence_stands_as_often_as_in_the_report(document, main):
    everything = said(document.element.body)
    for node in main.iter("p"):
        text = squash(node.text_content())
        assert everything.count(text) >= squash(main.text_content()).count(text), text


def test_tables_keep_their_rows_and_cells(document, main):
    given = [t for t in main.iter("table") if t.find(".//tbody") is not None]
    tiles, *tables = document.tables
    assert [[c.text for c in row.cells] for row in tiles.rows] == [["● 已达标", "◕ 预期可达标"], ["11", "8"]]
    assert len(tables) == len(given) == 3
    for made, source in zip(tables[:2], given[:2], strict=True):
        cells = [
            [squash(c.text_content()) for c in row if c.tag in ("td", "th")] for row in source.iter("tr")
        ]
        ours = [[squash(c.text) for c in dict.fromkeys(row.cells)] for row in made.rows]
        assert ours == cells
    assert tables[0].rows[1].cells[1].text.split("\n") == ["初中生近视率", "〔近视防控〕"]
    spans = [[c.text for c in row.cells] for row in tables[2].rows]
    assert spans == [["组", "值", "值"], ["组", "城", "乡"], ["女", "1", "2"], ["女", "3", "4"]]


def test_heads_are_repeated_and_rows_kept_whole(document):
    for table in document.tables:
        rows = list(table._tbl.iter(qn("w:trPr")))
        assert all(row.find(qn("w:cantSplit")) is not None for row in rows)
        heads = [row.find(qn("w:tblHeader")) is not None for row in rows]
        count = sum(heads)
        assert count >= 1
        assert heads == [True] * count + [False] * (len(rows) - count)
    assert sum(r.find(qn("w:tblHeader")) is not None for r in document.tables[3]._tbl.iter(qn("w:trPr"))) == 2


def test_tables_are_as_wide_as_the_text(document):
    for table in document.tables:
        widths = [int(column.get(qn("w:w"))) for column in table._tbl.tblGrid]
        assert sum(widths) == twips(TEXT_WIDTH)
        assert min(widths) > 0


def test_headings_are_words_own_and_numbered_by_it(document):
    assert styled(document, "Heading1") == ["评估结论摘要", "儿童与健康", "方法与出处", "附录"]
    assert styled(document, "Heading2")[:2] == ["怎么看", "逐项评估"]
    # the same number as Word's is left to Word, another one stays and Word's is off
    assert styled(document, "Heading3") == ["数据声明", "免疫规划疫苗接种率", "7. 编号不连续的目标"]
    off = [p.text for p in document.paragraphs if p._p.pPr.numPr is not None]
    assert "7. 编号不连续的目标" in off
    assert "附录" in off
    assert "免疫规划疫苗接种率" not in off
    numbering = document.part.numbering_part.element
    levels = numbering.xpath('.//w:abstractNum[@w:abstractNumId="90"]/w:lvl/w:lvlText/@w:val')
    assert levels == ["%1、", "（%2）", "%3.", "（%4）"]
    for level, forms in ((1, "黑体"), (2, "楷体_GB2312"), (3, "仿宋_GB2312")):
        style = document.styles.element.xpath(f'w:style[@w:styleId="Heading{level}"]')[0]
        assert style.xpath(".//w:outlineLvl/@w:val") == [str(level - 1)]
        assert style.xpath(".//w:rFonts/@w:eastAsia") == [forms]
        assert style.xpath(".//w:numId/@w:val") == ["90"]


def test_the_layout_is_that_of_official_documents(document):
    page = document.sections[0]
    assert (round(page.page_width.mm), round(page.page_height.mm)) == (210, 297)
    margins = (page.top_margin, page.bottom_margin, page.left_margin, page.right_margin)
    assert [round(side.mm) for side in margins] == [37, 35, 28, 26]
    body = document.styles["Body Text"]
    assert body.font.size == Pt(16)
    assert body.paragraph_format.line_spacing == Pt(28)
    assert body.element.xpath(".//w:rFonts/@w:eastAsia") == ["仿宋_GB2312"]
    assert body.element.xpath(".//w:ind/@w:firstLineChars") == ["200"]
    title = document.styles["Title"]
    assert title.font.size == Pt(22)
    assert title.element.xpath(".//w:rFonts/@w:eastAsia") == ["方正小标宋简体"]
    assert document.paragraphs[0].text.replace("\n", "") == TITLE
    fonts = next(p for p in document.part.package.iter_parts() if p.partname.endswith("fontTable.xml"))
    assert '<w:font w:name="方正小标宋简体"><w:altName w:val="宋体"/>' in fonts.blob.decode("utf-8")


def test_no_style_is_left_without_a_chinese_font(document):
    used = {p.style.style_id for p in document.paragraphs}
    assert {"BodyText", "ListBullet", "Code", "Kicker", "TableCaption", "FigureCaption"} <= used
    for style in document.styles.element.xpath('w:style[@w:type="paragraph"]'):
        assert style.xpath(".//w:rFonts/@w:eastAsia")
        assert not style.xpath(".//w:rFonts/@w:eastAsiaTheme")


def test_captions_are_numbered_by_fields_tables_above_figures_below(document):
    order = neighbours(document)
    tables = [place for place, (kind, _) in enumerate(order) if kind == "table"]
    assert [order[place - 1] for place in tables] == [
        ("TableCaption", "表1目标状态计数"),
        ("TableCaption", "表2各项目标"),
        ("TableCaption", "表3没有行的表"),
        ("TableCaption", "表4"),
    ]
    pictures = [place for place, (kind, _) in enumerate(order) if kind == "Picture"]
    assert [order[place + 1] for place in pictures] == [
        ("FigureCaption", "图1接种率：历年值与预测区间"),
        ("FigureCaption", "图2色块"),
    ]
    sequence = [field for field in fields(document.element.body) if field.startswith("SEQ")]
    assert sequence.count(r"SEQ 表 \* ARABIC") == 4
    assert sequence.count(r"SEQ 图 \* ARABIC") == 2


def test_pictures_have_300_dots_an_inch_and_words(document):
    first, second = document.inline_shapes
    drawn = Image.open(
        BytesIO(document.part.related_parts[first._inline.graphic.graphicData.pic.blipFill.blip.embed].blob)
    )
    assert 299 <= drawn.width / (first.width / Mm(25.4)) < 330  # made a little smaller to fit
    assert first.width <= Mm(156)
    assert first.width / first.height == pytest.approx(drawn.width / drawn.height, rel=0.01)
    assert (
        first._inline.docPr.get("descr")
        == "接种率折线图：2015年3，2020年4，2025年2。资料来源：演示数据（程序生成）"
    )
    assert second._inline.docPr.get("descr") == "一块蓝色"


def test_the_contents_are_a_field_that_is_filled_and_will_be_computed(document):
    assert r'TOC \o "1-2" \h \z \u' in fields(document.element.body)
    assert styled(document, "TOC1") == ["一、评估结论摘要\t", "二、儿童与健康\t", "三、方法与出处\t"]
    assert styled(document, "TOC2") == ["（一）怎么看\t", "（二）逐项评估\t"]
    assert document.settings.element.xpath("w:updateFields/@w:val") == ["true"]
    marks = document.element.body.xpath(".//w:bookmarkStart/@w:name")
    assert len(marks) == len(set(marks))
    assert set(document.element.body.xpath(".//w:hyperlink/@w:anchor")) <= set(marks)
    kinds = document.element.body.xpath(".//w:fldChar/@w:fldCharType")
    assert kinds.count("begin") == kinds.count("separate") == kinds.count("end")


def test_links_within_the_report_lead_to_their_heading(document):
    links = {said(link): link.get(qn("w:anchor")) for link in document.element.body.iter(qn("w:hyperlink"))}
    places = {
        said(p._p): p._p.xpath("w:bookmarkStart/@w:name")[0]
        for p in document.paragraphs
        if p._p.xpath("w:bookmarkStart")
    }
    assert links["见第一项"] == places["免疫规划疫苗接种率"]
    assert links["方法"] == places["方法与出处"]


def test_emphasis_is_kept(document):
    line = next(p for p in document.paragraphs if p.text.startswith("实心点为"))
    looks = {run.text: run for run in line.runs}
    assert looks["已核实"].bold
    assert looks["空心"]._r.xpath(".//w:rFonts/@w:eastAsia") == ["楷体_GB2312"]
    assert looks["待核实"]._r.xpath(".//w:rFonts/@w:ascii") == ["Consolas"]
    quoted = next(p for p in document.paragraphs if "“" in p.text)
    assert quoted._p.xpath(".//w:rFonts/@w:hint") == ["eastAsia"]


def test_code_stands_in_the_appendix_alone(document):
    texts = [p.text for p in document.paragraphs]
    assert texts.index("附录") < texts.index("xe.show(pack)\nprint(1 < 2)")
    assert texts.count("xe.show(pack)\nprint(1 < 2)") == 1
    assert texts.index("附录") < texts.index("输入文件：a.csv 72441531")
    assert "两行\n  输出" in texts[: texts.index("附录")]


@pytest.mark.parametrize("demo", [True, False])
def test_every_page_has_title_and_number_and_demonstration_data_their_mark(tmp_path, demo):
    document = Document(str(write_word(write_report(tmp_path / "small", demo), tmp_path / "a.docx")))
    page = document.sections[0]
    assert document.settings.odd_and_even_pages_header_footer
    for header in (page.header, page.even_page_header):
        (line,) = header.paragraphs
        assert TITLE in line.text
        assert ("演示数据，不是真实统计" in line.text) is demo
    for footer, side in ((page.footer, "right"), (page.even_page_footer, "left")):
        (line,) = footer.paragraphs
        assert line.text == "— 1 —"
        assert fields(line._p) == ["PAGE"]
        assert line._p.xpath("w:pPr/w:jc/@w:val") == [side]
    assert ("演示数据：" in said(document.element.body)) is demo


def test_elements_stand_in_the_order_of_the_schema(document):
    parts = (document.element, document.styles.element, document.part.numbering_part.element)
    checked = 0
    for part in parts:
        for name, order in ORDERS.items():
            for node in part.iter(qn(f"w:{name}")):
                places = [order.split().index(child.tag.partition("}")[2]) for child in node]
                assert places == sorted(places), (name, [child.tag for child in node])
                checked += 1
    assert checked > 300
    assert document.element.body[-1].tag == qn("w:sectPr")
    names = [child.tag.partition("}")[2] for child in document.settings.element]
    assert names.index("updateFields") + 1 == names.index("compat")


def test_properties_tell_what_it_is(document):
    facts = document.core_properties
    assert (facts.title, facts.subject) == (TITLE, "数据截至2025年")
    assert facts.created.isoformat().startswith("2026-01-02T03:04:05")
    assert facts.comments == "演示数据，不是真实统计"


def test_an_unfinished_report_is_refused_and_the_last_document_stays(tmp_path):
    target = tmp_path / "a.docx"
    target.write_text("旧", encoding="utf-8", newline="\n")
    with pytest.raises(RunError, match="没有完整的报告"):
        write_word(tmp_path / "none", target)
    folder = write_report(tmp_path / "small")
    write_record(folder, "failed")
    with pytest.raises(RunError, match="没有运行成功"):
        write_word(folder, target)
    write_record(folder)
    (folder / "index.html").write_text(
        "<html><main><h2>旧</h2></main></html>", encoding="utf-8", newline="\n"
    )
    with pytest.raises(RunError, match="没有章节"):
        write_word(folder, target)
    assert target.read_text(encoding="utf-8") == "旧"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.docx", "small"]


def test_a_document_open_in_word_is_said_to_be(report, tmp_path, monkeypatch):
    def locked(self, target):
        raise PermissionError(13, "in use", str(target))

    monkeypatch.setattr(Path, "replace", locked)
    with pytest.raises(RunError, match=r"不能写 a\.docx：请先关闭"):
        write_word(report, tmp_path / "a.docx")
    assert list(tmp_path.iterdir()) == []


def test_short_columns_are_not_broken_and_long_ones_get_the_rest():
    words = ["◑ 存在风险", "41%", "2025年92.18%；距目标差0.82个百分点；2030年达标的概率41%"]
    cells = [Cell(0, column, (Run(text),)) for column, text in enumerate(words)]
    widths = column_widths(Table("", tuple(cells), 1, 3, 0))
    letter = 10.5 * 20
    assert widths[0] > 6 * letter
    assert widths[1] > 2 * letter
    assert widths[2] > 2 * (widths[0] + widths[1])
    assert sum(widths) == twips(TEXT_WIDTH)


def test_width_goes_where_it_makes_rows_lower():
    long, short = "很长的依据" * 20, "较短的文字说明"
    cells = [
        Cell(row, column, (Run(text),)) for row in range(3) for column, text in enumerate((long, short * 2))
    ]
    first, second = column_widths(Table("", tuple(cells), 3, 2, 0))
    assert 3 < first / second < 9
    assert column_widths(Table("", (Cell(0, 0, ()),), 1, 1, 0)) == [twips(TEXT_WIDTH)]


@pytest.mark.parametrize(
    ("number", "words"), [(1, "一"), (9, "九"), (10, "十"), (11, "十一"), (20, "二十"), (34, "三十四")]
)
def test_chinese_numbers(number, words):
    assert chinese_number(number) == words


def test_a_long_title_breaks_where_its_sense_allows():
    assert balanced(TITLE) == "新华区儿童发展规划\n（2021—2030年）中期评估报告"
    assert balanced("短标题（一）") == "短标题（一）"
    assert balanced("没有可断之处" * 5) == "没有可断之处" * 5


def test_characters_are_cut_across_runs():
    assert without((Run("1."), Run(" 甲", bold=True), Run("乙")), 3) == (Run("甲", bold=True), Run("乙"))
