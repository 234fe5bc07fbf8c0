"""Small cells are hidden, and no reader gets them back: by hand, by brute force, and on the demonstration district."""

import functools
import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xhcp_eval.errors import DataError, ParamsError
from xhcp_eval.observations.publish.suppression import audit, suppress
from xhcp_eval.observations.table import read_table
from xhcp_eval.plan.reading import load_plan

BIG = 1000


def cell(events, cases=BIG, region="区", sex="total", **columns):
    """One row of a table to be published, in per mille."""
    row = {
        "indicator": "rate", "region": region, "level": "township" if "/" in region else "district", "year": 2025,
        "sex": sex, "age": "total", "residence": "total", "category": "total", "value": 1000 * events / cases,
        "numerator": float(events), "denominator": float(cases), "unit": "permille",
    }  # fmt: skip
    return row | columns


def table(*cells):
    return pd.DataFrame(list(cells))


def by_sex(male, female, **columns):
    return table(
        cell(male + female, 2 * BIG, **columns), cell(male, sex="male", **columns), cell(female, sex="female", **columns)
    )  # fmt: skip


def two_by_two(inner):
    """Two sexes in two townships with all margins, from four counts; rows in a fixed order."""
    counts = dict(zip(itertools.product(("区/甲", "区/乙"), ("male", "female")), inner, strict=True))
    rows = []
    for region in ("区", "区/甲", "区/乙"):
        for sex in ("total", "male", "female"):
            inside = [key for key in counts if key[0].startswith(region) and sex in ("total", key[1])]
            rows.append(cell(sum(counts[key] for key in inside), BIG * len(inside), region, sex))
    return table(*rows)


# --- by hand


def test_the_other_sex_is_hidden_too():
    found = suppress(by_sex(3, 17))
    assert found["suppressed"].tolist() == ["", "primary", "secondary"]
    assert found["published"].tolist() == ["10‰", "<5", "…"]
    assert found["value"].isna().tolist() == found["numerator"].isna().tolist() == [False, True, True]
    assert found["denominator"].tolist() == [2000, 1000, 1000]
    known = audit(found, by_sex(3, 17))
    assert known[["low", "high"]].to_numpy().tolist() == [[1, 4], [16, 19]]
    assert not known["recoverable"].any()


def test_nothing_small_nothing_hidden():
    found = suppress(by_sex(5, 17))
    assert (found["suppressed"] == "").all()
    assert found["published"].tolist() == ["11‰", "5‰", "17‰"]
    assert audit(found).empty


def test_a_zero_is_no_child_unless_asked():
    assert (suppress(by_sex(0, 17))["suppressed"] == "").all()
    assert suppress(by_sex(0, 17), smallest=0)["suppressed"].tolist() == ["", "primary", "secondary"]


def test_two_small_ones_of_a_known_sum_take_the_total_along():
    # 3 + 4 = 7 with both below 5 leaves 3 or 4: less than the protection
    assert suppress(by_sex(3, 4))["suppressed"].tolist() == ["secondary", "primary", "primary"]
    # 2 + 2 is a small total by itself
    assert suppress(by_sex(2, 2))["suppressed"].tolist() == ["primary"] * 3


def test_hiding_only_the_small_cell_is_found_out():
    original = by_sex(3, 17)
    naive = suppress(original)
    naive.loc[2, ["numerator", "value", "published", "suppressed"]] = [17.0, 17.0, "17‰", ""]
    (found,) = audit(naive).to_dict("records")
    assert (found["sex"], found["low"], found["high"], found["recoverable"]) == ("male", 3, 3, True)


def test_a_rectangle_in_a_table_of_two_margins():
    # the small cell needs one more in its row, one in its column, and the corner across from it
    found = suppress(two_by_two([3, 40, 50, 60]))
    hidden = found[found["suppressed"] != ""]
    assert set(zip(hidden["region"], hidden["sex"], strict=True)) == set(
        itertools.product(("区/甲", "区/乙"), ("male", "female"))
    )
    assert (hidden["suppressed"] == "primary").sum() == 1


def test_few_without_the_event_are_few_children():
    rows = table(cell(496, 500), cell(249, 252, sex="male"), cell(247, 248, sex="female"))
    found = suppress(rows)
    assert found["suppressed"].tolist() == ["primary"] * 3
    # the count itself isn't below five
    assert found["published"].tolist() == ["…"] * 3


