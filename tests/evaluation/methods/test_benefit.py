"""Benefit: costs at one price level, cost per child with intervals that may be open, words that claim no more than is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from xhcp_eval.demo.raters import FOLDER
from xhcp_eval.errors import DataError, ParamsError
from xhcp_eval.evaluation.methods.benefit import (
    COST_COLUMNS,
    Estimate,
    additional_children,
    cost_effect,
    fieller,
    net_benefit,
    present_costs,
    read_costs,
    scenarios,
)

COST = Estimate(100_000, 90_000, 110_000)
CAUSAL_WORDS = (
    "导致",
    "带来",
    "使得",
    "促使",
    "由于",
    "因为",
    "因此",
    "换来",
    "效果",
    "成效",
    "措施每",
    "作用",
    "贡献",
)
ROW = dict(zip(COST_COLUMNS, ("mobile", "2023", "人员", "1000", "2023", "台账"), strict=True))


def cost_file(tmp_path, *changes):
    path = tmp_path / "costs.csv"
    pd.DataFrame([ROW | change for change in changes], columns=list(COST_COLUMNS)).to_csv(path, index=False)
    return path


class TestCosts:
    def test_the_demonstration_reads(self):
        costs = read_costs(FOLDER / "costs.csv")
        assert set(costs["measure"]) == {"mobile_clinic", "home_pilot", "visit_reminder"}
        assert (costs["amount"] > 0).all()
        assert costs["year"].dtype.kind == "i"

    @pytest.mark.parametrize(
        ("change", "told"),
        [
            ({"amount": "-5"}, "第 3 行 amount：“-5”不是不小于 0 的金额"),
            ({"amount": "很多"}, "“很多”不是"),
            ({"amount": ""}, "第 3 行 amount"),
            ({"amount": "inf"}, "第 3 行 amount"),
            ({"year": "二三年"}, "第 3 行 year：“二三年”不是年份"),
            ({"year": "2023.5"}, "不是年份"),
            ({"price_year": "23"}, "第 3 行 price_year"),
            ({"kind": "工资"}, "“工资”不认识；允许 人员、设备"),
            ({"source": ""}, "第 3 行 source：不能为空"),
            ({"measure": ""}, "measure：不能为空"),
            ({}, "第 3 行：与前面一行完全相同"),
        ],
    )
    def test_faults_name_row_and_column(self, tmp_path, change, told):
        with pytest.raises(DataError) as caught:
            read_costs(cost_file(tmp_path, {}, change))
        assert told in str(caught.value), str(caught.value)

    def test_wrong_shapes(self, tmp_path):
        with pytest.raises(DataError, match="没有任何一行"):
            read_costs(cost_file(tmp_path))
        path = tmp_path / "short.csv"
        path.write_text("measure,year\nx,2020\n", encoding="utf-8")
        with pytest.raises(DataError, match="缺少列 kind、amount、price_year、source"):
            read_costs(path)

    def test_prices_and_discounting_by_hand(self, tmp_path):
        costs = read_costs(cost_file(tmp_path, {}, {"year": "2025", "price_year": "2025", "amount": "2000"}))
        found = present_costs(costs, {2023: 100, 2025: 110}, 2025, 0.05, 2023)
        assert found["real"].tolist() == pytest.approx([1100, 2000])
        assert found["present"].tolist() == pytest.approx([1100, 2000 / 1.05**2])
        undiscounted = present_costs(costs, {2023: 100, 2025: 110}, 2025, 0.0, 2025)
        assert undiscounted["present"].tolist() == undiscounted["real"].tolist()

    def test_what_prices_need(self, tmp_path):
        costs = read_costs(cost_file(tmp_path, {}))
        for index in ({2025: 110}, {2023: 0, 2025: 110}, {2023: np.nan, 2025: 110}):
            with pytest.raises(DataError, match="物价指数缺少 2023 年"):
                present_costs(costs, index, 2025, 0.03, 2023)
        with pytest.raises(ParamsError, match="请写成小数"):
            present_costs(costs, {2023: 100}, 2023, 3, 2023)
        with pytest.raises(DataError, match="不能为负"):
            present_costs(costs.assign(amount=-1.0), {2023: 100}, 2023, 0.03, 2023)

    def test_children_by_hand(self):
        found = additional_children(Estimate(2.0, 1.0, 3.0), {2022: 5000, 2023: 4000}, 0.10)
        assert found.value == pytest.approx(0.02 * (5000 + 4000 / 1.1))
        assert (found.low, found.high) == pytest.approx((found.value / 2, found.value * 1.5))

    @pytest.mark.parametrize("children", [{}, {2022: 0}, {2022: -1, 2023: 9}, {2022: np.nan}])
    def test_children_must_be_there(self, children):
        with pytest.raises(DataError, match="儿童数须按年给出"):
            additional_children(Estimate(2, 1, 3), children)

    @pytest.mark.parametrize("numbers", [(1, 2, 3), (1, 0, 0.5), (np.nan, 0, 1), (0, -np.inf, 1)])
    def test_estimates_lie_in_their_interval(self, numbers):
        with pytest.raises(DataError, match="区间"):
            Estimate(*numbers)


class TestFieller:
    def test_limits_are_where_a_test_turns(self):
        """Finney's rotenone (Probit Analysis, 1971): at the limits of log LD50 = -a / b, statsmodels' own test of
        a + x b = 0 has p = 0.05."""
        dose = np.log10([10.2, 7.7, 5.1, 3.8, 2.6])
        died, n = np.array([44, 42, 24, 16, 6]), np.array([50, 49, 46, 48, 50])
        probit = sm.families.Binomial(sm.families.links.Probit())
        fit = sm.GLM(np.column_stack([died, n - died]), sm.add_constant(dose), family=probit).fit()
        (a, b), v = fit.params, fit.cov_params()
        limits = fieller(-a, b, (np.sqrt(v[0, 0]), np.sqrt(v[1, 1])), -v[0, 1] / np.sqrt(v[0, 0] * v[1, 1]))
        assert limits.kind == "bounded"
        assert limits.low < -a / b < limits.high
        for end in (limits.low, limits.high):
            assert float(fit.t_test([1, end]).pvalue) == pytest.approx(0.05, abs=1e-10)

    def test_the_form_of_the_health_economists(self):
        """Briggs, O'Brien & Blackhouse 2002 write it with g = z^2 se_b^2 / b^2; here from other algebra."""
        a, b, sa, sb, rho, z = 1000.0, 0.05, 300.0, 0.012, -0.4, 1.959963984540054
        ratio, g, cov = a / b, (z * sb / b) ** 2, rho * sa * sb
        middle = ratio - g * cov / sb**2
        half = z / b * np.sqrt(sa**2 - 2 * ratio * cov + ratio**2 * sb**2 - g * (sa**2 - cov**2 / sb**2))
        limits = fieller(a, b, (sa, sb), rho)
        assert limits == (
            "bounded",
            pytest.approx((middle - half) / (1 - g)),
            pytest.approx((middle + half) / (1 - g)),
        )

    def test_three_shapes(self):
        """Franz 2007: bounded, all but an interval, everything."""
        assert fieller(10, 10, (1, 1)).kind == "bounded"
        outside = fieller(10, 1, (1, 1))
        assert outside.kind == "outside"
        assert outside.low < 0 < outside.high
        assert fieller(1, 1, (1, 1)) == ("all", -np.inf, np.inf)

    def test_a_known_denominator_is_the_plain_interval(self):
        limits = fieller(10, 2, (1, 0))
        assert (limits.low, limits.high) == pytest.approx((5 - 0.979982, 5 + 0.979982), abs=1e-5)

    @given(
        st.floats(-50, 50),
        st.floats(-50, 50),
        st.floats(0.1, 9),
        st.floats(0.1, 9),
        st.floats(-0.9, 0.9),
        st.floats(-20, 20),
    )
    @settings(max_examples=100, deadline=None)
    def test_the_set_holds_what_a_test_does_not_reject(self, a, b, sa, sb, rho, r):
        limits = fieller(a, b, (sa, sb), rho)
        z = (a - r * b) / np.sqrt(sa**2 + r**2 * sb**2 - 2 * r * rho * sa * sb)
        assume(abs(abs(z) - 1.959964) > 1e-4)
        inside = {
            "bounded": limits.low <= r <= limits.high,
            "outside": not limits.low < r < limits.high,
            "all": True,
        }
        assert inside[limits.kind] == (abs(z) < 1.959964)

    @pytest.mark.parametrize("wrong", [(1, 0, (1, 0)), (1, 1, (-1, 1)), (np.nan, 1, (1, 1))])
    def test_bad_input(self, wrong):
        with pytest.raises(DataError):
            fieller(*wrong)
        with pytest.raises(ParamsError):
            fieller(1, 1, (1, 1), correlation=2)


