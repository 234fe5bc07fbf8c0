"""How sure the targets ahead are, in four bands of chances, domain by domain: a dot with its name for each that was judged."""

from __future__ import annotations

import pandas as pd

from xhcp_eval.chapters.brief.basis import is_over, to_indicator
from xhcp_eval.chapters.figures.canvas import (
    FAINT,
    FORECAST,
    INK,
    SOFT,
    WIDTH,
    Canvas,
    source_line,
    wide,
)
from xhcp_eval.chapters.kit.blocks import Picture
from xhcp_eval.chapters.wording.values import CHANCES, chance_words
from xhcp_eval.pack.pack import Pack

HEAD, LINE, ROOM = 15.0, 11.0, 3.0  # height of the line of bands and of a target; between domains, points


def chance_dots(pack: Pack, rows: pd.DataFrame) -> list[Picture]:
    """A column a band, from hard to sure, a row a domain; nothing once the plan has run out.

    rows: of the assessment, a row a target whose chance was judged.
    """
    if is_over(pack) or rows.empty:
        return []
    bands = [word for _, word in reversed(CHANCES)]
    rows = rows.assign(_band=rows["probability"].map(chance_words)).sort_values("probability", kind="stable")
    domains = [(d.name, rows[rows["domain"] == d.id]) for d in pack.plan.domains]
    domains = [(name, part) for name, part in domains if len(part)]
    lines = [int(part["_band"].value_counts().max()) for _, part in domains]
    canvas = Canvas(HEAD + sum(lines) * LINE + ROOM * len(domains))
    left = max(wide(name) for name, _ in domains) + 14
    across = (WIDTH - left) / len(bands)
    for k, word in enumerate(bands):
        count = int((rows["_band"] == word).sum())
        canvas.words(left + k * across, HEAD / 2 - 1, f"{word} {count}项")
    top = HEAD
    for (name, part), count in zip(domains, lines, strict=True):
        canvas.line([(0, top), (WIDTH, top)], FAINT, 0.7)
        canvas.words(0, top + LINE / 2 + ROOM / 2, name, colour=SOFT)
        for k, word in enumerate(bands):
            inside = part[part["_band"] == word]
            for place, row in enumerate(inside.itertuples()):
                y = top + ROOM / 2 + (place + 0.5) * LINE
                _target(canvas, pack, row, left + k * across, y)
        top += count * LINE + ROOM
    counted = [(word, int((rows["_band"] == word).sum())) for word in reversed(bands)]
    year = pack.plan.end_year
    title = f"{year}年{len(rows)}项目标：" + "、".join(f"{word}{n}项" for word, n in counted if n)
    told = [
        f"{word}：{'、'.join(rows.loc[rows['_band'] == word, 'indicator_name'])}" for word, n in counted if n
    ]
    how = "四档以30%、70%、90%为界。"
    return [canvas.picture(title, told, source_line(pack, "按历年数值推算", how))]


def _target(canvas: Canvas, pack: Pack, row, x: float, y: float) -> None:
    canvas.dot(x + 3.5, y, FORECAST, told=f"{row.indicator_name}：{100 * row.probability:.0f}%", radius=2.6)
    name = pack.plan.indicator(row.indicator).short_name
    canvas.words(x + 10, y, name, colour=INK, link=to_indicator(pack, row.indicator))
