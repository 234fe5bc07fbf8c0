"""What was promised, as types: plan, goals, indicators, targets, readings, strategies, duties."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pandas as pd
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from xhcp_eval.errors import PlanError
from xhcp_eval.plan.kinds import KINDS, kinds_that
from xhcp_eval.plan.monitoring import Duty, FormMarks, Office
from xhcp_eval.plan.units import UNITS

Op = Literal[
    "<=", "<", ">=", ">", "relative_change_vs_base", "no_worse_than", "trend_up", "trend_down", "maintain"
]
Level = Literal["district", "province", "national"]
if TYPE_CHECKING:
    KindName = str
    UnitName = str
else:  # a name of those tables
    KindName, UnitName = Literal[tuple(KINDS)], Literal[tuple(UNITS)]


SHORT = 8  # characters of a short name


def _year(given: Any) -> Any:
    """One sentence in place of the two that a union of types would give."""
    if given == "every_year" or (isinstance(given, int) and not isinstance(given, bool)):
        return given
    raise ValueError(f"应为整数年份或 every_year，实为 {given!r}")


Year = Annotated[int | Literal["every_year"], BeforeValidator(_year)]


class _Model(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, ignored_types=(cached_property,)
    )


class Domain(_Model):
    """A domain of the plan, such as 健康."""

    id: str
    name: str


class Baseline(_Model):
    """A value that the plan's text prints for an earlier year."""

    year: int
    value: float
    op: Literal["=", ">=", "<="] = "="
    text_ref: str = ""
    year_basis: str = "stated"
    anomaly: str | None = None
    rate_type: str | None = None


class Target(_Model):
    """One quantified demand on one indicator.

    year: its year, or every_year of the plan. op and value: the demand; relative_change_vs_base in percent.
    floor: further bound that "on this basis" adds (A10). level: whose target. role: verdict, watch (raises a flag
    only) or comparison (another level's line). reading: which reading of an ambiguous sentence. alt_op: the
    exclusive reading of 以上/以下 (A03). derived: follows from words such as "each". printed: false where a reading
    of ours adds it. pending: what the issuer has to settle before a verdict can be given (figures are shown, no
    status). status: how far the figure itself is confirmed (national outlines).
    """

    id: str = ""
    indicator: str = ""
    year: Year
    op: Op
    value: float | None = None
    base_year: int | None = None
    floor: float | None = None
    level: Level
    role: Literal["verdict", "watch", "comparison"] = "verdict"
    reading: str | None = None
    disputed: bool = False
    anomaly: str | None = None
    alt_op: Literal["<", ">"] | None = None
    derived: bool = False
    qualifier: str | None = None
    aggregation: Literal["min_over_township", "min_over_school"] | None = None
    strength: Literal["aspirational"] | None = None
    text_ref: str = ""
    year_basis: str = "stated"
    status: Literal["verified", "cited_in_plan", "recollection"] | None = None
    pending: str | None = None
    printed: bool = True
    note: str | None = None

    @model_validator(mode="after")
    def _complete(self) -> Target:
        if self.op in ("<=", "<", ">=", ">", "relative_change_vs_base") and self.value is None:
            raise ValueError(f"op 为 {self.op} 时必须给出 value")
        if self.op in (
            "relative_change_vs_base", "trend_up", "trend_down", "no_worse_than",
        ) and self.base_year is None:  # fmt: skip
            raise ValueError(f"op 为 {self.op} 时必须给出 base_year")
        return self


class DerivedFrom(_Model):
    """What a gap indicator is computed from."""

    indicator: str
    gap: Literal["urban_rural", "area"]


