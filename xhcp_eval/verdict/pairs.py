"""Targets judged on series, region by region and target by target at once: `assessment._judge_series` over arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from xhcp_eval.assessment import RECENT_YEARS
from xhcp_eval.panel import previous
from xhcp_eval.province.ahead import Ahead
from xhcp_eval.province.bounds import Bounds, bounds_of
from xhcp_eval.province.chances import chance, threshold
from xhcp_eval.province.facts import Demands
from xhcp_eval.province.judged import Values, intervals, judge
from xhcp_eval.province.series import Block
from xhcp_eval.settings import Settings
from xhcp_eval.small_numbers import rate_ratio_interval
from xhcp_eval.status import Status


@dataclass(frozen=True)
class Members:
    """Series that all have to meet the bound of a pair: pair (k,) and row (k,), one entry a series."""

    pair: np.ndarray
    row: np.ndarray


def judge_pairs(
    future: Ahead, main: np.ndarray, demand: Demands, members: Members, start_year: int, single: bool
) -> dict[str, np.ndarray]:
    """Verdicts of pairs of region and target.

    main: (m,) series that is shown, all >= 0 and with a year that may carry a verdict. demand: (m,) each. members: the
    series that decide. start_year: first year that targets of every year hold for. single: members are the main series.
    Returns columns (m,) of the assessment.
    """
    block, settings = future.block, future.block.settings
    years = np.where(block.has_year(main, demand.end), demand.end, block.years[block.last_trusted[main]])
    latest = judge(block, main, years)
    low, high = intervals(block, latest)
    bound = bounds_of(future, main, demand, latest)
    lost = np.isnan(bound.point)
    ratio = _ratio(settings, latest, bound.base)
    straddles = _straddles(block, main, demand, latest, (low, high), bound, ratio)
    word, significant = _direction(block, main, demand, latest, bound, ratio)
    met = bound.met(demand.sign, latest.value)
    failures = _failures(block, demand, bound, members, start_year)
    over = latest.year >= demand.end
    probability = np.where(over | lost, np.nan, _probability(future, demand, bound, members, latest, single))
    certain = ~straddles & (significant | ~demand.trend)
    status = np.where(over, now(met, certain), ahead(probability, met & significant, ~straddles, settings))
    status = np.where(failures > 0, Status.MISSED.value, status)
    status = np.where(demand.hold, Status.NOT_JUDGED.value, status)
    status = np.where(lost, Status.NO_DATA.value, status)
    columns = {
        "target_value": bound.point, "latest_year": latest.year, "latest_value": latest.value, "low": low, "high": high,
        "numerator": latest.numerator, "denominator": latest.denominator, "base_year": bound.base.year,
        "base_value": bound.base.value, "probability": probability, "trend_word": word, "own_status": status,
        "small_count": block.uncertain[main], "n_points": block.n_points[main], "failures": failures,
        **_measures(block, main, demand, latest, bound),
        "reason": _reason(demand, latest, status, failures, straddles, significant, probability, lost),
    }  # fmt: skip
    return _blank(columns, lost)


def now(met: np.ndarray, certain: np.ndarray) -> np.ndarray:
    """`status.status_now` over arrays, (m,) words."""
    return np.where(~certain, Status.UNDECIDABLE.value, np.where(met, Status.MET.value, Status.MISSED.value))


def ahead(probability: np.ndarray, met: np.ndarray, certain: np.ndarray, settings: Settings) -> np.ndarray:
    """`status.status_ahead` over arrays, (m,) words."""
    low, high = settings.undecidable
    unknown = ~np.isfinite(probability) | (~certain & (low < probability) & (probability < high))
    return np.select(
        [unknown, met & certain & (probability >= settings.secure), probability >= settings.likely,
         probability >= settings.unlikely],
        [Status.UNDECIDABLE.value, Status.MET.value, Status.LIKELY.value, Status.AT_RISK.value],
        Status.UNLIKELY.value,
    )  # fmt: skip


def as_simulated(share: np.ndarray, settings: Settings) -> np.ndarray:
    """A chance as a share of simulated futures is printed: half a future on either side."""
    return (share * settings.draws + 0.5) / (settings.draws + 1)


def _probability(
    future: Ahead, demand: Demands, bound: Bounds, members: Members, latest: Values, single: bool
) -> np.ndarray:
    """Chance that every member meets the bound in every year asked for; members move on their own."""
    pair, row = members.pair, members.row
    first = np.where(demand.keep, latest.year + 1, demand.end).astype(int)[pair]
    limit = threshold(demand.sign, bound.point, bound.inclusive)[pair]
    needed = (latest.year < demand.end)[pair] & ~bound.simulated[pair] & np.isfinite(limit)
    share = np.full(len(pair), np.nan)
    share[needed] = chance(
        future, row[needed], first[needed], demand.end[pair[needed]], demand.sign[pair[needed]], limit[needed]
    )
    if single:
        found = share
    else:
        found = np.ones(len(demand.end))
        np.multiply.at(found, pair, share)
    drawn = bound.probability if future.simulates else np.nan
    return as_simulated(np.where(bound.simulated, drawn, found), future.block.settings)


def _ratio(settings: Settings, latest: Values, base: Values) -> np.ndarray:
    """Ratio to the base and its limits, (3, m); missing without counts or where base and latest are one year."""
    found = np.full((3, len(latest.year)), np.nan)
    at = np.flatnonzero(_comparable(latest, base))
    if len(at):
        counts = latest.numerator[at], latest.denominator[at], base.numerator[at], base.denominator[at]
        _, first, back = np.unique(np.stack(counts), axis=1, return_index=True, return_inverse=True)
        found[:, at] = np.stack(rate_ratio_interval(*(c[first] for c in counts), settings.level))[:, back]
    return found


def _comparable(latest: Values, base: Values) -> np.ndarray:
    return np.isfinite(base.numerator) & np.isfinite(latest.numerator) & (base.year != latest.year)


def _straddles(block, main, demand, latest, limits, bound, ratio) -> np.ndarray:
    """See `assessment._straddles`, (m,)."""
    inside = (limits[0] < bound.point) & (bound.point < limits[1])
    against = (demand.trend | (demand.op == "relative_change_vs_base")) & _comparable(latest, bound.base)
    with np.errstate(invalid="ignore", divide="ignore"):
        asked = bound.point / bound.base.value
    between = (bound.base.value == 0) | ((ratio[1] < asked) & (asked < ratio[2]))
    return block.uncertain[main] & np.isfinite(limits[0]) & np.where(against, between, inside)


def _direction(block, main, demand, latest, bound, ratio) -> tuple[np.ndarray, np.ndarray]:
    """Trend word and whether the change may be relied on, see `assessment._direction`, (m,) each."""
    base, least = bound.base, block.settings.minimal_change
    asked = demand.trend | (demand.op == "no_worse_than")
    with np.errstate(invalid="ignore", divide="ignore"):
        change = np.where(
            base.value != 0, (latest.value - base.value) / np.abs(base.value), np.sign(latest.value)
        )
    by_ratio = np.isfinite(ratio[0])
    up = np.where(by_ratio, (ratio[1] > 1) & (ratio[0] > 1 + least), change > least)
    down = np.where(by_ratio, (ratio[2] < 1) & (ratio[0] < 1 - least), change < -least)
    flat = np.where(by_ratio, (1 - least < ratio[1]) & (ratio[2] < 1 + least), ~(up | down))
    unrest = np.abs(latest.value - base.value) < own_swing(block, main)
    up, down, flat = up & ~unrest, down & ~unrest, flat & ~unrest
    at_ceiling = bound.inclusive & bound.met(demand.sign, latest.value, every=True)
    better, worse = np.where(demand.sign > 0, up, down), np.where(demand.sign > 0, down, up)
    word = np.select([better, worse, flat], ["改善", "恶化", "基本持平"], "无法判定")
    plain = at_ceiling | (demand.op == "no_worse_than") | np.isfinite(demand.floor)
    blind = ~base.known | (base.year == latest.year)
    word = np.where(asked, np.where(blind, "无法判定", word), "")
    return word, np.where(asked, ~blind & (better | worse | plain), True)


def own_swing(block: Block, rows: np.ndarray) -> np.ndarray:
    """Usual change from one year to another, (m,), see `assessment._own_swing`."""
    values = np.where(block.seen[rows], block.values[rows], np.nan)
    before = previous(values)
    has = before >= 0
    earlier = np.take_along_axis(values, np.maximum(before, 0), axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        steps = np.where(has, (values - earlier) / (np.arange(values.shape[1]) - before), 0.0)
        count = has.sum(axis=1)
        mean = steps.sum(axis=1) / count
        spread = np.sqrt((np.where(has, steps - mean[:, None], 0.0) ** 2).sum(axis=1) / (count - 1))
    return np.where((count < 5) | (block.window[rows] > 1), 0.0, 1.96 * spread)


def _failures(block: Block, demand: Demands, bound: Bounds, members: Members, start_year: int) -> np.ndarray:
    """Years and series in which a bound of every year wasn't met, (m,) counts."""
    kept = demand.keep[members.pair]
    pair, row = members.pair[kept], members.row[kept]
    found = np.zeros(len(demand.keep), int)
    for year in range(start_year, int(block.years[-1]) + 1):
        due = block.has_year(row, np.full(len(row), year)) & (year <= demand.end[pair])
        value = judge(block, row[due], np.full(due.sum(), year)).value
        sign, at = demand.sign[pair[due]], pair[due]
        distance = sign * (value - bound.hardest[at])
        failed = ~np.where(bound.inclusive[at], distance >= -1e-9, distance > 1e-9) & np.isfinite(
            bound.hardest[at]
        )
        found += np.bincount(at[failed], minlength=len(found))
    return found


