"""Everything for a desk without a network in one file: wheels of what users need, the package, an installer, check sums.

The wheels are those of requirements.lock, by their hashes, for another system than this one if asked; nothing is built on the desk.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from xhcp_eval.bootstrap import LOCK, ROOT
from xhcp_eval.errors import ParamsError, RunError
from xhcp_eval.files.whole import whole_file


@dataclass(frozen=True)
class Platform:
    """A kind of desk. tags: pip's names of wheels that run on it, the best first. system, os_name, machine: as markers call them."""

    tags: tuple[str, ...]
    system: str
    os_name: str
    machine: str
    said: str

    def markers(self, python: str) -> dict[str, str]:
        """What the markers of the lock are asked about. python: 3.12."""
        return {
            "python_version": python, "python_full_version": f"{python}.0", "implementation_name": "cpython", "platform_python_implementation": "CPython",
            "sys_platform": {"Windows": "win32", "Linux": "linux", "Darwin": "darwin"}[self.system], "platform_system": self.system,
            "os_name": self.os_name, "platform_machine": self.machine, "extra": "",
        }  # fmt: skip


def _manylinux(machine: str) -> tuple[str, ...]:
    """Tags of wheels for glibc 2.28, which UOS and Kylin have, and older."""
    return (
        *(f"manylinux_2_{minor}_{machine}" for minor in range(28, 16, -1)),
        f"manylinux2014_{machine}",
        f"linux_{machine}",
    )


PLATFORMS = {
    "windows-x86_64": Platform(("win_amd64",), "Windows", "nt", "AMD64", "Windows 10、11（64 位）"),
    "linux-x86_64": Platform(
        _manylinux("x86_64"), "Linux", "posix", "x86_64", "统信 UOS、麒麟和其他 Linux（x86，glibc 2.28 起）"
    ),
    "linux-aarch64": Platform(
        _manylinux("aarch64"),
        "Linux",
        "posix",
        "aarch64",
        "统信 UOS、麒麟和其他 Linux（arm64，glibc 2.28 起）",
    ),
}
PYTHONS = ("3.11", "3.12", "3.13")
_SH = """\
#!/bin/sh
# 离线安装：在本文件夹建立 xhcp 环境。用法：sh install.sh [Python，如 python{python}]
set -e
cd "$(dirname "$0")"
PYTHON=${{1:-python{python}}}
"$PYTHON" -c 'import sys; assert "%d.%d" % sys.version_info[:2] == "{python}"' 2>/dev/null || {{
  echo "需要 Python {python}。已安装在别处时：sh install.sh /路径/python{python}" >&2; exit 1; }}
sha256sum -c --quiet SHA256SUMS || {{ echo "文件不完整或被改动，请重新拷贝" >&2; exit 1; }}
"$PYTHON" -m venv env
env/bin/python -m pip install --quiet --disable-pip-version-check --no-index --no-deps --find-links wheels --require-hashes -r requirements.txt
env/bin/xhcp --version
echo "安装完成。新建项目：$(pwd)/env/bin/xhcp init 文件夹 --demo"
"""
_BAT = """\
@echo off
chcp 65001 >nul
rem 离线安装：在本文件夹建立 xhcp 环境。
cd /d "%~dp0"
py -{python} -c "pass" 2>nul || (echo 需要 Python {python}（64 位），请先安装。& pause & exit /b 1)
py -{python} check.py || (echo 文件不完整或被改动，请重新拷贝。& pause & exit /b 1)
py -{python} -m venv env || (pause & exit /b 1)
env\\Scripts\\python -m pip install --quiet --disable-pip-version-check --no-index --no-deps --find-links wheels --require-hashes -r requirements.txt || (pause & exit /b 1)
env\\Scripts\\xhcp --version
echo 安装完成。新建项目：%cd%\\env\\Scripts\\xhcp init 文件夹 --demo
pause
"""
_CHECK = """\
\"\"\"Are all files as they were bundled? Ends with 1 if not.\"\"\"
import hashlib, pathlib, sys
for line in pathlib.Path("SHA256SUMS").read_text(encoding="utf-8").splitlines():
    digest, name = line.split("  ", 1)
    if hashlib.sha256(pathlib.Path(name).read_bytes()).hexdigest() != digest:
        sys.exit(name)
"""
_README = """\
xhcp_eval {version} 离线安装包，用于 {said}，Python {python}。

1. 把整个压缩包解压到任意文件夹。
2. {how}
3. 新建项目并运行：见安装结束时的提示。

不需要网络，不需要管理员权限；全部文件只写在本文件夹的 env 里。文件的校验值在 SHA256SUMS。
"""


