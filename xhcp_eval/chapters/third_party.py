"""The third party's chapter: recheck, scores on evidence, Delphi, ranks and what they hang on, verdicts by criteria."""

from __future__ import annotations

import numpy as np
import pandas as pd

from xhcp_eval.chapters.kit.figures_raters import rank_acceptability, rubric_heatmap
from xhcp_eval.chapters.kit.tables import LEVEL_LABELS
from xhcp_eval.chapters.kit.views import FigureView, Section, TableView, TextView, section, table, text_view
from xhcp_eval.evaluation.methods.conclusions import CRITERIA, Inputs, chains, empty_input, verdicts
from xhcp_eval.evaluation.methods.delphi import AGREED, convergence
from xhcp_eval.evaluation.methods.independent_check import NOT_CHECKED, SAME, recheck_statuses, summarise
from xhcp_eval.evaluation.methods.rubric import ITEM_KINDS, SELF, load_rubric, rubric_items
from xhcp_eval.evaluation.scoring.appraisal import GROUP, NOT_SCORED, Appraisal, appraise, domain_composites
from xhcp_eval.evaluation.studies.costs import CostStudy, costs_frame
from xhcp_eval.evaluation.studies.effects import effects_frame, load_measures, run_study
from xhcp_eval.evaluation.unit_ranking import UnitRanking, load_ranking_rule, rank_units
from xhcp_eval.pack.pack import Pack, evaluation_folder
from xhcp_eval.plan.reading import PLANS
from xhcp_eval.quality.verification import verification_factor

NOTHING = "没有这方面的资料，本节不作判断。"


def recheck_sentence(pack: Pack) -> TextView:
    """How many statuses a second, plain implementation comes to as well."""
    counts = summarise(_recheck(pack)).set_index("agreement")["targets"]
    checked = counts.sum() - counts[NOT_CHECKED]
    told = "，".join(f"{word} {n} 项" for word, n in counts.items())
    return text_view(
        f"第三方用另写的一套简单算法，从原始数据表重新计算了 {checked} 项判定：{told}。"
        f"“相邻”指两种预测方法落在相邻的两级；“不同”须逐条解释；“未复算”的由别的方法核对。"
        f"结论一致的占 {counts[SAME] / max(checked, 1):.0%}。"
    )


def recheck_table(pack: Pack) -> TableView:
    """Every target on which the two implementations differ."""
    rows = _recheck(pack)
    targets = pack.assessment.set_index("target_id")
    rows = rows.assign(
        year=rows["target_id"].map(targets["target_year"]),
        level=rows["target_id"].map(targets["level"]).map(LEVEL_LABELS),
    )
    rows = rows[~rows["agreement"].isin([SAME, NOT_CHECKED])].sort_values(
        ["agreement", "indicator_name", "year"]
    )
    headers = {"indicator_name": "指标", "level": "谁的目标", "year": "年份", "target_text": "目标", "reported_status": "报告的状态", "own_status": "复算的状态",
               "agreement": "比较", "remark": "说明"}  # fmt: skip
    return table(
        rows,
        headers,
        status=["reported_status", "own_status"],
        wide=["remark"],
        caption="两套算法不一致的判定",
    )


def _recheck(pack: Pack) -> pd.DataFrame:
    params = pack.params
    return recheck_statuses(
        pack.observations, pack.assessment, params.settings, params.data_until, pack.plan.start_year
    )


def recount_table(pack: Pack) -> TableView | TextView:
    """Events recounted at the source over events reported, by department, with interval and grade."""
    folder = evaluation_folder(pack)
    if not folder.has("recount.csv"):
        return text_view(NOTHING)
    rows = folder.recount()
    audit = pd.DataFrame({
        "indicator": rows["department"], "region": pack.plan.region, "year": rows["year"].max(),
        "facility": rows["indicator"] + " " + rows["region"] + " " + rows["year"].astype(str),
        "recounted": rows["recounted"], "reported": rows["reported"],
    })  # fmt: skip
    found = verification_factor(pd.concat([audit, audit.assign(indicator="合计")], ignore_index=True))
    found = found[found["reported"] > 0].sort_values("indicator", key=lambda c: c == "合计", kind="stable")
    found["factor_text"] = [
        f"{f:.3f}（{low:.3f}—{high:.3f}）"
        for f, low, high in zip(found["factor"], found["low"], found["high"], strict=True)
    ]
    headers = {"indicator": "填报部门", "facilities": "抽查数据点", "reported": "填报", "recounted": "核查", "factor_text": "核实系数（95%区间）",
               "grade": "等级", "discrepant": "相差10%以上"}  # fmt: skip
    return table(found, headers, caption="抽查：核实系数=核查数÷填报数，小于1为多报", total_row=True)


def appraisal_of(pack: Pack) -> Appraisal | None:
    """The rubric's scores of a pack put together; None if there are no scores."""
    folder = evaluation_folder(pack)
    if not folder.has("scores.csv", "evidence.csv"):
        return None
    rubric = load_rubric(PLANS / pack.plan.id / "rubric.yaml")
    return appraise(rubric_items(rubric, pack.plan), *folder.scores(), rubric)


