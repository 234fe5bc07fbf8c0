"""Efficiency and benefit: who does more with less, what one more child costs."""

from __future__ import annotations

import numpy as np
import pandas as pd

from xhcp_eval.chapters.kit.views import (
    Section,
    TableView,
    TextView,
    View,
    section,
    table,
    text_view,
)
from xhcp_eval.chapters.strategy_effect import studies
from xhcp_eval.errors import DataError
from xhcp_eval.evaluation.methods.benefit import scenarios
from xhcp_eval.evaluation.methods.efficiency import bias_corrected, envelopment, malmquist, scale_efficiency
from xhcp_eval.evaluation.studies.costs import CostStudy, cost_studies, costs_frame
from xhcp_eval.pack.pack import Pack, evaluation_folder

INPUT, OUTPUT = "投入_", "产出_"
DRAWS = 300


def efficiency_sections(pack: Pack) -> Section | TextView:
    """Efficiency of townships from efficiency.csv: latest year's scores, returns to scale, change since the first year."""
    folder = evaluation_folder(pack)
    if not folder.has("efficiency.csv"):
        return text_view("没有分单位的投入产出资料，不作效率评价。")
    years = efficiency_tables(pack)
    last = max(years)
    try:
        parts: list[View] = [
            text_view(_efficiency_words(*years[last], last)),
            _scores_table(*years[last], last),
        ]
        if len(years) > 1:
            parts.append(_change_table({year: years[year] for year in (min(years), last)}))
    except DataError as error:
        return text_view(f"不能评价效率：{str(error).splitlines()[0]}")
    return section("各乡镇街道的投入产出效率", *parts, level=3, anchor="efficiency")


def efficiency_tables(pack: Pack) -> dict[int, tuple[pd.DataFrame, pd.DataFrame]]:
    """Year -> inputs and outputs of units, from efficiency.csv: columns unit, year, 投入_…, 产出_….

    Raises DataError for missing columns or figures that are no numbers.
    """
    folder = evaluation_folder(pack)
    from xhcp_eval.observations.cells import open_table

    names = list(open_table(folder.file("efficiency.csv")).frame.columns)
    chosen = [n for n in names if n.startswith((INPUT, OUTPUT))]
    frame = folder.table("efficiency.csv", ("unit", "year", *chosen), ("year", *chosen)).astype({"year": int})
    found = {}
    for year, rows in frame.groupby("year"):
        rows = rows.set_index("unit").sort_index()
        ins, outs = ([n for n in chosen if n.startswith(prefix)] for prefix in (INPUT, OUTPUT))
        found[int(year)] = rows[ins], rows[outs]
    return found


def benefit_studies(pack: Pack) -> list[CostStudy]:
    """Cost per additional child of the evaluation's measures; empty without costs."""
    folder = evaluation_folder(pack)
    if not folder.has("costs.csv", "measures.yaml"):
        return []
    region = pack.region
    return cost_studies(studies(pack), folder.file("costs.csv"), pack.observations, region)


def benefit_table(found: list[CostStudy]) -> TableView | TextView:
    """Each measure: spent, children reached in addition, cost of one, and what may be said."""
    if not found:
        return text_view("没有成本资料，不作效益评价。")
    rows = costs_frame(found)
    rows["spent"] = [f"{one.total / 10_000:,.1f}" for one in found]
    rows["children"] = [_children(one) for one in found]
    rows["ratio"] = [_yuan(*row) for row in rows[["cost_per_child", "low", "high"]].itertuples(index=False)]
    headers = {
        "measure": "措施",
        "spent": "支出（万元）",
        "children": "新增儿童（95%区间）",
        "ratio": "每名新增儿童（元）",
        "sentence": "可以说的",
    }
    return table(rows, headers, numeric=["spent", "children", "ratio"], wide=["sentence"],
                 caption="成本与多惠及的儿童。金额按年3%折算到开始年份；没有物价指数时不调整物价")  # fmt: skip


def scenario_tables(found: list[CostStudy]) -> Section:
    """Low, middle and high cost against low, middle and high effect, a table a measure."""
    parts = []
    for one in found:
        if one.result is None:
            continue
        rows = scenarios(one.result.cost, one.result.effect)
        rows["text"] = [f"{v:,.0f}" if np.isfinite(v) else "无意义" for v in rows["ratio"]]
        wide = (
            rows.pivot(index="cost_scenario", columns="effect_scenario", values="text")
            .loc[list("低中高"), list("低中高")]
            .reset_index()
        )
        headers = {"cost_scenario": "成本"} | {name: f"效果{name}" for name in "低中高"}
        parts.append(
            table(
                wide, headers, numeric=list("低中高"), caption=f"{one.study.measure.name}：每名新增儿童（元）"
            )
        )
    return section("情景", *parts, level=3, anchor="cost-scenarios")


def _efficiency_words(inputs: pd.DataFrame, outputs: pd.DataFrame, year: int) -> list[str]:
    names = (
        "、".join(c.removeprefix(INPUT) for c in inputs),
        "、".join(c.removeprefix(OUTPUT) for c in outputs),
    )
    return [
        f"{year}年，{len(inputs)} 个乡镇街道，投入：{names[0]}；产出：{names[1]}。得分 1 表示在这些单位中没有谁用更少的投入得到同样的产出；"
        "得分 0.8 表示最好的单位只用八成投入。单位少，得分偏高，所以并列给出校正值和区间；在几十个单位的模拟里，这种区间仍然偏窄（名义95%的只盖住约七成），差别小的不要分先后。这是比较，不是考核。"
    ]


def _scores_table(inputs: pd.DataFrame, outputs: pd.DataFrame, year: int) -> TableView:
    score = envelopment(inputs, outputs, returns="variable").table
    rows = score.merge(
        bias_corrected(inputs, outputs, returns="variable", draws=DRAWS).drop(columns="score"), on="unit"
    )
    rows = rows.merge(scale_efficiency(inputs, outputs)[["unit", "constant", "scale", "kind"]], on="unit")
    rows["interval"] = [f"{low:.2f}—{high:.2f}" for low, high in zip(rows["low"], rows["high"], strict=True)]
    headers = {"unit": "乡镇街道", "score": "技术效率", "bias_corrected": "校正值", "interval": "95%区间", "constant": "综合效率", "scale": "规模效率",
               "kind": "规模报酬", "peers": "参照单位"}  # fmt: skip
    formats = dict.fromkeys(("score", "bias_corrected", "constant", "scale"), "{:.2f}")
    return table(
        rows.sort_values("bias_corrected", ascending=False),
        headers,
        formats,
        numeric=["interval"],
        caption=f"{year}年投入产出效率（少投入角度，规模报酬可变）",
    )


def _change_table(years: dict[int, tuple[pd.DataFrame, pd.DataFrame]]) -> TableView:
    rows = malmquist(years)
    headers = {"unit": "乡镇街道", "index": "生产率指数", "catch_up": "自身追赶", "frontier": "前沿移动"}
    return table(rows, headers, dict.fromkeys(("index", "catch_up", "frontier"), "{:.2f}"),
                 caption=f"{min(years)}—{max(years)}年的变化（Malmquist 指数，大于1为提高）")  # fmt: skip


def _children(one: CostStudy) -> str:
    if one.result is None:
        return "—"
    effect = one.result.effect
    return f"{effect.value:,.0f}（{effect.low:,.0f}—{effect.high:,.0f}）"


def _yuan(ratio: float, low: float, high: float) -> str:
    if np.isnan(ratio):
        return "—"
    return f"{ratio:,.0f}（{low:,.0f}—{'无上限' if np.isinf(high) else f'{high:,.0f}'}）"
