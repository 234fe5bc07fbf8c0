"""Real histories beside a target: of those that moved like this one, how many went as far as it asks."""

from __future__ import annotations

import numpy as np
import pandas as pd

from xhcp_eval.forecast.reference.lessons import YEARS_AHEAD
from xhcp_eval.forecast.reference.similar import Similar, find_similar, region_names
from xhcp_eval.verdict.scenarios import open_targets
from xhcp_eval.verdict.verdicts import Verdicts

HOW_MANY = 200
MOSTLY_NOISE = 0.5
SHOWN = 5
COLUMNS: tuple[str, ...] = (
    "target_id", "indicator", "indicator_name", "unit", "target_year", "reading", "ahead", "of", "reached",
    "low", "median", "high", "best_quarter", "n_points", "company",
)  # fmt: skip
NEAREST: tuple[str, ...] = (
    "target_id", "rank", "name", "place", "first_year", "last_year", "values", "unit", "ahead", "then", "reached",
)  # fmt: skip


def comparables(verdicts: Verdicts) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The reference class of every plain target ahead, and its nearest members by name.

    verdicts: of one region. Returns two frames. `COLUMNS`: one row a target: of (how many real histories moved alike),
    reached (how many of them went at least as far), low, median, high (10%, 50% and 90% of where they would have
    taken this indicator), best_quarter (where the best quarter of them would have; unit scale), n_points (usual figures that
    the forecast rests on), company (series of the same indicator that it looks at beside, its own among them; 0 if it stands
    alone). A series whose changes are mostly chance in counting has no shape to compare and is left out. `NEAREST`: the five
    most alike: what and where, values up to the origin, and what came `ahead` years later, on their own scale.
    """
    asked = _questions(verdicts)
    rows: list[tuple] = []
    nearest: list[tuple] = []
    for ahead in sorted(set(asked["ahead"])):
        mine = asked[asked["ahead"] == ahead]
        likes = find_similar(verdicts.block.panel(mine["series"].to_numpy()), HOW_MANY, int(ahead))
        shaped = np.flatnonzero(likes.own.column("noise_share") < MOSTLY_NOISE)
        mine, likes = mine.iloc[shaped], likes.take(shaped)
        rows += _rows(verdicts, mine, likes, int(ahead))
        nearest += _nearest(mine, likes, int(ahead))
    order = {target.id: i for i, target in enumerate(verdicts.plan.targets(role="verdict"))}
    return tuple(
        pd.DataFrame(part, columns=list(names))
        .sort_values("target_id", key=lambda ids: ids.map(order), kind="stable")
        .reset_index(drop=True)
        for part, names in ((rows, COLUMNS), (nearest, NEAREST))
    )


def _questions(verdicts: Verdicts) -> pd.DataFrame:
    """Targets that lie no further ahead of the last figure than real histories are followed, and how far."""
    block, rows = verdicts.block, open_targets(verdicts)
    last = block.years[block.last[rows["series"].to_numpy(int)]]
    rows = rows.assign(ahead=rows["target_year"].to_numpy(int) - last)
    return rows[rows["ahead"] <= YEARS_AHEAD]


def _rows(verdicts: Verdicts, asked: pd.DataFrame, likes: Similar, ahead: int) -> list[tuple]:
    outcomes = likes.outcomes(ahead)
    reached = likes.reached(asked["target_value"].to_numpy(float), asked["sign"].to_numpy(int), ahead)
    series = asked["series"].to_numpy(int)
    points = verdicts.block.usual[series].sum(axis=1)
    company = verdicts.outlook.forecasts.company(series)
    rows = []
    for i, (q, went, count) in enumerate(zip(asked.itertuples(), outcomes, reached, strict=True)):
        indicator = verdicts.plan.indicator(q.indicator)
        low = -np.inf if indicator.lower is None else indicator.lower
        high = np.inf if indicator.upper is None else indicator.upper
        spread = np.clip(np.quantile(went, [0.1, 0.5, 0.9, 0.75 if q.sign > 0 else 0.25]), low, high)
        rows.append(
            (q.target_id, indicator.id, indicator.name, indicator.unit, q.target_year, str(q.reading), ahead, len(went), int(count), *spread,
             int(points[i]), int(company[i]))
        )  # fmt: skip
    return rows


def _nearest(asked: pd.DataFrame, likes: Similar, ahead: int) -> list[tuple]:
    book = likes.catalogue
    names = region_names()
    found = []
    for i, q in enumerate(asked.itertuples()):
        reached = (likes.outcomes(ahead)[i] - q.target_value) * q.sign >= 0
        for rank, row in enumerate(likes.rows[i, :SHOWN]):
            about = book.names.iloc[book.series[row]]
            values = book.values[book.series[row]]
            at = book.origin[row]
            seen = [year for year in range(max(0, at - 7), at + 1) if np.isfinite(values[year])]
            found.append(
                (q.target_id, rank + 1, *names(about["indicator"], about["region"]),
                 book.first_year + seen[0], book.first_year + at,
                 "、".join(f"{values[year]:.3g}" for year in seen), about["unit"], ahead, float(values[at + ahead]), bool(reached[rank]))
            )  # fmt: skip
    return found
