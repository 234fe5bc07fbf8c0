"""One pack opened: plan, data, forecasts and verdicts computed once and shared by all its notebooks."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import mkdtemp

import pandas as pd

from xhcp_eval import provenance
from xhcp_eval.assessment import Case, assess, goal_verdicts, make_case
from xhcp_eval.breaks import COLUMNS as BREAK_COLUMNS
from xhcp_eval.breaks import unmarked_breaks
from xhcp_eval.comparables import comparables
from xhcp_eval.database import Database
from xhcp_eval.early_warning import early_warnings
from xhcp_eval.errors import DataError
from xhcp_eval.evaluation_files import EvaluationFolder, evaluation_inputs
from xhcp_eval.evidence import forecast_frame, series_frame
from xhcp_eval.likely_range import likely_range
from xhcp_eval.observations import concat_tables, read_table
from xhcp_eval.outcomes import FORECAST_COLUMNS, compare_outcomes, forecast_at
from xhcp_eval.panel import make_panel
from xhcp_eval.params import PackParams, load_params
from xhcp_eval.plan import Plan, load_plan
from xhcp_eval.quality import completeness, review
from xhcp_eval.scenarios import scenarios

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
# a count of five venues moves in whole steps, which is no break
_HELD: dict[Path, Pack] = {}
STORE = provenance.ROOT / "reports" / ".packs"
JUMPING_KINDS = ("proportion", "rate", "ratio", "mean")


@dataclass(frozen=True)
class Pack:
    """Everything that a pack's notebooks show.

    params, plan: as loaded. observations: checked figures up to the data year. comparison: figures of other
    regions shown beside. forecast: series, year and one column a quantile. assessment: one row a target. goals:
    one row a goal. quality, completeness: findings and coverage. outcomes: earlier forecasts beside what
    happened (empty where the pack has none). scenarios: what each target ahead would take. comparables, nearest: real histories
    that moved like each target's series. breaks: jumps of the region's series that nobody marked. warnings:
    what needs attention now, with rule and evidence. stamp: versions, input hashes, time.
    """

    params: PackParams
    plan: Plan
    observations: pd.DataFrame
    comparison: pd.DataFrame
    forecast: pd.DataFrame
    assessment: pd.DataFrame
    goals: pd.DataFrame
    quality: pd.DataFrame
    completeness: pd.DataFrame
    outcomes: pd.DataFrame
    scenarios: pd.DataFrame
    comparables: pd.DataFrame
    nearest: pd.DataFrame
    breaks: pd.DataFrame
    warnings: pd.DataFrame
    stamp: dict

    @property
    def is_demo(self) -> bool:
        """Whether any figure is demonstration data, so that every page must say so."""
        return bool((self.observations["status"] == "demo").any()) or self.stamp.get("demo_evaluation", False)

    def _repr_html_(self) -> str:
        from html import escape

        return f"<p><b>{escape(self.params.title)}</b>：{len(self.assessment)} 项判定，{len(self.observations)} 个数据点</p>"


def open_pack(pack: str = "midterm_2025", snapshot: str = "") -> Pack:
    """The pack of a params file, from its snapshot if one is given, else computed now.

    pack: name of a file in params/ (without .yaml). snapshot: folder written by `save_pack`.
    Raises ParamsError, PlanError or DataError, in Chinese.
    """
    if not snapshot:
        return stored_pack(load_params(provenance.ROOT / "params" / f"{pack}.yaml"))
    folder = Path(snapshot)
    return _HELD[folder] if folder in _HELD else _read_snapshot(folder)


def stored_pack(params: PackParams) -> Pack:
    """The pack computed, or as it was computed last time where neither data nor parameters nor code have changed.

    A database may be written to while it is read, so that packs of databases are always computed.
    """
    if any(name.endswith(".duckdb") for name in params.data):
        return compute_pack(params)
    stamp = provenance.stamp(_inputs(params), params.plan)
    parts = [
        params.model_dump_json(),
        stamp["inputs"],
        stamp["packages"],
        stamp["python"],
        provenance.code_hash(),
    ]
    key = hashlib.sha256(json.dumps(parts, sort_keys=True).encode("utf-8")).hexdigest()[:16]
    folder = STORE / f"{params.pack}-{key}"
    try:
        return _read_snapshot(folder)
    except (OSError, ValueError, KeyError):  # none yet, or one that was damaged
        pack = compute_pack(params)
        _store(pack, folder)
        return pack


def _store(pack: Pack, folder: Path) -> None:
    """Keep a computed pack, whole or not at all, in place of earlier ones; a disk that refuses only costs time."""
    try:
        STORE.mkdir(parents=True, exist_ok=True)
        work = Path(mkdtemp(prefix="~", dir=STORE))
        save_pack(pack, work)
        for old in STORE.glob(f"{pack.params.pack}-*"):
            shutil.rmtree(old, ignore_errors=True)
        work.rename(folder)
    except OSError:
        return


def _read_snapshot(folder: Path) -> Pack:
    params = PackParams.model_validate_json((folder / "params.json").read_text(encoding="utf-8"))
    frames = {name: pd.read_parquet(folder / f"{name}.parquet") for name in FRAMES}
    # parquet keeps column names as text; quantile levels are numbers
    frames["forecast"].columns = [
        c if c in ("series", "year") else float(c) for c in frames["forecast"].columns
    ]
    stamp = json.loads((folder / "stamp.json").read_text(encoding="utf-8"))
    return Pack(params, load_plan(params.plan), **frames, stamp=stamp)


def hold_pack(snapshot: Path) -> None:
    """Read a snapshot now, so that `open_pack` in processes forked from this one has it at hand; drops any other."""
    _HELD.clear()
    _HELD[snapshot] = _read_snapshot(snapshot)


def evaluation_folder(pack: Pack) -> EvaluationFolder:
    """The folder of what a third party brought. Raises DataError if the pack's parameters name none."""
    if not pack.params.evaluation:
        raise DataError(f"报告包 {pack.params.pack} 的参数没有写 evaluation（评估资料文件夹）")
    return EvaluationFolder(pack.params.evaluation)


