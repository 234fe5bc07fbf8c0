"""The frames of a pack, each computed when it is first asked for: what no notebook shows costs nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import pandas as pd

from xhcp_eval.errors import DataError
from xhcp_eval.files import home
from xhcp_eval.forecast.breaks import COLUMNS as BREAK_COLUMNS
from xhcp_eval.forecast.breaks import unmarked_breaks
from xhcp_eval.forecast.reference.peers import Company
from xhcp_eval.observations.store.database import Database
from xhcp_eval.observations.table import concat_tables, read_table
from xhcp_eval.pack.params import PackParams
from xhcp_eval.plan.kinds import kinds_that
from xhcp_eval.plan.model import Plan
from xhcp_eval.plan.reading import load_plan
from xhcp_eval.quality.likely_range import likely_range
from xhcp_eval.quality.reporting import completeness
from xhcp_eval.quality.reviewer import review
from xhcp_eval.quality.sourcing import MISSING
from xhcp_eval.verdict.comparables import comparables
from xhcp_eval.verdict.goals import goal_verdicts
from xhcp_eval.verdict.histories import histories
from xhcp_eval.verdict.judging import judge
from xhcp_eval.verdict.outcomes import COLUMNS as OUTCOME_COLUMNS
from xhcp_eval.verdict.outcomes import (
    FORECAST_COLUMNS,
    NEEDED,
    asked_in_time,
    broken_years,
    compare_outcomes,
    forecast_at,
)
from xhcp_eval.verdict.precedents import precedents
from xhcp_eval.verdict.rivals import COLUMNS as RIVAL_COLUMNS
from xhcp_eval.verdict.rivals import rival_forecasts
from xhcp_eval.verdict.scenarios import scenarios
from xhcp_eval.verdict.schema import EMPTY
from xhcp_eval.verdict.verdicts import Verdicts
from xhcp_eval.warnings.warn import early_warnings

FRAMES: list[str] = []  # names of all frames, in the order in which `_Work` says how they are made


def frame(make: Callable[[_Work], pd.DataFrame]) -> cached_property[pd.DataFrame]:
    """A method that makes a frame of its name, and keeps it."""
    FRAMES.append(make.__name__)
    return cached_property(make)


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
    params: PackParams,
    plan: Plan,
    table: pd.DataFrame,
    assessment: pd.DataFrame | None = None,
    company: Mapping[int, Company | None] | None = None,
) -> Frames:
    """All frames of a pack (`FRAMES`), none computed yet.

    params, plan: as loaded. table: checked figures of the region, all years. assessment: its verdicts, if they
    are known. company: what its series learn from of other regions, by data year (default: the tables that the
    parameters name). Asking for a frame may raise DataError.
    """
    work = _Work(params, plan, table, assessment, company or {})
    return Frames({name: partial(getattr, work, name) for name in FRAMES})


def read_tables(names, plan: Plan, region: str | None = None, as_of: date | None = None) -> pd.DataFrame:
    """Tables and databases put together; of a database the region's figures, as they were known.

    names: files relative to the project. as_of: databases as they were known then. Raises DataError.
    """
    paths = [home.ROOT / name for name in names]
    tables = [
        Database(path).observations(plan, as_of=as_of, region=region)
        if path.suffix == ".duckdb"
        else read_table(path, plan)
        for path in paths
    ]
    return concat_tables(tables, [path.name for path in paths])


def read_published(name: str, plan: Plan, region: str, origin: int) -> pd.DataFrame:
    """The results of an earlier report, as they were published. name: its results.csv, relative to the project.

    plan, region, origin: what they have to be of, and the last year whose figures they may know. Raises DataError for
    a file that isn't one, naming what it lacks, or one that is another region's, another plan's or a later year's.
    """
    try:
        frame = pd.read_csv(home.ROOT / name, encoding="utf-8-sig", keep_default_na=True)
    except (OSError, ValueError) as error:
        raise DataError(f"{name} 不能作为当时公布的结果读取：{error}") from error
    needed = (*NEEDED, "region")
    if absent := [column for column in needed if column not in frame.columns]:
        raise DataError(f"{name} 不是报告的结果表（results.csv）：缺少列 {'、'.join(absent)}")
    texts = [column for column in needed if isinstance(EMPTY[column], str)]
    frame = frame.assign(**{column: frame[column].fillna("").astype(str) for column in texts})
    if others := sorted(set(frame["region"]) - {region}):
        raise DataError(f"{name} 是“{'、'.join(others[:3])}”的结果，不是“{region}”的")
    if not set(frame["target_id"]) & {target.id for target in plan.targets()}:
        raise DataError(f"{name} 里没有规划“{plan.name}”（{plan.id}）的任何目标")
    if (late := frame["latest_year"].max()) > origin:
        raise DataError(f"{name} 用了{late:.0f}年的数，不是{origin}年作的预测")
    return frame


class _Work:
    """What the frames of one pack are made of; everything once."""

    def __init__(
        self,
        params: PackParams,
        plan: Plan,
        table: pd.DataFrame,
        assessment: pd.DataFrame | None,
        company: Mapping[int, Company | None],
    ) -> None:
        self.params, self.plan, self.table, self.company = params, plan, table, company
        self.region = params.region or plan.region
        self.until = params.data_until
        if assessment is not None:
            self.assessment = assessment

    @cached_property
    def verdicts(self) -> Verdicts:
        return self._judged(self.table, self.until, self.params.use_recollection)

    def _judged(self, table: pd.DataFrame, until: int, loose: bool, plan: Plan | None = None) -> Verdicts:
        beside, settings = self.company.get(until, self._others), self.params.settings
        return judge(
            table,
            plan or self.plan,
            self.region,
            settings,
            until,
            use_recollection=loose,
            may_lag=True,
            beside=beside,
        )

    @cached_property
    def _others(self) -> pd.DataFrame | None:
        """Other regions that the parameters name to learn from."""
        return read_tables(self.params.learn_from, self.plan) if self.params.learn_from else None

    @frame
    def assessment(self) -> pd.DataFrame:
        """One row a target, columns of `verdict.schema`."""
        return self.verdicts.explained()

    @frame
    def observations(self) -> pd.DataFrame:
        """Checked figures up to the data year."""
        return self.table[self.table["year"] <= self.until].reset_index(drop=True)

    @frame
    def comparison(self) -> pd.DataFrame:
        """Figures of other regions, shown beside."""
        if not self.params.comparison_data:
            return self.observations.iloc[:0]
        return read_tables(self.params.comparison_data, load_plan(self.params.comparison_plan))

    @frame
    def histories(self) -> pd.DataFrame:
        """The region's own series with what they are judged by, see `verdict.histories`."""
        return histories(self.verdicts)

    @frame
    def forecast(self) -> pd.DataFrame:
        """Series, year and one column a quantile."""
        return self.verdicts.outlook.frame(self.region)

    @frame
    def goals(self) -> pd.DataFrame:
        """One row a goal."""
        return goal_verdicts(self.plan, self.assessment)

    @frame
    def quality(self) -> pd.DataFrame:
        """What the review of the figures found."""
        expected = likely_range(self.table, self.plan, self.region, self.until)
        return review(self.observations, self.plan, self.region, self.until, forecast=expected)

    @frame
    def completeness(self) -> pd.DataFrame:
        """What was reported of what the plan asks for."""
        return completeness(self.observations, self.plan, self.region, self.until)

    @cached_property
    def _hindsight(self) -> tuple[Verdicts, Verdicts] | None:
        """Verdicts at the forecast origin and those given later; None where the pack looks at no earlier forecast.

        A hindcast looks forward from the pack's data year, a final report back to an earlier forecast. One that is made
        again is asked of the last year with figures; one that was published, of the years that it was published for.
        """
        params, loose = self.params, self.params.use_recollection
        if params.outcome_year is not None:
            later = read_tables(params.outcome_data, self.plan) if params.outcome_data else self.table
            first, last = self.until, params.outcome_year
        elif params.forecast_origin is not None:
            later, first, last = self.table, params.forecast_origin, self.until
        else:
            return None
        after = self.verdicts if last == self.until else self._judged(later, last, loose)
        years = {} if params.forecast_published else asked_in_time(after, first)
        plan = self.plan.asked_in(years)
        origin = self._judged(self.table, first, loose, plan)
        return origin, self._judged(later, last, loose, plan) if years else after

    @frame
    def outcomes(self) -> pd.DataFrame:
        """Earlier forecasts beside what happened; empty where the pack has none."""
        if self._hindsight is None:
            return pd.DataFrame(columns=[*OUTCOME_COLUMNS, *FORECAST_COLUMNS])
        params, (origin, after) = self.params, self._hindsight
        before = origin.explained()
        if params.forecast_published and params.forecast_origin is not None:
            before = read_published(params.forecast_published, self.plan, self.region, params.forecast_origin)
        loose = None
        if params.outcome_year is not None:
            # what the forecast would have been had unverified figures been let into the trends
            unsure = self._judged(self.table, self.until, True, origin.plan)
            loose = unsure.frame.set_index("target_id")["probability"]
        outcomes = compare_outcomes(before, after.explained(), broken_years(after), loose)
        outcomes["note"] = _with_year(outcomes, self.plan, origin.plan)
        return outcomes.join(forecast_at(origin, outcomes))

    @frame
    def rivals(self) -> pd.DataFrame:
        """What other methods would have said of the outcomes that are scored, see `verdict.rivals`."""
        if self._hindsight is None:
            return pd.DataFrame(columns=list(RIVAL_COLUMNS))
        return rival_forecasts(self._hindsight[0], self.outcomes)

    @cached_property
    def _alike(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        return comparables(self.verdicts)

    @frame
    def comparables(self) -> pd.DataFrame:
        """How real histories that moved like each target's series went on."""
        return self._alike[0]

    @frame
    def nearest(self) -> pd.DataFrame:
        """The nearest of those histories, by name."""
        return self._alike[1]

    @frame
    def precedents(self) -> pd.DataFrame:
        """Provinces that moved like each indicator, and where it would go if it did as they did."""
        return precedents(self.verdicts, self.comparables)

    @frame
    def scenarios(self) -> pd.DataFrame:
        """What each target ahead would take."""
        return scenarios(self.verdicts, self.comparables)

    @frame
    def breaks(self) -> pd.DataFrame:
        """Unmarked jumps in the main series of every indicator, with the indicator's id."""
        block = self.verdicts.block
        main = block.main[0]
        rows = main[(main >= 0) & np.isin(block.facts.kind, kinds_that("jumps"))]
        rows = rows[block.last_trusted[rows] >= 0]
        if not len(rows):
            return pd.DataFrame(columns=[*BREAK_COLUMNS, "indicator"])
        found = unmarked_breaks(block.panel(rows))
        of = [block.series(row) for row in found["series"]]
        return found.assign(series=[one.key for one in of], indicator=[one.indicator.id for one in of])

    @frame
    def warnings(self) -> pd.DataFrame:
        """What needs attention now, with rule and evidence."""
        return early_warnings(self.verdicts)


def _with_year(outcomes: pd.DataFrame, plan: Plan, asked: Plan) -> list[str]:
    """Notes of outcomes that say so where a target was asked for another year than the plan's."""
    moved = {
        mine.id: mine.year
        for mine, other in zip(plan.targets(), asked.targets(), strict=True)
        if mine != other
    }
    return [
        row.note
        if row.target_id not in moved
        else f"规划的年份是{moved[row.target_id]}年，按有数字的{row.target_year}年计分"
        + (f"；{row.note}" if row.note else "")
        for row in outcomes.itertuples()
    ]


def input_tables(params: PackParams) -> list[str]:
    """Tables and texts beside the region's own figures, relative to the project."""
    text = Path("params", "texts", f"{params.pack}.yaml")
    texts = [text.as_posix()] if (home.ROOT / text).is_file() else []
    published = [params.forecast_published] if params.forecast_published else []
    definitions = load_plan(params.plan).definitions
    shared = [f"data/plans/{definitions}"] if definitions else []
    beside = {(Path(name).parent / MISSING).as_posix() for name in params.data}
    missing = sorted(name for name in beside if (home.ROOT / name).is_file())
    tables = [*params.comparison_data, *params.outcome_data, *params.learn_from]
    drawn = [params.map.boundaries] if params.map.boundaries else []
    return [*tables, *published, *shared, *missing, *texts, *drawn]
