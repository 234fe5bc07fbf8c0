"""The folder of an evaluation: what is there, what is demonstration, bad tables."""

import pytest

from xhcp_eval.errors import DataError
from xhcp_eval.evaluation.folder import EvaluationFolder, evaluation_inputs

DEMO = "data/demo/evaluation"


def test_the_demonstration_folder():
    folder = EvaluationFolder(DEMO)
    scores, evidence = folder.scores()
    assert scores["score"].between(0, 4).all() and set(scores["round"]) == {1, 2}
    assert set(evidence["rater"]) == set(scores["rater"])
    assert folder.is_demo
    assert f"{DEMO}/scores.csv" in evaluation_inputs(DEMO)
    assert evaluation_inputs("") == []


def test_a_folder_without_files(tmp_path):
    folder = EvaluationFolder(tmp_path)
    assert not folder.has("scores.csv") and not folder.is_demo
    assert folder.judgements() is None
    with pytest.raises(DataError, match=r"没有 scores\.csv"):
        folder.scores()
    with pytest.raises(DataError, match="没有评估资料文件夹"):
        EvaluationFolder(tmp_path / "none")


def test_bad_tables(tmp_path):
    folder = EvaluationFolder(tmp_path)
    (tmp_path / "recount.csv").write_text("department,indicator\n甲,a\n", encoding="utf-8")
    with pytest.raises(DataError, match="缺少列 region、year、reported、recounted"):
        folder.recount()
    head = "department,indicator,region,year,reported,recounted\n"
    (tmp_path / "recount.csv").write_text(f"{head}甲,a,b,2025,3,两\n", encoding="utf-8")
    with pytest.raises(DataError, match="第 2 行 recounted：“两”不是数字"):
        folder.recount()
