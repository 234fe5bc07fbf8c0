"""Can it be believed: findings on a table that passed the reader's checks, and completeness by department."""

from __future__ import annotations

import numpy as np
import pandas as pd

from xhcp_eval.observations import TOTAL
from xhcp_eval.plan import Plan
from xhcp_eval.units import UNITS, format_value

SEVERITIES: tuple[str, ...] = ("高", "中", "低")
COLUMNS: tuple[str, ...] = (
    "severity",
    "department",
    "indicator",
    "indicator_name",
    "region",
    "year",
    "finding",
)
MISMATCH = 0.005
SPARE_ROUNDING = 0.006
OUTLIER_SCORE = 3.5
LEAST_SPREAD = 0.01


def review(observations: pd.DataFrame, plan: Plan, region: str, as_of: int) -> pd.DataFrame:
    """Findings that a reader of the figures should know, most severe first.

    observations: checked table. region: path; its units are looked at too. as_of: the data year.
    Checks: value against its counts, last year missing, marked breaks of definition, yearly changes far outside
    the series' own (modified z-score above 3.5: WHO data quality review, module 2), and a figure equal in value
    and counts to that of the year before. Returns a frame with `COLUMNS`; empty when nothing was found.
    """
    table = observations[(observations["year"] <= as_of) & _within(observations, region)]
    table = table[table["indicator"].isin([i.id for i in plan.indicators])].sort_values("year")
    findings = [*_mismatches(table), *_missing_last_year(table, plan, region, as_of), *_breaks(table)]
    findings += [*_exceptional(table), *_outliers(table), *_repeats(table)]
    frame = pd.DataFrame(findings, columns=["severity", "indicator", "region", "year", "finding"])
    frame["department"] = frame["indicator"].map({i.id: (i.departments or ("",))[0] for i in plan.indicators})
    frame["indicator_name"] = frame["indicator"].map({i.id: i.name for i in plan.indicators})
    frame["severity"] = pd.Categorical(frame["severity"], SEVERITIES, ordered=True)
    return frame[list(COLUMNS)].sort_values(
        ["severity", "department", "indicator", "year"], ignore_index=True
    )


def completeness(observations: pd.DataFrame, plan: Plan, region: str, as_of: int) -> pd.DataFrame:
    """Share of the indicators that each lead department reported for the data year, and of those ever reported.

    Columns: department, indicators, reported_ever, reported_last (both counts), share (percent of indicators
    with a figure for `as_of`; surveys that are not yearly count as missing in years without one).
    """
    main = observations[(observations["region"] == region) & (observations["year"] <= as_of)]
    main = main[main["status"] != "recollection"]
    ever, last = set(main["indicator"]), set(main.loc[main["year"] == as_of, "indicator"])
    rows = [
        ((i.departments or ("（未分工）",))[0], i.id in ever, i.id in last)
        for i in plan.indicators
        if i.kind != "gap"
    ]
    frame = pd.DataFrame(rows, columns=["department", "reported_ever", "reported_last"])
    result = frame.groupby("department", sort=False).agg(
        indicators=("reported_ever", "size"),
        reported_ever=("reported_ever", "sum"),
        reported_last=("reported_last", "sum"),
    )
    result["share"] = 100 * result["reported_last"] / result["indicators"]
    return result.reset_index().sort_values("indicators", ascending=False, ignore_index=True)


def _within(observations: pd.DataFrame, region: str) -> pd.Series:
    return (observations["region"] == region) | observations["region"].str.startswith(region + "/")


def _mismatches(table: pd.DataFrame) -> list[tuple]:
    per = table["unit"].map({name: unit.per for name, unit in UNITS.items()}).astype(float)
    computed = per * table["numerator"] / table["denominator"]
    difference = (table["value"] - computed).abs()
    wrong = difference > np.maximum(MISMATCH * computed.abs(), SPARE_ROUNDING)
    return [
        (
            "高",
            r.indicator,
            r.region,
            r.year,
            f"填报值 {format_value(r.value, r.unit)} 与分子/分母（{r.numerator:g}/{r.denominator:g}）复算的 {format_value(c, r.unit)} 不符{_cut(r)}",
        )
        for r, c in zip(table[wrong].itertuples(), computed[wrong], strict=True)
    ]


