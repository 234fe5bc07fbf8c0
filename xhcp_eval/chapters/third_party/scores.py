"""Scores on evidence: what raters gave, how far they agree, Delphi rounds."""

from __future__ import annotations

import numpy as np
import pandas as pd

from xhcp_eval.chapters.kit import style
from xhcp_eval.chapters.kit.tables import interval_text
from xhcp_eval.chapters.kit.views import (
    FigureView,
    Section,
    TableView,
    TextView,
    figure_view,
    section,
    table,
    text_view,
)
from xhcp_eval.errors import DataError
from xhcp_eval.evaluation.methods.delphi import AGREED, convergence
from xhcp_eval.evaluation.methods.rubric import ITEM_KINDS, SELF, load_rubric, rubric_items
from xhcp_eval.evaluation.scoring.appraisal import GROUP, NOT_SCORED, Appraisal, appraise, domain_composites
from xhcp_eval.files.home import plan_folder
from xhcp_eval.pack.pack import Pack, evaluation_folder

NOTHING = "没有这方面的资料，本节不作判断。"


def appraisal_of(pack: Pack) -> Appraisal | None:
    """The rubric's scores of a pack put together; None if there are no scores."""
    folder = evaluation_folder(pack)
    if not folder.has("scores.csv", "evidence.csv"):
        return None
    rubric = load_rubric(plan_folder(pack.plan.id) / "rubric.yaml")
    return appraise(rubric_items(rubric, pack.plan), *folder.scores(), rubric)


def appraisal_sentence(pack: Pack, appraisal: Appraisal | None) -> TextView:
    """Who scored what under which rubric, what was void, how many agree."""
    if appraisal is None:
        return text_view(NOTHING)
    rubric = load_rubric(plan_folder(pack.plan.id) / "rubric.yaml")
    scores, items = appraisal.scores, appraisal.items
    raters = scores.loc[scores["role"] != SELF, "rater"].nunique()
    counts = items["status_word"].value_counts()
    told = "，".join(f"{word} {n} 项" for word, n in counts.items())
    alpha = appraisal.agreement.query("domain == '全部'").iloc[0]
    return text_view([
        f"评分标准第 {rubric.version} 版（指纹 {rubric.hash}）在评分前定稿，{len(items)} 项由 {raters} 名第三方评分者各自独立评分，"
        f"共 {int(scores['score'].notna().sum())} 个得分，其中 {int(scores['void'].sum())} 个因没有证据或证据不足以支持而作废。",
        f"结果：{told}。没有取得一致的不取平均分，转德尔菲咨询或分别陈述。",
        f"首轮独立评分的总体一致性 Krippendorff α 为 {alpha['estimate']:.2f}（95%区间 {alpha['low']:.2f}—{alpha['high']:.2f}）；"
        f"规定的最低值是 {rubric.rules.least_alpha}。低于它的领域，只有评分者完全一致的项目才算一致。",
    ])  # fmt: skip


def agreement_table(pack: Pack, appraisal: Appraisal) -> TableView:
    """Agreement of the first round by domain and measure, with intervals."""
    rows = appraisal.agreement.assign(domain=appraisal.agreement["domain"].map(item_names(pack)))
    rows["text"] = [
        interval_text(*row) for row in rows[["estimate", "low", "high", "note"]].itertuples(index=False)
    ]
    wide = (
        rows.pivot(index="domain", columns="method", values="text")
        .reindex(rows["domain"].unique())
        .reset_index()
    )
    return table(
        wide,
        {"domain": "领域"} | {c: c for c in wide.columns if c != "domain"},
        caption="评分者之间的一致性（首轮，95%区间）",
    )


def composite_table(pack: Pack, appraisal: Appraisal) -> TableView:
    """Mean score by domain of goals, strategies and measures, with the bounds that open items leave."""
    parts = [domain_composites(appraisal, kind).assign(kind=name) for kind, name in ITEM_KINDS.items()]
    rows = pd.concat(parts, ignore_index=True)
    rows["domain"] = rows["domain"].map(item_names(pack))
    rows["mean_text"] = rows["mean"].map(lambda v: "—" if np.isnan(v) else f"{v:.2f}")
    rows["bounds"] = [f"{low:.2f}—{high:.2f}" for low, high in zip(rows["low"], rows["high"], strict=True)]
    rows["lowest"] = rows["lowest"].map(lambda v: "—" if np.isnan(v) else f"{v:g}")
    headers = {"kind": "类别", "domain": "领域", "n_items": "项数", "n_agreed": "一致的项数", "mean_text": "平均分", "bounds": "可能的范围",
               "lowest": "最低一项"}  # fmt: skip
    return table(rows, headers, numeric=["mean_text", "bounds", "lowest"],
                 caption="各领域得分（0—4）。范围：未取得一致的项按其最低和最高得分、未评的按 0 和 4 计算")  # fmt: skip


def item_table(pack: Pack, appraisal: Appraisal, kind: str) -> TableView:
    """Every item of a kind: status, median where agreed, spread, the department's own score beside."""
    rows = appraisal.items[appraisal.items["kind"] == kind].copy()
    rules = load_rubric(plan_folder(pack.plan.id) / "rubric.yaml").rules
    rows["domain_name"] = rows["domain"].where(rows["domain"] != "", GROUP).map(item_names(pack))
    rows["median_text"] = rows["median"].map(lambda v: "—" if np.isnan(v) else f"{v:g}")
    rows["spread"] = [
        f"{a:g}—{b:g}" if s != NOT_SCORED else "—"
        for a, b, s in zip(rows["low"], rows["high"], rows["status"], strict=True)
    ]
    rows["own"] = [
        _own(s, g, rules.self_gap) for s, g in zip(rows["self_score"], rows["self_gap"], strict=True)
    ]
    headers = {"domain_name": "领域", "name": "项目", "status_word": "评分结果", "median_text": "中位数", "spread": "最低—最高", "n_raters": "有效评分",
               "void": "作废", "own": "部门自评"}  # fmt: skip
    return table(rows, headers, numeric=["median_text", "spread"], caption=f"{ITEM_KINDS[kind]}逐项得分")


