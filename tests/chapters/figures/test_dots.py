"""Dot plots: means of scores, shares of families, each with its number beside the dot."""

import pytest

from xhcp_eval.chapters.figures.dots import satisfaction_dots, score_dots
from xhcp_eval.chapters.third_party.scores import appraisal_of
from xhcp_eval.chapters.third_party.survey import survey_of
from xhcp_eval.evaluation.methods.satisfaction import satisfaction_table
from xhcp_eval.pack.pack import open_pack


@pytest.fixture(scope="module")
def pack():
    return open_pack("third_party_2025")


def test_the_offices_own_scores_are_their_means(pack):
    items = appraisal_of(pack).items
    items = items[(items["kind"] == "strategy") & items["median"].notna()]
    own = items.groupby("domain")["self_score"].mean()
    (picture,) = score_dots(pack)
    for domain in pack.plan.domains:
        if domain.id in own:
            assert f"{domain.name}第三方" in picture.alt
            assert (
                f"自评{own[domain.id]:.1f}分" in picture.alt.split(f"{domain.name}第三方")[1].split("；")[0]
            )


def test_the_lowest_share_comes_first_and_names_the_title(pack):
    rows = satisfaction_table(survey_of(pack)[0])
    rows = rows[(rows["group"] == "全部") & ~rows["item"].str.endswith("_importance")].sort_values("share")
    low, high = rows.iloc[0], rows.iloc[-1]
    (picture,) = satisfaction_dots(pack)
    assert (
        picture.title
        == f"{low['label']}满意率最低（{100 * low['share']:.1f}%），{high['label']}最高（{100 * high['share']:.1f}%）"
    )
    assert picture.svg.count("<circle") == len(rows)


def test_without_a_third_party_there_are_none():
    pack = open_pack("annual_2024")
    assert score_dots(pack) == satisfaction_dots(pack) == []
