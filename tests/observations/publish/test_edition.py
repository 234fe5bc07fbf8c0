"""Two editions of the demonstration yearbook stand the attack of a reader who knows what readers know; leaks are found and refused."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.observations.publish import reader
from xhcp_eval.errors import DataError, DisclosureError, PlanError
from xhcp_eval.observations.publish import edition as made
from xhcp_eval.observations.publish.archive import archive_of, keep_edition, read_editions
from xhcp_eval.observations.publish.edition import Publication, attacked, make_edition, publication
from xhcp_eval.observations.publish.suppression import audit, suppress
from xhcp_eval.observations.table import read_table
from xhcp_eval.plan.identities import Identities, Moving, Order, Residence, Whole, load_identities
from xhcp_eval.plan.reading import load_plan
from xhcp_eval.provenance import ROOT

PLAN = load_plan("xinhua_2021_2030")
IDENTITIES = load_identities(PLAN)
TABLE = read_table(ROOT / "data" / "demo" / "xinhua_2015_2025.csv", PLAN)
THREE = publication(PLAN).model_copy(update={"years": 3})
LEAST = 4  # "<5" is one to four
REGION = "新华区"


@pytest.fixture(scope="module")
def editions():
    first = make_edition(TABLE, PLAN, REGION, 2023, rule=THREE)
    return first, make_edition(TABLE, PLAN, REGION, 2024, rule=THREE, earlier=[first.kept])


@pytest.fixture(scope="module")
def seen(editions):
    return reader.attack([printed(one.rows) for one in editions], TABLE, LEAST)


def printed(rows):
    """What is printed of an edition: numbers as a machine reads them, texts where they are hidden."""
    numbers = rows["value"].round(4).astype(object)
    return rows.assign(printed=numbers.where(rows["suppressed"] == "", rows["published"]))


def test_no_hidden_number_of_two_editions_can_be_worked_out(seen):
    assert len(seen) > 600 and (seen["low"] < seen["high"]).all()
    assert reader.too_narrow(seen, LEAST).empty


def test_the_true_number_is_among_the_possible_ones(seen):
    true = seen.merge(TABLE, on=reader.CELL, how="left")
    count = np.where(true["unit"] == "count", true["value"], true["numerator"])
    known = ~np.isnan(count)
    # sought no further than four numbers, so that the true one may lie beyond the range, but a limit never excludes it
    exact = (true["high"] - true["low"] + 1 < LEAST).to_numpy() & known
    assert (true["low"][exact] <= count[exact]).all() and (count[exact] <= true["high"][exact]).all()


def test_the_reader_finds_what_was_done_before():
    """Each indicator and year by itself, as it was: some are told exactly, many nearly."""
    rows = made.publishable(TABLE, PLAN, REGION, 2023, THREE.model_copy(update={"years": 1}))
    seen = reader.attack([printed(suppress(rows, 5, exempt=THREE.not_people))], TABLE, LEAST)
    assert (seen["low"] == seen["high"]).sum() >= 3
    assert len(reader.too_narrow(seen, LEAST)) > 25


def test_one_guard_shown_again_is_found_by_the_reader_and_refused(editions):
    first, second = editions
    rows = made.publishable(TABLE, PLAN, REGION, 2024, THREE)
    found = second.kept.copy()
    found.loc[found["suppressed"] != "", ["value", "numerator"]] = np.nan
    leaks = 0
    for k in np.flatnonzero(found["suppressed"] == "secondary")[::30]:
        leaky = found.copy()
        leaky.loc[k, ["value", "numerator"]] = rows.loc[k, ["value", "numerator"]]
        leaky.loc[k, ["published", "suppressed"]] = ["shown", ""]
        seen = reader.attack([printed(first.rows), printed(leaky)], TABLE, LEAST)
        if len(reader.too_narrow(seen, LEAST)):
            leaks += 1
            with pytest.raises(DisclosureError, match=r"没有写文件.*withhold"):
                attacked(leaky, rows, PLAN, THREE, IDENTITIES, [first.kept])
    assert leaks >= 1
    assert second.protected > first.protected


def test_a_refusal_names_the_cells_and_how_far(monkeypatch):
    some = TABLE[TABLE["indicator"] == "infant_mortality_rate"]
    naked = lambda cells, state, rule: (state.hidden, np.zeros(len(state.hidden), bool))  # noqa: E731
    monkeypatch.setattr("xhcp_eval.observations.publish.suppression.guard", naked)
    with pytest.raises(DisclosureError) as told:
        make_edition(some, PLAN, REGION, 2024, rule=THREE)
    assert any("婴儿死亡率，新华区/示范" in line and "只能是" in line for line in told.value.problems)


def test_what_is_shown_is_true_and_what_is_small_is_not_shown(editions):
    for one in editions:
        rows = one.rows.merge(TABLE, on=reader.CELL, suffixes=("", "_true"))
        shown = rows["suppressed"] == ""
        assert (rows["value"][shown] == rows["value_true"][shown]).all() and rows["value"][
            ~shown
        ].isna().all()
        people = ~rows["indicator"].isin(THREE.not_people)
        small = rows["numerator"].between(1, 4) | (
            (rows["unit"] == "count") & rows["value_true"].between(1, 4)
        )
        assert not (small & people & shown).any()
        assert "numerator" not in one.rows.columns and "denominator" not in one.rows.columns


def test_an_edition_made_again_is_the_same(editions):
    some = TABLE[TABLE["indicator"].str.contains("fall_mortality|injury_mortality")]
    first = make_edition(some, PLAN, REGION, 2024, rule=THREE)
    again = make_edition(some, PLAN, REGION, 2024, rule=THREE, earlier=[first.kept])
    pd.testing.assert_frame_equal(first.rows, again.rows)


# --- earlier editions


def test_editions_are_kept_as_they_were_and_once(tmp_path, editions):
    folder = archive_of(PLAN.id, REGION, True, tmp_path)
    assert folder.name.endswith(".demo") and read_editions(folder) == []
    for one, year in zip(editions, (2023, 2024), strict=True):
        assert keep_edition(one.kept, folder, year) == keep_edition(one.kept, folder, year)
    back = read_editions(folder)
    assert len(back) == 2
    for one, read in zip(editions, back, strict=True):
        pd.testing.assert_frame_equal(
            one.kept.reset_index(drop=True), read, check_dtype=False, check_column_type=False
        )
    other = editions[0].kept.assign(published="1")
    assert keep_edition(other, folder, 2023).name == "2023-2.csv"


def test_an_edition_that_was_damaged_is_told(tmp_path):
    (tmp_path / "2023-1.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"2023-1\.csv 的列不对；请从备份恢复"):
        read_editions(tmp_path)


# --- small tables of many kinds


def row(indicator, region, year, events, cases=1000.0, **cut):
    return {
        "indicator": indicator, "region": region, "level": "township" if "/" in region else "district", "year": year,
        "sex": "total", "age": "total", "residence": "total", "category": "total", "value": 1000 * events / cases,
        "numerator": float(events), "denominator": cases, "unit": "permille",
    } | cut  # fmt: skip


NAMES = ("neonatal_mortality_rate", "infant_mortality_rate", "under5_mortality_rate")
TOWNS = ("区/甲街道", "区/乙街道", "区/丙镇")


def district(counts, year):
    """Deaths of three ages, one within the other, in three towns, with totals and by residence. counts: (3 towns, 3 ages)."""
    rows = []
    for name, events in zip(NAMES, np.cumsum(counts, axis=1).T, strict=True):
        rows += [row(name, town, year, n) for town, n in zip(TOWNS, events, strict=True)]
        rows.append(row(name, "区", year, events.sum(), 3000.0))
        rows.append(row(name, "区", year, events[:2].sum(), 2000.0, residence="urban"))
        rows.append(row(name, "区", year, events[2], 1000.0, residence="rural"))
    return pd.DataFrame(rows)


@settings(max_examples=12)
@given(st.lists(st.integers(0, 7), min_size=18, max_size=18), st.booleans())
def test_no_small_death_of_a_district_can_be_told(numbers, corrected):
    """Two editions; in the second a year is added and, where `corrected`, the first year's figures have changed."""
    first, then = (district(np.reshape(part, (3, 3)), 2023) for part in (numbers[:9], numbers[9:]))
    later = pd.concat([then if corrected else first, district(np.reshape(numbers[9:], (3, 3)), 2024)])
    later = later.reset_index(drop=True)
    known = {"identities": IDENTITIES}
    old = suppress(first, **known)
    kept = first.assign(published=old["published"], suppressed=old["suppressed"])
    new = suppress(later, earlier=[kept], **known)
    for found, table in ((old, first), (new, later)):
        shown = found["suppressed"] == ""
        assert (found["value"][shown] == table["value"][shown]).all()
        assert not (table["numerator"].between(1, 4) & shown).any()
        assert reader.too_narrow(reader.attack([printed(found)], table, LEAST), LEAST).empty
    if not corrected:
        seen = reader.attack([printed(old), printed(new)], later, LEAST)
        assert reader.too_narrow(seen, LEAST).empty


