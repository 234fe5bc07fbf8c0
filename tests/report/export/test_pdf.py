"""Printing by a browser: which one, with what command, and what is said when it fails."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest
from documents_sample import write_report

from xhcp_eval.errors import RunError
from xhcp_eval.report.export import pdf
from xhcp_eval.report.export.pdf import find_browser, print_command, usual_places, write_pdf

# A stand-in for a browser: writes down how it was called, then does what the test is about.
CALLED = "import json, pathlib, sys, time\narguments = sys.argv[1:]\n(pathlib.Path(__file__).parent / 'called.json').write_text(json.dumps(arguments), encoding='utf-8')\ntarget = pathlib.Path(next(a for a in arguments if a.startswith('--print-to-pdf=')).partition('=')[2])\n"
PRINTS = "target.write_bytes(b'%PDF-1.4 a page %%EOF')"


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> Path:
    return write_report(tmp_path_factory.mktemp("报告 集") / "small")


@pytest.fixture
def browser(tmp_path, monkeypatch):
    """Put a stand-in for a browser in place, which does what a piece of Python says; returns its path."""

    def made(does: str) -> Path:
        script = tmp_path / "stand_in.py"
        script.write_text(CALLED + does + "\n", encoding="utf-8", newline="\n")
        if sys.platform == "win32":
            program = tmp_path / "browser.bat"
            program.write_text(f'@"{sys.executable}" "{script}" %*\n', encoding="utf-8", newline="\n")
        else:
            program = tmp_path / "browser"
            program.write_text(
                f'#!/bin/sh\nexec "{sys.executable}" "{script}" "$@"\n', encoding="utf-8", newline="\n"
            )
            program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv(pdf.VARIABLE, str(program))
        return program

    return made


def called(program: Path) -> list[str]:
    import json

    return json.loads((program.parent / "called.json").read_text(encoding="utf-8"))


def test_the_page_is_printed_without_network_by_a_browser_of_its_own(report, browser, tmp_path):
    program = browser(PRINTS)
    target = write_pdf(report, tmp_path / "out" / "报告.pdf")
    assert target.read_bytes() == b"%PDF-1.4 a page %%EOF"
    arguments = called(program)
    assert arguments[0] == "--headless"
    assert arguments[-1] == (report / "index.html").resolve().as_uri()
    assert "--no-pdf-header-footer" in arguments
    assert "--host-resolver-rules=MAP * ~NOTFOUND" in arguments
    assert "--proxy-server=127.0.0.1:9" in arguments
    (profile,) = (a.partition("=")[2] for a in arguments if a.startswith("--user-data-dir="))
    assert not Path(profile).exists()
    assert [path.name for path in target.parent.iterdir()] == ["报告.pdf"]


@pytest.mark.parametrize("user", [0, 1000])
def test_the_sandbox_is_off_for_root_alone(monkeypatch, user):
    monkeypatch.setattr(os, "geteuid", lambda: user, raising=False)
    page = Path("/a/index.html") if sys.platform != "win32" else Path("C:/a/index.html")
    command = print_command(Path("chrome"), page, Path("a.pdf"), Path("profile"))
    assert command[0] == "chrome"
    assert ("--no-sandbox" in command) is (user == 0)


@pytest.mark.parametrize(
    "does",
    [
        "sys.exit('cannot open display')",
        "target.write_bytes(b'%PDF-1.4 cut off')",
        "target.write_bytes(b'<html>%%EOF')",
        "print('cannot open display', file=sys.stderr)",
    ],
)
def test_a_browser_that_makes_no_whole_pdf_is_said_and_the_last_file_stays(report, browser, tmp_path, does):
    browser(does)
    target = tmp_path / "a.pdf"
    target.write_bytes(b"old")
    with pytest.raises(RunError, match=r"没有生成完整的 PDF.*XHCP_BROWSER") as raised:
        write_pdf(report, target)
    assert target.read_bytes() == b"old"
    if "display" in does:
        assert raised.value.problems == ("cannot open display",)


def test_a_browser_that_hangs_is_stopped(report, browser, tmp_path):
    browser("time.sleep(600)")
    with pytest.raises(RunError, match="打印超过 1 秒，已停止"):
        write_pdf(report, tmp_path / "a.pdf", timeout=1)
    assert not (tmp_path / "a.pdf").exists()


def test_a_program_that_cannot_be_run_is_said(report, tmp_path, monkeypatch):
    program = tmp_path / "browser.exe"
    program.write_bytes(b"\x00no program")
    program.chmod(0o755)
    monkeypatch.setenv(pdf.VARIABLE, str(program))
    with pytest.raises(RunError, match="不能运行"):
        write_pdf(report, tmp_path / "a.pdf")


def test_a_wrong_setting_is_not_passed_over(monkeypatch, tmp_path):
    monkeypatch.setenv(pdf.VARIABLE, str(tmp_path / "nowhere"))
    with pytest.raises(RunError, match=r"XHCP_BROWSER 指定的浏览器不存在或不能运行：.*nowhere"):
        find_browser()


def test_without_a_browser_one_is_told_what_to_install(monkeypatch):
    monkeypatch.delenv(pdf.VARIABLE, raising=False)
    monkeypatch.setattr(pdf.shutil, "which", lambda name: None)
    monkeypatch.setattr(pdf, "usual_places", lambda: iter(()))
    with pytest.raises(RunError, match=r"没有找到浏览器.*Chrome、Edge 或 Chromium.*XHCP_BROWSER"):
        find_browser()


def test_one_on_path_comes_before_the_usual_places(monkeypatch, tmp_path):
    monkeypatch.delenv(pdf.VARIABLE, raising=False)
    usual = tmp_path / "msedge.exe"
    usual.touch()
    monkeypatch.setattr(pdf, "usual_places", lambda: iter([tmp_path / "missing", usual]))
    monkeypatch.setattr(pdf.shutil, "which", lambda name: "/bin/chrome" if name == "google-chrome" else None)
    assert find_browser() == Path("/bin/chrome")
    monkeypatch.setattr(pdf.shutil, "which", lambda name: None)
    assert find_browser() == usual


def test_usual_places_of_each_system(monkeypatch):
    monkeypatch.setenv("PROGRAMFILES", "C:/Program Files")
    monkeypatch.setenv("PROGRAMFILES(X86)", "C:/Program Files (x86)")
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    monkeypatch.setattr(sys, "platform", "win32")
    places = [path.as_posix() for path in usual_places()]
    assert "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe" in places
    assert "C:/Program Files/Google/Chrome/Application/chrome.exe" in places
    monkeypatch.setattr(sys, "platform", "darwin")
    assert Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome") in list(usual_places())
    monkeypatch.setattr(sys, "platform", "linux")
    assert Path("/snap/bin/chromium") in list(usual_places())


def test_an_unfinished_report_is_refused_before_any_browser_starts(tmp_path, browser):
    program = browser(PRINTS)
    with pytest.raises(RunError, match="没有完整的报告"):
        write_pdf(tmp_path / "none", tmp_path / "a.pdf")
    assert not (program.parent / "called.json").exists()
