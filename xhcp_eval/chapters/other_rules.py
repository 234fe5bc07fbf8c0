"""The same targets read by other systems' rules, beside ours, with where they differ and why."""

from __future__ import annotations

import numpy as np
import pandas as pd

from xhcp_eval.chapters.kit.tables import most_urgent_first, own_targets
from xhcp_eval.chapters.kit.views import TableView, table
from xhcp_eval.forecast.other_rules import OTHER_METHODS, Calls, Progress, call_all
from xhcp_eval.pack.pack import Pack
from xhcp_eval.plan.units import format_probability, format_value

COMPARED_OPS = ("<=", "<", ">=", ">", "relative_change_vs_base")
SURE, UNSURE = 0.7, 0.3
FEW_POINTS = 4
NEAR_BOUND = 0.05
UNCHECKED = "阈值凭对文件的记忆写成，未能与原文件核对"


def compare_methods(pack: Pack) -> pd.DataFrame:
    """What each system says of every target with a number that lies ahead.

    Returns one row a target: target_id, indicator, own_status, probability (ours), n_points; for each system of
    `OTHER_METHODS` its key (class in Chinese) and key_quantity; differs (names of systems that call it met where we say
    less than 30%, or not met where we say more than 70%), why (Chinese). Base: the first figure of the series.
    """
    rows = most_urgent_first(own_targets(pack, None))
    keep = rows["op"].isin(COMPARED_OPS) & ~rows["every_year"] & (rows["target_year"] > rows["latest_year"])
    rows = rows[keep & rows["target_value"].notna() & rows["probability"].notna()]
    series = pack.histories[pack.histories["usual"]]
    series = series[series.groupby("indicator")["year"].transform("size") >= 2]
    rows = rows[rows["indicator"].isin(series["indicator"])].reset_index(drop=True)
    if rows.empty:
        return pd.DataFrame(columns=["target_id", "indicator", "own_status", "probability", "differs", "why"])
    wide = series.pivot(index="indicator", columns="year", values="value")
    wide = wide.reindex(columns=range(int(wide.columns.min()), int(wide.columns.max()) + 1))
    sign = np.where(_falls(rows), -1, 1)
    progress = Progress(
        wide.columns.to_numpy(),
        wide.loc[rows["indicator"]].to_numpy(float),
        rows["target_value"].to_numpy(float),
        rows["target_year"].to_numpy(int),
        sign,
    )
    calls = call_all(progress)
    found = rows[
        [
            "target_id",
            "indicator",
            "indicator_name",
            "target_text",
            "target_year",
            "own_status",
            "probability",
        ]
    ].copy()
    found["n_points"] = np.isfinite(progress.values).sum(axis=1)
    for key, call in calls.items():
        found[key], found[f"{key}_quantity"] = call.label, call.quantity
    found["differs"] = _differing(calls, found["probability"].to_numpy(float))
    bounds = {i.id: (i.lower, i.upper) for i in pack.plan.indicators}
    found["why"] = _reasons(rows, progress, found["differs"], bounds)
    return found


def other_methods_table(pack: Pack) -> TableView:
    """`compare_methods` for reading: our status and each system's class side by side."""
    found = compare_methods(pack)
    shown = pd.DataFrame(
        {
            "status": found["own_status"],
            "target": [
                f"{r['indicator_name']}\n{r['target_year']}年 {r['target_text']}"
                for r in found.to_dict("records")
            ],
            "probability": [format_probability(p) for p in found["probability"]],
            **{key: found.get(key, pd.Series(dtype=object)) for key in OTHER_METHODS},
            "why": found["why"],
        }
    )
    headers = {"status": "本报告", "target": "指标与目标", "probability": "达标概率"}
    headers |= {key: method.name for key, method in OTHER_METHODS.items()} | {"why": "说法不同的原因"}
    unchecked = "、".join(method.name for method in OTHER_METHODS.values() if method.unchecked)
    caption = (
        "同一目标，各家规则怎么说（各家规则把现有速度当作必然，不给概率；基期取序列的第一个数；"
        f"{unchecked}的阈值未能与原文件核对）"
    )
    return table(
        shown, columns=headers, numeric=["probability"], status=["status"], wide=["why"], caption=caption
    )


def other_rules_table() -> TableView:
    """Each system's rule in a sentence, where it stands, and whether its thresholds were held against that."""
    rows = [
        (m.name, m.quantity, m.rule, m.source, UNCHECKED if m.unchecked else "")
        for m in OTHER_METHODS.values()
    ]
    headers = {"name": "体系", "quantity": "计算的量", "rule": "规则", "source": "出处", "check": "核对"}
    return table(
        pd.DataFrame(rows, columns=list(headers)),
        columns=headers,
        wide=["rule", "source", "check"],
        caption="各家规则",
    )


def _falls(rows: pd.DataFrame) -> np.ndarray:
    """Whether a target asks for less: by its operator, or for a change against the base by its direction."""
    relative = rows["op"] == "relative_change_vs_base"
    down = rows["target_value"] < rows["base_value"].fillna(np.inf)
    return np.where(relative, down, rows["op"].str.startswith("<"))


def _differing(calls: dict[str, Calls], probability: np.ndarray) -> list[str]:
    found = []
    for i, p in enumerate(probability):
        said = {
            OTHER_METHODS[key].name: call.met[i] for key, call in calls.items() if np.isfinite(call.met[i])
        }
        too_sure = [name for name, met in said.items() if met > SURE and p < UNSURE]
        too_dark = [name for name, met in said.items() if met < UNSURE and p > SURE]
        found.append("、".join([*too_sure, *too_dark]))
    return found


def _reasons(rows: pd.DataFrame, progress: Progress, differs: pd.Series, bounds: dict) -> list[str]:
    """Why point rules and a distribution part, from the numbers of each case; empty where they don't."""
    change = np.abs(np.diff(progress.values, axis=1))
    known = np.isfinite(change)
    count = known.sum(axis=1)
    swing = np.where(count > 0, np.where(known, change, 0).sum(axis=1) / np.maximum(count, 1), np.nan)
    found = []
    for i, row in enumerate(rows.to_dict("records")):
        if not differs.iloc[i]:
            found.append("")
            continue
        years = row["target_year"] - row["latest_year"]
        needed = abs(row["target_value"] - row["latest_value"]) / years
        words = [f"与{differs.iloc[i]}不同"]
        if row["small_count"]:
            words.append("事件少，逐年高低多半出于偶然")
        if np.isfinite(swing[i]) and swing[i] > needed:
            words.append(
                f"序列每年平均变动{format_value(swing[i], row['unit'], True)}，大于所需的每年"
                f"{format_value(needed, row['unit'], True)}，起止两点定不了速度"
            )
        if np.isfinite(progress.values[i]).sum() < FEW_POINTS:
            words.append("数据点太少")
        low, high = bounds[row["indicator"]]
        if low is not None and high is not None:
            room = min(row["latest_value"] - low, high - row["latest_value"]) / (high - low)
            if room < NEAR_BOUND:
                words.append("已接近上下限，速度难以保持")
        if len(words) == 1:
            words.append("相似的真实序列很少按过去的速度一直走下去")
        found.append("；".join(words))
    return found
