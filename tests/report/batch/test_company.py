"""Regions learn from one another: all of a table, those that a pack names, and a whole batch, each the same whoever is asked for."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from batch_work import small_batch

from xhcp_eval.demo.province import generate_province
from xhcp_eval.observations.table import concat_tables
from xhcp_eval.pack.frames import compute_frames
from xhcp_eval.pack.params import load_params
from xhcp_eval.plan.reading import load_plan
from xhcp_eval.provenance import ROOT
from xhcp_eval.report.batch import company
from xhcp_eval.report.batch.company import read_company, write_company
from xhcp_eval.report.batch.plan_of_work import load_packs, plan_tasks
from xhcp_eval.report.batch.rows import split_rows
from xhcp_eval.report.batch.tasks import Task
from xhcp_eval.report.batch.unit import region_pack
from xhcp_eval.report.batch.verdicts import Block, judge_block
from xhcp_eval.verdict.judging import judge, learn_from

PLAN = load_plan("xinhua_2021_2030")
WANTED = [
    "eye_exam_coverage_0_6",
    "myopia_prevalence_primary",
    "infant_mortality_rate",
    "under3_systematic_management_rate",
]


@pytest.fixture(scope="module")
def province():
    return concat_tables([generate_province(7, indicators=WANTED)], ["province"])


@pytest.fixture(scope="module")
def names(province):
    return sorted(province["region"][province["level"] == "district"].unique())


def chances(verdicts, name):
    return verdicts.region(name).frame["probability"].to_numpy()


def test_a_region_learns_from_the_others_of_its_table(province, names):
    own = province[province["region"].str.startswith(names[0])]
    together, one = judge(province, PLAN, names), judge(province, PLAN, names[0])
    alone = judge(own, PLAN, names[0])
    np.testing.assert_array_equal(chances(together, names[0]), chances(one, names[0]))
    differ = np.abs(chances(alone, names[0]) - chances(one, names[0]))
    assert np.nanmax(differ) > 0.02, "what the others know is used"


def test_who_stands_beside_may_be_named(province, names):
    own = province["region"].str.startswith(names[0])
    expected = chances(judge(province, PLAN, names[0]), names[0])
    beside = judge(province[own], PLAN, names[0], beside=province[~own])
    np.testing.assert_array_equal(chances(beside, names[0]), expected)
    company = learn_from(province, PLAN, 2025)
    np.testing.assert_array_equal(
        chances(judge(province[own], PLAN, names[0], beside=company), names[0]), expected
    )


def test_one_region_has_nobody_to_learn_from_and_two_have_each_other(province, names):
    own = province[province["region"] == names[0]]
    alone = chances(judge(own, PLAN, names[0]), names[0])
    two = province[province["region"].isin(names[:2])]
    assert not np.array_equal(chances(judge(two, PLAN, names[0]), names[0]), alone, equal_nan=True)
    np.testing.assert_array_equal(chances(judge(own, PLAN, names[0], beside=own.head(0)), names[0]), alone)


def test_nothing_later_than_the_data_year_is_learned(province, names):
    later = province.copy()
    later.loc[later["year"] > 2023, "value"] *= 0.5
    for table in (province, later):
        found = judge(table[table["year"] <= 2023], PLAN, names[0])
        np.testing.assert_array_equal(
            chances(judge(table, PLAN, names[0], until=2023), names[0]), chances(found, names[0])
        )


@pytest.fixture(scope="module")
def files(province, names, tmp_path_factory):
    folder = tmp_path_factory.mktemp("rows")
    paths = {name: folder / f"{k}.parquet" for k, name in enumerate(names)}
    for name, path in paths.items():
        province[province["region"].str.startswith(name)].to_parquet(path, index=False)
    return paths


def test_a_batch_judges_each_county_as_the_whole_table_does(province, names, files, tmp_path):
    params = load_params(ROOT / "params" / "midterm_2025.yaml").model_copy(
        update={"region": names[0], "evaluation": ""}
    )
    company = write_company(params, [str(path) for path in files.values()], tmp_path / "c")
    assert set(read_company(company)) == {2025}
    whole = judge(province, PLAN, names).explained().set_index(["region", "target_id"])
    rows = tuple(str(files[name]) for name in names[:2])
    (tmp_path / "v").mkdir()
    judge_block(
        Block(
            "两个",
            "midterm_2025",
            tuple(names[:2]),
            rows,
            params.model_dump_json(),
            str(tmp_path / "v"),
            company,
        )
    )
    for name in names[:2]:
        found = pd.read_parquet(tmp_path / "v" / f"{files[name].stem}.midterm_2025.parquet").set_index(
            "target_id"
        )
        expected = whole.loc[name]
        assert found["own_status"].tolist() == expected["own_status"].tolist()
        np.testing.assert_array_equal(found["probability"], expected["probability"])
    # the report of one county that has to judge by itself says the same, and so do its scenarios
    task = Task(names[0], "midterm_2025", "x", params=params.model_dump_json(), rows=rows[0], company=company)
    for sent in (task, replace(task, company=Path(company).read_bytes(), rows=files[names[0]].read_bytes())):
        pack = region_pack(sent)
        np.testing.assert_array_equal(pack.assessment["probability"], whole.loc[names[0]]["probability"])
        now = pack.scenarios[pack.scenarios["scenario"] == "as_now"].set_index("target_id")["probability"]
        assert now.tolist() == whole.loc[names[0]]["probability"][now.index].tolist() and len(now)


def test_one_county_has_no_company(files, tmp_path):
    params = load_params(ROOT / "params" / "midterm_2025.yaml")
    assert write_company(params, [str(path) for path in list(files.values())[:1]], tmp_path / "c") == ""
    assert read_company("") == {}


def test_an_earlier_forecast_learns_from_what_was_known_then(files, tmp_path):
    params = load_params(ROOT / "params" / "midterm_2025.yaml").model_copy(update={"forecast_origin": 2022})
    found = read_company(write_company(params, [str(path) for path in files.values()], tmp_path / "c"))
    assert set(found) == {2022, 2025}
    widths = {
        year: found[year].first_year + found[year].sums.by_year["value"].total.shape[1] - 1 for year in found
    }
    assert widths == {2022: 2022, 2025: 2025}


def company_for(params, table, names, folder):
    """What the regions of a table teach one another, from a file each."""
    folder.mkdir()
    paths = [folder / f"{k}.parquet" for k in range(len(names))]
    for name, path in zip(names, paths, strict=True):
        table[table["region"].str.startswith(name)].to_parquet(path, index=False)
    return write_company(params, [str(path) for path in paths], folder / "company")


def test_a_forecast_of_an_earlier_year_hangs_on_no_later_figure_of_others(province, names, files, tmp_path):
    params = load_params(ROOT / "params" / "midterm_2025.yaml").model_copy(
        update={"region": names[0], "evaluation": "", "forecast_origin": 2022}
    )
    revised = province.copy()
    revised.loc[(revised["year"] > 2022) & ~revised["region"].str.startswith(names[0]), "value"] *= 0.5
    companies = [
        company_for(params, table, names, tmp_path / name)
        for table, name in ((province, "a"), (revised, "b"))
    ]
    sent = Task(names[0], "midterm_2025", "x", params=params.model_dump_json(), rows=str(files[names[0]]))
    first, later, alone = (
        region_pack(replace(sent, company=company)).outcomes.set_index("target_id")["probability"]
        for company in (*companies, "")
    )
    pd.testing.assert_series_equal(first, later, check_exact=True)
    assert (first - alone).abs().max() > 0.01


def test_of_a_region_that_stands_in_both_the_batch_is_believed(province, names, monkeypatch, tmp_path):
    """Whole, as `judge` takes it: a year that only the other table has is no figure of the batch."""
    params = load_params(ROOT / "params" / "midterm_2025.yaml").model_copy(
        update={"learn_from": ("others.csv",)}
    )
    known = province[(province["region"] != names[0]) | (province["year"] > 2017)]
    monkeypatch.setattr(company, "read_tables", lambda *_: province)
    found = read_company(company_for(params, known, names, tmp_path / "a"))[2025]
    expected = learn_from(known, PLAN, 2025)
    np.testing.assert_array_equal(found.members, expected.members)
    for name, sums in expected.sums.by_year.items():
        np.testing.assert_array_equal(found.sums.by_year[name].count, sums.count)


def keys_of(table, folder):
    """Keys of the reports on a table, by region."""
    path = folder / "province.csv"
    table.to_csv(path, index=False, encoding="utf-8", lineterminator="\n")
    batch = small_batch(path, folder / "out")
    packs = load_packs(batch)
    (folder / "rows").mkdir(exist_ok=True)
    rows = split_rows(batch.files, packs[0].plan, None, folder / "rows")
    return {task.region: task.key for task in plan_tasks(batch, packs, {packs[0].plan: rows})}


@pytest.mark.parametrize(("counties", "renewed"), [(5, 5), (2, 2)])
def test_reports_hang_on_what_they_learn_from(province, names, counties, renewed, tmp_path):
    """Of counties that learn from one another all keys change with one figure of a whole county."""
    mine = pd.concat([province[province["region"].str.startswith(name)] for name in names[:counties]])
    mine = mine.reset_index(drop=True)
    whole = (mine[["sex", "age", "residence", "category"]] == "total").all(axis=1)
    before = keys_of(mine, tmp_path)
    assert len(before) == counties and keys_of(mine, tmp_path) == before
    own, part = (mine["region"] == names[0]) & whole, mine["region"].str.startswith(names[0] + "/")
    # a township's figure teaches nobody
    for changed, number in ((own, renewed), (part, 1)):
        other = mine.copy()
        other.loc[mine.index[changed][0], "exceptional"] = True
        after = keys_of(other, tmp_path)
        assert sum(after[name] != key for name, key in before.items()) == number
        assert after[names[0]] != before[names[0]]


def test_a_pack_learns_from_the_tables_that_it_names(province, names, monkeypatch):
    from xhcp_eval.pack import frames as pack_frames

    params = load_params(ROOT / "params" / "midterm_2025.yaml").model_copy(
        update={"region": names[0], "learn_from": ("others.csv",), "comparison_data": ()}
    )
    own = province["region"].str.startswith(names[0])
    monkeypatch.setattr(
        pack_frames, "read_tables", lambda given, *_: province[~own] if given == ("others.csv",) else None
    )
    frames = compute_frames(params, PLAN, province[own].reset_index(drop=True))
    expected = chances(judge(province, PLAN, names[0]), names[0])
    np.testing.assert_array_equal(frames["assessment"]["probability"], expected)