class TestRatio:
    def test_simulation_agrees_with_fieller(self):
        found = cost_effect(COST, Estimate(200, 150, 250), causal=True, draws=200_000)
        assert found.kind == "bounded"
        assert found.ratio == 500
        assert (found.low, found.high) == pytest.approx(found.fieller[1:], rel=0.02)
        assert found.to_frame()["ratio"][0] == 500

    def test_correlated_errors_narrow_the_ratio(self):
        apart, together = (
            cost_effect(COST, Estimate(200, 150, 250), causal=True, correlation=r) for r in (0, 0.95)
        )
        assert together.high - together.low < apart.high - apart.low

    def test_a_known_cost(self):
        """With the cost known, quantiles of the ratio are cost over quantiles of the children."""
        found = cost_effect(Estimate(1000, 1000, 1000), Estimate(10, 6, 14), causal=True, draws=200_000)
        assert (found.low, found.high) == pytest.approx((1000 / 14, 1000 / 6), rel=0.02)

    def test_halves_of_an_interval_may_differ(self):
        found = cost_effect(Estimate(1000, 1000, 1000), Estimate(10, 8, 30), causal=True, draws=200_000)
        assert (found.low, found.high) == pytest.approx((1000 / 30, 1000 / 8), rel=0.03)

    @pytest.mark.parametrize("causal", [True, False])
    def test_no_more_children_to_tell_no_upper_end(self, causal):
        found = cost_effect(COST, Estimate(50, -30, 130), causal=causal)
        assert found.kind == "unbounded"
        assert np.isnan(found.ratio)
        assert found.high == np.inf
        assert 0 < found.low < 2000
        assert found.fieller.kind == "outside"
        assert found.low == pytest.approx(found.fieller.high, rel=0.05)
        assert "与零没有可靠差别" in found.sentence
        assert "没有上限，不给出数值" in found.sentence
        assert "2,000" not in found.sentence, "the point estimate isn't told"

    def test_neither_cost_nor_children_told(self):
        found = cost_effect(Estimate(10, -100, 120), Estimate(5, -30, 40), causal=True)
        assert np.isnan(found.low)
        assert "下限也不能确定" in found.sentence
        assert found.fieller.kind == "all"

    def test_fewer_children(self):
        found = cost_effect(COST, Estimate(-50, -80, -20), causal=True)
        assert found.kind == "none"
        assert np.isnan([found.ratio, found.low, found.high]).all()
        assert "没有意义" in found.sentence

    def test_savings_are_told(self):
        found = cost_effect(Estimate(-1000, -1500, -500), Estimate(10, 5, 15), causal=True)
        assert found.high < 0
        assert "负值表示节省" in found.sentence
        assert found.quadrants.set_index("quadrant")["share"]["支出减少、儿童增加"] > 0.99

    @pytest.mark.parametrize("effect", [(200, 150, 250), (50, -30, 130), (-50, -80, -20), (200, 1, 399)])
    def test_no_causal_word_without_a_causal_study(self, effect):
        quiet = cost_effect(COST, Estimate(*effect), causal=False)
        assert not [word for word in CAUSAL_WORDS if word in quiet.sentence]
        assert "不支持因果结论" in quiet.sentence
        loud = cost_effect(COST, Estimate(*effect), causal=True).sentence
        assert "措施每多覆盖 1 名儿童的成本" in loud
        assert "不支持因果" not in loud

    def test_whether_causal_must_be_said(self):
        with pytest.raises(TypeError):
            cost_effect(COST, Estimate(1, 0, 2))

    def test_bad_input(self):
        with pytest.raises(DataError, match="没有区间"):
            cost_effect(COST, Estimate(10, 10, 10), causal=True)
        for wrong in ({"level": 95}, {"correlation": 3}, {"draws": 10}):
            with pytest.raises(ParamsError):
                cost_effect(COST, Estimate(10, 5, 15), causal=True, **wrong)

    def test_the_same_seed_the_same_numbers(self):
        one, two = (cost_effect(COST, Estimate(200, 150, 250), causal=True, seed=5) for _ in range(2))
        assert (one.low, one.high) == (two.low, two.high)

    @given(st.floats(1, 500), st.floats(1, 500))
    @settings(max_examples=30, deadline=None)
    def test_an_interval_over_zero_is_never_bounded(self, value, beyond):
        found = cost_effect(COST, Estimate(value, -beyond, 2 * value + beyond), causal=False, draws=2000)
        assert found.high == np.inf
        assert np.isnan(found.ratio)
        assert found.quadrants["share"].sum() == pytest.approx(1)


