"""Every params file run for real, through papermill to HTML, and looked at as its reader would."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from lxml import html as lxml_html

from xhcp_eval.pack.params import load_params
from xhcp_eval.plan.reading import load_plan
from xhcp_eval.plan.units import format_probability, format_value
from xhcp_eval.provenance import ROOT
from xhcp_eval.report.run.runner import run_pack
from xhcp_eval.verdict.status import Status

PACKS = sorted((ROOT / "params").glob("*.yaml"))
EXTERNAL = re.compile(r"""(?:src|href|url)\s*[=(]\s*["']?\s*(?:https?:)?//""", re.IGNORECASE)


@pytest.fixture(scope="module", params=PACKS, ids=lambda p: p.stem)
def run(request, tmp_path_factory) -> tuple[Path, object]:
    index = run_pack(request.param, tmp_path_factory.mktemp("reports"))
    return index.parent, load_params(request.param)


def pages(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.html")}


def test_a_report_is_complete_and_traceable(run):
    folder, params = run
    manifest = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert manifest["parameters"]["pack"] == params.pack and manifest["inputs"]
    # the brief, all chapters of the data in one file, and the official report
    official = {"formal.html"} if params.documents.formal else set()
    assert set(pages(folder)) == {"index.html", "data.html"} | official
    report = pages(folder)["data.html"]
    assert all(section.title in report for section in params.sections)
    assert len(list((folder / "notebooks").glob("*.ipynb"))) == len(params.notebooks)
    assert manifest["warnings"] == 0, manifest["notebooks"]


def test_pages_need_no_network_and_describe_their_pictures(run):
    folder, _ = run
    for name, text in pages(folder).items():
        assert not EXTERNAL.search(text), name
        tree = lxml_html.fromstring(text.encode("utf-8"))
        assert tree.get("lang") == "zh-CN"
        for picture in tree.iter("img"):
            assert re.search("[\u4e00-\u9fff]", picture.get("alt") or ""), name


def test_demonstration_data_are_marked_on_every_page_and_real_ones_on_none(run):
    folder, params = run
    demo = any("demo" in name for name in params.data)
    for name, text in pages(folder).items():
        body = lxml_html.fromstring(text.encode("utf-8")).text_content()
        assert ("演示数据" in body) == demo, name


def test_every_goal_and_every_target_has_a_row(run):
    folder, params = run
    plan = load_plan(params.plan)
    table = pd.read_csv(folder / "results.csv")
    assert set(table["target_id"]) == {t.id for t in plan.targets()} | {m.id for m in plan.milestones}
    assert set(table["status"]) <= {s.value for s in Status} and table["reason"].str.len().gt(0).all()
    goals = pd.read_excel(folder / "results.xlsx", sheet_name="目标汇总") if plan.goals else pd.DataFrame()
    assert len(goals) == len(plan.goals)


def test_the_brief_is_small_and_whole_and_every_link_of_it_leads_somewhere(run):
    folder, params = run
    brief = lxml_html.fromstring((folder / "index.html").read_bytes())
    assert (folder / "index.html").stat().st_size < 300_000 and (
        folder / "brief.docx"
    ).stat().st_size > 20_000
    assert params.title.removesuffix("报告") + "简报" in brief.text_content()
    ids = set(lxml_html.fromstring((folder / "data.html").read_bytes()).xpath("//@id"))
    links = [
        *brief.xpath("//main//a/@href"),
        *(value for a in brief.iter("a") for name, value in a.items() if "xlink" in name),
    ]
    leading = {link for link in links if not link.startswith("#")}
    assert len(leading) >= 5 and "data.html" in leading
    assert all(link.removeprefix("data.html").lstrip("#") in ids | {""} for link in leading), leading
    for table in brief.iter("table"):
        assert all(line.xpath("td[1]/a/@href") for line in table.iterfind("tbody/tr"))


def test_every_link_of_the_official_report_leads_somewhere(run):
    """To the page of all data, to a table or figure of its own, or to the brief; rows of targets lead to their indicator."""
    folder, params = run
    if not params.documents.formal:
        return
    report = lxml_html.fromstring((folder / "formal.html").read_bytes())
    ids = {
        name: set(lxml_html.fromstring((folder / name).read_bytes()).xpath("//@id"))
        for name in ("formal.html", "data.html", "index.html")
    }
    links = [
        *report.xpath("//a/@href"),
        *(value for a in report.iter("a") for name, value in a.items() if "xlink" in name),
    ]
    broken = [
        link for link in links
        if (parts := link.partition("#"))[2] and parts[2] not in ids[parts[0] or "formal.html"]
    ]  # fmt: skip
    assert not broken and sum(link.startswith("data.html#") for link in links) >= 10
    for table in report.iter("table"):
        heads = [cell.text_content() for cell in table.iterfind("thead/tr/th")]
        if {"指标", "判断"} <= set(heads):
            assert all(line.xpath("td//a/@href") for line in table.iterfind("tbody/tr")), heads


def test_the_page_of_all_data_lists_what_is_at_risk(run):
    folder, params = run
    body = lxml_html.fromstring((folder / "data.html").read_bytes()).text_content()
    table = pd.read_csv(folder / "results.csv")
    risky = table[
        table["status"].isin(["未达标", "难以达标", "存在风险"])
        & (table["role"] == "verdict")
        & table["decides_goal"]
        & (table["target_year"] == load_plan(params.plan).end_year)
    ]
    assert len(risky) or "没有判为未达标、难以达标或存在风险的目标" in body
    assert all(name in body for name in risky["indicator_name"])


READINGS = {"literal": "（按字面）", "strict": "（从严）"}
NAMES = ("指标", "指标与目标", "指标与主要目标")
CHANCES = ("达标概率", "本报告的达标概率")
STATUSES = ("状态", "本报告", "按此解读", "报告的状态")
PERCENT = r"([<>]?\d+%)"


def read_results(path: Path) -> pd.DataFrame:
    """Results as a program reads them; label: the indicator as tables call it, told: its probability as they print it."""
    texts = ["reading", "literal", "target_text"]
    found = pd.read_csv(path, dtype=dict.fromkeys(texts, str)).fillna(dict.fromkeys(texts, ""))
    for name in texts:
        found[name] = found[name].str.removeprefix("'")
    return found.assign(
        label=found["indicator_name"] + found["reading"].map(READINGS).fillna(""),
        told=[format_probability(p) for p in found["probability"]],
    )


def told_rows(folder: Path) -> list[dict[str, str]]:
    """Rows of all tables of the report that name an indicator and a target, by column header."""
    rows = []
    for text in pages(folder).values():
        for table in lxml_html.fromstring(text.encode("utf-8")).iter("table"):
            headers = [cell.text_content().strip() for cell in table.iterfind("thead/tr/th")]
            for line in table.iterfind("tbody/tr"):
                cells = [cell.text_content().strip() for cell in line]
                row = dict(zip(headers, cells, strict=False))
                if one_of(row, NAMES) and any("目标" in name for name in row):
                    rows.append(row)
    return rows


def one_of(row: dict[str, str], headers: tuple[str, ...]) -> str:
    return next((row[header] for header in headers if header in row), "")


def same_target(row: dict[str, str], results: pd.DataFrame) -> pd.DataFrame:
    """The results that a row of a table speaks of: by name, reading, year, and the target in words."""
    name, *more = one_of(row, NAMES).split("\n")
    target = row.get("目标值") or row.get("目标") or "\n".join(more)
    reading = f"（{row['解读']}）" if row.get("解读") else ""
    name, year = re.fullmatch(r"(.*?)(?:（(\d{4})年）)?", name).groups()
    year = year or row.get("目标年", row.get("年份", ""))[-4:]
    if told := re.match(r"(\d{4})年 ", target):
        year, target = told.group(1), target[told.end() :]
    named = (results["label"] == name + reading) | (results["indicator_name"] == name + reading)
    found = results[named & (results["target_text"] == target)]
    return found[found["target_year"] == int(year)] if year else found


def signed(value: float, unit: str) -> str:
    return ("+" if value > 0 else "") + format_value(value, unit, difference=True) + "/年"


@pytest.fixture(scope="module")
def told(run):
    folder, params = run
    return told_rows(folder), read_results(folder / "results.csv"), params


def checks_of(row: dict[str, str]) -> dict[str, Callable[[object], bool]]:
    """What a row of a table tells of a target, each as a question to a result."""
    chance, status = one_of(row, CHANCES), one_of(row, STATUSES)
    late, now = row.get("近五年年均 / 所需", "—").split("\n"), row.get("照现在的趋势", "—").split("\n")
    found: dict[str, Callable[[object], bool]] = {}
    if chance:
        found["chance"] = lambda r: r.told == chance
    if status:
        found["status"] = lambda r: status.split(" ")[-1] in (r.status, r.own_status)
    if late[0] != "—":
        found["pace"] = lambda r: signed(r.pace, r.unit) == late[0]
    if reason := one_of(row, ("主要依据", "依据与说明")):
        found["reason"] = lambda r: reason.startswith(r.reason)
    if len(now) > 1:
        said = (now[0], now[1].split("（")[0])
        found["as_now"] = lambda r: (signed(r.forecast_pace, r.unit), r.told) == said
    return found


def test_no_number_of_a_target_is_told_twice_differently_in_tables(told):
    """Probability, status and reason of one and the same result, its pace of late, the forecast's in the scenarios."""
    rows, results, params = told
    tied = dict.fromkeys(("chance", "status", "pace", "reason", "as_now"), 0)
    for row in rows:
        if checks := checks_of(row):
            found = same_target(row, results).itertuples()
            assert any(all(holds(result) for holds in checks.values()) for result in found), row
            tied |= {name: tied[name] + 1 for name in checks}
    district = len(results) > 100
    assert tied["chance"] >= (150 if district else 25), tied
    at_risk = results["status"].isin(["难以达标", "存在风险"]).sum()
    # a figure's own numbers stand in a table without statuses
    assert tied["status"] >= (150 if district else 25) and tied["pace"] >= min(
        at_risk, 25 if district else 2
    ), tied
    assert tied["reason"] >= (150 if district else 25), tied
    if "50_forecast.ipynb" in {section.notebook for section in params.sections}:
        assert tied["as_now"] >= (30 if district else 5), tied


def texts_of(folder: Path) -> list[str]:
    """Paragraphs and cells of all pages, each once."""
    found = {}
    for text in pages(folder).values():
        tree = lxml_html.fromstring(text.encode("utf-8"))
        for one in tree.iter("p", "td", "li"):
            found[" ".join(one.text_content().split())] = None
    return list(found)


def best_paces(rows: list[dict[str, str]]) -> dict[str, set[str]]:
    """Chances at the best pace of late as the scenarios tell them, by indicator."""
    found: dict[str, set[str]] = {}
    for row in rows:
        if "\n" in row.get("近年最好的三年速度", ""):
            chance = re.match(PERCENT, row["近年最好的三年速度"].split("\n")[1]).group()
            found.setdefault(one_of(row, NAMES).split("\n")[0], set()).add(chance)
    return found


def test_no_probability_of_a_target_is_told_twice_differently_in_sentences(run, told):
    (folder, params), (rows, results, _) = run, told
    by_name, best = results.groupby("indicator_name"), best_paces(rows)
    tied = dict.fromkeys(("reason", "named", "finding", "best"), 0)
    for row in results.itertuples():
        for chance in re.findall(rf"概率{PERCENT}", row.reason):
            assert chance == row.told, row
            tied["reason"] += 1
    for text in texts_of(folder):
        for name, status, chance in re.findall(rf"([^：、（）]+)（([^（），]+)，达标概率{PERCENT}）", text):
            known = by_name.get_group(name)
            assert ((known["status"] == status) & (known["told"] == chance)).any(), text
            tied["named"] += 1
        finding = rf"(.+?)\d{{4}}.*，(\d{{4}})年目标（(.+)）([^（）]{{3,5}})，达标概率{PERCENT}"
        if said := re.match(finding, text):
            name, year, target, status, chance = said.groups()
            known = by_name.get_group(name)
            known = known[(known["target_year"] == int(year)) & (known["target_text"] == target)]
            assert ((known["status"] == status) & (known["told"] == chance)).any(), text
            tied["finding"] += 1
        if best and (advice := re.match(rf"(.+?)：建议.*近十年最快的三年），达标概率为{PERCENT}", text)):
            assert advice.group(2) in best[advice.group(1)], text
            tied["best"] += 1
    assert tied["reason"] >= 0.9 * results["probability"].notna().sum() > 0, tied
    chapters = {section.notebook for section in params.sections}
    if "65_findings.ipynb" in chapters and len(results) > 100:
        assert tied["finding"] >= 1, tied
    if "50_forecast.ipynb" in chapters and len(results) > 100:
        assert tied["named"] >= 5 and tied["finding"] >= 20 and tied["best"] >= 1, tied


def test_what_was_forecast_is_told_as_it_was_published(told):
    rows, _, params = told
    then = [row for row in rows if row.get("当时概率", "—") != "—"]
    if not params.forecast_published:
        return
    published = read_results(ROOT / params.forecast_published)
    for row in then:
        # only the name: what was a base of years to come then is a number in the target's words by now
        name = one_of(row, NAMES).split("\n")[0]
        found = published[(published["label"] == name) | (published["indicator_name"] == name)]
        found = found[found["told"] == row["当时概率"]]
        assert len(found), row
        if "当时判断" in row:  # what was missed stands in a table without it
            assert row["当时判断"].split(" ")[-1] in set(found["own_status"]), row
    assert len(then) > 100
