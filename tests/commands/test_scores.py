"""Scoring by commands: sheets out, filled, in again, a second round of what was not agreed, status."""

import json
import shutil

import openpyxl
import pytest
from typer.testing import CliRunner

from xhcp_eval.commands.cli import app
from xhcp_eval.evaluation.folder import EvaluationFolder
from xhcp_eval.evaluation.scoring.sheets import EVIDENCE_SHEET, FIRST_ROW
from xhcp_eval.files.home import ROOT
from xhcp_eval.observations.forms.workbook import STAMP_SHEET

RATERS = ("甲", "乙", "丙")


def run(*arguments):
    return CliRunner().invoke(app, ["score", *map(str, arguments)])


def fill(path, scores):
    """Score the sheet of 健康 from the top, with evidence that carries 4."""
    book = openpyxl.load_workbook(path)
    for column, text in enumerate(["有测量的结果", "2026-04-01", "区卫健委", "区", "甲", "调查"], 2):
        book[EVIDENCE_SHEET].cell(FIRST_ROW, column).value = text
    for row, score in enumerate(scores, FIRST_ROW):
        book["健康"].cell(row, 6).value, book["健康"].cell(row, 7).value = score, f"理由{score}"
        book["健康"].cell(row, 8).value = "1"
    book.save(path)


@pytest.fixture
def folder(tmp_path):
    """First round in: three raters agree on the first item and differ by three points on the second."""
    raters = [word for name in RATERS for word in ("--rater", name)]
    told = run("out", *raters, "--domain", "health", "--out", tmp_path / "out", "--folder", tmp_path / "kept")
    assert told.exit_code == 0, told.output
    sheets = sorted((tmp_path / "out").glob("*.xlsx"))
    assert len(sheets) == 3
    for path, scores in zip(sheets, [(3, 1), (3, 2), (3, 4)], strict=True):
        fill(path, scores)
    assert run("in", *sheets, "--folder", tmp_path / "kept").exit_code == 0
    return tmp_path


def test_status_tells_who_and_what_next(folder):
    told = run("status", "--folder", folder / "kept").output
    assert "甲 第1轮：2 个得分，作废 0 个" in told
    assert "须再评一轮：" in told and "未评：140 项" in told


def test_the_second_round_asks_only_what_was_not_agreed(folder):
    out = folder / "two"
    assert run("out", "--rater", "甲", "--out", out, "--folder", folder / "kept").exit_code == 0
    page = openpyxl.load_workbook(next(out.glob("*第2轮*")))["健康"]
    assert page.max_row == FIRST_ROW
    assert [page.cell(FIRST_ROW, c).value for c in (9, 11)] == ["2", str({"丙": 1, "乙": 2, "甲": 4}["甲"])]
    fill(next(out.glob("*.xlsx")), [2])
    assert run("in", *out.glob("*.xlsx"), "--folder", folder / "kept").exit_code == 0
    scores, evidence = EvaluationFolder(folder / "kept").scores()
    assert scores["round"].value_counts().to_dict() == {1: scores["round"].eq(1).sum(), 2: 1}
    assert "2-1" in evidence["number"].tolist()
    assert scores.loc[scores["round"] == 2, "evidence"].tolist() == ["2-1"]


def test_a_sheet_again_replaces_the_first(folder):
    path = next((folder / "out").glob("*甲*"))
    fill(path, [2, 2])
    assert run("in", path, "--folder", folder / "kept").exit_code == 0
    scores, evidence = EvaluationFolder(folder / "kept").scores()
    assert scores.loc[(scores["rater"] == "甲") & scores["score"].notna(), "score"].tolist() == [2, 2]
    assert (evidence["rater"] == "甲").sum() == 1


def test_nothing_is_kept_of_a_bad_batch(folder):
    before = (folder / "kept" / "scores.csv").read_bytes()
    sheets = sorted((folder / "out").glob("*.xlsx"))
    fill(sheets[0], [2.5, 2])
    told = run("in", *sheets, "--folder", folder / "kept")
    assert told.exit_code != 0
    assert (folder / "kept" / "scores.csv").read_bytes() == before


def test_evidence_that_cannot_be_is_refused_and_a_stored_one_is_named(folder):
    path = next((folder / "out").glob("*甲*"))
    book = openpyxl.load_workbook(path)
    book[EVIDENCE_SHEET].cell(FIRST_ROW, 2).value = "听说"
    book.save(path)
    told = run("in", path, "--folder", folder / "kept")
    assert told.exit_code != 0 and "B3：证据类型“听说”不认识" in str(told.exception)
    kept = folder / "kept" / "evidence.csv"
    text = kept.read_text(encoding="utf-8-sig").replace("2026-04-01", "去年五月", 1)
    kept.write_text(text, encoding="utf-8", newline="\n")
    told = run("status", "--folder", folder / "kept")
    assert told.exit_code == 0 and "证据 1 不能用：日期“去年五月”不是日期" in told.output


