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
