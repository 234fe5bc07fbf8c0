"""The demonstration province: as many counties as asked for, all made up, the same each time."""

from __future__ import annotations

import pandas as pd
import pytest

from xhcp_eval.demo.province import county_name, generate_province, write_province
from xhcp_eval.observations.table import read_table
from xhcp_eval.plan.reading import load_plan


@pytest.fixture(scope="module")
def two() -> pd.DataFrame:
    return generate_province(2)


def test_counties_pass_the_door_and_every_row_says_what_it_is(two, tmp_path):
    path = write_province(1, tmp_path / "p.parquet")
    table = read_table(path, load_plan("xinhua_2021_2030"))
    assert set(table["status"]) == {"demo"}
    assert table["source"].str.contains("虚构").all()
    assert table["region"].str.startswith("演示省/").all()
    assert set(two.loc[two["level"] == "district", "region"]) == {county_name(1), county_name(2)}
    assert table["indicator"].nunique() > 100 and table["year"].max() == 2025


def test_a_county_is_the_same_however_many_there_are(two):
    first = generate_province(1)
    mine = two[two["region"].str.startswith(county_name(1))].reset_index(drop=True)
    pd.testing.assert_frame_equal(first, mine)
    assert not first["value"].equals(generate_province(1, seed=1)["value"])


def test_counties_differ_and_shares_stay_shares(two):
    rows = two[(two["level"] == "district") & (two["indicator"] == "under3_systematic_management_rate")]
    totals = rows[(rows["sex"] == "total") & (rows["residence"] == "total") & (rows["year"] == 2025)]
    assert totals["value"].nunique() == 2 and totals["value"].between(50, 100).all()


def test_names():
    assert county_name(1) == "演示省/演示001市/演示0001县"
    assert county_name(11) == "演示省/演示002市/演示0011县"
