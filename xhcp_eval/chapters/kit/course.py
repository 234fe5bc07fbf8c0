"""An indicator's course over the years as figures show it: what was reported, what is ahead, what it is to come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from xhcp_eval.chapters.figures.canvas import ASKED
from xhcp_eval.chapters.kit.precedents import about, rows_of
from xhcp_eval.chapters.kit.tables import LEVEL_LABELS, READING_LABELS
from xhcp_eval.chapters.kit.views import Grid
from xhcp_eval.observations.table import STATUS_LABELS, TOTAL, UNSURE, is_total, is_unsure
from xhcp_eval.pack.pack import Pack, once_a_pack
from xhcp_eval.plan.model import Indicator
from xhcp_eval.plan.units import UNITS, format_number, format_probability, format_value
from xhcp_eval.verdict.series import series_key

BEFORE = 5  # years shown before the base year
FEWEST = 3  # values of a line; fewer are told in words
MAX_SOURCES = 2  # named below a figure; all of them stand in its table
QUANTILES = (0.025, 0.1, 0.5, 0.9, 0.975)
# going through rows takes as long as there are columns
_SEEN = [
    "indicator",
    "year",
    "value",
    "numerator",
    "denominator",
    "status",
    "source",
    "series_break",
    "exceptional",
]
_ASKED = [
    "target_year",
    "target_value",
    "target_text",
    "level",
    "op",
    "reading",
    "role",
    "own_status",
    "probability",
]


@dataclass(frozen=True)
class Aim:
    """A target's line. since, year: first and last year of it. value: in the indicator's unit. words: at its end. own: of the
    plan itself, not of those above it. told: in a sentence.
    """

    since: int
    year: int
    value: float
    words: str
    own: bool
    told: str


@dataclass(frozen=True)
class Seen:
    """A reported figure. low, high: limits of its chance, nan where there is none. counts: numerator and denominator in words.
    broken: the definition changed in this year. odd: an exceptional year. unsure: carries no verdict. told: all of it in words.
    """

    year: int
    value: float
    low: float
    high: float
    counts: str
    status: str
    source: str
    broken: bool
    odd: bool
    unsure: bool
    told: str


@dataclass(frozen=True)
class Course:
    """What a figure of one indicator shows.

    first, last: years of the axis. rows: reported figures of the whole region by year. pooled: year and value of the years put
    together that verdicts rest on, else empty. fan: year and the values of `QUANTILES`. nation: year, value, unsure, source each.
    aims: targets. precedents: year, value and words each.
    """

    facts: Indicator
    first: int
    last: int
    rows: tuple[Seen, ...]
    pooled: tuple[tuple[int, float], ...]
    fan: tuple[tuple[float, ...], ...]
    nation: tuple[tuple[int, float, bool, str], ...]
    aims: tuple[Aim, ...]
    precedents: tuple[tuple[int, float, str], ...]

    @property
    def start(self) -> tuple[int, float] | None:
        """Where the forecast sets out: the last figure, pooled where counts are small."""
        if self.pooled:
            return self.pooled[-1]
        return (self.rows[-1].year, self.rows[-1].value) if self.rows else None

    @property
    def shown(self) -> tuple[Seen, ...]:
        """Figures within the years of the axis."""
        return tuple(row for row in self.rows if row.year >= self.first)


def course_of(pack: Pack, indicator: str) -> Course:
    """Everything that a figure of an indicator shows. Raises PlanError for an unknown id."""
    facts, rows = pack.plan.indicator(indicator), _seen(pack).get(indicator, ())
    first = pack.plan.base_year - BEFORE
    if rows and rows[-1].year < first:
        first = rows[-1].year
    return Course(
        facts, first, pack.plan.end_year, rows, _pooled(pack).get(indicator, ()), _fans(pack).get(indicator, ()),
        _nation(pack).get(indicator, ()), tuple(_aims(pack, facts)), tuple(_precedents(pack, facts)),
    )  # fmt: skip


def main_rows(pack: Pack, indicator: str) -> pd.DataFrame:
    """Reported figures of an indicator for the whole region, in the order of years."""
    table = pack.observations
    keep = (table["indicator"] == indicator) & (table["region"] == pack.region) & is_total(table)
    return table[keep].sort_values("year")


def has_line(pack: Pack, indicator: str) -> bool:
    """Whether an indicator has enough figures, within the years that figures show, for a line."""
    rows = _seen(pack).get(indicator, ())
    return sum(row.year >= pack.plan.base_year - BEFORE for row in rows) >= FEWEST


# Each table is gone through once a pack, not once a figure.


@once_a_pack
def _seen(pack: Pack) -> dict[str, tuple[Seen, ...]]:
    table, limits = pack.observations, pack.histories[["indicator", "year", "low", "high"]]
    rows = table[(table["region"] == pack.region) & is_total(table)]
    rows = rows.merge(limits.drop_duplicates(["indicator", "year"]), on=["indicator", "year"], how="left")
    rows = rows[[*_SEEN, "low", "high"]].assign(unsure=is_unsure(rows["status"]))
    units = {facts.id: facts.unit for facts in pack.plan.indicators}
    rows = rows[rows["indicator"].isin(units)]  # not milestones
    found: dict[str, list[Seen]] = {}
    for r in rows.sort_values("year").itertuples():
        told = observation_told(r, units[r.indicator])
        one = Seen(
            int(r.year), r.value, r.low, r.high, counts_text(r), r.status, r.source, r.series_break, r.exceptional, r.unsure, told
        )  # fmt: skip
        found.setdefault(r.indicator, []).append(one)
    return {name: tuple(rows) for name, rows in found.items()}


@once_a_pack
def _pooled(pack: Pack) -> dict[str, tuple[tuple[int, float], ...]]:
    """Years put together that verdicts rest on; nothing where each year stands alone."""
    years, rows = pack.params.settings.pool_years, pack.histories
    rows = rows[rows["judged"].notna() & (rows["judged_first_year"] == rows["year"] - years + 1)]
    return _grouped(rows.sort_values("year"), "indicator", ["year", "judged"]) if years > 1 else {}


@once_a_pack
def _fans(pack: Pack) -> dict[str, tuple[tuple[float, ...], ...]]:
    """Forecasts until the plan's end."""
    end = series_key("", pack.region)
    rows = pack.forecast[pack.forecast["series"].str.endswith(end) & (pack.forecast["year"] <= pack.plan.end_year)]  # fmt: skip
    rows = rows.assign(indicator=rows["series"].str.removesuffix(end)).sort_values("year")
    return _grouped(rows, "indicator", ["year", *QUANTILES])


