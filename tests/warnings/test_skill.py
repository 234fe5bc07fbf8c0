"""Precision and recall by hand, planted series, and the shipped figures made again."""

import json

import numpy as np
import pandas as pd
import pytest

from xhcp_eval.errors import DataError
from xhcp_eval.forecast.backtests.cases import make_cases
from xhcp_eval.warnings.precision import skill_note, skill_of
from xhcp_eval.warnings.rules import BREAK, FLOOR, HARD, MISSING, RULE_NAMES, VOLATILE, WORSE, WarningRules
from xhcp_eval.warnings.skill import (
    OUTCOMES,
    PANEL,
    measure,
    volatile_cases,
    wanted,
    worse_cases,
    write_skill,
)
from xhcp_eval.warnings.skill import _case_panel as case_panel
from xhcp_eval.warnings.warn import FIGURES, SKILL_FILE


def table(rows):
    return pd.DataFrame(rows, columns=["indicator", "warned", "wrong"]).astype(
        {"warned": bool, "wrong": bool}
    )


def test_figures_by_hand():
    # a: 10 cases, 4 warned of which 3 wrong, 5 wrong; b: 10 cases, 2 warned of which 1 wrong, 2 wrong
    rows = [("a", 1, 1)] * 3 + [("a", 1, 0)] + [("a", 0, 1)] * 2 + [("a", 0, 0)] * 4
    rows += [("b", 1, 1), ("b", 1, 0), ("b", 0, 1)] + [("b", 0, 0)] * 7
    found = skill_of(table(rows))
    assert found["precision"] == pytest.approx(4 / 6) and found["recall"] == pytest.approx(4 / 7)
    assert found["base_rate"] == pytest.approx(7 / 20) and found["lift"] == pytest.approx(4 / 6 / (7 / 20))
    # at the rates of their indicators 4 * 0.5 + 2 * 0.2 = 2.4 of the warned would have gone wrong
    assert found["lift_within"] == pytest.approx(4 / 2.4)
    assert (found["n"], found["n_warned"], found["n_wrong"]) == (20, 6, 7)
    # drawing two indicators again gives a twice, b twice or both
    assert found["lift_low"] == pytest.approx(1.5) and found["lift_high"] == pytest.approx(2.5)
    assert found["better"] is True


def test_a_rule_that_only_knows_the_indicator_is_no_better():
    rows = []
    for k in range(16):
        warned = k < 8
        rows += [(f"i{k}", warned and i % 20 < 10, i % 10 < (8 if warned else 1)) for i in range(40)]
    found = skill_of(table(rows))
    assert found["lift"] > 1.5 and found["lift_within"] == pytest.approx(1.0) and found["better"] is False
    assert skill_note(found).startswith("此规则在真实序列的同一指标内部不比随机好")


def test_chance_is_called_chance():
    rng = np.random.default_rng(0)
    rows = [(f"i{k % 20}", rng.random() < 0.3, rng.random() < 0.4) for k in range(4000)]
    found = skill_of(table(rows))
    assert found["lift"] == pytest.approx(1, abs=0.1) and found["better"] is False
    note = skill_note(found)
    assert note.startswith("此规则在真实序列上不比随机好") and "仅供提示" in note


def test_never_warned_one_indicator_and_no_case():
    silent = skill_of(table([("a", 0, 1), ("b", 0, 0)]))
    assert np.isnan(silent["precision"]) and silent["recall"] == 0 and silent["better"] is None
    assert "从未发出" in skill_note(silent)
    alone = skill_of(table([("a", 1, 1), ("a", 0, 0)]))
    assert np.isnan(alone["lift_low"]) and alone["better"] is None
    with pytest.raises(DataError, match="没有可判断的案例"):
        skill_of(table([]))


def histories(
    draw, indicators=("gm_infant_mortality_rate_per_1000_births", "kolada_n15419"), regions=30, years=24
):
    rng = np.random.default_rng(5)
    parts = [
        pd.DataFrame(
            {
                "indicator": name,
                "region": f"r{k}",
                "year": np.arange(2000, 2000 + years),
                "value": draw(rng, k),
            }
        )
        for name in indicators
        for k in range(regions)
    ]
    return pd.concat(parts, ignore_index=True)


