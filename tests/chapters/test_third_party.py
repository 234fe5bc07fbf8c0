"""The third party's chapter on the demonstration: figures agree with what they rest on, and gaps are said."""

import dataclasses
import shutil

import pytest

from xhcp_eval.chapters import equity as equity_views
from xhcp_eval.chapters.third_party import conclusions, ranking, scores, survey, value
from xhcp_eval.errors import DataError
from xhcp_eval.evaluation.methods.equity import UNTOLD
from xhcp_eval.pack.pack import open_pack
from xhcp_eval.provenance import ROOT

DEMO = ROOT / "data" / "demo" / "evaluation"


@pytest.fixture(scope="module")
def pack():
    return open_pack("third_party_2025")


@pytest.fixture(scope="module")
def appraisal(pack):
    return scores.appraisal_of(pack)


def with_files(pack, folder, *names):
    """The pack with an evaluation folder that holds only these files."""
    for name in names:
        shutil.copy(DEMO / name, folder)
    return dataclasses.replace(pack, params=pack.params.model_copy(update={"evaluation": str(folder)}))


def test_scores_and_statuses_agree_with_the_sentence(pack, appraisal):
    items = appraisal.items
    text = str(scores.appraisal_sentence(pack, appraisal))
    assert len(items) == 142 and f"{len(items)} 项" in text
    assert f"{int(appraisal.scores['void'].sum())} 个因没有证据" in text
    shown = scores.apart_table(pack, appraisal).frame
    assert set(shown["item"]) == set(items.loc[items["status"] != "agreed", "item"])
    assert items.loc[items["status"] != "agreed", "median"].isna().all()


def test_every_goal_has_its_verdicts_and_what_they_rest_on(pack, appraisal):
    spent = value.benefit_studies(pack)
    inputs = conclusions.conclusion_inputs(pack, appraisal, spent, equity_views.equity_input(pack))
    wide = conclusions.verdict_table(pack, inputs).frame
    assert len(wide) == 70 and not wide.isna().any().any()
    counts = conclusions.verdict_counts(pack, inputs).frame.set_index("criterion_name")
    assert (counts.sum(axis=1) == 70).all()
    # no measure of the demonstration has an effect: nothing may be said of impact
    assert counts.loc["影响", "无法判断"] == 70
    tables = [view for part in conclusions.chain_sections(pack, inputs).views for view in part.views]
    assert [sum(len(one.frame) for one in tables[k::2]) for k in (0, 1)] == [70, 70 * 6]
    assert any("新增儿童数与零没有可靠差别" in one.html for one in tables)


def test_ranks_say_how_little_they_say(pack):
    found = ranking.ranking_of(pack)
    text = str(ranking.ranking_sentence(found))
    assert "不能说谁是第一" in text and "不宜用于奖惩" in text
    assert "CR=0.53" in str(ranking.weights_notes(found))
    assert len(ranking.ranks_table(found).frame) == 12


def test_equity_speaks_of_change_only_where_the_interval_does(pack):
    rows = equity_views.equity_rows(pack, "residence")
    assert rows["apart"].sum() > 0
    few = rows[rows["indicator"] == "under5_mortality_rate"].iloc[0]
    assert few["verdict"] == UNTOLD and few["years"] == "2023—2025"
    told = equity_views.equity_input(pack)
    assert {"indicator", "verdict", "sentence"} <= set(told.columns) and len(told) > 5


def test_survey_and_efficiency_sections(pack):
    html = survey.survey_sections(pack).html
    assert "重点改进" in html and "Cronbach" in html and "演示数据" in html
    html = value.efficiency_sections(pack).html
    assert "规模报酬" in html and "Malmquist" in html
    first, last = value.efficiency_tables(pack)
    assert (first, last) == (2021, 2025)


def test_what_is_missing_is_said_and_not_judged(pack, tmp_path):
    bare = with_files(pack, tmp_path)
    assert scores.appraisal_of(bare) is None
    assert "没有这方面的资料" in str(scores.appraisal_sentence(bare, None))
    assert "没有这方面的资料" in str(ranking.ranking_sentence(ranking.ranking_of(bare)))
    assert "没有成本资料" in str(value.benefit_table(value.benefit_studies(bare)))
    assert "没有满意度调查" in str(survey.survey_sections(bare))
    assert "没有分单位的投入产出资料" in str(value.efficiency_sections(bare))
    counts = conclusions.verdict_counts(bare, conclusions.conclusion_inputs(bare, None)).frame
    assert counts.set_index("criterion_name").loc["效率", "无法判断"] == 70
    none = dataclasses.replace(pack, params=pack.params.model_copy(update={"evaluation": ""}))
    with pytest.raises(DataError, match="没有写 evaluation"):
        scores.appraisal_of(none)


def test_too_few_units_are_refused_in_words(pack, tmp_path):
    lines = (DEMO / "efficiency.csv").read_text(encoding="utf-8-sig").splitlines()
    (tmp_path / "efficiency.csv").write_text("\n".join(lines[:7]), encoding="utf-8")
    told = str(value.efficiency_sections(with_files(pack, tmp_path)))
    assert "不能评价效率" in told and "至少要" in told
