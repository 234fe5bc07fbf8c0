"""Figures and tables of the report on method validation: each a function of a `Backtest`."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from xhcp_eval.chapters.figures.canvas import wide
from xhcp_eval.chapters.kit import style
from xhcp_eval.chapters.kit.labels import framed, label_ends
from xhcp_eval.chapters.kit.svg import Spot
from xhcp_eval.chapters.kit.views import FigureView, Grid, TableView, TextView, figure_view, table, text_view
from xhcp_eval.forecast.backtests.backtest import COVERED, HEADERS, Backtest, label
from xhcp_eval.forecast.backtests.card import provinces_hindcast

GROUP_LABELS: dict[str, str] = {"country": "国家数据", "municipal": "市镇数据", "": "未分组"}
SKILL_LABELS: dict[str, str] = {"wql_skill": HEADERS["wql"], "brier_skill": HEADERS["brier"]}
SHAPES = {"o": "圆点", "s": "方块"}
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
    fig, ax = framed([*tables, "一致"], height=3.0)
    ax.plot([0, 100], [0, 100], color=style.FAINT, lw=1)
    words, ends, spots, grid = [], [(100.0, "一致", style.MUTED)], [], []
    for i, (name, bins) in enumerate(tables.items()):
        x, y = 100 * bins["mean_forecast"], 100 * bins["frequency"]
        colour, dash, marker = style.LINES[i % len(style.LINES)]
        ax.vlines(x, 100 * bins["interval_low"], 100 * bins["interval_high"], color=colour, lw=0.8)
        ax.plot(x, y, dash, marker=marker, color=colour, ms=4)
        ends.append((float(y.iloc[-1]), name, colour))
        told = [f"预测{a:.0f}%、实际{b:.0f}%（{n}例）" for a, b, n in zip(x, y, bins["n"], strict=True)]
        spots += [Spot(ax, a, b, f"{name}：{text}") for a, b, text in zip(x, y, told, strict=True)]
        grid += [(name, f"{a:.0f}%", f"{b:.0f}%", str(n)) for a, b, n in zip(x, y, bins["n"], strict=True)]
        words.append(f"{name}：{'，'.join(told)}")
    ax.set(xlim=(0, 100), ylim=(0, 100), xlabel="预测的达标概率（%）", ylabel="实际达标（%）")
    label_ends(ax, ends)
    return figure_view(
        fig, alt="可靠性图。" + "；".join(words) + "。", caption=_reliability_title(tables), tight=False,
        note="竖线为每组的95%区间；落在斜线上为说的与实际一致。", spots=spots, data=Grid(("方法", "预测", "实际", "例数"), tuple(grid)),
    )  # fmt: skip


def _reliability_title(tables: dict[str, pd.DataFrame]) -> str:
    """How far the first method's word lies off on average, weighted by cases."""
    name, bins = next(iter(tables.items()))
    gap = 100 * np.average((bins["mean_forecast"] - bins["frequency"]).abs(), weights=bins["n"])
    return f"{name}：说的概率与实际达标的比例平均相差{gap:.0f}个百分点"


