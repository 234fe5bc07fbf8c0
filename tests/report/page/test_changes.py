"""Two reports side by side: what changed, and whether data, the reading of the plan or the method did."""

from __future__ import annotations

import copy
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from xhcp_eval.errors import RunError
from xhcp_eval.report.page.changes import DATA, METHOD, READING, changes_table, compare_reports, run_changes
from xhcp_eval.report.page.summary import (
    HISTORY,
    SUMMARY,
    TARGET_FIELDS,
    history,
    read_summary,
    summarise,
    targets_frame,
    write_summary,
)
from xhcp_eval.verdict.settings import Settings


def target(name: str = "infant_mortality_rate", **changes) -> dict:
    good = {
        "question": f"{name}@2030", "indicator": name, "indicator_name": "婴儿死亡率", "decides_goal": True,
        "target_year": 2030, "every_year": False, "op": "<=", "reading": None, "unit": "permille",
        "target_value": 4.0, "target_text": "≤4‰", "base_value": 5.4, "latest_year": 2024.0, "latest_value": 4.5,
        "n_points": 9, "probability": 0.55, "own_status": "存在风险", "status": "存在风险",
        "reason": "2024年4.5‰", "domain": "健康",
    }  # fmt: skip
    return {**good, **changes}


def report(*targets: dict, **changes) -> dict:
    good = {
        "pack": "midterm_2025", "title": "中期评估", "region": "新华区", "plan": "small", "plan_name": "规划",
        "end_year": 2030, "data_until": 2024, "is_demo": False, "rules": {"likely": 0.7}, "version": "0.1.0",
        "packages": {"numpy": "2.4"}, "inputs": {"data/a.csv": "a" * 64, "data/plans/small/plan.yaml": "b" * 64},
        "computed_at": "2026-03-31T16:30:00+00:00", "targets": list(targets) or [target()],
    }  # fmt: skip
    return {**good, **changes}


def inputs(**changes) -> dict:
    return {**report()["inputs"], **changes}


def test_the_same_report_has_not_changed():
    assert run_changes(report(), report()) == {DATA: [], READING: [], METHOD: []}
    assert compare_reports(report(), report()).empty


def test_files_rules_and_versions_are_told_apart():
    new = report(
        data_until=2025, version="0.2.0", rules={"likely": 0.6},
        inputs={"data/a.csv": "c" * 64, "data/plans/small/plan.yaml": "d" * 64, "data/b.csv": "e" * 64},
    )  # fmt: skip
    found = run_changes(report(), new)
    assert found[DATA] == [
        "数据截至 2024年 → 2025年",
        "data/a.csv：aaaaaaaa → cccccccc",
        "data/b.csv：无 → eeeeeeee",
    ]
    assert found[READING] == ["small/plan.yaml：bbbbbbbb → dddddddd"]
    assert found[METHOD] == ["程序：0.1.0 → 0.2.0", "判定规则 likely：0.7 → 0.6"]


def test_a_new_figure_is_data():
    new = report(
        target(latest_year=2025.0, latest_value=4.1, n_points=10, probability=0.74, status="预期可达标"),
        inputs=inputs(**{"data/a.csv": "c" * 64}),
    )
    row = compare_reports(report(), new).iloc[0]
    assert (row["before"], row["after"]) == ("存在风险", "预期可达标")
    assert row["probability"] == "55% → 74%"
    assert row["what"] == "现状值 2024年 4.5‰ → 2025年 4.1‰"
    assert row["why"] == DATA


def test_another_demand_is_reading():
    new = report(target(target_value=5.0, target_text="≤5‰", status="已达标"))
    row = compare_reports(report(), new).iloc[0]
    assert (row["what"], row["why"]) == ("目标 ≤4‰ → ≤5‰", READING)


def test_another_rule_is_method():
    new = report(target(status="预期可达标"), rules={"likely": 0.5})
    row = compare_reports(report(), new).iloc[0]
    assert (row["what"], row["why"]) == ("", METHOD)


def test_several_at_once_are_all_named():
    new = report(target(latest_value=4.4, status="难以达标"), version="0.2.0")
    assert compare_reports(report(), new)["why"].tolist() == [f"{DATA}、{METHOD}"]


