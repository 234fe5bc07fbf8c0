"""A demonstration district whose figures behave like real ones: small counts, gaps, and planted troubles.

Xinhua's own yearly data isn't public. data/demo/profile.yaml says what each indicator's true course is and
whom it is counted among; counts are drawn in the smallest cells and added up, so that townships, sexes and
town and country always sum to the district. Each indicator has its own random stream: to change one entry of
the profile leaves all others as they are.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from xhcp_eval.demo.district import YEARS, District, Entry
from xhcp_eval.demo.rows import Row, indicator_rows
from xhcp_eval.files.home import ROOT
from xhcp_eval.files.yaml_door import read_yaml
from xhcp_eval.observations.table import COLUMNS, DEFAULTS, KEY
from xhcp_eval.plan.model import Plan
from xhcp_eval.plan.reading import load_plan

SEED = 20210101
MIDTERM_YEAR = 2025
PLAN = "xinhua_2021_2030"
FOLDER = ROOT / "data" / "demo"
FILES = ("xinhua_2015_2025.csv", "xinhua_2026_2030.csv")


def generate(plan: Plan, seed: int = SEED, years: Iterable[int] = YEARS) -> pd.DataFrame:
    """Every figure of the demonstration district, in the tidy schema, sorted by its key.

    plan: gives unit, kind and lead department of each indicator of the profile. seed: of all draws.
    years: those to return; a year's figures don't depend on which other years are asked for.
    Values are on the indicator's unit scale, rounded to 4 decimals, and equal per * numerator / denominator
    but for the planted typing error.
    """
    profile = read_yaml(FOLDER / "profile.yaml")
    district = District(profile, seed)
    rows = _milestones(profile)
    for name, entry in profile["indicators"].items():
        rows += indicator_rows(district, plan.indicator(name), Entry(**entry))
    frame = _finish(pd.DataFrame([DEFAULTS | row for row in rows]), profile, seed)
    frame = frame[frame["year"].isin(list(years))]
    return frame[list(COLUMNS)].sort_values(list(KEY), ignore_index=True)


def write_demo(folder: str | Path = FOLDER) -> list[Path]:
    """Write two files, what was reported by the mid-term cut-off and what came later; return their paths.

    folder: where to; made when missing.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    frame = generate(load_plan(PLAN))
    # what a late department reports after the cut-off is in the later file, as it would be in reality
    early = frame["reported_on"] <= f"{MIDTERM_YEAR + 1}-06-30"
    paths = [folder / name for name in FILES]
    for path, part in zip(paths, (frame[early], frame[~early]), strict=True):
        part.to_csv(path, index=False, encoding="utf-8", lineterminator="\n")
    return paths


def _milestones(profile: dict) -> list[Row]:
    """Done (1) or not (0) in each year, by the year in which the profile says it was done (empty: never)."""
    facts = {
        "region": profile["region"],
        "level": "district",
        "unit": "binary",
        "department": profile["office"],
    }
    return [
        {"indicator": name, "year": year, "value": float(done is not None and year >= done)} | facts
        for name, done in profile["milestones"].items()
        for year in range(profile["milestones_from"], YEARS[-1] + 1)
    ]


def _finish(frame: pd.DataFrame, profile: dict, seed: int) -> pd.DataFrame:
    """Say what it is, date the reports, and plant the late department and the typing error."""
    counts = ["numerator", "denominator"]
    frame = frame.assign(status="demo", source=profile["source"])
    frame[counts] = frame[counts].astype("Int64")
    late, error = profile["late"], profile["typing_error"]
    day = {(late["department"], late["year"]): str(late["reported_on"])}
    keys = zip(frame["department"], frame["year"], strict=True)
    frame["reported_on"] = [day.get(key) or _report_day(*key, seed) for key in keys]
    wrong = (frame["indicator"] == error["indicator"]) & (frame["year"] == error["year"])
    wrong &= frame["region"] == f"{profile['region']}/{error['township']}"
    frame.loc[wrong, "value"] = (frame.loc[wrong, "value"] / 10).round(4)
    return frame


def _report_day(department: str, year: int, seed: int) -> str:
    """A day in March or April of the next year."""
    day = zlib.crc32(f"{seed} {department} {year}".encode()) % 61
    return f"{year + 1}-{3 + day // 31:02d}-{1 + day % 31:02d}"