def test_moving_sums_and_single_years_are_protected_together():
    years = range(2020, 2025)
    deaths = dict(zip(years, (6, 3, 7, 2, 9), strict=True))
    rows = [row("deaths", "区", y, n) for y, n in deaths.items()]
    rows += [
        row("deaths_3", "区", y, sum(deaths[y - k] for k in range(3)), 3000.0) for y in (2022, 2023, 2024)
    ]
    table = pd.DataFrame(rows)
    moving = Identities(moving=(Moving(id="m", name="三年", indicator="deaths_3", of="deaths", years=3),))
    alone, found = suppress(table), suppress(table, identities=moving)
    assert audit(alone, table, identities=moving)["recoverable"].any()
    seen = audit(found, table, identities=moving)
    assert (seen["high"] - seen["low"] + 1 >= LEAST).all()


def test_a_share_goes_with_the_number_it_is_a_share_of():
    counts = [
        row("children", r, 2024, n, np.nan, unit="count", value=float(n))
        for r, n in (("区", 30), ("区/甲镇", 3), ("区/乙镇", 27))
    ]
    cared = [
        row("cared", r, 2024, n, float(d))
        for r, n, d in (("区", 27, 30), ("区/甲镇", 3, 3), ("区/乙镇", 24, 27))
    ]
    table = pd.DataFrame([*counts, *cared])
    whole = Whole(
        id="c", name="关爱", whole="children", parts=("cared",), relation="at_most", denominator=True
    )
    found = suppress(table, identities=Identities(wholes=(whole,)))
    hidden = found["published"].isin(["…", "<5"]).to_numpy()
    assert hidden[1] and (hidden[:3] <= hidden[3:]).all()


