"""Findings as sentences: problems, what goes well, open questions, suggestions; each with the figures it rests on."""

from __future__ import annotations

import hashlib
import json
import re
from typing import NamedTuple

import numpy as np
import pandas as pd

from xhcp_eval.chapters.kit.tables import AT_RISK, most_urgent_first, own_targets, signed
from xhcp_eval.chapters.wording.nouns import counted, pooled
from xhcp_eval.chapters.wording.pace import best_span, best_text
from xhcp_eval.chapters.wording.standing import not_yet, stands, why_open
from xhcp_eval.observations.table import is_below, is_total
from xhcp_eval.pack.pack import Pack
from xhcp_eval.plan.kinds import KINDS
from xhcp_eval.plan.units import format_probability, format_value
from xhcp_eval.verdict.pairs import RECENT_YEARS
from xhcp_eval.verdict.status import Status

CHAPTERS = {
    "problems": "突出问题和短板弱项",
    "good": "进展较好的目标",
    "open": "还不能下结论的目标",
    "suggestions": "对策建议",
}
# Results of a target that a sentence about it may give, beside its probability and the numbers of its own words.
FIGURES = (
    "target_year", "target_value", "base_year", "base_value", "latest_year", "latest_value", "latest_low", "latest_high",
    "numerator", "denominator", "gap", "children", "pace", "pace_from", "pace_to", "required_pace",
)  # fmt: skip
WORDS = ("indicator_name", "target_text", "latest_basis", "failures", "literal", "department")
MANY = 6


class Finding(NamedTuple):
    """One sentence and what it rests on.

    key: stays the same from year to year. chapter: key of `CHAPTERS`. text: Chinese. targets: ids of the targets.
    statuses: of these. department: who is meant. digest: of the figures, so that it is seen when they have changed.
    numbers: results of these targets, on the scale of their units.
    """

    key: str
    chapter: str
    text: str
    targets: tuple[str, ...]
    statuses: tuple[str, ...]
    department: str
    digest: str
    numbers: tuple[float, ...] = ()


def findings(pack: Pack) -> list[Finding]:
    """All findings of a pack in the order of a report: what needs attention first.

    Problems are targets of the region's own goals that are missed, hard to reach or at risk; suggestions go with them
    and with what is missing, disputed or doubtful.
    """
    rows = own_targets(pack, True).drop_duplicates("question")
    risky = most_urgent_first(rows[rows["status"].isin(AT_RISK)])
    good = rows[rows["status"].isin([Status.MET, Status.LIKELY])]
    unclear = rows[rows["status"].isin([Status.UNDECIDABLE, Status.DISPUTED, Status.NO_DATA])]
    found = [_problem(pack, row) for row in risky.itertuples()]
    found += [_good(pack, row) for row in good.itertuples()]
    found += [_open(pack, row) for row in unclear.itertuples()]
    # one suggestion an indicator, by the target that lies furthest ahead
    last = risky.sort_values("target_year", kind="stable").drop_duplicates("indicator", keep="last").index
    found += [_advice(pack, row) for row in risky[risky.index.isin(last)].itertuples()]
    return found + _standing_advice(pack, unclear)


def numbers_in(text: str) -> list[tuple[str, float, float]]:
    """Numbers of a text in digits: as written, value (万 and 亿 counted in), half a unit of the last digit."""
    found = []
    for match in re.finditer(r"(\d[\d,]*)(\.\d+)?([万亿]?)", text):
        times = {"": 1.0, "万": 1e4, "亿": 1e8}[match[3]]
        value = float(match[1].replace(",", "") + (match[2] or "")) * times
        found.append((match[0].rstrip(","), value, 0.5 * times * 10.0 ** -max(len(match[2] or "") - 1, 0)))
    return found


def _problem(pack: Pack, row) -> Finding:
    if row.status == Status.MISSED:
        text = f"{_year(row)}{row.indicator_name}目标（{_bound(row)}）未达标：{_now(pack, row)}"
        text += f"；{row.failures}" if row.failures else ""
    else:
        text = f"{row.indicator_name}{_now(pack, row)}，{_year(row)}目标（{_bound(row)}）{row.status}"
        text += (
            f"，达标概率{format_probability(row.probability)}" if row.probability == row.probability else ""
        )
    return _finding("problems", row, f"{text}{_gap(pack, row)}{_lowest(pack, row)}。")


