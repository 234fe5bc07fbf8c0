"""How a forecast comes about, in a paragraph for a reviewer; its Chinese precedents are marked in the indicator's figure."""

from __future__ import annotations

import pandas as pd

from xhcp_eval.chapters.kit.precedents import about, rows_of
from xhcp_eval.chapters.kit.views import TextView, text_view
from xhcp_eval.pack.pack import Pack
from xhcp_eval.plan.units import format_probability
from xhcp_eval.verdict.precedents import AS_FAR, FARTHER, LESS_FAR

WENT = {FARTHER: "比目标走得更远", AS_FAR: "与目标大体相当", LESS_FAR: "没有走到目标"}


def grounds(pack: Pack, indicator: str) -> list[TextView]:
    """Paragraph on how an indicator's forecast comes about; nothing where no real histories stand beside it.

    pack: from `open_pack`. indicator: id.
    """
    likes = pack.comparables[pack.comparables["indicator"] == indicator]
    if likes.empty:
        return []
    found = rows_of(pack, indicator)
    texts = pack.assessment.set_index("target_id")[["target_text", "probability"]]
    told = likes.join(texts, on="target_id")
    parts = [_own_part(pack, told), _abroad(told), _at_home(pack, indicator, found), _chances(told)]
    return [text_view("".join(parts))]


def _own_part(pack: Pack, told: pd.DataFrame) -> str:
    """What the forecast looks at: the indicator's own years, and other series of it if there are any."""
    first = told.iloc[0]
    rows = pack.histories
    years = rows.loc[(rows["indicator"] == first["indicator"]) & rows["usual"], "year"]
    company = int(first["company"])
    beside = (
        f"，连同各地区（或所属单位）的同一指标共{company}条序列"
        if company
        else "，没有足够多的别处同一指标可以参照"
    )
    return (
        f"预测怎么来：模型看的是本指标自己{int(first['n_points'])}个年份的数（{years.min()}—{years.max()}年）{beside}，"
        "按大量真实短序列后来的走法推算。"
    )


def _abroad(told: pd.DataFrame) -> str:
    counts = "，".join(
        f"{r['ahead']}年后有{r['reached']}条走到了这样的目标（{r['target_year']}年{r['target_text']}）"
        for r in told.to_dict("records")
    )
    return f"走势与它最相近的{told['of'].iloc[0]}条真实序列（国外市县和国家）中，{counts}。"


def _at_home(pack: Pack, indicator: str, found: pd.DataFrame) -> str:
    """The Chinese precedents by name, and where they would take the indicator."""
    if found.empty:
        return "国内各省的序列中，没有走势足够相近的先例。"
    unit = pack.plan.indicator(indicator).unit
    records = found.to_dict("records")
    named = "、".join(f"{r['place']}{r['name']}（{r['first_year']}—{r['last_year']}年）" for r in records)
    values = "、".join(about(r["then"], r["grain"], unit) for r in records)
    counts = found["went"].value_counts()
    parts = [f"{counts[key]}个{word}" for key, word in WENT.items() if key in counts]
    all_alike = ("都" if len(found) > 1 else "") + WENT[found["went"].iloc[0]]
    went = "，".join(parts) if len(parts) > 1 else all_alike
    each = "分别约为" if len(records) > 1 else "约为"
    return (
        f"国内走势相近的先例是{named}，比的是走势，不是内容和水平；照其后来的走法折算，本指标"
        f"{records[0]['target_year']}年{each}{values}，{went}。"
    )


def _chances(told: pd.DataFrame) -> str:
    known = told[told["probability"].notna()]
    if known.empty:
        return ""
    chances = "，".join(
        f"{format_probability(r['probability'])}（{r['target_year']}年{r['target_text']}）"
        for r in known.to_dict("records")
    )
    return f"模型给出的达标概率为{chances}；先例只供对照，不改变概率。"
