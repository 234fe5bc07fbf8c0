"""What a department sends: forms out and back, everything wrong told at once with sheet and cell, nothing half."""

from datetime import date

import openpyxl
import pandas as pd
import pytest
from openpyxl.utils import get_column_letter

from xhcp_eval.errors import ChangeError, DataError
from xhcp_eval.observations import table as table_files
from xhcp_eval.observations.door import intake, vouched
from xhcp_eval.observations.door.doubts import find_doubts
from xhcp_eval.observations.door.intake import import_file, import_files, inspect_file, read_checked
from xhcp_eval.observations.forms.annotated import LIST_SHEET
from xhcp_eval.observations.forms.workbook import (
    COLUMNS,
    FIRST_ROW,
    HEADER_ROW,
    MILESTONE_SHEET,
    STAMP_SHEET,
    departments,
    form_rows,
    write_workbook,
)
from xhcp_eval.observations.store.database import Database
from xhcp_eval.observations.table import COLUMNS as TABLE_COLUMNS
from xhcp_eval.observations.table import read_table
from xhcp_eval.plan.reading import load_plan
from xhcp_eval.provenance import ROOT

PLAN = load_plan("xinhua_2021_2030")
DEMO = read_table(ROOT / "data" / "demo" / "xinhua_2015_2025.csv", PLAN)
# generated figures taken for real ones, but for the one slip that the demonstration data carries on purpose
PAST = DEMO[(DEMO["year"] < 2025) & ~DEMO["value"].between(9.24, 9.25)].assign(status="reported")
DEPARTMENT, YEAR, TODAY = "区卫健委", 2025, date(2026, 4, 1)


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """Bytes of a database that knows the years before."""
    folder = tmp_path_factory.mktemp("known")
    Database(folder / "x.duckdb").add(PAST, file="past.csv", sha256="past", plan=PLAN.id)
    return (folder / "x.duckdb").read_bytes()


@pytest.fixture
def database(tmp_path, filled):
    (tmp_path / "x.duckdb").write_bytes(filled)
    return Database(tmp_path / "x.duckdb")


@pytest.fixture(scope="module")
def blank(tmp_path_factory):
    """Bytes of the form of a department, townships left out to be quick."""
    folder, made = tmp_path_factory.mktemp("forms"), {}

    def make(department):
        if department not in made:
            previous = PAST[PAST["level"] == "district"]
            made[department] = write_workbook(
                PLAN, department, YEAR, previous, folder / "f.xlsx"
            ).read_bytes()
        return made[department]

    return make


@pytest.fixture
def form(tmp_path, blank):
    """Path of a workbook after `change(book)`."""

    def make(change, department=DEPARTMENT):
        path = tmp_path / "form.xlsx"
        path.write_bytes(blank(department))
        book = openpyxl.load_workbook(path)
        change(book)
        book.save(path)
        return path

    return make


def row_of(sheet, indicator, group="合计", region="新华区"):
    """Row number of one figure in a topic sheet."""
    for number in range(FIRST_ROW, sheet.max_row + 1):
        key, seen_group, seen_region = (
            sheet.cell(number, COLUMNS[c]).value for c in ("key", "group", "region")
        )
        if f'"{indicator}"' in key and (seen_group, seen_region) == (group, region):
            return number
    raise AssertionError(f"no row for {indicator}")


def put(sheet, indicator, group="合计", region="新华区", **cells):
    number = row_of(sheet, indicator, group, region)
    for name, value in cells.items():
        sheet.cell(number, COLUMNS[name]).value = value
    return number


def refused(path, database, **options):
    with pytest.raises(DataError) as caught:
        import_file(path, PLAN, database, today=TODAY, **options)
    return caught.value


MORTALITY = {"numerator": 14, "denominator": 3500}


