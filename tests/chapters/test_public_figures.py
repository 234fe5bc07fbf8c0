"""Each published figure beside its document; gaps of town and country told by figures that something speaks for."""

import re

import pandas as pd
import pytest

from xhcp_eval.chapters import outcomes, overview, public_figures
from xhcp_eval.chapters.domains import domain_section
from xhcp_eval.chapters.kit.course import has_line, main_rows
from xhcp_eval.chapters.kit.fan import fan_chart
from xhcp_eval.chapters.kit.views import TableView, TextView
from xhcp_eval.pack.pack import compute_pack
from xhcp_eval.pack.params import load_params
from xhcp_eval.provenance import ROOT


@pytest.fixture(scope="module")
def midterm():
    return compute_pack(load_params(ROOT / "params" / "national_midterm.yaml"))


@pytest.fixture(scope="module")
def hindcast():
    return compute_pack(load_params(ROOT / "params" / "national_hindcast_2015.yaml"))


def test_every_published_figure_of_a_targets_indicator_stands_with_its_document(midterm):
    asked = {t.indicator for t in midterm.plan.targets()}
    rows = midterm.observations[midterm.observations["indicator"].isin(asked)]
    shown = pd.concat([public_figures.figures_table(midterm, name).frame for name in asked])
    assert len(shown) == len(rows) > 200
    assert shown["source"].str.len().gt(5).all()
    titles = [part.title for part in domain_section(midterm).views]
    assert {midterm.plan.indicator(name).name for name in asked} <= set(titles)
    assert titles[-1] == "没有定目标的指标"


def test_indicators_without_a_target_are_one_table(midterm):
    found = public_figures.context_table(midterm).frame
    asked = {midterm.plan.indicator(t.indicator).name for t in midterm.plan.targets()}
    assert len(found) > 20 and not set(found["name"]) & asked


def pack_with(midterm, *pairs):
    """The pack with figures of infant mortality of town and country: (year, town, country, status)."""
    rows = midterm.observations
    model = rows[(rows["indicator"] == "infant_mortality_rate") & (rows["residence"] == "urban")].iloc[:1]
    made = [
        model.assign(year=year, residence=place, value=value, status=status)
        for year, town, country, status in pairs
        for place, value in (("urban", town), ("rural", country))
    ]
    return midterm.with_frames(observations=pd.concat(made, ignore_index=True))


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        ([(2010, 5.8, 16.1, "verified"), (2022, 3.1, 5.7, "verified")], "2010年10.3个千分点（2.8倍），2022年2.6个千分点（1.8倍），差距缩小"),
        ([(2010, 3.1, 5.7, "verified"), (2022, 3.1, 5.9, "verified")], "差距没有明显变化（差别在四舍五入以内）"),
        ([(2010, 3.1, 5.7, "verified"), (2022, 3.1, 6.0, "verified")], "差距扩大"),
        ([(2010, 5.8, 16.1, "verified"), (2022, 3.1, 5.7, "single_copy")], "不足两年，差距有没有缩小不能说"),
        ([(2010, 5.8, 16.1, "verified"), (2020, 3.6, 6.2, "single_copy"), (2022, 3.1, 5.7, "verified")],
         "基期2020年的分城乡数字只见一处，基期以来差距有没有缩小，还不能下结论"),
    ],
)  # fmt: skip
def test_whether_a_gap_narrowed(midterm, pairs, words):
    (sentence,) = public_figures.residence_sentences(pack_with(midterm, *pairs)).sentences
    assert words in sentence


def test_town_and_country_stand_side_by_side(midterm):
    found = public_figures.residence_table(
        pack_with(
            midterm,
            (2010, 5.8, 16.1, "verified"),
            (2015, 4.7, 9.6, "verified"),
            (2022, 3.1, 5.7, "single_copy"),
        )
    ).frame
    assert found[["year", "urban", "rural", "gap", "ratio", "status"]].to_numpy().tolist() == [
        [2010, "5.8‰", "16.1‰", "10.3个千分点", "2.8 倍", "已核实"],
        [2022, "3.1‰", "5.7‰", "2.6个千分点", "1.8 倍", "只见一处，供参考"],
    ]


def test_what_verdicts_may_rest_on_is_said_and_a_breach_is_told(midterm):
    assert public_figures.footing_sentence(midterm).sentences[-1] == "核对：没有结论建立在这两类数字上。"
    rows = midterm.observations
    planted = midterm.with_frames(observations=rows.assign(status="recollection"))
    assert "有结论建立在这两类数字上：" in public_figures.footing_sentence(planted).sentences[-1]


def test_a_target_without_figures_names_what_is_missing_and_where_it_would_be_printed(midterm):
    lacking = midterm.assessment[midterm.assessment["status"] == "缺数据"]["indicator"]
    assert len(lacking) >= 5
    for name in lacking:
        told = public_figures.missing_sentences(midterm, name).sentences
        assert all("还缺（" in text and "可能登在" in text for text in told)
    assert public_figures.missing_sentences(midterm, "birth_rate") is None


def test_nothing_empty_is_shown_for_a_plan_without_demands(midterm, hindcast):
    assert isinstance(overview.strategy_demands(midterm), TextView)
    assert isinstance(overview.milestone_targets(hindcast, 2015), TextView)
    found = overview.milestone_targets(midterm, 2025)
    assert isinstance(found, TableView) and len(found.frame) >= 5


def test_too_few_figures_are_numbers_not_a_line(midterm):
    """A single figure is no line on an axis of two hundred years."""
    html = domain_section(midterm).html
    few = [
        i.id
        for i in midterm.plan.indicators
        if i.targets and len(main_rows(midterm, i.id)) and not has_line(midterm, i.id)
    ]
    assert few
    for name in few:
        shown = html.split(f'id="{name}"')[1].split("<h3")[0]
        assert "<svg" not in shown and ("每个数的出处" in shown or "填报过的数" in shown)


def test_all_lines_have_the_years_of_the_plan(midterm):
    years = {tuple(re.findall(r'text-anchor="middle" fill="[^"]*">(\d{4})<', fan_chart(midterm, i.id).svg))
             for i in midterm.plan.indicators if i.targets and has_line(midterm, i.id)}  # fmt: skip
    assert years == {("2015", "2020", "2025", "2030")}


def test_a_hindcast_tells_its_score_its_interval_and_what_others_said(hindcast):
    scored = hindcast.outcomes[hindcast.outcomes["scored"].astype(bool)]
    hits = ((scored["probability"] > 0.5) == (scored["met"] == 1)).sum()
    told = outcomes.outcome_sentence(hindcast).sentences[0]
    assert f"可计分的目标{len(scored)}项，方向判断正确{hits}项" in told and "95%区间" in told
    others = outcomes.rivals_table(hindcast).frame
    assert len(others) == 10 and others["method"].iloc[0] == "本报告"
    assert others["brier"].iloc[0] == f"{scored['squared_error'].mean():.3f}"


def test_what_was_missed_is_every_wrong_side_and_every_value_beyond_the_interval(hindcast):
    rows = hindcast.outcomes[hindcast.outcomes["outcome_value"].notna()]
    wrong = rows["scored"].astype(bool) & ((rows["probability"] > 0.5) != (rows["met"] == 1))
    outside = (rows["outcome_value"] < rows["forecast_10"]) | (rows["outcome_value"] > rows["forecast_90"])
    found = outcomes.missed_table(hindcast).frame
    assert len(found) == (wrong | outside).sum() > 0
    assert found["why"].str.contains("刚好达标须每年").all()