def _measures(block, main, demand, latest, bound) -> dict[str, np.ndarray]:
    """Gap, pace now and needed, share of the way, see `assessment._measures`."""
    gap = np.fmax(0.0, demand.sign * (bound.point - latest.value))
    gap = np.where(bound.base.year == latest.year, np.nan, gap)
    left, way = demand.end - latest.year, bound.point - bound.base.value
    with np.errstate(invalid="ignore", divide="ignore"):
        needed = np.where((gap > 0) & (left > 0), (bound.point - latest.value) / left, np.nan)
        covered = np.where(np.abs(way) > 1e-12, (latest.value - bound.base.value) / way, np.nan)
    return {"gap": gap, "pace": recent_pace(block, main), "required_pace": needed, "covered": covered}


def recent_pace(block: Block, rows: np.ndarray) -> np.ndarray:
    """Slope of the least-squares line through the last six years, (m,); NaN from a single point."""
    at = np.arange(len(block.years)) - block.last[rows][:, None]
    recent = block.seen[rows] & (at > -RECENT_YEARS)
    n = recent.sum(axis=1)
    years, values = np.where(recent, at, 0.0), np.where(recent, block.values[rows], 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        off = np.where(recent, years - (years.sum(axis=1) / n)[:, None], 0.0)
        rise = np.where(recent, values - (values.sum(axis=1) / n)[:, None], 0.0)
        return np.where(n < 2, np.nan, (off * rise).sum(axis=1) / (off**2).sum(axis=1))


def _reason(demand, latest, status, failures, straddles, significant, probability, lost) -> np.ndarray:
    """Code of what decided, see `words.REASONS`."""
    pooled = latest.first_year < latest.year
    open_ = status == Status.UNDECIDABLE.value
    before = latest.year < demand.end
    return np.select(
        [lost, demand.hold, failures > 0, open_ & straddles & pooled, open_ & straddles, open_ & ~significant & ~before,
         open_ & np.isnan(probability), before & np.isfinite(probability)],
        ["no_base", "pending", "not_kept", "few_events", "sampling", "no_clear_change", "one_point", "probability"],
        "reported",
    )  # fmt: skip


def _blank(columns: dict[str, np.ndarray], lost: np.ndarray) -> dict[str, np.ndarray]:
    """Without a base nothing is shown, as in `assess`."""
    empty = {"trend_word": "", "small_count": False, "n_points": 0, "failures": 0}
    kept = ("own_status", "reason")
    return {
        name: values if name in kept else np.where(lost, empty.get(name, np.nan), values)
        for name, values in columns.items()
    }
