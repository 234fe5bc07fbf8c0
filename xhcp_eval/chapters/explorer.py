"""What an analyst looks at: one indicator, region, data year, model and what-if, as plain functions of a choice.

`explorer_app` puts widgets on top; everything here works without them, and every view can be had as code.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from xhcp_eval.chapters import domains, method_and_sources
from xhcp_eval.chapters.grounds import grounds
from xhcp_eval.chapters.kit import fan
from xhcp_eval.chapters.kit.tables import signed
from xhcp_eval.chapters.kit.views import Section, TableView, TextView, section, table, text_view
from xhcp_eval.chapters.wording.nouns import noun_of
from xhcp_eval.errors import ParamsError
from xhcp_eval.forecast.classical.trend import TREND_MODELS
from xhcp_eval.forecast.projection import AUTO, LEVELS, MODEL_LABELS, project_panel, trend_model
from xhcp_eval.observations.table import is_total
from xhcp_eval.pack.frames import read_tables
from xhcp_eval.pack.pack import Pack
from xhcp_eval.plan.kinds import KINDS
from xhcp_eval.plan.model import Indicator
from xhcp_eval.plan.units import UNITS, format_probability, format_value
from xhcp_eval.verdict.comparables import comparables
from xhcp_eval.verdict.histories import histories
from xhcp_eval.verdict.judging import judge
from xhcp_eval.verdict.operators import sign_of
from xhcp_eval.verdict.precedents import precedents
from xhcp_eval.verdict.scenarios import chance_at, open_targets, scenarios
from xhcp_eval.verdict.verdicts import Verdicts

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
        room, told = "xe.chapters.explorer", ", ".join(f"{k}={v!r}" for k, v in given.items())
        return f"{room}.look(pack, {room}.Choice({told}))"


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
        if KINDS[i.kind].reported
    ]
    return pd.DataFrame(rows, columns=["indicator", "name", "domain", "domain_name", "reported"])


def regions(pack: Pack, indicator: str) -> list[str]:
    """Regions with totals of an indicator, the pack's own first."""
    rows = pack.observations[pack.observations["indicator"] == indicator]
    rows = rows[is_total(rows)]
    own = pack.region
    return [own, *sorted(set(rows["region"]) - {own})]


def look(pack: Pack, choice: Choice) -> Section:
    """Everything there is to see of a choice: verdicts, figure, what each target takes, what-if, likes, figures.

    pack: from `open_pack`. Raises PlanError (indicator), ParamsError (model, region, year or target that isn't there).
    """
    verdicts = chosen_verdicts(pack, choice)
    narrowed = _narrowed(pack, verdicts, choice)
    facts = pack.plan.indicator(choice.indicator)
    parts: list = [
        domains.indicator_sentence(narrowed, choice.indicator),
        fan.fan_chart(narrowed, choice.indicator),
    ]
    if choice.model != AUTO:
        parts.insert(
            1, text_view(f"图中的预测区间来自“{MODELS[choice.model]}”；判定和概率仍按“{MODELS[AUTO]}”。")
        )
    parts += [targets_table(narrowed), paces_table(verdicts, choice.indicator)]
    if choice.pace is not None:
        parts.append(what_if(verdicts, choice))
    parts += [*grounds(narrowed, choice.indicator), domains.history_table(narrowed, choice.indicator)]
    return section(
        f"{facts.name}　{verdicts.only}　数据截至{verdicts.until}年", *parts, level=3, anchor="look"
    )


def chosen_verdicts(pack: Pack, choice: Choice) -> Verdicts:
    """The verdicts of the region chosen up to the year chosen, those of the report where these are the pack's own."""
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
    rows = rows[rows["year"] <= until]
    loose, settings = choice.use_recollection or pack.params.use_recollection, pack.params.settings
    others = read_tables(pack.params.learn_from, pack.plan) if pack.params.learn_from else None
    return judge(
        rows, pack.plan, region, settings, until, use_recollection=loose, may_lag=True, beside=others
    )


def targets_table(pack: Pack) -> TableView:
    """Every target of the indicator with its verdict."""
    return method_and_sources.every_target(pack, pack.assessment, "本指标的目标和判定")


