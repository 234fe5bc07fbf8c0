"""Scores that come in: killed at every step, two at once, vintages, the record of what was sent out."""

import os
import signal
import subprocess
import sys

import pandas as pd
import pytest

from xhcp_eval.errors import DataError, RunError
from xhcp_eval.evaluation.folder import EvaluationFolder
from xhcp_eval.evaluation.methods.rubric import EVIDENCE_COLUMNS, SCORE_COLUMNS
from xhcp_eval.evaluation.scoring.keeping import Received, keep, record_sent, scoring, sent_out

HOLD = "import pathlib, sys; from xhcp_eval.evaluation.scoring.keeping import scoring\nwith scoring(pathlib.Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"


def sheet(rater="甲", score=3.0, number=1, items=("health.1", "health.2"), reason="台账"):
    cited = "1" if number == 1 else f"{number}-1"
    scores = [(item, rater, "third_party", number, score, reason, cited) for item in items]
    evidence = [(rater, cited, "全区记录", "2026-04-01", "区卫健委", "区", rater, f"第{number}轮{score:g}分")]
    return Received(
        f"{rater}.xlsx",
        pd.DataFrame(scores, columns=list(SCORE_COLUMNS)),
        pd.DataFrame(evidence, columns=list(EVIDENCE_COLUMNS)),
    )


def hand_in(folder, *sheets):
    with scoring(folder):
        return keep(folder, list(sheets))


def counted(folder):
    """Score and the evidence's words by rater, as all readers see them; the two must be of one sheet."""
    scores, evidence = EvaluationFolder(folder.resolve()).scores()
    told = evidence.set_index("rater")["description"].to_dict()
    found = scores.groupby("rater")["score"].first().to_dict()
    assert told == {rater: f"第1轮{score:g}分" for rater, score in found.items()}
    return found


def stamp(rater="甲", role="third_party", code="a1"):
    return {
        "plan": "p",
        "rubric": "r",
        "rater": rater,
        "role": role,
        "round": 1,
        "code": code,
        "sheets": {"健康": ["x"]},
    }


def killed_at(step, folder, work) -> bool:
    """Do it in a process that ends itself before its file operation of that number; whether it came to that."""
    child = os.fork()
    if child == 0:
        left = [step]

        def count(event, arguments):
            touches = event in ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "shutil.copyfile")
            if touches and str(folder) in str(arguments[0]):
                left[0] -= 1
                if left[0] < 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(count)
        try:
            work()
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills a process that was forked")
def test_killed_at_any_step_the_old_or_the_new_pair_is_there(tmp_path):
    steps, seen = 0, []
    while True:
        folder = tmp_path / f"kept{steps:03}"
        hand_in(folder, sheet("甲", 1), sheet("乙", 2))
        work = lambda: hand_in(folder, sheet("甲", 4), sheet("丙", 3))  # noqa: B023, E731 - done at once
        killed = killed_at(steps, folder, work)
        found = counted(folder)
        assert found in ({"甲": 1, "乙": 2}, {"甲": 4, "乙": 2, "丙": 3}), steps
        hand_in(folder, sheet("甲", 4), sheet("丙", 3))  # again, as a person would
        assert counted(folder) == {"甲": 4, "乙": 2, "丙": 3}
        names = {path.name for path in folder.iterdir()}
        assert names == {"scores.csv", "evidence.csv", ".scoring.lock"}, steps
        seen.append(len(found))
        if not killed:
            break
        steps += 1
    assert steps > 10 and seen == sorted(seen) and set(seen) == {2, 3}


def test_two_at_once_lose_nobody(tmp_path):
    hand_in(tmp_path, sheet("甲"))
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(RunError, match="另一个评分命令正在写"):
            hand_in(tmp_path, sheet("乙"))
        other.kill()
        other.wait()
    hand_in(tmp_path, sheet("乙"))  # the lock went with its process
    assert counted(tmp_path) == {"甲": 3, "乙": 3}


def test_a_correction_counts_and_the_earlier_sheet_stays(tmp_path):
    assert hand_in(tmp_path, sheet(score=1)) == []
    hand_in(tmp_path, sheet("乙", 2))
    hand_in(tmp_path, sheet(score=4))
    assert counted(tmp_path) == {"甲": 4, "乙": 2}
    scores, evidence = EvaluationFolder(tmp_path).submissions()
    assert scores.groupby("submission")["score"].first().tolist() == [1, 2, 4]
    assert evidence["submission"].tolist() == [1, 2, 3] and (scores["submitted_on"] != "").all()
    assert hand_in(tmp_path, sheet(score=4)) == ["甲.xlsx"]
    assert len(EvaluationFolder(tmp_path).submissions()[0]) == len(scores)


def test_a_sheet_that_was_corrected_since_is_not_taken_again(tmp_path):
    hand_in(tmp_path, sheet(score=1))
    hand_in(tmp_path, sheet(score=4))
    with pytest.raises(DataError, match="已被后来的更正取代"):
        hand_in(tmp_path, sheet(score=1))
    hand_in(tmp_path, sheet(score=1, reason="复核后改回"))
    assert counted(tmp_path) == {"甲": 1}
    hand_in(tmp_path, sheet(score=2, number=2))
    with pytest.raises(DataError, match="甲 已交第2轮，第1轮不能再交"):
        hand_in(tmp_path, sheet(score=3))


def test_all_faults_of_a_batch_at_once_and_nothing_kept(tmp_path):
    hand_in(tmp_path, sheet("甲"))
    with pytest.raises(DataError) as caught:
        hand_in(tmp_path, sheet("乙", 1), sheet("乙", 2), sheet("甲", items=("health.3",)))
    assert "交了几份：乙 第1轮" in str(caught.value) and "另一组项目" in str(caught.value)
    assert counted(tmp_path) == {"甲": 3}


def test_a_folder_of_before_is_read_and_added_to(tmp_path):
    one = sheet(score=2)
    one.scores.to_csv(tmp_path / "scores.csv", index=False)
    one.evidence.to_csv(tmp_path / "evidence.csv", index=False)
    assert counted(tmp_path) == {"甲": 2}
    hand_in(tmp_path, sheet("乙", 3), sheet("甲", 4))
    assert counted(tmp_path) == {"甲": 4, "乙": 3}


def test_the_record_of_what_was_sent_out(tmp_path):
    record_sent(tmp_path, [stamp()])
    record_sent(tmp_path, [stamp("乙", code="b2")])
    assert {code: one["rater"] for code, one in sent_out(tmp_path).items()} == {"a1": "甲", "b2": "乙"}
    with pytest.raises(DataError, match=r"已用于另一种身份.*甲"):
        record_sent(tmp_path, [stamp(role="self", code="c3")])
    path = tmp_path / "sent.json"
    path.write_text(path.read_text(encoding="utf-8").replace("乙", "丙"), encoding="utf-8")
    with pytest.raises(DataError, match=r"被改动过.*\n.*b2"):
        sent_out(tmp_path)
    path.write_text("[{", encoding="utf-8")
    with pytest.raises(DataError, match="已损坏"):
        sent_out(tmp_path)
