"""The regions' own series as a table: what was reported, what it is judged by, and what forecasters are given."""

from __future__ import annotations

import numpy as np
import pandas as pd

from xhcp_eval.verdict.judged import intervals, value_at
from xhcp_eval.verdict.verdicts import Verdicts

COLUMNS: tuple[str, ...] = (
    "series", "indicator", "year", "value", "low", "high", "judged", "judged_low", "judged_high", "judged_first_year",
    "usual", "numerator", "denominator", "lower", "upper", "ceiling",
)  # fmt: skip


def histories(verdicts: Verdicts) -> pd.DataFrame:
    """One row a year of every series of the one region as a whole, since its last break of definition.

    Columns: series (key), indicator, year, value, low, high (its own interval; missing where chance has no part), judged,
    judged_low, judged_high, judged_first_year (the value that a verdict of that year rests on, pooled where counts are few;
    missing for a recollection), usual (tells of the trend), numerator, denominator (missing where chance has no part), lower,
    upper, ceiling (of the scale).
    """
    block, only = verdicts.block, int(np.flatnonzero(verdicts.block.regions == verdicts.only)[0])
    main = np.sort(block.main[only][block.main[only] >= 0])
    if not len(main):
        return pd.DataFrame(columns=list(COLUMNS))
    which, at = np.nonzero(block.seen[main])
    rows, years = main[which], block.years[at]
    single = value_at(block, rows, years, 1)
    judged = value_at(block, rows, years)
    limits = {"": intervals(block, single), "judged_": intervals(block, judged)}
    facts, counted = block.facts, block.counted[rows]
    of = block.indicator[rows]
    keys = {row: block.series(row).key for row in main}
    return pd.DataFrame(
        {
            "series": [keys[row] for row in rows], "indicator": facts.id[of].astype(str), "year": years,
            "value": block.values[rows, at], "low": limits[""][0], "high": limits[""][1], "judged": judged.value,
            "judged_low": limits["judged_"][0], "judged_high": limits["judged_"][1], "judged_first_year": judged.first_year,
            "usual": block.usual[rows, at], "numerator": np.where(counted, block.numerator[rows, at], np.nan),
            "denominator": np.where(counted, block.denominator[rows, at], np.nan), "lower": facts.lower[of],
            "upper": facts.upper[of], "ceiling": facts.ceiling[of],
        }
    )  # fmt: skip
