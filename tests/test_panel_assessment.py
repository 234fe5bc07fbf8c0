"""The whole panel judged by arrays is what `assess` says of each region, target by target."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as rules
from hypothesis import strategies as st
from xhcp_eval.assessment import assess, make_case
from xhcp_eval.province.ahead import weights
from xhcp_eval.province.assess import assess_blocks, assess_panel
from xhcp_eval.province.cells import WALK, cells, tail, transition
from xhcp_eval.province.slices import read_slice, save_panel
from xhcp_eval.province.table import COLUMNS, REASONS

from xhcp_eval.errors import DataError, ParamsError
from xhcp_eval.observations import read_table
from xhcp_eval.plan import load_plan
from xhcp_eval.projection import LEVELS, sample_paths
from xhcp_eval.provenance import ROOT
from xhcp_eval.verdict.settings import Settings

PLAN = load_plan("xinhua_2021_2030")
DISTRICT = PLAN.region
SETTINGS = Settings()
NUMBERS = {
    "target_value": "target_value", "base_year": "base_year", "base_value": "base_value", "latest_year": "latest_year",
    "latest_value": "latest_value", "latest_low": "low", "latest_high": "high", "numerator": "numerator",
    "denominator": "denominator", "gap": "gap", "covered": "covered", "pace": "pace", "required_pace": "required_pace",
    "n_points": "n_points",
}  # fmt: skip
# where the base year lies ahead the bound itself is a simulated one
SIMULATED = ("target_value", "gap", "required_pace")
# comparisons of one probability are many, and a simulated one is off on either side
NEAR = 4.5
LIMITS = (SETTINGS.unlikely, SETTINGS.likely, SETTINGS.secure, *SETTINGS.undecidable)


@pytest.fixture(scope="module")
def district():
    return read_table(ROOT / "data" / "demo" / "xinhua_2015_2025.csv", PLAN)


def region(table, name):
    """The district under another name, units and all."""
    return table.assign(region=table["region"].str.replace(DISTRICT, name, n=1, regex=False))


def perturbed(table, name, seed):
    """Another region: counts redrawn, years missing, definitions changed, recollections, odd years, townships gone."""
    rng = np.random.default_rng(seed)
    found = region(table, name).reset_index(drop=True)
    counted = found["numerator"].notna() & found["denominator"].notna() & (found["value"] > 0)
    per = found["value"] * found["denominator"] / found["numerator"]
    drawn = rng.poisson(found["numerator"].fillna(0) * rng.uniform(0.8, 1.1, len(found)))
    drawn = np.minimum(drawn, found["denominator"].fillna(0))
    counted &= per.notna()
    value = (per * drawn / found["denominator"]).round(4)
    found["numerator"] = found["numerator"].mask(counted, drawn)
    found["value"] = found["value"].mask(
        counted, value.clip(upper=found["value"].where(found["value"] > 100, 100))
    )
    found["series_break"] |= rng.random(len(found)) < 0.02
    found["exceptional"] |= rng.random(len(found)) < 0.04
    found["status"] = found["status"].mask(rng.random(len(found)) < 0.06, "recollection")
    found["status"] = found["status"].mask(rng.random(len(found)) < 0.02, "survey")
    units = found["region"].unique()
    gone = rng.choice(units[units != name], size=rng.integers(0, len(units)), replace=False)
    return found[(rng.random(len(found)) > 0.12) & ~found["region"].isin(gone)]


def near(p, q, draws=SETTINGS.draws):
    """Whether two probabilities, one or both simulated, may be the same."""
    error = np.sqrt(2 * np.maximum(q * (1 - q), 1 / draws) / draws)
    return np.abs(p - q) <= NEAR * error + 0.002


def on_a_limit(row):
    """Whether simulation error alone may give a row another status."""
    p = row["probability"]
    return np.isfinite(p) and any(near(limit, p) for limit in LIMITS)


def check_same(one_by_one, panel):
    """Every column of the panel's rows is that of `assess`."""
    assert one_by_one["target_id"].tolist() == panel["target_id"].tolist()
    ahead = (
        one_by_one["base_year"].isna()
        & one_by_one["target_value"].notna()
        & ~one_by_one["op"].isin(["<=", ">="])
    )
    for name, ours in NUMBERS.items():
        expected, found = one_by_one[name].to_numpy(float), panel[ours].to_numpy(float)
        chance = ahead.to_numpy() & (name in SIMULATED)
        np.testing.assert_allclose(found[~chance], expected[~chance], rtol=1e-9, atol=1e-9, err_msg=name)
        assert np.array_equal(np.isnan(found), np.isnan(expected)) or name == "required_pace", name
    p, q = (frame["probability"].to_numpy(float) for frame in (one_by_one, panel))
    assert np.array_equal(np.isnan(p), np.isnan(q))
    known = np.isfinite(p)
    assert near(p[known], q[known]).all(), one_by_one[known][~near(p[known], q[known])]["target_id"].tolist()
    unsure = (
        np.array([on_a_limit(row) for _, row in panel.iterrows()]) | (one_by_one["kind"] == "gap").to_numpy()
    )
    for name in ("own_status", "status", "trend_word", "small_count"):
        differ = (one_by_one[name].astype(str) != panel[name].astype(str).to_numpy()).to_numpy()
        if name == "status":
            unsure = one_by_one["question"].isin(one_by_one["question"][unsure]).to_numpy()
        assert not (differ & ~unsure).any(), (name, one_by_one["target_id"][differ & ~unsure].tolist())
    failed = [len(text.split("；")) if text else 0 for text in one_by_one["failures"]]
    assert panel["failures"].tolist() == failed
    return int(known.sum())


