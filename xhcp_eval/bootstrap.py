"""Make .venv and install the locked dependencies into it, from a bare Python.

Standard library only, and only what Python 3.7 can read: a Python that is too old must get a sentence that
says so, not a traceback.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from xhcp_eval.errors import XhcpError

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.lock"  # what users need
DEV_LOCK = ROOT / "requirements-dev.lock"  # and what developers need beside it
PROJECT = ROOT / "pyproject.toml"
STAMP = VENV / "xhcp-setup.txt"
OLDEST, FIRST_UNTESTED = (3, 11), (3, 14)  # as requires-python in pyproject.toml; a test compares them

# How uv names what pip is told; pip separates several values by blanks, uv find-links by commas.
UV_NAMES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "no-index": "UV_NO_INDEX",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
    "proxy": "ALL_PROXY",
    "timeout": "UV_HTTP_TIMEOUT",
    "default-timeout": "UV_HTTP_TIMEOUT",
}
UV_ALWAYS = {
    "UV_COMPILE_BYTECODE": "1",  # otherwise every first import compiles, which doubles a notebook's time
    "UV_PYTHON_DOWNLOADS": "never",
    "UV_INDEX_STRATEGY": "unsafe-best-match",  # all indexes as pip sees them; hashes say which file is right
    "UV_SYSTEM_CERTS": "1",
}


class SetupError(XhcpError):
    """The environment can't be made; the message says what to do, in Chinese and in plain ASCII."""


