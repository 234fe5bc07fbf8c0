"""The form of a letter: a red name that fits its line between red double lines, no number on its first page."""

from datetime import date

import pytest
from docx.oxml.ns import qn

from xhcp_eval.plan.monitoring import Office
from xhcp_eval.report.documents.sheets import POINTS
from xhcp_eval.report.export.wordml import TEXT_WIDTH
from xhcp_eval.report.letters.letter import Letter, question_lines
from xhcp_eval.report.letters.word import LARGEST, RED, letter_document


def document_of(unit):
    import pandas as pd

    rows = pd.DataFrame(
        [
            {
                "severity": "高",
                "indicator_name": "甲率",
                "region": "甲区",
                "year": 2025,
                "finding": "f",
                "question": "q",
            }
        ]
    )
    day = date(2026, 3, 1)
    return letter_document(
        Letter(Office(unit=unit), "甲〔2026〕1号", "乙局", "规划", 2025, day, day, question_lines(rows))
    )


@pytest.mark.parametrize("unit", ["甲区妇儿工委", "平顶山市新华区人民政府妇女儿童工作委员会办公室"])
def test_the_name_is_red_and_fits_its_line(unit):
    run = document_of(unit).sections[0].first_page_header.paragraphs[0].runs[0]
    assert run.text == unit and str(run.font.color.rgb) == RED
    assert run.font.size.pt <= LARGEST and run.font.size.pt * len(unit) <= TEXT_WIDTH * POINTS + len(unit)


def test_the_first_page_has_two_red_double_lines_and_no_number():
    section = document_of("甲区妇儿工委").sections[0]
    top, foot = section.first_page_header.paragraphs[0]._p, section.first_page_footer.paragraphs[0]._p
    assert [p.find(f".//{qn('w:pBdr')}")[0].get(qn("w:val")) for p in (top, foot)] == [
        "thickThinSmallGap",
        "thinThickSmallGap",
    ]
    assert not foot.findall(f".//{qn('w:fldChar')}") and section.different_first_page_header_footer
    assert section.footer.paragraphs[0]._p.findall(f".//{qn('w:fldChar')}")