def coverage_by_horizon(backtest: Backtest, methods: Iterable[str] | None = None) -> FigureView:
    """Share of outcomes within the 50%, 80% and 95% intervals, by years ahead, with bootstrap intervals.

    methods: names in the backtest, all with quantiles by default. Raises ParamsError for an unknown name.
    """
    chosen = _chosen(backtest, methods)
    rows = backtest.scores(by=["horizon"])
    rows = rows[rows["n"] > 0]
    fig, first = framed(height=2.5, width=style.WIDTH)
    first.remove()
    axes = fig.subplots(1, len(COVERED), sharey=True)
    names = [label(method) for method in chosen]
    right = 1 - (max(map(wide, names), default=0) + 8) / (72 * style.WIDTH)
    fig.subplots_adjust(left=0.08, right=right, bottom=0.2, top=0.88, wspace=0.08)
    for ax, level in zip(axes, COVERED, strict=True):
        ax.axhline(level, color=style.FAINT, lw=2)
        ax.set_title(f"{level}%区间")
        ax.set(xlabel="向前年数", xticks=range(1, backtest.cases.horizon + 1), ylim=(0, 100))
        for i, method in enumerate(chosen):
            _coverage_line(ax, rows[rows["method"] == method], level, (i, len(chosen)))
    axes[0].set(ylabel="实际落入的比例（%）")
    last = rows[rows["horizon"] == backtest.cases.horizon].set_index("method")
    shares = 100 * last[f"coverage_{list(COVERED)[-1]}"]
    ends = [
        (shares[method], label(method), _colour(i))
        for i, method in enumerate(chosen)
        if method in shares.dropna()
    ]
    label_ends(axes[-1], ends)
    last = rows[(rows["horizon"] == backtest.cases.horizon) & rows["method"].isin(chosen)]
    words = [
        f"{label(r['method'])}"
        + "，".join(f"{c}%区间{_number(r[f'coverage_{c}'], '{:.0%}')}" for c in COVERED)
        for r in last.to_dict("records")
    ]
    return figure_view(
        fig,
        alt=f"区间覆盖图。向前{backtest.cases.horizon}年：" + "；".join(words) + "。",
        caption=f"向前{backtest.cases.horizon}年，{words[0]}的结果落在区间以内"
        if words
        else "没有可算的区间",
        note="灰线为应有的比例，竖线为95%区间。",
        tight=False,
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
    fig, ax = framed(height=0.9 + 0.45 * len(rows), left=92.0)
    at = np.arange(len(rows))
    for i, score in enumerate(SKILL_LABELS):
        y, colour = at + 0.24 * (i - 0.5), _colour(i)
        ax.hlines(y, 100 * rows[f"{score}_low"], 100 * rows[f"{score}_high"], color=colour, lw=1.6)
        ax.plot(100 * rows[score], y, style.LINES[i][2], color=colour, ms=5)
    ax.axvline(0, color=style.MUTED, lw=0.9)
    ax.set_yticks(at, [f"{n}\n{k:,}个目标" for n, k in zip(names, rows["n_targets"], strict=True)])
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.set_xlabel("少的损失（%）")
    ax.grid(axis="y", visible=False)
    words = [
        f"{name}："
        + "，".join(f"{text}{_with_interval(row, score, '{:.1%}')}" for score, text in SKILL_LABELS.items())
        for name, row in zip(names, rows.to_dict("records"), strict=True)
    ]
    first = next(iter(SKILL_LABELS))
    less = rows[first].iloc[0]
    more = f"{'少' if less > 0 else '多'}{abs(less):.0%}"
    caption = f"“{label(method)}”比“{label(against)}”的{SKILL_LABELS[first]}{more}"
    shapes = "，".join(f"{SHAPES[style.LINES[i][2]]}为{text}" for i, text in enumerate(SKILL_LABELS.values()))
    note = f"{shapes}；横线为95%区间，按指标整组重抽样。"
    return figure_view(
        fig,
        alt=f"{caption}。" + "；".join(words).replace("\n", "") + "。",
        caption=caption,
        note=note,
        tight=False,
    )


def _coverage_line(ax, rows: pd.DataFrame, level: int, place: tuple[int, int]) -> None:
    """One method in one panel, moved aside a little so that the intervals of several can be told apart."""
    i, n = place
    x = rows["horizon"] + 0.12 * (i - (n - 1) / 2)
    y, low, high = (100 * rows[f"coverage_{level}{end}"] for end in ("", "_low", "_high"))
    colour, dash, marker = style.LINES[i % len(style.LINES)]
    ax.vlines(x, low, high, color=colour, lw=0.8)
    ax.plot(x, y, dash, marker=marker, color=colour, ms=3)


def _chosen(backtest: Backtest, methods: Iterable[str] | None) -> list[str]:
    """The methods asked for, which must be there; all with quantiles if none is named."""
    if methods is None:
        has = backtest.frame.groupby("method", observed=True)["answered"].count()
        return [m for m in backtest.methods if has[m] > 0]
    chosen = [methods] if isinstance(methods, str) else list(methods)
    return [backtest.checked(method) for method in chosen]


def _colour(i: int) -> str:
    return style.LINES[i % len(style.LINES)][0]


def _with_interval(row: dict, name: str, form: str) -> str:
    text, ends = _number(row[name], form), (row[f"{name}_low"], row[f"{name}_high"])
    return text if np.isnan(ends).any() else f"{text}\n（{'–'.join(_number(end, form) for end in ends)}）"


def _number(value: float, form: str) -> str:
    return "—" if np.isnan(value) else form.format(value).replace("-", "−")


def _count(n: int, unanswered: int) -> str:
    return f"{n:,}" + (f"\n另{unanswered:,}未作答" if unanswered else "")
