"""Townships ranked on the demonstration district: what counts, what can't be told, bad rules and judgements."""

import numpy as np
import pandas as pd
import pytest

from xhcp_eval.bootstrap import ROOT
from xhcp_eval.errors import DataError, ParamsError
from xhcp_eval.evaluation.unit_ranking import load_ranking_rule, pairwise_matrices, rank_units
from xhcp_eval.observations.table import read_table
from xhcp_eval.plan.reading import load_plan

FOLDER = ROOT / "data" / "demo" / "evaluation"


@pytest.fixture(scope="module")
def plan():
    return load_plan("xinhua_2021_2030")


@pytest.fixture(scope="module")
def table(plan):
    return read_table(ROOT / "data" / "demo" / "xinhua_2015_2025.csv", plan)


@pytest.fixture(scope="module")
def rule(plan):
    return load_ranking_rule(FOLDER / "ranking.yaml", plan)


@pytest.fixture(scope="module")
def ranking(table, plan, rule):
    return rank_units(table, plan, "新华区", 2025, rule)


def test_all_townships_by_all_methods(ranking):
    assert len(ranking.values) == 12
    assert [one.method for one in ranking.weights] == ["等权", "熵权法", "CRITIC 法"]
    for one in ranking.weights:
        assert one.values.sum() == pytest.approx(1)
    assert ranking.to_frame()["TOPSIS名次"].min() == 1
    assert ranking.acceptability.shares.sum(axis=1).to_numpy() == pytest.approx(np.ones(12))


def test_counts_decide_how_far_ranks_spread(ranking, table, plan, rule):
    """The smallest township's rank is least sure; with counts a thousand times as large ranks hang on weights alone."""
    rows = ranking.acceptability.intervals.set_index("unit")
    width = rows["rank_high"] - rows["rank_low"]
    assert width["示范九街道"] == width.max()
    counts = ["numerator", "denominator"]
    large = table.assign(**{c: table[c] * 1000 for c in counts})
    sharper = rank_units(large, plan, "新华区", 2025, rule).acceptability.intervals.set_index("unit")
    assert (sharper["rank_high"] - sharper["rank_low"]).mean() < width.mean()


def test_core_targets_by_their_intervals(ranking):
    found = ranking.classes.set_index("unit")
    # 84.6% of 508 children against 85%: can't be told
    assert found.loc["示范乙镇", "class"] == "不能断定"
    assert (found.loc[found["class"] == "全部达标", "open"] == 0).all()
    assert found["class"].tolist() == sorted(
        found["class"], key=["全部达标", "不能断定", "有核心目标未达标"].index
    )


def test_judgements_as_matrices():
    rows = pd.DataFrame(
        [("甲", "a", "b", 2), ("甲", "a", "c", 4), ("甲", "b", "c", 2)],
        columns=["expert", "first", "second", "times"],
    )
    assert pairwise_matrices(rows, ["a", "b", "c"])[0].tolist() == [[1, 2, 4], [0.5, 1, 2], [0.25, 0.5, 1]]
    with pytest.raises(DataError, match="没有比较 b 与 c"):
        pairwise_matrices(rows.iloc[:2], ["a", "b", "c"])
    with pytest.raises(DataError, match="不止一次"):
        pairwise_matrices(pd.concat([rows, rows.iloc[:1]]), ["a", "b", "c"])
    with pytest.raises(DataError, match="不参加比较的指标：b、c"):
        pairwise_matrices(rows, ["a"])
    with pytest.raises(DataError, match="第 3 行：倍数须为正数"):
        pairwise_matrices(rows.assign(times=[1, 0, 2]), ["a", "b", "c"])
    with pytest.raises(DataError, match="缺少列 times"):
        pairwise_matrices(rows.drop(columns="times"), ["a", "b", "c"])


def test_too_few_townships(table, plan, rule):
    few = table[~table["region"].str.contains("街道")]
    with pytest.raises(DataError, match="至少要 3 个"):
        rank_units(few[~few["region"].str.contains("甲")], plan, "新华区", 2025, rule)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "criteria: [{indicator: moon, better: higher}, {indicator: neonatal_visit_rate, better: lower}]",
            "没有指标 moon",
        ),
        ("criteria: [{indicator: neonatal_visit_rate, better: higher}]", "criteria"),
        (
            "criteria: [{indicator: neonatal_visit_rate, better: up}, {indicator: a, better: lower}]",
            "criteria / 第1项 / better",
        ),
        ("criteria: [", "YAML 语法错误"),
        ("!!python/object/apply:os.system ['true']", "YAML 语法错误"),
    ],
)
def test_bad_rules(tmp_path, plan, text, words):
    path = tmp_path / "ranking.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ParamsError, match=words):
        load_ranking_rule(path, plan)
