"""统计资料: figures of the last years by domain, as the internal page shows them all and as an edition may print them."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from xhcp_eval.chapters.kit.blocks import Block, Heading, Table
from xhcp_eval.chapters.kit.views import Section, TextView, section, table, text_view
from xhcp_eval.chapters.kit.yearbook_blocks import back_blocks, front_blocks
from xhcp_eval.observations.publish.edition import in_order, publication, publishable
from xhcp_eval.observations.publish.explained import EXPLANATIONS, HEADERS, explanations, group_label
from xhcp_eval.observations.table import STATUS_LABELS
from xhcp_eval.pack.pack import Pack, once_a_pack
from xhcp_eval.plan.model import Plan
from xhcp_eval.plan.units import format_value

_CUT = ["region", "name", "group", "unit_label"]
_HEADS = {"name": "指标", "region": "地区", "group": "分组", "unit_label": "单位"}


@once_a_pack
def yearbook_table(pack: Pack) -> pd.DataFrame:
    """All figures that an edition would be made of, none hidden: internal."""
    rule = publication(pack.plan)
    rows = publishable(pack.observations, pack.plan, pack.region, pack.params.data_until, rule)
    return in_order(rows.assign(published="", suppressed=""), pack.plan)


def notes(pack: Pack) -> TextView:
    """How many figures there are, of what kind, and that they are internal."""
    rows = yearbook_table(pack)
    kinds = "、".join(STATUS_LABELS[status] for status in rows["status"].unique())
    return text_view([
        "内部资料：本章含人数小的数，不得公开。",
        f"共 {len(rows):,} 个数，{rows['year'].min()}—{rows['year'].max()} 年，数据性质：{kinds}。空白表示没有填报，0 表示确实为零。",
    ])  # fmt: skip


def district_tables(pack: Pack) -> Section:
    """The whole region's figures, a table a domain, a row a figure, a column a year."""
    rows = yearbook_table(pack)
    rows = rows[rows["region"] == pack.region]
    parts = [
        section(topic, _domain_table(part, topic), level=3, anchor=f"figures-{number}")
        for number, (topic, part) in enumerate(rows.groupby("topic", sort=False))
    ]
    return section("全区数字", *parts, level=2, anchor="figures")


def explained(pack: Pack) -> Section:
    """What each indicator means: definition, unit, way of computing, source."""
    found = explanations(yearbook_table(pack), pack.plan)
    return section(EXPLANATIONS, table(found, HEADERS, caption=EXPLANATIONS), level=2, anchor="explanations")


def edition_blocks(
    rows: pd.DataFrame, plan: Plan, region: str, year: int, hidden: Sequence[str]
) -> list[Block]:
    """An edition as a document: how to read it, a chapter a domain (the region's own figures, then its units'), what
    each indicator means.

    rows: of an edition (`Edition.rows`), of which only what may be printed is used. hidden: sentences on what is not.
    """
    blocks = front_blocks(rows, plan, region, year, hidden)
    rows = rows.assign(group=[group_label(row) for row in rows.to_dict("records")])
    for topic, part in rows.groupby("topic", sort=False):
        blocks.append(Heading(str(topic)))
        own = part["region"] == region
        for title, some in ((region, part[own]), ("各乡镇、街道和学校", part[~own])):
            if len(some):
                blocks += [Heading(title, level=2), _document_table(some, f"{topic}（{title}）")]
    return [*blocks, *back_blocks(rows, plan)]


def _document_table(part: pd.DataFrame, caption: str) -> Table:
    wide, years = _wide(part)
    names = [name for name in _HEADS if name != "region" or part["region"].nunique() > 1]
    short = wide.assign(region=wide["region"].str.rpartition("/")[2])
    shares = {"name": 4.0, "region": 2.0, "group": 2.0, "unit_label": 1.4}
    widths = [*(shares[name] for name in names), *[1.3] * len(years)]
    head = (*(_HEADS[name] for name in names), *(f"{year}年" for year in years))
    rows = tuple(tuple(map(str, row)) for row in short[[*names, *years]].itertuples(index=False, name=None))
    return Table(head, rows, tuple(w / sum(widths) for w in widths), caption, landscape=True)


def _domain_table(part: pd.DataFrame, topic: str):
    wide, years = _wide(part)
    headers = {"name": "指标", "group": "分组", "unit_label": "单位"} | {year: f"{year}年" for year in years}
    return table(wide, headers, numeric=years, caption=f"{topic}：{years[0]}—{years[-1]}年")


def _wide(part: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """A row a figure, a column a year (named by it), texts in the cells; and the years."""
    text = [
        told if hidden else format_value(value, unit).removesuffix(label)
        for told, hidden, value, unit, label in zip(
            part["published"], part["suppressed"], part["value"], part["unit"], part["unit_label"], strict=True
        )
    ]  # fmt: skip
    order = part[_CUT].drop_duplicates()
    wide = part.assign(text=text).pivot_table(index=_CUT, columns="year", values="text", aggfunc="first")
    wide = wide.reindex(pd.MultiIndex.from_frame(order)).fillna("").reset_index()
    wide.columns = [str(c) for c in wide.columns]
    return wide, [c for c in wide.columns if c not in _CUT]
