"""Every kind of target on a plan small enough to work out by hand."""

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from xhcp_eval.assessment import assess, goal_verdicts, make_case

from xhcp_eval.observations import read_table
from xhcp_eval.plan import load_plan

PLAN = {
    "id": "mini", "name": "小规划", "region": "甲区", "level": "district", "base_year": 2020, "start_year": 2021,
    "midterm_year": 2025, "end_year": 2030, "domains": [{"id": "health", "name": "健康"}],
}  # fmt: skip
GOALS = [
    {"id": "health.1", "domain": "health", "number": 1, "name": "有数的目标", "kind": "quantified", "indicators": ["x"]},
    {"id": "health.2", "domain": "health", "number": 2, "name": "无数的目标", "kind": "qualitative"},
]  # fmt: skip
YEARS = range(2016, 2026)


def indicator(**fields):
    base = {
        "id": "x", "name": "指标甲", "goal": "health.1", "unit": "percent", "kind": "proportion", "lower": 0,
        "upper": 100, "direction": "up", "departments": ["区卫健委"], "targets": [],
    }  # fmt: skip
    return base | fields


def target(year, op, value=None, **fields):
    found = {"year": year, "op": op, "value": value, "level": "district", "text_ref": "health.1", **fields}
    return {key: item for key, item in found.items() if item is not None}


def rows(values, region="甲区", level="district", name="x", unit="percent", years=YEARS, **columns):
    frame = pd.DataFrame({"year": list(years), "value": list(values)}).assign(
        indicator=name, region=region, level=level, unit=unit, status="reported", source="填报表", **columns
    )
    return frame