def save_pack(pack: Pack, folder: Path) -> None:
    """Write the snapshot of a pack into a folder, for its notebooks to open."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in FRAMES:
        frame = getattr(pack, name)
        frame.rename(columns=str).to_parquet(folder / f"{name}.parquet", index=False)
    (folder / "params.json").write_text(pack.params.model_dump_json(), encoding="utf-8", newline="\n")
    (folder / "stamp.json").write_text(
        json.dumps(pack.stamp, ensure_ascii=False), encoding="utf-8", newline="\n"
    )


def compute_pack(params: PackParams) -> Pack:
    """Read, check, project and judge everything a pack needs. Raises PlanError or DataError."""
    plan = load_plan(params.plan)
    region = params.region or plan.region
    table = _read(params.data, plan, region, params.as_of)
    case = make_case(table, plan, region, params.settings, params.data_until, params.use_recollection)
    assessment = assess(case)
    likes, nearest = comparables(case)
    expected = likely_range(table, plan, region, params.data_until)
    observations = table[table["year"] <= params.data_until].reset_index(drop=True)
    return Pack(
        params=params,
        plan=plan,
        observations=observations,
        comparison=_comparison(params, observations),
        forecast=forecast_frame(case.series),
        assessment=assessment,
        goals=goal_verdicts(plan, assessment),
        quality=review(observations, plan, region, params.data_until, forecast=expected),
        completeness=completeness(observations, plan, region, params.data_until),
        outcomes=_outcomes(params, plan, region, table, assessment),
        scenarios=scenarios(case, likes),
        comparables=likes,
        nearest=nearest,
        breaks=_unmarked(case),
        warnings=early_warnings(case, assessment),
        stamp=provenance.stamp(_inputs(params), params.plan) | _demo_evaluation(params),
    )


def _inputs(params: PackParams) -> list[str]:
    tables = [*params.data, *params.comparison_data, *params.outcome_data]
    text = Path("params", "texts", f"{params.pack}.yaml")
    texts = [text.as_posix()] if (provenance.ROOT / text).is_file() else []
    return [*tables, *texts, *evaluation_inputs(params.evaluation)]


def _demo_evaluation(params: PackParams) -> dict[str, bool]:
    return {"demo_evaluation": EvaluationFolder(params.evaluation).is_demo} if params.evaluation else {}


def _unmarked(case: Case) -> pd.DataFrame:
    """Unmarked jumps in the main series of every indicator, with the indicator's id."""
    mains = [h for h in map(case.main, {h.indicator.id: None for h in case.series.values()}) if h is not None]
    mains = [h for h in mains if h.indicator.kind in JUMPING_KINDS]
    if not mains:
        return pd.DataFrame(columns=[*BREAK_COLUMNS, "indicator"])
    found = unmarked_breaks(make_panel(pd.concat([series_frame(h) for h in mains], ignore_index=True)))
    return found.assign(indicator=found["series"].map({h.key: h.indicator.id for h in mains}))


def _comparison(params: PackParams, observations: pd.DataFrame) -> pd.DataFrame:
    if not params.comparison_data:
        return observations.iloc[:0]
    return _read(params.comparison_data, load_plan(params.comparison_plan))


def _outcomes(
    params: PackParams, plan: Plan, region: str, table: pd.DataFrame, assessment: pd.DataFrame
) -> pd.DataFrame:
    """A hindcast looks forward from the pack's data year, a final report back to an earlier forecast."""

    def opened(data: pd.DataFrame, as_of: int, loose: bool = params.use_recollection) -> Case:
        return make_case(data, plan, region, params.settings, as_of, loose)

    if params.outcome_year is not None:
        origin = opened(table, params.data_until)
        later = _read(params.outcome_data, plan) if params.outcome_data else table
        # what the forecast would have been had unverified figures been let into the trends
        loose = assess(opened(table, params.data_until, loose=True)).set_index("target_id")["probability"]
        outcomes = compare_outcomes(assessment, assess(opened(later, params.outcome_year)), loose)
    elif params.forecast_origin is not None:
        origin = opened(table, params.forecast_origin)
        outcomes = compare_outcomes(assess(origin), assessment)
    else:
        none = compare_outcomes(assessment.iloc[:0], assessment)
        return none.reindex(columns=[*none.columns, *FORECAST_COLUMNS])
    return outcomes.join(forecast_at(origin, outcomes))


def _read(names, plan: Plan, region: str | None = None, as_of: date | None = None) -> pd.DataFrame:
    """Tables and databases put together; of a database the region's figures, as they were known."""
    paths = [provenance.ROOT / name for name in names]
    tables = [
        Database(path).observations(plan, as_of=as_of, region=region)
        if path.suffix == ".duckdb"
        else read_table(path, plan)
        for path in paths
    ]
    return concat_tables(tables, [path.name for path in paths])
