"""Sentences with figures: written from the results, never claiming more than a status does."""

from __future__ import annotations

import pandas as pd

from xhcp_eval.chapters.kit.tables import AT_RISK, most_urgent_first, own_targets
from xhcp_eval.chapters.kit.views import TextView, text_view
from xhcp_eval.forecast.backtests.card import model_scores
from xhcp_eval.forecast.breaks import break_sentence
from xhcp_eval.pack.pack import Pack, once_a_pack
from xhcp_eval.plan.model import Goal, Indicator
from xhcp_eval.plan.units import format_probability, format_value
from xhcp_eval.provenance import local_time
from xhcp_eval.verdict.outcomes import brier_score
from xhcp_eval.verdict.status import Status

NAMES_SHOWN = 5


@once_a_pack
def headline(pack: Pack) -> TextView:
    """The conclusion in three sentences: how many targets stand where, which are most at risk, what can't be told."""
    end = pack.plan.end_year
    rows = own_targets(pack, True, end).drop_duplicates("question")
    sentences = [_counts(rows, end), *_most_at_risk(rows), *_open_questions(rows)]
    if pack.plan.goals:
        without = int((pack.goals["n_deciding"] == 0).sum())
        sentences.append(
            f"规划共{len(pack.goals)}项主要目标，其中{without}项本身没有可计量的指标，须由证据评分，本报告不作定量判定。"
        )
    return text_view(sentences)


def forecast_method() -> TextView:
    """How forecasts are made and how right they were on real histories, in one paragraph."""
    known = model_scores()
    alone, peers, together = known["alone"]["reference"], known["alone"], known["together"]["reference"]
    return text_view(
        [
            f"预测模型学的是真实短序列怎样往下走：{known['indicators']}个真实指标（国家和国外市镇的死亡率、入学率、接种率等）、"
            f"{known['values']:,}个年度数值。它看一条序列近几年升降多少、几年来的坡度、起伏有没有规律、离上下限还有多远、有几个年份，"
            "再按历史上这样的序列后来的走法，给出今后每一年的可能范围；同一指标有五个以上地区时，也看其他地区怎样走。"
            "有分子、分母的，先把计数带来的偶然波动分开：看趋势时滤去，算将来填报的数时再加上。"
            "达标概率由预测分布算出：能积分的积分，其余是几千条模拟路径中达标的比例；小样本指标同样用三年合并值判定。",
            f"检验：每个指标只由没有见过它的模型来判，向前五年的{alone['n_targets']:,.0f}个达标问题上，布赖尔得分"
            f"{alone['brier']:.3f}（一律说一半为0.250，直线外推{peers['linear']['brier']:.3f}，随机游走加漂移"
            f"{peers['drift']['brier']:.3f}，越小越好），80%区间实际包含{alone['coverage_80']:.0%}（直线外推只有"
            f"{peers['linear']['coverage_80']:.0%}），95%区间包含{alone['coverage_95']:.0%}，概率平均偏差"
            f"{100 * alone['calibration_error']:.1f}个百分点；能参照其他地区时布赖尔得分{together['brier']:.3f}。",
        ]
    )


def _counts(rows: pd.DataFrame, end: int) -> str:
    counts = rows["status"].value_counts()
    listed = "、".join(f"{s.value}{counts[s.value]}项" for s in Status if s.value in counts)
    return f"主要目标中{end}年（含每年保持）的指标目标共{len(rows)}项：{listed}。"


def _most_at_risk(rows: pd.DataFrame) -> list[str]:
    risky = rows[rows["status"].isin(AT_RISK)]
    if risky.empty:
        return ["没有判为未达标、难以达标或存在风险的目标。"]
    risky = most_urgent_first(risky)
    shown = risky.head(NAMES_SHOWN)
    listed = "、".join(f"{r.indicator_name}（{r.status}，{_chance(r)}）" for r in shown.itertuples())
    more = f"等{len(risky)}项" if len(risky) > NAMES_SHOWN else ""
    return [f"最需要关注：{listed}{more}。"]


def _chance(row) -> str:
    return (
        f"达标概率{format_probability(row.probability)}" if row.probability == row.probability else "已有结果"
    )


def _open_questions(rows: pd.DataFrame) -> list[str]:
    sentences = []
    unclear = rows[rows["status"] == Status.UNDECIDABLE]
    few, short = unclear[unclear["small_count"]], unclear[~unclear["small_count"]]
    if len(few):
        sentences.append(f"{_names(few)}事件数过少，达标与否不能断定，不应据一年之数评判。")
    if len(short):
        sentences.append(f"{_names(short)}数据点不足或变化不明显，达标与否不能断定。")
    disputed = rows[rows["status"] == Status.DISPUTED]
    if len(disputed):
        sentences.append(
            f"{_names(disputed)}按规划文本的不同解读结论不同，列为待裁定，须由规划制定机关裁定。"
        )
    return sentences


