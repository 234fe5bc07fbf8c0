"""Every rule on series small enough to work out by hand, and on chance alone."""

import json

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pydantic import ValidationError
from scipy import stats
from statsmodels.stats.multitest import multipletests

from xhcp_eval.errors import DataError
from xhcp_eval.forecast.panel import make_panel
from xhcp_eval.observations.table import read_table
from xhcp_eval.plan.reading import load_plan
from xhcp_eval.verdict.judging import judge
from xhcp_eval.warnings.false_alarms import floor_alarms, still_alarms
from xhcp_eval.warnings.floor import beyond_bound, false_discoveries
from xhcp_eval.warnings.movement import room, volatile, worse_two_years
from xhcp_eval.warnings.rules import (
    BREAK,
    FLOOR,
    HARD,
    HINT,
    MISSING,
    ORDINARY,
    RULE_NAMES,
    URGENT,
    VOLATILE,
    WORSE,
    WarningRules,
)
from xhcp_eval.warnings.warn import COLUMNS, early_warnings, load_skill, rule_table

YEARS = range(2016, 2026)
CALM = [50.0, 51.2, 52.1, 53.4, 54.1, 55.5, 56.2, 57.6]
# every rule trusted, so that severities are the rules' own
TRUSTED = {
    rule: {
        "precision": 0.8,
        "recall": 0.5,
        "base_rate": 0.4,
        "better": None if rule in (MISSING, FLOOR) else True,
    }
    for rule in RULE_NAMES
}


def panel_of(*rows, **columns):
    frames = [
        pd.DataFrame(
            {"series": f"s{i}", "year": 2016 + np.arange(len(v)), "value": np.asarray(v, float), **columns}
        )
        for i, v in enumerate(rows)
    ]
    return make_panel(pd.concat(frames))


def counted(numerator, denominator, **columns):
    x, n = np.asarray(numerator, float), np.asarray(denominator, float)
    return panel_of(100 * x / n, numerator=x, denominator=n, lower=0, upper=100, **columns)


def up(panel):
    return np.ones(len(panel), int)


# --- worse two years running ---


def test_a_loss_beyond_its_own_habit():
    # seven changes of 0.7 to 1.4, median 1.2: two years' habit is 1.4826 * 1.2 * sqrt(2) = 2.516
    panel = panel_of([*CALM, 56.0, 54.9], [*CALM, 57.0, 55.0], [*CALM, 57.0, 57.2], [*CALM, 54.0, 57.5])
    worse = worse_two_years(panel, up(panel), WarningRules())
    assert worse.habit == pytest.approx(1.4826 * 1.2 * np.sqrt(2))
    assert worse.change == pytest.approx([-2.7, -2.6, -0.4, -0.1])
    assert worse.flagged.tolist() == [True, True, False, False]
    assert not worse_two_years(panel, up(panel), WarningRules(habit=1.2)).flagged.any()
    assert not worse_two_years(panel, -up(panel), WarningRules()).flagged.any()
    assert not worse_two_years(panel, 0 * up(panel), WarningRules()).judged.any()


def test_few_events_explain_a_loss_and_many_do_not():
    few, many = [counted(np.array([90] * 8 + [85, 78]) * k, np.full(10, 100) * k) for k in (1, 20)]
    small, large = (worse_two_years(panel, up(panel), WarningRules()) for panel in (few, many))
    assert not small.flagged[0] and large.flagged[0]
    # failures are the rarer events: 22 against 10 in 100
    assert small.ratio[0] == pytest.approx(2.2)
    # the conditional test is binomial: 22 of 32 with chance one half
    share = stats.beta.ppf([0.025, 0.975], [22, 23], [11, 10])
    assert [small.low[0], small.high[0]] == pytest.approx(share / (1 - share))


def test_counts_alone_decide_where_no_habit_is_known():
    short = counted([900, 850, 780], [1000, 1000, 1000])
    worse = worse_two_years(short, up(short), WarningRules())
    assert np.isnan(worse.habit[0]) and worse.flagged[0]
    bare = panel_of([90, 85, 78])
    assert not worse_two_years(bare, up(bare), WarningRules()).judged[0]


def test_a_gap_or_too_few_years_is_not_judged():
    gap = panel_of([*CALM, np.nan, 40.0])
    assert not worse_two_years(gap, up(gap), WarningRules()).judged[0]
    for values in ([5.0], [5.0, 4.0]):
        assert not worse_two_years(panel_of(values), np.ones(1), WarningRules()).judged[0]


