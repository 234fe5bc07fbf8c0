"""What was reported: one tidy table, one row a figure, read from CSV, Excel or Parquet and checked.

Key of a row: indicator, region, year, sex, age, residence, category. `region` is a path of names
("新华区", "新华区/示范一街道"): a unit belongs to the region that its path starts with.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from xhcp_eval.errors import DataError, grouped
from xhcp_eval.files.safe_text import unreadable
from xhcp_eval.observations.cells import Cells, Fault, open_table, text_of
from xhcp_eval.observations.typed import brief, parse_numbers, parse_years
from xhcp_eval.plan.units import UNITS

if TYPE_CHECKING:
    from xhcp_eval.plan.model import Plan

TOTAL = "total"
DIMENSIONS = ("sex", "age", "residence", "category")  # by which a figure may be cut
COLUMNS: tuple[str, ...] = (
    "indicator", "region", "level", "year", "sex", "age", "residence", "category", "value", "numerator",
    "denominator", "unit", "department", "status", "reported_on", "source", "series_break",
    "exceptional", "note",
)  # fmt: skip
REQUIRED: tuple[str, ...] = ("indicator", "region", "level", "year", "value", "unit", "status", "source")
KEY: tuple[str, ...] = ("indicator", "region", "year", *DIMENSIONS)
DEFAULTS: dict[str, object] = {
    "sex": TOTAL, "age": TOTAL, "residence": TOTAL, "category": TOTAL, "numerator": np.nan,
    "denominator": np.nan, "department": "", "reported_on": "", "series_break": False,
    "exceptional": False, "note": "",
}  # fmt: skip
ALLOWED: dict[str, tuple[str, ...]] = {
    "level": ("national", "province", "district", "township", "school", "facility"),
    "sex": (TOTAL, "male", "female"),
    "residence": (TOTAL, "urban", "rural"),
    "status": ("verified", "derived", "single_copy", "recollection", "reported", "survey", "demo"),
}
STATUS_LABELS: dict[str, str] = {
    "verified": "已核实", "derived": "推算", "single_copy": "只见一处", "recollection": "待核实",
    "reported": "部门填报", "survey": "抽样调查", "demo": "演示数据",
}  # fmt: skip
# Figures that nothing speaks for yet: read in one copy that no second source bears out, or typed from memory.
UNSURE: tuple[str, ...] = ("single_copy", "recollection")
MAX_PROBLEMS_SHOWN = 200
_BOUND_WORDS = {"lower": "不低于", "upper": "不高于"}
# series_break: the definition changed in this year. exceptional: the figure stands, but tells nothing of the trend.
FLAGS: tuple[str, ...] = ("series_break", "exceptional")
_NUMERIC = ("year", "value", "numerator", "denominator")
_PROSE = ("source", "note")  # may have lines
_TRUE_FALSE = {"true": True, "1": True, "是": True, "false": False, "0": False, "否": False, "": False}


def read_table(path: str | Path, plan: Plan) -> pd.DataFrame:
    """Read and check one file of observations; all of it or nothing.

    path: .csv (UTF-8 or GB18030), .xlsx (first sheet) or .parquet with the columns of `COLUMNS` (those of
    `REQUIRED` must be there, the others default to the total or to empty).
    plan: tells the known indicators, their units and bounds.
    Returns a frame with exactly `COLUMNS`, sorted by `KEY`.
    Raises DataError listing every problem at once with file, row (as a spreadsheet counts it) and column.
    """
    cells = open_table(path)
    problems = column_problems(cells.frame)
    if problems:
        raise DataError(f"数据文件 {Path(path).name} 未读入：列不符合要求", problems)
    frame, faults = check_cells(cells, plan)
    if faults:
        raise refusal(Path(path).name, [str(fault) for fault in faults])
    return frame.reset_index(drop=True)


def refusal(name: str, problems: list[str]) -> DataError:
    """The error that sends a whole file back, each kind of problem once (the first `MAX_PROBLEMS_SHOWN` of them)."""
    told = grouped(problems)
    shown = told[:MAX_PROBLEMS_SHOWN]
    if len(told) > len(shown):
        shown.append(f"……另有 {len(told) - len(shown)} 类问题未列出")
    return DataError(f"数据文件 {name} 未读入(整份退回)，共 {len(problems)} 处问题", shown)


def check_cells(cells: Cells, plan: Plan) -> tuple[pd.DataFrame, list[Fault]]:
    """The typed table of a file's cells, and everything that is wrong with them, in the order of rows.

    cells: with columns that passed `column_problems`. Returns (frame with `COLUMNS` sorted by `KEY`, row numbers
    as index, empty if there are faults; faults).
    """
    frame, faults = _typed(cells.frame, indicator_facts(plan)["unit"])
    faults += [*_row_faults(frame, plan), *_unreadable(cells.frame)]
    # a failed formula or a hidden row says more than "not a number" about the same cell
    opened = {(fault.row, fault.column) for fault in cells.faults}
    faults = [*cells.faults, *(fault for fault in faults if (fault.row, fault.column) not in opened)]
    if faults:
        return frame.iloc[:0], sorted(faults, key=lambda fault: fault.row)
    frame = frame.astype({"year": int} | dict.fromkeys(FLAGS, bool))
    return frame.sort_values(list(KEY), kind="stable"), []


def concat_tables(frames: list[pd.DataFrame], names: list[str]) -> pd.DataFrame:
    """Put several checked tables together; the same key in two files is refused.

    frames: results of `read_table`. names: file name of each, for the message. Raises DataError.
    """
    labelled = [frame.assign(_file=name) for frame, name in zip(frames, names, strict=True)]
    table = pd.concat(labelled, ignore_index=True)
    double = table[table.duplicated(list(KEY), keep=False)]
    if len(double):
        problems = [
            f"{_key_text(rows.iloc[0])}：同时出现在 {'、'.join(rows['_file'])}"
            for _, rows in double.groupby(list(KEY), sort=False)
        ]
        raise DataError("多个数据文件含有相同的数据点", problems[:MAX_PROBLEMS_SHOWN])
    return table.drop(columns="_file").sort_values(list(KEY), kind="stable", ignore_index=True)


def select(
    observations: pd.DataFrame,
    indicator: str | None = None,
    region: str | None = None,
    sex: str = TOTAL,
    residence: str = TOTAL,
    category: str = TOTAL,
    age: str = TOTAL,
) -> pd.DataFrame:
    """Rows of one cut of the table (the totals unless told otherwise), in the order of years.

    indicator, region: None means all. Returns a frame of the same columns.
    """
    keep = (
        (observations["sex"] == sex)
        & (observations["residence"] == residence)
        & (observations["category"] == category)
        & (observations["age"] == age)
    )
    if indicator is not None:
        keep &= observations["indicator"] == indicator
    if region is not None:
        keep &= observations["region"] == region
    return observations[keep].sort_values(["indicator", "region", "year"], ignore_index=True)


def column_problems(frame: pd.DataFrame) -> list[str]:
    """What is wrong with the columns of a table, in Chinese; empty when its rows can be checked."""
    missing = [name for name in REQUIRED if name not in frame.columns]
    unknown = [name for name in frame.columns if name not in COLUMNS]
    double = sorted({name for name in frame.columns if list(frame.columns).count(name) > 1})
    problems = [f"缺少必需的列 {name}" for name in missing]
    problems += [f"不认识的列 {name}；允许的列：{'、'.join(COLUMNS)}" for name in unknown]
    problems += [f"列 {name} 出现多次" for name in double]
    return problems if problems else ([] if len(frame) else ["文件里没有数据行"])


def _typed(raw: pd.DataFrame, units: pd.Series) -> tuple[pd.DataFrame, list[Fault]]:
    """Columns of the schema with their types; cells that can't be converted are reported and left missing.

    units: registered unit by indicator, for a % or ‰ typed behind a value.
    """
    frame = pd.DataFrame(index=raw.index)
    faults: list[Fault] = []
    for name in COLUMNS:
        if name not in raw.columns:
            frame[name] = DEFAULTS[name]
        elif name in _NUMERIC:
            frame[name], found = _to_number(raw[name], name, raw["indicator"], units)
            faults += found
        elif name in FLAGS:
            text = text_of(raw[name]).str.lower()
            frame[name] = text.map(_TRUE_FALSE)
            wrong = frame.index[frame[name].isna()]
            faults += [Fault(row, name, f"{brief(text[row])} 不是 true 或 false") for row in wrong]
            frame[name] = frame[name].eq(True)
        else:
            text = text_of(raw[name])
            if name == "reported_on":  # a date cell of a spreadsheet comes with midnight
                text = text.str.removesuffix(" 00:00:00")
            frame[name] = text.where(text != "", DEFAULTS.get(name, ""))
    return frame, faults


def _unreadable(raw: pd.DataFrame) -> list[Fault]:
    """Cells with characters that nobody sees or that change how a line reads."""
    found = []
    for name in [n for n in raw.columns if n not in _NUMERIC and not pd.api.types.is_numeric_dtype(raw[n])]:
        text = raw[name].astype(object)
        bad = {
            w: code
            for w in text.unique()
            if isinstance(w, str) and (code := unreadable(w.strip(), name not in _PROSE))
        }
        if bad:
            found += [Fault(row, name, f"含有看不见的控制字符 {bad[w]}；请删去后重新输入")
                      for row, w in text[text.isin(list(bad))].items()]  # fmt: skip
    return found


def _to_number(
    column: pd.Series, name: str, indicators: pd.Series, units: pd.Series
) -> tuple[pd.Series, list[Fault]]:
    sign = None
    if pd.api.types.is_numeric_dtype(column):
        numbers, blank = column.astype(float), column.isna()
    else:
        text = text_of(column)
        blank = text == ""
        if name == "year":
            numbers = parse_years(text)
        else:
            numbers, sign = parse_numbers(text)
    wrong = (numbers.isna() & ~blank) | np.isinf(numbers)
    if name == "year":
        wrong |= numbers.notna() & (numbers % 1 != 0)
    what = "整数年份" if name == "year" else "数字"
    faults = [Fault(row, name, f"{brief(column[row])} 不是{what}") for row in column.index[wrong]]
    if sign is not None and (sign != "").any():
        faults += _sign_faults(name, column, sign, indicators.map(units))
    if name in REQUIRED:
        faults += [Fault(row, name, "不能为空") for row in column.index[blank]]
    return numbers.where(~wrong).astype(float), faults


def _sign_faults(name: str, column: pd.Series, sign: pd.Series, unit: pd.Series) -> list[Fault]:
    """A typed % or ‰ must be the registered unit: 3.2% is not 3.2‰."""
    label = unit.map({key: item.label for key, item in UNITS.items()}).fillna("")
    rows = sign.index[(sign != "") & ((sign != label) | (name != "value"))]
    return [
        Fault(row, name, f"{column[row]} 带有 {sign[row]}，登记的单位是 {label[row] or '未知'}")
        if name == "value"
        else Fault(row, name, f"{column[row]} 带有 {sign[row]}，此列应为个数")
        for row in rows
    ]


def _schema(plan: Plan):
    """Pandera schema of the typed table; the error text of each check is completed with row and cell."""
    import pandera.pandas as pa

    facts = indicator_facts(plan)
    per = facts["unit"].map({name: unit.per for name, unit in UNITS.items()}).astype(float)
    facts = facts.assign(part=(facts["kind"] == "proportion") | (facts["upper"] == per))

    def of(frame: pd.DataFrame, fact: str) -> pd.Series:
        codes, names = pd.factorize(frame["indicator"])  # each name is looked up once
        return pd.Series(facts[fact].reindex(names).array.take(codes, allow_fill=True), index=frame.index)

    def known(frame: pd.DataFrame) -> pd.Series:
        return frame["indicator"].isin(facts.index)

    def part_of_whole(frame: pd.DataFrame) -> pd.Series:
        return of(frame, "part").eq(True)

    def check(column: str, rule, text: str) -> pa.Check:
        return pa.Check(rule, error=f"{column}|{text}")

    counts = ("numerator", "denominator")
    return pa.DataFrameSchema(
        {name: pa.Column(checks=pa.Check.isin(values, error=f"允许：{'、'.join(values)}")) for name, values in ALLOWED.items()}
        | {"indicator": pa.Column(checks=pa.Check.isin(list(facts.index), error="规划里没有这个指标"))}
        | {"region": pa.Column(checks=pa.Check.ne("", error="不能为空"))}
        | {"source": pa.Column(checks=pa.Check.ne("", error="不能为空"))}
        | {"year": pa.Column(float, pa.Check.in_range(1990, 2100, error="允许 1990—2100"), nullable=True)}
        | {name: pa.Column(float, pa.Check.ge(0, error="不能为负"), nullable=True) for name in counts},
        checks=[
            check("unit", lambda f: ~known(f) | (f["unit"] == of(f, "unit")), "与登记的单位不符"),
            check("value", lambda f: ~(f["value"] < of(f, "lower")), "低于下限"),
            check("value", lambda f: ~(f["value"] > of(f, "upper")), "高于上限"),
            check(
                "numerator",
                lambda f: ~(part_of_whole(f) & (f["numerator"] > f["denominator"])),
                "分子大于分母",
            ),
            check("denominator", lambda f: ~(f["denominator"] <= 0), "分母必须大于 0"),
            check("numerator", lambda f: f["numerator"].isna() | f["denominator"].notna() | (of(f, "kind") == "count"), "有分子而无分母"),
            check("reported_on", lambda f: (f["reported_on"] == "") | pd.to_datetime(f["reported_on"], format="%Y-%m-%d", errors="coerce").notna(), "不是日期；例 2026-03-31"),
            check("key", lambda f: ~f.duplicated(list(KEY), keep=False) | f["year"].isna(), "重复的数据点(指标、地区、年份、分组相同)"),
        ],
    )  # fmt: skip


def indicator_facts(plan: Plan) -> pd.DataFrame:
    """Unit, kind and bounds of everything that can be reported: indicators and milestones, by id."""
    rows = [(i.id, i.name, i.unit, i.kind, i.lower, i.upper) for i in plan.reportable]
    facts = pd.DataFrame(rows, columns=["id", "name", "unit", "kind", "lower", "upper"]).set_index("id")
    return facts.astype({"lower": float, "upper": float})


def _row_faults(frame: pd.DataFrame, plan: Plan) -> list[Fault]:
    from pandera.errors import SchemaErrors

    try:
        _schema(plan).validate(frame, lazy=True)
    except SchemaErrors as error:
        cases = error.failure_cases
    else:
        return []
    facts = indicator_facts(plan)
    cases = cases.drop_duplicates(["check_number", "schema_context", "column", "check", "index"])
    found = []
    for row, column, text in zip(cases["index"], cases["column"], cases["check"], strict=True):
        # a check of the whole frame names its column before the bar, a check of one column does not
        column, text = text.split("|") if "|" in text else (str(column), text)
        found.append(_fault(frame.loc[row], row, column, text, facts))
    return sorted(dict.fromkeys(found), key=lambda fault: fault.row)


def _fault(row: pd.Series, number: int, column: str, text: str, facts: pd.DataFrame) -> Fault:
    if column == "key":
        return Fault(number, "", f"{text}：{_key_text(row)}")
    allowed = ""
    if row["indicator"] in facts.index:
        fact = facts.loc[row["indicator"]]
        if column == "unit":
            allowed = f"；{fact['name']} 应为 {fact['unit']}"
        elif column == "value":
            bounds = [f"{word} {fact[side]:g}" for side, word in _BOUND_WORDS.items() if pd.notna(fact[side])]
            allowed = f"；{fact['name']} 允许 {'、'.join(bounds)}"
        elif column == "numerator":
            allowed = f"；分子 {row['numerator']:g}，分母 {row['denominator']:g}"
    return Fault(number, column, f"{brief(row[column])[1:-1]} {text}{allowed}")


def _key_text(row: pd.Series) -> str:
    return " / ".join(str(row[name]) for name in KEY if row[name] != TOTAL)


def is_unsure(statuses: pd.Series) -> pd.Series:
    """Figures that may carry no verdict, by their status: the one rule that the rooms ask."""
    return statuses.isin(UNSURE)


def is_total(table: pd.DataFrame) -> pd.Series:
    """Rows that are about everybody: no sex, age, residence or category apart."""
    return (table[list(DIMENSIONS)] == TOTAL).all(axis=1)


def roots(regions: pd.Series) -> pd.Series:
    """The first name of each region's path; each different path is looked at once."""
    codes, names = pd.factorize(regions)
    first = np.array([name.split("/")[0] for name in names], dtype=object)
    return pd.Series(first[codes] if len(names) else regions.to_numpy(object), index=regions.index)


def is_below(table: pd.DataFrame, region: str) -> pd.Series:
    """Rows of the units of a region: its townships, schools and so on, whatever their depth."""
    return table["region"].str.startswith(f"{region}/")


def is_inside(table: pd.DataFrame, region: str) -> pd.Series:
    """Rows of a region and of its units."""
    return (table["region"] == region) | is_below(table, region)
