"""Would the tests notice? Plants random faults one at a time and runs the tests of the module they are planted in.

    python benchmarks/planted_faults.py --modules forecast/counting.py forecast/small_numbers.py
    python benchmarks/planted_faults.py --modules evaluation/methods/equity.py:278 --count 0

A fault is one changed comparison, sign of arithmetic, number, flag, and/or/not, exchanged branch, or a branch or early
return left out. Tests that still pass have not found it: such survivors are printed as they come, with their place.
Some can't be seen by any test (`sort=False` where order doesn't matter); they count as survivors nonetheless.

Everything happens in copies of the repository in a temporary folder. Interrupted (Ctrl-C), it sums up what it has.
"""

from __future__ import annotations

import argparse
import ast
import copy
import os
import queue
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "xhcp_eval"
AT_A_TIME = 2
# Tests of modules for which others serve better than those that `tests_of` finds.
TESTS: dict[str, list[str]] = {
    "forecast/panel.py": ["tests/forecast/test_projection.py"],
    "observations/door/checks.py": ["tests/observations/door/test_intake.py"],
    "verdict/pairs.py": ["tests/verdict/test_rules.py", "tests/verdict/test_judging.py"],
    "verdict/judging.py": ["tests/verdict/test_judging.py", "tests/verdict/test_rules.py"],
}

COMPARED = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
}
COMPUTED = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}


@dataclass(frozen=True)
class Fault:
    """One fault: file and line, the code before and after, and the whole source with the fault in it."""

    module: str
    line: int
    before: str
    after: str
    source: bytes

    def __str__(self) -> str:
        return f"{PACKAGE}/{self.module}:{self.line}  {self.before}  ->  {self.after}"


def sites(module: str, source: bytes, lines: set[int] | None = None) -> list[list[Fault]]:
    """Each place of a module where a fault can be planted, with all its variants there.

    module: path below the package. source: its text. lines: only places on these; None for all.
    """
    found = []
    for node in _code(ast.parse(source)):
        if lines is None or node.lineno in lines:
            texts = dict.fromkeys(_written(faulty) for faulty in _variants(node))
            found.append([_planted(module, source, node, text) for text in texts if text])
    return [variants for variants in found if variants]


def _written(node: ast.AST) -> str:
    """Source of a node; empty for a text that Python 3.11 can't write (a backslash within an f-string)."""
    try:
        return ast.unparse(node)
    except ValueError:
        return ""


def _code(node: ast.AST) -> Iterator[ast.AST]:
    """Nodes that are compiled to something: no type hints, no texts, no messages of errors."""
    if isinstance(node, ast.Raise | ast.JoinedStr):
        return
    if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "__name__ == '__main__'"):
        return
    if hasattr(node, "lineno"):
        yield node
    for name, value in ast.iter_fields(node):
        if name not in ("annotation", "returns"):
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    child.parent = node
                    yield from _code(child)


def _variants(node: ast.AST) -> Iterator[ast.AST]:
    """The node with one fault in it, for every fault it can have."""
    match node:
        case ast.Compare():
            for at, operator in enumerate(node.ops):
                for other in COMPARED.get(type(operator), ()):
                    yield _changed(node, ops=[*node.ops[:at], other(), *node.ops[at + 1 :]])
        case ast.BinOp() | ast.AugAssign() if type(node.op) in COMPUTED:
            yield _changed(node, op=COMPUTED[type(node.op)]())
        case ast.BoolOp():
            yield _changed(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
        case ast.UnaryOp():
            yield node.operand
        case ast.Constant():
            # -1 is the same axis of a table by another name
            is_axis = isinstance(node.parent, ast.keyword) and node.parent.arg == "axis"
            yield from (
                ast.Constant(value) for value in _other_values(node.value) if not (is_axis and value == -1)
            )
        case ast.IfExp():
            yield _changed(node, body=node.orelse, orelse=node.body)
        case ast.Call(args=[condition, yes, no]) if ast.unparse(node.func) == "np.where":
            yield _changed(node, args=[condition, no, yes])
        case ast.Return() if _is_early(node):
            yield ast.Pass()
    if isinstance(getattr(node, "parent", None), ast.If) and node is node.parent.test:
        yield ast.Constant(False)


def _changed(node: ast.AST, **fields: object) -> ast.AST:
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed


def _other_values(value: object) -> list[object]:
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int | float):
        return [other for other in (2 * value, value + 1, -value) if other != value]
    return []


def _is_early(node: ast.Return) -> bool:
    """Within a block; but if it is all that the block does, leaving the branch out is the same."""
    return not isinstance(node.parent, ast.FunctionDef | ast.AsyncFunctionDef) and len(node.parent.body) > 1


def _planted(module: str, source: bytes, node: ast.AST, text: str) -> Fault:
    rows = source.splitlines(keepends=True)
    start = sum(map(len, rows[: node.lineno - 1])) + node.col_offset
    end = sum(map(len, rows[: node.end_lineno - 1])) + node.end_col_offset
    put = f"({text})" if isinstance(node, ast.expr) else text
    return Fault(module, node.lineno, ast.unparse(node), text, source[:start] + put.encode() + source[end:])


