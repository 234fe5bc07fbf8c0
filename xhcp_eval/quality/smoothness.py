"""Figures that move less than counting allows, or along a ruler: computed rather than counted."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from xhcp_eval.errors import DataError
from xhcp_eval.observations.table import DIMENSIONS, is_total
from xhcp_eval.plan.kinds import kinds_that
from xhcp_eval.plan.model import Plan
from xhcp_eval.quality.findings import Finding, decimals

CHANCE = 1e-4
LEAST_YEARS = 6
# Below, a few dozen villages or schools are no sample of anything and may stand still.
LEAST_CASES = 200
LEAST_VARIANCE = 5.0
DEGREE = 2


def dispersion(
    year: ArrayLike, numerator: ArrayLike, denominator: ArrayLike, kind: str
) -> tuple[float, int, float]:
    """Does a series of counts scatter round a smooth trend as counting makes it scatter?

    year, numerator, denominator: (n,) complete, denominators positive. kind: "proportion" (binomial) or "rate"
    (Poisson). A parabola is fitted to the rates by weighted least squares; sum((x - n p)^2 / variance) is chi-square
    with n - 3 degrees of freedom for counts drawn round it, and larger when the true course bends otherwise, so that
    a small one can't come from a poor fit (index of dispersion: Cochran 1954, Biometrics 10:417; Carlisle 2012 for its
    use in telling made-up data). Returns (chi2, degrees of freedom, lower tail probability).
    Raises DataError for fewer than four years or counts that aren't positive.
    """
    from scipy import stats

    t, x, n = (np.asarray(v, float) for v in (year, numerator, denominator))
    if len(t) <= DEGREE + 1:
        raise DataError(f"离散度检验至少需要{DEGREE + 2}个年份，实有{len(t)}个")
    pooled = x.sum() / n.sum() if (n > 0).all() else np.nan
    if not np.isfinite(pooled) or not pooled > 0 or (kind == "proportion" and pooled >= 1):
        raise DataError("离散度检验要求分母为正，分子既不全为零也不全等于分母")
    variance = n * pooled * (1 - pooled if kind == "proportion" else 1.0)
    fit = np.polynomial.Polynomial.fit(t, x / n, DEGREE, w=n / np.sqrt(variance))(t)
    chi2 = float(np.sum((x - n * fit) ** 2 / variance))
    return chi2, len(t) - DEGREE - 1, float(stats.chi2.cdf(chi2, len(t) - DEGREE - 1))


def too_smooth(table: pd.DataFrame, plan: Plan, region: str) -> list[Finding]:
    """Totals of the region or of its units that scatter less than counting allows, or rise by equal steps."""
    kinds = {i.id: i.kind for i in plan.indicators}
    main = table[is_total(table)]
    counted = main[
        main["indicator"].map(kinds).isin(kinds_that("law")) & (main["denominator"] >= LEAST_CASES)
    ]
    found: list[Finding] = []
    units: dict[str, list] = {}
    for (name, place), rows in _steady(counted).groupby(["indicator", "region"], sort=False):
        test = _test(rows, kinds[name])
        if test and test[2] < CHANCE and place == region:
            found.append(_finding(name, place, rows, test))
        elif test and test[2] < CHANCE:
            units.setdefault(name, []).append((place, rows, test))
    for name, hits in units.items():
        place, rows, test = min(hits, key=lambda hit: hit[2][2])
        found.append(_finding(name, place, rows, test, len(hits)))
    return found + _ruled(main[main["numerator"].isna() & (main["region"] == region)], kinds)


def _steady(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows since the last break of each series, exceptional years left out, of series long enough."""
    keys = ["indicator", "region", *DIMENSIONS]
    rows = rows[~rows["exceptional"]]
    breaks = rows["year"].where(rows["series_break"]).groupby([rows[k] for k in keys]).transform("max")
    rows = rows[breaks.isna() | (rows["year"] >= breaks)]
    return rows[rows.groupby(keys)["year"].transform("size") >= LEAST_YEARS]


def _test(rows: pd.DataFrame, kind: str) -> tuple[float, int, float] | None:
    x, n = rows["numerator"].to_numpy(float), rows["denominator"].to_numpy(float)
    spare = n - x if kind == "proportion" else np.full(len(x), np.inf)
    # without chance in each year's count there is nothing to be too smooth against
    if len(x) < LEAST_YEARS or np.min(x) < LEAST_VARIANCE or np.min(spare) < LEAST_VARIANCE:
        return None
    return dispersion(rows["year"], x, n, kind)


def _finding(name: str, place: str, rows: pd.DataFrame, test: tuple, units: int = 1) -> Finding:
    chi2, df, _ = test
    other = f"；共{units}个单位如此" if units > 1 else ""
    text = (
        f"{rows['year'].iloc[0]}—{rows['year'].iloc[-1]}年的起伏小于计数本身应有的随机波动"
        f"（χ²={chi2:.2g}，自由度{df}，p<{CHANCE:g}），疑为推算{other}"
    )
    return Finding("中", "过于平滑", name, place, int(rows["year"].iloc[-1]), text)


def _ruled(rows: pd.DataFrame, kinds: dict[str, str]) -> list[Finding]:
    """Series without counts whose steps differ by no more than rounding, six years and more.

    Steps must be ten units of the last digit reported, or any course looks even. Allowances are set, not counted.
    """
    found = []
    rows = rows[rows["indicator"].map(kinds).isin((*kinds_that("between"), "count"))]
    for name, some in _steady(rows[rows["unit"] != "yuan_per_month"]).groupby("indicator", sort=False):
        values, years = some["value"].to_numpy(float), some["year"].to_numpy()
        unit = 10.0 ** -int(decimals(values).max())
        steps = np.diff(values)
        even = (np.diff(years) == 1).all() and (np.abs(np.diff(steps)) <= 2.001 * unit).all()
        if even and np.median(np.abs(steps)) >= 10 * unit:
            text = f"{years[0]}—{years[-1]}年每年变动几乎相等（约{np.mean(steps):.4g}），疑为推算".replace(
                "-", "−"
            )
            found.append(Finding("中", "过于平滑", name, some["region"].iloc[0], int(years[-1]), text))
    return found
