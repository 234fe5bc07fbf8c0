"""Values unlike what came before: against the series' own changes, and against its forecast."""

from __future__ import annotations

import numpy as np
import pandas as pd

from xhcp_eval.errors import DataError
from xhcp_eval.observations.table import is_total
from xhcp_eval.plan.units import UNITS, format_value
from xhcp_eval.quality.findings import Finding, rounding, years_text

OUTLIER_SCORE = 3.5
LEAST_SPREAD = 0.01
LEAST_CHANGES = 5
# median absolute deviation of a normal variable with deviation 1
NORMAL_MAD = 0.6745
FORECAST_COLUMNS = ("indicator", "region", "year", "low", "high")


def unusual_changes(table: pd.DataFrame, region: str) -> list[Finding]:
    """Yearly changes far outside the series' own, one finding a series; the largest is told.

    Modified z-score above 3.5 (Iglewicz & Hoaglin 1993; WHO Data Quality Review 2017, module 1) of the changes of
    the region's main series since their last break. The spread is at least what counting the events and rounding
    the figures leave, so that a step of one case is no alarm.
    """
    found = []
    main = table[is_total(table) & (table["region"] == region)]
    for name, rows in main.groupby("indicator", sort=False):
        rows = _since_break(rows)
        change, score = _scores(rows)
        wild = np.flatnonzero(np.abs(score) > OUTLIER_SCORE)
        if not len(wild):
            continue
        worst = wild[np.argmax(np.abs(score[wild]))]
        years = rows["year"].to_numpy()[1:]
        others = years[wild[wild != worst]]
        also = f"；另有{years_text(others)}" if len(others) else ""
        size = format_value(change[worst], rows["unit"].iloc[0], True)
        z = f"{score[worst]:.1f}".replace("-", "−")
        text = f"较上次变动 {size}/年，远超历年变动（修正z={z}{also}），请核实或说明"
        found.append(Finding("低", "变动异常", name, region, int(years[worst]), text))
    return found


def _since_break(rows: pd.DataFrame) -> pd.DataFrame:
    marked = rows["series_break"]
    return rows[rows["year"] >= rows.loc[marked, "year"].max()] if marked.any() else rows


def _scores(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Changes a year and their modified z-scores; no scores where changes are too few to tell."""
    gap = np.diff(rows["year"].to_numpy(float))
    change = np.diff(rows["value"].to_numpy(float)) / gap
    if len(change) < LEAST_CHANGES:
        return change, np.zeros(len(change))
    centre = np.median(change)
    noise = _noise(rows)
    chance = np.sqrt(noise[1:] + noise[:-1]) / gap
    # steps that are nearly equal leave a spread of rounding only, against which everything is an outlier
    floor = LEAST_SPREAD * rows["value"].abs().median()
    spread = max(np.median(np.abs(change - centre)), floor) / NORMAL_MAD
    spread = np.maximum(spread, chance)
    return change, np.where(spread > 0, (change - centre) / np.where(spread > 0, spread, 1), 0.0)


def _noise(rows: pd.DataFrame) -> np.ndarray:
    """Variance of each value by counting its events and rounding it; (n,) on the unit's scale squared."""
    per = UNITS[rows["unit"].iloc[0]].per
    value, cases = rows["value"].to_numpy(float), rows["denominator"].to_numpy(float)
    if per is not None:
        share = np.clip((rows["numerator"].to_numpy(float) + 0.5) / (cases + 1), 0, 1)
        counted = per**2 * share * np.where(share < 1, 1 - share * (share > 0.05), 1) / cases
    else:
        # the chance of a number of cases; reported numbers of places are steadier, never wilder
        counted = np.maximum(value, 1.0) if rows["unit"].iloc[0] == "count" else np.zeros(len(rows))
    return np.where(np.isfinite(counted), counted, 0.0) + rounding(value) ** 2 / 3


def outside_forecast(table: pd.DataFrame, forecast: pd.DataFrame, level: float = 0.99) -> list[Finding]:
    """Reported values outside the likely range that was projected without them.

    forecast: columns indicator, region, year, low, high (on the unit's scale): the interval of a projection made
    from earlier years only. level: coverage of the interval, for the text. Only totals are compared.
    Raises DataError for missing columns.
    """
    absent = [name for name in FORECAST_COLUMNS if name not in forecast.columns]
    if absent:
        raise DataError(f"预测区间缺少列 {'、'.join(absent)}；需要 {'、'.join(FORECAST_COLUMNS)}")
    limits = forecast[list(FORECAST_COLUMNS)].dropna()
    rows = table[is_total(table) & ~table["series_break"] & ~table["exceptional"]]
    rows = rows.merge(limits, on=["indicator", "region", "year"])
    slack = rounding(rows["value"].to_numpy())
    found = []
    for r in rows[
        (rows["value"] < rows["low"] - slack) | (rows["value"] > rows["high"] + slack)
    ].itertuples():
        low, high = format_value(r.low, r.unit), format_value(r.high, r.unit)
        side = "低于" if r.value < r.low else "高于"
        text = f"填报值 {format_value(r.value, r.unit)} {side}按以往年份外推的{level:.0%}区间 {low}—{high}"
        found.append(Finding("中", "超出预期范围", r.indicator, r.region, int(r.year), text))
    return found
