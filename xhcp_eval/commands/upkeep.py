"""What keeps the repository in order: the lock, the conda environment made from pyproject.toml, style.

Each function runs the tool with the Python of this environment and returns its exit code.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from xhcp_eval.bootstrap import LOCK, PROJECT, ROOT

ENVIRONMENT = ROOT / "environment.yml"
NOTEBOOKS = ROOT / "notebooks"


def write_lock(upgrade: bool = False) -> int:
    """Resolve pyproject.toml for all supported Pythons and systems into requirements.lock, with hashes.

    upgrade: take the newest versions instead of keeping those of the present lock.
    """
    options = ["--universal", "--generate-hashes", "--python-version", "3.11", "--all-extras", "--no-config"]
    header = ["--custom-compile-command", "python -m xhcp_eval lock"]
    names = [PROJECT.name, "--output-file", LOCK.name]
    return _run("uv", "pip", "compile", *options, *header, *names, *(["--upgrade"] if upgrade else []))


def environment_text() -> str:
    """Contents of environment.yml as pyproject.toml asks for them."""
    source = ["--pyproject", str(PROJECT), "--extra", "dev"]
    options = ["--name", "xhcp-eval", "--python-include", "infer"]
    header = ["--custom-command", "python -m xhcp_eval environment"]
    command = [sys.executable, "-m", "pyproject2conda", "yaml", *source, *options, *header]
    done = subprocess.run(command, capture_output=True, check=True, cwd=ROOT)
    return done.stdout.decode("utf-8").replace("\r\n", "\n").rstrip() + "\n"


def write_environment() -> Path:
    """Write environment.yml and return its path."""
    ENVIRONMENT.write_text(environment_text(), encoding="utf-8", newline="\n")
    return ENVIRONMENT


def check_style(fix: bool = False) -> int:
    """Lint and format with ruff, check types with mypy, and see that no notebook holds outputs.

    fix: mend what can be mended instead of reporting it.
    """
    notebooks = [str(path) for path in sorted(NOTEBOOKS.glob("*.ipynb"))]
    codes = [
        _run("ruff", "check", *(["--fix"] if fix else [])),
        _run("ruff", "format", *([] if fix else ["--check"])),
        _run("mypy"),
        _run("nbstripout", *([] if fix else ["--verify"]), *notebooks) if notebooks else 0,
    ]
    return max(codes)


def _run(module: str, *arguments: str) -> int:
    return subprocess.run([sys.executable, "-m", module, *arguments], cwd=ROOT).returncode
