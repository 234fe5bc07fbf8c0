"""How right the forecasts were: verdicts of an earlier year beside what really happened."""

from __future__ import annotations

import numpy as np
import pandas as pd

from xhcp_eval.assessment import Case
from xhcp_eval.evidence import judged_draws
from xhcp_eval.verdict.status import Status

QUANTILES: tuple[float, ...] = (0.025, 0.1, 0.5, 0.9, 0.975)
FORECAST_COLUMNS: tuple[str, ...] = tuple(f"forecast_{100 * q:.0f}" for q in QUANTILES)
COLUMNS: tuple[str, ...] = (
    "question", "target_id", "goal", "domain", "indicator", "indicator_name", "unit", "target_year", "target_text", "reading",
    "origin_year", "origin_value", "probability", "predicted_status", "outcome_year", "outcome_value", "target_value",
    "outcome_status", "met", "scored", "squared_error", "note", "probability_loose",
)  # fmt: skip


def compare_outcomes(
    before: pd.DataFrame, after: pd.DataFrame, loose: pd.Series | None = None
) -> pd.DataFrame:
    """Put the verdicts given at a forecast origin beside those given once the target year was reported.

    before, after: results of `assess` for the same plan and region, with the earlier and the later data year.
    A target is scored when a probability was given before and the outcome is plainly met or missed; an outcome
    that rests on small counts or that isn't verified isn't scored, and `note` says why. `squared_error` is the
    Brier contribution (probability - met)², Brier 1950, Monthly Weather Review 78:1.
    loose: probabilities by target_id had unverified figures shaped the trends, kept beside ours.
    Returns one row a target that had a value before, with `COLUMNS`.
    """
    early = before[(before["role"] == "verdict") & before["latest_year"].notna()]
    late = after.set_index("target_id")
    rows = [_row(r, late.loc[r.target_id]) for r in early.itertuples() if r.target_id in late.index]
    frame = pd.DataFrame(rows, columns=list(COLUMNS[:-1]))
    return frame.assign(probability_loose=frame["target_id"].map(loose) if loose is not None else np.nan)


def _row(early, late: pd.Series) -> tuple:
    known = late["own_status"] in (Status.MET, Status.MISSED)
    in_time = late["latest_year"] == early.target_year
    met = 1.0 if late["own_status"] == Status.MET else 0.0
    scored = bool(known and in_time and np.isfinite(early.probability))
    if not in_time:
        note = f"{early.target_year}年没有经核实的数字，不计分"
    elif not known:
        note = f"结果为“{late['own_status']}”，不计分"
    elif not np.isfinite(early.probability):
        note = "当时未给出概率，不计分"
    else:
        note = ""
    error = (early.probability - met) ** 2 if scored else np.nan
    # the later criterion is the one that counts: a base year that lay ahead is known by now
    return (
        early.question, early.target_id, early.goal, early.domain, early.indicator, early.indicator_name, early.unit,
        early.target_year, late["target_text"], early.reading, early.latest_year, early.latest_value, early.probability,
        early.own_status, late["latest_year"] if in_time else np.nan, late["latest_value"] if in_time else np.nan,
        late["target_value"], late["own_status"] if in_time else "", met if known and in_time else np.nan, scored, error, note,
    )  # fmt: skip


def forecast_at(case: Case, outcomes: pd.DataFrame) -> pd.DataFrame:
    """Quantiles that were forecast for the judged value in each target's year, beside `outcomes` (same index).

    case: at the forecast origin. Columns forecast_2, _10, _50, _90, _98 (the 2.5%, 10%, ... 97.5% quantiles);
    missing where nothing could be projected, or where every unit or every year counts.
    """
    found = []
    for row in outcomes.itertuples():
        history = case.main(row.indicator)
        draws = None if history is None else judged_draws(history, row.target_year, case.settings)
        ahead = draws is not None and row.target_year > history.last_trusted
        found.append(np.quantile(draws, QUANTILES) if ahead else [np.nan] * len(QUANTILES))
    return pd.DataFrame(found, columns=list(FORECAST_COLUMNS), index=outcomes.index)


def brier_score(outcomes: pd.DataFrame, column: str = "probability") -> tuple[float, int]:
    """Mean squared error of the probabilities in a column and the number of targets scored; (NaN, 0) if none."""
    scored = outcomes[outcomes["scored"] & outcomes[column].notna()]
    error = (scored[column] - scored["met"]) ** 2
    return (float(error.mean()), len(scored)) if len(scored) else (float("nan"), 0)
