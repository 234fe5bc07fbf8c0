"""Notebooks are narrative: a parameter cell, prose in Chinese, calls of a line or two; nothing is defined in them."""

import ast
import json
import re
import statistics
from pathlib import Path

import pytest
import yaml

from xhcp_eval.pack.params import NOTEBOOKS, load_params, notebook_parameters

FILES = sorted(NOTEBOOKS.glob("*.ipynb"))
PARAMS = sorted((NOTEBOOKS.parent / "params").glob("*.yaml"))
CHINESE = re.compile("[\u4e00-\u9fff]")


def cells(path: Path, kind: str) -> list[str]:
    found = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in found if cell["cell_type"] == kind]


def test_there_are_notebooks_and_packs():
    assert len(FILES) >= 9 and len(PARAMS) >= 4


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_notebook_is_thin(path):
    code = cells(path, "code")
    lines = [len([line for line in cell.splitlines() if line.strip()]) for cell in code]
    assert statistics.median(lines) <= 3 and max(lines) <= 9
    for cell in code:
        nodes = list(ast.walk(ast.parse(cell)))
        banned = (ast.FunctionDef, ast.ClassDef, ast.For, ast.While, ast.Lambda, ast.ListComp)
        assert not [n for n in nodes if isinstance(n, banned)], cell
        imported = [n for n in nodes if isinstance(n, ast.Import | ast.ImportFrom)]
        names = [n.module if isinstance(n, ast.ImportFrom) else n.names[0].name for n in imported]
        assert all(name == "xhcp_eval" or name.startswith("xhcp_eval.chapters") for name in names), cell


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_notebook_is_told_in_chinese(path):
    prose, code = cells(path, "markdown"), cells(path, "code")
    assert prose[0].startswith("# ")
    assert all(CHINESE.search(cell) for cell in prose)
    # the first two code cells (parameters, opening the pack) need no words of their own
    assert len(prose) >= (len(code) - 2) / 2


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_notebook_holds_no_outputs(path):
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        assert not cell.get("outputs") and cell.get("execution_count") is None


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_every_notebook_takes_pack_and_snapshot(path):
    assert {"pack", "snapshot"} <= set(notebook_parameters(path))


@pytest.mark.parametrize("path", PARAMS, ids=lambda p: p.stem)
def test_params_files_are_valid_and_named_as_their_pack(path):
    assert load_params(path).pack == path.stem
    assert yaml.safe_load(path.read_text(encoding="utf-8"))["pack"] == path.stem


def test_every_notebook_is_in_a_pack_but_those_to_work_in():
    used = {section.notebook for path in PARAMS for section in load_params(path).notebooks}
    assert {path.name for path in FILES} - used <= {
        "00_explore.ipynb",
        "01_tutorial.ipynb",
        "90_gallery.ipynb",
    }
