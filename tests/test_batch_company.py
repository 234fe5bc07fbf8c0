"""Regions learn from one another: all of a table, those that a pack names, and a whole batch, each the same whoever is asked for."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from xhcp_eval.batch.company import read_company, write_company
from xhcp_eval.batch.tasks import Task
from xhcp_eval.batch.unit import region_pack
from xhcp_eval.batch.verdicts import Block, judge_block
from xhcp_eval.demo.province import generate_province
from xhcp_eval.observations import concat_tables
from xhcp_eval.pack_frames import compute_frames
from xhcp_eval.params import load_params
from xhcp_eval.plan import load_plan
from xhcp_eval.provenance import ROOT
from xhcp_eval.verdict.judge import judge, learn_from

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


def test_too_few_teach_nothing(province, names):
    few = province[province["region"].isin(names[:4])]
    own = province[province["region"] == names[0]]
    np.testing.assert_array_equal(
        chances(judge(few, PLAN, names[:4]), names[0]), chances(judge(own, PLAN, names[0]), names[0])
    )


def test_nothing_later_than_the_data_year_is_learned(province, names):
    later = province.copy()
    later.loc[later["year"] > 2023, "value"] *= 0.5
    for table in (province, later):
        found = judge(table[table["year"] <= 2023], PLAN, names[0])
        np.testing.assert_array_equal(
            chances(judge(table, PLAN, names[0], as_of=2023), names[0]), chances(found, names[0])
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


def test_fewer_than_five_counties_have_no_company(files, tmp_path):
    params = load_params(ROOT / "params" / "midterm_2025.yaml")
    assert write_company(params, [str(path) for path in list(files.values())[:4]], tmp_path / "c") == ""
    assert read_company("") == {}


def test_an_earlier_forecast_learns_from_what_was_known_then(files, tmp_path):
    params = load_params(ROOT / "params" / "midterm_2025.yaml").model_copy(update={"forecast_origin": 2022})
    found = read_company(write_company(params, [str(path) for path in files.values()], tmp_path / "c"))
    assert set(found) == {2022, 2025}
    widths = {
        year: found[year].first_year + found[year].sums.by_year["value"].total.shape[1] - 1 for year in found
    }
    assert widths == {2022: 2022, 2025: 2025}


def test_a_pack_learns_from_the_tables_that_it_names(province, names, monkeypatch):
    from xhcp_eval import pack_frames

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
