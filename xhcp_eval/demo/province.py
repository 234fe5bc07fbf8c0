"""A demonstration province: any number of made-up counties, each the demonstration district redrawn.

True courses are those of data/demo/profile.yaml, moved by a shift of each county (some do better in most things) and
one of each indicator in it; children are as many as a county of random size has. No figure is real.
Run as `python -m xhcp_eval.demo.province 10 data/demo/province.parquet`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from copy import deepcopy
from pathlib import Path

import numpy as np
import pandas as pd

from xhcp_eval.demo.district import YEARS, District, Entry
from xhcp_eval.demo.rows import indicator_rows
from xhcp_eval.demo.table import FOLDER, MIDTERM_YEAR, PLAN, SEED
from xhcp_eval.files.yaml_door import read_yaml
from xhcp_eval.observations.table import COLUMNS, DEFAULTS, KEY
from xhcp_eval.plan.model import Plan
from xhcp_eval.plan.reading import load_plan

PROVINCE = "演示省"
COUNTIES_A_CITY = 10
COUNTY_SPREAD, INDICATOR_SPREAD, SIZE_SPREAD = 0.25, 0.2, 0.5  # standard deviations, log or logit scale
SOURCE = "演示数据（程序生成，虚构县区，种子{seed}）"


def generate_province(
    counties: int,
    plan: Plan | None = None,
    seed: int = SEED,
    years: Iterable[int] = range(YEARS[0], MIDTERM_YEAR + 1),
    indicators: Iterable[str] | None = None,
) -> pd.DataFrame:
    """Figures of made-up counties, in the tidy schema, sorted by key; every row has the status "demo".

    counties: how many. plan: default that of the demonstration district. seed: of all draws. years: those
    returned. indicators: ids of those wanted, default all of the profile. A county's figures depend on the seed and
    its number only, not on how many counties there are.
    """
    plan = plan or load_plan(PLAN)
    profile = read_yaml(FOLDER / "profile.yaml")
    wanted = set(profile["indicators"]) if indicators is None else set(indicators)
    tables = [_county(number, profile, plan, seed, set(years), wanted) for number in range(1, counties + 1)]
    return pd.concat(tables, ignore_index=True).sort_values(list(KEY), ignore_index=True)


def write_province(counties: int, path: str | Path, seed: int = SEED) -> Path:
    """Write a demonstration province to a Parquet or CSV file; returns its path."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    frame = generate_province(counties, seed=seed)
    if path.suffix == ".parquet":
        frame.to_parquet(path, index=False)
    else:
        frame.to_csv(path, index=False, encoding="utf-8", lineterminator="\n")
    return path


def county_name(number: int) -> str:
    """Path of a county by its number from 1: the province, a city of ten counties, the county."""
    city = (number - 1) // COUNTIES_A_CITY + 1
    return f"{PROVINCE}/演示{city:03d}市/演示{number:04d}县"


def _county(
    number: int, profile: dict, plan: Plan, seed: int, years: set[int], wanted: set[str]
) -> pd.DataFrame:
    rng = np.random.default_rng([seed, number])
    changed = _moved(profile, rng) | {"region": county_name(number)}
    district = District(changed, int(rng.integers(2**31)))
    rows: list[dict] = []
    for name, entry in changed["indicators"].items():  # all: some are counted among the cases of others
        made = indicator_rows(district, plan.indicator(name), Entry(**entry))
        rows += [row for row in made if row["year"] in years and name in wanted]
    frame = pd.DataFrame([DEFAULTS | row for row in rows])
    late = frame["year"].astype(str)
    frame = frame.assign(
        status="demo",
        source=SOURCE.format(seed=seed),
        reported_on=(late.astype(int) + 1).astype(str) + "-03-31",
    )
    counts = ["numerator", "denominator"]
    frame[counts] = frame[counts].astype("Int64")
    return frame[list(COLUMNS)]


def _moved(profile: dict, rng: np.random.Generator) -> dict:
    """The profile of another county: its size, and its true courses shifted on the logit (shares) or log scale."""
    changed = deepcopy(profile)
    size = float(np.exp(SIZE_SPREAD * rng.standard_normal()))
    changed["births"] = {year: births * size for year, births in profile["births"].items()}
    better = COUNTY_SPREAD * rng.standard_normal()
    for entry in changed["indicators"].values():
        shift = better + INDICATOR_SPREAD * rng.standard_normal()
        entry.pop("exact", None)  # the plan's printed baselines are the real district's
        if isinstance(entry.get("path"), dict) and not entry.get("schools"):
            entry["path"] = _shifted(entry["path"], shift)
    return changed


def _shifted(path: dict[int, float], by: float) -> dict[int, float]:
    """A course within 0-100 keeps there; what is above (rates of 100,000, counts) is only multiplied."""
    if max(path.values()) >= 100 or min(path.values()) <= 0:
        return {
            year: value * float(np.exp(by / 4)) if max(path.values()) > 100 else value
            for year, value in path.items()
        }
    odds = {year: value / (100 - value) * float(np.exp(by)) for year, value in path.items()}
    return {year: round(100 * one / (1 + one), 6) for year, one in odds.items()}


if __name__ == "__main__":
    print(write_province(int(sys.argv[1]), sys.argv[2]))