def test_a_form_asks_for_everything_its_department_leads():
    rows = form_rows(PLAN, DEPARTMENT, YEAR, PAST)
    mine = {i.id for i in PLAN.indicators if i.departments[:1] == (DEPARTMENT,) and not i.derived_from}
    assert set(rows["indicator"]) == mine
    assert not rows.duplicated(["indicator", "region", "sex", "age", "residence", "category"]).any()
    deaths = rows[rows["indicator"] == "infant_mortality_rate"]
    assert {("male", "total"), ("female", "total"), ("total", "urban"), ("total", "rural")} <= set(
        zip(deaths["sex"], deaths["residence"], strict=True)
    )
    assert deaths.iloc[0]["before"].startswith("2024年 2.7‰（7/2,593）".replace(",", ""))
    asked = [form_rows(PLAN, name, YEAR, PAST) for name in departments(PLAN)]
    reportable = {i.id for i in PLAN.reportable if not getattr(i, "derived_from", None)}
    assert set(pd.concat(asked)["indicator"]) == reportable
    with pytest.raises(DataError, match="没有牵头部门“区卫建委”；可选：区卫健委"):
        form_rows(PLAN, "区卫建委", YEAR, PAST)


def test_a_form_is_guarded(form):
    path = form(lambda book: None)
    book = openpyxl.load_workbook(path)
    sheet = book["健康"]
    number = row_of(sheet, "infant_mortality_rate")
    assert sheet.protection.sheet
    assert not sheet.cell(number, COLUMNS["numerator"]).protection.locked
    assert sheet.cell(number, COLUMNS["before"]).protection.locked
    assert book[STAMP_SHEET].sheet_state == "veryHidden"
    assert any(
        rule.type == "list" and "是,否" in rule.formula1 for rule in sheet.data_validations.dataValidation
    )
    assert "活产" in sheet.cell(number, COLUMNS["denominator_means"]).value


def test_what_is_filled_in_comes_into_the_database(form, database):
    def fill(book):
        put(book["健康"], "infant_mortality_rate", **MORTALITY)
        put(
            book["健康"],
            "nip_vaccination_coverage",
            numerator="２０８００",
            denominator="20,957",
            value="99.25％",
            series_break="是",
            note="新系统",
        )
        put(book["健康"], "infant_mortality_rate", "男", numerator=None, value="—")

    kept = import_file(form(fill), PLAN, database, today=TODAY, reported_on="2026-03-15")
    assert kept.kept == (2, 2, True)
    found = database.observations(PLAN, region="新华区")
    found = found[found["year"] == YEAR].set_index("indicator")
    assert found.loc["infant_mortality_rate", "value"] == 4.0
    assert found.loc["infant_mortality_rate", "department"] == DEPARTMENT
    assert found.loc["infant_mortality_rate", "reported_on"] == "2026-03-15"
    assert found.loc["nip_vaccination_coverage", ["numerator", "denominator", "value"]].tolist() == [
        20800,
        20957,
        99.25,
    ]
    assert found.loc["nip_vaccination_coverage", "series_break"]
    again = import_file(form(fill), PLAN, database, today=TODAY, reported_on="2026-03-15")
    assert again.kept.n_rows == 2


def test_the_same_file_twice_changes_nothing(form, database):
    path = form(lambda book: put(book["健康"], "infant_mortality_rate", **MORTALITY))
    assert import_file(path, PLAN, database, today=TODAY).kept.is_new
    assert not import_file(path, PLAN, database, today=TODAY).kept.is_new
    assert len(database.imports()) == 2


def test_a_dry_run_keeps_nothing(form, database):
    path = form(lambda book: put(book["健康"], "infant_mortality_rate", **MORTALITY))
    seen = import_file(path, PLAN, database, today=TODAY, dry_run=True)
    assert seen.kept is None
    assert len(seen.table) == 1
    assert len(database.imports()) == 1


FAULTS = {
    "text in a number": ({"numerator": "约14", "denominator": 3500}, "numerator", "'约14' 不是数字"),
    "per cent for per mille": ({"value": "0.4%"}, "value", "带有 %，登记的单位是 ‰"),
    "a percent format": ({"value": 0.004}, "value", "0.4% 带有 %，登记的单位是 ‰"),
    "numerator above denominator": ({"numerator": 3500, "denominator": 14}, "numerator", "分子大于分母"),
    "value against its counts": ({**MORTALITY, "value": 40}, "value", "与分子 14、分母 3500 不符"),
    "a failed formula": ({"numerator": "#DIV/0!", "denominator": 3500}, "numerator", "公式或单元格出错"),
    "an unsaved formula": ({"numerator": "=7+7", "denominator": 3500}, "numerator", "公式没有保存结果"),
    "half a child": ({"numerator": 14.5, "denominator": 3500}, "numerator", "不是整数"),
    "a negative count": ({"numerator": -14, "denominator": 3500}, "numerator", "不能为负"),
    "no denominator": ({"numerator": 0, "denominator": 0}, "denominator", "分母必须大于 0"),
    "a numerator alone": ({"numerator": 14, "value": 4}, "numerator", "有分子而无分母"),
    "a flag without a figure": ({"series_break": "是"}, "value", "却没有数值"),
    "another word for yes": ({**MORTALITY, "series_break": "有"}, "series_break", "不是 true 或 false"),
}  # fmt: skip


