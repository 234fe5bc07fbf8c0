"""统计资料 as reports show them: the region's own figures of the last years by domain, small cells suppressed."""

from __future__ import annotations

import pandas as pd

from xhcp_eval.chapters.kit.views import Section, TextView, section, table, text_view
from xhcp_eval.observations.publish.explained import EXPLANATIONS, HEADERS, explanations
from xhcp_eval.observations.publish.yearbook import publication, published_table
from xhcp_eval.observations.table import STATUS_LABELS
from xhcp_eval.pack.pack import Pack, once_a_pack
from xhcp_eval.plan.units import format_value

FILE = "统计资料.xlsx"
_CUT = ["name", "group", "unit_label"]


@once_a_pack
def yearbook_table(pack: Pack) -> pd.DataFrame:
    """Figures of the pack's region that may be printed, as `published_table` gives them."""
    region = pack.region
    return published_table(pack.observations, pack.plan, region, pack.params.data_until)


def notes(pack: Pack) -> TextView:
    """How many figures there are, what was suppressed and why."""
    rows = yearbook_table(pack)
    least = publication(pack.plan).threshold
    hidden = int((rows["suppressed"] != "").sum())
    kinds = "、".join(STATUS_LABELS[status] for status in rows["status"].unique())
    return text_view([
        f"共 {len(rows):,} 个数，{rows['year'].min()}—{rows['year'].max()} 年，数据性质：{kinds}。",
        f"小于 {least} 的人数写作“<{least}”；为防止由合计倒推，另有一些数写作“…”。共隐去 {hidden} 个。空白表示没有填报，0 表示确实为零。",
    ])  # fmt: skip


def district_tables(pack: Pack) -> Section:
    """The whole region's figures, a table a domain, a row a figure, a column a year."""
    region = pack.region
    rows = yearbook_table(pack)
    rows = rows[rows["region"] == region]
    parts = [
        section(topic, _domain_table(part, topic), level=3, anchor=f"figures-{number}")
        for number, (topic, part) in enumerate(rows.groupby("topic", sort=False))
    ]
    return section("全区数字", *parts, level=2, anchor="figures")


def _domain_table(part: pd.DataFrame, topic: str):
    text = [
        told if hidden else format_value(value, unit).removesuffix(label)
        for told, hidden, value, unit, label in zip(
            part["published"],
            part["suppressed"],
            part["value"],
            part["unit"],
            part["unit_label"],
            strict=True,
        )
    ]
    order = part[_CUT].drop_duplicates()
    wide = part.assign(text=text).pivot_table(index=_CUT, columns="year", values="text", aggfunc="first")
    wide = wide.reindex(pd.MultiIndex.from_frame(order)).fillna("").reset_index()
    years = [c for c in wide.columns if c not in _CUT]
    wide.columns = [str(c) for c in wide.columns]
    headers = {"name": "指标", "group": "分组", "unit_label": "单位"} | {str(y): f"{y}年" for y in years}
    return table(wide, headers, numeric=[str(y) for y in years], caption=f"{topic}：{years[0]}—{years[-1]}年")


def explained(pack: Pack) -> Section:
    """What each indicator printed means: definition, unit, way of computing, source."""
    found = explanations(yearbook_table(pack), pack.plan)
    return section(EXPLANATIONS, table(found, HEADERS, caption=EXPLANATIONS), level=2, anchor="explanations")
