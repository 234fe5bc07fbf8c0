"""A PDF set by typst; without it, what to install is said."""

import sys
from dataclasses import replace

import pytest
from blocks_sample import BRIEF_COVER, COVER, SMALL
from PIL import Image

from xhcp_eval.errors import RunError
from xhcp_eval.report.documents.pdf import write_pdf


def test_without_typst_one_is_told_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(RunError, match="pip install typst"):
        write_pdf(SMALL, COVER, tmp_path / "a.pdf")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("cover", [COVER, BRIEF_COVER], ids=["report", "brief"])
def test_a_pdf_is_whole_tagged_and_has_bookmarks(tmp_path, cover):
    pytest.importorskip("typst")
    logo = tmp_path / "logo.png"
    Image.new("RGB", (40, 10)).save(logo)
    data = write_pdf(SMALL, replace(cover, logo=logo), tmp_path / "a.pdf").read_bytes()
    assert data.startswith(b"%PDF-") and b"%%EOF" in data[-1024:]
    assert b"/Outlines" in data and b"/StructTreeRoot" in data
