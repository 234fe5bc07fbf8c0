"""One list of columns, from which frames, headers and notes are made."""

import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from small_plan import indicator, plan_of, row_of, rows, target, verdicts_of

from xhcp_eval.verdict.schema import (
    BY_ARRAYS,
    BY_PLAN,
    BY_WORDS,
    COLUMNS,
    EMPTY,
    SHOWN,
    as_frame,
    empty_cells,
    plain_target,
    plan_columns,
)

INDICATORS = [
    indicator(
        targets=[
            target(2025, ">=", 90, anomaly="A03", disputed=True, status="cited_in_plan"),
            target("every_year", "<", 95, reading="strict", role="watch", text_ref="health.s.1"),
            target("every_year", "trend_up", base_year=2020),
            target(2030, ">=", 99, level="province", role="comparison"),
        ]
    ),
    indicator(id="y", name="指标乙", goal=None, domain="health", departments=[], direction="down",
              targets=[target(2030, "no_worse_than", base_year=2020, text_ref="s.9")]),
]  # fmt: skip


def test_every_column_is_told_once_with_header_and_meaning():
    names = [c.name for c in COLUMNS]
    assert len(set(names)) == len(names) and len({c.header for c in COLUMNS}) == len(names)
    for column in COLUMNS:
        assert re.fullmatch("[a-z_]+", column.name)
        assert re.search("[\u4e00-\u9fff]", column.header) and re.search("[\u4e00-\u9fff]", column.meaning)


def test_the_list_is_parted_by_who_fills_it():
    fillers = {"plan": BY_PLAN, "words": BY_WORDS}
    for filler, names in fillers.items():
        assert names == tuple(c.name for c in COLUMNS if c.filler == filler)
    assert tuple(c.name for c in COLUMNS if c.filler in ("numbers", "inner")) == BY_ARRAYS
    assert tuple(c.name for c in COLUMNS if c.filler != "inner") == SHOWN
    assert {c.filler for c in COLUMNS} == {"plan", "numbers", "inner", "words"}
    assert BY_WORDS == (
        "target_text",
        "latest_basis",
        "worst_unit",
        "failures",
        "literal",
        "reason",
        "data_status",
    )
    inner = {"base_first_year", "limit", "inclusive", "held", "latest_first_year", "narrowed", "series"}
    assert {c.name for c in COLUMNS if c.filler == "inner"} == inner
    assert {"status", "own_status", "probability", "side", "tolerance"} <= set(SHOWN)


def test_what_stands_where_nothing_was_judged():
    flags = {"every_year", "decides_goal", "disputed", "held", "inclusive", "small_count", "on_line"}
    assert {c.name for c in COLUMNS if c.empty is False} == flags
    assert not any(c.empty is True for c in COLUMNS)
    assert EMPTY["n_failures"] == EMPTY["n_points"] == EMPTY["target_year"] == 0 and EMPTY["series"] == -1
    for name in (
        "probability",
        "gap",
        "latest_value",
        "target_value",
        "base_value",
        "pace",
        "narrowed",
        "tolerance",
    ):
        assert np.isnan(EMPTY[name])
    for name in ("status", "own_status", "side", "trend_word", "reason_code"):
        assert EMPTY[name] == ""
    cells = empty_cells(2, 3)
    assert list(cells) == list(BY_ARRAYS)
    assert all(values.shape == (2, 3) for values in cells.values())
    kinds = {name: values.dtype.kind for name, values in cells.items()}
    assert (kinds["gap"], kinds["series"], kinds["held"], kinds["own_status"]) == ("f", "i", "b", "U")
    assert (cells["series"] == -1).all() and np.isnan(cells["gap"]).all() and not cells["held"].any()
    # the longest code has room
    cells["reason_code"][:] = "a_code_of_24_characters_"
    assert cells["reason_code"][0, 0] == "a_code_of_24_characters_"


