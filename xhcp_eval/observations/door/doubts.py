"""What may be a slip, held against the years before: asked about, and let in only when someone confirms it.

Thresholds are set so that no figure of the demonstration district or of the national series is asked about but those
that are wrong on purpose (`benchmarks/wrong_workbooks.py` prints both sides).
"""

from __future__ import annotations

import difflib

import numpy as np
import pandas as pd

from xhcp_eval.observations.cells import Fault
from xhcp_eval.observations.table import KEY, TOTAL
from xhcp_eval.plan.model import Plan
from xhcp_eval.plan.units import UNITS, format_value

# A figure eight times the one before, or an eighth, is more often a slip of the decimal point than news.
# Half of that is where the counts were left out that had been given before.
SLIP_RATIO, SLIP_WITHOUT_COUNTS = 8.0, 4.0
# Standard deviations of a difference of two counts beyond which chance explains no such ratio; fewer where the counts
# themselves were left out.
CHANCE, CHANCE_WITHOUT_COUNTS = 3.3, 2.0
# A share's change is asked about when it is this many times the largest seen before, so many points a year, and beyond
# so many standard deviations of counting.
USUAL_CHANGES, FAR_TIMES, FAR_POINTS, FAR_CHANCE = 3, 3.0, 8.0, 4.5
# So many counted, whoever counts them, hardly become twice as many or half within a year.
MANY, DENOMINATOR_RATIO = 100, 1.7
# Counts of fewer cases repeat by themselves; a table does not in half its rows and more.
LEAST_CASES, LEAST_EVENTS, LEAST_ROWS, MOST = 400, 20, 5, 0.5
_SUMS = (("sex", ("male", "female"), "男、女"), ("residence", ("urban", "rural"), "城镇、农村"))
_CUT = [name for name in KEY if name != "year"]


def find_doubts(table: pd.DataFrame, known: pd.DataFrame) -> list[Fault]:
    """What may be a slip, in the order of rows.

    table: typed rows (columns of `table.COLUMNS`), index = row numbers. known: what the database holds of these
    regions (the same columns). Asked about: jumps to eight times or an eighth and falls to nothing; changes far beyond
    the series' own; denominators that became another population's; counts that are last year's; categories and ages
    never seen; figures dated before those that stand; parts that don't add up to their whole.
    """
    pairs = _with_before(table, known)
    found = [
        *_jumps(pairs),
        *_round_claims(pairs),
        *_moved(pairs),
        *_other_population(pairs),
        *_repeated(pairs),
    ]
    found += [*_never_seen(table, known), *_late(table, known), *_broken_sums(table)]
    told: dict[tuple[int, str], Fault] = {}
    for doubt in found:  # one doubt a cell: the first says most
        told.setdefault((doubt.row, doubt.column), doubt)
    return sorted(told.values(), key=lambda fault: fault.row)


def foreign_indicators(table: pd.DataFrame, plan: Plan) -> list[Fault]:
    """Figures from a department that the plan doesn't name for the indicator."""
    of = {i.id: i.departments for i in plan.indicators if i.departments}
    pairs = table[["indicator", "department"]].drop_duplicates()
    pairs = pairs[(pairs["department"] != "") & pairs["indicator"].isin(of)]
    wrong = {(i, d) for i, d in pairs.itertuples(index=False) if d not in of[i]}
    if not wrong:
        return []
    rows = table[pd.MultiIndex.from_frame(table[["indicator", "department"]]).isin(list(wrong))]
    return [Fault(row, "department", f"{i} 由{'、'.join(of[i])}填报，而不是{d}；请核对指标和部门")
            for row, i, d in zip(rows.index, rows["indicator"], rows["department"], strict=True)]  # fmt: skip


