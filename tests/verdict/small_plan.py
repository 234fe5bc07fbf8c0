"""Plans and tables small enough to work a verdict out by hand."""

from __future__ import annotations

import json
import tempfile
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from xhcp_eval.forecast.projection import LEVELS
from xhcp_eval.observations.table import COLUMNS, DEFAULTS, KEY
from xhcp_eval.plan.model import Plan
from xhcp_eval.plan.reading import load_plan
from xhcp_eval.verdict.forecasts import Forecasts
from xhcp_eval.verdict.judging import judge
from xhcp_eval.verdict.reading import read_block
from xhcp_eval.verdict.series import Block
from xhcp_eval.verdict.settings import Settings
from xhcp_eval.verdict.verdicts import Verdicts

PLAN = {
    "id": "mini", "name": "小规划", "region": "甲区", "level": "district", "base_year": 2020, "start_year": 2021,
    "midterm_year": 2025, "end_year": 2030, "domains": [{"id": "health", "name": "健康"}],
}  # fmt: skip
GOALS = [
    {"id": "health.1", "domain": "health", "number": 1, "name": "有数的目标", "kind": "quantified", "indicators": ["x"]},
    {"id": "health.2", "domain": "health", "number": 2, "name": "无数的目标", "kind": "qualitative"},
]  # fmt: skip
YEARS = range(2016, 2026)


def indicator(**fields) -> dict:
    """A percentage of which more is better, unless told otherwise."""
    base = {
        "id": "x", "name": "指标甲", "goal": "health.1", "unit": "percent", "kind": "proportion", "lower": 0,
        "upper": 100, "direction": "up", "departments": ["区卫健委"], "targets": [],
    }  # fmt: skip
    return base | fields


def rate(**fields) -> dict:
    """A rate per thousand of which less is better."""
    return indicator(**{"unit": "permille", "kind": "rate", "upper": 1000, "direction": "down"} | fields)


def target(year, op, value=None, **fields) -> dict:
    """A target of the district that decides its goal."""
    found = {"year": year, "op": op, "value": value, "level": "district", "text_ref": "health.1", **fields}
    return {key: item for key, item in found.items() if item is not None}


def rows(values, region="甲区", level="district", name="x", unit="percent", years=YEARS, **columns):
    """Reported figures, one a year."""
    return pd.DataFrame({"year": list(years), "value": list(values)}).assign(
        **{"indicator": name, "region": region, "level": level, "unit": unit, "status": "reported",
           "source": "填报表"} | columns
    )  # fmt: skip


def counted(values, cases, **columns):
    """Rows of a proportion with counts that give the values exactly."""
    return rows(values, numerator=[round(v / 100 * cases) for v in values], denominator=cases, **columns)


def shares(counts, cases, **columns):
    """Rows of a proportion from its counts, rounded to two decimals as people report them."""
    cases = np.broadcast_to(cases, len(counts))
    values = [round(100 * x / n, 2) for x, n in zip(counts, cases, strict=True)]
    return rows(values, numerator=list(counts), denominator=list(cases), **columns)


def deaths(per_year, births=3500, **columns):
    """Rows of a rate per thousand from its events."""
    values = [1000 * d / births for d in per_year]
    return rows(values, unit="permille", numerator=list(per_year), denominator=births, **columns)


def content_of(indicators, milestones=(), goals=None, **plan) -> dict[str, dict]:
    """The files of a plan, by name."""
    commitments = [{"what_zh": "建成平台", "op": "milestone", "milestone_id": m} for m in milestones]
    strategy = {"id": "health.s.1", "domain": "health", "number": 1, "name": "策略", "goals": ["health.1"]}
    own = [GOALS[0] | {"indicators": [i["id"] for i in indicators]}, GOALS[1]]
    return {
        "plan": PLAN | plan,
        "goals": {"goals": own if goals is None else goals},
        "indicators": {"indicators": list(indicators)},
        "readings": {"readings": [{"id": "A03", "severity": "M", "title_zh": "以上、以下"}]},
        "strategies": {"strategies": [strategy | {"commitments": commitments}]},
    }


def plan_of(indicators, milestones=(), goals=None, **plan) -> Plan:
    """The plan of some indicators; the same one for the same content."""
    return _plan(json.dumps(content_of(indicators, milestones, goals, **plan), ensure_ascii=False))


@lru_cache(maxsize=500)
def _plan(content: str) -> Plan:
    with tempfile.TemporaryDirectory() as folder:
        for name, data in json.loads(content).items():
            (Path(folder) / f"{name}.yaml").write_text(
                yaml.safe_dump(data, allow_unicode=True), encoding="utf-8"
            )
        return load_plan(Path(folder))


def table_of(*parts: pd.DataFrame) -> pd.DataFrame:
    """Figures as `read_table` gives them."""
    table = pd.concat(parts, ignore_index=True)
    for name in COLUMNS:
        default = DEFAULTS.get(name, "")
        table[name] = table[name].fillna(default) if name in table else default
    kinds = {"year": int, "value": float, "numerator": float, "denominator": float,
             "series_break": bool, "exceptional": bool}  # fmt: skip
    return table[list(COLUMNS)].astype(kinds).sort_values(list(KEY), kind="stable", ignore_index=True)


def verdicts_of(indicators, *parts, until=2025, milestones=(), goals=None, plan=None, **options) -> Verdicts:
    """Verdicts on the figures `parts` of a plan of some indicators. plan: fields in place of `PLAN`'s."""
    return judge(
        table_of(*parts), plan_of(indicators, milestones, goals, **plan or {}), until=until, **options
    )


def told(indicators, *parts, **options) -> pd.DataFrame:
    """The same, in words."""
    return verdicts_of(indicators, *parts, **options).explained()


def row_of(indicators, *parts, **options) -> pd.Series:
    """The first row of the same."""
    return told(indicators, *parts, **options).iloc[0]


def only(frame, **where) -> pd.Series:
    """The one row of a frame that meets the conditions."""
    for column, value in where.items():
        frame = frame[frame[column] == value]
    assert len(frame) == 1, frame
    return frame.iloc[0]


def block_of(
    indicators, *parts, until=2025, regions=None, settings=None, use_recollection=False, **plan
) -> Block:
    """The figures as arrays, without anything foreseen or judged."""
    plan = plan_of(indicators, **plan)
    regions = None if regions is None else np.array(regions, object)
    return read_block(table_of(*parts), plan, settings or Settings(), until, regions, use_recollection)


def unforeseen(block: Block, end: int = 2030) -> Forecasts:
    """Forecasts of nothing."""
    none = np.full(len(block), -1)
    return Forecasts(block, np.empty((0, 1, len(LEVELS))), none, np.zeros(len(block), int), end)


def foreseen(block: Block, quantiles, end: int = 2030) -> Forecasts:
    """Forecasts of every series by hand. quantiles: (n, horizon, n_levels), or what broadcasts to it."""
    shape = (len(block), end - int(block.years[block.last].min()), len(LEVELS))
    quantiles = np.array(np.broadcast_to(quantiles, shape), float)
    return Forecasts(block, quantiles, np.arange(len(block)), np.zeros(len(block), int), end)
