"""What people type for a number or a year, read without guessing: full-width digits, thousands, % and ‰."""

from __future__ import annotations

import unicodedata

import numpy as np
import pandas as pd

# The digits' own shapes and signs that NFKC leaves alone.
_SIGNS = str.maketrans({"−": "-", "–": "-", "，": ",", "。": ".", "﹪": "%", "　": " "})
_NUMBER = r"^([+-]?(?:[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.[0-9]*)?|[+-]?\.[0-9]+)(?:[eE]([+-]?[0-9]{1,3}))?\s*([%‰]?)$"
_YEAR = r"^([0-9]{4})(?:\.0+)?\s*年?度?$"
_LONGEST = 60  # characters of a wrong cell that are told


def parse_numbers(text: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Numbers and the unit sign typed behind them.

    text: cells, empty for missing. Returns (float numbers, NaN where a cell is empty or no number; sign: '',
    '%' or '‰'). A comma only counts between groups of three digits; a decimal comma is no number.
    """
    quick = pd.to_numeric(
        text.where(text.str.fullmatch(r"[+-]?[0-9]+(?:\.[0-9]+)?")), errors="coerce"
    ).astype(float)
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
    codes, words = pd.factorize(text)  # few different ones, each looked at once
    found = pd.Series(words, dtype=str).map(_normal).str.extract(_YEAR)[0]
    years = pd.to_numeric(found, errors="coerce").to_numpy(float)
    return pd.Series(years[codes] if len(words) else np.nan, index=text.index, dtype=float)


def last_digit(column: pd.Series) -> pd.Series:
    """What one step of the last digit is worth in each cell as it was typed: 1 for 93, 0.1 for 93.0 and 93.2%.

    column: text, or numbers, whose trailing zeros nobody knows any more. NaN where there is no number.
    """
    if pd.api.types.is_numeric_dtype(column):
        digits = pd.Series(10.0, column.index)
        for n in range(9, -1, -1):
            digits = digits.mask((column - column.round(n)).abs() < 1e-11 * column.abs().clip(lower=1), n)
        return (10.0**-digits).where(column.notna())
    words = column.drop_duplicates()
    parts = words.map(_normal).str.extract(_NUMBER)
    decimals = parts[0].str.extract(r"\.([0-9]*)$")[0].str.len().fillna(0)
    exponent = pd.to_numeric(parts[1], errors="coerce").fillna(0)
    step = (10.0 ** (exponent - decimals)).where(parts[0].notna())
    return column.map(dict(zip(words, step, strict=True))).astype(float)


def brief(cell: object) -> str:
    """A wrong cell as a message quotes it."""
    text = str(cell)
    return repr(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")


def _normal(cell: str) -> str:
    """Digits in their plain shape. Raised and circled ones (² ①) are marks of footnotes and stay what they are."""
    if any(unicodedata.category(sign) == "No" for sign in cell):
        return ""
    return unicodedata.normalize("NFKC", cell).translate(_SIGNS).strip()
