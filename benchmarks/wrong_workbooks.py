"""Plausible wrong workbooks and tables, one mistake each: refused, asked about, or let in without a word.

    python benchmarks/wrong_workbooks.py [--show]

Written as by someone who knows the form and not the door: what a clerk does to it in a hurry, at a copier, or to look
better. Every file starts from the good one: a department's form (or a tidy table) filled in with all figures of 2025. The
good ones must pass without a fault, a doubt or a change. `UNKNOWABLE` names mistakes that no reader of the file can tell
from the truth.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from copy import copy
from datetime import date
from pathlib import Path

import openpyxl
import pandas as pd

from xhcp_eval.errors import DataError
from xhcp_eval.observations.door.intake import inspect_file
from xhcp_eval.observations.forms.workbook import COLUMNS, GUIDE_SHEET, STAMP_SHEET, write_workbook
from xhcp_eval.observations.store.database import Database
from xhcp_eval.observations.table import COLUMNS as TABLE_COLUMNS
from xhcp_eval.observations.table import KEY, read_table
from xhcp_eval.plan.reading import load_plan
from xhcp_eval.provenance import ROOT

PLAN = load_plan("xinhua_2021_2030")
YEAR, TODAY, DEPARTMENT = 2025, date(2026, 4, 1), "区卫健委"
KEY_PARTS = ("indicator", "region", "level", "sex", "age", "residence", "category")
HIGH, FEW, RARE = "nip_vaccination_coverage", "infant_mortality_rate", "under5_mortality_rate"
VISITS, EXAMS, COUNTED = (
    "neonatal_visit_rate",
    "under3_systematic_management_rate",
    "inclusive_childcare_place_count",
)
UNKNOWABLE = {
    "boys and girls exchanged", "figures of two townships exchanged", "one count wrong by a few", "a neighbour's figure copied that is nearly the same",
    "provisional figures sent as final", "the wrong day of the count",
}  # fmt: skip


def figures() -> pd.DataFrame:
    """The demonstration district's figures, taken for real ones; the slip that is in them on purpose left out."""
    table = read_table(ROOT / "data" / "demo" / "xinhua_2015_2025.csv", PLAN)
    return table[~table["value"].between(9.24, 9.25)].assign(status="reported")


class Form:
    """A form as a person sees it: cells by what they are about."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.book = openpyxl.load_workbook(path)
        self.rows = {}
        for sheet in self.book.worksheets:
            for number in range(1, sheet.max_row + 1):
                key = sheet.cell(number, 1).value
                if isinstance(key, str) and key.startswith('["'):
                    self.rows[tuple(json.loads(key))] = (sheet, number)

    def place(self, indicator: str, region: str = "新华区", **cut: str) -> tuple:
        """Sheet and row of a figure."""
        wanted = {
            "indicator": indicator,
            "region": region,
            "sex": "total",
            "residence": "total",
            "category": "total",
        } | cut
        return next(at for key, at in self.rows.items()
                    if wanted.items() <= dict(zip(KEY_PARTS, key, strict=True)).items())  # fmt: skip

    def cell(self, name: str, indicator: str, **cut: str):
        """One cell of a figure's row."""
        sheet, number = self.place(indicator, **cut)
        return sheet.cell(number, COLUMNS[name])

    def put(self, indicator: str, numerator=None, denominator=None, value=None, **cut: str) -> None:
        """Type over a figure."""
        for name, typed in {"numerator": numerator, "denominator": denominator, "value": value}.items():
            self.cell(name, indicator, **cut).value = typed

    def typed(self, indicator: str, **cut: str) -> tuple:
        """Numerator and denominator as they stand."""
        return tuple(self.cell(name, indicator, **cut).value for name in ("numerator", "denominator"))

    def of(self, indicator: str) -> Iterator[tuple]:
        """Places of all figures of an indicator."""
        return (at for key, at in self.rows.items() if key[0] == indicator)

    def fill(self, table: pd.DataFrame) -> None:
        """Type in all that a table knows."""
        known = table.set_index(list(KEY_PARTS))[["numerator", "denominator", "value", "unit"]]
        for key, (sheet, number) in self.rows.items():
            if key not in known.index:
                continue
            one = known.loc[key]
            if pd.notna(one["denominator"]):
                sheet.cell(number, COLUMNS["numerator"]).value = int(one["numerator"])
                sheet.cell(number, COLUMNS["denominator"]).value = int(one["denominator"])
            else:
                yes_no = one["unit"] == "binary"
                sheet.cell(number, COLUMNS["value"]).value = (
                    ("否", "是")[int(one["value"])] if yes_no else one["value"]
                )


