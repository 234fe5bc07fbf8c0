"""Figures of goals, groups and raters: each says in words what it draws, and refuses what it can't draw."""

import re
from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from xhcp_eval.chapters import equity, forecast
from xhcp_eval.chapters.kit import fan, goals, places, style
from xhcp_eval.chapters.kit.places import _limits
from xhcp_eval.chapters.third_party import ranking, scores
from xhcp_eval.errors import DataError, PlanError
from xhcp_eval.forecast.classical.trend import TREND_MODELS
from xhcp_eval.pack.pack import compute_pack, open_pack
from xhcp_eval.pack.params import load_params
from xhcp_eval.plan.units import format_value
from xhcp_eval.provenance import ROOT


@pytest.fixture(scope="module")
def pack():
    return open_pack("midterm_2025")


def picture(view):
    image = Image.open(BytesIO(view.png))
    assert min(image.size) > 200
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


def test_control_limits_are_those_of_chance():
    """Binomial 95% limits of 100 at one half, and Poisson limits of ten expected events, from printed tables."""
    low, high = _limits("proportion", 0.5, np.array([100.0]), 0.95)
    assert (low[0], high[0]) == (0.40, 0.60)
    low, high = _limits("rate", 0.01, np.array([1000.0]), 0.95)
    assert (low[0] * 1000, high[0] * 1000) == (4, 17)


def test_dumbbells_tell_the_widest_gap_first(pack):
    alt = picture(equity.disparity_dumbbell(pack))
    gaps = [
        float(part.rsplit("个百分点", 1)[0].split("比")[-1].strip("城镇农村高低"))
        for part in alt.split("：")[1].split("；")
    ]
    assert gaps == sorted(gaps, reverse=True)
    assert "男" in picture(equity.disparity_dumbbell(pack, "sex"))
    with pytest.raises(DataError, match="允许 residence、sex"):
        equity.disparity_dumbbell(pack, "age")


def test_scores_and_ranks():
    given = pd.DataFrame({"item": ["a", "a", "b", "b"], "rater": ["甲", "乙"] * 2, "score": [0, 4, 2, 2]})
    alt = picture(scores.rubric_heatmap(given, {"a": "目标甲"}))
    assert "分歧最大的：目标甲" in alt
    with pytest.raises(DataError, match="缺少列 score"):
        scores.rubric_heatmap(given.drop(columns="score"))
    with pytest.raises(DataError, match="没有评分可画"):
        scores.rubric_heatmap(given.iloc[:0])
    shares = pd.DataFrame([[0.7, 0.3], [0.3, 0.7]], index=["甲镇", "乙镇"], columns=[1, 2])
    assert picture(ranking.rank_acceptability(shares)).startswith("名次可接受度：甲镇在70%")
    with pytest.raises(DataError, match="之和应为 1"):
        ranking.rank_acceptability(shares * 2)


def labels_of(axes):
    return set(axes.get_legend_handles_labels()[1])


@pytest.mark.parametrize(
    ("changed", "told"),
    [({}, "三年合并"), ({"pool_years": 2}, "两年合并"), ({"few_events": 1, "pool_years": 1}, None)],
)
def test_the_rules_of_judgement_reach_the_figures(changed, told):
    """What is pooled in the verdict is drawn pooled, and nothing else."""
    params = load_params(ROOT / "params" / "midterm_2025.yaml")
    pack = compute_pack(params.model_copy(update={"settings": params.settings.model_copy(update=changed)}))
    _, axes = style.new_figure()
    start = fan.history_rows(axes, pack, "infant_mortality_rate")
    pooled = {label for label in labels_of(axes) if "合并" in label}
    assert pooled == ({told} if told else set())
    row = pack.assessment.set_index("target_id").loc["infant_mortality_rate@2030#literal"]
    assert start[1] == pytest.approx(row["latest_value"]) and ("合并" in row["latest_basis"]) == (
        told is not None
    )


def test_a_census_has_no_interval_bars(pack):
    _, axes = style.new_figure()
    fan.history_rows(axes, pack, "childrens_home_coverage")
    assert not {label for label in labels_of(axes) if "区间" in label}
    fan.history_rows(axes, pack, "eye_exam_coverage_0_6")
    assert "95%区间（计数）" in labels_of(axes)


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