@pytest.fixture
def judge(tmp_path):
    """Write plan and table as files, read them as a user's would be, and judge."""

    def run(indicators, table, as_of=2025, milestones=(), **options):
        folder = tmp_path / "mini"
        folder.mkdir(exist_ok=True)
        strategy = {
            "id": "health.s.1",
            "domain": "health",
            "number": 1,
            "name": "策略",
            "goals": ["health.1"],
        }
        commitments = [{"what_zh": "建成平台", "op": "milestone", "milestone_id": m} for m in milestones]
        content = {
            "plan": PLAN,
            "goals": {"goals": [GOALS[0] | {"indicators": [i["id"] for i in indicators]}, GOALS[1]]},
            "indicators": {"indicators": indicators},
            "strategies": {"strategies": [strategy | {"commitments": commitments}]},
        }
        for name, data in content.items():
            text = yaml.safe_dump(data, allow_unicode=True)
            (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
        plan = load_plan(folder)
        path = tmp_path / "table.csv"
        table.to_csv(path, index=False, encoding="utf-8")
        case = make_case(read_table(path, plan), plan, as_of=as_of, **options)
        return assess(case), plan

    return run


def only(frame, **where):
    for column, value in where.items():
        frame = frame[frame[column] == value]
    assert len(frame) == 1, frame
    return frame.iloc[0]


def counted(values, cases):
    """Rows of a proportion with counts that give the values exactly."""
    return rows(values, numerator=[round(v / 100 * cases) for v in values], denominator=cases)


def test_threshold_missed_by_its_year(judge):
    frame, _ = judge(
        [indicator(targets=[target(2025, ">=", 93)])], counted([86, 87, 88, 89, 90, 90, 91, 91, 92, 92], 1000)
    )
    row = frame.iloc[0]
    assert row["status"] == "未达标"
    assert row["gap"] == pytest.approx(1.0) and row["children"] == 10
    assert row["base_value"] == 90 and row["covered"] == pytest.approx((92 - 90) / (93 - 90))
    assert np.isnan(row["probability"])


def test_threshold_on_the_line_is_met_and_flagged(judge):
    row = judge([indicator(targets=[target(2025, ">=", 92)])], counted([92] * 10, 1000))[0].iloc[0]
    assert row["status"] == "已达标" and row["on_line"] and row["gap"] == 0


def test_required_pace_and_recent_pace_ahead(judge):
    row = judge([indicator(targets=[target(2030, ">=", 90)])], counted(range(60, 80, 2), 10_000))[0].iloc[0]
    assert row["latest_value"] == 78
    assert row["pace"] == pytest.approx(2.0)
    assert row["required_pace"] == pytest.approx((90 - 78) / 5)
    assert row["children"] == 1200
    assert 0 < row["probability"] < 0.5


def test_far_target_is_unlikely_and_near_one_likely(judge):
    targets = [target(2030, ">=", 62), target(2030, ">=", 99, reading="far", role="watch", anomaly=None)]
    frame, _ = judge(
        [indicator(targets=targets)],
        counted([57.1, 57.9, 58.2, 58.8, 59.2, 59.8, 60.1, 60.7, 61.1, 61.7], 100_000),
    )
    assert only(frame, role="verdict")["own_status"] == "预期可达标"
    assert only(frame, role="watch")["own_status"] == "难以达标"


def deaths(per_year, births=3500, **columns):
    return rows(
        [1000 * d / births for d in per_year],
        unit="permille",
        numerator=per_year,
        denominator=births,
        **columns,
    )


def rate(**fields):
    return indicator(unit="permille", kind="rate", upper=1000, direction="down", **fields)


def test_small_counts_are_pooled_and_not_judged_alone(judge):
    # 14 deaths in 3,500 births is 4 per mille; three years: 42 of 10,500, interval 2.88 to 5.41
    frame, _ = judge(
        [rate(targets=[target(2025, "<=", 4.2)])], deaths([16, 15, 17, 14, 15, 16, 13, 14, 14, 14])
    )
    row = frame.iloc[0]
    assert row["status"] == "无法判定" and row["small_count"]
    assert row["latest_value"] == pytest.approx(4.0)
    assert (row["latest_low"], row["latest_high"]) == pytest.approx((2.883, 5.407), abs=2e-3)
    assert row["latest_basis"] == "2023—2025年合并"
    assert "字面达到" in row["literal"] and "统计上无信息量" in row["literal"]


def test_one_lucky_year_is_no_pass(judge):
    # the last year alone is far below the ceiling; the three years together aren't
    row = judge([rate(targets=[target(2025, "<=", 3)])], deaths([14, 14, 15, 13, 14, 14, 14, 15, 14, 2]))[
        0
    ].iloc[0]
    assert row["status"] == "无法判定"
    assert "字面达到" in row["literal"]


def test_plainly_low_counts_do_pass(judge):
    row = judge([rate(targets=[target(2025, "<=", 6)])], deaths([14] * 10))[0].iloc[0]
    assert row["status"] == "已达标"


def test_differing_readings_are_disputed_and_both_printed(judge):
    targets = [target(2030, "<=", 14, reading="literal"), target(2030, "<=", 4, reading="strict")]
    frame, _ = judge([rate(targets=targets)], deaths([15] * 10))
    assert frame["own_status"].tolist() == ["已达标", "无法判定"]
    assert set(frame["status"]) == {"待裁定"} and frame["question"].nunique() == 1


def test_agreeing_readings_are_not_disputed(judge):
    targets = [target(2030, "<=", 12, reading="literal"), target(2030, "<=", 11, reading="strict")]
    frame, _ = judge([rate(targets=targets)], deaths([15] * 10))
    assert set(frame["status"]) == {"已达标"}


def test_relative_change_against_a_pooled_base(judge):
    # 2018-2020: 30 deaths of 210,000 child-years, 14.29 per 100,000; minus 20% is 11.43
    counts = [10, 10, 10, 10, 10, 9, 9, 9, 8, 7]
    injury = indicator(unit="per_100k", kind="rate", upper=100_000, direction="down",
                       targets=[target(2025, "relative_change_vs_base", -20, base_year=2020)])  # fmt: skip
    table = rows([d / 0.7 for d in counts], unit="per_100k", numerator=counts, denominator=70_000)
    row = judge([injury], table)[0].iloc[0]
    assert row["base_value"] == pytest.approx(100_000 * 30 / 210_000)
    assert row["target_value"] == pytest.approx(100_000 * 30 / 210_000 * 0.8)
    assert row["latest_value"] == pytest.approx(100_000 * 24 / 210_000)
    assert row["status"] == "无法判定"


def test_relative_change_of_large_counts_is_judged(judge):
    counts = [4000, 3950, 4020, 4000, 4000, 3700, 3500, 3300, 3150, 3000]
    large = indicator(unit="per_100k", kind="rate", upper=100_000, direction="down",
                      targets=[target(2025, "relative_change_vs_base", -20, base_year=2020)])  # fmt: skip
    table = rows([d / 0.7 for d in counts], unit="per_100k", numerator=counts, denominator=70_000)
    row = judge([large], table)[0].iloc[0]
    assert row["target_value"] == pytest.approx(4000 / 0.7 * 0.8)
    assert row["status"] == "已达标"


@pytest.mark.parametrize(
    ("last", "word", "status"),
    [(60, "改善", "已达标"), (40, "恶化", "未达标"), (50.5, "无法判定", "无法判定")],
)
def test_trend_needs_more_than_noise(judge, last, word, status):
    values = [50, 50, 50, 50, 50, 50, 50, 50, 50, last]
    row = judge([indicator(targets=[target(2025, "trend_up", base_year=2020)])], counted(values, 2000))[
        0
    ].iloc[0]
    assert (row["trend_word"], row["status"]) == (word, status)


def test_a_swing_is_no_trend_however_large_the_counts(judge):
    values = [44, 50, 45, 51, 43, 50, 44, 51, 45, 50]
    demand = target(2025, "trend_up", base_year=2020)
    base = counted([*values[:4], 44, *values[5:]], 50_000)
    row = judge([indicator(targets=[demand])], base)[0].iloc[0]
    assert (row["trend_word"], row["status"]) == ("无法判定", "无法判定")


def test_trend_without_counts_needs_the_preset_change(judge):
    hours = indicator(
        unit="hours_per_week", kind="mean", upper=None, targets=[target(2025, "trend_up", base_year=2020)]
    )
    small = judge([hours], rows([10] * 9 + [10.1], unit="hours_per_week"))[0].iloc[0]
    large = judge([hours], rows([10] * 9 + [10.5], unit="hours_per_week"))[0].iloc[0]
    assert (small["trend_word"], small["status"]) == ("基本持平", "无法判定")
    assert (large["trend_word"], large["status"]) == ("改善", "已达标")


def test_trend_at_the_ceiling_counts_holding_as_improved(judge):
    row = judge([indicator(targets=[target(2025, "trend_up", base_year=2020)])], counted([100] * 10, 1000))[
        0
    ].iloc[0]
    assert row["status"] == "已达标"


def test_trend_against_a_later_base_keeps_its_floor(judge):
    # "on this basis": above the actual value of 2025 and above the 60 of 2025's target
    demand = target(2030, "trend_up", base_year=2025, floor=60)
    below = judge([indicator(targets=[demand])], counted([50, 51, 52, 53, 54, 54, 55, 55, 56, 56], 5000))[
        0
    ].iloc[0]
    assert below["target_value"] == 60
    ahead = judge(
        [indicator(targets=[demand])], counted([50, 51, 52, 53, 54, 54, 55, 55, 56, 56], 5000), as_of=2023
    )
    assert 0 < ahead[0].iloc[0]["probability"] < below["probability"] + 0.5


def test_base_established_later_is_named(judge):
    table = rows([10.0, 12.0, 14.0], years=[2022, 2024, 2025])
    row = judge([indicator(targets=[target(2030, "trend_up", base_year=2020)])], table)[0].iloc[0]
    assert row["base_year"] == 2022 and "2022年" in row["target_text"]


def test_no_worse_than_allows_the_sampling_interval(judge):
    # 170 of 1,000 in 2020, interval 14.8 to 19.5: 18 isn't worse, 22 is
    demand = indicator(direction="down", targets=[target(2025, "no_worse_than", base_year=2020)])
    same = judge([demand], counted([17] * 9 + [18], 1000))[0].iloc[0]
    worse = judge([demand], counted([17] * 9 + [22], 1000))[0].iloc[0]
    assert (same["status"], worse["status"]) == ("已达标", "未达标")


def test_no_worse_than_a_printed_value(judge):
    demand = indicator(targets=[target(2025, "no_worse_than", 99, base_year=2020)])
    assert judge([demand], counted([99] * 9 + [98.5], 1000))[0].iloc[0]["status"] == "未达标"


def test_every_year_is_broken_by_one_year(judge):
    values = [95, 95, 95, 95, 95, 95, 89, 95, 95, 95]
    row = judge([indicator(targets=[target("every_year", ">=", 90)])], counted(values, 5000))[0].iloc[0]
    assert row["status"] == "未达标" and "2022年 89%" in row["failures"]
    assert row["probability"] > 0.5, "the chance of keeping it from now on is still told"


def test_every_year_before_the_plan_does_not_count(judge):
    values = [80, 80, 95, 95, 95, 95, 95, 95, 95, 95]
    row = judge([indicator(targets=[target("every_year", ">=", 90)])], counted(values, 5000))[0].iloc[0]
    assert row["failures"] == "" and row["status"] != "未达标"


def test_every_township_is_judged_on_the_lowest(judge):
    demand = indicator(targets=[target("every_year", ">=", 90, aggregation="min_over_township")])
    mean, good = (
        counted([98] * 10, 4000),
        counted([99] * 10, 2000).assign(region="甲区/东街道", level="township"),
    )
    bad = counted([97] * 9 + [88], 200).assign(region="甲区/西镇", level="township")
    row = judge([demand], pd.concat([mean, good, bad]))[0].iloc[0]
    assert row["status"] == "未达标" and row["worst_unit"] == "西镇" and row["latest_value"] == 88


def test_a_tiny_township_is_pooled_over_two_years(judge):
    # 17 of 20 is 85%, with 20 of 20 the year before 92.5%
    demand = indicator(targets=[target("every_year", ">=", 90, aggregation="min_over_township")])
    tiny = counted([100] * 9 + [85], 20).assign(region="甲区/西镇", level="township")
    row = judge([demand], tiny)[0].iloc[0]
    assert row["latest_value"] == pytest.approx(92.5) and row["latest_basis"] == "2024—2025年合并"


def test_the_mean_of_townships_cannot_stand_for_them(judge):
    demand = indicator(targets=[target("every_year", ">=", 90, aggregation="min_over_township")])
    row = judge([demand], counted([98] * 10, 4000))[0].iloc[0]
    assert row["status"] == "缺数据" and "不能代替" in row["reason"]


def gap_of(kind="urban_rural"):
    return indicator(id="g", name="差距", unit="permille_points", kind="gap", lower=None, upper=None,
                     direction="toward_zero", derived_from={"indicator": "x", "gap": kind},
                     targets=[target(2025, "trend_down", base_year=2020)])  # fmt: skip


def sides(rural, urban, births):
    total = deaths([r + u for r, u in zip(rural, urban, strict=True)], 2 * births)
    return pd.concat(
        [total, deaths(rural, births, residence="rural"), deaths(urban, births, residence="urban")]
    )


def test_gap_of_large_counts_narrows(judge):
    table = sides([4000] * 7 + [2200] * 3, [2000] * 10, 200_000)
    row = only(judge([rate(), gap_of()], table)[0], indicator="g")
    assert row["base_value"] == pytest.approx(10.0) and row["latest_value"] == pytest.approx(1.0)
    assert (row["trend_word"], row["status"]) == ("改善", "已达标")


def test_gap_of_a_few_deaths_cannot_be_told(judge):
    table = sides([2, 3, 2, 1, 2, 3, 2, 2, 1, 2], [7, 8, 7, 8, 7, 7, 6, 7, 8, 7], 1750)
    row = only(judge([rate(), gap_of()], table)[0], indicator="g")
    assert (row["trend_word"], row["status"]) == ("无法判定", "无法判定")


def test_spread_of_townships_is_described_not_judged(judge):
    parts = [deaths([2] * 10, 700).assign(region="甲区/东街道", level="township"),
             deaths([1] * 10, 300).assign(region="甲区/西镇", level="township")]  # fmt: skip
    row = only(judge([rate(), gap_of("area")], pd.concat([deaths([3] * 10, 1000), *parts]))[0], indicator="g")
    assert row["status"] == "不作判定" and "不宜排序" in row["reason"]


def test_milestones_are_done_or_open(judge):
    done = rows([0, 1], years=[2024, 2025], name="health.s.1.m1", unit="binary")
    frame, _ = judge(
        [indicator()],
        pd.concat([counted([50] * 10, 100), done]),
        milestones=["health.s.1.m1", "health.s.1.m2"],
    )
    assert only(frame, target_id="health.s.1.m1")["status"] == "已达标"
    assert only(frame, target_id="health.s.1.m2")["status"] == "缺数据"
    open_ = rows([0], years=[2025], name="health.s.1.m1", unit="binary")
    frame, _ = judge([indicator()], pd.concat([counted([50] * 10, 100), open_]), milestones=["health.s.1.m1"])
    assert only(frame, target_id="health.s.1.m1")["status"] == "存在风险"


def test_a_recollection_never_carries_a_verdict(judge):
    table = counted([80, 82, 84, 86, 88, 90, 91, 92, 93, 94], 1000)
    table.loc[table["year"] > 2023, "status"] = "recollection"
    demand = indicator(targets=[target(2030, ">=", 93)])
    without = judge([demand], table)[0].iloc[0]
    with_ = judge([demand], table, use_recollection=True)[0].iloc[0]
    assert without["latest_year"] == with_["latest_year"] == 2023
    assert with_["probability"] > without["probability"], "the trend may use it"


def test_a_target_from_memory_is_not_judged(judge):
    row = judge(
        [indicator(targets=[target(2025, ">=", 93, status="recollection")])], counted([95] * 10, 1000)
    )[0].iloc[0]
    assert row["status"] == "不作判定" and "待核实" in row["reason"]


def test_a_target_that_the_issuer_has_to_settle_first_is_not_judged(judge):
    demand = target(2030, "trend_up", base_year=2020, pending="未规定数值（A21）")
    row = judge([indicator(targets=[demand])], counted(range(60, 80, 2), 5000))[0].iloc[0]
    assert row["status"] == "不作判定" and row["reason"].startswith("未规定数值（A21）")
    assert row["probability"] > 0.5, "what is known is shown all the same"


def test_one_figure_is_not_extrapolated(judge):
    row = judge([indicator(targets=[target(2030, ">=", 93)])], rows([95], years=[2025]))[0].iloc[0]
    assert row["status"] == "无法判定" and "不能外推" in row["reason"]


def test_a_definition_break_leaves_earlier_years_out(judge):
    table = counted([50] * 6 + [70, 71, 72, 73], 1000).assign(
        series_break=[False] * 6 + [True, False, False, False]
    )
    row = judge([indicator(targets=[target(2030, ">=", 75)])], table)[0].iloc[0]
    assert row["n_points"] == 4 and row["pace"] == pytest.approx(1.0)


def test_a_goal_takes_its_worst_last_year_target(judge):
    targets = [target(2030, ">=", 25), target(2030, ">=", 99, text_ref="health.s.1")]
    frame, plan = judge([indicator(targets=targets)], counted([50] * 10, 5000))
    goals = goal_verdicts(plan, frame).set_index("goal")
    assert goals.loc["health.1", "status"] == "已达标", "a strategy's target doesn't decide its goal"
    assert goals.loc["health.2", "status"] == "不作判定" and "证据" in goals.loc["health.2", "reason"]


@settings(max_examples=15, deadline=None)
@given(bounds=st.lists(st.floats(20, 80), min_size=2, max_size=4, unique=True), start=st.floats(30, 60))
def test_probability_falls_as_the_target_rises(tmp_path_factory, bounds, start):
    frame = _judge_once(tmp_path_factory, start, bounds)
    ordered = frame.sort_values("target_value")
    assert (ordered["probability"].diff().dropna() <= 0).all()
    assert ordered["probability"].between(0, 1, inclusive="neither").all()
    expected = np.maximum(0, ordered["target_value"] - ordered["latest_value"])
    assert ordered["gap"].to_numpy() == pytest.approx(expected.to_numpy())


def _judge_once(factory, start, bounds, unit="percent", scale=1.0):
    folder = factory.mktemp("mini")
    item = indicator(unit=unit, kind="mean", upper=None, lower=None,
                     targets=[target(2030, ">=", b * scale, reading=f"r{k}") for k, b in enumerate(bounds)])  # fmt: skip
    for name, data in {
        "plan": PLAN,
        "goals": {"goals": [GOALS[0]]},
        "indicators": {"indicators": [item]},
    }.items():
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    wave = start + np.array([0, 1, -1, 2, 1, 3, 2, 4, 3, 5])
    plan = load_plan(folder)
    rows(wave * scale, unit=unit).to_csv(folder / "t.csv", index=False, encoding="utf-8")
    return assess(make_case(read_table(folder / "t.csv", plan), plan))


@pytest.mark.parametrize("scale", [0.1, 10.0])
def test_probability_does_not_depend_on_the_unit(tmp_path_factory, scale):
    plain = _judge_once(tmp_path_factory, 40.0, [44.0, 47.0])
    scaled = _judge_once(tmp_path_factory, 40.0, [44.0, 47.0], scale=scale)
    assert scaled["probability"].to_numpy() == pytest.approx(plain["probability"].to_numpy(), abs=0.002)
