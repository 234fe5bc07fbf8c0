"""All checks of a table together."""

from __future__ import annotations

import pandas as pd

from xhcp_eval.observations.table import is_inside
from xhcp_eval.plan.identities import Identities, load_identities
from xhcp_eval.plan.model import Plan
from xhcp_eval.quality import marked, repeats
from xhcp_eval.quality.consistency import inconsistencies
from xhcp_eval.quality.counts import fractions, mismatches
from xhcp_eval.quality.findings import Finding, to_frame
from xhcp_eval.quality.heaping import heaped
from xhcp_eval.quality.outliers import outside_forecast, unusual_changes
from xhcp_eval.quality.reporting import Due, late, missing_last_year
from xhcp_eval.quality.smoothness import too_smooth
from xhcp_eval.quality.verification import discrepancies


def review(
    observations: pd.DataFrame,
    plan: Plan,
    region: str,
    until: int,
    *,
    identities: Identities | None = None,
    forecast: pd.DataFrame | None = None,
    due: Due | None = None,
    audit: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Findings that a reader of the figures should know, most severe first.

    observations: checked table. region: path; its units are looked at too. until: the data year.
    identities: relations that must hold; those of the plan's folder unless given.
    forecast: likely range of the last values, projected without them (see `outliers.outside_forecast`); unchecked
    when None. due: date by which to report, or one a department (`timeliness`); unchecked when None.
    audit: sample of source records (`verification_factor`); unchecked when None.
    Checks: values against counts, relations between figures, last year missing, lateness, marked breaks and
    exceptional years, changes and values unlike the series, repeated, rounded and too smooth figures.
    Returns a frame with `COLUMNS`; empty when nothing was found.
    After WHO's Data Quality Review, 2017, modules 1 to 3.
    """
    table = observations[(observations["year"] <= until) & is_inside(observations, region)]
    kinds = {i.id: i.kind for i in plan.indicators}
    table = table[table["indicator"].isin(list(kinds))].sort_values("year", kind="stable")
    found = mismatches(table) + fractions(table, kinds) + missing_last_year(table, plan, region, until)
    found += inconsistencies(table, plan, load_identities(plan) if identities is None else identities)
    found += marked.breaks(table) + marked.exceptional(table)
    found += (
        unusual_changes(table, region)
        + repeats.carried_over(table, region)
        + repeats.same_elsewhere(table, plan)
    )
    found += heaped(table, plan, region, until) + too_smooth(table, plan, region)
    found += _asked_for(table, plan, region, until, forecast, due)
    return to_frame(found if audit is None else found + discrepancies(_of(audit, region, until)), plan)


def _asked_for(table, plan: Plan, region: str, until: int, forecast, due) -> list[Finding]:
    """Checks that need more than the table."""
    found = [] if forecast is None else outside_forecast(table, forecast)
    return found if due is None else found + late(table, plan, region, until, due)


def _of(audit: pd.DataFrame, region: str, until: int) -> pd.DataFrame:
    if not {"region", "year"} <= set(audit.columns):
        # left to `verification_factor`, which says what is missing
        return audit
    return audit[is_inside(audit, region) & (audit["year"] <= until)]
