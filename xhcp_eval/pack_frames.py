"""The frames of a pack, each computed when it is first asked for: what no notebook shows costs nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import cached_property
from pathlib import Path

import pandas as pd

from xhcp_eval import provenance
from xhcp_eval.assessment import Case, assess, goal_verdicts
from xhcp_eval.breaks import COLUMNS as BREAK_COLUMNS
from xhcp_eval.breaks import unmarked_breaks
from xhcp_eval.verdict.comparables import comparables
from xhcp_eval.database import Database
from xhcp_eval.early_warning import early_warnings
from xhcp_eval.evidence import forecast_frame, series_frame
from xhcp_eval.likely_range import likely_range
from xhcp_eval.observations import concat_tables, read_table
from xhcp_eval.verdict.outcomes import FORECAST_COLUMNS, compare_outcomes, forecast_at
from xhcp_eval.panel import make_panel
from xhcp_eval.params import PackParams
from xhcp_eval.plan import Plan, load_plan
from xhcp_eval.province.cases import open_case
from xhcp_eval.quality import completeness, review
from xhcp_eval.verdict.scenarios import scenarios

# a count of five venues moves in whole steps, which is no break
JUMPING_KINDS = ("proportion", "rate", "ratio", "mean")
FRAMES: tuple[str, ...] = (
    "observations",
    "comparison",
    "forecast",
    "assessment",
    "goals",
    "quality",
    "completeness",
    "outcomes",
    "scenarios",
    "comparables",
    "nearest",
    "breaks",
    "warnings",
)


class Frames(Mapping[str, pd.DataFrame]):
    """Frames by name, each made when it is first asked for, and kept."""

    def __init__(self, makers: Mapping[str, Callable[[], pd.DataFrame]]) -> None:
        self._makers = dict(makers)
        self._made: dict[str, pd.DataFrame] = {}

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in self._made:
            self._made[name] = self._makers[name]()
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)


def compute_frames(
    params: PackParams, plan: Plan, table: pd.DataFrame, assessment: pd.DataFrame | None = None
) -> Frames:
    """All frames of a pack (`FRAMES`), none computed yet.

    params, plan: as loaded. table: checked figures of the region, all years. assessment: its verdicts, if they
    are known. Asking for a frame may raise DataError.
    """
    work = _Work(params, plan, table, assessment)
    return Frames({name: lambda name=name: getattr(work, name) for name in FRAMES})


def read_tables(names, plan: Plan, region: str | None = None, as_of: date | None = None) -> pd.DataFrame:
    """Tables and databases put together; of a database the region's figures, as they were known.

    names: files relative to the project. as_of: databases as they were known then. Raises DataError.
    """
    paths = [provenance.ROOT / name for name in names]
    tables = [
        Database(path).observations(plan, as_of=as_of, region=region)
        if path.suffix == ".duckdb"
        else read_table(path, plan)
        for path in paths
    ]
    return concat_tables(tables, [path.name for path in paths])


class _Work:
    """What the frames of one pack are made of; everything once."""

    def __init__(
        self, params: PackParams, plan: Plan, table: pd.DataFrame, assessment: pd.DataFrame | None
    ) -> None:
        self.params, self.plan, self.table = params, plan, table
        self.region = params.region or plan.region
        self.until = params.data_until
        if assessment is not None:
            self.assessment = assessment

    @cached_property
    def case(self) -> Case:
        return self._opened(self.table, self.until, self.params.use_recollection)

    def _opened(self, table: pd.DataFrame, as_of: int, loose: bool) -> Case:
        return open_case(table, self.plan, self.region, self.params.settings, as_of, loose)

    @cached_property
    def assessment(self) -> pd.DataFrame:
        return assess(self.case)

    @cached_property
    def observations(self) -> pd.DataFrame:
        return self.table[self.table["year"] <= self.until].reset_index(drop=True)

    @cached_property
    def comparison(self) -> pd.DataFrame:
        if not self.params.comparison_data:
            return self.observations.iloc[:0]
        return read_tables(self.params.comparison_data, load_plan(self.params.comparison_plan))

    @property
    def forecast(self) -> pd.DataFrame:
        return forecast_frame(self.case.series)

    @property
    def goals(self) -> pd.DataFrame:
        return goal_verdicts(self.plan, self.assessment)

    @property
    def quality(self) -> pd.DataFrame:
        expected = likely_range(self.table, self.plan, self.region, self.until)
        return review(self.observations, self.plan, self.region, self.until, forecast=expected)

    @property
    def completeness(self) -> pd.DataFrame:
        return completeness(self.observations, self.plan, self.region, self.until)

    @property
    def outcomes(self) -> pd.DataFrame:
        """A hindcast looks forward from the pack's data year, a final report back to an earlier forecast."""
        params, table = self.params, self.table
        if params.outcome_year is not None:
            origin = self.case
            later = read_tables(params.outcome_data, self.plan) if params.outcome_data else table
            after = assess(self._opened(later, params.outcome_year, params.use_recollection))
            # what the forecast would have been had unverified figures been let into the trends
            loose = assess(self._opened(table, self.until, True)).set_index("target_id")["probability"]
            outcomes = compare_outcomes(self.assessment, after, loose)
        elif params.forecast_origin is not None:
            origin = self._opened(table, params.forecast_origin, params.use_recollection)
            outcomes = compare_outcomes(assess(origin), self.assessment)
        else:
            none = compare_outcomes(self.assessment.iloc[:0], self.assessment)
            return none.reindex(columns=[*none.columns, *FORECAST_COLUMNS])
        return outcomes.join(forecast_at(origin, outcomes))

    @cached_property
    def _alike(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        return comparables(self.case)

    @property
    def comparables(self) -> pd.DataFrame:
        return self._alike[0]

    @property
    def nearest(self) -> pd.DataFrame:
        return self._alike[1]

    @property
    def scenarios(self) -> pd.DataFrame:
        return scenarios(self.case, self.comparables)

    @property
    def breaks(self) -> pd.DataFrame:
        """Unmarked jumps in the main series of every indicator, with the indicator's id."""
        names = {history.indicator.id: None for history in self.case.series.values()}
        mains = [h for h in map(self.case.main, names) if h is not None]
        mains = [h for h in mains if h.indicator.kind in JUMPING_KINDS]
        if not mains:
            return pd.DataFrame(columns=[*BREAK_COLUMNS, "indicator"])
        found = unmarked_breaks(make_panel(pd.concat([series_frame(h) for h in mains], ignore_index=True)))
        return found.assign(indicator=found["series"].map({h.key: h.indicator.id for h in mains}))

    @property
    def warnings(self) -> pd.DataFrame:
        return early_warnings(self.case, self.assessment)


def input_tables(params: PackParams) -> list[str]:
    """Tables and texts beside the region's own figures, relative to the project."""
    text = Path("params", "texts", f"{params.pack}.yaml")
    texts = [text.as_posix()] if (provenance.ROOT / text).is_file() else []
    return [*params.comparison_data, *params.outcome_data, *texts]
