"""How far a batch is, in words that can be checked."""

from __future__ import annotations

from types import SimpleNamespace

from xhcp_eval.report.batch import progress
from xhcp_eval.report.batch.progress import Tally, showing
from xhcp_eval.report.batch.tasks import Cause, Outcome

GOOD, BAD = Outcome("甲", "p", "甲", seconds=2.0), Outcome("乙", "p", "乙", Cause.DATA, "第 3 行\n第 4 行")
RESUMED = Outcome("丙", "p", "丙", resumed=True)


def test_rate_and_time_left_leave_out_what_was_there_before(monkeypatch):
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: 160.0))
    tally = Tally(10, began=100.0)
    assert tally.left is None and str(tally) == "0/10，完成 0，失败 0"
    for outcome in (RESUMED, RESUMED, GOOD, BAD):
        tally.add(outcome)
    assert (tally.ended, tally.done, tally.failed, tally.resumed) == (4, 1, 1, 2)
    assert (tally.rate, tally.left) == (2.0, 180.0)  # two in this minute, six to go
    assert str(tally).endswith("沿用 2，每分钟 2.0 份，还需 0:03:00")


def test_without_a_terminal_each_report_is_a_line(capsys):
    with showing("批次", 3) as tell:
        for outcome in (GOOD, RESUMED, BAD):
            tell(outcome)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "批次"
    assert lines[1].startswith("[1/3，") and lines[1].endswith("✓ 甲 p（2.0 秒）")
    assert lines[2].endswith("✕ 乙 p 数据有问题：第 3 行")
    assert lines[3].startswith("批次：3/3，完成 1，失败 1，沿用 1")
