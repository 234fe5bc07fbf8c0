"""1,000 errors of 37 kinds put into good reports: found at the door, found by the review, harmless, or missed.

    python benchmarks/injected_errors.py

Half the reports are tidy tables, half are departments' workbooks. Each report carries one error, so that a find is
the error's own: "found" means a problem or doubt in the very cell or row. "harmless" means that the figures kept
are those of the good report. The same reports without an error must all be let in.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections import Counter
from datetime import date
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
from measure import machine
from openpyxl.styles import Font
from tqdm import tqdm

from xhcp_eval.errors import DataError
from xhcp_eval.observations.door.intake import import_file, inspect_file
from xhcp_eval.observations.forms.workbook import COLUMNS, FIRST_ROW, HEADER_ROW, write_workbook
from xhcp_eval.observations.store.database import Database
from xhcp_eval.observations.table import KEY, read_table
from xhcp_eval.plan.reading import load_plan
from xhcp_eval.provenance import ROOT

PLAN = load_plan("xinhua_2021_2030")
TODAY = date(2026, 4, 1)
DEPARTMENTS = ("区卫健委", "区教体局", "区民政局", "区残联", "公安分局")


def slip(value: float, rng: random.Random) -> float:
    """The decimal point one place off."""
    return value * rng.choice([10, 0.1])


# Tidy tables: what is done to one cell, as (column, new text). A row has counts, a value and everything else.
TIDY = {
    "text in a number": lambda r, g: ("value", f"约{r['value']}"),
    "decimal slip of a value with counts": lambda r, g: ("value", f"{slip(float(r['value']), g):.4f}"),
    "digits of a value swapped": lambda r, g: ("value", swapped(r["value"])),
    "another unit": lambda r, g: ("unit", "permille" if r["unit"] == "percent" else "percent"),
    "wrong sign behind the value": lambda r, g: (
        "value",
        r["value"] + ("‰" if r["unit"] == "percent" else "%"),
    ),
    "numerator and denominator exchanged": lambda r, g: ("numerator", r["denominator"]),
    "numerator ten times": lambda r, g: ("numerator", str(int(float(r["numerator"]) * 10 + 1))),
    "negative": lambda r, g: ("value", "-" + r["value"]),
    "year as a date": lambda r, g: ("year", "2025-01-01"),
    "year from the future": lambda r, g: ("year", "2027"),
    "misspelt indicator": lambda r, g: ("indicator", r["indicator"][:-1]),
    "misspelt region": lambda r, g: ("region", r["region"] + "区"),
    "misspelt department": lambda r, g: ("department", r["department"][:-1]),
    "wrong level": lambda r, g: ("level", "township" if r["level"] != "township" else "district"),
    "row doubled": lambda r, g: ("year", "2024"),
    # what the door was not built for, as someone who knows only the form would do it
    "footnote mark behind a value": lambda r, g: ("value", r["value"] + g.choice("①②¹²*")),
    "footnote mark behind a count": lambda r, g: (
        "numerator",
        r["numerator"].removesuffix(".0") + g.choice("①②³"),
    ),
    "a category that nobody has": lambda r, g: ("category", "其他儿童"),
    "an age group for the total": lambda r, g: ("age", "0-6岁"),
    "another department": lambda r, g: ("department", "区司法局"),
    "called verified": lambda r, g: ("status", "verified"),
    "called a survey": lambda r, g: ("numerator", str(float(r["numerator"]) + 0.5)),
    "bell in the source": lambda r, g: ("source", "年报\x07"),
    "half a year": lambda r, g: ("denominator", str(round(float(r["denominator"]) / 2))),
    "the year before": lambda r, g: ("year", "2024"),
    "a year that isn't over": lambda r, g: ("year", "2026"),
}
FORM = {
    "formula with an error": lambda row, g: {"numerator": "#DIV/0!"},
    "merged cells": "merge",
    "hidden row": "hide",
    "decimal slip of a value without counts": lambda row, g: {"numerator": None, "denominator": None, "value": slip(row["value"], g)},
    "indicator's name typed over": "rename",
    "column hidden": "column",
    "figure struck out": "strike",
    "figure beside the form": "beside",
    "year of the title changed": "title",
    "nothing where something stood": lambda row, g: {"numerator": 0},
    "share typed as a fraction": lambda row, g: {"numerator": None, "denominator": None, "value": row["value"] / 100},
}  # fmt: skip


def swapped(text: str) -> str:
    """Two neighbouring unequal digits exchanged."""
    for i in range(len(text) - 1):
        if text[i].isdigit() and text[i + 1].isdigit() and text[i] != text[i + 1]:
            return text[:i] + text[i + 1] + text[i] + text[i + 2 :]
    return text + "9"


def good_rows(plan) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Real-looking figures: those before 2025 for the database, those of 2025 for the reports."""
    table = read_table(ROOT / "data" / "demo" / "xinhua_2015_2025.csv", plan)
    table = table[~table["value"].between(9.24, 9.25)].assign(status="reported")
    return table[table["year"] < 2025], table[table["year"] == 2025].assign(reported_on="2026-03-01")


