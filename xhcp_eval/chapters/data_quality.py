"""Whether the figures can be believed: findings, completeness, sources."""

from __future__ import annotations

from xhcp_eval.chapters.kit.views import TableView, table
from xhcp_eval.observations.table import STATUS_LABELS
from xhcp_eval.pack.pack import Pack


def quality_findings(pack: Pack, limit: int = 60) -> TableView:
    """Findings on the figures themselves, most severe first."""
    rows = pack.quality.head(limit).astype({"severity": str})
    headers = {
        "severity": "级别",
        "department": "填报单位",
        "indicator_name": "指标",
        "region": "地区",
        "year": "年份",
        "finding": "问题",
        "question": "请核实或说明",
    }
    left = len(pack.quality) - len(rows)
    caption = "数据质量问题" + (f"（另有 {left} 条级别较低的未列出，见结果表）" if left > 0 else "")
    return table(rows, columns=headers, numeric=["year"], wide=["finding", "question"], caption=caption)


def completeness_table(pack: Pack) -> TableView:
    """How much each lead department reported for the data year."""
    rows = pack.completeness.assign(share=[f"{s:.0f}%" for s in pack.completeness["share"]])
    headers = {
        "department": "填报单位（牵头）", "indicators": "应报指标", "reported_ever": "有过数据",
        "reported_last": f"{pack.params.data_until}年有数据", "share": "当年完整率",
    }  # fmt: skip
    return table(
        rows,
        columns=headers,
        numeric=list(headers)[1:],
        caption="各单位填报情况（单位分工为建议，规划文本未分工）",
    )


def sources_table(pack: Pack) -> TableView:
    """Sources of the figures: how many each gave and their status."""
    rows = pack.observations.groupby(["source", "status"], sort=False).size().rename("n").reset_index()
    rows["status"] = rows["status"].map(STATUS_LABELS)
    return table(
        rows,
        columns={"source": "来源", "status": "数据状态", "n": "数据点数"},
        numeric=["n"],
        wide=["source"],
        caption="数据来源",
    )
