"""The twin that `judge` is held against: one region and one target at a time, in plain Python, from the rules as written.

No words, no tables, no forecasting: quantiles of the level are given. Chances are shares of simulated futures, with
generators of their own, where the arrays integrate. Intervals are those of `small_numbers`, which has tests of its own.
"""

from __future__ import annotations

import math
import statistics

import numpy as np
from naive_bounds import PLAIN, SUREST, TRENDS, Bound, bound_of, change_from, moves, sign_of
from naive_series import EPS, NAN, Figures, Judged, known

from xhcp_eval.verdict import joint


def chance(f: Figures, years, bound: Bound, since) -> float:
    """Share of futures in which every year meets the bound, never surer than `SUREST`."""
    found = [f.future(year, since, whole=True) for year in years]
    if years[0] <= f.last or any(values is None for values in found):
        return NAN
    met = np.mean(np.all([bound.meets(values, bound.limit) for values in found], axis=0))
    return min(max(float(met), SUREST), 1 - SUREST)


def chance_of_all(members, years, bound: Bound, since) -> float:
    """Every series meets it: together as they used to move."""
    shares = [chance(f, years, bound, since) for f in members]
    if len(members) == 1:
        return shares[0]
    group, calendar = np.zeros(len(members), int), sorted({y for f in members for y in f.points})
    steps = np.array([[f.steps.get(y, NAN) for y in calendar] for f in members])
    met = float(joint.together(np.array(shares), group, joint.common_share(steps, group))[0])
    return min(max(met, SUREST), 1 - SUREST) if known(met) else NAN


def broken_years(members, bound: Bound, start, end) -> list[tuple]:
    """Years in which a promise of every year wasn't kept, each judged as it would be by itself."""
    limit = bound.now if bound.futures is None else bound.sign * float(min(bound.sign * bound.futures))
    found = []
    for f in members:
        for year in sorted(y for y in f.trusted if start <= y <= end):
            at = f.judged(year, since=start)
            low, high = f.interval(at) if f.uncertain else (NAN, NAN)
            chance_alone = high >= limit if bound.sign > 0 else low <= limit
            if not bound.meets(at.value, limit) and not chance_alone:
                found.append((f.key, year, at.first, at.value))
    return found


def straddles(f: Figures, target, latest: Judged, bound: Bound) -> bool:
    """Whether counts are so few that chance alone could put the judged value on either side of the bound."""
    low, high = f.interval(latest)
    if not f.uncertain or not known(low):
        return False
    relative = target.op == "relative_change_vs_base"
    change = change_from(f, latest, bound.base, 1 + target.value / 100 if relative else 1.0)
    if (target.op in TRENDS or relative or bound.held) and change[1] is not None and target.floor is None:
        end = f.upper if bound.sign > 0 else f.lower
        best = bound.held and abs(end - latest.value) <= f.rounding
        up, down, _ = moves(change)
        return not up and not down and not best
    return low < bound.point < high


def direction(f: Figures, target, latest: Judged, bound: Bound) -> tuple[str, bool]:
    """The word for the change from the base, and whether the change may be relied on."""
    if target.op not in (*TRENDS, "no_worse_than"):
        return "", True
    base = bound.base
    if base is None or base.year == latest.year:
        return "无法判定", False
    up, down, flat = moves(change_from(f, latest, base), f.settings.minimal_change)
    steps = list(f.steps.values())
    swing = 1.96 * statistics.stdev(steps) if len(steps) >= 5 and f.window == 1 else 0.0
    if abs(latest.value - base.value) < swing:
        up = down = flat = False
    better, worse = (up, down) if bound.sign > 0 else (down, up)
    word = "改善" if better else "恶化" if worse else "基本持平" if flat else "无法判定"
    holds = target.op == "no_worse_than" or bound.held or target.floor is not None
    return word, better or worse or holds


def status_of(s, over, met, certain, probability, broken, held) -> str:
    """The one rule that turns evidence into a status."""
    if held:
        return "不作判定"
    if broken:
        return "未达标"
    if over:
        return ("已达标" if met else "未达标") if certain else "无法判定"
    if not known(probability) or (not certain and s.undecidable[0] < probability < s.undecidable[1]):
        return "无法判定"
    if met and certain and probability >= s.secure:
        return "已达标"
    return (
        "预期可达标" if probability >= s.likely else "存在风险" if probability >= s.unlikely else "难以达标"
    )


def pace_of(f: Figures, until) -> tuple[float, float, float]:
    """Yearly change over the last five years between usual years, with the years it runs from and to."""
    usable = f.trusted & f.usual
    years = sorted(y for y in usable if y <= until)
    years = [y for y in years if y >= years[-1] - 5]
    if len(years) < 2:
        return NAN, NAN, NAN
    then, now = (f.judged(y, usable=usable).value for y in (years[0], years[-1]))
    return (now - then) / (years[-1] - years[0]), years[0], years[-1]


def side_of(met) -> str:
    return "目标以内" if met else "目标以外"


