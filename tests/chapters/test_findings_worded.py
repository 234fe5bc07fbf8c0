"""Findings: sentences that say no more than the status, and the text file that people edit."""

import pytest
import yaml

from xhcp_eval.chapters.findings_text import checked_texts, read_texts, sentences, write_texts
from xhcp_eval.chapters.findings_worded import CHAPTERS, Finding, findings
from xhcp_eval.chapters.kit.tables import AT_RISK, own_targets
from xhcp_eval.errors import ParamsError
from xhcp_eval.pack.pack import open_pack


@pytest.fixture(scope="module")
def pack():
    return open_pack("midterm_2025")


@pytest.fixture(scope="module")
def found(pack):
    return findings(pack)


def one(**changes):
    values = {"key": "problems.a", "chapter": "problems", "text": "甲率为50%，难以达标。", "targets": ("a",), "statuses": ("难以达标",),
              "department": "区卫健委", "digest": "12345678"}  # fmt: skip
    return Finding(**(values | changes))


def test_every_target_at_risk_has_a_problem_and_its_indicator_a_suggestion(pack, found):
    rows = own_targets(pack, True).drop_duplicates("question")
    risky = rows[rows["status"].isin(AT_RISK)]
    assert len(risky) > 5
    assert {f.targets[0] for f in found if f.chapter == "problems"} == set(risky["target_id"])
    advised = {
        f.text.split("：")[0] for f in found if f.key.startswith("suggestions.") and len(f.targets) == 1
    }
    assert set(risky["indicator_name"]) <= advised
    assert {f.chapter for f in found} == set(CHAPTERS)
    assert len({f.key for f in found}) == len(found)


def test_no_written_sentence_claims_more_than_its_status(pack, found):
    status = pack.assessment.set_index("target_id")["status"]
    for finding in found:
        for target in finding.targets:
            assert status[target] in finding.statuses
        if "已达标" in finding.text:
            assert finding.statuses == ("已达标",), finding.text
        assert (
            "100%，达标概率" not in finding.text
            and "概率100%" not in finding.text
            and "概率0%" not in finding.text
        )


def test_figures_stand_in_the_sentences(pack, found):
    by_key = {f.key: f.text for f in found}
    text = by_key["problems.myopia_prevalence_senior_high@2030"]
    row = pack.assessment.set_index("target_id").loc["myopia_prevalence_senior_high@2030"]
    assert f"{round(row['latest_value'], 2):g}%" in text and "≤70%" in text and "折合约" in text
    missing = by_key["suggestions.missing.区教体局"]
    assert "儿童科学素质水平" in missing and "专项统计调查" in missing


def test_the_file_is_written_once_and_then_only_added_to(tmp_path, found):
    path = tmp_path / "texts" / "p.yaml"
    assert write_texts("标题", found[:-2], path) == len(found) - 2
    edited = path.read_text(encoding="utf-8").replace(found[0].text, "我改过的话。") + "# 我的批注\n"
    path.write_text(edited, encoding="utf-8")
    assert write_texts("标题", found, path) == 2
    text = path.read_text(encoding="utf-8")
    assert text.startswith(edited.rstrip("\n"))
    assert write_texts("标题", found, path) == 0 and path.read_text(encoding="utf-8") == text
    assert set(read_texts(path)) == {f.key for f in found}
    assert read_texts(path)[found[0].key].text == "我改过的话。"


def entries(tmp_path, **values):
    path = tmp_path / "p.yaml"
    path.write_text(yaml.safe_dump(values, allow_unicode=True), encoding="utf-8")
    return read_texts(path)


