"""What a block says of its series is what each of them says by itself, in plain Python."""

from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from random_figures import ITEMS, PLAN, random_table
from small_plan import block_of, counted, deaths, indicator, rate, rows

from xhcp_eval.verdict.reading import read_block
from xhcp_eval.verdict.series import FEWEST_KIN, RESIDENCES, last_position, pooled_years, series_key
from xhcp_eval.verdict.settings import Settings

PER = {item["id"]: {"percent": 100, "permille": 1000, "count": 1}[item["unit"]] for item in ITEMS}


@pytest.fixture(
    scope="module", params=[(5, Settings()), (6, Settings(pool_years=2, few_events=60, few_cases=90))]
)
def block(request):
    seed, settings = request.param
    return read_block(random_table(seed), PLAN, settings, 2025, None, True)


def true_at(flags):
    return [at for at, flag in enumerate(flags) if flag]


class Plain:
    """One series of a block by itself."""

    def __init__(self, block, row):
        self.item, s = ITEMS[block.indicator[row]], block.settings
        self.seen = true_at(block.seen[row])
        self.trusted = [at for at in self.seen if block.trusted[row, at]]
        usual = [at for at in self.seen if not block.exceptional[row, at]]
        self.usual = usual if len(usual) >= 2 else self.seen
        self.telling = [at for at in self.trusted if at in self.usual] or self.trusted
        self.last = self.seen[-1]
        x, n = block.numerator[row], block.denominator[row]
        self.cases = n[self.last]
        self.with_counts = not np.isnan(x[self.last]) and not np.isnan(self.cases)
        self.counted = self.with_counts and self.item["kind"] != "ratio" and not self.item.get("census")
        recent = self.seen[-s.pool_years :]
        mean = [np.mean([grid[at] for at in recent if not np.isnan(grid[at])] or [np.nan]) for grid in (x, n)]
        self.window = 1
        if self.counted and self.item["kind"] in ("rate", "count") and mean[0] < s.few_events:
            self.window = s.pool_years
        if self.counted and self.item["kind"] == "proportion" and block.unit[row] and mean[1] < s.few_cases:
            self.window = 2
        self.uncertain = self.counted and (block.survey[row] or (self.window > 1 and not block.unit[row]))


def test_each_series_is_what_it_is_by_itself(block):
    plain = [Plain(block, row) for row in range(len(block))]
    for row, one in enumerate(plain):
        for name in ("usual", "telling"):
            assert true_at(getattr(block, name)[row]) == getattr(one, name), name
        assert (block.last[row], block.n_points[row]) == (one.last, len(one.seen))
        assert block.last_trusted[row] == (one.trusted[-1] if one.trusted else -1)
        for name in ("with_counts", "counted", "window", "uncertain"):
            assert getattr(block, name)[row] == getattr(one, name), name
        assert block.share[row] == (one.item["kind"] == "proportion")
        np.testing.assert_equal(block.cases[row], one.cases)
        assert block.per[row] == PER[one.item["id"]]
    # the fixture has every case
    assert {one.window for one in plain} == {1, 2, block.settings.pool_years}
    for name in ("with_counts", "counted", "uncertain"):
        assert {bool(getattr(one, name)) for one in plain} == {True, False}
    assert any(not one.trusted for one in plain) and any(len(one.usual) < len(one.seen) for one in plain)


def test_tables_give_the_series_of_a_region_itself(block):
    np.testing.assert_array_equal(block.main, block.table("total"))
    for residence in RESIDENCES:
        table = block.table(residence)
        assert table.shape == (3, len(ITEMS)) and len(np.unique(table[table >= 0])) == (table >= 0).sum() > 0
        for region, name in enumerate(block.regions):
            for at in range(len(ITEMS)):
                rows_ = [
                    row for row in range(len(block))
                    if block.places[block.place[row]] == name and block.indicator[row] == at and block.whole[row]
                    and RESIDENCES[block.residence[row]] == residence
                ]  # fmt: skip
                assert [table[region, at]] == (rows_ or [-1])


def test_cells_are_looked_up_by_calendar_year(block):
    rows_ = np.array([*range(len(block)), -1])
    first, last = int(block.years[0]), int(block.years[-1])
    for year in range(first - 2, last + 3):
        found = block.look(block.values, rows_, np.full(len(rows_), year), -7.0)
        known = block.has_year(rows_, np.full(len(rows_), year))
        for row in rows_:
            inside = row >= 0 and first <= year <= last
            np.testing.assert_equal(found[row], block.values[row, year - first] if inside else -7.0)
            assert known[row] == (inside and block.trusted[row, year - first])
    empty = block_of([indicator()], rows([80], years=[2031]))
    assert empty.look(empty.values, np.array([-1, -1]), np.array([2020, 2021]), -7.0).tolist() == [-7.0, -7.0]
    assert empty.main.tolist() == [[-1]]


