"""A pack computes what is asked for, once, and tells its tables once."""

import pandas as pd
import pytest

from xhcp_eval import pack_frames
from xhcp_eval.errors import DataError, ParamsError
from xhcp_eval.pack import Given, compute_pack, once_a_pack
from xhcp_eval.pack_frames import FRAMES, Frames, read_tables
from xhcp_eval.params import check_params, load_params
from xhcp_eval.plan import load_plan
from xhcp_eval.provenance import ROOT


@pytest.fixture(scope="module")
def params():
    return load_params(ROOT / "params" / "national_hindcast_2015.yaml")


def test_a_frame_is_made_when_it_is_asked_for_and_once():
    made: list[str] = []

    def make(name: str) -> pd.DataFrame:
        made.append(name)
        return pd.DataFrame({"name": [name]})

    frames = Frames({name: lambda name=name: make(name) for name in ("a", "b")})
    assert (made, list(frames), len(frames)) == ([], ["a", "b"], 2)
    assert frames["b"] is frames["b"]
    assert made == ["b"]


def test_verdicts_that_are_known_are_not_worked_out_again(params, monkeypatch):
    plan = load_plan(params.plan)
    rows = read_tables(params.data, plan, params.region or plan.region)
    known = compute_pack(params, Given(rows)).assessment
    monkeypatch.setattr(pack_frames, "judge", lambda *given, **options: pytest.fail("judged twice"))
    pack = compute_pack(
        params.model_copy(update={"outcome_year": None}), Given(rows, known, {"甲县": "0" * 64})
    )
    assert pack.assessment is known
    assert len(pack.goals) == len(plan.goals)
    assert pack.stamp["inputs"]["甲县"] == "0" * 64


def test_a_changed_frame_leaves_the_first_pack_as_it_was(params):
    pack = compute_pack(params)
    other = pack.with_frames(assessment=pack.assessment.iloc[:3])
    assert (len(other.assessment), len(pack.assessment) > 3) == (3, True)
    assert other.observations is pack.observations
    assert set(other.frames) == set(FRAMES)


def test_what_is_said_of_a_pack_is_said_once(params):
    pack, asked = compute_pack(params), []

    @once_a_pack
    def say(pack, year=None, deciding=True):
        asked.append((year, deciding))
        return object()

    assert say(pack) is say(pack, None) is say(pack, deciding=True)
    assert say(pack, 2030) is not say(pack)
    other = pack.with_frames(assessment=pack.assessment.iloc[:3])
    assert say(other) is not say(pack)
    assert asked == [(None, True), (2030, True), (None, True)]


@pytest.fixture(scope="module")
def final():
    return load_params(ROOT / "params" / "final_2030.yaml")


def test_a_final_report_scores_the_forecasts_that_were_published(final, monkeypatch):
    """Not ones made again: what has been revised since changes nothing."""
    published = pd.read_csv(ROOT / final.forecast_published, encoding="utf-8-sig").set_index("target_id")
    outcomes = compute_pack(final).outcomes.set_index("target_id")
    assert len(outcomes) > 100 and outcomes["scored"].sum() > 30
    pd.testing.assert_series_equal(
        outcomes["probability"], published.loc[outcomes.index, "probability"], check_names=False
    )
    assert (outcomes["predicted_status"] == published.loc[outcomes.index, "own_status"]).all()
    again = compute_pack(final.model_copy(update={"forecast_published": ""})).outcomes
    assert set(again.columns) == set(outcomes.reset_index().columns)


def test_a_file_that_is_no_result_of_a_report_is_refused(final, tmp_path, monkeypatch):
    monkeypatch.setattr(pack_frames.provenance, "ROOT", tmp_path)
    (tmp_path / "a.csv").write_text("target_id,probability\nx,0.5\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"不是报告的结果表.*缺少列 role"):
        pack_frames.read_published("a.csv")
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe\x00\x01" * 10)
    with pytest.raises(DataError, match=r"b.csv"):
        pack_frames.read_published("b.csv")
    with pytest.raises(DataError, match=r"没有|读取"):
        pack_frames.read_published("c.csv")


def test_a_published_forecast_needs_its_year(final):
    with pytest.raises(ParamsError, match=r"forecast_published.*forecast_origin"):
        check_params(final.model_copy(update={"forecast_origin": None}))
    with pytest.raises(ParamsError, match=r"forecast_published：没有文件|forecast_published：.*gone"):
        check_params(final.model_copy(update={"forecast_published": "data/demo/gone.csv"}))