@pytest.mark.parametrize("as_of", [2020, 2025])
def test_the_demonstration_district_is_judged_as_one_by_one(district, as_of):
    panel = assess_panel(district, PLAN, SETTINGS, as_of=as_of)
    assert panel.columns.tolist() == list(COLUMNS)
    assert check_same(assess(make_case(district, PLAN, as_of=as_of)), panel) > 80


def test_random_regions_are_judged_as_one_by_one(district):
    names = ["甲市/子县", "乙市/丑县"]
    table = pd.concat([perturbed(district, name, seed) for seed, name in enumerate(names)], ignore_index=True)
    for name, use, as_of in ((names[0], False, 2022), (names[1], True, 2024)):
        panel = assess_panel(table, PLAN, SETTINGS, as_of, regions=names, use_recollection=use)
        case = make_case(table, PLAN, name, as_of=as_of, use_recollection=use)
        assert check_same(assess(case), panel[panel["region"] == name].reset_index(drop=True)) > 50


def test_a_region_is_judged_alike_whoever_stands_beside_it(district):
    both = pd.concat([district, perturbed(district, "邻区", 3)], ignore_index=True).sample(
        frac=1, random_state=1
    )
    alone = assess_panel(district, PLAN, as_of=2023)
    beside = assess_panel(both, PLAN, as_of=2023, regions=["邻区", DISTRICT])
    beside = beside[beside["region"] == DISTRICT].reset_index(drop=True)
    for name in ("own_status", "trend_word", "reason", "small_count"):
        # what is simulated is drawn anew beside another; nothing else may change
        gap = alone["indicator"].astype(str).str.endswith("_gap") & (name in ("own_status", "reason"))
        assert (alone[name].astype(str) == beside[name].astype(str))[~gap].all()
    np.testing.assert_allclose(alone["latest_value"], beside["latest_value"], rtol=1e-12)


def test_blocks_give_what_the_whole_table_gives(district):
    """Also in processes of their own, in the order of the blocks."""
    names = ["甲县", "乙县"]
    tables = [region(district, name) for name in names]
    whole = assess_panel(pd.concat(tables, ignore_index=True), PLAN, as_of=2025, regions=names)
    frames = list(assess_blocks(iter(tables), PLAN, 2025, jobs=2))
    found = pd.concat([frame.astype({"region": str}) for frame in frames], ignore_index=True)
    assert found["region"].tolist() == whole["region"].astype(str).tolist()
    np.testing.assert_allclose(found["latest_value"], whole["latest_value"], rtol=1e-12)
    with pytest.raises(ParamsError, match="至少为 1"):
        next(assess_blocks([], PLAN, 2025, jobs=0))


def test_projecting_everything_changes_no_verdict(district):
    own = district[district["region"] == DISTRICT]
    some, every = (assess_panel(own, PLAN, as_of=2025, project_all=flag) for flag in (False, True))
    pd.testing.assert_frame_equal(some, every, rtol=1e-5)


def test_every_reason_has_words(district):
    panel = assess_panel(perturbed(district, "甲县", 5), PLAN, as_of=2023, use_recollection=True)
    assert set(panel["reason"].astype(str)) <= set(REASONS)
    assert (panel["own_status"].astype(str) != "").all()


def test_a_region_without_figures_has_no_data(district):
    panel = assess_panel(district, PLAN, as_of=2025, regions=["空县"])
    judged = panel[~panel["own_status"].isin(["不作判定"])]
    assert set(judged["own_status"]) == {"缺数据"}
    assert panel["probability"].isna().all() and len(panel) == len(PLAN.targets()) + len(PLAN.milestones)