def judge_series(main: Figures, members, target, plan) -> dict:
    """Every column of numbers of one target: `main` is shown, all members have to meet the bound."""
    s, kind = main.settings, main.indicator.kind
    keep = target.year == "every_year" and target.op not in TRENDS
    end = plan.end_year if target.year == "every_year" else target.year
    start = plan.start_year if keep else 0
    latest = main.judged(end if end in main.trusted else max(main.trusted), since=start)
    years = range(max(latest.year + 1, start), end + 1) if keep else [end]
    bound = bound_of(main, target, plan, latest, years)
    if bound is None:
        return {"own_status": "缺数据", "reason_code": "no_base"}
    over, base = latest.year >= end, bound.base
    broken = broken_years(members, bound, start, end) if keep else []
    unsure, (word, significant) = (
        straddles(main, target, latest, bound),
        direction(main, target, latest, bound),
    )
    probability = NAN if over else bound.probability
    if not over and bound.futures is None:
        probability = chance_of_all(members, years, bound, start)
    met = bound.meets(latest.value, bound.now)
    if bound.futures is not None:
        met = np.mean(bound.sign * (latest.value - bound.futures) >= -EPS) >= 0.5
    certain = not unsure and (significant or not (target.op in TRENDS and over))
    hold = bool(target.pending) or target.status == "recollection"
    status = status_of(s, over, met and (significant or over), certain, probability, broken, hold)
    gap = max(0.0, bound.sign * (bound.point - latest.value))
    stated = target.op == "no_worse_than" and target.value is not None
    if base is not None and base.year == latest.year and target.op not in PLAIN and not stated:
        gap = NAN
    left, way = end - latest.year, bound.point - base.value if base else NAN
    people = (
        main.cases / main.per if kind in ("proportion", "rate", "ratio") else 1.0 if kind == "count" else NAN
    )
    children = gap * people
    pace, begun, ended = pace_of(main, latest.year)
    low, high = main.interval(latest)
    open_ = status == "无法判定"
    reasons = [
        (hold, "pending"), (broken, "not_kept"), (open_ and unsure and latest.first < latest.year, "few_events"),
        (open_ and unsure, "sampling"), (open_ and not significant and over, "no_clear_change"),
        (open_ and not known(probability), "one_point"), (not over and known(probability), "probability"),
    ]  # fmt: skip
    return {
        "target_value": bound.point, "limit": bound.limit if bound.futures is None else NAN, "inclusive": bound.inclusive,
        "held": bound.held, "base_year": base.year if base else NAN,
        "base_first_year": base.first if base else NAN, "base_value": base.value if base else NAN,
        "tolerance": abs(bound.point - bound.now) if bound.held else NAN, "latest_year": latest.year,
        "latest_first_year": latest.first, "latest_value": latest.value, "latest_low": low, "latest_high": high,
        "numerator": latest.x, "denominator": latest.n, "small_count": main.uncertain,
        "side": "" if bound.futures is not None else side_of(bound.meets(latest.value, bound.point)), "n_failures": len(broken),
        "gap": gap, "gap_relative": gap / abs(bound.point) if bound.point else NAN,
        "covered": (latest.value - base.value) / way if bound.sign * way > 1e-12 else NAN,
        "pace": pace, "pace_from": begun, "pace_to": ended,
        "required_pace": (bound.point - latest.value) / left if gap > 0 and left > 0 else NAN,
        "forecast_pace": (main.middle(end) - latest.value) / left if left > 0 else NAN, "probability": probability,
        "children": math.ceil(children - EPS) if known(children) else NAN, "own_status": status, "trend_word": word,
        "on_line": abs(latest.value - bound.point) < EPS and known(gap) and bound.point not in (main.lower, main.upper),
        "reason_code": next((code for when, code in reasons if when), "reported"), "n_points": len(main.points),
        "series": main.key, "failures": broken, "futures": bound.futures,
    }  # fmt: skip


def judge_units(series: dict[str, Figures], target, plan) -> dict:
    """Every township or school has to meet the bound; the worst in the last year stands for all."""
    mine = [f for f in series.values() if f.unit and f.indicator.id == target.indicator and f.trusted]
    mine = [f for f in mine if not f.key.endswith("|total")] or mine
    if not mine:
        return {"own_status": "缺数据", "reason_code": "no_units"}
    latest = max(max(f.trusted) for f in mine)
    sign = sign_of(mine[0], target)
    worst = min((f for f in mine if latest in f.trusted), key=lambda f: sign * f.judged(latest).value)
    return judge_series(worst, mine, target, plan)