def bundle(platform: str, python: str, out: Path) -> Path:
    """Write the bundle for a kind of desk as a zip file and return its path.

    platform: of `PLATFORMS`. python: 3.11, 3.12 or 3.13. out: folder that takes it.
    Raises ParamsError for another platform or Python, RunError if a wheel can't be had (its name is told).
    """
    if platform not in PLATFORMS:
        raise ParamsError(f"没有平台 {platform!r}；允许：{'、'.join(PLATFORMS)}")
    if python not in PYTHONS:
        raise ParamsError(f"没有 Python {python!r} 的安装包；允许：{'、'.join(PYTHONS)}")
    from xhcp_eval import __version__

    chosen = PLATFORMS[platform]
    target = out / f"xhcp_eval-{__version__}-{platform}-py{python}.zip"
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        wanted = wanted_lines(LOCK.read_text(encoding="utf-8"), chosen.markers(python))
        (work / "requirements.txt").write_text(wanted, encoding="utf-8", newline="\n")
        _download(work, chosen, python)
        own = _own_wheel(work / "wheels")
        digest = hashlib.sha256(own.read_bytes()).hexdigest()
        with (work / "requirements.txt").open("a", encoding="utf-8", newline="\n") as file:
            file.write(f"xhcp-eval=={__version__} --hash=sha256:{digest}\n")
        _write_start(work, chosen, python, __version__)
        _zip(work, target)
    return target


def wanted_lines(lock: str, markers: dict[str, str]) -> str:
    """Requirements of a lock that hold where the markers say so, one a line with its hashes, without comments or markers."""
    from packaging.requirements import Requirement

    lines = []
    for block in re.split(r"^(?=\w)", lock, flags=re.MULTILINE)[1:]:
        head, *rest = [line.strip(" \\") for line in block.splitlines()]
        asked = Requirement(head)
        if asked.marker is None or asked.marker.evaluate(markers):
            hashes = [line for line in rest if line.startswith("--hash=")]
            lines.append(" ".join([f"{asked.name}{asked.specifier}", *hashes]))
    return "\n".join(lines) + "\n"


def _download(work: Path, chosen: Platform, python: str) -> None:
    """Wheels of the requirements into work/wheels, whatever this machine is."""
    tags = [word for tag in chosen.tags for word in ("--platform", tag)]
    options = [
        "--no-deps",
        "--only-binary",
        ":all:",
        "--require-hashes",
        "--implementation",
        "cp",
        "--python-version",
        python,
    ]
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--disable-pip-version-check",
        *options,
        *tags,
        "-r",
        str(work / "requirements.txt"),
        "-d",
        str(work / "wheels"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", errors="replace")
    if done.returncode:
        faults = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise RunError("安装包没有做成：有的依赖包取不到", faults or [done.stderr[-500:]])


def _own_wheel(folder: Path) -> Path:
    """The package itself as a wheel."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", errors="replace", cwd=ROOT
    )
    found = sorted(folder.glob("xhcp_eval-*.whl"))
    if done.returncode or not found:
        raise RunError(f"安装包没有做成：{done.stderr[-500:]}")
    return found[-1]


def _write_start(work: Path, chosen: Platform, python: str, version: str) -> None:
    """Installer, note and check sums."""
    windows = chosen.system == "Windows"
    how = "双击 安装.bat。" if windows else "在终端里运行：sh install.sh"
    (work / "说明.txt").write_text(
        _README.format(version=version, said=chosen.said, python=python, how=how),
        encoding="utf-8-sig",
        newline="\r\n",
    )
    if windows:
        (work / "安装.bat").write_text(_BAT.format(python=python), encoding="utf-8", newline="\r\n")
        (work / "check.py").write_text(_CHECK, encoding="utf-8", newline="\n")
    else:
        (work / "install.sh").write_text(_SH.format(python=python), encoding="utf-8", newline="\n")
    names = sorted(path.relative_to(work).as_posix() for path in work.rglob("*") if path.is_file())
    sums = [f"{hashlib.sha256((work / name).read_bytes()).hexdigest()}  {name}" for name in names]
    (work / "SHA256SUMS").write_text("\n".join(sums) + "\n", encoding="utf-8", newline="\n")


def _zip(work: Path, target: Path) -> None:
    """All files under one folder; wheels are compressed already."""
    with whole_file(target) as made, zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as file:
        for path in sorted(work.rglob("*")):
            if path.is_file():
                file.write(path, f"{target.stem}/{path.relative_to(work).as_posix()}")
