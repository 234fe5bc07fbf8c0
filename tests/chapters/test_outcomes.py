"""What became of a forecast is told as the report itself tells it."""

from xhcp_eval.chapters.outcomes import outcome_table
from xhcp_eval.pack.pack import open_pack


def test_the_final_report_says_one_thing_of_a_target():
    pack = open_pack("final_2030")
    frame = outcome_table(pack).frame
    own = pack.assessment.set_index("indicator_name")["own_status"]
    for name in ("儿童健康素养水平", "儿童安全座椅使用率"):
        assert set(frame.loc[frame["indicator"] == name, "outcome_status"]) == {"已达标"} == {own[name]}


def test_promises_that_were_kept_after_the_forecast_are_no_failures():
    rows = open_pack("final_2030").outcomes.set_index("target_id")
    for name in ("nip_vaccination_coverage@every_year", "township_myopia_review_coverage@every_year"):
        assert rows.loc[name, "met"] == 1
    published = rows.loc["child_product_sampling_pass_rate@2030"]
    assert round(published["origin_value"], 2) == 97.78 and round(published["probability"], 2) == 0.86
