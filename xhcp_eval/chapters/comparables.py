"""Real histories beside a target, for reading: how many like it went that far, and which they were."""

from __future__ import annotations

import pandas as pd

from xhcp_eval.chapters.kit.tables import most_urgent_first, own_targets
from xhcp_eval.chapters.kit.views import TableView, TextView, table, text_view
from xhcp_eval.pack.pack import Pack
from xhcp_eval.plan.units import UNITS, format_probability, format_value
from xhcp_eval.verdict.status import Status

SETTLED = (Status.MET.value, Status.MISSED.value, Status.NO_DATA.value)
UNIT_WORDS = {"rate": "", "ratio": ""}


def comparables_table(pack: Pack, deciding: bool = True) -> TableView:
    """For each open target: our probability, and how many of the real histories that moved alike went that far."""
    rows = most_urgent_first(own_targets(pack, deciding))
    rows = rows[~rows["own_status"].isin(SETTLED)]
    likes = pack.comparables.drop(columns=["indicator", "indicator_name", "unit", "target_year", "reading"])
    joined = rows.merge(likes, on="target_id", how="inner")
    shown = pd.DataFrame(
        {
            "status": joined["own_status"],
            "target": joined["indicator_name"]
            + "\n"
            + joined["target_year"].astype(str)
            + "年 "
            + joined["target_text"],
            "probability": [format_probability(p) for p in joined["probability"]],
            "reached": [
                f"{n}/{of}（{n / of:.0%}）" for n, of in zip(joined["reached"], joined["of"], strict=True)
            ],
            "median": _values(joined, "median"),
            "range": [
                f"{a}～{b}" for a, b in zip(_values(joined, "low"), _values(joined, "high"), strict=True)
            ],
        }
    )
    headers = {
        "status": "状态", "target": "指标与目标", "probability": "本报告的达标概率", "reached": "走到目标的相似真实序列",
        "median": "照其中位走法", "range": "照其八成走法",
    }  # fmt: skip
    caption = "像它这样的真实序列后来怎样：各取走势最相近的 200 条国外市县和国家的真实序列，看同样年数之后走到了哪里"
    return table(shown, columns=headers, numeric=list(headers)[2:], status=["status"], caption=caption)


def nearest_table(pack: Pack, targets: int = 5) -> TableView:
    """The five most alike real histories, by name, of the open targets that need attention most.

    targets: how many targets.
    """
    rows = most_urgent_first(own_targets(pack))
    rows = rows[~rows["own_status"].isin(SETTLED) & rows["target_id"].isin(pack.nearest["target_id"])]
    chosen = rows.drop_duplicates("indicator").head(targets)
    joined = chosen[["target_id", "indicator_name", "target_text"]].merge(pack.nearest, on="target_id")
    shown = pd.DataFrame(
        {
            "target": joined["indicator_name"] + " " + joined["target_text"],
            "name": joined["name"] + "\n" + joined["place"],
            "years": [f"{a}—{b}年" for a, b in zip(joined["first_year"], joined["last_year"], strict=True)],
            "values": joined["values"] + [_unit(u) for u in joined["unit"]],
            "then": [f"{b + k}年：{v:.3g}{_unit(u)}" for b, k, v, u in zip(joined["last_year"], joined["ahead"], joined["then"], joined["unit"], strict=True)],
            "reached": joined["reached"].map({True: "是", False: "否"}),
        }
    )  # fmt: skip
    headers = {
        "target": "本区目标", "name": "相似的真实序列", "years": "比照的年份", "values": "当时的走势", "then": "后来",
        "reached": "按其走法能否达标",
    }  # fmt: skip
    return table(
        shown,
        columns=headers,
        wide=["values"],
        caption="最相似的五条真实序列（数值是各序列自己的，比的是走势，不是水平）",
    )


def comparables_sentence(pack: Pack, indicator: str) -> TextView:
    """How many of the real histories that moved like an indicator went as far as each of its targets asks."""
    rows = pack.comparables[pack.comparables["indicator"] == indicator]
    texts = pack.assessment.set_index("target_id")["target_text"]
    return text_view(
        [
            f"走势与它最相近的{r['of']}条真实序列中，{r['ahead']}年后有{r['reached']}条"
            f"走到了这样的目标（{r['target_year']}年{texts.get(r['target_id'], '')}）。"
            for _, r in rows.iterrows()
        ]
    )


def _values(rows: pd.DataFrame, name: str) -> list[str]:
    return [format_value(v, u) for v, u in zip(rows[name], rows["unit"], strict=True)]


def _unit(unit: str) -> str:
    return UNITS[unit].label if unit in UNITS and unit not in UNIT_WORDS else ""
