"""Scores on evidence: what raters gave, how far they agree, Delphi rounds."""

from __future__ import annotations

import numpy as np
import pandas as pd

from xhcp_eval.chapters.figures.canvas import wide as extent
from xhcp_eval.chapters.kit import style
from xhcp_eval.chapters.kit.tables import interval_text
from xhcp_eval.chapters.kit.views import (
    FigureView,
    Grid,
    TableView,
    TextView,
    figure_view,
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
DARK_FROM = 3  # scores whose shade asks for white figures


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
    numbers = {
        goal.id: f"{goal.number}. " for goal in pack.plan.goals
    }  # a goal and a strategy may share a name
    rows["name"] = rows["item"].map(numbers).fillna("") + rows["name"]
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


def score_map(pack: Pack, appraisal: Appraisal) -> FigureView | TextView:
    """Every rater's last score of every qualitative goal, by domain, the department's own last."""
    valid = appraisal.scores[~appraisal.scores["void"] & appraisal.scores["score"].notna()]
    last = valid.sort_values("round").drop_duplicates(["item", "rater"], keep="last")
    goals = appraisal.items[appraisal.items["kind"] == "goal"]
    order = [item for d in pack.plan.domains for item in goals.loc[goals["domain"] == d.id, "item"]]
    rows = last[last["item"].isin(order)].assign(own=lambda t: t["role"] == SELF)
    if rows.empty:
        return text_view(NOTHING)
    raters = rows.drop_duplicates("rater").sort_values(["own", "rater"])
    names = dict(zip(appraisal.items["item"], appraisal.items["name"], strict=True))
    columns = {
        name: "自评" if own else f"专家{k}"
        for k, (name, own) in enumerate(zip(raters["rater"], raters["own"], strict=True), 1)
    }
    return rubric_heatmap(rows, names, columns, [item for item in order if item in set(rows["item"])])


def rubric_heatmap(
    scores: pd.DataFrame,
    names: dict[str, str] | None = None,
    columns: dict[str, str] | None = None,
    order: list[str] | None = None,
) -> FigureView:
    """Every rater's score of every item in five steps of grey, 0 to 4; blank where there is none.

    scores: columns item, rater, score. names: item id -> Chinese name. columns: rater -> head, in the order shown. order: items
    from the top. Raises DataError for missing columns or none.
    """
    absent = [name for name in ("item", "rater", "score") if name not in scores.columns]
    if absent or scores.empty:
        raise DataError(f"评分表缺少列 {'、'.join(absent)}" if absent else "没有评分可画")
    import seaborn
    from matplotlib.colors import ListedColormap

    columns = columns or {rater: rater for rater in scores["rater"].unique()}
    wide = scores.pivot_table(index="item", columns="rater", values="score", aggfunc="last", sort=False)
    wide = wide.reindex(index=order, columns=list(columns)) if order else wide.reindex(columns=list(columns))
    labels = [(names or {}).get(item, item) for item in wide.index]
    height = 0.3 + 0.2 * len(wide)
    fig, ax = style.new_figure(style.COLUMN, height)
    fig.subplots_adjust(
        left=(max(map(extent, labels)) + 6) / (72 * style.COLUMN),
        right=0.995,
        top=1 - 0.25 / height,
        bottom=0.05 / height,
    )
    seaborn.heatmap(wide, ax=ax, vmin=-0.5, vmax=4.5, cmap=ListedColormap(style.ORDINAL), annot=True, fmt="g", linewidths=0.8,
                    cbar=False, annot_kws={"fontsize": style.TYPE}, xticklabels=list(columns.values()), yticklabels=labels)  # fmt: skip
    for mark in ax.texts:  # by light, not by seaborn's guess, which leaves the middle grey unread
        mark.set_color("white" if int(mark.get_text()) >= DARK_FROM else "black")
    ax.tick_params(length=0, rotation=0)
    ax.xaxis.tick_top()
    ax.set(xlabel="", ylabel="")
    spread = wide.max(axis=1) - wide.min(axis=1)
    apart = [label for label, gap in zip(labels, spread, strict=True) if gap > 1]
    caption = f"{len(wide)}项中{len(apart)}项各人相差超过1分" + (
        f"（{'、'.join(apart[:3])}{'等' if len(apart) > 3 else ''}）" if apart else ""
    )
    alt = f"{wide.shape[1]}名评分者对{len(wide)}项的评分，0至4分；中位数{np.nanmedian(wide.to_numpy()):g}分；{caption}"
    rows = tuple(
        (label, *("—" if v != v else f"{v:g}" for v in line))
        for label, line in zip(labels, wide.to_numpy(), strict=True)
    )
    note = "每格一名评分者的得分（0—4分，越深越高），空白为未评或无证据作废。"
    return figure_view(
        fig, alt=alt, caption=caption, note=note, tight=False, data=Grid(("项目", *columns.values()), rows)
    )


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
