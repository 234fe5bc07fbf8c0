"""The page over all reports in a folder: which there are, every target of every one, and what has changed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from xhcp_eval.chapters.kit.style import STATUS_STYLE, Look
from xhcp_eval.chapters.kit.tables import AT_RISK, ORDER
from xhcp_eval.chapters.kit.views import template
from xhcp_eval.plan.units import format_probability, format_value
from xhcp_eval.provenance import local_time
from xhcp_eval.report.page.changes import changes_table, compare_reports, run_changes
from xhcp_eval.report.page.render import Page, Shell, render_chapter, render_page
from xhcp_eval.report.page.summary import SUMMARY, history, read_summary, targets_frame
from xhcp_eval.verdict.status import SEVERITY, Status

if TYPE_CHECKING:
    import pandas as pd

TITLE = "评估报告总览"
INDEX_FILE = "index.html"
TARGETS = "targets"  # id of the table of all targets
DECIDING, OTHER = "主要目标", "策略措施"
DEMO_SHORT = "含演示数据"
DEMO_BANNER = "本页所列报告中标“演示”者，数字由程序生成，不是真实统计，任何结论都不得引用。"
PAGES = (Page("reports", "各份报告"), Page("all", "全部目标"), Page("changes", "与上次报告相比"))


@dataclass(frozen=True)
class Count:
    """How many targets of a report have a status. preset: filters that show just these."""

    look: Look
    word: str
    number: int
    preset: str


@dataclass(frozen=True)
class Report:
    """One report in the list. link: to it. risks: its targets at risk in the plan's last year."""

    title: str
    link: str
    facts: dict
    computed: str
    counts: tuple[Count, ...]
    risks: Count


def write_overview(out: Path) -> Path:
    """Write index.html over all reports of a folder; returns its path.

    out: folder that holds the folders of packs; those with a summary are listed, newest data first. Every
    report is compared with the one before it of the same pack, and with the last one on the same plan and
    region where that is another pack (the final evaluation with the mid-term one).
    """
    read = [read_summary(path) for path in sorted(out.glob(f"*/{SUMMARY}"))]
    found = [one for one in read if one is not None]
    summaries = sorted(found, key=lambda one: (-one["data_until"], one["is_demo"], one["pack"]))
    frames = {one["pack"]: _questions(one) for one in summaries}
    bodies = (
        template("overview_reports.html.j2").render(
            reports=[_report(one, frames[one["pack"]]) for one in summaries], table_id=TARGETS
        ),
        template("overview_targets.html.j2").render(
            rows=[row for one in summaries for row in _rows(one, frames[one["pack"]])], table_id=TARGETS
        ),
        template("overview_changes.html.j2").render(pairs=_pairs(out, summaries)),
    )
    shell = Shell(
        TITLE, f"{len(summaries)} 份报告", PAGES, any(one["is_demo"] for one in summaries),
        ("本页由各份报告的摘要生成，随每次运行更新。",), DEMO_SHORT, DEMO_BANNER,
    )  # fmt: skip
    chapters = [render_chapter(body, page) for body, page in zip(bodies, PAGES, strict=True)]
    path = out / INDEX_FILE
    path.write_text(render_page(chapters, shell), encoding="utf-8", newline="\n")
    return path


def _questions(summary: dict) -> pd.DataFrame:
    """Targets, each question once, what needs attention most first."""
    frame = targets_frame(summary).drop_duplicates("question")
    rank = frame["status"].map(ORDER)
    order = frame.assign(_rank=rank, _later=~frame["decides_goal"], _p=frame["probability"].fillna(-1))
    return order.sort_values(["_later", "_rank", "_p"], kind="stable")


def _report(summary: dict, frame: pd.DataFrame) -> Report:
    title, end = _title(summary), summary["end_year"]
    last = frame[frame["decides_goal"] & (frame["target_year"] == end)]
    counts = last["status"].value_counts()
    columns = {"报告": title, "目标年": str(end), "性质": DECIDING}
    shown = tuple(
        Count(STATUS_STYLE[s], s.value, int(counts[s.value]), _preset(columns, [s.value]))
        for s in Status
        if s.value in counts
    )
    risks = Count(
        STATUS_STYLE[Status.AT_RISK],
        f"{end}年风险目标",
        sum(count.number for count in shown if count.word in AT_RISK),
        _preset(columns, AT_RISK),
    )
    return Report(
        title, f"{summary['pack']}/{INDEX_FILE}", summary, local_time(summary["computed_at"]), shown, risks
    )


def _title(summary: dict) -> str:
    return summary["title"] + ("（演示）" if summary["is_demo"] else "")


def _preset(columns: dict[str, str], statuses) -> str:
    return json.dumps({"columns": columns, "statuses": list(statuses)}, ensure_ascii=False)


def _rows(summary: dict, frame: pd.DataFrame) -> list[dict]:
    """What the table of all targets shows of one report."""
    return [
        {
            "title": _title(summary),
            "region": summary["region"],
            "data_until": summary["data_until"],
            "link": f"{summary['pack']}/{summary.get('page', INDEX_FILE)}#{row.indicator}",
            "look": STATUS_STYLE[row.status],
            "rank": SEVERITY.index(row.status),
            "kind": DECIDING if row.decides_goal else OTHER,
            "latest": _latest(row),
            "chance": format_probability(row.probability),
            **row._asdict(),
        }
        for row in frame.drop(columns=["_rank", "_later", "_p"]).itertuples(index=False)
    ]


def _latest(row) -> str:
    if row.latest_value != row.latest_value:
        return "—"
    return f"{format_value(row.latest_value, row.unit)}\n{row.latest_year:.0f}年"


def _pairs(out: Path, summaries: list[dict]) -> list[dict]:
    """Reports that are compared, with what they rest on and what changed."""
    pairs = []
    for number, new in enumerate(summaries):
        earlier = history(out / new["pack"])[:1]
        same = [
            s for s in summaries[number + 1 :] if (s["plan"], s["region"]) == (new["plan"], new["region"])
        ]
        pairs += [_pair(old, new) for old in (*earlier, *same[:1])]
    return pairs


def _pair(old: dict, new: dict) -> dict:
    return {
        "title": f"{_title(new)}：与{'上一版' if old['pack'] == new['pack'] else '《' + _title(old) + '》'}相比",
        "old": local_time(old["computed_at"]),
        "new": local_time(new["computed_at"]),
        "rests": run_changes(old, new),
        "html": changes_table(compare_reports(old, new)).html,
    }