def test_no_events_at_all_is_no_loss():
    panel = counted([0] * 10, [50] * 10)
    worse = worse_two_years(panel, -up(panel), WarningRules())
    assert not worse.flagged[0] and np.isnan(worse.ratio[0])


@given(hnp.arrays(float, (4, 10), elements=st.floats(0, 100)), st.floats(0.5, 20))
def test_losses_do_not_depend_on_the_unit(values, factor):
    plain, scaled = panel_of(*values), panel_of(*(values * factor))
    a, b = (worse_two_years(p, up(p), WarningRules(habit=0.0)) for p in (plain, scaled))
    assert a.flagged.tolist() == b.flagged.tolist()
    assert b.change == pytest.approx(a.change * factor)


# --- volatile ---


def test_volatility_of_an_alternating_series_by_hand():
    # second differences of 0, 10, 0, 10, ... are +-20: rms 20, over the root of six 8.165, a share of 1.633 of the mean
    panel = panel_of([0, 10] * 5)
    unrest = volatile(panel, WarningRules())
    assert unrest.size[0] == pytest.approx(20 / np.sqrt(6))
    assert unrest.share[0] == pytest.approx(20 / np.sqrt(6) / 5)
    assert unrest.flagged[0] and np.isnan(unrest.p[0])


def test_a_steady_trend_is_not_volatile():
    panel = panel_of(np.linspace(10, 90, 10), np.full(10, 7.0), np.zeros(10))
    unrest = volatile(panel, WarningRules())
    assert unrest.size == pytest.approx(0, abs=1e-9) and not unrest.flagged.any()
    assert unrest.judged.all()


def test_moments_of_the_dispersion_are_those_of_simulated_counts():
    rng = np.random.default_rng(1)
    x = rng.binomial(400, 0.3, (4000, 9))
    panel = make_panel(
        pd.DataFrame(
            {
                "series": np.repeat(np.arange(4000), 9),
                "year": np.tile(np.arange(9), 4000),
                "value": x.ravel() / 4.0,
            }
            | {"numerator": x.ravel(), "denominator": 400.0, "upper": 100.0}
        )
    )
    unrest = volatile(panel, WarningRules())
    assert unrest.dispersion.mean() == pytest.approx(1, abs=0.04)
    # 7 correlated second differences behave like few degrees of freedom; the p-values must be even all the same
    assert np.quantile(unrest.p, [0.05, 0.5, 0.95]) == pytest.approx([0.05, 0.5, 0.95], abs=0.03)


def test_overdispersed_counts_are_found():
    swings = np.tile([0.5, 0.8], 5)
    assert volatile(counted(swings * 400, [400] * 10), WarningRules()).flagged[0]
    tiny = volatile(counted(swings * 10, [10] * 10), WarningRules())
    assert not tiny.flagged[0] and tiny.p[0] > 0.01


def test_too_few_triples_are_not_judged():
    unrest = volatile(panel_of([0, 10, 0, 10], [1.0]), WarningRules())
    assert not unrest.judged.any() and not unrest.flagged.any()


def test_room_is_the_nearer_end_of_the_scale():
    assert room(panel_of([98.0, 98.0], [2.0, 2.0], upper=100)) == pytest.approx([2, 2])
    assert room(panel_of([98.0, 98.0])) == pytest.approx([98])


@pytest.mark.parametrize(("share", "cases"), [(0.9, 40), (0.97, 300), (0.5, 2000)])
def test_chance_of_counts_rarely_warns(share, cases):
    alarms = still_alarms(share, cases, WarningRules())
    assert alarms["worse"] <= 0.025 and alarms["volatile"] <= 0.02


# --- floors ---


def test_the_chance_of_a_township_on_the_bound_is_exact():
    found = beyond_bound(np.array([7.0, 10.0]), np.array([10.0, 10.0]), 0.9, 1, "proportion")
    assert found == pytest.approx(stats.binom.cdf([7, 10], 10, 0.9))
    found = beyond_bound(np.array([3.0, 0.0]), np.array([200.0, 200.0]), 0.005, -1, "rate")
    assert found == pytest.approx([stats.poisson.sf(2, 1), 1.0])
    # one failure disproves "all"
    assert beyond_bound(np.array([9.0, 10.0]), np.array([10.0, 10.0]), 1.0, 1, "proportion").tolist() == [
        0,
        1,
    ]


