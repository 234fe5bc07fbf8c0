"""The explorer driven in a real JupyterLab: widgets change what is shown, and it is what the functions give."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from visits import ROOT, SHOTS
from waiting import HANG, until

pytestmark = pytest.mark.browser

TOKEN = "test"


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Address of a JupyterLab on a copy of the explorer's notebook; ended whatever happens."""
    folder = tmp_path_factory.mktemp("lab")
    shutil.copy(ROOT / "notebooks" / "00_explore.ipynb", folder)
    options = [f"--ServerApp.root_dir={folder}", f"--IdentityProvider.token={TOKEN}", "--no-browser", "--ip=127.0.0.1",
               "--LabApp.collaborative=False", "--ServerApp.allow_root=True"]  # fmt: skip
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | {f"JUPYTER_{it.upper()}_DIR": str(folder / it) for it in ("config", "runtime")},
    )  # fmt: skip
    try:
        port = until(lambda: _port(folder / "runtime") or server.poll() is not None)
        assert server.poll() is None, "JupyterLab ended"
        yield f"http://127.0.0.1:{port}/lab/tree/00_explore.ipynb?token={TOKEN}"
    finally:
        server.terminate()
        server.wait(HANG)


def _port(runtime: Path) -> int | None:
    """The free port that JupyterLab has found, once it listens there and says so."""
    texts = [path.read_text(encoding="utf-8") for path in runtime.glob("jpserver-*.json")]
    return json.loads(texts[0])["port"] if texts and texts[0].endswith("}") else None


def test_widgets_change_the_view(chromium, lab):
    from xhcp_eval.chapters.explorer import Choice, look
    from xhcp_eval.pack.pack import open_pack

    SHOTS.mkdir(exist_ok=True)
    page = chromium.new_page(viewport={"width": 1500, "height": 1300})
    page.set_default_timeout(1000 * HANG)
    page.goto(lab)
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    page.wait_for_function("!document.querySelector('#jupyterlab-splash')")
    page.get_by_text("| Idle").wait_for()  # before that "run" runs nothing
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name=re.compile("^Run All Cells")).first.click()
    title = page.locator(".jp-OutputArea-output h3").first
    title.wait_for()
    first = title.inner_text()
    page.screenshot(path=str(SHOTS / "lab-explorer.png"))

    menus = page.locator(".widget-dropdown select")
    menus.nth(0).select_option(label="健康")
    menus.nth(1).select_option(label="0-6岁眼保健和视力检查覆盖率")
    page.wait_for_function(
        "t => document.querySelector('.jp-OutputArea-output h3').innerText.startsWith(t)",
        arg="0-6岁眼保健",
    )
    assert title.inner_text() != first
    menus.nth(2).select_option(label="新华区/示范甲镇")
    page.wait_for_function(
        "() => document.querySelector('.jp-OutputArea-output h3').innerText.includes('示范甲镇')",
    )
    expected = look(open_pack("midterm_2025"), Choice("eye_exam_coverage_0_6", region="新华区/示范甲镇"))
    for sentence in re.findall(r"达标的概率[<>]?\d+%", expected.html):
        assert sentence in page.locator(".jp-Notebook").inner_text()

    slider = page.locator(".widget-slider .noUi-handle").first
    slider.focus()
    slider.press("ArrowLeft")
    page.wait_for_function(
        "() => document.querySelector('.jp-OutputArea-output h3').innerText.includes('数据截至2024年')",
    )
    assert "Traceback" not in page.locator(".jp-Notebook").inner_text()
    page.screenshot(path=str(SHOTS / "lab-explorer-moved.png"))
    page.close()