def test_forecasters_are_given_usual_years_and_the_counts_of_what_chance_has_a_part_in(block):
    rows_ = np.random.default_rng(0).permutation(len(block))[:60]
    panel = block.panel(rows_)
    assert panel.keys.tolist() == rows_.tolist() and panel.years.tolist() == block.years.tolist()
    kin = {}
    for k, row in enumerate(rows_):
        one = Plain(block, row)
        item = one.item
        for name, grid in (
            ("values", block.values),
            ("numerator", block.numerator),
            ("denominator", block.denominator),
        ):
            given = one.usual if name == "values" or one.counted else []
            expected = [grid[row, at] if at in given else np.nan for at in range(len(block.years))]
            np.testing.assert_array_equal(getattr(panel, name)[k], expected)
        assert panel.last[k] == one.usual[-1]
        upper = np.inf if item["upper"] is None else item["upper"]
        ceiling = 100 if item["unit"] == "percent" else upper
        assert (panel.lower[k], panel.upper[k], panel.ceiling[k]) == (0, upper, ceiling)
        kin.setdefault((block.owner[row], block.indicator[row], block.category[row]), []).append(k)
    # the same number for kin, in the order of region, indicator and category, where there are enough of them
    few = []
    for code, members in enumerate(kin[key] for key in sorted(kin)):
        if sum(len(Plain(block, rows_[k]).usual) >= 2 for k in members) >= FEWEST_KIN:
            assert panel.indicator[members].tolist() == [code] * len(members)
        else:
            few += members
    assert few and len(few) < len(rows_), "the fixture has both"
    assert len(set(panel.indicator[few])) == len(few) and panel.indicator[few].min() >= len(rows_)


def test_a_series_to_be_shown_has_its_reported_years_only(block):
    for row in range(len(block)):
        at, one = block.seen[row], block.series(row)
        place, category = str(block.places[block.place[row]]), str(block.categories[block.category[row]])
        item, residence = ITEMS[block.indicator[row]], RESIDENCES[block.residence[row]]
        assert (
            one.key
            == series_key(item["id"], place, residence, category)
            == "|".join((item["id"], place, residence, category))
        )
        assert (one.row, one.indicator.id, one.region, one.residence, one.category) == (
            row,
            item["id"],
            place,
            residence,
            category,
        )
        assert one.unit == block.unit[row] and one.years.tolist() == block.years[at].tolist()
        for name in ("values", "numerator", "denominator", "trusted", "exceptional"):
            np.testing.assert_array_equal(getattr(one, name), getattr(block, name)[row, at])
        told = [str(block.statuses[k]) for k in block.status[row, at]]
        assert set(one.statuses) == set(told) and len(one.statuses) == len(set(told))
        assert one.statuses[0] == told[0]
        name = place.split("/")[-1]
        assert one.place == (name if category == "total" else f"{name}·{category}")
        trusted = one.years[one.trusted].tolist()
        assert one.last_trusted == (trusted[-1] if trusted else None)
    for stays in (block, block.series(0)):
        with pytest.raises(FrozenInstanceError):
            stays.unit = False


def test_a_series_is_found_by_indicator_and_region_if_it_may_carry_a_verdict(block):
    found = {(item["id"], name): block.find(item["id"], name) for item in ITEMS for name in block.regions}
    for (item, name), row in found.items():
        at, which = block.regions.tolist().index(name), [i["id"] for i in ITEMS].index(item)
        main = block.main[at, which]
        assert row == (main if main >= 0 and block.trusted[main].any() else -1)
    assert block.find("stranger", block.regions[0]) == block.find("x", "丁县") == -1
    recalled = block_of(
        [indicator(), rate(id="r")], counted([80], 100, years=[2025], status="recollection"),
        deaths([1], years=[2025], name="r"), use_recollection=True,
    )  # fmt: skip
    assert (recalled.find("x", "甲区"), recalled.find("r", "甲区")) == (-1, 1)
    assert [recalled.series(row).last_trusted for row in (0, 1)] == [None, 2025]
    only = block_of([indicator()], counted([80], 100, years=[2025]))
    assert only.find("x", "甲区") == 0


@pytest.mark.parametrize(
    ("kind", "events", "cases", "unit", "wide"),
    [
        ("rate", 29.9, 1e6, False, 4), ("rate", 30, 1e6, False, 1), ("count", 5, 1, True, 4), ("mean", 5, 5, True, 1),
        ("proportion", 5, 49.9, True, 2), ("proportion", 5, 50, True, 1), ("proportion", 5, 5, False, 1),
        ("rate", np.nan, np.nan, True, 1), ("ratio", 5, 5, True, 1),
    ],
)  # fmt: skip
def test_years_are_pooled_where_counts_are_few(kind, events, cases, unit, wide):
    settings = Settings(few_events=30, few_cases=50, pool_years=4)
    assert pooled_years(kind, np.array([events]), np.array([cases]), unit, settings).tolist() == [wide]


def test_windows_go_by_the_mean_of_the_last_years_reported():
    """29, 30, 31 and what was long before; a year without counts is no zero."""
    for last, wide in (([29, 30, 30], 3), ([29, 30, 31], 1), ([30, 30, 30], 1)):
        assert block_of([rate()], deaths([1] * 7 + last, 1000)).window.tolist() == [wide]
    table = deaths([1] * 7 + [30, 30, 30], 1000)
    table.loc[table["year"] == 2024, "numerator"] = np.nan
    assert block_of([rate()], table).window.tolist() == [1]
    # years that weren't reported don't count
    assert (
        block_of([rate()], deaths([1, 1, 30, 30, 30], 1000, years=[2016, 2017, 2018, 2021, 2025])).window == 1
    )
    assert (
        block_of([rate()], deaths([1, 1, 1, 30, 30], 1000, years=[2016, 2017, 2018, 2021, 2025])).window == 3
    )


def test_the_last_true_flag_of_each_row():
    flags = np.array([[True, False, False], [False, False, True], [False, True, False], [False] * 3], bool)
    assert last_position(flags).tolist() == [0, 2, 1, -1]
    assert series_key("x", "甲区") == "x|甲区|total|total"