def judge(path: Path, base: Database, good: pd.DataFrame, places: set[str]) -> str:
    """found, harmless, or missed."""
    try:
        seen = inspect_file(path, PLAN, base, today=TODAY, reported_on="2026-03-01")
    except DataError:
        return "found"
    told = [*seen.faults, *seen.doubts]
    if len(seen.changes):
        return "found"
    if told:
        return (
            "found" if not places or any(seen.cells.address(f) in places for f in told) else "found elsewhere"
        )
    same = seen.table[[*KEY, "value"]].reset_index(drop=True)
    wanted = good.sort_values(list(KEY), kind="stable")[[*KEY, "value"]].reset_index(drop=True)
    equal = len(same) == len(wanted) and (same[list(KEY)] == wanted[list(KEY)]).all(axis=None)
    return "harmless" if equal and np.allclose(same["value"], wanted["value"], atol=1e-3) else "missed"


def tidy_case(kind: str, good: pd.DataFrame, path: Path, rng: random.Random) -> tuple[pd.DataFrame, set[str]]:
    """A tidy table of a few rows with one error; the good rows, and where the error may be told (anywhere)."""
    rows = good[good["numerator"].notna() & (good["numerator"] > 10) & (good["value"] > 1)]
    picked = rows.sample(6, random_state=rng.randrange(1 << 30)).drop_duplicates(["indicator", "region"])
    text = picked.astype(str).reset_index(drop=True)
    at = rng.randrange(len(text))
    column, cell = TIDY[kind](text.loc[at], rng)
    if kind == "row doubled":
        text = pd.concat([text, text.loc[[at]]], ignore_index=True)
    else:
        text.loc[at, column] = cell
    if kind == "numerator and denominator exchanged":
        text.loc[at, "denominator"] = picked.iloc[at]["numerator"].astype(str)
    text.to_csv(path, index=False, encoding="utf-8")
    return picked, set()