def paces_table(verdicts: Verdicts, indicator: str) -> TableView | TextView:
    """What each target ahead would take: paces, where they lead, how likely."""
    rows = scenarios(verdicts)
    rows = rows[rows["indicator"] == indicator] if len(rows) else rows
    if rows.empty:
        return text_view("没有尚未到期、可以外推的目标。")
    unit = rows["unit"].iloc[0]
    shown = rows.assign(
        pace_text=[signed(v, unit) for v in rows["pace"]], value_text=[format_value(v, unit) for v in rows["value"]],
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


def what_if(verdicts: Verdicts, choice: Choice) -> TextView:
    """Where a yearly change of the analyst's choice leads, against the target, how likely it then is, whom it concerns.

    verdicts: from `chosen_verdicts`. Raises ParamsError for a target that isn't the indicator's, or isn't known today.
    """
    judged = verdicts.explained()
    rows = judged[(judged["indicator"] == choice.indicator) & judged["latest_value"].notna()]
    rows = rows[rows["target_value"].notna() & (rows["worst_unit"] == "")]
    own = rows[rows["role"] == "verdict"]
    rows = rows[rows["target_id"] == choice.target_id] if choice.target_id else own.tail(1)
    if rows.empty:
        raise ParamsError(
            f"指标 {choice.indicator} 没有目标 {choice.target_id or '（可推算的）'}，或没有现状值"
        )
    row, facts = rows.iloc[0], verdicts.plan.indicator(choice.indicator)
    sign = next(sign_of(t, facts) for t in facts.targets if t.id == row["target_id"])
    years = int(row["target_year"] - row["latest_year"])
    low = -np.inf if facts.lower is None else facts.lower
    high = np.inf if facts.upper is None else facts.upper
    pace = choice.pace or 0.0
    value = float(np.clip(row["latest_value"] + pace * max(years, 0), low, high))
    told = f"若每年{signed(pace, facts.unit)}，{row['target_year']}年为{format_value(value, facts.unit)}，{_distance(row, value, sign)}。"
    ahead = open_targets(verdicts)
    ahead = ahead[(ahead["target_id"] == row["target_id"]) & ahead["limit"].notna()]
    chance = "这是算术，不是预测；能有多大把握见上面的概率。"
    if len(ahead):
        probability = format_probability(float(chance_at(verdicts, ahead, np.array([pace]))[0]))
        chance = f"按此速度，预测分布整体移动后达标的概率为{probability}（照现在的趋势为{format_probability(row['probability'])}）。"
    return text_view([told, _people(row, facts, value), chance])


def _distance(row: pd.Series, value: float, sign: int) -> str:
    """How far a value lies from the target that is printed. sign: +1 where more is wanted."""
    short = sign * (row["target_value"] - value)
    if short <= 1e-9:
        return f"达到目标（{row['target_text']}）"
    return f"离目标（{row['target_text']}）还差{format_value(short, row['unit'], difference=True)}"


def _people(row: pd.Series, facts: Indicator, value: float) -> str:
    cases, per = row["denominator"], UNITS[facts.unit].per
    if not per or cases != cases or not KINDS[facts.kind].law:
        return ""
    moved = abs(value - row["latest_value"]) / per * cases
    return f"与现状相比，每年约涉及{moved:,.0f}{noun_of(facts)}（按现在的{cases:,.0f}计）。"


def _narrowed(pack: Pack, verdicts: Verdicts, choice: Choice) -> Pack:
    """The pack with only what the choice shows, so that its figures and tables can be used as they are."""
    judged = verdicts.explained()
    judged = judged[(judged["indicator"] == choice.indicator) & (judged["role"] != "comparison")].reset_index(
        drop=True
    )
    forecast = verdicts.outlook.frame(verdicts.only)
    if choice.model != AUTO:
        forecast = _other_forecast(verdicts, choice, forecast)
    rows = pack.observations
    rows = rows[(rows["indicator"] == choice.indicator) & (rows["year"] <= verdicts.until)]
    likes, nearest = comparables(verdicts)
    params = pack.params.model_copy(update={"region": verdicts.only, "data_until": verdicts.until})
    return replace(pack, params=params).with_frames(
        observations=rows,
        histories=histories(verdicts),
        forecast=forecast,
        assessment=judged,
        comparables=likes,
        nearest=nearest,
        precedents=precedents(verdicts, likes),
        goals=verdicts.goals(),
    )


def _other_forecast(verdicts: Verdicts, choice: Choice, ours: pd.DataFrame) -> pd.DataFrame:
    """The forecast with another model's quantiles in place of ours for the main series."""
    block = verdicts.block
    row = block.find(choice.indicator, verdicts.only)
    if row < 0 or verdicts.outlook.forecasts.place[row] < 0:
        return ours
    series, panel = block.series(row), block.panel(np.array([row]))
    last = int(panel.years[panel.last[0]])
    horizon = max(1, verdicts.plan.end_year - last)
    values = project_panel(panel, trend_model(choice.model), horizon, np.asarray(LEVELS), "level")[0]
    found = pd.DataFrame(values, columns=list(LEVELS))
    found.insert(0, "year", last + np.arange(1, horizon + 1))
    found.insert(0, "series", series.key)
    return pd.concat([ours[ours["series"] != series.key], found], ignore_index=True)


__all__ = [
    "MODELS",
    "Choice",
    "choices",
    "chosen_verdicts",
    "look",
    "paces_table",
    "regions",
    "targets_table",
    "what_if",
]
