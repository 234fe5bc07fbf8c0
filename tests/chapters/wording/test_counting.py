"""The counts of the midterm demonstration, as a person counted them from its results table."""

import pandas as pd
import pytest

from xhcp_eval.chapters.wording.counting import counts, counts_of, counts_table
from xhcp_eval.chapters.wording.readers import Reader
from xhcp_eval.pack.pack import open_pack


@pytest.fixture(scope="module")
def pack():
    return open_pack("midterm_2025")


def test_both_ways_of_counting(pack):
    now, end = counts(pack, 2025), counts(pack, 2030)
    assert (now.total, now.inside, now.outside, now.by_letter) == (12, 8, 4, "达到8，未达到4")
    assert now.by_verdict == "已达到5、未达到3、数少难断4"
    assert (end.total, end.steady, end[Reader.RISK], end[Reader.OPEN], end[Reader.NONE]) == (
        53,
        19,
        11,
        14,
        9,
    )
    assert end.by_verdict == "稳19、有风险11、数少难断14、不能算9" and end.open_inside == 11


def test_by_the_letter_only_what_is_over_is_counted(pack):
    assert counts_table(pack, [2025, 2030])[0] == ("按报表数值（按字面）", "达到8，未达到4", "–")


def test_parts_make_the_whole():
    rows = pd.DataFrame(
        {
            "status": ["已达标", "缺数据", "待裁定", "存在风险"],
            "side": ["目标以内", "", "目标以内", "目标以外"],
        }
    )
    found = counts_of(rows, 2030, False)
    assert sum(found.by_word.values()) == found.total == 4 and found.open_inside == 1


def test_what_is_only_expected_isn_t_reached_once_its_year_is_over():
    rows = pd.DataFrame(
        {"status": ["已达标", "预期可达标", "未达标"], "side": ["目标以内", "目标以内", "目标以外"]}
    )
    over, running = counts_of(rows, 2020, True), counts_of(rows, 2020, False)
    assert over.by_verdict == "已达到1、预计能达到1、未达到1" and over.steady == 1
    assert running.by_verdict == "稳2、有风险1" and running.steady == 2