def test_a_gap_whose_sides_end_apart_is_left_unjudged(district):
    """One side was last reported for a year that the other skipped: no word on the gap, and the others are judged."""
    source = district["indicator"].eq("infant_mortality_rate") & district["region"].eq(DISTRICT)
    rural = source & district["residence"].eq("rural") & (district["year"] > 2023)
    urban = source & district["residence"].eq("urban") & district["year"].eq(2023)
    panel = assess_panel(district[~rural & ~urban], PLAN, as_of=2025).set_index("indicator")
    assert panel.loc["infant_mortality_urban_rural_gap", "reason"] == "no_gap_base"
    assert panel.loc["under5_mortality_urban_rural_gap", "reason"] != "no_gap_base"


def test_tables_that_cannot_be_used_are_refused(district):
    with pytest.raises(DataError, match="缺少列 numerator"):
        assess_panel(district.drop(columns="numerator"), PLAN)
    with pytest.raises(DataError, match="重复"):
        assess_panel(pd.concat([district, district.head(1)]), PLAN)
    with pytest.raises(DataError, match="数值缺失"):
        assess_panel(district.assign(value=np.nan), PLAN)
    with pytest.raises(DataError, match="互相包含"):
        assess_panel(district, PLAN, regions=[DISTRICT, f"{DISTRICT}/示范甲镇"])


def test_slices_hold_each_region_and_replace_what_was_saved(district, tmp_path):
    names = ["甲县", "乙县", "丙县"]
    tables = [region(district[district["region"] == DISTRICT], name) for name in names]
    folder = save_panel(assess_blocks(tables[:1], PLAN, 2025), tmp_path / "panel")
    save_panel(assess_blocks(tables, PLAN, 2024), folder)
    one = read_slice(folder, "乙县")
    expected = assess_panel(tables[1], PLAN, as_of=2024)
    assert one.columns.tolist() == list(COLUMNS) and len(list(folder.iterdir())) == 3
    assert one["target_id"].astype(str).tolist() == expected["target_id"].astype(str).tolist()
    np.testing.assert_allclose(one["latest_value"], expected["latest_value"])
    with pytest.raises(DataError, match="没有地区 丁县"):
        read_slice(folder, "丁县")
    with pytest.raises(DataError, match="没有评估结果"):
        read_slice(tmp_path / "none", "甲县")


def test_a_failed_run_leaves_the_saved_panel_as_it_was(district, tmp_path):
    own = district[district["region"] == DISTRICT]
    folder = save_panel(assess_panel(own, PLAN, as_of=2025), tmp_path / "panel")

    def broken():
        yield assess_panel(own, PLAN, as_of=2024)
        raise DataError("坏文件")

    with pytest.raises(DataError, match="坏文件"):
        save_panel(broken(), folder)
    assert read_slice(folder, DISTRICT)["latest_year"].max() == 2025
    assert [path.name for path in tmp_path.iterdir()] == ["panel"]
    (folder / "notes.txt").write_text("x", encoding="utf-8")
    with pytest.raises(DataError, match=re.escape("notes.txt")):
        save_panel(assess_panel(own, PLAN, as_of=2025), folder)


def test_cells_carry_all_mass_and_keep_the_walk_standard_normal():
    edges, mass = cells(WALK)
    assert mass.sum() == pytest.approx(1) and (np.diff(edges) > 0).all()
    for ahead in (1, 4, 9):
        table = transition(ahead, WALK)
        np.testing.assert_allclose(table.sum(axis=1), 1, atol=1e-9)
        np.testing.assert_allclose(mass @ table, mass, atol=1e-4)


def test_the_quantile_function_is_read_as_paths_are():
    """On the scores that `sample_paths` draws, the weights give the paths that it returns."""
    import zlib

    values = np.sort(np.random.default_rng(0).normal(size=(2, len(LEVELS))), axis=1)
    paths = sample_paths(values, np.asarray(LEVELS), "x", 500, 1)
    steps = np.random.default_rng([1, zlib.crc32(b"x")]).standard_normal((500, 2))
    scores = steps.cumsum(axis=1) / np.sqrt([1, 2])
    for h in range(2):
        np.testing.assert_allclose(values[h] @ weights(scores[:, h]), paths[:, h], atol=1e-12)


@rules(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(-2, 60), st.floats(0.01, 40), st.integers(1, 50))
def test_tails_are_those_of_scipy(need, mean, people):
    from scipy import stats

    poisson = tail(np.array([need]), np.array([mean]), np.inf)[0]
    assert poisson == pytest.approx(stats.poisson.sf(need - 1, mean), abs=1e-10)
    share = min(mean / people, 1.0)
    binomial = tail(np.array([need]), np.array([mean]), np.array([people]))[0]
    assert binomial == pytest.approx(stats.binom.sf(need - 1, people, share), abs=1e-10)
