"""What the last year's figures were likely to be, projected as if they had not been reported yet."""

from __future__ import annotations

import pandas as pd

from xhcp_eval.errors import ParamsError
from xhcp_eval.forecast.projection import project
from xhcp_eval.observations.table import is_unsure, select
from xhcp_eval.plan.kinds import KINDS
from xhcp_eval.plan.model import Plan

COLUMNS: tuple[str, ...] = ("indicator", "region", "year", "low", "high")
LEAST_YEARS = 4
FARTHEST = 3


def likely_range(
    observations: pd.DataFrame, plan: Plan, region: str, until: int, level: float = 0.99, method: str = "auto"
) -> pd.DataFrame:
    """Likely range of each indicator's figure for the data year, from earlier years only.

    observations: checked table. region: whose totals are projected. until: the data year. level: coverage of the
    range, the chance of counting included. method: as in `project`. Series with fewer than four earlier years, or
    silent for more than three, have none.
    Returns `COLUMNS`, for `quality.review(..., forecast=...)`. Raises ParamsError for a bad level or method.
    """
    if not 0 < level < 1:
        raise ParamsError(f"level={level}：须在 0 与 1 之间")
    facts = pd.DataFrame(
        [(i.id, i.lower, i.upper) for i in plan.indicators if KINDS[i.kind].projected],
        columns=["indicator", "lower", "upper"],
    ).astype({"lower": float, "upper": float})
    rows = select(observations, region=region).merge(facts, on="indicator")
    rows = rows[(rows["year"] < until) & ~is_unsure(rows["status"])].assign(series=lambda t: t["indicator"])
    groups = rows.groupby("series")["year"]
    rows = rows[(groups.transform("size") >= LEAST_YEARS) & (groups.transform("max") >= until - FARTHEST)]
    if rows.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    # each indicator is one series here, so none is its own peer
    rows = rows.drop(columns="indicator")
    tail = (1 - level) / 2
    found = project(rows, FARTHEST, (tail, 1 - tail), method)
    found.columns = ["indicator", "year", "low", "high"]
    found = found[found["year"] == until].dropna()
    return found.assign(region=region)[list(COLUMNS)].reset_index(drop=True)
