"""One sentence of sixty characters and up to four of seventy: how it stands, what went well, what is hard, what is close."""

from __future__ import annotations

import numpy as np
import pandas as pd

from xhcp_eval.chapters.brief.basis import (
    AT_RISK_LIST,
    HARD,
    end_targets,
    is_over,
    joined,
    risks,
    to_chapter,
    to_indicator,
)
from xhcp_eval.chapters.kit.blocks import Paragraph
from xhcp_eval.chapters.outcomes import ends_text, then_and_now
from xhcp_eval.chapters.since_last_year import since_last_year
from xhcp_eval.chapters.wording.counting import Counts, counts
from xhcp_eval.chapters.wording.nouns import noun_of
from xhcp_eval.chapters.wording.readers import READERS, Reader
from xhcp_eval.chapters.wording.standing import gap_text, kept, not_yet
from xhcp_eval.chapters.wording.values import value_text
from xhcp_eval.chapters.wording.yearly import short_counts
from xhcp_eval.pack.pack import Pack
from xhcp_eval.verdict.schema import INSIDE, OUTSIDE
from xhcp_eval.verdict.series import series_key

FIRST, OTHERS = 60, 70  # characters
STEADY = (Reader.SECURE, Reader.LIKELY)


def opening(pack: Pack) -> list[Paragraph]:
    """The one sentence and the others that there is something to say for, each with where its numbers stand."""
    hard = "未实现的：" if is_over(pack) else "最难的："
    parts = [("", *_headline(pack)), ("亮点：", *_bright(pack)), (hard, *_hard(pack))]
    parts.append(("回头看：", *_looked_back(pack)) if is_over(pack) else ("一步之遥：", *_close(pack)))
    if _yearly(pack):
        parts.append(("与上年比：", *_since_last_year(pack)))
    parts.append(("数据：", *_data(pack)))
    said = [(lead, text, link) for lead, text, link in parts if text]
    style = ["body"] + ["item"] * (len(said) - 1)
    last = len(said) - 1
    return [
        Paragraph(text, lead, kind, link, spare=k == last > 0)
        for k, ((lead, text, link), kind) in enumerate(zip(said, style, strict=True))
    ]


def _headline(pack: Pack) -> tuple[str, str]:
    plan = pack.plan
    middle, end = counts(pack, plan.midterm_year), counts(pack, plan.end_year)
    clauses = [_clause(middle, "中期目标")] if middle.total and not is_over(pack) else []
    more = [f"{end[word]}项{word}" for word in (Reader.OPEN, Reader.NONE) if end[word] and not is_over(pack)]
    last = _clause(end, "目标")
    for extra in more:
        longer = f"{last}、{extra}"
        if len("；".join([*clauses, longer])) < FIRST:
            last = longer
    return f"{'；'.join([*clauses, last])}。", to_chapter(pack, "20_overview.ipynb")


def _clause(found: Counts, what: str) -> str:
    parts = [
        (found.steady, "项达到" if found.over else "项稳"),
        (found[Reader.LIKELY] if found.over else 0, "项预计能达到"),
        (found[Reader.RISK], "项未达到" if found.over else "项有风险"),
        *([(found[Reader.OPEN], "项因数少难下结论"), (found[Reader.NONE], "项不能算")] if found.over else []),
    ]
    told = ("，" if found.over else "、").join(f"{n}{word}" for n, word in parts if n)
    return f"{found.year}年{found.total}项{what}{'，' if found.over else '中'}{told}"


def _bright(pack: Pack) -> tuple[str, str]:
    """What rose or fell most, as the plan wants it, since its base year; a fall on the way is said as well."""
    rows = end_targets(pack)
    rows = rows[rows["status"].map(READERS).isin(STEADY) & (rows["side"] == INSIDE)]
    rows = rows[
        rows["base_value"].notna() & (rows["base_value"] > 0) & (rows["base_year"] < rows["latest_year"])
    ]
    better = (rows["latest_value"] / rows["base_value"] - 1) * np.where(rows["direction"] == "up", 1, -1)
    rows = rows.assign(_better=better)[better > 0].sort_values("_better", ascending=False, kind="stable")
    listed = list(rows.itertuples())
    link = to_indicator(pack, listed[0].indicator) if listed else ""
    return joined([_rise(pack, row) for row in listed], OTHERS - len("亮点：")), link


def _rise(pack: Pack, row) -> str:
    facts = pack.plan.indicator(row.indicator)
    noun = noun_of(facts)[:1] if row.kind == "count" else ""
    word = "增至" if row.direction == "up" else "降至"
    before, now = (value_text(value, row.unit) + noun for value in (row.base_value, row.latest_value))
    year = f"{row.latest_year:.0f}年" if row.latest_year != pack.params.data_until else ""
    return (
        f"{row.indicator_name}由{row.base_year:.0f}年{before}{word}{year}{now}{_once_back(pack, row, noun)}"
    )


