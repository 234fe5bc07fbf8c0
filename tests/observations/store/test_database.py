"""Nothing is lost, nothing is doubled: vintages, releases of the past, processes side by side and killed ones."""

import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from waiting import HANG, python

from xhcp_eval.errors import DataError
from xhcp_eval.observations.store import connection as module
from xhcp_eval.observations.store import journal
from xhcp_eval.observations.store.database import Database
from xhcp_eval.observations.table import COLUMNS, read_table
from xhcp_eval.plan.reading import load_plan
from xhcp_eval.provenance import ROOT

PLAN = load_plan("xinhua_2021_2030")
DEMO = read_table(ROOT / "data" / "demo" / "xinhua_2015_2025.csv", PLAN)
SCRIPT = Path(__file__).parents[2] / "killed_imports.py"
CUT_OFF = ("in commit", "in close")  # moments at which the system itself kills the process
WHO = {"plan": PLAN.id, "by": "测试员"}


@pytest.fixture
def database(tmp_path):
    return Database(tmp_path / "x.duckdb", wait=HANG)


def figure(value, day, **change):
    """One figure of one indicator, reported on a day."""
    row = DEMO[(DEMO["indicator"] == "nip_vaccination_coverage") & (DEMO["level"] == "district")].iloc[[-1]]
    changes = {"value": value, "numerator": np.nan, "denominator": np.nan, "reported_on": day, "year": 2024}
    return row.assign(**changes | {"sex": "total", "residence": "total", "category": "total"} | change)


def put(database, *tables):
    for table in tables:
        number = len(database.imports()) if database.path.exists() else 0
        database.add(table, file=f"{number}.csv", sha256=f"hash {number}", **WHO)


def test_what_goes_in_comes_out(database):
    kept = database.add(DEMO, file="demo.csv", sha256="one", **WHO)
    assert kept == (1, len(DEMO), True)
    found = database.observations(PLAN)
    assert tuple(found.columns) == COLUMNS
    pd.testing.assert_frame_equal(found, DEMO)


def test_the_same_file_twice_changes_nothing(database):
    database.add(DEMO, file="a.csv", sha256="same", **WHO)
    again = database.add(DEMO.head(3), file="renamed.csv", sha256="same", **WHO)
    assert again == (1, len(DEMO), False)
    assert len(database.imports()) == 1
    assert database.sql("select count(*) n from reported")["n"][0] == len(DEMO)


def test_a_correction_is_a_new_vintage_and_the_past_can_be_asked_for(database):
    put(database, figure(91.0, "2025-03-01"), figure(92.0, "2025-09-01"), figure(90.5, "2025-05-01"))
    assert database.observations()["value"].tolist() == [92.0]
    assert database.observations(as_of="2025-08-31")["value"].tolist() == [90.5]
    assert database.observations(as_of="2025-03-01")["value"].tolist() == [91.0]
    assert database.observations(as_of="2025-02-28").empty
    vintages = database.history("nip_vaccination_coverage", "新华区", 2024)
    assert vintages["value"].tolist() == [91.0, 90.5, 92.0]
    assert vintages["file"].tolist() == ["0.csv", "2.csv", "1.csv"]
    assert set(vintages["imported_by"]) == {"测试员"}


def test_late_imports_with_early_dates_leave_a_release_alone(database):
    put(database, figure(91.0, "2025-03-01"))
    put(database, figure(80.0, "2025-03-01"))
    assert database.observations(as_of="2025-03-31")["value"].tolist() == [80.0]
    assert database.observations(as_of="2025-03-31", last_import=1)["value"].tolist() == [91.0]


def test_a_region_comes_with_its_units_and_no_namesake(database):
    put(database, figure(1.0, "2025-03-01"), figure(2.0, "2025-03-01", region="新华区/甲镇", level="township"),
        figure(3.0, "2025-03-01", region="新华区东"), figure(4.0, "2025-03-01", region="新华区%"))  # fmt: skip
    assert database.observations(region="新华区")["value"].tolist() == [1.0, 2.0]
    assert database.observations(region="新华区/甲镇")["value"].tolist() == [2.0]
    assert database.observations(region="新华区%")["value"].tolist() == [4.0]
    assert database.regions()["新华区/甲镇"] == "township"


