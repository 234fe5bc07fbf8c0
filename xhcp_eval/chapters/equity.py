"""Equity: which indicators differ between groups beyond chance, and whether gaps narrow."""

from __future__ import annotations

import numpy as np
import pandas as pd

from xhcp_eval.chapters.kit.places import funnel_plot
from xhcp_eval.chapters.kit.views import FigureView, TableView, TextView, table, text_view
from xhcp_eval.errors import DataError
from xhcp_eval.evaluation.methods.equity import NARROWED, UNTOLD, WIDENED, groups_of, inequality, narrowing
from xhcp_eval.observations.table import is_below
from xhcp_eval.pack.pack import Pack, once_a_pack
from xhcp_eval.plan.kinds import KINDS
from xhcp_eval.plan.units import UNITS, format_value

DIMENSIONS = {
    "residence": "城乡（城镇对农村）",
    "sex": "性别（男对女）",
    "township": "乡镇街道（最高对最低）",
}
DRAWS = 2000
GROUP_LABELS = {"male": "男", "female": "女", "urban": "城镇", "rural": "农村"}
POOLED = 3  # years put together for rates of rare events
UNSOUND = "各组数少，原数的极差含偶然，不印区间，也不断定是否缩小"


def equity_sentence(pack: Pack, dimension: str) -> TextView:
    """How many indicators differ beyond chance, and how many gaps narrowed or widened.

    dimension: residence, sex or township. Many indicators are tested at once: the false discovery rate is held at 5%.
    """
    rows = equity_rows(pack, dimension)
    if rows.empty:
        return text_view(f"没有按{DIMENSIONS[dimension]}填报计数的指标。")
    apart = rows[rows["apart"]]
    verdicts = rows["verdict"].value_counts()
    told = "，".join(
        f"{word} {verdicts[word]} 项" for word in (NARROWED, WIDENED, UNTOLD) if word in verdicts
    )
    named = "、".join(apart.sort_values("p")["name"].head(6))
    return text_view([
        f"按{DIMENSIONS[dimension]}比较了 {len(rows)} 项指标，{len(apart)} 项的差别超出偶然（错误发现率控制在5%）"
        + (f"：{named}{'等' if len(apart) > 6 else ''}。" if len(apart) else "。"),
        f"与规划开始前相比，差距{told}。“看不出变化”是说现有的数不够断定，不是说没有变化。",
    ])  # fmt: skip


def equity_table(pack: Pack, dimension: str) -> TableView | TextView:
    """Every indicator's gap with interval, what chance alone would show, and whether it has narrowed since the base year."""
    rows = equity_rows(pack, dimension)
    if rows.empty:
        return text_view([])  # the sentence has said so
    rows = rows.sort_values(["apart", "p"], ascending=[False, True])
    shown = pd.DataFrame(
        {
            "name": rows["name"], "year": rows["years"], "gap": rows["gap_text"], "ratio": rows["ratio_text"], "chance": rows["chance_text"],
            "apart": np.where(rows["apart"], "是", "不能断定"), "verdict": rows["verdict"], "change": rows["change_text"], "note": rows["note"],
        }
    )  # fmt: skip
    headers = {"name": "指标", "year": "年份", "gap": "差值（95%区间）", "ratio": "比值（95%区间）", "chance": "各组相等时的偶然差值", "apart": "超出偶然",
               "verdict": "与基期比", "change": "差值的变化（95%区间）", "note": "说明"}  # fmt: skip
    return table(
        shown,
        headers,
        numeric=["gap", "ratio", "chance", "change"],
        caption=f"{DIMENSIONS[dimension]}：差距和变化",
    )


def township_figure(pack: Pack, indicator: str) -> FigureView | TextView:
    """An indicator's townships against the limits of chance; nothing where it has no counts by township.

    indicator: id of the plan's; one that it hasn't shows nothing either.
    """
    rows = equity_rows(pack, "township")
    if rows.empty or indicator not in set(rows["indicator"]):
        return text_view([])
    return funnel_plot(pack, indicator)


def equity_input(pack: Pack) -> pd.DataFrame:
    """One row an indicator and dimension, as the conclusions take it: indicator, verdict, sentence."""
    parts = [equity_rows(pack, dimension).assign(dimension=title) for dimension, title in DIMENSIONS.items()]
    parts = [part for part in parts if len(part)]
    if not parts:
        return pd.DataFrame(columns=["indicator", "verdict", "sentence"])
    rows = pd.concat(parts, ignore_index=True)
    rows = rows[rows["apart"] | (rows["verdict"] != UNTOLD)]
    told = [
        f"{r.name_}{r.dimension}差值{r.gap_text}，与基期比{r.verdict}"
        for r in rows.rename(columns={"name": "name_"}).itertuples()
    ]
    return rows[["indicator", "verdict"]].assign(sentence=told)


