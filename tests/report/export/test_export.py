"""Figures and tables as files, and the export as a whole: everything or nothing."""

from __future__ import annotations

import csv
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pytest
from documents_sample import HEADERS, TITLE, picture, write_report
from openpyxl import load_workbook
from PIL import Image

from xhcp_eval.errors import ParamsError, RunError
from xhcp_eval.report.export import export as documents
from xhcp_eval.report.export.content import INDEX, Chapter, Figure, Report
from xhcp_eval.report.export.export import KINDS, export
from xhcp_eval.report.export.figure_files import write_figures
from xhcp_eval.report.export.table_sheets import sheet_name, write_tables


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> Path:
    return write_report(tmp_path_factory.mktemp("reports") / "small")


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / INDEX).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_every_figure_is_there_as_drawing_and_picture(report, tmp_path):
    folder = write_figures(report, tmp_path / "figures")
    assert sorted(path.name for path in folder.iterdir()) == [
        "30_domain_health_001_接种率_历年值与预测区间.png",
        "30_domain_health_001_接种率_历年值与预测区间.svg",
        "80_method_002_色块.png",
        "index.csv",
    ]
    drawn = Image.open(folder / "30_domain_health_001_接种率_历年值与预测区间.png")
    assert drawn.info["dpi"] == pytest.approx((300, 300), abs=0.01)
    assert drawn.width == pytest.approx(562 / 96 * 300, abs=2)
    assert Image.open(folder / "80_method_002_色块.png").convert("RGB").getpixel((1, 1)) == (0, 0x72, 0xB2)


def test_the_list_of_figures_opens_in_excel_and_names_the_files(report, tmp_path):
    folder = write_figures(report, tmp_path / "figures")
    assert (folder / INDEX).read_bytes().startswith(b"\xef\xbb\xbf")
    first, second = rows_of(folder)
    assert (first["章"], first["图号"], first["图题"]) == ("儿童与健康", "图1", "接种率：历年值与预测区间")
    assert first["资料来源"] == "资料来源：演示数据（程序生成）"
    assert first["图的说明"].startswith("接种率折线图")
    assert (second["SVG 文件"], second["PNG 文件"]) == ("", "80_method_002_色块.png")
    for row in (first, second):
        assert all((folder / row[kind]).is_file() for kind in ("SVG 文件", "PNG 文件") if row[kind])


def test_a_caption_makes_no_path_and_no_formula(tmp_path, monkeypatch):
    evil = Figure("=cmd|'/../../x", "-1", 40, 20, picture=b"\x89PNG")
    jpeg = Figure("照片", "照片", 40, 20, picture=b"\xff\xd8\xff")
    chapters = (Chapter("../..", "@章", (evil, jpeg)),)
    made = Report("small", TITLE, "", "", "", chapters, (), "")
    monkeypatch.setattr("xhcp_eval.report.export.figure_files.read_report", lambda folder: made)
    folder = write_figures(tmp_path, tmp_path / "figures")
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["_001_cmd_x.png", "_002_照片.jpg", "index.csv"]
    first = rows_of(folder)[0]
    assert (first["章"], first["图题"], first["图的说明"]) == ("'@章", "'=cmd|'/../../x", "'-1")


def test_other_folders_are_not_overwritten(report, tmp_path):
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "mine.png").write_bytes(b"mine")
    with pytest.raises(RunError, match="不是以前导出的文件夹"):
        export(report, tmp_path, {"tables", "figures"})
    assert [path.name for path in tmp_path.rglob("*")] == ["figures", "mine.png"]
    (tmp_path / "figures" / "mine.png").unlink()
    assert export(report, tmp_path, {"figures"}) == export(report, tmp_path, {"figures"})


def test_every_table_has_its_sheet_with_caption_and_source(report, tmp_path):
    book = load_workbook(write_tables(report, tmp_path / "t.xlsx"))
    assert book.sheetnames == ["目录", "表1 目标状态计数", "表2 各项目标", "表3 没有行的表", "表4"]
    sheet = book["表2 各项目标"]
    assert sheet["A1"].value == "表2　各项目标"
    assert sheet["A2"].value == f"来源：《{TITLE}》“儿童与健康”；演示数据，不是真实统计"
    assert [cell.value for cell in sheet[4]] == list(HEADERS.values())
    assert [cell.value for cell in sheet[5]][:4] == ["○ 难以达标", "初中生近视率\n〔近视防控〕", 1234, -0.73]
    assert [cell.number_format for cell in sheet[5]][2:4] == ["#,##0", "0.00"]
    assert sheet.freeze_panes == "A5"
    assert sheet.print_title_rows == "$4:$4"


