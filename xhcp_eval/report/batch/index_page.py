"""The page over all reports of a batch: failures first, ranks with intervals, every region small, every target."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from xhcp_eval.chapters.kit.style import STATUS_STYLE, Look
from xhcp_eval.chapters.kit.views import template
from xhcp_eval.provenance import local_time
from xhcp_eval.report.batch.standing import LEVEL, deciding_targets, standing
from xhcp_eval.report.batch.storage import Store
from xhcp_eval.report.batch.summary import PAGE
from xhcp_eval.report.page.overview import DEMO_SHORT
from xhcp_eval.report.page.render import Page, Shell, render_chapter, render_page
from xhcp_eval.report.page.summary import SUMMARY
from xhcp_eval.verdict.status import SEVERITY, Status

if TYPE_CHECKING:
    import pandas as pd

PAGES = (
    Page("failures", "未完成的报告"), Page("ranking", "各地区排序"),
    Page("regions", "各地区一览"), Page("targets", "各项目标"),
)  # fmt: skip
DEMO_BANNER = "本页含演示数据，数字由程序生成，不是真实统计，任何结论都不得引用。"
CARD_WIDTH = 120  # of the bar of a region, in CSS pixels
NAMED = 8  # regions named beside a target; the others are counted
ALARMING = (Status.MISSED, Status.UNLIKELY)


@dataclass(frozen=True)
class Part:
    """How many targets, or regions, have a status. x, width: of its piece of the bar."""

    look: Look
    word: str
    number: int
    x: float = 0.0
    width: float = 0.0


@dataclass(frozen=True)
class Group:
    """Reports of one pack. summaries: by region. links: to each region's report. targets: those that decide."""

    title: str
    summaries: dict[str, dict]
    links: dict[str, str]
    targets: pd.DataFrame


def write_page(store: Store, summary: dict) -> None:
    """Write the page of a batch.

    store: has the reports. summary: of `summary.record`; reports without a summary of their own are left out.
    """
    groups = _groups(store, summary)
    bodies = (
        template("batch_failures.html.j2").render(
            failures=[one for one in summary["reports"] if one["state"] != "done"], summary=summary
        ),
        template("batch_ranking.html.j2").render(groups=[_ranking(g) for g in groups], level=f"{LEVEL:.0%}"),
        template("batch_regions.html.j2").render(groups=[_cards(g) for g in groups], width=CARD_WIDTH),
        template("batch_targets.html.j2").render(groups=[_by_target(g) for g in groups], statuses=_looks()),
    )
    demo = any(one["is_demo"] for group in groups for one in group.summaries.values())
    subtitle = f"{summary['total']} 份报告，完成 {summary['done']}，失败 {summary['failed']}"
    footer = (f"生成时间{local_time(summary['finished_at'])}；本页由各份报告的摘要生成。",)
    shell = Shell(summary["title"], subtitle, PAGES, demo, footer, DEMO_SHORT, DEMO_BANNER)
    chapters = [render_chapter(body, page) for body, page in zip(bodies, PAGES, strict=True)]
    store.write(PAGE, render_page(chapters, shell))


def _groups(store: Store, summary: dict) -> list[Group]:
    """Reports by pack, in the order of packs' first reports."""
    found: dict[str, tuple[dict, dict]] = {}
    for one in summary["reports"]:
        text = store.read(one["report"].replace(PAGE, SUMMARY)) if one["report"] else None
        if text is not None:
            summaries, links = found.setdefault(one["pack"], ({}, {}))
            summaries[one["region"]] = json.loads(text)
            links[one["region"]] = quote(one["report"])
    return [
        Group(pack, summaries, links, deciding_targets(summaries))
        for pack, (summaries, links) in found.items()
    ]


def _ranking(group: Group) -> dict:
    rows = standing(group.targets)
    scale = CARD_WIDTH / max(rows["targets"].max(), 1) if len(rows) else 1.0
    return {
        "title": group.title,
        "count": len(rows),
        "rows": [
            row._asdict()
            | {"link": group.links[row.region], "x": row.low * scale, "at": row.expected * scale}
            | {"width": max((row.high - row.low) * scale, 1.0)}
            for row in rows.itertuples(index=False)
        ],
    }


def _cards(group: Group) -> dict:
    """A bar of statuses a region, in the order of names, so that a region is found where it always is."""
    by_region = dict(list(group.targets.groupby("region"))) if len(group.targets) else {}
    return {
        "title": group.title,
        "cards": [
            {"region": region, "link": group.links[region], "parts": _parts(by_region.get(region))}
            for region in sorted(group.summaries)
        ],
    }


def _parts(targets: pd.DataFrame | None) -> list[Part]:
    if targets is None:
        return []
    counts, parts, x = targets["status"].value_counts(), [], 0.0
    for status in SEVERITY:
        if number := int(counts.get(status.value, 0)):
            width = CARD_WIDTH * number / len(targets)
            parts.append(Part(STATUS_STYLE[status], status.value, number, round(x, 2), round(width, 2)))
            x += width
    return parts


def _by_target(group: Group) -> dict:
    """How many regions stand where on each target, and which are in danger."""
    rows = []
    if len(group.targets):
        for _, some in group.targets.groupby("question", sort=False):
            first, counts = some.iloc[0], some["status"].value_counts()
            bad = some[some["status"].isin(ALARMING)].sort_values("probability", na_position="first")
            named = [
                (region, f"{group.links[region]}#{quote(first['indicator'])}") for region in bad["region"]
            ]
            numbers = [int(counts.get(status.value, 0)) for status in _looks()]
            rows.append(
                {"first": first, "numbers": numbers, "named": named[:NAMED], "more": len(named) - NAMED}
            )
    return {"title": group.title, "rows": rows}


def _looks() -> Mapping[Status, Look]:
    return {status: STATUS_STYLE[status] for status in SEVERITY if status != Status.NOT_JUDGED}