def chosen(places: list[list[Fault]], count: int, seed: str) -> list[Fault]:
    """Faults at `count` places, a random variant at each; all variants everywhere for a count of 0."""
    if count == 0:
        return [fault for variants in places for fault in variants]
    draw = random.Random(seed)
    return [draw.choice(variants) for variants in draw.sample(places, min(count, len(places)))]


def tests_of(module: str) -> list[str]:
    """Files of a module's own tests: tests/<room>/test_<file>.py, else all of that folder."""
    own = ROOT / "tests" / Path(module).with_name(f"test_{Path(module).name}")
    paths = [own] if own.is_file() else sorted(own.parent.glob("test_*.py"))
    found = TESTS.get(module) or [path.relative_to(ROOT).as_posix() for path in paths]
    if not found:
        raise SystemExit(
            f"{module}: no tests in {own.parent.relative_to(ROOT).as_posix()}; name them in TESTS"
        )
    return found


def copied(folder: Path) -> Path:
    """A copy of the repository without its history, environments and caches."""
    unneeded = shutil.ignore_patterns(".*", "__pycache__", "node_modules", "build", "dist")
    return Path(shutil.copytree(ROOT, folder / "repository", ignore=unneeded))


def passes(repository: Path, tests: list[str], limit: float, keep_bytecode: bool = False) -> bool:
    """Whether the tests pass within `limit` seconds, in a copy of the repository."""
    # bytecode is told to be stale by seconds and size, which a planted fault may share with the one before
    environment = os.environ | {"PYTHONPATH": str(repository)}
    environment |= {} if keep_bytecode else {"PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-n", "0", *tests]
    with subprocess.Popen(
        command,
        cwd=repository,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            return process.wait(limit) == 0
        except subprocess.TimeoutExpired:
            return False
        finally:
            _end(process)


def _end(process: subprocess.Popen) -> None:
    """End the tests and whatever they started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (AttributeError, ProcessLookupError):
        process.kill()  # Windows has no groups; or all have ended


def prepared(repository: Path, module: str) -> float:
    """Seconds the module's tests may take with a fault. They must pass without, and fail without the module."""
    tests, path = tests_of(module), repository / PACKAGE / module
    source, began = path.read_bytes(), time.monotonic()
    if not passes(repository, tests, 3600, keep_bytecode=True):
        raise SystemExit(f"{module}: {' '.join(tests)} fail before any fault is planted")
    limit = 60 + 10 * (time.monotonic() - began)
    for bytecode in path.parent.glob(f"__pycache__/{path.stem}.*"):
        bytecode.unlink()
    path.write_bytes(b"raise ImportError\n")
    if passes(repository, tests, limit):
        raise SystemExit(f"{module}: {' '.join(tests)} pass without it; name others in TESTS")
    path.write_bytes(source)
    return limit


def found(fault: Fault, repositories: queue.Queue[Path], limit: float) -> bool:
    """Whether the tests notice the fault, in whichever copy is free."""
    repository = repositories.get()
    path = repository / PACKAGE / fault.module
    source = path.read_bytes()
    try:
        path.write_bytes(fault.source)
        return not passes(repository, tests_of(fault.module), limit)
    finally:
        path.write_bytes(source)
        repositories.put(repository)


def plant(faults: Iterable[Fault], folder: Path) -> tuple[Counter[str], Counter[str]]:
    """Plant each fault and print the survivors; counts of those planted and those found, by module."""
    faults = list(faults)
    modules = dict.fromkeys(fault.module for fault in faults)
    first = copied(folder / "0")
    limits = {module: prepared(first, module) for module in tqdm(modules, "without faults", leave=False)}
    free: queue.Queue[Path] = queue.Queue()
    free.put(first)
    for number in range(1, AT_A_TIME):
        # bytecode of the first copy holds for the others too
        free.put(Path(shutil.copytree(first, folder / str(number) / "repository")))
    planted, noticed = Counter(), Counter()
    pool = ThreadPoolExecutor(AT_A_TIME)
    try:
        runs = {pool.submit(found, fault, free, limits[fault.module]): fault for fault in faults}
        for run in tqdm(as_completed(runs), "faults", len(faults), leave=False):
            planted[runs[run].module] += 1
            noticed[runs[run].module] += run.result()
            if not run.result():
                tqdm.write(f"survived: {runs[run]}")
    except KeyboardInterrupt:
        print("interrupted")
    finally:
        pool.shutdown(cancel_futures=True)
    return planted, noticed


def main() -> None:
    """Read the options, plant, sum up."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--modules", nargs="+", required=True, help=f"below {PACKAGE}/; FILE:LINE for one line"
    )
    parser.add_argument(
        "--count", type=int, default=40, help="places a module; 0 for all variants everywhere"
    )
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    faults = []
    for name in options.modules:
        module, _, line = name.removeprefix(f"{PACKAGE}/").partition(":")
        source = (ROOT / PACKAGE / module).read_bytes()
        places = sites(module, source, {int(line)} if line else None)
        faults += chosen(places, options.count, f"{options.seed} {module}")
    with tempfile.TemporaryDirectory(prefix="planted_faults_") as folder:
        planted, noticed = plant(faults, Path(folder))
    for module, number in planted.items():
        print(f"{PACKAGE}/{module}: {noticed[module]} of {number} found ({noticed[module] / number:.0%})")


if __name__ == "__main__":
    main()
