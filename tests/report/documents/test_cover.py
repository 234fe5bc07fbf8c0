"""A cover says what is wrong with it, all at once."""

import pytest

from xhcp_eval.errors import ParamsError
from xhcp_eval.report.documents.cover import DEMO_MARK, Cover


def test_faults_of_a_cover_come_together(tmp_path):
    with pytest.raises(ParamsError) as caught:
        Cover(" ", logo=tmp_path / "标志.png")
    assert len(caught.value.problems) == 2
    assert "标志.png" in caught.value.problems[1]


def test_a_logo_is_a_picture(tmp_path):
    drawing = tmp_path / "logo.svg"
    drawing.write_text("<svg/>", encoding="utf-8", newline="\n")
    with pytest.raises(ParamsError, match=r"logo\.svg 不是图片文件；允许 \.png"):
        Cover("题", logo=drawing)


def test_only_demonstration_data_are_marked():
    assert Cover("题").mark == ""
    assert Cover("题", demonstration=True).mark == DEMO_MARK
