"""The promises of the architecture, read off the syntax trees of the package."""

from __future__ import annotations

import ast
import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import xhcp_eval

PACKAGE = Path(xhcp_eval.__file__).resolve().parent

# The order of rooms, and what each may import beside the doorstep.
MAY_IMPORT = {
    "plan": "",
    "observations": "plan",
    "forecast": "",
    "quality": "plan observations forecast",
    "verdict": "plan observations forecast",
    "warnings": "plan observations forecast verdict",
    "evaluation": "plan observations forecast verdict",
    "pack": "plan observations forecast quality verdict warnings evaluation",
    "chapters": "plan observations forecast quality verdict warnings evaluation pack",
    "report": "plan observations forecast verdict pack chapters",
    "demo": "plan observations evaluation",
    "commands": "plan observations forecast quality verdict warnings evaluation pack chapters report demo",
}
# What has no room: the start of the program, and what all rooms stand on.
DOORSTEP = {"__init__", "__main__", "_doors", "bootstrap", "errors", "files", "provenance", "showing"}
# Rooms that work out numbers: they show and store nothing, but for the sheets that raters fill in.
NUMERIC = {"forecast", "quality", "verdict", "warnings", "evaluation"}
SHEETS = "evaluation.scoring.sheets"
STORING = ("observations.store", "observations.door", "observations.forms")
SHOWING = {"matplotlib", "seaborn", "IPython", "papermill", "nbconvert", "duckdb", "typer", "rich", "tqdm"}
HEAVY = {"pandas", "numpy", "matplotlib", "statsmodels", "scipy", "seaborn", "pydantic", "yaml"}


