"""Views of a backtest show its scores, with their uncertainty, and say them in words."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from xhcp_eval.chapters import method_validation as views
from xhcp_eval.errors import ParamsError
from xhcp_eval.forecast.backtests.backtest import backtest
from xhcp_eval.forecast.backtests.card import provinces_hindcast

FIGURES = [
    views.reliability_diagram,
    views.coverage_by_horizon,
    lambda b: views.skill_by_group(b, "linear", "drift"),
]


@pytest.fixture(scope="module")
def judged():
    rng = np.random.default_rng(5)
    parts = []
    for indicator in "abcd":
        values = 40 + rng.standard_normal((10, 20)).cumsum(axis=1)
        part = (
            pd.DataFrame(values).rename_axis("region").melt(ignore_index=False, var_name="year").reset_index()
        )
        parts.append(part.assign(indicator=indicator, group="country" if indicator < "c" else "新类别"))
    found = backtest(pd.concat(parts), ["drift", "linear"], per_indicator=40)
    answers = np.where(np.arange(160) < 30, np.nan, found.cases.met)
    return found.add_probabilities({"他人的规则": answers})


def test_the_table_shows_every_score_with_its_interval(judged):
    table, scores = views.score_table(judged), judged.scores()
    assert table.frame["method"].tolist() == ["随机游走加漂移", "线性趋势", "他人的规则"]
    drift = scores.iloc[0]
    wql = f"{drift['wql']:.3f}\n（{drift['wql_low']:.3f}–{drift['wql_high']:.3f}）"
    assert table.frame.loc[0, "wql"] == wql
    covered = (
        f"{drift['coverage_80']:.1%}\n（{drift['coverage_80_low']:.1%}–{drift['coverage_80_high']:.1%}）"
    )
    assert table.frame.loc[0, "coverage_80"] == covered
    assert table.frame.loc[0, "hit_rate"] == f"{drift['hit_rate']:.1%}"
    # the number of forecasts is the same for every method that gives any, so the caption tells it
    assert "n" not in table.frame.columns and f"{drift['n']:,}个预测值" in table.caption
    for header in ("加权分位损失", "MASE", "80%区间覆盖", "布赖尔得分", "对数得分", "校准误差", "目标数"):
        assert header in table.html
    assert "160个案例、4个指标，" in table.caption and "向前5年" in table.caption


def test_what_a_rule_does_not_say_is_a_dash_and_what_it_left_open_is_counted(judged):
    rule = views.score_table(judged).frame.iloc[2]
    assert rule[["wql", "coverage_50", "mase"]].tolist() == ["—", "—", "—"]
    assert rule["brier"].startswith("0.000")
    assert rule["n_targets"] == "130\n另30未作答"


@pytest.mark.parametrize("draw", FIGURES)
def test_figures_are_drawn_in_chinese_without_a_missing_glyph(judged, draw):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        view = draw(judged)
    assert view.png.startswith(b"\x89PNG")
    assert 300 < view.width < 1000
    assert view.caption
    assert "随机游走加漂移" in view.alt
    assert "nan" not in view.alt


def test_the_reliability_diagram_says_its_bins(judged):
    bins = judged.reliability("linear")
    first = bins.iloc[0]
    alt = views.reliability_diagram(judged, ["linear"]).alt
    said = (
        f"预测{100 * first['mean_forecast']:.0f}%、实际{100 * first['frequency']:.0f}%（{first['n']:.0f}例）"
    )
    assert said in alt
    assert alt.count("例）") == len(bins)
    assert "随机游走加漂移" not in alt
    assert "他人的规则" in views.reliability_diagram(judged, "他人的规则").alt


def test_coverage_is_of_methods_with_quantiles(judged):
    alt = views.coverage_by_horizon(judged).alt
    last = judged.scores(by=["horizon"]).query("method == 'linear' and horizon == 5").iloc[0]
    assert f"线性趋势50%区间{last['coverage_50']:.0%}，80%区间{last['coverage_80']:.0%}" in alt
    assert "他人的规则" not in alt


def test_skill_is_told_for_all_and_for_each_group(judged):
    view = views.skill_by_group(judged, "linear", against="drift")
    skill = judged.skill("linear", "drift").iloc[0]
    assert f"全部：加权分位损失{skill['wql_skill']:.1%}".replace("-", "−") in view.alt
    assert "国家数据：" in view.alt
    assert "新类别：" in view.alt


def test_unknown_methods_are_refused_with_the_known_ones(judged):
    for call in (views.reliability_diagram, views.coverage_by_horizon):
        with pytest.raises(ParamsError, match="drift、linear、他人的规则"):
            call(judged, ["nobody"])
    with pytest.raises(ParamsError, match="没有方法 'nobody'"):
        views.skill_by_group(judged, "nobody")


def test_the_hindcast_of_provinces_says_how_far_off_it_was_and_which_way():
    found, told = provinces_hindcast(), views.provinces_sentence()
    every = found["all"]
    assert f"{every['n']:,.0f}个问题" in str(told)
    for way in views.WAYS:
        gap = 100 * (every[f"said_{way}"] - every["happened"])
        assert f"低{-gap:.0f}个百分点" in str(told) and gap < 0
        bins = pd.DataFrame(found[way]["reliability"])
        assert bins["n"].sum() == every["n"]
        # the bins say what the sentence says
        assert np.average(bins["frequency"], weights=bins["n"]) == pytest.approx(every["happened"], abs=1e-3)
        assert np.average(bins["mean_forecast"], weights=bins["n"]) == pytest.approx(
            every[f"said_{way}"], abs=1e-3
        )
        low, high = found[way]["gap_interval"]
        assert low < every[f"gap_{way}"] < high


def test_said_and_happened_in_provinces_are_drawn_in_both_ways():
    drawn = views.provinces_diagram()
    for way, name in views.WAYS.items():
        first = pd.DataFrame(provinces_hindcast()[way]["reliability"]).iloc[0]
        assert (
            f"{name}：预测{100 * first['mean_forecast']:.0f}%、实际{100 * first['frequency']:.0f}%"
            in drawn.alt
        )
