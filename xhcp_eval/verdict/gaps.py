"""Is a gap narrowing: rural against urban rates, pooled, and what few events leave open (A02)."""

from __future__ import annotations

import zlib

import numpy as np

from xhcp_eval.plan.model import Indicator
from xhcp_eval.verdict.chances import SUREST
from xhcp_eval.verdict.forecasts import CELLS, Forecasts, simulate
from xhcp_eval.verdict.judged import Values, value_at
from xhcp_eval.verdict.outlook import DIGITS
from xhcp_eval.verdict.schema import EMPTY, INSIDE, OUTSIDE
from xhcp_eval.verdict.series import RESIDENCES, Block
from xhcp_eval.verdict.settings import Settings
from xhcp_eval.verdict.status import Status, statuses

GAP_DRAWS = 4000  # of what the counts leave open of past gaps


def judge_gaps(future: Forecasts, indicator: Indicator, base_year: int, end: int) -> dict[str, np.ndarray]:
    """Verdicts on one gap target, one entry a region.

    base_year: of the comparison. end: the target's year. The gap is |rural - urban| of rates pooled over `pool_years`; the
    base window is centred on the base year (2019-2021 for 2020). Each rate's uncertainty is a Gamma with Jeffreys' prior
    on its count; the gap has narrowed or widened when 97.5% of the draws say so, else it can't be told. Returns columns
    (n_regions,) of the assessment.
    """
    block, source = future.block, indicator.derived_from
    assert source is not None, "a gap names what it is derived from"
    if source.gap == "area":
        return _describe_area(block, source.indicator)
    at = int(np.flatnonzero(block.facts.id == source.indicator)[0])
    sides = [block.table(name)[:, at] for name in ("rural", "urban")]
    columns = {
        "own_status": np.full(len(block.regions), Status.NO_DATA.value, "U8"),
        "reason_code": np.full(len(block.regions), "no_gap_counts", "U20"),
    }
    counted = np.ones(len(block.regions), bool)
    for rows in sides:
        counted &= _of(block, block.counted & (block.last_trusted >= 0), rows, False)
    lasts = [block.years[_of(block, block.last_trusted, rows, 0)] for rows in sides]
    latest = np.minimum(np.minimum(*lasts), end)
    able = counted & (latest > base_year + 1)
    for rows in sides:
        for year in (base_year + 1, latest):
            judged = value_at(block, rows, np.broadcast_to(year, latest.shape), block.settings.pool_years)
            able &= np.isfinite(judged.numerator)
    columns["reason_code"][counted & ~able] = "no_gap_base"
    regions = np.flatnonzero(able)
    if len(regions):
        found = _verdicts(future, [rows[regions] for rows in sides], base_year + 1, latest[regions], end)
        for name, values in found.items():
            columns.setdefault(name, np.full(len(latest), EMPTY[name], values.dtype))[regions] = values
    return columns


def _of(block: Block, values: np.ndarray, rows: np.ndarray, missing: float | bool) -> np.ndarray:
    return np.where(rows >= 0, values[rows], missing) if len(block) else np.full(len(rows), missing)


def _verdicts(
    future: Forecasts, sides: list[np.ndarray], base_end: int, latest: np.ndarray, end: int
) -> dict[str, np.ndarray]:
    block, settings = future.block, future.block.settings
    wide = settings.pool_years
    usable = _base_years(block, base_end)
    base = [value_at(block, rows, np.full(len(rows), base_end), wide, usable=usable) for rows in sides]
    now = [value_at(block, rows, latest, wide) for rows in sides]
    base_value, value = base[0].value - base[1].value, now[0].value - now[1].value
    narrowed, low, high, closer = _draw(future, sides, base, now, base_value, end)
    tail = (1 - settings.level) / 2
    certain = (narrowed >= 1 - tail) | (narrowed <= tail)
    met = np.abs(value) < np.abs(base_value)
    before = latest < end
    probability = np.where(before, np.clip(closer, SUREST, 1 - SUREST).round(DIGITS), np.nan)
    status = statuses(settings, over=~before, met=met, certain=certain, probability=probability)
    return {
        "target_value": np.abs(base_value), "base_year": base[0].year, "base_first_year": base[0].first_year,
        "base_value": base_value, "latest_year": now[0].year, "latest_first_year": now[0].first_year, "latest_value": value,
        "latest_low": low, "latest_high": high, "side": np.where(met, INSIDE, OUTSIDE), "probability": probability,
        "own_status": status, "small_count": ~certain, "narrowed": narrowed, "series": sides[0],
        "trend_word": np.where(certain, np.where(met, "改善", "恶化"), "无法判定"),
        "gap": np.maximum(0.0, np.abs(value) - np.abs(base_value)), "n_points": block.n_points[sides[0]],
        "reason_code": np.where(certain, np.where(before, "probability", "reported"), "few_events"),
    }  # fmt: skip


