"""Every params file run for real, through papermill to HTML, and looked at as its reader would."""

import json
import re
from pathlib import Path

import pandas as pd
import pytest
from lxml import html as lxml_html

from xhcp_eval.params import load_params
from xhcp_eval.plan import load_plan
from xhcp_eval.provenance import ROOT
from xhcp_eval.report.runner import run_pack
from xhcp_eval.units import format_probability, format_value
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
    (report,) = pages(folder).values()  # one file a report, every chapter in it
    assert all(section.title in report for section in params.sections)
    assert len(list((folder / "notebooks").glob("*.ipynb"))) == len(params.sections)
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


def test_the_front_page_lists_what_is_at_risk(run):
    folder, params = run
    body = lxml_html.fromstring((folder / "index.html").read_bytes()).text_content()
    table = pd.read_csv(folder / "results.csv")
    risky = table[
        table["status"].isin(["未达标", "难以达标", "存在风险"])
        & (table["role"] == "verdict")
        & table["decides_goal"]
        & (table["target_year"] == load_plan(params.plan).end_year)
    ]
    assert len(risky), "every shipped pack has something at risk"
    assert all(name in body for name in risky["indicator_name"])


READINGS = {"literal": "（按字面）", "strict": "（从严）"}


def told_rows(folder: Path) -> list[dict[str, str]]:
    """Rows of all tables of the report that name an indicator and a target, by column header."""
    rows = []
    for text in pages(folder).values():
        for table in lxml_html.fromstring(text.encode("utf-8")).iter("table"):
            headers = [cell.text_content().strip() for cell in table.iterfind("thead/tr/th")]
            for line in table.iterfind("tbody/tr"):
                cells = [cell.text_content().strip() for cell in line]
                row = dict(zip(headers, cells, strict=False))
                if any(name.startswith("指标") for name in row) and any("目标" in name for name in row):
                    rows.append(row)
    return rows


def same_target(row: dict[str, str], results: pd.DataFrame) -> pd.DataFrame:
    """The results that a row of a table speaks of: by name, reading, and the target in words."""
    name = next(value for header, value in row.items() if header.startswith("指标")).split("\n")
    target = row.get("目标值") or row.get("目标") or "\n".join(name[1:])
    year = re.match(r"(\d{4})年 ", target)
    target = target[year.end() :] if year else target
    label = results["indicator_name"] + results["reading"].map(READINGS).fillna("")
    found = results[(label == name[0]) & (results["target_text"] == target)]
    return found[found["target_year"] == int(year.group(1))] if year else found


def test_no_number_of_a_target_is_told_twice_differently(run):
    folder, _ = run
    results = pd.read_csv(folder / "results.csv", keep_default_na=True).fillna(
        {"reading": "", "target_text": ""}
    )
    results["target_text"] = results["target_text"].str.removeprefix("'")
    tied = {"probability": 0, "as_now": 0, "status": 0, "pace": 0}
    for row in told_rows(folder):
        found = same_target(row, results)
        if found.empty:
            continue
        chances = {format_probability(p) for p in found["probability"]}
        if "达标概率" in row and "状态" in row:
            assert row["达标概率"] in chances, row
            tied["probability"] += 1
            statuses = {*found["status"], *found["own_status"]}
            assert any(row["状态"].endswith(word) for word in statuses), row
            tied["status"] += 1
        if "照现在的趋势" in row and "\n" in row["照现在的趋势"]:
            assert any(row["照现在的趋势"].split("\n")[1].startswith(p) for p in chances), row
            tied["as_now"] += 1
        if "近五年年均 / 所需" in row and row["近五年年均 / 所需"] != "—":
            paces = [
                format_value(abs(p), u, difference=True)
                for p, u in zip(found["pace"], found["unit"], strict=True)
            ]
            assert any(pace in row["近五年年均 / 所需"].split("\n")[0] for pace in paces), row
            tied["pace"] += 1
    district = len(results) > 100
    assert tied["probability"] == tied["status"] >= (60 if district else 4), tied
    assert tied["pace"] >= (15 if district else 2), tied
    if "50_forecast" in {path.stem for path in (folder / "notebooks").glob("*.ipynb")}:
        assert tied["as_now"] >= (15 if district else 2), tied