def judge_gap(rural: Figures | None, urban: Figures | None, target, plan, rng) -> dict:
    """Rural against urban rates, each with a Gamma of Jeffreys' prior on its count: narrower than in the base years?"""
    sides = [rural, urban]
    if any(f is None or not f.counted or not f.trusted for f in sides):
        return {"own_status": "缺数据", "reason_code": "no_gap_counts"}
    end = plan.end_year if target.year == "every_year" else target.year
    base_end, s = (target.base_year or plan.base_year) + 1, rural.settings
    year = min(max(rural.trusted), max(urban.trusted), end)
    bases = [f.trusted & f.usual if base_end in f.trusted & f.usual else f.trusted for f in sides]
    pairs = [
        [f.judged(base_end, s.pool_years, usable=years) for f, years in zip(sides, bases, strict=True)],
        [f.judged(year, s.pool_years) for f in sides],
    ]
    if year <= base_end or any(at is None or at.x is None for pair in pairs for at in pair):
        return {"own_status": "缺数据", "reason_code": "no_gap_base"}
    before, now = (pair[0].value - pair[1].value for pair in pairs)
    drawn = [
        np.subtract(*(rural.per * rng.gamma(at.x + 0.5, 1 / at.n, 50_000) for at in pair)) for pair in pairs
    ]
    tail = (1 - s.level) / 2
    narrowed = float(np.mean(abs(drawn[1]) < abs(drawn[0])))
    certain, met, over = not tail < narrowed < 1 - tail, abs(now) < abs(before), year >= end
    coming = [f.future(end) for f in sides]
    probability = NAN
    if not over and all(values is not None for values in coming):
        closer = float(np.mean(abs(coming[0] - coming[1]) < abs(before)))
        probability = min(max(closer, SUREST), 1 - SUREST)
    low, high = np.quantile(drawn[1], [tail, 1 - tail])
    return {
        "target_value": abs(before), "base_year": base_end, "base_first_year": pairs[0][0].first, "base_value": before,
        "latest_year": year, "latest_first_year": pairs[1][0].first, "latest_value": now, "latest_low": low,
        "latest_high": high, "side": side_of(met), "probability": probability,
        "own_status": status_of(s, over, met, certain, probability, [], False), "small_count": not certain,
        "narrowed": narrowed, "trend_word": ("改善" if met else "恶化") if certain else "无法判定",
        "gap": max(0.0, abs(now) - abs(before)), "n_points": len(rural.points), "series": rural.key,
        "reason_code": ("reported" if over else "probability") if certain else "few_events", "drawn": drawn[1],
    }  # fmt: skip


def describe_area(series: dict[str, Figures], source: str) -> dict:
    """The spread over townships, pooled; never judged."""
    mine = [
        f
        for key, f in series.items()
        if f.unit and key.startswith(source + "|") and key.endswith("|total|total")
    ]
    mine = [f for f in mine if f.counted and f.trusted]
    if not mine:
        return {"own_status": "缺数据", "reason_code": "no_units"}
    year = max(max(f.trusted) for f in mine)
    judged = [f.judged(year, f.settings.pool_years) for f in mine if year in f.trusted]
    values = [at.value for at in judged]
    return {
        "own_status": "不作判定", "reason_code": "described", "latest_year": year, "small_count": True,
        "latest_first_year": min(at.first for at in judged), "latest_value": max(values) - min(values),
        "n_points": len(mine[0].points),
    }  # fmt: skip


def judge_yes_no(f: Figures | None, end) -> dict:
    """Done or not."""
    if f is None or not f.trusted:
        return {"own_status": "缺数据", "reason_code": "only_recollection" if f else "not_reported"}
    year = max(f.trusted)
    done = f.points[year].value >= 1
    return {
        "target_value": 1.0, "latest_year": year, "latest_first_year": year, "latest_value": f.points[year].value,
        "own_status": "已达标" if done else "未达标" if year >= end else "存在风险", "n_points": len(f.points),
        "reason_code": "done" if done else "not_done", "series": f.key,
    }  # fmt: skip


def judge_all(series: dict[str, Figures], plan, region) -> list[dict]:
    """Every target and milestone in the plan's order: what differs from an empty row, by column.

    Besides columns: failures (key, year, first year, value), futures of a bound that lies ahead, drawn gaps of now.
    """
    rng, found = np.random.default_rng(1), []
    for target in plan.targets():
        indicator = plan.indicator(target.indicator)
        f = series.get(f"{indicator.id}|{region}|total|total")
        end = plan.end_year if target.year == "every_year" else target.year
        if target.op == "maintain":
            found.append({"own_status": "不作判定", "reason_code": "maintain"})
        elif indicator.kind == "gap" and indicator.derived_from.gap == "area":
            found.append(describe_area(series, indicator.derived_from.indicator))
        elif indicator.kind == "gap":
            source = indicator.derived_from.indicator
            sides = (series.get(f"{source}|{region}|{side}|total") for side in ("rural", "urban"))
            found.append(judge_gap(*sides, target, plan, rng))
        elif target.aggregation is not None and target.level == plan.level:
            found.append(judge_units(series, target, plan))
        elif indicator.kind == "yes_no" or f is None or not f.trusted:
            found.append(judge_yes_no(f, end))
        else:
            found.append(judge_series(f, [f], target, plan))
    return found + [
        judge_yes_no(series.get(f"{m.id}|{region}|total|total"), plan.end_year) for m in plan.milestones
    ]