def appraisal_sentence(pack: Pack, appraisal: Appraisal | None) -> TextView:
    """Who scored what under which rubric, what was void, how many agree."""
    if appraisal is None:
        return text_view(NOTHING)
    rubric = load_rubric(PLANS / pack.plan.id / "rubric.yaml")
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
    rows = appraisal.agreement.assign(domain=appraisal.agreement["domain"].map(_names(pack)))
    rows["text"] = [
        _interval(*row) for row in rows[["estimate", "low", "high", "note"]].itertuples(index=False)
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
    rows["domain"] = rows["domain"].map(_names(pack))
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
    rules = load_rubric(PLANS / pack.plan.id / "rubric.yaml").rules
    rows["domain_name"] = rows["domain"].where(rows["domain"] != "", GROUP).map(_names(pack))
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
    rows["domain_name"] = rows["domain"].where(rows["domain"] != "", GROUP).map(_names(pack))
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
            text=[_interval(w, a, b, "") for w, a, b in zip(one.values, one.low, one.high, strict=True)]
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


def acceptability_figure(ranking: UnitRanking) -> FigureView:
    """Share of all weights and drawn values in which each township takes each rank."""
    return rank_acceptability(ranking.acceptability.shares)


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


def conclusion_inputs(
    pack: Pack,
    appraisal: Appraisal | None,
    spent: list[CostStudy] | None = None,
    equity: pd.DataFrame | None = None,
) -> Inputs:
    """All that the conclusions rest on, from the pack and its evaluation folder.

    spent: cost studies. equity: columns of the conclusions' equity input.
    """
    folder = evaluation_folder(pack)
    region = pack.region
    effects = empty_input("effects")
    if folder.has("measures.yaml"):
        measures = load_measures(folder.file("measures.yaml"), pack.plan)
        effects = effects_frame([run_study(pack.observations, region, one) for one in measures])
    return Inputs(
        pack.assessment,
        empty_input("scores") if appraisal is None else appraisal.items,
        pack.quality,
        effects,
        costs_frame(spent) if spent else empty_input("costs"),
        empty_input("equity") if equity is None else equity,
    )


def verdict_table(pack: Pack, inputs: Inputs) -> TableView:
    """Verdict of every goal by each OECD-DAC criterion, with the plan's own word beside."""
    rows = verdicts(pack.plan, inputs)
    names = {g.id: f"{g.number}. {g.name}" for g in pack.plan.goals}
    wide = rows.pivot(index="goal", columns="criterion", values="verdict").reindex(names).reset_index()
    wide.insert(1, "name", wide["goal"].map(names))
    wide.insert(0, "domain", [pack.plan.goal(g).domain for g in wide["goal"]])
    wide["domain"] = wide["domain"].map(_names(pack))
    headers = {"domain": "领域", "name": "主要目标"} | {
        c: n if not own or own == n else f"{n}（{own}）" for c, (n, own) in CRITERIA.items()
    }
    return table(wide, headers, caption="按发展援助委员会六项准则逐项评判；括号内是规划的用语")


def verdict_counts(pack: Pack, inputs: Inputs) -> TableView:
    """How many goals have which verdict, by criterion."""
    rows = verdicts(pack.plan, inputs)
    wide = rows.groupby(["criterion_name", "verdict"], sort=False).size().unstack(fill_value=0)
    wide = wide.reindex(columns=["较好", "一般", "不足", "无法判断"], fill_value=0).reset_index()
    return table(
        wide,
        {"criterion_name": "准则"} | {c: c for c in wide.columns if c != "criterion_name"},
        caption="各准则的评判结果（主要目标数）",
    )


def chain_sections(pack: Pack, inputs: Inputs) -> Section:
    """Goal by goal: promised, done, changed, cost, evidence, and the verdicts with what they rest on."""
    told = chains(pack.plan, inputs).set_index("goal")
    judged = verdicts(pack.plan, inputs)
    parts = []
    for goal in pack.plan.goals:
        row = told.loc[goal.id]
        lines = [f"{label}：{row[name]}" for name, label in
                 (("promised", "承诺了什么"), ("done", "做了什么"), ("changed", "有什么变化"), ("cost", "花了多少"), ("evidence", "证据质量"))]  # fmt: skip
        own = judged[judged["goal"] == goal.id]
        headers = {"criterion_name": "准则", "verdict": "评判", "sentence": "理由", "basis": "依据"}
        parts.append(
            section(
                f"{goal.number}. {goal.name}",
                text_view(lines),
                table(own, headers, wide=["sentence", "basis"]),
                level=4,
                anchor=f"chain-{goal.id}",
            )
        )
    by_domain = [
        section(
            d.name,
            *[p for p, g in zip(parts, pack.plan.goals, strict=True) if g.domain == d.id],
            level=3,
            anchor=f"chains-{d.id}",
        )
        for d in pack.plan.domains
    ]
    return section("逐项目标的证据链", *by_domain, level=2, anchor="chains")


def _names(pack: Pack) -> dict[str, str]:
    return {d.id: d.name for d in pack.plan.domains} | {GROUP: GROUP, "全部": "全部"}


def _interval(estimate: float, low: float, high: float, note: str) -> str:
    if np.isnan(estimate):
        return f"不能计算：{note}"
    return f"{estimate:.2f}" + (f"（{low:.2f}—{high:.2f}）" if np.isfinite(low) and high > low else "")


def _own(score: float, gap: float, limit: float) -> str:
    if np.isnan(score):
        return "—"
    high = f"，高出 {gap:g}" if gap >= limit else f"，低 {-gap:g}" if gap <= -limit else ""
    return f"{score:g}{high}"
