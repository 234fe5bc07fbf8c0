"""Indicators without a target of their own: a small line each in a table, drawn directly, with their first and last figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
from markupsafe import Markup, escape

from xhcp_eval.chapters.kit.course import Course, course_of
from xhcp_eval.chapters.kit.style import HISTORY, MUTED, PAPER
from xhcp_eval.chapters.kit.tables import signed
from xhcp_eval.chapters.kit.views import Grid, TableView, table, template
from xhcp_eval.pack.pack import Pack
from xhcp_eval.plan.model import Indicator
from xhcp_eval.plan.units import format_value

WIDE, HIGH, EDGE = 132.0, 30.0, 4.0  # of a line, and room around it, CSS pixels


def sparkline(course: Course) -> Markup:
    """The figures of an indicator as a line without axes: years as in all figures of the plan, from its lowest to its highest value.

    course: of `course_of`. Every point tells its year, value, counts and source. Returns an <svg>; empty without figures.
    """
    rows = course.shown
    if not rows:
        return Markup("")
    low, high = min(r.value for r in rows), max(r.value for r in rows)

    def place(year: float, value: float) -> tuple[float, float]:
        across = (year - course.first) / max(course.last - course.first, 1)
        up = (value - low) / (high - low) if high > low else 0.5
        return EDGE + (WIDE - 2 * EDGE) * across, HIGH - EDGE - (HIGH - 2 * EDGE) * up

    places = [place(r.year, r.value) for r in rows]
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    dots = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{2.4 if r is rows[-1] else 1.6}" fill="{PAPER if r.unsure else HISTORY}"'
        f' stroke="{HISTORY}"><title>{escape(r.told)}</title></circle>'
        for (x, y), r in zip(places, rows, strict=True)
    )
    unit = course.facts.unit
    told = f"{course.facts.name}，{rows[0].year}年{format_value(rows[0].value, unit)}至{rows[-1].year}年{format_value(rows[-1].value, unit)}"
    return Markup(
        f'<span class="drawing"><svg class="spark" role="group" tabindex="0" aria-label="{escape(told)}" viewBox="0 0 {WIDE:g} {HIGH:g}"'
        f' width="{WIDE:g}" height="{HIGH:g}"><path d="{path}" fill="none" stroke="{MUTED}" stroke-width="1.2"/>{dots}</svg></span>'
    )


def sparkline_table(pack: Pack, indicators: Sequence[Indicator], caption: str) -> TableView:
    """A row an indicator: its line, first and last figure, change since the base year, what is counted and who reports it.

    indicators: of the plan. caption: above.
    """
    courses = [course_of(pack, facts.id) for facts in indicators]
    rows = [_row(pack, course) for course in courses]
    first = pack.plan.base_year - 5
    headers = {"name": "指标", "line": f"{first}—{pack.plan.end_year}年", "first": "最早的数", "last": "最近的数",
               "change": f"比{pack.plan.base_year}年", "what": "口径和填报单位"}  # fmt: skip
    view = table(
        pd.DataFrame(rows, columns=list(headers), dtype=object), headers, numeric=["first", "last", "change"], wide=["what"],
        caption=caption,
    )  # fmt: skip
    below = template("numbers.html.j2").render(grid=_grid(courses), summary="历年数据")
    return replace(view, html=view.html + below)


def _grid(courses: Sequence[Course]) -> Grid:
    """All figures of the indicators: a row each, a column a year."""
    years = sorted({row.year for course in courses for row in course.rows})
    rows = []
    for course in courses:
        values = {row.year: format_value(row.value, course.facts.unit) for row in course.rows}
        rows.append((course.facts.name, *(values.get(year, "—") for year in years)))
    return Grid(("指标", *(f"{year}年" for year in years)), tuple(rows))


def _row(pack: Pack, course: Course) -> tuple:
    facts = course.facts
    name = Markup(f'<span id="{escape(facts.id)}">{escape(facts.name)}</span>')
    what = "。".join(filter(None, [
        f"分子：{facts.numerator_zh}；分母：{facts.denominator_zh}" if facts.numerator_zh else "",
        f"填报单位（建议）：{'、'.join(facts.departments)}" if facts.departments else "",
        f"相关疑义：{'、'.join(facts.anomalies)}" if facts.anomalies else "",
    ]))  # fmt: skip
    if not course.rows:
        return name, "没有填报", "—", "—", "—", what
    ends = [
        f"{format_value(r.value, facts.unit)}\n{r.year}年{f' {r.counts}' if r.counts else ''}"
        for r in (course.rows[0], course.rows[-1])
    ]
    base = next((r.value for r in course.rows if r.year == pack.plan.base_year), None)
    change = "—"
    if base is not None and course.rows[-1].year != pack.plan.base_year:
        change = signed(course.rows[-1].value - base, facts.unit)
    return name, sparkline(course), *ends, change, what
