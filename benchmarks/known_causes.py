"""What a cause known ahead gains: forecasts with and without it, same series, same origins, same years.

Run: python benchmarks/known_causes.py [--panel FILE --value INDICATOR --cause INDICATOR --lag YEARS]

National: primary entrants and kindergarten children of China from births (data/national/births_and_school.csv). At each
origin both forecasts see the values up to it; the one with the cause also the births up to it, nothing later. --panel:
a long table of regions (indicator, region, year, value) in which the cause of a year is another indicator so many years
before (graduates from entrants), to measure it on series of one's own.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from xhcp_eval.forecast.backtests.scores import (
    SCORED_LEVELS,
    bootstrap_interval,
    brier,
    coverage,
    probability_beyond,
    weighted_quantile_loss,
)
from xhcp_eval.forecast.known import cohorts, project_known
from xhcp_eval.forecast.projection import project

NATIONAL = Path(__file__).resolve().parents[1] / "data" / "national" / "births_and_school.csv"
FIRST_GRADE = {6: 8 / 12, 7: 4 / 12}
KINDERGARTEN = {3: 8 / 12, 4: 1.0, 5: 1.0, 6: 4 / 12}
LEVELS = tuple(sorted({*SCORED_LEVELS, 0.025, 0.975}))
Question = tuple[pd.DataFrame, pd.DataFrame, dict[int, float]]  # values, cause, shares
# error of the median in percent; brier: of "no fewer than in the last year known"
SCORES = ["error", "wql", "brier", "in_80", "in_95"]
LEAST = 8  # years with both, before an origin counts


def hindcast(values: pd.DataFrame, births: pd.DataFrame, shares: dict[int, float]) -> pd.DataFrame:
    """One row a series, origin, year ahead and method, with its scores. values, births: series, year, value."""
    ahead = min(shares)
    first = cohorts(births, shares)["year"].min()
    start = int(max(first, values["year"].min())) + LEAST - 1
    rows = []
    for origin in range(start, int(values["year"].max())):
        past = values[values["year"] <= origin]
        born = cohorts(births[births["year"] <= origin], shares)
        found = {
            "without": project(past, ahead, LEVELS),
            "with": project_known(past, born, ahead, quantiles=LEVELS),
            "with, last ratio": project_known(past, born, ahead, quantiles=LEVELS, method="last_value"),
        }
        history = past.groupby("series")["value"].agg(["last", lambda v: v.diff().abs().mean()])
        for method, table in found.items():
            rows.append(_scored(table, values, history).assign(origin=origin, method=method))
    return pd.concat(rows, ignore_index=True)


def _scored(table: pd.DataFrame, values: pd.DataFrame, history: pd.DataFrame) -> pd.DataFrame:
    """Scores of the forecasts whose outcome is known. history: last value and mean absolute yearly change of each series."""
    both = table.merge(values.rename(columns={"value": "outcome"}), on=["series", "year"])
    outcome, scored = both["outcome"].to_numpy(float), both[list(SCORED_LEVELS)].to_numpy(float)
    last, scale = history.reindex(both["series"]).to_numpy(float).T
    no_fewer = probability_beyond(scored, SCORED_LEVELS, last, np.ones(len(both)))
    return pd.DataFrame(
        {
            "series": both["series"],
            "year": both["year"],
            "error": 100 * np.abs(outcome - both[0.5]) / outcome,
            "wql": weighted_quantile_loss(outcome, scored, SCORED_LEVELS, scale),
            "brier": brier(no_fewer, outcome >= last),
            "in_80": coverage(outcome, both[0.1], both[0.9]),
            "in_95": coverage(outcome, both[0.025], both[0.975]),
        }
    )


def summary(cases: pd.DataFrame) -> pd.DataFrame:
    """Means by years ahead and method, with the gain in WQL over the forecast without the cause."""
    cases = cases.assign(ahead=cases["year"] - cases["origin"])
    groups = cases.groupby(["ahead", "method"])
    table = groups[SCORES].mean().assign(n=groups.size())
    base = table["wql"].xs("without", level="method")
    table["gain_%"] = 100 * (
        1 - table["wql"] / base.reindex(table.index.get_level_values("ahead")).to_numpy()
    )
    return table


def by_time(cases: pd.DataFrame) -> pd.DataFrame:
    """Means over all years ahead by the time of the origin: whether a gain has lasted."""
    when = pd.cut(cases["origin"], [0, 2004, 2014, 9999], labels=["to 2004", "2005-2014", "from 2015"])
    groups = cases.groupby([when, "method"], observed=True)
    return groups[SCORES].mean().assign(n=groups.size())


def overall(cases: pd.DataFrame) -> str:
    """Gain in WQL over all years ahead, with an interval over series where there are several."""
    wide = cases.pivot_table(index=["series", "origin", "year"], columns="method", values="wql")
    names = wide.index.get_level_values("series")
    told = f"gain in WQL {1 - wide['with'].mean() / wide['without'].mean():.1%}, {len(wide)} cases"
    if names.nunique() == 1:
        return told
    low, high = bootstrap_interval(wide["with"], names, wide["without"])
    return f"{told} of {names.nunique()} series, 95% interval {low:.1%} to {high:.1%}"


def national() -> dict[str, Question]:
    """The three questions of the shipped figures."""
    table = pd.read_csv(NATIONAL, encoding="utf-8")
    births, entrants = _long(table, "births"), _long(table, "primary_entrants")
    revised = pd.concat([_long(table, "births_revised"), births]).drop_duplicates(["series", "year"])
    children = _long(table, "kindergarten_children")
    return {
        "primary entrants": (entrants, births, FIRST_GRADE),
        "primary entrants, births as revised later (nobody had them then)": (entrants, revised, FIRST_GRADE),
        "kindergarten children": (children, births, KINDERGARTEN),
    }


def regions(path: Path, value: str, cause: str, lag: int) -> dict[str, Question]:
    """One indicator from another so many years before; regions learn from one another, with the cause and without."""
    table = pd.read_parquet(path)
    values = _long(table, value).assign(indicator=value)
    causes = _long(table, cause)
    return {f"{value} from {cause}": (values, causes[causes["series"].isin(values["series"])], {lag: 1.0})}


def _long(table: pd.DataFrame, indicator: str) -> pd.DataFrame:
    rows = table[table["indicator"] == indicator].rename(columns={"region": "series"})
    return rows[["series", "year", "value"]].sort_values(["series", "year"])


def main() -> None:
    """Print the scores of all questions."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--panel", type=Path)
    parser.add_argument("--value")
    parser.add_argument("--cause")
    parser.add_argument("--lag", type=int)
    asked = parser.parse_args()
    questions = regions(asked.panel, asked.value, asked.cause, asked.lag) if asked.panel else national()
    for name, (values, cause, shares) in questions.items():
        cases = hindcast(values, cause, shares)
        print(f"\n{name}: origins {cases['origin'].min()} to {cases['origin'].max()}; {overall(cases)}")
        print(cases.groupby("method")[SCORES].mean().round(3).to_string())
        print(summary(cases).round(2).to_string())
        print(by_time(cases).round(2).to_string())


if __name__ == "__main__":
    main()
