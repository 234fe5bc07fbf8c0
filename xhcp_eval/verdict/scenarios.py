"""What would it take: the pace a target needs, the pace that makes it likely, and what each scenario comes to.

The simulated futures of the judged value keep their spread; a scenario moves them by the difference between its
yearly pace and the pace of the median future, so each pace has a probability and each probability a pace.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from xhcp_eval.assessment import Case
from xhcp_eval.criterion import Criterion, make_criterion
from xhcp_eval.evidence import History, judge_at, judged_draws
from xhcp_eval.plan import Target
from xhcp_eval.verdict.settings import Settings

COLUMNS: tuple[str, ...] = (
    "target_id", "indicator", "indicator_name", "unit", "target_year", "reading", "scenario", "scenario_name", "pace",
    "value", "probability", "children",
)  # fmt: skip
SCENARIO_NAMES: dict[str, str] = {
    "as_now": "照现在的趋势",
    "best_recent": "近年最好的三年速度",
    "best_quarter": "相似序列最好的四分之一",
    "even_chance": "概率到50%的速度",
    "likely": "概率到80%的速度",
}
BEST_SPAN = 3


def scenarios(case: Case, likes: pd.DataFrame | None = None) -> pd.DataFrame:
    """Paces, probabilities and children of each scenario, for every plain target that lies ahead.

    case: from `make_case`. likes: first frame of `comparables`, for the pace of the best quarter of real histories that
    moved alike. Targets that hold for every year or every unit, gaps and milestones have no single
    pace and are left out, as are series of one point. Returns one row a target and scenario with `COLUMNS`:
    pace in units a year (signed), value: median judged value in the target year, probability: of meeting the
    target then, children: how many more (or fewer events) a year than now the value stands for.
    """
    best = {} if likes is None else likes.set_index("target_id")["best_quarter"].to_dict()
    rows = [
        row
        for target in case.plan.targets(role="verdict")
        for row in _rows(case, target, best.get(target.id, np.nan))
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _rows(case: Case, target: Target, best_quarter: float) -> list[tuple]:
    history = case.main(target.indicator)
    plain = target.aggregation is None and target.year != "every_year" and target.op != "maintain"
    if history is None or not plain or history.indicator.kind in ("yes_no", "gap"):
        return []
    criterion = make_criterion(target, history.indicator, history, case.plan.base_year, case.settings)
    latest = judge_at(history, history.last_trusted, case.settings)
    if criterion is None or target.year <= latest.year:
        return []
    draws = judged_draws(history, target.year, case.settings)
    if draws is None:
        return []
    years = target.year - latest.year
    paces = _paces(history, criterion, latest.value, draws, years, case.settings)
    if np.isfinite(best_quarter):
        paces["best_quarter"] = (best_quarter - latest.value) / years
    paces = {name: paces[name] for name in SCENARIO_NAMES if name in paces}
    indicator = history.indicator
    found = []
    for name, pace in paces.items():
        shifted = _shift(draws, latest.value, pace, years, indicator)
        probability = float((criterion.met(shifted).sum() + 0.5) / (len(draws) + 1))
        value = float(np.median(shifted))
        found.append(
            (target.id, indicator.id, indicator.name, indicator.unit, target.year, target.reading or "", name,
             SCENARIO_NAMES[name], pace, value, probability, _children(history, value - latest.value))
        )  # fmt: skip
    return found


def _judged_values(history: History, settings: Settings) -> tuple[np.ndarray, np.ndarray]:
    """Years and judged values (pooled where counts are small), so that a lucky year is no record to return to."""
    judged = [judge_at(history, int(year), settings) for year in history.years[history.trusted]]
    full = [j for j in judged if j.year - j.first_year + 1 == history.window(settings)]
    return np.array([j.year for j in full]), np.array([j.value for j in full])


def _paces(
    history: History, criterion: Criterion, now: float, draws: np.ndarray, years: int, settings: Settings
) -> dict[str, float]:
    """Yearly pace of each scenario, in the order they are shown."""
    centre = float(np.median(draws))
    # distance of each future to the bound in the wanted direction: its quantiles tell how far to move them all
    margin = criterion.sign * (draws - criterion.bound)
    needed = {name: -float(np.quantile(margin, 1 - p)) for name, p in (("even_chance", 0.5), ("likely", 0.8))}
    as_now = (centre - now) / years
    paces = {"as_now": as_now}
    best = best_pace(*_judged_values(history, settings), criterion.sign)
    if np.isfinite(best):
        paces["best_recent"] = best
    paces |= {name: as_now + criterion.sign * shift / years for name, shift in needed.items()}
    return paces


def best_pace(years: np.ndarray, values: np.ndarray, sign: int) -> float:
    """Best change a year in the wanted direction over any three years of the last ten, NaN without such a span.

    years, values: (n,) of one series. sign: +1 where more is better, -1 where less is.
    """
    recent = years > years.max(initial=0) - 10
    found = [
        (values[j] - values[i]) / (years[j] - years[i])
        for i in np.flatnonzero(recent)
        for j in np.flatnonzero(recent)
        if years[j] - years[i] == BEST_SPAN
    ]
    return sign * max(sign * pace for pace in found) if found else float("nan")


def _shift(draws: np.ndarray, now: float, pace: float, years: int, indicator) -> np.ndarray:
    moved = draws + pace * years - (np.median(draws) - now)
    low = -np.inf if indicator.lower is None else indicator.lower
    high = np.inf if indicator.upper is None else indicator.upper
    return np.clip(moved, low, high)


def _children(history: History, change: float) -> float:
    if history.indicator.kind == "count":
        return change
    people = history.indicator.kind in ("proportion", "rate", "ratio")
    return change / history.per * float(history.denominator[-1]) if people else float("nan")
