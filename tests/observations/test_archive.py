"""Files made to hang a reader or to exhaust its memory are refused before anything opens them."""

import importlib.util

import openpyxl
import pytest

from xhcp_eval.errors import DataError, ParamsError
from xhcp_eval.files.yaml_door import read_yaml
from xhcp_eval.observations.archive import check_archive, check_file
from xhcp_eval.observations.door.intake import inspect_file
from xhcp_eval.plan.reading import load_plan
from xhcp_eval.provenance import ROOT

PLAN = load_plan("xinhua_2021_2030")


def _benchmark(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "benchmarks" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


HOSTILE = _benchmark("hostile_files")
# bombs of 1.5 GB take long to pack; smaller ones are below
QUICK = {kind: made for kind, made in HOSTILE.FILES.items() if not kind.startswith("zip bomb")}
WORDS = {
    "a cell at XFD1048576": "用到单元格 XFD1048576",
    "a cell at A1048576": "用到单元格 A1048576，而只有 2 格有内容",
    "16,384 columns": "共 16384 列，允许最多 256 列",
    "16,384 columns of CSV": "第 1 行有 16384 列，允许最多 256 列",
    "everything merged": "合并了 17179869184 个单元格",
    "entity bomb": "XML 实体",
    "sparse Parquet": "40000000 行",
    "pipe as workbook": "不是普通文件",
    "link to an endless device": "不是普通文件",
}


@pytest.mark.parametrize("kind", QUICK)
def test_a_hostile_file_is_refused(kind, tmp_path):
    name, make = QUICK[kind]
    path = tmp_path / name
    try:
        make(path)
    except (AttributeError, NotImplementedError, OSError):
        pytest.skip("this system has no such file")
    with pytest.raises(DataError, match=WORDS.get(kind, name.split(".")[0])):
        inspect_file(path, PLAN)


def test_a_bomb_is_refused_by_what_it_unpacks_to(tmp_path):
    HOSTILE.zeros(tmp_path / "t.xlsx", 60)
    with pytest.raises(DataError, match="解压后超过 50 MB"):
        check_archive(tmp_path / "t.xlsx")
    HOSTILE.lying(tmp_path / "u.xlsx")
    with pytest.raises(DataError, match=r"u\.xlsx"):
        check_archive(tmp_path / "u.xlsx")


def test_a_workbook_of_our_size_is_let_in_and_looked_at_closely_when_needed(tmp_path):
    book = openpyxl.Workbook()
    for row in range(1, 3000):
        book.active.append([row, "x", 1.5])
    book.save(tmp_path / "a.xlsx")
    assert check_archive(tmp_path / "a.xlsx")
    book.active.column_dimensions["B"].hidden = True
    book.save(tmp_path / "b.xlsx")
    assert not check_archive(tmp_path / "b.xlsx")


def test_one_far_cell_among_few_is_named_and_a_long_sheet_is_not(tmp_path):
    book = openpyxl.Workbook()
    book.active["C400000"] = 1
    book.save(tmp_path / "a.xlsx")
    with pytest.raises(DataError, match="C400000"):
        check_archive(tmp_path / "a.xlsx")


def test_what_is_no_file_is_told_apart_from_what_is_not_there(tmp_path):
    with pytest.raises(DataError, match="不存在"):
        check_file(tmp_path / "none.csv")
    with pytest.raises(DataError, match="不是普通文件"):
        check_file(tmp_path)


@pytest.mark.parametrize("kind", HOSTILE.YAML)
def test_hostile_yaml_is_refused(kind, tmp_path):
    name, make = HOSTILE.YAML[kind]
    try:
        make(tmp_path / name)
    except AttributeError:
        pytest.skip("this system has no pipes")
    with pytest.raises(ParamsError, match=r"p\.yaml"):
        read_yaml(tmp_path / name)


def test_every_plan_and_params_file_is_far_from_the_limits():
    paths = [*(ROOT / "data" / "plans").rglob("*.yaml"), *(ROOT / "params").glob("*.yaml")]
    assert all(read_yaml(path) for path in paths)
