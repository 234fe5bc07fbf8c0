"""The real reports printed to PDF by the real browser, as `xhcp export --pdf` does it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from visits import REPORTS, SHOTS

from xhcp_eval.report.export.pdf import write_pdf

pytestmark = pytest.mark.browser

PACKS = [pytest.param(path.parent, id=path.parent.name) for path in sorted(REPORTS.glob("[!.]*/data.html"))]
A4 = (595, 842)  # points


@pytest.mark.parametrize("report", PACKS)
def test_a_report_is_printed_whole_on_a4_with_bookmarks(reports, report: Path):
    data = write_pdf(report, SHOTS / f"{report.name}-export.pdf").read_bytes()
    boxes = re.findall(rb"/MediaBox\s*\[([^\]]*)\]", data)
    assert {tuple(round(float(n)) for n in box.split()[2:]) for box in boxes} == {A4}
    chapters = (report / "data.html").read_text(encoding="utf-8").count('<section class="chapter"')
    assert len(re.findall(rb"/Type\s*/Page\b", data)) >= chapters
    assert b"/Outlines" in data
    assert b"/StructTreeRoot" in data  # tagged, for who listens to it
