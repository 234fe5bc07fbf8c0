"""Rural against urban rates: pooled windows, what few events leave open, and what is described only."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import betainc
from scipy.stats import chi2
from small_plan import block_of, deaths, foreseen, plan_of, rate, rows, told, unforeseen

from xhcp_eval.verdict import gaps
from xhcp_eval.verdict.gaps import judge_gaps
from xhcp_eval.verdict.settings import Settings

NAN = np.nan


def gap(kind="urban_rural"):
    return {
        "id": "g", "name": "差距", "goal": "health.1", "unit": "permille_points", "kind": "gap",
        "direction": "toward_zero", "derived_from": {"indicator": "x", "gap": kind}, "departments": [], "targets": [],
    }  # fmt: skip


ITEMS, AREA = [rate(), gap()], [rate(), gap("area")]


def sides(rural, urban, births=100_000, urban_births=None, region="甲区", years=range(2016, 2026), **columns):
    return pd.concat(
        [deaths(rural, births, region=region, years=years, residence="rural", **columns),
         deaths(urban, urban_births or births, region=region, years=years, residence="urban", **columns)]
    )  # fmt: skip


def judged(*parts, base_year=2020, end=2025, quantiles=None, items=ITEMS, **options):
    block = block_of(items, *parts, **options)
    future = unforeseen(block) if quantiles is None else foreseen(block, quantiles)
    return judge_gaps(future, plan_of(items).indicator("g"), base_year, end), block


def one(*parts, **options):
    found, _ = judged(*parts, **options)
    return {name: values[0] for name, values in found.items()}


def test_windows_and_values_by_hand():
    rural = [9999, 9999, 9999, 1400, 1500, 1600, 9999, 1100, 1200, 1300]
    urban = [1, 1, 1, 500, 500, 500, 1, 900, 900, 900]
    row = one(sides(rural, urban))
    # 2019 to 2021: 15 - 5 per mille; 2023 to 2025: 12 - 9
    by_hand = {
        "target_value": 10, "base_value": 10, "base_year": 2021, "base_first_year": 2019, "latest_value": 3,
        "latest_year": 2025, "latest_first_year": 2023, "gap": 0, "n_points": 10, "side": "目标以内",
        "trend_word": "改善", "own_status": "已达标", "reason_code": "reported", "small_count": False, "narrowed": 1,
    }  # fmt: skip
    for name, value in by_hand.items():
        assert row[name] == (pytest.approx(value) if isinstance(value, int) else value), name
    assert np.isnan(row["probability"])
    # 95% of the difference of two counts of 3,600 and 2,700: 1.96 * sqrt(6300) is 155.6 events of 300,000
    assert (row["latest_low"], row["latest_high"]) == pytest.approx((3 - 0.5186, 3 + 0.5186), abs=0.04)


def test_a_gap_that_has_widened():
    row = one(sides([1500] * 7 + [1800] * 3, [1000] * 10))
    assert (row["trend_word"], row["own_status"], row["side"]) == ("恶化", "未达标", "目标以外")
    assert row["gap"] == pytest.approx(8 - 5) and row["narrowed"] == 0
    assert not row["small_count"] and row["reason_code"] == "reported"


def test_a_gap_to_the_disadvantage_of_the_towns_counts_alike():
    row = one(sides([1000] * 10, [2000] * 7 + [1300] * 3))
    assert (row["base_value"], row["latest_value"], row["target_value"]) == pytest.approx((-10, -3, 10))
    assert (row["own_status"], row["side"], row["gap"]) == ("已达标", "目标以内", 0)
    # one that turned round and stands as wide on the other side has not narrowed
    row = one(sides([1000] * 7 + [2500] * 3, [2000] * 7 + [1000] * 3))
    assert (row["base_value"], row["latest_value"]) == pytest.approx((-10, 15))
    assert (row["own_status"], row["gap"]) == ("未达标", pytest.approx(5))


def test_counts_have_jeffreys_prior():
    # no urban deaths of a thousand million births: the gap is the rural rate, a Gamma of the count plus a half
    for events, first, high in (
        (0, 0.0, chi2.ppf(0.975, 1) / 2),
        (1, chi2.ppf(0.025, 7) / 2, chi2.ppf(0.975, 7) / 2),
    ):
        row = one(sides([events] * 10, [0] * 10, births=1000, urban_births=10**9))
        pooled = 3 * events
        assert row["latest_value"] == pytest.approx(pooled / 3)
        assert row["latest_low"] * 3 == pytest.approx(first, abs=0.06)
        assert row["latest_high"] * 3 == pytest.approx(high, rel=0.06)


@pytest.mark.parametrize(
    ("before", "now", "status"), [(4, 3, "无法判定"), (9, 6, "无法判定"), (20, 8, "已达标")]
)
def test_how_sure_a_narrowing_is_by_the_beta_law(before, now, status):
    # of two Gammas on equal births the later one is the smaller with the chance of a Beta below one half
    row = one(sides([before] * 7 + [now] * 3, [0] * 10, births=1000, urban_births=10**9))
    sure = betainc(3 * now + 0.5, 3 * before + 0.5, 0.5)
    assert row["narrowed"] == pytest.approx(sure, abs=0.02)
    assert row["own_status"] == status and row["small_count"] == (status == "无法判定")
    assert row["trend_word"] == ("无法判定" if status == "无法判定" else "改善")
    assert row["reason_code"] == ("few_events" if status == "无法判定" else "reported")
    assert row["side"] == "目标以内", "where it lies is known all the same"


def test_how_sure_it_has_to_be_follows_the_level():
    table = sides([9] * 7 + [6] * 3, [0] * 10, births=1000, urban_births=10**9)
    # about 91% sure
    assert 0.88 < betainc(18.5, 27.5, 0.5) < 0.94
    assert one(table)["own_status"] == "无法判定"
    assert one(table, settings=Settings(level=0.8))["own_status"] == "已达标"
    wide, narrow = one(table), one(table, settings=Settings(level=0.8))
    # 80% of a Gamma of 18.5: half of chi-squared's 10 and 90% of 37 degrees
    assert narrow["latest_low"] * 3 == pytest.approx(chi2.ppf(0.1, 37) / 2, rel=0.03)
    assert narrow["latest_high"] * 3 == pytest.approx(chi2.ppf(0.9, 37) / 2, rel=0.03)
    assert wide["latest_low"] < narrow["latest_low"] and wide["latest_high"] > narrow["latest_high"]
    # surely widened is as sure as surely narrowed
    table = sides([6] * 7 + [9] * 3, [0] * 10, births=1000, urban_births=10**9)
    assert one(table)["own_status"] == "无法判定"
    assert one(table, settings=Settings(level=0.8))["own_status"] == "未达标"


def test_windows_are_as_wide_as_the_settings_say():
    row = one(
        sides([1100, 1200, 1300, 1400, 1500, 1600, 1700, 1800, 1900, 2000], [1000] * 10),
        settings=Settings(pool_years=2),
    )
    assert (row["base_first_year"], row["base_year"], row["base_value"]) == (2020, 2021, pytest.approx(5.5))
    assert (row["latest_first_year"], row["latest_year"], row["latest_value"]) == (
        2024,
        2025,
        pytest.approx(9.5),
    )


def course(rural, urban):
    """Futures without doubt, of series in the order of their names."""
    return np.array([np.full((5, 15), rural), np.full((5, 15), urban)])


@pytest.mark.parametrize(
    ("rural", "urban", "chance", "status"),
    [(12, 10, 0.9999, "已达标"), (16, 10, 0.0001, "难以达标"), (10, 12, 0.9999, "已达标"), (4, 10, 0.0001, "难以达标")],
)  # fmt: skip
def test_the_chance_of_a_year_ahead(rural, urban, chance, status):
    # the base's gap is 5 per mille, of counts so large that they tell everything
    table = sides([150_000] * 7 + [120_000] * 3, [100_000] * 10, 10_000_000)
    found, block = judged(table, end=2030, quantiles=course(rural, urban))
    assert [block.series(k).residence for k in range(2)] == ["rural", "urban"]
    assert found["probability"][0] == pytest.approx(chance, abs=1e-9)
    assert (found["own_status"][0], found["reason_code"][0]) == (status, "probability")
    assert found["latest_year"][0] == 2025


def test_an_even_chance_where_the_gap_stays_as_it_was():
    row = one(sides([1500] * 10, [1000] * 10), end=2030, quantiles=course(15, 10))
    # two sides that moved alike would make it sure: their chances are drawn apart
    assert row["probability"] == pytest.approx(0.5, abs=0.03)
    assert row["own_status"] == "无法判定"


def test_what_cannot_be_foreseen_is_open():
    row = one(sides([1500] * 7 + [1200] * 3, [1000] * 10), end=2030)
    assert np.isnan(row["probability"]) and row["own_status"] == "无法判定"


def test_the_latest_year_is_the_last_that_both_sides_have():
    table = sides([1500] * 7 + [1200] * 3, [1000] * 10)
    late = table[(table["residence"] == "rural") | (table["year"] < 2025)]
    row = one(late)
    assert (row["latest_year"], row["latest_first_year"]) == (2024, 2022)
    late = table[(table["residence"] == "urban") | (table["year"] < 2024)]
    assert one(late, end=2030)["latest_year"] == 2023
    # the rural series speaks for both
    found, block = judged(table[(table["residence"] == "rural") | (table["year"] > 2017)])
    assert found["n_points"][0] == 10 and block.series(int(found["series"][0])).residence == "rural"
    # as of the years that windows take in
    found, _ = judged(table[(table["residence"] == "urban") | ~table["year"].isin([2019, 2023])])
    assert (found["base_first_year"][0], found["latest_first_year"][0]) == (2020, 2024)
    # and not after the target's own
    assert one(table, end=2024)["latest_year"] == 2024


def test_the_years_are_those_of_the_rural_windows():
    table = sides([1500] * 7 + [1200] * 3, [1000] * 10)
    row = one(table[(table["residence"] == "rural") | ~table["year"].isin([2019, 2023])])
    assert (row["base_first_year"], row["latest_first_year"]) == (2019, 2023)


def test_what_was_counted_in_the_first_year_alone_has_no_base():
    first = sides([1500], [1000], years=[2016])
    found, block = judged(first, sides([1500] * 10, [1000] * 10, region="乙区"), regions=["甲区", "乙区"])
    assert block.last_trusted.min() == 0
    assert found["reason_code"].tolist() == ["no_gap_base", "few_events"]


@pytest.mark.parametrize(
    ("keep", "code"),
    [
        (lambda t: t["residence"] == "rural", "no_gap_counts"),
        (lambda t: t["residence"] == "urban", "no_gap_counts"),
        (lambda t: t["year"] <= 2021, "no_gap_base"),
        (lambda t: t["year"] <= 2019, "no_gap_base"),
        (lambda t: t["year"] != 2021, "no_gap_base"),
        (lambda t: (t["year"] != 2025) | (t["residence"] == "rural"), "reported"),
        (lambda t: t["year"] <= 2022, "reported"),
    ],
)
def test_what_is_missing(keep, code):
    table = sides([1500] * 6 + [1200] * 4, [1000] * 10)
    row = one(table[keep(table)], end=2022 if code == "reported" else 2025)
    assert row["reason_code"] == code
    assert (row["own_status"] == "缺数据") == (code != "reported")


def test_counts_are_needed_on_both_sides():
    table = sides([1500] * 6 + [1200] * 4, [1000] * 10)
    for side in ("rural", "urban"):
        missing = (table["residence"] == side) & (table["year"] == 2025)
        row = one(table.assign(numerator=table["numerator"].where(~missing)))
        assert (row["own_status"], row["reason_code"]) == ("缺数据", "no_gap_counts")
        missing = (table["residence"] == side) & table["year"].between(2019, 2021)
        row = one(table.assign(numerator=table["numerator"].where(~missing)))
        assert (row["own_status"], row["reason_code"]) == ("缺数据", "no_gap_base")
        unsure = (table["residence"] == side) & (table["year"] > 2015)
        row = one(table.assign(status=np.where(unsure, "recollection", "reported")), use_recollection=True)
        assert (row["own_status"], row["reason_code"]) == ("缺数据", "no_gap_counts")


def test_many_regions_are_each_judged_alone():
    parts = [
        sides([20] * 7 + [8] * 3, [3] * 10, 1000, region="乙县"), sides([5] * 10, [4] * 10, 900, region="丁县"),
        sides([1500] * 8, [1000] * 8, region="丙县", years=range(2016, 2024)),
        deaths([4] * 10, region="甲县"),
    ]  # fmt: skip
    together, block = judged(*parts)
    assert set(together["own_status"]) > {"缺数据", "无法判定"}
    for k, region in enumerate(block.regions):
        alone = one(*[part for part in parts if part["region"].iloc[0] == region])
        for name, value in alone.items():
            if name != "series":
                np.testing.assert_array_equal(together[name][k], value, err_msg=name)


def test_many_regions_are_drawn_a_few_at_a_time(monkeypatch):
    """Also with futures: chunks of two, the last of one."""
    parts = [sides([30 + k] * 7 + [20 - k] * 3, [9 + 2 * k] * 10, 1000, region=f"{k}县") for k in range(5)]
    levels = np.random.default_rng(0).uniform(5, 30, (10, 1, 15))
    whole, _ = judged(*parts, end=2030, quantiles=np.sort(levels, axis=2))
    monkeypatch.setattr(gaps, "CELLS", 2 * 4000)
    by_two, _ = judged(*parts, end=2030, quantiles=np.sort(levels, axis=2))
    assert len(np.unique(whole["probability"])) == 5
    for name, values in whole.items():
        np.testing.assert_array_equal(by_two[name], values, err_msg=name)


def test_no_figures_at_all():
    for items, code in ((ITEMS, "no_gap_counts"), (AREA, "no_units")):
        row = one(rows([1], years=[2030], unit="permille"), until=2025, items=items)
        assert (row["own_status"], row["reason_code"]) == ("缺数据", code)


# -- townships -------------------------------------------------------------------------------------------------------


def township(name, per_year, births, **columns):
    return deaths(per_year, births, region=f"甲区/{name}", level="township", **columns)


def test_the_spread_of_townships_is_described():
    parts = [
        township("东街道", [2] * 9 + [5], 1000), township("西镇", [1] * 10, 500),
        township("南镇", [3] * 10, 1000).query("year < 2025"), township("北镇", [1] * 10, 4000),
    ]  # fmt: skip
    row = one(*parts, items=AREA, regions=["甲区"])
    # 2023 to 2025: 9 of 3,000 and 3 of 12,000; the south has reported nothing in 2025
    assert row["latest_value"] == pytest.approx(3 - 0.25)
    assert (row["latest_year"], row["latest_first_year"], row["n_points"]) == (2025, 2023, 10)
    assert (row["own_status"], row["reason_code"], row["small_count"]) == ("不作判定", "described", True)


def test_townships_of_many_regions_and_of_none():
    east = deaths([2] * 10, 1000, region="甲区/东街道", level="township")
    west = deaths([5] * 5, 1000, region="乙区/西镇", level="township", years=range(2020, 2025))
    north = deaths([1] * 5, 1000, region="乙区/北镇", level="township", years=range(2020, 2025))
    bare = deaths([3] * 10, 1000, region="丙区")
    found, block = judged(east, west, north, bare, items=AREA, regions=["甲区", "乙区", "丙区"])
    assert block.regions.tolist() == ["甲区", "乙区", "丙区"]
    assert found["own_status"].tolist() == ["不作判定", "不作判定", "缺数据"]
    assert found["reason_code"].tolist() == ["described", "described", "no_units"]
    np.testing.assert_allclose(found["latest_value"], [0, 4, NAN])
    np.testing.assert_allclose(found["latest_year"], [2025, 2024, NAN])
    np.testing.assert_allclose(found["latest_first_year"], [2023, 2022, NAN])
    assert found["n_points"].tolist() == [10, 5, 0]
    assert found["small_count"].tolist() == [True, True, False]


def test_townships_of_the_first_year_are_described_too():
    parts = [
        deaths([2], 1000, region="甲区/东街道", level="township", years=[2016]),
        deaths([5], 1000, region="甲区/西镇", level="township", years=[2016]),
        deaths([5] * 10, 1000, region="乙区/北镇", level="township"),
    ]  # fmt: skip
    found, _ = judged(*parts, items=AREA, regions=["甲区", "乙区"])
    assert found["latest_value"].tolist() == [3, 0] and found["latest_year"].tolist() == [2016, 2025]


def test_a_unit_cut_by_residence_or_category_is_none_of_its_own():
    parts = [
        township("东街道", [2] * 10, 1000), township("西镇", [1] * 10, 1000),
        township("东街道", [9] * 10, 1000, residence="rural"), township("西镇", [0] * 10, 1000, category="男"),
        deaths([90] * 10, 1000),
    ]  # fmt: skip
    assert one(*parts, items=AREA, regions=["甲区"])["latest_value"] == pytest.approx(1)


def test_the_gap_in_words():
    table = sides([20] * 7 + [8] * 3, [3] * 10, 1000)
    demand = [
        {"year": 2025, "op": "trend_down", "base_year": 2020, "level": "district", "text_ref": "health.1"}
    ]
    frame = told([rate(), gap() | {"targets": demand}], table)
    row = frame[frame["indicator"] == "g"].iloc[0]
    assert row["target_text"] == "差距较2019—2021年缩小"
    assert row["reason"] == (
        "2023—2025年合并农村8‰（24例）、城镇3‰（9例），差距5个千分点，基期17个千分点；差距缩小的把握>99%"
    )
