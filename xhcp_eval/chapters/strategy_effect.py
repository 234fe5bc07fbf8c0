"""Studies of measures as reports show them: sentence, assumptions, figure with the counterfactual."""

from __future__ import annotations

import numpy as np

from xhcp_eval.chapters.kit import style
from xhcp_eval.chapters.kit.views import (
    FigureView,
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
from xhcp_eval.plan.units import UNITS


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
    fig, ax = style.new_figure()
    names = {c: c for c in rows.columns}
    low, high = (
        next((c for c in names if c in options), None)
        for options in (("counterfactual_low", "low"), ("counterfactual_high", "high"))
    )
    after = rows[time] >= study.measure.since - 1e-9
    if low and high:
        ax.fill_between(rows[time][after], rows[low][after].astype(float), rows[high][after].astype(float),
                        color=style.FORECAST, alpha=0.15, lw=0, label="对照线95%区间")  # fmt: skip
    ax.plot(rows[time], rows["observed"], "o-", color=style.HISTORY, ms=4, label="实际值")
    ax.plot(rows[time], rows["counterfactual"], "--", color=style.FORECAST, label="若无措施（估计）")
    if "control" in rows:
        ax.plot(rows[time], rows["control"], ":", color=style.MUTED, label="对照乡镇")
    ax.axvline(study.measure.since - 0.5, color=style.TARGET, lw=1, label="措施开始")
    ax.set_ylabel(UNITS[facts.unit].label)
    ax.locator_params(axis="x", integer=True)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=3, frameon=False, fontsize=8)
    last = rows.iloc[-1]
    alt = (
        f"{study.measure.name}：{facts.name}，{study.measure.since}年起有措施；最后一年实际{last['observed']:.2f}，"
        f"若无措施估计{last['counterfactual']:.2f}。{study.sentence}"
    )
    return figure_view(fig, alt=alt, caption=f"{facts.name}：实际与若无措施")
