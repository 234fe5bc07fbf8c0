"""Verdicts worked out for many regions at once are those that each report would work out for itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from batch_work import PRELOAD, small_batch

from xhcp_eval.demo.province import generate_province
from xhcp_eval.errors import DataError
from xhcp_eval.report.batch import verdicts
from xhcp_eval.report.batch.company import write_company
from xhcp_eval.report.batch.plan_of_work import load_packs, plan_tasks
from xhcp_eval.report.batch.rows import split_rows
from xhcp_eval.report.batch.tasks import Limits, Task
from xhcp_eval.report.batch.unit import region_pack
from xhcp_eval.report.batch.verdicts import Block, judge_block, with_verdicts

LIMITS = Limits(2, 0, 300, 0, PRELOAD)


@pytest.fixture(scope="module")
def tasks(tmp_path_factory) -> list[Task]:
    folder = tmp_path_factory.mktemp("province")
    wanted = ["infant_mortality_rate", "under3_systematic_management_rate", "county_childrens_theatre_count"]
    data = folder / "province.csv"
    frame = generate_province(3, years=range(2019, 2026), indicators=wanted)
    frame.to_csv(data, index=False, encoding="utf-8", lineterminator="\n")
    batch = small_batch(data, folder / "out")
    packs = load_packs(batch)
    (folder / "rows").mkdir()
    rows = split_rows(batch.files, packs[0].plan, None, folder / "rows")
    found = list(plan_tasks(batch, packs, {packs[0].plan: rows}))
    company = write_company(packs[0], [task.rows for task in found], folder / "company")
    return [replace(task, company=company) for task in found]


def test_a_report_says_the_same_with_verdicts_and_without(tasks, tmp_path):
    told: list[int] = []
    found = with_verdicts(tasks, LIMITS, tmp_path / "verdicts", told.append)
    assert sum(told) == len(tasks) == 3
    for task, given in zip(tasks, found, strict=True):
        assert given == replace(task, verdicts=given.verdicts) and Path(given.verdicts).is_file()
        one, other = region_pack(task), region_pack(given)
        assert one.assessment["probability"].notna().any()
        pd.testing.assert_frame_equal(one.assessment, other.assessment, check_dtype=False, check_exact=True)
        pd.testing.assert_frame_equal(one.goals, other.goals)


def test_verdicts_travel_as_bytes_too(tasks, tmp_path):
    given = with_verdicts(tasks[:1], LIMITS, tmp_path / "verdicts")[0]
    sent = replace(given, rows=Path(given.rows).read_bytes(), verdicts=Path(given.verdicts).read_bytes())
    pd.testing.assert_frame_equal(region_pack(sent).assessment, region_pack(given).assessment)


def test_one_that_can_not_be_judged_takes_no_head_start_from_others(tasks, tmp_path, monkeypatch):
    bad, real = tasks[1].region, verdicts.judge

    def refuse(table, plan, regions, *given, **options):
        if bad in regions:
            raise DataError(f"{bad} 不能用")
        return real(table, plan, regions, *given, **options)

    monkeypatch.setattr(verdicts, "judge", refuse)
    regions, rows = tuple(t.region for t in tasks), tuple(t.rows for t in tasks)
    judge_block(Block("三个", tasks[0].pack, regions, rows, tasks[0].params, str(tmp_path)))
    expected = {f"{Path(task.rows).stem}.midterm_2025.parquet" for task in tasks if task.region != bad}
    assert {path.name for path in tmp_path.iterdir()} == expected


def test_when_judging_fails_reports_are_made_without(tasks, tmp_path):
    broken = [replace(task, rows=str(tmp_path / "gone.parquet")) for task in tasks]
    assert with_verdicts(broken, LIMITS, tmp_path / "verdicts") == broken
    assert not list((tmp_path / "verdicts").iterdir())
