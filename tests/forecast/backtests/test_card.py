"""The card and the standing backtest: measured here, not written by hand, and the shipped ones agree with the model."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from xhcp_eval.chapters.method_and_sources import forecast_method
from xhcp_eval.errors import DataError
from xhcp_eval.forecast.backtests import card as model_card
from xhcp_eval.forecast.backtests.backtest import backtest
from xhcp_eval.forecast.backtests.validation import PANEL, validate_methods
from xhcp_eval.forecast.reference import network
from xhcp_eval.forecast.reference.model import reference_model
from xhcp_eval.provenance import file_hash


@pytest.fixture(scope="module")
def small_world(tmp_path_factory):
    rng = np.random.default_rng(5)
    rows = [
        pd.DataFrame({"indicator": f"i{i}", "region": f"r{r}", "year": np.arange(1995, 2020), "unit": "percent",
                      "value": np.clip(50 + rng.normal(0.3, 1 + i, 25).cumsum(), 1, 99), "lower": 0.0, "upper": 100.0,
                      "group": "country"})
        for i in range(6)
        for r in range(10)
    ]  # fmt: skip
    path = tmp_path_factory.mktemp("train") / "panel.parquet"
    pd.concat(rows, ignore_index=True).to_parquet(path)
    return path


def test_training_writes_model_card_and_scores(small_world, tmp_path, monkeypatch):
    monkeypatch.setattr(model_card, "PER_INDICATOR", 6)
    small = network.Recipe(hidden=8, epochs=1)
    train = model_card.train_model
    monkeypatch.setattr(
        model_card, "train_model", lambda frame, done: train(frame, small, networks=1, done=done)
    )
    done = []
    paths = model_card.train_and_describe([small_world], tmp_path, done.append)
    assert [p.name for p in paths] == ["model.npz", "CARD.md", "scores.json"] and len(done) == 10
    card = (tmp_path / "CARD.md").read_text(encoding="utf-8")
    assert file_hash(small_world) in card and "6 个真实指标" in card and "局限" in card
    # no sources are named in this table, so the card may not say that they were kept apart
    assert "指标按指标分成 5 份" in card and "同一来源任何指标" not in card and "6个指标" in card
    scores = json.loads((tmp_path / "scores.json").read_text(encoding="utf-8"))
    assert scores["indicators"] == 6 and 0 < scores["alone"]["reference"]["brier"] < 0.5
    assert f"{scores['alone']['reference']['brier']:.3f}" in card


def test_a_file_that_is_no_table_is_refused(tmp_path):
    wrong = tmp_path / "x.parquet"
    wrong.write_text("no parquet", encoding="utf-8")
    with pytest.raises(DataError, match="读不出训练数据"):
        model_card.train_and_describe([wrong], tmp_path)
    assert not (tmp_path / "model.npz").exists()


def test_the_shipped_card_is_of_the_shipped_model():
    known = model_card.model_scores()
    assert known["indicators"] == len(reference_model().fold_of) == 1565
    assert known["data_sha256"] in (model_card.ASSETS / "CARD.md").read_text(encoding="utf-8")
    text = "".join(forecast_method().sentences)
    assert f"{known['alone']['reference']['brier']:.3f}" in text


def test_the_standing_backtest_agrees_with_the_card_and_judges_the_others_rules():
    scores = validate_methods(per_indicator=25).scores(draws=50).set_index("method")
    ours = scores.loc["reference"]
    # 675 cases of the part that may be passed on; the card has 46,213 of all
    assert ours["brier"] == pytest.approx(model_card.model_scores()["alone"]["reference"]["brier"], abs=0.03)
    assert 0.72 < ours["coverage_80"] < 0.88 and 0.90 < ours["coverage_95"] < 0.99
    for other in ("drift", "linear", "theta", "欧盟统计局", "SDSN 箭头", "亚太经社会", "经合组织"):
        assert ours["brier"] < scores.loc[other, "brier"]


def test_regions_of_one_indicator_learn_from_one_another():
    """On the same cases: the whole model beside one that may not look at peers."""
    frame = pd.read_parquet(PANEL)
    cases = {"together": True, "per_indicator": 40}
    model = reference_model()
    blind = Blind(model)
    scores = backtest(frame, {"both": model, "blind": blind}, **cases).scores(draws=50).set_index("method")
    assert scores.loc["both", "wql"] < 0.98 * scores.loc["blind", "wql"]
    assert scores.loc["both", "brier"] < scores.loc["blind", "brier"]


class Blind:
    """A model that is not told which series are of one indicator."""

    def __init__(self, model):
        self.model = model

    def without(self, indicator):
        return Blind(self.model.without(indicator))

    def __call__(self, panel, horizon, quantiles):
        return self.model(replace(panel, indicator=None), horizon, quantiles)
