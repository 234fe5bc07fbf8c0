"""A letter as LibreOffice lays it out: one page with everything an official paper needs, then the questions and the slip."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from xhcp_eval.plan.monitoring import Office
from xhcp_eval.report.letters.letter import Letter, question_lines
from xhcp_eval.report.letters.word import write_letter

pytestmark = pytest.mark.office
OFFICE = Office(
    unit="平顶山市新华区人民政府妇女儿童工作委员会办公室",
    code="平新妇儿工委办函",
    contact="张某",
    phone="0375-0000000",
)


def test_a_letter_with_a_long_name_is_one_page_with_two_annexes(lay_out, tmp_path):
    finding = {
        "severity": "高",
        "indicator_name": "甲率",
        "region": "新华区",
        "year": 2025,
        "finding": "f",
        "question": "q",
    }
    lines = question_lines(pd.DataFrame([finding] * 5))
    day = date(2026, 11, 28)
    letter = Letter(OFFICE, "平新妇儿工委办函〔2026〕12号", "区住房和城乡建设局", "平顶山市新华区儿童发展规划（2021—2030年）",
                    2025, day, date(2026, 12, 13), lines)  # fmt: skip
    pages = ["".join(page) for page in lay_out(write_letter(letter, tmp_path / "letter.docx")).pages]
    assert len(pages) == 3
    for words in (
        "〔2026〕12号",
        "区住房和城乡建设局：",
        "2026年12月13日前",
        "2026年11月28日",
        "联系人：张某",
    ):
        assert words in pages[0]
    assert "附件1" in pages[1] and "附件2" in pages[2] and "单位负责人" in pages[2]