def _good(pack: Pack, row) -> Finding:
    text = f"{row.indicator_name}{_now(pack, row)}，{_year(row)}目标（{_bound(row)}）{row.status}"
    if row.probability == row.probability:
        text += f"，达标概率{format_probability(row.probability)}"
    return _finding("good", row, f"{text}。")


def _open(pack: Pack, row) -> Finding:
    why = {
        Status.DISPUTED: "规划文本有不同读法，结论不同，待裁定",
        Status.NO_DATA: "没有数据",
    }.get(row.status) or why_open(pack, row)
    known = f"{_now(pack, row)}；" if row.latest_year == row.latest_year else ""
    return _finding("open", row, f"{row.indicator_name}{_year(row)}目标（{_bound(row)}）：{known}{why}。")


def _advice(pack: Pack, row) -> Finding:
    """What a target at risk would take, by the department that answers for it and the strategy that it has in the plan."""
    strategies = [s for s in pack.plan.strategies if row.goal in s.goals]
    named = "、".join(f"“{s.name}”" for s in strategies[:2])
    whom = row.department or "责任部门"
    parts = [
        f"{row.indicator_name}：建议{whom}" + (f"对照策略措施{named}逐条检查落实" if named else "查明原因")
    ]
    paces = pack.scenarios[(pack.scenarios["target_id"] == row.target_id)].set_index("scenario")
    if row.required_pace == row.required_pace:
        five = row.pace_to - row.pace_from == RECENT_YEARS
        years = "" if five else f"（{row.pace_from:.0f}—{row.pace_to:.0f}年）"
        now = f"近五年{years}年均{signed(row.pace, row.unit)}" if row.pace == row.pace else "近五年速度不详"
        parts.append(f"{now}，要在{row.target_year}年达到目标需每年{signed(row.required_pace, row.unit)}")
    span = best_span(pack, row)
    if span:
        chance = format_probability(paces.loc["best_recent", "probability"])
        parts.append(f"{best_text(span)}，达标概率为{chance}")
    place = _lowest(pack, row)
    if place:
        parts.append(f"先从{place.removeprefix('；最低的是')}入手")
    return _finding("suggestions", row, "；".join(parts) + "。")


def _standing_advice(pack: Pack, unclear: pd.DataFrame) -> list[Finding]:
    """Suggestions about what can't be judged: gaps in the data, readings to be settled, doubts to be answered."""
    found = []
    absent = unclear[unclear["status"] == Status.NO_DATA]
    for department, rows in absent.groupby("department", sort=False):
        names = _listed(rows["indicator_name"])
        text = (
            f"建议{department or '有关部门'}对{names}开展专项统计调查或纳入常规统计：没有数据，目标无从评判。"
        )
        found.append(_group("suggestions", f"missing.{department}", rows, text, department))
    disputed = unclear[unclear["status"] == Status.DISPUTED]
    if len(disputed):
        text = f"建议区妇儿工委就{_listed(disputed['indicator_name'])}的规划文本读法作出裁定并书面公布，裁定前两种结论并列。"
        found.append(_group("suggestions", "disputed", disputed, text, "区妇儿工委"))
    few = unclear[(unclear["status"] == Status.UNDECIDABLE) & unclear["small_count"]]
    if len(few):
        text = f"{_listed(few['indicator_name'])}每年事件数很少，建议逐例评审、用三年合并值看方向，不因一年的升降奖惩。"
        found.append(_group("suggestions", "few", few, text, ""))
    grave = pack.quality[pack.quality["severity"].astype(str) == "高"]
    if len(grave):
        text = f"建议{_listed(grave['department'])}核实数据质量审核中列为“高”的{len(grave)}条疑点后再报。"
        digest = _digest(grave[["indicator", "region", "year"]].astype(str).values.tolist())
        found.append(
            Finding(
                "suggestions.doubts",
                "suggestions",
                text,
                (),
                (),
                "、".join(grave["department"].unique()),
                digest,
            )
        )
    return found


