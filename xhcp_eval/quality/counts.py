"""Value against numerator and denominator."""

from __future__ import annotations

import numpy as np
import pandas as pd

from xhcp_eval.observations.table import DIMENSIONS, TOTAL
from xhcp_eval.plan.kinds import kinds_that
from xhcp_eval.plan.units import UNITS, format_value
from xhcp_eval.quality.findings import Finding, decimals, years_text

GRAVE = 0.005
_LABELS = {"male": "男", "female": "女", "urban": "城镇", "rural": "农村"}


def mismatches(table: pd.DataFrame) -> list[Finding]:
    """Values that their own counts don't give, beyond the rounding of the decimals reported.

    A difference above half a percent of the value is grave and told one by one; smaller ones (cut off instead of
    rounded, an older count) are told once a series.
    """
    per = table["unit"].map({name: unit.per for name, unit in UNITS.items()}).astype(float)
    computed = per * table["numerator"] / table["denominator"].where(table["denominator"] > 0)
    difference = (table["value"] - computed).abs()
    half = _half_unit(table)
    wrong = difference > half
    grave = wrong & (difference > np.maximum(GRAVE * computed.abs(), 2 * half))
    rows = table.assign(computed=computed, difference=difference)
    found = [_grave(r) for r in rows[grave].itertuples()]
    for (name, region), some in rows[wrong & ~grave].groupby(["indicator", "region"], sort=False):
        found.append(_slight(name, region, some))
    return found


def _half_unit(table: pd.DataFrame) -> np.ndarray:
    """Half a unit of the last digit each series is reported with, at most the digits shown of its unit.

    The longest figure of a series tells: "84" among "83.94" and "85.12" is 84.00, of which Excel drops the zeros.
    """
    digits = pd.Series(decimals(table["value"].to_numpy()), index=table.index)
    digits = digits.groupby([table["indicator"], table["region"]]).transform("max")
    most = table["unit"].map({name: unit.decimals for name, unit in UNITS.items()})
    return 0.5 * 10.0 ** -np.minimum(digits, most).to_numpy(float) * (1 + 1e-6) + 1e-9


def _grave(r) -> Finding:
    text = (
        f"填报值 {format_value(r.value, r.unit)} 与分子/分母（{r.numerator:g}/{r.denominator:g}）"
        f"复算的 {format_value(r.computed, r.unit)} 不符{cut_text(r)}"
    )
    return Finding("高", "复算不符", r.indicator, r.region, int(r.year), text)


def _slight(name: str, region: str, rows: pd.DataFrame) -> Finding:
    worst = rows.loc[rows["difference"].idxmax()]
    text = (
        f"{years_text(rows['year'])}共{len(rows)}个填报值与分子/分母复算的末位不符，如{int(worst['year'])}年填报 "
        f"{worst['value']:g}，复算 {worst['computed']:.4g}（{worst['numerator']:g}/{worst['denominator']:g}），疑为截尾或分子分母已改"
    )
    return Finding("低", "复算不符", name, region, int(worst["year"]), text)


def fractions(table: pd.DataFrame, kinds: dict[str, str]) -> list[Finding]:
    """Numerators or denominators that are no whole numbers, once a series.

    kinds: kind of each indicator; only shares and rates are ratios of counts.
    """
    counted = table[table["indicator"].map(kinds).isin(kinds_that("law"))]
    counts = counted[["numerator", "denominator"]].to_numpy(float)
    odd = counted[(np.abs(counts - np.round(counts)) > 1e-6).any(axis=1)]
    found = []
    for (name, region), rows in odd.groupby(["indicator", "region"], sort=False):
        r = rows.iloc[-1]
        text = f"{years_text(rows['year'])}的分子或分母不是整数，如 {r['numerator']:g}/{r['denominator']:g}"
        found.append(Finding("中", "计数不是整数", name, region, int(r["year"]), text))
    return found


def cut_text(row) -> str:
    """The group that a row is about, in brackets; "" for all children."""
    parts = [getattr(row, name) for name in DIMENSIONS]
    parts = [_LABELS.get(v, v) for v in parts if v != TOTAL]
    return f"（{'、'.join(parts)}）" if parts else ""
