"""Statuses over the years: as published, as they ended, and as they would have been judged the year before."""

import pytest

from xhcp_eval.chapters.figures.timeline import status_timeline
from xhcp_eval.chapters.wording.counting import counts
from xhcp_eval.chapters.wording.readers import Reader
from xhcp_eval.pack.pack import open_pack


@pytest.fixture(scope="module")
def picture():
    return status_timeline(open_pack("final_2030"))[0]


def test_the_year_of_the_forecast_is_what_was_published(picture):
    """As many as the mid-term report lists."""
    from xhcp_eval.chapters.brief.basis import risks

    assert f"2025年{len(risks(open_pack('midterm_2025')))}项" in picture.title


def test_the_end_is_what_this_report_counts(picture):
    found = counts(open_pack("final_2030"), 2030)
    assert picture.title.endswith(f"2030年{found[Reader.RISK]}项未达到")


def test_every_row_was_at_risk_once_and_has_three_cells(picture):
    rows = picture.alt.split("。", 1)[1].rstrip("。").split("；")
    assert len(rows) == int(picture.title.split("项目标")[0].removeprefix("有过风险的"))
    assert all("有风险" in row or "未达到" in row for row in rows)
    assert picture.svg.count("<rect") == 3 * len(rows)


def test_a_report_that_looks_back_at_nothing_has_none():
    assert status_timeline(open_pack("midterm_2025")) == []
    assert status_timeline(open_pack("national_midterm")) == []
