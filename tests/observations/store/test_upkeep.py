"""Backups are equal to what they are of, a restore loses nothing, files of every earlier version open after their upgrade."""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd
import pytest

from xhcp_eval.errors import DataError, RunError
from xhcp_eval.observations.store import journal, rounds
from xhcp_eval.observations.store.database import Database
from xhcp_eval.observations.store.schema import SCHEMA_VERSION, TABLES
from xhcp_eval.observations.store.upkeep import backup, check, export, restore, upgrade
from xhcp_eval.observations.table import read_table
from xhcp_eval.plan.reading import load_plan

PLAN = load_plan("xinhua_2021_2030")


@pytest.fixture(scope="module")
def demo(root):
    return read_table(root / "data" / "demo" / "xinhua_2015_2025.csv", PLAN)


@pytest.fixture
def database(tmp_path, demo):
    made = Database(tmp_path / "x.duckdb", wait=5)
    for number, part in enumerate(np.array_split(np.arange(len(demo)), 3)):
        made.add(
            demo.iloc[part].reset_index(drop=True),
            file=f"{number}.csv",
            sha256=f"hash {number}",
            plan=PLAN.id,
        )
    made.undo(3, "试")
    return made


def test_a_backup_is_equal_and_stands_alone(database, tmp_path):
    copy = Database(backup(database, tmp_path / "copy.duckdb"))
    pd.testing.assert_frame_equal(copy.observations(), database.observations())
    for table in TABLES:
        assert (
            copy.sql(f"select count(*) n from {table}")["n"][0]
            == database.sql(f"select count(*) n from {table}")["n"][0]
        )
    assert check(copy).empty
    folder = tmp_path / "many"
    folder.mkdir()
    assert backup(database, folder).parent == folder
    with pytest.raises(DataError, match="自己的位置"):
        backup(database, database.path)
    with pytest.raises(DataError, match=r"没有数据库|不是可用"):
        backup(Database(tmp_path / "none.duckdb", wait=0), tmp_path / "y.duckdb")
    assert not (tmp_path / "y.duckdb").exists()


def test_a_restore_brings_back_and_keeps_what_was_there(database, tmp_path, demo):
    copy, then = backup(database, tmp_path / "copy.duckdb"), database.observations()
    database.add(
        demo.tail(5).assign(value=1.0, numerator=np.nan, denominator=np.nan),
        file="w.csv",
        sha256="w",
        plan=PLAN.id,
    )
    now = database.observations()
    kept = restore(database, copy)
    pd.testing.assert_frame_equal(database.observations(), then)
    pd.testing.assert_frame_equal(Database(kept).observations(), now)
    assert journal.entries(database)["act"].iloc[-1] == "恢复备份"


def test_a_damaged_database_is_restored_and_the_damaged_one_kept(database, tmp_path):
    copy, then = backup(database, tmp_path / "copy.duckdb"), database.observations()
    database.path.write_bytes(b"broken" * 1000)
    kept = restore(database, copy)
    pd.testing.assert_frame_equal(database.observations(), then)
    assert kept.read_bytes() == b"broken" * 1000


def test_a_backup_that_is_none_changes_nothing(database, tmp_path):
    then = database.observations()
    (tmp_path / "bad.duckdb").write_bytes(b"no database" * 100)
    with duckdb.connect(str(tmp_path / "theirs.duckdb")) as other:
        other.execute("create table theirs (a int)")
    for name in ("bad.duckdb", "theirs.duckdb", "none.duckdb"):
        with pytest.raises(DataError):
            restore(database, tmp_path / name)
    pd.testing.assert_frame_equal(database.observations(), then)


def test_an_export_has_every_table_and_takes_no_other_folders_place(database, tmp_path):
    folder = export(database, tmp_path / "out")
    rows = pd.read_parquet(folder / "reported.parquet")
    assert len(rows) == database.sql("select count(*) n from reported")["n"][0]
    assert {path.stem for path in folder.glob("*.parquet")} == set(TABLES)
    export(database, folder)  # again
    other = tmp_path / "other"
    other.mkdir()
    (other / "mine.txt").touch()
    with pytest.raises(RunError, match="不会覆盖"):
        export(database, other)


@pytest.mark.parametrize(
    "damage, said",
    [
        ("delete from imports where import_id = 1", "没有来历的数"),
        ("delete from regions where region_id = 1", "没有地区的数"),
        ("update imports set n_rows = n_rows + 1 where import_id = 2", "行数与登记不符的导入：1 处"),
        ("delete from reported where import_id = 2 and year = 2020", "行数与登记不符的导入：1 处"),
        ("insert into undone values (99, now(), current_date, 'x', 'y')", "撤销记录指向没有的导入"),
        ("insert into originals values ('abc', 'a.csv', 'xyz')", "原件 a.csv 与入库时的校验值不同"),
    ],
)
def test_each_planted_damage_is_found(database, damage, said):
    assert check(database).empty
    with duckdb.connect(str(database.path)) as connection:
        connection.execute(damage)
    assert any(said in fault for fault in check(database)["fault"])


