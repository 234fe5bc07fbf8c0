"""Lines of the journal are added with what they tell of, or not at all."""

from __future__ import annotations

import pytest

from xhcp_eval.observations.store import journal
from xhcp_eval.observations.store.database import Database


def test_lines_are_added_and_read_back(tmp_path):
    base = Database(tmp_path / "x.duckdb")
    assert not journal.note_if_kept(base, "甲", "生成报告", "midterm_2025", "") and not base.path.exists()
    with base.writing() as connection:
        journal.note(connection, "甲", "签发", "midterm_2025", "第一版")
    assert journal.note_if_kept(base, "乙", "导出", "midterm_2025", "docx")
    found = journal.entries(base)
    assert found["person"].tolist() == ["甲", "乙"] and found["moment"].is_monotonic_increasing
    assert journal.entries(base, "签发")["detail"].tolist() == ["第一版"]
    assert journal.entries(base, last=1)["act"].tolist() == ["导出"]


def test_a_line_falls_with_what_it_tells_of(tmp_path):
    base = Database(tmp_path / "x.duckdb")
    with pytest.raises(RuntimeError), base.writing() as connection:
        journal.note(connection, "甲", "签发", "x", "")
        raise RuntimeError
    assert journal.entries(base).empty


def test_an_act_that_nobody_knows_is_a_fault_of_ours(tmp_path):
    base = Database(tmp_path / "x.duckdb")
    with pytest.raises(AssertionError), base.writing() as connection:
        journal.note(connection, "甲", "随便", "x", "")
