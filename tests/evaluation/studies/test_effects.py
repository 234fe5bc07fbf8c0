"""Measures studied by the design laid down for them; what can't be studied is refused in words, not left out."""

import numpy as np
import pandas as pd
import pytest

from xhcp_eval.errors import ParamsError
from xhcp_eval.evaluation.studies.effects import Measure, effects_frame, load_measures, run_study
from xhcp_eval.observations.table import read_table
from xhcp_eval.plan.reading import load_plan
from xhcp_eval.provenance import ROOT

PLAN = load_plan("xinhua_2021_2030")
TABLE = read_table(ROOT / "data" / "demo" / "xinhua_2015_2025.csv", PLAN)
MEASURES = load_measures(ROOT / "data" / "demo" / "evaluation" / "measures.yaml", PLAN)
TREATED = ("示范二街道", "示范五街道", "示范甲镇")


def measure(**change):
    plain = {"id": "m", "name": "措施", "goal": "health.1", "indicator": "under7_health_management_rate",
             "design": "difference_in_differences", "since": 2021, "treated": TREATED}  # fmt: skip
    return Measure(**plain | change)


def test_the_demonstration_has_a_study_of_each_design():
    found = [run_study(TABLE, "新华区", m) for m in MEASURES]
    assert {s.measure.design for s in found} == {
        "interrupted_series",
        "difference_in_differences",
        "synthetic_control",
    }
    assert all(s.result is not None and s.sentence for s in found)
    frame = effects_frame(found)
    sure = frame[frame["may_say_cause"]]
    assert ((sure["low"] < 0) & (sure["high"] > 0)).all(), (
        "the measures are invented; none may be found to have worked"
    )


def test_an_effect_that_is_there_is_found():
    units = TABLE["region"].str.rsplit("/", n=1).str[-1].isin(TREATED)
    hit = units & (TABLE["indicator"] == "under7_health_management_rate") & (TABLE["year"] >= 2021)
    changed = TABLE.assign(value=TABLE["value"] + np.where(hit, 3.0, 0.0))
    before, after = (run_study(t, "新华区", measure()).result for t in (TABLE, changed))
    assert after.estimate - before.estimate == pytest.approx(3.0, abs=1e-9)
    assert after.low > 0


@pytest.mark.parametrize(
    "change",
    [{"treated": ("没有的街道",)}, {"since": 2015}, {"indicator": "mental_health_class_hours_primary"},
     {"design": "interrupted_series", "since": 2025}, {"design": "synthetic_control", "since": 2016}],
)  # fmt: skip
def test_what_cannot_be_studied_is_refused(change):
    study = run_study(TABLE, "新华区", measure(**change))
    assert study.result is None or not study.result.may_say_cause
    if study.result is None:
        assert study.sentence.startswith("不能评估：")
    assert not effects_frame([study])["may_say_cause"].any()


def test_lists_with_faults(tmp_path):
    path = tmp_path / "m.yaml"
    path.write_text(
        "measures:\n  - {id: a, name: 甲, goal: nope, indicator: nope, design: synthetic_control, since: 2020}\n",
        encoding="utf-8", newline="\n",
    )  # fmt: skip
    with pytest.raises(ParamsError) as caught:
        load_measures(path, PLAN)
    assert caught.value.problems == ("a：没有主要目标 nope", "a：没有指标 nope", "a：合成对照须写明 treated")
    path.write_text("measures:\n  - !!python/object:os.system {}\n", encoding="utf-8", newline="\n")
    with pytest.raises(ParamsError, match=r"措施清单 m\.yaml 第 2 行第 5 列：YAML 语法错误"):
        load_measures(path, PLAN)
    path.write_text("measures: [{id: a, what: 1}]\n", encoding="utf-8", newline="\n")
    with pytest.raises(ParamsError, match="不能使用"):
        load_measures(path, PLAN)
    assert isinstance(effects_frame([]), pd.DataFrame)