def test_a_figure_withdrawn_is_gone_but_not_forgotten(database):
    put(database, figure(91.0, "2025-03-01"))
    assert len(database.withdraw("nip_vaccination_coverage", "新华区", 2024, "报错了年份")) == 1
    assert database.observations().empty
    assert database.observations(as_of="2025-12-31")["value"].tolist() == [91.0]
    assert database.history("nip_vaccination_coverage", "新华区", 2024)["taken_back"].tolist() == ["已撤回"]
    assert journal.entries(database, "撤回")["detail"].tolist() == ["1 个数：报错了年份"]
    with pytest.raises(DataError, match="没有可撤回的数据点"):
        database.withdraw("nip_vaccination_coverage", "新华区", 2024, "再撤一次")
    with pytest.raises(DataError, match="必须写明原因"):
        database.withdraw("nip_vaccination_coverage", "新华区", 2024, " ")


def values(database, **asked):
    return database.observations(**asked)["value"].tolist()


def test_a_withdrawal_brings_back_what_was_reported_before(database):
    put(database, figure(91.0, "2025-03-01"), figure(19.0, "2025-04-01"))
    taken = database.withdraw("nip_vaccination_coverage", "新华区", 2024, "数位颠倒")
    assert taken[["value", "standing"]].to_numpy().tolist() == [[19.0, 91.0]]
    assert values(database) == [91.0]
    put(database, figure(92.0, "2025-05-01"))
    assert values(database) == [92.0]
    database.withdraw("nip_vaccination_coverage", "新华区", 2024, "全部有误", entirely=True)
    assert values(database) == []


def test_an_import_undone_is_as_if_it_had_never_come(database):
    put(database, DEMO.head(500), figure(91.0, "2025-03-01"))
    before = database.observations()
    wrong = before.assign(value=0.0, numerator=np.nan, denominator=np.nan, reported_on="2030-06-01")
    put(database, pd.concat([wrong, figure(5.0, "2030-06-01", year=2023)]))
    assert (database.observations()["value"] == 0).sum() == len(before)
    changed = database.undo(3, "整份报错")
    pd.testing.assert_frame_equal(database.observations(), before)
    assert len(changed) == len(before) + 1
    assert changed["before"].isna().sum() == before["value"].isna().sum() + 1
    assert database.imports()["undone"].tolist() == [False, False, True]
    assert len(database.sql("select * from reported where import_id = 3")) == len(wrong) + 1


def test_a_file_may_come_again_after_its_import_was_undone(database):
    put(database, figure(91.0, "2025-03-01"))
    kept = {"file": "a.csv", "sha256": "same", **WHO}
    assert database.add(figure(19.0, "2025-04-01"), **kept).is_new
    database.undo(2, "先撤下核对")
    assert values(database) == [91.0] and not database.holds("same")
    assert database.add(figure(19.0, "2025-04-01"), **kept) == (3, 1, True)
    assert values(database) == [19.0] and database.holds("same")
    assert not database.add(figure(19.0, "2025-04-01"), **kept).is_new


def test_what_was_known_on_a_day_stays_known_whatever_is_undone_later(database, monkeypatch):
    put(database, figure(91.0, "2025-03-01"), figure(19.0, "2025-04-01"))
    database.undo(2, "报错")
    assert values(database) == [91.0]
    assert values(database, as_of="2025-12-31") == [19.0]


@pytest.mark.parametrize(
    "number, reason, message",
    [(9, "x", "没有第 9 次导入"), (1, " ", "必须写明原因"), (2, "x", "已经撤销")],
)
def test_an_undo_that_makes_no_sense_is_refused(database, number, reason, message):
    put(database, figure(91.0, "2025-03-01"), figure(92.0, "2025-03-02"))
    database.undo(2, "x")
    with pytest.raises(DataError, match=message):
        database.undo(number, reason)
    assert values(database) == [91.0]


def test_the_original_of_an_import_is_kept_and_its_rows_are_known(database):
    rows = DEMO.head(3).set_axis([2, 5, 9])
    database.add(rows, file="a.csv", sha256="one", original=b"indicator,...", **WHO)
    assert database.original(1) == ("a.csv", b"indicator,...")
    assert sorted(database.sql("select file_row from reported")["file_row"]) == [2, 5, 9]
    put(database, figure(91.0, "2025-03-01"))
    with pytest.raises(DataError, match="没有保存第 2 次导入的原件"):
        database.original(2)


