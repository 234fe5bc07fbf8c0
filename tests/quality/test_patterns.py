"""Figures that nobody counted: repeated, rounded, smoothed; and counted ones that pass."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from xhcp_eval.errors import DataError
from xhcp_eval.observations.table import COLUMNS, DEFAULTS
from xhcp_eval.plan.reading import load_plan
from xhcp_eval.quality.counts import fractions, mismatches
from xhcp_eval.quality.heaping import heaped, last_digits
from xhcp_eval.quality.repeats import carried_over, same_elsewhere
from xhcp_eval.quality.smoothness import dispersion, too_smooth

PLAN = load_plan("xinhua_2021_2030")
KINDS = {i.id: i.kind for i in PLAN.indicators}
EYES, VISITS, UNDER7 = "eye_exam_coverage_0_6", "neonatal_visit_rate", "under7_health_management_rate"
YEARS = np.arange(2015, 2026)


def counted(numerator, denominator, indicator=EYES, region="新华区", digits=2, **columns):
    x, n = np.asarray(numerator, float), np.broadcast_to(np.asarray(denominator, float), np.shape(numerator))
    facts = {"indicator": indicator, "region": region, "level": "township" if "/" in region else "district",
             "unit": "percent", "status": "reported", "source": "表"}  # fmt: skip
    table = pd.DataFrame(
        {"year": YEARS[-len(x) :], "numerator": x, "denominator": n, "value": np.round(100 * x / n, digits)}
    )
    return table.assign(**({k: v for k, v in DEFAULTS.items() if k not in table} | facts | columns))[
        list(COLUMNS)
    ]


def plain(values, indicator=EYES, **columns):
    return counted([1.0] * len(values), 1.0, indicator).assign(
        value=values, numerator=np.nan, denominator=np.nan, **columns
    )


def drawn(seed, indicator=EYES, region="新华区", cases=4000, share=0.8):
    """Counts as counting gives them round a smooth rise."""
    rng = np.random.default_rng(seed)
    n = rng.poisson(cases * (1 - 0.01 * np.arange(len(YEARS))))
    return counted(rng.binomial(n, share + 0.01 * np.arange(len(YEARS))), n, indicator, region)


# --- value and counts


def test_decimals_reported_are_the_tolerance():
    one = counted([3389], 4030)
    for value, wrong in ((84.09, 0), (84.1, 0), (84.0, 0), (84.08, 1), (84.2, 1), (84.0943, 0)):
        assert len(mismatches(one.assign(value=value))) == wrong, value


def test_the_longest_figure_of_a_series_tells_its_decimals():
    one, other = counted([3389], 4030).assign(value=84.0), counted([3391], 4030).assign(year=2024)
    assert mismatches(one) == []
    (found,) = mismatches(pd.concat([one, other]))
    assert found.year == 2025


def test_slight_differences_are_told_once_a_series():
    table = drawn(1)
    (found,) = mismatches(table.assign(value=table["value"] + 0.03))
    assert (found.severity, found.rule) == ("低", "复算不符")
    assert "共11个填报值" in found.finding
    assert len(mismatches(table.assign(value=table["value"] + 3))) == 11


def test_counts_are_whole():
    (found,) = fractions(counted([812.5, 820], 1000), KINDS)
    assert found.rule == "计数不是整数" and "如 812.5/1000" in found.finding and found.year == 2024
    assert fractions(counted([812, 820], 1000), KINDS) == []
    assert fractions(counted([812.5], 1000, "preschool_gross_enrolment_rate"), KINDS) == []


def test_a_denominator_of_zero_is_no_mismatch():
    table = counted([0.0], 1.0).assign(denominator=0.0)
    assert mismatches(table) == []


# --- repeated


def test_only_equal_values_repeat():
    table = counted([800, 812, 812, 830], 1000)
    (found,) = carried_over(table, "新华区")
    assert (found.year, found.finding) == (2024, "分子、分母与上年完全相同（812/1000），疑似沿用旧数")
    table.loc[2, "value"] = 82.5
    assert carried_over(table, "新华区") == []


def test_groups_and_units_repeat_by_chance_once():
    table = counted([800, 812, 812, 830], 1000)
    assert carried_over(table.assign(sex="male"), "新华区") == []
    groups = pd.concat([table.assign(sex="male"), table.assign(sex="female")])
    assert [f.finding.endswith("（2个分组）") for f in carried_over(groups, "新华区")] == [True]
    town = table.assign(region="新华区/甲")
    assert carried_over(town, "新华区") == []
    twice = counted([800, 800, 812, 812], 1000, region="新华区/甲")
    (found,) = carried_over(twice, "新华区")
    assert found.finding.endswith("（2023、2025年都是如此）")


def test_shares_without_counts_that_stand_still():
    assert carried_over(plain([81.3, 82.4, 82.4, 83.5]), "新华区") == []
    (found,) = carried_over(plain([81.3, 82.4, 82.4, 82.4]), "新华区")
    assert found.finding == "2023—2025年数值完全相同（82.4%），疑似沿用旧数" and found.severity == "低"
    assert carried_over(plain([100.0] * 5), "新华区") == []
    assert carried_over(plain([0.0] * 5), "新华区") == []
    assert carried_over(plain([9.0] * 5, "sleep_hours_primary", unit="hours_per_day"), "新华区") == []


def test_two_indicators_with_the_same_counts():
    rng = np.random.default_rng(5)
    births = rng.poisson(3000, len(YEARS))
    a, b = (counted(rng.binomial(births, 0.95), births, name) for name in (EYES, VISITS))
    assert same_elsewhere(pd.concat([a, b]), PLAN) == []
    copied = b.copy()
    copied.loc[6:, ["numerator", "denominator", "value"]] = a.loc[6:, ["numerator", "denominator", "value"]]
    (found,) = same_elsewhere(pd.concat([a, copied]), PLAN)
    assert (found.rule, found.year) == ("数据雷同", 2025)
    assert "2021、2022、2023、2024、2025年" in found.finding and PLAN.indicator(VISITS).name in found.finding


def test_two_townships_with_the_same_counts():
    towns = [drawn(seed, region=f"新华区/{name}", cases=400) for seed, name in enumerate("甲乙丙丁")]
    assert same_elsewhere(pd.concat(towns), PLAN) == []
    towns[1].loc[5:, ["numerator", "denominator", "value"]] = towns[0].loc[
        5:, ["numerator", "denominator", "value"]
    ]
    (found,) = same_elsewhere(pd.concat(towns), PLAN)
    assert {found.region, "新华区/" + found.finding.split("与")[1][0]} == {"新华区/甲", "新华区/乙"}


def test_the_same_few_deaths_are_no_copy():
    a = counted([3, 2, 3, 1], 3000, "neonatal_mortality_rate")
    assert same_elsewhere(pd.concat([a, a.assign(indicator="infant_mortality_rate")]), PLAN) == []


# --- rounded


def test_last_digits_by_hand():
    even = np.repeat(np.arange(100, 110), 10)
    test = last_digits(even)
    assert (test.figures, test.chi2, test.p_value, test.whipple) == (100, 0.0, 1.0, 100.0)
    # 40 end in 0, 20 in 5, 5 each in the other eight: 900/10 + 100/10 + 8 * 25/10
    heap = np.r_[np.full(40, 120), np.full(20, 125), np.repeat([101, 102, 103, 104, 106, 107, 108, 109], 5)]
    test = last_digits(heap)
    assert test.chi2 == pytest.approx(120.0) and test.whipple == pytest.approx(300.0)
    assert test.p_value == pytest.approx(stats.chi2.sf(120, 9))
    assert test.p_round == pytest.approx(stats.binom.sf(59, 100, 0.2))
    assert test.to_frame()["figures"].tolist() == [100]


def test_few_figures_are_not_tested():
    test = last_digits(np.arange(100, 149))
    assert test.figures == 49 and np.isnan([test.chi2, test.p_value, test.whipple, test.p_round]).all()
    assert last_digits([np.nan] * 60).figures == 0
    for bad in ([-1, 3], [1.5]):
        with pytest.raises(DataError, match="非负整数"):
            last_digits(bad)


@given(st.lists(st.integers(100, 10**6), min_size=50, max_size=120))
def test_the_order_of_figures_does_not_matter(counts):
    assert last_digits(counts) == last_digits(sorted(counts))


def test_a_department_that_rounds():
    names = [i.id for i in PLAN.indicators if i.departments[:1] == ("区卫健委",) and i.kind == "proportion"][
        :8
    ]
    honest = pd.concat([drawn(n, name) for n, name in enumerate(names)])
    assert heaped(honest, PLAN, "新华区", 2025) == []
    rough = honest.assign(
        numerator=honest["numerator"].round(-1), denominator=honest["denominator"].round(-1)
    )
    found = heaped(rough, PLAN, "新华区", 2025)
    whole = [f for f in found if f.department]
    assert [f.department for f in whole] == ["区卫健委"] and "占100%" in whole[0].finding
    assert len(found) == 1 + len(names)


def test_a_series_of_round_numbers():
    assert heaped(plain([70.0, 75.0, 80.0, 85.0, 90.0]), PLAN, "新华区", 2025) == []
    (found,) = heaped(plain([60.0, 65.0, 70.0, 75.0, 80.0, 85.0]), PLAN, "新华区", 2025)
    assert "全是5的倍数" in found.finding
    assert heaped(plain([61.0, 65.0, 70.0, 75.0, 80.0, 85.0]), PLAN, "新华区", 2025) == []


# --- smooth


def test_dispersion_is_chi_square_for_honest_counts():
    """Distribution of the lower tail over drawn series: uniform, so one in twenty is below 5%."""
    rng = np.random.default_rng(11)
    t = np.arange(11)
    p = np.array(
        [
            dispersion(t, rng.binomial(4000, 0.8 + 0.005 * t), np.full(11, 4000.0), "proportion")[2]
            for _ in range(400)
        ]
    )
    # the pooled variance is a little larger than that of the later years; the test stays on the safe side
    assert 0.02 < np.mean(p < 0.05) < 0.08
    assert stats.kstest(p, "uniform").statistic < 0.1
    q = np.array([dispersion(t, rng.poisson(50 + t), np.full(11, 1e5), "rate")[2] for _ in range(400)])
    assert stats.kstest(q, "uniform").statistic < 0.1


def test_dispersion_of_a_ruled_line_is_nothing():
    chi2, df, p = dispersion(np.arange(8), 1000 + 10 * np.arange(8), np.full(8, 2000), "proportion")
    assert chi2 == pytest.approx(0, abs=1e-9) and df == 5 and p < 1e-12


@pytest.mark.parametrize(
    ("numerator", "denominator", "kind", "message"),
    [([1, 2, 3], [9, 9, 9], "rate", "至少需要4个年份"), ([0] * 5, [9] * 5, "rate", "分母为正"),
     ([9] * 5, [9] * 5, "proportion", "分母为正"), ([1] * 5, [0] * 5, "rate", "分母为正")],
)  # fmt: skip
def test_dispersion_of_nothing(numerator, denominator, kind, message):
    with pytest.raises(DataError, match=message):
        dispersion(range(len(numerator)), numerator, denominator, kind)


def test_computed_counts_are_found_and_drawn_ones_pass():
    assert [f for seed in range(40) for f in too_smooth(drawn(seed), PLAN, "新华区")] == []
    n = np.full(len(YEARS), 4000)
    (found,) = too_smooth(counted(np.round(n * (0.8 + 0.01 * np.arange(11))), n), PLAN, "新华区")
    assert found.rule == "过于平滑" and found.finding.startswith(
        "2015—2025年的起伏小于计数本身应有的随机波动（χ²="
    )
    towns = [
        counted(np.round(1000 * (0.8 + 0.01 * np.arange(11))), 1000, region=f"新华区/{t}") for t in "甲乙"
    ]
    (units,) = too_smooth(pd.concat(towns), PLAN, "新华区")
    assert units.finding.endswith("；共2个单位如此")


def test_a_few_villages_may_stand_still():
    assert too_smooth(counted([100] * 11, 120), PLAN, "新华区") == []
    assert too_smooth(counted([3998] * 11, 4000), PLAN, "新华区") == []


def test_equal_steps_without_counts():
    (found,) = too_smooth(plain([80.1, 82.2, 84.3, 86.4, 88.5, 90.6]), PLAN, "新华区")
    assert found.finding == "2020—2025年每年变动几乎相等（约2.1），疑为推算"
    (down,) = too_smooth(plain([90.6, 88.5, 86.4, 84.3, 82.2, 80.1]), PLAN, "新华区")
    assert "约−2.1" in down.finding and "2020—2025年" in down.finding
    assert too_smooth(plain([80.1, 82.2, 84.9, 86.4, 88.5, 90.6]), PLAN, "新华区") == []
    assert too_smooth(plain([9.1, 9.2, 9.3, 9.4, 9.5, 9.6]), PLAN, "新华区") == []
