"""Will the target be met: for every target its gap, pace, probability, status and reason, in one frame."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from xhcp_eval.criterion import TREND_OPS, Criterion, make_criterion
from xhcp_eval.evidence import History, Judged, histories, judge_at, judged_draws, series_key
from xhcp_eval.gaps import judge_gap
from xhcp_eval.plan import Goal, Indicator, Plan, Target
from xhcp_eval.settings import Settings
from xhcp_eval.small_numbers import rate_ratio_interval
from xhcp_eval.status import Status, status_ahead, status_now, worst
from xhcp_eval.units import format_number, format_value
from xhcp_eval.verdict import COLUMNS, Verdict

RECENT_YEARS = 6
GOAL_COLUMNS = ("goal", "domain", "name", "kind", "n_targets", "n_deciding", "status", "reason")


@dataclass(frozen=True)
class Case:
    """What a region is judged with: its series, the plan, the rules and the last year known.

    chances: of targets by id, where they were integrated (`province.cases`); the others are simulated.
    """

    plan: Plan
    region: str
    series: dict[str, History]
    settings: Settings
    as_of: int
    units: dict[str, list[History]] = field(default_factory=dict)
    chances: dict[str, float] = field(default_factory=dict)

    def main(self, indicator: str) -> History | None:
        """Series of the whole region; None if nothing that may carry a verdict was reported."""
        history = self.series.get(series_key(indicator, self.region))
        return history if history is not None and history.trusted.any() else None


def make_case(
    observations: pd.DataFrame,
    plan: Plan,
    region: str | None = None,
    settings: Settings | None = None,
    as_of: int | None = None,
    use_recollection: bool = False,
) -> Case:
    """Series and forecasts of a region, ready to be judged.

    observations: checked table. region: path (default: the plan's own). settings: rules of judgement. as_of: last year that may be used
    (default: the table's last). use_recollection: let unverified figures shape trends. Returns a `Case`.
    """
    settings = settings or Settings()
    region = region or plan.region
    as_of = as_of or int(observations["year"].max())
    table = observations[observations["year"] <= as_of]
    series = histories(table, plan, region, settings, use_recollection, plan.end_year)
    units: dict[str, list[History]] = {}
    for history in series.values():
        if history.is_unit:
            units.setdefault(history.indicator.id, []).append(history)
    return Case(plan, region, series, settings, as_of, units)


def assess(case: Case) -> pd.DataFrame:
    """Judge every target and milestone of the plan for one region.

    case: from `make_case`. Returns one row a target (columns in `verdict.COLUMNS`, in the plan's order), with
    differing readings of one question combined into 待裁定.
    """
    verdicts = [_judge(case, target, case.plan.indicator(target.indicator)) for target in case.plan.targets()]
    verdicts += [_judge_milestone(case, milestone) for milestone in case.plan.milestones]
    frame = pd.DataFrame([v.row() for v in verdicts], columns=list(COLUMNS))
    return _combine_readings(frame)


def goal_verdicts(plan: Plan, assessment: pd.DataFrame) -> pd.DataFrame:
    """One row a goal: how many of its targets stand where, its overall status, or why it has none.

    The overall status is that of the goal's own last-year target that needs attention most; targets printed in
    strategies support a goal but don't decide it (A17), and a mid-term target missed is named, not final.
    Columns: goal, domain, name, kind, n_targets, n_deciding, status, reason.
    """
    own = assessment[(assessment["role"] == "verdict") & (assessment["goal"] != "")]
    own = own.drop_duplicates(["goal", "question"])
    of_goal: dict[str, list] = {}
    for row in own[["goal", "status", "decides_goal", "target_year", "indicator_name"]].itertuples(
        index=False
    ):
        of_goal.setdefault(row.goal, []).append(row)
    rows = []
    for goal in plan.goals:
        targets = of_goal.get(goal.id, [])
        deciding = [row for row in targets if row.decides_goal]
        final = [Status(row.status) for row in deciding if row.target_year == plan.end_year]
        status = worst([s for s in final if s != Status.NOT_JUDGED]) or Status.NOT_JUDGED
        reason = _goal_reason(goal, targets, deciding)
        rows.append(
            (goal.id, goal.domain, goal.name, goal.kind, len(targets), len(deciding), status.value, reason)
        )
    return pd.DataFrame(rows, columns=list(GOAL_COLUMNS))


def _goal_reason(goal: Goal, targets: list, deciding: list) -> str:
    """Why a goal has its status, or none. targets, deciding: rows of the assessment, a question once."""
    if deciding:
        named: dict[str, list[str]] = {}
        for row in deciding:
            named.setdefault(row.status, []).append(f"{row.target_year}年{row.indicator_name}")
        return "；".join(f"{status}：{'、'.join(names)}" for status, names in named.items())
    if targets:
        counts = Counter(row.status for row in targets)
        listed = "，".join(f"{status}{n}项" for status, n in counts.items())
        return f"主要目标本身无数量指标，须按证据评分；策略措施中的量化要求：{listed}"
    if goal.indicators:
        return "主要目标无数量要求，须按证据评分；相关监测指标只作参考"
    return "主要目标无数量要求，也无可计量的指标，须按证据评分"


def _judge(case: Case, target: Target, indicator: Indicator) -> Verdict:
    verdict = Verdict.start(case.plan, target, indicator, case.region)
    if target.op == "maintain":
        return verdict.not_judged("规划未规定数值，须按制度是否落实评分")
    if indicator.kind == "gap":
        return judge_gap(case, verdict, target, indicator)
    if target.aggregation is not None and target.level == case.plan.level:
        return _judge_every_unit(case, verdict, target, indicator)
    history = case.main(indicator.id)
    if history is None:
        return verdict.no_data(_no_data_reason(case, indicator))
    if indicator.kind == "yes_no":
        return _judge_yes_no(
            case, verdict, history, case.plan.end_year if target.year == "every_year" else target.year
        )
    return _judge_series(case, verdict, target, [history], history)


def _no_data_reason(case: Case, indicator: Indicator) -> str:
    if series_key(indicator.id, case.region) in case.series:
        return "只有待核实的数字（凭回忆录入），不能作为判定依据"
    return f"截至{case.as_of}年没有填报数据"


def _judge_every_unit(case: Case, verdict: Verdict, target: Target, indicator: Indicator) -> Verdict:
    """Every township or school has to meet the bound: judged on the lowest one, never on the mean (A09)."""
    histories_ = [h for h in case.units.get(indicator.id, []) if h.trusted.any()]
    split = [h for h in histories_ if h.category != "total"]
    histories_ = split or histories_
    if not histories_:
        main = case.main(indicator.id)
        known = (
            ""
            if main is None
            else f"；全区平均 {format_value(main.values[-1], indicator.unit)} 不能代替逐单位判定"
        )
        return verdict.no_data("缺少分乡镇（街道、学校）数据，不能逐单位判定" + known)
    latest = max(h.last_trusted for h in histories_)
    lowest = min(
        (h for h in histories_ if h.has_year(latest)),
        key=lambda h: judge_at(h, latest, case.settings, interval=False).value,
    )
    return _judge_series(case, verdict, target, histories_, lowest)


def _judge_series(
    case: Case, verdict: Verdict, target: Target, series: list[History], main: History
) -> Verdict:
    """Judge one series, or several that all have to meet the bound; `main` is the one that is shown."""
    criterion = make_criterion(target, main.indicator, main, case.plan.base_year, case.settings)
    if criterion is None:
        return verdict.no_data(f"缺少{target.base_year or case.plan.base_year}年基期值，无从比较")
    keep = target.year == "every_year" and target.op not in TREND_OPS
    end = case.plan.end_year if target.year == "every_year" else target.year
    latest = judge_at(main, end if main.has_year(end) else main.last_trusted, case.settings)
    failures = _failures(case, series, criterion, case.plan.start_year, end) if keep else []
    straddles = _straddles(main, latest, criterion, target, case.settings)
    word, significant = _direction(main, latest, criterion, target, case.settings)
    met = bool(np.mean(criterion.met(latest.value)) >= 0.5)
    probability = case.chances.get(target.id)
    if probability is None:
        years = range(latest.year + 1, end + 1) if keep else [end]
        probability = _probability(series, criterion, years, case.settings)
    if failures:
        status = Status.MISSED
    elif latest.year >= end:
        status = status_now(met, not straddles and (significant or target.op not in TREND_OPS))
        probability = np.nan
    else:
        status = status_ahead(probability, met and significant, not straddles, case.settings)
    hold = target.pending or (
        "目标值凭回忆录入，待核实后方可判定" if target.status == "recollection" else None
    )
    if hold:
        verdict = verdict.with_(reason=hold)
        status = Status.NOT_JUDGED
    return verdict.with_(
        target_value=criterion.point,
        target_text=criterion.text + ("（每年）" if keep else ""),
        every_year=keep,
        own_status=status.value,
        trend_word=word,
        probability=probability,
        small_count=main.uncertain(case.settings),
        on_line=_on_line(latest.value, criterion, main.indicator),
        literal=_literal(main, latest, criterion, case.settings),
        worst_unit=_unit_text(main) if target.aggregation else "",
        failures="；".join(failures),
        **_measures(main, latest, criterion, end),
    ).explained(main, latest, case)


def _on_line(value: float, criterion: Criterion, indicator: Indicator) -> bool:
    """Whether the value lies exactly on a printed bound that isn't the end of the scale (A03)."""
    return abs(value - criterion.point) < 1e-9 and criterion.point not in (indicator.lower, indicator.upper)


def _failures(case: Case, series: list[History], criterion: Criterion, start: int, end: int) -> list[str]:
    """Years (and units) of the plan period in which the bound wasn't met, newest last."""
    found = []
    for history in series:
        due = history.trusted & (history.years >= start) & (history.years <= end)
        if history.window(case.settings) == 1 and np.ndim(criterion.bound) == 0:
            due &= ~criterion.met(history.values)  # single years are judged by what was reported
        for year in history.years[due]:
            judged = judge_at(history, int(year), case.settings, interval=False)
            if not np.all(criterion.met(judged.value)):
                place = f"{_unit_text(history)} " if history.is_unit else ""
                found.append(
                    (int(year), f"{judged.basis} {place}{format_value(judged.value, history.indicator.unit)}")
                )
    return [text for _, text in sorted(found)]


def _unit_text(history: History) -> str:
    name = history.region.rsplit("/", 1)[-1]
    return name if history.category == "total" else f"{name}·{history.category}"


def _probability(series: list[History], criterion: Criterion, years, settings: Settings) -> float:
    """Share of simulated futures in which every series meets the bound in every one of the years."""
    met = np.ones(settings.draws, bool)
    for history in series:
        for year in years:
            draws = judged_draws(history, year, settings)
            if draws is None:
                return np.nan
            met &= criterion.met(draws)
    # half a future on either side: no finite simulation proves certainty
    return float((met.sum() + 0.5) / (settings.draws + 1)) if len(list(years)) else np.nan


def _straddles(
    history: History, latest: Judged, criterion: Criterion, target: Target, settings: Settings
) -> bool:
    """Whether counts are so few that chance alone could put the judged value on either side of the bound."""
    if not history.uncertain(settings) or not np.isfinite(latest.low):
        return False
    ratio = (
        _ratio_to_base(latest, criterion.base, settings)
        if target.op in (*TREND_OPS, "relative_change_vs_base")
        else None
    )
    if ratio is not None:
        if not criterion.base.value:
            return True
        return bool(ratio[1] < criterion.point / criterion.base.value < ratio[2])
    return bool(latest.low < criterion.point < latest.high)


def _ratio_to_base(
    latest: Judged, base: Judged | None, settings: Settings
) -> tuple[float, float, float] | None:
    if (
        base is None
        or not (np.isfinite(base.numerator) and np.isfinite(latest.numerator))
        or base.year == latest.year
    ):
        return None
    found = rate_ratio_interval(
        latest.numerator, latest.denominator, base.numerator, base.denominator, settings.level
    )
    return tuple(float(x) for x in found)


def _direction(
    history: History, latest: Judged, criterion: Criterion, target: Target, settings: Settings
) -> tuple[str, bool]:
    """Trend word against the base, and whether the change may be relied on (always so for plain bounds).

    With counts the interval of the ratio decides together with the preset smallest relative change, without
    them the latter alone.
    """
    if target.op not in (*TREND_OPS, "no_worse_than"):
        return "", True
    base = criterion.base
    if base is None or base.year == latest.year:
        return "无法判定", False
    ratio = _ratio_to_base(latest, base, settings)
    if ratio is not None and np.isfinite(ratio[0]):
        # large counts make any flicker significant, so the preset smallest change is asked for as well
        up = ratio[1] > 1 and ratio[0] > 1 + settings.minimal_change
        down = ratio[2] < 1 and ratio[0] < 1 - settings.minimal_change
        flat = 1 - settings.minimal_change < ratio[1] and ratio[2] < 1 + settings.minimal_change
    else:
        change = (latest.value - base.value) / abs(base.value) if base.value else np.sign(latest.value)
        up, down = change > settings.minimal_change, change < -settings.minimal_change
        flat = not (up or down)
    if abs(latest.value - base.value) < _own_swing(history, settings):
        up = down = flat = False
    at_ceiling = criterion.inclusive and bool(np.all(criterion.met(latest.value)))
    better, worse = (up, down) if criterion.sign > 0 else (down, up)
    word = "改善" if better else "恶化" if worse else "基本持平" if flat else "无法判定"
    # "on this basis" (A10) asks for more than rounding only, which the bound already holds
    plain = at_ceiling or target.op == "no_worse_than" or target.floor is not None
    return word, bool(better or worse or plain)


def _own_swing(history: History, settings: Settings) -> float:
    """Change that the series makes by itself from one year to another: 1.96 times the spread of its yearly steps.

    Large counts make any swing "significant"; a change within the usual swing is no trend all the same. Zero where
    fewer than five steps are known, or where pooling already takes the unrest out.
    """
    steps = np.diff(history.values) / np.diff(history.years)
    if len(steps) < 5 or history.window(settings) > 1:
        return 0.0
    return 1.96 * float(np.std(steps, ddof=1))


def _literal(history: History, latest: Judged, criterion: Criterion, settings: Settings) -> str:
    """What the single year says by the letter, where small counts forbid to judge by it."""
    if history.window(settings) == 1:
        return ""
    at = int(np.flatnonzero(history.years == latest.year)[0])
    value = history.values[at]
    counts = format_number(history.numerator[at], "count")
    if history.indicator.kind != "count":
        counts += f"/{format_number(history.denominator[at], 'count')}"
    word = "达到" if np.all(criterion.met(value)) else "未达到"
    return f"{latest.year}年单年 {format_value(value, history.indicator.unit)}（{counts}），字面{word}；事件数少，统计上无信息量"


def _measures(history: History, latest: Judged, criterion: Criterion, end: int) -> dict:
    """Gap, share of the way, pace now and needed, children behind the gap."""
    bound, base = criterion.point, criterion.base
    gap = max(0.0, criterion.sign * (bound - latest.value))
    if base is not None and base.year == latest.year:
        gap = np.nan
    years_left = end - latest.year
    way = np.nan if base is None else bound - base.value
    people = history.counted and history.indicator.kind in ("proportion", "rate")
    cases = history.denominator[-1] if people or history.indicator.kind == "ratio" else np.nan
    plain_count = history.indicator.kind == "count"
    return {
        "base_year": np.nan if base is None else base.year,
        "base_value": np.nan if base is None else base.value,
        "latest_year": latest.year,
        "latest_value": latest.value,
        "latest_low": latest.low,
        "latest_high": latest.high,
        "latest_basis": latest.basis,
        "numerator": latest.numerator,
        "denominator": latest.denominator,
        "gap": gap,
        "gap_relative": gap / abs(bound) if bound else np.nan,
        "covered": (latest.value - base.value) / way if base is not None and abs(way) > 1e-12 else np.nan,
        "pace": recent_pace(history.years, history.values),
        "required_pace": (bound - latest.value) / years_left if gap > 0 and years_left > 0 else np.nan,
        "children": np.ceil(gap - 1e-9) if plain_count else np.ceil(gap / history.per * cases - 1e-9),
        "n_points": len(history.years),
        "data_status": "、".join(history.statuses),
    }


def recent_pace(years: np.ndarray, values: np.ndarray) -> float:
    """Yearly change over the last six years: slope of the least-squares line; NaN from a single point."""
    recent = years > years[-1] - RECENT_YEARS
    if recent.sum() < 2:
        return np.nan
    off = years[recent] - years[recent].mean()
    return float(off @ (values[recent] - values[recent].mean()) / (off @ off))


def _judge_yes_no(case: Case, verdict: Verdict, history: History, end: int) -> Verdict:
    """A milestone: done or not; what isn't done can't be extrapolated."""
    latest = judge_at(history, history.last_trusted, case.settings)
    done = latest.value >= 1
    status = Status.MET if done else Status.MISSED if latest.year >= end else Status.AT_RISK
    reason = f"{latest.year}年已完成" if done else f"截至{latest.year}年尚未完成；是否完成不能由趋势外推"
    return verdict.with_(
        target_value=1.0, target_text="完成", own_status=status.value, latest_year=latest.year, latest_value=latest.value,
        latest_basis=latest.basis, n_points=len(history.years), data_status="、".join(history.statuses), reason=reason,
    )  # fmt: skip


def _judge_milestone(case: Case, milestone) -> Verdict:
    verdict = Verdict.start_milestone(case.plan, milestone, case.region)
    history = case.main(milestone.id)
    if history is None:
        return verdict.no_data("没有填报完成情况")
    return _judge_yes_no(case, verdict, history, case.plan.end_year)


def _combine_readings(frame: pd.DataFrame) -> pd.DataFrame:
    """Readings of one question with different verdicts make it 待裁定; comparisons and watches stay apart."""
    frame = frame.assign(status=frame["own_status"])
    own = frame[(frame["role"] == "verdict") & (frame["reading"] != "")]
    differing = own.groupby("question")["own_status"].transform("nunique") > 1
    frame.loc[own.index[differing], "status"] = Status.DISPUTED.value
    return frame
