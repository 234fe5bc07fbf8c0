"""The words of a verdict, made from a finished row: they change nothing that was judged."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from xhcp_eval.observations.table import STATUS_LABELS, TOTAL
from xhcp_eval.plan.model import Target
from xhcp_eval.plan.units import format_number, format_probability, format_value
from xhcp_eval.verdict.bounds import reaches
from xhcp_eval.verdict.judged import intervals, value_at
from xhcp_eval.verdict.operators import OPERATORS, sign_of
from xhcp_eval.verdict.schema import BY_WORDS, INSIDE
from xhcp_eval.verdict.series import RESIDENCES, Series
from xhcp_eval.verdict.status import Status

REASONS: dict[str, str] = {
    "maintain": "规划未规定数值，须按制度是否落实评分",
    "not_reported": "没有填报数据",
    "only_recollection": "只有待核实的数字（凭回忆录入），不能作为判定依据",
    "no_units": "缺少分乡镇（街道、学校）数据，不能逐单位判定",
    "no_base": "缺少基期值，无从比较",
    "no_gap_counts": "缺少分城乡的分子、分母",
    "no_gap_base": "缺少基期数据，或其后尚无数据",
    "described": "仅作描述，不作判定",
    "pending": "目标值待核实或待裁定",
    "not_kept": "规划期内未保持",
    "few_events": "事件数过少，好坏均不能断定",
    "sampling": "抽样误差大，区间跨过目标值",
    "no_clear_change": "变化在通常波动之内，看不出升降",
    "one_point": "数据点不足，不能外推",
    "probability": "按达标概率判定",
    "reported": "按目标年已填报的数值判定",
    "done": "已完成",
    "not_done": "尚未完成",
}
SHOWN_FAILURES = 4
ON_THE_LINE = "A03"  # whether a bound itself counts, where a plan's text leaves it open


def explain(verdicts) -> pd.DataFrame:
    """The frame of some `Verdicts` with the columns of words filled, one row a region and target, words as plain text."""
    frame = verdicts.frame
    plain = {name: frame[name].astype(str) for name in frame.columns if frame[name].dtype == "category"}
    frame = frame.assign(**plain)
    targets: list[Target | None] = [*verdicts.plan.targets(), *[None] * len(verdicts.plan.milestones)]
    broken, plain_texts = _failures(verdicts), verdicts.facts["target_text"].tolist()
    place = {name: k for k, name in enumerate(verdicts.facts["target_id"])}
    words = []
    for row in frame.to_dict("records"):
        k = place[row["target_id"]]
        failures = broken.get((row["region"], k), [])
        words.append(_Words(verdicts, row, targets[k], plain_texts[k], failures).all())
    return frame.assign(**pd.DataFrame(words, frame.index, BY_WORDS).to_dict("series"))


def _failures(verdicts) -> dict[tuple[str, int], list]:
    """Broken years of each region and position of a target, oldest first."""
    found: dict[tuple[str, int], list] = {}
    regions = [str(path) for path in verdicts.block.regions]
    for row in verdicts.failed.sort_values("year", kind="stable").itertuples():
        found.setdefault((regions[int(row.region)], int(row.target)), []).append(row)
    return found


def basis(first_year: float, year: float) -> str:
    """Chinese words for the years that a value covers; empty where there is none."""
    if not np.isfinite(year):
        return ""
    return f"{year:.0f}年" if first_year == year else f"{first_year:.0f}—{year:.0f}年合并"


def data_status_text(status: str) -> str:
    """Chinese words for the joined data statuses of a verdict."""
    return "、".join(STATUS_LABELS.get(part, part) for part in status.split("、") if part)


class _Words:
    """The words of one row. row: its numbers. target, plain_text: of its target (None: a milestone). broken: failed years."""

    def __init__(self, verdicts, row: dict, target: Target | None, plain_text: str, broken: list) -> None:
        self.verdicts, self.row, self.target = verdicts, row, target
        self.plain_text, self.broken = plain_text, broken
        self.plan, self.block, self.unit = verdicts.plan, verdicts.block, row["unit"]
        self.series: Series | None = self.block.series(row["series"]) if row["series"] >= 0 else None

    @property
    def asked(self) -> Target:
        """The target, where the row is of one."""
        assert self.target is not None, "milestones are worded without"
        return self.target

    @property
    def shown(self) -> Series:
        """The series that is shown, where there is one."""
        assert self.series is not None, "worded without a figure"
        return self.series

    def all(self) -> dict[str, str]:
        """Every column of words."""
        row = self.row
        units = bool(self.target is not None and self.target.aggregation) and self.series is not None
        return {
            "target_text": self.target_text(),
            "latest_basis": basis(row["latest_first_year"], row["latest_year"]),
            "worst_unit": self.shown.place if units else "",
            "failures": "；".join(self.failure(one) for one in self.broken),
            "literal": self.literal(),
            "reason": self.reason(),
            "data_status": "、".join(self.statuses()),
        }

    def value(self, number: float, difference: bool = False) -> str:
        return format_value(number, self.unit, difference=difference)

    def target_text(self) -> str:
        row, yearly = self.row, "（每年）" if self.row["every_year"] else ""
        if (
            self.target is None
            or row["reason_code"] in ("maintain", "no_base")
            or not np.isfinite(row["target_value"])
        ):
            return "地区差距缩小" if row["reason_code"] == "described" else self.plain_text
        if row["kind"] == "gap":
            return f"差距较{basis(row['base_first_year'], row['base_year']).removesuffix('合并')}缩小"
        if OPERATORS[row["op"]].plain:
            return self.plain_text
        if not np.isfinite(row["base_year"]):
            return f"较{self.asked.base_year}年实际值{OPERATORS[row['op']].word}{self._floor()}" + yearly
        shown = f"较{basis(row['base_first_year'], row['base_year']).removesuffix('合并')}的{self.value(row['base_value'])}"
        return self._against(shown) + yearly

    def _against(self, shown: str) -> str:
        row, value = self.row, self.asked.value or 0.0
        if row["op"] == "relative_change_vs_base":
            word, symbol = ("上升", "≥") if value > 0 else ("下降", "≤")
            return f"{shown}{word}{abs(value):g}%（{symbol}{self.value(row['target_value'])}）"
        if row["op"] == "no_worse_than":
            return f"不差于{shown.removeprefix('较')}"
        up = row["op"] == "trend_up"
        text = shown + ("上升" if up else "下降")
        if row["held"]:
            text += "（基期已无可降，不升高即可）" if not up else "（基期已近上限，不降低即可）"
        return text + self._floor()

    def _floor(self) -> str:
        if self.asked.floor is None:
            return ""
        return f"且{'≥' if OPERATORS[self.row['op']].sign > 0 else '≤'}{self.value(self.asked.floor)}"

    def failure(self, one) -> str:
        series = self.block.series(int(one.series))
        place = f"{series.place} " if series.unit else ""
        return f"{basis(one.first_year, one.year)} {place}{self.value(one.value)}"

    def literal(self) -> str:
        """What the single year says by the letter, where small counts forbid to judge by it."""
        row, series = self.row, self.series
        if (
            series is None
            or row["kind"] == "gap"
            or self.block.window[series.row] == 1
            or not np.isfinite(row["target_value"])
        ):
            return ""
        at = int(np.flatnonzero(series.years == row["latest_year"])[0])
        value, counts = series.values[at], format_number(series.numerator[at], "count")
        if row["kind"] != "count":
            counts += f"/{format_number(series.denominator[at], 'count')}"
        word = "达到" if self.satisfied(value) else "未达到"
        return f"{row['latest_year']:.0f}年单年 {self.value(value)}（{counts}），字面{word}；事件数少，统计上无信息量"

    def satisfied(self, value: float) -> bool:
        """Whether a value lies on the wanted side of the printed bound."""
        bound, inclusive = np.array(self.row["target_value"]), np.array(self.row["inclusive"])
        return bool(reaches(np.array(self._sign()), np.array(value), bound, inclusive))

    def _sign(self) -> int:
        return sign_of(self.asked, self.plan.indicator(self.asked.indicator))

    def statuses(self) -> tuple[str, ...]:
        rows = [self.series] if self.series is not None else []
        if self.row["kind"] == "gap":
            rows = [self.block.series(k) for k in self._sides() if k >= 0]
        return tuple(dict.fromkeys(status for one in rows for status in one.statuses))

    # -- the reason ---------------------------------------------------------------------------------------------

    def reason(self) -> str:
        code = self.row["reason_code"]
        special: dict[str, Callable[[], str]] = {
            "not_reported": self._not_reported, "no_units": self._no_units, "no_base": self._no_base,
            "no_gap_base": self._no_gap_base, "described": self._described, "done": self._done, "not_done": self._not_done,
        }  # fmt: skip
        if code in special:
            return special[code]()
        if self.row["kind"] == "gap" and np.isfinite(self.row["narrowed"]):
            return self._gap()
        if self.series is None:
            return REASONS[code]
        return "；".join(part for part in self._parts() if part)

    def _parts(self) -> list[str]:
        """Where it stands, what decides, what is doubtful."""
        row = self.row
        parts = [self._hold(), self._latest(), self._distance()]
        if row["own_status"] == Status.UNDECIDABLE and row["reason_code"] in ("few_events", "sampling"):
            cause = "事件数过少" if row["reason_code"] == "few_events" else "抽样误差大"
            parts.append(f"{cause}，{self._level()}区间跨过目标值，好坏均不能断定{self._side()}")
        elif row["reason_code"] == "no_clear_change":
            parts.append(f"与基期之差在通常波动或误差之内，看不出升降{self._side()}")
        parts += [self._chance(), self._why_not()]
        if row["latest_year"] < self.verdicts.until:
            parts.append(f"最近一次数据为{row['latest_year']:.0f}年")
        if row["on_line"]:
            said = any(one.id == ON_THE_LINE for one in self.plan.readings)
            parts.append("数值恰在界限上" + (f"（见{ON_THE_LINE}）" if said else ""))
        return parts

    def _side(self) -> str:
        """On which side of the printed target an open verdict's value lies: nobody shall take "?" for a failure."""
        return f"（现值在{self.row['side']}）" if self.row["side"] else ""

    def _level(self) -> str:
        return f"{self.verdicts.settings.level * 100:g}%"

    def _hold(self) -> str:
        if self.row["reason_code"] != "pending" or self.target is None:
            return ""
        return self.target.pending or "目标值凭回忆录入，待核实后方可判定"

    def _latest(self) -> str:
        row = self.row
        when = basis(row["latest_first_year"], row["latest_year"])
        if row["kind"] == "count" and row["denominator"] > 1:  # a mean of counts isn't a count
            return f"{when.removesuffix('合并')}共{row['numerator']:.0f}，年均{row['latest_value']:.1f}"
        text = f"{when}{self.value(row['latest_value'])}"
        if np.isfinite(row["latest_low"]):
            text += f"（{self._level()}区间{format_number(row['latest_low'], self.unit)}–{self.value(row['latest_high'])}）"
        if self.asked.aggregation:
            word = "最低" if self._sign() > 0 else "最高"
            text = f"{word}为{self.shown.place}：" + text
        return text

    def _distance(self) -> str:
        """How far the value lies from the printed target; "达到" only where it lies within."""
        row = self.row
        if row["n_failures"]:
            texts = [self.failure(one) for one in self.broken]
            more = f"等{len(texts)}处" if len(texts) > SHOWN_FAILURES else ""
            return f"规划期内未保持：{'；'.join(texts[-SHOWN_FAILURES:])}{more}"
        if not row["side"]:
            return ""
        if row["gap"] > 0:
            text = f"距目标差{self.value(row['gap'], True)}"
            if row["held"] and row["gap"] <= row["tolerance"] + 1e-9:
                text = f"比基期差{self.value(row['gap'], True)}，在允许的抽样误差{self.value(row['tolerance'], True)}以内"
            return text
        if row["latest_year"] >= row["target_year"] or row["side"] != INSIDE:
            return ""
        return "该值在目标值以内" if row["small_count"] else "现已达到目标值"

    def _chance(self) -> str:
        row = self.row
        if np.isfinite(row["probability"]):
            span = "此后每年保持" if row["every_year"] else f"{row['target_year']}年达标"
            return f"{span}的概率{format_probability(row['probability'])}"
        if row["latest_year"] < row["target_year"]:
            return "只有一个数据点，不能外推" + self._side() * (row["own_status"] == Status.UNDECIDABLE)
        return ""

    def _why_not(self) -> str:
        """Why a target is in doubt though its pace of late would do."""
        row, settings = self.row, self.verdicts.settings
        sign = np.sign(row["required_pace"])
        quick = np.isfinite(row["required_pace"]) and sign * (row["pace"] - row["required_pace"]) >= 0
        if not quick or not row["probability"] < settings.likely:
            return ""
        text = f"近五年（{row['pace_from']:.0f}—{row['pace_to']:.0f}年）年均变化{self.value(row['pace'], True)}，不低于所需的{self.value(row['required_pace'], True)}，"
        if sign * (row["forecast_pace"] - row["required_pace"]) < 0:
            return (
                text
                + f"但照现在的趋势今后每年约{self.value(row['forecast_pace'], True)}：类似序列的这种速度多不能持久"
            )
        return text + "预测中位数也可达标，但逐年波动大，落空的可能不小"

    # -- what has no series of its own ----------------------------------------------------------------------------

    def _not_reported(self) -> str:
        return "没有填报完成情况" if self.target is None else f"截至{self.verdicts.until}年没有填报数据"

    def _no_units(self) -> str:
        row = self.block.find(self.row["indicator"], self.row["region"]) if len(self.block) else -1
        if self.row["kind"] == "gap":
            return "缺少分乡镇（街道）的分子、分母"
        known = (
            ""
            if row < 0
            else f"；全区平均 {self.value(self.block.series(row).values[-1])} 不能代替逐单位判定"
        )
        return REASONS["no_units"] + known

    def _no_base(self) -> str:
        return f"缺少{self.asked.base_year or self.plan.base_year}年基期值，无从比较"

    def _no_gap_base(self) -> str:
        end = (self.asked.base_year or self.plan.base_year) + 1
        return f"缺少{end - 2}—{end}年基期数据，或其后尚无数据"

    def _done(self) -> str:
        return f"{self.row['latest_year']:.0f}年已完成"

    def _not_done(self) -> str:
        return f"截至{self.row['latest_year']:.0f}年尚未完成；是否完成不能由趋势外推"

    def _sides(self) -> list[int]:
        """Rural and urban series of the rates that a gap is made of; -1 for one that isn't there."""
        source = self.plan.indicator(self.row["indicator"]).derived_from
        region = int(np.flatnonzero(self.block.regions == self.row["region"])[0])
        which = int(np.flatnonzero(self.block.facts.id == source.indicator)[0])
        return [int(self.block.table(side)[region, which]) for side in ("rural", "urban")]

    def _gap(self) -> str:
        row, block = self.row, self.block
        sides = np.array(self._sides())
        now = value_at(block, sides, np.full(2, int(row["latest_year"])), self.verdicts.settings.pool_years)
        unit = block.series(int(sides[0])).indicator.unit
        rural, urban = (f"{format_value(now.value[k], unit)}（{now.numerator[k]:.0f}例）" for k in (0, 1))
        certain = row["trend_word"] != "无法判定"
        text = (
            f"{basis(now.first_year[0], now.year[0])}农村{rural}、城镇{urban}，差距{self.value(row['latest_value'])}，"
            f"基期{self.value(row['base_value'])}；差距缩小的把握{format_probability(row['narrowed'])}"
        )
        if not certain:
            text += f"，事件数过少，看不出是否缩小{self._side()}"
        return text + (
            "；" + chance if (chance := self._chance()) and np.isfinite(row["probability"]) else ""
        )

    def _described(self) -> str:
        """Spread over townships, described only."""
        block, row = self.block, self.row
        source = self.plan.indicator(row["indicator"]).derived_from
        owner = int(np.flatnonzero(block.regions == row["region"])[0])
        which = int(np.flatnonzero(block.facts.id == source.indicator)[0])
        mine = (
            block.unit & block.whole & (block.residence == RESIDENCES.index(TOTAL)) & (block.owner == owner)
        )
        rows = np.flatnonzero(mine & (block.indicator == which) & block.counted & (block.last_trusted >= 0))
        years = np.full(len(rows), int(row["latest_year"]))
        judged = value_at(block, rows, years, self.verdicts.settings.pool_years)
        low, high = intervals(block, judged)
        unit = block.facts.indicators[which].unit

        def told(k: int) -> str:
            span = f"{format_value(low[k], unit)}—{format_value(high[k], unit)}"
            return f"{block.series(int(rows[k])).place}{format_value(judged.value[k], unit)}（{self._level()}区间{span}）"

        top, bottom = int(np.nanargmax(judged.value)), int(np.nanargmin(judged.value))
        when = basis(judged.first_year[top], judged.year[top])
        return (
            f"{REASONS['described']}：{when}最高{told(top)}，最低{told(bottom)}；"
            "乡镇（街道）合并三年仍事件过少，不宜排序"
        )
