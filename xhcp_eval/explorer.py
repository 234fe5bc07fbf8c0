"""What an analyst looks at: one indicator, region, data year, model and what-if, as plain functions of a choice.

`explorer_app` puts widgets on top; everything here works without them, and every view can be had as code.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from xhcp_eval import figures, narrative, tables
from xhcp_eval.assessment import Case, assess, goal_verdicts
from xhcp_eval.verdict.comparables import comparables
from xhcp_eval.comparables_views import comparables_sentence
from xhcp_eval.errors import ParamsError
from xhcp_eval.evidence import forecast_frame, series_frame, series_key
from xhcp_eval.observations import TOTAL
from xhcp_eval.pack import Pack
from xhcp_eval.projection import AUTO, LEVELS, project
from xhcp_eval.province.cases import open_case
from xhcp_eval.verdict.scenarios import scenarios
from xhcp_eval.tables import MODEL_LABELS
from xhcp_eval.trend import TREND_MODELS
from xhcp_eval.units import UNITS, format_probability, format_value
from xhcp_eval.views import FigureView, Section, TableView, TextView, section, table, text_view

MODELS: dict[str, str] = {AUTO: MODEL_LABELS[AUTO]} | {name: MODEL_LABELS[name] for name in TREND_MODELS}


@dataclass(frozen=True)
class Choice:
    """What is looked at.

    indicator: id. region: path, empty for the pack's own. data_until: last year known, 0 for the pack's. model: key of
    `MODELS` (verdicts always rest on ours; another one only draws the fan). use_recollection: let unverified figures
    shape the trend. target_id: target of the what-if, empty for the last one that carries a verdict. pace: yearly change of
    the what-if in the indicator's unit, None for none.
    """

    indicator: str
    region: str = ""
    data_until: int = 0
    model: str = AUTO
    use_recollection: bool = False
    target_id: str = ""
    pace: float | None = None

    def as_code(self) -> str:
        """Python that shows the same without widgets."""
        given = {k: v for k, v in vars(self).items() if k == "indicator" or v != getattr(Choice, k)}
        return (
            f"xe.explorer.look(pack, xe.explorer.Choice({', '.join(f'{k}={v!r}' for k, v in given.items())}))"
        )


def choices(pack: Pack) -> pd.DataFrame:
    """Indicators that can be looked at: indicator, name, domain, domain_name, reported (any figure in the pack's region)."""
    known = set(pack.observations["indicator"])
    names = {d.id: d.name for d in pack.plan.domains}
    rows = [
        (
            i.id,
            i.name,
            pack.plan.domain_of(i) or "",
            names.get(pack.plan.domain_of(i) or "", "其他"),
            i.id in known,
        )
        for i in pack.plan.indicators
        if i.kind != "gap"
    ]
    return pd.DataFrame(rows, columns=["indicator", "name", "domain", "domain_name", "reported"])


def regions(pack: Pack, indicator: str) -> list[str]:
    """Regions with totals of an indicator, the pack's own first."""
    rows = pack.observations[pack.observations["indicator"] == indicator]
    rows = rows[(rows[["sex", "age", "residence", "category"]] == TOTAL).all(axis=1)]
    own = pack.region
    return [own, *sorted(set(rows["region"]) - {own})]


def look(pack: Pack, choice: Choice) -> Section:
    """Everything there is to see of a choice: verdicts, figure, what each target takes, what-if, likes, figures.

    pack: from `open_pack`. Raises PlanError (indicator), ParamsError (model, region, year or target that isn't there).
    """
    case = chosen_case(pack, choice)
    narrowed = _narrowed(pack, case, choice)
    facts = pack.plan.indicator(choice.indicator)
    parts: list = [
        narrative.indicator_sentence(narrowed, choice.indicator),
        figures.fan_chart(narrowed, choice.indicator),
    ]
    if choice.model != AUTO:
        parts.insert(
            1, text_view(f"图中的预测区间来自“{MODELS[choice.model]}”；判定和概率仍按“{MODELS[AUTO]}”。")
        )
    parts += [targets_table(narrowed), paces_table(case, choice.indicator)]
    if choice.pace is not None:
        parts.append(what_if(narrowed, choice))
    parts += [
        comparables_sentence(narrowed, choice.indicator),
        tables.history_table(narrowed, choice.indicator),
    ]
    return section(f"{facts.name}　{case.region}　数据截至{case.as_of}年", *parts, level=3, anchor="look")


def chosen_case(pack: Pack, choice: Choice) -> Case:
    """The indicator's series in the region up to the year chosen, projected and ready to be judged."""
    pack.plan.indicator(choice.indicator)
    if choice.model not in MODELS:
        raise ParamsError(f"没有模型 {choice.model!r}；可选：{'、'.join(MODELS)}")
    own = pack.region
    region, until = choice.region or own, choice.data_until or pack.params.data_until
    if region not in regions(pack, choice.indicator):
        raise ParamsError(f"{region} 没有这个指标的数")
    rows = pack.observations
    first = int(rows["year"].min())
    if not first <= until <= pack.params.data_until:
        raise ParamsError(f"数据年份 {until}：应在 {first}—{pack.params.data_until} 之间")
    rows = rows[(rows["indicator"] == choice.indicator) & (rows["year"] <= until)]
    return open_case(rows, pack.plan, region, pack.params.settings, until, choice.use_recollection)


def targets_table(pack: Pack) -> TableView:
    """Every target of the indicator with its verdict."""
    return tables.every_target(pack, pack.assessment, "本指标的目标和判定")


def paces_table(case: Case, indicator: str) -> TableView | TextView:
    """What each target ahead would take: paces, where they lead, how likely."""
    rows = scenarios(case)
    rows = rows[rows["indicator"] == indicator] if len(rows) else rows
    if rows.empty:
        return text_view("没有尚未到期、可以外推的目标。")
    unit = rows["unit"].iloc[0]
    shown = rows.assign(
        pace_text=[_signed(v, unit) for v in rows["pace"]], value_text=[format_value(v, unit) for v in rows["value"]],
        probability_text=[format_probability(v) for v in rows["probability"]],
    )  # fmt: skip
    headers = {
        "target_year": "目标年",
        "scenario_name": "情景",
        "pace_text": "每年变化",
        "value_text": "届时",
        "probability_text": "达标概率",
    }
    return table(
        shown,
        headers,
        numeric=["pace_text", "value_text", "probability_text"],
        caption="要达到目标需要怎样的速度",
    )


def what_if(pack: Pack, choice: Choice) -> TextView:
    """Where a yearly change of the analyst's choice leads, against the target, and whom it concerns."""
    rows = pack.assessment[(pack.assessment["role"] == "verdict") & pack.assessment["latest_value"].notna()]
    rows = rows[rows["target_id"] == choice.target_id] if choice.target_id else rows.tail(1)
    if rows.empty:
        raise ParamsError(f"没有目标 {choice.target_id or choice.indicator}，或没有现状值")
    row = rows.iloc[0]
    facts = pack.plan.indicator(choice.indicator)
    years = int(row["target_year"] - row["latest_year"])
    low, high = (
        (-np.inf if facts.lower is None else facts.lower),
        (np.inf if facts.upper is None else facts.upper),
    )
    value = float(np.clip(row["latest_value"] + choice.pace * max(years, 0), low, high))
    short = (row["target_value"] - value) * (1 if row["op"] in (">=", ">") or facts.direction == "up" else -1)
    met = short <= 1e-9
    told = (
        f"若每年{_signed(choice.pace, facts.unit)}，{row['target_year']}年为{format_value(value, facts.unit)}，"
        + (
            f"达到目标（{row['target_text']}）。"
            if met
            else f"离目标（{row['target_text']}）还差{format_value(short, facts.unit, difference=True)}。"
        )
    )
    cases = row["denominator"]
    per = UNITS[facts.unit].per
    people = ""
    if per and cases == cases and facts.kind in ("proportion", "rate"):
        moved = abs(value - row["latest_value"]) / per * cases
        people = f"与现状相比，每年约涉及{moved:,.0f}{'例' if facts.kind == 'rate' else '人（个）'}（按现在的{cases:,.0f}计）。"
    return text_view([told, people, "这是算术，不是预测；能有多大把握见上面的概率。"])


def _narrowed(pack: Pack, case: Case, choice: Choice) -> Pack:
    """The pack with only what the choice shows, so that its figures and tables can be used as they are."""
    judged = assess(case)
    judged = judged[(judged["indicator"] == choice.indicator) & (judged["role"] != "comparison")].reset_index(
        drop=True
    )
    forecast = forecast_frame(case.series)
    if choice.model != AUTO:
        forecast = _other_forecast(case, choice, forecast)
    rows = pack.observations
    rows = rows[(rows["indicator"] == choice.indicator) & (rows["year"] <= case.as_of)]
    likes, nearest = comparables(case)
    params = pack.params.model_copy(update={"region": case.region, "data_until": case.as_of})
    return replace(pack, params=params).with_frames(
        observations=rows,
        forecast=forecast,
        assessment=judged,
        comparables=likes,
        nearest=nearest,
        goals=goal_verdicts(pack.plan, judged),
    )


def _other_forecast(case: Case, choice: Choice, ours: pd.DataFrame) -> pd.DataFrame:
    history = case.series.get(series_key(choice.indicator, case.region))
    if history is None or ours.empty or history.key not in set(ours["series"]):
        return ours
    horizon = max(1, case.plan.end_year - int(history.years[-1]))
    found = project(series_frame(history), horizon, LEVELS, choice.model, of="level")
    return pd.concat([ours[ours["series"] != history.key], found], ignore_index=True)


def _signed(value: float, unit: str) -> str:
    if value != value:
        return "—"
    return ("+" if value > 0 else "") + format_value(value, unit, difference=True)


__all__ = [
    "MODELS",
    "Choice",
    "FigureView",
    "choices",
    "chosen_case",
    "look",
    "paces_table",
    "regions",
    "targets_table",
    "what_if",
]
