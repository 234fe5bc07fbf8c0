"""The explorer's views say what the report says, its code gives the same view, and its widgets drive it."""

import re

import pandas as pd
import pytest

from xhcp_eval.chapters import explorer, tutorial
from xhcp_eval.chapters.explorer import Choice, choices, chosen_verdicts, look, regions
from xhcp_eval.chapters.explorer_app import explore
from xhcp_eval.errors import ParamsError, PlanError
from xhcp_eval.observations.store.database import Database
from xhcp_eval.pack.pack import open_pack
from xhcp_eval.plan.units import format_probability, format_value
from xhcp_eval.verdict.judging import judge
from xhcp_eval.verdict.scenarios import open_targets, scenarios


@pytest.fixture(scope="module")
def pack():
    return open_pack("midterm_2025")


def test_verdicts_are_those_of_the_report(pack):
    """Judged by itself an indicator gets the status that the whole pack gave it."""
    ours = pack.assessment.set_index("target_id")
    for indicator in (
        "myopia_prevalence_senior_high",
        "eye_exam_coverage_0_6",
        "infant_mortality_rate",
        "nip_vaccination_coverage",
    ):
        html = look(pack, Choice(indicator)).html
        for row in ours[(ours["indicator"] == indicator) & (ours["role"] == "verdict")].itertuples():
            assert row.own_status in html and row.target_text in html


def test_numbers_are_those_of_the_report(pack):
    """Judged anew from the pack's own figures, every number and word is the same; so is what each pace comes to."""
    verdicts = chosen_verdicts(pack, Choice("infant_mortality_rate"))
    pd.testing.assert_frame_equal(verdicts.explained(), pack.assessment, check_dtype=False, check_exact=True)
    shown = scenarios(verdicts, pack.comparables)
    pd.testing.assert_frame_equal(shown, pack.scenarios, check_dtype=False, check_exact=True)
    told = explorer.paces_table(verdicts, "infant_mortality_rate").frame
    report = pack.scenarios[pack.scenarios["indicator"] == "infant_mortality_rate"]
    report = report[report["scenario"] != "best_quarter"]
    assert len(told) == len(report) >= 8
    assert told["probability_text"].tolist() == [format_probability(p) for p in report["probability"]]
    for text, pace in zip(told["pace_text"], report["pace"], strict=True):
        assert text.removeprefix("+") == format_value(pace, "permille", difference=True)


def test_every_target_ahead_has_its_own_what_if(pack):
    """At the forecast's own pace the chance is that of the very target that was chosen, as the report prints it."""
    verdicts = chosen_verdicts(pack, Choice("eye_exam_coverage_0_6"))
    rows = open_targets(verdicts)
    rows = rows[rows["limit"].notna()]
    assert len(rows) >= 40 and rows["indicator"].nunique() >= 30
    for row in rows.itertuples():
        choice = Choice(str(row.indicator), target_id=row.target_id, pace=float(row.forecast_pace))
        said = explorer.what_if(verdicts, choice).sentences
        assert f"达标的概率为{format_probability(row.probability)}（" in said[-1], row.target_id
        assert f"{row.target_year}年为" in said[0]


def test_an_earlier_year_is_judged_on_what_was_known(pack):
    case = chosen_verdicts(pack, Choice("eye_exam_coverage_0_6", data_until=2022))
    whole = judge(pack.observations, pack.plan, "新华区", pack.params.settings, 2022)
    mine, theirs = (
        c.explained().set_index("target_id").loc["eye_exam_coverage_0_6@2030"] for c in (case, whole)
    )
    for name in ("own_status", "latest_value", "probability", "pace"):
        assert mine[name] == theirs[name]
    assert "数据截至2022年" in look(pack, Choice("eye_exam_coverage_0_6", data_until=2022)).title


def test_another_model_moves_the_fan_and_not_the_verdict(pack):
    one, two = (
        look(pack, Choice("eye_exam_coverage_0_6", model=m)).html for m in (explorer.AUTO, "last_value")
    )
    assert "判定和概率仍按" in two and "判定和概率仍按" not in one
    status = pack.assessment.set_index("target_id").loc["eye_exam_coverage_0_6@2030", "status"]
    assert status in one and status in two
    assert one.split("<svg", 1)[1][:20_000] != two.split("<svg", 1)[1][:20_000]