def _names(rows: pd.DataFrame) -> str:
    more = f"等{len(rows)}项" if len(rows) > NAMES_SHOWN else ""
    return "、".join(rows["indicator_name"].head(NAMES_SHOWN)) + more


def indicator_sentence(pack: Pack, indicator: str) -> TextView:
    """The reasons behind the verdicts of one indicator, a sentence a target."""
    rows = pack.assessment[
        (pack.assessment["indicator"] == indicator) & (pack.assessment["role"] != "comparison")
    ]
    sentences = [
        f"{r.target_year}年目标（{r.target_text}）：{r.own_status}。{r.reason}。"
        + (f"{r.literal}。" if r.literal else "")
        for r in rows.itertuples()
    ]
    facts = pack.plan.indicator(indicator)
    region = pack.region
    known = ((pack.observations["indicator"] == indicator) & (pack.observations["region"] == region)).any()
    untargeted = "规划没有为本指标规定目标，" + ("数据供参考。" if known else "也没有填报数据。")
    return text_view([*(sentences or [untargeted]), *_jumps(pack, facts), _definition(facts)])


def _jumps(pack: Pack, facts: Indicator) -> list[str]:
    """Unmarked jumps that the forecast rests on, as questions to the department."""
    rows = pack.breaks[pack.breaks["indicator"] == facts.id].to_dict("records")
    return [
        "须核实："
        + break_sentence(
            r, format_value(r["jump"], facts.unit, True), format_value(r["typical"], facts.unit, True)
        )
        for r in rows
    ]


def _definition(facts: Indicator) -> str:
    """What is counted, who reports it and which ambiguities touch it."""
    parts = []
    if facts.numerator_zh:
        parts.append(f"分子：{facts.numerator_zh}；分母：{facts.denominator_zh}")
    if facts.departments:
        parts.append(f"填报单位（建议）：{'、'.join(facts.departments)}")
    if facts.anomalies:
        parts.append(f"相关疑义：{'、'.join(facts.anomalies)}")
    return f"统计口径　{'。'.join(parts)}。" if parts else ""


def goal_sentence(pack: Pack, goal: Goal) -> TextView:
    """A goal's overall status and why, and what of it lies above the district's powers."""
    row = pack.goals[pack.goals["goal"] == goal.id].iloc[0]
    sentences = [f"总体状态：{row['status']}。{row['reason']}。"]
    if goal.remit:
        sentences.append("本目标部分内容超出区级权限（A34），超出部分不作为本级得失评价。")
    return text_view(sentences)


def outcome_sentence(pack: Pack) -> TextView:
    """How right the earlier forecast was, with its score and how little a few targets prove."""
    rows = pack.outcomes
    score, n = brier_score(rows)
    if not n:
        return text_view(["没有可计分的目标。"])
    scored = rows[rows["scored"]]
    right = int(((scored["probability"] >= 0.5) == (scored["met"] == 1)).sum())
    year = int(scored["origin_year"].max())
    target_year = int(scored["target_year"].max())
    return text_view(
        [
            f"站在{year}年预测{target_year}年：可计分的目标{n}项，方向判断正确{right}项，布赖尔得分{score:.3f}"
            f"（0为全对，一律猜50%为0.250）。",
            _origin_sentence(pack),
            _loose_sentence(rows),
            f"只有{n}项，且多为同向变化的指标，这个得分本身误差很大；方法是否可信以大量真实序列的回测为准。",
        ]
    )


def _origin_sentence(pack: Pack) -> str:
    """Whether the forecast is the one that was published, or made again with the data of its year."""
    params = pack.params
    if params.forecast_origin is None:
        return ""
    if params.forecast_published:
        return f"概率和判断是{params.forecast_origin}年报告当时公布的，取自{params.forecast_published}，没有重算。"
    return f"没有给出当时公布的结果表，概率和判断是按现在的方法、只用{params.forecast_origin}年及以前的数重算的。"


def _loose_sentence(rows: pd.DataFrame) -> str:
    score, n = brier_score(rows, "probability_loose")
    if not n:
        return ""
    return f"上面只用经核实的数字，序列只有两三个点；若让待核实的数字进入趋势，同样{n}项的得分为{score:.3f}。"


def data_declaration(pack: Pack) -> TextView:
    """What the report rests on: region, plan, data year, vintage, version."""
    lines = [
        f"评估对象：{pack.region}；规划：{pack.plan.name}。",
        f"数据截至{pack.params.data_until}年，共{len(pack.observations):,}个数据点；计算时间{local_time(pack.stamp['computed_at'])}，程序版本{pack.stamp['version']}。",
    ]
    if pack.is_demo:
        lines.append(f"本报告使用程序生成的演示数据，不是{pack.region}的真实统计，任何结论不得引用。")
    return text_view(lines)
