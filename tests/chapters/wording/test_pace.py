import pandas as pd
import pytest
from wording_rows import row

from xhcp_eval.chapters.wording.pace import (
    best_span,
    best_text,
    recent_text,
    required_text,
    times_text,
    why_in_doubt,
)
from xhcp_eval.pack.pack import open_pack

LIKE = pd.DataFrame({"target_id": ["t"], "of": [200], "reached": [131]})


def test_one_pace_with_its_years():
    assert recent_text(row(pace=-0.675)) == "近五年（2020—2025年）年均降0.7个百分点"
    assert recent_text(row(pace=0.22, pace_from=2022.0)) == "2022年以来年均升0.2个百分点"
    assert recent_text(row()) == ""


def test_what_is_needed_comes_with_the_ratio():
    junior = row(pace=-0.675, required_pace=-1.572)
    assert required_text(junior) == "今后每年需降1.6个百分点，为近五年的2.3倍"
    assert times_text(row(pace=0.3, required_pace=-0.2)) == "近五年未向目标靠近"
    assert required_text(row(unit="class_hours_per_school_year", pace=0.6, required_pace=0.2)) == ""


def test_a_pace_that_would_do_needs_a_reason_where_the_chance_is_low():
    eyes = row(pace=2.39, required_pace=0.445, probability=0.62)
    assert why_in_doubt(eyes, LIKE).endswith("走势相近的真实序列200条中131条到达")
    assert why_in_doubt(row(pace=2.39, required_pace=0.445, probability=0.8), LIKE) == ""
    assert why_in_doubt(row(pace=0.3, required_pace=0.445, probability=0.3), LIKE) == ""
    assert "相近" not in why_in_doubt(eyes, LIKE.iloc[:0])


@pytest.fixture(scope="module")
def pack():
    return open_pack("midterm_2025")


def test_the_best_years_are_named_and_left_out_if_the_plan_had_not_begun(pack):
    rows = {one.target_id: one for one in pack.assessment.itertuples()}
    # the kindergartens went fastest in 2016-2019, before the plan
    assert best_span(pack, rows["preschool_gross_enrolment_rate@2030"]) is None
    spans = [best_span(pack, one) for one in rows.values()]
    inside = [span for span in spans if span]
    assert len(inside) > 5 and all(last - first == 3 and last >= 2021 for first, last in inside)
    assert best_text((2019, 2022)) == "若恢复到2019—2022年的速度（近十年最快的三年）"
