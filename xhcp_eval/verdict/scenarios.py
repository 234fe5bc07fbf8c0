"""What would it take: the pace a target needs, the paces that make it an even chance and safe, and what each scenario comes to.

The distribution of the judged value keeps its shape; a scenario moves it by the difference between its yearly pace and
that of the median course, so its chance is that of the bound moved the other way, and each probability has a pace.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from xhcp_eval.plan.kinds import kinds_that
from xhcp_eval.verdict.judged import value_at
from xhcp_eval.verdict.operators import sign_of
from xhcp_eval.verdict.series import Block
from xhcp_eval.verdict.verdicts import Verdicts

COLUMNS: tuple[str, ...] = (
    "target_id", "indicator", "indicator_name", "unit", "target_year", "reading", "scenario", "scenario_name", "pace",
    "value", "probability", "children",
)  # fmt: skip
SCENARIO_NAMES: dict[str, str] = {
    "as_now": "照现在的趋势",
    "best_recent": "近年最好的三年速度",
    "best_quarter": "相似序列最好的四分之一",
    "even_chance": "概率到50%的速度",
    "safe": "概率到80%的速度",
}
WANTED = {"even_chance": 0.5, "safe": 0.8}
BEST_SPAN, BEST_WITHIN = 3, 10
# whole events and places make steps: at the very edge of one, rounding would put a pace on its wrong side
EDGE = 1e-8


def open_targets(verdicts: Verdicts) -> pd.DataFrame:
    """Plain targets of the one region that lie ahead and that its series can be looked ahead with, with their signs.

    Targets that hold for every year or every unit, gaps and milestones have no single pace and are left out, as are series
    of one point. Rows of the frame, plus sign.
    """
    plan, frame = verdicts.plan, verdicts.frame[verdicts.frame["region"] == verdicts.only]
    targets = {t.id: t for t in plan.targets(role="verdict") if t.aggregation is None}
    rows = frame[frame["target_id"].isin(targets) & ~frame["every_year"] & (frame["series"] >= 0)]
    rows = rows[rows["kind"].isin(kinds_that("projected"))]
    ahead = verdicts.outlook.forecasts.years_ahead(rows["series"].to_numpy(), rows["target_year"].to_numpy())
    rows = rows[ahead > 0].astype({"target_id": str})
    signs = [sign_of(targets[name], plan.indicator(targets[name].indicator)) for name in rows["target_id"]]
    return rows.assign(sign=np.array(signs, int))


def scenarios(verdicts: Verdicts, likes: pd.DataFrame | None = None) -> pd.DataFrame:
    """Paces, probabilities and children of each scenario, for every plain target that lies ahead.

    verdicts: of one region. likes: first frame of `comparables`, for the pace of the best quarter of real histories that
    moved alike. Returns one row a target and scenario with `COLUMNS`, those of `open_targets` whose base year doesn't lie ahead: pace in units a year
    (signed), value: median judged value in the target year, probability: of meeting the target then (that of "as_now" is
    the verdict's own), children: how many more (or fewer events) a year than now the value stands for.
    """
    rows = open_targets(verdicts)
    rows = rows[rows["limit"].notna()]
    if rows.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    best = {} if likes is None else likes.set_index("target_id")["best_quarter"].to_dict()
    paces = _paces(verdicts, rows, rows["target_id"].map(best).to_numpy(float))
    parts = [
        _told(verdicts, rows, name, pace).assign(scenario=name, scenario_name=SCENARIO_NAMES[name], _at=k)
        for k, (name, pace) in enumerate(paces.items())
    ]
    found = pd.concat(parts).dropna(subset="pace").rename_axis("row").reset_index()
    order = found.sort_values(["row", "_at"], kind="stable")
    return order[list(COLUMNS)].reset_index(drop=True)


def _paces(verdicts: Verdicts, rows: pd.DataFrame, best_quarter: np.ndarray) -> dict[str, np.ndarray]:
    """Yearly pace of each scenario in the order they are shown, (m,) each, missing where there is none."""
    outlook, block = verdicts.outlook, verdicts.block
    series, end, sign = (rows[name].to_numpy(int) for name in ("series", "target_year", "sign"))
    inclusive = rows["inclusive"].to_numpy(bool)
    now, years = rows["latest_value"].to_numpy(float), end - rows["latest_year"].to_numpy(int)
    as_now = rows["forecast_pace"].to_numpy(float)
    paces = {
        "as_now": as_now,
        "best_recent": best_paces(block, series, sign),
        "best_quarter": (best_quarter - now) / years,
    }
    for name, probability in WANTED.items():
        # moving all futures by the way from the bound that is met so often to the target's own
        reached = outlook.hardest(series, end, sign, np.full(len(rows), probability), inclusive) - sign * EDGE
        paces[name] = as_now + (rows["limit"].to_numpy(float) - reached) / years
    return {name: paces[name] for name in SCENARIO_NAMES}


def _told(verdicts: Verdicts, rows: pd.DataFrame, name: str, pace: np.ndarray) -> pd.DataFrame:
    """Value, probability and children of a pace for each target."""
    block, facts = verdicts.block, verdicts.block.facts
    series, end = rows["series"].to_numpy(int), rows["target_year"].to_numpy(int)
    now = rows["latest_value"].to_numpy(float)
    probability = chance_at(verdicts, rows, pace)
    which = block.indicator[series]
    value = np.clip(
        now + pace * (end - rows["latest_year"].to_numpy(int)), facts.lower[which], facts.upper[which]
    )
    kind, cases = facts.kind[which], block.cases[series] / block.per[series]
    people = np.where(np.isin(kind, kinds_that("with_parts")), cases, np.where(kind == "count", 1.0, np.nan))
    told = rows[["target_id", "indicator", "indicator_name", "unit", "target_year", "reading"]].astype(
        {"indicator": str, "indicator_name": str, "unit": str, "reading": str}
    )
    return told.assign(pace=pace, value=value, probability=probability, children=(value - now) * people)


def chance_at(verdicts: Verdicts, rows: pd.DataFrame, pace: np.ndarray) -> np.ndarray:
    """Chance to meet each target at a yearly pace in place of the forecast's own, (m,); that pace gives the verdict's.

    rows: of `open_targets`. pace: (m,) in units a year, signed.
    """
    end, years = rows["target_year"].to_numpy(int), rows["target_year"] - rows["latest_year"]
    moved = (pace - rows["forecast_pace"].to_numpy(float)) * years.to_numpy(float)
    return verdicts.outlook.chance(
        rows["series"].to_numpy(int), end, end, rows["sign"].to_numpy(int), rows["limit"].to_numpy(float) - moved,
        rows["inclusive"].to_numpy(bool),
    )  # fmt: skip


def best_paces(block: Block, rows: np.ndarray, sign: np.ndarray) -> np.ndarray:
    """Best change a year of judged values in the wanted direction over any three usual years of the last ten, (m,).

    rows: (m,) series. sign: +1 where more is better. Only windows that are full count, so that a lucky year is no record
    to return to. NaN without such a span.
    """
    calendar, usable = block.years, block.telling
    rows_, years = np.repeat(rows, len(calendar)), np.tile(calendar, len(rows))
    judged = value_at(block, rows_, years, usable=usable)
    full = (block.window[rows_] == 1) | (judged.years == block.window[rows_])
    values = np.where(full, judged.value, np.nan).reshape(len(rows), len(calendar))
    pace = sign[:, None] * (values[:, BEST_SPAN:] - values[:, :-BEST_SPAN]) / BEST_SPAN
    known = (np.isfinite(values) * calendar).max(axis=1)
    recent = calendar[:-BEST_SPAN] > (known - BEST_WITHIN)[:, None]
    best = np.where(recent & np.isfinite(pace), pace, -np.inf).max(axis=1, initial=-np.inf)
    return np.where(np.isfinite(best), sign * best, np.nan)