def swap(
    form: Form, first: tuple, second: tuple, names: tuple[str, ...] = ("numerator", "denominator", "value")
) -> None:
    """Exchange cells of two rows."""
    for name in names:
        one, other = (sheet.cell(number, COLUMNS[name]) for sheet, number in (first, second))
        one.value, other.value = other.value, one.value


def sort_rows(form: Form, by: str, first: int) -> None:
    """What a spreadsheet's sort does to a sheet; first: leftmost column that moves."""
    sheet = form.place(HIGH)[0]
    numbers = sorted(number for other, number in form.rows.values() if other is sheet)
    last = len(COLUMNS)
    lines = [[sheet.cell(n, c).value for c in range(first, last + 1)] for n in numbers]
    lines.sort(key=lambda line: str(line[COLUMNS[by] - first]), reverse=True)
    for number, line in zip(numbers, lines, strict=True):
        for column, value in enumerate(line, first):
            sheet.cell(number, column).value = value


def retitle(form: Form, old: str, new: str, sheets: Callable[[str], bool] = lambda _: True) -> None:
    """Replace words in everything visible."""
    for sheet in form.book.worksheets:
        if sheet.title != STAMP_SHEET and sheets(sheet.title):
            for row in sheet.iter_rows():
                for cell in row:
                    if isinstance(cell.value, str) and cell.column > 1:
                        cell.value = cell.value.replace(old, new)
            cell = sheet.cell(1, 1)
            if isinstance(cell.value, str):
                cell.value = cell.value.replace(old, new)
        if sheet.title == GUIDE_SHEET and sheets(sheet.title):
            for number in range(1, sheet.max_row + 1):
                if isinstance(sheet.cell(number, 1).value, str):
                    sheet.cell(number, 1).value = sheet.cell(number, 1).value.replace(old, new)


def times(form: Form, factor: float, indicator: str) -> None:
    """A value ten times off, its counts not given."""
    numerator, denominator = form.typed(indicator)
    per = {HIGH: 100, VISITS: 100, FEW: 1000, RARE: 1000}[indicator]
    form.put(indicator, value=round(per * numerator / denominator * factor, 4))


def shifted(form: Form) -> None:
    """Figures of one sheet pasted one row too low."""
    sheet = form.place(HIGH)[0]
    numbers = sorted(number for other, number in form.rows.values() if other is sheet)
    lines = [
        [sheet.cell(n, COLUMNS[c]).value for c in ("numerator", "denominator", "value")] for n in numbers
    ]
    for number, line in zip(numbers, [lines[-1], *lines[:-1]], strict=True):
        for name, value in zip(("numerator", "denominator", "value"), line, strict=True):
            sheet.cell(number, COLUMNS[name]).value = value


def hide_column(form: Form) -> None:
    """Hide the column of numerators."""
    form.place(HIGH)[0].column_dimensions["I"].hidden = True


def thin_column(form: Form) -> None:
    """Make the column of denominators as thin as a hair."""
    form.place(HIGH)[0].column_dimensions["J"].width = 0.1


def hide_row(form: Form) -> None:
    """Hide a row."""
    sheet, number = form.place(HIGH)
    sheet.row_dimensions[number].hidden = True


def flat_row(form: Form) -> None:
    """Make a row as flat as a line."""
    sheet, number = form.place(HIGH)
    sheet.row_dimensions[number].height = 0.5


