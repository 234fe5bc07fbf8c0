"""Other systems' rules: the worked numbers, every class by hand, and that units don't matter."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from xhcp_eval.forecast.other_rules import (
    OTHER_METHODS,
    Progress,
    as_forecasts,
    call_all,
    current_status,
    escap,
    eurostat,
    healthy_people,
    oecd,
    sdsn,
    spearman_trend,
    unicef,
)
from xhcp_eval.forecast.panel import make_panel


def progress(points, target, target_year, sign):
    """One series from {year: value}."""
    years = np.arange(min(points), max(points) + 1)
    values = np.array([[points.get(int(year), np.nan) for year in years]])
    return Progress(years, values, np.array([float(target)]), np.array([target_year]), np.array([sign]))


PRESCHOOL = progress({2010: 56.6, 2015: 75.0}, 85, 2020, 1)
UNDER_FIVE = progress({2020: 7.5, 2023: 6.2}, 5.0, 2030, -1)


def test_preschool_by_eurostat():
    assert eurostat(PRESCHOOL).quantity[0] == pytest.approx(139.54, abs=0.005)
    assert pytest.approx(5.7911, abs=5e-5) == 100 * ((75.0 / 56.6) ** (1 / 5) - 1)
    assert eurostat(PRESCHOOL).label[0] == "显著进展" and eurostat(PRESCHOOL).met[0] == 1


def test_under_five_mortality_by_all():
    assert eurostat(UNDER_FIVE).quantity[0] == pytest.approx(154.72, abs=0.005)
    assert sdsn(UNDER_FIVE).quantity[0] == pytest.approx(173.33, abs=0.005)
    assert sdsn(UNDER_FIVE).label[0] == "按期可达"
    assert unicef(UNDER_FIVE).quantity[0] == pytest.approx(0.4843, abs=5e-5)
    assert unicef(UNDER_FIVE).label[0] == "按期可达"
    assert healthy_people(UNDER_FIVE).quantity[0] == pytest.approx(52.0)
    assert healthy_people(UNDER_FIVE).label[0] == "改善"
    assert current_status(UNDER_FIVE)[0] == pytest.approx(5.2)
    # the straight line reaches 3.167, beyond the target of 5 by 73% of the way of 2.5
    assert escap(UNDER_FIVE).quantity[0] == pytest.approx(100 * (3.1667 - 5.0) / 2.5, abs=0.01)
    assert escap(UNDER_FIVE).label[0] == "将会达到"


@pytest.mark.parametrize(
    ("latest", "eurostat_label", "sdsn_label", "healthy_label"),
    [
        (49.0, "偏离目标", "倒退", "基本无变化"),
        (45.0, "偏离目标", "倒退", "恶化"),
        (51.0, "进展不足", "停滞", "基本无变化"),
        (57.0, "中等进展", "有所改善", "改善"),
        (62.0, "显著进展", "按期可达", "改善"),
        (71.0, "显著进展", "保持目标", "达到目标"),
    ],
)
def test_classes_half_way_from_50_to_70(latest, eurostat_label, sdsn_label, healthy_label):
    case = progress({2020: 50.0, 2025: latest}, 70, 2030, 1)
    assert eurostat(case).label[0] == eurostat_label
    assert sdsn(case).label[0] == sdsn_label
    assert healthy_people(case).label[0] == healthy_label


# base, latest, target; the way wanted; where Healthy People puts it
HEALTHY = [
    # away by 20% of the targeted change of 20, but by only 8% of the base
    (50.0, 46.0, 70.0, 1, "基本无变化"),
    # away by exactly 10% of the base
    (50.0, 45.0, 70.0, 1, "恶化"),
    # away by only 3.75% of the targeted change of 40, but by 15% of the base
    (10.0, 8.5, 50.0, 1, "恶化"),
    # what should fall from 8 to 2: up by 0.7 is 11.7% of the targeted change and 8.75% of the base, 0.8 is 10%
    (8.0, 8.7, 2.0, -1, "基本无变化"),
    (8.0, 8.8, 2.0, -1, "恶化"),
    # towards the target the targeted change of 6 counts: 0.5 is 8.3% of it, 0.6 is 10% though but 7.5% of the base
    (8.0, 7.5, 2.0, -1, "基本无变化"),
    (8.0, 7.4, 2.0, -1, "改善"),
    (8.0, 8.0, 2.0, -1, "基本无变化"),
    (8.0, 1.9, 2.0, -1, "达到目标"),
]


@pytest.mark.parametrize(("base", "latest", "target", "sign", "label"), HEALTHY)
def test_healthy_people_measures_the_way_back_against_the_base(base, latest, target, sign, label):
    case = healthy_people(progress({2020: base, 2025: latest}, target, 2030, sign))
    assert case.label[0] == label
    assert case.quantity[0] == pytest.approx(100 * (latest - base) / (target - base))


def test_rules_that_could_not_be_held_against_their_source_say_so():
    assert {key for key, method in OTHER_METHODS.items() if method.unchecked} == {"sdsn", "unicef", "oecd"}


@pytest.mark.parametrize(
    ("rise", "label"), [(2.0, "将会达到"), (1.85, "将会达到"), (1.0, "需要加快"), (-0.5, "需要扭转")]
)
def test_escap_classes_on_straight_lines(rise, label):
    case = progress({2020 + k: 50 + rise * k for k in range(6)}, 70, 2030, 1)
    assert escap(case).label[0] == label
    assert escap(case).quantity[0] == pytest.approx(100 * (20 - 10 * rise) / 20)


def test_escap_gives_recent_years_more_weight():
    bent = progress({2020: 50.0, 2021: 50.0, 2022: 50.0, 2023: 53.0, 2024: 56.0}, 70, 2030, 1)
    x, y = np.arange(5), np.array([50, 50, 50, 53, 56.0])
    slope, level = np.polyfit(x, y, 1, w=np.sqrt(x + 1))
    assert escap(bent).quantity[0] == pytest.approx(100 * (70 - (level + slope * 10)) / 20)


def test_unicef_is_for_what_should_fall():
    assert unicef(progress({2020: 50.0, 2025: 60.0}, 70, 2030, 1)).label[0] == "不适用"
    assert unicef(progress({2020: 8.0, 2025: 7.6}, 5, 2030, -1)).label[0] == "需要加速"
    assert unicef(progress({2020: 8.0, 2025: 4.0}, 5, 2030, -1)).label[0] == "已达目标"


def test_spearman_is_scipys():
    points = {2015: 3.0, 2016: 2.8, 2017: 2.9, 2018: 2.5, 2019: 2.4, 2020: 2.0}
    case = progress(points, 1, 2030, -1)
    found = stats.spearmanr(list(points), list(points.values()))
    assert found.pvalue < 0.1 and spearman_trend(case)[0] == -1
    flat = progress({2015: 3.0, 2016: 2.8, 2017: 3.1, 2018: 2.9, 2019: 3.0}, 1, 2030, -1)
    assert spearman_trend(flat)[0] == 0


def test_oecd_probability_of_a_coin_and_of_a_sure_thing():
    sure = progress({2020 + k: 50 * 1.05**k for k in range(6)}, 70, 2030, 1)
    assert oecd(sure).met[0] == 1 and oecd(sure).label[0] == "很可能（上升趋势）"
    # rates of +10% and -10% (in logs) with even chances; five years on, at least three rises of five: one half
    coin = progress({2020: 50.0, 2021: 50 * np.exp(0.1), 2022: 50.0}, 50.5, 2027, 1)
    assert oecd(coin).met[0] == pytest.approx(0.5, abs=0.08)


def test_what_cannot_be_computed_is_said():
    single = progress({2020: 50.0}, 70, 2030, 1)
    zero = progress({2020: 0.0, 2025: 3.0}, 10, 2030, 1)
    backwards = progress({2020: 50.0, 2025: 49.0}, 45, 2030, 1)
    assert sdsn(single).label[0] == "无法计算" and healthy_people(single).label[0] == "仅有基线"
    assert eurostat(zero).label[0] == "无法计算" and sdsn(zero).quantity[0] == pytest.approx(60.0)
    assert eurostat(backwards).label[0] == "显著进展" and np.isnan(eurostat(backwards).quantity[0])


KNOWN = {
    "eurostat": {"偏离目标", "进展不足", "中等进展", "显著进展", "无法计算"},
    "sdsn": {"倒退", "停滞", "有所改善", "按期可达", "保持目标", "无法计算"},
    "escap": {"需要扭转", "需要加快", "将会达到", "已达目标", "无法计算"},
    "healthy_people": {"恶化", "基本无变化", "改善", "达到目标", "仅有基线", "无法计算"},
    "unicef": {"已达目标", "按期可达", "需要加速", "不适用", "无法计算"},
}


@given(
    st.lists(st.one_of(st.just(np.nan), st.just(0.0), st.floats(0.01, 100)), min_size=2, max_size=8),
    st.one_of(st.just(0.0), st.floats(0.01, 100)),
    st.sampled_from([-1, 1]),
    st.sampled_from([0.01, 1000.0]),
)
@settings(max_examples=80, deadline=None)
def test_any_numbers_are_answered_in_any_unit(values, target, sign, unit):
    values = np.array([[1.0, *values]])
    years = np.arange(2015, 2015 + values.shape[1])
    one, two = (
        call_all(Progress(years, values * k, np.array([target * k]), np.array([2030]), np.array([sign])))
        for k in (1.0, unit)
    )
    for name, found in one.items():
        if name in KNOWN:
            assert found.label[0] in KNOWN[name]
        assert np.isnan(found.met[0]) or 0 <= found.met[0] <= 1
        assert found.label[0] == two[name].label[0]
        np.testing.assert_allclose(found.quantity, two[name].quantity, rtol=1e-6, atol=1e-6)


def test_as_forecasts_of_a_panel():
    frame = pd.DataFrame({"series": ["a"] * 6 + ["b"] * 6, "year": [*range(2015, 2021)] * 2,
                          "value": [50, 52, 54, 56, 58, 60, 9, 8.5, 8.2, 8.1, 8.0, 7.9]})  # fmt: skip
    found = as_forecasts(make_panel(frame), 5, np.array([69.0, 5.0]), np.array([1, -1]))
    assert found["SDSN 箭头"].tolist() == [1.0, 0.0] and found["欧盟统计局"].tolist() == [1.0, 0.0]
    assert np.isnan(found["儿基会/IGME"][0]) and "健康国民2030" not in found
    assert all(method.source and method.rule for method in OTHER_METHODS.values())
