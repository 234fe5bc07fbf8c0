"""The three pages of every report: small, leading to each other, read in three minutes, on a phone, in old browsers, on paper."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from lxml import html
from old_browsers import newer_script, newer_style
from visits import REPORTS, SHOTS, SIGHTS, axe

pytestmark = pytest.mark.browser

LAYERS = ("index.html", "formal.html", "data.html")
FOLDERS = sorted(path.parent for path in REPORTS.glob("[!.]*/data.html"))
REPORT = [pytest.param(folder, id=folder.name) for folder in FOLDERS]
PAGES = [
    pytest.param(folder / name, id=f"{folder.name}-{name.removesuffix('.html')}")
    for folder in FOLDERS
    for name in LAYERS
    if (folder / name).is_file()
]
LIMITS = {"index.html": 300_000, "formal.html": 600_000, "data.html": 2_750_000}
SCREEN = {1400: 900, 390: 844}  # width of a window and height of what is seen at once
ASKED = {
    "有风险": "figure, li, p",
    "为什么": "依据",
    "谁负责": "建议牵头·配合",
    "决定什么": "建议的决定",
}


@cache
def parsed(path: Path) -> html.HtmlElement:
    return html.document_fromstring(path.read_bytes(), html.HTMLParser(encoding="utf-8", huge_tree=True))


def plain(node) -> str:
    return re.sub(r"\s+", "", node.text_content())


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_small(path):
    assert path.stat().st_size < LIMITS[path.name]


@pytest.mark.parametrize("folder", REPORT)
def test_the_page_of_all_data_says_nothing_twice(folder):
    # a figure and its numbers are whole, with source and reading, wherever they are taken
    page = parsed(folder / "data.html")
    said = Counter(text for p in page.xpath("//main//p[not(ancestor::figure)]") if len(text := plain(p)) > 25)
    rows = Counter(plain(row) for row in page.xpath("//main//tbody/tr[not(ancestor::details)]"))
    assert [text for text, n in (said + rows).items() if n > 1] == []


@pytest.mark.parametrize("folder", REPORT)
def test_links_of_all_pages_lead_somewhere_and_each_page_to_the_others(folder):
    pages = {name: parsed(folder / name) for name in LAYERS if (folder / name).is_file()}
    ids = {name: set(page.xpath("//@id")) for name, page in pages.items()}
    for name, page in pages.items():
        links = {
            str(link) for link in page.xpath("//a/@href|//*[local-name()='a']/@*[contains(name(), 'href')]")
        }
        local = [link.partition("#")[::2] for link in links if not link.startswith("data:")]
        missing = [
            f"{file}#{place}" for file, place in local if place and place not in ids.get(file or name, ())
        ]
        assert missing == []
        assert all((folder / file).is_file() for file, _ in local if file)
        assert set(page.xpath("//nav[@class='layers']/a/@href")) == set(pages)
        assert page.xpath("//nav[@class='layers']/a[@aria-current]/@href") == [name]


@pytest.mark.parametrize("width", SCREEN)
@pytest.mark.parametrize("folder", REPORT)
def test_a_reviewer_finds_risk_reason_duty_and_decision_within_two_screens(visit, folder, width):
    """Where each first stands; once a plan is over there is no risk, but what was missed."""
    page = visit(folder / "index.html", width=width).page
    found = page.evaluate(
        """asked => {
        const top = (node) => node.getBoundingClientRect().top + scrollY;
        const said = [...document.querySelectorAll("main p, main li, main figcaption")].filter((n) => /有风险|未达到|未实现/.test(n.textContent));
        const cells = (head) => [...document.querySelectorAll(`main td[data-head="${head}"]`)];
        return Object.fromEntries(Object.entries(asked).map(([what, head]) => [what, top((what === "有风险" ? said : cells(head))[0] ?? document.body.lastElementChild)]));
        }""",
        ASKED,
    )
    assert {what: place for what, place in found.items() if place > 2 * SCREEN[width]} == {}


@pytest.mark.parametrize("path", PAGES)
def test_on_a_phone_nothing_is_off_screen(visit, path):
    page = visit(path, width=390).page
    page.add_style_tag(content=".chapter { content-visibility: visible !important }")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    wide = page.evaluate(
        """[...document.querySelectorAll("main td, main th, main p, main li, main h2, main h3, main h4, .layers a, .doc-frame, .table")]
        .filter((n) => n.checkVisibility() && !n.closest("figure, details, pre"))
        .filter((n) => { const box = n.getBoundingClientRect(); return box.width > 1 && (box.right > 391 || box.left < -1); })
        .map((n) => n.outerHTML.slice(0, 120))"""
    )
    assert wide == []


@pytest.mark.parametrize("folder", REPORT)
def test_tiles_of_a_brief_are_readable_on_a_phone(visit, folder):
    page = visit(folder / "index.html", width=390).page
    tiles = page.locator(".doc-tiles > li").evaluate_all(
        "all => all.filter((n) => n.checkVisibility()).map((n) => [n.getBoundingClientRect().width, parseFloat(getComputedStyle(n.firstElementChild).fontSize)])"
    )
    assert tiles and not page.locator(".doc-wide").is_visible()
    assert min(width for width, _ in tiles) >= 100 and min(size for _, size in tiles) >= 12
    page.screenshot(path=SHOTS / f"{folder.name}-brief-phone.png")
    desk = visit(folder / "index.html", width=1400).page
    assert desk.locator(".doc-wide").is_visible() and not desk.locator(".doc-narrow").is_visible()


@pytest.mark.parametrize("path", PAGES)
def test_style_and_script_keep_to_old_browsers_and_the_oldest_are_told(path):
    page = parsed(path)
    text = path.read_text(encoding="utf-8")
    assert newer_style("".join(page.xpath("//style/text()"))) == []
    assert newer_script("".join(page.xpath("//script/text()"))) == []
    assert '<meta name="renderer" content="webkit">' in text
    assert "极速模式" in page.xpath("//p[@class='outdated']")[0].text


@pytest.mark.parametrize("folder", REPORT)
def test_a_brief_is_printed_on_two_pages(visit, folder):
    pdf = SHOTS / f"{folder.name}-brief.pdf"
    visit(folder / "index.html").page.pdf(path=pdf, prefer_css_page_size=True, print_background=True)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf.read_bytes())) <= 2


def test_a_filtered_table_is_saved_as_a_file_that_a_spreadsheet_reads(visit):
    """By keyboard; what isn't shown isn't saved, and nothing in it is computed."""
    page = visit(max(FOLDERS, key=lambda one: (one / "data.html").stat().st_size) / "data.html").page
    tools = page.locator("div.tools:has(input[type=search]):has(.save)").last
    table = tools.locator("xpath=following-sibling::div[1]/table")
    table.locator("tbody tr:first-child td:last-child").evaluate("node => { node.textContent = '=1+1' }")
    word = table.locator("tbody tr:first-child td:nth-child(2)").text_content().split()[0]
    tools.locator("input").focus()
    page.keyboard.type(word)
    shown = table.locator("tbody tr:not([hidden])").count()
    tools.locator(".save").focus()
    with page.expect_download() as waiting:
        page.keyboard.press("Enter")
    assert waiting.value.suggested_filename.endswith(".csv")
    data = Path(waiting.value.path()).read_bytes()
    assert data.startswith(b"\xef\xbb\xbf") and data.count(b"\r\n") == shown + 1
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    assert len({len(row) for row in rows}) == 1 and len(rows) == shown + 1
    assert all(word in "".join(row) for row in rows[1:])
    assert rows[1][-1] == "'=1+1"


@pytest.mark.parametrize("path", [one for one in PAGES if str(one.id).endswith("-formal")])
@pytest.mark.parametrize("sight", SIGHTS)
def test_axe_has_no_serious_finding_in_the_official_report(visit, path, sight):
    assert axe(visit(path, **SIGHTS[sight]).page) == []