def test_false_discoveries_against_statsmodels():
    # Benjamini & Hochberg 1995, section 3.2: 4 of 15 are rejected at 0.05
    p = [
        0.0001,
        0.0004,
        0.0019,
        0.0095,
        0.0201,
        0.0278,
        0.0298,
        0.0344,
        0.0459,
        0.3240,
        0.4262,
        0.5719,
        0.6528,
        0.7590,
        1.0,
    ]
    found = false_discoveries(np.array(p))
    assert (found <= 0.05).sum() == 4
    assert found == pytest.approx(multipletests(p, method="fdr_bh")[1])


def test_townships_on_the_bound_are_rarely_called_below_it():
    for share, kind, cases in ((0.9, "proportion", (20, 200)), (0.004, "rate", (100, 1000))):
        alarms = floor_alarms(share, kind, cases, WarningRules())
        assert alarms["family"] <= 0.05 and 0.2 < alarms["hint"] < 0.6
    assert floor_alarms(0.9, "proportion", (100, 400), WarningRules(), worse=0.2)["found"] > 0.9


# --- warnings of a region ---

PLAN = {
    "id": "mini", "name": "小规划", "region": "甲区", "level": "district", "base_year": 2020, "start_year": 2021,
    "midterm_year": 2025, "end_year": 2030, "domains": [{"id": "health", "name": "健康"}],
}  # fmt: skip
GOAL = {
    "id": "health.1",
    "domain": "health",
    "number": 1,
    "name": "目标",
    "kind": "quantified",
    "indicators": ["x"],
}


def indicator(name="x", targets=(), **fields):
    base = {
        "id": name, "name": f"指标{name}", "goal": "health.1", "unit": "percent", "kind": "proportion", "lower": 0,
        "upper": 100, "direction": "up", "departments": ["区卫健委", "区教体局"], "targets": list(targets),
    }  # fmt: skip
    return base | fields


def target(year, op, value, **fields):
    return {"year": year, "op": op, "value": value, "level": "district", "text_ref": "health.1"} | fields


def rows(values, name="x", region="甲区", level="district", years=YEARS, unit="percent", **columns):
    frame = pd.DataFrame({"year": list(years), "value": np.asarray(values, float)})
    columns = {"status": "reported", "source": "填报表"} | columns
    return frame.assign(indicator=name, region=region, level=level, unit=unit, **columns)


def township(name, numerator, denominator, year=2025, indicator="x"):
    columns = {"numerator": numerator, "denominator": denominator}
    return rows([100 * numerator / denominator], indicator, f"甲区/{name}", "township", [year], **columns)


@pytest.fixture
def warn(tmp_path):
    def run(indicators, *tables, rules=None, skill=TRUSTED, until=2025, **options):
        folder = tmp_path / "mini"
        folder.mkdir(exist_ok=True)
        content = {"plan": PLAN, "goals": {"goals": [GOAL]}, "indicators": {"indicators": list(indicators)}}
        for name, part in content.items():
            text = yaml.safe_dump(part, allow_unicode=True)
            (folder / f"{name}.yaml").write_text(text, encoding="utf-8", newline="\n")
        plan = load_plan(folder)
        path = tmp_path / "table.csv"
        pd.concat(tables).to_csv(path, index=False, encoding="utf-8")
        verdicts = judge(read_table(path, plan), plan, "甲区", until=until, may_lag=True, **options)
        return early_warnings(verdicts, rules, skill)

    return run


def test_a_target_out_of_reach(warn):
    found = warn([indicator(targets=[target(2030, ">=", 95)])], rows([*CALM, 58.3, 59.5]))
    row = found.loc[0]
    assert len(found) == 1 and row["rule"] == HARD and row["rule_name"] == "难以达标"
    assert (
        row["severity"] == URGENT and row["target_id"] == "x@2030" and row["series"] == "x|甲区|total|total"
    )
    assert row["department"] == "区卫健委、区教体局" and row["year"] == 2025
    assert "59.5%" in row["evidence"] and "低于30%" in row["evidence"] and "≥95%" in row["evidence"]
    assert (row["precision"], row["recall"], row["base_rate"]) == (0.8, 0.5, 0.4)
    assert tuple(found.columns) == COLUMNS


