"""四、策略措施落实: the commitments that can be measured, which aren't done, and what the third party says of them."""

from __future__ import annotations

from xhcp_eval.chapters.brief.basis import is_over
from xhcp_eval.chapters.figures.dots import score_dots
from xhcp_eval.chapters.formal.basis import target_table
from xhcp_eval.chapters.kit.blocks import Block, Heading, Paragraph
from xhcp_eval.chapters.kit.tables import AT_RISK, most_urgent_first, own_targets
from xhcp_eval.chapters.third_party.scores import appraisal_of
from xhcp_eval.chapters.wording.counting import counts_of
from xhcp_eval.chapters.wording.names import heading
from xhcp_eval.pack.pack import Pack

MOST = 10


def blocks(pack: Pack, number: int) -> list[Block]:
    """The chapter. number: of the chapter in the report."""
    rows = own_targets(pack, False).drop_duplicates("question")
    told: list[Block] = [Heading(heading(number, "策略措施落实"))]
    if rows.empty:
        return [*told, Paragraph("规划的策略措施没有可计量的要求，本次数据也没有这方面的填报。")]
    found = counts_of(rows, pack.plan.end_year, is_over(pack))
    undone = most_urgent_first(rows[rows["status"].isin(AT_RISK)])
    return [
        *told,
        Paragraph(
            f"{len(pack.plan.strategies)}条策略措施中可以计量的要求共{len(rows)}项（含组织实施），{found.by_verdict}。"
            f"没有做到{'' if is_over(pack) else '或有风险'}的{len(undone)}项逐项列在[[尚未做到的策略措施]]，全部{len(rows)}项见附表3。"
        ),
        target_table(pack, undone, "尚未做到的策略措施", MOST)
        if len(undone)
        else Paragraph("没有未做到的。"),
        *_scores(pack),
    ]


def _scores(pack: Pack) -> list[Block]:
    """The third party's scores beside the offices' own, by domain."""
    appraisal = appraisal_of(pack) if pack.params.evaluation else None
    if appraisal is None:
        return [Paragraph("本次没有第三方对策略措施的评分。")]
    items = appraisal.items
    items = items[(items["kind"] == "strategy") & items["median"].notna()]
    higher = int((items["self_score"] > items["median"]).sum())
    drawn = score_dots(pack)
    see = f"，各领域平均见[[{drawn[0].title}]]" if drawn else ""
    return [
        Paragraph(f"第三方对{len(items)}条措施意见一致（满分4分），其中{higher}条自评高于第三方{see}。"),
        *drawn,
    ]
