"""Ranks of townships, what they hang on, and the weights behind them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from xhcp_eval.chapters.kit.tables import interval_text
from xhcp_eval.chapters.kit.views import TableView, TextView, table, text_view
from xhcp_eval.chapters.third_party.scores import NOTHING
from xhcp_eval.evaluation.unit_ranking import UnitRanking, load_ranking_rule, rank_units
from xhcp_eval.pack.pack import Pack, evaluation_folder


def ranking_of(pack: Pack) -> UnitRanking | None:
    """Townships ranked by the evaluation's rule; None if there is none."""
    folder = evaluation_folder(pack)
    if not folder.has("ranking.yaml"):
        return None
    rule = load_ranking_rule(folder.file("ranking.yaml"), pack.plan)
    region = pack.region
    return rank_units(pack.observations, pack.plan, region, pack.params.data_until, rule, folder.judgements())


def ranking_sentence(ranking: UnitRanking | None) -> TextView:
    """Who can be told apart and who can't."""
    if ranking is None:
        return text_view(NOTHING)
    rows = ranking.acceptability.intervals
    sure = ranking.acceptability.shares.iloc[:, 0].max()
    first = ranking.acceptability.shares.iloc[:, 0].idxmax()
    width = (rows["rank_high"] - rows["rank_low"]).median() + 1
    told = "不能说谁是第一" if sure < 0.8 else f"{first}可以排在第一"
    turned = (
        f"每次去掉一个乡镇街道，有 {len(ranking.reversals)} 对的先后会颠倒。"
        if len(ranking.reversals)
        else "去掉任何一个乡镇街道，其余的先后都不变。"
    )
    return text_view([
        f"{len(ranking.values)} 个乡镇街道按 {ranking.values.shape[1]} 项指标比较。把全部可能的权重和数据的偶然误差都算进去，"
        f"排第一的可能性最大的是{first}，也只有 {sure:.0%}：{told}；各自的名次区间（90%）宽度中位数为 {width:.0f} 位。{turned}",
        "名次只供查找问题，不宜用于奖惩。",
    ])  # fmt: skip


def weights_table(ranking: UnitRanking) -> TableView:
    """Weights by every method beside each other, with intervals, and what to bear in mind."""
    frames = [
        one.to_frame().assign(
            text=[interval_text(w, a, b, "") for w, a, b in zip(one.values, one.low, one.high, strict=True)]
        )
        for one in ranking.weights
    ]
    wide = pd.concat(frames).pivot(index="criterion", columns="method", values="text")
    wide = wide.reindex(
        index=ranking.weights[0].names, columns=[one.method for one in ranking.weights]
    ).reset_index()
    return table(
        wide,
        {"criterion": "指标"} | {c: c for c in wide.columns if c != "criterion"},
        caption="几种方法定出的权重（95%区间）",
    )


def weights_notes(ranking: UnitRanking) -> TextView:
    """What each method of weighting has to say against itself."""
    told = [f"{one.method}：{one.note}" for one in ranking.weights if one.note]
    told += [
        f"{one.method}：汇总判断矩阵的一致性比率 CR={one.consistency:.3f}（小于 0.1 可用）"
        for one in ranking.weights
        if np.isfinite(one.consistency)
    ]
    return text_view(told)


def ranks_table(ranking: UnitRanking) -> TableView:
    """Ranks of every township by every method and every set of weights, with the interval of ranks."""
    rows = ranking.ranks[["unit", *[c for c in ranking.ranks if c.endswith("名次")]]].merge(
        ranking.by_weights.drop(columns="等权", errors="ignore"), on="unit"
    )
    rows = rows.merge(ranking.acceptability.intervals, on="unit").sort_values("rank_median")
    rows["interval"] = [f"{a:.0f}—{b:.0f}" for a, b in zip(rows["rank_low"], rows["rank_high"], strict=True)]
    short = {"加权求和名次": "等权求和", "TOPSIS名次": "TOPSIS", "秩和比名次": "秩和比", "层次分析法": "AHP 求和", "熵权法": "熵权求和",
             "CRITIC 法": "CRITIC 求和"}  # fmt: skip
    renamed = {c: short[c] for c in rows.columns if c in short}
    return table(
        rows,
        {"unit": "乡镇街道"} | renamed | {"interval": "名次区间（90%）"},
        numeric=["interval"],
        caption="不同方法、不同权重下的名次",
    )


def classes_table(pack: Pack, ranking: UnitRanking) -> TableView | TextView:
    """Townships by core targets first: a missed one can't be bought back by a good average."""
    if ranking.classes is None:
        return text_view("没有指定不可抵补的核心目标。")
    names = {i.id: i.name for i in pack.plan.indicators}
    rows = ranking.classes.assign(
        missed_targets=ranking.classes["missed_targets"].map(
            lambda t: "、".join(names.get(n, n) for n in t.split("、")) or "—"
        )
    )
    headers = {
        "class": "类别",
        "unit": "乡镇街道",
        "score": "综合得分",
        "met": "达到",
        "open": "不能断定",
        "missed": "未达到",
        "missed_targets": "未达到的是",
    }
    return table(
        rows,
        headers,
        formats={"score": "{:.2f}"},
        caption="先看核心目标，再看综合得分：核心目标未达到的不能用别项抵补",
    )
