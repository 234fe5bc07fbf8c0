"""How far two groups of children are apart and whether that has changed: a row an indicator, the worse off group left or right."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from xhcp_eval.chapters.equity import equity_rows
from xhcp_eval.chapters.figures.canvas import INK, LINE, SOFT, WIDTH, Canvas, source_line, wide
from xhcp_eval.chapters.kit.blocks import Picture
from xhcp_eval.chapters.wording.values import change_text, value_text
from xhcp_eval.observations.table import DIMENSIONS, TOTAL
from xhcp_eval.pack.pack import Pack

PAIRS = {"residence": ("rural", "urban"), "sex": ("female", "male")}
LABELS = {"rural": "农村", "urban": "城镇", "female": "女童", "male": "男童"}
TALL = 12.5  # of a row, points
LEAST = 20  # cases in each group: the relative standard error of a rate of fewer is above 20%
UNIT = "percent"  # rows share one scale


@dataclass(frozen=True)
class Gap:
    """A row. name: of the indicator. before, now: how much better off the first group is than the second, in points; before is None
    where it wasn't known. values: of both groups. told: the row in words.
    """

    name: str
    now: float
    before: float | None
    values: str
    told: str


def group_gaps(pack: Pack, dimension: str) -> list[Picture]:
    """Indicators in which two groups differ beyond chance, the largest difference first; nothing where none does.

    dimension: residence or sex. Left of the middle line the first group (country, girls) is worse off, right of it the
    second. Rates of fewer than `LEAST` cases in a group are left out.
    """
    known = equity_rows(pack, dimension)
    if known.empty or dimension not in PAIRS:
        return []
    known = known[known["apart"]]
    gaps = [gap for indicator in known["indicator"] if (gap := _gap(pack, indicator, dimension))]
    if not gaps:
        return []
    gaps.sort(key=lambda gap: -abs(gap.now))
    first, second = (LABELS[name] for name in PAIRS[dimension])
    worse = [gap for gap in gaps if gap.now < 0]
    left = len(known) - len(gaps)
    what = "差别超出偶然、例数够" if left else "差别超出偶然"
    title = f"{what}的{len(gaps)}项中，{len(worse)}项{first}较差、{len(gaps) - len(worse)}项{second}较差"
    title += f"，相差最大的是{gaps[0].name}（{change_text(gaps[0].now, UNIT)}）"
    how = "实心为最近一年，空心为基期。" + (f"另{left}项例数少或单位不同。" if left else "")
    return [
        _drawn(gaps, (first, second)).picture(title, (gap.told for gap in gaps), source_line(pack, how=how))
    ]


def _gap(pack: Pack, indicator: str, dimension: str) -> Gap | None:
    facts = pack.plan.indicator(indicator)
    if facts.unit != UNIT:
        return None
    rows = _groups(pack, indicator, dimension)
    whole = rows.dropna(subset=list(PAIRS[dimension])) if len(rows) else rows
    if whole.empty or whole.index[-1] > pack.params.data_until:
        return None
    last = whole.iloc[-1]
    if last[[f"n_{name}" for name in PAIRS[dimension]]].min() < LEAST:
        return None
    base = whole[whole.index <= pack.plan.base_year].tail(1)
    sign = 1 if facts.direction == "up" else -1
    first, second = PAIRS[dimension]
    now, before = (sign * (row[first] - row[second]) for row in (last, base.iloc[0] if len(base) else last))
    labels = {name: f"{LABELS[name]}{value_text(last[name], UNIT)}" for name in (first, second)}
    values = f"{labels[first]} {labels[second]}"
    told = f"{facts.name}{'，'.join(labels.values())}，相差{change_text(now, UNIT)}"
    return Gap(facts.short_name, now, before if len(base) else None, values, told)


def _groups(pack: Pack, indicator: str, dimension: str) -> pd.DataFrame:
    """Values and cases of both groups by year, since the last break of the series."""
    table = pack.observations
    rows = table[
        (table["indicator"] == indicator) & (table["region"] == pack.region) & table["numerator"].notna()
    ]
    broken = rows.loc[rows["series_break"], "year"]
    rows = rows[rows["year"] >= (broken.max() if len(broken) else 0)]
    others = [name for name in DIMENSIONS if name != dimension]
    rows = rows[rows[dimension].isin(PAIRS[dimension]) & (rows[others] == TOTAL).all(axis=1)]
    wide_rows = rows.assign(
        cases=rows[["numerator"]].min(axis=1).clip(upper=rows["denominator"] - rows["numerator"])
    ).pivot_table(index="year", columns=dimension, values=["value", "cases"])
    if set(PAIRS[dimension]) - set(rows[dimension]):
        return pd.DataFrame()
    return wide_rows["value"].join(wide_rows["cases"].add_prefix("n_")).sort_index()


def _drawn(gaps: list[Gap], labels: tuple[str, str]) -> Canvas:
    """Rows on one scale of points around a middle line that stands for no difference."""
    canvas = Canvas(LINE + TALL * len(gaps))
    left = max(wide(gap.name) for gap in gaps) + 34
    right = WIDTH - max(wide(gap.values) for gap in gaps) - 38
    ends = [value for gap in gaps for value in (gap.now, gap.before) if value is not None]
    low, high = min(0.0, *ends), max(0.0, *ends)

    def x(value: float) -> float:
        return left + (right - left) * (value - low) / (high - low)

    canvas.line([(x(0), LINE), (x(0), canvas.height)], SOFT, 0.8)
    if low < 0:
        canvas.words(x(0) - 6, LINE / 2, f"← {labels[0]}较差", "end", SOFT)
    if high > 0:
        canvas.words(x(0) + 6, LINE / 2, f"{labels[1]}较差 →", colour=SOFT)
    for k, gap in enumerate(gaps):
        y = LINE + (k + 0.5) * TALL
        canvas.words(0, y, gap.name)
        outer = gap.now
        if gap.before is not None:
            canvas.line([(x(gap.before), y), (x(gap.now), y)], INK, 1.1)
            canvas.dot(x(gap.before), y, INK, True, f"基期相差{change_text(gap.before, UNIT)}")
            outer = (min if gap.now < 0 else max)(gap.now, gap.before)
        canvas.dot(x(gap.now), y, INK, told=gap.told)
        canvas.words(
            x(outer) + (-6 if gap.now < 0 else 6),
            y,
            f"{abs(gap.now):.1f}",
            "end" if gap.now < 0 else "start",
            over=True,
        )
        canvas.words(WIDTH, y, gap.values, "end", SOFT)
    return canvas
