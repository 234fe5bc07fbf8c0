"""What was said of each target over the years: a row a target that was ever at risk, a cell a year, in the colour of its status."""

from __future__ import annotations

import pandas as pd

from xhcp_eval.chapters.brief.basis import to_indicator
from xhcp_eval.chapters.figures.canvas import FAINT, LINE, PAPER, SOFT, TYPE, WIDTH, Canvas, source_line
from xhcp_eval.chapters.kit.blocks import Picture
from xhcp_eval.chapters.kit.tables import AT_RISK
from xhcp_eval.chapters.wording.counting import questions
from xhcp_eval.chapters.wording.readers import Reader, mark_of, severity, word_of
from xhcp_eval.pack.pack import Pack, once_a_pack
from xhcp_eval.verdict.judging import judge

BLOCKS, BETWEEN = 2, 16.0  # lists side by side; room between them, points
TALL, ROOM = 14.0, 1.5  # of a row; between cells, points
FEWEST = 3  # rows of a figure
BRIEF: dict[str, str] = {Reader.SECURE: "已达到", Reader.LIKELY: "预计达到"}  # words for a cell


def status_timeline(pack: Pack) -> list[Picture]:
    """The year before an earlier forecast, the forecast, and the end; nothing where the pack looks back at none."""
    rows = _statuses(pack)
    if len(rows) < FEWEST:
        return []
    years = [int(name) for name in rows.columns if name.isdigit()]
    words = {year: [word_of(s, year == years[-1]) for s in rows[str(year)]] for year in years}
    per = -(-len(rows) // BLOCKS)
    canvas = Canvas(LINE + 2 + TALL * per)
    across = (WIDTH - BETWEEN * (BLOCKS - 1)) / BLOCKS
    for block in range(BLOCKS):
        _list(
            canvas,
            pack,
            rows.iloc[block * per : (block + 1) * per],
            years,
            block * (across + BETWEEN),
            across,
        )
    risky = {year: sum(status in AT_RISK for status in rows[str(year)]) for year in years}
    first, origin, end = years
    title = f"有过风险的{len(rows)}项目标，{first}年{risky[first]}项有风险，{origin}年{risky[origin]}项，{end}年{risky[end]}项未达到"
    told = [
        f"{row.indicator_name}：" + "、".join(f"{year}年{words[year][k]}" for year in years)
        for k, row in enumerate(rows.itertuples())
    ]
    how = f"{origin}年为当时公布的，{first}年用当年以前的数重算。"
    return [canvas.picture(title, told, source_line(pack, how=how))]


@once_a_pack
def _statuses(pack: Pack) -> pd.DataFrame:
    """Targets of the last year that were at risk in one of three years: indicator, indicator_name and a column a year."""
    rows = pack.outcomes
    if rows.empty or pack.params.forecast_origin is None or pack.params.data_until < pack.plan.end_year:
        return pd.DataFrame()
    asked = set(questions(pack, pack.plan.end_year)["question"])
    rows = rows[rows["question"].isin(asked)].drop_duplicates("question")
    origin, end = pack.params.forecast_origin, pack.params.data_until
    earlier = judge(pack.observations, pack.plan, pack.region, pack.params.settings, origin - 1,
                    use_recollection=pack.params.use_recollection, may_lag=True).frame  # fmt: skip
    before = rows["target_id"].map(earlier.set_index("target_id")["status"].astype(str))
    ended = rows["question"].map(
        pack.assessment.drop_duplicates("question").set_index("question")["status"].astype(str)
    )
    found = pd.DataFrame({
        "indicator": rows["indicator"], "indicator_name": rows["indicator_name"], str(origin - 1): before,
        str(origin): rows["published_status"], str(end): ended,
    }).dropna()  # fmt: skip
    risky = found[[str(origin - 1), str(origin), str(end)]].isin(list(AT_RISK)).any(axis=1)
    order = found[risky].assign(_end=found[str(end)].map(severity), _origin=found[str(origin)].map(severity))
    return order.sort_values(["_end", "_origin"], kind="stable").drop(columns=["_end", "_origin"])


def _list(
    canvas: Canvas, pack: Pack, rows: pd.DataFrame, years: list[int], left: float, across: float
) -> None:
    """A list of targets: the name, then a cell a year."""
    names = [pack.plan.indicator(indicator).short_name for indicator in rows["indicator"]]
    start = left + 8.2 * TYPE
    step = (left + across - start) / len(years)
    for k, year in enumerate(years):
        canvas.words(start + (k + 0.5) * step, LINE / 2, f"{year}年", "middle", SOFT)
    for line, (name, row) in enumerate(zip(names, rows.to_dict("records"), strict=True)):
        top = LINE + 2 + line * TALL
        canvas.words(left, top + TALL / 2, name, link=to_indicator(pack, row["indicator"]))
        for k, year in enumerate(years):
            status = row[str(year)]
            mark, word = mark_of(status), word_of(status, year == years[-1])
            fill, edge = (PAPER, FAINT) if mark.hollow else (mark.colour, "")
            canvas.box(
                start + k * step, top + ROOM / 2, step - ROOM, TALL - ROOM, fill, edge, f"{year}年{status}"
            )
            canvas.words(start + (k + 0.5) * step, top + TALL / 2, BRIEF.get(word, word), "middle", mark.ink)
