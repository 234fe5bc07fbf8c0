"""A satisfaction survey: who answered, how satisfied, what to improve first, how reliable."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from xhcp_eval.chapters.kit.views import Section, TableView, TextView, section, table, text_view
from xhcp_eval.errors import DataError
from xhcp_eval.evaluation.methods.satisfaction import (
    TOTAL,
    cronbach_alpha,
    importance_performance,
    item_nonresponse,
    response_rate,
    satisfaction_table,
)
from xhcp_eval.evaluation.methods.survey_weights import Weighting, weighted_for_nonresponse
from xhcp_eval.evaluation.questionnaire import SKIPPED, Questionnaire, load_description, read_questionnaire
from xhcp_eval.pack.pack import Pack, evaluation_folder

NOTHING = "没有满意度调查，本节空缺。"


def survey_of(pack: Pack) -> tuple[Questionnaire, Weighting | None] | None:
    """The evaluation's questionnaire, weighted for non-response where populations are given; None if there is none."""
    folder = evaluation_folder(pack)
    if not folder.has("questionnaire.csv", "questionnaire.yaml"):
        return None
    return _read(folder.file("questionnaire.csv"), folder.file("questionnaire.yaml"))


def survey_sections(pack: Pack) -> Section | TextView:
    """Response, satisfaction with intervals, groups, importance against satisfaction, reliability."""
    found = survey_of(pack)
    if found is None:
        return text_view(NOTHING)
    questionnaire, weighting = found
    parts = [
        text_view(_who(questionnaire, weighting)), _response(questionnaire), _shares(questionnaire),
        _groups(questionnaire), _priorities(questionnaire), text_view(_reliability(questionnaire)), _missing(questionnaire),
    ]  # fmt: skip
    return section("满意度调查", *parts, level=3, anchor="survey")


def _who(q: Questionnaire, weighting: Weighting | None) -> list[str]:
    told = [f"{q.description.title}，来源：{q.description.source}，答卷 {len(q.weight)} 份。"]
    if weighting is not None:
        told.append(
            f"按居住地、性别、年龄的总体人数作无应答加权，加权后的设计效应为 {weighting.design_effect:.2f}：精度相当于 {len(q.weight) / weighting.design_effect:,.0f} 份简单随机答卷。"
        )
    return told


def _response(q: Questionnaire) -> TableView | TextView:
    if not q.description.sent:
        return text_view("没有记录发出份数，应答率不明，结果可能有偏。")
    headers = {"stratum": "层", "sent": "发出", "returned": "收回", "usable": "有效", "rate": "有效应答率"}
    return table(response_rate(q), headers, {"rate": "{:.0%}"}, caption="应答率")


def _shares(q: Questionnaire) -> TableView:
    rows = _satisfaction(q)
    rows = rows[rows["group"] == TOTAL].copy()
    rows["share_text"] = [
        _percent(*r) for r in rows[["share", "share_low", "share_high"]].itertuples(index=False)
    ]
    rows["mean_text"] = [
        f"{m:.2f}（{a:.2f}—{b:.2f}）" if m == m else "—"
        for m, a, b in zip(rows["mean"], rows["mean_low"], rows["mean_high"], strict=True)
    ]
    headers = {
        "topic": "领域",
        "label": "项目",
        "n": "回答",
        "effective_n": "有效样本量",
        "share_text": "满意（95%区间）",
        "mean_text": "均分（95%区间）",
        "note": "说明",
    }
    return table(
        rows,
        headers,
        {"effective_n": "{:.0f}"},
        numeric=["share_text", "mean_text"],
        caption="满意的比例和均分",
    )


def _groups(q: Questionnaire) -> TableView:
    rows = _satisfaction(q)
    last = q.description.items[0].id if not any(i.id == "overall" for i in q.description.items) else "overall"
    rows = rows[(rows["item"] == last) & (rows["group"] != TOTAL)].copy()
    rows["share_text"] = [
        _percent(*r) for r in rows[["share", "share_low", "share_high"]].itertuples(index=False)
    ]
    headers = {
        "group": "分组",
        "option": "人群",
        "n": "回答",
        "share_text": "满意（95%区间）",
        "note": "说明",
    }
    return table(rows, headers, numeric=["share_text"], caption=f"各人群：{rows['label'].iloc[0]}")


def _priorities(q: Questionnaire) -> TableView:
    rows = importance_performance(q)
    headers = {
        "label": "项目",
        "importance": "重要性",
        "performance": "满意度",
        "importance_side": "重要性高低",
        "performance_side": "满意度高低",
        "quadrant": "归类",
    }
    return table(
        rows, headers, {"importance": "{:.2f}", "performance": "{:.2f}"}, caption="重要性与满意度分析"
    )


def _reliability(q: Questionnaire) -> list[str]:
    """Of the questions that everybody was asked: those skipped by age would leave nobody who answered all."""
    asked = [
        i.id for i in q.description.items if not i.importance_of and not (q.states[i.id] == SKIPPED).any()
    ]
    names = "、".join(i.label for i in q.description.items if i.id in asked)
    try:
        found = cronbach_alpha(q.answers[asked])
    except DataError as error:
        return [f"满意度各题的信度不能计算：{str(error).splitlines()[0]}"]
    note = f"（{found.note}）" if found.note else ""
    return [
        f"人人都被问到的满意度题（{names}）的信度 Cronbach α 为 {found.alpha:.2f}（95%区间 {found.low:.2f}—{found.high:.2f}），"
        f"据全部答完的 {found.n} 人{note}。"
    ]


def _missing(q: Questionnaire) -> TableView:
    headers = {
        "label": "题",
        "asked": "被问到",
        "answered": "答了",
        "unanswered": "空着",
        "unsure": "不清楚",
        "rate": "未答率",
        "note": "说明",
    }
    return table(item_nonresponse(q), headers, {"rate": "{:.0%}"}, caption="各题未答情况")


@lru_cache(maxsize=4)
def _read(answers: Path, description: Path) -> tuple[Questionnaire, Weighting | None]:
    questionnaire = read_questionnaire(answers, load_description(description))
    if not any(group.population for group in questionnaire.description.groups):
        return questionnaire, None
    return weighted_for_nonresponse(questionnaire)


@lru_cache(maxsize=4)
def _satisfaction(questionnaire: Questionnaire):
    rows = satisfaction_table(questionnaire)
    asked = {i.id for i in questionnaire.description.items if not i.importance_of}
    return rows[rows["item"].isin(asked)]


def _percent(share: float, low: float, high: float) -> str:
    return f"{share:.1%}（{low:.1%}—{high:.1%}）" if share == share else "—"
