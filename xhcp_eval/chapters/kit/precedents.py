"""Chinese precedents of an indicator: which they are, and their values in no more digits than are known."""

from __future__ import annotations

import math

import pandas as pd

from xhcp_eval.pack.pack import Pack
from xhcp_eval.plan.units import UNITS, format_value


def rows_of(pack: Pack, indicator: str) -> pd.DataFrame:
    """The precedents of an indicator, the most alike first."""
    rows = pack.precedents
    return rows[rows["indicator"] == indicator].sort_values("rank")


def about(value: float, grain: float, unit: str) -> str:
    """A value in no more digits than it is known to. grain: that it is known to, in its unit."""
    digits = UNITS[unit].decimals
    if grain > 0:
        digits = min(digits, max(0, math.ceil(-math.log10(grain))))
    return format_value(round(value, digits), unit)