def _with_before(table: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """The table's rows with the nearest earlier figure (then_*) and what was usual before that.

    usual: largest change a year among earlier ones, NaN with fewer than `USUAL_CHANGES`. usual_ratio: largest ratio of
    neighbouring denominators.
    """
    names = [*KEY, "value", "numerator", "denominator", "unit", "series_break", "exceptional"]
    both = pd.concat([known[names].assign(row=-1), table[names].assign(row=table.index)])
    both = both.drop_duplicates(list(KEY), keep="last").sort_values("year", kind="stable")
    series = both.groupby(_CUT, sort=False).ngroup()
    groups = both.groupby(series, sort=False)
    for name in ("year", "value", "numerator", "denominator"):
        both[f"then_{name}"] = groups[name].shift()
    change = (both["value"] - both["then_value"]).abs() / (both["year"] - both["then_year"])
    ratio = _ratio(both["denominator"], both["then_denominator"])
    for name, size in {"usual": change, "usual_ratio": ratio}.items():
        largest = size.groupby(series, sort=False).cummax().groupby(series, sort=False).shift()
        both[name] = largest.where(groups.cumcount() > USUAL_CHANGES)
    return both[(both["row"] >= 0) & both["then_year"].notna()]


def _ratio(one: pd.Series, other: pd.Series) -> pd.Series:
    """How many times the smaller goes into the larger; infinite beside nothing, NaN where either is missing."""
    low, high = np.minimum(one, other), np.maximum(one, other)
    return (
        (high / low.where(low > 0))
        .where(low > 0, np.where(high > 0, np.inf, 1.0))
        .where(one.notna() & other.notna())
    )


def _jumps(pairs: pd.DataFrame) -> list[Fault]:
    """Eight times or an eighth, or nothing where something stood, beyond what chance does to few cases."""
    found = []
    for column in ("value", "denominator"):
        now, then = pairs[column], pairs[f"then_{column}"]
        bare = pairs["denominator"].isna() & pairs["then_denominator"].notna()
        far = (_ratio(now, then) >= np.where(bare, SLIP_WITHOUT_COUNTS, SLIP_RATIO)) & (
            pairs["unit"] != "binary"
        )
        if column == "value":
            far &= _beyond_chance(pairs)
        found += [Fault(row, column, f"{a:g} 是 {year:.0f} 年 {b:g} 的 {a / b:.2g} 倍；小数点或单位是否有误" if b else f"{a:g}，而 {year:.0f} 年是 0；是否有误")
                  for row, a, b, year in pairs.assign(now=now, then=then).loc[far, ["row", "now", "then", "then_year"]].itertuples(index=False)]  # fmt: skip
    return found


def _beyond_chance(pairs: pd.DataFrame) -> pd.Series:
    """Whether the cases behind two values differ by more than counting does; values of no cases always do."""
    per = pairs["unit"].map({name: unit.per for name, unit in UNITS.items()}).astype(float)
    counted = pairs["unit"] == "count"
    # a value without counts stands for as many cases as it would make of last year's population
    now = pairs["numerator"].fillna(pairs["value"] * pairs["then_denominator"] / per)
    now, then = (
        now.where(~counted, pairs["value"]),
        pairs["then_numerator"].where(~counted, pairs["then_value"]),
    )
    enough = np.where(pairs["numerator"].isna() & ~counted, CHANCE_WITHOUT_COUNTS, CHANCE)
    far = (now - then).abs() > enough * np.sqrt(np.maximum(now + then, 1))
    return far | now.isna() | then.isna()


def _round_claims(pairs: pd.DataFrame) -> list[Fault]:
    """Everyone, without counts, where many were counted and some were missing."""
    claimed = (pairs["value"] == 100) & (pairs["unit"] == "percent") & pairs["denominator"].isna()
    rows = pairs[claimed & (pairs["then_denominator"] >= MANY) & (pairs["then_value"] < 100)]
    return [Fault(row, "value", f"100% 而没有分子、分母，{year:.0f} 年是 {then:g}%（分母 {n:g}）；是否确为全部")
            for row, year, then, n in rows[["row", "then_year", "then_value", "then_denominator"]].itertuples(index=False)]  # fmt: skip


def _moved(pairs: pd.DataFrame) -> list[Fault]:
    """Shares that moved far more than ever before, beyond chance, with no change of definition told."""
    change = (pairs["value"] - pairs["then_value"]).abs() / (pairs["year"] - pairs["then_year"])
    told = pairs["series_break"] | pairs["exceptional"] | (pairs["unit"] != "percent")
    size = np.maximum(FAR_TIMES * pairs["usual"], FAR_POINTS)
    n = pairs["denominator"].fillna(pairs["then_denominator"])
    p = pairs["then_value"].clip(0, 100) / 100
    chance = 100 * FAR_CHANCE * np.sqrt(2 * np.maximum(p * (1 - p), 0.01) / n)
    rows = pairs[~told & (change > size) & (n >= MANY) & (change > chance)]
    return [Fault(row, "value", f"{format_value(a, unit)}，{year:.0f} 年是 {format_value(b, unit)}，远超历年变动；请核对，口径有变化的请注明")
            for row, a, b, unit, year in rows[["row", "value", "then_value", "unit", "then_year"]].itertuples(index=False)]  # fmt: skip


def _other_population(pairs: pd.DataFrame) -> list[Fault]:
    """Denominators that became another's within a year, of series whose own hardly move."""
    ratio = _ratio(pairs["denominator"], pairs["then_denominator"])
    many = np.minimum(pairs["denominator"], pairs["then_denominator"]) >= MANY
    steady = (pairs["year"] - pairs["then_year"] == 1) & (ratio > 1 + 2 * (pairs["usual_ratio"] - 1))
    rows = pairs[many & steady & (ratio >= DENOMINATOR_RATIO) & ~pairs["series_break"]]
    return [Fault(row, "denominator", f"{a:g}，{year:.0f} 年是 {b:g}；是否为另一时段、地区或人群的数")
            for row, a, b, year in rows[["row", "denominator", "then_denominator", "then_year"]].itertuples(index=False)]  # fmt: skip


def _repeated(pairs: pd.DataFrame) -> list[Fault]:
    """Figures that are last year's to the last digit: counts of many cases, or most of a table."""
    counts = (pairs["numerator"] == pairs["then_numerator"]) & (
        pairs["denominator"] == pairs["then_denominator"]
    )
    neither = pairs["denominator"].isna() & pairs["then_denominator"].isna()
    same = (pairs["year"] - pairs["then_year"] == 1) & (
        counts | (neither & (pairs["value"] == pairs["then_value"]))
    )
    left = np.minimum(pairs["numerator"], pairs["denominator"] - pairs["numerator"])
    hardly = same & (pairs["denominator"] >= LEAST_CASES) & (left >= LEAST_EVENTS)
    # small numbers, nought and everyone stay as they are without anybody's fault
    lively = (
        ~pairs["unit"].isin(["binary", "count"]) & (pairs["value"] % 1 != 0) & ~(pairs["denominator"] < MANY)
    )
    if lively.sum() >= LEAST_ROWS and (same & lively).sum() > MOST * lively.sum():
        hardly |= same & lively
    rows = pairs[hardly]
    return [Fault(row, "value", f"{format_value(a, unit)}{'' if np.isnan(n) else f'（{k:g}/{n:g}）'} 与 {year:.0f} 年完全相同；是否误填了往年的数")
            for row, a, unit, k, n, year in rows[["row", "value", "unit", "numerator", "denominator", "then_year"]].itertuples(index=False)]  # fmt: skip


def _never_seen(table: pd.DataFrame, known: pd.DataFrame) -> list[Fault]:
    """Categories and ages that an indicator reported before never had."""
    found = []
    for column in ("age", "category"):
        seen = {name: set(words) for name, words in known.groupby("indicator")[column].unique().items()}
        new = table[(table[column] != TOTAL) & table["indicator"].isin(seen)]
        for (indicator, word), rows in new.groupby(["indicator", column], sort=False).groups.items():
            if word in seen[indicator]:
                continue
            near = difflib.get_close_matches(word, seen[indicator], 1)
            hint = f"；是否为“{near[0]}”" if near else ""
            found += [Fault(row, column, f"“{word}” 在 {indicator} 里从未出现过{hint}") for row in rows]
    return found


def running_year(table: pd.DataFrame) -> list[Fault]:
    """Figures of a year that isn't over: reported in that year itself."""
    reported = pd.to_datetime(table["reported_on"], errors="coerce").dt.year
    rows = table[(reported == table["year"]) & (table["status"] != "demo")]
    return [Fault(row, "year", f"{year} 年还没有过完（{day} 填报）；是否为全年的数")
            for row, year, day in zip(rows.index, rows["year"], rows["reported_on"], strict=True)]  # fmt: skip


def _late(table: pd.DataFrame, known: pd.DataFrame) -> list[Fault]:
    """Figures dated before those that stand already: they would be kept and never used."""
    names = [*KEY, "reported_on"]
    both = table[names].reset_index(names="row").merge(known[names], on=list(KEY), suffixes=("", "_then"))
    both = both[(both["reported_on"] != "") & (both["reported_on"] < both["reported_on_then"])]
    return [Fault(row, "reported_on", f"已有 {then} 填报的数，这份 {now} 的不会生效；请核对日期")
            for row, now, then in both[["row", "reported_on", "reported_on_then"]].itertuples(index=False)]  # fmt: skip


def _broken_sums(table: pd.DataFrame) -> list[Fault]:
    """Male and female, urban and rural: their counts add up to the total's."""
    found = []
    for column, parts, words in _SUMS:
        others = [name for name in KEY if name != column]
        rows = table[table[column].isin([TOTAL, *parts])].reset_index(names="_row")
        for count in ("numerator", "denominator"):
            wide = rows.pivot(index=others, columns=column, values=[count, "_row"])
            if not {TOTAL, *parts} <= set(wide[count].columns):
                continue
            total, summed = wide[count][TOTAL], wide[count][list(parts)].sum(axis=1, min_count=len(parts))
            off = (total - summed).abs() > 0.5
            found += [
                Fault(int(row), count, f"{words}合计 {s:g}，与总数 {t:g} 不符")
                for row, s, t in zip(wide["_row"][TOTAL][off], summed[off], total[off], strict=True)
            ]
    return found