def test_edited_hidden_ordered(tmp_path):
    two = one(key="problems.b", text="乙率为40%，存在风险。", statuses=("存在风险",))
    given = entries(
        tmp_path, **{"problems.a": {"text": "甲率偏低，难以达标。", "basis": "12345678", "order": 9}}
    )
    shown = sentences([one(), two], given, "problems")
    assert [s.text for s in shown] == ["乙率为40%，存在风险。", "甲率偏低，难以达标。"]
    assert [s.edited for s in shown] == [False, True]
    given = entries(tmp_path, **{"problems.a": {"text": "x", "basis": "12345678", "show": False}})
    assert [s.finding.key for s in sentences([one(), two], given, "problems")] == ["problems.b"]


def test_changed_figures_are_told(tmp_path):
    given = entries(tmp_path, **{"problems.a": {"text": "甲率偏低，难以达标。", "basis": "87654321"}})
    (shown,) = sentences([one()], given, "problems")
    assert shown.text == "甲率偏低，难以达标。" and "所依据的数字在改写后已变" in shown.remarks[0]
    given = entries(tmp_path, **{"problems.a": {"text": "甲率为45%，难以达标。", "basis": "87654321"}})
    (shown,) = sentences([one()], given, "problems")
    assert shown.text == one().text and not shown.edited
    assert "已变，改写的文字未采用：数字 45 不是结果里的数" in shown.remarks[0]


def test_all_faults_of_a_file_are_told_at_once(tmp_path):
    two = one(key="problems.b", text="乙率为40%，存在风险。", statuses=("存在风险",))
    path = tmp_path / "p.yaml"
    texts = {"problems.a": "甲率已达标。", "problems.b": "乙率为60%。", "problems.gone": "早就没有了。"}
    given = {key: {"text": text, "basis": "12345678"} for key, text in texts.items()}
    path.write_text(yaml.safe_dump(given, allow_unicode=True), encoding="utf-8")
    with pytest.raises(ParamsError) as caught:
        checked_texts(path, [one(), two])
    told = str(caught.value)
    assert "文字文件 p.yaml" in told and len(caught.value.problems) == 4
    assert "problems.a / text：没有写明判定，须写“难以达标”或“有风险”" in told
    assert "problems.a / text：说“已达标”，超出了判定（难以达标）" in told
    assert "problems.b / text：没有写明判定，须写“存在风险”或“有风险”" in told
    assert "problems.b / text：数字 60 不是结果里的数；可用的数：40" in told
    path.write_text(path.read_text(encoding="utf-8").replace("12345678", "87654321"), encoding="utf-8")
    assert set(checked_texts(path, [one(), two])) == set(texts)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [", "第 2 行|第 1 行"),
        ("- a", "最外层应为字段和值"),
        ("a: {text: x}", "a / basis"),
        ("a: {text: '', basis: b}", "a / text"),
        ("a: {text: x, basis: b, bold: 1}", "a / bold"),
    ],
)
def test_bad_files(tmp_path, text, words):
    path = tmp_path / "p.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ParamsError, match=words):
        read_texts(path)


def test_sentences_have_nouns_printed_gaps_and_years_of_the_best_pace():
    by_key = {}
    for name in ("midterm_2025", "final_2030"):
        by_key[name] = {one.key: one.text for one in findings(open_pack(name))}
    now, end = by_key["midterm_2025"], by_key["final_2030"]
    assert "差0.66个百分点，折合约242名学生" in now["problems.child_overweight_prevalence@2030"]
    assert "差0.8个百分点，折合约293名学生" in now["problems.child_obesity_prevalence@2030"]
    assert "差1.7个百分点，折合约551名学生" in end["problems.child_overweight_prevalence@2030"]
    assert "差0.8个百分点，折合约260名学生" in end["problems.child_obesity_prevalence@2030"]
    assert "目标从2026年起才能比较" in now["problems.senior_high_gross_enrolment_rate@2030"]
    told = "".join([*now.values(), *end.values()])
    assert not [
        word for word in ("人（个）", "近年最好的三年速度", "变化不明显", "现已达到目标值") if word in told
    ]
    assert "2016—2019年" not in now["suggestions.preschool_gross_enrolment_rate@2030"]
