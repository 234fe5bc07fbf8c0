"""A year of reporting by commands alone, as the monitoring group would run it."""

import openpyxl
import pytest
from typer.testing import CliRunner

from xhcp_eval.commands import intake
from xhcp_eval.commands.cli import app
from xhcp_eval.errors import DataError, ParamsError
from xhcp_eval.observations.forms.workbook import COLUMNS, FIRST_ROW
from xhcp_eval.observations.table import read_table
from xhcp_eval.plan.reading import load_plan
from xhcp_eval.provenance import ROOT

PLAN = load_plan("xinhua_2021_2030")


@pytest.fixture
def xhcp(tmp_path):
    """Run one command on a database of its own; returns what it printed, raises what it raised."""

    def run(*words):
        options = ["--database", str(tmp_path / "x.duckdb")]
        done = CliRunner().invoke(app, [*map(str, words), *options])
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == 0, done.output
        return done.output

    return run


def past(path):
    table = read_table(ROOT / "data" / "demo" / "xinhua_2015_2025.csv", PLAN)
    table = table[(table["year"] < 2025) & (table["department"] == "区医保局")].assign(status="reported")
    table.to_csv(path, index=False, encoding="utf-8")
    return path


def test_a_year_of_reporting(xhcp, tmp_path):
    assert "已入库" in xhcp("import", past(tmp_path / "past.csv"))
    assert "此前已入库" in xhcp("import", tmp_path / "past.csv")
    assert "截止 2026-03-31" in xhcp("round", "open", 2025)
    assert "已写入" in xhcp("template", "--year", 2025, "--department", "区医保局", "--out", tmp_path / "out")
    form = tmp_path / "out" / "xinhua_2021_2030_2025_区医保局.xlsx"
    book = openpyxl.load_workbook(form)
    sheet = book.worksheets[1]
    assert "2024年" in sheet.cell(FIRST_ROW, COLUMNS["before"]).value
    for column, number in {"numerator": 47_000, "denominator": 50_000}.items():
        sheet.cell(FIRST_ROW, COLUMNS[column]).value = number
    book.save(form)
    assert "检查通过，未入库" in xhcp("import", form, "--dry-run", "--annotate", tmp_path)
    assert "1 个数据点，已入库" in xhcp(
        "import", form, "--confirmed", "--annotate", tmp_path, "--reported-on", "2026-03-01"
    )
    status = next(line for line in xhcp("round", "status", 2025).splitlines() if "区医保局" in line)
    assert status.split()[1:4] == ["2", "1", "1"]
    assert "区医保局" in xhcp("round", "missing", 2025)
    assert "2025-1.parquet" in xhcp("round", "freeze", 2025)
    assert "与当时一致" in xhcp("round", "check", "2025-1")
    indicator = sheet.cell(FIRST_ROW, COLUMNS["key"]).value.split('"')[1]
    assert "47000" in xhcp("history", indicator, "新华区", 2025)
    assert "已撤回 1 个数" in xhcp("withdraw", indicator, "新华区", 2025, "--reason", "重复计数")
    assert "3" in xhcp("sql", "select count(*) as n from imports")


def test_a_refused_file_is_told_and_the_others_come_in(xhcp, tmp_path):
    good = past(tmp_path / "good.csv")
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"bad\.csv 未读入"):
        xhcp("import", tmp_path / "bad.csv", good, "--annotate", tmp_path)
    assert "1" in xhcp("sql", "select count(*) as n from imports")


DEMO = ROOT / "data" / "demo" / "xinhua_2015_2025.csv"


