"""What the departments marked themselves: changed definitions and exceptional years."""

from __future__ import annotations

import pandas as pd

from xhcp_eval.quality.findings import Finding


def breaks(table: pd.DataFrame) -> list[Finding]:
    """Changes of definition, once an indicator, region and year."""
    found = []
    for r in _first(table[table["series_break"]]).itertuples():
        text = f"统计口径变更，{r.year}年以前不可比，趋势只用此后数据" + (f"：{r.note}" if r.note else "")
        found.append(Finding("中", "口径变更", r.indicator, r.region, int(r.year), text))
    return found


def exceptional(table: pd.DataFrame) -> list[Finding]:
    """Years marked as exceptional, once an indicator, region and year."""
    found = []
    for r in _first(table[table["exceptional"]]).itertuples():
        text = "标为异常年份：数值照列，不参与趋势" + (f"：{r.note}" if r.note else "")
        found.append(Finding("低", "异常年份", r.indicator, r.region, int(r.year), text))
    return found


def _first(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.drop_duplicates(["indicator", "region", "year"])
