"""Numbers as a leader reads them: one decimal of a percentage, two of a per-mille rate, words for chances."""

from __future__ import annotations

import math

from xhcp_eval.plan.units import UNITS, format_number

# Digits after the point in the body; units that aren't named keep their own.
BODY: dict[str, int] = {
    "percent": 1, "permille": 2, "permille_points": 2, "per_10k": 1, "per_100k": 1, "per_100k_live_births": 1,
}  # fmt: skip
FINEST = 4
WHOLE = 1e-9
CHANCES: tuple[tuple[float, str], ...] = (
    (0.9, "很有把握"),
    (0.7, "较有把握"),
    (0.3, "说不准"),
    (0.0, "很难"),
)


def digits(unit: str) -> int:
    """Decimals of a unit in the body of a document."""
    return BODY.get(unit, UNITS[unit].decimals)


def value_text(value: float, unit: str, against: float = math.nan) -> str:
    """A measured value with its unit, rounded for the body; a dash where it is missing.

    Every measured value and difference carries the decimals of its unit (4.00‰ beside 3.57‰); only nought, all of 100% and
    what the plan itself prints (`bound_value`) are bare. against: a target that rounding mustn't lift the value on or over: 59.96% against 60% stays 59.96%.
    """
    if not math.isfinite(value):
        return "—"
    if unit == "binary":
        return "已完成" if value >= 0.5 else "未完成"
    return _rounded(value, _enough(value, unit, against)) + UNITS[unit].label


def bound_value(value: float, unit: str) -> str:
    """A value that the plan prints, as it prints it: 60%, 8.33/10万."""
    return _bare(value, digits(unit)) + UNITS[unit].label


def change_text(change: float, unit: str) -> str:
    """A difference without sign, in points of its unit; a dash where it is missing.

    One that rounding would make nought is shown as finely as it needs.
    """
    if not math.isfinite(change):
        return "—"
    places = digits(unit)
    while places < FINEST and change and not round(abs(change), places):
        places += 1
    return _rounded(abs(change), places) + UNITS[unit].point_label


def vanishes(change: float, unit: str) -> bool:
    """Whether a change rounds to nought in the body, and so isn't printed (needs +0 class hours)."""
    return not math.isfinite(change) or not round(abs(change), digits(unit))


def bound_text(text: str) -> str:
    """A target's words for the body: a share can't pass 100%."""
    return text.replace("≥100%", "100%").removesuffix("（每年）")


def asked_text(row) -> str:
    """What a row of an assessment asks, in words for a table: with 每年 where it is promised for every year."""
    return bound_text(row.target_text) + ("（每年）" if row.every_year else "")


def chance_words(probability: float) -> str:
    """A chance in words; "" where it isn't known."""
    if not math.isfinite(probability):
        return ""
    return next(word for bound, word in CHANCES if probability > bound or bound == 0.0)


def short_value(value: float, unit: str) -> str:
    """A value for a tile: three digits that count, without unit."""
    if not math.isfinite(value):
        return "—"
    places = 0 if abs(value) >= 100 else min(digits(unit), 1 if abs(value) >= 10 else 2)
    return _rounded(value, 0 if abs(value - round(value)) < WHOLE else places)


def _enough(value: float, unit: str, against: float) -> int:
    places = digits(unit)
    if not math.isfinite(against) or value == against:
        return places
    while places < FINEST and (
        round(value, places) == round(against, places)
        or (round(value, places) < against) != (value < against)
    ):
        places += 1
    return places


def _rounded(value: float, places: int) -> str:
    """In so many decimals; nought and a hundred stay whole."""
    text = f"{value:,.0f}" if min(abs(value), abs(abs(value) - 100)) < WHOLE else f"{value:,.{places}f}"
    return "0" if text == "-0" else text.replace("-", "−")


def _bare(value: float, places: int) -> str:
    """In so many decimals, without noughts at the end."""
    text = f"{value:,.{max(places, 2)}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text.replace("-", "−")


def number_text(value: float) -> str:
    """A whole number."""
    return format_number(round(value), "count")