def test_a_path_that_leads_nowhere_is_told_and_makes_nothing(tmp_path):
    base = Database(tmp_path / "no" / "such.duckdb")
    for ask in (
        base.observations,
        base.imports,
        base.regions,
        lambda: base.history("a", "b", 2024),
        lambda: base.sql("select 1"),
    ):
        with pytest.raises(DataError, match="没有数据库"):
            ask()
    assert not base.holds("x") and base.nothing().empty
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="owners and modes are a matter of POSIX")
def test_the_file_is_its_owners_alone(database):
    put(database, figure(91.0, "2025-03-01"))
    assert database.path.stat().st_mode & 0o777 == 0o600


def test_a_machine_without_accounts_imports_as_well(database, monkeypatch):
    def no_entry():
        raise KeyError("getpwuid(): uid not found")

    monkeypatch.setattr("getpass.getuser", no_entry)
    database.add(figure(91.0, "2025-03-01"), file="a.csv", sha256="one", plan=PLAN.id)
    assert database.imports()["imported_by"].tolist() == ["未知用户"]


def test_a_damaged_file_is_called_damaged_at_once(database):
    put(database, DEMO)
    content = bytearray(database.path.read_bytes())
    content[4096 : 4096 * 3] = bytes(4096 * 2)
    database.path.write_bytes(content)
    with pytest.raises(DataError, match=r"已损坏|没有写入或读出"):
        Database(database.path, wait=HANG).observations()


def test_an_empty_date_of_report_is_the_day_of_import(database):
    put(database, figure(91.0, ""))
    assert database.observations()["reported_on"][0] == time.strftime("%Y-%m-%d")


@pytest.mark.parametrize(
    "query",
    ["delete from reported", "copy reported to 'x.csv'", "select * from read_csv('x.csv')", "attach 'y.db'",
     "set enable_external_access=true", "select nothing", "drop table imports", "install httpfs"],
)  # fmt: skip
def test_sql_only_reads(database, tmp_path, monkeypatch, query):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.csv").write_text("a\n1\n", encoding="utf-8")
    put(database, figure(91.0, "2025-03-01"))
    with pytest.raises(DataError, match="没有"):
        database.sql(query)
    assert (tmp_path / "x.csv").read_text(encoding="utf-8") == "a\n1\n"
    assert database.sql("select count(*) n from figures where value > ?", [90])["n"].tolist() == [1]


def test_files_that_are_no_database_of_ours(tmp_path):
    import duckdb

    (tmp_path / "a.duckdb").write_bytes(b"no database" * 100)
    with pytest.raises(DataError, match="不是可用的数据库文件"):
        Database(tmp_path / "a.duckdb").observations()
    with duckdb.connect(str(tmp_path / "b.duckdb")) as other:
        other.execute("create table theirs (a int)")
    for use in (
        Database(tmp_path / "b.duckdb").observations,
        lambda: put(Database(tmp_path / "b.duckdb"), DEMO),
    ):
        with pytest.raises(DataError, match="结构版本是 未知"):
            use()
    with pytest.raises(DataError, match="日期写作 2026-03-31 的形式"):
        Database(tmp_path / "c.duckdb").observations(as_of="31.3.2026")


@contextmanager
def importing(database, rows, first, count, moment):
    """A process that imports, at the moment at which it halts; killed when the block ends."""
    table = database.path.with_name(f"{first}.parquet")
    rows.to_parquet(table)
    with python(SCRIPT, database.path, table, first, count, moment) as process:
        if moment not in CUT_OFF:
            assert process.stdout.readline() == f"{moment}\n", "the moment must have come"
        yield process


def whole_imports(database):
    """Numbers of the files kept, each checked to be there with every row."""
    counted = database.sql(
        """select i.file, i.n_rows, count(r.import_id) n from imports i left join reported r using (import_id)
           group by all order by 1"""
    )
    assert (counted["n_rows"] == counted["n"]).all()
    orphans = database.sql(
        "select count(*) n from reported where import_id not in (select import_id from imports)"
    )
    assert orphans["n"][0] == 0
    return {int(name.removesuffix(".csv")) for name in counted["file"]}


