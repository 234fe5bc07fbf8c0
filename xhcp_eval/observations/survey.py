"""Sample surveys for what no department counts: records with weights, strata and clusters, turned into figures.

The records are kept; the figures made of them carry an effective sample size as their denominator, so that every
interval further on is as wide as the design makes it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from xhcp_eval.errors import DataError
from xhcp_eval.observations.cells import Cells, Fault, text_of
from xhcp_eval.observations.table import COLUMNS as TABLE_COLUMNS
from xhcp_eval.observations.table import TOTAL, indicator_facts
from xhcp_eval.observations.typed import parse_numbers, parse_years
from xhcp_eval.plan.kinds import kinds_that
from xhcp_eval.plan.model import Plan
from xhcp_eval.plan.units import UNITS

RECORD_COLUMNS = ("survey", "indicator", "region", "level", "year", "response", "weight", "stratum", "cluster",
                  "sex", "age", "residence", "source", "reported_on", "status")  # fmt: skip
REQUIRED = ("survey", "indicator", "region", "level", "year", "response", "weight", "source")
DEFAULTS = {
    "stratum": "",
    "cluster": "",
    "sex": TOTAL,
    "age": TOTAL,
    "residence": TOTAL,
    "reported_on": "",
    "status": "survey",
}
GROUPS = ("sex", "residence")
# Groups with fewer answers are not estimated apart.
LEAST_ANSWERS = 30
_ALLOWED = {"sex": (TOTAL, "male", "female"), "residence": (TOTAL, "urban", "rural"), "status": ("survey", "demo"),
            "level": ("national", "province", "district", "township")}  # fmt: skip


def is_survey(cells: Cells) -> bool:
    """Whether a table holds survey records rather than figures."""
    return {"response", "weight"} <= set(cells.frame.columns)


def check_records(cells: Cells, plan: Plan) -> tuple[pd.DataFrame, list[Fault]]:
    """Typed records of a survey file and everything that is wrong with them.

    cells: with the columns of `RECORD_COLUMNS` (those of `REQUIRED` must be there). response: 1 or 0 for a share,
    the measured value for a mean; empty for no answer (such records are dropped). weight: how many of the population
    a record stands for, above 0. stratum, cluster: of the design; empty for none. Returns (records; faults).
    Raises DataError for missing or unknown columns.
    """
    frame = cells.frame
    missing = [name for name in REQUIRED if name not in frame.columns]
    unknown = [name for name in frame.columns if name not in RECORD_COLUMNS]
    if missing or unknown:
        problems = [f"缺少必需的列 {name}" for name in missing]
        problems += [f"不认识的列 {name}；允许的列：{'、'.join(RECORD_COLUMNS)}" for name in unknown]
        raise DataError("调查数据未读入：列不符合要求", problems)
    text = pd.DataFrame(
        {name: text_of(frame[name]) if name in frame else DEFAULTS[name] for name in RECORD_COLUMNS},
        index=frame.index,
    )
    for name, value in DEFAULTS.items():
        text[name] = text[name].where(text[name] != "", value)
    records = text.assign(
        response=parse_numbers(text["response"])[0],
        weight=parse_numbers(text["weight"])[0],
        year=parse_years(text["year"]),
    )
    faults = [*cells.faults, *_faults(text, records, indicator_facts(plan))]
    if faults:
        return records.iloc[:0], sorted(faults, key=lambda fault: fault.row)
    return records[records["response"].notna()].astype({"year": int}), []


def _faults(text: pd.DataFrame, records: pd.DataFrame, facts: pd.DataFrame) -> list[Fault]:
    found: list[Fault] = []

    def where(wrong: pd.Series, column: str, message: str) -> None:
        found.extend(
            Fault(row, column, f"{text.loc[row, column] or '空'} {message}") for row in text.index[wrong]
        )

    kind = text["indicator"].map(facts["kind"])
    where(
        ~text["indicator"].isin(facts.index[facts["kind"].isin(kinds_that("surveyed"))]),
        "indicator",
        "不是规划里可用调查估计的指标(占比、均值)",
    )
    where(records["year"].isna(), "year", "不是整数年份")
    where(~(records["weight"] > 0), "weight", "权重必须大于 0")
    where(records["response"].isna() & (text["response"] != ""), "response", "不是数字")
    answered = records["response"].notna()
    where(
        answered & (kind == "proportion") & ~records["response"].isin([0, 1]),
        "response",
        "占比类指标的回答应为 1 或 0",
    )
    outside = (records["response"] < text["indicator"].map(facts["lower"])) | (
        records["response"] > text["indicator"].map(facts["upper"])
    )
    where(answered & (kind != "proportion") & outside, "response", "超出该指标的范围")
    for column in ("survey", "region", "source"):
        where(text[column] == "", column, "不能为空")
    for column, allowed in _ALLOWED.items():
        where(~text[column].isin(allowed), column, f"允许：{'、'.join(allowed)}")
    return found


def estimates(records: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """Figures of a survey, as rows of the observation table: totals, and groups of `GROUPS` with enough answers.

    records: from `check_records`. A share's denominator is its effective sample size p(1-p)/var, its numerator the
    same times p. Variance: Taylor linearisation with strata and first-stage clusters drawn with replacement (Wolter
    2007, Introduction to Variance Estimation, ch. 6); a stratum with one cluster is centred at the mean of all
    (conservative). The note tells design effect, answers and interval. Returns columns `table.COLUMNS`.
    """
    facts = indicator_facts(plan)
    rows = []
    for (indicator, region, level, year), part in records.groupby(
        ["indicator", "region", "level", "year"], sort=False
    ):
        first = part.iloc[0]
        base = {"indicator": indicator, "region": region, "level": level, "year": year, "unit": facts.loc[indicator, "unit"],
                "status": first["status"], "reported_on": first["reported_on"], "source": f"{first['survey']}：{first['source']}"}  # fmt: skip
        for cut, inside in _cuts(part):
            rows.append(base | cut | _figure(part, inside, facts.loc[indicator]))
    plain = {"sex": TOTAL, "age": TOTAL, "residence": TOTAL, "category": TOTAL, "department": "", "series_break": False,
             "exceptional": False, "numerator": np.nan, "denominator": np.nan}  # fmt: skip
    return pd.DataFrame([plain | row for row in rows])[list(TABLE_COLUMNS)]


def _cuts(part: pd.DataFrame):
    yield {}, np.ones(len(part), bool)
    for column in GROUPS:
        for value in sorted(set(part[column]) - {TOTAL}):
            inside = (part[column] == value).to_numpy()
            if inside.sum() >= LEAST_ANSWERS:
                yield {column: value}, inside


def _figure(part: pd.DataFrame, inside: np.ndarray, fact: pd.Series) -> dict:
    y, w = part["response"].to_numpy(float), part["weight"].to_numpy(float)
    mean, variance = weighted_mean(y, w, part["stratum"].to_numpy(), part["cluster"].to_numpy(), inside)
    n, scale = int(inside.sum()), 1.0
    spread = np.average((y[inside] - mean) ** 2, weights=w[inside])
    found: dict = {}
    if fact["kind"] == "proportion":
        scale = UNITS[fact["unit"]].per or 1.0
        # all or none said yes: nothing varies, so only the weights' own inequality is left to count
        size = spread / variance if variance > 0 else w[inside].sum() ** 2 / (w[inside] ** 2).sum()
        found = {"numerator": round(mean * size, 6), "denominator": round(size, 6)}
    half = 1.96 * np.sqrt(variance) * scale
    effect = variance / (spread / n) if spread > 0 else np.nan
    told = (
        f"有效回答 {n} 份；设计效应 {effect:.2f}；95%区间 {mean * scale - half:.4g}—{mean * scale + half:.4g}"
    )
    return found | {"value": round(float(mean * scale), 4), "note": told}


def weighted_mean(
    y: np.ndarray, w: np.ndarray, stratum: np.ndarray, cluster: np.ndarray, inside: np.ndarray
) -> tuple[float, float]:
    """Design-weighted mean of a domain and its variance.

    y, w: (n,) responses and weights. stratum, cluster: (n,) labels; empty clusters mean that records were drawn
    singly. inside: (n,) whether a record belongs to the domain; the others still shape the variance.
    """
    weight = w * inside
    total = weight.sum()
    mean = float((weight * y).sum() / total)
    score = weight * (y - mean) / total
    single = cluster == ""
    label = np.where(single, [f"#{i}" for i in range(len(y))], cluster.astype(str))
    sums = pd.DataFrame({"stratum": stratum, "cluster": label, "score": score})
    sums = sums.groupby(["stratum", "cluster"], sort=False)["score"].sum().reset_index()
    overall, variance = sums["score"].mean(), 0.0
    for _, part in sums.groupby("stratum", sort=False):
        n = len(part)
        centre, factor = (part["score"].mean(), n / (n - 1)) if n > 1 else (overall, 1.0)
        variance += factor * float(((part["score"] - centre) ** 2).sum())
    return mean, variance
