"""Dot plots: scores of the third party beside the offices' own, and how many families are satisfied with each service."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd

from xhcp_eval.chapters.figures.canvas import FAINT, INK, LINE, SOFT, WIDTH, Canvas, source_line, wide
from xhcp_eval.chapters.kit.blocks import Picture
from xhcp_eval.chapters.third_party.scores import appraisal_of
from xhcp_eval.chapters.third_party.survey import survey_of
from xhcp_eval.evaluation.methods.satisfaction import TOTAL, satisfaction_table
from xhcp_eval.evaluation.scoring.appraisal import domain_composites
from xhcp_eval.pack.pack import Pack

TALL = 13.0  # of a row, points
MARGIN = 26.0  # for words beside the outermost dots, points
FULL = 4.0  # the highest score
STRATEGY = "strategy"


def score_dots(pack: Pack) -> list[Picture]:
    """Mean scores of strategies by domain: the third party's as full dots, the offices' own as hollow ones."""
    appraisal = appraisal_of(pack) if pack.params.evaluation else None
    if appraisal is None:
        return []
    items = appraisal.items
    items = items[(items["kind"] == STRATEGY) & items["median"].notna()]
    third = domain_composites(appraisal, STRATEGY).set_index("domain")["mean"]
    names = {domain.id: domain.name for domain in pack.plan.domains}
    found = pd.DataFrame({"third": third, "own": items.groupby("domain")["self_score"].mean()}).dropna()
    found = (
        found[found.index.isin(names)]
        .assign(gap=lambda f: f["own"] - f["third"])
        .sort_values("gap", ascending=False)
    )
    if found.empty:
        return []
    labels = [names[domain] for domain in found.index]
    canvas, x = _rows(labels, 0.0, FULL, head=LINE)
    for k, row in enumerate(found.itertuples()):
        y = LINE + (k + 0.5) * TALL
        _pair(canvas, (x(row.third), x(row.own)), y, (f"{row.third:.1f}", f"{row.own:.1f}"))
    first = found.iloc[0]
    _heads(canvas, (x(first["third"]), x(first["own"])), ("第三方", "自评"))
    higher = int((found["gap"] > 0).sum())
    title = (
        f"{len(found)}个领域中{higher}个自评高于第三方"
        if higher < len(found)
        else f"{higher}个领域的自评都高于第三方"
    )
    title += f"，{labels[0]}高出最多（{first['own']:.1f}分对{first['third']:.1f}分）" if higher else ""
    told = [
        f"{name}第三方{r.third:.1f}分，自评{r.own:.1f}分"
        for name, r in zip(labels, found.itertuples(), strict=True)
    ]
    how = f"策略措施评分的平均，满分{FULL:g}分。"
    return [canvas.picture(title, told, source_line(pack, "第三方评分和部门自评", how))]


def satisfaction_dots(pack: Pack) -> list[Picture]:
    """Share of families satisfied with each service, lowest first, with the interval of the sample."""
    survey = survey_of(pack) if pack.params.evaluation else None
    if survey is None:
        return []
    asked = {item.id for item in survey[0].description.items if item.scale == "satisfaction"}
    rows = satisfaction_table(survey[0])
    rows = rows[rows["item"].isin(asked) & (rows["group"] == TOTAL) & rows["share"].notna()].sort_values(
        "share"
    )
    if rows.empty:
        return []
    canvas, x = _rows(list(rows["label"]), 0.0, 100.0)
    for k, row in enumerate(rows.itertuples()):
        y, (low, share, high) = (
            (k + 0.5) * TALL,
            (100 * v for v in (row.share_low, row.share, row.share_high)),
        )
        canvas.line([(x(low), y), (x(high), y)], SOFT, 1.2)
        canvas.dot(x(share), y, told=f"{row.label}{share:.1f}%（{row.n}份）")
        canvas.words(x(high) + 5, y, f"{share:.1f}%")
    low, high = rows.iloc[0], rows.iloc[-1]
    title = f"{low['label']}满意率最低（{100 * low['share']:.1f}%），{high['label']}最高（{100 * high['share']:.1f}%）"
    told = [f"{row.label}{100 * row.share:.1f}%" for row in rows.itertuples()]
    return [canvas.picture(title, told, source_line(pack, "家长满意度调查", "点为满意率，横线为95%区间。"))]


def _rows(
    labels: Sequence[str], low: float, high: float, head: float = 0.0
) -> tuple[Canvas, Callable[[float], float]]:
    """A row a label on one scale. head: room above, points. Returns the drawing and where a value stands across."""
    canvas = Canvas(head + TALL * len(labels))
    left, right = max(map(wide, labels)) + MARGIN, WIDTH - MARGIN - 12
    for k, label in enumerate(labels):
        y = head + (k + 0.5) * TALL
        canvas.words(0, y, label)
        canvas.line([(left, y), (right, y)], FAINT, 0.7)
    return canvas, lambda value: left + (right - left) * (value - low) / (high - low)


def _pair(canvas: Canvas, places: tuple[float, float], y: float, texts: tuple[str, str]) -> None:
    """A full and a hollow dot on a row with their values on the outer sides."""
    canvas.line([(places[0], y), (places[1], y)], INK, 1.2)
    for place, other, text, hollow in zip(places, places[::-1], texts, (False, True), strict=True):
        canvas.dot(place, y, INK, hollow, text)
        outside = -6 if place < other or (place == other and not hollow) else 6
        canvas.words(place + outside, y, text, "end" if outside < 0 else "start", over=True)


def _heads(canvas: Canvas, places: tuple[float, float], texts: tuple[str, str]) -> None:
    """What full and hollow dots are, above those of the first row."""
    left = places[0] <= places[1]
    for place, text, outer in zip(places, texts, (left, not left), strict=True):
        canvas.words(place + (-6 if outer else 6), LINE / 2, text, "end" if outer else "start", SOFT)
