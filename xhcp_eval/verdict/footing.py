"""Whether a verdict rests on anything that nothing speaks for: the table of figures held against what came of it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from xhcp_eval.observations.table import STATUS_LABELS, UNSURE, is_total
from xhcp_eval.plan.model import Plan
from xhcp_eval.verdict.status import Status

COLUMNS: tuple[str, ...] = ("target_id", "indicator_name", "status", "why")
NO_VERDICT: tuple[str, ...] = (Status.NO_DATA.value, Status.NOT_JUDGED.value)


def unsure_verdicts(assessment: pd.DataFrame, observations: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """Verdicts that rest on what nothing speaks for; empty where all is well.

    assessment: of the pack (`verdict.schema`). observations: all its figures. A verdict rests on the figure of its latest
    year, on the one of its base year, and on the target itself. The figures are looked up in the table as it stands, not
    as the verdict took them, so that this holds the rule of `observations.table.is_unsure` against what came of it.
    Returns one row a fault, columns `COLUMNS`.
    """
    recalled = {t.id for t in plan.targets() if t.status in UNSURE}
    whole = observations[is_total(observations)]
    status = whole.set_index(["indicator", "region", "year"])["status"]
    given = assessment[(assessment["role"] == "verdict") & ~assessment["own_status"].isin(NO_VERDICT)]
    faults = []
    for row in given.itertuples():
        why = ["目标值凭回忆录入"] if row.target_id in recalled else []
        for year, what in ((row.latest_year, "现状值"), (row.base_year, "基期值")):
            of = status.get((row.indicator, row.region, year)) if np.isfinite(year) else None
            if of in UNSURE:
                why.append(f"{what}（{year:.0f}年）{STATUS_LABELS[of]}")
        faults += [(row.target_id, row.indicator_name, row.own_status, words) for words in why]
    return pd.DataFrame(faults, columns=list(COLUMNS))