def struck_out(form: Form) -> None:
    """Strike a figure out."""
    cell = form.cell("numerator", HIGH)
    font = copy(cell.font)
    font.strike = True
    cell.font = font


def superscript(form: Form) -> None:
    """A footnote's number in small print behind a value."""
    from openpyxl.cell.rich_text import CellRichText, TextBlock
    from openpyxl.cell.text import InlineFont

    form.put(HIGH, value=CellRichText("97.1", TextBlock(InlineFont(vertAlign="superscript"), "1")))


def beside(form: Form) -> None:
    """A figure beside the form."""
    sheet, number = form.place(HIGH)
    sheet.cell(number, len(COLUMNS) + 2).value = 99.9


def hidden_sheet(form: Form) -> None:
    """Hide a sheet."""
    form.place(HIGH)[0].sheet_state = "hidden"


def scaled(form: Form, factor: float, indicator: str, names=("numerator", "denominator")) -> None:
    """Counts of one indicator multiplied, all cuts of it."""
    for sheet, number in form.of(indicator):
        for name in names:
            cell = sheet.cell(number, COLUMNS[name])
            if isinstance(cell.value, (int, float)):
                cell.value = round(cell.value * factor)


def only_total(form: Form, value) -> None:
    """All high shares typed as one value, nothing else."""
    for key, (sheet, number) in form.rows.items():
        if key[0] in (HIGH, VISITS, EXAMS):
            sheet.cell(number, COLUMNS["value"]).value = value
            sheet.cell(number, COLUMNS["numerator"]).value = sheet.cell(
                number, COLUMNS["denominator"]
            ).value = None


def cumulated(form: Form) -> None:
    """Deaths of five years in place of one year's."""
    for key, (sheet, number) in form.rows.items():
        if key[0] == RARE:
            cell = sheet.cell(number, COLUMNS["numerator"])
            cell.value = (cell.value or 0) * 5


