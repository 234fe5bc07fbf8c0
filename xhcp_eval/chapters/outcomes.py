"""Forecast against fact: what was published, what happened, and how right it was."""

from __future__ import annotations

import numpy as np
import pandas as pd

from xhcp_eval.chapters.figures.results import LOOKS, banded, counted, result_dots
from xhcp_eval.chapters.kit.tables import most_urgent_first, target_name
from xhcp_eval.chapters.kit.views import FigureView, TableView, TextView, table, text_view
from xhcp_eval.chapters.wording.counting import questions
from xhcp_eval.chapters.wording.readers import READERS, Reader
from xhcp_eval.pack.pack import Pack, once_a_pack
from xhcp_eval.plan.units import format_probability, format_value
from xhcp_eval.verdict.outcomes import brier_score
from xhcp_eval.verdict.rivals import method_scores
from xhcp_eval.verdict.status import Status

_THEN = ("published_status", "probability", "origin_value", "origin_year")
LATE_YEARS = 3  # before the forecast, whose pace stands beside that of the whole history


@once_a_pack
def then_and_now(pack: Pack) -> pd.DataFrame:
    """Targets of the plan's last year as an earlier report judged them, beside what this one says; a row a target.

    Columns of the assessment, and `then`, `now`: the reader's word of each report; `chance`, `value_then`, `year_then`: of
    the forecast (missing where it had no figure); `settled`: a promise of every year that was broken before the forecast,
    whose outcome nobody had to foresee. Empty where the pack has no earlier forecast.
    """
    rows = most_urgent_first(questions(pack, pack.plan.end_year))
    before = pack.outcomes.drop_duplicates("target_id").set_index("target_id")
    if before.empty or pack.params.forecast_origin is None:
        return rows.iloc[:0].assign(then="", now="", chance=0.0, value_then=0.0, year_then=0.0, settled=False)
    found = {column: rows["target_id"].map(before[column]) for column in _THEN}
    settled = rows["every_year"].astype(bool) & (found["published_status"] == Status.MISSED.value)
    return rows.assign(
        then=found["published_status"].fillna(Status.NO_DATA.value).map(READERS),
        now=rows["status"].astype(str).map(READERS),
        chance=found["probability"].astype(float),
        value_then=found["origin_value"].astype(float),
        year_then=found["origin_year"].astype(float),
        settled=settled,
    )


def ends_text(rows: pd.DataFrame) -> str:
    """What became of some rows of `then_and_now`, counted: 5项未实现、4项最终达到."""
    words = [(Reader.RISK, "未实现"), (Reader.SECURE, "最终达到"), (Reader.LIKELY, "预计能达到"),
             (Reader.OPEN, "仍难断定"), (Reader.NONE, "没有数据")]  # fmt: skip
    counted = [(word, int((rows["now"] == kind).sum())) for kind, word in words]
    return "、".join(f"{n}项{word}" for word, n in counted if n)


def outcome_sentence(pack: Pack) -> TextView:
    """How right the earlier forecast was, with its score and how little a few targets prove."""
    rows = pack.outcomes
    score, n = brier_score(rows)
    if not n:
        return text_view(["没有可计分的目标。"])
    scored = rows[rows["scored"].astype(bool)]
    ours = method_scores(pack.rivals).iloc[0]
    years = [int(scored["target_year"].min()), int(scored["target_year"].max())]
    asked = f"{years[0]}年" if years[0] == years[1] else f"{years[0]}—{years[1]}年"
    return text_view(
        [
            f"站在{int(scored['origin_year'].max())}年预测{asked}：可计分的目标{n}项，方向判断正确{ours['hits']:g}项，布赖尔得分"
            f"{score:.3f}{_interval(ours)}；0为全对，一律猜50%为0.250。",
            _origin_sentence(pack),
            _loose_sentence(rows),
            _coverage_sentence(rows),
            f"只有{n}项，其中{int(scored['met'].sum())}项达标，且多为同向变化的指标，这个得分本身误差很大；方法是否可信以大量真实序列的回测为准。",
        ]
    )


def _interval(row: pd.Series) -> str:
    return f"（95%区间{row['low']:.3f}—{row['high']:.3f}，按指标重抽）" if row["low"] == row["low"] else ""


