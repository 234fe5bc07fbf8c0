"""Figures of goals, groups and raters: each says in words what it draws, and refuses what it can't draw."""

import re
from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from xhcp_eval.chapters import equity, forecast, outcomes, overview
from xhcp_eval.chapters.figures import results
from xhcp_eval.chapters.kit import course, fan, goals, places, sparklines, style, units
from xhcp_eval.chapters.kit.places import _limits
from xhcp_eval.chapters.third_party import scores
from xhcp_eval.errors import DataError, PlanError
from xhcp_eval.forecast.classical.trend import TREND_MODELS
from xhcp_eval.observations.table import is_total
from xhcp_eval.pack.pack import compute_pack, open_pack
from xhcp_eval.pack.params import load_params
from xhcp_eval.plan.units import format_value
from xhcp_eval.provenance import ROOT


@pytest.fixture(scope="module")
def pack():
    return open_pack("midterm_2025")


def picture(view):
    image = Image.open(BytesIO(view.png))
    assert min(image.size) > 100
    assert len(set(image.convert("L").resize((64, 64)).get_flattened_data())) > 5, "an empty picture"
    assert view.caption
    return view.alt


def test_the_ladder_names_every_rung(pack):
    alt = picture(goals.target_ladder(pack, "infant_mortality_rate"))
    for words in ("本区2025年4‰", "本区2030年·从严4‰", "本区2030年·按字面5‰", "国纲2030年5‰", "现状值"):
        assert words in alt
    with pytest.raises(DataError, match="没有可画出的目标值"):
        goals.target_ladder(pack, "child_service_urban_rural_gap")
    with pytest.raises(PlanError):
        goals.target_ladder(pack, "nope")


def test_the_grid_counts_its_cells(pack):
    alt = picture(goals.status_grid(pack, "health"))
    rows = pack.assessment[(pack.assessment["role"] == "verdict") & pack.assessment["decides_goal"]]
    rows = rows[(rows["domain"] == "health") & (rows["goal"] != "")]
    cells = rows[["goal", "target_year"]].drop_duplicates()
    assert sum(int("".join(filter(str.isdigit, part))) for part in alt.split("：")[1].split("，")) == len(
        cells
    )
    with pytest.raises(DataError):
        goals.status_grid(pack, "nothing")


def test_gaps_are_told_widest_first(pack):
    alt = picture(goals.gap_lollipop(pack))
    rows = pack.assessment[(pack.assessment["target_year"] == 2030) & (pack.assessment["role"] == "verdict")]
    widest = rows.loc[rows["gap_relative"].idxmax(), "indicator_name"]
    assert alt.split("：")[1].startswith(widest)
    with pytest.raises(DataError, match="2099年"):
        goals.gap_lollipop(pack, year=2099)


def test_scenarios_stay_within_the_scale(pack):
    target = "township_gp_child_service_coverage@2030"
    alt = picture(goals.scenario_curves(pack, target))
    assert "目标≥100%" in alt
    assert "118" not in alt
    with pytest.raises(DataError, match="没有情景"):
        goals.scenario_curves(pack, "nope@2030")


def test_townships_over_the_years_and_against_chance(pack):
    assert "12个乡镇街道" in picture(places.township_multiples(pack, "neonatal_visit_rate"))
    assert "超出99.8%控制限的：" in picture(places.funnel_plot(pack, "neonatal_visit_rate"))
    for draw in (places.township_multiples, places.funnel_plot):
        with pytest.raises(DataError, match="没有分乡镇街道的数据"):
            draw(pack, "mental_health_class_hours_primary")


def test_facets_are_one_a_township_on_the_same_axes_and_unknown_to_pyplot(pack):
    from matplotlib import pyplot

    figure = places.township_multiples(pack, "neonatal_visit_rate").figure
    assert len(figure.axes) == 12
    assert (
        len({axes.get_ylim() for axes in figure.axes}) == len({axes.get_xlim() for axes in figure.axes}) == 1
    )
    assert not pyplot.get_fignums()


