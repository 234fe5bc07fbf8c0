"""What the data year's figures were likely to be, seen from the years before: for the review of what was reported."""

from __future__ import annotations

import pandas as pd

from xhcp_eval.observations import TOTAL
from xhcp_eval.plan import Plan
from xhcp_eval.projection import project

KINDS = ("proportion", "rate", "ratio", "mean", "index")
COLUMNS = ("indicator", "region", "year", "low", "high")
LEAST_POINTS = 4


def expected_ranges(
    observations: pd.DataFrame, plan: Plan, region: str, as_of: int, level: float = 0.99
) -> pd.DataFrame:
    """Likely range of every figure of a region and its units for the data year, projected without it.

    observations: checked table. as_of: data year; only series with at least `LEAST_POINTS` earlier points, the last
    of them the year before, are projected. level: coverage of the range. Returns a frame with `COLUMNS`.
    """
    kinds = {i.id: i for i in plan.indicators if i.kind in KINDS}
    table = observations[observations["indicator"].isin(kinds) & (observations["status"] != "recollection")]
    table = table[
        (table[["sex", "age", "residence", "category"]] == TOTAL).all(axis=1) & (table["year"] < as_of)
    ]
    table = table[(table["region"] == region) | table["region"].str.startswith(region + "/")]
    table = table.assign(series=table["indicator"] + "|" + table["region"])
    years = table.groupby("series")["year"].agg(["size", "max"])
    usable = years.index[(years["size"] >= LEAST_POINTS) & (years["max"] == as_of - 1)]
    table = table[table["series"].isin(usable)]
    if table.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    bounds = table["indicator"].map(lambda name: (kinds[name].lower, kinds[name].upper))
    table = table.assign(lower=bounds.str[0].astype(float), upper=bounds.str[1].astype(float))
    names = [
        "series",
        "indicator",
        "year",
        "value",
        "lower",
        "upper",
        "numerator",
        "denominator",
        "series_break",
        "exceptional",
    ]
    tails = ((1 - level) / 2, (1 + level) / 2)
    found = project(table[names], 1, tails).rename(columns={tails[0]: "low", tails[1]: "high"})
    place = found["series"].str.split("|", n=1, expand=True)
    return found.assign(indicator=place[0], region=place[1])[list(COLUMNS)]
