"""Other systems beside ours in a report: every comparable target once, and a reason wherever they part."""

import pandas as pd
import pytest

from xhcp_eval.chapters import domains
from xhcp_eval.chapters.forecast import SURE, UNSURE, compare_methods, other_methods_table, other_rules_table
from xhcp_eval.forecast.other_rules import OTHER_METHODS
from xhcp_eval.pack.pack import open_pack


@pytest.fixture(scope="module")
def pack():
    return open_pack("midterm_2025")


@pytest.fixture(scope="module")
def found(pack):
    return compare_methods(pack)


def test_each_target_ahead_is_compared_once(pack, found):
    assert len(found) >= 20 and found["target_id"].is_unique
    assert (found["target_year"] > 2025).all()
    ours = pack.assessment.set_index("target_id")["probability"][found["target_id"]]
    assert found["probability"].tolist() == ours.tolist()
    for key in OTHER_METHODS:
        assert found[key].str.contains("[\u4e00-\u9fff]").all()


def test_where_they_part_a_reason_is_given(found):
    parted = found[found["differs"] != ""]
    assert len(parted) >= 1
    assert ((parted["probability"] < UNSURE) | (parted["probability"] > SURE)).all()
    assert parted["why"].str.contains("；").all() and (found.loc[found["differs"] == "", "why"] == "").all()


def test_tables_for_a_reader(pack, found):
    view = other_methods_table(pack)
    assert len(view.frame) == len(found) and "亚太经社会" in view.html
    assert "SDSN 箭头、儿基会/IGME、经合组织的阈值未能与原文件核对" in view.caption


def test_rules_for_a_reader_say_which_thresholds_were_not_checked():
    view = other_rules_table()
    assert len(view.frame) == len(OTHER_METHODS)
    told = view.frame.set_index("name")["check"]
    assert told[told.str.contains("未能与原文件核对")].index.tolist() == [
        "SDSN 箭头",
        "儿基会/IGME",
        "经合组织",
    ]
    assert view.html.count("未能与原文件核对") == 3


def test_an_unmarked_jump_is_asked_about_beside_the_indicator(pack):
    name = "preschool_gross_enrolment_rate"
    assert not any("须核实" in text for text in domains.indicator_sentence(pack, name).sentences)
    row = {"series": "x", "indicator": name, "year": 2023, "kind": "水平跳变", "before": 80.0, "after": 92.0,
           "jump": 12.0, "typical": 1.5, "ratio": 8.0}  # fmt: skip
    marked = pack.with_frames(breaks=pd.DataFrame([row]))
    words = [text for text in domains.indicator_sentence(marked, name).sentences if "须核实" in text]
    assert len(words) == 1 and "2023年" in words[0] and "8倍" in words[0]
