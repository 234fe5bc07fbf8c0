"""What the plan says of each indicator and target, as arrays to be looked up by position."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from xhcp_eval.plan.kinds import KINDS
from xhcp_eval.plan.model import Indicator, Plan, Target
from xhcp_eval.plan.units import UNITS
from xhcp_eval.verdict.operators import OPERATORS, sign_of

NAN = float("nan")


def rounding(indicator: Indicator) -> float:
    """Half a step of the last digit shown: a smaller difference isn't one."""
    return 0.5 * 10.0 ** -UNITS[indicator.unit].decimals


@dataclass(frozen=True)
class Facts:
    """One entry an indicator or milestone, in the order of `Plan.reportable`; all arrays are (n_indicators,).

    indicators: as the plan has them. lower, upper, ceiling: infinite where there is none. rounding: half a step of the
    last digit shown. falling: less is better. event_count: events without a population. census: all units there are
    are counted, without chance. ahead_units, ahead_residence: whether units, or urban and rural, are looked ahead with.
    years_out: (n_indicators,) tuples of exceptional years.
    """

    indicators: tuple[Indicator, ...]
    id: np.ndarray
    kind: np.ndarray
    per: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    ceiling: np.ndarray
    rounding: np.ndarray
    falling: np.ndarray
    event_count: np.ndarray
    census: np.ndarray
    survey: np.ndarray
    projected: np.ndarray
    ahead_units: np.ndarray
    ahead_residence: np.ndarray
    years_out: tuple[tuple[int, ...], ...]

    def __len__(self) -> int:
        return len(self.id)

    @classmethod
    def of(cls, plan: Plan) -> Facts:
        """The facts of a plan."""
        known = plan.reportable
        sources = {i.derived_from.indicator for i in plan.indicators if i.derived_from}
        upper = np.array([np.inf if i.upper is None else i.upper for i in known])
        return cls(
            indicators=known,
            id=np.array([i.id for i in known], object),
            kind=np.array([i.kind for i in known]),
            per=np.array([UNITS[i.unit].per or 1.0 for i in known]),
            lower=np.array([-np.inf if i.lower is None else i.lower for i in known]),
            upper=upper,
            ceiling=np.where([i.unit == "percent" for i in known], 100.0, upper),
            rounding=np.array([rounding(i) for i in known]),
            falling=np.array([i.direction == "down" for i in known]),
            event_count=np.array(
                [i.kind == "count" and i.direction == "down" and not i.census for i in known]
            ),
            census=np.array([i.census for i in known]),
            survey=np.array(["survey" in i.measurement_level for i in known]),
            projected=np.array([KINDS[i.kind].projected for i in known]),
            ahead_units=np.array([any(t.aggregation for t in i.targets) for i in known]),
            ahead_residence=np.array([i.id in sources for i in known]),
            years_out=tuple(i.exceptional_years for i in known),
        )

    def exceptional(self, years: np.ndarray) -> np.ndarray:
        """Years that the registry keeps out of every trend, (n_indicators, n_years)."""
        return np.array([np.isin(years, out) for out in self.years_out])


@dataclass(frozen=True)
class Demands:
    """One entry a target that is judged on series, all arrays (n_targets,).

    row: position in the plan's targets. indicator: position in `Facts`. change: percent that a relative target asks
    for, else 0. value, floor: NaN where there is none. base_year: of the comparison (the plan's where the target names
    none). printed: the base value that the plan prints, or NaN. stated: whether the target itself states the base.
    keep: every year of the plan has to meet it. start: first year that it holds for. hold: it waits for the issuer or a
    check. units: every township or school has to meet it.
    """

    row: np.ndarray
    indicator: np.ndarray
    plain: np.ndarray
    trend: np.ndarray
    relative: np.ndarray
    no_worse: np.ndarray
    sign: np.ndarray
    inclusive: np.ndarray
    value: np.ndarray
    floor: np.ndarray
    base_year: np.ndarray
    printed: np.ndarray
    stated: np.ndarray
    end: np.ndarray
    keep: np.ndarray
    start: np.ndarray
    hold: np.ndarray
    units: np.ndarray

    @classmethod
    def of(cls, plan: Plan, rows: list[int]) -> Demands:
        """The demands of some targets. rows: their positions in `plan.targets()`."""
        every = plan.targets()
        targets = [every[row] for row in rows]
        asked = [(t, plan.indicator(t.indicator)) for t in targets]
        at = {i.id: k for k, i in enumerate(plan.reportable)}
        op = np.array([t.op for t in targets], dtype="U24")
        plain = np.array([OPERATORS[t.op].plain for t in targets], bool)
        value = np.array([NAN if t.value is None else t.value for t in targets], float)
        trend = np.array([OPERATORS[t.op].trend for t in targets], bool)
        keep = np.array([t.year == "every_year" for t in targets], bool) & ~trend
        return cls(
            row=np.array(rows, int), indicator=np.array([at[t.indicator] for t in targets], int), plain=plain, trend=trend,
            relative=op == "relative_change_vs_base", no_worse=op == "no_worse_than",
            sign=np.array([sign_of(t, i) for t, i in asked], int),
            inclusive=np.array([OPERATORS[t.op].inclusive for t in targets], bool), value=value,
            floor=np.array([NAN if t.floor is None else t.floor for t in targets], float),
            base_year=np.array([_base_year(plan, t) for t in targets], int),
            printed=np.array([_printed(i, _base_year(plan, t)) for t, i in asked], float),
            stated=(op == "no_worse_than") & np.isfinite(value),
            end=np.array([plan.end_year if t.year == "every_year" else t.year for t in targets], int),
            keep=keep, start=np.where(keep, plan.start_year, 0),
            hold=np.array([bool(t.pending) or t.status == "recollection" for t in targets], bool),
            units=np.array([t.aggregation is not None and t.level == plan.level for t in targets], bool),
        )  # fmt: skip

    def take(self, rows: np.ndarray) -> Demands:
        """The demands of pairs of region and target, by position of the target."""
        return Demands(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})


def _base_year(plan: Plan, target: Target) -> int:
    """Year of the comparison; plain bounds are shown beside the plan's own base, whatever base they name."""
    return plan.base_year if OPERATORS[target.op].plain else target.base_year or plan.base_year


def _printed(indicator: Indicator, year: int) -> float:
    return next((b.value for b in indicator.baselines if b.year == year), NAN)
