from xhcp_eval.chapters.wording.causes import claims_cause, part_of


def test_no_sentence_claims_a_cause_that_no_design_shows():
    assert claims_cause("由于投入不足，导致覆盖率下降") == ["由于", "导致"]
    assert claims_cause("得益于措施", shown=True) == claims_cause("其中示范一街道占34%") == []


def test_where_a_shortfall_lies():
    places = [("示范一街道", 153.6), ("示范甲镇", 84.5), ("示范乙镇", 56.0)]
    assert part_of(places, 455, "名儿童") == "其中示范一街道154名、示范甲镇84名、示范乙镇56名，占65%"
    assert part_of([], 455, "名儿童") == ""