TOWNS = ("新华区/示范一街道", "新华区/示范二街道")
BOYS, GIRLS = {"sex": "male"}, {"sex": "female"}
FORMS: dict[str, Callable[[Form], object]] = {
    "title of a sheet says another year": lambda f: retitle(f, "2025年", "2024年", lambda t: t == f.place(HIGH)[0].title),
    "guide says another year": lambda f: retitle(f, "2025年", "2026年", lambda t: t == GUIDE_SHEET),
    "title says another department": lambda f: retitle(f, DEPARTMENT, "区教体局", lambda t: t != GUIDE_SHEET),
    "guide says another department": lambda f: retitle(f, DEPARTMENT, "区教体局", lambda t: t == GUIDE_SHEET),
    "an indicator's name typed over": lambda f: setattr(f.cell("name", VISITS), "value", f.cell("name", EXAMS).value),
    "two indicators' names exchanged": lambda f: swap(f, f.place(VISITS), f.place(EXAMS), ("name",)),
    "a township's name typed over": lambda f: setattr(f.cell("region", VISITS, region=TOWNS[0]), "value", TOWNS[1]),
    "a group's name typed over": lambda f: setattr(f.cell("group", HIGH, **BOYS) if (HIGH, "male") in {(k[0], k[3]) for k in f.rows} else f.cell("group", FEW, **BOYS), "value", "女"),
    "a unit typed over": lambda f: setattr(f.cell("unit", FEW), "value", "%"),
    "another denominator written into the definition": lambda f: setattr(f.cell("denominator_means", VISITS), "value", "产妇人数"),
    "sorted without the hidden column": lambda f: sort_rows(f, "name", 2),
    "sorted with the hidden column": lambda f: sort_rows(f, "name", 1),
    "only the typed columns sorted": lambda f: sort_rows(f, "numerator", COLUMNS["numerator"]),
    "pasted one row too low": shifted,
    "numerators and denominators exchanged": lambda f: f.put(VISITS, *f.typed(VISITS)[::-1]),
    "figures of two indicators exchanged": lambda f: swap(f, f.place(VISITS), f.place(EXAMS)),
    "figures of a vaccine and a visit exchanged": lambda f: swap(f, f.place(HIGH), f.place(VISITS)),
    "figures of two townships exchanged": lambda f: [swap(f, f.place(i, region=TOWNS[0]), f.place(i, region=TOWNS[1])) for i in (VISITS, EXAMS)],
    "the township's total in the district's row": lambda f: f.put(VISITS, *f.typed(VISITS, region=TOWNS[0])),
    "boys' figures in the total's row": lambda f: f.put(FEW, *f.typed(FEW, **BOYS)),
    "the total's figures in the boys' row": lambda f: f.put(FEW, *f.typed(FEW), **BOYS),
    "boys and girls exchanged": lambda f: swap(f, f.place(FEW, **BOYS), f.place(FEW, **GIRLS)),
    "one count wrong by a few": lambda f: f.put(EXAMS, f.typed(EXAMS)[0] - 3, f.typed(EXAMS)[1]),
    "zeros where 99% stood": lambda f: only_total(f, 0),
    "a zero count where thousands stood": lambda f: f.put(HIGH, 0, f.typed(HIGH)[1]),
    "a hundred typed everywhere": lambda f: only_total(f, 100),
    "a few per mille ten times up, no counts": lambda f: times(f, 10, FEW),
    "a few per mille ten times down, no counts": lambda f: times(f, 0.1, RARE),
    "a share ten times down, no counts": lambda f: times(f, 0.1, HIGH),
    "a share as a fraction, no counts": lambda f: times(f, 0.01, HIGH),
    "a share's digits exchanged, no counts": lambda f: f.put(VISITS, value=79.13),
    "a share of last digit lost, no counts": lambda f: f.put(VISITS, value=9.7),
    "a count ten times up": lambda f: f.put(COUNTED, value=15200),
    "a count in ten thousands": lambda f: f.put(COUNTED, value=0.152),
    "half a year's counts": lambda f: scaled(f, 0.5, VISITS),
    "two years' counts together": lambda f: scaled(f, 2.0, VISITS),
    "deaths of five years": cumulated,
    "the denominator is the whole population": lambda f: scaled(f, 12, VISITS, ("denominator",)),
    "a digit lost in the denominator": lambda f: f.put(RARE, f.typed(RARE)[0], f.typed(RARE)[1] // 10),
    "a circled footnote mark": lambda f: f.put(HIGH, value="97.1①"),
    "a raised footnote digit": lambda f: f.put(HIGH, value="97.1²"),
    "a footnote digit in superscript": superscript,
    "a starred figure": lambda f: f.put(HIGH, value="97.1*"),
    "a decimal comma": lambda f: f.put(HIGH, value="97,1"),
    "two figures in a cell": lambda f: f.put(HIGH, value="97.1（98.2）"),
    "about": lambda f: f.put(HIGH, value="约97"),
    "in wan": lambda f: f.put(VISITS, "0.24万", f.typed(VISITS)[1]),
    "turned into a date": lambda f: f.put(VISITS, date(2026, 3, 5), f.typed(VISITS)[1]),
    "a value that its counts don't bear out": lambda f: f.put(VISITS, *f.typed(VISITS), value=99.1),
    "a value rounded up over the target": lambda f: f.put(VISITS, 8777, 9522, value=93),
    "hidden column of counts": hide_column,
    "column of no width": thin_column,
    "hidden row": hide_row,
    "row of no height": flat_row,
    "hidden sheet": hidden_sheet,
    "formula without its result": lambda f: f.put(VISITS, "=1+2400", f.typed(VISITS)[1]),
    "formula without its result in the source": lambda f: setattr(f.cell("source", VISITS), "value", '="卫"&"健"'),
    "figure struck out": struck_out,
    "a figure beside the form": beside,
    "figures merged": lambda f: f.place(VISITS)[0].merge_cells(start_row=f.place(VISITS)[1], end_row=f.place(VISITS)[1], start_column=COLUMNS["numerator"], end_column=COLUMNS["value"]),
    "yes for a number": lambda f: f.put(VISITS, value="是"),
    "a control character in the note": lambda f: setattr(f.cell("note", VISITS), "value", "见附件_x0007_"),
}  # fmt: skip


def past_years(form: Form, table: pd.DataFrame, indicators: tuple[str, ...] = ()) -> None:
    """Last year's figures retyped, of some indicators or of all."""
    last = table[table["year"] == YEAR - 1]
    form.fill(last[last["indicator"].isin(indicators)] if indicators else last)


def one_row(table: pd.DataFrame, indicator: str = VISITS) -> pd.DataFrame:
    """The district's total of an indicator."""
    whole = (table[["sex", "residence", "category"]] == "total").all(axis=1)
    return table[whole & (table["indicator"] == indicator) & (table["region"] == PLAN.region)]


# Tidy tables of one department and year, with one thing wrong: (rows) -> rows.
TABLES: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "a category never seen": lambda t: t.assign(category=t["category"].replace("卡介苗", "卡介疫苗")),
    "an age never seen": lambda t: pd.concat([t, one_row(t).assign(age="0-3岁")]),
    "another department's indicator": lambda t: pd.concat([t, one_row(t).assign(department="区民政局")]).drop_duplicates(list(KEY), keep="last"),
    "said to be verified": lambda t: t.assign(status="verified"),
    "a person named as importer": lambda t: t.assign(imported_by="局长"),
    "an old year typed": lambda t: t.assign(year=2024),
    "a year ten years early": lambda t: t.assign(year=2015),
    "a year of the future": lambda t: t.assign(year=2052),
    "the running year": lambda t: t.assign(year=2026),
    "a misspelt town": lambda t: t.assign(region=t["region"].str.replace("示范一街道", "示范一街到")),
    "invisible sign in a category": lambda t: t.assign(category=t["category"].replace("卡介苗", "卡介\u200b苗")),
    "a control character in the source": lambda t: t.assign(source="报表\x07"),
    "a category under the wrong indicator": lambda t: pd.concat([t, one_row(t).assign(category="卡介苗")]),
}  # fmt: skip
# Files in the order of their sending: what comes before the one that is judged.
SEQUENCES = ("last year's form with this year's figures", "last year's form sent again, year changed by hand",
             "last year's figures retyped", "last year's figures of one indicator retyped", "corrected figures",
             "an older version sent again after its correction", "a later correction with an earlier date",
             "a neighbour's figure copied that is nearly the same")  # fmt: skip


