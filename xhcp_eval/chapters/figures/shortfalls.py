"""Where what is missing lies: bars of the shortfall by township, the largest first, for the problems with most children."""

from __future__ import annotations

from collections.abc import Sequence

from xhcp_eval.chapters.brief.basis import risks, shortfalls
from xhcp_eval.chapters.figures.canvas import INK, LINE, WIDTH, Canvas, source_line, wide
from xhcp_eval.chapters.kit.blocks import Picture
from xhcp_eval.chapters.wording.nouns import counted, noun_of
from xhcp_eval.chapters.wording.values import bound_text
from xhcp_eval.pack.pack import Pack

MOST, BETWEEN = 2, 20.0  # problems side by side; room between them, points
PLACES, TALL = 12, 12.0  # townships of a problem; height of a row, points
FEWEST = 3  # townships that are short


def shortfall_bars(pack: Pack) -> list[Picture]:
    """The problems with the largest shortfall that can be counted by township, side by side; nothing without such counts."""
    rows = risks(pack)
    rows = rows[~rows["every_year"] & (rows["gap"] > 0)].sort_values("children", ascending=False)
    found = [(row, shortfalls(pack, row)) for row in rows.itertuples()]
    found = [(row, [place for place in places if round(place[1]) > 0]) for row, places in found]
    found = [(row, places) for row, places in found if len(places) >= FEWEST][:MOST]
    if not found:
        return []
    tall = max(min(len(places), PLACES) for _, places in found)
    canvas = Canvas(LINE + 4 + TALL * tall)
    across = (WIDTH - BETWEEN * (MOST - 1)) / MOST
    clauses, told = [], []
    for k, (row, places) in enumerate(found):
        facts = pack.plan.indicator(row.indicator)
        head = f"{facts.short_name}，目标{bound_text(row.target_text)}，{_word(row)}{counted(row.children, facts)}"
        _bars(canvas, head, places[:PLACES], noun_of(facts)[:1], k * (across + BETWEEN), across)
        name, short = places[0][:2]
        clauses.append(f"{facts.short_name}{name}{_word(row)}最多（{round(short):,}{noun_of(facts)[:1]}）")
        told.append(f"{facts.name}：" + "、".join(f"{place}{round(short):,}" for place, short, *_ in places))
    how = "离全区目标的人数，各地不抵扣。"
    return [canvas.picture("，".join(clauses), told, source_line(pack, how=how))]


def _word(row) -> str:
    return "缺" if row.direction == "up" else "超出"


def _bars(
    canvas: Canvas, head: str, places: Sequence[tuple], measure: str, left: float, across: float
) -> None:
    """One problem: a bar a township, its number at the end."""
    canvas.words(left, LINE / 2, head)
    start = left + max(wide(name) for name, *_ in places) + 6
    room = across - (start - left) - max(wide(f"{round(short):,}{measure}") for _, short, *_ in places) - 6
    largest = places[0][1]
    for k, (name, short, numerator, denominator) in enumerate(places):
        y = LINE + 4 + (k + 0.5) * TALL
        long = room * short / largest
        canvas.words(left, y, name)
        canvas.box(
            start, y - 4.5, max(long, 0.8), 9, INK, told=f"{name}：{numerator:,.0f}／{denominator:,.0f}"
        )
        canvas.words(start + long + 4, y, f"{round(short):,}{measure}")
