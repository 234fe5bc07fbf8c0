"""How few cases a region's yearly rates rest on: computed from its own figures, or nothing is said."""

from __future__ import annotations

from xhcp_eval.observations.table import is_total
from xhcp_eval.pack.pack import Pack

RATE = "infant_mortality_rate"  # the rate of births that every plan has


def yearly_few(pack: Pack) -> str:
    """Births and infant deaths of the last year in one clause without a stop; "" where they are many or aren't counted."""
    judged = pack.assessment
    if not (judged["small_count"].astype(bool) & (judged["indicator"] == RATE)).any():
        return ""
    rows = pack.observations
    rows = rows[(rows["indicator"] == RATE) & (rows["region"] == pack.region) & is_total(rows)]
    rows = rows.dropna(subset=["numerator", "denominator"])
    if rows.empty:
        return ""
    one = rows.sort_values("year").iloc[-1]
    return f"{one['year']}年活产{one['denominator']:,.0f}人、婴儿死亡{one['numerator']:.0f}例，一年之数不足以定好坏"