def _base_years(block: Block, end: int) -> np.ndarray:
    """Years that a base window up to `end` may pool, (n, n_years): no exceptional ones, unless the last is one itself."""
    usual_end = block.look(block.telling, np.arange(len(block)), np.full(len(block), end), False)
    return np.where(usual_end[:, None], block.telling, block.trusted)


def _draw(
    future: Forecasts,
    sides: list[np.ndarray],
    base: list[Values],
    now: list[Values],
    base_value: np.ndarray,
    end: int,
) -> tuple[np.ndarray, ...]:
    """Share of draws in which the gap has narrowed, limits of the gap now, chance that it will be closer, (m,) each."""
    block, settings = future.block, future.block.settings
    tail = (1 - settings.level) / 2
    found = np.empty((4, len(latest := base_value)))
    step = CELLS // GAP_DRAWS
    for k in range(0, len(latest), step):
        m = slice(k, k + step)
        per = block.per[sides[0][m]][:, None]
        before, today = (_gap(pair, m, name, settings) * per for pair, name in ((base, "base"), (now, "now")))
        narrowed = (np.abs(today) < np.abs(before)).mean(axis=1)
        coming = [
            simulate(future, rows[m], np.array([end]), stream=k)[:, :, 0] for k, rows in enumerate(sides)
        ]
        apart = np.abs(coming[0] - coming[1])
        closer = (apart < np.abs(base_value[m])[:, None]).mean(axis=1)
        closer = np.where(np.isnan(apart).any(axis=1), np.nan, closer)
        found[:, m] = narrowed, *np.quantile(today, [tail, 1 - tail], axis=1), closer
    return tuple(found)


def _gap(sides: list[Values], part: slice, name: str, settings: Settings) -> np.ndarray:
    """Draws of rural minus urban rate, per head, (m, draws): they hang on the two counts only, each pair drawn once."""
    pairs, back = np.unique(np.stack([side.numerator[part] for side in sides]), axis=1, return_inverse=True)
    drawn = np.empty((2, pairs.shape[1], GAP_DRAWS))
    for k, (rural, urban) in enumerate(pairs.T):
        rng = np.random.default_rng([settings.seed, zlib.crc32(name.encode("ascii")), int(rural)])
        for side, events in enumerate((rural, urban)):
            drawn[side, k] = rng.standard_gamma(events + 0.5, GAP_DRAWS)
    rates = [drawn[k][back] / side.denominator[part][:, None] for k, side in enumerate(sides)]
    return rates[0] - rates[1]


def _describe_area(block: Block, source: str) -> dict[str, np.ndarray]:
    """Spread over townships, described and not judged: pooled counts of townships are too small to rank (A02)."""
    size = len(block.regions)
    at = int(np.flatnonzero(block.facts.id == source)[0])
    units = (
        block.unit & block.whole & (block.residence == RESIDENCES.index("total")) & (block.indicator == at)
    )
    rows = np.flatnonzero(units & block.counted & (block.last_trusted >= 0))
    owner = block.owner[rows]
    latest = np.full(size, -1)
    np.maximum.at(latest, owner, block.years[block.last_trusted[rows]])
    pooled = value_at(block, rows, latest[owner], block.settings.pool_years)
    judged, first = pooled.value, np.full(size, np.inf)
    np.fmin.at(first, owner, pooled.first_year)
    high, low = np.full(size, -np.inf), np.full(size, np.inf)
    np.fmax.at(high, owner, judged)
    np.fmin.at(low, owner, judged)
    some = latest >= 0
    points = np.zeros(size)
    # the first unit speaks for all, as it does there
    points[owner[::-1]] = block.n_points[rows][::-1]
    return {
        "own_status": np.where(some, Status.NOT_JUDGED.value, Status.NO_DATA.value),
        "reason_code": np.where(some, "described", "no_units"), "latest_year": np.where(some, latest, np.nan),
        "latest_first_year": np.where(some, first, np.nan),
        "latest_value": np.where(some, high - low, np.nan), "n_points": points, "small_count": some,
    }  # fmt: skip