def test_subdistricts_are_the_urban_part():
    rows = [
        row("x", r, 2024, n) for r, n in (("区/甲街道", 3), ("区/乙街道", 9), ("区/丙镇", 8), ("区/丁镇", 11))
    ]
    rows += [
        row("x", "区", 2024, 31),
        row("x", "区", 2024, 12, residence="urban"),
        row("x", "区", 2024, 19, residence="rural"),
    ]
    table = pd.DataFrame(rows)
    known = {"identities": Identities(residence=Residence(level="township", urban=("街道",), rural=("镇",)))}
    assert audit(suppress(table), table, **known)["recoverable"].any()
    seen = audit(suppress(table, **known), table, **known)
    assert (seen["high"] - seen["low"] + 1 >= LEAST).all()


def test_an_order_bounds_both():
    """Two of two: three infant deaths shown as few, and newborn deaths that can't be more."""
    order = Identities(orders=(Order(id="o", name="序", indicators=("a", "b")),))
    table = pd.DataFrame([row("a", "区", 2024, 9), row("b", "区", 2024, 9, cases=12.0)])
    found = suppress(table, identities=order)
    # b's three survivors are few; a, being as many, would tell that at least nine of the twelve died
    assert found["published"].tolist()[1] == "…"
    seen = audit(found, table, identities=order)
    assert (seen["high"] - seen["low"] + 1 >= LEAST).all()


def test_what_an_earlier_edition_printed_cannot_be_hidden_any_more():
    table = pd.DataFrame(
        [row("x", "区", 2024, 9), row("x", "区/甲镇", 2024, 3), row("x", "区/乙镇", 2024, 6)]
    )
    kept = table.assign(published=["9", "<5", "…"], suppressed=["", "primary", "secondary"])
    found = suppress(table, earlier=[kept])
    assert found["published"].tolist() == ["9‰", "<5", "…"]
    loose = kept.assign(published=["9", "<5", "6"], suppressed=["", "primary", ""])
    assert audit(suppress(table, earlier=[loose]), table, earlier=[loose])["recoverable"].any()


# --- the rule


def test_the_rule_is_the_plans_own(tmp_path, monkeypatch):
    assert publication(PLAN).threshold == 5 and publication(PLAN).least == 4
    assert Publication(threshold=10).least == 9 and Publication(width=6).least == 6
    (tmp_path / PLAN.id).mkdir()
    monkeypatch.setattr(made, "plan_folder", lambda name: tmp_path / name)
    assert publication(PLAN) == Publication()
    (tmp_path / PLAN.id / made.FILE).write_text("withhold: [nothing]\n", encoding="utf-8")
    with pytest.raises(PlanError, match="规划没有指标 nothing"):
        publication(PLAN)


def test_withheld_indicators_and_gaps_are_left_out():
    rule = Publication(withhold=("infant_mortality_rate",))
    rows = made.publishable(TABLE, PLAN, REGION, 2024, rule)
    assert "infant_mortality_rate" not in set(rows["indicator"]) and len(rows) > 1000
