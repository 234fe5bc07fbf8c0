"""Rows of an assessment as the wording takes them, with everything missing but what a test sets."""

from types import SimpleNamespace

NAN = float("nan")
PLAIN = {
    "op": "<=", "direction": "down",
    "target_id": "t", "indicator": "i", "kind": "proportion", "unit": "percent", "latest_value": NAN, "latest_year": 2025.0,
    "base_year": 2020.0, "target_value": NAN, "gap": NAN, "children": NAN, "tolerance": NAN, "side": "", "n_failures": 0,
    "failures": "", "probability": NAN, "pace": NAN, "pace_from": 2020.0, "pace_to": 2025.0, "required_pace": NAN,
}  # fmt: skip


def row(**given):
    return SimpleNamespace(**{**PLAIN, **given})