def test_a_release_whose_file_was_changed_or_deleted_is_told(database):
    path = rounds.freeze(database, PLAN, 2024)
    assert check(database).empty
    table = pd.read_parquet(path)
    table.loc[0, "value"] += 1
    table.to_parquet(path, index=False)
    assert "已被改动" in check(database)["fault"][0]
    path.write_bytes(b"x")
    assert "已损坏" in check(database)["fault"][0]
    path.unlink()
    assert "没有了" in check(database)["fault"][0]


# ---- files written by earlier versions

VERSION_1 = """
create table about (schema_version integer not null);
insert into about values (1);
create table imports (import_id integer primary key, imported_at timestamptz not null, imported_by varchar not null,
    file varchar not null, sha256 varchar not null unique, plan varchar not null, n_rows bigint not null,
    notices varchar[] not null);
create table regions (region_id integer primary key, region varchar not null unique, level varchar not null);
create table reported (import_id integer not null, region_id integer not null, indicator varchar not null,
    year smallint not null, sex varchar not null, age varchar not null, residence varchar not null,
    category varchar not null, value double, numerator double, denominator double, unit varchar not null,
    department varchar not null, status varchar not null, reported_on date not null, source varchar not null,
    series_break boolean not null, exceptional boolean not null, note varchar not null);
create table survey_records (import_id integer not null, survey varchar not null, indicator varchar not null,
    region varchar not null, level varchar not null, year smallint not null, response double not null,
    weight double not null, stratum varchar not null, cluster varchar not null, sex varchar not null,
    age varchar not null, residence varchar not null, source varchar not null, reported_on varchar not null,
    status varchar not null);
create view figures as select r.import_id, i.imported_at, i.imported_by, i.file, i.sha256, g.region, g.level,
    r.* exclude (import_id, region_id) from reported r join regions g using (region_id) join imports i using (import_id);
create table rounds (year smallint primary key, opened_on date not null, due_on date not null, plan varchar not null,
    region varchar not null, opened_by varchar not null);
create table releases (name varchar primary key, year smallint not null, frozen_at timestamptz not null,
    frozen_by varchar not null, as_of date not null, last_import integer not null, plan varchar not null,
    region varchar not null, n_rows bigint not null, sha256 varchar not null, file varchar not null);
insert into imports values (1, now(), '甲', 'a.csv', 'h1', 'xinhua_2021_2030', 1, []), (2, now(), '乙', '（撤回）', 'h2', '', 1, ['x']);
insert into regions values (1, '新华区', 'district');
insert into reported values
    (1, 1, 'nip_vaccination_coverage', 2023, 'total', 'total', 'total', 'total', 95.5, null, null, 'percent', '区卫健委', 'reported', '2024-03-01', 's', false, false, ''),
    (1, 1, 'nip_vaccination_coverage', 2024, 'total', 'total', 'total', 'total', 96.5, null, null, 'percent', '区卫健委', 'reported', '2025-03-01', 's', false, false, ''),
    (2, 1, 'nip_vaccination_coverage', 2024, 'total', 'total', 'total', 'total', null, null, null, 'percent', '区卫健委', 'withdrawn', '2025-04-01', 's', false, false, '报错');
update imports set n_rows = 2 where import_id = 1;
"""
WRITTEN = {1: VERSION_1}


@pytest.mark.parametrize("version", WRITTEN)
def test_a_file_of_each_earlier_version_opens_after_its_upgrade(tmp_path, version):
    path = tmp_path / "old.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(WRITTEN[version])
    old = Database(path)
    with pytest.raises(DataError, match=r"先运行 xhcp db upgrade"):
        old.observations()
    before, kept = upgrade(old)
    assert before == version and Database(kept).version() == version
    assert old.version() == SCHEMA_VERSION
    assert old.observations()["value"].tolist() == [95.5]  # what was withdrawn stays withdrawn
    assert check(old).empty
    old.undo(1, "试")
    assert old.observations().empty
    assert upgrade(old) == (SCHEMA_VERSION, None)


def test_every_earlier_version_is_tried():
    assert set(WRITTEN) == set(range(1, SCHEMA_VERSION))


def test_an_upgraded_file_has_the_tables_of_a_new_one(tmp_path, database):
    path = tmp_path / "old.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(VERSION_1)
    upgrade(Database(path))
    query = """select table_name, column_name, data_type, is_nullable from duckdb_columns() where not internal
               order by table_name, column_name"""
    pd.testing.assert_frame_equal(Database(path).sql(query), database.sql(query))


def test_an_upgrade_that_fails_leaves_the_file_as_it_was(tmp_path, monkeypatch):
    from xhcp_eval.observations.store import upkeep

    path = tmp_path / "old.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(VERSION_1)
    monkeypatch.setitem(upkeep.UPGRADES, 1, (*upkeep.UPGRADES[1], "select nonsense"))
    with pytest.raises(DataError):
        upgrade(Database(path))
    assert Database(path).version() == 1
    monkeypatch.undo()
    assert upgrade(Database(path))[0] == 1


def test_a_file_of_a_later_version_says_so(database):
    with duckdb.connect(str(database.path)) as connection:
        connection.execute("update about set schema_version = 99")
    with pytest.raises(DataError, match="请升级本程序"):
        database.observations()