def test_a_change_without_a_cause_on_record_says_so():
    assert compare_reports(report(), report(target(status="已达标")))["why"].tolist() == ["未查明"]


@pytest.mark.parametrize(("probability", "rows"), [(0.551, 0), (0.58, 1), (None, 1)])
def test_only_what_whole_percents_show_is_a_change(probability, rows):
    assert len(compare_reports(report(), report(target(probability=probability)))) == rows


def test_new_and_dropped_targets_are_listed():
    found = compare_reports(report(target("a")), report(target("b")))
    assert sorted(zip(found["before"], found["after"], found["what"], strict=True)) == [
        ("", "存在风险", "新增的目标或解读"),
        ("存在风险", "", "不再列出的目标或解读"),
    ]
    assert found["probability"].tolist() == ["55% → —", "— → 55%"]


def test_readings_of_a_question_are_compared_each_with_its_own():
    both = [target(reading="literal"), target(reading="strict", own_status="难以达标")]
    changed = [target(reading="literal"), target(reading="strict", own_status="难以达标", latest_value=4.4)]
    found = compare_reports(report(*both), report(*changed))
    assert found["indicator_name"].tolist() == ["婴儿死亡率（从严）"]


def test_changed_verdicts_come_first():
    old = report(target("a"), target("b"))
    new = report(target("a", latest_value=4.4), target("b", status="难以达标"))
    found = compare_reports(old, new)
    assert found["after"].tolist() == ["难以达标", "存在风险"]
    assert "判定有变的目标 1 项，数字或概率有变的 1 项" in changes_table(found).html


def test_missing_values_on_both_sides_are_no_change():
    nothing = target(latest_year=None, latest_value=None, probability=None, status="缺数据")
    assert compare_reports(report(nothing), report(copy.deepcopy(nothing))).empty


@pytest.fixture
def pack():
    row = {name: [value] for name, value in target().items() if name in TARGET_FIELDS}
    rows = pd.DataFrame({**row, "role": "verdict", "domain": "health"})
    watch = rows.assign(role="watch", probability=np.nan)
    params = SimpleNamespace(
        data_page="index.html",
        pack="small",
        title="中期评估",
        plan="small",
        data_until=2024,
        settings=Settings(),
        use_recollection=False,
    )
    domain = SimpleNamespace(id="health", name="健康")
    plan = SimpleNamespace(name="规划", end_year=2030, domains=[domain])
    stamp = {"computed_at": "2026-03-31T16:30:00+00:00", "version": "0.1.0", "packages": {}, "inputs": {}}
    return SimpleNamespace(
        assessment=pd.concat([rows, watch]),
        region="新华区",
        params=params,
        plan=plan,
        stamp=stamp,
        is_demo=True,
    )


def test_a_summary_holds_the_verdicts_with_the_names_of_their_domains(pack):
    summary = summarise(pack)
    assert summary["region"] == "新华区"
    assert summary["is_demo"] is True
    frame = targets_frame(summary)
    assert len(frame) == 1
    assert frame.loc[0, ["domain", "status", "probability"]].tolist() == ["健康", "存在风险", 0.55]


def test_the_last_report_becomes_history_and_the_latest_comes_first(pack, tmp_path):
    folders = [tmp_path / name for name in "abc"]
    for folder, likely in zip(folders, (0.55, 0.65, 0.75), strict=True):
        folder.mkdir()
        pack.assessment["probability"] = likely
        before = write_summary(pack, folder, tmp_path / chr(ord(folder.name) - 1))
    assert [one["targets"][0]["probability"] for one in before] == [0.65, 0.55]
    assert before == history(folders[2])
    assert read_summary(folders[2] / SUMMARY)["targets"][0]["probability"] == 0.75
    assert not (folders[0] / HISTORY).exists()


def test_a_report_made_again_is_no_new_one(pack, tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    write_summary(pack, tmp_path / "a", tmp_path / "none")
    pack.stamp["computed_at"] = "2026-04-30T16:30:00+00:00"
    assert write_summary(pack, tmp_path / "b", tmp_path / "a") == []


def test_a_broken_summary_is_named(tmp_path):
    (tmp_path / SUMMARY).write_text("{", encoding="utf-8", newline="\n")
    with pytest.raises(RunError, match=r"summary\.json 不是报告摘要"):
        read_summary(tmp_path / SUMMARY)