def test_what_looks_like_a_formula_is_a_text(report, tmp_path):
    sheet = load_workbook(write_tables(report, tmp_path / "t.xlsx"))["表2 各项目标"]
    cell = sheet["B6"]
    assert (cell.value, cell.data_type, cell.quotePrefix) == ("=HYPERLINK(0)", "s", True)
    assert sheet["B7"].value == "<b>婴儿</b>死亡率"


def test_spans_are_merged_and_numbers_are_numbers(report, tmp_path):
    sheet = load_workbook(write_tables(report, tmp_path / "t.xlsx"))["表4"]
    assert {str(area) for area in sheet.merged_cells.ranges} == {"A4:A5", "B4:C4", "A6:A7"}
    assert [sheet.cell(7, column).value for column in (2, 3)] == [3, 4]


def test_the_list_of_tables_leads_to_each(report, tmp_path):
    sheet = load_workbook(write_tables(report, tmp_path / "t.xlsx"))["目录"]
    links = [cell.hyperlink.location for row in sheet for cell in row if cell.hyperlink]
    assert links[:2] == ["'表1 目标状态计数'!A1", "'表2 各项目标'!A1"]
    assert sheet["A1"].value == TITLE


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,234.50", 1234.5), ("−0.5", -0.5), ("0", 0), ("2030", 2030),
        ("007", "007"), ("87.5%", "87.5%"), ("1,23", "1,23"), ("1e5", "1e5"), ("—", "—"), ("-", "-"),
    ],
)  # fmt: skip
def test_only_bare_numbers_become_numbers(text, value):
    from openpyxl import Workbook

    from xhcp_eval.report.export.table_sheets import _put

    cell = Workbook().active["A1"]
    _put(cell, text, number=True)
    assert cell.value == value
    assert isinstance(cell.value, str) is isinstance(value, str)


def test_names_of_sheets_are_such_as_excel_takes():
    assert sheet_name(3, "a/b:c[d]*?甲（乙）") == "表3 a b c d 甲（乙）"
    assert sheet_name(3, "长" * 40) == "表3 " + "长" * 28
    assert sheet_name(12, "") == "表12"
    assert not set(sheet_name(3, "a/b\\c:d[e]*?'f'")) & set("/\\:[]*?'")


def test_the_export_gives_all_kinds_in_order(report, tmp_path, monkeypatch):
    monkeypatch.setitem(documents._WRITERS, "pdf", fake_pdf)
    made = export(report, tmp_path / "out", set(KINDS))
    assert [path.name for path in made] == ["small.docx", "small.pdf", "figures", "small_tables.xlsx"]
    assert all(path.exists() for path in made)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(path.name for path in made)
    again = export(report, tmp_path / "out", ["tables"])
    assert [path.name for path in again] == ["small_tables.xlsx"]


def fake_pdf(report: Path, folder: Path) -> Path:
    (folder / "small.pdf").write_bytes(b"%PDF")
    return folder / "small.pdf"


def test_if_one_kind_fails_nothing_is_replaced(report, tmp_path, monkeypatch):
    def fails(report: Path, folder: Path) -> Path:
        raise RunError("没有找到浏览器")

    monkeypatch.setitem(documents._WRITERS, "pdf", fails)
    (tmp_path / "small.docx").write_bytes(b"old")
    with pytest.raises(RunError, match="没有找到浏览器"):
        export(report, tmp_path, {"word", "pdf"})
    assert [path.name for path in tmp_path.iterdir()] == ["small.docx"]
    assert (tmp_path / "small.docx").read_bytes() == b"old"


def test_an_unknown_kind_is_named(report, tmp_path):
    with pytest.raises(ParamsError, match="不认识的导出格式 odt；允许 word、pdf、figures、tables"):
        export(report, tmp_path / "out", {"word", "odt"})
    assert not (tmp_path / "out").exists()


def test_a_place_that_is_no_folder_is_said(report, tmp_path):
    (tmp_path / "out").write_bytes(b"a file")
    with pytest.raises(RunError, match="不能建立文件夹"):
        export(report, tmp_path / "out", {"tables"})
    assert (tmp_path / "out").read_bytes() == b"a file"


def test_a_full_disk_leaves_the_last_file(report, tmp_path, monkeypatch):
    def full(self, target):
        raise OSError(28, "No space left on device")

    (tmp_path / "t.xlsx").write_bytes(b"old")
    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(RunError, match=r"不能写 t\.xlsx：No space left"):
        write_tables(report, tmp_path / "t.xlsx")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("t.xlsx", b"old")]


def test_importing_the_export_loads_nothing_heavy():
    code = "import sys, xhcp_eval.report.export.export; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    loaded = set(done.stdout.decode("utf-8").split())
    assert "xhcp_eval.report.export.export" in loaded
    assert not loaded & {"docx", "openpyxl", "lxml", "matplotlib", "pandas", "numpy"}


def test_the_sample_picture_is_one():
    import base64

    assert Image.open(BytesIO(base64.b64decode(picture()))).size == (40, 20)
