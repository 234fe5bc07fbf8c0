"""Recounted at the source: the verification factor of an audit sample."""

from __future__ import annotations

import numpy as np
import pandas as pd

from xhcp_eval.errors import DataError, ParamsError
from xhcp_eval.quality.findings import Finding

AUDIT_COLUMNS: tuple[str, ...] = ("indicator", "region", "year", "facility", "recounted", "reported")
# Difference of the factor from 1 up to which each grade goes; WHO calls more than 10% a discrepancy.
GRADES: tuple[tuple[float, str], ...] = ((0.05, "优"), (0.10, "良"), (0.20, "中"))
WORST = "差"
ACCEPTED = 0.10
# With fewer places a bootstrap shows less spread than there is.
LEAST_FACILITIES = 10


def verification_factor(
    audit: pd.DataFrame, level: float = 0.95, draws: int = 2000, seed: int = 2030
) -> pd.DataFrame:
    """Recounted events as a share of those reported, by indicator, region and year.

    audit: columns `AUDIT_COLUMNS`, one row a facility: events recounted in its source records and events it had
    reported. level: coverage. draws, seed: of the bootstrap.
    Factor: ratio of totals; below 1 too many were reported, above 1 too few. Interval: percentile bootstrap over
    facilities where there are `LEAST_FACILITIES`, else exact for a ratio of two Poisson counts (given their sum the
    recounted are binomial), which is wide since it ignores that both count mostly the same events.
    Returns indicator, region, year, facilities, recounted, reported, factor, low, high, method ("bootstrap", "poisson"),
    grade (优 within 5%, 良 10%, 中 20%, 差), discrepant (facilities more than 10% off). Nothing reported: factor missing.
    WHO Data Quality Review 2017, module 3 (data verification); PRISM and DQA tools use the same ratio.
    Raises DataError for missing columns, negative or missing counts, a facility given twice; ParamsError for a bad level.
    """
    _check(audit, level)
    rows = []
    for (name, region, year), some in audit.groupby(["indicator", "region", "year"], sort=True):
        found, said = some["recounted"].to_numpy(float), some["reported"].to_numpy(float)
        factor = found.sum() / said.sum() if said.sum() > 0 else np.nan
        method = "bootstrap" if len(some) >= LEAST_FACILITIES else "poisson"
        low, high = (
            _bootstrap(found, said, level, draws, seed)
            if method == "bootstrap"
            else _exact(found, said, level)
        )
        off = int((np.abs(found - said) > ACCEPTED * said).sum())
        sums = int(found.sum()), int(said.sum())
        rows.append((name, region, year, len(some), *sums, factor, low, high, method, _grade(factor), off))
    columns = [
        "indicator",
        "region",
        "year",
        "facilities",
        "recounted",
        "reported",
        "factor",
        "low",
        "high",
        "method",
    ]
    return pd.DataFrame(rows, columns=[*columns, "grade", "discrepant"])


def discrepancies(audit: pd.DataFrame, level: float = 0.95) -> list[Finding]:
    """Verification factors more than 10% from 1: grave where the interval is too, else to be recounted in more places."""
    found = []
    for r in verification_factor(audit, level).itertuples():
        if np.isfinite(r.factor) and abs(r.factor - 1) <= ACCEPTED:
            continue
        if not np.isfinite(r.factor):
            text = f"抽查{r.facilities}个机构，重新点数{r.recounted}，填报为0，核查系数无法计算"
            found.append(
                Finding("高" if r.recounted else "低", "核查系数", r.indicator, r.region, int(r.year), text)
            )
            continue
        sure = r.high < 1 - ACCEPTED or r.low > 1 + ACCEPTED
        word = "多报" if r.factor < 1 else "少报"
        high = f"{r.high:.2f}" if np.isfinite(r.high) else "∞"
        text = (
            f"抽查{r.facilities}个机构，重新点数{r.recounted}，填报{r.reported}，核查系数{r.factor:.2f}"
            f"（{level:.0%}区间{r.low:.2f}—{high}，等级{r.grade}），{word}；{r.discrepant}个机构相差超过10%"
        )
        found.append(Finding("高" if sure else "中", "核查系数", r.indicator, r.region, int(r.year), text))
    return found


def _check(audit: pd.DataFrame, level: float) -> None:
    absent = [name for name in AUDIT_COLUMNS if name not in audit.columns]
    if absent:
        raise DataError(f"核查样本缺少列 {'、'.join(absent)}；需要 {'、'.join(AUDIT_COLUMNS)}")
    if not 0 < level < 1:
        raise ParamsError(f"level={level}：须在 0 与 1 之间")
    counts = audit[["recounted", "reported"]].to_numpy(float)
    if not np.isfinite(counts).all() or (counts < 0).any():
        raise DataError("核查样本的 recounted、reported 须为非负数，不能缺失")
    if audit.duplicated(["indicator", "region", "year", "facility"]).any():
        raise DataError("核查样本里同一机构、指标、年份出现多次")


def _grade(factor: float) -> str:
    if not np.isfinite(factor):
        return "—"
    return next((word for limit, word in GRADES if abs(factor - 1) <= limit + 1e-12), WORST)


def _bootstrap(
    found: np.ndarray, said: np.ndarray, level: float, draws: int, seed: int
) -> tuple[float, float]:
    chosen = np.random.default_rng(seed).integers(len(found), size=(draws, len(found)))
    totals = said[chosen].sum(axis=1)
    ratios = found[chosen].sum(axis=1)[totals > 0] / totals[totals > 0]
    if not len(ratios):
        return np.nan, np.nan
    low, high = np.quantile(ratios, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _exact(found: np.ndarray, said: np.ndarray, level: float) -> tuple[float, float]:
    """Przyborowski & Wilenski 1940, Biometrika 31:313: Clopper-Pearson's limits of the share, as odds."""
    from scipy import stats

    x, y, tail = found.sum(), said.sum(), (1 - level) / 2
    if x + y == 0:
        return np.nan, np.nan
    low = stats.beta.ppf(tail, x, y + 1) if x > 0 else 0.0
    high = stats.beta.ppf(1 - tail, x + 1, y) if y > 0 else 1.0
    low, high = (float(p / (1 - p)) if p < 1 else np.inf for p in (low, high))
    return low, high
