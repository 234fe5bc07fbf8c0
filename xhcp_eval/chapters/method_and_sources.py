"""How it was done: method, every target, thresholds, where the figures are from."""

from __future__ import annotations

import pandas as pd

from xhcp_eval.chapters.kit.tables import LEVEL_LABELS, ROLE_LABELS, latest_text, target_name
from xhcp_eval.chapters.kit.views import TableView, TextView, table, text_view
from xhcp_eval.chapters.wording.cases import yearly_few
from xhcp_eval.forecast.backtests.card import model_scores
from xhcp_eval.pack.pack import Pack
from xhcp_eval.plan.units import format_probability
from xhcp_eval.provenance import local_time
from xhcp_eval.verdict.words import data_status_text


def forecast_method() -> TextView:
    """How forecasts are made and how right they were on real histories, in one paragraph."""
    known = model_scores()
    alone, peers, together = known["alone"]["reference"], known["alone"], known["together"]["reference"]
    return text_view(
        [
            f"预测模型学的是真实短序列怎样往下走：{known['indicators']}个真实指标（各国、国外市镇和中国各省的死亡率、入学率、接种率、机构数等）、"
            f"{known['values']:,}个年度数值。它看一条序列近几年升降多少、几年来的坡度、起伏有没有规律、离上下限还有多远、有几个年份，"
            "再按历史上这样的序列后来的走法，给出今后每一年的可能范围；同一指标有两个以上地区时，也看其他地区怎样走。"
            "有分子、分母的，先把计数带来的偶然波动分开：看趋势时滤去，算将来填报的数时再加上。"
            "达标概率由预测分布算出：能积分的积分，其余是几千条模拟路径中达标的比例；小样本指标同样用三年合并值判定。",
            f"检验：每个指标只由没有见过它、也没有见过同一来源的模型来判，向前五年的{alone['n_targets']:,.0f}个达标问题上，布赖尔得分"
            f"{alone['brier']:.3f}（一律说一半为0.250，直线外推{peers['linear']['brier']:.3f}，随机游走加漂移"
            f"{peers['drift']['brier']:.3f}，越小越好），80%区间实际包含{alone['coverage_80']:.0%}（直线外推只有"
            f"{peers['linear']['coverage_80']:.0%}），95%区间包含{alone['coverage_95']:.0%}，概率平均偏差"
            f"{100 * alone['calibration_error']:.1f}个百分点；能参照其他地区时布赖尔得分{together['brier']:.3f}。"
            f"{_on_provinces(known['provinces'])}",
        ]
    )


def _on_provinces(found: dict[str, dict[str, float]]) -> str:
    """The same for Chinese provinces alone, if the training data had any."""
    if not found["alone"]:
        return ""
    alone, together = found["alone"], found["together"]
    return (
        f"其中中国各省的指标（{alone['n_targets']:,.0f}个问题）：布赖尔得分{alone['brier']:.3f}，80%区间包含"
        f"{alone['coverage_80']:.0%}，95%区间包含{alone['coverage_95']:.0%}，概率平均偏差{100 * alone['calibration_error']:.1f}"
        f"个百分点；各省互相参照时布赖尔得分{together['brier']:.3f}。"
    )


def few_events(pack: Pack) -> TextView:
    """How few cases the region's own rates rest on, by its latest figures; empty where they are many or have no counts."""
    told = yearly_few(pack)
    return text_view(f"{pack.region}{told}。" if told else "")


def every_target(pack: Pack, rows: pd.DataFrame | None = None, caption: str = "全部目标") -> TableView:
    """All targets, a row each: what is asked, what is known, how sure, why."""
    rows = pack.assessment if rows is None else rows
    names = {d.id: d.name for d in pack.plan.domains} | {"": "组织实施"}
    listed = list(rows.itertuples())
    shown = pd.DataFrame(
        {
            "status": rows["status"].where(rows["role"] == "verdict", rows["own_status"]),
            "domain": rows["domain"].map(names),
            "role": [_role_text(r) for r in listed],
            "indicator": [target_name(r) for r in listed],
            "year": [f"每年至{r.target_year}" if r.every_year else str(r.target_year) for r in listed],
            "target": rows["target_text"],
            "latest": [latest_text(pack, r) for r in listed],
            "probability": [format_probability(r.probability) for r in listed],
            "data": [data_status_text(s) for s in rows["data_status"]],
            "reason": [r.reason + (f"；{r.literal}" if r.literal else "") for r in listed],
        }
    )
    headers = {
        "status": "状态", "domain": "领域", "role": "性质", "indicator": "指标", "year": "目标年", "target": "目标值", "latest": "现状值",
        "probability": "达标概率", "data": "数据", "reason": "依据与说明",
    }  # fmt: skip
    if shown["data"].nunique() == 1:  # said once
        caption += f"（数据：{shown['data'].iloc[0]}）"
        del headers["data"]
    return table(
        shown, columns=headers, numeric=["latest", "probability"], status=["status"], wide=["reason"],
        filters=["domain", "role", "year"], caption=caption,
    )  # fmt: skip


