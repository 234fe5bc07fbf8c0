"""A round of reporting: who has reported, who is late, and a release that can be made again."""

from datetime import date

import pandas as pd
import pytest

from xhcp_eval.errors import DataError
from xhcp_eval.observations.store import rounds
from xhcp_eval.observations.store.database import Database
from xhcp_eval.observations.table import read_table
from xhcp_eval.plan.reading import load_plan
from xhcp_eval.provenance import ROOT

PLAN = load_plan("xinhua_2021_2030")
DEMO = read_table(ROOT / "data" / "demo" / "xinhua_2015_2025.csv", PLAN)
TODAY = date(2026, 4, 10)


@pytest.fixture
def database(tmp_path):
    base = Database(tmp_path / "x.duckdb")
    base.add(DEMO[DEMO["year"] < 2025], file="past.csv", sha256="past", plan=PLAN.id)
    return base


def report(database, department, day, but=()):
    now = DEMO[(DEMO["year"] == 2025) & (DEMO["department"] == department) & ~DEMO["indicator"].isin(but)]
    rows = now.assign(reported_on=day)
    database.add(rows, file=f"{department}.csv", sha256=f"{department} {day}", plan=PLAN.id)
    return rows


def test_who_has_reported_and_who_is_late(database):
    rounds.open_round(database, PLAN, 2025, "2026-03-31", "办公室")
    one, *_ = asked = rounds.asked_indicators(PLAN).set_index("department").loc[["区残联"], "indicator"]
    report(database, "区残联", "2026-03-20", but=[one])
    report(database, "区医保局", "2026-04-05")
    found = rounds.round_status(database, PLAN, 2025, TODAY).set_index("department")
    assert found.loc["区残联", ["asked", "reported", "missing"]].tolist() == [len(asked), len(asked) - 1, 1]
    assert found.loc["区残联", "standing"] == "逾期未报齐"
    assert found.loc["区医保局", ["standing", "first_on"]].tolist() == ["逾期报齐", "2026-04-05"]
    assert found.loc["区法院", "standing"] == "逾期未报"
    early = rounds.round_status(database, PLAN, 2025, date(2026, 3, 1)).set_index("department")
    assert early.loc["区残联", "standing"] == "未报齐"
    gone = rounds.missing(database, PLAN, 2025)
    assert gone.loc[gone["department"] == "区残联", "indicator"].tolist() == [one]
    assert gone.set_index("indicator").loc[one, "last_year"] == 2024


def test_a_due_date_can_be_moved_but_not_before_the_year_is_over(database):
    rounds.open_round(database, PLAN, 2025, "2026-03-31")
    rounds.open_round(database, PLAN, 2025, "2026-04-30")
    assert str(database.sql("select due_on from rounds")["due_on"][0])[:10] == "2026-04-30"
    with pytest.raises(DataError, match="应在 2025-12-31 之后"):
        rounds.open_round(database, PLAN, 2025, "2025-06-30")
    with pytest.raises(DataError, match="2026-03-31 的形式"):
        rounds.open_round(database, PLAN, 2025, "三月底")
    with pytest.raises(DataError, match="没有开启填报"):
        rounds.round_status(database, PLAN, 2029, TODAY)


def test_a_release_stays_what_it_was(database, tmp_path):
    with pytest.raises(DataError, match="2025 年还没有数据"):
        rounds.freeze(database, PLAN, 2025, today=TODAY)
    rows = report(database, "区残联", "2026-03-20")
    path = rounds.freeze(database, PLAN, 2025, today=TODAY)
    frozen = read_table(path, PLAN)
    # corrections come in later, one of them dated before the release
    for day in ("2026-05-01", "2026-03-25"):
        changed = rows.assign(
            value=rows["value"] * 0.9, numerator=float("nan"), denominator=float("nan"), reported_on=day
        )
        database.add(changed, file="late.csv", sha256=f"late {day}", plan=PLAN.id)
    again = rounds.release_table(database, PLAN, "2025-1")
    pd.testing.assert_frame_equal(again, frozen)
    second = rounds.freeze(database, PLAN, 2025, today=date(2026, 6, 1))
    assert second.name == "2025-2.parquet"
    assert rounds.content_hash(read_table(second, PLAN)) != rounds.content_hash(frozen)
    assert rounds.releases(database)["name"].tolist() == ["2025-1", "2025-2"]
    with pytest.raises(DataError, match="没有定版 2025-9；现有：2025-1、2025-2"):
        rounds.release_table(database, PLAN, "2025-9")


def test_a_release_that_cannot_be_made_again_is_told(database):
    report(database, "区残联", "2026-03-20")
    rounds.freeze(database, PLAN, 2025, today=TODAY)
    with database.writing() as connection:
        connection.execute("update reported set value = value + 1 where year = 2025")
    with pytest.raises(DataError, match="已被改动"):
        rounds.release_table(database, PLAN, "2025-1")
