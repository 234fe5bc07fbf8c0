"""Units of measurement: label for people, how many of the denominator a value counts, decimals shown."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Unit:
    """One unit.

    label: Chinese suffix. per: value = per * numerator / denominator; None where a value is no share or rate.
    decimals: digits shown after the point. point_label: suffix of a difference of two values.
    """

    label: str
    per: float | None
    decimals: int
    point_label: str


UNITS: dict[str, Unit] = {
    "percent": Unit("%", 100.0, 2, "个百分点"),
    "permille": Unit("‰", 1_000.0, 2, "个千分点"),
    "permille_points": Unit("个千分点", 1_000.0, 2, "个千分点"),
    "per_1000": Unit("/千人", 1_000.0, 2, "/千人"),
    "per_10k": Unit("/万", 10_000.0, 2, "/万"),
    "per_100k": Unit("/10万", 100_000.0, 2, "/10万"),
    "per_100k_live_births": Unit("/10万活产", 100_000.0, 2, "/10万活产"),
    "count": Unit("", None, 0, ""),
    "hours_per_day": Unit("小时/天", None, 2, "小时/天"),
    "hours_per_week": Unit("小时/周", None, 1, "小时/周"),
    "class_hours_per_school_year": Unit("课时/学年", None, 0, "课时/学年"),
    "score_or_percent": Unit("分", None, 1, "分"),
    "yuan_per_month": Unit("元/月", None, 0, "元/月"),
    "binary": Unit("", None, 0, ""),
    "coefficient": Unit("", None, 3, ""),
    "ratio": Unit("", None, 2, ""),
    "index": Unit("", None, 2, ""),
}


def format_number(value: float, unit: str) -> str:
    """The bare number in the unit's decimals, trailing zeros dropped; "—" when missing.

    value: number on the unit's scale. unit: key of `UNITS`.
    """
    if value is None or not math.isfinite(value):
        return "—"
    text = f"{value:,.{UNITS[unit].decimals}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text.replace("-", "−")


def format_value(value: float, unit: str, difference: bool = False) -> str:
    """Number with its unit as printed in reports, e.g. "3.9‰"; "是"/"否" for yes/no; "—" when missing.

    difference: use the unit of a difference ("个百分点") in place of the unit itself.
    """
    if value is None or not math.isfinite(value):
        return "—"
    if unit == "binary" and not difference:
        return "是" if value >= 0.5 else "否"
    return format_number(value, unit) + (UNITS[unit].point_label if difference else UNITS[unit].label)


def format_probability(probability: float) -> str:
    """Probability in whole percent, never 0% or 100%: "<1%", "37%", ">99%"; "—" when missing."""
    if probability is None or not math.isfinite(probability):
        return "—"
    if probability < 0.01:
        return "<1%"
    if probability > 0.99:
        return ">99%"
    return f"{probability * 100:.0f}%"