def _now(pack: Pack, row) -> str:
    if row.kind == "count" and row.denominator > 1:
        total = pooled(row.numerator, round(row.denominator), pack.plan.indicator(row.indicator))
        return f"{row.latest_basis.removesuffix('合并')}{total}"
    interval = ""
    if row.small_count and row.latest_low == row.latest_low:
        interval = (
            f"（95%区间{format_value(row.latest_low, row.unit)}—{format_value(row.latest_high, row.unit)}）"
        )
    place = f"最低的{row.worst_unit}" if row.worst_unit else ""
    return f"{row.latest_basis}{place}为{format_value(row.latest_value, row.unit)}{interval}"


def _bound(row) -> str:
    return row.target_text.removesuffix("（每年）")


def _year(row) -> str:
    return "每年保持的" if row.every_year else f"{row.target_year}年"


def _gap(pack: Pack, row) -> str:
    if not row.gap > 0:
        return f"；{stands(pack.plan, row)}" if not_yet(row) else ""
    people = (
        counted(row.children, pack.plan.indicator(row.indicator)) if row.kind not in ("count", "mean") else ""
    )
    return f"；差{format_value(row.gap, row.unit, difference=True)}" + (f"，折合约{people}" if people else "")


def _lowest(pack: Pack, row) -> str:
    """The township furthest behind, where the difference from the whole is more than chance."""
    if row.worst_unit or row.latest_year != row.latest_year or not KINDS[row.kind].law:
        return ""
    region = pack.region
    rows = pack.observations
    rows = rows[(rows["indicator"] == row.indicator) & (rows["year"] == row.latest_year)]
    rows = rows[(rows["level"] == "township") & is_total(rows) & is_below(rows, region)]
    rows = rows.dropna(subset=["numerator", "denominator"])
    if len(rows) < 2 or not rows["denominator"].sum():
        return ""
    x, n = rows["numerator"].to_numpy(float), rows["denominator"].to_numpy(float)
    share = x.sum() / n.sum()
    spread = np.sqrt(n * share * (1 - share if row.kind == "proportion" else 1))
    z = (x - n * share) / np.where(spread > 0, spread, np.inf) * (1 if row.direction == "up" else -1)
    if z.min() > -3:  # Bonferroni for a dozen townships would be -2.9
        return ""
    worst = rows.iloc[int(z.argmin())]
    end = "最低" if row.direction == "up" else "最高"
    return f"；{end}的是{worst['region'].rsplit('/', 1)[-1]}（{format_value(worst['value'], row.unit)}）"


def _listed(names: pd.Series) -> str:
    unique = list(dict.fromkeys(name for name in names if name))
    return "、".join(unique[:MANY]) + (f"等{len(unique)}项" if len(unique) > MANY else "")


def _finding(chapter: str, row, text: str) -> Finding:
    figures = [
        row.target_id,
        row.status,
        row.target_text,
        _rounded(row.latest_value),
        _rounded(row.probability, 2),
        row.failures,
    ]
    return Finding(
        f"{chapter}.{row.target_id}",
        chapter,
        text,
        (row.target_id,),
        (str(row.status),),
        row.department,
        _digest(figures),
        _numbers(row),
    )


def _group(chapter: str, key: str, rows: pd.DataFrame, text: str, department: str) -> Finding:
    ids = tuple(rows["target_id"])
    return Finding(
        f"{chapter}.{key}",
        chapter,
        text,
        ids,
        tuple(dict.fromkeys(rows["status"])),
        department,
        _digest([*ids, text]),
        tuple(number for row in rows.itertuples() for number in _numbers(row)),
    )


def _numbers(row) -> tuple[float, ...]:
    given = [float(getattr(row, name)) for name in FIGURES]
    words = "；".join([*(str(getattr(row, name)) for name in WORDS), format_probability(row.probability)])
    return tuple(value for value in given if value == value) + tuple(one for _, one, _ in numbers_in(words))


def _rounded(value: float, digits: int = 6) -> float | None:
    return None if value != value else round(float(value), digits)


def _digest(figures: list) -> str:
    return hashlib.sha256(json.dumps(figures, ensure_ascii=False, default=str).encode("utf-8")).hexdigest()[
        :8
    ]