def test_warnings_letters_and_the_yearbook_of_a_file(xhcp, tmp_path):
    told = xhcp("warn", "--year", 2025, "--data", DEMO, "--out", tmp_path / "w.csv")
    assert "难以达标" in told
    assert "责任单位：" in told
    assert (tmp_path / "w.csv").read_text(encoding="utf-8-sig").startswith("rule,")
    assert "已写入" in xhcp("queries", "--year", 2025, "--data", DEMO, "--out", tmp_path / "q", "--html")
    assert list((tmp_path / "q").glob("*.html"))
    assert "已写入" in xhcp("publish", "--year", 2025, "--data", DEMO, "--out", tmp_path / "y.xlsx")
    sheets = openpyxl.load_workbook(tmp_path / "y.xlsx")
    texts = [
        str(c.value) for sheet in sheets for row in sheet.iter_rows() for c in row if c.value is not None
    ]
    assert any("演示数据" in text for text in texts)
    assert "<5" in texts


def test_a_report_is_exported_by_name_not_by_path():
    done = CliRunner().invoke(app, ["export", "reports/midterm_2025", "--word"])
    assert isinstance(done.exception, ParamsError) and "写名称，不写路径" in str(done.exception)


def corrected(path, target):
    """The same table with one figure changed."""
    lines = path.read_text(encoding="utf-8").splitlines()
    first = lines[1].split(",")
    assert float(first[9]) > 100
    first[9] = str(int(float(first[9])) - 1)
    first[8] = str(round(100 * float(first[9]) / float(first[10]), 4))
    target.write_text("\n".join([lines[0], ",".join(first), *lines[2:]]) + "\n", encoding="utf-8")
    return target


def test_figures_that_stand_are_shown_before_they_are_changed(xhcp, tmp_path):
    first = past(tmp_path / "past.csv")
    second = corrected(first, tmp_path / "new.csv")
    xhcp("import", first)
    assert "入库将改动 1 个已有数" in xhcp("import", second, "--dry-run", "--confirmed")
    with pytest.raises(DataError, match="本次将改动 1 个已有数；核对无误后可加 --yes"):
        xhcp("import", second, "--confirmed")
    assert "改动了 1 个已有数" in xhcp("import", second, "--confirmed", "--yes")


@pytest.mark.parametrize(("answer", "kept"), [("y", 2), ("n", 1), ("", 1)])
def test_at_a_screen_the_change_is_asked(xhcp, tmp_path, monkeypatch, answer, kept):
    first = past(tmp_path / "past.csv")
    second = corrected(first, tmp_path / "new.csv")
    xhcp("import", first)
    asked = []
    monkeypatch.setattr(intake, "_is_answered", lambda: True)
    monkeypatch.setattr(intake.typer, "confirm", lambda text, default: asked.append(text) or answer == "y")
    if kept == 2:
        assert "本次将改动 1 个已有数" in xhcp("import", second, "--confirmed")
    else:
        with pytest.raises(DataError, match="本次将改动 1 个已有数"):
            xhcp("import", second, "--confirmed")
    assert asked == ["照此改动？"]
    assert xhcp("sql", "select count(*) as n from imports").split()[-1] == str(kept)


def test_check_is_the_same_door(xhcp, tmp_path):
    first = past(tmp_path / "past.csv")
    assert "全部通过" in xhcp("check", first)
    xhcp("import", first)
    assert "入库将改动 1 个已有数" in xhcp("check", corrected(first, tmp_path / "new.csv"))
    text = first.read_text(encoding="utf-8")
    (tmp_path / "v.csv").write_text(text.replace(",reported,", ",verified,"), encoding="utf-8")
    with pytest.raises(DataError, match="文件不能自称已核实"):
        xhcp("check", tmp_path / "v.csv")
    form = tmp_path / "out" / "xinhua_2021_2030_2025_区医保局.xlsx"
    xhcp("template", "--year", 2025, "--department", "区医保局", "--out", tmp_path / "out")
    book = openpyxl.load_workbook(form)
    book.worksheets[1].cell(FIRST_ROW, COLUMNS["numerator"]).value = 47_000
    book.worksheets[1].cell(FIRST_ROW, COLUMNS["denominator"]).value = 50_000
    book.save(form)
    assert "1 个数据点，全部通过" in xhcp("check", form)
    book.worksheets[1]["A1"].value = "区医保局 2024年"
    book.save(form)
    with pytest.raises(DataError, match="A1 现为“区医保局 2024年”"):
        xhcp("check", form)