def _role_text(row) -> str:
    if row.role == "comparison":
        return f"{LEVEL_LABELS.get(row.level, row.level)}{ROLE_LABELS['comparison']}"
    if row.role == "watch":
        return ROLE_LABELS["watch"]
    return "主要目标" if row.decides_goal else "策略措施"


def settings_table(pack: Pack) -> TableView:
    """The thresholds and rules that the verdicts of this report rest on."""
    s = pack.params.settings
    rows = [
        ("已达标（目标年未到）", f"现状已达到目标值，且届时仍达标的概率 ≥ {s.secure:.0%}"),
        ("预期可达标", f"达标概率 ≥ {s.likely:.0%}"),
        ("存在风险", f"达标概率 {s.unlikely:.0%}—{s.likely:.0%}"),
        ("难以达标", f"达标概率 < {s.unlikely:.0%}"),
        ("未达标", "目标年已过（或每年保持的要求已有年份未保持）且未达到"),
        ("无法判定", f"事件数过少，区间跨过目标值，且概率在 {s.undecidable[0]:.0%}—{s.undecidable[1]:.0%} 之间；或只有一个数据点"),
        ("小样本规则", f"年事件数少于 {s.few_events} 的率，用 {s.pool_years} 年合并值和精确区间，不以单年定论；分母小于 {s.few_cases} 的乡镇、学校用两年合并"),
        ("全数清点", "村、学校、机构等全数清点的指标没有抽样区间；今后的波动只看序列本身，并按整个单位计"),
        ("与基期比较", f"比例看两期之差的区间（Newcombe），率看两期之比的精确区间，正着报、反着报结论相同；变化不足 {s.minimal_change:.0%}（有上下限的，按基期离较近一端的距离计）或在本序列自身年际波动之内的，不算改善或恶化；“不变差”只在明显变差时算未达到；基期已到尽头的，守住即可"),
        ("每年保持、逐单位", "规划开始以前的年份不并入；各年之间、各乡镇之间按以往真实序列的相关程度一起变动，不当作互不相干"),
        ("异常年份", "数字照列，但不作基期，不进入趋势、年均变化和波动"),
        ("区间", f"{s.level:.0%} 区间：率用泊松精确区间（Garwood），比例用 Wilson 区间或精确区间（Clopper–Pearson）"),
        ("概率", f"由预测分布积分得出；不能积分的，由准随机的 {s.draws:,} 条以上模拟路径得出，随机种子 {s.seed}"),
        ("待核实数字", "进入趋势，但不作现状值" if pack.params.use_recollection else "不进入趋势，也不作现状值"),
    ]  # fmt: skip
    return table(
        pd.DataFrame(rows, columns=["name", "rule"]),
        columns={"name": "规则", "rule": "本报告取值"},
        wide=["rule"],
        caption="判定规则与阈值",
    )


def provenance_table(pack: Pack) -> TableView:
    """Input files with their hashes, and the versions that computed the report."""
    rows = [
        (name, digest[:16], "输入文件（SHA-256 前16位）") for name, digest in pack.stamp["inputs"].items()
    ]
    rows += [("xhcp_eval", pack.stamp["version"], "本程序"), ("python", pack.stamp["python"], "运行环境")]
    rows += [(name, version, "依赖库") for name, version in pack.stamp["packages"].items()]
    frame = pd.DataFrame(rows, columns=["name", "value", "what"])
    return table(
        frame,
        columns={"name": "名称", "value": "版本或摘要", "what": "说明"},
        caption=f"可追溯信息（计算时间 {local_time(pack.stamp['computed_at'])}）",
    )
