"""Chinese precedents beside an indicator: provinces that moved like it, and whether they went as far as its target asks."""

from __future__ import annotations

import numpy as np
import pandas as pd

from xhcp_eval.forecast.reference.precedents import AFTER, COURSE, Precedents, find_precedents
from xhcp_eval.forecast.reference.similar import region_names
from xhcp_eval.verdict.scenarios import open_targets
from xhcp_eval.verdict.verdicts import Verdicts

FARTHER, AS_FAR, LESS_FAR = "更远", "相当", "不及"
COLUMNS: tuple[str, ...] = (
    "indicator", "target_id", "target_year", "rank", "name", "place", "first_year", "last_year", "distance", "from_year",
    "start", "then", "grain", "went", *AFTER,
)  # fmt: skip


def precedents(verdicts: Verdicts, likes: pd.DataFrame) -> pd.DataFrame:
    """The provinces that moved most like each indicator, three at most, followed until its last target.

    verdicts: of one region. likes: first frame of `comparables`, whose targets are asked about. Returns `COLUMNS`, one row an indicator and rank: name, place, first_year, last_year (what
    moved alike: a province's indicator in years seen), distance (in spreads of the features), from_year, start (where the
    indicator itself stands, in its unit), then (where it would stand in the target year if it went on like this), grain
    (half a typical change, as exactly as courses are known), went (farther than the target asks, as far: within a grain, or
    less far), after_1 … after_10 (the whole course in its unit, missing where it isn't known). An indicator without a row has no near one.
    """
    asked = open_targets(verdicts).merge(likes[["target_id", "ahead"]], on="target_id")
    asked = asked.sort_values("ahead", kind="stable").drop_duplicates("indicator", keep="last").sort_index()
    if asked.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    facts = [verdicts.plan.indicator(name) for name in asked["indicator"]]
    panel = verdicts.block.panel(asked["series"].to_numpy(int))
    found = find_precedents(panel, [one.unit for one in facts], asked["ahead"].to_numpy(int))
    courses = np.clip(found.courses(), panel.lower[:, None, None], panel.upper[:, None, None])
    rows = [row for i, q in enumerate(asked.itertuples()) for row in _rows(i, q, found, courses[i])]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _rows(i: int, asked, found: Precedents, courses: np.ndarray) -> list[tuple]:
    """One row a precedent of one indicator."""
    names, book = region_names(), found.book.names
    rows = []
    for rank in np.flatnonzero(found.rows[i] >= 0):
        about, then = book.iloc[found.rows[i, rank]], courses[rank, asked.ahead - 1]
        beyond, grain = asked.sign * (then - asked.target_value), COURSE * found.own.scale[i]
        went = AS_FAR if abs(beyond) <= grain else FARTHER if beyond > 0 else LESS_FAR
        rows.append(
            (asked.indicator, asked.target_id, asked.target_year, int(rank) + 1, *names(about["indicator"], about["region"]),
             int(about["first_year"]), int(about["last_year"]), float(found.distance[i, rank]), asked.target_year - asked.ahead,
             float(found.own.anchor[i]), float(then), float(grain), went, *courses[rank])
        )  # fmt: skip
    return rows
