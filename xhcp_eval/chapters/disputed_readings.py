"""What the plan's text leaves open: readings side by side, and its ambiguities."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from xhcp_eval.chapters.kit.tables import READING_LABELS, latest_text
from xhcp_eval.chapters.kit.views import TableView, table
from xhcp_eval.pack.pack import Pack
from xhcp_eval.plan.units import format_probability


def disputed_readings(pack: Pack) -> TableView:
    """Questions whose readings are judged side by side, each reading with its own verdict."""
    own = pack.assessment[(pack.assessment["role"] == "verdict") & (pack.assessment["reading"] != "")]
    shown = pd.DataFrame(
        {
            "anomaly": own["anomaly"],
            "indicator": [f"{r.indicator_name}（{r.target_year}年）" for r in own.itertuples()],
            "reading": own["reading"].map(READING_LABELS).fillna(own["reading"]),
            "target": own["target_text"],
            "latest": [latest_text(pack, r) for r in own.itertuples()],
            "probability": [format_probability(r.probability) for r in own.itertuples()],
            "own_status": own["own_status"],
            "status": own["status"],
        }
    )
    headers = {
        "anomaly": "疑义", "indicator": "指标", "reading": "解读", "target": "目标值", "latest": "现状值",
        "probability": "达标概率", "own_status": "按此解读", "status": "合并状态",
    }  # fmt: skip
    return table(
        shown, columns=headers, numeric=["latest", "probability"], status=["own_status", "status"],
        caption="并列判定的不同解读：结论不同者为“待裁定”，两种结论都列出，不替规划改字",
    )  # fmt: skip


def ambiguities(pack: Pack, severities: Iterable[str] = ("H", "M", "L")) -> TableView:
    """What the plan's text leaves open, the possible readings and the working rule used until it is ruled."""
    rows = [
        (a.id, {"H": "高", "M": "中", "L": "低"}[a.severity], a.title_zh, a.text_zh,
         "\n".join(f"{r.id}. {r.statement_zh}" for r in a.readings), a.default_zh)
        for a in pack.plan.readings if a.severity in severities
    ]  # fmt: skip
    shown = pd.DataFrame(rows, columns=["id", "severity", "title", "text", "readings", "default"])
    headers = {
        "id": "编号",
        "severity": "影响",
        "title": "事项",
        "text": "原文与疑义",
        "readings": "可能的解读",
        "default": "暂行处理",
    }
    return table(
        shown, columns=headers, wide=["text", "readings", "default"], caption="规划文本疑义及暂行处理"
    )