def test_counts_behind_a_rate_are_counts():
    rows = by_sex(3, 17).assign(numerator=np.nan)
    assert suppress(rows)["published"].tolist() == ["10‰", "<5", "…"]
    naive = suppress(rows)
    naive.loc[2, ["value", "published"]] = [17.0, "17‰"]
    assert audit(naive)["recoverable"].tolist() == [True]


def test_reported_numbers_are_counts():
    rows = by_sex(3, 17).assign(unit="count", value=[20.0, 3.0, 17.0], numerator=np.nan, denominator=np.nan)
    found = suppress(rows)
    assert found["published"].tolist() == ["20", "<5", "…"]
    assert found["value"].isna().tolist() == [False, True, True]
    assert audit(found)[["low", "high"]].to_numpy().tolist() == [[1, 4], [16, 19]]


def test_what_counts_no_people_may_be_exempt():
    assert (suppress(by_sex(3, 17), exempt=["rate"])["suppressed"] == "").all()


def test_a_small_population_is_hidden_and_guarded():
    rows = table(cell(0, 40), cell(0, 3, sex="male"), cell(0, 37, sex="female"))
    found = suppress(rows)
    assert found["denominator"].isna().tolist() == [False, True, True]
    # "<5" of a population known to be one or two would tell the number
    one = suppress(table(cell(12, 400), cell(1, 1, sex="male"), cell(11, 399, sex="female")))
    assert one["published"].tolist() == ["…", "…", "…"]


def test_parts_that_are_only_some_of_the_total_bound_it():
    # three causes of which two are listed: no sum to subtract from, but a bound
    rows = table(cell(20), cell(3, category="溺水"), cell(9, category="跌落"))
    found = suppress(rows)
    assert found["suppressed"].tolist() == ["", "primary", ""]
    assert audit(found, rows)[["low", "high"]].to_numpy().tolist() == [[1, 4]]


def test_whether_hidden_parts_add_up_is_told_by_others_of_their_kind():
    # in town B the sexes add up and the causes listed do not: so it is in town A, where one of each is hidden
    rows = table(
        *(
            cell(events, region=f"区/{town}", **{column: label})
            for town, male, drowned in (("甲", 3, 4), ("乙", 9, 7))
            for events, column, label in (
                (20, "sex", "total"), (male, "sex", "male"), (20 - male, "sex", "female"),
                (drowned, "category", "溺水"), (9, "category", "跌落"),
            )
        )
    )  # fmt: skip
    found = rows.assign(published="shown", suppressed="")
    hidden = (rows["numerator"] < 5).to_numpy()
    found.loc[hidden, ["value", "numerator"]] = np.nan
    found.loc[hidden, ["published", "suppressed"]] = ["<5", "primary"]
    known = audit(found)
    assert known[["low", "high"]].to_numpy().tolist() == [[3, 3], [1, 4]]
    assert known["recoverable"].tolist() == [True, False]


def test_towns_and_schools_divide_a_district_each_in_its_way():
    rows = table(
        cell(20), *(cell(n, region=f"区/{t}") for n, t in ((3, "甲"), (17, "乙"))),
        *(cell(n, region=f"区/{t}", level="school") for n, t in ((8, "一小"), (12, "二小"))),
    )  # fmt: skip
    assert suppress(rows)["suppressed"].tolist() == ["", "primary", "secondary", "", ""]


def test_a_higher_threshold_hides_more():
    rows = by_sex(8, 30)
    assert (suppress(rows)["suppressed"] == "").all()
    assert suppress(rows, threshold=10)["published"].tolist() == ["19‰", "<10", "…"]


# --- a reader with a computer


MOST = 13


@functools.cache
def every_table():
    """All tables of two sexes in two townships with up to `MOST` in a cell, margins added: (n, 9) counts."""
    grid = np.stack(np.meshgrid(*[np.arange(MOST + 1)] * 4, indexing="ij"), -1).reshape(-1, 2, 2)
    full = np.concatenate([grid.sum(axis=1, keepdims=True), grid], axis=1)
    return np.concatenate([full.sum(axis=2, keepdims=True), full], axis=2).reshape(-1, 9)


def possible(original, found):
    """Those of `every_table` that print as `found`."""
    tables = every_table()
    for i, text in enumerate(found["published"]):
        if text.startswith("<"):
            tables = tables[(tables[:, i] >= 1) & (tables[:, i] < 5)]
        elif text != "…":
            tables = tables[tables[:, i] == original["numerator"].iloc[i]]
    return tables


