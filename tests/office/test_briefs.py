"""Briefs of the finished reports, as LibreOffice lays them out: two pages, none nearly empty, with the end on the second."""

from __future__ import annotations

from pathlib import Path

import pytest

from xhcp_eval.provenance import ROOT

pytestmark = pytest.mark.office

BRIEFS = [
    pytest.param(path, id=path.parent.name) for path in sorted((ROOT / "reports").glob("[!.]*/brief.docx"))
]


@pytest.mark.parametrize("path", BRIEFS)
def test_a_brief_is_two_pages(lay_out, path: Path):
    first, second = lay_out(path).pages
    assert min(len(first), len(second)) >= 5
    assert any("怎样判定" in line for line in second) and any("全部数据" in line for line in second)
