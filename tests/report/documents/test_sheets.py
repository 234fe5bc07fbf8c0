"""Type of the two kinds of documents, as the standard and the brief ask."""

import pytest

from xhcp_eval.report.documents.cover import Cover
from xhcp_eval.report.documents.sheets import BRIEF, FORMAL, POINTS, STYLES, sheet_of
from xhcp_eval.report.export.wordml import BLACK, FANG, KAI


def test_the_report_is_set_in_official_form():
    looks = FORMAL.looks
    assert (looks["BodyText"].font, looks["BodyText"].size, looks["BodyText"].line) == (FANG, 16, 28)
    assert (looks["Heading1"].font, looks["Heading2"].font) == (BLACK, KAI)
    assert FORMAL.width() == pytest.approx(156 * POINTS) and FORMAL.height() == pytest.approx(225 * POINTS)


def test_the_brief_stays_readable():
    assert all(BRIEF.looks[style].size >= 10.5 for style in ("BodyText", "ListBullet", "Heading1"))
    assert all(
        sheet.looks[f"Table{kind}"].size >= 9 for sheet in (BRIEF, FORMAL) for kind in ("Text", "Small")
    )


def test_headings_bring_their_numbers_and_every_style_is_there():
    for sheet in (FORMAL, BRIEF):
        assert not any(sheet.looks[f"Heading{level}"].numbered for level in (1, 2, 3))
        assert set(STYLES.values()) <= sheet.looks.keys()


def test_the_cover_chooses_the_sheet():
    assert sheet_of(Cover("题")) is FORMAL
    assert sheet_of(Cover("题", with_cover_page=False)) is BRIEF