def test_own_scores_and_empty_folder(tmp_path):
    told = run(
        "out",
        "--rater",
        "区卫健委",
        "--own",
        "--domain",
        "health",
        "--out",
        tmp_path,
        "--folder",
        tmp_path / "kept",
    )
    assert told.exit_code == 0 and list(tmp_path.glob("*自评*"))
    told = run("status", "--folder", tmp_path / "kept")
    assert told.exit_code != 0


def edit_stamp(path, **changes):
    book = openpyxl.load_workbook(path)
    page = book[STAMP_SHEET]
    stamp = json.loads("".join(str(row[0]) for row in page.iter_rows(max_col=1, values_only=True)))
    page.cell(1, 1).value = json.dumps(stamp | changes, ensure_ascii=False)
    book.save(path)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rater": "丁"}, "rater 是 丁，发出时是 甲"),
        ({"round": 2}, "round 是 2，发出时是 1"),
        ({"role": "self"}, "role 是 self，发出时是 third_party"),
        ({"code": "abc"}, "编号 abc 不在发出记录里"),
        ({"rubric": "abc"}, "评分标准在评分开始后不得改动"),
        ({"plan": "another"}, "按规划 another"),
    ],
)
def test_a_hidden_stamp_that_was_edited_is_refused(folder, changes, words):
    path = next((folder / "out").glob("*甲*"))
    before = (folder / "kept" / "scores.csv").read_bytes()
    edit_stamp(path, **changes)
    told = run("in", path, "--folder", folder / "kept")
    assert told.exit_code != 0 and words in str(told.exception)
    if not changes.keys() & {"plan", "rubric"}:
        assert f"工作表“{STAMP_SHEET}” A1" in str(told.exception)
    assert (folder / "kept" / "scores.csv").read_bytes() == before


def test_a_stamp_edited_where_it_is_seen_is_refused(folder):
    path = next((folder / "out").glob("*甲*"))
    book = openpyxl.load_workbook(path)
    page = book["评分说明"]
    page["A1"].value = page["A1"].value.replace("第三方评分", "部门自评")
    page["A3"].value = page["A3"].value.replace("甲", "乙")
    book.save(path)
    told = str(run("in", path, "--folder", folder / "kept").exception)
    assert "工作表“评分说明” A1：现在是" in told and "工作表“评分说明” A3：现在是“评分者编号：乙" in told


def test_a_sheet_that_another_folder_sent_out_is_refused(folder):
    path = next((folder / "out").glob("*甲*"))
    told = run("in", path, "--folder", folder / "other")
    assert told.exit_code != 0 and "不在发出记录里" in str(told.exception)
    assert not (folder / "other" / "scores.csv").exists()


def test_status_tells_of_corrections_and_an_old_sheet_does_not_undo_them(folder):
    path = next((folder / "out").glob("*甲*"))
    old = path.read_bytes()
    fill(path, [2, 2])
    assert run("in", path, "--folder", folder / "kept").exit_code == 0
    assert "更正过 1 次，以这份为准" in run("status", "--folder", folder / "kept").output
    path.write_bytes(old)
    told = run("in", path, "--folder", folder / "kept")
    assert told.exit_code != 0 and "已被后来的更正取代" in str(told.exception)


def test_one_rater_twice_is_told(folder):
    path = next((folder / "out").glob("*甲*"))
    told = run("in", path, path, "--folder", folder / "kept")
    assert told.exit_code != 0 and "交了几份：甲 第1轮" in str(told.exception)
    told = run("out", "--rater", "甲", "--rater", "甲", "--out", folder, "--folder", folder / "kept")
    assert told.exit_code != 0 and "--rater 重复：甲" in told.output


def test_status_groups_void_scores_and_names_the_next_step(tmp_path):
    folder = tmp_path / "evaluation"
    shutil.copytree(ROOT / "data" / "demo" / "evaluation", folder)
    done = CliRunner().invoke(app, ["score", "status", "--folder", str(folder)])
    assert done.exit_code == 0, done.output
    void = [line for line in done.output.splitlines() if line.startswith("作废：")]
    assert void and len(void) == len(
        {(*line.split("：")[1].split(" ")[:2], line.rsplit("：", 1)[1]) for line in void}
    )
    if "须再评一轮" in done.output:
        assert "下一步：xhcp score out" in done.output
    as_json = CliRunner().invoke(app, ["score", "status", "--folder", str(folder), "--json"])
    found = json.loads(as_json.output)
    assert len(found) >= 100 and {"item", "status_word"} <= found[0].keys()
    if any(row["status_word"] == "评分者不足" for row in found):
        assert "不进入下一轮" in done.output
