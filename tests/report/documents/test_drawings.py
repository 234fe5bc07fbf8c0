"""Drawings of any make become pictures."""

from io import BytesIO

import pytest
from blocks_sample import SVG
from PIL import Image

from xhcp_eval.chapters.kit.blocks import Picture
from xhcp_eval.report.documents.drawings import DPI, bare_svg, picture_png


def test_namespaces_go_and_a_view_box_comes():
    bare = bare_svg(Picture(SVG, 560, 200, ""))
    assert "xmlns" not in bare and 'viewBox="0 0 560 200"' in bare
    boxed = '<svg viewBox="0 0 1 1"><svg xmlns="x"/></svg>'
    assert bare_svg(Picture(boxed, 1, 1, "")) == boxed


def test_a_picture_has_the_size_of_the_drawing():
    picture = Image.open(BytesIO(picture_png(Picture(SVG, 560, 200, ""))))
    assert picture.width == round(560 * DPI / 72)
    assert picture.width / picture.height == pytest.approx(2.8, rel=0.01)
