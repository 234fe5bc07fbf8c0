"""A finished report as PDF: its one HTML file printed by a browser that is on the machine, without network."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from xhcp_eval.errors import RunError
from xhcp_eval.files.whole import whole_file
from xhcp_eval.report.export.reading import finished_page

VARIABLE = "XHCP_BROWSER"
TIMEOUT = 180  # seconds: a report of 150 figures takes about ten
NAMES = (
    *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"),
    *("microsoft-edge", "microsoft-edge-stable", "msedge"),
)
# where installers put them without telling PATH: on Windows under these variables, on macOS under these folders
_WINDOWS_ROOTS = ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")
_WINDOWS = (
    "Microsoft/Edge/Application/msedge.exe",
    "Google/Chrome/Application/chrome.exe",
    "Chromium/Application/chrome.exe",
)
_MAC_ROOTS = (Path("/Applications"), Path("~/Applications"))
_MAC = (
    "Google Chrome.app/Contents/MacOS/Google Chrome",
    "Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "Chromium.app/Contents/MacOS/Chromium",
)
_LINUX = ("/snap/bin/chromium", "/opt/google/chrome/chrome", "/opt/microsoft/msedge/msedge")
_HINT = (
    "生成 PDF 需要 Chrome、Edge 或 Chromium 浏览器：请安装其中之一（Linux：apt-get install chromium；"
    f"Windows 10 以上自带 Edge），或把环境变量 {VARIABLE} 设为浏览器程序的完整路径"
)


def write_pdf(report: Path, target: Path, timeout: float = TIMEOUT) -> Path:
    """Print a finished report to a PDF; returns its path.

    report: folder of a pack's report. target: file to write; replaced once the PDF is whole. timeout: seconds
    the browser may take. Raises RunError if there is no finished report, no browser, or it makes no whole PDF.
    """
    page, target = finished_page(Path(report)).resolve(), Path(target)
    browser = find_browser()
    with tempfile.TemporaryDirectory(prefix="xhcp-pdf-", ignore_cleanup_errors=True) as folder:
        made = Path(folder) / "report.pdf"
        command = print_command(browser, page, made, Path(folder) / "profile")
        said = _run(command, timeout)
        if not _is_whole(made):
            raise RunError(f"浏览器 {browser} 没有生成完整的 PDF。{_HINT}", said.strip().splitlines()[-3:])
        # across disks a rename won't do
        with whole_file(target) as place:
            shutil.copyfile(made, place)
    return target


def find_browser() -> Path:
    """The browser to print with: the one set in XHCP_BROWSER, else one on PATH, else where installers put them.

    Raises RunError, with what to install or set, if there is none.
    """
    if given := os.environ.get(VARIABLE):
        found = shutil.which(given)
        if found is None:
            raise RunError(f"环境变量 {VARIABLE} 指定的浏览器不存在或不能运行：{given}。{_HINT}")
        return Path(found)
    on_path = (Path(found) for found in map(shutil.which, NAMES) if found)
    here = next(on_path, None) or next((path for path in usual_places() if path.is_file()), None)
    if here is None:
        raise RunError(f"没有找到浏览器。{_HINT}")
    return here


def usual_places() -> Iterator[Path]:
    """Where the installers of Edge, Chrome and Chromium put them on this system."""
    if sys.platform == "win32":
        roots = [Path(os.environ[name]) for name in _WINDOWS_ROOTS if os.environ.get(name)]
        yield from (root / name for name in _WINDOWS for root in roots)
    elif sys.platform == "darwin":
        yield from (root.expanduser() / name for name in _MAC for root in _MAC_ROOTS)
    else:
        yield from map(Path, _LINUX)


def print_command(browser: Path, page: Path, target: Path, profile: Path) -> list[str]:
    """The command that prints a page. profile: an empty folder, so that no running browser is disturbed."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    return [
        str(browser),
        "--headless",
        "--disable-gpu",
        "--no-pdf-header-footer",
        f"--print-to-pdf={target}",
        "--generate-pdf-document-outline",
        f"--user-data-dir={profile}",
        *("--no-first-run", "--no-default-browser-check", "--disable-extensions", "--disable-sync"),
        # no network: no name is found, and what would go out anyway meets a proxy that isn't there
        *("--disable-background-networking", "--disable-component-update"),
        *("--host-resolver-rules=MAP * ~NOTFOUND", "--proxy-server=127.0.0.1:9"),
        # in a container one is root, who may not use the sandbox
        *(["--no-sandbox"] if root else []),
        page.as_uri(),
    ]


def _run(command: list[str], timeout: float) -> str:
    """Run the browser; returns what it said. Its exit code says little: the file is looked at instead."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout,
        )
    except subprocess.TimeoutExpired as error:
        message = f"浏览器 {command[0]} 打印超过 {timeout:g} 秒，已停止：可稍后再试，或用环境变量 {VARIABLE} 换一个浏览器"
        raise RunError(message) from error
    except OSError as error:
        raise RunError(f"浏览器 {command[0]} 不能运行：{error.strerror}。{_HINT}") from error
    return done.stdout.decode("utf-8", errors="replace")


def _is_whole(path: Path) -> bool:
    """Whether there is a PDF from its first line to its last."""
    if not path.is_file():
        return False
    data = path.read_bytes()
    return data.startswith(b"%PDF-") and b"%%EOF" in data[-1024:]
