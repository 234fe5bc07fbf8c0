"""一、评估工作概述: what it rests on, who works at it, with which data, how it is judged, what can't be said."""

from __future__ import annotations

from xhcp_eval.chapters.brief.basis import end_targets, is_over
from xhcp_eval.chapters.kit.blocks import Block, Heading, Paragraph, Table
from xhcp_eval.chapters.wording.names import heading
from xhcp_eval.chapters.wording.readers import Reader, said
from xhcp_eval.pack.pack import Pack
from xhcp_eval.verdict.status import Status

RULES: tuple[tuple[str, str, str], ...] = (
    (Reader.SECURE, "目标年之前已在目标以内，且有把握不会退回；或目标年已报且达到", "保持"),
    (Reader.LIKELY, "尚未达到，按历年走势和走势相近的真实序列，较有把握如期达到", "按现有安排推进"),
    (Reader.RISK, "已经未达到，或按走势难以、不一定能如期达到", "列入重点，见对策建议"),
    (Reader.OPEN, "每年只有几例、几十人，或读法有疑义，数值在目标哪一侧都不能断定", "只报数值和所在一侧"),
    (Reader.NONE, "没有数据，或目标没有可以计量的数值", "先补数据、定口径"),
)
OVER: tuple[tuple[str, str, str], ...] = (
    (said(Reader.SECURE, True), "目标年或其前最近一年的数值达到目标，且不是偶然", "下一周期保持"),
    (said(Reader.RISK, True), "目标年的数值未达到，或规划期内有年份、单位未保持", "见对策建议"),
    (Reader.OPEN, "事件数过少、历年起伏大，或读法有疑义，达到与否不能断定", "报数值、所在一侧和原因"),
    (Reader.NONE, "没有数据，或目标没有可以计量的数值", "先补数据、定口径"),
)
LIMITS = (
    "人数少的指标一年的升降多是偶然，三年合并后仍可能不能断定，报告只写数值和所在一侧。",
    "数据由责任部门填报，核查发现的问题已退回复核，复核前仍按填报值计算。",
    "没有对照设计的措施不判断因果，报告只写同期变化和构成。",
)
AHEAD = "预测以历年走势继续为前提，政策、口径和人口有大的变化时须重做。"


def blocks(pack: Pack, number: int) -> list[Block]:
    """The chapter. number: of the chapter in the report."""
    plan, until = pack.plan, pack.params.data_until
    told = [
        Heading(heading(number, "评估工作概述")),
        Heading(heading(1, "依据和对象", 2), 2),
        Paragraph(
            f"本次评估依据《{plan.name}》对监测评估的要求开展，对象是规划列出的{len(plan.goals)}项主要目标"
            f"和{len(plan.strategies)}条策略措施，时段为{plan.start_year}年至{until}年，以{plan.base_year}年为基期。"
        ) if plan.goals else Paragraph(
            f"本次评估的对象是《{plan.name}》中有数值的目标，时段为{plan.start_year}年至{until}年，以{plan.base_year}年为基期。"
        ),
        *_organisation(pack),
        Heading(heading(2, "数据", 2), 2),
        Paragraph(_data(pack)),
        Heading(heading(3, "判定口径和局限", 2), 2),
        Paragraph("每项目标用一个词写明判断，口径见[[判定口径]]；更细的依据和各项指标的口径说明在监测数据页逐项列出。"),
        Table(("判断", "含义", "怎样用"), OVER if is_over(pack) else RULES, (0.18, 0.57, 0.25), "判定口径"),
        *(Paragraph(text, style="item") for text in (LIMITS if is_over(pack) else (*LIMITS, AHEAD))),
    ]  # fmt: skip
    return told


def _organisation(pack: Pack) -> list[Block]:
    """Who works at it, as far as the plan says."""
    if not pack.plan.duties:
        return []
    third = "，第三方评估机构独立评分、复算和调查" if pack.params.evaluation else "；本次没有第三方评分资料"
    return [
        Paragraph(
            "监测评估由监测评估领导小组领导，监测组由统计部门牵头，评估组由妇女儿童工作委员会办公室牵头，"
            f"有关部门按职责填报和自评{third}。规划对监测评估提出的{len(pack.plan.duties)}项要求见监测数据页。"
        )
    ]


def _data(pack: Pack) -> str:
    rows, until = pack.observations, pack.params.data_until
    own = rows[(rows["region"] == pack.region) & rows["value"].notna()]
    last = int(own.loc[own["year"] == until, "indicator"].nunique())
    absent = int((end_targets(pack)["status"] == Status.NO_DATA).sum())
    text = f"共用{own['indicator'].nunique()}项指标的历年数据，其中{last}项报到{until}年，数据截至{until}年。"
    text += f"{pack.plan.end_year}年目标中有{absent}项从未填报。" if absent else ""
    return text + ("本报告所用是程序生成的演示数据，不得引用。" if pack.is_demo else "")
