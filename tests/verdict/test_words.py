"""The words of a verdict: exact sentences of rows by hand, and that they are made of the row alone."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from small_plan import counted, deaths, indicator, rate, rows, shares, target, told, verdicts_of

from xhcp_eval.verdict.settings import Settings
from xhcp_eval.verdict.words import REASONS, basis, data_status_text, explain

NAN = np.nan
RISING = range(60, 80, 2)


def say(verdicts, at=0, **changes):
    """Words of one row after some of its numbers were changed."""
    frame = verdicts.frame.iloc[[at]].reset_index(drop=True)
    for name, value in changes.items():
        frame[name] = [value]
    return explain(replace(verdicts, frame=frame)).iloc[0]


@pytest.fixture(scope="module")
def share():
    """A share of 10,000 that rose by 2 points a year to 78%; 90 are asked for in 2030."""
    return verdicts_of([indicator(targets=[target(2030, ">=", 90)])], counted(RISING, 10_000))


AHEAD = {"probability": 0.4, "pace": 2.0, "required_pace": 2.4, "forecast_pace": 1.5}


def test_a_target_ahead_word_by_word(share):
    row = say(share, **AHEAD)
    assert row["target_text"] == "≥90%" and row["latest_basis"] == "2025年"
    assert row["reason"] == "2025年78%（95%区间77.18–78.8%）；距目标差12个百分点；2030年达标的概率40%"
    assert (row["literal"], row["failures"], row["worst_unit"], row["data_status"]) == (
        "",
        "",
        "",
        "reported",
    )


def test_a_value_within_word_by_word(share):
    row = say(share, **AHEAD | {"gap": 0.0, "side": "目标以内", "required_pace": NAN, "probability": 0.995})
    assert row["reason"] == "2025年78%（95%区间77.18–78.8%）；现已达到目标值；2030年达标的概率>99%"
    row = say(share, **AHEAD | {"gap": 0.0, "side": "目标以内", "required_pace": NAN, "small_count": True})
    assert "；该值在目标值以内；" in row["reason"]
    # "reached" is said only of what lies within, whatever the gap
    for side, gap in (("目标以外", 0.0), ("目标以外", NAN), ("", NAN), ("", 3.0)):
        row = say(share, **AHEAD | {"gap": gap, "side": side})
        assert row["reason"] == "2025年78%（95%区间77.18–78.8%）；2030年达标的概率40%"


def test_once_its_year_has_come_only_the_distance_is_told(share):
    row = say(share, target_year=2025, gap=0.0, side="目标以内", probability=NAN, required_pace=NAN)
    assert row["reason"] == "2025年78%（95%区间77.18–78.8%）"
    row = say(share, target_year=2025, gap=1.5, probability=NAN, required_pace=NAN)
    assert row["reason"] == "2025年78%（95%区间77.18–78.8%）；距目标差1.5个百分点"


def test_an_interval_is_told_where_there_is_one(share):
    row = say(share, **AHEAD | {"latest_low": NAN, "latest_high": NAN})
    assert row["reason"] == "2025年78%；距目标差12个百分点；2030年达标的概率40%"


def test_the_level_of_an_interval_is_that_of_the_settings():
    demand = [rate(targets=[target(2025, "<=", 4.2)])]
    wide = told(demand, deaths([14] * 10)).iloc[0]["reason"]
    assert wide == (
        "2023—2025年合并4‰（95%区间2.88–5.41‰）；事件数过少，95%区间跨过目标值，好坏均不能断定（现值在目标以内）"
    )
    narrow = told(demand, deaths([14] * 10), settings=Settings(level=0.8)).iloc[0]["reason"]
    assert narrow.count("80%区间") == 2 and "95%" not in narrow


def test_an_old_figure_says_its_age(share):
    row = say(replace(share, until=2027), **AHEAD)
    assert row["reason"].endswith("；2030年达标的概率40%；最近一次数据为2025年")
    assert "最近一次" not in say(share, **AHEAD)["reason"]


def test_a_value_on_the_line_says_so(share):
    assert say(share, **AHEAD | {"on_line": True})["reason"].endswith("；数值恰在界限上（见A03）")


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        # quick enough so far, but the forecast isn't
        ({"pace": 2.4, "forecast_pace": 2.3}, "；近五年（2020—2025年）年均变化2.4个百分点，不低于所需的2.4个百分点，"
         "但照现在的趋势今后每年约2.3个百分点：类似序列的这种速度多不能持久"),
        # so is the forecast, but years swing
        ({"pace": 3.0, "forecast_pace": 2.4}, "；近五年（2020—2025年）年均变化3个百分点，不低于所需的2.4个百分点，"
         "预测中位数也可达标，但逐年波动大，落空的可能不小"),
        ({"pace": 2.39, "forecast_pace": 1.0}, ""),
        ({"pace": 3.0, "forecast_pace": 3.0, "probability": 0.7}, ""),
        ({"pace": 3.0, "forecast_pace": 3.0, "required_pace": NAN}, ""),
        ({"pace": NAN, "forecast_pace": 3.0}, ""),
        ({"pace": 3.0, "forecast_pace": 3.0, "probability": NAN}, ""),
        # downwards quick is less
        ({"pace": -3.0, "required_pace": -2.0, "forecast_pace": -1.0},
         "；近五年（2020—2025年）年均变化−3个百分点，不低于所需的−2个百分点，但照现在的趋势今后每年约−1个百分点：类似序列的这种速度多不能持久"),
        ({"pace": -1.0, "required_pace": -2.0, "forecast_pace": -1.0}, ""),
        ({"pace": -2.0, "required_pace": -2.0, "forecast_pace": -2.0},
         "；近五年（2020—2025年）年均变化−2个百分点，不低于所需的−2个百分点，预测中位数也可达标，但逐年波动大，落空的可能不小"),
    ],
)  # fmt: skip
def test_why_a_target_is_in_doubt_though_its_pace_would_do(share, numbers, said):
    plain = say(share, **AHEAD | {"pace": NAN, **{k: v for k, v in numbers.items() if k == "probability"}})
    assert say(share, **AHEAD | numbers)["reason"] == plain["reason"] + said


def test_the_doubt_begins_where_the_settings_say():
    demand = [indicator(targets=[target(2030, ">=", 90)])]
    verdicts = verdicts_of(demand, counted(RISING, 10_000), settings=Settings(likely=0.5, secure=0.6))
    quick = AHEAD | {"pace": 3.0}
    assert "近五年" in say(verdicts, **quick | {"probability": 0.49})["reason"]
    assert "近五年" not in say(verdicts, **quick | {"probability": 0.5})["reason"]


def test_every_year_and_the_years_that_failed():
    values = [95, 95, 95, 95, 80, 88, 89, 95, 87, 96]
    demand = [indicator(targets=[target("every_year", ">=", 90)])]
    verdicts = verdicts_of(demand, counted(values, 5000))
    row = say(verdicts, probability=0.62)
    assert row["failures"] == "2021年 88%；2022年 89%；2024年 87%"
    assert row["target_text"] == "≥90%（每年）"
    assert row["reason"] == (
        "2025年96%（95%区间95.42–96.51%）；规划期内未保持：2021年 88%；2022年 89%；2024年 87%；此后每年保持的概率62%"
    )
    # four are named, more are counted
    verdicts = verdicts_of(demand, counted([95] * 5 + [85, 86, 87, 88, 89], 5000))
    row = say(verdicts, probability=0.1)
    assert "规划期内未保持：2022年 86%；2023年 87%；2024年 88%；2025年 89%等5处；" in row["reason"]
    assert row["failures"].startswith("2021年 85%；2022年 86%")
    verdicts = verdicts_of(demand, counted([95] * 6 + [86, 87, 88, 89], 5000))
    assert "2022年 86%；2023年 87%；2024年 88%；2025年 89%；" in say(verdicts, probability=0.1)["reason"]


def test_pooled_years_that_failed_say_which():
    demand = [rate(targets=[target("every_year", "<=", 3)])]
    row = told(demand, deaths([3, 3, 3, 3, 3, 3, 60, 3, 3, 3])).iloc[0]
    assert row["failures"] == "2021—2022年合并 9‰；2021—2023年合并 6.29‰；2022—2024年合并 6.29‰"


def township(name, values, cases=2000, **columns):
    return counted(values, cases, region=f"甲区/{name}", level="township", **columns)


def test_units_are_named():
    demand = indicator(targets=[target("every_year", ">=", 90, aggregation="min_over_township")])
    parts = [township("东街道", [99] * 10), township("西镇", [97] * 8 + [85, 88])]
    row = told([demand], *parts).iloc[0]
    assert row["worst_unit"] == "西镇"
    assert row["failures"] == "2024年 西镇 85%；2025年 西镇 88%"
    assert row["reason"].startswith("最低为西镇：2025年88%（95%区间86.5")
    less = indicator(
        direction="down", targets=[target("every_year", "<=", 5, aggregation="min_over_township")]
    )
    row = told([less], township("东街道", [1] * 10), township("西镇", [3] * 10)).iloc[0]
    assert row["reason"].startswith("最高为西镇：2025年3%")
    fall = target(2030, "relative_change_vs_base", -20, base_year=2020, aggregation="min_over_township")
    row = told(
        [indicator(direction="down", targets=[fall])],
        township("东街道", [9] * 10),
        township("西镇", [30] * 10),
    )
    assert row.iloc[0]["reason"].startswith("最高为西镇：2025年30%")
    # the region's own series isn't one of its units
    assert (
        told([indicator(targets=[target(2030, ">=", 90)])], counted(RISING, 1000)).iloc[0]["worst_unit"] == ""
    )


# -- targets against a base ------------------------------------------------------------------------------------------


def text_of(demand, table, item=None, **options):
    return told([(item or indicator()) | {"targets": [demand]}], table, **options).iloc[0]["target_text"]


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"op": "trend_up"}, "较2020年的68%上升"),
        ({"op": "trend_down"}, "较2020年的68%下降"),
        ({"op": "trend_up", "floor": 80}, "较2020年的68%上升且≥80%"),
        ({"op": "trend_down", "floor": 60}, "较2020年的68%下降且≤60%"),
        ({"op": "no_worse_than"}, "不差于2020年的68%"),
        ({"op": "no_worse_than", "year": "every_year"}, "不差于2020年的68%（每年）"),
        ({"op": "no_worse_than", "value": 70}, "不差于2020年的70%"),
        ({"op": "relative_change_vs_base", "value": 25}, "较2020年的68%上升25%（≥85%）"),
        ({"op": "relative_change_vs_base", "value": 0.5}, "较2020年的68%上升0.5%（≥68.34%）"),
        ({"op": "relative_change_vs_base", "value": -12.5}, "较2020年的68%下降12.5%（≤59.5%）"),
        ({"op": "trend_up", "base_year": 2028}, "较2028年实际值上升"),
        ({"op": "trend_down", "base_year": 2028, "floor": 50}, "较2028年实际值下降且≤50%"),
        ({"op": "no_worse_than", "base_year": 2028, "year": "every_year"}, "较2028年实际值不变差（每年）"),
        ({"op": "trend_up", "base_year": 2018}, "较2018年的64%上升"),
        # nothing to compare with: as the plan has it
        ({"op": "relative_change_vs_base", "value": 25, "base_year": 2028}, "较2028年上升25%"),
        ({"op": "maintain", "base_year": None}, "保持"),
        ({"op": "<", "value": 90, "base_year": None}, "<90%"),
        ({"op": ">", "value": 90, "base_year": None, "year": "every_year"}, ">90%（每年）"),
    ],
)  # fmt: skip
def test_targets_in_words(fields, text):
    demand = target(**{"year": 2030, "base_year": 2020} | fields)
    assert text_of(demand, counted(RISING, 10_000)) == text


def test_a_pooled_base_names_its_years():
    demand = target(2030, "trend_down", base_year=2020)
    assert text_of(demand, deaths([14] * 10), rate()) == "较2018—2020年的4‰下降"


def test_at_the_end_of_the_scale_holding_is_enough():
    up, down = (target(2030, op, base_year=2020) for op in ("trend_up", "trend_down"))
    assert text_of(up, counted([100] * 10, 500)) == "较2020年的100%上升（基期已近上限，不降低即可）"
    assert text_of(down, counted([0] * 10, 500), indicator(direction="down")) == (
        "较2020年的0%下降（基期已无可降，不升高即可）"
    )
    floored = target(2030, "trend_up", base_year=2020, floor=99)
    assert (
        text_of(floored, counted([100] * 10, 500)) == "较2020年的100%上升（基期已近上限，不降低即可）且≥99%"
    )


def test_the_tolerance_in_words():
    demand = target(2030, "no_worse_than", base_year=2020)
    verdicts = verdicts_of([indicator(targets=[demand])], counted([68] * 9 + [67], 10_000))
    row = say(verdicts, probability=0.4, gap=1.0, tolerance=1.29, pace=NAN)
    assert row["reason"] == (
        "2025年67%（95%区间66.07–67.91%）；比基期差1个百分点，在允许的抽样误差1.29个百分点以内；2030年达标的概率40%"
    )
    row = say(verdicts, probability=0.4, gap=1.3, tolerance=1.29, pace=NAN)
    assert "；距目标差1.3个百分点；" in row["reason"]
    # just as much as is tolerated is tolerated
    assert "；比基期差1.29个百分点" in say(verdicts, gap=1.29, tolerance=1.29)["reason"]
    assert "；距目标差1个百分点；" in say(verdicts, gap=1.0, tolerance=1.29, held=False)["reason"]


# -- what a single year says by the letter -----------------------------------------------------------------------------


def literal(demand, table, item=None):
    return told([(item or rate()) | {"targets": [demand]}], table).iloc[0]["literal"]


def test_what_a_single_year_says_by_the_letter():
    table = deaths([14] * 9 + [10])
    tail = "；事件数少，统计上无信息量"
    assert literal(target(2025, "<=", 3), table) == "2025年单年 2.86‰（10/3,500），字面达到" + tail
    assert literal(target(2025, "<=", 2.5), table) == "2025年单年 2.86‰（10/3,500），字面未达到" + tail
    # on the bound itself
    exact = deaths([14] * 10)
    assert "字面达到" in literal(target(2025, "<=", 4), exact)
    assert "字面未达到" in literal(target(2025, "<", 4), exact)
    assert "字面达到" in literal(target(2025, "no_worse_than", base_year=2020), exact)
    assert "字面未达到" in literal(target(2025, "trend_down", base_year=2020), exact)
    # large counts, a base that isn't known: nothing to say
    assert literal(target(2025, ">=", 90), counted(RISING, 10_000), indicator()) == ""
    assert literal(target(2030, "relative_change_vs_base", -5, base_year=2028), table) == ""


def test_a_number_of_events_has_no_population():
    item = indicator(unit="count", kind="count", direction="down", upper=None)
    table = rows([9, 8, 9, 7, 8, 9, 8, 7, 9, 7], unit="count")
    assert literal(target(2025, "<=", 8), table, item).startswith("2025年单年 7（7），字面达到")


# -- every code --------------------------------------------------------------------------------------------------------


def row_of(item, *parts, **options):
    return told([item], *parts, **options).iloc[0]


def test_every_code_in_words():
    found = {}

    def note(item, *parts, **options):
        row = row_of(item, *parts, **options)
        found[row["reason_code"]] = row["reason"]

    plain, share = [target(2030, ">=", 90)], counted(RISING, 10_000)
    units = [target(2030, ">=", 90, aggregation="min_over_township")]
    memory = share.assign(status="recollection")
    note(indicator(targets=[target(2030, "maintain")]), share)
    note(indicator(targets=plain), memory, use_recollection=True)
    note(indicator(targets=units), counted([98] * 10, 4000))
    note(indicator(targets=[target(2030, "relative_change_vs_base", 5, base_year=2028)]), share)
    note(indicator(targets=[target(2030, ">=", 90, pending="未规定数值（A21）")]), share)
    note(indicator(targets=[target("every_year", ">=", 78)]), share)
    note(rate(targets=[target(2025, "<=", 4.2)]), deaths([14] * 10))
    note(indicator(targets=[target(2025, ">=", 78)]), shares([38] * 10, 50, status="survey"))
    note(indicator(targets=[target(2025, "trend_up", base_year=2020)]), counted([50] * 10, 2000))
    note(indicator(targets=plain), rows([78.0], years=[2025]))
    note(indicator(targets=plain), share)
    note(indicator(targets=[target(2025, ">=", 80)]), share)
    by_hand = {
        "maintain": "规划未规定数值，须按制度是否落实评分",
        "only_recollection": "只有待核实的数字（凭回忆录入或只见一处），不能作为判定依据",
        "no_units": "缺少分乡镇（街道、学校）数据，不能逐单位判定；全区平均 98% 不能代替逐单位判定",
        "no_base": "缺少2028年基期值，无从比较",
        "few_events": "2023—2025年合并4‰（95%区间2.88–5.41‰）；事件数过少，95%区间跨过目标值，好坏均不能断定（现值在目标以内）",
        "no_clear_change": "2025年50%（95%区间47.81–52.19%）；与基期之差在通常波动或误差之内，看不出升降（现值在目标以外）；数值恰在界限上（见A03）",
        "one_point": "2025年78%；距目标差12个百分点；只有一个数据点，不能外推（现值在目标以外）",
        "reported": "2025年78%（95%区间77.18–78.8%）；距目标差2个百分点",
    }  # fmt: skip
    for code, reason in by_hand.items():
        assert found[code] == reason, code
    assert found["pending"].startswith(
        "未规定数值（A21）；2025年78%（95%区间77.18–78.8%）；距目标差12个百分点；2030年达标的概率"
    )
    assert found["not_kept"].startswith(
        "2025年78%（95%区间77.18–78.8%）；规划期内未保持：2021年 70%；2022年 72%；2023年 74%"
    )
    assert found["sampling"] == (
        "2025年76%（95%区间61.83–86.94%）；距目标差2个百分点；抽样误差大，95%区间跨过目标值，好坏均不能断定（现值在目标以外）"
    )
    assert found["probability"].startswith(
        "2025年78%（95%区间77.18–78.8%）；距目标差12个百分点；2030年达标的概率"
    )
    named = {*found, "not_reported", "no_gap_counts", "no_gap_base", "described", "done", "not_done"}
    assert named == set(REASONS)


def test_what_was_not_reported_and_what_waits_for_a_check():
    items = [indicator(targets=[target(2030, ">=", 90)]),
             indicator(id="y", name="乙", targets=[target(2030, ">=", 90, status="recollection")])]  # fmt: skip
    frame = told(items, counted(RISING, 1000, name="y"))
    assert frame["reason"][0] == "截至2025年没有填报数据"
    assert frame["reason"][1].startswith("目标值凭回忆录入，待核实后方可判定；2025年78%")


def test_units_without_any_figure_of_the_region():
    units = [target(2030, ">=", 90, aggregation="min_over_township")]
    frame = told([indicator(targets=units), indicator(id="y", name="乙")], counted(RISING, 1000, name="y"))
    assert frame["reason"][0] == "缺少分乡镇（街道、学校）数据，不能逐单位判定"
    # no series at all
    frame = told([indicator(targets=units)], counted(RISING, 1000, sex="male"))
    assert frame["reason"][0] == "缺少分乡镇（街道、学校）数据，不能逐单位判定"


def test_milestones_in_words():
    names = ["m1", "m2", "m3"]
    table = pd.concat(
        [counted(RISING, 1000), rows([0, 1], years=[2024, 2025], name="m1", unit="binary"),
         rows([0], years=[2024], name="m2", unit="binary", status="verified")]
    )  # fmt: skip
    frame = told([indicator()], table, milestones=names).set_index("target_id")
    assert frame["reason"].to_dict() == {
        "m1": "2025年已完成", "m2": "截至2024年尚未完成；是否完成不能由趋势外推", "m3": "没有填报完成情况",
    }  # fmt: skip
    assert set(frame["target_text"]) == {"完成"}
    assert frame["data_status"].tolist() == ["reported", "verified", ""]
    assert frame["latest_basis"].tolist() == ["2025年", "2024年", ""]
    assert set(frame["literal"]) == {""}


# -- gaps --------------------------------------------------------------------------------------------------------------


def gap(kind="urban_rural", year=2025):
    return {
        "id": "g", "name": "差距", "goal": "health.1", "unit": "permille_points", "kind": "gap", "departments": [],
        "direction": "toward_zero", "derived_from": {"indicator": "x", "gap": kind},
        "targets": [target(year, "trend_down", base_year=2020)],
    }  # fmt: skip


def sides(rural, urban, births=3500, status=("reported", "verified")):
    return pd.concat(
        [deaths(rural, births, residence="rural", status=status[0]), deaths(urban, births, residence="urban", status=status[1])]
    )  # fmt: skip


def test_an_open_gap_word_by_word():
    verdicts = verdicts_of([gap(), rate()], sides([14] * 10, [7] * 9 + [8]))
    row = say(verdicts, narrowed=0.52, probability=NAN)
    assert row["target_text"] == "差距较2019—2021年缩小"
    assert row["reason"] == (
        "2023—2025年合并农村4‰（42例）、城镇2.1‰（22例），差距1.9个千分点，基期2个千分点；差距缩小的把握52%，"
        "事件数过少，看不出是否缩小（现值在目标以内）"
    )
    assert row["data_status"] == "reported、verified" and row["literal"] == "" and row["worst_unit"] == ""
    row = say(verdicts, narrowed=0.99, trend_word="改善", probability=0.8, target_year=2030)
    assert row["reason"].endswith("差距缩小的把握99%；2030年达标的概率80%")
    row = say(verdicts, narrowed=0.99, trend_word="改善", probability=NAN, target_year=2030)
    assert row["reason"].endswith("差距缩小的把握99%")


def test_gaps_that_lack_something():
    missing = told([gap(), rate()], deaths([14] * 10)).iloc[0]
    assert missing["reason"] == "缺少分城乡的分子、分母"
    assert missing["target_text"] == "较2020年下降" and missing["data_status"] == ""
    table = sides([14] * 10, [7] * 10)
    early = told([gap(), rate()], table[table["year"] != 2021]).iloc[0]
    assert early["reason"] == "缺少2019—2021年基期数据，或其后尚无数据"
    one_side = told([gap(), rate()], table[table["residence"] == "rural"]).iloc[0]
    assert one_side["data_status"] == "reported"


def test_the_spread_of_townships_word_by_word():
    parts = [deaths([2] * 10, 700, region="甲区/东街道", level="township"),
             deaths([1] * 10, 500, region="甲区/西镇", level="township"),
             deaths([1] * 10, 600, region="甲区/北镇", level="township"), deaths([40] * 10, 1800)]  # fmt: skip
    row = told([gap("area"), rate()], *parts).iloc[0]
    # 6 of 2,100: Garwood 2.202 to 13.059 events; 3 of 1,800: 0.619 to 8.767
    assert row["target_text"] == "地区差距缩小"
    assert row["reason"] == (
        "仅作描述，不作判定：2023—2025年合并最高东街道2.86‰（95%区间1.05‰—6.22‰），"
        "最低北镇1.67‰（95%区间0.34‰—4.87‰）；乡镇（街道）合并三年仍事件过少，不宜排序"
    )
    only = [part[part["year"] == 2025] for part in parts]
    row = told([gap("area"), rate()], *only).iloc[0]
    assert row["reason"].startswith("仅作描述，不作判定：2025年最高东街道2.86‰（")
    none = told([gap("area"), rate()], deaths([4] * 10, 1800)).iloc[0]
    assert none["reason"] == "缺少分乡镇（街道）的分子、分母"


# -- small words -------------------------------------------------------------------------------------------------------


def test_years_in_words():
    assert basis(2025, 2025) == "2025年"
    assert basis(2023, 2025) == "2023—2025年合并"
    assert basis(NAN, NAN) == ""


def test_statuses_of_data_in_words():
    assert data_status_text("verified、survey") == "已核实、抽样调查"
    assert data_status_text("reported、别的") == "部门填报、别的"
    assert data_status_text("") == ""


def test_data_statuses_are_named_once_in_order_of_years():
    table = counted(RISING, 1000).assign(
        status=["verified", "reported", "survey", "verified"] + ["reported"] * 6
    )
    assert (
        row_of(indicator(targets=[target(2030, ">=", 90)]), table)["data_status"]
        == "verified、reported、survey"
    )


# -- words are made of the row alone -----------------------------------------------------------------------------------

MANY = [
    indicator(targets=[target(2030, ">=", 90), target("every_year", ">=", 70, reading="b"),
                       target(2030, "trend_up", base_year=2020, text_ref="s")]),
    rate(id="y", name="率", targets=[target(2025, "<=", 4.2), target(2030, "no_worse_than", base_year=2020)]),
]  # fmt: skip


def test_in_any_order_of_rows_the_words_are_the_same():
    parts = [
        counted(RISING, 1000, region="甲县"), counted([71, 72, 69, 70, 71, 69, 73, 74, 70, 68], 4000, region="乙县"),
        deaths([14] * 10, name="y", region="甲县"), deaths([3, 9, 2, 8, 1, 7, 12, 4, 5, 6], name="y", region="乙县"),
    ]  # fmt: skip
    verdicts = verdicts_of(MANY, *parts, milestones=["m1"], regions=["甲县", "乙县"])
    before = verdicts.frame.copy()
    words = explain(verdicts).set_index(["region", "target_id"])
    assert verdicts.frame.equals(before), "they change nothing that was judged"
    assert words.index.is_unique and len(words) == 12 and words["reason"].nunique() == 11
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(len(before))
        mixed = explain(replace(verdicts, frame=before.iloc[order])).set_index(["region", "target_id"])
        pd.testing.assert_frame_equal(mixed.loc[words.index], words)
    # a region by itself, and a single row
    alone = explain(verdicts.region("乙县")).set_index(["region", "target_id"])
    pd.testing.assert_frame_equal(alone, words.loc[alone.index])
    one = explain(replace(verdicts, frame=before.iloc[[7]])).set_index(["region", "target_id"])
    pd.testing.assert_frame_equal(one, words.loc[one.index])


def test_numbers_of_the_frame_are_left_as_they_are(share):
    words = explain(share)
    for name in share.frame.columns:
        if share.frame[name].dtype == "category":
            assert words[name].tolist() == share.frame[name].astype(str).tolist()
        else:
            pd.testing.assert_series_equal(words[name], share.frame[name])
