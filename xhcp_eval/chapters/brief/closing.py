"""Three lines at the end: groups and places, third party and families, how it was judged and what can't be said."""

from __future__ import annotations

from xhcp_eval.chapters.brief.basis import is_over, to_chapter
from xhcp_eval.chapters.equity import equity_rows
from xhcp_eval.chapters.kit.blocks import Paragraph
from xhcp_eval.chapters.third_party.scores import appraisal_of
from xhcp_eval.chapters.third_party.survey import survey_of
from xhcp_eval.chapters.wording.cases import yearly_few
from xhcp_eval.evaluation.methods.rubric import ITEM_KINDS
from xhcp_eval.evaluation.methods.satisfaction import TOTAL, satisfaction_table
from xhcp_eval.pack.pack import Pack

GROUPS = {"residence": "城乡", "sex": "性别", "township": "乡镇街道"}


def closing(pack: Pack) -> list[Paragraph]:
    """The three lines; what the pack has no data for is said to be missing."""
    return [
        Paragraph(_groups(pack), "公平：", "item", to_chapter(pack, "45_equity.ipynb")),
        Paragraph(
            _others(pack), "第三方与群众：", "item", to_chapter(pack, "40_third_party_evaluation.ipynb")
        ),
        Paragraph(_limits(pack), "怎样判定：", "item", to_chapter(pack, "80_method_and_sources.ipynb")),
    ]


def _groups(pack: Pack) -> str:
    told = []
    for dimension, name in GROUPS.items():
        rows = equity_rows(pack, dimension)
        if len(rows):
            told.append(f"按{name}比较{len(rows)}项指标，{int(rows['apart'].sum())}项的差别超出偶然")
    if not told:
        return "本次数据没有分城乡、性别和乡镇的计数，差距无从比较。"
    absent = [name for dimension, name in GROUPS.items() if equity_rows(pack, dimension).empty]
    return "；".join(told) + (f"；没有分{'、'.join(absent)}的计数。" if absent else "。")


def _others(pack: Pack) -> str:
    if not pack.params.evaluation:
        return "本次没有第三方评分和群众满意度资料。"
    return "；".join([_scores(pack), _survey(pack)]) + "。"


def _scores(pack: Pack) -> str:
    appraisal = appraisal_of(pack)
    if appraisal is None:
        return "没有第三方评分"
    items = appraisal.items
    goals = items[items["kind"] == next(iter(ITEM_KINDS))]
    agreed = goals[goals["median"].notna()]
    higher = int((agreed["self_score"] > agreed["median"]).sum())
    return f"第三方评{len(goals)}项主要目标，{len(agreed)}项意见一致（满分4分，中位数{agreed['median'].median():g}分），其中{higher}项低于自评"


def _survey(pack: Pack) -> str:
    found = survey_of(pack)
    if found is None:
        return "没有满意度调查"
    rows = satisfaction_table(found[0])
    asked = [item.id for item in found[0].description.items if item.scale == "satisfaction"]
    rows = rows[rows["item"].isin(asked) & (rows["group"] == TOTAL) & rows["share"].notna()].sort_values(
        "share"
    )
    low, last = rows.head(2), rows.iloc[-1]
    listed = "、".join(f"{r.label}{100 * r.share:.1f}%" for r in low.itertuples())
    return f"家长满意率{listed}最低，{last['label']}{100 * last['share']:.1f}%最高"


def _limits(pack: Pack) -> str:
    words = "按目标年数据判定" if is_over(pack) else "按数据和趋势判定"
    told = [f"{words}，数少难断的只报数值和所在一侧，不作好坏结论", yearly_few(pack)]
    return "；".join([*filter(None, told), "不说明因果，没有对照设计的一律不归因"]) + "。"
