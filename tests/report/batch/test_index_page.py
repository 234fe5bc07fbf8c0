"""The page over a batch: failures first, ranks with intervals, ways to every report, nothing run from names."""

from __future__ import annotations

import json

import pytest
from batch_work import summary_of
from lxml import html as markup

from xhcp_eval.report.batch.index_page import write_page
from xhcp_eval.report.batch.storage import Folder
from xhcp_eval.report.batch.summary import COLUMNS, record, write_summary
from xhcp_eval.report.batch.tasks import Cause, Outcome
from xhcp_eval.report.page import render
from xhcp_eval.report.page.addresses import external_urls


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(render, "page_font_css", lambda text: "")


def page(folder, outcomes, summaries, strays=()):
    store = Folder(folder)
    for outcome in outcomes:
        if outcome.done:
            text = json.dumps(summaries[outcome.region], ensure_ascii=False)
            store.write(f"{outcome.folder}/{outcome.pack}/summary.json", text)
    write_page(store, record("批次", outcomes, strays, 1.0))
    text = (folder / "index.html").read_text(encoding="utf-8")
    assert external_urls(text) == []
    return markup.document_fromstring(text)


GOOD = summary_of(
    {}, {"question": "r", "status": "难以达标", "probability": 0.1, "indicator": "j", "indicator_name": "乙"}
)
BETTER = summary_of(
    {}, {"question": "r", "status": "已达标", "probability": 0.99, "indicator": "j", "indicator_name": "乙"}
)
OUTCOMES = (
    Outcome("市/甲县", "p", "市_甲县-1"),
    Outcome("市/乙县", "p", "乙#县"),
    Outcome("丙", "p", "丙", Cause.CRASH, "进程被终止<b>", 3),
)


def test_failures_stand_first_with_their_cause(tmp_path):
    node = page(tmp_path, OUTCOMES, {"市/甲县": GOOD, "市/乙县": BETTER}, ["t.csv 第 3 行 region：不能为空"])
    assert node.xpath("//section/@id")[0] == "failures"
    cells = [cell.text_content() for cell in node.xpath("//section[@id='failures']//tbody//td")]
    assert cells == ["丙", "p", "进程意外中断", "进程被终止<b>", "3"]
    assert node.xpath("//section[@id='failures']//li/text()") == ["t.csv 第 3 行 region：不能为空"]


def test_no_rank_without_an_interval_and_each_region_leads_to_its_report(tmp_path):
    node = page(tmp_path, OUTCOMES, {"市/甲县": GOOD, "市/乙县": BETTER})
    rows = node.xpath("//section[@id='ranking']//tbody/tr")
    assert [row.xpath("td[1]/a")[0].text for row in rows] == ["市/乙县", "市/甲县"]
    assert rows[0].xpath("td[1]/a/@href") == ["%E4%B9%99%23%E5%8E%BF/p/index.html"]
    assert rows[0].xpath("td[2]")[0].text == "1.8"
    assert rows[0].xpath("td[3]")[0].text == "1–2"
    assert rows[0].xpath("td[5]")[0].text == "第 1–2 名"


def test_every_region_has_a_small_picture_with_words(tmp_path):
    node = page(tmp_path, OUTCOMES, {"市/甲县": GOOD, "市/乙县": BETTER})
    cards = node.xpath("//section[@id='regions']//li")
    assert [card.xpath("a")[0].text for card in cards] == ["市/乙县", "市/甲县"]
    assert cards[1].xpath("svg/@aria-label")[0].split() == ["难以达标", "1", "项", "预期可达标", "1", "项"]
    assert sum(float(width) for width in cards[1].xpath("svg/rect/@width")) == pytest.approx(120)


def test_every_target_counts_regions_and_names_those_in_danger(tmp_path):
    node = page(tmp_path, OUTCOMES, {"市/甲县": GOOD, "市/乙县": BETTER})
    row = node.xpath("//section[@id='targets']//tbody/tr")[1]
    assert row.xpath("td[2]")[0].text == "乙"
    assert row.xpath("td[last()]/a/@href") == ["%E5%B8%82_%E7%94%B2%E5%8E%BF-1/p/index.html#j"]
    assert sum(int(cell.text) for cell in row.xpath("td[@class='num']")) == 2


def test_names_are_text_and_nothing_else(tmp_path):
    wild = '"><script>alert(1)</script>'
    node = page(tmp_path, [Outcome(wild, "p", "x-1")], {wild: GOOD})
    assert len(node.xpath("//script")) == 1
    assert node.xpath("//section[@id='ranking']//td/a")[0].text == wild


def test_a_batch_without_reports_has_a_page(tmp_path):
    node = page(tmp_path, OUTCOMES[2:], {})
    assert "还没有完成的报告" in node.text_content()


def test_the_table_opens_in_excel_and_runs_nothing(tmp_path):
    outcomes = [Outcome("=cmd|x", "p", "x-1", Cause.DATA, "第 1 行\n第 2 行"), Outcome("甲", "p", "甲")]
    write_summary(Folder(tmp_path), record("b", outcomes, [], 1.0))
    text = (tmp_path / "batch.csv").read_bytes().decode("utf-8-sig")
    assert text.splitlines()[0] == ",".join(COLUMNS)
    assert "'=cmd|x" in text and '"第 1 行\n第 2 行"' in text
    assert "甲/p/index.html" in text
