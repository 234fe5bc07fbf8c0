"""What may be said of causes: where a shortfall lies and what went with it; never a cause without a design that shows it."""

from __future__ import annotations

ALLOWED = ("其中…占", "同期", "对应措施中…尚未", "有待部门说明")
FORBIDDEN = ("由于", "导致", "得益于", "成效显著", "归功于", "带动了", "促使")


def claims_cause(text: str, shown: bool = False) -> list[str]:
    """Words of a sentence that claim a cause. shown: a measure's design shows it (可以归因, its interval leaves zero out)."""
    return [] if shown else [word for word in FORBIDDEN if word in text]


def part_of(places: list[tuple[str, float]], total: float, noun: str) -> str:
    """Where a shortfall lies: 其中示范一街道154名、示范甲镇85名，占52%. places: largest first. total: of the whole region."""
    if not places or total <= 0:
        return ""
    measure = noun[:1]
    listed = "、".join(f"{name}{number:,.0f}{measure}" for name, number in places)
    share = sum(number for _, number in places) / total
    return f"其中{listed}，占{100 * min(share, 1):.0f}%"