class TestCoverage:
    def test_the_interval_holds_the_truth_as_often_as_it_says(self):
        """400 studies of a measure that reaches 200 children for 100,000 yuan: 95% within two points of simulation error."""
        rng, held = np.random.default_rng(11), 0
        for _ in range(400):
            e, c = rng.normal(200, 30), rng.normal(100_000, 5_000)
            found = cost_effect(
                Estimate(c, c - 9800, c + 9800), Estimate(e, e - 58.8, e + 58.8), causal=True, draws=2000
            )
            held += found.low <= 500 <= found.high
        assert 0.92 <= held / 400 <= 0.98


class TestNetBenefit:
    def test_by_hand(self):
        found = cost_effect(COST, Estimate(200, 150, 250), causal=True)
        table = net_benefit(found, [0, 500, 1000]).set_index("threshold")
        assert table["net_benefit"].tolist() == pytest.approx([-100_000, 0, 100_000])
        assert table.loc[0, "probability"] == 0
        assert table.loc[500, "probability"] == pytest.approx(0.5, abs=0.02)
        assert table.loc[1000, "probability"] > 0.99
        half = 1.96 * np.hypot(1000 * found.effect.error, found.cost.error)
        assert table.loc[1000, "high"] == pytest.approx(100_000 + half, rel=0.02)

    def test_the_curve_is_read_at_the_limit(self):
        """The threshold that is accepted with 97.5% is the upper Fieller limit (Heitjan 2000)."""
        found = cost_effect(COST, Estimate(200, 150, 250), causal=True, draws=200_000)
        assert net_benefit(found, [found.fieller.high])["probability"][0] == pytest.approx(0.975, abs=0.002)

    def test_uncertain_children_leave_the_curve_below_one(self):
        found = cost_effect(COST, Estimate(20, -60, 100), causal=False)
        assert net_benefit(found, [1e9])["probability"][0] < 0.8

    @pytest.mark.parametrize("wrong", [[], [-1], [np.nan], [[1, 2]]])
    def test_bad_thresholds(self, wrong):
        with pytest.raises(ParamsError, match="thresholds"):
            net_benefit(cost_effect(COST, Estimate(200, 150, 250), causal=True), wrong)


class TestScenarios:
    def test_by_hand(self):
        table = scenarios(COST, Estimate(200, 100, 250), (0.5, 1, 2)).set_index(
            ["cost_scenario", "effect_scenario"]
        )
        assert table.loc[("低", "高"), "ratio"] == pytest.approx(200)
        assert table.loc[("中", "中"), "ratio"] == pytest.approx(500)
        assert table.loc[("高", "低"), "ratio"] == pytest.approx(2000)

    def test_no_number_without_children(self):
        table = scenarios(COST, Estimate(50, -30, 130))
        worst = table[table["effect_scenario"] == "低"]
        assert worst["ratio"].isna().all()
        assert worst["note"].str.contains("没有意义").all()
        assert table[table["effect_scenario"] == "中"]["ratio"].notna().all()

    @pytest.mark.parametrize("factors", [(1, 2), (-1, 1, 2), (np.nan, 1, 2)])
    def test_bad_factors(self, factors):
        with pytest.raises(ParamsError):
            scenarios(COST, Estimate(200, 100, 250), factors)