@once_a_pack
def _nation(pack: Pack) -> dict[str, tuple[tuple[int, float, bool, str], ...]]:
    table = pack.comparison
    keep = (table["residence"] == TOTAL) & (table["sex"] == TOTAL) & (table["year"] <= pack.params.data_until)
    rows = table[keep].sort_values("year")
    return _grouped(
        rows.assign(unsure=is_unsure(rows["status"])), "indicator", ["year", "value", "unsure", "source"]
    )


@once_a_pack
def _targets(pack: Pack) -> dict[str, tuple]:
    """Rows of the assessment, by indicator."""
    rows = pack.assessment[pack.assessment["role"] != "watch"]
    found: dict[str, list] = {}
    for row in rows[["indicator", *_ASKED]].itertuples():
        found.setdefault(row.indicator, []).append(row)
    return {name: tuple(rows) for name, rows in found.items()}


def _grouped(rows: pd.DataFrame, by: str, columns: list) -> dict[str, tuple]:
    found: dict[str, list[tuple]] = {}
    for name, values in zip(rows[by], zip(*(rows[c] for c in columns), strict=True), strict=True):
        found.setdefault(name, []).append(values)
    return {name: tuple(group) for name, group in found.items()}


def counts_text(row) -> str:
    """Numerator and denominator of a row of observations, "18,234/25,610"; empty where they weren't reported."""
    if row.numerator != row.numerator:
        return ""
    over = f"/{row.denominator:,.0f}" if row.denominator == row.denominator else ""
    return f"{row.numerator:,.0f}{over}"


def observation_told(row, unit: str) -> str:
    """A reported figure in words: year, value, counts, what there is against it, source."""
    counts = f"（{counts_text(row)}）" if counts_text(row) else ""
    notes = [
        STATUS_LABELS[row.status] if row.status in UNSURE else "",
        "异常年份，不入趋势" if row.exceptional else "",
    ]
    notes.append(f"来源：{row.source}" if row.source else "")
    return "，".join([f"{row.year}年 {format_value(row.value, unit)}{counts}", *filter(None, notes)])