def use_any_console() -> None:
    """Let a console that lacks Chinese characters show question marks instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def is_checkout() -> bool:
    """Whether the package runs from its repository (and not from a wheel in site-packages)."""
    return LOCK.is_file() and PROJECT.is_file()


def can_run_here() -> bool:
    """Whether this Python, outside .venv, has every dependency of pyproject.toml (in conda, say)."""
    if Path(sys.prefix).resolve() == VENV.resolve():
        return False
    try:
        import tomllib
        from importlib.metadata import version

        from packaging.requirements import Requirement

        texts = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]["dependencies"]
        wanted = [Requirement(text) for text in texts]
        return all(each.specifier.contains(version(each.name), prereleases=True) for each in wanted)
    except ImportError:  # PackageNotFoundError is one as well
        return False


def setup(developers: bool = False) -> Path:
    """Make .venv complete and return its interpreter; nothing is done when the stamp says so.

    developers: with the tools of tests, style and locks; an environment that has them serves users as well.
    Raises SetupError when this Python doesn't fit, venv is missing, or neither uv nor pip can install.
    """
    python = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    version = _version_of(python)
    if not version:
        _make_venv()
        version = _version_of(python)
    enough = [_digest(version, lock) for lock in ([DEV_LOCK] if developers else [LOCK, DEV_LOCK])]
    if STAMP.is_file() and STAMP.read_text(encoding="ascii") in enough:
        return python
    _install(python, DEV_LOCK if developers else LOCK)
    STAMP.write_bytes(
        enough[0].encode("ascii")
    )  # last, so that an interrupted installation is taken up again
    _say(f"安装完成：.venv（Python {version}）。")
    return python


def clean() -> None:
    """Remove what set-up, tests and tools made; reports stay."""
    tools = (".venv", ".pytest_cache", ".ruff_cache", ".hypothesis", "build", "dist")
    for folder in [ROOT / name for name in tools] + sorted(ROOT.glob("[!.]*/**/__pycache__")):
        if folder.is_dir():
            shutil.rmtree(str(folder))


def _say(text: str) -> None:
    print(text, flush=True)


def _version_of(python: Path) -> str:
    """Python version of an environment ("3.11"), empty when it can't be used (none, broken, no pip)."""
    if not python.is_file():
        return ""
    question = [str(python), "-I", "-c", "import sys, pip; print('%d.%d' % sys.version_info[:2])"]
    answer = subprocess.run(question, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return answer.stdout.decode("ascii", "replace").strip() if answer.returncode == 0 else ""


def _digest(version: str, lock: Path) -> str:
    """Hash of all that decides what .venv holds; the place counts: the editable install points to it."""
    parts = (lock.read_bytes(), PROJECT.read_bytes(), version.encode(), str(ROOT).encode("utf-8"))
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _make_venv() -> None:
    _check_python()
    _say("正在建立 .venv（Python {}.{}）……".format(*sys.version_info[:2]))
    if not _succeeds([sys.executable, "-m", "venv", "--clear", str(VENV)], {}):
        raise SetupError("无法建立 .venv：见上面的错误信息。\nCannot create .venv: see the error above.")


def _check_python() -> None:
    found = "{}.{}".format(*sys.version_info[:2])
    if not OLDEST <= tuple(sys.version_info[:2]) < FIRST_UNTESTED:
        raise SetupError(
            f"需要 Python 3.11、3.12 或 3.13，当前是 {found}（{sys.executable}）。\n"
            "请安装合适的版本，再用它运行，例如：\n"
            "  python3.12 -m xhcp_eval setup   或   make report PYTHON=python3.12\n"
            f"Python 3.11, 3.12 or 3.13 is needed; this is {found}."
        )
    if not importlib.util.find_spec("venv") or not importlib.util.find_spec("ensurepip"):
        raise SetupError(
            f"这个 Python（{found}）缺少 venv 模块，无法建立 .venv。在 Debian 或 Ubuntu 上请先安装：\n"
            "  sudo apt install python3-venv\n"
            f"Python {found} lacks the venv module: install the Debian package python3-venv."
        )


def _install(python: Path, lock: Path) -> None:
    """Install the lock, then the project itself without network: by uv, or by pip wherever uv fails."""
    locked = ["--require-hashes", "-r", str(lock)]
    project = ["--no-deps", "--no-index", "--no-build-isolation", "-e", str(ROOT)]
    for name, command, environment in _installers(python):
        _say(f"正在用 {name} 安装 {lock.name} 中的依赖（首次需下载约 250 MB）……")
        if _succeeds(command + locked, environment) and _succeeds(command + project, environment):
            return
        _say(f"{name} 未能完成安装。")
    raise SetupError(
        "依赖未能安装：见上面的错误信息。请检查网络；如需使用镜像，请先设置：\n"
        "  python -m pip config set global.index-url 镜像地址\n"
        "The dependencies could not be installed: see the errors above."
    )


def _installers(python: Path) -> Iterator[tuple[str, list[str], dict[str, str]]]:
    """Name, command and extra environment of each installer, the fast one first, the next when asked for."""
    pip = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--quiet"]
    uv = _find_uv(python, pip)
    if uv:
        command = [*uv, "pip", "install", "--quiet", "--python", str(python)]
        yield "uv", command, _uv_environment(_pip_settings(python), os.environ)
    yield "pip", pip, {}


def _find_uv(python: Path, pip: list[str]) -> list[str]:
    """uv on the PATH, else the locked one, installed into .venv by pip; empty when neither can be had."""
    on_path = shutil.which("uv")
    if on_path:
        return [on_path]
    locked = re.search(r"^uv==.*?(?=^\S|\Z)", DEV_LOCK.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    if not locked:
        return []
    requirement = VENV / "xhcp-uv.txt"
    requirement.write_bytes(locked.group().encode("utf-8"))
    done = _succeeds([*pip, "--no-deps", "--require-hashes", "-r", str(requirement)], {})
    return [str(python), "-m", "uv"] if done else []


def _pip_settings(python: Path) -> dict[str, str]:
    """What pip is told by its files and variables, the stronger source last: {"index-url": ...}."""
    environment = {**os.environ, "PYTHONUTF8": "1"}
    command = [str(python), "-m", "pip", "config", "list"]
    lines = subprocess.run(command, env=environment, stdout=subprocess.PIPE).stdout.decode("utf-8", "replace")
    found = re.findall(r"^(global|install|:env:)\.([\w-]+)=(['\"].*)$", lines, re.MULTILINE)
    by_strength = sorted(found, key=lambda entry: ("global", "install", ":env:").index(entry[0]))
    return {key: ast.literal_eval(value.strip()) for _, key, value in by_strength}


def _uv_environment(settings: Mapping[str, str], own: Mapping[str, str]) -> dict[str, str]:
    """pip's settings in uv's names; what the user told uv in the environment (`own`) stays as it is."""
    told = dict(UV_ALWAYS)
    for key, value in settings.items():
        if key in UV_NAMES:
            told[UV_NAMES[key]] = ("," if key == "find-links" else " ").join(value.split())
    return {name: value for name, value in told.items() if name not in own}


def _succeeds(command: list[str], environment: Mapping[str, str]) -> bool:
    """Run a command with its output on this console; a command that can't be started has failed as well."""
    try:
        return subprocess.run(command, cwd=str(ROOT), env={**os.environ, **environment}).returncode == 0
    except OSError as error:
        _say(str(error))
        return False
