"""A page is whole in itself, shows what a reviewer needs, and lets nothing harmful in."""

from __future__ import annotations

import base64
import re
from hashlib import sha256

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as rules
from hypothesis import strategies as st
from lxml import html as markup
from nbformat import v4

from xhcp_eval.chapters.kit.views import FigureView, table, text_view
from xhcp_eval.errors import RunError
from xhcp_eval.provenance import local_time
from xhcp_eval.report.page import addresses, render
from xhcp_eval.report.page.addresses import external_urls
from xhcp_eval.report.page.cells import markdown_html, render_cells
from xhcp_eval.report.page.fonts import uncovered
from xhcp_eval.report.page.render import Page, Shell, render_chapter, render_notebook, render_page

PAGES = (Page("index", "摘要"), Page("30_domain_health", "儿童与健康"), Page("80_method", "方法"))
SHELL = Shell("中期评估报告", "数据截至2025年", PAGES, False, ("版本 0.1.0",))
BANNER = render.DEMO_BANNER.format(region="示范甲县")
DEMO = Shell("中期评估报告", "", PAGES, True, (), demo_banner=BANNER)


@pytest.fixture(autouse=True)
def quick(request, monkeypatch):
    """Cutting fonts takes most of a page's time; only the test about glyphs needs it."""
    if "glyphs" not in request.node.name:
        monkeypatch.setattr(render, "page_font_css", lambda text: "")


def output(view):
    data, facts = view._repr_mimebundle_()
    encoded = {k: base64.b64encode(v).decode() if isinstance(v, bytes) else v for k, v in data.items()}
    return v4.new_output("execute_result", data=encoded, metadata=facts)


def shown(**data: str):
    return v4.new_output("display_data", data={key.replace("_", "/"): value for key, value in data.items()})


def notebook(*cells):
    return v4.new_notebook(cells=list(cells))


def code(*outputs, source="xe.show(pack)", tags=()):
    return v4.new_code_cell(source, outputs=list(outputs), metadata={"tags": list(tags)})


def page_of(*cells, shell=SHELL) -> markup.HtmlElement:
    chapter, _ = render_notebook(notebook(*cells), PAGES[1], shell)
    html = render_page([render_chapter("<p>前</p>", PAGES[0]), chapter], shell)
    assert external_urls(html) == []
    return markup.document_fromstring(html)


def test_a_page_has_language_title_and_contents_that_lead_to_its_chapters():
    node = page_of(v4.new_markdown_cell("# 分领域评估\n\n## 新生儿\n\n话。\n\n### 死亡率 <1‰\n"))
    assert node.get("lang") == "zh-CN"
    assert node.xpath("//title")[0].text == "中期评估报告"
    assert [h.text_content() for h in node.xpath("//h1")] == ["中期评估报告"]
    assert [h.text_content() for h in node.xpath("//h2")] == ["摘要", "儿童与健康"]
    assert node.xpath("//p[@class='kicker']")[0].text == "分领域评估"
    links = node.xpath("//nav[@class='contents']//a")
    assert [a.get("href") for a in links] == ["#index", "#30_domain_health", "#h3", "#h4"]
    assert links[3].text == "死亡率 <1‰"
    assert node.xpath("//section[@class='chapter']/@id") == ["index", "30_domain_health"]
    assert node.xpath("//h3/@id | //h4/@id") == ["h3", "h4"]
    assert "版本 0.1.0" in node.xpath("//footer")[0].text_content()


def test_contents_are_nested_as_the_headings_are():
    node = page_of(v4.new_markdown_cell("## 甲\n\n### 乙\n\n#### 深\n\n## 丙"))
    assert [a.text for a in node.xpath("//nav//details/ol/li/ol/li/a")] == ["甲", "丙"]
    assert [a.text for a in node.xpath("//nav//details/ol/li/ol/li/ol/li/a")] == ["乙"]


def test_the_notebooks_title_is_not_said_twice():
    node = page_of(v4.new_markdown_cell("# 儿童与健康"))
    assert len(node.xpath("//h2[text()='儿童与健康']")) == 1
    assert not node.xpath("//p[@class='kicker']")


def test_given_anchors_are_kept_and_stay_unique_over_chapters():
    one = render_chapter('<h2 id="a">一</h2>', PAGES[1])
    two = render_chapter('<h2 id="a">二</h2><h2 id="80_method">三</h2>', PAGES[2])
    node = markup.document_fromstring(render_page([one, two], SHELL))
    assert node.xpath("//h3/@id") == ["a", "h4", "h5"]