@pytest.mark.parametrize(("cells", "column", "text"), FAULTS.values(), ids=FAULTS)
def test_each_fault_is_told_with_its_cell(form, database, tmp_path, cells, column, text):
    places = {}

    def fill(book):
        places["row"] = put(book["健康"], "infant_mortality_rate", **cells)
        if cells == {"value": 0.004}:
            book["健康"].cell(places["row"], COLUMNS["value"]).number_format = "0.0%"
        put(book["健康"], "nip_vaccination_coverage", numerator=20800, denominator=20957)

    error = refused(form(fill), database, annotate_in=tmp_path / "back")
    cell = f"{get_column_letter(COLUMNS[column])}{places['row']}"
    told = [p for p in error.problems if p.startswith(f"工作表“健康” {cell}：")]
    assert any(text in problem for problem in told), error.problems
    marked = openpyxl.load_workbook(tmp_path / "back" / "form_问题标注.xlsx")
    assert text in marked["健康"][cell].comment.text
    assert marked["健康"][cell].fill.fgColor.rgb.endswith("FFC7CE")
    assert f"工作表“健康” {cell}" in [row[2] for row in marked[LIST_SHEET].iter_rows(values_only=True)]
    assert len(database.imports()) == 1, "all or nothing a file"


def test_a_marked_copy_can_be_corrected_and_sent_again(form, database, tmp_path):
    path = form(lambda book: put(book["健康"], "infant_mortality_rate", numerator="约14", denominator=3500))
    refused(path, database, annotate_in=tmp_path)
    copy = tmp_path / "form_问题标注.xlsx"
    book = openpyxl.load_workbook(copy)
    put(book["健康"], "infant_mortality_rate", numerator=14)
    book.save(copy)
    assert import_file(copy, PLAN, database, today=TODAY).kept.n_rows == 1


def test_all_problems_of_a_form_are_told_at_once(form, database):
    def fill(book):
        put(book["健康"], "infant_mortality_rate", numerator="x", denominator=3500)
        book["安全"].cell(FIRST_ROW, COLUMNS["value"]).value = "y"
        put(book["健康"], "nip_vaccination_coverage", value=120)
        put(book["健康"], "neonatal_visit_rate", numerator=5, denominator=3)

    assert len(refused(form(fill), database).problems) >= 4


def stamp_of(book, change):
    import json

    sheet = book[STAMP_SHEET]
    text = "".join(str(row[0]) for row in sheet.iter_rows(max_col=1, values_only=True))
    stamp = json.loads(text)
    change(stamp)
    sheet.delete_rows(1, sheet.max_row)
    text = json.dumps(stamp)
    for row, start in enumerate(range(0, len(text), 30_000), 1):
        sheet.cell(row, 1).value = text[start : start + 30_000]


WHOLE = {
    "a sheet renamed": (lambda b: setattr(b["健康"], "title", "健康1"), "缺少工作表“健康”，可能被改名或删除"),
    "another version": (lambda b: stamp_of(b, lambda s: s.update(version=0)), "模板版本是 0，现用版本是 2"),
    "another registry": (lambda b: stamp_of(b, lambda s: s.update(registry="old")), "另一登记版本"),
    "another plan": (lambda b: stamp_of(b, lambda s: s.update(plan="beijing")), "按规划 beijing"),
    "a broken stamp": (lambda b: setattr(b[STAMP_SHEET]["A1"], "value", "{oops"), "模板标记已损坏"),
    "no stamp": (lambda b: b.remove(b[STAMP_SHEET]), "没有模板标记"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "text"), WHOLE.values(), ids=WHOLE)
