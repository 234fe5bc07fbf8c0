"""The overview: headline, where targets stand, which are at risk, which can't be told."""

from __future__ import annotations

from collections import Counter

import pandas as pd

from xhcp_eval.chapters.figures.chances import chance_dots
from xhcp_eval.chapters.kit.pictures import as_figure
from xhcp_eval.chapters.kit.tables import AT_RISK, most_urgent_first, own_targets, target_list, target_name
from xhcp_eval.chapters.kit.views import (
    FigureView,
    Grid,
    Section,
    TableView,
    TextView,
    section,
    table,
    text_view,
)
from xhcp_eval.chapters.wording.standing import why_open
from xhcp_eval.pack.pack import Pack, once_a_pack
from xhcp_eval.plan.units import format_probability
from xhcp_eval.verdict.status import Status

NAMES_SHOWN = 5
AT_RISK_ANCHOR, UNDECIDED_ANCHOR = "at-risk", "undecided"  # where addresses of the other documents lead
# A chance says nothing of what is over, or of what can't be judged.
UNSETTLED = (Status.MISSED.value, Status.UNDECIDABLE.value, Status.DISPUTED.value)


@once_a_pack
def headline(pack: Pack) -> TextView:
    """The conclusion in three sentences: how many targets stand where, which are most at risk, what can't be told."""
    end = pack.plan.end_year
    rows = own_targets(pack, True, end).drop_duplicates("question")
    sentences = [_counts(rows, end), *_most_at_risk(rows), *_open_questions(pack, rows)]
    if pack.plan.goals:
        without = int((pack.goals["n_deciding"] == 0).sum())
        sentences.append(
            f"规划共{len(pack.goals)}项主要目标，其中{without}项本身没有可计量的指标，须由证据评分，本报告不作定量判定。"
        )
    return text_view(sentences)


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


def _open_questions(pack: Pack, rows: pd.DataFrame) -> list[str]:
    sentences = []
    unclear = rows[rows["status"] == Status.UNDECIDABLE]
    few, short = unclear[unclear["small_count"]], unclear[~unclear["small_count"]]
    if len(few):
        sentences.append(f"{_names(few)}事件数过少，达标与否不能断定，不应据一年之数评判。")
    if len(short):
        told = [f"{row.indicator_name}{why_open(pack, row)}" for row in short.head(NAMES_SHOWN).itertuples()]
        more = f"等{len(short)}项" if len(short) > NAMES_SHOWN else ""
        sentences.append(f"{'；'.join(told)}{more}。")
    disputed = rows[rows["status"] == Status.DISPUTED]
    if len(disputed):
        sentences.append(
            f"{_names(disputed)}按规划文本的不同解读结论不同，列为待裁定，须由规划制定机关裁定。"
        )
    return sentences


def _names(rows: pd.DataFrame) -> str:
    more = f"等{len(rows)}项" if len(rows) > NAMES_SHOWN else ""
    return "、".join(rows["indicator_name"].head(NAMES_SHOWN)) + more


@once_a_pack
def status_matrix(pack: Pack, deciding: bool = True, year: int | None = None) -> TableView:
    """How many targets stand where: a row a domain, a column a status; readings of one question count once."""
    rows = own_targets(pack, deciding, year).drop_duplicates("question")
    names = {d.id: d.name for d in pack.plan.domains} | {"": "组织实施"}
    found = Counter(zip(rows["domain"], rows["status"], strict=True))
    known, words = {domain for domain, _ in found}, {word for _, word in found}
    columns = [s.value for s in Status if s.value in words]
    counts = pd.DataFrame(
        {word: [found[domain, word] for domain in names if domain in known] for word in columns},
        index=[domain for domain in names if domain in known],
    )
    counts.loc["合计"] = counts.sum()
    counts.insert(0, "领域", [names.get(d, d) for d in counts.index])
    counts["合计"] = counts.drop(columns="领域").sum(axis=1)
    return table(
        counts.reset_index(drop=True),
        columns={name: name for name in counts.columns},
        numeric=[c for c in counts.columns if c != "领域"],
        status_headers=True,
        total_row=True,
        caption=f"{'主要目标中的' if deciding else '策略措施中的'}指标目标达标情况（项）",
        anchor="by-domain" if deciding else "",
    )


@once_a_pack
def at_risk(pack: Pack, year: int | None = None, deciding: bool = True) -> TableView:
    """Targets at risk for a year (default: the plan's last), the one that needs attention most first."""
    rows = own_targets(pack, deciding, year or pack.plan.end_year)
    rows = rows[rows["status"].isin(AT_RISK)]
    caption = f"{year or pack.plan.end_year}年目标达标风险清单（风险最高者在前）"
    return target_list(pack, most_urgent_first(rows), caption, AT_RISK_ANCHOR if deciding else "")


@once_a_pack
def undecided(pack: Pack, year: int | None = None) -> TableView:
    """Targets that can't be judged: counts too small, readings that differ, no data."""
    rows = own_targets(pack, True, year or pack.plan.end_year)
    keep = rows["status"].isin([Status.UNDECIDABLE.value, Status.DISPUTED.value, Status.NO_DATA.value])
    caption = "尚不能判定的目标：事件过少、文本解读不一、缺数据"
    return target_list(pack, most_urgent_first(rows[keep]), caption, UNDECIDED_ANCHOR)


def chances(pack: Pack) -> FigureView | TextView:
    """How sure the targets of the plan's last year are, in four bands; only those that a chance decides."""
    rows = own_targets(pack, True, pack.plan.end_year).drop_duplicates("question")
    rows = rows[rows["probability"].notna() & ~rows["status"].isin(UNSETTLED)]
    rows = rows.sort_values("probability", kind="stable")
    names = [target_name(row) for row in rows.itertuples()]
    chance = [format_probability(p) for p in rows["probability"]]
    grid = Grid(("指标", "目标", "达标概率"), tuple(zip(names, rows["target_text"], chance, strict=True)))
    return as_figure(chance_dots(pack, rows), grid, "没有可以展望的目标。")


def strategy_demands(pack: Pack) -> Section | TextView:
    """Where the quantified demands of strategies stand and which are at risk, or that there are none."""
    if own_targets(pack, False, None).empty:
        return text_view(["登记的规划里，策略措施没有量化要求。"])
    return section(
        "达标情况与风险",
        status_matrix(pack, deciding=False),
        at_risk(pack, deciding=False),
        anchor="strategies",
    )


def milestone_targets(pack: Pack, year: int) -> TableView | TextView:
    """All targets of the goals for one year (the mid-term ones, say), or that there are none."""
    rows = own_targets(pack, True, year)
    rows = rows[~rows["every_year"]]
    if rows.empty:
        return text_view([f"规划没有为{year}年定量化目标。"])
    return target_list(pack, most_urgent_first(rows), f"{year}年目标达标情况")
