"""Early warnings as reports show them: the list with its evidence, and how far each rule may be believed."""

from __future__ import annotations

import pandas as pd

from xhcp_eval.chapters.kit.views import TableView, TextView, table, text_view
from xhcp_eval.pack.pack import Pack
from xhcp_eval.warnings.warn import rule_table


def warning_sentence(pack: Pack) -> TextView:
    """How many warnings of each rule there are, gravest first."""
    found = pack.warnings
    if found.empty:
        return text_view(["按现有数据没有触发任何一条预警规则。这不等于没有风险，只说明以下规则没有发现。"])
    counts = found.groupby(["severity", "rule_name"], observed=True, sort=False).size()
    told = "；".join(f"{severity}：{name} {n} 条" for (severity, name), n in counts.items())
    note = "预警是请人去看的提示，不是结论；每条规则在真实历史序列上的命中情况见下表。"
    return text_view([f"共 {len(found)} 条预警。{told}。", note])


def warning_list(pack: Pack, limit: int = 80) -> TableView:
    """Every warning with its evidence and who is to answer, gravest first."""
    headers = {
        "severity": "级别", "rule_name": "预警", "indicator_name": "指标", "region": "地区", "evidence": "依据",
        "department": "责任单位",
    }  # fmt: skip
    rows = pack.warnings.head(limit).astype({"severity": str})
    rows["region"] = rows["region"].str.rsplit("/", n=1).str[-1]
    left = len(pack.warnings) - len(rows)
    caption = "预警清单" + (f"（另有 {left} 条级别较低的未列出，见结果表）" if left > 0 else "")
    return table(rows, columns=headers, wide=["evidence"], caption=caption)


def rules_list() -> TableView:
    """What sets off each rule, and how often it was right on real histories that it had not seen."""
    rows = rule_table()
    for name in ("precision", "recall", "base_rate"):
        rows[name] = [f"{share:.0%}" if pd.notna(share) else "未能测" for share in rows[name]]
    headers = {
        "rule_name": "规则", "text": "怎样触发", "outcome": "何谓应验", "precision": "发出后应验", "recall": "坏情形中预警到",
        "base_rate": "不预警也有", "note": "说明",
    }  # fmt: skip
    return table(
        rows, columns=headers, wide=["text", "outcome", "note"], caption="预警规则及其在真实序列上的表现"
    )
