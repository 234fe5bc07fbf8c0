"""No verdict of a national pack rests on what nothing speaks for; one that did would be found."""

import pandas as pd
import pytest

from xhcp_eval.observations.table import UNSURE
from xhcp_eval.pack.pack import compute_pack
from xhcp_eval.pack.params import load_params
from xhcp_eval.provenance import ROOT
from xhcp_eval.verdict.footing import COLUMNS, NO_VERDICT, unsure_verdicts
from xhcp_eval.verdict.status import Status

NATIONAL = ("national_midterm", "national_final_2020", "national_hindcast_2015", "national_hindcast_2022")


@pytest.fixture(scope="module")
def packs():
    return {name: compute_pack(load_params(ROOT / "params" / f"{name}.yaml")) for name in NATIONAL}


def verdicts(pack):
    return pack.assessment[~pack.assessment["own_status"].isin([*NO_VERDICT, Status.UNDECIDABLE])]


@pytest.mark.parametrize("name", NATIONAL)
def test_no_verdict_of_a_national_pack_rests_on_an_unsure_figure(packs, name):
    pack = packs[name]
    assert len(verdicts(pack)) >= 7
    assert unsure_verdicts(pack.assessment, pack.observations, pack.plan).empty
    assert not set(pack.assessment["data_status"].str.split("、").explode()) & set(UNSURE)


@pytest.mark.parametrize("name", NATIONAL)
def test_what_a_verdict_rests_on_can_be_read_in_the_table(packs, name):
    """The value judged is that of the table, of the year told, with a document that isn't somebody's memory."""
    pack = packs[name]
    table = pack.observations[pack.observations["residence"] == "total"].set_index(["indicator", "year"])
    for row in verdicts(pack).itertuples():
        figure = table.loc[(row.indicator, row.latest_year)]
        assert figure["value"] == row.latest_value
        assert figure["status"] in ("verified", "derived") and "回忆" not in figure["source"]


def test_thirty_targets_of_the_two_outlines_have_a_verdict(packs):
    now, then = (verdicts(packs[name])["target_id"] for name in ("national_midterm", "national_final_2020"))
    assert now.is_unique and then.is_unique
    assert len(now) + len(then) >= 30


def test_every_quantified_target_is_a_row(packs):
    for name in NATIONAL:
        pack = packs[name]
        assert pack.assessment["target_id"].tolist() == [t.id for t in pack.plan.targets()]
        assert pack.assessment["reason"].str.strip().ne("").all()


@pytest.mark.parametrize("status", UNSURE)
@pytest.mark.parametrize(("target", "year", "what"), [
    ("infant_mortality_rate@2030", 2024, "现状值（2024年）"),
    ("severe_birth_defect_rate@2020", 2010, "基期值（2010年）"),
])  # fmt: skip
def test_a_verdict_on_an_unsure_figure_is_found(packs, status, target, year, what):
    """The figure loses its status after it was judged."""
    pack = packs["national_midterm" if target.endswith("2030") else "national_final_2020"]
    rows = pack.observations
    at = (rows["indicator"] == target.partition("@")[0]) & (rows["year"] == year)
    planted = rows.assign(status=rows["status"].mask(at, status))
    found = unsure_verdicts(pack.assessment, planted, pack.plan)
    assert list(found.columns) == list(COLUMNS)
    assert target in set(found["target_id"]) and found["why"].str.startswith(what).all()


def test_a_verdict_on_a_recalled_target_is_found(packs):
    pack = packs["national_midterm"]
    recalled = pack.assessment["target_id"] == "under7_health_management_rate@2030"
    assert pack.assessment.loc[recalled, "own_status"].item() == Status.NOT_JUDGED
    judged = pack.assessment.assign(own_status=pack.assessment["own_status"].mask(recalled, "已达标"))
    found = unsure_verdicts(judged, pack.observations, pack.plan)
    expected = pd.DataFrame(
        [("under7_health_management_rate@2030", "7岁以下儿童健康管理率", "已达标", "目标值凭回忆录入")],
        columns=list(COLUMNS),
    )
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)
