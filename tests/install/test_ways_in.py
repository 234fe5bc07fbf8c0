"""From an empty folder to reports, without the checkout: by the wheel, and by the bundle without any network."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.install

PYTHON = "{}.{}".format(*sys.version_info[:2])
BUNDLE_MB, ENVIRONMENT_MB = 300, 900  # of the environment without compiled files
# No network at all: neither interfaces nor names. Where the system forbids it, pip is told to use none.
CUT_OFF = ["unshare", "-rn"]


def clean_environment() -> dict[str, str]:
    """Nothing that leads back to the checkout."""
    return {
        name: value
        for name, value in os.environ.items()
        if name not in ("PYTHONPATH", "XHCP_PROJECT", "VIRTUAL_ENV")
    }


def call(*words, cwd: Path, cut_off: bool = False) -> str:
    command = [*(CUT_OFF if cut_off else []), *map(str, words)]
    done = subprocess.run(
        command, cwd=cwd, env=clean_environment(), capture_output=True, text=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def megabytes(folder: Path) -> float:
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return sum(path.stat().st_size for path in files) / 2**20


def check_reports(project: Path, names: set[str]) -> None:
    """Every report is there with its three layers, and rests on the project's own files."""
    for name in names:
        folder = project / "reports" / name
        assert all(
            (folder / file).is_file() for file in ("index.html", "formal.docx", "data.html", "results.csv")
        )
        record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        assert record["status"] == "ok" and record["inputs"]
        assert all((project / path).is_file() for path in record["inputs"])


def test_the_wheel_gives_all_reports(root, tmp_path):
    call(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path, cwd=root)
    (wheel,) = tmp_path.glob("*.whl")
    call(sys.executable, "-m", "venv", tmp_path / "env", cwd=tmp_path)
    programs = tmp_path / "env" / ("Scripts" if os.name == "nt" else "bin")
    call(programs / "python", "-m", "pip", "install", "-q", wheel, cwd=tmp_path)
    before = {path for path in (tmp_path / "env").rglob("*") if path.suffix != ".pyc" and path.is_file()}
    call(programs / "xhcp", "init", tmp_path / "demo", "--demo", cwd=tmp_path)
    call(programs / "xhcp", "-q", "report", cwd=tmp_path / "demo")
    check_reports(tmp_path / "demo", {path.stem for path in (root / "params").glob("*.yaml")})
    after = {path for path in (tmp_path / "env").rglob("*") if path.suffix != ".pyc" and path.is_file()}
    assert after == before  # nothing is written into the package
    assert megabytes(tmp_path / "env") < ENVIRONMENT_MB


@pytest.mark.skipif(sys.platform != "linux", reason="the bundle made here is for Linux")
@pytest.mark.skipif(not shutil.which("unshare"), reason="no way to be without a network")
def test_the_bundle_installs_and_runs_without_a_network(root, tmp_path):
    command = [sys.executable, "-m", "xhcp_eval.commands.start", "bundle", "--platform", "linux-x86_64"]
    call(*command, "--python", PYTHON, "--out", tmp_path, cwd=root)
    (bundle,) = tmp_path.glob("*.zip")
    assert bundle.stat().st_size / 2**20 < BUNDLE_MB
    with zipfile.ZipFile(bundle) as file:
        file.extractall(tmp_path)
    folder = tmp_path / bundle.stem
    call("sh", "install.sh", sys.executable, cwd=folder, cut_off=True)
    xhcp = folder / "env" / "bin" / "xhcp"
    call(xhcp, "init", tmp_path / "demo", "--demo", cwd=tmp_path, cut_off=True)
    call(xhcp, "-q", "run", "national_midterm", "midterm_2025", cwd=tmp_path / "demo", cut_off=True)
    check_reports(tmp_path / "demo", {"national_midterm", "midterm_2025"})


@pytest.mark.skipif(sys.platform != "linux", reason="the bundle made here is for Linux")
def test_a_bundle_that_was_changed_on_its_way_is_not_installed(tmp_path):
    from xhcp_eval.commands.bundling import PLATFORMS, _write_start

    (tmp_path / "wheels").mkdir()
    (tmp_path / "requirements.txt").touch()
    _write_start(tmp_path, PLATFORMS["linux-x86_64"], PYTHON, "0")
    (tmp_path / "requirements.txt").write_text("evil==1\n", encoding="utf-8", newline="\n")
    done = subprocess.run(
        ["sh", "install.sh", sys.executable], cwd=tmp_path, capture_output=True, text=True, encoding="utf-8"
    )
    assert done.returncode == 1 and "文件不完整或被改动" in done.stderr
    assert not (tmp_path / "env").exists()
