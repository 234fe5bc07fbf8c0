"""From a table to a block: every cell is where a plain reading of the rows puts it, and what can't be read is refused."""

import numpy as np
import pandas as pd
import pytest
from random_figures import ITEMS, PLAN, random_table
from small_plan import block_of, deaths, indicator, rows, table_of

from xhcp_eval.errors import DataError
from xhcp_eval.verdict.reading import NEEDED, read_block
from xhcp_eval.verdict.series import RESIDENCES
from xhcp_eval.verdict.settings import Settings

ITEM = indicator()


def naive(table, regions, until, use_recollection):
    """Rows by year of every series (position of the indicator, place, residence, category), also before a break."""
    position = {item["id"]: k for k, item in enumerate(ITEMS)}
    found = {}
    for row in table.itertuples():
        within = any(row.region == name or row.region.startswith(name + "/") for name in regions)
        wanted = row.indicator in position and row.year <= until and row.sex == row.age == "total"
        if within and wanted and (use_recollection or row.status not in ("recollection", "single_copy")):
            key = (position[row.indicator], row.region, row.residence, row.category)
            found.setdefault(key, {})[row.year] = row
    return dict(sorted(found.items()))


def since_break(years):
    broken = max((year for year, row in years.items() if row.series_break), default=0)
    return {year: row for year, row in years.items() if year >= broken}


@pytest.mark.parametrize(
    ("seed", "regions", "until", "use"),
    [(1, ["乙县", "甲县"], 2025, False), (2, ["甲县", "乙县"], 2022, True), (3, ["丙县"], 2025, True), (4, None, 2024, False)],
)  # fmt: skip
def test_every_cell_is_where_a_plain_reading_puts_it(seed, regions, until, use):
    table = random_table(seed)
    block = read_block(
        table, PLAN, Settings(), until, None if regions is None else np.array(regions, object), use
    )
    regions = sorted(["甲县", "乙县", "丙县"]) if regions is None else regions
    series = naive(table, regions, until, use)
    assert block.regions.tolist() == regions and len(block) == len(series) > 5
    years = sorted({year for rows in series.values() for year in rows})
    assert block.years.tolist() == list(range(years[0], years[-1] + 1))
    for k, ((name, place, residence, category), years) in enumerate(series.items()):
        points = since_break(years)
        assert (block.indicator[k], block.places[block.place[k]]) == (name, place)
        assert (RESIDENCES[block.residence[k]], block.categories[block.category[k]]) == (residence, category)
        assert block.whole[k] == (category == "total")
        assert block.regions[block.owner[k]] == place.split("/")[0] and block.unit[k] == ("/" in place)
        events = ITEMS[name]["id"] == "events"
        assert block.survey[k] == (
            ITEMS[name]["id"] == "asked" or any(row.status == "survey" for row in points.values())
        )
        for at, year in enumerate(block.years):
            row = points.get(year)
            assert block.seen[k, at] == (row is not None)
            if row is None:
                cells = [block.values, block.numerator, block.denominator]
                assert np.isnan([cell[k, at] for cell in cells]).all() and block.status[k, at] == -1
                assert not block.trusted[k, at] and not block.exceptional[k, at]
                continue
            assert block.values[k, at] == row.value
            expected = (row.value, 1.0) if events else (row.numerator, row.denominator)
            np.testing.assert_array_equal([block.numerator[k, at], block.denominator[k, at]], expected)
            assert block.trusted[k, at] == (row.status not in ("recollection", "single_copy"))
            assert block.exceptional[k, at] == (
                row.exceptional or (ITEMS[name]["id"] == "x" and year == 2022)
            )
            assert block.statuses[block.status[k, at]] == row.status