@given(st.lists(st.integers(0, 12), min_size=4, max_size=4))
def test_no_small_count_of_a_two_way_table_can_be_told(inner):
    original = two_by_two(inner)
    found = suppress(original)
    small = original["numerator"].between(1, 4).to_numpy()
    assert (found["suppressed"].to_numpy()[small] == "primary").all()
    assert found.loc[found["suppressed"] == "", "numerator"].equals(
        original.loc[found["suppressed"] == "", "numerator"]
    )
    tables = possible(original, found)
    # with a known total that small no other table is possible
    all_tried = found["suppressed"].iloc[0] == "" and sum(inner) <= MOST
    intervals = audit(found, original)
    for i, low, high in zip(intervals.index, intervals["low"], intervals["high"], strict=True):
        seen = tables[:, i]
        assert np.ptp(seen) >= (2 if small[i] else 1), (
            f"{found['published'].tolist()} leave {np.unique(seen)}"
        )
        assert low <= seen.min() and high >= seen.max()
        if all_tried:
            assert (low, high) == (seen.min(), seen.max())


def test_the_audit_finds_the_limits_of_brute_force():
    original = two_by_two([2, 0, 5, 6])
    found = suppress(original)
    tables = possible(original, found)
    intervals = audit(found, original)
    assert len(intervals) == 4
    for i, low, high in zip(intervals.index, intervals["low"], intervals["high"], strict=True):
        assert (low, high) == (tables[:, i].min(), tables[:, i].max())


@given(st.lists(st.integers(0, 30), min_size=6, max_size=6), st.integers(2, 10))
def test_what_is_shown_is_what_was_reported(counts, threshold):
    towns = [cell(n, region=f"区/{i}") for i, n in enumerate(counts)]
    original = table(cell(sum(counts), 6 * BIG), *towns)
    found = suppress(original, threshold)
    shown = found["suppressed"] == ""
    pd.testing.assert_frame_equal(found.loc[shown, original.columns], original[shown])
    small = original["numerator"].between(1, threshold - 1)
    assert not (small & shown).any() and found.loc[~shown, ["value", "numerator"]].isna().all(axis=None)
    intervals = audit(found, original)
    assert (intervals["low"] <= original.loc[intervals.index, "numerator"]).all()
    assert (intervals["high"] >= original.loc[intervals.index, "numerator"]).all()
    width = intervals["high"] - intervals["low"]
    assert (width[small[intervals.index]] >= min(2, threshold - 2)).all()


def test_the_demonstration_district_of_one_year(root):
    plan = load_plan("xinhua_2021_2030")
    rows = read_table(root / "data" / "demo" / "xinhua_2015_2025.csv", plan)
    rows = rows[(rows["year"] == 2024) & (rows["unit"].isin(["permille", "per_100k", "per_10k"]))]
    found = suppress(rows)
    counts = found["suppressed"].value_counts()
    assert counts["primary"] > 30 and counts["secondary"] > 0 and counts[""] > 10
    for known in (None, rows):
        intervals = audit(found, known)
        assert len(intervals) == counts["primary"] + counts["secondary"]
        assert not intervals["recoverable"].any()
    naive = found.copy()
    again = naive["suppressed"] == "secondary"
    naive.loc[again, ["value", "numerator"]] = rows.loc[again, ["value", "numerator"]]
    naive.loc[again, "published"] = "shown"
    assert audit(naive, rows)["recoverable"].any()


# --- bad input


def test_what_is_not_allowed():
    rows = by_sex(3, 17)
    with pytest.raises(DataError, match="缺少列 numerator"):
        suppress(rows.drop(columns="numerator"))
    with pytest.raises(DataError, match="出现多次"):
        suppress(pd.concat([rows, rows]))
    with pytest.raises(DataError, match="不能为负"):
        suppress(rows.assign(numerator=[-1.0, 3, 17]))
    for bad in ({"threshold": 1}, {"smallest": 5}, {"width": 1}):
        with pytest.raises(ParamsError, match="threshold≥2"):
            suppress(rows, **bad)


def test_no_rows_and_no_counts():
    empty = suppress(by_sex(3, 17).iloc[:0])
    assert {"suppressed", "published"} <= set(empty.columns) and audit(empty).empty
    bare = by_sex(3, 17).assign(numerator=np.nan, denominator=np.nan)
    assert (suppress(bare)["suppressed"] == "").all()


def test_margins_that_contradict_each_other_tell_nothing():
    # visible totals say that sexes add up; the hidden ones of the other town can't
    found = suppress(two_by_two([3, 40, 50, 60]))
    found.loc[found["sex"] == "total", "numerator"] += [500, 0, 0]
    known = audit(found)
    assert known["low"].notna().all() and not known["recoverable"].any()
