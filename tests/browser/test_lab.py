"""The explorer driven in a real JupyterLab: widgets change what is shown, and it is what the functions give."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from visits import ROOT, SHOTS

pytestmark = pytest.mark.browser

TOKEN = "test"


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Address of a JupyterLab on a copy of the explorer's notebook; ended whatever happens."""
    folder = tmp_path_factory.mktemp("lab")
    shutil.copy(ROOT / "notebooks" / "00_explore.ipynb", folder)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = [f"--port={port}", f"--ServerApp.root_dir={folder}", f"--IdentityProvider.token={TOKEN}", "--no-browser", "--ip=127.0.0.1",
               "--LabApp.collaborative=False", "--ServerApp.allow_root=True"]  # fmt: skip
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": str(ROOT), "JUPYTER_CONFIG_DIR": str(folder / "config")},
    )  # fmt: skip
    try:
        _wait_for(f"http://127.0.0.1:{port}/api?token={TOKEN}")
        yield f"http://127.0.0.1:{port}/lab/tree/00_explore.ipynb?token={TOKEN}"
    finally:
        server.terminate()
        server.wait(30)


def _wait_for(address: str, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            with urlopen(address):
                return
        except (URLError, ConnectionError):
            time.sleep(0.5)
    pytest.fail(f"JupyterLab did not answer within {seconds:.0f} s")


def test_widgets_change_the_view(chromium, lab):
    from xhcp_eval.explorer import Choice, look
    from xhcp_eval.pack import open_pack

    SHOTS.mkdir(exist_ok=True)
    page = chromium.new_page(viewport={"width": 1500, "height": 1300})
    page.goto(lab)
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=90_000)
    page.wait_for_function("!document.querySelector('#jupyterlab-splash')", timeout=60_000)
    page.get_by_text("| Idle").wait_for(timeout=60_000)  # before that "run" runs nothing
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name=re.compile("^Run All Cells")).first.click()
    title = page.locator(".jp-OutputArea-output h3").first
    title.wait_for(timeout=120_000)
    first = title.inner_text()
    page.screenshot(path=str(SHOTS / "lab-explorer.png"))

    menus = page.locator(".widget-dropdown select")
    menus.nth(0).select_option(label="健康")
    menus.nth(1).select_option(label="0-6岁眼保健和视力检查覆盖率")
    page.wait_for_function(
        "t => document.querySelector('.jp-OutputArea-output h3').innerText.startsWith(t)",
        arg="0-6岁眼保健",
        timeout=60_000,
    )
    assert title.inner_text() != first
    menus.nth(2).select_option(label="新华区/示范甲镇")
    page.wait_for_function(
        "() => document.querySelector('.jp-OutputArea-output h3').innerText.includes('示范甲镇')",
        timeout=60_000,
    )
    expected = look(open_pack("midterm_2025"), Choice("eye_exam_coverage_0_6", region="新华区/示范甲镇"))
    for sentence in re.findall(r"达标的概率[<>]?\d+%", expected.html):
        assert sentence in page.locator(".jp-Notebook").inner_text()

    slider = page.locator(".widget-slider .noUi-handle").first
    slider.focus()
    slider.press("ArrowLeft")
    page.wait_for_function(
        "() => document.querySelector('.jp-OutputArea-output h3').innerText.includes('数据截至2024年')",
        timeout=60_000,
    )
    assert "Traceback" not in page.locator(".jp-Notebook").inner_text()
    page.screenshot(path=str(SHOTS / "lab-explorer-moved.png"))
    page.close()