def test_a_target_within_reach_or_of_another_level_warns_of_nothing(warn):
    calm = rows([*CALM, 58.3, 59.5])
    assert warn([indicator(targets=[target(2030, ">=", 55)])], calm).empty
    assert warn(
        [indicator(targets=[target(2030, ">=", 95, level="province", role="comparison")])], calm
    ).empty


def test_a_reading_is_named_as_one(warn):
    strict = target(2030, ">=", 95, reading="strict")
    found = warn([indicator(targets=[strict])], rows([*CALM, 58.3, 59.5]))
    assert "（文字的一种读法）" in found.loc[0, "evidence"] and found.loc[0, "target_id"].startswith("x@2030")


def test_worse_two_years_and_a_jump_in_words(warn):
    found = warn([indicator()], rows([*CALM, 56.0, 42.0])).set_index("rule")
    assert set(found.index) == {WORSE, BREAK}
    assert "57.6%→56%→42%" in found.loc[WORSE, "evidence"] and "−15.6个百分点" in found.loc[WORSE, "evidence"]
    assert found.loc[BREAK, "year"] == 2025 and found.loc[BREAK, "severity"] == ORDINARY
    assert warn([indicator(direction="contextual")], rows([*CALM, 56.0, 54.0])).empty


def test_an_old_jump_or_a_marked_one_does_not_warn(warn):
    jumped = np.array([*CALM, 58.3, 59.5]) + np.where(np.arange(10) < 6, 0, 15)
    assert warn([indicator()], rows(jumped)).empty
    assert warn([indicator()], rows(jumped), rules=WarningRules(recent=5), skill=TRUSTED)[
        "rule"
    ].tolist() == [BREAK]
    marked = rows(jumped, series_break=np.arange(10) == 6)
    assert warn([indicator()], marked, rules=WarningRules(recent=5)).empty


def test_volatile_with_and_without_counts(warn):
    alternating = np.tile([50.0, 80.0], 5)
    counts = {"numerator": alternating * 4, "denominator": 400}
    found = warn(
        [indicator(), indicator("y")], rows(alternating, **counts), rows(np.tile([20.0, 80.0], 5), "y")
    )
    assert found["rule"].tolist() == [VOLATILE, VOLATILE]
    assert "计数误差" in found.loc[0, "evidence"] and "p<0.001" in found.loc[0, "evidence"]
    assert "没有分子分母" in found.loc[1, "evidence"]


def test_missing_for_two_years(warn):
    known = [
        indicator(),
        indicator("y", goal=None, domain="health"),
        indicator("z", [target(2030, ">=", 50)]),
    ]
    old = rows(CALM, "y", years=range(2016, 2024))
    found = warn(known, rows([*CALM, 58.3, 59.5]), old)
    assert found[["rule", "indicator", "severity", "target_id"]].to_numpy().tolist() == [
        [MISSING, "z", URGENT, "z@2030"],
        [MISSING, "y", ORDINARY, ""],
    ]
    assert "最近一次数据为2023年" in found.loc[1, "evidence"] and "从未填报" in found.loc[0, "evidence"]
    late = rows(CALM, "y", years=range(2017, 2025))
    assert "y" not in set(warn(known, rows([*CALM, 58.3, 59.5]), late)["indicator"])


def test_a_recollection_is_no_figure(warn):
    found = warn(
        [indicator()],
        rows(CALM, years=range(2016, 2024)),
        rows([60, 61], years=[2024, 2025], status="recollection"),
    )
    assert found["rule"].tolist() == [MISSING]


def test_townships_under_the_floor(warn):
    bound = indicator(targets=[target(2030, ">=", 90), target(2025, ">=", 80)])
    main = rows([85.0] * 10)
    towns = [
        township("一乡", 500, 1000),
        township("二乡", 39, 50),
        township("三乡", 900, 1000),
        township("旧乡", 1, 99, 2020),
    ]
    found = warn([bound], main, *towns).query("rule == @FLOOR")
    assert found["region"].tolist() == ["甲区/一乡", "甲区"]
    assert found["severity"].tolist() == [URGENT, HINT] and set(found["target_id"]) == {"x@2025"}
    assert "500/1,000" in found.iloc[0]["evidence"] and "错误发现率<0.001" in found.iloc[0]["evidence"]
    assert "二乡 78%" in found.iloc[1]["evidence"] and "3个单位中1个" in found.iloc[1]["evidence"]