def _cut(row) -> str:
    parts = [v for v in (row.sex, row.age, row.residence, row.category) if v != TOTAL]
    return f"（{'、'.join(parts)}）" if parts else ""


def _missing_last_year(table: pd.DataFrame, plan: Plan, region: str, as_of: int) -> list[tuple]:
    last = table[table["region"] == region].groupby("indicator")["year"].max()
    survey = {i.id for i in plan.indicators if "survey" in i.measurement_level}
    found = []
    for name, year in last[last < as_of].items():
        severity, word = ("低", "非年度调查，") if name in survey else ("中", "")
        found.append((severity, name, region, as_of, f"{word}{as_of}年未填报，最近一次为{year}年"))
    return found


def _breaks(table: pd.DataFrame) -> list[tuple]:
    marked = table[table["series_break"]].drop_duplicates(["indicator", "region", "year"])
    return [
        (
            "中",
            r.indicator,
            r.region,
            r.year,
            f"统计口径变更，{r.year}年以前不可比，趋势只用此后数据" + (f"：{r.note}" if r.note else ""),
        )
        for r in marked.itertuples()
    ]


def _exceptional(table: pd.DataFrame) -> list[tuple]:
    marked = table[table["exceptional"]].drop_duplicates(["indicator", "region", "year"])
    return [
        (
            "低",
            r.indicator,
            r.region,
            r.year,
            "标为异常年份：数值照列，不参与趋势" + (f"：{r.note}" if r.note else ""),
        )
        for r in marked.itertuples()
    ]


def _main_series(table: pd.DataFrame) -> pd.DataFrame:
    keep = (
        (table["sex"] == TOTAL)
        & (table["residence"] == TOTAL)
        & (table["category"] == TOTAL)
        & (table["age"] == TOTAL)
    )
    return table[keep & ~table["region"].str.contains("/")]


def _outliers(table: pd.DataFrame) -> list[tuple]:
    found = []
    for (name, region), rows in _main_series(table).groupby(["indicator", "region"]):
        rows = (
            rows[rows["year"] >= rows.loc[rows["series_break"], "year"].max()]
            if rows["series_break"].any()
            else rows
        )
        change = (rows["value"].diff() / rows["year"].diff()).to_numpy()[1:]
        if len(change) < 5:
            continue
        centre = np.median(change)
        # steps that are nearly equal leave a spread of rounding only, against which everything is an outlier
        floor = LEAST_SPREAD * rows["value"].abs().median()
        spread = max(np.median(np.abs(change - centre)), floor)
        if spread <= 0:
            continue
        score = 0.6745 * (change - centre) / spread
        for i in np.flatnonzero(np.abs(score) > OUTLIER_SCORE):
            row = rows.iloc[i + 1]
            found.append(
                (
                    "低",
                    name,
                    region,
                    int(row["year"]),
                    f"较上次变动 {format_value(change[i], row['unit'], True)}/年，远超历年变动（修正z={score[i]:.1f}），请核实或说明",
                )
            )
    return found


def _repeats(table: pd.DataFrame) -> list[tuple]:
    found = []
    counted = _main_series(table)
    counted = counted[counted["numerator"].notna() & (counted["denominator"] > 100)]
    for (name, region), rows in counted.groupby(["indicator", "region"]):
        same = (
            (rows["numerator"].diff() == 0) & (rows["denominator"].diff() == 0) & (rows["year"].diff() == 1)
        )
        found += [
            (
                "中",
                name,
                region,
                int(r.year),
                f"分子、分母与上年完全相同（{r.numerator:g}/{r.denominator:g}），疑似沿用旧数",
            )
            for r in rows[same].itertuples()
        ]
    return found
