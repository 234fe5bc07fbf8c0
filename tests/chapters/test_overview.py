"""Tables of targets agree with the lists under them, and open verdicts say why; by hand from the demonstration's results."""

import pytest

from xhcp_eval.chapters.kit.tables import latest_text
from xhcp_eval.chapters.method_and_sources import few_events
from xhcp_eval.chapters.overview import at_risk, headline, status_matrix
from xhcp_eval.pack.pack import open_pack


@pytest.mark.parametrize(("name", "total", "bad"), [("midterm_2025", 53, 14), ("final_2030", 53, 9)])
def test_commitments_count_those_of_the_implementation_measures(name, total, bad):
    pack = open_pack(name)
    frame = status_matrix(pack, deciding=False).frame
    assert "组织实施" in set(frame["领域"]) and frame["合计"].iloc[-1] == total
    listed = at_risk(pack, deciding=False).frame["status"].value_counts()
    counted = {
        word: int(frame[word].iloc[-1]) for word in ("未达标", "难以达标", "存在风险") if word in frame
    }
    assert counted == {word: int(listed[word]) for word in counted}
    assert name == "midterm_2025" or sum(counted.values()) == bad


def test_a_rise_of_twenty_points_is_not_called_unclear():
    told = str(headline(open_pack("final_2030")))
    assert "变化不明显" not in told
    assert (
        "校外活动场所利用率高于2020年，但该指标一年曾变动19.3个百分点" in told and "能否保持不能断定" in told
    )


def test_counts_of_three_years_are_no_count_of_two():
    pack = open_pack("midterm_2025")
    row = next(r for r in pack.assessment.itertuples() if r.indicator == "child_fall_burn_poison_disability")
    assert latest_text(pack, row).startswith("三年共5人（年均1.7人）\n2023—2025年")
    assert row.reason.startswith("2023—2025年共5，年均1.7")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("midterm_2025", "2025年活产2,404人、婴儿死亡5例"),
        ("final_2030", "2030年活产2,036人、婴儿死亡7例"),
        ("national_midterm", ""),
    ],
)
def test_how_few_events_there_are_is_the_regions_own_count(name, told):
    text = str(few_events(open_pack(name)))
    assert told in text and bool(text) == bool(told) and "三千个出生" not in text
