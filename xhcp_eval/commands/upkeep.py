"""What keeps the repository in order: the lock, the conda environment made from pyproject.toml, style.

Each function runs the tool with the Python of this environment and returns its exit code.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from xhcp_eval.bootstrap import DEV_LOCK, LOCK, PROJECT, ROOT

ENVIRONMENT = ROOT / "environment.yml"
NOTEBOOKS = ROOT / "notebooks"


def write_lock(upgrade: bool = False) -> int:
    """Resolve pyproject.toml for all supported Pythons and systems into the two locks, with hashes.

    requirements-dev.lock has everything, requirements.lock what users need of it, in the same versions.
    upgrade: take the newest versions instead of keeping those of the present lock.
    """
    options = ["--universal", "--python-version", "3.11", "--no-config"]
    header = ["--custom-compile-command", "python -m xhcp_eval lock"]
    whole = [PROJECT.name, "--output-file", DEV_LOCK.name, *(["--upgrade"] if upgrade else [])]
    code = _run("uv", "pip", "compile", *options, "--generate-hashes", "--all-extras", *header, *whole)
    if code:
        return code
    command = [
        sys.executable,
        "-m",
        "uv",
        "pip",
        "compile",
        *options,
        "--no-annotate",
        "--no-header",
        "--quiet",
    ]
    asked = [PROJECT.name, "--extra", "setup", "--constraint", DEV_LOCK.name]
    done = subprocess.run([*command, *asked], capture_output=True, cwd=ROOT)
    if done.returncode == 0:
        names = {line.partition("==")[0] for line in done.stdout.decode("utf-8").splitlines()}
        LOCK.write_text(
            _users_lock(names, DEV_LOCK.read_text(encoding="utf-8")), encoding="utf-8", newline="\n"
        )
    return done.returncode


def _users_lock(names: set[str], whole: str) -> str:
    """The lines of the whole lock that are of these packages, under its header."""
    header, *blocks = re.split(r"^(?=\w)", whole, flags=re.MULTILINE)
    return header + "".join(block for block in blocks if block.partition("==")[0] in names)


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
