"""The demonstration district: its figures add up, look like small counts, and hold the planted troubles."""

from __future__ import annotations

import shutil

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from xhcp_eval.demo.district import apportion
from xhcp_eval.demo.raters import MARK, write_raters
from xhcp_eval.demo.table import FILES, FOLDER, SEED, generate, write_demo
from xhcp_eval.forecast.small_numbers import rate_interval
from xhcp_eval.observations.table import COLUMNS, KEY, concat_tables, read_table
from xhcp_eval.plan.reading import load_plan
from xhcp_eval.plan.units import UNITS

REGION = "新华区"
PROFILE = yaml.safe_load((FOLDER / "profile.yaml").read_text(encoding="utf-8"))
DEATHS = ["neonatal_mortality_rate", "infant_mortality_rate", "under5_mortality_rate"]


@pytest.fixture(scope="module")
def plan():
    return load_plan("xinhua_2021_2030")


@pytest.fixture(scope="module")
def files(plan):
    return [read_table(FOLDER / name, plan) for name in FILES]


@pytest.fixture(scope="module")
def demo(files):
    return concat_tables(files, list(FILES))


def cut(demo, indicator, sex="total", residence="total", category="total", level="district"):
    rows = demo[(demo["indicator"] == indicator) & (demo["level"] == level) & (demo["sex"] == sex)]
    return rows[(rows["residence"] == residence) & (rows["category"] == category)].set_index("year")


def amounts(table):
    """What adds up over the parts of a whole: the counts, or the value of a plain count."""
    counts = table[["numerator", "denominator"]]
    return counts.where(table["denominator"].notna(), pd.DataFrame({"numerator": table["value"]}))


def test_files_regenerate_byte_for_byte(tmp_path):
    for written in write_demo(tmp_path):
        committed = (FOLDER / written.name).read_bytes()
        assert written.read_bytes() == committed
        assert b"\r" not in committed
    assert sum((FOLDER / name).stat().st_size for name in FILES) < 4_000_000


def test_scores_of_people_regenerate_byte_for_byte(tmp_path, plan):
    shutil.copy(FOLDER / "evaluation" / "ranking.yaml", tmp_path)
    for written in write_raters(plan, read_table(FOLDER / FILES[0], plan), tmp_path):
        kept = FOLDER / "evaluation" / written.name
        assert written.read_bytes() == kept.read_bytes(), written.name
        assert MARK in kept.read_text(encoding="utf-8-sig")


def test_years_do_not_depend_on_each_other(plan):
    every = generate(plan)
    assert tuple(every.columns) == COLUMNS
    assert not every.duplicated(list(KEY)).any()
    some = generate(plan, seed=SEED, years=range(2019, 2022))
    expected = every[every["year"].between(2019, 2021)].reset_index(drop=True)
    pd.testing.assert_frame_equal(some, expected)


def test_every_row_says_that_it_is_a_demonstration(demo, plan):
    assert set(demo["status"]) == {"demo"}
    assert demo["source"].str.contains("演示数据").all()
    lead = {i.id: i.departments[0] for i in plan.indicators}
    known = demo[demo["indicator"].isin(lead)]
    assert (known["department"] == known["indicator"].map(lead)).all()
    reported = pd.to_datetime(demo["reported_on"])
    assert (reported.dt.year == demo["year"] + 1).all()
    late = (demo["department"] == "区市场监管局") & (demo["year"] == 2025)
    assert reported[~late].dt.month.isin([3, 4]).all()


def test_everything_asked_for_is_there_but_for_the_stated_gaps(demo, plan):
    reported = set(demo["indicator"])
    silent = {i.id for i in plan.indicators if i.kind != "gap"} - reported
    assert silent == set(PROFILE["missing"])
    assert {m.id for m in plan.milestones} == set(PROFILE["milestones"]) <= reported
    done = cut(demo[demo["indicator"].isin(PROFILE["milestones"])], sorted(PROFILE["milestones"])[0])
    assert set(done.index) == set(range(2021, 2031))
    latest = demo[demo["indicator"].isin(PROFILE["milestones"]) & (demo["year"] == 2025)]["value"]
    assert set(latest) == {0.0, 1.0}


