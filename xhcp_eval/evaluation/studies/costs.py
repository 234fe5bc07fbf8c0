"""What measures cost beside what became of them: cost per additional child of every measure that was studied."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from xhcp_eval.errors import DataError
from xhcp_eval.evaluation.methods.benefit import (
    CostEffect,
    Estimate,
    additional_children,
    cost_effect,
    present_costs,
    read_costs,
)
from xhcp_eval.evaluation.studies.effects import Study
from xhcp_eval.observations.cells import open_table, text_of
from xhcp_eval.observations.table import is_total

DISCOUNT = 0.03
PRICES = "prices.csv"


@dataclass(frozen=True)
class CostStudy:
    """A measure's cost against the children it reached in addition; `refusal` says why there is no ratio."""

    study: Study
    total: float
    years: tuple[int, int]
    result: CostEffect | None
    refusal: str = ""

    @property
    def sentence(self) -> str:
        """What may be said."""
        spent = f"{self.years[0]}—{self.years[1]}年共支出 {self.total / 10_000:,.1f} 万元"
        return f"{spent}；{self.result.sentence if self.result is not None else self.refusal}"


def read_prices(path: Path) -> dict[int, float]:
    """Price index by year: columns year, index. Raises DataError for what is no year or not above zero."""
    frame = open_table(path).frame
    if not {"year", "index"} <= set(frame.columns):
        raise DataError(f"{path.name} 缺少列；需要 year、index")
    values = frame[["year", "index"]].apply(text_of).apply(pd.to_numeric, errors="coerce")
    if values.isna().any().any() or (values["index"] <= 0).any():
        raise DataError(f"{path.name}：年份须为整数，物价指数须大于 0")
    return dict(zip(values["year"].astype(int), values["index"], strict=True))


def cost_studies(
    studies: list[Study], costs: Path, observations: pd.DataFrame, region: str, discount: float = DISCOUNT
) -> list[CostStudy]:
    """Cost per additional child of each study that has rows in the cost table.

    studies: of `run_study`. costs: table of `read_costs`; a prices.csv beside it (year, index) brings amounts to the
    prices of the last year, else they are taken as they are. observations: for the children among whom the effect
    holds. discount: a year, to the first year of spending, of costs and children alike. Raises DataError for bad tables.
    """
    table = read_costs(costs)
    last = int(max(table["year"].max(), table["price_year"].max()))
    needed = {*table["price_year"], last}
    prices = (
        read_prices(costs.with_name(PRICES))
        if costs.with_name(PRICES).is_file()
        else dict.fromkeys(needed, 100.0)
    )
    return [
        _study(one, rows, prices, last, observations, region, discount)
        for one in studies
        if len(rows := table[table["measure"] == one.measure.id])
    ]


def costs_frame(found: list[CostStudy]) -> pd.DataFrame:
    """One row a study, as the conclusions take it: goal, measure, sentence, cost_per_child, low, high."""
    rows = [
        (
            s.study.measure.goal,
            s.study.measure.name,
            s.sentence,
            *((s.result.ratio, s.result.low, s.result.high) if s.result else [np.nan] * 3),
        )
        for s in found
    ]
    return pd.DataFrame(rows, columns=["goal", "measure", "sentence", "cost_per_child", "low", "high"])


def _study(
    study: Study,
    rows: pd.DataFrame,
    prices,
    last: int,
    observations: pd.DataFrame,
    region: str,
    discount: float,
) -> CostStudy:
    years = int(rows["year"].min()), int(rows["year"].max())
    total = float(present_costs(rows, prices, last, discount, years[0])["present"].sum())
    if study.result is None:
        return CostStudy(study, total, years, None, f"效果不能评估，成本无从比较：{study.refusal}")
    if not np.isfinite([study.result.estimate, study.result.low, study.result.high]).all():
        return CostStudy(study, total, years, None, "这种设计给不出效果的区间，不能说每名儿童的成本")
    try:
        children = _children(study, observations, region)
        result = study.result
        effect = additional_children(
            Estimate(result.estimate, result.low, result.high), children, discount, years[0]
        )
        found = cost_effect(Estimate(total, total, total), effect, causal=result.may_say_cause)
    except DataError as error:
        return CostStudy(study, total, years, None, f"不能计算每名儿童的成本：{str(error).splitlines()[0]}")
    return CostStudy(study, total, years, found)


def _children(study: Study, observations: pd.DataFrame, region: str) -> dict[int, float]:
    """Children counted by the indicator where and since when the measure ran, by year."""
    measure = study.measure
    rows = observations[
        (observations["indicator"] == measure.indicator) & (observations["year"] >= measure.since)
    ]
    rows = rows[is_total(rows) & rows["denominator"].notna()]
    places = [f"{region}/{name}" for name in measure.treated] or [region]
    rows = rows[rows["region"].isin(places)]
    if rows.empty:
        raise DataError("没有措施所及儿童数（分母）")
    if rows["unit"].iloc[0] != "percent":
        raise DataError("指标不是百分比，效果不能换算成儿童数")
    return {int(year): float(n) for year, n in rows.groupby("year")["denominator"].sum().items()}
