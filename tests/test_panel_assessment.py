"""The whole panel judged by arrays is what `assess` says of each region, target by target."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as rules
from hypothesis import strategies as st

from xhcp_eval.assessment import assess, make_case
from xhcp_eval.errors import DataError, ParamsError
from xhcp_eval.observations import read_table
from xhcp_eval.plan import load_plan
from xhcp_eval.projection import LEVELS, sample_paths
from xhcp_eval.province.ahead import weights
from xhcp_eval.province.assess import assess_blocks, assess_panel
from xhcp_eval.province.cells import WALK, cells, tail, transition
from xhcp_eval.province.slices import read_slice, save_panel
from xhcp_eval.province.table import COLUMNS, REASONS
from xhcp_eval.provenance import ROOT
from xhcp_eval.settings import Settings

PLAN = load_plan("xinhua_2021_2030")
DISTRICT = PLAN.region
SETTINGS = Settings()
NUMBERS = {
    "target_value": "target_value", "base_year": "base_year", "base_value": "base_value", "latest_year": "latest_year",
    "latest_value": "latest_value", "latest_low": "low", "latest_high": "high", "numerator": "numerator",
    "denominator": "denominator", "gap": "gap", "covered": "covered", "pace": "pace", "required_pace": "required_pace",
    "n_points": "n_points",
}  # fmt: skip
SIMULATED = ("target_value", "gap", "required_pace", "latest_low", "latest_high")
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
    found["value"] = found["value"].mask(counted, value.clip(upper=found["value"].where(found["value"] > 100, 100)))
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
    ahead = one_by_one["base_year"].isna() & one_by_one["target_value"].notna() & ~one_by_one["op"].isin(["<=", ">="])
    loose = ahead | (one_by_one["kind"] == "gap")
    for name, ours in NUMBERS.items():
        expected, found = one_by_one[name].to_numpy(float), panel[ours].to_numpy(float)
        chance = loose.to_numpy() & (name in SIMULATED)
        np.testing.assert_allclose(found[~chance], expected[~chance], rtol=1e-9, atol=1e-9, err_msg=name)
        assert np.array_equal(np.isnan(found), np.isnan(expected)) or name == "required_pace", name
    p, q = (frame["probability"].to_numpy(float) for frame in (one_by_one, panel))
    assert np.array_equal(np.isnan(p), np.isnan(q))
    known = np.isfinite(p)
    assert near(p[known], q[known]).all(), one_by_one[known][~near(p[known], q[known])]["target_id"].tolist()
    unsure = np.array([on_a_limit(row) for _, row in panel.iterrows()]) | (one_by_one["kind"] == "gap").to_numpy()
    for name in ("own_status", "status", "trend_word", "small_count"):
        differ = (one_by_one[name].astype(str) != panel[name].astype(str).to_numpy()).to_numpy()
        if name == "status":
            unsure = one_by_one["question"].isin(one_by_one["question"][unsure]).to_numpy()
        assert not (differ & ~unsure).any(), (name, one_by_one["target_id"][differ & ~unsure].tolist())
    failed = [len(text.split("；")) if text else 0 for text in one_by_one["failures"]]
    assert panel["failures"].tolist() == failed
    return int(known.sum())


@pytest.mark.parametrize("as_of", [2020, 2023, 2025])
def test_the_demonstration_district_is_judged_as_one_by_one(district, as_of):
    panel = assess_panel(district, PLAN, SETTINGS, as_of=as_of)
    assert panel.columns.tolist() == list(COLUMNS)
    assert check_same(assess(make_case(district, PLAN, as_of=as_of)), panel) > 80


def test_random_regions_are_judged_as_one_by_one(district):
    names = ["甲市/子县", "甲市/丑县", "乙市/寅县"]
    table = pd.concat([perturbed(district, name, seed) for seed, name in enumerate(names)], ignore_index=True)
    for use, as_of in ((False, 2022), (True, 2024)):
        panel = assess_panel(table, PLAN, SETTINGS, as_of, regions=names, use_recollection=use)
        for name in names[use:]:
            case = make_case(table, PLAN, name, as_of=as_of, use_recollection=use)
            assert check_same(assess(case), panel[panel["region"] == name].reset_index(drop=True)) > 50