def test_on_random_walks_neither_rule_tells_anything():
    """What follows a random walk's past owes it nothing, so a lift here would be the measurement's own doing."""
    names = [f"kolada_n{number}" for number in (15419, 15428, 15436, 15508)]
    frame = histories(lambda rng, k: 1000 + 400 * rng.normal(size=24).cumsum(), names, regions=400)
    cases = make_cases(frame, per_indicator=2000, least_points=8)
    for of in (worse_cases, volatile_cases):
        found = skill_of(of(cases, case_panel(cases), WarningRules()))
        assert found["n_warned"] > 300 and found["lift"] == pytest.approx(1, abs=0.08)


def test_losses_that_go_on_are_foretold():
    def turned(rng, k):
        steps = rng.normal(0.3, 0.3, 24)
        if k % 2:
            steps[12:] -= 1.2
        return 50 + steps.cumsum()

    cases = make_cases(
        histories(turned, ("kolada_n15419", "kolada_n15428")), per_indicator=3000, least_points=8
    )
    found = skill_of(worse_cases(cases, case_panel(cases), WarningRules()))
    assert found["precision"] > 0.8 and found["lift"] > 1.5


def test_restless_regions_are_foretold():
    def restless(rng, k):
        return 50 + (20 if k % 5 == 0 else 1) * rng.normal(size=24)

    frame = histories(restless, ("a", "b", "c"))
    cases = make_cases(frame, per_indicator=3000, least_points=8)
    found = skill_of(volatile_cases(cases, case_panel(cases), WarningRules(irregular=0.2)))
    assert found["precision"] > 0.7 and found["lift_within"] > 2 and found["better"]


def test_what_is_wanted_of_the_panel_is_in_the_panel(root):
    indicators = set(pd.read_parquet(root / PANEL, columns=["indicator"])["indicator"])
    assert set(wanted()) <= indicators and set(wanted().values()) == {1, -1}
    assert list(OUTCOMES) == list(RULE_NAMES)


@pytest.fixture(scope="module")
def shipped():
    return json.loads(SKILL_FILE.read_text(encoding="utf-8"))


def test_the_shipped_figures_are_those_of_today_s_rules(shipped):
    assert shipped["settings"] == WarningRules().model_dump()
    rules = shipped["rules"]
    assert list(rules) == list(RULE_NAMES)
    for rule in (HARD, WORSE, VOLATILE, BREAK):
        assert all(np.isfinite(rules[rule][name]) for name in FIGURES) and rules[rule]["n_warned"] > 100
        assert rules[rule]["better"] == (min(rules[rule]["lift_low"], rules[rule]["lift_within_low"]) > 1)
        assert ("不比随机好" in rules[rule]["note"]) != rules[rule]["better"]
    for rule in (MISSING, FLOOR):
        assert rules[rule]["precision"] is None and rules[rule]["better"] is None
    assert "无法实测" in rules[FLOOR]["note"] and "不适用" in rules[MISSING]["note"]
    assert (
        max(alarm["family"] for alarm in rules[FLOOR]["false_alarms"].values()) <= shipped["settings"]["fdr"]
    )
    # the limit of restlessness is that of the most restless tenth of the panel
    assert WarningRules().irregular == pytest.approx(shipped["irregular_90"], rel=0.1)


def test_the_shipped_figures_can_be_made_again(shipped, tmp_path):
    write_skill(tmp_path / "warnings" / "skill.json")
    again = json.loads((tmp_path / "warnings" / "skill.json").read_text(encoding="utf-8"))
    assert again["cases"] == shipped["cases"]
    for rule, facts in shipped["rules"].items():
        for name in FIGURES:
            assert again["rules"][rule][name] == (
                facts[name] if facts[name] is None else pytest.approx(facts[name], abs=0.02)
            )


def test_a_panel_without_histories_is_refused():
    frame = pd.DataFrame({"indicator": "a", "region": "r", "year": [2000, 2001], "value": [1.0, 2.0]})
    with pytest.raises(DataError, match="没有可回测的序列"):
        measure(frame)
