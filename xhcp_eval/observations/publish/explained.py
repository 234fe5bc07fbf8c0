"""What a yearbook says of itself: 简要说明 (scope, sources, symbols, what is hidden) and 主要统计指标解释, from the figures and the plan."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from xhcp_eval.observations.table import STATUS_LABELS, TOTAL
from xhcp_eval.plan.model import Indicator, Plan
from xhcp_eval.plan.units import UNITS

SCOPE, EXPLANATIONS = "简要说明", "主要统计指标解释"
# Column of the explanations -> header.
HEADERS: dict[str, str] = {
    "topic": "领域", "name": "指标", "unit": "单位", "numerator": "分子或数值", "denominator": "分母", "method": "计算方法",
    "source": "资料来源", "note": "说明",
}  # fmt: skip
MAIN_PART = "#"
DEMO = "演示数据：由程序生成，不是真实统计，不得引用。"
_METHODS = {
    "count": "直接计数", "mean": "各单位数值的平均", "yes_no": "是或否", "gap": "两组数值之差", "index": "按其编制方法",
}  # fmt: skip


def scope_lines(
    rows: pd.DataFrame, plan: Plan, region: str, year: int, hidden: Sequence[str] = ()
) -> list[tuple[str, str]]:
    """Heading and text of each point of 简要说明.

    rows: figures as they are printed, with topic, indicator, region, year, status, reported_on. year: last one. hidden: sentences about
    what is not published, of whoever decided it.
    """
    topics = "、".join(rows["topic"].unique())
    units = rows.loc[rows["region"] != region, "region"].nunique()
    places = f"{region}和所属{units}个单位（乡镇、街道、学校等）" if units else region
    kinds = "、".join(STATUS_LABELS[status] for status in rows["status"].unique())
    lines = [("数据性质", DEMO)] if (rows["status"] == "demo").any() else []
    return [
        *lines,
        ("内容和范围", f"本资料收录《{plan.name}》{rows['indicator'].nunique()}个监测指标的{len(rows):,}个数，按{topics}分部分。"
         f"地区范围为{places}；年份为{rows['year'].min()}—{year}年。"),
        ("资料来源", f"{sources(rows, plan)}按年填报。数据性质：{kinds}；填报日期最新为{rows['reported_on'].max() or '（未注明）'}。"),
        ("计算", "有分子、分母的指标按分子、分母计算，方法见《主要统计指标解释》。数值四舍五入，分项之和与合计可能因此略有不同。"),
        ("符号", "“…”表示不公布；空格表示无数据；0表示确实为零" + _main_parts_told(rows) + "。"),
        *(("不公布的数", text) for text in hidden),
    ]  # fmt: skip


def sources(rows: pd.DataFrame, plan: Plan) -> str:
    """Departments that lead the indicators printed, in the plan's order."""
    printed = set(rows["indicator"])
    leads = (i.departments[0] for i in plan.indicators if i.id in printed and i.departments)
    return "、".join(dict.fromkeys(leads)) or "（未注明）"


def group_label(row: pd.Series | dict) -> str:
    """A row's group as printed: # before one that is among others that make up a whole, such as an age."""
    return f"{MAIN_PART}{row['group']}" if is_main_part(row) else str(row["group"])


def is_main_part(row: pd.Series | dict) -> bool:
    """Whether a figure is one of the main parts of a whole. The sexes, and town and country, make it up."""
    return row["age"] != TOTAL or row["category"] != TOTAL


def _main_parts_told(rows: pd.DataFrame) -> str:
    any_part = ((rows["age"] != TOTAL) | (rows["category"] != TOTAL)).any()
    return f"；{MAIN_PART}表示其中的主要项" if any_part else ""


def explanations(rows: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """主要统计指标解释: a row an indicator in the order of the figures, with the columns of `HEADERS`, all text."""
    topics = rows.drop_duplicates("indicator")[["indicator", "topic"]]
    found = [_explained(plan.indicator(id), str(topic)) for id, topic in topics.itertuples(index=False)]
    return pd.DataFrame(found, columns=list(HEADERS))


def _explained(item: Indicator, topic: str) -> dict[str, str]:
    unit = UNITS[item.unit]
    return {
        "topic": topic, "name": item.name, "unit": unit_label(item), "numerator": item.numerator_zh,
        "denominator": item.denominator_zh, "method": _method(item), "source": "、".join(item.departments) or "（未注明）",
        "note": item.note_zh or "",
    } | ({"denominator": ""} if unit.per is None else {})  # fmt: skip


def unit_label(item: Indicator) -> str:
    """Unit as a table prints it."""
    return "是/否" if item.unit == "binary" else UNITS[item.unit].label or "个数"


def _method(item: Indicator) -> str:
    per = UNITS[item.unit].per
    if item.kind in _METHODS or per is None:
        return _METHODS.get(item.kind, "分子÷分母")
    return f"分子÷分母×{per:,.0f}"
