"""Scoring by commands: sheets out, filled, in again, a second round of what was not agreed, status."""

import openpyxl
import pytest
from typer.testing import CliRunner

from xhcp_eval.commands.cli import app
from xhcp_eval.evaluation.folder import EvaluationFolder
from xhcp_eval.evaluation.scoring.sheets import EVIDENCE_SHEET, FIRST_ROW

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
