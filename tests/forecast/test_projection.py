"""Forecasts as every model must give them, and simulated paths that are those of the forecast."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from xhcp_eval.errors import DataError, ParamsError
from xhcp_eval.forecast.classical.trend import TREND_MODELS
from xhcp_eval.forecast.projection import LEVELS, MODEL_LABELS, add_counting_noise, project, sample_paths

METHODS = ["auto", *TREND_MODELS]
THREE = (0.1, 0.5, 0.9)
# preschool enrolment of China, percent, with two years taken out
YEARS = [2010, 2011, 2013, 2014, 2015, 2017, 2018, 2019, 2020]
VALUES = [56.6, 62.3, 67.5, 70.5, 75.0, 79.6, 81.7, 83.4, 85.2]


def series(values=VALUES, years=YEARS, name="a", **columns):
    return pd.DataFrame({"series": name, "year": years, "value": values, **columns})


def numbers(result):
    return result.drop(columns=["series", "year"]).to_numpy(float)


def by_key(result):
    return result.sort_values(["series", "year"], ignore_index=True)


@pytest.mark.parametrize("method", METHODS)
def test_one_row_a_series_and_year_and_one_column_a_level(method):
    frame = pd.concat([series(), series([5.0, 4.0, 4.5], [2016, 2018, 2019], "b")])
    found = project(frame, 3, THREE, method)
    assert list(found.columns) == ["series", "year", 0.1, 0.5, 0.9]
    assert found["series"].tolist() == ["a"] * 3 + ["b"] * 3
    assert found["year"].tolist() == [2021, 2022, 2023, 2020, 2021, 2022]
    assert np.isfinite(numbers(found)).all()
    assert (np.diff(numbers(found), axis=1) >= 0).all()


def test_levels_are_those_of_the_reports_unless_told():
    found = project(series(), 1)
    assert tuple(found.columns[2:]) == LEVELS
    assert all(isinstance(name, float) for name in found.columns[2:])


def test_every_model_has_a_chinese_name():
    assert {"reference", *TREND_MODELS} <= set(MODEL_LABELS)


@pytest.mark.parametrize("method", METHODS)
def test_intervals_widen_with_the_years(method):
    found = numbers(project(series(), 5, THREE, method))
    width = found[:, 2] - found[:, 0]
    assert (np.diff(width) > 0).all()


@pytest.mark.parametrize("method", METHODS)
def test_a_gap_in_the_years_is_time_passed(method):
    # the same straight line, with years left out: one ahead of 2020 is 2021, near the line's next point
    years = [2010, 2011, 2012, 2014, 2017, 2018, 2020]
    found = project(series([30.0 + 2 * (year - 2010) for year in years], years), 1, THREE, method)
    assert found["year"].tolist() == [2021]
    # Theta takes half of the slope by its construction; real straight lines bend, and the learned model knows
    expected = {"last_value": 50, "theta": 51, "auto": 51.5}.get(method, 52)
    assert found[0.5].item() == pytest.approx(expected, abs=0.5)


@pytest.mark.parametrize("method", METHODS)
def test_quantiles_stay_within_the_bounds(method):
    rising = series([90.0, 93.0, 95.0, 98.0, 99.5, 100.0], range(2015, 2021), "up", lower=0.0, upper=100.0)
    falling = series([5.0, 3.0, 2.0, 1.0, 0.2, 0.0], range(2015, 2021), "down", lower=0.0, upper=np.nan)
    found = project(pd.concat([rising, falling]), 8, LEVELS, method)
    up, down = numbers(found[found["series"] == "up"]), numbers(found[found["series"] == "down"])
    assert up.min() >= 0
    assert up.max() <= 100
    assert down.min() >= 0


def test_without_bounds_nothing_is_cut():
    falling = series([5.0, 3.0, 2.0, 1.0, 0.2, 0.0], range(2015, 2021))
    assert numbers(project(falling, 8, THREE, "linear")).min() < 0


@pytest.mark.parametrize("method", METHODS)
def test_one_point_gives_no_forecast_and_spoils_no_other(method):
    alone = project(series(), 2, THREE, method)
    found = project(pd.concat([series([7.0], [2019], "one"), series()]), 2, THREE, method)
    assert found.loc[found["series"] == "one", "year"].tolist() == [2020, 2021]
    assert np.isnan(numbers(found[found["series"] == "one"])).all()
    assert numbers(found[found["series"] == "a"]) == pytest.approx(numbers(alone), rel=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_values_before_a_break_are_left_out(method):
    years = list(range(2012, 2022))
    values = [10.0, 11, 12, 11, 13, 40, 41, 41.5, 43, 44]
    broken = series(values, years, series_break=[year in (2014, 2017) for year in years])
    after = series(values[5:], years[5:])
    assert numbers(project(broken, 3, THREE, method)) == pytest.approx(
        numbers(project(after, 3, THREE, method))
    )
    whole = series(values, years)
    assert numbers(project(whole, 3, THREE, method)) != pytest.approx(
        numbers(project(after, 3, THREE, method))
    )


def test_a_break_of_one_series_is_no_break_of_another():
    kept = series(series_break=False)
    broken = series([1.0, 2.0, 3.0], [2018, 2019, 2020], "b", series_break=[False, True, False])
    found = project(pd.concat([kept, broken]), 2, THREE)
    alone = project(series(), 2, THREE)
    assert numbers(found[found["series"] == "a"]) == pytest.approx(numbers(alone))


@settings(max_examples=15)
@given(st.permutations(range(2 * len(YEARS))), st.sampled_from(["auto", "drift", "logit_linear"]))
def test_the_order_of_rows_is_irrelevant(order, method):
    frame = pd.concat(
        [series(lower=0.0, upper=100.0), series(VALUES[::-1], name="b", lower=0.0, upper=100.0)]
    )
    expected = by_key(project(frame, 2, THREE, method))
    pd.testing.assert_frame_equal(by_key(project(frame.iloc[order], 2, THREE, method)), expected)


@settings(max_examples=15)
@given(
    st.lists(st.floats(0.1, 1000), min_size=2, max_size=12),
    st.integers(1990, 2025),
    st.sampled_from([method for method in METHODS if method != "damped_trend"]),
)
def test_other_series_change_nothing(values, start, method):
    other = series(values, range(start, start + len(values)), "b")
    alone = project(series(), 3, THREE, method)
    for frame in (pd.concat([series(), other]), pd.concat([other, series()])):
        found = project(frame, 3, THREE, method)
        found = found[found["series"] == "a"]
        assert found["year"].tolist() == [2021, 2022, 2023]
        assert numbers(found) == pytest.approx(numbers(alone), rel=1e-6)


def test_missing_values_are_years_without_a_figure():
    with_gap = series([*VALUES, np.nan], [*YEARS, 2021])
    pd.testing.assert_frame_equal(project(with_gap, 2, THREE), project(series(), 2, THREE))


def test_an_unknown_method_is_refused_with_the_known_ones():
    with pytest.raises(
        ParamsError, match="未知的趋势模型 'arima'；允许 auto、reference、last_value、drift、linear"
    ):
        project(series(), 2, THREE, "arima")


@pytest.mark.parametrize("horizon", [0, -3])
def test_no_horizon_is_refused(horizon):
    with pytest.raises(ParamsError, match=f"外推年数 horizon={horizon}：须为整数，至少为 1"):
        project(series(), horizon, THREE)


@pytest.mark.parametrize(
    "levels", [(), (0.0, 0.5), (0.5, 1.0), (0.9, 0.5), (0.5, 0.5), (-0.1,), (10, 50, 90)]
)
def test_bad_quantiles_are_refused(levels):
    with pytest.raises(ParamsError, match="须在 0 与 1 之间且递增"):
        project(series(), 2, levels)


def test_unusable_frames_are_refused():
    with pytest.raises(DataError, match="趋势数据缺少列 year"):
        project(series().drop(columns="year"), 2)
    with pytest.raises(DataError, match="序列 a 的 2010 年出现多次"):
        project(pd.concat([series(), series()]), 2)
    with pytest.raises(DataError, match="没有任何数值"):
        project(series([np.nan], [2020]), 2)


# a walk with drift 1 and unit steps, from 50: quantiles of the years 1..4
STEPS = np.arange(1, 5)
GRID = np.array(LEVELS)
WALK = 50 + STEPS[:, None] + np.sqrt(STEPS)[:, None] * stats.norm.ppf(GRID)


def test_paths_have_the_quantiles_of_the_forecast():
    draws = 20_000
    paths = sample_paths(WALK, GRID, "a", draws, 1)
    assert paths.shape == (draws, 4)
    for h in range(4):
        share = (paths[:, h, None] <= WALK[h]).mean(axis=0)
        # four standard errors of a share among that many draws
        assert np.abs(share - GRID).max() < 4 * np.sqrt(0.25 / draws)


def test_paths_of_a_skewed_forecast_have_its_quantiles():
    skewed = stats.lognorm.ppf(GRID, 0.8)[None, :]
    paths = sample_paths(skewed, GRID, "a", 20_000, 2)
    assert np.abs((paths <= skewed).mean(axis=0) - GRID).max() < 4 * np.sqrt(0.25 / 20_000)


def test_years_are_tied_as_those_of_a_walk():
    paths = sample_paths(WALK, GRID, "a", 20_000, 3)
    found = np.corrcoef(paths, rowvar=False)
    expected = np.sqrt(np.minimum.outer(STEPS, STEPS) / np.maximum.outer(STEPS, STEPS))
    assert found == pytest.approx(expected, abs=0.02)
    assert found[0, 1] > found[0, 2] > found[0, 3] > 0.4


def test_key_and_seed_fix_the_draws():
    first = sample_paths(WALK, GRID, "婴儿死亡率|新华区", 50, 7)
    assert np.array_equal(first, sample_paths(WALK, GRID, "婴儿死亡率|新华区", 50, 7))
    assert not np.array_equal(first, sample_paths(WALK, GRID, "婴儿死亡率|示范一街道", 50, 7))
    assert not np.array_equal(first, sample_paths(WALK, GRID, "婴儿死亡率|新华区", 50, 8))


def test_a_forecast_without_spread_gives_the_same_path_always():
    assert (sample_paths(np.full((3, len(GRID)), 5.0), GRID, "a", 100, 1) == 5.0).all()


@pytest.mark.parametrize(("kind", "variance"), [("proportion", 500 * 0.04 * 0.96), ("rate", 500 * 0.04)])
def test_counts_scatter_about_the_path(kind, variance):
    draws = 20_000
    counts = add_counting_noise(np.full((draws, 2), 40.0), 500, 1000, kind, "a", 1)
    assert counts.shape == (draws, 2)
    assert counts.mean() == pytest.approx(20, abs=4 * np.sqrt(variance / (2 * draws)))
    assert counts.var() == pytest.approx(variance, rel=0.05)
    assert (counts == np.round(counts)).all()


@given(st.floats(-20, 130), st.integers(1, 500), st.sampled_from(["proportion", "rate"]))
def test_counts_stay_possible(percent, population, kind):
    counts = add_counting_noise(np.full((40, 2), percent), population, 100, kind, "a", 1)
    assert counts.min() >= 0
    if kind == "proportion":
        assert counts.max() <= population
    if percent <= 0:
        assert counts.max() == 0
    if percent >= 100 and kind == "proportion":
        assert counts.min() == population


def test_a_rate_may_count_more_events_than_people():
    assert add_counting_noise(np.full((200, 1), 150.0), 100, 100, "rate", "a", 1).mean() > 140


def test_key_and_seed_fix_the_counts():
    paths = np.full((50, 2), 40.0)
    first = add_counting_noise(paths, 500, 1000, "rate", "a", 1)
    assert np.array_equal(first, add_counting_noise(paths, 500, 1000, "rate", "a", 1))
    assert not np.array_equal(first, add_counting_noise(paths, 500, 1000, "rate", "b", 1))
    assert not np.array_equal(first, add_counting_noise(paths, 500, 1000, "rate", "a", 2))


def test_an_exceptional_year_is_left_out_of_the_trend():
    shocked = series([*VALUES, 40.0], [*YEARS, 2021], exceptional=[False] * 9 + [True])
    told, plain = project(shocked, 3, THREE), project(series(), 3, THREE)
    pd.testing.assert_frame_equal(told, plain)
    untold = project(shocked.drop(columns="exceptional"), 3, THREE)
    assert untold["year"].iloc[0] == 2022 and untold[0.5].iloc[0] < 70
    # two usual values are enough to leave a third out; with fewer than two nothing is left out
    three = series([60.0, 61.0, 30.0], [2018, 2019, 2020], exceptional=[False, False, True])
    pd.testing.assert_frame_equal(
        project(three, 3, THREE), project(series([60.0, 61.0], [2018, 2019]), 3, THREE)
    )
    few = series([60.0, 61.0], [2019, 2020], exceptional=[False, True])
    assert np.isfinite(numbers(project(few, 2, THREE))).all()


def neighbours(n=8, indicator="入园率"):
    """Regions that rise ever faster, of one indicator."""
    rows = [
        series([v * (1 + k / 20) for v in (20, 22, 25, 30, 36, 43)], range(2015, 2021), f"{indicator}|{k}",
               indicator=indicator, lower=0.0, upper=100.0)
        for k in range(n)
    ]  # fmt: skip
    return pd.concat(rows)


@pytest.mark.parametrize("method", TREND_MODELS)
def test_a_classical_method_takes_no_company(method):
    with pytest.raises(ParamsError, match="只用于参照类模型"):
        project(neighbours(), 2, THREE, method, beside=neighbours())


def test_a_company_is_told_by_the_words_of_its_indicators():
    other = neighbours(9, "接种率").assign(value=lambda f: 100 - f["value"])
    beside = pd.concat(
        [other, neighbours(), series([1.0, 2.0, 3.0], [2018, 2019, 2020], "?", indicator=None)]
    )
    mine = series(
        [30.0, 31.0, 33.0], [2018, 2019, 2020], "我|入园率", indicator="入园率", lower=0.0, upper=100.0
    )
    unknown = mine.assign(series="我|无人知", indicator="无人知")
    nameless = mine.assign(series="我|无名", indicator=None)
    found = project(pd.concat([unknown, nameless, mine]), 4, THREE, beside=beside)
    alone = numbers(project(mine.drop(columns="indicator"), 4, THREE))
    parts = [numbers(part) for _, part in found.groupby("series", sort=False)]
    assert parts[0] == pytest.approx(alone, rel=1e-4) and parts[1] == pytest.approx(alone, rel=1e-4)
    # those beside it rise, so more of a rise is expected than of the series by itself
    assert (parts[2][:, 1] > alone[:, 1]).all()
    only = project(mine, 4, THREE, beside=neighbours())
    assert parts[2] == pytest.approx(numbers(only), rel=1e-12)


def test_a_company_without_indicators_is_refused():
    with pytest.raises(DataError, match="同伴数据缺少列 indicator"):
        project(neighbours(), 2, THREE, beside=neighbours().drop(columns="indicator"))
    with pytest.raises(DataError, match="趋势数据缺少列 indicator"):
        project(neighbours().drop(columns="indicator"), 2, THREE, beside=neighbours())


@settings(max_examples=10, deadline=None)
@given(st.permutations(range(10)), st.integers(1, 10))
def test_who_else_is_asked_for_does_not_matter_beside_a_company(order, size):
    mine = [
        series([30.0 + k, 31.0, 33.0 - k], [2016, 2018, 2019], f"s{k}", indicator="入园率", lower=0.0, upper=100.0,
               numerator=[60.0 + 2 * k, 62.0, 66.0 - 2 * k], denominator=200.0)
        for k in range(10)
    ]  # fmt: skip
    whole = project(pd.concat(mine), 3, THREE, beside=neighbours())
    some = [mine[k] for k in order[:size]]
    found = project(pd.concat(some), 3, THREE, beside=neighbours())
    expected = whole[whole["series"].isin(found["series"].unique())]
    assert numbers(by_key(found)) == pytest.approx(numbers(by_key(expected)), rel=1e-12)
