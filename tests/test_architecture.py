"""The promises of the architecture, read off the syntax trees of the package."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

import xhcp_eval

PACKAGE = Path(xhcp_eval.__file__).resolve().parent

# From what can go wrong to what is typed: a module imports only from those before it.
ORDER = [
    *(
        "errors",
        "showing",
        "bootstrap",
        "provenance",
        "units",
        "plan_model",
        "plan",
        "table_files",
        "cell_values",
        "observations",
        "surveys",
        "privacy",
        "database",
    ),
    *(
        "workbook",
        "workbook_reader",
        "door_checks",
        "annotated",
        "intake",
        "rounds",
        "quality",
        "small_numbers",
        "panel",
        "counting",
        "local_drift",
        "theta",
        "trend",
        "reference",
        "projection",
        "likely_range",
    ),
    *(
        "scores",
        "backtest_cases",
        "backtesting",
        "model_card",
        "other_methods",
        "validation",
        "breaks",
        "verdict",
        "params",
    ),
    *(
        "early_warning",
        "warning_skill",
        "letters",
        "evaluation",
        "effect_studies",
        "cost_studies",
        "appraisal",
        "unit_ranking",
        "evaluation_files",
        "demo",
        "appraisal_workbook",
        "pack_frames",
        "pack",
        "style",
        "svg",
        "views",
        "tables",
    ),
    *(
        "validation_views",
        "comparables_views",
        "other_methods_views",
        "warnings_views",
        "effect_views",
        "yearbook",
        "yearbook_views",
        "findings",
        "findings_text",
        "findings_views",
        "figures",
        "figures_goals",
        "figures_groups",
        "figures_raters",
        "third_party_views",
        "value_views",
        "survey_views",
        "equity_views",
        "narrative",
        "sections",
        "explorer",
        "explorer_app",
        "tutorial",
        "report",
        "documents",
        "batch",
        "finder",
        "upkeep",
        "data_commands",
        "score_commands",
        "batch_commands",
        "cli",
        "__main__",
    ),
]
NUMERIC = {"units", *ORDER[ORDER.index("quality") : ORDER.index("demo")]}
SHOWING = {
    "database",
    "workbook",
    "workbook_reader",
    "annotated",
    "intake",
    "rounds",
    "appraisal_workbook",
    *ORDER[ORDER.index("pack") :],
}
SHOWING |= {"matplotlib", "seaborn", "IPython", "papermill", "nbconvert", "duckdb", "typer", "rich", "tqdm"}
HEAVY = {"pandas", "numpy", "matplotlib", "statsmodels", "scipy", "seaborn", "pydantic", "yaml"}


def _module_name(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").as_posix().replace("/", ".")


TREES = {_module_name(path): ast.parse(path.read_bytes()) for path in sorted(PACKAGE.rglob("*.py"))}
MODULES = [name for name in TREES if name != "__init__"]


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


def _steps(name: str) -> set[str]:
    """Steps of ORDER that a module imports from."""
    return {full.split(".")[1] for full in _imports(name) if full.startswith("xhcp_eval.")} & set(ORDER)


def _needs(name: str) -> set[str]:
    """Modules of the package that a module imports, or imports from."""
    full = {part for full in _imports(name) for part in (full, full.rpartition(".")[0])}
    return {module for module in MODULES if f"xhcp_eval.{module}" in full}


def _calls(name: str) -> list[ast.Call]:
    return [node for node in ast.walk(TREES[name]) if isinstance(node, ast.Call)]


@pytest.mark.parametrize("name", MODULES)
def test_every_module_has_its_place(name):
    assert name.split(".")[0] in ORDER, f"add {name} to ORDER, where the data flows through it"


@pytest.mark.parametrize("name", [name for name in MODULES if name.split(".")[0] in ORDER])
def test_imports_go_one_way(name):
    step = ORDER.index(name.split(".")[0])
    later = _steps(name) & set(ORDER[step + 1 :])
    assert not later, f"{name} imports from later steps"


@pytest.mark.parametrize("name", [name for name in MODULES if name.split(".")[0] in NUMERIC])
def test_numeric_modules_show_and_store_nothing(name):
    roots = {full.split(".")[1 if full.startswith("xhcp_eval.") else 0] for full in _imports(name)}
    assert not roots & SHOWING


def test_files_of_evaluation_do_not_import_each_other():
    for name in MODULES:
        if name.startswith("evaluation.") and not name.endswith("__init__"):
            assert not {full for full in _imports(name) if full.startswith("xhcp_eval.evaluation.")}, name


def test_no_import_cycle():
    """Also within a package of several files, which ORDER sees as one step."""
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
    """Windows has no fork, and symlinks only for administrators. `report.forking` forks where it can."""
    if name != "report.forking":
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
    for name in ("__init__", "__main__", "bootstrap", "errors"):
        roots = {full.split(".")[0] for full in _imports(name)}
        assert roots <= sys.stdlib_module_names | {"xhcp_eval", "packaging", "__future__"}, name


@pytest.mark.parametrize(("name", "module"), xhcp_eval._NAMES.items())
def test_public_names_are_where_they_are_said_to_be(name, module):
    assert importlib.util.find_spec(f"xhcp_eval.{module}"), f"no module {module}"
    assert getattr(xhcp_eval, name) is getattr(sys.modules[f"xhcp_eval.{module}"], name)


def test_an_unknown_name_is_answered_with_near_ones():
    with pytest.raises(AttributeError, match="没有“load_plans”；可用的有：load_plan"):
        _ = xhcp_eval.load_plans
    assert set(xhcp_eval.__all__) <= set(dir(xhcp_eval))