def _coverage_sentence(rows: pd.DataFrame) -> str:
    """How many outcomes lay within the intervals that were forecast; targets of one indicator and year count once."""
    known = rows[rows["outcome_value"].notna() & rows["forecast_50"].notna()]
    known = known.drop_duplicates(["indicator", "outcome_year"])
    if known.empty:
        return ""
    inside = [
        int(known["outcome_value"].between(known[f"forecast_{low}"], known[f"forecast_{high}"]).sum())
        for low, high in ((10, 90), (2, 98))
    ]
    return f"有预测区间又有实际值的{len(known)}个数，落在80%区间内的{inside[0]}个，落在95%区间内的{inside[1]}个。"


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
    return f"上面只用经核实的数字；若让只见一处和待核实的数字也进入趋势，同样{n}项的得分为{score:.3f}。"


def outcome_table(pack: Pack) -> TableView:
    """Forecasts of the earlier year beside what happened, with the Brier score below."""
    rows = pack.outcomes
    shown = pd.DataFrame(
        {
            "indicator": [target_name(r) for r in rows.itertuples()],
            "target": [f"{r.target_year}年 {r.target_text}" for r in rows.itertuples()],
            "origin": [
                f"{format_value(r.origin_value, r.unit)}\n{r.origin_year:.0f}年" for r in rows.itertuples()
            ],
            "predicted_status": rows["predicted_status"],
            "probability": [format_probability(r.probability) for r in rows.itertuples()],
            "loose": [format_probability(p) for p in rows["probability_loose"]],
            "outcome": [format_value(r.outcome_value, r.unit) for r in rows.itertuples()],
            "outcome_status": _ends(pack, rows),
            "error": [
                "—" if r.squared_error != r.squared_error else f"{r.squared_error:.3f}"
                for r in rows.itertuples()
            ],
            "note": rows["note"],
        }
    )
    headers = {
        "indicator": "指标", "target": "目标", "origin": "预测时的值", "predicted_status": "当时判断", "probability": "当时概率",
        "loose": "若计入待核实数字", "outcome": "实际值", "outcome_status": "实际结果", "error": "误差平方", "note": "说明",
    }  # fmt: skip
    if rows["probability_loose"].isna().all():
        del headers["loose"]
    score, n = brier_score(rows)
    caption = (
        f"当时的预测与后来的事实：{n} 项可计分，布赖尔得分 {score:.3f}{_interval(method_scores(pack.rivals).iloc[0])}，一律猜 50% 为 0.250"
        if n
        else "没有可计分的目标"
    )
    return table(
        shown, columns=headers, numeric=["origin", "probability", "loose", "outcome", "error"], status=["predicted_status", "outcome_status"],
        wide=["note"], caption=caption,
    )  # fmt: skip


def rivals_table(pack: Pack) -> TableView:
    """Our score beside those of a straight line, of six other systems, and of two answers that look at nothing."""
    found = method_scores(pack.rivals)
    shown = pd.DataFrame(
        {
            "method": found["method"],
            "n": [str(n) if n else "不作预测" for n in found["n"]],
            "hits": [f"{r.hits:g}" if r.n else "—" for r in found.itertuples()],
            "brier": [f"{r.brier:.3f}" if r.n else "—" for r in found.itertuples()],
            "interval": [f"{r.low:.3f}—{r.high:.3f}" if r.low == r.low else "—" for r in found.itertuples()],
        }
    )
    headers = {
        "method": "方法",
        "n": "作答（项）",
        "hits": "方向正确（项）",
        "brier": "布赖尔得分",
        "interval": "95%区间",
    }
    return table(
        shown, columns=headers, numeric=["n", "hits", "brier", "interval"],
        caption="同样的目标、同样的数，各种方法怎么说（区间按指标重抽；各家规则只答是或否，全对为0，错一项扣1；"
        "结果几乎都达标时，谁敢说“达标”谁得分好，“一律说达标”即是）",
    )  # fmt: skip


