"""A pack computes what is asked for, once, and tells its tables once."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from xhcp_eval.errors import DataError, ParamsError
from xhcp_eval.pack import frames as pack_frames
from xhcp_eval.pack.frames import FRAMES, Frames, compute_frames, read_tables
from xhcp_eval.pack.pack import Given, compute_pack, once_a_pack
from xhcp_eval.pack.params import check_params, load_params
from xhcp_eval.plan.reading import load_plan
from xhcp_eval.provenance import ROOT
from xhcp_eval.report.page.results import write_results


@pytest.fixture(scope="module")
def params():
    return load_params(ROOT / "params" / "national_hindcast_2015.yaml")


def counted_frames(*names: str) -> tuple[Frames, list[str]]:
    """Frames that tell which of them were made, in what order."""
    made: list[str] = []

    def make(name: str) -> pd.DataFrame:
        made.append(name)
        return pd.DataFrame({"name": [name]})

    return Frames({name: lambda name=name: make(name) for name in names}), made


def test_a_frame_is_made_when_it_is_asked_for_and_once():
    frames, made = counted_frames("a", "b")
    assert (made, list(frames), len(frames)) == ([], ["a", "b"], 2)
    assert frames["b"] is frames["b"]
    assert made == ["b"]


def test_changing_a_frame_computes_no_other(params):
    frames, made = counted_frames("assessment", "goals")
    other = replace(compute_pack(params), frames=frames).with_frames(
        assessment=pd.DataFrame({"name": ["new"]})
    )
    assert made == [] and other.assessment["name"].item() == "new"
    assert other.goals["name"].item() == "goals" and made == ["goals"]


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


def test_a_final_report_scores_the_forecasts_that_were_published(final):
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


def test_what_was_published_stands_though_the_figures_were_revised_since(final, tmp_path):
    """The results that the pack of 2025 wrote are scored digit by digit; a forecast made anew would be another one."""
    origin = final.model_copy(update={"data_until": 2025, "forecast_origin": None, "forecast_published": ""})
    then = compute_pack(origin)
    published, _ = write_results(then, tmp_path)
    table = read_tables(final.data, then.plan, final.region)
    last = table["year"] == 2025
    revised = table.assign(
        **{name: table[name].mask(last, 0.95 * table[name]) for name in ("value", "numerator")}
    )
    # an absolute path stands for itself, wherever the project is
    params = final.model_copy(update={"forecast_published": str(published)})
    scored = compute_frames(params, then.plan, revised)["outcomes"].set_index("target_id")
    given = then.assessment.set_index("target_id").loc[scored.index]
    assert scored["probability"].notna().sum() > 70
    for column, earlier in (("probability", "probability"), ("origin_value", "latest_value")):
        np.testing.assert_array_equal(scored[column], given[earlier])
    assert scored["predicted_status"].tolist() == given["own_status"].tolist()
    again = compute_frames(params.model_copy(update={"forecast_published": ""}), then.plan, revised)
    anew = again["outcomes"].set_index("target_id")["probability"].reindex(scored.index)
    assert ((anew - scored["probability"]).abs() > 0.01).sum() > 40


@pytest.fixture
def published(final):
    """How what was published is read where a column of it is another one."""
    table, plan = pd.read_csv(ROOT / final.forecast_published, encoding="utf-8-sig"), load_plan(final.plan)

    def read(path, **changed):
        table.assign(**changed).to_csv(path, index=False, encoding="utf-8-sig")
        return pack_frames.read_published(str(path), plan, final.region, 2025)

    return read


def test_a_file_that_is_no_result_of_a_report_is_refused(final, tmp_path):
    given = (load_plan(final.plan), final.region, 2025)
    (tmp_path / "a.csv").write_text("target_id,probability\nx,0.5\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"a.csv 不是报告的结果表.*缺少列 role"):
        pack_frames.read_published(str(tmp_path / "a.csv"), *given)
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe\x00\x01" * 10)
    for name in ("b.csv", "c.csv"):
        with pytest.raises(DataError, match=rf"{name} 不能作为当时公布的结果读取"):
            pack_frames.read_published(str(tmp_path / name), *given)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"region": "邻区"}, "是“邻区”的结果，不是“新华区”的"),
        ({"latest_year": 2027}, "用了2027年的数，不是2025年作的预测"),
        ({"target_id": "x@2020"}, "没有规划.*的任何目标"),
    ],
)
def test_results_of_something_else_are_refused(published, tmp_path, changed, words):
    """They would be scored as if they had been this region's forecasts, or not at all."""
    assert len(published(tmp_path / "good.csv")) > 100
    with pytest.raises(DataError, match=words):
        published(tmp_path / "other.csv", **changed)


def test_a_published_forecast_needs_its_year(final):
    with pytest.raises(ParamsError, match=r"forecast_published.*forecast_origin"):
        check_params(final.model_copy(update={"forecast_origin": None}))
    with pytest.raises(ParamsError, match=r"forecast_published：没有文件|forecast_published：.*gone"):
        check_params(final.model_copy(update={"forecast_published": "data/demo/gone.csv"}))


def test_own_figures_come_through_the_door_of_an_import(tmp_path):
    plan = load_plan("china_2021_2030")
    text = (ROOT / "data" / "national" / "china_national.csv").read_text(encoding="utf-8")
    (tmp_path / "t.csv").write_text(text + "\n", encoding="utf-8")
    assert len(read_tables([tmp_path / "t.csv"], plan)) == 574
    with pytest.raises(DataError, match="文件不能自称已核实"):
        read_tables([tmp_path / "t.csv"], plan, own=True)
    assert len(read_tables(["data/national/china_national.csv"], plan, own=True)) == 574