class Bench:
    """The database as it stands before, and forms as they are filled in."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.table = folder, figures()
        self.base = Database(folder / "base.duckdb")
        self.base.add(
            self.table[self.table["year"] < YEAR], file="past.csv", sha256="past", plan=PLAN.id, by="x"
        )
        self.blank = self._blank(YEAR)
        self.now = self.table[self.table["year"] == YEAR]

    def _blank(self, year: int) -> Path:
        previous = self.table[self.table["year"] < year]
        return write_workbook(PLAN, DEPARTMENT, year, previous, self.folder / f"blank_{year}.xlsx")

    def form(self, name: str = "form", year: int = YEAR) -> Form:
        """A form filled in with the year's figures."""
        path = self.folder / f"{name}.xlsx"
        shutil.copy(self.blank if year == YEAR else self._blank(year), path)
        form = Form(path)
        form.fill(self.table[self.table["year"] == year])
        return form

    def judged(self, form: Form, base: Database | None = None, **options) -> str:
        """What comes of a form."""
        form.book.save(form.path)
        return verdict(form.path, base or self.base, **options)

    def tidy(self, change: Callable[[pd.DataFrame], pd.DataFrame]) -> str:
        """What comes of a table of the department's figures."""
        rows = self.now[self.now["department"] == DEPARTMENT].assign(reported_on="2026-03-01")
        path = self.folder / "table.csv"
        changed = change(rows)
        columns = [*TABLE_COLUMNS, *(n for n in changed.columns if n not in TABLE_COLUMNS)]
        changed[columns].to_csv(path, index=False, encoding="utf-8")
        return verdict(path, self.base)

    def sequence(self, kind: str) -> str:
        """What comes of a form that is wrong by what came before it."""
        form = self.form()
        if kind.startswith("last year's form"):
            form = self.form("old", YEAR - 1)
            form.fill(self.now)
            if "by hand" in kind:
                retitle(form, "2024年", "2025年")
            return self.judged(form)
        if "retyped" in kind:
            past_years(form, self.table, (EXAMS,) if "one indicator" in kind else ())
            return self.judged(form)
        if kind.startswith("a neighbour"):
            form.put(EXAMS, *form.typed(EXAMS, region=TOWNS[0]), region=TOWNS[1])
            return self.judged(form)
        return self._corrected(form, kind)

    def _corrected(self, form: Form, kind: str) -> str:
        """A form was sent; its correction, or the old one once more."""
        shutil.copy(self.base.path, self.folder / "later.duckdb")
        later = Database(self.folder / "later.duckdb")
        form.book.save(form.path)
        self._take(form.path, later, "2026-02-01")
        numerator, denominator = form.typed(VISITS)
        form.put(VISITS, numerator - 40, denominator)
        if kind == "corrected figures":
            return self.judged(form, later, reported_on="2026-03-01")
        form.book.save(form.path)
        self._take(form.path, later, "2026-03-01")
        form.put(VISITS, numerator - 80 if "later" in kind else numerator, denominator)
        return self.judged(form, later, reported_on="2026-02-15" if "later" in kind else "2026-03-20")

    def _take(self, path: Path, base: Database, day: str) -> None:
        seen = inspect_file(path, PLAN, base, today=TODAY, reported_on=day)
        assert not seen.faults, seen.faults
        base.add(seen.table, file=path.name, sha256=day, plan=PLAN.id, by="x")


