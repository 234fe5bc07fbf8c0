"""Browser tests run only when asked for (`pytest -m browser`), on the reports that `make report` has written.

They need Chromium: `apt-get install chromium`, any installed Chrome, or `python -m playwright install chromium`.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from visits import REPORTS, SHOTS, Visit
from waiting import HANG

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def pytest_configure(config):
    config.addinivalue_line("markers", "browser: needs Chromium and the reports of `make report`")


def pytest_ignore_collect(collection_path, config):
    """Plain `make test` stays self-contained."""
    return None if "browser" in config.option.markexpr else True


@pytest.fixture(scope="session")
def reports() -> Path:
    """Folder of the reports under test."""
    if not (REPORTS / "index.html").is_file():
        pytest.fail(f"{REPORTS} 中没有报告总览 index.html：请先运行 make report", pytrace=False)
    SHOTS.mkdir(exist_ok=True)
    return REPORTS


@pytest.fixture(scope="session")
def chromium():
    from playwright.sync_api import Error, sync_playwright

    found = next(filter(None, map(shutil.which, NAMES)), None)
    # root, as in a container, may not use the sandbox
    flags = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=found, args=flags)
        except Error as error:
            hint = "请安装 Chromium：apt-get install chromium，或 python -m playwright install chromium"
            pytest.fail(f"没有可用的浏览器。{hint}\n{error}", pytrace=False)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium, reports):
    """Open a page: visit(path, width=…, dark=…, script=…, place="#…") -> Visit."""
    contexts = []

    def open_page(
        path: Path, width: int = 1280, dark: bool = False, script: bool = True, place: str = ""
    ) -> Visit:
        context = chromium.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            java_script_enabled=script,
            reduced_motion="reduce",
        )
        context.set_default_timeout(1000 * HANG)
        contexts.append(context)
        visit = Visit(context)
        visit.page.goto(path.as_uri() + place)
        return visit

    yield open_page
    for context in contexts:
        context.close()
