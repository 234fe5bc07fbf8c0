"""Which figures that stand already a file would make others: shown before anything is changed."""

from __future__ import annotations

import numpy as np
import pandas as pd

from xhcp_eval.observations.cells import Cells, Fault
from xhcp_eval.observations.table import KEY, MAX_PROBLEMS_SHOWN, TOTAL
from xhcp_eval.plan.units import format_value

_FIGURES = ("value", "numerator", "denominator")


def changed(table: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Rows whose figures differ from those that stand.

    table: typed rows, index = row numbers. known: the newest vintages of these regions (the same columns). A value left
    to its counts is the same to six digits. Returns columns row, `KEY`, unit, value, numerator, denominator, then_value,
    then_numerator, then_denominator, then_reported_on.
    """
    names = [*KEY, "unit", *_FIGURES]
    then = known[[*KEY, *_FIGURES, "reported_on"]]
    then = then.rename(columns={name: f"then_{name}" for name in (*_FIGURES, "reported_on")})
    both = table[names].reset_index(names="row").merge(then, on=list(KEY))
    same = np.ones(len(both), bool)
    for name in _FIGURES:
        same &= np.isclose(both[name], both[f"then_{name}"], rtol=1e-9, atol=1e-6, equal_nan=True)
    return both[~same].reset_index(drop=True)


def changes_text(changes: pd.DataFrame, cells: Cells) -> list[str]:
    """One line a change: cell, figure, what stands and since when, what it would be; the first `MAX_PROBLEMS_SHOWN`.

    changes: as from `changed`. cells: for the addresses.
    """
    lines = []
    for row in changes.head(MAX_PROBLEMS_SHOWN).itertuples():
        cut = "、".join(str(getattr(row, name)) for name in KEY[3:] if getattr(row, name) != TOTAL)
        what = f"{row.indicator} {row.region} {row.year}年{cut and f'（{cut}）'}"
        now = _figure(row.value, row.numerator, row.denominator, row.unit)
        then = _figure(row.then_value, row.then_numerator, row.then_denominator, row.unit)
        lines.append(
            f"{cells.address(Fault(row.row, 'value', ''))}：{what}：{then}（{row.then_reported_on} 填报）改为 {now}"
        )
    if len(changes) > len(lines):
        lines.append(f"……另有 {len(changes) - len(lines)} 个未列出")
    return lines


def _figure(value: float, numerator: float, denominator: float, unit: str) -> str:
    counts = f"（{numerator:g}/{denominator:g}）" if pd.notna(numerator) and pd.notna(denominator) else ""
    return f"{format_value(value, unit)}{counts}"
