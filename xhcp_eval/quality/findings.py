"""What a finding is: how grave, by which rule, where, the figures, and what to ask the department."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pandas as pd

from xhcp_eval.plan.model import Plan

SEVERITIES: tuple[str, ...] = ("高", "中", "低")
COLUMNS: tuple[str, ...] = (
    "severity", "rule", "department", "indicator", "indicator_name", "region", "year", "finding", "question",
)  # fmt: skip
# Rule -> what the department is asked. The figures stand in the finding beside it.
QUESTIONS: dict[str, str] = {
    "复算不符": "请按原始台账核对分子、分母和填报值，更正有误的一项；如另有计算口径，请写明。",
    "计数不是整数": "请确认分子、分母是实际人数（件数、处数），不是折算或推算的数。",
    "未填报": "请补报，或说明未填报的原因和预计填报时间。",
    "从未填报": "请说明这些指标有无数据来源、自何年起可以填报。",
    "逾期填报": "请说明逾期的原因，下一轮请在截止日期前填报。",
    "填报日期缺失": "请补充填报日期。",
    "口径变更": "请说明新旧口径的差别；如能按新口径回算以往年份，请一并报送。",
    "异常年份": "请确认该年数值的异常原因是否仍如所注。",
    "大小关系": "请核对这几项指标同一年、同一范围的数据，更正不合逻辑的一项。",
    "分项合计": "请核对各分项与合计，说明是漏报、重复统计还是口径不同，并更正。",
    "分母一致": "这些指标应以同一人群为分母，请核对并统一分母，或说明差别。",
    "变动异常": "请核实该年数值；属实的，请说明变动的原因（政策、统计口径、突发事件等）。",
    "超出预期范围": "请核实该年数值；属实的，请说明变动的原因（政策、统计口径、突发事件等）。",
    "沿用旧数": "请确认该年数据是当年重新统计的，不是沿用上年数；如为误填请更正。",
    "数据雷同": "请分别核对各自的原始台账，确认不是互相抄用；如为误填请更正。",
    "数字取整": "请说明数据是实际统计还是估计、取整的结果；有原始数的，请按原始数填报。",
    "过于平滑": "请说明各年数据的来源；如有推算、插补的年份，请注明并报送原始数。",
    "核查系数": "请说明重新点数与填报数相差的原因，并更正有误机构的填报数。",
}


class Finding(NamedTuple):
    """One thing to ask about. `department` is filled where the finding is about a department as a whole."""

    severity: str
    rule: str
    indicator: str
    region: str
    year: int
    finding: str
    department: str = ""


def to_frame(findings: Iterable[Finding], plan: Plan) -> pd.DataFrame:
    """Findings with names, departments and questions, most severe first; columns `COLUMNS`."""
    frame = pd.DataFrame(list(findings), columns=Finding._fields)
    lead = {i.id: lead_department(i) for i in plan.indicators}
    frame["department"] = frame["department"].where(frame["department"] != "", frame["indicator"].map(lead))
    frame["indicator_name"] = (
        frame["indicator"].map({i.id: i.name for i in plan.indicators}).fillna("（多项）")
    )
    frame["question"] = frame["rule"].map(QUESTIONS)
    frame["severity"] = pd.Categorical(frame["severity"], SEVERITIES, ordered=True)
    order = ["severity", "department", "indicator", "year", "rule"]
    return frame[list(COLUMNS)].sort_values(order, ignore_index=True)


def lead_department(indicator) -> str:
    """The department that answers for an indicator; "" where the plan names none."""
    return (indicator.departments or ("",))[0]


def years_text(years: Iterable[int]) -> str:
    """ "2019、2021年"."""
    return "、".join(str(year) for year in sorted(set(map(int, years)))) + "年"


def decimals(values: np.ndarray, most: int = 6) -> np.ndarray:
    """Digits after the point that each number was reported with, at most `most`; trailing zeros can't be seen."""
    values = np.asarray(values, float)
    found = np.full(values.shape, most)
    for digits in range(most - 1, -1, -1):
        found[np.isclose(values, np.round(values, digits), rtol=0, atol=1e-9)] = digits
    return found


def rounding(values: np.ndarray) -> np.ndarray:
    """Half a unit of the last digit reported: how far a rounded figure may be from the exact one."""
    return 0.5 * 10.0 ** -decimals(values) * (1 + 1e-6) + 1e-9
