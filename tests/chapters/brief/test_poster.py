"""Tiles hold their letters: none runs over its edge."""

import pytest
from wording_rows import row

from xhcp_eval.chapters.brief.basis import end_targets
from xhcp_eval.chapters.brief.poster import ACROSS, ROOM, SIDE, tile_value
from xhcp_eval.chapters.figures.canvas import WIDTH, wide
from xhcp_eval.pack.pack import open_pack


@pytest.mark.parametrize("name", ["midterm_2025", "final_2030", "national_midterm"])
def test_names_and_values_fit_their_tile(name):
    pack, inside = open_pack(name), (WIDTH - SIDE) / ACROSS - ROOM
    for one in end_targets(pack).itertuples():
        for text in (pack.plan.indicator(one.indicator).short_name, "●" + tile_value(one)):
            assert wide(text) <= inside, text


def test_a_tile_tells_value_and_target():
    assert tile_value(row(latest_value=67.862, target_value=60.0, op="<=", direction="down")) == "67.9→60"
    assert tile_value(row(latest_value=20.1, target_value=16.1, op="trend_up", direction="up")) == "20.1↑16.1"
    assert tile_value(row(op="<=", direction="down")) == "无数据"
