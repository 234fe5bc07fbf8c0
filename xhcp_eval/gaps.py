"""Is a gap narrowing: rural against urban rates, pooled, by simulation of what few events leave open (A02)."""

from __future__ import annotations

import zlib

import numpy as np

from xhcp_eval.evidence import History, Judged, judge_at, judged_draws, series_key
from xhcp_eval.plan import Indicator, Target
from xhcp_eval.status import status_ahead, status_now
from xhcp_eval.units import format_value
from xhcp_eval.verdict import Verdict


def judge_gap(case, verdict: Verdict, target: Target, indicator: Indicator) -> Verdict:
    """Judge a narrowing-gap target from the rates it derives from.

    case: `assessment.Case`. The gap is |rural - urban| of rates pooled over `pool_years`; the base window is
    centred on the base year (2019-2021 for 2020). Each rate's uncertainty is a Gamma with Jeffreys' prior on its
    count; the gap has narrowed or widened when 97.5% of the draws say so, else it can't be told.
    """
    source = indicator.derived_from
    if source is None:
        return verdict.no_data("未规定差距的计算方法")
    if source.gap == "area":
        return _describe_area(case, verdict, source.indicator, indicator)
    sides = [case.series.get(series_key(source.indicator, case.region, side)) for side in ("rural", "urban")]
    if any(side is None or not side.counted for side in sides):
        return verdict.no_data("缺少分城乡的分子、分母")
    base_end = (target.base_year or case.plan.base_year) + 1
    end = case.plan.end_year if target.year == "every_year" else target.year
    latest = min(side.last_trusted for side in sides)
    latest = min(latest, end)
    if latest <= base_end or any(judge_at(side, base_end, case.settings) is None for side in sides):
        return verdict.no_data(f"缺少{base_end - 2}—{base_end}年基期数据，或其后尚无数据")
    width = case.settings.pool_years
    base, now = (
        [judge_at(side, year, case.settings, width) for side in sides] for year in (base_end, latest)
    )
    return _verdict(case, verdict, indicator, sides, base, now, end)


def _verdict(
    case,
    verdict: Verdict,
    indicator: Indicator,
    sides: list[History],
    base: list[Judged],
    now: list[Judged],
    end: int,
) -> Verdict:
    base_gap, now_gap = (
        _gap_draws(pair, sides[0].per, case.settings, name) for pair, name in ((base, "base"), (now, "now"))
    )
    narrowed = float(np.mean(np.abs(now_gap) < np.abs(base_gap)))
    tail = (1 - case.settings.level) / 2
    certain = narrowed >= 1 - tail or narrowed <= tail
    base_value, value = base[0].value - base[1].value, now[0].value - now[1].value
    met = abs(value) < abs(base_value)
    probability = np.nan
    if now[0].year < end:
        ahead = [judged_draws(side, end, case.settings) for side in sides]
        if all(draws is not None for draws in ahead):
            closer = np.abs(ahead[0] - ahead[1]) < abs(base_value)
            probability = float((closer.sum() + 0.5) / (len(closer) + 1))
        status = status_ahead(probability, met, certain, case.settings)
    else:
        status = status_now(met, certain)
    low, high = np.quantile(now_gap, [tail, 1 - tail])
    word = "无法判定" if not certain else "改善" if met else "恶化"
    rural, urban = now
    reason = (
        f"{rural.basis}农村{format_value(rural.value, sides[0].indicator.unit)}"
        f"（{rural.numerator:.0f}例）、城镇{format_value(urban.value, sides[0].indicator.unit)}（{urban.numerator:.0f}例），"
        f"差距{format_value(value, indicator.unit)}，基期{format_value(base_value, indicator.unit)}；"
        f"差距缩小的把握{narrowed * 100:.0f}%" + ("" if certain else "，事件数过少，看不出是否缩小")
    )
    return verdict.with_(
        target_text=f"差距较{base[0].basis.removesuffix('合并')}缩小", target_value=abs(base_value), own_status=status.value,
        base_year=base[0].year, base_value=base_value, latest_year=rural.year, latest_value=value, latest_low=low,
        latest_high=high, latest_basis=rural.basis, probability=probability, small_count=not certain, trend_word=word,
        gap=max(0.0, abs(value) - abs(base_value)), n_points=len(sides[0].years),
        data_status="、".join(dict.fromkeys((*sides[0].statuses, *sides[1].statuses))), reason=reason,
    )  # fmt: skip


def _gap_draws(pair: list[Judged], per: float, settings, name: str) -> np.ndarray:
    """Posterior draws of rural minus urban rate."""
    rng = np.random.default_rng([settings.seed, zlib.crc32(name.encode("ascii")), int(pair[0].numerator)])
    rates = [rng.gamma(side.numerator + 0.5, 1.0 / side.denominator, settings.draws) * per for side in pair]
    return rates[0] - rates[1]


def _describe_area(case, verdict: Verdict, source: str, indicator: Indicator) -> Verdict:
    """Spread over townships: described, not judged, since pooled township counts are too small to rank (A02)."""
    units = [
        h for h in case.units.get(source, []) if h.category == "total" and h.counted and "|total|" in h.key
    ]
    if not units:
        return verdict.no_data("缺少分乡镇（街道）的分子、分母")
    latest = max(h.last_trusted for h in units)
    judged = {
        h: judge_at(h, latest, case.settings, case.settings.pool_years) for h in units if h.has_year(latest)
    }
    (low_unit, low), (high_unit, high) = (
        pick(judged.items(), key=lambda item: item[1].value) for pick in (min, max)
    )
    unit = units[0].indicator.unit
    reason = (
        f"仅作描述，不作判定：{high.basis}最高{high_unit.region.rsplit('/', 1)[-1]}{format_value(high.value, unit)}"
        f"（95%区间{format_value(high.low, unit)}—{format_value(high.high, unit)}），"
        f"最低{low_unit.region.rsplit('/', 1)[-1]}{format_value(low.value, unit)}"
        f"（{format_value(low.low, unit)}—{format_value(low.high, unit)}）；乡镇（街道）合并三年仍事件过少，不宜排序"
    )
    return verdict.not_judged(reason).with_(
        target_text="地区差距缩小", latest_year=latest, latest_value=high.value - low.value, latest_basis=high.basis,
        n_points=len(units[0].years), data_status="、".join(units[0].statuses), small_count=True,
    )  # fmt: skip
