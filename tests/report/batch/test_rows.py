"""One table of many regions is split; a bad row keeps out its own region and no other."""

from __future__ import annotations

import pandas as pd
import pytest

from xhcp_eval.demo.province import generate_province
from xhcp_eval.errors import DataError
from xhcp_eval.observations.store.database import Database
from xhcp_eval.observations.table import KEY, read_table
from xhcp_eval.plan.reading import load_plan
from xhcp_eval.report.batch import pieces, rows
from xhcp_eval.report.batch.rows import owners, split_rows

PLAN = "xinhua_2021_2030"


@pytest.fixture(scope="module")
def province() -> pd.DataFrame:
    return generate_province(
        3, years=range(2020, 2026), indicators=["infant_mortality_rate", "neonatal_mortality_rate"]
    )


@pytest.fixture
def split(tmp_path):
    (tmp_path / "rows").mkdir()

    def run(*frames, regions=None):
        paths = []
        for number, frame in enumerate(frames):
            paths.append(tmp_path / f"t{number}.csv")
            frame.to_csv(paths[-1], index=False, encoding="utf-8", lineterminator="\n")
        return split_rows(paths, PLAN, regions, tmp_path / "rows")

    return run


def names(frame) -> list[str]:
    return sorted(set(frame.loc[frame["level"] == "district", "region"]))


def test_each_region_gets_its_rows_and_its_townships(split, province):
    found = split(province)
    assert sorted(found.files) == names(province) and not found.problems and not found.strays
    for region, (path, digest) in found.files.items():
        read = read_table(path, load_plan(PLAN))
        mine = province[(province["region"] == region) | province["region"].str.startswith(region + "/")]
        assert len(read) == len(mine) and len(digest) == 64
        assert read["value"].tolist() == mine.sort_values(list(KEY))["value"].tolist()
        assert "township" in set(read["level"])


def test_the_hash_of_a_region_depends_on_its_own_rows_only(split, province):
    first, second, _ = names(province)
    before = split(province).files
    changed = province.copy()
    at = changed.index[(changed["region"] == first)][0]
    changed.loc[at, "note"] = "改"
    after = split(changed.sample(frac=1, random_state=1)).files
    assert before[first][1] != after[first][1]
    assert before[second][1] == after[second][1]


def test_a_bad_row_keeps_out_its_region_and_says_why(split, province):
    first, second, third = names(province)
    bad = province.astype({"value": object})
    at = bad.index[bad["region"].str.startswith(second + "/")][0]
    bad.loc[at, "value"] = "一点五"
    found = split(bad)
    assert sorted(found.files) == [first, third]
    assert list(found.problems) == [second]
    assert "t0.csv 第" in found.problems[second][0] and "不是数字" in found.problems[second][0]


def test_rows_of_no_region_are_told_and_keep_out_nobody(split, province):
    bad = province.copy()
    bad.loc[len(bad)] = bad.iloc[0].to_dict() | {"region": "", "year": 2019}
    found = split(bad)
    assert sorted(found.files) == names(province)
    assert len(found.strays) == 1 and "region" in found.strays[0]


def test_a_region_that_is_not_there_is_told_with_a_near_one(split, province):
    first = names(province)[0]
    found = split(province, regions=[first, first[:-1] + "区"])
    assert list(found.files) == [first]
    assert first in found.problems[first[:-1] + "区"][0]


def test_the_same_figure_in_two_files_keeps_out_its_region(split, province):
    first, *others = names(province)
    found = split(province, province[province["region"] == first].head(1))
    assert sorted(found.files) == others
    assert "同时出现" in found.problems[first][0]


def test_a_file_that_is_no_table_stops_the_batch(tmp_path, split, province):
    with pytest.raises(DataError, match="列不符合要求"):
        split(province.drop(columns="value"))


def test_a_database_is_split_as_well(tmp_path, province):
    database = Database(tmp_path / "d.duckdb")
    database.add(province, file="p.csv", sha256="x", plan=PLAN)
    (tmp_path / "rows").mkdir()
    found = split_rows([tmp_path / "d.duckdb"], PLAN, None, tmp_path / "rows")
    assert sorted(found.files) == names(province)


def test_a_row_belongs_to_the_longest_path_it_starts_with():
    found = owners(
        pd.Series(["省/市/县/镇", "省/市/县", "省/市", "省/市/县东", "别处"]), ["省/市", "省/市/县"]
    )
    assert found.tolist() == ["省/市/县", "省/市/县", "省/市", "省/市", ""]


def test_a_large_file_read_in_parts_gives_the_same(tmp_path, monkeypatch, province):
    second = names(province)[1]
    stray = province.iloc[:1].assign(region="别处/某镇", level="township", unit="percent_of_nothing")
    table = pd.concat([province, stray]).sample(frac=1, random_state=2)
    table["year"] = table["year"].astype("Int64")
    table.loc[table.index[table["region"] == second][0], "unit"] = "percent_of_nothing"
    table.to_parquet(tmp_path / "t.parquet", index=False)
    found = []
    for large in (10**9, 10):
        monkeypatch.setattr(pieces, "LARGE", large)
        monkeypatch.setattr(pieces, "ROWS", 7)
        monkeypatch.setattr(rows, "PIECE", 50 if large > 10 else 1)
        folder = tmp_path / f"rows{large}"
        folder.mkdir()
        given = split_rows([tmp_path / "t.parquet"], PLAN, None, folder)
        digests = {region: digest for region, (_, digest) in given.files.items()}
        found.append((digests, given.problems, given.strays))
    assert found[0] == found[1]
    assert list(found[0][0]) != [] and list(found[0][1]) == [second] and found[0][2]


def test_large_files_with_faults_as_a_whole_are_refused(tmp_path, monkeypatch, province):
    monkeypatch.setattr(pieces, "LARGE", 1)
    (tmp_path / "rows").mkdir()
    province.drop(columns="level").to_parquet(tmp_path / "t.parquet")
    with pytest.raises(DataError, match="缺少必需的列 level"):
        split_rows([tmp_path / "t.parquet"], PLAN, None, tmp_path / "rows")
    (tmp_path / "t.parquet").write_bytes(b"PAR1")
    with pytest.raises(DataError, match="无法读取"):
        split_rows([tmp_path / "t.parquet"], PLAN, None, tmp_path / "rows")