def missed_table(pack: Pack) -> TableView:
    """What was not foreseen: the wrong side, or a value beyond the interval; with the paces before and after."""
    rows = pack.outcomes[pack.outcomes["outcome_value"].notna()]
    wrong = rows["scored"].astype(bool) & ((rows["probability"] > 0.5) != (rows["met"] == 1))
    outside = (rows["outcome_value"] < rows["forecast_10"]) | (rows["outcome_value"] > rows["forecast_90"])
    far = (rows["outcome_value"] < rows["forecast_2"]) | (rows["outcome_value"] > rows["forecast_98"])
    keep = wrong | outside
    what = np.select(
        [wrong & far, wrong, far], ["判断错，95%区间以外", "判断错", "95%区间以外"], "80%区间以外"
    )
    shown = pd.DataFrame(
        [
            (
                f"{target_name(r)}\n{r.target_year}年 {r.target_text}",
                format_probability(r.probability),
                f"{format_value(r.forecast_50, r.unit)}\n{format_value(r.forecast_10, r.unit)}—{format_value(r.forecast_90, r.unit)}",
                format_value(r.outcome_value, r.unit),
                said,
                _paces(pack, r),
            )
            for r, said in zip(rows[keep].itertuples(), what[keep], strict=True)
        ],
        columns=["target", "probability", "forecast", "outcome", "what", "why"],
    )
    headers = {
        "target": "指标与目标", "probability": "当时概率", "forecast": "预测中位数\n80%区间", "outcome": "实际值",
        "what": "没料到什么", "why": "为什么",
    }  # fmt: skip
    return table(
        shown, columns=headers, numeric=["probability", "forecast", "outcome"], wide=["why"],
        caption="没有料到的：判断错了方向的，或实际值落在80%预测区间以外的" if len(shown) else "没有判断错的，也没有落在80%预测区间以外的",
    )  # fmt: skip


def _paces(pack: Pack, row) -> str:
    """Yearly change before the forecast, of late and after it, and the one that the target asked for."""
    known = pack.histories[(pack.histories["indicator"] == row.indicator) & pack.histories["usual"]]
    known = known[known["year"] <= row.origin_year].sort_values("year")

    def yearly(change: float, years: float) -> str:
        return f"每年{format_value(change / years, row.unit, True)}"

    parts = []
    if len(known) >= 2:
        first, last = known.iloc[0], known.iloc[-1]
        change = yearly(last["value"] - first["value"], last["year"] - first["year"])
        parts.append(f"此前{first['year']}—{last['year']}年{change}（{len(known)}个数）")
        late = known[known["year"] >= last["year"] - LATE_YEARS].iloc[0]
        if first["year"] < late["year"] < last["year"]:
            change = yearly(last["value"] - late["value"], last["year"] - late["year"])
            parts.append(f"其中{late['year']}—{last['year']}年{change}")
    else:
        parts.append(f"当时只有{row.origin_year:.0f}年一个数")
    ahead = row.outcome_year - row.origin_year
    parts.append(f"此后到{row.outcome_year:.0f}年{yearly(row.outcome_value - row.origin_value, ahead)}")
    if np.isfinite(row.target_value):
        parts.append(f"刚好达标须{yearly(row.target_value - row.origin_value, ahead)}")
    return "；".join(parts)


def _ends(pack: Pack, rows: pd.DataFrame) -> pd.Series:
    """What became of each target; without a figure of its year, what this very report says of it by the latest one."""
    said = rows["outcome_status"]
    if pack.params.forecast_origin is not None:
        own = pack.assessment.set_index("target_id")["own_status"].astype(str)
        said = said.where(said != "", rows["target_id"].map(own).fillna(""))
    return said.where(said != "", Status.NO_DATA.value)


def unscored_outcomes(pack: Pack) -> TableView:
    """Forecasts that no outcome can be held against: why, and on which side the later value lies."""
    rows = pack.outcomes[~pack.outcomes["scored"].astype(bool)]
    rows = rows.assign(
        why=rows["note"].str.replace(r"（值在.*?）", "", regex=True),
        name=[target_name(r) for r in rows.itertuples()],
    )
    shown = [
        (why, side or "不详", len(part), "、".join(dict.fromkeys(part["name"])))
        for (why, side), part in rows.groupby(["why", "outcome_side"], sort=False)
    ]
    headers = {"why": "为什么不计分", "side": "后来的值", "n": "项", "names": "指标"}
    return table(
        pd.DataFrame(shown, columns=list(headers)), columns=headers, numeric=["n"], wide=["names"],
        caption="不能计分的预测：结果不能断定、没有数字或当时未给概率的，按后来的值在目标以内还是以外分列",
    )  # fmt: skip


def result_figure(pack: Pack) -> FigureView | TextView:
    """Targets in four bands of chances with what came of each."""
    return result_dots(pack) or text_view(["没有给出概率的目标。"])


def result_table(pack: Pack) -> TableView:
    """How many targets of each band of chances were reached, and how many should have been by the chances given."""
    rows = counted(banded(pack))
    rows["said"] = [format_probability(p) for p in rows["said"]]
    headers = {"band": "当时的把握", "said": "平均概率"} | {word: f"{word}（项）" for word in LOOKS}
    return table(rows, columns=headers, numeric=["said"], caption="当时的把握与后来的结果（难断的不计分）")
