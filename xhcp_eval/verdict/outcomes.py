"""How right the forecasts were: verdicts of an earlier year beside what really happened."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from xhcp_eval.verdict.status import Status
from xhcp_eval.verdict.verdicts import Verdicts

QUANTILES: tuple[float, ...] = (0.025, 0.1, 0.5, 0.9, 0.975)
FORECAST_COLUMNS: tuple[str, ...] = tuple(f"forecast_{100 * q:.0f}" for q in QUANTILES)
COLUMNS: tuple[str, ...] = (
    "question", "target_id", "goal", "domain", "indicator", "indicator_name", "unit", "target_year", "target_text", "reading",
    "origin_year", "origin_value", "probability", "predicted_status", "published_status", "outcome_year", "outcome_value", "target_value",
    "outcome_status", "outcome_side", "met", "scored", "squared_error", "note", "probability_loose",
)  # fmt: skip

# What is looked at of the verdicts that were given before.
NEEDED: tuple[str, ...] = (
    "role", "question", "target_id", "goal", "domain", "indicator", "indicator_name", "unit", "target_year", "every_year",
    "reading", "latest_year", "latest_value", "probability", "own_status", "status",
)  # fmt: skip


def compare_outcomes(
    before: pd.DataFrame,
    after: pd.DataFrame,
    broken: Mapping[str, list[int]] | None = None,
    loose: pd.Series | None = None,
) -> pd.DataFrame:
    """Put the verdicts given at a forecast origin beside those given once the target year was reported.

    before: results as they were given then (`Verdicts.explained`, or the results.csv of the report that was published).
    after: the same for the same plan and region with the later data. broken: years in which promises of every year were
    broken, by target (`broken_years`). A target is scored when a probability was given
    before and the outcome is plainly met or missed; one whose outcome rests on small counts or isn't verified isn't, and
    `note` says why and on which side the value lies. The probability of a promise of every year was that of the years
    still to come, so only these are scored, whatever was broken before. `predicted_status` is that of the reading,
    `published_status` the one of all readings together. `squared_error` is the Brier contribution
    (probability - met)², Brier 1950, Monthly Weather Review 78:1. loose: probabilities by target_id had unverified
    figures shaped the trends, kept beside ours. Returns one row a target that had a value before, with `COLUMNS`.
    """
    early = before[(before["role"] == "verdict") & before["latest_year"].notna()]
    late = after.set_index("target_id")
    rows = [
        _row(r, late.loc[r.target_id], (broken or {}).get(r.target_id, []))
        for r in early.itertuples()
        if r.target_id in late.index
    ]
    frame = pd.DataFrame(rows, columns=list(COLUMNS[:-1]))
    return frame.assign(probability_loose=frame["target_id"].map(loose) if loose is not None else np.nan)


def broken_years(after: Verdicts) -> dict[str, list[int]]:
    """Years in which promises of every year were broken, by target, of the one region judged."""
    names, owner = after.facts["target_id"], int(np.flatnonzero(after.block.regions == after.only)[0])
    mine = after.failed[after.failed["region"] == owner]
    return {names.iloc[int(k)]: sorted(part["year"].astype(int)) for k, part in mine.groupby("target")}


def _row(early, late: pd.Series, broken: list[int]) -> tuple:
    in_time = late["latest_year"] == early.target_year
    met, known = late["own_status"] == Status.MET, late["own_status"] in (Status.MET, Status.MISSED)
    open_broken = [year for year in broken if year > early.latest_year]
    if early.every_year and broken and not open_broken and in_time:
        # nothing of what was still open was broken; what was before is no outcome of this forecast
        known, met = late["side"] != "" and not late["small_count"], True
    scored = bool(known and in_time and np.isfinite(early.probability))
    error = (early.probability - met) ** 2 if scored else np.nan
    # the later bound is the one that counts: a base year that lay ahead is known by now
    return (
        early.question, early.target_id, early.goal, early.domain, early.indicator, early.indicator_name, early.unit,
        early.target_year, late["target_text"], early.reading, early.latest_year, early.latest_value, early.probability,
        early.own_status, early.status, late["latest_year"] if in_time else np.nan, late["latest_value"] if in_time else np.nan,
        late["target_value"], late["own_status"] if in_time else "", late["side"] if in_time else "",
        float(met) if known and in_time else np.nan, scored, error, _note(early, late, broken, open_broken, in_time, known),
    )  # fmt: skip


def _note(
    early, late: pd.Series, broken: list[int], open_broken: list[int], in_time: bool, known: bool
) -> str:
    side = f"（值在{late['side']}）" if late["side"] else ""
    if not in_time:
        return f"{early.target_year}年没有经核实的数字，不计分"
    if not known:
        return f"结果为“{late['own_status']}”，不计分{side}"
    if not np.isfinite(early.probability):
        return "当时未给出概率，不计分"
    past = [year for year in broken if year <= early.latest_year]
    if early.every_year and past:
        kept = "其后有年份未保持" if open_broken else "其后各年都已保持"
        return f"{'、'.join(f'{year}年' for year in dict.fromkeys(past))}在作预测时已未保持；概率只指其后各年，按此计分：{kept}"
    return ""


def asked_in_time(after: Verdicts, origin: int) -> dict[str, int]:
    """Years in which targets are asked for where figures end before their own year: that of the last figure, by target id.

    after: verdicts on the plan with the later data. origin: last year that the forecast knew. A target of one value is
    as good a question in any year; promises of every year, gaps, and what is judged unit by unit are left as they are.
    """
    frame, kinds = after.frame, {t.id: t for t in after.plan.targets()}
    early = (
        (frame["latest_year"] > origin) & (frame["latest_year"] < frame["target_year"]) & ~frame["every_year"]
    )
    return {
        row.target_id: int(row.latest_year)
        for row in frame[early].itertuples()
        if not kinds[row.target_id].aggregation and after.plan.indicator(row.indicator).kind != "gap"
    }


def forecast_at(origin: Verdicts, outcomes: pd.DataFrame) -> pd.DataFrame:
    """Quantiles that were forecast for the judged value in each target's year, beside `outcomes` (same index).

    origin: verdicts at the forecast origin. Columns forecast_2, _10, _50, _90, _98 (the 2.5%, 10%, ... 97.5%
    quantiles); missing where nothing could be projected.
    """
    block, region = origin.block, origin.only
    rows = np.array([block.find(name, region) for name in outcomes["indicator"]], int)
    years = outcomes["target_year"].to_numpy(int)
    found = origin.outlook.quantiles(rows, years, np.array(QUANTILES))
    return pd.DataFrame(found, columns=list(FORECAST_COLUMNS), index=outcomes.index)


def brier_score(outcomes: pd.DataFrame, column: str = "probability") -> tuple[float, int]:
    """Mean squared error of the probabilities in a column and the number of targets scored; (NaN, 0) if none."""
    scored = outcomes[outcomes["scored"] & outcomes[column].notna()]
    error = (scored[column] - scored["met"]) ** 2
    return (float(error.mean()), len(scored)) if len(scored) else (float("nan"), 0)
