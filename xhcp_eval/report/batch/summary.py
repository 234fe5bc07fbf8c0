"""What a batch leaves beside its reports: batch.json and batch.csv, a line a report, each failure with its cause."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from datetime import UTC, datetime

from xhcp_eval.report.batch.storage import Store
from xhcp_eval.report.batch.tasks import Outcome

RECORD, TABLE, PAGE = "batch.json", "batch.csv", "index.html"
COLUMNS = ("地区", "报告包", "结果", "原因", "说明", "次数", "用时（秒）", "内存峰值（MB）", "报告")


def record(title: str, outcomes: Sequence[Outcome], strays: Sequence[str], seconds: float) -> dict:
    """The summary of a batch as plain values; reports ordered by region and pack, whenever they ended.

    strays: what is wrong with rows that belong to no region. seconds: the whole run took.
    """
    return {
        "title": title,
        "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds, 1),
        "total": len(outcomes),
        "done": sum(one.done for one in outcomes),
        "resumed": sum(one.resumed for one in outcomes),
        "failed": sum(not one.done for one in outcomes),
        "strays": list(strays),
        "reports": [_row(one) for one in ordered(outcomes)],
    }


def ordered(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Outcomes by region and pack."""
    return sorted(outcomes, key=lambda one: (one.region, one.pack))


def _row(one: Outcome) -> dict:
    return {
        "region": one.region,
        "pack": one.pack,
        "state": "done" if one.done else "failed",
        "cause": one.cause.value if one.cause else None,
        "detail": one.detail,
        "attempts": one.attempts,
        "seconds": one.seconds,
        "peak_mb": one.peak_mb,
        "resumed": one.resumed,
        "report": f"{one.folder}/{one.pack}/index.html" if one.done else None,
    }


def write_summary(store: Store, summary: dict) -> None:
    """Write batch.json and batch.csv (UTF-8 with a byte order mark, as Excel wants it)."""
    store.write(RECORD, json.dumps(summary, ensure_ascii=False, indent=1) + "\n")
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for one in summary["reports"]:
        state = "完成" if one["state"] == "done" else "失败"
        cells = [one["region"], one["pack"], state, one["cause"] or "", one["detail"], one["attempts"]]
        writer.writerow(
            [_inert(cell) for cell in (*cells, one["seconds"], one["peak_mb"], one["report"] or "")]
        )
    store.write(TABLE, "\ufeff" + text.getvalue())


def _inert(cell: object) -> object:
    """Text that a spreadsheet would run as a formula, made text: names come from data."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
