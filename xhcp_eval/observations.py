"""What was reported: one tidy table, one row a figure, read from CSV, Excel or Parquet and checked.

Key of a row: indicator, region, year, sex, age, residence, category. `region` is a path of names
("新华区", "新华区/示范一街道"): a unit belongs to the region that its path starts with.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from xhcp_eval.errors import DataError

if TYPE_CHECKING:
    from xhcp_eval.plan import Plan

TOTAL = "total"
COLUMNS: tuple[str, ...] = (
    "indicator", "region", "level", "year", "sex", "age", "residence", "category", "value", "numerator",
    "denominator", "unit", "department", "status", "reported_on", "source", "series_break",
    "exceptional", "note",
)  # fmt: skip
REQUIRED: tuple[str, ...] = ("indicator", "region", "level", "year", "value", "unit", "status", "source")
KEY: tuple[str, ...] = ("indicator", "region", "year", "sex", "age", "residence", "category")
DEFAULTS: dict[str, object] = {
    "sex": TOTAL, "age": TOTAL, "residence": TOTAL, "category": TOTAL, "numerator": np.nan,
    "denominator": np.nan, "department": "", "reported_on": "", "series_break": False,
    "exceptional": False, "note": "",
}  # fmt: skip
ALLOWED: dict[str, tuple[str, ...]] = {
    "level": ("national", "province", "district", "township", "school", "facility"),
    "sex": (TOTAL, "male", "female"),
    "residence": (TOTAL, "urban", "rural"),
    "status": ("verified", "derived", "recollection", "reported", "survey", "demo"),
}
STATUS_LABELS: dict[str, str] = {
    "verified": "已核实", "derived": "推算", "recollection": "待核实", "reported": "部门填报",
    "survey": "抽样调查", "demo": "演示数据",
}  # fmt: skip
MAX_PROBLEMS_SHOWN = 200
_BOUND_WORDS = {"lower": "不低于", "upper": "不高于"}
# series_break: the definition changed in this year. exceptional: the figure stands, but tells nothing of the trend.
FLAGS: tuple[str, ...] = ("series_break", "exceptional")
_NUMERIC = ("year", "value", "numerator", "denominator")
_TRUE_FALSE = {"true": True, "1": True, "是": True, "false": False, "0": False, "否": False, "": False}


def read_table(path: str | Path, plan: Plan) -> pd.DataFrame:
    """Read and check one file of observations; all of it or nothing.

    path: .csv (UTF-8), .xlsx (first sheet) or .parquet with the columns of `COLUMNS` (those of `REQUIRED`
    must be there, the others default to the total or to empty).
    plan: tells the known indicators, their units and bounds.
    Returns a frame with exactly `COLUMNS`, sorted by `KEY`.
    Raises DataError listing every problem at once with file, row (as a spreadsheet counts it) and column.
    """
    path = Path(path)
    raw = _load(path)
    problems = _column_problems(raw)
    if problems:
        raise DataError(f"数据文件 {path.name} 未读入：列不符合要求", problems)
    frame, problems = _typed(raw)
    problems += _row_problems(frame, plan)
    if problems:
        shown = problems[:MAX_PROBLEMS_SHOWN]
        if len(problems) > len(shown):
            shown.append(f"……另有 {len(problems) - len(shown)} 处问题未列出")
        raise DataError(f"数据文件 {path.name} 未读入(整份退回)，共 {len(problems)} 处问题", shown)
    frame = frame.astype({"year": int} | dict.fromkeys(FLAGS, bool))
    return frame.sort_values(list(KEY), kind="stable", ignore_index=True)


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


def _load(path: Path) -> pd.DataFrame:
    """The file as text cells (CSV, Excel) or typed cells (Parquet), index = spreadsheet row number."""
    if not path.is_file():
        raise DataError(f"数据文件不存在：{path}")
    try:
        if path.suffix == ".csv":
            # blank lines are kept here, so that rows are counted as a spreadsheet counts them
            frame = pd.read_csv(
                path, dtype=str, keep_default_na=False, encoding="utf-8-sig", skip_blank_lines=False
            )
            if len(frame) and not isinstance(frame.index, pd.RangeIndex):  # surplus cells taken for row names
                raise DataError(f"数据文件 {path.name} 未读入：第 2 行的单元格比列名多")
        elif path.suffix == ".xlsx":
            frame = pd.read_excel(path, dtype=str, keep_default_na=False)
        elif path.suffix == ".parquet":
            frame = pd.read_parquet(path)
        else:
            raise DataError(f"数据文件 {path.name}：不支持的格式 {path.suffix!r}；允许 .csv、.xlsx、.parquet")
    except UnicodeDecodeError as error:
        raise DataError(
            f"数据文件 {path.name} 不是 UTF-8 编码(第 {error.start} 字节)；请另存为 UTF-8"
        ) from error
    except (ValueError, OSError, zipfile.BadZipFile) as error:
        raise DataError(f"数据文件 {path.name} 无法读取：{error}") from error
    frame.columns = [str(name).strip() for name in frame.columns]
    frame.index = pd.RangeIndex(2, len(frame) + 2)
    return frame[frame.apply(_text).ne("").any(axis=1)]


def _text(column: pd.Series) -> pd.Series:
    """Cells as text, missing as empty; by way of objects, since typed Parquet columns refuse an empty text."""
    return column.astype(object).where(column.notna(), "").astype(str).str.strip()


def _column_problems(frame: pd.DataFrame) -> list[str]:
    missing = [name for name in REQUIRED if name not in frame.columns]
    unknown = [name for name in frame.columns if name not in COLUMNS]
    double = sorted({name for name in frame.columns if list(frame.columns).count(name) > 1})
    problems = [f"缺少必需的列 {name}" for name in missing]
    problems += [f"不认识的列 {name}；允许的列：{'、'.join(COLUMNS)}" for name in unknown]
    problems += [f"列 {name} 出现多次" for name in double]
    return problems if problems else ([] if len(frame) else ["文件里没有数据行"])


def _typed(raw: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Columns of the schema with their types; cells that can't be converted are reported and left missing."""
    frame = pd.DataFrame(index=raw.index)
    problems: list[str] = []
    for name in COLUMNS:
        if name not in raw.columns:
            frame[name] = DEFAULTS[name]
        elif name in _NUMERIC:
            frame[name], faults = _to_number(raw[name], name)
            problems += faults
        elif name in FLAGS:
            text = _text(raw[name]).str.lower()
            frame[name] = text.map(_TRUE_FALSE)
            problems += [
                f"第 {row} 行 {name}:{text[row]!r} 不是 true 或 false"
                for row in frame.index[frame[name].isna()]
            ]
            frame[name] = frame[name].eq(True)
        else:
            text = _text(raw[name])
            if name == "reported_on":  # a date cell of a spreadsheet comes with midnight
                text = text.str.removesuffix(" 00:00:00")
            frame[name] = text.where(text != "", DEFAULTS.get(name, ""))
    return frame, problems