def form_case(
    kind: str, department: str, blank: bytes, good: pd.DataFrame, path: Path, rng: random.Random
) -> pd.DataFrame:
    """A filled-in workbook with one error."""
    path.write_bytes(blank)
    book = openpyxl.load_workbook(path)
    mine = good[
        (good["department"] == department)
        & good["numerator"].notna()
        & (good["value"] > 5)
        & (good["numerator"] >= 10)
    ]
    mine = mine[mine["unit"].eq("percent") & (mine["level"] == "district") & (mine["sex"] == "total")
                & (mine["residence"] == "total") & (mine["category"] == "total")]  # fmt: skip
    where = {}
    for sheet in book.worksheets[1:-1]:
        for number in range(FIRST_ROW, sheet.max_row + 1):
            where[sheet.cell(number, COLUMNS["key"]).value] = (sheet, number)
    picked = mine.sample(min(4, len(mine)), random_state=rng.randrange(1 << 30))
    at = rng.randrange(len(picked))
    for i, row in enumerate(picked.to_dict("records")):
        key = next(
            k
            for k in where
            if f'"{row["indicator"]}","{row["region"]}","{row["level"]}","total","total","total","total"' in k
        )
        sheet, number = where[key]
        cells = {"numerator": row["numerator"], "denominator": row["denominator"]}
        if i == at and callable(FORM[kind]):
            cells |= FORM[kind](row, rng)
        for name, value in cells.items():
            sheet.cell(number, COLUMNS[name]).value = value
        if i == at:
            spoil(FORM[kind], sheet, number)
        if i == at and FORM[kind] == "hide":
            sheet.row_dimensions[number].hidden = True
        if i == at and FORM[kind] == "merge":
            sheet.merge_cells(
                start_row=number,
                end_row=number,
                start_column=COLUMNS["numerator"],
                end_column=COLUMNS["denominator"],
            )
    assert book.worksheets[1].cell(HEADER_ROW, 1).value
    book.save(path)
    return picked


def spoil(how: object, sheet, number: int) -> None:
    """What is done to the form itself rather than to its figures."""
    if how == "rename":
        sheet.cell(number, COLUMNS["name"]).value = "本地指标"
    elif how == "column":
        sheet.column_dimensions["I"].hidden = True
    elif how == "strike":
        sheet.cell(number, COLUMNS["numerator"]).font = Font(strike=True)
    elif how == "beside":
        sheet.cell(number, len(COLUMNS) + 1).value = 99.1
    elif how == "title":
        for row in sheet.iter_rows(max_row=HEADER_ROW - 1):
            for cell in row:
                if isinstance(cell.value, str):
                    cell.value = cell.value.replace("2025", "2024")


def main() -> None:
    """Inject, judge, count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--errors", type=int, default=1000)
    errors = parser.parse_args().errors
    print(machine())
    rng, past_and_now = random.Random(1), good_rows(PLAN)
    past, good = past_and_now
    counted: dict[str, Counter] = {}
    with tempfile.TemporaryDirectory() as folder:
        base = Database(Path(folder) / "x.duckdb")
        base.add(past, file="past.csv", sha256="past", plan=PLAN.id)
        path = Path(folder) / "good.csv"
        good.to_csv(path, index=False, encoding="utf-8")
        clean = inspect_file(path, PLAN, base, today=TODAY)
        print(f"good rows: {len(good)}, refused {len(clean.faults)}, doubted {len(clean.doubts)}")
        previous = past[past["level"] == "district"]
        blanks = {
            d: write_workbook(PLAN, d, 2025, previous, Path(folder) / "f.xlsx").read_bytes()
            for d in DEPARTMENTS
        }
        kinds = [*TIDY, *FORM]
        for number in tqdm(range(errors)):
            kind = kinds[number % len(kinds)]
            if kind in TIDY:
                picked, places = tidy_case(kind, good, Path(folder) / "t.csv", rng)
                verdict = judge(Path(folder) / "t.csv", base, picked, places)
            else:
                department = rng.choice(DEPARTMENTS[:3])
                picked = form_case(kind, department, blanks[department], good, Path(folder) / "w.xlsx", rng)
                verdict = judge(Path(folder) / "w.xlsx", base, picked.assign(year=2025), set())
            counted.setdefault(kind, Counter())[verdict] += 1
        kept = import_file(path, PLAN, base, today=TODAY, confirmed=True)
        print(f"good rows taken in afterwards: {kept.kept.n_rows} of {len(good)}")
    frame = pd.DataFrame(counted).T.fillna(0).astype(int)
    print(frame.to_string())
    print("all:", frame.sum().to_dict())


if __name__ == "__main__":
    main()