@pytest.mark.parametrize("moment", ["before begin", "before insert into imports", "before insert into regions",
    "before insert into reported", "before commit", "in commit"])  # fmt: skip
def test_an_import_killed_before_it_is_kept_is_absent(database, moment):
    assert kept_of_a_killed_import(database, moment) == {0}


@pytest.mark.parametrize("moment", ["after commit", "in close", "after close"])
def test_an_import_killed_once_it_is_kept_is_whole(database, moment):
    assert kept_of_a_killed_import(database, moment) == {0, 1}


def kept_of_a_killed_import(database, moment):
    """Imports that are there, each of them whole, after kill -9 at a moment of the second; others go on as ever."""
    if moment in CUT_OFF and sys.platform == "win32":
        pytest.skip("only POSIX limits the size of files")
    put(database, figure(91.0, "2025-03-01"))
    with importing(database, DEMO.head(3000), 1, 1, moment) as process:
        if moment in CUT_OFF:
            assert process.wait(HANG) == -signal.SIGXFSZ
    kept = whole_imports(database)
    put(database, figure(92.0, "2025-03-01"))
    assert whole_imports(database) == kept | {len(kept)}
    return kept


@pytest.mark.parametrize("moment", ["before create", "after close"])
def test_a_database_whose_making_is_killed_is_not_there(database, moment):
    with importing(database, DEMO.head(1), 0, 1, moment):
        pass
    assert not database.path.exists()
    put(database, figure(91.0, "2025-03-01"))
    assert whole_imports(database) == {0}


def test_processes_take_turns(database, monkeypatch):
    """One holds the database, another waits for it, and so does a reader; then all go on at their own pace."""
    with (
        importing(database, DEMO.head(50), 0, 3, "before commit") as holder,
        importing(database, DEMO.head(50), 100, 3, "waiting") as waiter,
    ):
        held = []

        def sleep(seconds):
            if not held:
                for process in (holder, waiter):
                    process.stdin.write("\n")
                    process.stdin.flush()
            held.append(seconds)
            time.sleep(seconds)

        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=time.monotonic, sleep=sleep))
        seen = database.observations(PLAN)
        said = {int(line) for process in (holder, waiter) for line in process.stdout}
    assert held, "the reader had to wait"
    assert len(seen) == 50
    assert whole_imports(database) == said == {*range(3), *range(100, 103)}
    assert sorted(database.imports()["import_id"]) == list(range(1, 7))


def test_a_database_held_by_another_is_told(database):
    put(database, figure(91.0, "2025-03-01"))
    held = importing(database, DEMO.head(1), 1, 1, "before commit")
    with held, pytest.raises(DataError, match="正被另一个程序使用"):
        Database(database.path, wait=0.2).observations()
    assert len(database.observations()) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are a matter of POSIX")
def test_a_full_disk_loses_nothing(database, tmp_path):
    put(database, DEMO.head(2000))
    (tmp_path / "more.py").write_text(
        "import resource, signal, sys\n"
        "import pandas as pd\n"
        "from pathlib import Path\n"
        "from xhcp_eval.observations.store.database import Database\n"
        "from xhcp_eval.errors import DataError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "size = Path(sys.argv[1]).stat().st_size + 20_000\n"
        "table = pd.concat([pd.read_parquet(sys.argv[2])] * 20)\n"
        "table['note'] = [f'{i:040d}' for i in range(len(table))]\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))\n"
        "try:\n"
        "    Database(sys.argv[1]).add(table, file='more.csv', sha256='more', plan='p')\n"
        "except DataError as error:\n"
        "    print(ascii(str(error)))\n",
        encoding="utf-8", newline="\n",
    )  # fmt: skip
    DEMO.to_parquet(tmp_path / "t.parquet")
    command = [sys.executable, str(tmp_path / "more.py"), str(database.path), str(tmp_path / "t.parquet")]
    done = subprocess.run(command, capture_output=True, cwd=ROOT, text=True, encoding="utf-8", timeout=HANG)
    assert "磁盘空间" in done.stdout.encode("ascii").decode("unicode_escape"), done.stderr
    assert whole_imports(database) == {0}
    put(database, figure(91.0, "2025-03-01"))
    assert whole_imports(database) == {0, 1}
