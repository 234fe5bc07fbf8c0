"""Real histories beside each target: asked of the right series, counted rightly, shown by name."""

import numpy as np
import pytest

from xhcp_eval.chapters.domains import comparables_sentence
from xhcp_eval.chapters.forecast import comparables_table, nearest_table
from xhcp_eval.observations.table import read_table
from xhcp_eval.pack.pack import open_pack
from xhcp_eval.plan.reading import load_plan
from xhcp_eval.provenance import ROOT
from xhcp_eval.verdict.comparables import COLUMNS, HOW_MANY, NEAREST, comparables
from xhcp_eval.verdict.judging import judge
from xhcp_eval.verdict.scenarios import scenarios


@pytest.fixture(scope="module")
def verdicts():
    plan = load_plan("xinhua_2021_2030")
    return judge(read_table(ROOT / "data/demo/xinhua_2015_2025.csv", plan), plan)


@pytest.fixture(scope="module")
def found(verdicts):
    return comparables(verdicts)


def test_each_plain_target_ahead_has_its_two_hundred(verdicts, found):
    likes, nearest = found
    assert list(likes.columns) == list(COLUMNS) and list(nearest.columns) == list(NEAREST)
    assert len(likes) >= 30 and (likes["of"] == HOW_MANY).all()
    assert likes["reached"].between(0, HOW_MANY).all()
    assert (likes["low"] <= likes["median"]).all() and (likes["median"] <= likes["high"]).all()
    assert (likes["target_year"] - likes["ahead"] <= 2025).all()
    assert (nearest.groupby("target_id").size() == 5).all()


def test_the_share_goes_with_the_probability(verdicts, found):
    likes = found[0].set_index("target_id")
    probability = verdicts.explained().set_index("target_id")["probability"][likes.index]
    share = likes["reached"] / likes["of"]
    assert np.corrcoef(probability, share)[0, 1] > 0.8


def test_a_series_that_is_mostly_chance_has_no_likes(verdicts, found):
    assert (
        not found[0]["indicator"].isin(["child_poisoning_mortality_rate", "child_burn_mortality_rate"]).any()
    )


def test_the_best_quarter_is_a_scenario(verdicts, found):
    frame = scenarios(verdicts, found[0]).set_index(["target_id", "scenario"])
    target = "myopia_prevalence_primary@2030"
    likes = found[0].set_index("target_id")
    years = 2030 - 2025
    assert frame.loc[(target, "best_quarter"), "pace"] * years == pytest.approx(
        likes.loc[target, "best_quarter"]
        - (frame.loc[(target, "as_now"), "value"] - years * frame.loc[(target, "as_now"), "pace"]),
        abs=0.05,
    )
    assert (
        frame.loc[(target, "best_quarter"), "probability"]
        > frame.loc[(target, "as_now"), "probability"] - 0.2
    )
    assert "best_quarter" not in scenarios(verdicts).set_index("scenario").index


def test_a_reader_sees_counts_and_names():
    pack = open_pack("midterm_2025")
    table = comparables_table(pack).frame
    assert len(table) >= 10 and table["reached"].str.contains("/200（").all()
    named = nearest_table(pack, 3).frame
    assert len(named) == 15 and not named["name"].str.contains("kolada_|gm_").any()
    words = comparables_sentence(pack, "myopia_prevalence_primary").sentences
    assert any("200条真实序列" in text for text in words)
