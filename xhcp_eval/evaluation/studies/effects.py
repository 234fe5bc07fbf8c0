"""Measures and what became of them: each studied by the design that was laid down for it, before looking."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict

from xhcp_eval.errors import DataError, ParamsError
from xhcp_eval.evaluation.methods.difference_in_differences import (
    DifferenceInDifferences,
    difference_in_differences,
)
from xhcp_eval.evaluation.methods.interrupted_series import InterruptedSeries, interrupted_series
from xhcp_eval.evaluation.methods.synthetic_control import SyntheticControl, synthetic_control
from xhcp_eval.files.yaml_door import load_yaml
from xhcp_eval.observations.table import is_below, is_total
from xhcp_eval.plan.model import Plan

DESIGNS = {
    "interrupted_series": "前后趋势（中断时间序列）", "difference_in_differences": "有无措施比较（双重差分）",
    "synthetic_control": "合成对照",
}  # fmt: skip
Result = InterruptedSeries | DifferenceInDifferences | SyntheticControl


class Measure(BaseModel):
    """One measure: for which goal, by which indicator it is judged, since when, where, and by which design."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    name: str
    goal: str
    indicator: str
    design: Literal["interrupted_series", "difference_in_differences", "synthetic_control"]
    since: int
    treated: tuple[str, ...] = ()


class _Book(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    demonstration: bool = False
    measures: tuple[Measure, ...]


@dataclass(frozen=True)
class Study:
    """A measure and what its design found; `refusal` says why nothing could be computed."""

    measure: Measure
    result: Result | None
    refusal: str = ""

    @property
    def sentence(self) -> str:
        """What may be said."""
        return self.result.sentence if self.result is not None else f"不能评估：{self.refusal}"


def load_measures(path: Path, plan: Plan) -> tuple[Measure, ...]:
    """Measures of a YAML file, checked against the plan. Raises ParamsError naming file and field."""
    book = load_yaml(path, _Book, "措施清单")
    goals, indicators = {g.id for g in plan.goals}, {i.id for i in plan.indicators}
    problems = [f"{m.id}：没有主要目标 {m.goal}" for m in book.measures if m.goal not in goals]
    problems += [f"{m.id}：没有指标 {m.indicator}" for m in book.measures if m.indicator not in indicators]
    problems += [
        f"{m.id}：{DESIGNS[m.design]}须写明 treated"
        for m in book.measures
        if m.design != "interrupted_series" and not m.treated
    ]
    if problems:
        raise ParamsError(f"措施清单 {path.name} 不能使用：", problems)
    return book.measures


def run_study(observations: pd.DataFrame, region: str, measure: Measure) -> Study:
    """Study one measure on the region's figures; a design that can't be carried out is a refusal, not an error.

    observations: checked table up to the data year. region: path; units are its townships.
    """
    try:
        if measure.design == "interrupted_series":
            return Study(measure, _before_and_after(observations, region, measure))
        wide = _townships(observations, region, measure)
        if measure.design == "synthetic_control":
            return Study(measure, synthetic_control(wide, measure.treated[0], measure.since))
        return Study(measure, _with_and_without(wide, measure))
    except DataError as error:
        return Study(measure, None, str(error).splitlines()[0])


def effects_frame(studies: list[Study]) -> pd.DataFrame:
    """One row a study, as the conclusions take it: goal, measure, design, estimate, low, high, may_say_cause, sentence."""
    rows = [
        (s.measure.goal, s.measure.name, DESIGNS[s.measure.design],
         *((s.result.estimate, s.result.low, s.result.high, s.result.may_say_cause) if s.result else (None, None, None, False)),
         s.sentence)
        for s in studies
    ]  # fmt: skip
    return pd.DataFrame(
        rows, columns=["goal", "measure", "design", "estimate", "low", "high", "may_say_cause", "sentence"]
    )


def _whole(observations: pd.DataFrame, measure: Measure) -> pd.DataFrame:
    rows = observations[observations["indicator"] == measure.indicator]
    return rows[is_total(rows)].sort_values("year")


def _before_and_after(observations: pd.DataFrame, region: str, measure: Measure) -> InterruptedSeries:
    rows = _whole(observations, measure)
    rows = rows[rows["region"] == region]
    return interrupted_series(rows["year"].to_numpy(float), rows["value"].to_numpy(float), measure.since)


def _townships(observations: pd.DataFrame, region: str, measure: Measure) -> pd.DataFrame:
    """Years by townships; only townships with every year."""
    rows = _whole(observations, measure)
    rows = rows[(rows["level"] == "township") & is_below(rows, region)]
    wide = rows.assign(unit=rows["region"].str.rsplit("/", n=1).str[-1]).pivot(
        index="year", columns="unit", values="value"
    )
    absent = [name for name in measure.treated if name not in wide.columns]
    if absent:
        raise DataError(f"没有 {'、'.join(absent)} 的分年数据")
    return wide.dropna(axis=1)


def _with_and_without(wide: pd.DataFrame, measure: Measure) -> DifferenceInDifferences:
    table = wide.rename_axis(index="period", columns="unit").stack().rename("outcome").reset_index()
    table["treated"] = (table["unit"].isin(measure.treated) & (table["period"] >= measure.since)).astype(int)
    return difference_in_differences(table)
