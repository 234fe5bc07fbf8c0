"""Numbers that a pack's brief and official report may print, and those of a text that are none of them.

A number with its unit is held against what the pack's frames know of the indicators that its clause names (their values,
bounds, gaps, paces, counts, group differences, townships of the last year), or where no indicator is named against sizes of
the pack's lists. Both after rounding to as many decimals as are printed. Years and numbers within the plan's own words are
no figures.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd

from xhcp_eval.chapters.brief.basis import end_targets, shortfalls
from xhcp_eval.chapters.equity import equity_rows
from xhcp_eval.chapters.kit.blocks import Block, Heading, Paragraph, Picture, Table
from xhcp_eval.chapters.kit.tables import own_targets
from xhcp_eval.chapters.outcomes import then_and_now
from xhcp_eval.chapters.since_last_year import UNTESTED, since_last_year
from xhcp_eval.chapters.third_party.recheck import recheck
from xhcp_eval.chapters.third_party.scores import appraisal_of
from xhcp_eval.chapters.third_party.survey import survey_of
from xhcp_eval.chapters.wording.cases import RATE
from xhcp_eval.chapters.wording.counting import questions
from xhcp_eval.chapters.wording.readers import READERS
from xhcp_eval.evaluation.methods.independent_check import NOT_CHECKED
from xhcp_eval.evaluation.methods.satisfaction import satisfaction_table
from xhcp_eval.observations.table import is_below, is_total
from xhcp_eval.pack.pack import Pack

NUMBER = r"(?<![\d.A-Za-z—])[−-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
POINTS = ("个百分点", "个千分点", "/10万", "/万", "/千人", "小时", "课时", "元", "倍")
LEVELS = ("%", "‰", "/10万", "/万", "/千人", "小时", "课时", "元")
LISTS = ("项", "条", "处", "份")
TOKEN = re.compile(
    rf"({NUMBER})(个百分点|个千分点|%|‰|/10万|/万|/千人|小时|课时|元|倍|项|条|处|份|分(?!析)|[名个例间家人所](?!月|百|千|领域))"
)
NAMED_YEARS = re.compile(r"\d{4}(?:—\d{4})?年|\d岁|0-6|0—6")
MARKED = re.compile(r"〔[^〕]*〕|95%区间")


class Stranger(NamedTuple):
    """A number that nothing in the pack accounts for. where: the block it stands in."""

    number: str
    clause: str
    where: str


class Allowed:
    """What the frames of a pack know, by indicator."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        plan = pack.plan
        pairs = [(name, one.id) for one in plan.indicators for name in (one.name, one.short_name)]
        pairs += [(one.what_zh.split("，")[0].split("（")[0], one.id) for one in plan.milestones]
        self.names = dict(sorted(pairs, key=lambda pair: -len(pair[0])))
        self.any = re.compile("|".join(map(re.escape, self.names)))
        self.known: dict[str, list[float]] = defaultdict(list)
        for fill in (self._assessment, self._values, self._groups, self._townships, self._late):
            fill()
        self.arrays = {name: np.abs(np.array(values, float)) for name, values in self.known.items()}
        births = self.known[RATE]  # of which few births and deaths are told without the indicator's name
        self.lists = np.array(sorted(_sizes(pack) | {*births}), float)
        self.scores = np.array(sorted(_scores(pack)), float)

    def _add(self, indicator: str, *values: float) -> None:
        self.known[indicator] += [value for value in values if np.isfinite(value)]

    def _assessment(self) -> None:
        rows = pd.concat([self.pack.assessment, then_and_now(self.pack)[["indicator"]].head(0)])
        left = max(self.pack.plan.end_year - self.pack.params.data_until, 1)
        for row in rows.itertuples():
            self._add(row.indicator, *(getattr(row, name) for name in (
                "base_value", "latest_value", "latest_low", "latest_high", "target_value", "gap", "pace", "required_pace",
                "tolerance", "children", "numerator", "denominator", "n_failures")))  # fmt: skip
            self._add(row.indicator, 100 * row.probability, row.denominator - row.numerator)
            self._add(
                row.indicator,
                row.numerator / max(row.denominator, 1),
                row.required_pace / row.pace if row.pace else np.nan,
            )
            self._add(
                row.indicator,
                row.latest_value + row.required_pace,
                np.floor(row.children / left),
                np.ceil(row.children / left),
            )
            ahead = self.pack.params.data_until + 1 - row.latest_year
            self._add(row.indicator, row.latest_value + row.required_pace * ahead)
            for text in (row.target_text, row.failures):
                self._add(row.indicator, *(float(n) for n in re.findall(r"\d+(?:\.\d+)?", str(text))))
        for row in self.pack.outcomes.itertuples():
            self._add(row.indicator, row.origin_value, row.outcome_value, 100 * row.probability)
        for target in self.pack.plan.targets():
            if target.floor is not None:
                latest = rows.loc[rows["target_id"] == target.id, "latest_value"]
                self._add(target.indicator, target.floor, *(target.floor - latest))

    def _values(self) -> None:
        rows = self.pack.observations
        rows = rows[(rows["region"] == self.pack.region) & is_total(rows)]
        for row in rows.itertuples():
            self._add(row.indicator, row.value, row.numerator, row.denominator)
        for indicator, part in self.pack.histories.groupby("indicator"):
            values = part.sort_values("year")["judged"].dropna()
            self._add(indicator, *values, *values.diff().dropna())
        for row in self.pack.comparables.itertuples():
            self._add(row.target_id.split("@")[0], row.of, row.reached)

    def _groups(self) -> None:
        for dimension in ("residence", "sex", "township"):
            for row in equity_rows(self.pack, dimension).itertuples():
                self._add(row.indicator, row.estimate)
        rows = self.pack.observations
        rows = rows[(rows["region"] == self.pack.region) & ~is_total(rows)]
        for row in rows.itertuples():
            self._add(row.indicator, row.value)

    def _townships(self) -> None:
        rows = self.pack.observations
        rows = rows[(rows["level"] == "township") & is_total(rows) & is_below(rows, self.pack.region)]
        last = rows.groupby("indicator")["year"].transform("max")
        for row in rows[rows["year"] == last].itertuples():
            self._add(row.indicator, row.value, row.numerator, row.denominator)
        for indicator, part in rows[rows["year"] == last].groupby("indicator"):
            self._add(str(indicator), part["region"].nunique())
        for row in own_targets(self.pack, None).itertuples():
            if row.unit == "percent" and row.gap > 0:
                places = shortfalls(self.pack, row)
                self._add(row.indicator, len(places))
                self._add(row.indicator, *(short for _, short, *_ in places))
                for n in range(1, len(places) + 1):
                    self._add(
                        row.indicator, 100 * sum(short for _, short, *_ in places[:n]) / max(row.children, 1)
                    )

    def _late(self) -> None:
        for row in since_last_year(self.pack).itertuples():
            self._add(row.indicator, row.before, row.now, row.change)

    def strangers(self, blocks: Iterable[Block]) -> list[Stranger]:
        """Numbers of some blocks that nothing accounts for."""
        return [one for where, text in pieces(blocks) for one in self._of_text(where, text)]

    def _of_text(self, where: str, text: str) -> Iterator[Stranger]:
        text = MARKED.sub("", text)
        whole = self._indicators(text) | self._indicators(where)
        for clause in re.split(r"[。；]", text):
            mine = self._indicators(clause) or whole
            bare = NAMED_YEARS.sub("", self.any.sub("", clause))
            for found in TOKEN.finditer(bare):
                if not self._accounts(mine, found[1], found[2]):
                    yield Stranger(found[0], clause, where)

    def _indicators(self, text: str) -> set[str]:
        return {self.names[name] for name in self.any.findall(text)}

    def _accounts(self, indicators: set[str], number: str, unit: str) -> bool:
        value, digits = abs(float(number.replace(",", "").replace("−", "-"))), len(number.partition(".")[2])
        pools = [self.arrays.get(name, np.array([])) for name in indicators]
        if unit in LISTS or not indicators:
            pools.append(self.lists)
        if unit in ("分", "份", "%"):
            pools.append(self.scores)
        room = 0.5 * 10.0**-digits + 1e-6
        return any(len(pool) and bool((np.abs(pool - value) <= room).any()) for pool in pools)