def verdict(path: Path, base: Database, **options) -> str:
    """How the door answers, and its first words."""
    try:
        seen = inspect_file(path, PLAN, base, today=TODAY, **({"reported_on": "2026-03-01"} | options))
    except DataError as error:
        return f"refused: {error.problems[0] if error.problems else error}"
    if seen.faults:
        return f"refused: {seen.cells.address(seen.faults[0])}：{seen.faults[0].text} ({len(seen.faults)})"
    told = [f"{seen.cells.address(d)}：{d.text}" for d in seen.doubts]
    if len(getattr(seen, "changes", ())):
        told.append(f"改动 {len(seen.changes)} 个已有数")
    return f"asked: {told[0]} ({len(told)})" if told else "silent"


def all_kinds(folder: Path) -> Iterator[tuple[str, str]]:
    """Every kind of wrong file with what came of it; the good form and the good table first."""
    bench = Bench(folder)
    yield "GOOD form", bench.judged(bench.form())
    yield "GOOD table", bench.tidy(lambda t: t)
    for kind, spoil in FORMS.items():
        form = bench.form()
        spoil(form)
        yield kind, bench.judged(form)
    for kind, change in TABLES.items():
        yield kind, bench.tidy(change)
    for kind in SEQUENCES:
        yield kind, bench.sequence(kind)


def main() -> None:
    """Spoil, judge, count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--show", action="store_true", help="print what the door said of each")
    show = parser.parse_args().show
    with tempfile.TemporaryDirectory() as folder:
        found = {}
        for kind, said in all_kinds(Path(folder)):
            found[kind] = said
            if show or said == "silent" or kind.startswith("GOOD"):
                print(f"{kind}: {said[:180]}{'（不可知）' if kind in UNKNOWABLE else ''}", flush=True)
    wrong = {kind: said for kind, said in found.items() if not kind.startswith("GOOD")}
    by = pd.Series([said.split(":")[0] for said in wrong.values()]).value_counts()
    print(f"{len(wrong)} kinds: {by.to_dict()}")


if __name__ == "__main__":
    main()
