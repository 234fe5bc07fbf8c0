"""Tiles for a phone: what is at risk at once, every other target once below, nothing from data taken for HTML."""

from __future__ import annotations

from lxml import html

from xhcp_eval.chapters.brief.tiles import Tile, folded
from xhcp_eval.chapters.wording.readers import mark_of

RISK, SECURE, OPEN = mark_of("存在风险"), mark_of("已达标"), mark_of("无法判定", "目标以内")


def test_what_is_at_risk_stands_first_and_every_target_once():
    tiles = [
        Tile("甲", "1→2", "有风险", RISK, "data.html#a", True),
        Tile("乙<b>", "3→4", "已达到且稳", SECURE, "data.html#b", False),
        Tile("丙", "5→6", "数少难断", OPEN, "data.html#c", False),
    ]
    node = html.fragment_fromstring(str(folded(tiles)), create_parent="div")
    assert [a.get("href")[-1] for a in node.xpath(".//a")] == ["a", "b", "c"]
    assert [a.get("href")[-1] for a in node.xpath("./ul//a")] == ["a"]
    assert node.xpath("./details/summary")[0].text == "另外2项"
    assert [p.text for p in node.xpath("./details/p")] == ["已达到且稳 1项", "数少难断 1项"]
    assert "乙<b>" in node.text_content() and not node.xpath(".//b")


def test_without_risks_all_tiles_stand_open():
    node = html.fragment_fromstring(
        str(folded([Tile("甲", "1", "已达到", SECURE, "#a", False)])), create_parent="div"
    )
    assert len(node.xpath("./ul/li")) == 1 and not node.xpath("./details")
    assert str(folded([])) == ""