def pieces(blocks: Iterable[Block]) -> Iterator[tuple[str, str]]:
    """Texts of blocks with where they stand (the heading and the first words); a row of a table is one."""
    heading = ""
    for block in blocks:
        if isinstance(block, Heading):
            heading = block.text
            yield "标题", block.text
        elif isinstance(block, Paragraph):
            yield f"{heading} {block.lead}", block.text
        elif isinstance(block, Picture):
            yield "图", block.title
            yield from (("图", text) for text in block.alt.split("；"))
        elif isinstance(block, Table):
            yield "表题", re.sub(r"^附表\d+　", "", block.caption)
            yield "表注", block.note
            yield from ((block.caption, "，".join(row)) for row in block.rows)


def _sizes(pack: Pack) -> set[float]:
    """Sizes of a pack's lists: all, and those of their parts by one or two columns of words; 4 and 200 are scales."""
    plan, year, late = pack.plan, pack.params.data_until, since_last_year(pack)
    frames = [
        end_targets(pack), questions(pack, plan.midterm_year), own_targets(pack, False).drop_duplicates("question"),
        then_and_now(pack), late.assign(still=~late["told"] & (late["how"] != UNTESTED)), pack.outcomes, pack.completeness, pack.quality,
    ]  # fmt: skip
    frames += [equity_rows(pack, dimension) for dimension in ("residence", "sex", "township")]
    if pack.params.evaluation:
        checked = recheck(pack)
        frames += [checked, checked[checked["agreement"] != NOT_CHECKED]]
        appraisal = appraisal_of(pack)
        if appraisal is not None:
            items = appraisal.items
            frames.append(
                items.assign(higher=items["self_score"] > items["median"], agreed=items["median"].notna())
            )
    found = {
        float(len(plan.goals)),
        float(len(plan.strategies)),
        float(len(plan.measures)),
        float(len(plan.duties)),
        4.0,
    }
    found |= {
        float(n)
        for column in ("indicators", "reported_ever", "reported_last", "share")
        for n in pack.completeness.get(column, [])
    }
    found.add(float(len(plan.goals) - end_targets(pack)["goal"].replace("", np.nan).nunique()))
    if plan.goals:
        found |= {float(n) for n in pack.goals["n_deciding"].value_counts()}
    own = pack.observations[(pack.observations["region"] == pack.region) & pack.observations["value"].notna()]
    found |= {float(own["indicator"].nunique()), float(own.loc[own["year"] == year, "indicator"].nunique())}
    for frame in frames:
        found |= _parts(frame)
    return found | {float(len(plan.readings))} | {float(len(one.affects)) for one in plan.readings}