def test_regions_are_those_of_the_plans_level_unless_told():
    parts = [deaths([1] * 10, region=name, name="r") for name in ("乙县", "甲县")]
    parts.append(deaths([1] * 10, region="全省", level="province", name="r"))
    assert block_of(ITEMS, *parts).regions.tolist() == ["乙县", "甲县"]
    # each once, in the order asked for, also one of which nothing is known
    block = block_of(ITEMS, *parts, regions=["甲县", "丁县", "甲县"])
    assert block.regions.tolist() == ["甲县", "丁县"] and len(block) == 1


def test_an_empty_table_gives_an_empty_block():
    block = block_of(ITEMS, deaths([1] * 10, name="r").iloc[:0], regions=["甲区"])
    assert not len(block) and block.years.tolist() == [0] and block.seen.shape == block.values.shape == (0, 1)
    assert block.regions.tolist() == ["甲区"] and not len(block.status) and not len(block.survey)


def test_deeper_units_belong_to_the_region_above_them():
    parts = [
        deaths([1] * 10, region=name, level="township", name="r")
        for name in ("省/市/县/镇", "省/市/县", "省/别市/县")
    ]
    block = block_of(ITEMS, *parts, regions=["省/市"])
    assert block.places[block.place].tolist() == ["省/市/县", "省/市/县/镇"]
    assert block.unit.all() and (block.owner == 0).all()
    with pytest.raises(DataError, match=r"^地区互相包含：省/市/县 在另一个待评估地区之内"):
        block_of(ITEMS, *parts, regions=["省/市", "省/市/县"])
    # side by side is no matter
    assert len(block_of(ITEMS, *parts, regions=["省/市", "省/别市"])) == 3


def test_a_break_of_definition_hides_what_was_before_it():
    table = rows(range(10)).assign(series_break=[y in (2018, 2020) for y in range(2016, 2026)])
    beside = rows(range(10), residence="urban")
    block = block_of(ITEMS, table, beside)
    assert block.seen.sum(axis=1).tolist() == [6, 10]
    assert np.isnan(block.values[0, :4]).all() and block.values[0, 4] == 4


@pytest.mark.parametrize("name", NEEDED)
def test_a_missing_column_is_named(name):
    with pytest.raises(DataError, match=f"^数据表缺少列 {name}$"):
        read_block(table_of(rows([1] * 10)).drop(columns=name), PLAN, Settings(), 2025, None, False)


def test_a_missing_value_and_a_figure_given_twice_are_named():
    table = table_of(
        rows([1, 2, 3], years=[2020, 2021, 2023]), rows([1, 2, 3], years=[2020, 2021, 2023], name="asked")
    )
    for year, name in ((2021, "x"), (2023, "asked")):
        at = (table["year"] == year) & (table["indicator"] == name)
        with pytest.raises(DataError, match=f"^数值缺失：甲区 {name} {year}年$"):
            read_block(table.assign(value=table["value"].mask(at)), PLAN, Settings(), 2025, None, False)
        with pytest.raises(DataError, match=f"^数据重复：甲区 {name} {year}年出现多次$"):
            read_block(pd.concat([table, table[at]]), PLAN, Settings(), 2025, None, False)
    # what lies after the data year isn't looked at
    at = table["year"] == 2023
    assert (
        read_block(
            table.assign(value=table["value"].mask(at)), PLAN, Settings(), 2022, None, False
        ).seen.sum()
        == 4
    )


@pytest.mark.parametrize(
    ("typed", "known"), [(93, 92.17601), (92.18, 92.17601), (92.176, 92.17601), (92.17601, 92.17601)]
)
def test_values_are_read_by_their_counts_where_these_say_more(typed, known):
    block = block_of(
        [ITEM], rows([90.0, typed], numerator=[np.nan, 8777], denominator=[np.nan, 9522], years=(2024, 2025))
    )
    assert block.values[0, -1] == pytest.approx(known, abs=6e-5)
    assert block.values[0, 0] == 90


def test_a_value_in_four_decimals_stays_as_it_was_reported():
    block = block_of([ITEM], rows([92.176], numerator=[8777], denominator=[9522], years=(2025,)))
    assert block.values[0, 0] == 92.176