def _once_back(pack: Pack, row, noun: str) -> str:
    """A year of the plan in which a series went the other way; said in words, for "every year" was promised."""
    series = _series(pack, row.indicator)
    series = series[series.index >= pack.plan.start_year - 1]
    back = series.diff() * (1 if row.direction == "up" else -1) < 0
    if back.sum() != 1 or row.op not in ("trend_up", "trend_down"):
        return ""
    year = int(back.idxmax())
    return f"（{year}年曾比上年{'减少' if row.direction == 'up' else '增加'}{value_text(abs(series.diff()[year]), row.unit)}{noun}）"


def _series(pack: Pack, indicator: str) -> pd.Series:
    rows = pack.histories[pack.histories["series"] == series_key(indicator, pack.region)]
    return rows.set_index("year")["judged"].dropna()


def _hard(pack: Pack) -> tuple[str, str]:
    rows = risks(pack)
    rows = list(rows[rows["status"].isin(HARD) & ~rows["every_year"] & (rows["gap"] > 0)].itertuples())
    return joined([_short_of(pack, row) for row in rows], OTHERS - len("未实现的：")), AT_RISK_LIST


def _short_of(pack: Pack, row) -> str:
    short = pack.plan.indicator(row.indicator).short_name
    return f"{short}{value_text(row.latest_value, row.unit, row.target_value)}，距目标差{gap_text(pack.plan, row)}"


def _close(pack: Pack) -> tuple[str, str]:
    """Targets at risk that are missed by least, and promises of every year that were broken."""
    rows = risks(pack)
    near = rows[(rows["status"] == "存在风险") & (rows["side"] == OUTSIDE) & (rows["gap"] > 0)]
    clauses = [_short_of(pack, row) for row in near.sort_values("gap_relative", kind="stable").itertuples()]
    clauses += [f"{row.indicator_name}{kept(row)[0]}" for row in rows[rows["every_year"]].itertuples()]
    return joined(clauses, OTHERS - len("一步之遥：")), AT_RISK_LIST


def _looked_back(pack: Pack) -> tuple[str, str]:
    """What became of the targets that an earlier report called at risk; only where the pack has such a report."""
    rows = then_and_now(pack)
    warned = rows[(rows["then"] == Reader.RISK) & ~rows["settled"]]
    if warned.empty:
        return "", ""
    told = f"{pack.params.forecast_origin}年列为有风险的{len(warned)}项中，{ends_text(warned)}。"
    return told, to_chapter(pack, "60_outcomes.ipynb")


def _yearly(pack: Pack) -> bool:
    return pack.params.data_until not in (pack.plan.midterm_year, pack.plan.end_year)


def _since_last_year(pack: Pack) -> tuple[str, str]:
    """How many values changed on the last year beyond chance, and which got worse most."""
    rows = since_last_year(pack)
    if rows.empty:
        return "", ""
    worse = rows[rows["told"] & ~rows["better"]].sort_values("size", ascending=False, kind="stable")
    clauses = [short_counts(rows)]
    clauses += [
        f"变差最多的是{pack.plan.indicator(row.indicator).short_name}（{value_text(row.before, unit)}变为{value_text(row.now, unit)}）"
        for row in worse.head(1).itertuples()
        if (unit := pack.plan.indicator(row.indicator).unit)
    ]
    return joined(clauses, OTHERS - len("与上年比：")), to_chapter(pack, "20_overview.ipynb")


def _data(pack: Pack) -> tuple[str, str]:
    plan, year, clauses = pack.plan, pack.params.data_until, []
    if plan.goals:
        without = int((pack.goals["n_deciding"] == 0).sum())
        clauses.append(f"{len(plan.goals)}项主要目标中{without}项没有可计量指标")
    absent = int((end_targets(pack)["status"] == "缺数据").sum())
    clauses.append(f"{absent}项指标目标从未填报" if absent else "")
    waiting = int(sum(not_yet(row) for row in end_targets(pack).itertuples()))
    late = pack.completeness
    late = late[(late["reported_last"] == 0) & (late["reported_ever"] > 0) & (late["department"] != "")]
    for one in late.itertuples():
        clauses.append(f"{one.department}{one.reported_ever}项{year}年数据截止时未报")
    clauses.append(f"{waiting}项要从{year + 1}年起才能比较" if waiting else "")
    return joined(clauses, OTHERS - len("数据："), between="，"), to_chapter(pack, "10_data_quality.ipynb")
