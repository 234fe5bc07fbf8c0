"""Backtests: cases as drawn, methods judged fairly, scores that know the truth from a guess."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from xhcp_eval.errors import DataError, ParamsError
from xhcp_eval.forecast.backtests import scores
from xhcp_eval.forecast.backtests.backtest import COVERED, LENGTHS, backtest
from xhcp_eval.forecast.backtests.cases import TARGET_REACH, make_cases, mean_change
from xhcp_eval.forecast.classical.trend import TREND_MODELS

YEARS = np.arange(1995, 2023)


def walks(indicators="abcdef", regions=12, seed=1, **columns):
    """Random walks with steps N(0, 1): the value h years on is N(last value, h). Some years of some are missing."""
    rng = np.random.default_rng(seed)
    parts = []
    for indicator in indicators:
        values = 50 + rng.standard_normal((regions, len(YEARS))).cumsum(axis=1)
        names = [f"r{i:02d}" for i in range(regions)]
        part = (
            pd.DataFrame(values, names, YEARS).rename_axis("region").melt(ignore_index=False, var_name="year")
        )
        parts.append(
            part.reset_index().assign(indicator=indicator, group="first" if indicator < "d" else "second")
        )
    frame = pd.concat(parts, ignore_index=True).assign(**columns)
    return frame[rng.random(len(frame)) > 0.05]


def normal(spread, shift=0.0):
    """Forecasts N(last value + shift, spread² h)."""

    def model(panel, horizon, quantiles):
        last = panel.values[np.arange(len(panel)), panel.last]
        scale = spread * np.sqrt(np.arange(1, horizon + 1))[:, None] * stats.norm.ppf(quantiles)
        return last[:, None, None] + shift + scale

    return model


@pytest.fixture(scope="module")
def frame():
    return walks()


@pytest.fixture(scope="module")
def judged(frame):
    methods = {"truth": normal(1.0), "timid": normal(2.0), "bold": normal(0.4), "biased": normal(1.0, 2.0)}
    return backtest(frame, methods, per_indicator=150)


def known(frame):
    return frame.set_index(["indicator", "region", "year"])["value"].sort_index()


# --- cases ---


def test_every_indicator_has_as_many_cases_and_none_twice(frame):
    cases = make_cases(frame, per_indicator=20)
    assert pd.Series(cases.indicator).value_counts().to_dict() == dict.fromkeys("abcdef", 20)
    assert len(set(cases.keys)) == len(cases) == 120
    assert cases.frame["series"].unique().tolist() == cases.keys.tolist()
    assert cases.panel.keys.tolist() == cases.keys.tolist()


def test_histories_end_at_their_origin_and_outcomes_follow_it(frame):
    cases = make_cases(frame, per_indicator=20)
    real = known(frame)
    assert len(cases.frame) == cases.points.sum()
    for i, (key, rows) in enumerate(cases.frame.groupby("series", sort=False)):
        indicator, region, origin = rows[["indicator", "region", "origin"]].iloc[-1]
        assert key == cases.keys[i] == f"{indicator}|{region}|{origin}"
        assert rows["year"].max() == origin
        past = real[indicator, region].loc[:origin].tail(cases.points[i])
        assert rows["value"].tolist() == past.tolist()
        ahead = real[indicator, region].reindex(range(origin + 1, origin + 6))
        assert cases.outcomes[i] == pytest.approx(ahead.to_numpy(), nan_ok=True)
    assert np.isfinite(cases.outcomes[:, -1]).all()


def test_short_and_long_histories_both_occur(frame):
    points = make_cases(frame, per_indicator=100, least_points=3, most_points=12).points
    assert points.min() == 3
    assert points.max() == 12
    assert (np.bincount(points)[3:13] > 10).all()


def test_targets_are_open_questions_by_the_scale_of_the_history(frame):
    cases = make_cases(frame, per_indicator=100)
    last = cases.frame.groupby("series", sort=False)["value"].last().to_numpy()
    reach = cases.sign * (cases.target - last) / (np.sqrt(5) * cases.scale)
    assert TARGET_REACH[0] <= reach.min() < -0.4
    assert 1.4 < reach.max() <= TARGET_REACH[1]
    assert set(cases.sign) == {-1, 1}
    above = cases.outcomes[:, -1] >= cases.target
    assert cases.met.tolist() == np.where(cases.sign > 0, above, ~above).tolist()
    assert 0.25 < cases.met.mean() < 0.5


def test_yearly_changes_are_spread_over_gaps():
    nan = np.nan
    grid = [[nan, 1, 3, nan, nan, 0, nan], [5, 5, 5, 5, nan, nan, nan], [nan, 2, nan, nan, nan, nan, nan]]
    # 2 in a year, then 3 down in three years
    assert mean_change(np.array(grid)) == pytest.approx([1.5, 0, 0])


def test_draws_depend_on_nothing_but_seed_and_indicator(frame):
    cases = make_cases(frame, per_indicator=15)
    shuffled = make_cases(frame.sample(frac=1, random_state=3), per_indicator=15)
    alone = make_cases(frame[frame["indicator"] == "c"], per_indicator=15)
    assert shuffled.keys.tolist() == cases.keys.tolist()
    assert shuffled.target.tolist() == cases.target.tolist()
    assert alone.keys.tolist() == cases.keys[cases.indicator == "c"].tolist()
    assert alone.target.tolist() == cases.target[cases.indicator == "c"].tolist()
    assert make_cases(frame, per_indicator=15, seed=2).keys.tolist() != cases.keys.tolist()


def test_targets_and_quantiles_stay_within_the_bounds():
    bounded = walks("a", lower=49.0, upper=51.0).assign(value=lambda rows: rows["value"].clip(49, 51))
    cases = make_cases(bounded, per_indicator=100)
    assert cases.target.min() == 49
    assert cases.target.max() == 51
    # quantiles far outside become the bounds, and the bound then holds every outcome
    found = backtest(bounded, {"wide": normal(1e6)}, per_indicator=50).scores()
    assert found[["coverage_50", "coverage_80", "coverage_95"]].to_numpy() == pytest.approx(1)


def test_what_cannot_be_drawn_is_refused(frame):
    with pytest.raises(DataError, match="缺少列 region"):
        make_cases(frame.drop(columns="region"))
    with pytest.raises(DataError, match="重复：a、r00"):
        make_cases(pd.concat([frame, frame.head(1)]))
    with pytest.raises(DataError, match="没有可回测的序列"):
        make_cases(frame[frame["year"] < 2000])
    with pytest.raises(DataError, match="没有任何数值"):
        make_cases(frame.assign(value=np.nan))
    with pytest.raises(ParamsError, match="least_points"):
        make_cases(frame, least_points=5, most_points=4)


def test_bounds_and_groups_may_be_missing(frame):
    bare = frame[["indicator", "region", "year", "value"]]
    cases = make_cases(bare, per_indicator=5)
    assert set(cases.group) == {""}
    assert np.isinf(cases.panel.lower).all()
    partly = make_cases(frame.assign(upper=np.nan, lower=0), per_indicator=5).panel
    assert np.isposinf(partly.upper).all()
    assert (partly.lower == 0).all()


# --- scores ---


def test_who_knows_the_truth_covers_what_is_promised(judged):
    truth = judged.scores().set_index("method").loc["truth"]
    for level in COVERED:
        assert truth[f"coverage_{level}"] == pytest.approx(level / 100, abs=0.03)
        assert truth[f"coverage_{level}_low"] < truth[f"coverage_{level}"] < truth[f"coverage_{level}_high"]
    assert truth["calibration_error"] < 0.05
    by_horizon = judged.scores(by=["horizon"])
    assert by_horizon.loc[by_horizon["method"] == "truth", "coverage_80"].between(0.75, 0.85).all()


def test_the_truth_beats_every_other_answer(judged):
    table = judged.scores().set_index("method")
    others = table.drop(index="truth")
    for score in ("wql", "brier", "log_score", "calibration_error"):
        assert table.loc["truth", score] < others[score].min()
    assert table.loc["bold", "coverage_80"] < 0.5 < 0.95 < table.loc["timid", "coverage_80"]
    assert table.loc["truth", "mase"] == table.loc["bold", "mase"] < table.loc["biased", "mase"]


def test_scores_of_a_case_are_those_of_the_score_functions(judged):
    cases, rows = judged.cases, judged.frame[judged.frame["method"] == "bold"]
    last = cases.frame.groupby("series", sort=False)["value"].last().to_numpy()
    levels = np.array(scores.SCORED_LEVELS)
    quantiles = last[:, None] + 0.4 * np.sqrt(3) * stats.norm.ppf(levels)
    third = rows[rows["horizon"] == 3].set_index("series").reindex(cases.keys)
    wql = scores.weighted_quantile_loss(cases.outcomes[:, 2], quantiles, levels, cases.scale)
    assert third["wql"].to_numpy() == pytest.approx(wql, nan_ok=True)
    fifth = rows[rows["horizon"] == 5].set_index("series").reindex(cases.keys)
    chance = stats.norm.sf(cases.sign * (cases.target - last) / (0.4 * np.sqrt(5)))
    assert fifth["probability"].to_numpy() == pytest.approx(chance)
    assert fifth["brier"].to_numpy() == pytest.approx((chance - cases.met) ** 2)
    assert third["probability"].isna().all()


def test_cells_add_up(judged):
    whole = judged.scores().set_index("method").loc["truth"]
    for by in (["group"], ["indicator"], ["length"], ["horizon"], ["group", "length"]):
        cells = judged.scores(by=by)
        cells = cells[cells["method"] == "truth"]
        assert cells["n"].sum() == whole["n"]
        assert np.average(cells["wql"], weights=cells["n"]) == pytest.approx(whole["wql"])
        assert cells["n_targets"].sum() == whole["n_targets"] == len(judged.cases)
    assert judged.scores(by=["length"])["length"].tolist() == [*LENGTHS] * 4
    assert judged.scores(by="indicator")["brier_low"].isna().all()
    with pytest.raises(ParamsError, match="region"):
        judged.scores(by=["region"])


def test_one_level_makes_the_loss_that_of_the_median(frame):
    found = backtest(frame, {"truth": normal(1.0)}, per_indicator=10, levels=[0.5]).scores()
    assert found["wql"].item() == pytest.approx(found["mase"].item())


def test_reliability_of_the_truth_is_near_the_diagonal(judged):
    bins = judged.reliability("truth")
    assert bins["n"].sum() == len(judged.cases)
    within = (bins["interval_low"] <= bins["mean_forecast"]) & (
        bins["mean_forecast"] <= bins["interval_high"]
    )
    assert within.mean() >= 0.8
    with pytest.raises(ParamsError, match="truth、timid"):
        judged.reliability("nobody")


def test_skill_is_the_loss_saved(judged):
    table = judged.scores().set_index("method")
    skill = judged.skill("truth", "bold").iloc[0]
    assert skill["wql_skill"] == pytest.approx(1 - table.loc["truth", "wql"] / table.loc["bold", "wql"])
    assert skill["brier_skill"] == pytest.approx(1 - table.loc["truth", "brier"] / table.loc["bold", "brier"])
    assert 0 < skill["wql_skill_low"] < skill["wql_skill"] < skill["wql_skill_high"] < 1
    assert judged.skill("truth", "truth")[["wql_skill", "brier_skill_low"]].to_numpy() == pytest.approx(0)
    assert judged.skill("truth", "bold", by=["group"])["group"].tolist() == ["first", "second"]


# --- methods ---


class Learned:
    """Knows the future of every indicator but those it is told to forget."""

    def __init__(self, frame, forgotten=()):
        self.real, self.forgotten, self.asked = known(frame), set(forgotten), []

    def without(self, indicator):
        self.asked.append(indicator)
        model = Learned(self.real.reset_index(), {indicator})
        return lambda *question: model(*question)

    def __call__(self, panel, horizon, quantiles):
        found = np.repeat(normal(1.0)(panel, horizon, [0.5]), len(quantiles), axis=2)
        for i, key in enumerate(panel.keys):
            indicator, region, origin = key.split("|")
            if indicator not in self.forgotten:
                years = range(int(origin) + 1, int(origin) + 1 + horizon)
                found[i] = self.real[indicator, region].reindex(years).to_numpy()[:, None]
        return found


def test_no_indicator_is_judged_by_a_model_that_saw_it(frame):
    model = Learned(frame)
    found = (
        backtest(frame, {"learned": model, "naive": normal(0.0)}, per_indicator=30)
        .scores()
        .set_index("method")
    )
    assert model.asked == list("abcdef")
    # without its memory it knows no more than the last value
    assert found.loc["learned", "mase"] == pytest.approx(found.loc["naive", "mase"])
    knowing = backtest(frame, {"cheat": lambda *question: Learned(frame)(*question)}, per_indicator=30)
    assert knowing.frame.loc[knowing.frame["answered"] == 1, "mase"].to_numpy() == pytest.approx(0)


def test_models_are_found_by_name(frame):
    by_name = backtest(frame, ["drift", "auto"], per_indicator=10)
    assert by_name.methods == ["drift", "auto"]
    by_function = backtest(frame, {"drift": TREND_MODELS["drift"]}, per_indicator=10)
    both = (by_name.scores().loc[0, ["wql", "brier"]], by_function.scores().loc[0, ["wql", "brier"]])
    assert both[0].tolist() == both[1].tolist()
    for wrong, words in (
        (["drift", "oracle"], "允许 auto、reference、last_value"),
        ("drift", "须为方法名的列表"),
    ):
        with pytest.raises(ParamsError, match=words):
            backtest(frame, wrong)


def test_a_wrong_shape_or_level_is_refused(frame):
    with pytest.raises(ParamsError, match="方法 flat 的结果形状"):
        backtest(
            frame,
            {"flat": lambda panel, horizon, quantiles: np.zeros((len(panel), horizon))},
            per_indicator=2,
        )
    with pytest.raises(ParamsError, match="0 与 1 之间"):
        backtest(frame, ["drift"], levels=[0.5, 1.0])


def test_what_a_method_cannot_answer_is_counted(frame):
    def silent(panel, horizon, quantiles):
        found = normal(1.0)(panel, horizon, quantiles)
        found[::3] = np.nan
        return found

    judged = backtest(frame, {"silent": silent, "truth": normal(1.0)}, per_indicator=30)
    found = judged.scores().set_index("method")
    n = int(np.isfinite(judged.cases.outcomes).sum())
    skipped = int(np.isfinite(judged.cases.outcomes[::3]).sum())
    assert found.loc["silent", ["n", "unanswered", "n_targets", "unanswered_targets"]].tolist() == [
        n - skipped, skipped, 120, 60,
    ]  # fmt: skip
    assert found.loc["truth", ["n", "unanswered", "unanswered_targets"]].tolist() == [n, 0, 0]
    assert judged.skill("silent", "truth")["wql_skill"].item() == pytest.approx(0)


def test_histories_that_never_moved_ask_no_question(frame):
    still = frame.assign(value=np.where(frame["indicator"] == "a", 7.0, frame["value"]))
    judged = backtest(still, ["last_value"], per_indicator=20)
    assert judged.still == 20
    cells = judged.scores(by=["indicator"]).set_index("indicator")
    assert cells.loc["a", "n"] > 0
    assert cells.loc["a", "n_targets"] == cells.loc["a", "unanswered_targets"] == 0
    assert cells.loc["a", "coverage_80"] == 1
    assert np.isnan(cells.loc["a", "wql"])
    assert "20 个案例的历史从未变动" in judged._repr_html_()


def test_rules_that_only_say_whether_are_scored_beside(judged):
    met = judged.cases.met
    mute = np.where(np.arange(len(met)) < 100, np.nan, 0.5)
    more = judged.add_probabilities({"right": met, "wrong": 1 - met, "mute": mute})
    found = more.scores().set_index("method")
    assert more.methods == [*judged.methods, "right", "wrong", "mute"]
    assert found.loc[["right", "wrong", "mute"], "brier"].tolist() == [0, 1, 0.25]
    assert found.loc[["right", "wrong", "mute"], "hit_rate"].tolist() == [1, 0, 0.5]
    assert found.loc["wrong", "log_score"] == pytest.approx(6.9078, abs=1e-4)
    assert found.loc["mute", ["n", "unanswered", "n_targets", "unanswered_targets"]].tolist() == [
        0,
        0,
        800,
        100,
    ]
    assert np.isnan(found.loc["right", "wql"])
    assert judged.methods == ["truth", "timid", "bold", "biased"]
    assert more.skill("right", "truth")["n"].item() == 0


@pytest.mark.parametrize(
    ("forecasts", "said"),
    [
        ({"truth": np.zeros(900)}, "已有方法"),
        ({"a": [0.5]}, "须为 900 个"),
        ({"a": np.full(900, 1.5)}, "概率"),
    ],
)
def test_unusable_probabilities_are_refused(judged, forecasts, said):
    with pytest.raises(ParamsError, match=said):
        judged.add_probabilities(forecasts)


def test_a_notebook_shows_the_scores(judged):
    html = judged._repr_html_()
    assert "900 个预测案例，6 个指标，向前 5 年" in html
    assert f"<td>{judged.scores()['wql'][0]:.3f}</td>" in html
    named = judged.add_probabilities({"<b>": judged.cases.met})._repr_html_()
    assert "<b>" not in named
    assert "&lt;b&gt;" in named