def test_links_to_other_chapters_stay_in_the_report():
    text = "[甲](index.html) [乙](80_method.html#rules) [丙](results.csv)"
    assert page_of(v4.new_markdown_cell(text)).xpath("//main//a/@href") == ["#index", "#rules", "results.csv"]


def test_only_our_own_script_may_run():
    html = render_page([render_chapter("<p>话</p>", PAGES[1])], SHELL)
    script = re.search(r"<script>(.*?)</script>", html, re.DOTALL)[1]
    allowed = base64.b64encode(sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{allowed}'" in html
    assert html.count("<script") == 1


def test_demonstration_data_is_marked_on_screen_and_on_every_sheet():
    node = page_of(v4.new_markdown_cell("话"), shell=DEMO)
    assert "不是示范甲县的真实统计" in node.xpath("//div[@class='banner']")[0].text_content()
    assert node.xpath("//div[@class='watermark']")
    assert any(
        "@top-center" in (style.text or "") and "演示数据" in style.text for style in node.xpath("//style")
    )
    assert not page_of(v4.new_markdown_cell("话")).xpath("//div[@class='banner' or @class='watermark']")


def test_views_are_shown_as_they_are():
    figure = FigureView("<g></g>", '折线图"<b>"', "历年值", 100, 50)
    grid = table(pd.DataFrame({"状态": ["存在风险"]}), status=["状态"], caption="清单")
    node = page_of(code(output(figure), output(grid), output(text_view("两句话。"))))
    image = node.xpath("//main//svg")[0]
    assert image.get("aria-label") == '折线图"<b>"'
    assert (image.get("width"), image.get("height")) == ("100", "50")
    assert node.xpath("//figcaption")[0].text == "历年值"
    assert node.xpath("//td[@class='status at-risk']")
    assert node.xpath("//main//p[text()='两句话。']")


def test_code_is_folded_away_and_parameters_are_left_out():
    node = page_of(
        code(source="pack = 'x'", tags=["parameters"]),
        code(source="pack = 'y'", tags=["injected-parameters"]),
        code(source="import xhcp_eval as xe"),
        code(output(text_view("话。")), source="xe.show('<b>')"),
    )
    assert [c.text for c in node.xpath("//details[not(@open)]//code")] == ["xe.show('<b>')"]


def test_warnings_are_counted_but_not_shown():
    stderr = v4.new_output("stream", name="stderr", text="FutureWarning: 小心")
    body = render_cells(notebook(code(stderr, v4.new_output("stream", name="stdout", text="<打印>"))))
    assert body.warnings == ("FutureWarning: 小心",)
    assert "小心" not in body.html
    assert "&lt;打印&gt;" in body.html


def test_pictures_without_words_are_counted():
    body = render_cells(notebook(code(shown(image_png="iVBORw0KGgo="))))
    assert body.pictures_without_alt == 1
    assert 'alt=""' in body.html


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        '<a href="https://example.com">x</a>',
        "<iframe src='//example.com'></iframe>",
        "<td onclick='x()' style='background:url(http://example.com)'>x</td>",
        "<style>@import 'http://example.com/x.css'</style>",
    ],
)
def test_html_that_is_not_ours_can_do_nothing(html):
    node = page_of(code(shown(text_html=f"<table><tr><td>值</td></tr></table>{html}")))
    assert [cell.text for cell in node.xpath("//main//td")][:1] == ["值"]
    assert not node.xpath("//body//script | //iframe | //main//a[@href] | //main//img | //main//style")
    assert not node.xpath("//main//@onclick | //main//@onerror | //main//@style")


@pytest.mark.parametrize("kind", ["application/javascript", "application/vnd.jupyter.widget-view+json"])
def test_scripts_and_widgets_show_their_text(kind):
    given = v4.new_output("display_data", data={kind: "alert(1)", "text/plain": "<文字>"})
    node = page_of(code(given))
    assert node.xpath("//main//pre")[0].text == "<文字>"
    assert "alert" not in node.xpath("//main")[0].text_content()


def test_html_in_markdown_is_text_and_links_stay_inside():
    html = markdown_html(
        "<b>粗</b> [外](https://example.com/a) [内](20_overview.html#h1) ![图](http://example.com/i.png)"
    )
    node = markup.fromstring(html)
    assert [a.get("href") for a in node.xpath(".//a")] == ["20_overview.html#h1"]
    assert "<b>粗</b> 外（https://example.com/a）" in node.text_content()
    assert not node.xpath(".//b | .//img")


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "//example.com", "../secret", "file:///etc/passwd", "a:b"]
)
def test_no_link_leads_out(url):
    assert "<a" not in markdown_html(f"[x]({url})")


