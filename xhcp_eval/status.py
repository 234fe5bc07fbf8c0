"""The statuses a target can have, and the one rule that turns evidence into a status."""

from __future__ import annotations

from enum import StrEnum

import numpy as np

from xhcp_eval.settings import Settings


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


def status_now(met: bool, certain: bool) -> Status:
    """Status of a target whose year has been reported.

    met: the judged value meets it. certain: its interval lies wholly on one side (or no interval decides).
    """
    if not certain:
        return Status.UNDECIDABLE
    return Status.MET if met else Status.MISSED


def status_ahead(probability: float, met: bool, certain: bool, settings: Settings) -> Status:
    """Status of a target whose year is still to come.

    probability: of meeting it then; NaN where the series can't be projected. met: the latest judged value already
    meets it. certain: the latest interval doesn't span the target. Small counts alone never make a pass or a fail:
    where the interval spans the target only a probability outside `settings.undecidable` is called.
    """
    if not np.isfinite(probability):
        return Status.UNDECIDABLE
    low, high = settings.undecidable
    if not certain and low < probability < high:
        return Status.UNDECIDABLE
    if met and certain and probability >= settings.secure:
        return Status.MET
    if probability >= settings.likely:
        return Status.LIKELY
    return Status.AT_RISK if probability >= settings.unlikely else Status.UNLIKELY


def worst(statuses: list[Status]) -> Status | None:
    """The status that needs attention most; None for an empty list."""
    return min(statuses, key=SEVERITY.index) if statuses else None
