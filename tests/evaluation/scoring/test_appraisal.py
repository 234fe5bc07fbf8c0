"""Scores put together: what counts, who is asked again, composites that don't hide open items."""

import numpy as np
import pandas as pd
import pytest

from xhcp_eval.errors import DataError
from xhcp_eval.evaluation.methods.rubric import EVIDENCE_COLUMNS, SCORE_COLUMNS, load_rubric
from xhcp_eval.evaluation.scoring.appraisal import appraise, domain_composites, seen_by
from xhcp_eval.files.home import plan_folder

ITEMS = pd.DataFrame(
    [("g1", "goal", "health", "甲"), ("g2", "goal", "health", "乙"), ("g3", "goal", "law", "丙"), ("g4", "goal", "law", "丁"),
     ("impl.1", "measure", "", "戊")],
    columns=["item", "kind", "domain", "name"],
)  # fmt: skip
PIECES = pd.DataFrame(
    [(r, "1", "有测量的结果", "2025-01-01", "区卫健委", "区", "甲", "") for r in ("r1", "r2", "r3", "own")],
    columns=list(EVIDENCE_COLUMNS),
)


@pytest.fixture(scope="module")
def rubric():
    return load_rubric(plan_folder("xinhua_2021_2030") / "rubric.yaml")


def given(**items):
    """item=[r1, r2, r3] in round 1, or with (item, round) as key by the second argument."""
    return pd.DataFrame(
        [
            (item, f"r{n}", "third_party", 1, score, f"理由{n}", "1")
            for item, row in items.items()
            for n, score in enumerate(row, 1)
        ],
        columns=list(SCORE_COLUMNS),
    )


def test_agreed_apart_void_and_missing(rubric):
    scores = given(g1=[3, 3, 3], g2=[1, 1, 1], g3=[0, 2, 4], g4=[2, 2, 2])
    scores.loc[scores["item"].eq("g4") & scores["rater"].eq("r3"), "evidence"] = ""
    own = pd.DataFrame([("g1", "own", "self", 1, 4, "", "1")], columns=list(SCORE_COLUMNS))
    found = appraise(ITEMS, pd.concat([scores, own], ignore_index=True), PIECES, rubric)
    rows = found.items.set_index("item")
    assert rows["status"].to_dict() == {
        "g1": "agreed",
        "g2": "agreed",
        "g3": "delphi",
        "g4": "few_raters",
        "impl.1": "not_scored",
    }
    assert rows.loc["g1", ["median", "self_score", "self_gap"]].tolist() == [3, 4, 1]
    assert np.isnan(rows.loc["g3", "median"]) and rows.loc["g3", ["low", "high"]].tolist() == [0, 4]
    assert rows.loc["g4", ["void", "n_raters"]].tolist() == [1, 2]
    assert found.again == ["g3"]


def test_a_domain_that_does_not_agree_is_believed_only_where_nobody_differs(rubric):
    scores = given(g1=[3, 2, 3], g2=[2, 2, 2], g3=[2, 3, 2], g4=[0, 4, 0])
    found = appraise(ITEMS, scores, PIECES, rubric)
    alpha = found.agreement.query("domain == 'health' and method.str.startswith('Kripp')")["estimate"].iloc[0]
    rows = found.items.set_index("item")["status"]
    assert alpha < rubric.rules.least_alpha
    assert (rows["g1"], rows["g2"]) == ("delphi", "agreed")
    again = pd.concat([scores, scores[scores["item"].isin(["g1"])].assign(round=2)])
    assert appraise(ITEMS, again, PIECES, rubric).items.set_index("item").loc["g1", "status"] == "agreed"


def test_measures_that_can_not_be_told_say_why(rubric):
    found = appraise(ITEMS, given(g1=[3, 3, 3], g2=[3, 3, 3]), PIECES, rubric).agreement
    alpha = found[found["method"].str.startswith("Kripp")]
    assert alpha["estimate"].isna().all() and alpha["note"].str.contains("都相同").all()


def test_composites_carry_what_is_open(rubric):
    """law: g3 lies between 0 and 4, g4 was not scored: anything from 0 to 4."""
    found = domain_composites(
        appraise(ITEMS, given(g1=[3, 3, 3], g2=[1, 1, 1], g3=[0, 2, 4]), PIECES, rubric)
    ).set_index("domain")
    assert found.loc["health", ["mean", "low", "high", "lowest"]].tolist() == [2, 2, 2, 1]
    assert found.loc["law", ["n_agreed", "low", "high"]].tolist() == [0, 0, 4]
    assert np.isnan(found.loc["law", "mean"])


def test_what_raters_see_names_nobody(rubric):
    found = seen_by(appraise(ITEMS, given(g1=[3, 3, 3], g3=[4, 0, 2]), PIECES, rubric), "r2")
    assert found.loc["g3", ["median", "spread", "own"]].tolist() == ["2", "1—3", "0"]
    assert found.loc["g3", "reasons"] == "0分：理由2\n2分：理由3\n4分：理由1"
    assert not found.astype(str).apply(lambda c: c.str.contains("r1|r3")).any().any()


def test_refusals(rubric):
    with pytest.raises(DataError, match="没有的项目：moon"):
        appraise(ITEMS, given(moon=[1, 1, 1]), PIECES, rubric)
    with pytest.raises(DataError, match="没有一个有效的"):
        appraise(ITEMS, given(g1=[3, 3, 3]).assign(evidence=""), PIECES, rubric)
