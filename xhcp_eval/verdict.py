"""One verdict: the row of the assessment frame, and the Chinese sentence that explains it."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from xhcp_eval.observations import STATUS_LABELS
from xhcp_eval.plan import Indicator, Plan, Target
from xhcp_eval.status import Status
from xhcp_eval.units import format_number, format_probability, format_value

NAN = float("nan")


@dataclass(frozen=True)
class Verdict:
    """One target judged for one region; see CONTRIBUTING for the meaning of each field."""

    question: str
    target_id: str
    goal: str
    domain: str
    indicator: str
    indicator_name: str
    kind: str
    unit: str
    direction: str
    region: str
    target_year: int
    every_year: bool
    op: str
    reading: str
    role: str
    level: str
    decides_goal: bool
    disputed: bool
    anomaly: str
    department: str
    target_status: str = ""
    target_value: float = NAN
    target_text: str = ""
    base_year: float = NAN
    base_value: float = NAN
    latest_year: float = NAN
    latest_value: float = NAN
    latest_low: float = NAN
    latest_high: float = NAN
    latest_basis: str = ""
    numerator: float = NAN
    denominator: float = NAN
    small_count: bool = False
    worst_unit: str = ""
    failures: str = ""
    gap: float = NAN
    gap_relative: float = NAN
    covered: float = NAN
    pace: float = NAN
    required_pace: float = NAN
    probability: float = NAN
    children: float = NAN
    own_status: str = Status.NOT_JUDGED.value
    trend_word: str = ""
    literal: str = ""
    on_line: bool = False
    reason: str = ""
    n_points: int = 0
    data_status: str = ""

    @classmethod
    def start(cls, plan: Plan, target: Target, indicator: Indicator, region: str) -> Verdict:
        """The facts of a target before it is judged."""
        goal = indicator.goal or ""
        decides = target.text_ref == goal if goal else True
        return cls(
            question=f"{indicator.id}@{target.year}" + ("" if decides else f"@{target.text_ref}"), target_id=target.id, goal=goal, domain=plan.domain_of(indicator),
            indicator=indicator.id, indicator_name=indicator.name, kind=indicator.kind, unit=indicator.unit,
            direction=indicator.direction, region=region,
            target_year=plan.end_year if target.year == "every_year" else target.year,
            every_year=target.year == "every_year", op=target.op, reading=target.reading or "", role=target.role,
            level=target.level, decides_goal=decides, disputed=target.disputed,
            anomaly=target.anomaly or "", department=(indicator.departments or ("",))[0],
            target_status=target.status or "", target_text=_plain_target(target, indicator),
        )  # fmt: skip

    @classmethod
    def start_milestone(cls, plan: Plan, milestone, region: str) -> Verdict:
        """The facts of a one-off commitment of a strategy or measure."""
        return cls(
            question=f"{milestone.id}@{plan.end_year}", target_id=milestone.id, goal="", domain=milestone.domain,
            indicator=milestone.id, indicator_name=milestone.what_zh, kind="yes_no", unit="binary", direction="up",
            region=region, target_year=plan.end_year, every_year=False, op="milestone", reading="", role="verdict",
            level=plan.level, decides_goal=False, disputed=False, anomaly="", department="", target_text="完成",
        )  # fmt: skip

    def with_(self, **changes: object) -> Verdict:
        """A copy with some fields changed."""
        return replace(self, **changes)

    def no_data(self, reason: str) -> Verdict:
        """A verdict that can't be given for want of data."""
        return self.with_(own_status=Status.NO_DATA.value, reason=reason)

    def not_judged(self, reason: str) -> Verdict:
        """A target for which no quantitative verdict is due."""
        return self.with_(own_status=Status.NOT_JUDGED.value, reason=reason)

    def explained(self, history, latest, case) -> Verdict:
        """The verdict with its reason: where it stands, what decides, what is doubtful."""
        parts = [self.reason] if self.reason else []
        parts.append(
            f"{latest.basis}{format_value(latest.value, self.unit)}{_interval_text(latest, self.unit)}"
        )
        if self.worst_unit:
            parts[-1] = f"最低为{self.worst_unit}：" + parts[-1]
        if self.failures:
            parts.append(f"规划期内未保持：{_shorten(self.failures)}")
        elif self.gap > 0:
            parts.append(f"距目标差{format_value(self.gap, self.unit, difference=True)}")
        elif latest.year < self.target_year:
            parts.append("现已达到目标值" if not self.small_count else "该值在目标值以内")
        if self.own_status == Status.UNDECIDABLE and self.small_count:
            cause = "事件数过少" if latest.first_year < latest.year else "抽样误差大"
            parts.append(f"{cause}，95%区间跨过目标值，好坏均不能断定")
        if np.isfinite(self.probability):
            span = "此后每年保持" if self.every_year else f"{self.target_year}年达标"
            parts.append(f"{span}的概率{format_probability(self.probability)}")
        elif latest.year < self.target_year:
            parts.append("只有一个数据点，不能外推")
        if latest.year < case.as_of:
            parts.append(f"最近一次数据为{latest.year}年")
        if self.on_line:
            parts.append("数值恰在界限上（见A03）")
        return self.with_(reason="；".join(parts))

    def row(self) -> tuple:
        """Values in the order of `COLUMNS`."""
        return tuple(getattr(self, name) for name in COLUMNS)


COLUMNS: tuple[str, ...] = tuple(f.name for f in fields(Verdict))


def _plain_target(target: Target, indicator: Indicator) -> str:
    """The target in words before its base is known."""
    if target.value is not None and target.op in ("<=", "<", ">=", ">"):
        symbol = {"<=": "≤", ">=": "≥"}.get(target.op, target.op)
        text = symbol + format_value(target.value, indicator.unit)
    elif target.op == "relative_change_vs_base":
        word = "下降" if target.value < 0 else "上升"
        text = f"较{target.base_year}年{word}{abs(target.value):g}%"
    else:
        words = {"trend_up": "上升", "trend_down": "下降", "no_worse_than": "不变差", "maintain": "保持"}
        text = (f"较{target.base_year}年" if target.base_year else "") + words[target.op]
    return text + ("（每年）" if target.year == "every_year" else "")


def _interval_text(latest, unit: str) -> str:
    if not np.isfinite(latest.low):
        return ""
    return f"（95%区间{format_number(latest.low, unit)}–{format_value(latest.high, unit)}）"


def _shorten(text: str, limit: int = 4) -> str:
    parts = text.split("；")
    return "；".join(parts[-limit:]) + (f"等{len(parts)}处" if len(parts) > limit else "")


def data_status_text(status: str) -> str:
    """Chinese words for the joined data statuses of a verdict."""
    return "、".join(STATUS_LABELS.get(part, part) for part in status.split("、") if part)