def heatmaps(pack: Pack, appraisal: Appraisal) -> Section:
    """Every rater's last score of every qualitative goal, a chart a domain."""
    names = dict(zip(appraisal.items["item"], appraisal.items["name"], strict=True))
    valid = appraisal.scores[~appraisal.scores["void"] & appraisal.scores["score"].notna()]
    last = valid.sort_values("round").drop_duplicates(["item", "rater"], keep="last")
    goals = appraisal.items[appraisal.items["kind"] == "goal"]
    parts = []
    for domain in pack.plan.domains:
        rows = last[last["item"].isin(goals.loc[goals["domain"] == domain.id, "item"])]
        if len(rows):
            parts.append(
                section(domain.name, rubric_heatmap(rows, names), level=4, anchor=f"scores-{domain.id}")
            )
    return section("各人怎么评的", *parts, level=3, anchor="scores")


def rubric_heatmap(scores: pd.DataFrame, names: dict[str, str] | None = None) -> FigureView:
    """Every rater's score of every item, 0 to 4, the department's own beside; blank where there is none.

    scores: columns item, rater, score. names: item id -> Chinese name. Raises DataError for missing columns or none.
    """
    absent = [name for name in ("item", "rater", "score") if name not in scores.columns]
    if absent or scores.empty:
        raise DataError(f"评分表缺少列 {'、'.join(absent)}" if absent else "没有评分可画")
    import seaborn

    wide = scores.pivot_table(index="item", columns="rater", values="score", aggfunc="last", sort=False)
    fig, ax = style.new_figure(width=2.6 + 0.75 * wide.shape[1], height=0.9 + 0.26 * len(wide))
    seaborn.heatmap(wide, ax=ax, vmin=0, vmax=4, cmap="cividis", annot=True, fmt="g", linewidths=0.6,
                    cbar_kws={"label": "得分（0—4）", "ticks": range(5)})  # fmt: skip
    ax.set_yticks(
        np.arange(len(wide)) + 0.5, [(names or {}).get(i, i) for i in wide.index], fontsize=8, rotation=0
    )
    ax.set_xlabel("")
    ax.set_ylabel("")
    spread = (wide.max(axis=1) - wide.min(axis=1)).sort_values(ascending=False)
    apart = (
        "、".join((names or {}).get(i, i) for i in spread.index[:3][spread.iloc[:3].to_numpy() > 1])
        or "没有相差超过1分的"
    )
    alt = f"{wide.shape[1]}名评分者对{len(wide)}项的评分；中位数{np.nanmedian(wide.to_numpy()):g}分；分歧最大的：{apart}"
    return figure_view(fig, alt=alt, caption="评分热图：每格一名评分者的得分，空白为未评或无证据作废")


def delphi_table(appraisal: Appraisal) -> TableView:
    """How the panel came together over the rounds, for the items that were asked again."""
    rows = convergence(appraisal.rounds)
    rows["within"] = rows["within_one"].map("{:.0%}".format)
    rows["kept_text"] = rows["kept"].map(lambda v: "—" if np.isnan(v) else f"{v:.0%}")
    headers = {"round": "轮次", "n_items": "项数", "mean_range": "平均极差", "mean_iqr": "平均四分位距", "within": "相差不超过1分",
               "kept_text": "维持原分的人", "lost": "缺席人次"}  # fmt: skip
    return table(
        rows,
        headers,
        formats={"mean_range": "{:.2f}", "mean_iqr": "{:.2f}", "lost": "{:.0f}"},
        caption="德尔菲咨询的收敛情况",
    )


def apart_table(pack: Pack, appraisal: Appraisal) -> TableView | TextView:
    """Items without one score, with what they go to."""
    rows = appraisal.items[~appraisal.items["status"].isin([AGREED])].copy()
    if rows.empty:
        return text_view("所有项目都取得了一致的评分。")
    rows["domain_name"] = rows["domain"].where(rows["domain"] != "", GROUP).map(item_names(pack))
    rows["spread"] = [f"{a:g}—{b:g}" for a, b in zip(rows["low"], rows["high"], strict=True)]
    headers = {
        "domain_name": "领域",
        "name": "项目",
        "status_word": "评分结果",
        "spread": "最低—最高",
        "n_raters": "有效评分",
        "round": "已评轮次",
    }
    return table(rows, headers, formats={"round": "{:.0f}"}, caption="没有取得一致、不给分的项目")


def _own(score: float, gap: float, limit: float) -> str:
    if np.isnan(score):
        return "—"
    high = f"，高出 {gap:g}" if gap >= limit else f"，低 {-gap:g}" if gap <= -limit else ""
    return f"{score:g}{high}"


def item_names(pack: Pack) -> dict[str, str]:
    """Chinese names of domains by their id, of the rating group and of all together."""
    return {d.id: d.name for d in pack.plan.domains} | {GROUP: GROUP, "全部": "全部"}