def test_what_if_answers_for_the_chosen_indicator_with_a_probability(pack):
    """The pack's last row is another indicator's; at the forecast's own pace the chance is the verdict's."""
    verdicts = chosen_verdicts(pack, Choice("eye_exam_coverage_0_6"))
    own = verdicts.frame.set_index("target_id").loc["eye_exam_coverage_0_6@2030"]
    assert pack.assessment["indicator"].iloc[-1] != "eye_exam_coverage_0_6"
    told = explorer.what_if(
        verdicts, Choice("eye_exam_coverage_0_6", pace=float(own["forecast_pace"]))
    ).sentences
    shown = format_probability(own["probability"])
    assert told[-1] == f"按此速度，预测分布整体移动后达标的概率为{shown}（照现在的趋势为{shown}）。"
    faster = explorer.what_if(verdicts, Choice("eye_exam_coverage_0_6", pace=3.0)).sentences
    assert "达到目标（≥90%）" in faster[0]
    quicker = float(re.search(r"达标的概率为(\d+)%", faster[-1]).group(1))
    assert quicker > 100 * own["probability"] + 20


def test_what_if_is_arithmetic(pack):
    """87.78% and 0.5 points a year to 2030 are 90.28%: the target of 90% is met; 0.1 a year leave 1.7 points."""
    assert "90.28%，达到目标" in look(pack, Choice("eye_exam_coverage_0_6", pace=0.5)).html
    assert "还差1.7" in look(pack, Choice("eye_exam_coverage_0_6", pace=0.1)).html
    assert "100%，达到" in look(pack, Choice("eye_exam_coverage_0_6", pace=5.0)).html  # never past the scale


def test_the_code_gives_the_same_view(pack):
    choice = Choice("eye_exam_coverage_0_6", region="新华区/示范一街道", data_until=2024, pace=0.2)
    import xhcp_eval as xe

    again = eval(choice.as_code(), {"xe": xe, "pack": pack})
    assert again.html == look(pack, choice).html
    assert "model" not in choice.as_code()


def test_places_and_indicators(pack):
    known = choices(pack)
    assert len(known) > 140 and known["reported"].sum() > 100
    places = regions(pack, "eye_exam_coverage_0_6")
    assert places[0] == "新华区" and len(places) == 13


@pytest.mark.parametrize(
    ("choice", "error", "words"),
    [
        (Choice("moon"), PlanError, "moon"),
        (Choice("eye_exam_coverage_0_6", region="别处"), ParamsError, "别处 没有"),
        (Choice("eye_exam_coverage_0_6", model="magic"), ParamsError, "没有模型"),
        (Choice("eye_exam_coverage_0_6", data_until=1990), ParamsError, "应在"),
        (Choice("eye_exam_coverage_0_6", pace=1.0, target_id="x"), ParamsError, "没有目标 x"),
    ],
)
def test_refusals(pack, choice, error, words):
    with pytest.raises(error, match=words):
        look(pack, choice)


def test_widgets_drive_the_view(pack):
    app = explore(pack, "eye_exam_coverage_0_6")
    first = app.shown.html
    assert app.choice == Choice("eye_exam_coverage_0_6")
    app.until.value = 2022
    assert "数据截至2022年" in app.shown.title and "data_until=2022" in app.code.value
    app.until.value = 2025
    assert app.shown.html == first
    app.what_if.value, app.pace.value = True, 0.5
    assert "90.28%" in app.shown.html
    app.region.value = "新华区/示范甲镇"
    assert app.choice.region == "新华区/示范甲镇" and "示范甲镇" in app.shown.title
    app.domain.value = "教育"
    assert (
        app.indicator.value in {"preschool_gross_enrolment_rate"} | set(choices(pack)["indicator"])
        and app.shown is not None
    )
    app.indicator.value = app.indicator.options[3][1]
    assert app.choice.indicator == app.indicator.value


def test_it_opens_on_what_is_most_at_risk(pack):
    status = pack.assessment.set_index("indicator").loc[[explore(pack).indicator.value], "status"]
    assert set(status) & {"未达标", "难以达标"}


def test_the_tutorials_door(pack, tmp_path):
    database = Database(tmp_path / "x.duckdb")
    path = tutorial.department_file(pack.observations, tmp_path / "a.csv", wrong=True)
    told = tutorial.door(path, pack.plan, database, dry_run=True)
    assert "没有入库" in told.caption and len(told.frame) >= 1
    tutorial.department_file(pack.observations, path)
    assert "只检查" in tutorial.door(path, pack.plan, database, dry_run=True).html
    assert "已入库" in tutorial.door(path, pack.plan, database).html
    assert len(database.history("eye_exam_coverage_0_6", "新华区", 2025)) >= 1
