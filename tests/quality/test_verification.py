"""The verification factor by hand, its intervals by known distributions."""

import numpy as np
import pandas as pd
import pytest

from xhcp_eval.errors import DataError, ParamsError
from xhcp_eval.forecast.small_numbers import rate_ratio_interval
from xhcp_eval.plan.reading import load_plan
from xhcp_eval.quality.reviewer import review
from xhcp_eval.quality.verification import discrepancies, verification_factor

PLAN = load_plan("xinhua_2021_2030")
VISITS = "neonatal_visit_rate"


def audit(recounted, reported, **columns):
    table = pd.DataFrame({"recounted": recounted, "reported": reported})
    table["facility"] = [f"机构{i}" for i in range(len(table))]
    return table.assign(**({"indicator": VISITS, "region": "新华区", "year": 2025} | columns))


def test_ratio_of_totals_not_mean_of_ratios():
    (row,) = verification_factor(audit([90, 10], [100, 20])).to_dict("records")
    assert row["factor"] == pytest.approx(100 / 120)
    assert (row["facilities"], row["recounted"], row["reported"], row["grade"]) == (2, 100, 120, "中")
    assert row["discrepant"] == 1 and row["method"] == "poisson"


def test_few_facilities_have_the_exact_interval_of_two_counts():
    (row,) = verification_factor(audit([90, 10], [100, 20])).to_dict("records")
    _, low, high = rate_ratio_interval(100, 1, 120, 1)
    assert (row["low"], row["high"]) == pytest.approx((float(low), float(high)))


@pytest.mark.parametrize(
    ("recounted", "grade"), [(100, "优"), (95, "优"), (105, "优"), (94, "良"), (110, "良"), (89, "中"), (120, "中"), (79, "差"), (130, "差")]
)  # fmt: skip
def test_grades(recounted, grade):
    assert verification_factor(audit([recounted], [100]))["grade"].tolist() == [grade]


def test_the_bootstrap_is_that_of_the_ratio_estimator():
    rng = np.random.default_rng(3)
    said = rng.poisson(80, 40)
    found = rng.binomial(said, 0.9)
    (row,) = verification_factor(audit(found, said), draws=4000).to_dict("records")
    assert row["method"] == "bootstrap"
    # linearised standard error of a ratio (Cochran 1977, 6.4)
    ratio = found.sum() / said.sum()
    error = np.sqrt(np.sum((found - ratio * said) ** 2) / (39 * 40)) / said.mean()
    assert row["low"] == pytest.approx(ratio - 1.96 * error, abs=0.25 * error)
    assert row["high"] == pytest.approx(ratio + 1.96 * error, abs=0.25 * error)


def test_the_same_seed_gives_the_same_interval():
    table = audit(range(10, 30), range(12, 32))
    pd.testing.assert_frame_equal(verification_factor(table), verification_factor(table))
    assert verification_factor(table)["low"][0] != verification_factor(table, seed=1)["low"][0]


def test_one_row_an_indicator_place_and_year():
    both = pd.concat([audit([9], [10]), audit([9], [10], year=2024), audit([9], [10], region="新华区/甲")])
    assert len(verification_factor(both)) == 3


def test_findings_say_which_way_and_how_sure():
    assert discrepancies(audit([95], [100])) == []
    (unsure,) = discrepancies(audit([80, 5], [100, 5]))
    assert (
        unsure.severity == "中"
        and "核查系数0.81" in unsure.finding
        and "多报；1个机构相差超过10%" in unsure.finding
    )
    (sure,) = discrepancies(audit([3000], [2000]))
    assert sure.severity == "高" and "少报" in sure.finding and "等级差" in sure.finding
    (nothing,) = discrepancies(audit([5], [0]))
    assert nothing.severity == "高" and "核查系数无法计算" in nothing.finding


def test_nothing_reported_has_no_factor():
    (row,) = verification_factor(audit([0], [0])).to_dict("records")
    assert np.isnan([row["factor"], row["low"], row["high"]]).all() and row["grade"] == "—"
    (row,) = verification_factor(audit([4], [0])).to_dict("records")
    assert np.isnan(row["factor"]) and row["high"] == np.inf


def test_bad_samples():
    good = audit([9], [10])
    with pytest.raises(DataError, match="缺少列 facility"):
        verification_factor(good.drop(columns="facility"))
    for bad in (audit([-1], [10]), audit([np.nan], [10])):
        with pytest.raises(DataError, match="须为非负数"):
            verification_factor(bad)
    with pytest.raises(DataError, match="出现多次"):
        verification_factor(pd.concat([good, good]))
    with pytest.raises(ParamsError, match="level=95"):
        verification_factor(good, level=95)
    assert verification_factor(good.iloc[:0]).empty


def test_review_takes_the_sample_of_its_region(root):
    from xhcp_eval.observations.table import read_table

    rows = read_table(root / "data" / "demo" / "xinhua_2015_2025.csv", PLAN)
    rows = rows[rows["indicator"] == VISITS]
    sample = pd.concat(
        [audit([3000], [2000], region="新华区/示范一街道"), audit([3000], [2000], region="别区")]
    )
    found = review(rows, PLAN, "新华区", 2025, audit=sample)
    assert found.loc[found["rule"] == "核查系数", ["region", "department"]].to_numpy().tolist() == [
        ["新华区/示范一街道", "区卫健委"]
    ]
    with pytest.raises(DataError, match="缺少列 region"):
        review(rows, PLAN, "新华区", 2025, audit=sample.drop(columns="region"))
