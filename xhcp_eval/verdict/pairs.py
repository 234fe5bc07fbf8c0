"""Targets judged on series, region by region and target by target at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from xhcp_eval.plan.kinds import kinds_that
from xhcp_eval.verdict.bounds import Bounds, bounds_of, reaches
from xhcp_eval.verdict.chances import SUREST
from xhcp_eval.verdict.changes import Change, change_from, own_swing, yearly_steps
from xhcp_eval.verdict.demands import Demands
from xhcp_eval.verdict.joint import common_share, together
from xhcp_eval.verdict.judged import Values, intervals, value_at
from xhcp_eval.verdict.outlook import DIGITS, Outlook
from xhcp_eval.verdict.schema import EMPTY, INSIDE, OUTSIDE
from xhcp_eval.verdict.series import Block, last_position
from xhcp_eval.verdict.status import Status, statuses

RECENT_YEARS = 5


@dataclass(frozen=True)
class Members:
    """Series that all have to meet the bound of a pair: pair (k,) and row (k,), one entry a series."""

    pair: np.ndarray
    row: np.ndarray


def judge_pairs(
    outlook: Outlook, main: np.ndarray, demand: Demands, members: Members, single: bool
) -> tuple[dict[str, np.ndarray], pd.DataFrame]:
    """Verdicts of pairs of region and target.

    main: (m,) series that is shown, all >= 0 and with a year that may carry a verdict. demand: (m,) each. members: the
    series that decide. single: members are the main series. Returns columns (m,) of the assessment, and the broken
    years of promises that hold every year: pair, series, year, first_year, value.
    """
    block, settings = outlook.block, outlook.block.settings
    years = np.where(block.has_year(main, demand.end), demand.end, block.years[block.last_trusted[main]])
    latest = value_at(block, main, years, since=demand.start)
    low, high = intervals(block, latest)
    bound = bounds_of(outlook.forecasts, main, demand, latest)
    lost = np.isnan(bound.point)
    straddles = _straddles(block, demand, latest, (low, high), bound)
    word, significant = _direction(block, demand, latest, bound)
    failures = _failures(block, demand, bound, members)
    broken = np.bincount(failures["pair"], minlength=len(main))
    over = latest.year >= demand.end
    probability = np.where(over | lost, np.nan, _probability(outlook, demand, bound, members, latest, single))
    met = bound.met(demand.sign, latest.value)
    status = statuses(
        settings, over=over, met=met & (significant | over), certain=~straddles & (significant | ~(demand.trend & over)),
        probability=probability, broken=broken > 0, held=demand.hold, unknown=lost,
    )  # fmt: skip
    columns = {
        "limit": np.where(bound.simulated, np.nan, bound.limit),
        "inclusive": bound.inclusive,
        "target_value": bound.point, "base_year": bound.base.year, "base_first_year": bound.base.first_year,
        "base_value": bound.base.value, "held": bound.held & ~bound.simulated,
        "tolerance": np.where(bound.held & ~bound.simulated, np.abs(bound.point - bound.now), np.nan),
        "latest_year": latest.year, "latest_first_year": latest.first_year, "latest_value": latest.value,
        "latest_low": low, "latest_high": high, "numerator": latest.numerator, "denominator": latest.denominator,
        # a base that lies ahead prints no bound that a value could lie on a side of
        "side": np.where(bound.simulated, "", np.where(bound.within(demand.sign, latest.value), INSIDE, OUTSIDE)),
        "probability": probability, "trend_word": word, "own_status": status, "small_count": block.uncertain[main],
        "n_points": block.n_points[main], "n_failures": broken, "series": main,
        **_measures(outlook, main, demand, latest, bound),
        "reason_code": _reason(demand, latest, status, broken, straddles, significant, probability, lost),
    }  # fmt: skip
    # without a base nothing is shown
    blank = {"own_status", "reason_code"}
    shown = {
        name: values if name in blank else np.where(lost, EMPTY[name], values)
        for name, values in columns.items()
    }
    return shown, failures


def _probability(
    outlook: Outlook, demand: Demands, bound: Bounds, members: Members, latest: Values, single: bool
) -> np.ndarray:
    """Chance that every member meets the bound in every year asked for; members move together as they used to."""
    pair, row = members.pair, members.row
    first = np.where(demand.keep, np.maximum(latest.year + 1, demand.start), demand.end).astype(int)
    needed = (latest.year < demand.end)[pair] & ~bound.simulated[pair] & np.isfinite(bound.limit[pair])
    share, of = np.full(len(pair), np.nan), pair[needed]
    share[needed] = outlook.chance(
        row[needed],
        first[of],
        demand.end[of],
        demand.sign[of],
        bound.limit[of],
        bound.inclusive[of],
        demand.start[of],
    )
    if single:
        found = share
    else:
        common = common_share(yearly_steps(outlook.block, row), pair)
        found = together(share, pair, common).round(DIGITS)
    # many units together are no surer than one
    return np.clip(np.where(bound.simulated, bound.probability, found), SUREST, 1 - SUREST)


def _straddles(block: Block, demand: Demands, latest: Values, limits, bound: Bounds) -> np.ndarray:
    """Whether counts are so few that chance alone could put the judged value on either side of the bound, (m,)."""
    inside = (limits[0] < bound.point) & (bound.point < limits[1])
    change = change_from(
        block, latest, bound.base, np.where(demand.relative, 1 + np.nan_to_num(demand.value) / 100, 1.0)
    )
    against = (demand.trend | demand.relative | bound.held) & change.told & ~np.isfinite(demand.floor)
    between = ~change.rises() & ~change.falls()
    # at the very end of the scale nothing better can be had
    facts, which = block.facts, demand.indicator
    end = np.where(demand.sign > 0, facts.upper[which], facts.lower[which])
    best = bound.held & (np.abs(end - latest.value) <= facts.rounding[which])
    return block.uncertain[latest.rows] & np.isfinite(limits[0]) & np.where(against, between & ~best, inside)


def _direction(block: Block, demand: Demands, latest: Values, bound: Bounds) -> tuple[np.ndarray, np.ndarray]:
    """Trend word against the base, and whether the change may be relied on (always so for plain bounds), (m,) each.

    With counts the interval of the change decides together with the preset smallest one, without them the latter alone:
    large counts make any flicker significant, and so does a change within the series' own swing.
    """
    base, least = bound.base, block.settings.minimal_change
    change: Change = change_from(block, latest, base)
    unrest = np.abs(latest.value - base.value) < own_swing(block, latest.rows)
    up, down, flat = (
        found & ~unrest for found in (change.rises(least), change.falls(least), change.stays(least))
    )
    better, worse = np.where(demand.sign > 0, up, down), np.where(demand.sign > 0, down, up)
    blind = ~base.known | (base.year == latest.year)
    word = np.select([blind, better, worse, flat], ["无法判定", "改善", "恶化", "基本持平"], "无法判定")
    # "on this basis" (A10) asks for more than rounding only, which the bound already holds
    plain = demand.no_worse | bound.held | np.isfinite(demand.floor)
    asked = demand.trend | demand.no_worse
    return np.where(asked, word, ""), np.where(asked, ~blind & (better | worse | plain), True)


def _failures(block: Block, demand: Demands, bound: Bounds, members: Members) -> pd.DataFrame:
    """Years and series in which a bound of every year wasn't met.

    A year is judged as it would be by itself: where counts are few, or a sample was drawn, it fails only if its whole
    interval does; where the base lies ahead, only if it fails the easiest of the bounds that are possible; and nothing
    from before the plan is pooled into it.
    """
    kept = demand.keep[members.pair]
    pair, row = members.pair[kept], members.row[kept]
    limit = np.where(bound.simulated, bound.easiest, bound.now)[pair]
    found = []
    first = int(demand.start[pair].min()) if len(pair) else 0
    for year in range(first, int(block.years[-1]) + 1 if len(pair) else 0):
        due = np.flatnonzero(
            block.has_year(row, np.full(len(row), year))
            & (demand.start[pair] <= year)
            & (year <= demand.end[pair])
        )
        value = value_at(block, row[due], np.full(len(due), year), since=demand.start[pair[due]])
        sign = demand.sign[pair[due]]
        failed = ~reaches(sign, value.value, limit[due], bound.inclusive[pair[due]]) & np.isfinite(limit[due])
        unsure = failed & block.uncertain[row[due]]
        low, high = intervals(block, value, unsure)
        failed &= ~(unsure & np.where(sign > 0, high >= limit[due], low <= limit[due]))
        at = due[failed]
        found.append(
            pd.DataFrame(
                {"pair": pair[at], "series": row[at], "year": year, "first_year": value.first_year[failed],
                 "value": value.value[failed]}
            )
        )  # fmt: skip
    if not found:
        return pd.DataFrame(
            {"pair": np.zeros(0, int), "series": [], "year": [], "first_year": [], "value": []}
        )
    return pd.concat(found, ignore_index=True)


def _measures(
    outlook: Outlook, main: np.ndarray, demand: Demands, latest: Values, bound: Bounds
) -> dict[str, np.ndarray]:
    """Gap, share of the way, paces of the past, needed and forecast, children behind the gap."""
    block, facts = outlook.block, outlook.block.facts
    gap = np.fmax(0.0, demand.sign * (bound.point - latest.value))
    against = ~demand.plain & ~demand.stated
    gap = np.where(against & (bound.base.year == latest.year), np.nan, gap)
    left, way = demand.end - latest.year, bound.point - bound.base.value
    kind = facts.kind[demand.indicator]
    cases = np.where(np.isin(kind, kinds_that("with_parts")), block.cases[main] / block.per[main], np.nan)
    pace, begun, ended = recent_pace(block, main, latest.year.astype(int))
    with np.errstate(invalid="ignore", divide="ignore"):
        ahead = np.where(left > 0, (outlook.middle(main, demand.end) - latest.value) / left, np.nan)
        return {
            "gap": gap, "gap_relative": np.where(bound.point != 0, gap / np.abs(bound.point), np.nan),
            "covered": np.where(demand.sign * way > 1e-12, (latest.value - bound.base.value) / way, np.nan),
            "pace": pace, "pace_from": begun, "pace_to": ended,
            "required_pace": np.where((gap > 0) & (left > 0), (bound.point - latest.value) / left, np.nan),
            "forecast_pace": ahead, "children": np.ceil(gap * np.where(kind == "count", 1.0, cases) - 1e-9),
            "on_line": (np.abs(latest.value - bound.point) < 1e-9) & ~np.isnan(gap) & (bound.point != facts.lower[demand.indicator])
            & (bound.point != facts.upper[demand.indicator]),
        }  # fmt: skip


def recent_pace(
    block: Block, rows: np.ndarray, until: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Yearly change between judged values over the last five years, with the years it runs from and to, (m,) each.

    rows: (m,) series. until: (m,) calendar years. It runs between usual years that may carry a verdict: from the last one
    up to `until` back to the first within five years before it. Missing from a single one.
    """
    grid = block.telling[rows] & (block.years <= until[:, None])
    to = block.years[last_position(grid)]
    within = grid & (block.years >= (to - RECENT_YEARS)[:, None])
    begun = block.years[np.argmax(within, axis=1)]
    known = within.any(axis=1) & (begun < to)
    then, now = (value_at(block, rows, year, usable=block.telling).value for year in (begun, to))
    with np.errstate(invalid="ignore", divide="ignore"):
        pace = np.where(known, (now - then) / (to - begun), np.nan)
    return pace, np.where(known, begun, np.nan), np.where(known, to, np.nan)


def _reason(demand, latest, status, broken, straddles, significant, probability, lost) -> np.ndarray:
    """Code of what decided, see `words.REASONS`."""
    pooled = latest.first_year < latest.year
    open_ = status == Status.UNDECIDABLE.value
    before = latest.year < demand.end
    return np.select(
        [lost, demand.hold, broken > 0, open_ & straddles & pooled, open_ & straddles, open_ & ~significant & ~before,
         open_ & np.isnan(probability), before & np.isfinite(probability)],
        ["no_base", "pending", "not_kept", "few_events", "sampling", "no_clear_change", "one_point", "probability"],
        "reported",
    )  # fmt: skip