def test_a_strip_holds_a_point_a_township_and_the_target(pack):
    rows = equity.equity_rows(pack, "township")
    chosen = [i for i in rows.loc[rows["apart"], "indicator"] if pack.plan.indicator(i).unit == "percent"]
    view = places.township_strips(pack, chosen)
    axes = view.figure.axes[0]
    assert len(axes.get_yticks()) == len(chosen)
    for strip, indicator in zip(axes.collections, chosen, strict=False):
        table = pack.observations
        known = table[(table["indicator"] == indicator) & (table["level"] == "township") & is_total(table)]
        known = known[known["year"] == known["year"].max()]
        assert sorted(strip.get_offsets()[:, 0]) == pytest.approx(sorted(known["value"]))
    assert view.svg.count("<title>") == sum(len(c.get_offsets()) for c in axes.collections)
    with pytest.raises(DataError):
        places.township_strips(pack, ["mental_health_class_hours_primary"])


def test_units_short_of_the_target_are_named_with_their_counts(pack):
    view = units.units_chart(pack, "mental_health_class_hours_secondary")
    rows = units.unit_rows(pack, "mental_health_class_hours_secondary")
    short = rows[rows["value"] < 14]
    assert f"{len(rows)}个单位中{len(short)}个没有达到" in view.caption
    assert view.svg.count(f'fill="{style.SHORT}" stroke') == len(short)
    assert "区间" not in view.note  # lessons aren't drawn by chance
    whole = units.units_chart(pack, "nip_vaccination_coverage")
    assert "全部≥90%" in whole.caption and "95%区间" in whole.note and style.SHORT not in whole.svg
    assert [row[0] for row in whole.data.rows] == [r.rsplit("/", 1)[-1] for r in units.unit_rows(pack, "nip_vaccination_coverage")["region"]]  # fmt: skip


def test_control_limits_are_those_of_chance():
    """Binomial 95% limits of 100 at one half, and Poisson limits of ten expected events, from printed tables."""
    low, high = _limits("proportion", 0.5, np.array([100.0]), 0.95)
    assert (low[0], high[0]) == (0.40, 0.60)
    low, high = _limits("rate", 0.01, np.array([1000.0]), 0.95)
    assert (low[0] * 1000, high[0] * 1000) == (4, 17)


def test_a_map_of_scores_has_five_steps_and_columns_in_their_order():
    given = pd.DataFrame({"item": ["a", "a", "b", "b"], "rater": ["甲", "乙"] * 2, "score": [0, 4, 2, 2]})
    view = scores.rubric_heatmap(given, {"a": "目标甲"}, {"乙": "专家1", "甲": "自评"})
    assert "1项各人相差超过1分（目标甲）" in picture(view)
    axes = view.figure.axes[0]
    assert [mark.get_text() for mark in axes.get_xticklabels()] == ["专家1", "自评"]
    mesh = axes.collections[0]
    assert mesh.get_array().tolist() == [[4, 0], [2, 2]] and mesh.get_cmap().N == 5
    assert view.data.rows == (("目标甲", "4", "0"), ("b", "2", "2"))
    with pytest.raises(DataError, match="缺少列 score"):
        scores.rubric_heatmap(given.drop(columns="score"))
    with pytest.raises(DataError, match="没有评分可画"):
        scores.rubric_heatmap(given.iloc[:0])


def test_scores_stand_in_one_map_with_the_offices_own_last(pack):
    view = scores.score_map(pack, scores.appraisal_of(pack))
    assert view.data.heads[-1] == "自评" and len(view.figure.axes) == 1
    assert view.small


@pytest.mark.parametrize(
    ("changed", "told"),
    [({}, "三年合并"), ({"pool_years": 2}, "两年合并"), ({"few_events": 1, "pool_years": 1}, None)],
)
def test_the_rules_of_judgement_reach_the_figures(changed, told):
    """What is pooled in the verdict is drawn pooled, and nothing else."""
    params = load_params(ROOT / "params" / "midterm_2025.yaml")
    pack = compute_pack(params.model_copy(update={"settings": params.settings.model_copy(update=changed)}))
    shown = course.course_of(pack, "infant_mortality_rate")
    note = fan.fan_chart(pack, "infant_mortality_rate").note
    assert (f"粗线为{told}" in note) if told else ("合并" not in note)
    row = pack.assessment.set_index("target_id").loc["infant_mortality_rate@2030#literal"]
    assert shown.start[1] == pytest.approx(row["latest_value"])
    assert ("合并" in row["latest_basis"]) == (told is not None)


