"""五、第三方评估: its recount of verdicts, where its raters disagree, what families say; what it can't judge."""

from __future__ import annotations

from xhcp_eval.chapters.figures.dots import satisfaction_dots
from xhcp_eval.chapters.figures.quadrant import importance_quadrant
from xhcp_eval.chapters.kit.blocks import Block, Heading, Paragraph, Table
from xhcp_eval.chapters.third_party.recheck import recheck
from xhcp_eval.chapters.third_party.scores import appraisal_of, item_names
from xhcp_eval.chapters.third_party.survey import survey_of
from xhcp_eval.chapters.wording.names import heading
from xhcp_eval.evaluation.methods.independent_check import NOT_CHECKED, OTHER, SAME
from xhcp_eval.evaluation.methods.rubric import SELF
from xhcp_eval.evaluation.methods.satisfaction import TOTAL, satisfaction_table
from xhcp_eval.pack.pack import Pack

MOST = 6


def blocks(pack: Pack, number: int) -> list[Block]:
    """The chapter. number: of the chapter in the report."""
    told: list[Block] = [Heading(heading(number, "第三方评估"))]
    if not pack.params.evaluation:
        return [*told, Paragraph("本次没有第三方评分、复核和满意度资料，本章不作判断。")]
    parts = [_scores(pack), _recount(pack), _survey(pack)]
    place = 0
    for part in parts:
        if part:
            place += 1
            title, *rest = part
            told += [Heading(heading(place, title, 2), 2), *rest]
    return [*told, Paragraph("效率和影响没有可比的投入资料和对照设计，第三方未作判断。")]


def _scores(pack: Pack) -> list:
    appraisal = appraisal_of(pack)
    if appraisal is None:
        return []
    items, scores = appraisal.items, appraisal.scores
    raters = scores.loc[scores["role"] != SELF, "rater"].nunique()
    agreed = items[items["status"] == "agreed"]
    apart = items[items["status"] != "agreed"]
    names = item_names(pack)
    lower = agreed[agreed["self_score"] > agreed["median"]]
    told = [
        f"{len(items)}项评分中{len(agreed)}项意见一致",
        Paragraph(
            f"{raters}名第三方评分者对{len(items)}项目标和措施各自独立评分，{len(agreed)}项意见一致，"
            f"其中{len(lower)}项自评高于第三方；{len(apart)}项未取得一致，不取平均分。"
        ),
    ]
    widest = lower.sort_values(["self_gap", "median"], ascending=[False, True]).head(MOST)
    if len(widest):
        rows = tuple(
            (str(names.get(r.item, r.name)), f"{r.median:g}", f"{r.self_score:g}", f"{r.self_gap:g}")
            for r in widest.itertuples(index=False)
        )
        told.append(
            Table(
                ("目标或措施", "第三方（分）", "自评（分）", "相差（分）"),
                rows,
                (0.52, 0.16, 0.16, 0.16),
                "自评高出最多的项目",
            )
        )
    return told


def _recount(pack: Pack) -> list:
    rows = recheck(pack)
    counts = rows["agreement"].value_counts()
    checked = len(rows) - int(counts.get(NOT_CHECKED, 0))
    same, different = int(counts.get(SAME, 0)), int(counts.get(OTHER, 0))
    told = [
        f"复算{checked}项判定，{same}项相同",
        Paragraph(
            f"第三方用另一套算法从原始数据复算{checked}项判定，{same}项相同，{checked - same - different}项相差一级，{different}项不同。"
        ),
    ]
    apart = rows[rows["agreement"] == OTHER].head(MOST)
    if len(apart):
        listed = tuple(
            (r.indicator_name, r.target_text, r.reported_status, r.own_status) for r in apart.itertuples()
        )
        told.append(
            Table(
                ("指标", "目标", "报告的判定", "复算的判定"), listed, (0.4, 0.2, 0.2, 0.2), "复算不同的判定"
            )
        )
    return told


def _survey(pack: Pack) -> list:
    found = survey_of(pack)
    if found is None:
        return []
    rows = satisfaction_table(found[0])
    asked = [item.id for item in found[0].description.items if item.scale == "satisfaction"]
    rows = rows[rows["item"].isin(asked) & (rows["group"] == TOTAL) & rows["share"].notna()].sort_values(
        "share"
    )
    low, high = rows.iloc[0], rows.iloc[-1]
    return [
        f"家长对{low['label']}满意率最低",
        Paragraph(
            f"对{int(rows['n'].max())}份有效问卷加权计算，{low['label']}满意率{100 * low['share']:.1f}%最低，"
            f"{high['label']}{100 * high['share']:.1f}%最高。"
        ),
        *satisfaction_dots(pack),
        *importance_quadrant(pack),
    ]
