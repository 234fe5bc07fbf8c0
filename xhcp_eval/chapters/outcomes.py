"""Forecast against fact: what was published, what happened, and how right it was."""

from __future__ import annotations

import numpy as np
import pandas as pd

from xhcp_eval.chapters.kit import style
from xhcp_eval.chapters.kit.tables import target_name
from xhcp_eval.chapters.kit.views import FigureView, TableView, TextView, figure_view, table, text_view
from xhcp_eval.pack.pack import Pack
from xhcp_eval.plan.units import format_probability, format_value
from xhcp_eval.verdict.outcomes import brier_score
from xhcp_eval.verdict.status import Status


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
        f"当时的预测与后来的事实：布赖尔得分 {score:.3f}（{n} 项；一律猜 50% 为 0.250）"
        if n
        else "没有可计分的目标"
    )
    return table(
        shown, columns=headers, numeric=["origin", "probability", "loose", "outcome", "error"], status=["predicted_status", "outcome_status"],
        wide=["note"], caption=caption,
    )  # fmt: skip


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


def outcome_chart(pack: Pack) -> FigureView:
    """Predictive interval of the earlier forecast and the real outcome, in units of the target (target = 1)."""
    rows = pack.outcomes[pack.outcomes["outcome_value"].notna() & (pack.outcomes["target_value"] > 0)]
    rows = rows[rows["forecast_50"].notna()].drop_duplicates("question")
    scaled = rows[
        ["forecast_2", "forecast_10", "forecast_50", "forecast_90", "forecast_98", "outcome_value"]
    ].div(rows["target_value"], axis=0)
    fig, ax = style.new_figure(height=1.2 + 0.4 * max(len(rows), 1))
    at = np.arange(len(rows))
    ax.hlines(at, scaled["forecast_2"], scaled["forecast_98"], color=style.FORECAST, alpha=0.3, lw=7)
    ax.hlines(at, scaled["forecast_10"], scaled["forecast_90"], color=style.FORECAST, alpha=0.6, lw=7)
    ax.plot(scaled["forecast_50"], at, "|", color=style.FORECAST, ms=14, mew=2)
    ax.plot(scaled["outcome_value"], at, "D", color=style.HISTORY, ms=6, zorder=4)
    ax.axvline(1, color=style.TARGET, lw=2)
    ax.set_yticks(at, [f"{r.indicator_name}\n目标{r.target_text}" for r in rows.itertuples()], fontsize=8)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.set_xlabel(
        "相当于目标值的倍数（竖线为目标值；菱形为实际值；横条为当时的80%、95%预测区间）", fontsize=8
    )
    ax.grid(axis="y", visible=False)
    words = [
        f"{r.indicator_name}预测中位数{format_value(r.forecast_50, r.unit)}，实际{format_value(r.outcome_value, r.unit)}"
        for r in rows.itertuples()
    ]
    alt = "预测与实际对照图。" + ("；".join(words) or "没有可对照的目标") + "。"
    return figure_view(fig, alt=alt, caption="当时的预测区间与后来的实际值")