def test_markdown_outputs_are_prose():
    node = page_of(code(shown(text_markdown="## 标题\n\n| 甲 | 乙 |\n|---|---|\n| 1 | 2 |")))
    assert node.xpath("//main//h3")[0].text == "标题"
    assert [cell.text for cell in node.xpath("//main//td")] == ["1", "2"]


def test_the_page_carries_its_glyphs_and_the_same_page_the_same_bytes():
    cells = (v4.new_markdown_cell("婴儿死亡率≤4‰ ◕"), code(output(text_view("⚖ 待裁定"))))
    one, two = (render_page([render_notebook(notebook(*cells), PAGES[1], DEMO)[0]], DEMO) for _ in range(2))
    assert one == two
    assert one.count("@font-face") == 2
    assert uncovered(one) == ""


def test_a_chapter_that_needs_the_network_is_refused():
    with pytest.raises(RunError, match=r"30_domain_health.*引用了外部地址.*\n.*http://example\.com/x\.png"):
        render_chapter('<img src="http://example.com/x.png">', PAGES[1])


def test_a_page_that_needs_the_network_is_refused():
    with pytest.raises(RunError, match=r"中期评估报告.*引用了外部地址"):
        render_page(['<img src="http://example.com/x.png">'], SHELL)


@pytest.mark.parametrize(
    "html",
    [
        "<img src='http://a/x.png'>",
        "<img src=//a/x.png>",
        "<img srcset='a.png 1x, https://a/b.png 2x'>",
        "<a href='https://a'>x</a>",
        "<a href='mailto:x@a'>x</a>",
        "<a href='../x.html'>x</a>",
        "<a href='C:/x.html'>x</a>",
        "<link rel=stylesheet href=http://a/x.css>",
        "<script src='https://a/x.js'></script>",
        "<style>@import 'http://a/x.css';</style>",
        '<style>p{background:url( "https://a/x.png" )}</style>',
        "<p style='background:url(//a/x.png)'>x</p>",
        "<meta http-equiv=refresh content='0; url=http://a'>",
        "<form action=http://a><button formaction=/x></button></form>",
        "<svg><image xlink:href='http://a/x.png'/></svg>",
        "<object data=http://a/x></object>",
        "<video poster=http://a/x.png></video>",
    ],
)
def test_outside_addresses_are_found(html):
    assert external_urls(html)


@pytest.mark.parametrize(
    "html",
    [
        "<p>见 https://www.stats.gov.cn</p>",
        "<img src='data:image/png;base64,aHR0cDovLw=='>",
        "<a href='#h1'>x</a><a href='20_overview.html#h2'>x</a>",
        '<math xmlns="http://www.w3.org/1998/Math/MathML"></math>',
        "<style>@font-face{src:url(data:font/woff2;base64,AA)}</style>",
        "<!-- <img src=http://a> -->",
        "<pre>url(http://a) &lt;img src=http://a&gt;</pre>",
    ],
)
def test_printed_addresses_and_what_is_inside_are_no_matter(html):
    assert external_urls(html) == []


def test_times_are_told_as_people_here_read_them():
    assert local_time("2026-03-31T16:30:00+00:00") == "2026-04-01 00:30（北京时间）"


@rules(max_examples=500)
@given(
    st.lists(
        st.sampled_from(
            [
                *(
                    "<a href=",
                    "<img src=",
                    "<b style=",
                    "<div data-x=",
                    "<a HREF =\n",
                    "<use xlink:href='",
                    '<a href="',
                ),
                *(
                    "#x",
                    '"#x"',
                    "'data:image/png;base64,aa'",
                    "https://a.cn",
                    '"&#104;ttps://a.cn"',
                    " //a.cn",
                    "/etc",
                ),
                *(
                    "url(#p1)",
                    "url( 'data:font')",
                    "url(https://a.cn/x)",
                    "<style>@import 'b.css'",
                    "</style>",
                    "url=/x",
                ),
                *(">", '"', "'", " ", "话", "<meta content='0;", "<img srcset='", "../x", "results.csv"),
            ]
        ),
        max_size=12,
    ).map("".join)
)
def test_the_quick_look_overlooks_no_address(html):
    reader = addresses._Addresses()
    reader.feed(html)
    reader.close()
    assert external_urls(html) == reader.found
