"""The third party's own look: a drawn sample of figures to recount, and every status computed a second time.

The second implementation is deliberately plain (one target at a time, no array code, a random walk with drift for
the future) and shares nothing with `verdict`: what both come to is not the fault of one program.
"""

from __future__ import annotations

import math
from itertools import pairwise
from statistics import NormalDist

import numpy as np
import pandas as pd

from xhcp_eval.errors import DataError
from xhcp_eval.observations.table import UNSURE, is_total
from xhcp_eval.plan.units import format_probability
from xhcp_eval.verdict.settings import Settings

PLAIN_OPS = ("<=", "<", ">=", ">")
CHECK_COLUMNS = ("target_id", "indicator_name", "target_text", "reported_value", "own_value", "value_agrees",
                 "reported_status", "own_status", "own_probability", "agreement", "remark")  # fmt: skip
SAME, NEAR, OTHER, NOT_CHECKED = "一致", "相邻", "不同", "未复算"
# From worst to best; neighbours in this order are a matter of the forecast, the others of a fact.
_ORDER = ("未达标", "难以达标", "存在风险", "预期可达标", "已达标")
_PER = {"percent": 100, "permille": 1000, "per_1000": 1000, "per_10k": 10_000, "per_100k": 100_000,
        "per_100k_live_births": 100_000}  # fmt: skip


def draw_sample(table: pd.DataFrame, size: int, seed: int, *, last_years: int = 3) -> pd.DataFrame:
    """Figures whose source records the third party asks for, drawn at random, each department at least once.

    table: observations. size: figures wanted. seed: written down before drawing, so that anyone can draw again.
    last_years: only figures of the newest years. Returns rows of the table with columns for the recount.
    Raises DataError when there are fewer counted figures than asked for.
    """
    recent = table[
        is_total(table) & (table["year"] > table["year"].max() - last_years) & table["numerator"].notna()
    ]
    if len(recent) < size:
        raise DataError(f"可抽查的数据点只有 {len(recent)} 个，不足 {size} 个；请减少抽样数或放宽年份")
    order = np.random.default_rng(seed).permutation(len(recent))
    shuffled = recent.sort_values(["indicator", "region", "year"], kind="stable").iloc[order]
    first = shuffled.drop_duplicates("department")
    rest = shuffled.drop(first.index)
    picked = pd.concat([first, rest]).head(max(size, min(len(first), size)))
    names = [
        "department",
        "indicator",
        "region",
        "year",
        "numerator",
        "denominator",
        "value",
        "unit",
        "source",
    ]
    return picked[names].assign(recounted=np.nan).reset_index(drop=True)


def recheck_statuses(
    observations: pd.DataFrame, assessment: pd.DataFrame, settings: Settings, until: int, start_year: int
) -> pd.DataFrame:
    """Every status a second time, from the raw table.

    observations: the raw table (columns of `table.COLUMNS`), up to the data year. assessment: rows of
    `judge` to be checked. settings: thresholds. until: data year. start_year: first
    year of the plan, for what must hold every year. Returns one row a target with `CHECK_COLUMNS`:
    agreement is 一致, 相邻 (neighbouring classes ahead of the target year: two forecasts differ), 不同, or 未复算
    with the reason in remark.
    """
    rows = _raw(observations)
    targets = assessment.assign(start_year=start_year).to_dict("records")
    checked = [_check(row, rows, settings, until) for row in targets]
    return pd.DataFrame(checked, columns=list(CHECK_COLUMNS))


def summarise(checked: pd.DataFrame) -> pd.DataFrame:
    """How many targets agree. Columns: agreement, targets, values_agree."""
    found = checked.groupby("agreement", sort=False).agg(
        targets=("target_id", "size"), values_agree=("value_agrees", "sum")
    )
    return found.reindex([SAME, NEAR, OTHER, NOT_CHECKED]).fillna(0).astype(int).reset_index()


def _raw(observations: pd.DataFrame) -> dict[tuple[str, str], list[dict]]:
    """Figures of whole places by (indicator, region), oldest first, without what may carry no verdict."""
    found: dict[tuple[str, str], list[dict]] = {}
    for row in observations.to_dict("records"):
        whole = all(row[name] == "total" for name in ("sex", "age", "residence", "category"))
        if whole and row["status"] not in UNSURE:
            found.setdefault((row["indicator"], row["region"]), []).append(row)
    return {key: _since_break(sorted(rows, key=lambda r: r["year"])) for key, rows in found.items()}


def _since_break(history: list[dict]) -> list[dict]:
    """What was reported under the definition of today."""
    breaks = [number for number, row in enumerate(history) if row["series_break"]]
    return history[breaks[-1] :] if breaks else history


def _check(row: dict, rows: dict, settings: Settings, until: int) -> tuple:
    head = (row["target_id"], row["indicator_name"], row["target_text"], row["latest_value"])
    why = _not_for_this(row)
    history = [r for r in rows.get((row["indicator"], row["region"]), []) if r["year"] <= until]
    if not why and not history:
        agree = row["own_status"] == "缺数据"
        return (*head, math.nan, agree, row["own_status"], "缺数据", math.nan, SAME if agree else OTHER, "")
    bound = math.nan if why else _bound(row, history, settings)
    if not why and math.isnan(bound):
        why = "基期值不在表中(取自规划文本或尚未到来)"
    if why:
        return (*head, math.nan, False, row["own_status"], "", math.nan, NOT_CHECKED, why)
    value, certain = _value_now(history, bound, row, settings)
    status, probability = _status(row, history, value, bound, certain, settings)
    agrees = abs(value - row["latest_value"]) <= 1e-6 * max(1.0, abs(value))
    agreement = _agreement(row, status)
    remark = [] if agrees else [f"本方复算为 {value:.6g}，报告为 {row['latest_value']:.6g}"]
    if agreement in (NEAR, OTHER) and not math.isnan(probability):
        remark.append(
            f"本方达标概率 {format_probability(probability)}，报告 {format_probability(row['probability'])}"
        )
    return (*head, value, agrees, row["own_status"], status, probability, agreement, "；".join(remark))