def sources_text(rows: Sequence[Seen]) -> str:
    """Where figures are from, the newest documents; empty without figures."""
    sources = list(
        dict.fromkeys([row.source for row in rows if not row.unsure] or [row.source for row in rows])
    )
    if not sources:
        return ""
    return f"资料来源：{'；'.join(sources[-MAX_SOURCES:])}{'等' if len(sources) > MAX_SOURCES else ''}。"


def finding(pack: Pack, course: Course) -> str:
    """What the figure finds: where the indicator stands, how that changed since the base year, and each own target's status."""
    facts = course.facts
    if not course.rows:
        return f"{facts.name}：没有数据"
    last, base = course.rows[-1], pack.plan.base_year
    text = f"{facts.name}：{last.year}年{format_value(last.value, facts.unit)}"
    if course.pooled:
        year, value = course.pooled[-1]
        first = year - pack.params.settings.pool_years + 1
        return "；".join(
            [
                f"{facts.name}：{first}—{year}年合并{format_value(value, facts.unit)}",
                *_standings(pack, facts.id),
            ]
        )
    before = next((row.value for row in course.rows if row.year == base), None)
    if before is not None and last.year != base:
        change = last.value - before
        moved = f"{'上升' if change > 0 else '下降'}{format_value(abs(change), facts.unit, difference=True)}"
        text += f"，比{base}年{moved if change else '没有变化'}"
    return "；".join([text, *_standings(pack, facts.id)])


def _standings(pack: Pack, indicator: str) -> list[str]:
    return [_standing(row) for row in _targets(pack).get(indicator, ()) if row.role == "verdict"]


def _standing(row) -> str:
    chance = f"（概率{format_probability(row.probability)}）" if row.probability == row.probability else ""
    reading = f"（{READING_LABELS[row.reading]}）" if row.reading in READING_LABELS else ""
    return f"{row.target_year}年目标{reading}{row.target_text}，{row.own_status}{chance}"


def numbers(course: Course) -> Grid:
    """The figure's own numbers: every reported year, and the forecast."""
    unit = course.facts.unit
    several = len({row.source for row in course.rows}) > 1
    heads = ("年份", "数值", "分子/分母", "数据状态", "来源")
    told = [
        (str(r.year), format_value(r.value, unit), r.counts or "—", STATUS_LABELS[r.status], r.source)
        for r in course.rows
    ]
    for year, *values in course.fan:
        _, low, middle, high, _ = (format_value(v, unit) for v in values)
        told.append((str(int(year)), middle, "—", f"预测，八成可能在{low}—{high}", "—"))
    columns = len(heads) if several else len(heads) - 1  # one source stands below the figure
    return Grid(heads[:columns], tuple(row[:columns] for row in told))


def _aims(pack: Pack, facts: Indicator) -> list[Aim]:
    """Targets of district, province and nation; those that coincide are one line whose words name them all."""
    rows = [row for row in _targets(pack).get(facts.id, ()) if row.target_value == row.target_value]
    rows.sort(key=lambda row: (row.target_year, row.role != "verdict"))
    several = len({row.target_year for row in rows}) > 1
    label = format_value if len(UNITS[facts.unit].label) <= 1 else format_number
    lines: dict[tuple[int, float], list] = {}
    for row in rows:
        lines.setdefault((int(row.target_year), round(row.target_value, 6)), []).append(row)
    found = []
    for (year, value), group in lines.items():
        own = [row for row in group if row.role == "verdict"]
        names = "、".join(
            dict.fromkeys(map(_aim_name, own or group))
        )  # what coincides with one's own is told, not written
        words = f"{year if several else ''}{names}{ASKED.get(str((own or group)[0].op), '')}{label(value, facts.unit)}"
        told = "；".join(f"{row.target_year}年{_aim_name(row)}{row.target_text}" for row in group)
        found.append(Aim(pack.plan.start_year, year, value, words, bool(own), told))
    return found


def _aim_name(row) -> str:
    reading = {"literal": "字面", "strict": "从严"}.get(row.reading, "")
    return f"{'' if row.role == 'verdict' else LEVEL_LABELS.get(row.level, row.level)}{reading}目标"


def _precedents(pack: Pack, facts: Indicator) -> list[tuple[int, float, str]]:
    found = []
    for row in rows_of(pack, facts.id).to_dict("records"):
        name = f"{row['place']}{row['name']}（{row['first_year']}—{row['last_year']}年）"
        told = (
            f"照国内先例{name}的走法，{row['target_year']}年约{about(row['then'], row['grain'], facts.unit)}"
        )
        found.append((int(row["target_year"]), float(row["then"]), told))
    return found