@pytest.mark.parametrize(
    "indicator",
    [*DEATHS, "under5_stunting_prevalence", "public_kindergarten_share", "inclusive_childcare_place_count"],
)
def test_townships_and_residences_add_up(demo, indicator):
    whole = amounts(cut(demo, indicator))
    units = amounts(cut(demo, indicator, level="township")).groupby("year").sum(min_count=1)
    pd.testing.assert_frame_equal(units, whole, check_dtype=False)
    town, country = (amounts(cut(demo, indicator, residence=side)) for side in ("urban", "rural"))
    pd.testing.assert_frame_equal(town + country, whole, check_dtype=False)


def test_sexes_add_up_wherever_they_are_reported(demo):
    district = demo[demo["level"] == "district"]
    by_sex = set(district.loc[district["sex"] == "male", "indicator"])
    assert len(by_sex) > 40
    for indicator in by_sex:
        male, female = (amounts(cut(demo, indicator, sex=sex)) for sex in ("male", "female"))
        # a cut without anybody to count among has no row
        parts = male.add(female, fill_value=0).fillna(0)
        whole = amounts(cut(demo, indicator)).fillna(0)
        pd.testing.assert_frame_equal(parts[parts.any(axis=1)], whole[whole.any(axis=1)], check_dtype=False)


def test_vaccines_add_up(demo):
    rows = demo[(demo["indicator"] == "nip_vaccination_coverage") & (demo["category"] != "total")]
    assert rows["category"].nunique() == 8
    parts = amounts(rows).groupby([rows["region"], rows["year"]]).sum()
    whole = demo[(demo["indicator"] == "nip_vaccination_coverage") & (demo["category"] == "total")]
    whole = whole.set_index(["region", "year"])[["numerator", "denominator"]].sort_index()
    pd.testing.assert_frame_equal(parts, whole, check_dtype=False)


def test_younger_deaths_are_among_the_older_ones(demo):
    keys = [name for name in KEY if name != "indicator"]
    neonatal, infant, under5 = (
        demo[demo["indicator"] == name].set_index(keys).sort_index() for name in DEATHS
    )
    assert len(infant) == 17 * 16
    assert (neonatal["numerator"] <= infant["numerator"]).all()
    assert (infant["numerator"] <= under5["numerator"]).all()
    assert (neonatal["denominator"] == under5["denominator"]).all()
    injury, drowning = (
        cut(demo, name) for name in ("child_injury_mortality_rate", "child_drowning_mortality_rate")
    )
    assert (drowning["numerator"] <= injury["numerator"]).all()


def test_values_are_those_of_their_counts_but_for_the_typing_error(demo):
    counted = demo[demo["denominator"].notna()]
    per = counted["unit"].map({name: unit.per for name, unit in UNITS.items()}).astype(float)
    off = (counted["value"] - per * counted["numerator"] / counted["denominator"]).abs() > 0.5001e-4
    wrong = counted[off].iloc[0]
    assert off.sum() == 1
    assert (wrong["indicator"], wrong["region"], wrong["year"]) == (
        "under3_systematic_management_rate",
        "新华区/示范四街道",
        2022,
    )
    assert wrong["value"] == pytest.approx(10 * wrong["numerator"] / wrong["denominator"], abs=1e-4)


def test_printed_baselines_are_met(demo, plan):
    anchored = {
        "under5_stunting_prevalence", "under5_underweight_prevalence", "preschool_gross_enrolment_rate",
        "compulsory_retention_rate", "senior_high_gross_enrolment_rate",
    }  # fmt: skip
    bases = {i.id: b.value for i in plan.indicators for b in i.baselines if b.year == 2020}
    assert set(bases) == anchored | {"nip_vaccination_coverage"}
    assert cut(demo, "nip_vaccination_coverage").loc[2020, "value"] >= 99
    for name in anchored:
        row = cut(demo, name).loc[2020]
        assert abs(row["value"] - bases[name]) <= 50.001 / row["denominator"], name


def test_the_district_has_the_assumed_size(demo):
    births = cut(demo, "infant_mortality_rate")["denominator"]
    assert births[2020] == pytest.approx(3500, rel=0.05)
    assert births[2025] == pytest.approx(2400, rel=0.05)
    assert births[2030] == pytest.approx(2100, rel=0.05)
    assert cut(demo, "child_injury_mortality_rate").loc[2020, "denominator"] == pytest.approx(
        70_000, rel=0.03
    )
    boys, girls = (cut(demo, "infant_mortality_rate", sex=sex)["denominator"] for sex in ("male", "female"))
    np.testing.assert_allclose(cut(demo, "sex_ratio_at_birth")["value"], 100 * boys / girls, atol=0.005)
    townships = cut(demo, "infant_mortality_rate", level="township").loc[2020]
    assert len(townships) == 12
    assert townships["denominator"].min() < 90
    assert townships["denominator"].max() > 600