def _not_for_this(row: dict) -> str:
    """Why a target is left to other methods; empty when it can be computed here."""
    if row["own_status"] == "不作判定":
        return "不作定量判定"
    if row["worst_unit"] or row["kind"] == "gap":
        return "逐单位或差距类目标，另按原始表核对"
    return ""


def _bound(row: dict, history: list[dict], settings: Settings) -> float:
    """The number that the value is held against: printed, or taken from the base year in the raw table."""
    if row["op"] in PLAIN_OPS or row["kind"] == "yes_no":
        return float(row["target_value"])
    known = [r for r in history if r["year"] <= row["base_year"]]
    if not known or known[-1]["year"] != row["base_year"]:
        return math.nan
    base, _ = _value_now(known, math.nan, row, settings)
    if row["op"] == "relative_change_vs_base":
        return base * (1 + (row["target_value"] / base - 1)) if base else math.nan
    return base


def _is_upward(row: dict) -> bool:
    """Whether more is asked for."""
    if row["op"] == "relative_change_vs_base":
        return row["target_value"] > row["base_value"]
    if row["op"] == "no_worse_than":
        return row["direction"] != "down"
    return row["op"] in (">=", ">", "trend_up", "milestone")


def _value_now(history: list[dict], bound: float, row: dict, settings: Settings) -> tuple[float, bool]:
    """Latest value (three years together where events are few), and whether chance leaves its side in no doubt."""
    last = history[-1]
    window = [r for r in history if r["year"] > last["year"] - settings.pool_years]
    # cases that should become fewer are events of chance; places and people counted are not
    cases = row["kind"] == "count" and row["direction"] == "down"
    events = [r["value" if cases else "numerator"] for r in window]
    events = [n for n in events if not math.isnan(n)]
    counted = cases or (row["kind"] == "rate" and not math.isnan(last["numerator"]))
    few = counted and sum(events) / len(events) < settings.few_events
    if not few:
        return float(last["value"]), True
    numerator = sum(events)
    # a count is averaged over the years, a rate set against the births or children of all of them
    scale = (
        1 / len(events)
        if row["kind"] == "count"
        else _PER[row["unit"]] / sum(r["denominator"] for r in window)
    )
    low, high = _poisson_limits(numerator, settings.level)
    return scale * numerator, not low * scale < bound < high * scale


def _poisson_limits(events: float, level: float) -> tuple[float, float]:
    """Byar's approximation to exact Poisson limits (Breslow & Day 1987, vol. II, eq. 2.13)."""
    z = NormalDist().inv_cdf(0.5 + level / 2)
    low = 0.0 if events == 0 else events * (1 - 1 / (9 * events) - z / (3 * math.sqrt(events))) ** 3
    more = events + 1
    return low, more * (1 - 1 / (9 * more) + z / (3 * math.sqrt(more))) ** 3


def _met(value: float, bound: float, row: dict) -> bool:
    """Trends ask for a change beyond the value itself, the others count the bound (but for < and >)."""
    distance = value - bound if _is_upward(row) else bound - value
    return distance > 1e-9 if row["op"] in ("<", ">", "trend_up", "trend_down") else distance >= -1e-9


def _status(row: dict, history: list[dict], value: float, bound: float, certain: bool, settings: Settings):
    met, last = _met(value, bound, row), history[-1]["year"]
    if row["kind"] == "yes_no":
        return ("已达标" if met else "未达标" if last >= row["target_year"] else "存在风险"), math.nan
    broken = row["every_year"] and any(
        not _met(r["value"], bound, row) for r in history if r["year"] >= row["start_year"]
    )
    if broken:
        return "未达标", math.nan
    if last >= row["target_year"]:
        return ("已达标" if met else "未达标") if certain else "无法判定", math.nan
    chance = _chance(row, history, value, bound)
    low, high = settings.undecidable
    if math.isnan(chance) or (not certain and low < chance < high):
        return "无法判定", chance
    if met and certain and chance >= settings.secure:
        return "已达标", chance
    classes = ((settings.likely, "预期可达标"), (settings.unlikely, "存在风险"))
    return next((name for floor, name in classes if chance >= floor), "难以达标"), chance


def _chance(row: dict, history: list[dict], value: float, bound: float) -> float:
    """Of meeting the bound in its year: a random walk with drift, its spread from the yearly changes."""
    if len(history) < 2:
        return math.nan
    steps = [(b["value"] - a["value"]) / (b["year"] - a["year"]) for a, b in pairwise(history)]
    drift = sum(steps) / len(steps)
    spread = math.sqrt(sum((s - drift) ** 2 for s in steps) / max(len(steps) - 1, 1))
    spread = max(spread, 0.005 * abs(value), 1e-6)
    ahead = row["target_year"] - history[-1]["year"]
    wide = spread * math.sqrt(ahead * (1 + ahead / len(steps)))
    below = NormalDist(value + ahead * drift, wide).cdf(bound)
    return 1 - below if _is_upward(row) else below


def _agreement(row: dict, own: str) -> str:
    reported = row["own_status"]
    if reported == own:
        return SAME
    if math.isnan(row["probability"]):
        return OTHER
    if reported in _ORDER and own in _ORDER:
        return NEAR if abs(_ORDER.index(reported) - _ORDER.index(own)) == 1 else OTHER
    return NEAR if "无法判定" in (reported, own) else OTHER
