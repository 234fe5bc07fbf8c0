"""The page over all reports lists every report and target, and leads to the reason of each."""

from __future__ import annotations

import json

import pytest
from lxml import html as markup

from tests.report.page.test_changes import report, target
from xhcp_eval.report.page import render
from xhcp_eval.report.page.addresses import external_urls
from xhcp_eval.report.page.overview import write_overview
from xhcp_eval.report.page.summary import HISTORY, SUMMARY


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(render, "page_font_css", lambda text: "")


def put(folder, summary: dict, *earlier: dict) -> None:
    (folder / summary["pack"] / HISTORY).mkdir(parents=True)
    (folder / summary["pack"] / SUMMARY).write_text(json.dumps(summary), encoding="utf-8", newline="\n")
    for number, one in enumerate(earlier):
        path = folder / summary["pack"] / HISTORY / f"{number:02d}.json"
        path.write_text(json.dumps(one), encoding="utf-8", newline="\n")


def overview(folder) -> markup.HtmlElement:
    path = write_overview(folder)
    text = path.read_text(encoding="utf-8")
    assert path == folder / "index.html"
    assert external_urls(text) == []
    return markup.document_fromstring(text)


TARGETS = (
    target("a", status="已达标", probability=0.95, indicator_name="甲"),
    target("b", status="难以达标", probability=0.1, indicator_name="乙"),
    target("c", status="存在风险", target_year=2025, indicator_name="丙"),
    target("d", status="存在风险", decides_goal=False, indicator_name="丁"),
    target("e", status="待裁定", reading="literal", indicator_name="戊"),
    target("e", status="待裁定", reading="strict", indicator_name="戊"),
)


def test_a_target_leads_to_the_page_of_all_data_beside_a_brief(tmp_path):
    put(tmp_path, report(*TARGETS, page="data.html"))
    node = overview(tmp_path)
    assert node.xpath("//section[@id='reports']//tbody//td[1]/a/@href") == ["midterm_2025/index.html"]
    assert set(node.xpath("//section[@id='all']//tbody//td[2]/a/@href")) == {
        f"midterm_2025/data.html#{name}" for name in "abcde"
    }


def test_every_report_stands_with_its_counts_newest_data_first(tmp_path):
    put(tmp_path, report(*TARGETS))
    put(tmp_path, report(pack="final_2030", title="终期评估", data_until=2030, is_demo=True))
    node = overview(tmp_path)
    links = node.xpath("//section[@id='reports']//tbody//td[1]/a")
    assert [(a.text, a.get("href")) for a in links] == [
        ("终期评估（演示）", "final_2030/index.html"),
        ("中期评估", "midterm_2025/index.html"),
    ]
    risks = node.xpath("//section[@id='reports']//td[5]/a")
    assert [a.text for a in risks] == ["2030年风险目标 1 项", "2030年风险目标 1 项"]
    assert json.loads(risks[1].get("data-preset")) == {
        "columns": {"报告": "中期评估", "目标年": "2030", "性质": "主要目标"},
        "statuses": ["未达标", "难以达标", "存在风险"],
    }
    counts = node.xpath("//section[@id='reports']//tr[2]//ul/li")
    assert [" ".join(li.text_content().split()) for li in counts] == [
        "● 已达标 1",
        "○ 难以达标 1",
        "⚖ 待裁定 1",
    ]


def test_every_question_has_a_row_with_reason_and_way_to_its_figure(tmp_path):
    put(tmp_path, report(*TARGETS))
    rows = overview(tmp_path).xpath("//table[@id='targets']/tbody/tr")
    names = [row.xpath("td[2]/a")[0].text for row in rows]
    assert names == ["乙", "丙", "戊", "甲", "丁"]
    assert rows[0].xpath("td[2]/a/@href") == ["midterm_2025/index.html#b"]
    assert rows[0].xpath("td[6]")[0].text == "2024年4.5‰"
    assert [row.xpath("td[8]")[0].text for row in rows].count("策略措施") == 1


def test_filters_are_asked_for_by_column(tmp_path):
    put(tmp_path, report(*TARGETS))
    heads = overview(tmp_path).xpath("//table[@id='targets']//th[@data-filter]")
    assert [head.text for head in heads] == ["目标年", "性质", "领域", "报告", "地区", "数据截至"]


def test_a_report_is_compared_with_its_last_version_and_with_the_one_before_on_the_same_plan(tmp_path):
    put(tmp_path, report(), report(target(probability=0.4), version="0.0.9"))
    put(tmp_path, report(pack="final_2030", title="终期评估", data_until=2030))
    put(tmp_path, report(pack="elsewhere", title="别处", region="别处"))
    headings = overview(tmp_path).xpath("//section[@id='changes']/h3")
    assert [h.text for h in headings] == ["终期评估：与《中期评估》相比", "中期评估：与上一版相比"]


def test_demonstration_data_is_marked(tmp_path):
    put(tmp_path, report(is_demo=True))
    node = overview(tmp_path)
    assert "标“演示”者" in node.xpath("//div[@class='banner']")[0].text_content()
    assert {td.text for td in node.xpath("//table[@id='targets']//td[10]")} == {"中期评估（演示）"}


def test_an_empty_folder_gives_a_page_that_says_so(tmp_path):
    node = overview(tmp_path)
    assert "（还没有报告）" in node.text_content()
    assert not node.xpath("//div[@class='banner']")