def test_small_counts_scatter_as_poisson(demo):
    """Pearson's dispersion of township deaths about the district's rate of the year is that of chance."""
    for name in DEATHS:
        units = cut(demo, name, level="township")
        expected = cut(demo, name)["value"].loc[units.index].to_numpy() / 1000 * units["denominator"]
        dispersion = ((units["numerator"] - expected) ** 2 / expected).sum() / (11 * 16)
        assert 0.75 < dispersion < 1.35, name
    assert (cut(demo, "infant_mortality_rate", level="township")["numerator"] == 0).mean() > 0.3


def test_midterm_file_ends_at_its_cut_off(files):
    early, later = files
    assert early["year"].max() == 2025
    assert early["reported_on"].max() < "2026-07"
    late = later[later["year"] == 2025]
    assert set(late["department"]) == {"区市场监管局"}
    assert late["reported_on"].str.startswith("2026-09").all()
    assert early.loc[early["department"] == "区市场监管局", "year"].max() == 2024


def test_planted_troubles_in_the_series(demo):
    marked = demo[demo["series_break"]]
    assert set(marked["indicator"]) == {"child_overweight_prevalence", "child_obesity_prevalence"}
    assert set(marked["year"]) == {2022}
    assert marked["note"].str.contains("不可比").all()
    for name in set(marked["indicator"]):
        change = cut(demo, name)["value"].diff()
        assert change[2022] > 1.5 * change.drop(2022).abs().max()
    rehab = cut(demo, "disabled_child_rehab_coverage")[["numerator", "denominator", "value"]]
    assert rehab.loc[2024].equals(rehab.loc[2023])
    assert not rehab.loc[2025].equals(rehab.loc[2024])
    swings = cut(demo, "out_of_school_venue_utilisation")["value"].diff().abs()
    assert swings.median() > 5


def test_one_township_is_below_90_percent_for_one_vaccine(demo):
    units = cut(demo, "nip_vaccination_coverage", level="township")
    assert (units["value"] >= 90).all()
    vaccines = demo[(demo["indicator"] == "nip_vaccination_coverage") & (demo["level"] == "township")]
    low = vaccines[vaccines["value"] < 90]
    assert low[["region", "year", "category"]].to_numpy().tolist() == [
        ["新华区/示范丙镇", 2023, "麻腮风疫苗"]
    ]


def test_targets_that_are_missed(demo):
    assert cut(demo, "student_fitness_good_rate").loc[2025, "value"] < 60
    assert cut(demo, "family_education_station_rural").loc[2025, "value"] == 74
    assert cut(demo, "myopia_prevalence_junior_high").loc[2030, "value"] > 65
    lowest = demo[(demo["indicator"] == "mental_health_class_hours_primary") & (demo["level"] == "school")]
    assert lowest["region"].nunique() == 12
    assert lowest[lowest["year"] == 2025]["value"].min() < 12


@given(st.integers(0, 500), st.lists(st.floats(0.001, 100), min_size=1, max_size=24))
def test_apportion_shares_out_everything_and_to_the_nearest(total, weights):
    weights = np.array(weights)
    parts = apportion(total, weights)
    assert parts.sum() == total
    assert (np.abs(parts - total * weights / weights.sum()) < 1 + 1e-6).all()


def test_readings_of_the_mortality_ceilings_can_differ(demo):
    """Pooled deaths are surely under the literal ceiling of 2030, not surely under the strict one (A01)."""
    for name, until, literal, strict in (
        ("neonatal_mortality_rate", 2025, 3, 2),
        ("infant_mortality_rate", 2030, 5, 4),
    ):
        pooled = cut(demo, name).loc[until - 2 : until, ["numerator", "denominator"]].sum()
        _, high = rate_interval(pooled["numerator"], pooled["denominator"], "rate", 0.95, 1000)
        assert strict < high < literal, name