def _to_number(column: pd.Series, name: str) -> tuple[pd.Series, list[str]]:
    if pd.api.types.is_numeric_dtype(column):
        numbers, blank = column.astype(float), column.isna()
    else:
        text = _text(column)
        numbers, blank = pd.to_numeric(text.where(text != ""), errors="coerce"), text == ""
    wrong = (numbers.isna() & ~blank) | np.isinf(numbers)
    if name == "year":
        wrong |= numbers.notna() & (numbers % 1 != 0)
    problems = [
        f"第 {row} 行 {name}：{column[row]!r} 不是{'整数年份' if name == 'year' else '数字'}"
        for row in column.index[wrong]
    ]
    if name in REQUIRED:
        problems += [f"第 {row} 行 {name}：不能为空" for row in column.index[blank]]
    return numbers.where(~wrong).astype(float), problems


def _schema(plan: Plan):
    """Pandera schema of the typed table; the error text of each check is completed with row and cell."""
    import pandera.pandas as pa

    facts = indicator_facts(plan)

    def of(frame: pd.DataFrame, fact: str) -> pd.Series:
        return frame["indicator"].map(facts[fact])

    def known(frame: pd.DataFrame) -> pd.Series:
        return frame["indicator"].isin(facts.index)

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
                lambda f: ~((of(f, "kind") == "proportion") & (f["numerator"] > f["denominator"])),
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


def _row_problems(frame: pd.DataFrame, plan: Plan) -> list[str]:
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
        found.append((row, _problem_text(frame.loc[row], row, column, text, facts)))
    return [text for _, text in sorted(dict.fromkeys(found), key=lambda item: item[0])]


def _problem_text(row: pd.Series, number: object, column: str, text: str, facts: pd.DataFrame) -> str:
    if column == "key":
        return f"第 {number} 行：{text}：{_key_text(row)}"
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
    return f"第 {number} 行 {column}：{row[column]!s} {text}{allowed}"


def _key_text(row: pd.Series) -> str:
    return " / ".join(str(row[name]) for name in KEY if row[name] != TOTAL)
