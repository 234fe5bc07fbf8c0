"""What had been said of targets and what came: in four bands of chances, each target with a mark of its result."""

from __future__ import annotations

import pandas as pd

from xhcp_eval.chapters.figures.canvas import FAINT, INK, LINE, SOFT, WIDTH, Canvas, source_line, wide
from xhcp_eval.chapters.kit.style import STATUS_STYLE
from xhcp_eval.chapters.kit.views import FigureView, Grid
from xhcp_eval.chapters.wording.values import CHANCES, chance_words
from xhcp_eval.pack.pack import Pack
from xhcp_eval.plan.units import format_probability
from xhcp_eval.verdict.status import Status

HEAD = 2 * LINE + 6  # height of the bands' names and counts, points
REACHED, FAILED, OPEN = "达到", "未达到", "难断"
LOOKS = {REACHED: Status.MET, FAILED: Status.MISSED, OPEN: Status.UNDECIDABLE}
HOW = "很难为30%以下，说不准30%—70%，较有把握70%—90%，很有把握90%以上；同一栏内按当时的概率由低到高。"


def banded(pack: Pack) -> pd.DataFrame:
    """Targets that were given a chance, a row a question.

    Columns: indicator, indicator_name, target_text, probability, band (in words), result (达到, 未达到, 难断).
    """
    rows = pack.outcomes
    rows = rows[rows["probability"].notna()].drop_duplicates("question")
    scored = rows["scored"].astype(bool)
    result = rows["met"].map({1.0: REACHED, 0.0: FAILED}).where(scored, OPEN).fillna(OPEN)
    rows = rows.assign(band=rows["probability"].map(chance_words), result=result)
    wanted = ["indicator", "indicator_name", "target_text", "probability", "band", "result"]
    return rows[wanted].sort_values("probability", kind="stable", ignore_index=True)


def counted(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of `banded` counted: a row a band, from hard to sure; columns band, said (mean chance), and one a result."""
    found = []
    for _, word in reversed(CHANCES):
        part = rows[rows["band"] == word]
        found.append((word, part["probability"].mean(), *(int((part["result"] == r).sum()) for r in LOOKS)))
    return pd.DataFrame(found, columns=["band", "said", *LOOKS])


def result_dots(pack: Pack) -> FigureView | None:
    """A column a band, a mark and a name for each target; None where no target was given a chance."""
    rows = banded(pack)
    if rows.empty:
        return None
    counts = counted(rows)
    canvas = Canvas(HEAD + rows["band"].value_counts().max() * LINE)
    across = WIDTH / len(counts)
    for k, band in enumerate(counts.itertuples()):
        part = rows[rows["band"] == band.band]
        canvas.words(k * across, LINE / 2, f"{band.band} {len(part)}项")
        told = "、".join(f"{n}{word}" for word in LOOKS if (n := getattr(band, word)))
        canvas.words(k * across, 1.5 * LINE, told, colour=SOFT)
        for place, row in enumerate(part.itertuples()):
            _target(canvas, pack, row, k * across, HEAD + (place + 0.5) * LINE)
    canvas.line([(0, HEAD - 3), (WIDTH, HEAD - 3)], FAINT, 0.8)
    title = _title(counts)
    words = [
        f"{r.band}：" + "，".join(f"{getattr(r, w)}项{w}" for w in LOOKS if getattr(r, w))
        for r in counts.itertuples()
    ]
    grid = Grid(
        ("指标", "目标", "当时概率", "后来"),
        tuple(
            (r.indicator_name, r.target_text, format_probability(r.probability), r.result)
            for r in rows.itertuples()
        ),
    )
    return canvas.view(title, f"{title}。{'；'.join(words)}。", source_line(pack, how=HOW), grid)


def _title(counts: pd.DataFrame) -> str:
    sure, hard = counts.iloc[-1], counts.iloc[0]
    parts = [
        f"当时{row['band']}的{row[REACHED] + row[FAILED]}项有了结果，{row[REACHED]}项达到"
        for row in (sure, hard)
        if row[REACHED] + row[FAILED]
    ]
    return "；".join(parts) or "当时给出概率的目标，结果都难断"


def _target(canvas: Canvas, pack: Pack, row, x: float, y: float) -> None:
    look = STATUS_STYLE[LOOKS[row.result]]
    told = (
        f"{row.indicator_name}{row.target_text}：当时{format_probability(row.probability)}，后来{row.result}"
    )
    canvas.box(x, y - 5, 11, 10, look.colour, told=told)
    canvas.words(x + 5.5, y, look.symbol, "middle", look.ink)
    name = pack.plan.indicator(row.indicator).short_name
    canvas.words(x + 15, y, name, colour=INK)
    canvas.words(x + 19 + wide(name), y, format_probability(row.probability), colour=SOFT)