def test_forms_that_are_not_ours_any_more(form, database, change, text):
    assert text in str(refused(form(change), database))


def test_changes_of_the_form_itself(form, database):
    def change(book):
        sheet = book["健康"]
        number = row_of(sheet, "infant_mortality_rate")
        sheet.cell(HEADER_ROW, COLUMNS["value"]).value = "数字"
        other = book["安全"]
        first = other.cell(FIRST_ROW, COLUMNS["key"]).value
        other.cell(FIRST_ROW + 1, COLUMNS["key"]).value = first
        other.cell(other.max_row + 2, COLUMNS["value"]).value = 5
        assert number > FIRST_ROW

    problems = "\n".join(refused(form(change), database).problems)
    assert "表头被改动：数字(应为数值(本年))" in problems
    assert "与前面的一行重复" in problems
    assert "不是模板里的行" in problems
    assert "少了 1 行" in problems


def test_hidden_and_merged_cells_of_a_form(form, database):
    def change(book):
        sheet = book["健康"]
        sheet.row_dimensions[put(sheet, "infant_mortality_rate", **MORTALITY)].hidden = True
        number = put(sheet, "nip_vaccination_coverage", numerator=20800, denominator=20957)
        sheet.merge_cells(
            start_row=number, end_row=number, start_column=COLUMNS["denominator"], end_column=COLUMNS["value"]
        )

    problems = "\n".join(refused(form(change), database).problems)
    assert "被隐藏的行里有填报内容" in problems
    assert "是合并单元格" in problems


def test_milestones_are_reported_as_yes_or_no(form, database):
    def fill(book):
        sheet = book[MILESTONE_SHEET]
        for number, word in zip(range(FIRST_ROW, FIRST_ROW + 3), ("是", "否", "快了"), strict=True):
            sheet.cell(number, COLUMNS["value"]).value = word

    path = form(fill, "区妇儿工委办")
    assert "'快了' 不是数字" in refused(path, database).problems[0]
    book = openpyxl.load_workbook(path)
    book[MILESTONE_SHEET].cell(FIRST_ROW + 2, COLUMNS["value"]).value = None
    book.save(path)
    kept = import_file(path, PLAN, database, today=TODAY)
    assert sorted(kept.table["value"]) == [0.0, 1.0]


# tidy tables -----------------------------------------------------------------------------------------------------
ROW = PAST[
    (PAST["indicator"] == "infant_mortality_rate") & (PAST["region"] == "新华区") & (PAST["year"] == 2024)
]
ROW = ROW[(ROW["sex"] == "total") & (ROW["residence"] == "total")].iloc[0].to_dict()
GOOD = {**ROW, "year": 2025, "numerator": 14, "denominator": 3500, "value": 4.0, "reported_on": "2026-03-01"}


def tidy(path, *changes):
    rows = [{**GOOD, "sex": ("total", "male", "female")[i], **change} for i, change in enumerate(changes)]
    pd.DataFrame(rows)[list(TABLE_COLUMNS)].to_csv(path, index=False, encoding="utf-8")
    return path


DOOR = {
    "a misspelt unit": ({"region": "新华区/示范一街到", "level": "township"}, "从未填报过；是否为“新华区/示范一街道”"),
    "another district": ({"region": "卫东区"}, "卫东区 从未填报过"),
    "another level": ({"level": "township"}, "新华区 的层级是 district，而不是 township"),
    "a misspelt department": ({"department": "区卫建委"}, "区卫建委 不是规划里的部门；是否为“区卫健委”"),
    "from the future": ({"reported_on": "2026-12-01"}, "晚于今天 2026-04-01"),
    "before its year": ({"reported_on": "2024-12-01"}, "2025 年的数据不可能在 2024-12-01 填报"),
    "demonstration data": ({"status": "demo"}, "演示数据不能并入"),
    "a slash too many": ({"region": "新华区//x", "level": "township"}, "的写法不对"),
    "a slipped point": ({"value": 40.0}, "由它们计算得 4‰"),
    "ten times the births": ({"denominator": 35000, "value": 0.4}, "的 13 倍"),
    "a value out of line": ({"numerator": "", "denominator": "", "value": 99.155, "indicator": "nip_vaccination_coverage", "unit": "percent"}, None),
    "a share as a fraction": ({"numerator": "", "denominator": "", "value": 0.9915, "indicator": "nip_vaccination_coverage", "unit": "percent"}, "小数点或单位是否有误"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "text"), DOOR.values(), ids=DOOR)
