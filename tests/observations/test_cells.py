"""Files as people send them: what can't be seen in a file is told, what would break the reader is refused."""

import datetime as dt
import zipfile
import zlib

import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xhcp_eval.errors import DataError
from xhcp_eval.observations import cells as table_files
from xhcp_eval.observations.cells import Fault, cell_text, open_table, write_csv


def book(path, rows, change=None):
    """A workbook of these rows, after `change(book, sheet)`."""
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(row)
    if change:
        change(made, made.active)
    made.save(path)
    return path


HEAD = ["a", "b"]


def test_cells_are_text_with_addresses(tmp_path):
    cells = open_table(book(tmp_path / "t.xlsx", [HEAD, [1, 2.5], [None, None], [dt.date(2025, 1, 2), True]]))
    assert cells.frame.to_dict("list") == {"a": ["1", "2025-01-02"], "b": ["2.5", "true"]}
    assert cells.frame.index.tolist() == [2, 4]
    assert cells.address(Fault(4, "b", "")) == "工作表“Sheet” B4（b）"
    (tmp_path / "t.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    assert open_table(tmp_path / "t.csv").address(Fault(2, "b", "")) == "第 2 行 b"


def test_a_percent_format_is_read_as_it_is_shown(tmp_path):
    def change(_, sheet):
        sheet["A2"].number_format = "0.0%"

    cells = open_table(book(tmp_path / "t.xlsx", [HEAD, [0.925, 0.925]], change))
    assert cells.frame.iloc[0].tolist() == ["92.5%", "0.925"]


def test_both_readers_agree(tmp_path, monkeypatch):
    rows = [HEAD, [1, "x"], [2.25, dt.datetime(2025, 3, 4)], [1e20, None], ["=a", 1 / 3]]

    def change(_, sheet):
        sheet["A5"].data_type = "s"

    path = book(tmp_path / "t.xlsx", rows, change)
    quick = open_table(path).frame
    monkeypatch.setattr(table_files, "_plain", lambda _: False)
    assert open_table(path).frame.to_dict("list") == quick.to_dict("list")


def test_what_is_not_seen_is_told(tmp_path):
    def change(made, sheet):
        sheet.row_dimensions[3].hidden = True
        sheet.merge_cells("A4:B4")
        sheet["B5"] = "=1/0"
        sheet["A6"] = "#DIV/0!"
        made.create_sheet("其他")["A1"] = 5

    cells = open_table(book(tmp_path / "t.xlsx", [HEAD, [1, 2], [3, 4], [5, 6], [7, 8], [9, 9]], change))
    told = {(fault.row, fault.column): fault.text for fault in cells.faults}
    assert "被隐藏" in told[3, ""]
    assert "A4:B4 是合并单元格" in told[4, "a"]
    assert "公式没有保存结果" in told[5, "b"]
    assert "公式或单元格出错：#DIV/0!" in told[6, "a"]
    assert cells.notices == ("只读取了工作表“Sheet”；未读取：“其他”",)


def test_a_csv_in_gbk_is_read_and_said_so(tmp_path):
    (tmp_path / "g.csv").write_bytes("a,b\n新华区,1\n".encode("gbk"))
    cells = open_table(tmp_path / "g.csv")
    assert cells.frame.iloc[0].tolist() == ["新华区", "1"]
    assert "已按 GBK" in cells.notices[0]
    (tmp_path / "bom.csv").write_bytes("\ufeffa,b\n新华区,1\n".encode())
    assert list(open_table(tmp_path / "bom.csv").frame.columns) == ["a", "b"]
    assert open_table(tmp_path / "bom.csv").notices == ()


def bomb(path, size):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * size)
    return path


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path):
    with pytest.raises(DataError, match="疑为压缩炸弹"):
        open_table(bomb(tmp_path / "bomb.xlsx", 80_000_000))
    with zipfile.ZipFile(tmp_path / "many.xlsx", "w") as archive:
        for number in range(2_001):
            archive.writestr(f"{number}", "")
    with pytest.raises(DataError, match="含 2001 个部件"):
        open_table(tmp_path / "many.xlsx")


def test_an_archive_that_lies_about_its_size_is_refused(tmp_path):
    path = bomb(tmp_path / "liar.xlsx", 70_000_000)
    raw = bytearray(path.read_bytes())
    size = (70_000_000).to_bytes(4, "little")
    while (place := raw.find(size)) >= 0:
        raw[place : place + 4] = (100).to_bytes(4, "little")
    path.write_bytes(raw)
    with pytest.raises(DataError):
        open_table(path)


def test_files_of_another_kind(tmp_path):
    for name, content in {"p.xlsx": b"%PDF-1.7", "e.xlsx": b"", "x.xlsx": b"PK\x03\x04junk"}.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DataError, match="不是 Excel 工作簿或已损坏"):
            open_table(tmp_path / name)
    with pytest.raises(DataError, match="不支持的格式"):
        (tmp_path / "t.xls").write_bytes(b"old")
        open_table(tmp_path / "t.xls")


@pytest.mark.parametrize(
    ("value", "shape", "text"),
    [(None, "General", ""), (3.0, "General", "3"), (0.1 + 0.2, "General", "0.30000000000000004"), (0.07, "0%", "7%"),
     (dt.datetime(2025, 1, 1), "yyyy", "2025-01-01"), (False, "General", "false"), (" x ", "@", "x")],
)  # fmt: skip
def test_cells_read_as_they_are_shown(value, shape, text):
    assert cell_text(value, shape) == text


FUZZ = settings(
    max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@FUZZ
@given(st.binary(max_size=400), st.sampled_from([".csv", ".xlsx", ".parquet"]))
def test_any_bytes_are_read_or_refused_in_words(tmp_path, content, suffix):
    path = tmp_path / f"fuzz{suffix}"
    path.write_bytes(content)
    try:
        assert open_table(path).frame.shape[1] >= 0
    except DataError as error:
        assert path.name in str(error)


@FUZZ
@given(st.integers(0, 10_000), st.binary(min_size=1, max_size=30), st.booleans())
def test_a_workbook_with_damaged_bytes_is_read_or_refused_in_words(tmp_path, place, noise, inside):
    """Bytes of the file, or of the sheet's XML inside it, are overwritten."""
    whole = tmp_path / "whole.xlsx"
    if not whole.exists():
        book(whole, [HEAD, [1, 2], ["x", 3.5]])
    path = tmp_path / "fuzz.xlsx"
    raw = whole.read_bytes()
    if inside:
        with zipfile.ZipFile(whole) as source, zipfile.ZipFile(path, "w") as target:
            for part in source.namelist():
                content = source.read(part)
                if part.startswith("xl/worksheets/"):
                    at = place % len(content)
                    content = content[:at] + noise + content[at + len(noise) :]
                target.writestr(part, content)
    else:
        at = place % len(raw)
        path.write_bytes(raw[:at] + noise + raw[at + len(noise) :])
    try:
        assert open_table(path).frame is not None
    except (DataError, zlib.error) as error:
        assert isinstance(error, DataError), "only our own errors reach the reader of the message"


def test_text_that_begins_like_a_formula_is_written_as_text(tmp_path):
    frame = pd.DataFrame({"a": ["=1+1", "@x", "-5", "ok"], "n": [-1.5, 2.0, 3.0, 4.0]})
    lines = write_csv(frame, tmp_path / "new" / "t.csv").read_text(encoding="utf-8-sig").splitlines()
    assert lines == ["a,n", "'=1+1,-1.5", "'@x,2.0", "'-5,3.0", "ok,4.0"]
