"""The statuses a target can have, and the one rule that turns evidence into a status."""

from __future__ import annotations

from enum import StrEnum

import numpy as np

from xhcp_eval.verdict.settings import Settings


class Status(StrEnum):
    """Verdict on one target; the value is the word that reports print."""

    MET = "已达标"
    LIKELY = "预期可达标"
    AT_RISK = "存在风险"
    UNLIKELY = "难以达标"
    MISSED = "未达标"
    UNDECIDABLE = "无法判定"
    DISPUTED = "待裁定"
    NO_DATA = "缺数据"
    NOT_JUDGED = "不作判定"


# From what needs attention most to what needs it least: the order of lists and of a goal's overall status.
SEVERITY: tuple[Status, ...] = (
    Status.MISSED,
    Status.UNLIKELY,
    Status.AT_RISK,
    Status.DISPUTED,
    Status.UNDECIDABLE,
    Status.NO_DATA,
    Status.LIKELY,
    Status.MET,
    Status.NOT_JUDGED,
)


def statuses(  # noqa: PLR0913 - evidence, by name
    settings: Settings,
    *,
    over: np.ndarray,
    met: np.ndarray,
    certain: np.ndarray,
    probability: np.ndarray,
    broken: np.ndarray | bool = False,
    held: np.ndarray | bool = False,
    unknown: np.ndarray | bool = False,
    milestone: bool = False,
) -> np.ndarray:
    """Status of each target, (m,) words; the only place where one is decided.

    over: the target's year has been reported. met: the latest judged value meets it. certain: chance alone couldn't put
    that value on the other side. probability: of meeting it in its year (every year from now on, every unit), missing
    where it can't be known. broken: a promise of every year was broken. held: it waits for the issuer or a check.
    unknown: there are no data to judge it by. milestone: done or not, which nothing extrapolates. All (m,).

    Small counts alone never make a pass or a fail: where chance could have put the value on either side only a
    probability outside `settings.undecidable` is called.
    """
    low, high = settings.undecidable
    with np.errstate(invalid="ignore"):
        open_ = ~np.isfinite(probability) | (~certain & (low < probability) & (probability < high))
        rules = [
            (unknown, Status.NO_DATA),
            (held, Status.NOT_JUDGED),
            (broken, Status.MISSED),
            (over & ~certain, Status.UNDECIDABLE),
            (over, np.where(met, Status.MET.value, Status.MISSED.value)),
            (milestone, np.where(met, Status.MET.value, Status.AT_RISK.value)),
            (open_, Status.UNDECIDABLE),
            (met & certain & (probability >= settings.secure), Status.MET),
            (probability >= settings.likely, Status.LIKELY),
            (probability >= settings.unlikely, Status.AT_RISK),
        ]
    shape = np.shape(probability)
    words = [np.broadcast_to(np.asarray(word, "U8"), shape) for _, word in rules]
    return np.select([np.broadcast_to(when, shape) for when, _ in rules], words, Status.UNLIKELY.value)


def worst(found: list[Status]) -> Status | None:
    """The status that needs attention most; None for an empty list."""
    return min(found, key=SEVERITY.index) if found else None