def test_what_a_department_cannot_have_meant(database, tmp_path, change, text):
    path = tidy(tmp_path / "t.csv", change)
    if text is None:
        assert import_file(path, PLAN, database, today=TODAY).kept.n_rows == 1
    else:
        assert any(text in problem for problem in refused(path, database).problems)


def test_what_the_database_holds_already_is_no_doubt_about_the_file():
    # 2023 was kept ten times too high, confirmed or before there were checks; 2024 and 2025 are as they were
    known = pd.DataFrame([{**ROW, "year": 2023, "numerator": 140, "denominator": 3500, "value": 40.0}, ROW])
    file = pd.DataFrame([GOOD, {**GOOD, "year": 2026, "value": 40.0, "numerator": 140}], index=[2, 3])
    assert known["value"].iloc[0] / known["value"].iloc[1] > 8
    assert find_doubts(file.iloc[:1], known) == []
    assert [(doubt.row, doubt.column) for doubt in find_doubts(file, known)] == [(3, "value")]


def test_parts_that_do_not_add_up_are_asked_about_and_can_be_confirmed(database, tmp_path):
    male = {"numerator": 8, "denominator": 1800, "value": 4.4444}
    path = tidy(tmp_path / "t.csv", {}, male, {"numerator": 5, "denominator": 1700, "value": 2.9412})
    error = refused(path, database, annotate_in=tmp_path)
    assert error.problems == ("（疑问）第 2 行 numerator：男、女合计 13，与总数 14 不符",)
    assert "--confirmed" in str(error)
    assert (tmp_path / "t_问题标注.xlsx").exists()
    kept = import_file(path, PLAN, database, today=TODAY, confirmed=True)
    assert kept.kept.n_rows == 3
    assert "男、女合计 13" in database.imports()["notices"].iloc[-1][0]
    assert not import_file(path, PLAN, database, today=TODAY).kept.is_new


def test_new_units_are_let_in_when_said_so(database, tmp_path):
    path = tidy(tmp_path / "t.csv", {"region": "新华区/新街道", "level": "township"})
    assert import_file(path, PLAN, database, today=TODAY, new_regions=True).kept.n_rows == 1


def test_one_bad_file_does_not_stop_the_others(database, tmp_path):
    paths = [tidy(tmp_path / "a.csv", {"value": "x"}), tidy(tmp_path / "b.csv", {}), tmp_path / "none.csv"]
    seen = []
    taken, errors = import_files(paths, PLAN, database, seen.append, today=TODAY)
    assert [t.path.name for t in taken] == ["b.csv"]
    assert len(errors) == 2
    assert seen == paths


def test_cells_that_begin_like_formulas_stay_text(database, tmp_path):
    path = tidy(tmp_path / "t.csv", {"note": "=cmd|' /C calc'!A0", "source": "@SUM(1)", "value": "x"})
    refused(path, database, annotate_in=tmp_path)
    sheet = openpyxl.load_workbook(tmp_path / "t_问题标注.xlsx")["数据"]
    evil = [cell for row in sheet.iter_rows() for cell in row if str(cell.value).startswith(("=", "@"))]
    assert len(evil) == 2
    assert all(cell.data_type == "s" for cell in evil)


def test_an_inspection_is_a_frame_with_addresses(database, tmp_path):
    seen = inspect_file(tidy(tmp_path / "t.csv", {"unit": "percent"}), PLAN, database, today=TODAY).to_frame()
    assert seen.iloc[0][["file", "kind", "place"]].tolist() == ["t.csv", "问题", "第 2 行 unit"]


