"""Real histories beside a target: of those that moved like this one, how many went as far as it asks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from xhcp_eval.assessment import Case
from xhcp_eval.criterion import make_criterion
from xhcp_eval.evidence import History, judge_at, series_frame
from xhcp_eval.panel import make_panel
from xhcp_eval.plan import Target
from xhcp_eval.reference.lessons import YEARS_AHEAD
from xhcp_eval.reference.similar import Similar, find_similar, region_names

HOW_MANY = 200
MOSTLY_NOISE = 0.5
SHOWN = 5
COLUMNS: tuple[str, ...] = (
    "target_id", "indicator", "indicator_name", "unit", "target_year", "reading", "ahead", "of", "reached",
    "low", "median", "high", "best_quarter",
)  # fmt: skip
NEAREST: tuple[str, ...] = (
    "target_id", "rank", "name", "place", "first_year", "last_year", "values", "unit", "ahead", "then", "reached",
)  # fmt: skip


@dataclass(frozen=True)
class Question:
    """A plain target that lies ahead, and the series it is asked of."""

    target: Target
    history: History
    bound: float
    sign: int
    ahead: int


def comparables(case: Case) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The reference class of every plain target ahead, and its nearest members by name.

    case: from `make_case`. Returns two frames. `COLUMNS`: one row a target: of (how many real histories moved alike),
    reached (how many of them went at least as far), low, median, high (10%, 50% and 90% of where they would have
    taken this indicator), best_quarter (where the best quarter of them would have; unit scale). A series whose changes
    are mostly chance in counting has no shape to compare and is left out. `NEAREST`: the five
    most alike: what and where, values up to the origin, and what came `ahead` years later, on their own scale.
    """
    questions = [q for target in case.plan.targets(role="verdict") for q in _question(case, target)]
    rows: list[tuple] = []
    nearest: list[tuple] = []
    for ahead in sorted({q.ahead for q in questions}):
        asked = [q for q in questions if q.ahead == ahead]
        panel = make_panel(pd.concat([_frame(q, i) for i, q in enumerate(asked)], ignore_index=True))
        likes = find_similar(panel, HOW_MANY, ahead)
        shaped = np.flatnonzero(likes.own.column("noise_share") < MOSTLY_NOISE)
        asked, likes = [asked[i] for i in shaped], likes.take(shaped)
        rows += _rows(asked, likes, ahead)
        nearest += _nearest(asked, likes, ahead)
    order = {target.id: i for i, target in enumerate(case.plan.targets(role="verdict"))}
    return tuple(
        pd.DataFrame(part, columns=list(names))
        .sort_values("target_id", key=lambda ids: ids.map(order), kind="stable")
        .reset_index(drop=True)
        for part, names in ((rows, COLUMNS), (nearest, NEAREST))
    )


def _question(case: Case, target: Target) -> list[Question]:
    history = case.main(target.indicator)
    plain = target.aggregation is None and target.year != "every_year" and target.op != "maintain"
    if history is None or not plain or history.forecast is None or len(history.years) < 2:
        return []
    criterion = make_criterion(target, history.indicator, history, case.plan.base_year, case.settings)
    latest = judge_at(history, history.last_trusted, case.settings)
    ahead = target.year - int(history.years[-1])
    if criterion is None or target.year <= latest.year or not 1 <= ahead <= YEARS_AHEAD:
        return []
    return [Question(target, history, float(np.median(criterion.bound)), int(criterion.sign), ahead)]


def _frame(question: Question, number: int) -> pd.DataFrame:
    return series_frame(question.history).assign(series=number)


def _rows(asked: list[Question], likes: Similar, ahead: int) -> list[tuple]:
    outcomes = likes.outcomes(ahead)
    reached = likes.reached(np.array([q.bound for q in asked]), np.array([q.sign for q in asked]), ahead)
    rows = []
    for q, went, count in zip(asked, outcomes, reached, strict=True):
        indicator = q.history.indicator
        low = -np.inf if indicator.lower is None else indicator.lower
        high = np.inf if indicator.upper is None else indicator.upper
        spread = np.clip(np.quantile(went, [0.1, 0.5, 0.9, 0.75 if q.sign > 0 else 0.25]), low, high)
        rows.append(
            (q.target.id, indicator.id, indicator.name, indicator.unit, q.target.year, q.target.reading or "",
             ahead, len(went), int(count), *spread)
        )  # fmt: skip
    return rows


def _nearest(asked: list[Question], likes: Similar, ahead: int) -> list[tuple]:
    book = likes.catalogue
    names = region_names()
    found = []
    for i, q in enumerate(asked):
        reached = (likes.outcomes(ahead)[i] - q.bound) * q.sign >= 0
        for rank, row in enumerate(likes.rows[i, :SHOWN]):
            about = book.names.iloc[book.series[row]]
            values = book.values[book.series[row]]
            at = book.origin[row]
            past = [v for v in values[max(0, at - 7) : at + 1] if np.isfinite(v)]
            found.append(
                (q.target.id, rank + 1, *names(about["indicator"], about["region"]),
                 book.first_year + at - len(past) + 1, book.first_year + at,
                 "、".join(f"{v:.3g}" for v in past), about["unit"], ahead, float(values[at + ahead]), bool(reached[rank]))
            )  # fmt: skip
    return found
