"""The bundle's list of packages is the lock's for the desk's system, and its check sums hold."""

from __future__ import annotations

import hashlib
import re
import zipfile

import pytest

from xhcp_eval.bootstrap import LOCK
from xhcp_eval.commands import bundling
from xhcp_eval.commands.bundling import PLATFORMS, PYTHONS, bundle, wanted_lines
from xhcp_eval.errors import ParamsError

TEXT = LOCK.read_text(encoding="utf-8")
A, B = (
    "a==1 \\\n    --hash=sha256:aa \\\n    --hash=sha256:ab\n    # via x\n",
    "b==2 ; sys_platform == 'win32' \\\n    --hash=sha256:bb\n",
)


def test_lines_hold_for_the_desk_and_have_no_markers():
    windows = PLATFORMS["windows-x86_64"].markers("3.12")
    assert wanted_lines(A + B, windows) == "a==1 --hash=sha256:aa --hash=sha256:ab\nb==2 --hash=sha256:bb\n"
    linux = PLATFORMS["linux-aarch64"].markers("3.12")
    assert wanted_lines(A + B, linux) == "a==1 --hash=sha256:aa --hash=sha256:ab\n"


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("python", PYTHONS)
def test_each_desk_gets_each_package_once_without_tools_of_developers(platform, python):
    lines = wanted_lines(TEXT, PLATFORMS[platform].markers(python)).splitlines()
    names = [line.partition("==")[0] for line in lines]
    assert len(names) == len(set(names)) > 100
    assert {"pandas", "jupyterlab", "papermill", "statsmodels", "seaborn", "matplotlib", "nbval"} <= set(
        names
    )
    assert not {"ruff", "mypy", "hypothesis"} & set(names)
    assert all(re.search(r" --hash=sha256:\w{64}", line) and ";" not in line for line in lines)


@pytest.mark.parametrize(
    "platform, starter", [("windows-x86_64", "安装.bat"), ("linux-x86_64", "install.sh")]
)
def test_a_bundle_has_an_installer_and_check_sums_that_hold(tmp_path, monkeypatch, platform, starter):
    def download(work, chosen, python):
        (work / "wheels").mkdir()
        (work / "wheels" / "x-1-py3-none-any.whl").write_bytes(b"x")

    def own(folder):
        (folder / "xhcp_eval-9-py3-none-any.whl").write_bytes(b"own")
        return folder / "xhcp_eval-9-py3-none-any.whl"

    monkeypatch.setattr(bundling, "_download", download)
    monkeypatch.setattr(bundling, "_own_wheel", own)
    path = bundle(platform, "3.12", tmp_path)
    with zipfile.ZipFile(path) as file:
        found = {name.partition("/")[2]: file.read(name) for name in file.namelist()}
    assert {
        starter,
        "说明.txt",
        "requirements.txt",
        "SHA256SUMS",
        "wheels/x-1-py3-none-any.whl",
    } <= found.keys()
    sums = dict(reversed(line.split("  ", 1)) for line in found["SHA256SUMS"].decode("utf-8").splitlines())
    assert sums.keys() == found.keys() - {"SHA256SUMS"}
    assert all(hashlib.sha256(found[name]).hexdigest() == digest for name, digest in sums.items())
    assert hashlib.sha256(b"own").hexdigest() in found["requirements.txt"].decode("utf-8")
    assert b"--no-index" in found[starter]


def test_unknown_desks_are_refused(tmp_path):
    with pytest.raises(ParamsError, match="没有平台"):
        bundle("solaris", "3.12", tmp_path)
    with pytest.raises(ParamsError, match=r"允许：3\.11"):
        bundle("linux-x86_64", "2.7", tmp_path)
