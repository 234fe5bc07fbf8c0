"""Tables and pictures are counted apart, own numbers stay, references find what they name."""

import pytest
from blocks_sample import SMALL

from xhcp_eval.chapters.kit.blocks import Paragraph, Table
from xhcp_eval.errors import RunError
from xhcp_eval.report.documents.numbering import Numbering


def test_captions_are_counted_by_kind_and_keep_their_own_numbers():
    numbering = Numbering(SMALL)
    labels = [caption.label for k in range(len(SMALL)) if (caption := numbering.of(k))]
    assert labels == ["表1", "图1", "附表1"]
    assert numbering.of(9).whole == "附表1　全部指标"
    assert numbering.of(0) is None


def test_a_table_without_caption_has_no_number():
    assert Numbering([Table(("a",), (), (1.0,))]).of(0) is None


def test_references_become_numbers():
    assert Numbering(SMALL).plain(SMALL[1].text) == "12项目标中5项达到，见表1、附表1和图1。"


def test_references_that_lead_nowhere_are_named_together():
    with pytest.raises(RunError) as caught:
        Numbering([Paragraph("见[[甲]]。"), Paragraph("见[[乙]]和[[甲]]。")])
    assert caught.value.problems == ("[[甲]]", "[[乙]]")
