"""Rubric: what is scored, what a score must rest on, and files that can't be used."""

import pandas as pd
import pytest
import yaml

from xhcp_eval.errors import DataError, ParamsError
from xhcp_eval.evaluation.methods.rubric import (
    EVIDENCE_COLUMNS,
    SCORE_COLUMNS,
    evidence_faults,
    evidence_numbers,
    load_rubric,
    rubric_items,
    void_reasons,
)
from xhcp_eval.files.home import plan_folder
from xhcp_eval.plan.reading import load_plan

FOLDER = plan_folder("xinhua_2021_2030")


@pytest.fixture(scope="module")
def plan():
    return load_plan("xinhua_2021_2030")


@pytest.fixture(scope="module")
def rubric():
    return load_rubric(FOLDER / "rubric.yaml")


def scores(*rows):
    return pd.DataFrame(
        [(i, r, "third_party", 1, s, "", e) for i, r, s, e in rows], columns=list(SCORE_COLUMNS)
    )


def evidence(*rows):
    return pd.DataFrame(
        [(r, n, t, d, "区教体局", "实验小学", "甲", "") for r, n, t, d in rows],
        columns=list(EVIDENCE_COLUMNS),
    )


def test_every_promise_without_a_number_is_an_item(plan, rubric):
    """45 qualitative goals, 86 strategies, 11 measures, each with the plan's words and something to ask for."""
    words = yaml.safe_load((FOLDER / "wording.yaml").read_text(encoding="utf-8"))["texts"]
    found = rubric_items(rubric, plan, words)
    assert found["kind"].value_counts().to_dict() == {"strategy": 86, "goal": 45, "measure": 11}
    assert (found["text"] != "").all() and (found["look_for"] != "").all()
    assert found["item"].is_unique
    assert set(words) == {x.id for x in (*plan.goals, *plan.strategies, *plan.measures)}
    safety = found.set_index("item").loc["safety.8"]
    assert safety["text"] == "提高对学生欺凌的综合治理能力，预防和有效处置学生欺凌。"
    assert "学校欺凌防治制度和处置台账" in safety["look_for"]


def test_a_score_stands_or_falls_with_its_evidence(rubric):
    pieces = evidence(("r1", "1", "文件", "2025-01-01"), ("r1", "2", "有测量的结果", "2025-02-01"),
                      ("r1", "3", "全区记录", ""), ("r2", "1", "查找无果", "2025-03-01"))  # fmt: skip
    given = scores(
        ("a", "r1", 1, "1"),  # a document carries 1
        ("b", "r1", 3, "1"),  # but not 3
        ("c", "r1", 4, "1、2"),  # the strongest piece counts
        ("d", "r1", 2, "3"),  # without a date it is no evidence
        ("e", "r1", 2, ""),
        ("f", "r1", 2, "9"),
        ("g", "r1", None, ""),  # not scored
        ("h", "r2", 0, "E1"),
        ("i", "r2", 2, "2"),  # evidence of another rater is not his
    )
    told = void_reasons(given, pieces, rubric)
    assert told.tolist() == [
        "", "所列证据最高只支持 1 分", "", "所列证据缺少类型、日期、出具单位、地点或查看人", "没有证据", "证据表里没有编号 9",
        "", "", "证据表里没有编号 2",
    ]  # fmt: skip


def test_numbers_of_evidence_as_people_write_them():
    assert evidence_numbers("1、3，E5; 7") == ["1", "3", "5", "7"]
    assert evidence_numbers(None) == evidence_numbers(float("nan")) == evidence_numbers(" ") == []
    assert evidence_numbers(2.0) == ["2"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"score": 2.5}, "0、1、2、3、4"),
        ({"score": 5}, "0、1、2、3、4"),
        ({"score": -1}, "0、1、2、3、4"),
        ({"score": "好"}, "0、1、2、3、4"),
        ({"role": "朋友"}, "身份 朋友"),
    ],
)
def test_scores_that_are_none(rubric, change, words):
    given = scores(("a", "r1", 1, "1")).astype(object).assign(**change)
    with pytest.raises(DataError, match=words):
        void_reasons(given, evidence(("r1", "1", "文件", "2025")), rubric)


def test_other_bad_tables(rubric):
    good, piece = scores(("a", "r1", 1, "1")), evidence(("r1", "1", "文件", "2025"))
    with pytest.raises(DataError, match="缺少列 evidence"):
        void_reasons(good.drop(columns="evidence"), piece, rubric)
    with pytest.raises(DataError, match="评了两次"):
        void_reasons(pd.concat([good, good]), piece, rubric)
    both = pd.concat([good, good.assign(item="b", role="self")])
    with pytest.raises(DataError, match="既是第三方又是自评"):
        void_reasons(both, piece, rubric)


def test_a_stored_piece_that_cannot_be_makes_scores_void_and_stops_nothing(rubric):
    given = scores(("a", "r1", 1, "1"), ("b", "r1", 1, "2"), ("c", "r1", 1, "1、2"))
    pieces = evidence(("r1", "1", "听说", "去年五月"), ("r1", "2", "文件", "2025"))
    told = void_reasons(given, pieces, rubric)
    assert (
        told[0].startswith("证据 1 不能用：证据类型“听说”不认识；允许 ")
        and "日期“去年五月”不是日期" in told[0]
    )
    assert told[1] == told[2] == ""


@pytest.mark.parametrize(
    "day",
    ["2025-06-01", "2025/6/1", "2025.6.1", "2025年6月1日", "2025年6月", "2025-06", "2025年", "2025", ""],
)
def test_days_as_people_write_them(rubric, day):
    assert evidence_faults({"type": "文件", "date": day}, rubric) == {}


@pytest.mark.parametrize(
    "day", ["去年五月", "2025-13-01", "2025年2月30日", "1月", "0205-01-01", "2025-06-01之后", "45809"]
)
def test_days_that_are_none(rubric, day):
    assert list(evidence_faults({"type": "", "date": day}, rubric)) == ["date"]


def test_the_hash_follows_what_scores_hang_on(rubric):
    changed = rubric.model_copy(update={"rules": rubric.rules.model_copy(update={"max_range": 2})})
    assert changed.hash != rubric.hash
    assert load_rubric(FOLDER / "rubric.yaml").hash == rubric.hash


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda d: d["anchors"].pop("measure"), "组织实施"),
        (lambda d: d["anchors"].update(goal=["a"] * 4), "anchors / goal"),
        (lambda d: d["evidence_types"].pop(0), "查找无果"),
        (lambda d: d["evidence_types"].append(d["evidence_types"][0]), "重复"),
        (lambda d: d["rules"].update(min_raters=1), "rules / min_raters"),
        (lambda d: d.update(weights=1), "weights"),
    ],
)
def test_bad_rubrics(tmp_path, edit, words):
    data = yaml.safe_load((FOLDER / "rubric.yaml").read_text(encoding="utf-8"))
    edit(data)
    path = tmp_path / "rubric.yaml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    with pytest.raises(ParamsError, match=words):
        load_rubric(path)


def test_unreadable_rubrics(tmp_path, plan, rubric):
    with pytest.raises(ParamsError, match=r"没有评分标准 none\.yaml"):
        load_rubric(tmp_path / "none.yaml")
    (tmp_path / "evil.yaml").write_text("!!python/object/apply:os.system ['true']", encoding="utf-8")
    with pytest.raises(ParamsError, match="YAML 语法错误"):
        load_rubric(tmp_path / "evil.yaml")
    with pytest.raises(ParamsError, match="没有的项目：moon"):
        rubric_items(rubric.model_copy(update={"look_for": {"moon": ("x",)}}), plan)
