"""Blocks of documents: what they carry comes back whole, and text is escaped."""

import json

import pytest

from xhcp_eval.chapters.kit.blocks import MIME, Heading, PageBreak, Paragraph, Picture, Table, from_data

EACH = [
    Heading("一、评估工作概述"),
    Paragraph("初中近视率67.9%。", lead="最难的：", link="data.html#myopia"),
    Table(("指标", "值"), (("近视", "67.9%"), ("超重", "17.7%")), (0.7, 0.3), "表1", "注", True, ("a#b", "")),
    Picture("<svg></svg>", 300, 200, "图", "题", "来源"),
    PageBreak(),
]


@pytest.mark.parametrize("block", EACH, ids=lambda block: block.kind)
def test_a_block_comes_back_whole_from_an_output(block):
    bundle, _ = block._repr_mimebundle_()
    assert from_data(json.loads(json.dumps(bundle[MIME]))) == block


def test_text_is_escaped():
    bad = "<script>alert(1)</script>"
    table = Table((bad,), ((bad,),), (1.0,), bad, bad, links=('"><b>',))
    for block in (Heading(bad), Paragraph(bad, bad, link='"><b>'), table, Picture("", 1, 1, bad, bad, bad)):
        assert "<script>" not in block.html and '"><b>' not in block.html


def test_an_unknown_kind_is_refused():
    with pytest.raises(KeyError):
        from_data({"kind": "film"})


def test_a_drawing_gives_way_on_a_phone_to_what_is_made_for_it():
    drawn = Picture("<svg></svg>", 1, 1, "图", narrow="<ul><li>甲</li></ul>")
    assert '<div class="doc-wide" role="img"' in drawn.html
    assert '<div class="doc-narrow"><ul><li>甲</li></ul></div>' in drawn.html
    assert "doc-narrow" not in Picture("<svg></svg>", 1, 1, "图").html
