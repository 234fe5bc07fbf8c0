"""Chances: every judged target in its band, in the colour of forecasts; none once the plan has run out."""

import re

from xhcp_eval.chapters.brief.basis import end_targets
from xhcp_eval.chapters.figures.chances import chance_dots
from xhcp_eval.pack.pack import open_pack


def judged(pack):
    rows = end_targets(pack)
    return rows[rows["probability"].notna() & ~rows["status"].isin(["未达标", "无法判定", "待裁定"])]


def test_bands_hold_what_they_say():
    pack = open_pack("midterm_2025")
    rows = judged(pack)
    p = rows["probability"]
    (picture,) = chance_dots(pack, rows)
    counted = {
        "很有把握": p > 0.9,
        "较有把握": (p > 0.7) & (p <= 0.9),
        "说不准": (p > 0.3) & (p <= 0.7),
        "很难": p <= 0.3,
    }
    told = dict(re.findall(r"(很有把握|较有把握|说不准|很难)(\d+)项", picture.title))
    assert told == {word: str(int(inside.sum())) for word, inside in counted.items()}
    assert picture.svg.count("<circle") == len(rows)


def test_nothing_is_ahead_once_the_plan_has_run_out():
    pack = open_pack("final_2030")
    assert chance_dots(pack, end_targets(pack)) == []
    assert chance_dots(open_pack("midterm_2025"), end_targets(pack).iloc[:0]) == []
