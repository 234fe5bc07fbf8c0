"""The register: what it holds is read again, and a damaged one is refused with its lines."""

from datetime import date

import pytest

from xhcp_eval.errors import DataError
from xhcp_eval.report.letters.register import FILE, Entry, Register

ENTRY = Entry(
    2026, 0, "甲函〔2026〕1号", date(2026, 3, 1), date(2026, 3, 16), "=甲局", 2025, 2, "ab", "a.docx"
)


def test_what_is_kept_is_read_again(tmp_path):
    register = Register(tmp_path)
    register.keep(register.entry(ENTRY))
    register.save()
    (kept,) = Register(tmp_path).entries
    assert (kept.count, kept.dated, kept.due, kept.digest) == (1, ENTRY.dated, ENTRY.due, "ab")
    # no text that a spreadsheet would compute
    assert kept.department == "'=甲局"


def test_a_damaged_register_is_refused_with_its_lines(tmp_path):
    register = Register(tmp_path)
    register.keep(register.entry(ENTRY))
    register.save()
    text = (tmp_path / FILE).read_text(encoding="utf-8-sig")
    (tmp_path / FILE).write_text(text.replace("2026-03-16", "三月中"), encoding="utf-8", newline="\n")
    with pytest.raises(DataError, match="第 2 行"):
        Register(tmp_path)
    (tmp_path / FILE).write_text("年份,序号\n", encoding="utf-8", newline="\n")
    with pytest.raises(DataError, match="缺少列 文号"):
        Register(tmp_path)
