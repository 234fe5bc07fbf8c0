"""Rounded and heaped figures: last digits that counting would not give."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from xhcp_eval.errors import DataError
from xhcp_eval.observations.table import is_total
from xhcp_eval.plan.model import Plan
from xhcp_eval.quality.findings import Finding, lead_department
from xhcp_eval.showing import ShowsFrame

LEAST_FIGURES = 50
LEAST_ROUND = 6
# With fewer cases the last digit isn't evenly spread whoever counts.
LEAST_COUNT = 100
ROUGH = 125.0
CHANCE = 1e-3


@dataclass(frozen=True)
class DigitTest(ShowsFrame):
    """Last digits of counts against an even spread.

    figures: how many counts. chi2, p_value: Pearson's test of ten equal shares (9 degrees of freedom). whipple: share
    of 0 and 5 in percent of the expected fifth (100: no preference; 125 and more: rough, 500: all), p_round: chance
    of so many 0s and 5s, exact binomial.
    """

    figures: int
    chi2: float
    p_value: float
    whipple: float
    p_round: float

    def to_frame(self) -> pd.DataFrame:
        """One row."""
        return pd.DataFrame([asdict(self)])


def last_digits(counts: ArrayLike) -> DigitTest:
    """Test the last digits of whole counts.

    counts: (n,) non-negative; missing ones are left out. With fewer than `LEAST_FIGURES` the tests are missing
    (NaN): the chi-square approximation needs five in each cell.
    Whipple's index as for ages ending in 0 and 5 (UN Demographic Yearbook; Spoorenberg 2007, Population-E 62:729).
    Raises DataError for negative or fractional counts.
    """
    from scipy import stats

    x = np.asarray(counts, float).ravel()
    x = x[np.isfinite(x)]
    if np.any(x < 0) or np.any(x != np.round(x)):
        raise DataError("末位数字检验只用于非负整数")
    if len(x) < LEAST_FIGURES:
        return DigitTest(len(x), np.nan, np.nan, np.nan, np.nan)
    seen = np.bincount((x % 10).astype(int), minlength=10)
    chi2, p_value = stats.chisquare(seen)
    round_ones = int(seen[0] + seen[5])
    p_round = stats.binomtest(round_ones, len(x), 0.2, alternative="greater").pvalue
    return DigitTest(len(x), float(chi2), float(p_value), 500.0 * round_ones / len(x), float(p_round))


def heaped(table: pd.DataFrame, plan: Plan, region: str, until: int) -> list[Finding]:
    """Departments whose counts end in 0 or 5 too often, and series that are all round numbers."""
    lead = {i.id: lead_department(i) for i in plan.indicators}
    counts = _counts(table)
    found = []
    for department, rows in counts.groupby(counts["indicator"].map(lead), sort=True):
        test = last_digits(rows["count"])
        if test.p_round < CHANCE and test.whipple >= ROUGH:
            share = test.whipple / 5
            text = (
                f"所报{test.figures}个计数中末位为0或5的占{share:.0f}%（正常约20%，p{_p_text(test.p_round)}），"
                "疑有取整或估计"
            )
            found.append(Finding("中", "数字取整", "", region, until, text, department))
    return found + _round_series(table, region)


def _counts(table: pd.DataFrame) -> pd.DataFrame:
    """Distinct whole counts of three digits or more of each indicator and place.

    A population that several indicators share, or that stands still for years, is one observation of a digit; sums
    over groups are left in, since they are as evenly spread as their parts.
    """
    fields = ["numerator", "denominator"]
    long = table.melt(["indicator", "region", "year"], fields, value_name="count").dropna(subset="count")
    long = long[(long["count"] >= LEAST_COUNT) & (long["count"] == long["count"].round())]
    # the same population under two indicators of a department
    long = long.drop_duplicates(["indicator", "region", "count"])
    return long.drop_duplicates(["region", "year", "count"])


def _round_series(table: pd.DataFrame, region: str) -> list[Finding]:
    """Numbers and shares of a place that are all multiples of ten, or of five, six times and more."""
    rows = table[is_total(table) & (table["region"] == region)]
    counted = rows[rows["numerator"] >= 2 * LEAST_ROUND].assign(figure=lambda t: t["numerator"], word="分子")
    plain = rows[rows["numerator"].isna() & (rows["unit"] == "percent") & (rows["value"].between(0.1, 99.9))]
    plain = plain.assign(figure=plain["value"], word="数值")
    found = []
    for name, some in pd.concat([counted, plain]).groupby("indicator", sort=False):
        figures = some["figure"].drop_duplicates()
        if len(figures) < LEAST_ROUND:
            continue
        for step in (10, 5):
            if np.allclose(figures % step, 0):
                text = f"{len(some)}个年份的{some['word'].iloc[0]}全是{step}的倍数（如{'、'.join(f'{v:g}' for v in figures[-3:])}），疑有取整或估计"
                found.append(Finding("中", "数字取整", name, region, int(some["year"].max()), text))
                break
    return found


def _p_text(p: float) -> str:
    return "<0.001" if p < 0.001 else f"={p:.3f}"
