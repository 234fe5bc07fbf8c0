"""What people type for a number or a year, read without guessing: full-width digits, thousands, % and ‰."""

from __future__ import annotations

import unicodedata

import pandas as pd

# The digits' own shapes and signs that NFKC leaves alone.
_SIGNS = str.maketrans({"−": "-", "–": "-", "，": ",", "。": ".", "﹪": "%", "　": " "})
_NUMBER = r"^([+-]?(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d*)?|[+-]?\.\d+)(?:[eE]([+-]?\d{1,3}))?\s*([%‰]?)$"
_YEAR = r"^(\d{4})(?:\.0+)?\s*年?度?$"


def parse_numbers(text: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Numbers and the unit sign typed behind them.

    text: cells, empty for missing. Returns (float numbers, NaN where a cell is empty or no number; sign: '',
    '%' or '‰'). A comma only counts between groups of three digits; a decimal comma is no number.
    """
    quick = pd.to_numeric(text.where(text.str.fullmatch(r"[+-]?\d+(?:\.\d+)?")), errors="coerce").astype(
        float
    )
    rest = text[quick.isna() & (text != "")]
    sign = pd.Series("", text.index)
    if len(rest):
        parts = rest.map(_normal).str.extract(_NUMBER)
        found = parts[0].notna()
        exponent = parts[1].where(parts[1].notna(), "0")
        digits = parts.loc[found, 0].str.replace(",", "") + "e" + exponent[found]
        quick.loc[digits.index] = pd.to_numeric(digits, errors="coerce").astype(float)
        sign.loc[digits.index] = parts.loc[found, 2].fillna("")
    return quick.where(quick.abs() != float("inf")), sign


def parse_years(text: pd.Series) -> pd.Series:
    """Years from cells such as 2025, ２０２５ or 2025年; NaN for anything else, a date among them."""
    return pd.to_numeric(text.map(_normal).str.extract(_YEAR)[0], errors="coerce").astype(float)


def _normal(cell: str) -> str:
    return unicodedata.normalize("NFKC", cell).translate(_SIGNS).strip()