def test_a_bound_for_later_that_is_not_asked_of_each_township_is_less_pressing(warn):
    bound = indicator(targets=[target(2030, ">=", 90)])
    found = warn([bound], rows([95.0] * 10), township("一乡", 500, 1000))
    assert found["severity"].tolist() == [ORDINARY] and "规划按全区计" in found.loc[0, "evidence"]


def test_a_failure_made_good_does_not_linger_where_all_is_asked_for(warn):
    bound = indicator(targets=[target(2030, ">=", 100)])
    made_good = [township("一乡", 0, 1, 2024), township("一乡", 1, 1, 2025)]
    assert FLOOR not in set(warn([bound], rows([100.0] * 10), *made_good)["rule"])


def test_the_region_s_total_count_is_no_township_s_floor(warn):
    count = {"unit": "count", "kind": "count", "upper": None}
    total = indicator(targets=[target(2030, ">=", 50)], **count)
    main, town = (
        rows([60] * 10, unit="count"),
        rows([5], region="甲区/一乡", level="township", years=[2025], unit="count"),
    )
    assert FLOOR not in set(warn([total], main, town)["rule"])
    each = indicator(targets=[target(2030, ">=", 10, aggregation="min_over_township")], **count)
    found = warn([each], main, town).query("rule == @FLOOR")
    assert found["severity"].tolist() == [URGENT] and "一乡 5，不达目标下限10" in found.iloc[0]["evidence"]


def test_a_rule_no_better_than_chance_gives_hints(warn):
    worthless = TRUSTED | {WORSE: TRUSTED[WORSE] | {"better": False}}
    lost = rows([*CALM, 56.0, 54.0])
    assert warn([indicator()], lost)["severity"].tolist() == [URGENT]
    assert warn([indicator()], lost, skill=worthless)["severity"].tolist() == [HINT]


def test_nothing_to_warn_of_is_an_empty_frame(warn):
    found = warn([indicator()], rows([*CALM, 58.3, 59.5]), skill=None)
    assert found.empty and tuple(found.columns) == COLUMNS


def test_the_gravest_come_first(warn):
    known = [
        indicator("a", goal=None, domain="health", direction="down"),
        indicator(targets=[target(2030, ">=", 99)]),
    ]
    found = warn(known, rows(np.tile([20.0, 80.0], 5), "a"), rows(CALM, years=range(2018, 2026)))
    assert found["severity"].tolist() == [URGENT, ORDINARY] and found["rule"].tolist() == [HARD, VOLATILE]


# --- thresholds, words and measured quality ---


@pytest.mark.parametrize(
    "wrong", [{"probability": 0}, {"fdr": 1.5}, {"missing": 0}, {"level": 0.2}, {"unknown": 1}]
)
def test_impossible_thresholds_are_refused(wrong):
    with pytest.raises(ValidationError):
        WarningRules(**wrong)


def test_the_words_of_a_rule_name_its_thresholds():
    texts = WarningRules(probability=0.25, fdr=0.1, missing=3, recent=4).texts()
    assert list(texts) == list(RULE_NAMES)
    assert (
        "25%" in texts[HARD]
        and "10%" in texts[FLOOR]
        and "3个数据年度" in texts[MISSING]
        and "4年内" in texts[BREAK]
    )


def test_the_table_of_rules_is_complete():
    table = rule_table()
    assert table["rule"].tolist() == list(RULE_NAMES)
    assert table[["text", "outcome", "note"]].map(bool).all(axis=None)
    assert table.set_index("rule").loc[[HARD, WORSE, VOLATILE, BREAK], "precision"].between(0, 1).all()
    assert table.set_index("rule").loc[[MISSING, FLOOR], "precision"].isna().all()


def test_figures_measured_with_other_thresholds_are_left_out():
    table = rule_table(WarningRules(habit=3.0))
    assert table["precision"].isna().all() and set(table["note"]) == {
        "阈值与实测时所用的不同，实测结果不适用"
    }


@pytest.mark.parametrize("content", [None, "{", "[]", json.dumps({"rules": {}})])
def test_an_unreadable_file_of_figures_says_how_to_make_it(tmp_path, content):
    path = tmp_path / "skill.json"
    if content is not None:
        path.write_text(content, encoding="utf-8", newline="\n")
    with pytest.raises(DataError, match=r"python -m xhcp_eval\.warnings\.skill"):
        load_skill(path=path)