def _parts(frame: pd.DataFrame) -> set[float]:
    sizes = {float(len(frame))}
    if frame.empty:
        return sizes
    words = frame.copy()
    if "status" in words:
        words["reader"] = words["status"].astype(str).map(READERS).astype(str)
    columns = [
        name for name in ("domain", "status", "reader", "side", "then", "now", "settled", "told", "better", "how", "still", "apart", "verdict",
                          "kind", "latest_value", "agreement", "higher", "agreed", "severity", "scored", "census", "reason_code",
                          "base_year", "anomaly", "department") if name in words
    ]  # fmt: skip
    for size in (1, 2):
        for chosen in combinations(columns, size):
            counts = words.groupby(list(chosen), observed=True, dropna=False).size()
            sizes |= {float(n) for n in counts}
    return sizes | _sums(words, sizes)


def _sums(words: pd.DataFrame, sizes: set[float]) -> set[float]:
    """Two statuses counted together, in all and within a domain: at risk is three of them, steady two."""
    if "reader" not in words:
        return set()
    found = set()
    for _, part in [("", words), *(words.groupby("domain", observed=True) if "domain" in words else [])]:
        counts = part["reader"].value_counts()
        found |= {float(a + b) for a, b in combinations(counts, 2)} | {float(len(part) - n) for n in counts}
    return found


def _scores(pack: Pack) -> set[float]:
    """Marks that raters and offices gave, shares of families satisfied."""
    found = {4.0}
    if pack.params.evaluation and (appraisal := appraisal_of(pack)) is not None:
        items = appraisal.items
        found |= (
            set(items["median"].dropna())
            | set(items["self_score"].dropna())
            | set(items["self_gap"].dropna())
        )
        for kind in ("goal", "strategy"):
            part = items[items["kind"] == kind]
            found.add(float(part["median"].median()))
            for column in ("median", "self_score"):
                found |= set(part.groupby("domain")[column].mean().dropna())
        found.add(float(appraisal.scores["rater"].nunique()))
    survey = survey_of(pack) if pack.params.evaluation else None
    if survey is not None:
        rows = satisfaction_table(survey[0])
        for column in ("share", "share_low", "share_high"):
            found |= set(100 * rows[column].dropna())
        found |= set(rows["n"].dropna().astype(float))
    return found | {float(s) for s in pack.completeness.get("share", [])}