def test_a_census_has_no_interval_bars(pack):
    assert "区间" not in fan.fan_chart(pack, "childrens_home_coverage").note
    assert "竖线为95%区间" in fan.fan_chart(pack, "eye_exam_coverage_0_6").note


def test_every_point_tells_year_value_counts_and_source(pack):
    view = fan.fan_chart(pack, "eye_exam_coverage_0_6")
    rows = course.main_rows(pack, "eye_exam_coverage_0_6")
    for row in rows.itertuples():
        counts = f"（{row.numerator:,.0f}/{row.denominator:,.0f}）"
        told = f"{row.year}年 {format_value(row.value, 'percent')}{counts}，来源：{row.source}"
        assert f"<title>{told}</title>" in view.svg
        assert any(line[:2] == (str(row.year), format_value(row.value, "percent")) for line in view.data.rows)
    assert len(view.data.rows) == len(rows) + 5  # and five years ahead
    assert '<svg role="group" tabindex="0"' in view.html and "本图数据" in view.html


def test_the_title_of_a_fan_is_its_finding(pack):
    row = pack.assessment.set_index("target_id").loc["eye_exam_coverage_0_6@2030"]
    title = fan.fan_chart(pack, "eye_exam_coverage_0_6").caption
    assert f"{row['latest_year']:.0f}年{format_value(row['latest_value'], 'percent')}" in title
    assert f"{row['target_text']}，{row['own_status']}" in title


def test_small_lines_show_what_was_reported(pack):
    chosen = [i for i in pack.plan.indicators if not i.targets and len(course.main_rows(pack, i.id))][:5]
    view = sparklines.sparkline_table(pack, chosen, "表")
    for facts in chosen:
        rows = course.main_rows(pack, facts.id)
        assert f'id="{facts.id}"' in view.html
        assert format_value(rows["value"].iloc[-1], facts.unit) in view.html
    seen = sum((course.main_rows(pack, facts.id)["year"] >= 2015).sum() for facts in chosen)
    assert view.html.count("<circle") == view.html.count("<title>") == seen
    assert view.html.count("<path") == len(chosen) and "历年数据" in view.html


def test_chances_are_shown_once_and_only_where_they_decide(pack):
    view = overview.chances(pack)
    assert len(view.data.rows) == len({row[0] for row in view.data.rows}) == view.svg.count("<circle")
    assert all(row[2] != "—" for row in view.data.rows)


def test_results_stand_in_the_band_that_was_said():
    final = open_pack("final_2030")
    rows = results.banded(final)
    counts = results.counted(rows)
    assert (
        counts[[*results.LOOKS]].to_numpy().sum() == len(rows) == len(outcomes.result_figure(final).data.rows)
    )
    scored = final.outcomes[final.outcomes["scored"].astype(bool)].drop_duplicates("question")
    assert (
        counts["达到"].sum() == (scored["met"] == 1).sum()
        and counts["未达到"].sum() == (scored["met"] == 0).sum()
    )
    assert len(outcomes.result_table(final).frame) == 4


def test_models_shown_for_comparison_take_the_verdicts_series_and_stay_within_its_bounds(pack):
    shown = forecast.model_sensitivity(pack).frame
    assert len(shown) > 30
    middle = pack.forecast[pack.forecast["year"] == 2030].set_index("series")[0.5]
    for row in shown.itertuples():
        facts = pack.plan.indicator(row.indicator)
        assert row.reference == format_value(middle[f"{row.indicator}|新华区|total|total"], facts.unit)
        for method in TREND_MODELS:
            text = re.match(r"-?−?[\d,.]+", getattr(row, method))
            if text and facts.upper is not None:
                value = float(text.group().replace(",", "").replace("−", "-"))
                assert facts.lower - 1e-9 <= value <= facts.upper + 1e-9, (row.indicator, method)
                assert facts.unit != "per_100k" or value < 2000, (row.indicator, method)
