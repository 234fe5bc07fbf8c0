"""Changes on the year before in words: never a rise or fall that chance may have made without saying so."""

from __future__ import annotations

import pandas as pd

from xhcp_eval.chapters.since_last_year import UNTESTED
from xhcp_eval.chapters.wording.nouns import noun_of
from xhcp_eval.chapters.wording.values import change_text, value_text
from xhcp_eval.plan.model import Plan


def counts_text(rows: pd.DataFrame) -> str:
    """How many changed for better or worse beyond chance, how many didn't. rows: of `since_last_year`."""
    told, untested = rows[rows["told"]], rows[(rows["how"] == UNTESTED)]
    better = int(told["better"].sum())
    parts = [
        (better, "项变好"),
        (len(told) - better, "项变差"),
        (len(rows) - len(told) - len(untested), "项没有超出偶然的变化"),
        (len(untested), "项没有计数、无从检验"),
    ]
    return f"可比的{len(rows)}项中{'、'.join(f'{n}{word}' for n, word in parts if n)}"


def short_counts(rows: pd.DataFrame) -> str:
    """The same on a line: 可比的67项中18项变好、2项变差（超出偶然的）."""
    told = rows[rows["told"]]
    better = int(told["better"].sum())
    parts = [(better, "项变好"), (len(told) - better, "项变差")]
    moved = "、".join(f"{n}{word}" for n, word in parts if n)
    return f"可比的{len(rows)}项中{moved}（超出偶然的）" if moved else f"可比的{len(rows)}项没有能断定的升降"


def change_sentence(plan: Plan, row, years: tuple[int, int]) -> str:
    """One change: 眼保健检查由2023年的83.9%升至2024年的86.2%，升2.3个百分点. row: of `since_last_year`, by attribute."""
    facts = plan.indicator(row.indicator)
    noun = noun_of(facts)[:1] if facts.kind == "count" else ""
    before, now = (value_text(value, facts.unit) + noun for value in (row.before, row.now))
    if facts.kind == "count":
        word, size = (
            "增至" if row.change > 0 else "减至",
            f"{'增加' if row.change > 0 else '减少'}{value_text(abs(row.change), facts.unit)}{noun}",
        )
    else:
        word, size = ("升至", "升") if row.change > 0 else ("降至", "降")
        size += change_text(row.change, facts.unit)
    return f"{facts.name}由{years[0]}年的{before}{word}{years[1]}年的{now}，{size}"