# figures that stand -----------------------------------------------------------------------------------------------
def test_figures_that_stand_are_changed_only_when_someone_says_so(database, tmp_path):
    assert import_file(tidy(tmp_path / "a.csv", {}), PLAN, database, today=TODAY).kept.is_new
    path = tidy(tmp_path / "b.csv", {"numerator": 16, "value": 4.5714, "reported_on": "2026-03-20"})
    with pytest.raises(ChangeError, match="本次将改动 1 个已有数；核对无误后可加 --yes") as caught:
        import_file(path, PLAN, database, today=TODAY, confirmed=True)
    assert (caught.value.path, caught.value.count) == (path, 1)
    assert "4‰（14/3500）（2026-03-01 填报）改为 4.57‰（16/3500）" in caught.value.problems[0]
    assert len(database.imports()) == 2
    seen = import_file(path, PLAN, database, today=TODAY, dry_run=True)
    assert len(seen.changes) == 1 and seen.kept is None
    assert import_file(path, PLAN, database, today=TODAY, change_known=True).kept.is_new
    assert "改动（已确认）" in database.imports()["notices"].iloc[-1][0]
    # asked and answered: the same file once more is nothing new
    assert not import_file(path, PLAN, database, today=TODAY).kept.is_new


def test_the_same_figures_in_another_file_change_nothing(database, tmp_path):
    import_file(tidy(tmp_path / "a.csv", {}), PLAN, database, today=TODAY)
    again = tidy(tmp_path / "b.csv", {"note": "再报", "value": 4})
    assert import_file(again, PLAN, database, today=TODAY).kept.is_new


def test_verified_is_no_word_of_a_file(database, tmp_path, monkeypatch):
    path = tidy(tmp_path / "t.csv", {"status": "verified"})
    problems = refused(path, database).problems
    assert "第 2 行 status：文件不能自称已核实(verified)" in problems[0]
    with pytest.raises(DataError, match="文件不能自称已核实"):
        read_checked(path, PLAN)
    sha256 = intake.file_hash(path)
    assert sha256 in problems[0]
    listed = tmp_path / "verified.yaml"
    listed.write_text(
        f"files:\n- {{file: t.csv, sha256: {sha256}, by: 张三, on: 2026-03-01}}\n", encoding="utf-8"
    )
    monkeypatch.setattr(vouched, "LISTS", (listed,))
    assert import_file(path, PLAN, database, today=TODAY).kept.n_rows == 1
    path.write_text(path.read_text(encoding="utf-8").replace("14", "15"), encoding="utf-8")
    assert not vouched.vouched(intake.file_hash(path)), "an entry ends with the first change"


def test_a_file_that_breaks_its_reader_costs_no_other(database, tmp_path, monkeypatch):
    def breaks(cells, plan):
        if (cells.frame["note"] == "x").any():
            raise RuntimeError("deep inside")
        return table_files.check_cells(cells, plan)

    monkeypatch.setattr(intake, "check_cells", breaks)
    paths = [tidy(tmp_path / "a.csv", {"note": "x"}), tidy(tmp_path / "b.csv", {})]
    taken, errors = import_files(paths, PLAN, database, today=TODAY)
    assert [one.path.name for one in taken] == ["b.csv"]
    assert "a.csv 未读入：读取时出错（RuntimeError：deep inside）" in str(errors[0])


@pytest.mark.parametrize(("typed", "fine"), [("92.2", True), ("92.17", False), ("92.18", True), ("92", True), ("92.0", False), ("93", False),
                                             ("92.17601", True), ("92.2%", True), ("9.2E1", True), ("９２.２", True)])  # fmt: skip
def test_a_value_stands_within_half_a_unit_of_its_last_digit(typed, fine, tmp_path):
    counts = {"numerator": 8777, "denominator": 9522, "value": typed}
    path = tidy(tmp_path / "t.csv", {"indicator": "neonatal_visit_rate", "unit": "percent", **counts})
    problems = inspect_file(path, PLAN, today=TODAY).faults
    assert [fault.column for fault in problems] == ([] if fine else ["value"])


def test_all_that_is_shipped_passes(tmp_path):
    demo = inspect_file(ROOT / "data" / "demo" / "xinhua_2015_2025.csv", PLAN)
    # the one slip that the demonstration carries on purpose is asked about, twice over
    assert demo.faults == () and {doubt.row for doubt in demo.doubts} == {8306}
    later = inspect_file(ROOT / "data" / "demo" / "xinhua_2026_2030.csv", PLAN)
    national = inspect_file(ROOT / "data" / "national" / "china_national.csv", load_plan("china_2021_2030"))
    assert later.faults == later.doubts == national.faults == national.doubts == ()