def test_what_the_plan_says_of_each_row():
    facts = plan_columns(plan_of(INDICATORS, milestones=["m1"]))
    assert set(facts.columns) == set(BY_PLAN) - {"region"} | {"target_text"}
    assert facts["target_id"].tolist() == [
        "x@2025", "x@every_year#strict", "x@every_year", "x@2030.province", "y@2030", "m1",
    ]  # fmt: skip
    by_hand = {
        "question": ["x@2025", "x@every_year@health.s.1", "x@every_year", "x@2030", "y@2030", "m1@2030"],
        "goal": ["health.1"] * 4 + ["", ""], "domain": ["health"] * 6, "indicator": ["x"] * 4 + ["y", "m1"],
        "indicator_name": ["指标甲"] * 4 + ["指标乙", "建成平台"], "kind": ["proportion"] * 5 + ["yes_no"],
        "unit": ["percent"] * 5 + ["binary"], "direction": ["up"] * 4 + ["down", "up"],
        "target_year": [2025, 2030, 2030, 2030, 2030, 2030],
        # a trend has one year that it is asked for
        "every_year": [False, True, False, False, False, False],
        "op": [">=", "<", "trend_up", ">=", "no_worse_than", "milestone"],
        "reading": ["", "strict", "", "", "", ""],
        "role": ["verdict", "watch", "verdict", "comparison", "verdict", "verdict"],
        "level": ["district"] * 3 + ["province", "district", "district"],
        # without a goal nothing but itself is decided
        "decides_goal": [True, False, True, True, True, False], "disputed": [True] + [False] * 5,
        "anomaly": ["A03"] + [""] * 5, "department": ["区卫健委"] * 4 + ["", ""],
        "target_status": ["cited_in_plan"] + [""] * 5,
        "target_text": ["≥90%", "<95%（每年）", "较2020年上升", "≥99%", "较2020年不变差", "完成"],
    }  # fmt: skip
    for name, values in by_hand.items():
        assert facts[name].tolist() == values, name


@pytest.mark.parametrize(
    ("fields", "kind", "text"),
    [
        ({"op": "<=", "value": 3.5}, "rate", "≤3.5‰"),
        ({"op": ">", "value": 3.5, "year": "every_year"}, "rate", ">3.5‰（每年）"),
        ({"op": "relative_change_vs_base", "value": -20, "base_year": 2020}, "rate", "较2020年下降20%"),
        ({"op": "relative_change_vs_base", "value": 12.5, "base_year": 2020}, "rate", "较2020年上升12.5%"),
        ({"op": "relative_change_vs_base", "value": 0.5, "base_year": 2020}, "rate", "较2020年上升0.5%"),
        ({"op": "relative_change_vs_base", "value": 0, "base_year": 2020}, "rate", "较2020年下降0%"),
        ({"op": "trend_down", "base_year": 2020, "year": "every_year"}, "rate", "较2020年下降"),
        ({"op": "no_worse_than", "base_year": None}, "rate", "不变差"),
        ({"op": "no_worse_than", "base_year": 2020, "year": "every_year"}, "rate", "较2020年不变差（每年）"),
        ({"op": "maintain"}, "rate", "保持"),
        ({"op": ">=", "value": 1}, "yes_no", "完成"),
    ],
)
def test_a_target_in_words_before_its_base_is_known(fields, kind, text):
    demand = SimpleNamespace(**{"year": 2030, "base_year": None, "value": None} | fields)
    assert plain_target(demand, SimpleNamespace(kind=kind, unit="permille")) == text


def test_a_frame_has_a_row_a_region_and_target():
    facts = plan_columns(plan_of(INDICATORS))
    cells = empty_cells(2, len(facts))
    cells["gap"][1, 3] = 7.0
    cells["own_status"][0, 0] = "已达标"
    frame = as_frame(np.array(["甲区", "乙区"], object), facts, cells)
    assert list(frame.columns) == [*BY_PLAN, *BY_ARRAYS]
    assert frame["region"].astype(str).tolist() == ["甲区"] * 5 + ["乙区"] * 5
    assert frame["target_id"].astype(str).tolist() == facts["target_id"].tolist() * 2
    assert frame["target_year"].tolist() == [2025, 2030, 2030, 2030, 2030] * 2
    assert frame["every_year"].dtype == bool and frame["target_year"].dtype == int
    assert np.flatnonzero(frame["gap"].notna()).tolist() == [8]
    assert frame["own_status"].tolist() == ["已达标"] + [""] * 9
    words = {c.name for c in COLUMNS if c.empty == "" and c.empty is not False} - set(BY_WORDS)
    assert all(isinstance(frame[name].dtype, pd.CategoricalDtype) for name in words if name in frame)


def test_verdicts_keep_to_the_list():
    demand = indicator(targets=[target(2030, ">=", 90)])
    verdicts = verdicts_of([demand], rows(range(80, 90)))
    assert list(verdicts.frame.columns) == [*BY_PLAN, *BY_ARRAYS]
    told = verdicts.explained()
    assert list(told.columns) == list(SHOWN)
    kinds = {bool: "b", int: "i", float: "f"}
    for column in COLUMNS:
        if column.name in told and not isinstance(column.empty, str):
            assert told[column.name].dtype.kind == kinds[type(column.empty)], column.name
    # nothing judged: what stands there is the list's
    none = row_of([demand, indicator(id="y", name="指标乙")], rows([1.0], years=[2025], name="y"))
    for column in COLUMNS:
        if column.filler == "numbers" and column.name not in ("own_status", "status", "reason_code"):
            assert none[column.name] == column.empty or (
                np.isnan(none[column.name]) and np.isnan(column.empty)
            )
