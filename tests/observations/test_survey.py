"""Survey records through the same door as everything else, with intervals as wide as their design makes them."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from xhcp_eval.errors import DataError
from xhcp_eval.observations.cells import Cells
from xhcp_eval.observations.door.intake import import_file
from xhcp_eval.observations.store.database import Database
from xhcp_eval.observations.survey import check_records, estimates, weighted_mean
from xhcp_eval.plan.reading import load_plan

PLAN = load_plan("xinhua_2021_2030")
INDICATOR = "child_health_literacy_rate"
TODAY = date(2026, 4, 1)


def sample(n=240, clusters=12, seed=1, share=0.4):
    """Answers of children in clusters of two strata; clusters differ, so the design effect is above one."""
    rng = np.random.default_rng(seed)
    cluster = np.arange(n) % clusters
    tilt = rng.normal(0, 0.8, clusters)[cluster]
    answer = (rng.random(n) < 1 / (1 + np.exp(-(np.log(share / (1 - share)) + tilt)))).astype(int)
    return pd.DataFrame(
        {"survey": "2025年健康素养调查", "indicator": INDICATOR, "region": "新华区", "level": "district", "year": 2025,
         "response": answer, "weight": rng.uniform(50, 150, n).round(1), "stratum": np.where(cluster < 4, "镇", "街道"),
         "cluster": [f"c{c}" for c in cluster], "sex": np.where(rng.random(n) < 0.5, "male", "female"),
         "residence": np.where(cluster < 4, "rural", "urban"), "source": "第三方", "reported_on": "2026-01-15"}
    )  # fmt: skip


def figures_of(frame):
    records, faults = check_records(Cells(frame.astype(str)), PLAN)
    assert not faults
    return estimates(records, PLAN)


def test_a_simple_random_sample_is_the_textbook():
    y = np.array([1.0, 0, 1, 1, 0, 0, 1, 0])
    ones, none = np.ones(8), np.full(8, "")
    mean, variance = weighted_mean(y, ones, none, none, ones.astype(bool))
    assert mean == 0.5
    assert variance == pytest.approx(y.var(ddof=1) / 8)


def test_clusters_by_hand():
    """Three clusters of two: cluster totals of residuals 1, -1, 0 around 0.5, over 6: 3/2 * (1 + 1) / 36."""
    y = np.array([1.0, 1, 0, 0, 1, 0])
    cluster = np.array(["a", "a", "b", "b", "c", "c"])
    _, variance = weighted_mean(y, np.ones(6), np.full(6, ""), cluster, np.ones(6, bool))
    assert variance == pytest.approx(1.5 * 2 / 36)


@pytest.mark.parametrize("inside", ["all", "rural"])
def test_a_library_comes_to_the_same(inside):
    """samplics 0.6.1, TaylorEstimator on the sample of seed 1 (mean and standard error, kept as numbers)."""
    s = sample()
    keep = (s["residence"] == inside).to_numpy() if inside != "all" else np.ones(len(s), bool)
    mean, variance = weighted_mean(
        *(s[n].to_numpy() for n in ("response", "weight", "stratum", "cluster")), keep
    )
    wanted = {
        "all": (0.47654009553556587, 0.044194458085914094),
        "rural": (0.4508761542434587, 0.08404338978946832),
    }[inside]
    assert (mean, np.sqrt(variance)) == pytest.approx(wanted, rel=1e-8)


def test_a_figure_carries_the_uncertainty_of_its_design():
    figures = figures_of(sample())
    whole = figures[(figures["sex"] == "total") & (figures["residence"] == "total")].iloc[0]
    assert whole["value"] == pytest.approx(100 * whole["numerator"] / whole["denominator"], abs=1e-3)
    assert whole["denominator"] < 240, "clusters make the sample worth less than its size"
    assert "设计效应" in whole["note"]
    assert set(figures["sex"]) == {"total", "male", "female"}
    assert whole["status"] == "survey"


def test_all_who_answer_alike_leave_some_doubt():
    figures = figures_of(sample().assign(response=1))
    assert figures.iloc[0]["value"] == 100
    assert 150 < figures.iloc[0]["denominator"] <= 240


def test_a_survey_comes_in_through_the_door(tmp_path):
    database = Database(tmp_path / "x.duckdb")
    records = sample()
    records.loc[0, "response"] = np.nan
    records.to_csv(tmp_path / "s.csv", index=False, encoding="utf-8")
    kept = import_file(tmp_path / "s.csv", PLAN, database, today=TODAY)
    assert kept.kept.n_rows == 5
    assert database.sql("select count(*) n from survey_records")["n"][0] == 239
    found = database.observations(PLAN, region="新华区")
    assert set(found["status"]) == {"survey"}
    again = import_file(tmp_path / "s.csv", PLAN, database, today=TODAY)
    assert not again.kept.is_new
    assert database.sql("select count(*) n from survey_records")["n"][0] == 239


BAD = {
    "an answer that is neither": ({"response": 2}, "response", "应为 1 或 0"),
    "no weight": ({"weight": 0}, "weight", "必须大于 0"),
    "an indicator that is no share": ({"indicator": "infant_mortality_rate"}, "indicator", "不是规划里可用调查估计的指标"),
    "another word for rural": ({"residence": "农村"}, "residence", "允许：total、urban、rural"),
    "words for a number": ({"response": "是"}, "response", "不是数字"),
    "no year": ({"year": "去年"}, "year", "不是整数年份"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "column", "text"), BAD.values(), ids=BAD)
def test_bad_records_are_told_with_their_row(tmp_path, change, column, text):
    records = sample().astype(object)
    for name, value in change.items():
        records.loc[3, name] = value
    records.to_csv(tmp_path / "s.csv", index=False, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        import_file(tmp_path / "s.csv", PLAN, Database(tmp_path / "x.duckdb"), today=TODAY)
    (problem,) = caught.value.problems
    assert problem.startswith(f"第 5 行 {column}：")
    assert text in problem


def test_a_survey_without_answers_or_columns(tmp_path):
    database = Database(tmp_path / "x.duckdb")
    sample().assign(response="").to_csv(tmp_path / "s.csv", index=False, encoding="utf-8")
    with pytest.raises(DataError, match="没有一份有效回答"):
        import_file(tmp_path / "s.csv", PLAN, database, today=TODAY)
    sample().drop(columns="source").assign(x=1).to_csv(tmp_path / "t.csv", index=False, encoding="utf-8")
    with pytest.raises(DataError, match="缺少必需的列 source"):
        import_file(tmp_path / "t.csv", PLAN, database, today=TODAY)