class Indicator(_Model):
    """One measure.

    kind: proportion (numerator part of denominator), rate (events per population), ratio (two counts side by side, may
    pass 100%), count, mean, yes_no, gap or index. lower, upper: natural bounds. census: the figures count all units
    there are (villages, schools, clinics), so they carry no sampling interval: 57 of 60 villages is a fact, and future
    noise is what the series shows, not what counts would allow. exceptional_years: years whose figures stand but tell
    nothing of the trend. short_name_zh: name for a tile or a narrow column. count_noun_zh: what is counted, with its
    measure word, as it follows a number (名学生, 个村, 例).
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9_.]*$")
    name: str
    name_en: str = ""
    goal: str | None = None
    domain: str | None = None
    also_goals: tuple[str, ...] = ()
    basis: Literal[
        "stated_target", "strategy_target", "stated_trend", "implied", "contextual", "baseline_only", "watch"
    ] = "implied"
    source_ref: str = ""
    unit: UnitName
    kind: KindName
    lower: float | None = None
    upper: float | None = None
    direction: Literal["up", "down", "toward_zero", "contextual"]
    measurement_level: tuple[str, ...] = ()
    numerator: str = ""
    denominator: str = ""
    numerator_zh: str = ""
    denominator_zh: str = ""
    departments: tuple[str, ...] = ()
    disaggregation: tuple[str, ...] = ()
    targets: tuple[Target, ...] = ()
    baselines: tuple[Baseline, ...] = ()
    anomalies: tuple[str, ...] = ()
    derived_from: DerivedFrom | None = None
    exceptional_years: tuple[int, ...] = ()
    census: bool = False
    short_name_zh: str = Field("", max_length=SHORT)
    count_noun_zh: str = Field("", max_length=SHORT)
    note: str | None = None
    note_zh: str | None = None

    @property
    def short_name(self) -> str:
        """Name for a tile or a narrow column, of at most `SHORT` characters."""
        return self.short_name_zh or self.name[:SHORT]

    @model_validator(mode="after")
    def _bounds(self) -> Indicator:
        if self.lower is not None and self.upper is not None and self.lower >= self.upper:
            raise ValueError(f"lower（{self.lower:g}）必须小于 upper（{self.upper:g}）")
        if self.kind == "gap" and self.derived_from is None:
            raise ValueError("kind 为 gap 时必须给出 derived_from")
        if self.census and not KINDS[self.kind].countable:
            raise ValueError(
                f"kind 为 {self.kind} 时不得写 census；只用于 {'、'.join(kinds_that('countable'))}"
            )
        return self


class Goal(_Model):
    """A main goal of the plan; indicators may be empty (judged by evidence only)."""

    id: str
    domain: str
    number: int
    name: str
    name_en: str = ""
    kind: Literal["quantified", "direction", "disparity", "qualitative"]
    secondary_kinds: tuple[str, ...] = ()
    indicators: tuple[str, ...] = ()
    note: str | None = None
    note_zh: str | None = None
    remit: Literal["partly_above_district"] | None = None
    anomaly: str | None = None


class Commitment(_Model):
    """What a strategy commits to: a bound on an indicator, or a milestone (with an id of its own)."""

    what: str | None = None
    what_zh: str = ""
    indicator: str | None = None
    milestone_id: str | None = None
    op: Op | Literal["milestone"] | None = None
    value: float | None = None
    unit: str | None = None
    derived: bool = False
    strength: Literal["aspirational"] | None = None

    @model_validator(mode="after")
    def _named(self) -> Commitment:
        # without an id of its own a milestone couldn't be reported and would drop out unseen
        if (self.op == "milestone") != bool(self.milestone_id):
            raise ValueError("op 为 milestone 时必须给出 milestone_id，其他情形不得给出")
        return self


class Strategy(_Model):
    """A strategy of a domain, or one of the implementation measures (no domain, no goals)."""

    id: str
    number: int
    name: str
    name_en: str = ""
    domain: str = ""
    goals: tuple[str, ...] = ()
    commitments: tuple[Commitment, ...] = ()
    remit: Literal["partly_above_district"] | None = None
    anomaly: str | None = None


class Milestone(_Model):
    """A one-off commitment that is either done or not; observations refer to it by its id."""

    id: str
    domain: str
    goals: tuple[str, ...]
    what: str
    what_zh: str


class Reading(_Model):
    """One way to read an ambiguous sentence."""

    id: str
    statement_zh: str


class Ambiguity(_Model):
    """A place where the text allows several readings. rule: side_by_side judges the readings beside each other;
    default_with_watch judges the default and flags the other; assumed and information change no verdict.
    default: ids of the readings that are worked with until the issuer rules; none where it waits for evidence.
    """

    id: str = Field(pattern=r"^A\d\d$")
    severity: Literal["H", "M", "L"]
    title_zh: str
    text_zh: str = ""
    readings: tuple[Reading, ...] = ()
    default: tuple[str, ...] = ()
    default_zh: str = ""
    rule: Literal["side_by_side", "default_with_watch", "assumed", "information"] = "information"
    affects: tuple[str, ...] = ()


class Plan(_Model):
    """A plan as data; see `load_plan`. users: who a duty serves, id -> Chinese name. definitions: file in data/plans/ whose
    definitions of indicators the plan shares with others. office: who writes to departments. forms: marks of its forms.
    """

    id: str
    name: str
    region: str
    level: Level
    base_year: int
    start_year: int
    midterm_year: int
    end_year: int
    source: str = ""
    definitions: str = ""
    official_midterm: dict[str, float | str] | None = None
    domains: tuple[Domain, ...]
    goals: tuple[Goal, ...] = ()
    indicators: tuple[Indicator, ...]
    strategies: tuple[Strategy, ...] = ()
    measures: tuple[Strategy, ...] = ()
    duties: tuple[Duty, ...] = ()
    users: dict[str, str] = {}
    office: Office = Office()
    forms: FormMarks = FormMarks()
    readings: tuple[Ambiguity, ...] = ()

    def __repr__(self) -> str:
        counts = f"{len(self.goals)} goals, {len(self.indicators)} indicators, {len(self.targets())} targets"
        return f"<Plan {self.id}: {self.region} {self.start_year}-{self.end_year}, {counts}>"

    __str__ = __repr__

    @cached_property
    def _by_id(self) -> dict[str, Indicator]:
        return {indicator.id: indicator for indicator in self.indicators}

    @cached_property
    def milestones(self) -> tuple[Milestone, ...]:
        """One-off commitments of strategies and measures."""
        return tuple(
            Milestone(id=c.milestone_id, domain=s.domain, goals=s.goals, what=c.what or "", what_zh=c.what_zh)
            for s in (*self.strategies, *self.measures)
            for c in s.commitments
            if c.milestone_id
        )

    @cached_property
    def reportable(self) -> tuple[Indicator, ...]:
        """Everything that observations may refer to: the indicators, and milestones as yes/no indicators."""
        done = (
            Indicator(id=m.id, name=m.what_zh or m.what, domain=m.domain, unit="binary", kind="yes_no",
                      lower=0, upper=1, direction="up")
            for m in self.milestones
        )  # fmt: skip
        return (*self.indicators, *done)

    def indicator(self, id: str) -> Indicator:
        """The indicator of that id. Raises PlanError naming the nearest ids."""
        if id not in self._by_id:
            from difflib import get_close_matches

            near = get_close_matches(id, self._by_id, n=3, cutoff=0.4)
            hint = f"；相近的有：{'、'.join(near)}" if near else ""
            raise PlanError(f"规划 {self.id} 里没有指标 {id!r}{hint}")
        return self._by_id[id]

    def goal(self, id: str) -> Goal:
        """The goal of that id. Raises PlanError."""
        for goal in self.goals:
            if goal.id == id:
                return goal
        raise PlanError(f"规划 {self.id} 里没有主要目标 {id!r}；允许：{'、'.join(g.id for g in self.goals)}")

    def ambiguity(self, id: str) -> Ambiguity:
        """The ambiguity of that id (A01 ...). Raises PlanError."""
        for found in self.readings:
            if found.id == id:
                return found
        raise PlanError(f"规划 {self.id} 里没有疑义 {id!r}")

    def asked_in(self, years: Mapping[str, int]) -> Plan:
        """The plan with some targets asked for another year; their ids stay. years: by id of the target."""
        indicators = [
            i.model_copy(
                update={
                    "targets": tuple(
                        t.model_copy(update={"year": years.get(t.id, t.year)}) for t in i.targets
                    )
                }
            )
            for i in self.indicators
        ]
        # made anew, for a copy would keep what was looked up by id
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        return type(self).model_construct(**{**fields, "indicators": tuple(indicators)})

    def domain_of(self, indicator: Indicator) -> str:
        """Id of the domain that an indicator belongs to."""
        return indicator.domain or (indicator.goal or "").split(".")[0]

    def targets(
        self, year: int | str | None = None, role: str | None = None, level: str | None = None
    ) -> list[Target]:
        """Targets in the plan's order; year, role and level narrow the choice (None: all)."""
        return [
            t
            for i in self.indicators
            for t in i.targets
            if year in (None, t.year) and role in (None, t.role) and level in (None, t.level)
        ]

    def to_frame(self) -> pd.DataFrame:
        """One row a target, with the names of its indicator, goal and domain."""
        domains = {d.id: d.name for d in self.domains}
        goals = {g.id: g.name for g in self.goals}
        rows = [
            {
                "domain": domains.get(self.domain_of(indicator), ""), "goal": indicator.goal,
                "goal_name": goals.get(indicator.goal or "", ""), "indicator_name": indicator.name,
                "unit": indicator.unit, **target.model_dump(),
            }
            for target in self.targets() if (indicator := self.indicator(target.indicator))
        ]  # fmt: skip
        return pd.DataFrame(rows)
