"""The real reports in a real browser: nothing from outside, everything by keyboard, readable by everyone."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
from visits import REPORTS, SHOTS, SIGHTS, axe

pytestmark = pytest.mark.browser

OVERVIEW = REPORTS / "index.html"
PACKS = sorted(REPORTS.glob("[!.]*/data.html"))
BRIEFS = [pytest.param(path, id=path.parent.name) for path in sorted(REPORTS.glob("[!.]*/index.html"))]
# the longest, in which everything occurs
LARGEST = max(PACKS, key=lambda path: path.stat().st_size, default=OVERVIEW)
EVERY = [pytest.param(path, id=path.parent.name) for path in (OVERVIEW, *PACKS)]
MEGABYTE = 1_000_000
A4 = (595, 842)  # points
AT_RISK = {"未达标", "难以达标", "存在风险"}


def words(locator) -> list[str]:
    return [" ".join(text.split()) for text in locator.all_inner_texts()]


def long_table(page):
    """The first table that has a box to search it, with its tools."""
    tools = page.locator("div.tools:has(input[type=search])").first
    return tools, tools.locator("xpath=following-sibling::div[1]/table")


@pytest.mark.parametrize("path", EVERY)
def test_a_report_asks_for_nothing_and_raises_no_error(visit, path):
    opened = visit(path)
    opened.page.wait_for_load_state("load")
    assert opened.asked == [path.as_uri()]
    assert opened.said == []


@pytest.mark.parametrize("path", BRIEFS)
@pytest.mark.parametrize("sight", SIGHTS)
def test_a_brief_asks_for_nothing_fits_its_window_and_is_readable_by_everyone(visit, path, sight):
    opened = visit(path, **SIGHTS[sight])
    opened.page.wait_for_load_state("load")
    assert opened.asked == [path.as_uri()] and opened.said == []
    assert path.stat().st_size < 300_000
    assert opened.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert axe(opened.page) == []


@pytest.mark.parametrize("path", EVERY)
def test_a_report_is_one_small_file_of_which_only_what_is_seen_is_laid_out(visit, path):
    """What lets it open at once, whatever else the machine does (the first test: nothing is asked for beside it)."""
    assert path.stat().st_size < 2.75 * MEGABYTE
    page = visit(path).page
    laid_out = page.locator(".chapter").evaluate_all(
        "chapters => chapters.map((one) => one.lastElementChild.checkVisibility({contentVisibilityAuto: true}))"
    )
    assert laid_out[0] and not laid_out[-1]


@pytest.mark.parametrize("path", EVERY)
@pytest.mark.parametrize("sight", SIGHTS)
def test_axe_has_no_serious_finding(visit, path, sight):
    page = visit(path, **SIGHTS[sight]).page
    page.screenshot(path=SHOTS / f"{path.parent.name}-{sight}.png")
    # what is out of sight is judged as well
    page.add_style_tag(content=".chapter { content-visibility: visible !important }")
    assert axe(page) == []


def test_axe_would_find_what_is_wrong(visit):
    page = visit(OVERVIEW).page
    page.evaluate(
        "document.querySelector('main').innerHTML = '<p style=\"color:#ccc;background:#fff\">看不清的字</p><img src=\"data:,\">'"
    )
    assert {finding.split(":")[0] for finding in axe(page)} == {"color-contrast", "image-alt"}


@pytest.mark.parametrize("path", EVERY)
def test_on_a_phone_rows_are_cards_and_nothing_moves_sideways(visit, path):
    page = visit(path, width=390).page
    page.add_style_tag(content=".chapter { content-visibility: visible !important }")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert not page.locator(".contents details").get_attribute("open")
    wide = page.locator(".table").evaluate_all(
        "frames => frames.filter((f) => f.scrollWidth > f.clientWidth).map((f) => [f.tabIndex, f.getAttribute('aria-label')])"
    )
    assert wide == []
    assert set(
        page.locator(".table tr:has(td)").evaluate_all(
            "rows => rows.slice(0, 50).map((r) => getComputedStyle(r).display)"
        )
    ) <= {"block", "none"}


@pytest.mark.parametrize("path", EVERY)
def test_contents_lead_to_headings_that_stand_in_order(visit, path):
    page = visit(path).page
    missing, levels, twice = page.evaluate(
        """[
        [...document.querySelectorAll(".contents a")].filter((a) => !document.getElementById(decodeURIComponent(a.hash.slice(1)))).map((a) => a.hash),
        [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].map((h) => Number(h.tagName[1])),
        [...document.querySelectorAll("main [id]")].map((e) => e.id).filter((id, i, all) => all.indexOf(id) !== i && !/^[pm][0-9a-f]{10}$/.test(id)),
        ]"""
    )
    assert missing == []
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(below - above <= 1 for above, below in pairwise(levels))
    assert twice == []


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("path", EVERY)
def test_an_address_leads_to_its_place(visit, path, width):
    page = visit(path, width=width).page
    anchors = page.locator(".contents a").evaluate_all("links => links.map((a) => a.hash)")
    top = "document.getElementById(decodeURIComponent(hash.slice(1))).getBoundingClientRect().top"
    here = f"hash => -5 < {top} && {top} < 880"
    for anchor in (anchors[len(anchors) // 2], anchors[-1]):
        fresh = visit(path, width=width, place=anchor).page
        page.evaluate("hash => { location.hash = hash }", anchor)
        for seen in (fresh, page):
            seen.wait_for_function(here, arg=anchor)
            assert seen.evaluate(here, anchor)


@pytest.mark.parametrize("path", [pytest.param(path, id=path.parent.name) for path in PACKS])
def test_every_figure_says_what_it_shows(visit, path):
    page = visit(path).page
    said = page.locator("main figure").evaluate_all(
        "figures => figures.map((f) => f.querySelector('svg[aria-label]')?.getAttribute('aria-label') ?? f.querySelector('img')?.alt ?? '')"
    )
    assert said
    assert min(map(len, said)) > 10
    assert page.locator("main img:not([alt]), main img[alt=''], main svg:not([aria-label])").count() == 0


def test_a_table_sorts_by_keyboard_and_says_so(visit):
    page = visit(LARGEST).page
    _, table = long_table(page)
    before = words(table.locator("tbody tr"))
    head = table.locator("th:has(button.sort)").first
    head.locator("button").focus()
    keys = "cells => cells.map((cell) => cell.dataset.sort ? Number(cell.dataset.sort) : cell.textContent.trim())"
    for expected in ("ascending", "descending"):
        page.keyboard.press("Enter")
        assert head.get_attribute("aria-sort") == expected
        values = table.locator("tbody tr td:first-child").evaluate_all(keys)
        ordered = page.evaluate(
            "v => v.toSorted((a, b) => typeof a === 'number' ? a - b : new Intl.Collator('zh-CN', {numeric: true}).compare(a, b))",
            values,
        )
        assert values == (ordered if expected == "ascending" else ordered[::-1])
        assert "序排列" in page.locator("p[role=status]").inner_text()
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") is None
    assert words(table.locator("tbody tr")) == before


def test_a_table_is_searched_by_keyboard_and_says_how_much_is_left(visit):
    page = visit(LARGEST).page
    tools, table = long_table(page)
    rows = table.locator("tbody tr")
    everything = rows.count()
    word = table.locator("tbody tr:last-child td").first.inner_text().split()[-1]
    tools.locator("input").focus()
    page.keyboard.type(word)
    left = table.locator("tbody tr:not([hidden])")
    assert 0 < left.count() <= everything
    assert all(word in text for text in left.all_inner_texts())
    assert page.locator("p[role=status]").inner_text() == f"显示 {left.count()} 行，共 {everything} 行"
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    assert left.count() == everything


def test_statuses_filter_by_keyboard(visit):
    page = visit(OVERVIEW).page
    button = page.locator("#all .statuses button", has_text="存在风险")
    button.focus()
    page.keyboard.press("Space")
    assert button.get_attribute("aria-pressed") == "true"
    shown = words(page.locator("#targets tbody tr:not([hidden]) td.status"))
    assert shown
    assert set(shown) == {"◑ 存在风险"}


def test_a_figure_zooms_and_closes_by_keyboard(visit):
    page = visit(LARGEST).page
    button = page.locator("figure .zoom").first
    button.focus()
    page.keyboard.press("Enter")
    dialog = page.locator("dialog[open]")
    assert dialog.locator("svg").bounding_box()["width"] > 700
    before = dialog.locator("svg").bounding_box()["width"]
    dialog.get_by_role("button", name="放大").press("Enter")
    assert dialog.locator("svg").bounding_box()["width"] > before
    page.screenshot(path=SHOTS / "zoomed.png")
    page.keyboard.press("Escape")
    assert dialog.count() == 0
    assert button.evaluate("node => node === document.activeElement")


def test_points_tell_year_value_counts_and_source_by_keyboard_and_by_hand(visit):
    page = visit(LARGEST, place="#eye_exam_coverage_0_6").page
    figure = page.locator("section:has(> #eye_exam_coverage_0_6) figure").first
    drawing, told = figure.locator("svg"), figure.locator(".told")
    drawing.focus()
    page.keyboard.press("Home")
    first = told.inner_text()
    page.keyboard.press("ArrowRight")
    second = told.inner_text()
    titles = drawing.locator("title").evaluate_all("all => all.map((one) => one.textContent)")
    assert [first, second] == titles[:2]
    point = drawing.locator("circle:has(title)").filter(has=page.locator("title", has_text="2025年 ")).first
    box = point.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert re.match(r"2025年 [\d.]+%（[\d,]+/[\d,]+），来源：.+", told.inner_text())
    assert drawing.locator(".here").count() == 1
    assert page.evaluate("document.activeElement.getAttribute('role')") == "img"


def test_the_numbers_of_a_figure_are_one_click_away(visit):
    page = visit(LARGEST, place="#eye_exam_coverage_0_6").page
    figure = page.locator("section:has(> #eye_exam_coverage_0_6) figure").first
    numbers = figure.locator(".figure-data table")
    assert not numbers.is_visible()
    figure.get_by_text("本图数据").click()
    assert numbers.is_visible() and numbers.locator("tbody tr").count() > 5
    assert "2025" in numbers.inner_text()


def test_letters_of_figures_are_twelve_pixels_on_a_desk_and_on_a_phone(visit):
    """As the browser draws them, figure by figure; what is wider than a phone moves sideways instead of shrinking."""
    for width in (1280, 390):
        page = visit(LARGEST, width=width).page
        page.add_style_tag(content=".chapter { content-visibility: visible !important }")
        sizes = page.locator("figure svg text").evaluate_all(
            """nodes => nodes.map((n) => parseFloat(getComputedStyle(n).fontSize) * n.getScreenCTM().a || 12)"""
        )
        assert len(sizes) > 500 and min(sizes) > 11.9, width


def test_dark_is_chosen_by_a_button_and_kept(visit):
    page = visit(LARGEST).page
    ground = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(ground) == "rgb(255, 255, 255)"
    page.get_by_role("button", name="深色显示").press("Enter")
    dark = page.evaluate(ground)
    assert dark != "rgb(255, 255, 255)"
    page.reload()
    assert page.evaluate(ground) == dark
    assert page.get_by_role("button", name="深色显示").get_attribute("aria-pressed") == "true"
    drawn = page.locator("figure .drawing > svg:has(circle)").first
    assert drawn.evaluate("node => getComputedStyle(node).backgroundColor") == dark
    inks = drawn.locator("text").evaluate_all(
        "nodes => [...new Set(nodes.map((n) => getComputedStyle(n).fill))]"
    )
    assert "rgb(31, 42, 55)" not in inks and "rgb(10, 10, 10)" not in inks  # no dark letters on a dark page


def test_the_first_tab_leads_past_the_contents(visit):
    page = visit(LARGEST).page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "跳到正文"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"


def test_without_script_everything_is_there_to_read(visit):
    page = visit(LARGEST, script=False).page
    assert page.locator("main figure svg").count() > 0
    assert page.locator("main tbody tr").count() > 100
    assert page.locator("main button").count() == 0
    assert page.locator(".contents a").first.is_visible()


@pytest.mark.parametrize("path", EVERY)
def test_it_prints_on_a4_a_chapter_a_new_sheet(visit, path):
    page = visit(path, dark=True).page
    chapters = page.locator(".chapter").count()
    pdf = SHOTS / f"{path.parent.name}.pdf"
    page.pdf(path=pdf, prefer_css_page_size=True, print_background=True)
    data = pdf.read_bytes()
    sheets = len(re.findall(rb"/Type\s*/Page\b", data))
    sizes = {
        tuple(round(float(n)) for n in box.split()[2:])
        for box in re.findall(rb"/MediaBox\s*\[([^\]]*)\]", data)
    }
    assert sizes == {A4}
    page.emulate_media(media="print")
    tall = page.locator("main").evaluate("node => node.getBoundingClientRect().height")
    # the text of a sheet is about 970 CSS pixels high; screens are wider than paper, so lines wrap more there
    assert chapters <= sheets <= chapters + 3 * tall / 970
    assert page.locator("figure").evaluate_all(
        "all => all.every((f) => getComputedStyle(f).breakInside === 'avoid')"
    )
    assert page.locator("thead").evaluate_all(
        "all => all.every((t) => getComputedStyle(t).display === 'table-header-group')"
    )
    # the head of a table is repeated on every sheet, but Chromium doesn't draw a button in it
    assert set(
        page.locator("th .sort").evaluate_all("all => all.map((b) => getComputedStyle(b).display)")
    ) <= {"contents"}
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(31, 42, 55)"


def test_from_the_overview_to_the_reason_of_a_risk_in_two_clicks(visit):
    page = visit(OVERVIEW).page
    links = page.locator("#reports a", has_text=re.compile(r"2030年风险目标 [1-9]"))
    assert links.count() > 0
    promised = int(re.search(r"(\d+) 项", links.first.inner_text())[1])
    links.first.click()
    rows = page.locator("#targets tbody tr:not([hidden])")
    assert rows.count() == promised
    assert {text[2:] for text in words(rows.locator("td.status"))} <= AT_RISK
    assert set(words(rows.locator("td:nth-child(7)"))) == {"2030"}
    assert all(words(rows.locator("td.wide")))  # the reason stands in the row
    page.screenshot(path=SHOTS / "risks.png")
    rows.locator("td:nth-child(2) a").first.click()
    page.wait_for_load_state("load")
    anchor = page.evaluate("decodeURIComponent(location.hash.slice(1))")
    assert Path(page.url.split("#")[0]).parent.name in {path.parent.name for path in PACKS}
    assert page.locator(f'[id="{anchor}"]').is_visible()