@once_a_pack
def equity_rows(pack: Pack, dimension: str) -> pd.DataFrame:
    """Figures behind the tables: one row an indicator with counts in at least two groups in the latest year.

    Columns: indicator, name, years, estimate, low, high, p, apart (after false discovery control), verdict, texts, note.
    """
    region = pack.region
    found, reported = [], set(pack.observations["indicator"])
    for facts in pack.plan.indicators:
        if KINDS[facts.kind].law and facts.id in reported:
            row = _row(pack, facts, dimension, region)
            if row is not None:
                found.append(row)
    rows = pd.DataFrame(found)
    if rows.empty:
        return rows
    return rows.assign(apart=_discoveries(rows["p"].to_numpy()))


def _row(pack: Pack, facts, dimension: str, region: str) -> dict | None:
    last, base = _years(pack, facts, dimension, region)
    if last is None:
        return None
    pooled = POOLED if facts.kind == "rate" else 1
    per = UNITS[facts.unit].per or 1.0
    options = {
        "kind": facts.kind,
        "better": "lower" if facts.direction == "down" else "higher",
        "ordered": dimension != "township",
        "per": per,
        "draws": DRAWS,
    }
    try:
        groups = groups_of(pack.observations, facts.id, dimension, region, last, pooled)
        now = inequality(groups, **options).set_index("measure")
    except DataError:
        return None
    gap, ratio = now.loc["difference"], now.loc["ratio"]
    decisive = now.loc["difference" if dimension != "township" else "between_group_variance", "p"]
    row = {
        "indicator": facts.id, "name": facts.name, "years": str(last) if pooled == 1 else f"{last - pooled + 1}—{last}",
        "estimate": gap["estimate"], "low": gap["low"], "high": gap["high"], "p": decisive,
        "gap_text": _interval(gap, facts), "ratio_text": _ratio(ratio), "chance_text": format_value(abs(gap["by_chance"]), facts.unit, difference=True),
        "verdict": UNTOLD, "change_text": "—", "note": "没有基期的分组数",
    }  # fmt: skip
    if not _contains(gap):
        return row | {"note": UNSOUND}
    return row | _change(pack, facts, dimension, region, groups, base, pooled, options)


def _change(pack, facts, dimension, region, groups, base, pooled, options) -> dict:
    if base is None:
        return {}
    try:
        before = groups_of(pack.observations, facts.id, dimension, region, base, pooled)
        both = [g for g in groups["group"] if g in set(before["group"])]
        pair = [frame.set_index("group").loc[both].reset_index() for frame in (before, groups)]
        change = narrowing(*pair, **options).set_index("measure").loc["difference"]
    except DataError:
        return {}
    text = f"{format_value(change['change'], facts.unit, difference=True)}（{format_value(change['low'], facts.unit, difference=True)}—{format_value(change['high'], facts.unit, difference=True)}）"
    return {
        "verdict": change["verdict"],
        "change_text": text,
        "note": "；".join(filter(None, [f"基期{base}年", change["note"]])),
    }


def _years(pack: Pack, facts, dimension: str, region: str) -> tuple[int | None, int | None]:
    """Latest year with groups, and the plan's base year or the first one before it that has them."""
    rows = pack.observations[pack.observations["indicator"] == facts.id]
    breaks = rows.loc[rows["series_break"], "year"]
    rows = rows[rows["numerator"].notna() & (rows["year"] >= (breaks.max() if len(breaks) else -np.inf))]
    if dimension == "township":
        rows = rows[(rows["level"] == "township") & is_below(rows, region)]
    else:
        rows = rows[(rows["region"] == region) & (rows[dimension] != "total")]
    years = sorted(rows["year"].unique())
    if not years:
        return None, None
    base = [y for y in years if y <= pack.plan.base_year]
    first = base[-1] if base else years[0]
    return int(years[-1]), int(first) if first < years[-1] else None


def _discoveries(p: np.ndarray, rate: float = 0.05) -> np.ndarray:
    """Benjamini & Hochberg 1995: which of many tests stand at a false discovery rate."""
    from statsmodels.stats.multitest import multipletests

    return multipletests(p, rate, method="fdr_bh")[0]


def _contains(row: pd.Series) -> bool:
    """Whether an interval holds its own estimate: ranges of many small groups are drawn together until they don't."""
    return bool(row["low"] - 1e-9 <= row["estimate"] <= row["high"] + 1e-9)


def _interval(row: pd.Series, facts) -> str:
    """A gap with its interval; full counts have none, and one that leaves its estimate out isn't printed."""
    ends = [format_value(row[name], facts.unit, difference=True) for name in ("estimate", "low", "high")]
    return ends[0] if facts.census or not _contains(row) else f"{ends[0]}（{ends[1]}—{ends[2]}）"


def _ratio(row: pd.Series) -> str:
    return (
        f"{row['estimate']:.2f}（{row['low']:.2f}—{row['high']:.2f}）"
        if np.isfinite(row["estimate"])
        else "—"
    )
