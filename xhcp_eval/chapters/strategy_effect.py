"""Studies of measures as reports show them: sentence, assumptions, figure with the counterfactual."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from xhcp_eval.chapters.kit import style
from xhcp_eval.chapters.kit.labels import framed, label_ends
from xhcp_eval.chapters.kit.svg import Spot
from xhcp_eval.chapters.kit.views import (
    FigureView,
    Grid,
    Section,
    TableView,
    View,
    figure_view,
    section,
    table,
    text_view,
)
from xhcp_eval.evaluation.studies.effects import DESIGNS, Study, effects_frame, load_measures, run_study
from xhcp_eval.pack.pack import Pack, evaluation_folder
from xhcp_eval.plan.units import UNITS, format_value

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def studies(pack: Pack) -> list[Study]:
    """Every measure of the evaluation's measures.yaml studied on the pack's figures.

    Raises DataError where the pack's parameters name no folder with such a file.
    """
    region = pack.region
    found = load_measures(evaluation_folder(pack).file("measures.yaml"), pack.plan)
    return [run_study(pack.observations, region, measure) for measure in found]


def effects_table(found: list[Study]) -> TableView:
    """One row a measure: what may be said of it."""
    rows = effects_frame(found)
    rows["cause"] = np.where(rows["may_say_cause"], "可以", "不可以")
    rows["estimate"] = [f"{e:.2f}（{low:.2f}—{high:.2f}）" if e is not None and e == e else "—"
                        for e, low, high in zip(rows["estimate"], rows["low"], rows["high"], strict=True)]  # fmt: skip
    headers = {
        "measure": "措施",
        "design": "设计",
        "estimate": "估计（95%区间）",
        "cause": "能否归因",
        "sentence": "可以说的",
    }
    return table(rows, columns=headers, wide=["sentence"], caption="各项措施的效果")


def study_sections(pack: Pack, found: list[Study]) -> Section:
    """Each study with its sentence, its assumptions and its figure."""
    parts = []
    for study in found:
        views: list[View] = [text_view([f"设计：{DESIGNS[study.measure.design]}。{study.sentence}"])]
        if study.result is not None:
            views += [
                text_view([f"前提：{text}" for text in study.result.assumptions]),
                effect_chart(pack, study),
            ]
        parts.append(section(study.measure.name, *views, level=3, anchor=f"study-{study.measure.id}"))
    return section("逐项措施", *parts, level=2, anchor="studies")


def effect_chart(pack: Pack, study: Study) -> FigureView:
    """Observed and counterfactual course of the outcome, and where the measure began.

    study: with a result. The counterfactual's interval is drawn where the design gives one.
    """
    facts = pack.plan.indicator(study.measure.indicator)
    assert study.result is not None
    rows = study.result.series
    time = rows.columns[0]
    lines = {"observed": ("实际", style.HISTORY, "-"), "counterfactual": ("若无措施", style.FORECAST, "-"),
             "control": ("对照乡镇", style.MUTED, ":")}  # fmt: skip
    lines = {column: look for column, look in lines.items() if column in rows and rows[column].notna().any()}
    fig, ax = framed([name for name, _, _ in lines.values()])
    _counterfactual_band(ax, rows, study.measure.since)
    for column, (_, colour, dash) in lines.items():
        ax.plot(
            rows[time],
            rows[column].astype(float),
            dash,
            color=colour,
            marker="o" if column == "observed" else "",
            ms=3,
        )
    ax.axvline(study.measure.since - 0.5, color=style.MUTED, lw=0.9, ls=":")
    ax.set_title(f"{UNITS[facts.unit].label or facts.name}　　竖线：措施开始", color=style.MUTED)
    ax.locator_params(axis="x", integer=True, nbins=6)
    ax.locator_params(axis="y", nbins=5)
    known = {column: rows[column].astype(float).dropna() for column in lines}
    label_ends(ax, [(known[column].iloc[-1], name, colour) for column, (name, colour, _) in lines.items()])
    spots = [Spot(ax, t, v, f"{t:g}年 {lines[c][0]}{format_value(v, facts.unit)}") for c in lines
             for t, v in zip(rows[time], rows[c].astype(float), strict=True) if v == v]  # fmt: skip
    last = "，".join(f"{lines[c][0]}{format_value(known[c].iloc[-1], facts.unit)}" for c in lines)
    title = f"{facts.name}：{rows[time].iloc[-1]:g}年{last}"
    alt = f"{study.measure.name}：{study.measure.since}年起有措施。{title}。{study.sentence}"
    return figure_view(
        fig,
        alt=alt,
        caption=title,
        tight=False,
        spots=spots,
        note=_effect_note(rows),
        data=_effect_numbers(rows, lines, facts.unit),
    )


BOUNDS = (("counterfactual_low", "low"), ("counterfactual_high", "high"))


def _bounds(rows: pd.DataFrame) -> list[str]:
    """Columns of the counterfactual's interval; none where the design gives no interval."""
    found = [
        next((name for name in names if name in rows and rows[name].notna().any()), "") for names in BOUNDS
    ]
    return found if all(found) else []


def _counterfactual_band(ax: Axes, rows: pd.DataFrame, since: float) -> None:
    if bounds := _bounds(rows):
        after = rows[rows[rows.columns[0]] >= since - 1e-9]
        low, high = (after[name].astype(float) for name in bounds)
        ax.fill_between(after[rows.columns[0]], low, high, color=style.FORECAST_FAR, lw=0)


def _effect_note(rows: pd.DataFrame) -> str:
    return "浅色为“若无措施”的95%区间。" if _bounds(rows) else "“若无措施”没有区间。"


def _effect_numbers(rows: pd.DataFrame, lines: dict, unit: str) -> Grid:
    told = tuple(
        (f"{row.iloc[0]:g}", *(format_value(float(row[column]), unit) for column in lines))
        for _, row in rows.iterrows()
    )
    return Grid(("年份", *(name for name, _, _ in lines.values())), told)