def _module_name(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__")


TREES = {_module_name(path): ast.parse(path.read_bytes()) for path in sorted(PACKAGE.rglob("*.py"))}
MODULES = [name for name in TREES if name != "__init__"]
IN_ROOMS = [name for name in MODULES if name.split(".")[0] in MAY_IMPORT]


def _imports(name: str) -> set[str]:
    """Full names that a module imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}, line {node.lineno}: imports are absolute here"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def _rooms(name: str) -> set[str]:
    """Rooms that a module imports from, beside its own."""
    found = {full.split(".")[1] for full in _imports(name) if full.startswith("xhcp_eval.")}
    return found & MAY_IMPORT.keys() - {name.split(".")[0]}


def _needs(name: str) -> set[str]:
    """Modules of the package that a module imports, or imports from."""
    full = {part for full in _imports(name) for part in (full, full.rpartition(".")[0])}
    return {module for module in MODULES if f"xhcp_eval.{module}" in full}


def _calls(name: str) -> list[ast.Call]:
    return [node for node in ast.walk(TREES[name]) if isinstance(node, ast.Call)]


def test_rooms_stand_in_the_order_of_the_way_of_a_figure():
    assert tuple(MAY_IMPORT) == xhcp_eval.ROOMS
    for place, (room, others) in enumerate(MAY_IMPORT.items()):
        assert set(others.split()) <= set(list(MAY_IMPORT)[:place]), room


def test_the_hall_is_small():
    here = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or path.is_dir()} - {
        "__pycache__"
    }
    assert here == DOORSTEP | MAY_IMPORT.keys() and len(here) <= 20


@pytest.mark.parametrize("name", IN_ROOMS)
def test_a_room_imports_only_what_it_may(name):
    assert _rooms(name) <= set(MAY_IMPORT[name.split(".")[0]].split())


@pytest.mark.parametrize("name", sorted(DOORSTEP - {"__main__"}))
def test_the_doorstep_leads_into_no_room(name):
    assert not _rooms(name)


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_says_what_it_answers_and_what_it_offers(room):
    entered = importlib.import_module(f"xhcp_eval.{room}")
    assert entered.__doc__ and "\n" not in entered.__doc__
    for name in entered.__all__:
        item = getattr(entered, name)
        assert inspect.ismodule(item) or not callable(item) or inspect.getdoc(item), name
    assert dir(entered) == entered.__all__


@pytest.mark.parametrize(
    "name", [name for name in IN_ROOMS if name.split(".")[0] in NUMERIC and name != SHEETS]
)
def test_numeric_rooms_show_and_store_nothing(name):
    full = _imports(name)
    assert not {part.split(".")[0] for part in full} & SHOWING
    assert not [part for part in full if part.startswith(tuple(f"xhcp_eval.{place}" for place in STORING))]


def test_methods_of_evaluation_do_not_import_each_other():
    for name in MODULES:
        if name.startswith("evaluation.methods."):
            assert not {full for full in _imports(name) if full.startswith("xhcp_eval.evaluation.methods")}, (
                name
            )


# Tests of a whole room or folder, or of its data.
ACROSS = {"rules", "data", "panel_data", "patterns", "figures", "drawings", "wrong_workbooks"}
MIRRORS = [
    p
    for p in sorted(Path(__file__).parent.glob("*/**/test_*.py"))
    if p.parent.name not in ("browser", "install", "office")
]


@pytest.mark.parametrize("path", MIRRORS, ids=lambda path: path.stem)
def test_tests_mirror_the_package(path):
    """tests/<room>/test_<file>.py stands for a file (or folder) of that room."""
    name, room = path.stem.removeprefix("test_"), PACKAGE / path.parent.relative_to(Path(__file__).parent)
    assert room.is_dir()
    assert (room / f"{name}.py").is_file() or (room / name).is_dir() or name in ACROSS


def test_no_import_cycle():
    """Also within a room of several files."""
    graph = {name: _needs(name) - {name} for name in MODULES}
    while leaves := [name for name, needs in graph.items() if not needs & graph.keys()]:
        for name in leaves:
            del graph[name]
    assert not graph, "these modules import each other"


@pytest.mark.parametrize("name", TREES)
def test_text_is_read_and_written_as_utf8(name):
    """Windows would use the code page of the console otherwise."""
    for call in _calls(name):
        given = {keyword.arg for keyword in call.keywords}
        place = f"{name}, line {call.lineno}"
        if _opens_text(call) or _name_of(call) in {"read_text", "write_text"}:
            assert "encoding" in given, place
        if _name_of(call) == "write_text":
            assert "newline" in given, place
        if _name_of(call) in {"run", "Popen", "check_output"} and given & {"text", "universal_newlines"}:
            assert "encoding" in given, place


def _name_of(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _opens_text(call: ast.Call) -> bool:
    """open(path, mode) and path.open(mode); not Image.open(path) and the like, whose argument is no mode."""
    if _name_of(call) != "open":
        return False
    position = 0 if isinstance(call.func, ast.Attribute) else 1
    given = [keyword.value for keyword in call.keywords if keyword.arg == "mode"] + call.args[position:]
    mode = given[0].value if given and isinstance(given[0], ast.Constant) else "" if given else "r"
    return bool(mode) and set(mode) <= set("rwxat+")


TEXT = ["open(p)", "open(p, 'w')", "open(p, mode='a')", "p.open()", "p.open('w')"]
OTHER = ["open(p, 'rb')", "p.open('wb')", "p.open(mode='rb')", "Image.open(p)", "archive.open('a/b.xml')"]


@pytest.mark.parametrize(("code", "text"), [(c, True) for c in TEXT] + [(c, False) for c in OTHER])
def test_text_modes_are_recognised(code, text):
    assert _opens_text(ast.parse(code).body[0].value) is text


@pytest.mark.parametrize("name", MODULES)
def test_nothing_depends_on_fork_or_symlinks(name):
    """Windows has no fork, and symlinks only for administrators. `report.run.forking` forks where it can."""
    if name != "report.run.forking":
        used = {_name_of(call) for call in _calls(name)}
        assert not used & {"fork", "forkpty", "symlink", "symlink_to", "execv", "execvp"}


def test_importing_the_package_loads_nothing_heavy():
    code = "import sys, xhcp_eval; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, cwd=PACKAGE.parent)
    loaded = set(done.stdout.decode("ascii").split())
    assert "xhcp_eval" in loaded
    assert not loaded & HEAVY


def test_set_up_needs_the_standard_library_only():
    """Beside `packaging`, which is asked for only where it may be missing."""
    for name in ("__init__", "__main__", "_doors", "bootstrap", "errors"):
        roots = {full.split(".")[0] for full in _imports(name)}
        assert roots <= sys.stdlib_module_names | {"xhcp_eval", "packaging", "__future__"}, name


def test_public_names_can_be_had_and_nothing_else_shows():
    for name in xhcp_eval.__all__:
        assert getattr(xhcp_eval, name)
    assert dir(xhcp_eval) == xhcp_eval.__all__
    assert len(set(xhcp_eval.__all__) - set(xhcp_eval.ROOMS)) <= 26


def test_an_unknown_name_is_answered_with_near_ones():
    with pytest.raises(AttributeError, match="没有“load_plans”；可用的有：load_plan"):
        _ = xhcp_eval.load_plans
