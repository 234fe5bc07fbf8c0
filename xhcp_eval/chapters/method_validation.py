"""Figures and tables of the report on method validation: each a function of a `Backtest`."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from xhcp_eval.chapters.kit import style
from xhcp_eval.chapters.kit.views import FigureView, TableView, TextView, figure_view, table, text_view
from xhcp_eval.forecast.backtests.backtest import COVERED, HEADERS, Backtest, label
from xhcp_eval.forecast.backtests.card import provinces_hindcast

GROUP_LABELS: dict[str, str] = {"country": "国家数据", "municipal": "市镇数据", "": "未分组"}
SKILL_LABELS: dict[str, str] = {"wql_skill": HEADERS["wql"], "brier_skill": HEADERS["brier"]}
MARKERS = "osD^vPX"
WAYS: dict[str, str] = {"alone": "各省单独预测", "together": "各省相互参照"}
INTERVAL_NOTE = "括号内为95%区间（按指标整组重抽样）"


def score_table(backtest: Backtest) -> TableView:
    """All scores of all methods, a row each, with their bootstrap intervals.

    backtest: from `forecast.backtests`.
    """
    rows = backtest.scores()
    percent = [f"coverage_{level}" for level in COVERED]
    shown = pd.DataFrame({"method": [label(m) for m in rows["method"]]})
    for name in ("wql", *percent, "brier"):
        form = "{:.1%}" if name in percent else "{:.3f}"
        # the interval of the 50% coverage would only make the table wider than a page
        wide = name != "coverage_50"
        shown[name] = [
            _with_interval(r, name, form) if wide else _number(r[name], form) for r in rows.to_dict("records")
        ]
    for name in ("mase", "log_score", "hit_rate", "calibration_error"):
        shown[name] = [_number(v, "{:.1%}" if name == "hit_rate" else "{:.3f}") for v in rows[name]]
    # counts that are the same for all methods stand in the caption
    for n, unanswered in (("n", "unanswered"), ("n_targets", "unanswered_targets")):
        if rows.loc[rows[n] > 0, n].nunique() == 1 and not rows[unanswered].any():
            continue
        shown[n] = [_count(a, b) for a, b in zip(rows[n], rows[unanswered], strict=True)]
    order = ["method", *(name for name in HEADERS if name in shown.columns)]
    caption = (
        f"各方法的回测得分：{len(backtest.cases):,}个案例、{len(np.unique(backtest.cases.indicator))}个指标，"
        f"{rows['n'].max():,}个预测值，"
        f"向前{backtest.cases.horizon}年。各项损失、误差越小越好，区间覆盖应等于其名义水平；{INTERVAL_NOTE}；"
        f"{backtest.still}个案例的历史从未变动，不计加权分位损失、MASE和目标"
    )
    headers = {"method": "方法"} | HEADERS
    return table(shown, columns={name: headers[name] for name in order}, numeric=order[1:], caption=caption)


def reliability_diagram(backtest: Backtest, methods: Iterable[str] | None = None) -> FigureView:
    """Stated probability of meeting a target against how often it was met, in ten bins, with intervals.

    methods: names in the backtest, all by default. On the diagonal a method's word holds. Raises ParamsError for an
    unknown name.
    """
    chosen = _chosen(backtest, methods)
    return _reliability({label(method): backtest.reliability(method) for method in chosen})


def provinces_sentence() -> TextView:
    """What was said of Chinese provinces standing in an earlier year, and what came."""
    found = provinces_hindcast()
    every = found["all"]
    later = found["year"] + found["years"]
    gaps = {way: 100 * every[f"gap_{way}"] for way in WAYS}
    ends = {way: [100 * end for end in found[way]["gap_interval"]] for way in WAYS}
    told = "；".join(
        f"{WAYS[way]}时平均说{every[f'said_{way}']:.0%}，比实际{'低' if gaps[way] < 0 else '高'}{abs(gaps[way]):.0f}个百分点"
        f"（95%区间{_signed(ends[way][0])}至{_signed(ends[way][1])}），布赖尔得分{every[f'brier_{way}']:.3f}"
        for way in WAYS
    )
    lines = [
        f"只用{found['year']}年及以前的数字，由没有见过同一来源的网络来答：{every['indicators']}个有好坏方向的省级指标、"
        f"{found['histories']}条序列、{every['n']:,.0f}个问题，目标由规则画出，问的都是“{later}年会不会达到”。"
        f"实际达到{every['happened']:.0%}；{told}（事后才知道的一律说{every['happened']:.0%}为{every['base_brier']:.3f}）。",
        "那些年各省改善得比任何历史序列预示的都快，模型偏于保守；其他国家的指标没有这种偏差，"
        "不能当作今后也成立的规律，所以没有按它上调概率。" if min(gaps.values()) < 0 else "",
    ]  # fmt: skip
    if health := found.get("maternal_child"):
        lines.append(
            f"其中妇幼保健{health['indicators']}个率（{health['n']:,.0f}个问题）：单独{health['brier_alone']:.3f}，"
            f"相互参照{health['brier_together']:.3f}，一律说{health['happened']:.0%}为{health['base_brier']:.3f}。"
        )
    return text_view([line for line in lines if line])


def provinces_diagram() -> FigureView:
    """Said and happened in Chinese provinces, by tenths of the probability."""
    found = provinces_hindcast()
    return _reliability({name: pd.DataFrame(found[way]["reliability"]) for way, name in WAYS.items()})


def _signed(points: float) -> str:
    return f"{points:+.0f}".replace("-", "−")


def _reliability(tables: dict[str, pd.DataFrame]) -> FigureView:
    """Stated probability against how often it came true, a line a name; tables as `scores.reliability` gives them."""
    fig, ax = style.new_figure(height=4.6)
    ax.plot([0, 100], [0, 100], color=style.MUTED, lw=0.9, ls=":", label="完全一致")
    words = []
    for i, (name, bins) in enumerate(tables.items()):
        x, y = 100 * bins["mean_forecast"], 100 * bins["frequency"]
        ax.vlines(
            x, 100 * bins["interval_low"], 100 * bins["interval_high"], color=_colour(i), lw=1.2, alpha=0.6
        )
        ax.plot(x, y, MARKERS[i % len(MARKERS)] + "-", color=_colour(i), ms=5, lw=1.3, label=name)
        listed = "，".join(
            f"预测{a:.0f}%、实际{b:.0f}%（{n}例）" for a, b, n in zip(x, y, bins["n"], strict=True)
        )
        words.append(f"{name}：{listed}")
    ax.set(xlim=(0, 100), ylim=(0, 100), xlabel="预测的达标概率（%）", ylabel="实际达标的比例（%）")
    ax.legend(fontsize=8, frameon=False, loc="upper left")
    return figure_view(
        fig,
        alt="可靠性图。" + "；".join(words) + "。",
        caption="说的概率与实际达标比例（竖线为每组的95%区间）",
    )


def coverage_by_horizon(backtest: Backtest, methods: Iterable[str] | None = None) -> FigureView:
    """Share of outcomes within the 50%, 80% and 95% intervals, by years ahead, with bootstrap intervals.

    methods: names in the backtest, all with quantiles by default. Raises ParamsError for an unknown name.
    """
    chosen = _chosen(backtest, methods)
    rows = backtest.scores(by=["horizon"])
    rows = rows[rows["n"] > 0]
    fig, first = style.new_figure(height=3.6)
    first.remove()
    axes = fig.subplots(1, len(COVERED), sharey=True)
    for ax, level in zip(axes, COVERED, strict=True):
        ax.axhline(level, color=style.HISTORY, lw=1.2, ls="--")
        ax.set_title(f"{level}%区间", fontsize=10)
        ax.set(xlabel="向前年数", xticks=range(1, backtest.cases.horizon + 1))
        for i, method in enumerate(chosen):
            _coverage_line(ax, rows[rows["method"] == method], level, (i, len(chosen)), label(method))
    axes[0].set(ylabel="实际落入的比例（%）", ylim=(0, 100))
    handles, names = axes[0].get_legend_handles_labels()
    fig.legend(
        handles, names, fontsize=8, ncols=3, frameon=False, loc="upper left", bbox_to_anchor=(0.05, -0.01)
    )
    last = rows[(rows["horizon"] == backtest.cases.horizon) & rows["method"].isin(chosen)]
    words = [
        f"{label(r['method'])}"
        + "，".join(f"{c}%区间{_number(r[f'coverage_{c}'], '{:.0%}')}" for c in COVERED)
        for r in last.to_dict("records")
    ]
    return figure_view(
        fig,
        alt=f"区间覆盖图。向前{backtest.cases.horizon}年：" + "；".join(words) + "。",
        caption="预测区间实际包含结果的比例（虚线为应有的比例，竖线为95%区间）",
    )


def skill_by_group(backtest: Backtest, method: str, against: str = "drift") -> FigureView:
    """How much smaller a method's losses are than another's, for all cases and for each group of indicators.

    method, against: names in the backtest. Zero: no better. Raises ParamsError for an unknown name.
    """
    rows = pd.concat(
        [backtest.skill(method, against).assign(group=None), backtest.skill(method, against, by=["group"])],
        ignore_index=True,
    )
    names = ["全部"] + [GROUP_LABELS.get(g, g) for g in rows["group"].iloc[1:]]
    fig, ax = style.new_figure(height=1.3 + 0.5 * len(rows))
    at = np.arange(len(rows))
    for i, (score, name) in enumerate(SKILL_LABELS.items()):
        y = at + 0.24 * (i - 0.5)
        ax.hlines(
            y, 100 * rows[f"{score}_low"], 100 * rows[f"{score}_high"], color=_colour(i), lw=2, alpha=0.6
        )
        ax.plot(100 * rows[score], y, MARKERS[i], color=_colour(i), ms=6, label=name)
    ax.axvline(0, color=style.MUTED, lw=0.9)
    ax.set_yticks(
        at, [f"{n}\n{k:,}个目标" for n, k in zip(names, rows["n_targets"], strict=True)], fontsize=8
    )
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.set_xlabel(f"比“{label(against)}”少的损失（%）")
    ax.grid(axis="y", visible=False)
    ax.legend(fontsize=8, ncols=2, frameon=False, loc="lower left", bbox_to_anchor=(0, 1))
    words = [
        f"{name}："
        + "，".join(f"{text}{_with_interval(row, score, '{:.1%}')}" for score, text in SKILL_LABELS.items())
        for name, row in zip(names, rows.to_dict("records"), strict=True)
    ]
    caption = f"“{label(method)}”比“{label(against)}”少的损失（横线为95%区间，按指标整组重抽样）"
    return figure_view(fig, alt=f"{caption}。" + "；".join(words).replace("\n", "") + "。", caption=caption)


def _coverage_line(ax, rows: pd.DataFrame, level: int, place: tuple[int, int], name: str) -> None:
    """One method in one panel, moved aside a little so that the intervals of several can be told apart."""
    i, n = place
    x = rows["horizon"] + 0.12 * (i - (n - 1) / 2)
    y, low, high = (100 * rows[f"coverage_{level}{end}"] for end in ("", "_low", "_high"))
    ax.vlines(x, low, high, color=_colour(i), lw=1.2, alpha=0.6)
    ax.plot(x, y, MARKERS[i % len(MARKERS)] + "-", color=_colour(i), ms=4, lw=1.2, label=name)


def _chosen(backtest: Backtest, methods: Iterable[str] | None) -> list[str]:
    """The methods asked for, which must be there; all with quantiles if none is named."""
    if methods is None:
        has = backtest.frame.groupby("method", observed=True)["answered"].count()
        return [m for m in backtest.methods if has[m] > 0]
    chosen = [methods] if isinstance(methods, str) else list(methods)
    return [backtest.checked(method) for method in chosen]


def _colour(i: int) -> str:
    return style.PALETTE[i % len(style.PALETTE)]


def _with_interval(row: dict, name: str, form: str) -> str:
    text, ends = _number(row[name], form), (row[f"{name}_low"], row[f"{name}_high"])
    return text if np.isnan(ends).any() else f"{text}\n（{'–'.join(_number(end, form) for end in ends)}）"


def _number(value: float, form: str) -> str:
    return "—" if np.isnan(value) else form.format(value).replace("-", "−")


def _count(n: int, unanswered: int) -> str:
    return f"{n:,}" + (f"\n另{unanswered:,}未作答" if unanswered else "")
