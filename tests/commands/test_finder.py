"""The right function is found by Chinese or English words."""

import pytest

import xhcp_eval as xe
from xhcp_eval.commands import finder

FOUND = {
    "差距": "chapters.kit.goals.gap_lollipop", "预警": "early_warnings", "漏斗": "chapters.kit.places.funnel_plot", "interval": "rate_interval",
    "达标概率": "judge", "数据库": "Database", "backtest": "backtest", "风险清单": "chapters.overview.at_risk", "similar": "find_similar",
    "排名": "evaluation.rank_units", "效率": "evaluation.efficiency.envelopment", "定版": "observations.freeze",
    "双重差分": "evaluation.difference_in_differences.difference_in_differences", "假设": "chapters.explorer.what_if",
}  # fmt: skip


@pytest.mark.parametrize(("query", "name"), FOUND.items())
def test_the_right_function_stands_among_the_first(query, name):
    assert name in xe.help(query)["name"].head(4).tolist()


def test_everything_is_listed_without_words_and_nothing_for_nonsense():
    every = xe.help()
    assert len(every) > 60
    assert every["call"].str.startswith("xe.").all()
    assert (every["what"] != "").all()
    assert xe.help("zzzqqq").empty


def test_every_line_of_the_list_names_something_that_exists():
    names = {name for name, _ in finder._public()}
    assert set(finder._chinese()) <= names
